package session_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// asking writes, calls the host without wanting an answer, asks it and goes on.
func asking() runspace.Cmdlet {
	return runspace.Cmdlet{Name: "Get-Asking", Run: func(c *runspace.Call) error {
		for round := range 3 {
			for n := range 100 {
				if err := c.WriteObject(clixml.Str(fmt.Sprintf("%d.%d", round, n))); err != nil {
					return err
				}
			}
			if _, err := c.HostCall(psrp.MethodWriteLine2, clixml.Str(fmt.Sprintf("round %d", round))); err != nil {
				return err
			}
			if _, err := c.HostCall(psrp.MethodSetShouldExit, clixml.Int32(1)); err != nil {
				return err
			}
			answer, err := c.ReadLine("Name")
			if err != nil {
				return err
			}
			if err := c.WriteObject(clixml.Str("answered " + answer)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// A host call that comes while output flows is answered, once, and holds up
// neither what is read nor another pipeline; one that wants no answer gets none.
func TestBehaviour11HostCallWhileOutputFlows(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Open: ofCommands(asking())})
		target := st.target()
		target.Runspaces = 2
		s := st.connectTo(target)
		run, err := s.Run(t.Context(), "Get-Asking", session.RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		sent := len(st.asked("Send"))
		var got []string
		for {
			records, err := run.Next(t.Context())
			if err != nil {
				break
			}
			for _, r := range records {
				switch r.Stream {
				case session.StreamOutput:
					got = append(got, r.Value.String())
				case session.StreamHost:
					got = append(got, r.Text)
				case session.StreamPrompt:
					wantObjects(t, s, 200) // beside the one that waits
					if err := r.Prompt.Fill(t.Context(), []string{"Ada"}); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		var want []string
		for round := range 3 {
			for n := range 100 {
				want = append(want, fmt.Sprintf("%d.%d", round, n))
			}
			want = append(want, fmt.Sprintf("round %d", round), "answered Ada")
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if s.State() != session.Opened {
			t.Errorf("SetShouldExit ended the session: %v", s.State())
		}
		if n := len(st.asked("Send")) - sent; n != 3 {
			t.Errorf("%d answers for three questions", n)
		}
	})
}

// An answer counts on the stream of answers and nowhere else.
func TestBehaviour11AnswerOnTheWrongStream(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Open: ofCommands(asking())})
		b := openByHand(t, st.wsman())
		for stream, want := range map[string]psrp.PipelineState{psrp.StreamPromptResponse: psrp.PipelineCompleted, psrp.StreamStdin: psrp.PipelineStopped} {
			id := b.start(psrp.Commands(psrp.Command{Name: "Read-Host", Parameters: []psrp.Parameter{{Name: "Prompt", Value: clixml.Str("Name")}}}))
			out := b.answer(id)
			if out.Stream != psrp.StreamPromptResponse {
				t.Errorf("the client answers on %s", out.Stream)
			}
			if err := b.shell.Send(t.Context(), id, stream, out.Bytes(), false); err != nil {
				t.Fatal(err)
			}
			objects, end := b.finish(id)
			if end.State != want || (len(objects) == 1) != (want == psrp.PipelineCompleted) {
				t.Errorf("on %s: %v, %v", stream, objects, end)
			}
		}
	})
}

// answer waits for the first question of a pipeline and makes its answer.
func (b *byHand) answer(id uuid.UUID) psrp.Outgoing {
	b.t.Helper()
	for {
		for _, ev := range b.receive(id) {
			if call, ok := ev.(psrp.HostCallReceived); ok {
				out, err := b.psrp.Respond(psrp.PromptAnswer(call.Call, []clixml.Entry{{Key: clixml.Str("Name"), Value: clixml.Str("Ada")}}))
				if err != nil {
					b.t.Fatal(err)
				}
				return out
			}
		}
	}
}

// Servers of each version of the protocol: what both sides speak is what the
// older one does, and secrets pass in the way of that version.
func TestBehaviour16ServersOfEachVersion(t *testing.T) {
	for _, version := range []string{psrp.Protocol21, psrp.Protocol22, psrp.Protocol23, psrp.Protocol24} {
		t.Run(version, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				st := newStand(t, scheme, endpoint.Config{Protocol: version})
				s := st.connect()
				offered := map[string]string{"http": psrp.Protocol23, "https": psrp.Protocol24}[scheme]
				if got := s.Capabilities().Protocol; got != min(version, offered) {
					t.Errorf("speaks %s", got)
				}
				run, prompt := startAsking(t, s, "Read-Host 'Password' -AsSecureString")
				if err := prompt.Fill(t.Context(), []string{"s3cret"}); err != nil {
					t.Fatal(err)
				}
				out := rest(t, run)
				if len(out) != 1 {
					t.Fatalf("%v", out)
				}
				if text, err := s.Reveal(t.Context(), out[0]); text != "s3cret" || err != nil {
					t.Errorf("%q, %v", text, err)
				}
				long := strings.Repeat("x", 400_000)
				if out, _ := output(t, s, "'"+long+"' | Write-Output"); len(out) != 1 || out[0] != long {
					t.Error("a long text does not come back")
				}
				limit := 512_000
				if version == psrp.Protocol21 {
					limit = 153_600
				}
				if largest := st.largest(); largest > limit || largest < limit/2 {
					t.Errorf("the largest request has %d bytes, the limit is %d", largest, limit)
				}
			})
		})
	}
}

func (st *stand) largest() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	n := 0
	for _, e := range st.requests {
		n = max(n, e.Received)
	}
	return n
}

// A server that speaks another major version is refused by name.
func TestBehaviour16AnotherMajorVersion(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Protocol: "3.0"})
		_, err := st.connector.Connect(t.Context(), st.target(), nil)
		if err == nil || !strings.Contains(err.Error(), "3.0") {
			t.Errorf("%v", err)
		}
	})
}

// An endpoint without a language gets commands, and refuses a script that a
// person insists on, in its own words.
func TestBehaviour17NoLanguage(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{})
		s := st.connect()
		if got := s.Capabilities().LanguageMode; got != "NoLanguage" {
			t.Errorf("language mode %s", got)
		}
		wantObjects(t, s, 3)
		run, err := s.Run(t.Context(), "New-LabObject", session.RunOptions{Mode: session.SendScript})
		if err != nil {
			t.Fatal(err)
		}
		_, res := readAll(t, run)
		var said *psrp.ErrorRecord
		if res.Outcome != session.Failed || !errors.As(res.Err, &said) || said.FullyQualifiedErrorID != "ScriptsNotAllowed" ||
			!strings.HasPrefix(said.Message, "The syntax is not supported by this runspace.") {
			t.Errorf("%+v", res)
		}
		wantObjects(t, s, 3)
	})
}

// An endpoint with the whole language gets the line as it is.
func TestBehaviour17FullLanguage(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Open: fullLanguage})
		s := st.connect()
		if got := s.Capabilities().LanguageMode; got != "FullLanguage" {
			t.Errorf("language mode %s", got)
		}
		if out, res := output(t, s, "$x = 1..3; $x"); !slices.Equal(out, []string{"1", "2", "3"}) || res.Outcome != session.Completed {
			t.Errorf("%q, %+v", out, res)
		}
	})
}
