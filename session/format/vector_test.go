package format_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/internal/vectors"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// vector is one line of format.jsonl: what PowerShell printed.
type vector struct {
	Name       string `json:"name"`
	Width      int    `json:"width"`
	Culture    string `json:"culture"`
	Pre        string `json:"pre"`
	CLIXML     string `json:"clixml"`
	FormatData string `json:"formatdata"`
	View       string `json:"view"`
	Origin     string `json:"origin"`
	Text       string `json:"text"`
	TextANSI   string `json:"text_ansi"`
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	return readLines[vector](t, "format.jsonl")
}

// readDefinitions reads formatdata.jsonl: what servers gave for Get-FormatData.
func readDefinitions(t testing.TB) map[string]*format.Views {
	t.Helper()
	all := make(map[string]*format.Views)
	for _, d := range readLines[struct{ Name, CLIXML string }](t, "formatdata.jsonl") {
		values, err := clixml.DecodeAll([]byte(d.CLIXML))
		if err != nil {
			t.Fatal(err)
		}
		if all[d.Name], err = format.ReadViews(values); err != nil || all[d.Name].Len() == 0 {
			t.Errorf("%s: %d views, %v", d.Name, all[d.Name].Len(), err)
		}
	}
	return all
}

func readLines[T any](t testing.TB, name string) []T {
	t.Helper()
	var list []T
	for _, file := range vectors.Files(t, vectors.Dir("pwsh", "testdata"), name) {
		list = append(list, vectors.Records[T](t, file)...)
	}
	return list
}

// TestVectorFormat compares with what Out-String printed, to the character.
func TestVectorFormat(t *testing.T) {
	score := vectors.Score{Family: "format"}
	views := readDefinitions(t)
	for _, v := range readVectors(t) {
		got, err := printVector(v, views[v.FormatData])
		if err == nil && got != v.Text {
			err = fmt.Errorf("\n got %q\nwant %q", got, v.Text)
		}
		score.Check(t, fmt.Sprintf("%s (%s)", v.Name, v.View), err, knownReason(v))
	}
	score.Report(t, os.Stdout)
}

func printVector(v vector, views *format.Views) (string, error) {
	values, err := clixml.DecodeAll([]byte(v.CLIXML))
	if err != nil {
		return "", err
	}
	o := format.Options{Width: v.Width, Culture: v.Culture}
	if limit, ok := strings.CutPrefix(v.Pre, "$FormatEnumerationLimit = "); ok {
		o.EnumLimit = map[string]int{"-1": -1, "0": format.NoItems, "1": 1, "4": 4, "10": 10}[limit]
	}
	if v.View == "error" {
		return printError(v, values, o), nil
	}
	view := format.View{}
	if v.View != "" {
		var refused *pipeline.UsageError
		values, view, err = runView(v.View, values)
		if errors.As(err, &refused) {
			return "", nil // a command that is not run prints nothing
		}
		if err != nil {
			return "", err
		}
	}
	view.Views = views
	return format.Render(values, view, o), nil
}

// runView runs the line as the tail of a pipeline, which ends in a view.
func runView(line string, values []clixml.Value) ([]clixml.Value, format.View, error) {
	const fails = `Format-Table @{ e = { throw "bad" }; n = "Err" }, DisplayName`
	if rest, ok := strings.CutPrefix(line, fails); ok {
		bad := func(clixml.Value) (clixml.Value, error) { return clixml.Value{}, errors.New("bad") }
		return values, format.View{Shape: format.Table, Properties: []format.Column{{Value: bad, Label: "Err"}, {Property: "DisplayName"}}, DisplayError: rest != ""}, nil
	}
	script, err := pslang.Parse(line)
	if err != nil {
		return nil, format.View{}, err
	}
	var commands []*pslang.Command
	for _, e := range script.Statements[0].Pipeline.Elements {
		commands = append(commands, e.Command)
	}
	stage, err := pipeline.Chain(commands, nil)
	if err != nil {
		return nil, format.View{}, err
	}
	var out []clixml.Value
	for _, v := range values {
		more, err := stage.Push(v)
		if err != nil {
			return nil, format.View{}, err
		}
		out = append(out, more...)
	}
	more, err := stage.End()
	view, _ := pipeline.ViewOf(stage)
	return append(out, more...), view, err
}

func printError(v vector, values []clixml.Value, o format.Options) string {
	record := values[0].Object()
	text := func(name string) string {
		x, _ := record.Get(name)
		return x.String()
	}
	e := format.ErrorRecord{
		FullyQualifiedErrorID: text("FullyQualifiedErrorId"),
		CategoryInfo:          text("ErrorCategory_Message"),
		Activity:              text("ErrorCategory_Activity"),
		Message:               text("ErrorDetails_Message"),
		RecommendedAction:     text("ErrorDetails_RecommendedAction"),
		Origin:                v.Origin,
	}
	e.Details, e.Target, e.ScriptStackTrace, e.Invocation = e.Message, text("TargetObject"), text("ErrorDetails_ScriptStackTrace"), text("InvocationInfo")
	exception, _ := record.Get("Exception")
	message, _ := exception.Object().Get("Message")
	e.Exception, e.ExceptionMessage = exception.String(), message.String()
	if e.Message == "" {
		e.Message = message.String()
	}
	if types := exception.Object().TypeNames; len(types) > 0 {
		e.ExceptionType = types[0]
	}
	view := format.ConciseView
	switch {
	case strings.Contains(v.Pre, "NormalView"):
		view = format.NormalView
	case strings.Contains(v.Pre, "CategoryView"):
		view = format.CategoryView
	case strings.Contains(v.Pre, "DetailedView"):
		view = format.DetailedView
	}
	return format.Error(e, view, o)
}

// knownReason says why a recording cannot be met.
func knownReason(v vector) string {
	name, _, _ := strings.Cut(v.Name, "@")
	switch {
	case strings.TrimPrefix(name, "en-US/") == "view/18":
		return "its view names a control for the items of a collection, which format data leaves out"
	case strings.HasPrefix(v.Pre, "Update-TypeData"):
		return "needs type data of the recording's session, which objects do not carry"
	case v.View == "Get-Member" && v.Culture == "en-US" && v.Width > 40:
		return "Get-Member writes values in the invariant culture"
	case name == "en-US/selectionset/13":
		return "shows a hashtable in the order that it had in the recording's process"
	case name == "builtin/12":
		return "needs the view of a received measurement, which cannot be told from one that Measure-Object made here"
	}
	return ""
}
