package auth

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// maxAnswer bounds an answer of an authority, which MSAL reads whole.
const maxAnswer = 4 << 20

var (
	errTooLarge = errors.New("the authority's answer is too large")
	errNotHTTPS = errors.New("the authority sends its clients to an address that is not https")
)

// guardedClient is the HTTP client that MSAL gets: https only, since an
// authority's own documents name the addresses that passwords are sent to; no
// redirects; bounded answers.
type guardedClient struct {
	client http.Client
	now    func() time.Time
	ahead  atomic.Int64 // nanoseconds that this machine's clock is ahead, by the last answer
}

func guard(c *http.Client, now func() time.Time) *guardedClient {
	g := &guardedClient{now: now}
	if c != nil {
		g.client = *c
	}
	g.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	g.client.Jar = nil
	if g.client.Timeout == 0 {
		g.client.Timeout = time.Minute // MSAL bounds only some of its requests
	}
	return g
}

// Do does one request.
func (g *guardedClient) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, errNotHTTPS
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, err
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		g.ahead.Store(int64(g.now().Sub(at)))
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxAnswer}
	return resp, nil
}

// CloseIdleConnections closes connections that nobody uses.
func (g *guardedClient) CloseIdleConnections() { g.client.CloseIdleConnections() }

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
