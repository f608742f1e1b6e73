package wsman

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const (
	receiveRetries = 4                // after the first attempt
	answerGrace    = 30 * time.Second // beyond the operation time-out, before a server counts as silent
	parkedLong     = 10 * time.Second // a Receive cut after this long was cut by a proxy that minds idle connections
	maxPage        = 64 << 10         // bytes read of an answer that is no SOAP
)

// call is one exchange: a request, and how to take its answer.
type call struct {
	operation string // last segment of action
	action    string
	envelope  []byte // UTF-8
	body      []byte // envelope as it goes out
	messageID string // "" where it is not known: RelatesTo is not checked then
	shellID   string
	commandID string
	timeout   time.Duration // negative: none
	retries   int           // how often the same bytes may go out again after a loss
	regain    func(ctx context.Context, lost error) error
	emptyOK   bool // a 200 without a body is an answer
	anonymous bool // no credentials unless asked for
	keep      bool // keep a copy of the answer
	answer    []byte
}

// newCall begins a request: the envelope is written up to its body.
func (c *Client) newCall(action string, h header) *call {
	h.action, h.message, h.operation = action, uuid.New(), uuid.New()
	return &call{
		operation: operationName(action), action: action, timeout: h.timeout,
		messageID: uuidURI(h.message), envelope: c.openEnvelope(make([]byte, 0, 4096), h),
	}
}

func operationName(action string) string { return path.Base(action) }

func (c *Client) fits(call *call) error {
	if limit, size := c.MaxEnvelopeSize(), c.encodedSize(call.envelope); size > limit {
		return &EnvelopeSizeError{Operation: call.operation, Size: size, Limit: limit}
	}
	return nil
}

// do runs an exchange. read is called at each child of the answer's body; nil
// reads nothing.
func (c *Client) do(ctx context.Context, call *call, read func(*scanner) error) error {
	if err := c.begin(); err != nil {
		return err
	}
	defer c.wg.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.ctx, cancel)()

	call.body = c.encode(call.envelope)
	losses := 0
	for attempt := 1; ; attempt++ {
		start := time.Now()
		err := c.attempt(ctx, call, attempt, read)
		lost, ok := errors.AsType[*TransportError](err)
		if !ok {
			return err
		}
		if ctx.Err() != nil {
			return c.cancelled(ctx, call)
		}
		losses++
		if lost.MaybeReceived && !errors.Is(lost.Err, errSilent) && time.Since(start) >= c.parkedLong {
			losses = 1 // the network was fine until now
		}
		if losses > call.retries || lost.Permanent() {
			if call.regain == nil {
				return err
			}
			if err := call.regain(ctx, err); err != nil {
				return err
			}
			losses = 0
			continue
		}
		if !sleep(ctx, c.pause(losses)) {
			return c.cancelled(ctx, call)
		}
	}
}

func (c *Client) cancelled(ctx context.Context, call *call) error {
	if c.ctx.Err() != nil {
		return ErrClosed
	}
	return fmt.Errorf("wsman: %s: %w", call.operation, ctx.Err())
}

// pause is how long to wait before a Receive goes out again: not at all after
// the first loss, then longer and longer.
func pause(losses int) time.Duration {
	if losses <= 1 {
		return 0
	}
	return 250 * time.Millisecond << (losses - 2)
}

func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt posts the request once, and a second time with fresh credentials
// where the server asks for them: a request answered by 401 was not looked at.
func (c *Client) attempt(ctx context.Context, call *call, attempt int, read func(*scanner) error) error {
	ln := c.lanes.acquire()
	defer c.lanes.release(ln)
	secured := c.cfg.Secure != nil
	if secured && (!call.anonymous || ln.security != nil) {
		return c.attemptSecured(ctx, ln, call, attempt, read)
	}
	var challenge []string
	for asked := false; ; asked = true {
		out := outgoing{body: call.body, contentType: c.contentType(), anonymous: call.anonymous && !asked, challenge: challenge}
		res, err := c.post(ctx, ln, call, attempt, out)
		if err != nil {
			return err
		}
		if secured && res.status == http.StatusUnauthorized {
			return c.attemptSecured(ctx, ln, call, attempt, read)
		}
		if res.status != http.StatusUnauthorized {
			return c.take(res, call, read)
		}
		challenge = res.header.Values("WWW-Authenticate")
		if asked || c.cfg.Authorize == nil {
			return newAuthError(res, challenge)
		}
		if challenge == nil {
			challenge = []string{}
		}
	}
}

// outgoing is how a request goes out: what an exchange's envelope has become,
// or a leg of a handshake.
type outgoing struct {
	body          []byte
	contentType   string // "" without a body
	authorization string // in place of what Config.Authorize writes
	challenge     []string
	anonymous     bool
	pinned        bool // over the connection that is there, or not at all
}

// result is an answer that has come in whole.
type result struct {
	status int
	header http.Header
	body   []byte // in the lane's buffer
	tls    *tls.ConnectionState
	event  *TraceEvent
}

