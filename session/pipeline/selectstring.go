package pipeline

import (
	"regexp"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// selectString is Select-String on what comes through the pipeline.
type selectString struct {
	patterns []string
	regexps  []*regexp.Regexp // nil: the patterns are plain texts

	all, raw, quiet, without, sensitive bool
	before, after                       int
	context                             bool

	line    uint64
	done    bool
	lines   []string // the last ones, for the context before a match
	shown   []string // those of them that no match has shown
	waiting []*found // matches whose context is not complete
}

// found is a match that waits for the lines behind it.
type found struct {
	object                       *clixml.Object
	post, shownPost, pre, before []string
	next                         bool // another match came: what follows is that one's to show
}

func newSelectString(a *arguments) (Stage, error) {
	s := &selectString{all: a.flag("AllMatches"), raw: a.flag("Raw"), quiet: a.flag("Quiet"), without: a.flag("NotMatch"), sensitive: a.flag("CaseSensitive")}
	var err error
	if s.patterns, err = a.texts("Pattern"); err != nil {
		return nil, err
	}
	if len(s.patterns) == 0 {
		return nil, a.usage(a.cmd.Extent, "MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters: Pattern.")
	}
	if !a.flag("SimpleMatch") {
		for _, p := range s.patterns {
			re, err := pslang.Pattern(p, s.sensitive)
			if err != nil {
				return nil, a.usage(a.exprs["Pattern"].Span(), "InvalidRegex", "The string %s is not a valid regular expression: %v", p, err)
			}
			s.regexps = append(s.regexps, re)
		}
	}
	return s, s.readContext(a)
}

func (s *selectString) readContext(a *arguments) error {
	items, err := a.list("Context")
	if err != nil || len(items) == 0 {
		return err
	}
	n := [2]int64{}
	for i := range n {
		v, err := pslang.Convert(items[min(i, len(items)-1)], "int")
		if n[i], _ = v.Int(); err != nil || n[i] < 0 || len(items) > 2 {
			return a.usage(a.exprs["Context"].Span(), "ParameterArgumentValidationError", "Cannot validate argument on parameter 'Context'. Give one or two numbers, 0 or greater.")
		}
	}
	s.before, s.after, s.context = int(n[0]), int(n[1]), true
	return nil
}

func (s *selectString) Done() bool { return s.done }

func (s *selectString) Push(v clixml.Value) ([]clixml.Value, error) {
	text := v.String()
	if old := v.Object(); old.Is("Microsoft.PowerShell.Commands.MatchInfo") {
		line, _ := old.Get("Line")
		text = line.String()
	}
	s.line++
	pattern, matches, ok := s.match(text)
	if !s.context {
		if !ok {
			return nil, nil
		}
		return s.give(s.result(text, pattern, matches)), nil
	}
	return s.track(text, pattern, matches, ok), nil
}

// match gives the first pattern that text matches, and its matches.
func (s *selectString) match(text string) (pattern string, matches []clixml.Value, ok bool) {
	for i, p := range s.patterns {
		if s.regexps == nil {
			ok = containsText(text, p, s.sensitive)
		} else {
			matches = s.matchesOf(s.regexps[i], text)
			ok = len(matches) > 0
		}
		if ok {
			pattern = p
			break
		}
	}
	if s.without {
		return s.patterns[0], nil, !ok
	}
	return pattern, matches, ok
}

func containsText(text, part string, sensitive bool) bool {
	if sensitive {
		return strings.Contains(text, part)
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func (s *selectString) matchesOf(re *regexp.Regexp, text string) []clixml.Value {
	most := 1
	if s.all && !s.without {
		most = -1
	}
	var out []clixml.Value
	for _, at := range re.FindAllStringSubmatchIndex(text, most) {
		out = append(out, clixml.Obj(regexMatch(re, text, at)))
	}
	return out
}

// regexMatch is a match as .NET's object shows it: its first group is itself.
func regexMatch(re *regexp.Regexp, text string, at []int) *clixml.Object {
	groups := &clixml.Object{TypeNames: []string{"System.Text.RegularExpressions.GroupCollection", "System.Object"}, Kind: clixml.List}
	var whole *clixml.Object
	for i, name := range re.SubexpNames() {
		if name == "" {
			name = clixml.Of(i).String()
		}
		g := capture(text, name, at[2*i], at[2*i+1])
		if i == 0 {
			whole = g
			g.TypeNames = append([]string{"System.Text.RegularExpressions.Match"}, g.TypeNames...)
			g.Props = append([]clixml.Property{clixml.Prop("Groups", groups)}, g.Props...)
		}
		groups.Items = append(groups.Items, clixml.Obj(g))
	}
	return whole
}

func capture(text, name string, from, to int) *clixml.Object {
	captures := &clixml.Object{TypeNames: []string{"System.Text.RegularExpressions.CaptureCollection", "System.Object"}, Kind: clixml.List}
	g := &clixml.Object{
		TypeNames: []string{"System.Text.RegularExpressions.Group", "System.Text.RegularExpressions.Capture", "System.Object"}, HasToString: true,
	}
	index := 0
	if from >= 0 {
		g.ToString, index = text[from:to], pslang.Length(text[:from])
		captures.Items = []clixml.Value{clixml.Obj(g)}
	}
	g.Props = []clixml.Property{
		clixml.Prop("Success", from >= 0), clixml.Prop("Name", name), clixml.Prop("Captures", captures),
		clixml.Prop("Index", index), clixml.Prop("Length", pslang.Length(g.ToString)), clixml.Prop("Value", g.ToString),
	}
	return g
}

// result is a MatchInfo.
func (s *selectString) result(text, pattern string, matches []clixml.Value) *clixml.Object {
	list := &clixml.Object{TypeNames: []string{"System.Text.RegularExpressions.Match[]", "System.Array", "System.Object"}, Kind: clixml.List, Items: matches}
	return &clixml.Object{
		TypeNames: []string{"Microsoft.PowerShell.Commands.MatchInfo", "System.Object"}, ToString: text, HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("IgnoreCase", !s.sensitive), clixml.Prop("LineNumber", s.line), clixml.Prop("Line", text),
			clixml.Prop("Filename", "InputStream"), clixml.Prop("Path", "InputStream"), clixml.Prop("Pattern", pattern),
			{Name: "Context"},
			clixml.Prop("Matches", list),
		},
	}
}

func (s *selectString) give(o *clixml.Object) []clixml.Value {
	switch {
	case s.quiet:
		s.done = true
		return []clixml.Value{clixml.Bool(true)}
	case s.raw:
		line, _ := o.Get("Line")
		return []clixml.Value{line}
	}
	return []clixml.Value{clixml.Obj(o)}
}
