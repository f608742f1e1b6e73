package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/internal/vectors"
	"psdeck/session/pslang"
)

type tailCase struct {
	Name     string
	Input    string `json:"input_clixml"`
	Pipeline string
	Output   string `json:"output_clixml"`
	Count    *int
}

// TestVectorTail runs recorded pipelines on recorded objects and compares what
// comes out, by value, with what came out of PowerShell.
func TestVectorTail(t *testing.T) {
	inputs := map[string]string{}
	var cases []tailCase
	for _, line := range vectors.Family(t, "tail") {
		var c struct {
			tailCase
			CLIXML string
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		if c.Pipeline == "" {
			inputs[strings.TrimPrefix(c.Name, "@")] = c.CLIXML
			continue
		}
		cases = append(cases, c.tailCase)
	}
	score := vectors.Score{Family: "tail"}
	reasons := map[string]int{}
	for _, c := range cases {
		input := c.Input
		if name, ok := strings.CutPrefix(input, "@"); ok {
			input = inputs[name]
		}
		problem, refused := runCase(c, input)
		reason := refused
		if reason == "" {
			reason = knownTail[c.Pipeline] + knownNames[c.Name]
		}
		var err error
		if problem != "" {
			err = errors.New(problem)
		}
		if reason != "" {
			reasons[reason]++
		}
		score.Check(t, c.Name+": "+c.Pipeline, err, reason)
	}
	for reason, n := range reasons {
		t.Logf("%4d known, %s", n, reason)
	}
	score.Report(t, os.Stdout)
}

// knownTail are pipelines that run here with another result.
var knownTail = map[string]string{
	"Select-Object -First 3 DisplayName -ExpandProperty AssignedPlan": "PowerShell marks an object that occurs twice twice",
	"Group-Object Tags -NoElement":                                    "the order of equal values is not PowerShell's",
}

// knownNames are cases whose pipeline is right elsewhere.
var knownNames = map[string]string{}

// runCase tells what differs, or why the pipeline does not run here.
func runCase(c tailCase, input string) (problem, refused string) {
	if strings.HasPrefix(c.Pipeline, "(") {
		return "refused", "construct: a pipeline in parentheses"
	}
	script, err := pslang.Parse(c.Pipeline)
	if err != nil {
		return err.Error(), "construct: " + err.(*pslang.Error).Construct
	}
	var cmds []*pslang.Command
	for _, el := range script.Statements[0].Pipeline.Elements {
		if !Known(el.Command.Name) {
			return "refused", "cmdlet: " + pslang.ResolveAlias(el.Command.Name)
		}
		cmds = append(cmds, el.Command)
	}
	stage, err := Chain(cmds, settable{})
	var refusal *pslang.Error
	if errors.As(err, &refusal) && refusal.Refused() {
		return err.Error(), "construct: " + refusal.Construct
	}
	if err != nil {
		return err.Error(), ""
	}
	values, err := clixml.DecodeAll([]byte(input))
	if err != nil {
		return err.Error(), ""
	}
	return compareRun(c, stage, values), ""
}

func compareRun(c tailCase, stage Stage, values []clixml.Value) string {
	var got []clixml.Value
	for _, v := range values {
		if stage.Done() {
			break
		}
		out, err := stage.Push(v)
		if err != nil && !goesOn(err) {
			return err.Error()
		}
		got = append(got, out...)
	}
	out, err := stage.End()
	if err != nil && !goesOn(err) {
		return err.Error()
	}
	got = append(got, out...)
	if c.Count == nil {
		if _, ok := ViewOf(stage); !ok || len(got) != len(values) && !strings.Contains(c.Pipeline, "|") {
			return "the view is missing"
		}
		return ""
	}
	want, err := clixml.DecodeAll([]byte(c.Output))
	if err != nil {
		return err.Error()
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d objects, want %d", len(got), len(want))
	}
	for i := range want {
		if p := sameValue(got[i], want[i], 0); p != "" {
			return fmt.Sprintf("object %d: %s", i, p)
		}
	}
	return ""
}

// sameValue compares values as far as a recording of depth 3 goes.
func sameValue(got, want clixml.Value, depth int) string {
	a, b := got.Object(), want.Object()
	if depth > 6 {
		return "" // a match holds itself
	}
	if a != nil && b == nil && depth >= 3 {
		return "" // the recording holds only the text
	}
	if a == nil || b == nil {
		if got.Kind() != want.Kind() || got.String() != want.String() {
			return fmt.Sprintf("is %v %q, want %v %q", got.Kind(), got, want.Kind(), want)
		}
		return ""
	}
	if x, y := names(a), names(b); x != y {
		return fmt.Sprintf("types %s, want %s", x, y)
	}
	if a.Kind != b.Kind || len(a.Items) != len(b.Items) || len(a.Entries) != len(b.Entries) {
		return fmt.Sprintf("container %d of %d, want %d of %d", a.Kind, len(a.Items), b.Kind, len(b.Items))
	}
	for i := range b.Items {
		if p := sameValue(a.Items[i], b.Items[i], depth+1); p != "" {
			return fmt.Sprintf("[%d] %s", i, p)
		}
	}
	if p := sameValue(a.Base, b.Base, depth); p != "" {
		return "base " + p
	}
	if p := sameProperties(a.Props, b.Props, depth); p != "" {
		return p
	}
	return sameProperties(a.Members, b.Members, depth)
}

func sameProperties(got, want []clixml.Property, depth int) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d properties, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Name != want[i].Name {
			return fmt.Sprintf("property %s, want %s", got[i].Name, want[i].Name)
		}
		if p := sameValue(got[i].Value, want[i].Value, depth+1); p != "" {
			return want[i].Name + ": " + p
		}
	}
	return ""
}

func names(o *clixml.Object) string {
	list := make([]string, len(o.TypeNames))
	for i, n := range o.TypeNames {
		list[i] = strings.ReplaceAll(n, "Deserialized.", "")
	}
	return strings.Join(list, ",")
}
