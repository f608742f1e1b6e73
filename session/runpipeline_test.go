package session_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

func named(name string, arguments ...any) psrp.Command {
	c := psrp.Command{Name: name}
	for i := 0; i+1 < len(arguments); i += 2 {
		c.Parameters = append(c.Parameters, psrp.Parameter{Name: arguments[i].(string), Value: clixml.Of(arguments[i+1])})
	}
	return c
}

// saying is what the records of a run say, those of the host left out.
func saying(records []session.Record) []string {
	var out []string
	for _, r := range records {
		switch r.Stream {
		case session.StreamOutput:
			out = append(out, r.Value.String())
		case session.StreamError:
			out = append(out, "error "+r.Error.Message)
		case session.StreamWarning:
			out = append(out, "warning "+r.Text)
		case session.StreamVerbose:
			out = append(out, "verbose "+r.Text)
		case session.StreamDebug:
			out = append(out, "debug "+r.Text)
		case session.StreamInformation:
			out = append(out, "information "+r.Text)
		}
	}
	return out
}

// The server works on what has come while more is on its way: each object is
// answered before the next one is sent.
func TestPipelineInputWhileItRuns(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		s := newStand(t, scheme, endpoint.Config{}).connect()
		input := make(chan clixml.Value)
		run, err := s.RunPipeline(t.Context(), psrp.Commands(psrp.Command{Name: "Write-Output"}), input, session.RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"one", "two", "three"} {
			input <- clixml.Str(text)
			records, err := run.Next(t.Context())
			if err != nil || !slices.Equal(saying(records), []string{text}) {
				t.Fatalf("%q: %q, %v", text, saying(records), err)
			}
		}
		close(input)
		if _, res := readAll(t, run); res.Outcome != session.Completed || res.Objects != 3 {
			t.Errorf("%+v", res)
		}
	})
}

