package discovery

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	acceptXML    = "application/vnd.microsoft.rtc.autodiscover+xml;v=1"
	maxDocument  = 1 << 20 // bytes of one document
	maxRedirects = 10      // HTTP redirects, Redirect links and Hybrid links together
	maxHref      = 2048    // bytes of one link
)

// failure is why a walk ended without an endpoint.
type failure struct {
	kind  Kind
	short string // for the hop: "HTTP 404"
	msg   string // for the error: "https://… answered with HTTP 404"
	err   error
}

func (f *failure) Error() string { return f.msg }
func (f *failure) Unwrap() error { return f.err }

// walker makes the requests of one discovery and keeps the hops.
type walker struct {
	client  http.Client
	timeout time.Duration
	onHop   func(Hop)
	domain  string
	hops    []Hop
}

func newWalker(r Request, domain string) *walker {
	client := r.Client
	if client == nil {
		client = new(Network).HTTPClient()
	}
	w := &walker{client: *client, timeout: r.Timeout, onHop: r.OnHop, domain: domain}
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.client.Jar = nil
	if w.timeout <= 0 {
		w.timeout = defaultTimeout
	}
	return w
}

// step is where a hop leads.
type step struct {
	outcome  string
	to       *url.URL  // the next request, or
	endpoint *Endpoint // the end
	redirect bool      // counts as a redirect
}

// walk follows the links from start to an endpoint. next names what is tried
// after it, for the hop that it fails at.
func (w *walker) walk(ctx context.Context, start *url.URL, next string) (*Endpoint, *failure) {
	seen := map[string]bool{start.String(): true}
	redirects := 0
	for at := start; ; {
		began := time.Now()
		status, s, fail := w.request(ctx, at)
		if fail == nil && s.to != nil {
			if s.redirect {
				redirects++
			}
			fail = follow(s, seen, redirects)
		}
		hop := Hop{URL: at.String(), Status: status, Outcome: s.outcome, Duration: time.Since(began)}
		if fail != nil {
			hop.Err = fail
			hop.Outcome = fmt.Sprintf("%s (%.1f s)", fail.short, hop.Duration.Seconds())
			if next != "" && ctx.Err() == nil {
				hop.Outcome += ", trying " + next
			}
		}
		w.hops = append(w.hops, hop)
		if w.onHop != nil {
			w.onHop(hop)
		}
		if fail != nil || s.endpoint != nil {
			return s.endpoint, fail
		}
		at = s.to
	}
}

// follow tells whether the next request may be made, and marks it as made.
func follow(s step, seen map[string]bool, redirects int) *failure {
	to := s.to.String()
	switch {
	case seen[to]:
		return &failure{
			kind: KindLoop, short: "redirect loop",
			msg: "the redirects go round in a loop: they lead back to " + clean(to, 300),
		}
	case redirects > maxRedirects, len(seen) > 2*maxRedirects:
		return &failure{
			kind: KindRedirects, short: "too many redirects",
			msg: fmt.Sprintf("more than %d redirects, the last one to %s", maxRedirects, clean(to, 300)),
		}
	}
	seen[to] = true
	return nil
}

