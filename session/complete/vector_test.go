package complete_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/internal/vectors"
	"psdeck/session/pslang/syntax"
)

type recorded struct {
	Input   string `json:"input"`
	Cursor  int    `json:"cursor"`
	Results []struct {
		Completion, List, Type, Tooltip string
	} `json:"results"`
	Index     int `json:"replacement_index"`
	Length    int `json:"replacement_length"`
	Truncated int `json:"truncated_from"`
}

// recordedEnv is where the recordings were made.
func recordedEnv() *complete.Env {
	golden := &complete.Command{Name: "Get-GoldenThing"}
	golden.Describe("[[-Mode] <string>] [-Flag] [[-Day] <DayOfWeek>] [[-Count] <int>]")
	golden.Parameters[0].Values = []string{"One", "Two", "Three"}
	object := clixml.Custom(clixml.Prop("DisplayName", "x"), clixml.Prop("LineUri", "y"))
	table := clixml.Hashtable(clixml.Entry{Key: clixml.Str("Alpha"), Value: clixml.Int32(1)}, clixml.Entry{Key: clixml.Str("Beta"), Value: clixml.Int32(2)})
	return &complete.Env{
		Commands: []*complete.Catalog{complete.NewCatalog([]*complete.Command{golden}), complete.PowerShell()},
		Variables: []complete.Variable{
			{Name: "MyVar1", Value: clixml.Int32(1)},
			{Name: "MyVar2", Value: clixml.Str("text")},
			{Name: "hash1", Value: clixml.Obj(table)},
			{Name: "obj1", Value: clixml.Obj(object)},
		},
		Directory: "/srv/data",
		Files: func(dir string) []complete.File {
			if strings.Trim(dir, "./") != "" {
				return nil
			}
			return []complete.File{
				{Name: "a.txt"}, {Name: "big.log"}, {Name: "run.sh"}, {Name: "sub", Directory: true}, {Name: "t.csv"}, {Name: "with space", Directory: true},
			}
		},
	}
}

// knownComplete are the inputs that are not completed as PowerShell does, each
// with its reason. What is offered for them is part of what PowerShell offers.
var knownComplete = map[string]string{
	"[int": "lists the types of all loaded .NET assemblies; only PowerShell's short names are known here",
}

// TestVectorComplete compares items (text, list text, kind) and what they
// replace with those that PowerShell's TabExpansion2 gave; explanations where
// there are some here.
func TestVectorComplete(t *testing.T) {
	score := vectors.Score{Family: "complete"}
	for _, line := range vectors.Family(t, "complete") {
		var r recorded
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		got := complete.Complete(r.Input, byteOffset(r.Input, r.Cursor), recordedEnv())
		problem, reason := r.differs(got), knownComplete[r.Input]
		var err error
		if problem != "" {
			err = errors.New(problem)
			if !r.within(got) {
				reason = ""
			}
		}
		score.Check(t, fmt.Sprintf("%q at %d", r.Input, r.Cursor), err, reason)
	}
	score.Report(t, os.Stdout)
}

// differs tells the first place where a result is not the recorded one.
func (r *recorded) differs(got complete.Result) string {
	o := syntax.NewOffsets(r.Input)
	if start, length := o.UTF16(got.Start), o.UTF16(got.End)-o.UTF16(got.Start); start != r.Index || length != r.Length {
		return fmt.Sprintf("replaces %d+%d, want %d+%d", start, length, r.Index, r.Length)
	}
	all := len(r.Results)
	if r.Truncated > 0 {
		all = r.Truncated
	}
	if len(got.Items) != all {
		return fmt.Sprintf("%d items %v, want %d %v", len(got.Items), brief(got.Items), all, r.Results)
	}
	for i, want := range r.Results {
		it := got.Items[i]
		tip := strings.ReplaceAll(want.Tooltip, "\r\n", "\n")
		if it.Text != want.Completion || it.List != want.List || it.Kind.String() != want.Type || it.Tip != "" && it.Tip != tip {
			return fmt.Sprintf("item %d is %q %q %s %q, want %+v", i, it.Text, it.List, it.Kind, it.Tip, want)
		}
	}
	return ""
}

// within tells whether all that is offered was recorded, too.
func (r *recorded) within(got complete.Result) bool {
	for _, it := range got.Items {
		found := false
		for _, want := range r.Results {
			found = found || it.Text == want.Completion && it.List == want.List
		}
		if !found {
			return false
		}
	}
	return true
}

func brief(items []complete.Item) []string {
	var list []string
	for _, it := range items[:min(len(items), 12)] {
		list = append(list, it.Text)
	}
	return list
}

func byteOffset(s string, units int) int {
	for i, r := range s {
		if units <= 0 {
			return i
		}
		units -= utf16.RuneLen(r)
	}
	return len(s)
}