// A pipeline that ends while input is awaited is not held up by it.
func TestPipelineEndsBeforeItsInput(t *testing.T) {
	s := newStand(t, "http", endpoint.Config{}).connect()
	run, err := s.RunPipeline(t.Context(), psrp.Commands(psrp.Command{Name: "No-Such"}), make(chan clixml.Value), session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, res := readAll(t, run); res.Outcome != session.Failed {
		t.Errorf("%+v", res)
	}
	run, err = s.RunPipeline(t.Context(), psrp.Commands(psrp.Command{Name: "Write-Output"}), make(chan clixml.Value), session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = run.Stop(t.Context())
	if _, res := readAll(t, run); res.Outcome != session.Stopped {
		t.Errorf("%+v", res)
	}
}

// Statements of one request run one after the other, each with its own error.
func TestSeveralStatementsInOneRequest(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{})
		s := st.connect()
		first, second := named("Write-Output", "InputObject", "one"), named("No-Such")
		first.EndOfStatement, second.EndOfStatement = true, true
		run, err := s.RunPipeline(t.Context(), psrp.Commands(first, second, named("Write-Output", "InputObject", "three"), named("Write-Output")), nil, session.RunOptions{Confirmed: true})
		if err != nil {
			t.Fatal(err)
		}
		records, res := readAll(t, run)
		if got := saying(records); len(got) != 3 || got[0] != "one" || !strings.HasPrefix(got[1], "error The term 'No-Such'") || got[2] != "three" {
			t.Errorf("%q, %+v", got, res)
		}
		if got, want := run.Line(), "Write-Output -InputObject 'one'; No-Such; Write-Output -InputObject 'three' | Write-Output"; got != want {
			t.Errorf("%s", got)
		}
		if n := st.ran("Write-Output"); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// Each stream can be sent where the output goes, and into the next command.
func TestMergeFlags(t *testing.T) {
	loud := runspace.Cmdlet{Name: "Get-Loud", Run: func(c *runspace.Call) error {
		return errors.Join(c.WriteError(&psrp.ErrorRecord{Message: "e"}), c.Warning("w"), c.Verbose("v"), c.Debug("d"), c.Information(clixml.Str("i")))
	}}
	const out = psrp.ResultOutput
	for name, tt := range map[string]struct {
		merge psrp.Merge
		want  []string
	}{
		"none":        {psrp.Merge{}, []string{"error e", "warning w", "verbose v", "debug d", "information i"}},
		"error":       {psrp.Merge{MyResult: psrp.ResultError, ToResult: out, Error: out}, []string{"e", "warning w", "verbose v", "debug d", "information i"}},
		"warning":     {psrp.Merge{Warning: out}, []string{"error e", "w", "verbose v", "debug d", "information i"}},
		"verbose":     {psrp.Merge{Verbose: out}, []string{"error e", "warning w", "v", "debug d", "information i"}},
		"debug":       {psrp.Merge{Debug: out}, []string{"error e", "warning w", "verbose v", "d", "information i"}},
		"information": {psrp.Merge{Information: out}, []string{"error e", "warning w", "verbose v", "debug d", "i"}},
		"all":         {psrp.Merge{MyResult: psrp.ResultError, ToResult: out, Error: out, Warning: out, Verbose: out, Debug: out, Information: out}, []string{"e", "w", "v", "d", "i"}},
	} {
		t.Run(name, func(t *testing.T) {
			overBoth(t, func(t *testing.T, scheme string) {
				s := newStand(t, scheme, endpoint.Config{Open: ofCommands(loud)}).connect()
				c := named("Get-Loud", "Verbose", true, "Debug", true)
				c.Merge = tt.merge
				run, err := s.RunPipeline(t.Context(), psrp.Commands(c), nil, session.RunOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if records, res := readAll(t, run); !slices.Equal(saying(records), tt.want) || res.Outcome != session.Completed {
					t.Errorf("%q, %+v", saying(records), res)
				}
			})
		})
	}
}

// What a pipeline holds passes the guard as a line does, wherever it stands.
func TestTheGuardSeesPipelines(t *testing.T) {
	st := newStand(t, "http", endpoint.Config{})
	target := st.target()
	target.ReadOnly = true
	s := st.connectTo(target)
	script := func(text string) psrp.Command { return psrp.Command{Name: text, IsScript: true} }
	block := clixml.Hashtable(clixml.Entry{Key: clixml.Str("Expression"), Value: clixml.Of(clixml.ScriptBlock("Remove-User x"))})
	for name, p := range map[string]psrp.Pipeline{
		"a command":              psrp.Commands(named("Remove-User", "Name", "x")),
		"behind another":         psrp.Commands(named("Get-LabEcho"), named("Remove-User")),
		"a script":               psrp.Script("Get-LabEcho; Remove-User x"),
		"behind a comment":       psrp.Commands(script("Get-LabEcho #"), named("Remove-User")),
		"a script block":         psrp.Commands(named("Get-LabEcho", "Script", clixml.ScriptBlock("Remove-User x"))),
		"a block in a table":     psrp.Commands(named("Get-LabEcho", "Table", block)),
		"a block for a script":   psrp.Commands(psrp.Command{Name: "Get-LabEcho", IsScript: true, Parameters: []psrp.Parameter{{Value: clixml.Of(clixml.ScriptBlock("Remove-User"))}}}),
		"a name that is a line":  psrp.Commands(named("Get-LabEcho; Remove-User")),
		"a name with other dash": psrp.Commands(named("Get\u2011LabEcho")),
	} {
		_, err := s.RunPipeline(t.Context(), p, nil, session.RunOptions{Confirmed: true})
		if refused, ok := errors.AsType[*session.RefusedError](err); !ok {
			t.Errorf("%s: %v", name, err)
		} else if refused.Verdict.Reason == "" {
			t.Errorf("%s: without a reason", name)
		}
	}
	plain := psrp.Commands(named("Get-LabEcho", "Table", clixml.Hashtable(clixml.Entry{Key: clixml.Str("a"), Value: clixml.Str("Remove-User")}), "List", []string{"it's", "b"}))
	run, err := s.RunPipeline(t.Context(), plain, nil, session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, res := readAll(t, run); res.Outcome != session.Completed {
		t.Errorf("%+v", res)
	}
	if got, want := run.Line(), "Get-LabEcho -Table $object -List @('it''s', 'b')"; got != want {
		t.Errorf("%s", got)
	}
	if n := st.ran("Remove-User"); n != 0 {
		t.Errorf("Remove-User ran %d times", n)
	}
}