// request makes one request and finds out where its answer leads.
func (w *walker) request(ctx context.Context, at *url.URL) (status int, s step, fail *failure) {
	hopCtx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(hopCtx, http.MethodGet, at.String(), nil)
	if err != nil {
		return 0, s, &failure{kind: KindLink, short: "unusable address", msg: clean(at.String(), 300) + " is not a usable address"}
	}
	req.Header.Set("Accept", acceptXML)
	resp, err := w.client.Do(req)
	if err != nil {
		return 0, s, w.unanswered(ctx, at, err)
	}
	defer resp.Body.Close()
	status = resp.StatusCode
	name := clean(at.String(), 300)
	switch {
	case status >= 300 && status < 400 && resp.Header.Get("Location") != "":
		to, fail := resolve(at, resp.Header.Get("Location"))
		return status, step{outcome: fmt.Sprintf("redirect (HTTP %d)", status), to: to, redirect: true}, fail
	case status == http.StatusNotFound:
		return status, s, &failure{kind: KindStatus, short: "HTTP 404", msg: name + " does not know the domain (HTTP 404)"}
	case status < 200 || status > 299:
		return status, s, &failure{
			kind: KindStatus, short: fmt.Sprintf("HTTP %d", status),
			msg: fmt.Sprintf("%s answered with HTTP %d", name, status),
		}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return status, s, w.unanswered(ctx, at, err)
	case len(body) > maxDocument:
		return status, s, &failure{
			kind: KindTooLarge, short: "document too large",
			msg: fmt.Sprintf("the document at %s is larger than %d KB", name, maxDocument>>10),
		}
	}
	doc, err := parseDocument(body)
	if err != nil {
		return status, s, &failure{
			kind: KindNotXML, short: "not an autodiscover document: " + describe(body, err),
			msg: name + " did not answer with an autodiscover document but with " + describe(body, err), err: err,
		}
	}
	s, fail = w.read(at, doc)
	return status, s, fail
}

// read finds the link to go on with.
func (w *walker) read(at *url.URL, doc *document) (step, *failure) {
	if href := find(doc.root, tokenRedirect); href != "" {
		to, fail := resolve(at, href)
		return step{outcome: "redirect", to: to, redirect: true}, fail
	}
	if href := find(doc.domain, tokenPowerShell); href != "" {
		return endpoint(at, href)
	}
	if href := find(doc.domain, tokenHybrid); href != "" {
		to, fail := resolve(at, href)
		if fail == nil {
			to = withDomain(to, w.domain)
		}
		return step{outcome: "hybrid link", to: to, redirect: true}, fail
	}
	if href := find(doc.root, tokenDomain); href != "" && len(doc.domain) == 0 {
		to, fail := resolve(at, href)
		return step{outcome: "domain link", to: to}, fail
	}
	missing := "a Redirect or a Domain link"
	if doc.isDomain {
		missing = "an External/RemotePowerShell link, so the tenant has no endpoint there"
	}
	return step{}, &failure{
		kind: KindLink, short: "no link to go on with",
		msg: fmt.Sprintf("the document at %s has not got %s", clean(at.String(), 300), missing),
	}
}

// endpoint is the end of the way, if it may be one.
func endpoint(at *url.URL, href string) (step, *failure) {
	to, fail := resolve(at, href)
	if fail != nil {
		return step{}, fail
	}
	to = oauthURI(to)
	if err := CheckEndpoint(to, true, false); err != nil {
		return step{}, &failure{kind: KindInsecure, short: "endpoint not https", msg: err.Error()}
	}
	return step{outcome: tokenPowerShell, endpoint: &Endpoint{PowerShellURI: to, Found: clean(href, maxHref)}}, nil
}

// resolve makes a link absolute and refuses what cannot be requested.
func resolve(at *url.URL, href string) (*url.URL, *failure) {
	bad := func(why string) (*url.URL, *failure) {
		return nil, &failure{
			kind: KindLink, short: "unusable link",
			msg: fmt.Sprintf("%s leads to %q, %s", clean(at.String(), 300), clean(href, 200), why),
		}
	}
	if len(href) > maxHref {
		return bad("which is too long for an address")
	}
	u, err := at.Parse(strings.TrimSpace(href))
	switch {
	case err != nil, u.Hostname() == "":
		return bad("which is not an address")
	case u.Scheme != "https" && u.Scheme != "http":
		return bad("which is neither https nor http")
	case u.User != nil:
		return bad("which has a user name in it")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// describe says what a body is that is no autodiscover document.
func describe(body []byte, err error) string {
	head := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	switch {
	case len(head) == 0:
		return "nothing"
	case bytes.Contains(head, []byte("<html")):
		return "a web page (HTML)"
	case head[0] == '{':
		return "JSON"
	}
	return err.Error()
}
