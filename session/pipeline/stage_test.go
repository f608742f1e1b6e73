package pipeline

import (
	"errors"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
)

// chainOf makes the stage of a pipeline's text.
func chainOf(t *testing.T, text string) (Stage, error) {
	t.Helper()
	return chainIn(t, text, vars{"limit": clixml.Int32(2)})
}

func chainIn(t *testing.T, text string, scope pslang.Scope) (Stage, error) {
	t.Helper()
	script, err := pslang.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var cmds []*pslang.Command
	for _, el := range script.Statements[0].Pipeline.Elements {
		cmds = append(cmds, el.Command)
	}
	return Chain(cmds, scope)
}

type vars map[string]clixml.Value

func (v vars) Variable(name string) (clixml.Value, bool) { x, ok := v[name]; return x, ok }

// run feeds values until the stage is done and tells how many it took.
func run(t *testing.T, text string, values ...any) (out string, taken int, err error) {
	t.Helper()
	s, err := chainOf(t, text)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	var errs []error
	collect := func(list []clixml.Value, err error) {
		for _, v := range list {
			texts = append(texts, v.String())
		}
		errs = append(errs, err)
	}
	for _, v := range values {
		if s.Done() {
			break
		}
		taken++
		collect(s.Push(clixml.Of(v)))
	}
	collect(s.End())
	return strings.Join(texts, " "), taken, errors.Join(errs...)
}

// Select-Object -First says that it is done, also behind another stage.
func TestFirstEndsEarly(t *testing.T) {
	for text, want := range map[string]int{
		"Select-Object -First 2":                      2,
		"? { $_ -gt 0 } | select -First $limit":       2,
		"select -Index 0,2":                           3,
		"Select-Object -First 2 | Sort-Object":        2,
		"Sort-Object | Select-Object -First 1":        6,
		"Select-Object -Skip 1 -First 2":              3,
		"ForEach-Object { $_ * 2 } | Select -First 0": 0,
		"Select-Object -Last 1":                       6,
		"Where-Object { $_ -ge 3 } | Select -First 1": 3,
		"Out-Null": 6,
		"Select-Object -First 3 | Measure-Object -Sum":  3,
		"sort -Descending | select -Last 1 | Out-Host ": 6,
	} {
		if _, taken, err := run(t, text, 1, 2, 3, 4, 5, 6); taken != want || err != nil {
			t.Errorf("%s: took %d, want %d (%v)", text, taken, want, err)
		}
	}
}

func TestOutput(t *testing.T) {
	for text, want := range map[string]string{
		"Sort-Object -Descending":                       "5 4 3 2 1",
		"Sort-Object -Bottom 2":                         "4 5",
		"Where-Object { $_ -gt 1 -and -not ($_ -eq 4)}": "5 2 3",
		"% { $_; $_ * 10 } | select -Skip 8":            "3 30",
		"Select-Object -SkipLast 3":                     "5 1",
		"? { $_ -in 1..2 }":                             "1 2",
	} {
		if got, _, err := run(t, text, 5, 1, 4, 2, 3); got != want || err != nil {
			t.Errorf("%s: %q, want %q (%v)", text, got, want, err)
		}
	}
}

// What a stage reports does not end it, and -ErrorAction silences it.
func TestReports(t *testing.T) {
	_, taken, err := run(t, "Select-Object -ExpandProperty Nope", "a", "b")
	var e *Error
	if !errors.As(err, &e) || e.ID != "ExpandPropertyNotFound" || taken != 2 {
		t.Errorf("took %d, %v", taken, err)
	}
	if _, _, err := run(t, "Select-Object -ExpandProperty Nope -ea SilentlyContinue", "a"); err != nil {
		t.Errorf("silenced: %v", err)
	}
}

// Arguments that are not taken are refused before anything runs.
func TestUsage(t *testing.T) {
	for text, want := range map[string]string{
		"Select-Object -Nope 1":            "NamedParameterNotFound",
		"Select-Object -Skip":              "MissingArgument",
		"Select-Object -S 1":               "AmbiguousParameter",
		"Select-Object a b c":              "PositionalParameterNotFound",
		"Select-Object -First 1 -First 2":  "ParameterAlreadyBound",
		"Select-Object -First x":           "CannotConvertArgumentNoMessage",
		"Select-Object @{x=1}":             "DictionaryKeyUnknown",
		"Where-Object A 5":                 "OperatorNotSpecified",
		"Where-Object A -eq":               "ValueNotSpecifiedForWhereObject",
		"Group-Object A -AsHashTable":      "NotSupported",
		"Sort-Object A -OutVariable x":     "MissingArgument",
		"Sort-Object A -ob -1":             "ParameterArgumentValidationError",
		"Get-Process":                      "CommandNotFoundException",
		"Evil\\Select-Object -First 1":     "CommandNotFoundException",
		"Format-Table Name -View Children": "FormatCannotSpecifyViewAndProperty",
	} {
		_, err := chainOf(t, text)
		var u *UsageError
		if !errors.As(err, &u) || u.ID != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	_, err := chainOf(t, "Where-Object { Remove-CsUser $_ }")
	var refused *pslang.Error
	if !errors.As(err, &refused) || !refused.Refused() {
		t.Errorf("a command in a script block: %v", err)
	}
}

func TestView(t *testing.T) {
	s, err := chainOf(t, "sort Name | ft Name, @{ n = 'Twice'; e = { $_.N * 2 }; a = 'left' } -GroupBy Kind -Wrap")
	if err != nil {
		t.Fatal(err)
	}
	view, ok := ViewOf(s)
	if !ok || view.Shape != format.Table || !view.Wrap || len(view.Properties) != 2 || view.GroupBy == nil || view.GroupBy.Property != "Kind" {
		t.Fatalf("view %+v", view)
	}
	v, err := view.Properties[1].Value(clixml.Obj(clixml.Custom(clixml.Prop("N", 4))))
	if c := view.Properties[1]; err != nil || v.String() != "8" || c.Label != "Twice" || c.Align != "left" {
		t.Errorf("column %+v gives %v, %v", c, v, err)
	}
	if s, _ := chainOf(t, "sort Name"); s != nil {
		if _, ok := ViewOf(s); ok {
			t.Error("Sort-Object asks for a view")
		}
	}
}

func TestKnown(t *testing.T) {
	for name, want := range map[string]string{
		"?": "Where-Object", "WHERE": "Where-Object", "ft": "Format-Table", "measure": "Measure-Object", "Out-Null": "Out-Null",
		`Microsoft.PowerShell.Utility\Select-Object`: "Select-Object", "Get-CsUser": "", `Other\Sort-Object`: "",
	} {
		if got := CommandName(name); got != want || Known(name) != (want != "") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