// post sends the request over a lane and reads the answer.
func (c *Client) post(ctx context.Context, ln *lane, call *call, attempt int, out outgoing) (result, error) {
	req, wrote, err := c.newRequest(ctx, call, out)
	if err == nil {
		err = c.authorize(ctx, req, call, out)
	}
	if err != nil {
		return result{}, err
	}
	if call.timeout > 0 { // only now: a person who signs in takes longer than a server
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(req.Context(), call.timeout+c.grace, errSilent)
		defer cancel()
		req = req.WithContext(ctx)
	}
	event := &TraceEvent{
		Operation: call.operation, MessageID: call.messageID, ShellID: call.shellID, CommandID: call.commandID,
		Attempt: attempt, Sent: len(out.body),
	}
	start := time.Now()
	res, err := c.roundTrip(ln, req)
	if err == nil && errors.Is(context.Cause(ctx), errSilent) {
		err = errSilent // a body that ends as we hang up may not be whole
	}
	event.Duration = time.Since(start)
	event.Status, event.Received = res.status, len(res.body)
	res.event = event
	var size *SizeError
	if err != nil && !errors.As(err, &size) {
		if errors.Is(context.Cause(ctx), errSilent) {
			err = errSilent
		}
		err = &TransportError{Operation: call.operation, MaybeReceived: wrote.Load(), Err: err}
		event.Err = err
	}
	if err != nil && !errors.Is(err, errLeft) || res.status == http.StatusUnauthorized {
		c.trace(event)
	}
	return res, err
}

var errSilent = errors.New("no answer in time")

func (c *Client) trace(e *TraceEvent) {
	if c.cfg.Trace != nil {
		c.cfg.Trace(*e)
	}
}

// newRequest makes the HTTP request. wrote turns true before the last of the
// request goes out: from then on the server may have it.
func (c *Client) newRequest(ctx context.Context, call *call, out outgoing) (*http.Request, *atomic.Bool, error) {
	wrote := new(atomic.Bool)
	if out.pinned {
		ctx = context.WithValue(ctx, pinned{}, true)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.to, http.NoBody)
	if err != nil {
		return nil, nil, fmt.Errorf("wsman: %s: %w", call.operation, err)
	}
	if len(out.body) > 0 {
		req.ContentLength = int64(len(out.body))
		req.GetBody = func() (io.ReadCloser, error) {
			wrote.Store(false) // asked for where nothing of the request had gone out
			return &body{bytes.NewReader(out.body), wrote}, nil
		}
		req.Body, _ = req.GetBody()
	}
	for name, values := range c.cfg.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if out.contentType != "" {
		req.Header.Set("Content-Type", out.contentType)
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if out.anonymous {
		req.Header.Set("WSMANIDENTIFY", "unauthenticated")
	}
	for _, cookie := range c.jar.Cookies(c.cfg.URL) {
		req.AddCookie(cookie)
	}
	return req, wrote, nil
}

// authorize puts credentials on a request.
func (c *Client) authorize(ctx context.Context, req *http.Request, call *call, out outgoing) error {
	switch {
	case out.authorization != "":
		req.Header.Set("Authorization", out.authorization)
	case c.cfg.Authorize != nil && !out.anonymous:
		if err := c.cfg.Authorize(ctx, req, out.challenge); err != nil {
			return fmt.Errorf("wsman: %s: authorize: %w", call.operation, err)
		}
	}
	return nil
}

// body is a request's. net/http tells that a request was written only after the
// server may have answered, or hung up; whoever reads the last of a body is
// about to write it.
type body struct {
	*bytes.Reader
	taken *atomic.Bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.Len() == 0 {
		b.taken.Store(true)
	}
	return n, err
}

// WriteTo is not for a body: it would pass Read by.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{b})
}

func (b *body) Close() error { return nil }

func (c *Client) roundTrip(ln *lane, req *http.Request) (result, error) {
	resp, err := ln.transport.RoundTrip(req)
	if err != nil {
		return result{}, err
	}
	defer resp.Body.Close()
	c.jar.SetCookies(c.cfg.URL, resp.Cookies())
	res := result{status: resp.StatusCode, header: resp.Header, tls: resp.TLS}
	limit := c.maxResponseSize()
	if !isEnvelope(resp.Header) {
		limit = min(limit, maxPage)
	}
	ln.buf, err = readBody(ln.buf[:0], resp, limit)
	res.body = ln.buf
	var large *SizeError
	if errors.As(err, &large) && !isEnvelope(resp.Header) {
		err = nil // a page: its start is enough
	}
	return res, err
}

// readBody reads a body of at most limit bytes into buf.
func readBody(buf []byte, resp *http.Response, limit int) ([]byte, error) {
	if resp.ContentLength > int64(limit) && isEnvelope(resp.Header) {
		return buf, &SizeError{Limit: limit}
	}
	if n := max(int(min(resp.ContentLength, int64(limit)))+1, 4096); n > cap(buf) {
		buf = make([]byte, 0, n)
	}
	for {
		if len(buf) > limit {
			return buf[:limit], &SizeError{Limit: limit}
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := resp.Body.Read(buf[len(buf):min(cap(buf), limit+1)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
