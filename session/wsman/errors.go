package wsman

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
)

// ErrClosed is the error of every call on a closed [Client].
var ErrClosed = errors.New("wsman: client is closed")

// UnencryptedError refuses to send credentials in clear.
type UnencryptedError struct {
	Host string
}

func (e *UnencryptedError) Error() string {
	return fmt.Sprintf("wsman: credentials are not sent to %s over plain http", e.Host)
}

// RedirectError says that the endpoint is elsewhere. It is never followed:
// the credentials were meant for the first host.
type RedirectError struct {
	Status   int
	Location string   // as the server sent it, without control characters
	URL      *url.URL // Location resolved; nil where it is no URL
}

func (e *RedirectError) Error() string {
	return fmt.Sprintf("wsman: the server redirects to %q (HTTP %d)", e.Location, e.Status)
}

// AuthError says that the server did not accept the credentials.
type AuthError struct {
	Status     int
	Challenges []string // values of WWW-Authenticate, without control characters
	Diagnostic string   // value of x-ms-diagnostics: why an Office gateway refuses a token
}

func (e *AuthError) Error() string {
	if e.Diagnostic != "" {
		return fmt.Sprintf("wsman: the server does not accept the credentials (HTTP %d): %s", e.Status, e.Diagnostic)
	}
	return fmt.Sprintf("wsman: the server does not accept the credentials (HTTP %d)", e.Status)
}

// HTTPError is an answer that is no SOAP: a proxy's page, a gateway's refusal.
type HTTPError struct {
	Status      int
	ContentType string
	Snippet     string // the start of the body as text, without tags and control characters
	RetryAfter  string // value of Retry-After
}

func (e *HTTPError) Error() string {
	s := fmt.Sprintf("wsman: HTTP %d", e.Status)
	if e.Status == 200 {
		s = "wsman: the answer is not SOAP"
	}
	if e.ContentType != "" {
		s += " (" + e.ContentType + ")"
	}
	if e.Snippet != "" {
		s += ": " + e.Snippet
	}
	return s
}

// SyntaxError is an answer that is not what WS-Management prescribes.
type SyntaxError struct {
	Offset int // bytes into the body
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("wsman: malformed answer at byte %d: %s", e.Offset, e.Msg)
}

// SizeError is an answer larger than Config.MaxResponseSize.
type SizeError struct {
	Limit int // bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("wsman: the answer is larger than %d bytes", e.Limit)
}

// EnvelopeSizeError is a request that the server would refuse for its size.
// Nothing was sent.
type EnvelopeSizeError struct {
	Operation   string
	Size, Limit int // bytes of the envelope
}

func (e *EnvelopeSizeError) Error() string {
	return fmt.Sprintf("wsman: %s of %d bytes does not fit in an envelope of %d bytes", e.Operation, e.Size, e.Limit)
}

// TransportError is an exchange without an answer: a connection refused, cut,
// or silent for too long.
type TransportError struct {
	Operation string
	// MaybeReceived is true where the request had gone out whole: the server
	// may have done what it asked for.
	MaybeReceived bool
	Err           error
}

func (e *TransportError) Error() string {
	return fmt.Sprintf("wsman: %s: %v", e.Operation, e.Err)
}

func (e *TransportError) Unwrap() error { return e.Err }

// Permanent tells a failure that another attempt does not mend: the other side
// speaks no TLS or shows a certificate that is not accepted, a name does not
// exist, a proxy refuses.
func (e *TransportError) Permanent() bool {
	var (
		cert   *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
		dns    *net.DNSError
		proxy  *ProxyError
	)
	return errors.As(e.Err, &cert) || errors.As(e.Err, &record) || errors.As(e.Err, &alert) ||
		errors.As(e.Err, &dns) && dns.IsNotFound || errors.As(e.Err, &proxy) && proxy.Status < 500
}

// ProxyError says that an HTTP proxy did not open the way to the server.
type ProxyError struct {
	Host   string // of the proxy
	Status int
}

func (e *ProxyError) Error() string {
	if e.Status == http.StatusProxyAuthRequired {
		return fmt.Sprintf("the proxy %s does not accept the credentials (HTTP %d)", e.Host, e.Status)
	}
	return fmt.Sprintf("the proxy %s refuses to connect (HTTP %d)", e.Host, e.Status)
}

const maxSnippet = 200 // bytes of an error page that an error shows

func newAuthError(res result, challenges []string) error {
	e := &AuthError{Status: res.status, Diagnostic: cleanText(res.header.Get("x-ms-diagnostics"), maxSnippet)}
	for _, c := range challenges {
		e.Challenges = append(e.Challenges, cleanText(c, 1024))
	}
	return e
}

func (c *Client) newRedirectError(status int, location string) error {
	e := &RedirectError{Status: status, Location: cleanText(location, 2048)}
	if u, err := c.cfg.URL.Parse(location); err == nil {
		e.URL = u
	}
	return e
}

func newHTTPError(res result) error {
	return &HTTPError{
		Status:      res.status,
		ContentType: cleanText(mediaType(res.header), 64),
		Snippet:     snippet(res.body),
		RetryAfter:  cleanText(res.header.Get("Retry-After"), 64),
	}
}

// snippet is the start of a page's text.
func snippet(page []byte) string {
	page = page[:min(len(page), 8<<10)]
	var out []byte
	for len(page) > 0 {
		open := bytes.IndexByte(page, '<')
		if open < 0 {
			out = append(out, page...)
			break
		}
		out = append(append(out, page[:open]...), ' ')
		page = page[open:]
		end := []byte(">")
		for _, hidden := range []string{"script", "style"} {
			if len(page) > len(hidden) && bytes.EqualFold(page[1:1+len(hidden)], []byte(hidden)) {
				end = []byte("</" + hidden + ">")
			}
		}
		n := bytes.Index(bytes.ToLower(page), end)
		if n < 0 {
			break
		}
		page = page[n+len(end):]
	}
	return cleanText(html.UnescapeString(string(out)), maxSnippet)
}
