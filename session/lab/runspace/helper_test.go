package runspace

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// recorder is a Sink that writes down what comes, one line each.
type recorder struct {
	lines   []string
	errors  []*psrp.ErrorRecord
	answers []clixml.Value // to host calls, in order
	refuse  error          // what Output returns
}

func (r *recorder) add(format string, args ...any) error {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
	return nil
}

func (r *recorder) Output(v clixml.Value) error {
	if r.refuse != nil {
		return r.refuse
	}
	return r.add("out %s", v.String())
}

func (r *recorder) Error(e *psrp.ErrorRecord) error {
	r.errors = append(r.errors, e)
	return r.add("error %s: %s", e.FullyQualifiedErrorID, e.Message)
}
func (r *recorder) Warning(s string) error { return r.add("warning %s", s) }
func (r *recorder) Verbose(s string) error { return r.add("verbose %s", s) }
func (r *recorder) Debug(s string) error   { return r.add("debug %s", s) }
func (r *recorder) Progress(p psrp.ProgressRecord) error {
	return r.add("progress %s %d%%", p.Activity, p.PercentComplete)
}

func (r *recorder) Information(i psrp.InformationRecord) error {
	return r.add("information %s %v", i.MessageData.String(), i.Tags)
}

func (r *recorder) HostCall(_ context.Context, m psrp.HostMethod, p []clixml.Value) (clixml.Value, error) {
	texts := make([]string, len(p))
	for i, v := range p {
		if v.Kind() == clixml.KindString {
			texts[i] = v.Text()
		}
	}
	_ = r.add("%s", strings.TrimSpace("host "+m.String()+" "+strings.Join(texts, " ")))
	if m.Void() {
		return clixml.Null(), nil
	}
	a := r.answers[0]
	r.answers = r.answers[1:]
	return a, nil
}

// setUser is the Set-CsUser of the recorded endpoint 08a.
func setUser() Cmdlet {
	return Cmdlet{
		Name: "Set-CsUser", SupportsShouldProcess: true, ConfirmImpact: "High",
		Parameters: []Parameter{
			{Name: "Identity", Aliases: []string{"UserPrincipalName"}, Type: "String", Mandatory: true, Position: 1, FromPipelineByPropertyName: true},
			{Name: "LineUri", Type: "String"},
			{Name: "Enabled", Type: "Boolean"},
			{Name: "PassThru", Type: "SwitchParameter"},
			{Name: "Policy", Type: "String", ValidateSet: []string{"Global", "RestrictedAnonymous"}},
		},
		Run: func(c *Call) error {
			ok, err := c.ShouldProcess(c.String("Identity"), c.Cmdlet.Name)
			if err != nil || !ok {
				return err
			}
			if err := c.Verbose("changed " + c.String("Identity")); err != nil {
				return err
			}
			if c.Bool("PassThru") {
				return c.WriteObject(clixml.Str(c.String("Identity")))
			}
			return nil
		},
	}
}

func testTable() *Table {
	t := Builtins()
	t.Add(setUser(), Cmdlet{
		Name: "Get-CsOnlineUser",
		Parameters: []Parameter{
			{Name: "Identity", Type: "String", Position: 1, FromPipeline: true}, {Name: "ResultSize", Type: "Int32"}, {Name: "Filter", Type: "String"},
		},
		Run: func(c *Call) error {
			if strings.HasPrefix(c.String("Identity"), "nobody") {
				return c.WriteError(NewError("ManagementObjectNotFound", "ObjectNotFound",
					fmt.Sprintf("Management object not found for identity %q.", c.String("Identity")), clixml.Str(c.String("Identity"))))
			}
			for n := range c.Int("ResultSize", 2) {
				if err := c.WriteObject(clixml.Obj(clixml.Custom(clixml.Prop("UserPrincipalName", fmt.Sprintf("user%d", n))))); err != nil {
					return err
				}
			}
			return nil
		},
	})
	return t
}

func cmd(name string, args ...any) psrp.Command {
	c := psrp.Command{Name: name}
	for i := 0; i+1 < len(args); i += 2 {
		c.Parameters = append(c.Parameters, psrp.Parameter{Name: args[i].(string), Value: clixml.Of(args[i+1])})
	}
	return c
}

// run executes commands and gives the state and, of a failure, the record.
func run(t *testing.T, o Options, r *recorder, p psrp.Pipeline, input ...any) (psrp.PipelineState, *psrp.ErrorRecord) {
	t.Helper()
	if o.Table == nil {
		o.Table = testTable()
	}
	var in chan clixml.Value
	if len(input) > 0 {
		p.NoInput = false
		in = make(chan clixml.Value, len(input))
		for _, v := range input {
			in <- clixml.Of(v)
		}
		close(in)
	}
	return NewRunspace(o).Execute(t.Context(), p, in, r)
}

func wantLines(t *testing.T, r *recorder, want ...string) {
	t.Helper()
	if got := strings.Join(r.lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
