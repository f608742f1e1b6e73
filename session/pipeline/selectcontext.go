package pipeline

import (
	"strings"

	"psdeck/session/clixml"
)

// track goes on by a line, where -Context is given. A match has the lines
// around it; of lines between two matches only one shows them.
func (s *selectString) track(text, pattern string, matches []clixml.Value, ok bool) []clixml.Value {
	displayed := false
	for _, w := range s.waiting {
		w.post = append(w.post, text)
		if ok {
			w.next = true
		}
		if !w.next && len(w.shownPost) < s.after {
			w.shownPost = append(w.shownPost, text)
			displayed = true
		}
	}
	out := s.complete(false)
	if ok {
		s.waiting = append(s.waiting, &found{object: s.result(text, pattern, matches), pre: lastOf(s.lines, s.before), before: lastOf(s.shown, s.before)})
	}
	s.lines = append(lastOf(s.lines, s.before), text)
	switch {
	case ok:
		s.shown = nil
	case !displayed:
		s.shown = append(lastOf(s.shown, s.before), text)
	}
	return append(out, s.complete(false)...)
}

// complete gives the matches that have their context, or all.
func (s *selectString) complete(all bool) []clixml.Value {
	var out []clixml.Value
	for len(s.waiting) > 0 && (all || len(s.waiting[0].post) >= s.after) {
		w := s.waiting[0]
		s.waiting = s.waiting[1:]
		if !s.done {
			w.finish()
			out = append(out, s.give(w.object)...)
		}
	}
	return out
}

func (s *selectString) End() ([]clixml.Value, error) { return s.complete(true), nil }

func lastOf(lines []string, n int) []string {
	return append([]string(nil), lines[max(0, len(lines)-n):]...)
}

// finish writes the context into the match, and its text with the lines around.
func (f *found) finish() {
	name := "Microsoft.PowerShell.Commands.MatchInfoContext"
	context := &clixml.Object{TypeNames: []string{name, "System.Object"}, ToString: name, HasToString: true, Props: []clixml.Property{
		{Name: "PreContext", Value: stringArray(f.pre)},
		{Name: "PostContext", Value: stringArray(f.post)},
		{Name: "DisplayPreContext", Value: stringArray(f.before)},
		{Name: "DisplayPostContext", Value: stringArray(f.shownPost)},
	}}
	for i := range f.object.Props {
		if f.object.Props[i].Name == "Context" {
			f.object.Props[i].Value = clixml.Obj(context)
		}
	}
	var lines []string
	for _, l := range f.before {
		lines = append(lines, "  "+l)
	}
	lines = append(lines, "> "+f.object.ToString)
	for _, l := range f.shownPost {
		lines = append(lines, "  "+l)
	}
	f.object.ToString = strings.Join(lines, "\n")
}

func stringArray(texts []string) clixml.Value {
	list := clixml.Array()
	list.TypeNames = []string{"System.String[]", "System.Array", "System.Object"}
	for _, t := range texts {
		list.Items = append(list.Items, clixml.Str(t))
	}
	return clixml.Obj(list)
}
