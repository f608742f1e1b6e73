package auth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// ProbeError is an endpoint that did not answer an unauthenticated request
// with a challenge.
type ProbeError struct {
	URL      string
	Status   int    // HTTP status
	Location string // where a redirect points
	Msg      string
	Hint     string
}

func (e *ProbeError) Error() string { return e.Msg }

const probeTimeout = 30 * time.Second

// Probe asks an endpoint, without credentials, how it wants to be
// authenticated to. It follows no redirects. The error is a [*ProbeError] when
// the endpoint answered otherwise than with a challenge, an [*Error] when it did
// not answer.
func Probe(ctx context.Context, client *http.Client, uri string) ([]Challenge, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	const op = "asking the endpoint how to sign in"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil || req.URL.Host == "" || req.URL.User != nil {
		return nil, &Error{Kind: KindUsage, Op: op, Msg: clean(uri, 200) + " is not a usable address", Hint: "check --override-power-shell-uri"}
	}
	req.Header.Set("Accept-Encoding", "identity")
	c := http.Client{}
	if client != nil {
		c = *client
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	resp, err := c.Do(req)
	if err != nil {
		if e := networkFault(ctx, hostOf(uri), err); e != nil {
			e.Op = op
			return nil, e
		}
		return nil, &Error{Kind: KindNetwork, Op: op, Msg: "no answer from " + hostOf(uri), Hint: hintNetwork}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	if resp.StatusCode == http.StatusUnauthorized {
		if list := ParseChallenges(resp.Header.Values("WWW-Authenticate")); len(list) > 0 {
			return list, nil
		}
	}
	return nil, unexpected(clean(uri, 300), resp)
}

// unexpected describes an answer that is no challenge.
func unexpected(uri string, resp *http.Response) *ProbeError {
	e := &ProbeError{URL: uri, Status: resp.StatusCode, Location: clean(resp.Header.Get("Location"), 300)}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		e.Msg = uri + " asks for a sign-in but does not say how (HTTP 401 without a challenge)"
		e.Hint = "name the authority with --authority and the client with --client-id"
	case code >= 200 && code < 300:
		e.Msg = fmt.Sprintf("%s answered without asking who is there (HTTP %d)", uri, code)
		e.Hint = "check that the URI is a PowerShell endpoint: it should ask for a sign-in"
	case code >= 300 && code < 400 && e.Location != "":
		e.Msg = fmt.Sprintf("%s redirects to %s (HTTP %d), and redirects are not followed", uri, e.Location, code)
		e.Hint = "if that is the right place, name it with --override-power-shell-uri"
	case code == http.StatusNotFound:
		e.Msg = fmt.Sprintf("there is no PowerShell endpoint at %s (HTTP 404)", uri)
		e.Hint = "check the path of --override-power-shell-uri, or leave it out to discover the endpoint"
	case code >= 500:
		e.Msg = fmt.Sprintf("%s is not working now (HTTP %d)", uri, code)
		e.Hint = "try again later"
	default:
		e.Msg = fmt.Sprintf("%s answered with HTTP %d instead of asking for a sign-in", uri, code)
		e.Hint = "check that the URI is a PowerShell endpoint"
	}
	return e
}
