package runspace

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/internal/vectors"
	"psdeck/session/psrp"
)

// recordedTable has the commands of the recorded endpoint 08a, with what they do there.
func recordedTable() *Table {
	t := Restricted()
	t.Add(setUserRecorded(), Cmdlet{Name: "Get-Date", Run: func(*Call) error { return nil }}, Cmdlet{
		Name: "Write-Output", Parameters: []Parameter{{Name: "InputObject", Type: "Object", Mandatory: true, Position: 1, FromPipeline: true}},
		Run: writeOutput,
	}, Cmdlet{
		Name: "Get-CsOnlineUser",
		Parameters: []Parameter{
			{Name: "Identity", Type: "String", Position: 1, FromPipelineByPropertyName: true}, {Name: "ResultSize", Type: "Int32"}, {Name: "Filter", Type: "String"},
		},
		Run: func(c *Call) error {
			identity := c.String("Identity")
			if strings.HasPrefix(identity, "nobody") {
				return c.WriteError(newError("System.Exception", "ManagementObjectNotFound", "ObjectNotFound",
					fmt.Sprintf("Management object not found for identity %q.", identity), clixml.Str(identity)))
			}
			count := c.Int("ResultSize", 5)
			if identity != "" {
				count = 1
			}
			for range count {
				if err := c.WriteObject(clixml.Obj(clixml.Custom(clixml.Prop("Identity", "00000000-0000-4000-8000-000000000001")))); err != nil {
					return err
				}
			}
			return nil
		},
	}, Cmdlet{Name: "Get-CsTenant", Run: func(c *Call) error {
		_ = c.WriteObject(clixml.Str("tenant"))
		_ = c.Verbose("tenant read")
		return c.Warning("The tenant is being migrated.")
	}}, Cmdlet{Name: "Get-CsPolicy", Parameters: []Parameter{{Name: "Name", Type: "String", Position: 1}}, Run: func(c *Call) error {
		for _, name := range []string{"Global", "Tag:Kiosk", "Tag:Executives"} {
			if !c.Has("Name") || Like(name, c.String("Name")) {
				_ = c.WriteObject(clixml.Str(name))
			}
		}
		return nil
	}}, Cmdlet{
		Name: "Remove-CsPolicy", SupportsShouldProcess: true,
		Parameters: []Parameter{{Name: "Name", Type: "String", Mandatory: true, Position: 1, FromPipeline: true}, {Name: "Force", Type: "SwitchParameter"}},
		Run: func(c *Call) error {
			ok, err := c.ShouldContinue("Delete policy "+c.String("Name")+" for every user?", "Confirm delete")
			if ok {
				err = c.WriteObject(clixml.Str("removed " + c.String("Name")))
			}
			return err
		},
	}, Cmdlet{Name: "Connect-Slow", Parameters: []Parameter{{Name: "Steps", Type: "Int32"}}, Run: func(c *Call) error {
		for n := range c.Int("Steps", 4) {
			_ = c.Progress(psrp.ProgressRecord{Activity: "Connecting", StatusDescription: fmt.Sprint(n), ParentActivityID: -1, SecondsRemaining: -1})
		}
		return c.WriteObject(clixml.Str("connected"))
	}})
	return t
}

func setUserRecorded() Cmdlet {
	c := setUser()
	c.Parameters[1].ValidatePattern = "^tel:"
	return c
}

// conversation is one pipeline of a recording.
type conversation struct {
	seq     int
	request psrp.Pipeline
	input   []clixml.Value
	answers []clixml.Value
	// said is what the server sent, one line a message.
	said []string
}

// says names a message of the server as far as it can be compared.
func says(b psrp.Body) string {
	record := func(e *psrp.ErrorRecord) string {
		if e == nil {
			return ""
		}
		return " " + e.FullyQualifiedErrorID + ": " + e.Message
	}
	switch b := b.(type) {
	case *psrp.ErrorRecord:
		return "error" + record(b)
	case psrp.PipelineStatus:
		return b.State.String() + record(b.Error)
	case psrp.HostCall:
		text := "host " + b.Method.String()
		for _, p := range b.Parameters {
			if p.Kind() == clixml.KindString {
				text += " " + p.Text()
			}
		}
		return text
	}
	return b.MessageType().String()
}

