package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"psdeck/session"
	"psdeck/session/clixml"
)

// converse is a conversation with psrpcore that is the same over every
// transport. The session has four runspaces.
func converse(ctx context.Context, t *testing.T, s *session.Session) {
	t.Helper()
	if got := s.Capabilities().Protocol; got != "2.3" {
		t.Errorf("protocol %s, and psrpcore speaks 2.3", got)
	}
	for _, part := range []struct {
		name string
		talk func(context.Context, *testing.T, *session.Session)
	}{
		{"objects", talkObjects},
		{"streams", talkStreams},
		{"errors", talkErrors},
		{"input", talkInput},
		{"questions", talkQuestions},
		{"stop", talkStop},
		{"four at once", talkFourAtOnce},
	} {
		t.Run(part.name, func(t *testing.T) { part.talk(ctx, t, s) })
	}
}

func talkObjects(ctx context.Context, t *testing.T, s *session.Session) {
	records, res := run(ctx, t, s, "emit 1001")
	if err := checkNumbered(records, 1001); err != nil || res.Outcome != session.Completed {
		t.Errorf("%v, %+v", err, res)
	}
	text := strings.Repeat("0123456789äß😀", 20_000) // many fragments each way
	records, res, err := finish(ctx, startAs(ctx, t, s, "hello '"+text+"'", session.SendCommands))
	if err != nil || res.Outcome != session.Completed || len(records) != 1 || records[0].Value.String() != "hello "+text {
		t.Errorf("%d records, %+v, %v", len(records), res, err)
	}
}

// Each stream brings its record, in the order in which they were written.
func talkStreams(ctx context.Context, t *testing.T, s *session.Session) {
	records, res := run(ctx, t, s, "streams")
	var got []string
	for _, r := range records {
		switch {
		case r.Progress != nil:
			got = append(got, fmt.Sprintf("progress %s %d%%", r.Progress.StatusDescription, r.Progress.PercentComplete))
		case r.Error != nil:
			got = append(got, r.Error.Message+" "+r.Error.FullyQualifiedErrorID)
		case r.Stream == session.StreamOutput:
			got = append(got, r.Value.String())
		default:
			got = append(got, r.Text)
		}
	}
	want := []string{
		"a debug record", "a verbose record", "a warning", "an information record",
		"progress some of it 30%", "an error Peer.Streams", "an object",
	}
	if !slices.Equal(got, want) || res.Outcome != session.Completed || res.Errors != 1 || res.Objects != 1 {
		t.Errorf("%q, %+v", got, res)
	}
}

func talkErrors(ctx context.Context, t *testing.T, s *session.Session) {
	for line, want := range map[string]string{"fail -Terminating": "this ends here", "Get-Nothing": "'Get-Nothing'"} {
		if _, res := run(ctx, t, s, line); res.Outcome != session.Failed || res.Err == nil || !strings.Contains(res.Err.Error(), want) {
			t.Errorf("%s: %+v", line, res)
		}
	}
}

// Objects of a pipeline's input come back as they went.
func talkInput(ctx context.Context, t *testing.T, s *session.Session) {
	r := startAs(ctx, t, s, "1, 'zwei 😀', $true, 4.5 | echo", session.SendCommands)
	records, res, err := finish(ctx, r)
	var got []string
	for _, rec := range records {
		got = append(got, fmt.Sprint(rec.Value.Kind(), " ", rec.Value))
	}
	want := []string{
		fmt.Sprint(clixml.KindInt32, " 1"), fmt.Sprint(clixml.KindString, " zwei 😀"),
		fmt.Sprint(clixml.KindBool, " True"), fmt.Sprint(clixml.KindDouble, " 4.5"),
	}
	if !slices.Equal(got, want) || err != nil || res.Outcome != session.Completed {
		t.Errorf("%q, want %q; %+v, %v", got, want, res, err)
	}
}

// Each kind of question is answered, secrets under a key that psrpcore made.
func talkQuestions(ctx context.Context, t *testing.T, s *session.Session) {
	for _, q := range []struct {
		line    string
		answers []string
		want    []string
	}{
		{"ask", []string{"Grüße"}, []string{"1", "line Grüße"}},
		{"names", []string{"Ada", "Lovelace"}, []string{"First=Ada Last=Lovelace"}},
		{"sealed 'tief 🤫'", nil, []string{"tief 🤫"}}, // the server is the first to want a key
		{"secret", []string{"päss 🔑"}, []string{"päss 🔑", "🔑 ssäp"}},
		{"login", []string{"hopper ü"}, []string{"ada hopper ü"}}, // the server says who
		{"several", nil, []string{"1"}},
		{"screen", nil, []string{"refused: this host does not offer GetBufferContents"}},
		{"shout", nil, []string{"shouted"}},
	} {
		if got := answer(ctx, t, s, q.line, q.answers); !slices.Equal(got, q.want) {
			t.Errorf("%s: %q, want %q", q.line, got, q.want)
		}
	}
}

// answer runs a line, answers what it asks, a choice with its second, and gives
// its output, secrets in clear.
func answer(ctx context.Context, t *testing.T, s *session.Session, line string, answers []string) []string {
	t.Helper()
	r := start(ctx, t, s, line)
	var said []string
	for {
		records, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return said
		}
		if err != nil {
			t.Fatalf("%s: %v, after %q", line, err, said)
		}
		for _, rec := range records {
			text := rec.Value.String()
			switch {
			case rec.Prompt != nil && rec.Prompt.Kind == session.PromptChoice:
				err = rec.Prompt.Choose(ctx, 1)
			case rec.Prompt != nil:
				err = rec.Prompt.Fill(ctx, answers)
			case rec.Value.Kind() == clixml.KindSecureString:
				text, err = s.Reveal(ctx, rec.Value)
				fallthrough
			case rec.Stream == session.StreamOutput:
				said = append(said, text)
			}
			if err != nil {
				t.Fatalf("%s: %v, after %q", line, err, said)
			}
		}
	}
}

// A line that sleeps is stopped, and its runspace takes the next one.
func talkStop(ctx context.Context, t *testing.T, s *session.Session) {
	r := start(ctx, t, s, "sleep 1000")
	if got, err := r.Next(ctx); err != nil || len(got) != 1 || got[0].Value.String() != "asleep" {
		t.Fatalf("%+v, %v", got, err)
	}
	_ = r.Stop(ctx)
	if rest, res, err := finish(ctx, r); err != nil || res.Outcome != session.Stopped || len(rest) != 0 {
		t.Errorf("%+v, %+v, %v", rest, res, err)
	}
	if records, res := run(ctx, t, s, "hello Ada"); res.Outcome != session.Completed || len(records) != 1 || records[0].Value.String() != "hello Ada" {
		t.Errorf("after it: %+v, %+v", records, res)
	}
}

func talkFourAtOnce(ctx context.Context, t *testing.T, s *session.Session) {
	const objects = 600
	var work sync.WaitGroup
	for i := range 4 {
		work.Go(func() {
			r, err := s.Run(ctx, fmt.Sprintf("emit %d", objects), session.RunOptions{Confirmed: true})
			if err != nil {
				t.Error(err)
				return
			}
			records, res, err := finish(ctx, r)
			if err == nil && (res.Outcome != session.Completed || res.Objects != objects) {
				err = fmt.Errorf("result %+v", res)
			}
			if err := errors.Join(err, checkNumbered(records, objects)); err != nil {
				t.Errorf("pipeline %d: %v", i, err)
			}
		})
	}
	work.Wait()
}
