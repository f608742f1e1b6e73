package session_test

import (
	"net/url"
	"testing"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
)

// The answer of a PowerShell 7.6 to "$PSVersionT", recorded on the wire, and
// items that a server must not be able to write into a line.
const recordedExpansion = `<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.CommandCompletion</T><T>System.Object</T></TN><Props>` +
	`<I32 N="CurrentMatchIndex">-1</I32><I32 N="ReplacementIndex">0</I32><I32 N="ReplacementLength">11</I32><Obj N="CompletionMatches" RefId="1"><LST>` +
	`<Obj RefId="2"><Props><S N="CompletionText">$PSVersionTable</S><S N="ListItemText">PSVersionTable</S><S N="ResultType">Variable</S>` +
	`<S N="ToolTip">[PSVersionHashTable]$PSVersionTable - Version information for current PowerShell session</S></Props></Obj>` +
	`<Obj RefId="3"><Props><S N="CompletionText">x_x000A_Remove-Everything</S><S N="ListItemText">x</S></Props></Obj>` +
	`<Obj RefId="4"><Props><S N="CompletionText">_x001B_[2J</S><S N="ListItemText">y</S></Props></Obj>` +
	`</LST></Obj></Props></Obj>`

// Where the server has a language it completes a line: it is asked as
// PowerShell's own client asks, and only while no line runs.
func TestExpand(t *testing.T) {
	var got []clixml.Value
	table := runspace.Builtins()
	hold := make(chan struct{})
	table.Add(
		runspace.Cmdlet{
			Name: "TabExpansion2", Parameters: []runspace.Parameter{
				{Name: "inputScript", Type: "String", Position: 1}, {Name: "cursorColumn", Type: "Int32", Position: 2}, {Name: "options", Type: "Object", Position: 3, AllowEmpty: true},
			},
			Run: func(c *runspace.Call) error {
				line, _ := c.Param("inputScript")
				at, _ := c.Param("cursorColumn")
				got = append(got, line, at)
				v, err := clixml.Decode([]byte(recordedExpansion))
				if err != nil {
					return err
				}
				return c.WriteObject(v)
			},
		},
		runspace.Cmdlet{Name: "Wait-Test", Run: func(*runspace.Call) error { <-hold; return nil }},
	)
	st := newStand(t, "http", endpoint.Config{Open: func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return &runspace.Options{Mode: runspace.FullLanguage, Table: table}, nil
	}})
	s := st.connect()
	r, ok := s.Expand(t.Context(), "$PSVersionT # 😀", 11)
	if !ok || r.Start != 0 || r.End != 11 || len(r.Items) != 1 {
		t.Fatalf("%+v %v", r, ok)
	}
	if it := r.Items[0]; it.Text != "$PSVersionTable" || it.Kind != complete.VariableName || it.Tip == "" {
		t.Errorf("%+v", it)
	}
	if len(got) != 2 || got[0].String() != "$PSVersionT # 😀" || got[1].Any() != int32(11) {
		t.Errorf("asked %v", got)
	}
	run, err := s.Run(t.Context(), "Wait-Test", session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Expand(t.Context(), "$PSVersionT", 11); ok {
		t.Error("asked while a line runs")
	}
	close(hold)
	readAll(t, run)
}

// An endpoint without a language that offers the command is asked, too.
func TestExpandWhereItIsOffered(t *testing.T) {
	table := runspace.Builtins()
	table.Add(runspace.Cmdlet{
		Name: "TabExpansion2", Parameters: []runspace.Parameter{
			{Name: "inputScript", Type: "String", Position: 1}, {Name: "cursorColumn", Type: "Int32", Position: 2}, {Name: "options", Type: "Object", Position: 3, AllowEmpty: true},
		},
		Run: func(c *runspace.Call) error {
			v, err := clixml.Decode([]byte(recordedExpansion))
			if err != nil {
				return err
			}
			return c.WriteObject(v)
		},
	})
	st := newStand(t, "http", endpoint.Config{Open: func(endpoint.Identity, *url.URL, *clixml.Object) (*runspace.Options, error) {
		return &runspace.Options{Table: table}, nil
	}})
	st.remember("", nil)
	s := st.kept()
	offered(t, s, "TabExpansion2")
	if r, ok := s.Expand(t.Context(), "$PSVersionT", 11); !ok || len(r.Items) != 1 {
		t.Errorf("%+v %v", r, ok)
	}
}

// A server without a language is not asked.
func TestExpandNeedsALanguage(t *testing.T) {
	st := newStand(t, "http", endpoint.Config{})
	s := st.connect()
	if _, ok := s.Expand(t.Context(), "Get-", 4); ok || st.ran("TabExpansion2") != 0 {
		t.Error("asked")
	}
}
