package headless

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/wsman"
)

// sessions runs psdeck sessions in a lab.
func (b *bench) sessions(cfg SessionsConfig) result {
	var out, errs bytes.Buffer
	cfg.Stdout, cfg.Stderr, cfg.Width = &out, &errs, 100
	if cfg.Shells == nil {
		cfg.Shells = session.NewConnector(b.cfg).Shells
	}
	return result{Sessions(b.t.Context(), cfg), out.String(), errs.String()}
}

func (b *bench) opened(user string) *session.Session {
	b.t.Helper()
	s, err := session.NewConnector(b.cfg).Connect(b.t.Context(), *b.asUser(user), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func TestSessionsAreListedAndClosed(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		target := *b.asUser(contosoAdmin)
		b.sessions(SessionsConfig{Target: target}).want(t, ExitDone, "there are no sessions of this account on "+lab.AdminHost)
		if r := b.sessions(SessionsConfig{Target: target, Form: "json"}); r.code != ExitDone || r.out != "[]\n" || strings.Contains(r.err, "no sessions") {
			t.Errorf("%+v", r)
		}
		first, second, third := b.opened(contosoAdmin), b.opened(contosoAdmin), b.opened(contosoAdmin)
		other := b.opened(partnerAdmin)
		defer other.Close(t.Context())

		r := b.sessions(SessionsConfig{Target: target})
		r.want(t, ExitDone)
		lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[0], "SHELLID ") {
			t.Fatalf("%s", r.out)
		}
		for _, s := range []*session.Session{first, second, third} {
			if want := strings.ToUpper(s.ID()) + "  Connected  "; !strings.Contains(r.out, want) {
				t.Errorf("%s is not in\n%s", want, r.out)
			}
		}
		if strings.Contains(strings.ToLower(r.out), other.ID()) {
			t.Errorf("another's session is listed:\n%s", r.out)
		}

		r = b.sessions(SessionsConfig{Target: target, Form: "jsonl"})
		r.want(t, ExitDone)
		for line := range strings.Lines(r.out) {
			var got struct {
				ShellId, Name, State, Owner, IdleTimeOut string
				Mine                                     bool
			}
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.ShellId) != 36 || !strings.HasPrefix(got.Name, "SfBPowerShellSession_") || got.State != "Connected" ||
				got.Owner != contosoAdmin || got.IdleTimeOut != "00:15:00" || !got.Mine {
				t.Errorf("%s", line)
			}
		}

		b.sessions(SessionsConfig{Target: target, Close: true, IDs: []string{first.ID(), "nonsense"}}).
			want(t, ExitUsage, "there is no session nonsense on "+lab.AdminHost+"; none was closed", "hint: psdeck sessions list")
		if n := len(b.Endpoint().Shells()); n != 4 {
			t.Fatalf("%d shells are there", n)
		}
		b.sessions(SessionsConfig{Target: target, Close: true, IDs: []string{first.ID()}}).
			want(t, ExitDone, "psdeck: closed "+strings.ToUpper(first.ID()))
		b.sessions(SessionsConfig{Target: target, Close: true, All: true}).
			want(t, ExitDone, "psdeck: closed "+strings.ToUpper(second.ID()), "psdeck: closed "+strings.ToUpper(third.ID()))
		if left := b.Endpoint().Shells(); len(left) != 1 || !strings.EqualFold(left[0].ID, other.ID()) {
			t.Errorf("left are %+v", left)
		}
	})
}

// An administrator sees everybody's sessions; --all does not mean those.
func TestSessionsOfOthersAreLeftAlone(t *testing.T) {
	b := &bench{t: t}
	r := b.sessions(SessionsConfig{
		Close: true, All: true,
		Shells: func(context.Context, session.Target, func(session.Event)) (*session.Shells, error) {
			return &session.Shells{Host: "server", Account: contosoAdmin, List: []wsman.ShellInfo{{ID: "7", Owner: "CONTOSO\\ann\x1b[2J"}}}, nil
		},
	})
	r.want(t, ExitDone, `psdeck: left 7 alone: it belongs to CONTOSO\ann`, "hint: if it is yours all the same", "no sessions of this account on server")
	if strings.Contains(r.err, "\x1b") {
		t.Errorf("the server's text reaches the terminal: %q", r.err)
	}
}

func TestSessionsNeedsAPerson(t *testing.T) {
	inLab(t, lab.Options{}, func(t *testing.T, b *bench) {
		b.sessions(SessionsConfig{Target: session.Target{UserName: contosoAdmin}}).
			want(t, ExitSignIn, "psdeck: signing in: sign-in needs a person", "hint: run it in a terminal")
	})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	var errs bytes.Buffer
	interrupted := func(ctx context.Context, _ session.Target, _ func(session.Event)) (*session.Shells, error) {
		return nil, ctx.Err()
	}
	if code := Sessions(ended, SessionsConfig{Stderr: &errs, Shells: interrupted}); code != ExitInterrupted || errs.Len() > 0 {
		t.Errorf("interrupted: %d, %q", code, errs.String())
	}
}
