package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
)

// scriptsURI is an endpoint of a lab in memory that takes scripts.
const scriptsURI = "http://127.0.0.1:80/wsman"

// inMemory starts a lab without ports, and a way to it.
func inMemory(t *testing.T, o lab.Options) (*lab.Lab, *session.Connector) {
	t.Helper()
	o.InMemory = true
	l, err := lab.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l, session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{Dial: l.Dial, RootCAs: l.CAPool()}})
}

func scriptsTarget() session.Target {
	return session.Target{
		UserName: "admin@contoso.example", Authentication: "basic", OverridePowerShellURI: scriptsURI,
		Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("Lab-admin-contoso-1!"), nil },
	}
}

// A session that nobody uses makes one request in the time that the server may
// keep it open, which the option OperationTimeout says; 200 of them with 60 s
// make 200 a minute. Each bubble's time is its own, and it ends only when no
// goroutine is left in it.
func TestIdleSessionsAskOncePerPoll(t *testing.T) {
	for _, c := range []struct {
		option   string
		poll     time.Duration
		sessions int
	}{
		{"60000", time.Minute, 200},
		{"00:02:00", 2 * time.Minute, 3},
		{"", 3 * time.Minute, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, connector := inMemory(t, lab.Options{MaxShellsPerUser: c.sessions})
			defer l.Close()
			target := scriptsTarget()
			if c.option != "" {
				if err := target.Options.Set("OperationTimeout", c.option); err != nil {
					t.Fatal(err)
				}
			}
			var all []*session.Session
			for range c.sessions {
				s, err := connector.Connect(t.Context(), target, nil)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, s)
			}
			synctest.Wait()
			const polls = 5
			before := len(l.Access())
			time.Sleep(polls*c.poll + c.poll/2)
			synctest.Wait()
			if n := len(l.Access()) - before; n != polls*c.sessions {
				t.Errorf("OperationTimeout %q: %d requests of %d sessions in %d polls", c.option, n, c.sessions, polls)
			}
			for _, s := range all {
				if err := s.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Four pipelines at once on a pool of four runspaces lose no object, round after
// round.
func TestFourPipelinesLoseNothing(t *testing.T) {
	l, connector := inMemory(t, lab.Options{})
	defer l.Close()
	target := scriptsTarget()
	target.Runspaces = 4
	s, err := connector.Connect(t.Context(), target, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	const rounds, pipelines, objects = 20, 4, 2000
	for round := range rounds {
		var work sync.WaitGroup
		for i := range pipelines {
			work.Go(func() {
				first := round*100_000 + i*10_000
				if err := countUp(t.Context(), s, first, objects); err != nil {
					t.Errorf("round %d, pipeline %d: %v", round, i, err)
				}
			})
		}
		work.Wait()
	}
}

// countUp runs a line that gives numbers, and holds each against its place.
func countUp(ctx context.Context, s *session.Session, first, objects int) error {
	r, err := s.Run(ctx, fmt.Sprintf("%d..%d", first, first+objects-1), session.RunOptions{Confirmed: true})
	if err != nil {
		return err
	}
	n := 0
	for {
		records, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for _, rec := range records {
			if got := rec.Value.String(); got != strconv.Itoa(first+n) {
				return fmt.Errorf("object %d is %s", n, got)
			}
			n++
		}
	}
	res, err := r.Wait(ctx)
	if err == nil && (n != objects || res.Outcome != session.Completed) {
		err = fmt.Errorf("%d objects, want %d: %+v", n, objects, res)
	}
	return err
}