func readConversations(t *testing.T, name string) []*conversation {
	t.Helper()
	byID := map[string]*conversation{}
	var all []*conversation
	for _, line := range vectors.Lines(t, vectors.Files(t, vectors.Dir("wire", "testdata"), name)[0]) {
		var l struct {
			Seq     int
			Dir     string
			Message *struct {
				Type     json.RawMessage
				Name     string
				PID, XML string
			}
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		if l.Message == nil {
			continue
		}
		c := byID[l.Message.PID]
		m := psrp.Message{Type: typeOf(l.Message.Name), Body: []byte(l.Message.XML)}
		if c == nil && m.Type != psrp.CreatePipeline {
			continue
		}
		body, err := m.Decode(clixml.Limits{})
		if err != nil {
			t.Fatalf("message %d: %v", l.Seq, err)
		}
		switch b := body.(type) {
		case psrp.Pipeline:
			c = &conversation{seq: l.Seq, request: b}
			byID[l.Message.PID] = c
			all = append(all, c)
		case psrp.InputObject:
			c.input = append(c.input, b.Value)
		case psrp.HostResponse:
			c.answers = append(c.answers, b.Value)
		case psrp.EndOfInput:
		default:
			c.said = append(c.said, says(body))
		}
	}
	return all
}

func typeOf(name string) psrp.MessageType {
	for _, t := range []psrp.MessageType{
		psrp.CreatePipeline, psrp.PipelineInput, psrp.EndOfPipelineInput, psrp.PipelineOutput, psrp.ErrorRecordMessage, psrp.PipelineStateMessage,
		psrp.DebugRecord, psrp.VerboseRecord, psrp.WarningRecord, psrp.ProgressRecordMessage, psrp.InformationRecordMessage,
		psrp.PipelineHostCall, psrp.PipelineHostResponse,
	} {
		if t.String() == name {
			return t
		}
	}
	return 0
}

// sayer is a Sink that notes what a server would send.
type sayer struct {
	said    []string
	answers []clixml.Value
}

func (s *sayer) say(b psrp.Body) error { s.said = append(s.said, says(b)); return nil }

func (s *sayer) Output(v clixml.Value) error     { return s.say(psrp.OutputObject{Value: v}) }
func (s *sayer) Error(e *psrp.ErrorRecord) error { return s.say(e) }
func (s *sayer) Warning(string) error            { return s.note(psrp.WarningRecord) }
func (s *sayer) Verbose(string) error            { return s.note(psrp.VerboseRecord) }
func (s *sayer) Debug(string) error              { return s.note(psrp.DebugRecord) }
func (s *sayer) Progress(psrp.ProgressRecord) error {
	return s.note(psrp.ProgressRecordMessage)
}

func (s *sayer) Information(psrp.InformationRecord) error {
	return s.note(psrp.InformationRecordMessage)
}
func (s *sayer) note(t psrp.MessageType) error { s.said = append(s.said, t.String()); return nil }

func (s *sayer) HostCall(_ context.Context, m psrp.HostMethod, p []clixml.Value) (clixml.Value, error) {
	_ = s.say(psrp.HostCall{Method: m, Parameters: p})
	if m.Void() || len(s.answers) == 0 {
		return clixml.Null(), nil
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a, nil
}

// TestVectorRestrictedEndpoint runs what a recorded client asked of a
// restricted PowerShell endpoint, and compares what that endpoint said: each
// record, host call, error and state, in order.
func TestVectorRestrictedEndpoint(t *testing.T) {
	// By the number of the message that asked.
	known := map[int]string{
		43:  "the recorded endpoint lists its aliases too",
		157: "Out-Default writes a line for each object, not a table",
		366: "the recorded Clear-Host trips over its own restricted Select-Object",
	}
	rs := NewRunspace(Options{Table: recordedTable(), Host: psrp.Console(80, 24), PromptMandatory: true, FormatData: func(name string) []clixml.Value {
		return []clixml.Value{clixml.Str(name)}
	}})
	score := vectors.Score{Family: "restricted-endpoint"}
	for _, c := range readConversations(t, "08a-restricted-endpoint.jsonl") {
		input := make(chan clixml.Value, len(c.input))
		for _, v := range c.input {
			input <- v
		}
		close(input)
		sink := &sayer{answers: c.answers}
		state, e := rs.Execute(t.Context(), c.request, input, sink)
		_ = sink.say(psrp.PipelineStatus{State: state, Error: e})
		last := c.request.Commands[len(c.request.Commands)-1].Name
		var err error
		if !slices.Equal(sink.said, c.said) {
			err = fmt.Errorf("said\n%s\nPowerShell said\n%s", strings.Join(sink.said, "\n"), strings.Join(c.said, "\n"))
		}
		score.Check(t, fmt.Sprintf("message %d, %s", c.seq, last), err, known[c.seq])
	}
	score.Report(t, os.Stdout)
}
