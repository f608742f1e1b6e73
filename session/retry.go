package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"psdeck/discovery"
	"psdeck/session/safetext"
	"psdeck/session/wsman"
)

const (
	firstPause = 100 * time.Millisecond // doubles with each attempt
	longPause  = 30 * time.Second       // the most that a server's Retry-After is heeded
)

// worthRetrying tells a failure to open a session that another attempt may
// mend without a second session on the server: the request was certainly not
// received, or the server said that it is not available now.
func worthRetrying(err error) bool {
	var (
		lost  *wsman.TransportError
		page  *wsman.HTTPError
		local *discovery.LoopbackError
	)
	switch {
	case errors.As(err, &local):
		return false
	case errors.As(err, &lost):
		return !lost.MaybeReceived && !lost.Permanent()
	}
	return errors.As(err, &page) && page.Status == http.StatusServiceUnavailable
}

// pauseBefore is how long to wait before attempt number tried+1.
func pauseBefore(tried int, err error) time.Duration {
	wait := firstPause << min(tried-1, 8)
	var page *wsman.HTTPError
	if errors.As(err, &page) {
		if seconds, err := strconv.Atoi(page.RetryAfter); err == nil && seconds > 0 {
			wait = max(wait, min(time.Duration(seconds), longPause/time.Second)*time.Second)
		}
	}
	return min(wait, longPause)
}

// create makes the shell, again where that is worth it. The attempt under way
// is not given up with ctx, see Open; another one is not begun.
func (t *overWSMan) create(ctx context.Context, r wsman.ShellRequest) (*wsman.Shell, error) {
	for tried := 1; ; tried++ {
		shell, err := t.client.Create(context.WithoutCancel(ctx), r)
		if err == nil || tried > t.retries || !worthRetrying(err) || ctx.Err() != nil {
			return shell, err
		}
		wait := pauseBefore(tried, err)
		if t.noted != nil {
			t.noted(fmt.Sprintf("%s; trying again in %s (%d of %d)", safetext.Clean(err.Error()), wait, tried, t.retries))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}
