package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// settable are variables that commands set.
type settable map[string]clixml.Value

func (v settable) Variable(name string) (clixml.Value, bool) {
	x, ok := v[strings.ToLower(name)]
	return x, ok
}

func (v settable) Assign(name string, x clixml.Value) { v[strings.ToLower(name)] = x }

func (v settable) Collect(name string, values []clixml.Value, add bool) {
	if old := v[name].Object(); add && old != nil {
		values = append(old.Items[:len(old.Items):len(old.Items)], values...)
	}
	v[name] = clixml.Obj(clixml.Array(values...))
}

// The common parameters that name variables set them, and leave output and
// errors as they are; -ErrorAction and redirections change those.
func TestCommonParametersAct(t *testing.T) {
	for _, tt := range []struct{ line, out, err, variable, holds string }{
		{"where { $_ -ne 'b' } -OutVariable o", "a c", "", "o", "a c"},
		{"where { $_ -ne 'b' } -ov o | where { $_ -eq 'c' }", "c", "", "o", "a c"},
		{"where { $true } -ov +old", "a b c", "", "old", "z a b c"},
		{"where { $true } -OutBuffer 2 -wv w -iv i", "a b c", "", "w", ""},
		{"select -ExpandProperty Nope -ErrorVariable e", "", "Select-Object: Property \"Nope\" cannot be found…", "e", "Property \"Nope\" cannot be found…"},
		{"select -ExpandProperty Nope -ev e -ea SilentlyContinue", "", "", "e", "Property \"Nope\" cannot be found…"},
		{"select -ExpandProperty Nope -ea Stop", "", "!Select-Object: Property \"Nope\" cannot be found…", "", ""},
		{"select -ExpandProperty Nope 2>$null", "", "", "", ""},
		{"select -ExpandProperty Nope 2>&1", "Property \"Nope\" cannot be found…", "", "", ""},
		{"where { $true } > $null", "", "", "", ""},
		{"where { $true } *> $null", "", "", "", ""},
		{"where { $true } -PipelineVariable p | foreach { \"$p$_\" }", "aa bb cc", "", "", ""},
		{"sort { $_ } -Descending -pv p | foreach { $_, $_ } | foreach { \"$p$_\" }", "cc cc bb bb aa aa", "", "", ""},
		{"where { $true } -pv p | foreach { $_, '-' } -pv q | foreach { \"$p$q\" }", "aa a- bb b- cc c-", "", "", ""},
	} {
		script, err := pslang.Parse(tt.line)
		if err != nil {
			t.Fatal(err)
		}
		var cmds []*pslang.Command
		for _, e := range script.Statements[0].Pipeline.Elements {
			cmds = append(cmds, e.Command)
		}
		scope := settable{"old": clixml.Obj(clixml.Array(clixml.Str("z")))}
		stage, err := Chain(cmds, scope)
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
			continue
		}
		out, report := feedAll(stage, "a", "b", "c")
		if !begins(out, tt.out) || !begins(report, tt.err) {
			t.Errorf("%s gives %q, %q, want %q, %q", tt.line, out, report, tt.out, tt.err)
		}
		if got := joined(scope[tt.variable]); tt.variable != "" && !begins(got, tt.holds) {
			t.Errorf("%s: $%s holds %q, want %q", tt.line, tt.variable, got, tt.holds)
		}
	}
}

// begins compares two texts; want may leave out its end.
func begins(got, want string) bool {
	start, cut := strings.CutSuffix(want, "…")
	return got == want || cut && strings.HasPrefix(got, start)
}

// feedAll gives what comes out, and the first error; a "!" stands before one
// that ends the pipeline.
func feedAll(s Stage, items ...string) (out, report string) {
	var list []clixml.Value
	take := func(values []clixml.Value, err error) bool {
		list = append(list, values...)
		if err != nil && report == "" {
			report = err.Error()
			if !goesOn(err) {
				report = "!" + report
			}
		}
		return goesOn(err)
	}
	for _, item := range items {
		if values, err := s.Push(clixml.Str(item)); !take(values, err) && err != nil {
			break
		}
	}
	if !strings.HasPrefix(report, "!") {
		take(s.End())
	}
	return joined(clixml.Obj(clixml.Array(list...))), report
}

func joined(v clixml.Value) string {
	var texts []string
	for _, item := range pslang.Enumerate(v) {
		texts = append(texts, fmt.Sprint(item))
	}
	return strings.Join(texts, " ")
}
