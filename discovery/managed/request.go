package managed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// get asks for one document. Where Graph wants it slower, it waits as long as
// that says (RFC 9110 10.2.3) and asks again.
func (g *Graph) get(ctx context.Context, u *url.URL, into any) error {
	authorized, pause := false, time.Second
	var challenge []string
	for try := 1; ; try++ {
		resp, err := g.send(ctx, u, challenge)
		if err != nil {
			return err
		}
		challenge = nil
		switch {
		case resp.StatusCode == http.StatusOK:
			return g.read(u, resp, into)
		case resp.StatusCode == http.StatusUnauthorized && !authorized:
			authorized, challenge = true, append([]string{}, resp.Header.Values("WWW-Authenticate")...)
			discard(resp)
		case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable:
			wait, said := g.retryAfter(resp)
			discard(resp)
			if !said {
				wait, pause = pause, pause*2
			}
			if try >= maxTries || wait > maxPause {
				return &Error{
					Kind: KindThrottled, Op: op(u), Msg: fmt.Sprintf("it is asked too often and wants a pause of %s", wait.Round(time.Second)),
					Hint: "try again after that; the tenants that came before are listed",
				}
			}
			if err := g.wait(ctx, wait); err != nil {
				return err
			}
		default:
			return g.refused(u, resp)
		}
	}
}

func (g *Graph) send(ctx context.Context, u *url.URL, challenge []string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, g.broken(u, "the address cannot be asked", nil)
	}
	req.Header.Set("Accept", "application/json")
	if err := g.Authorize(ctx, req, challenge); err != nil {
		return nil, err
	}
	client := *g.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the query
		}
		return nil, &Error{Kind: KindNetwork, Op: op(u), Msg: "no answer: " + clean(err.Error(), 300), Hint: "check that the host is reachable from here", Err: err}
	}
	return resp, nil
}

func (g *Graph) wait(ctx context.Context, d time.Duration) error {
	if g.Waits != nil {
		g.Waits(d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter is how long the server asks to wait: seconds, or a date.
func (g *Graph) retryAfter(resp *http.Response) (time.Duration, bool) {
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= 1<<24 {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		now := time.Now
		if g.Now != nil {
			now = g.Now
		}
		return max(0, at.Sub(now())), true
	}
	return 0, false
}

func (g *Graph) read(u *url.URL, resp *http.Response, into any) error {
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	switch {
	case err != nil:
		return g.broken(u, "the answer breaks off", err)
	case len(data) > maxPage:
		return g.broken(u, fmt.Sprintf("the answer is longer than %d bytes", maxPage), nil)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return g.broken(u, "the answer is not what was asked for: "+clean(err.Error(), 200), nil)
	}
	return nil
}

// refused explains an answer that is an error.
func (g *Graph) refused(u *url.URL, resp *http.Response) error {
	defer resp.Body.Close()
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	_ = json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&body)
	said := clean(body.Error.Message, 300)
	if said == "" {
		said = clean(body.Error.Code, 100)
	}
	if said != "" {
		said = ": " + strings.TrimSuffix(said, ".")
	}
	switch resp.StatusCode {
	case http.StatusForbidden:
		return &Error{Kind: KindForbidden, Op: op(u), Msg: "the account or the client may not read it" + said, Hint: "an administrator has to consent to it"}
	case http.StatusUnauthorized:
		return &Error{Kind: KindForbidden, Op: op(u), Msg: "the token was refused" + said, Hint: "sign in again: psdeck auth logout, then psdeck tenants refresh"}
	}
	return g.broken(u, fmt.Sprintf("it answered %d%s", resp.StatusCode, said), nil)
}

func discard(resp *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	_ = resp.Body.Close()
}
