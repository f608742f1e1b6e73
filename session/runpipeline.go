package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// RunPipeline starts a pipeline that is made of values and not typed as a line:
// commands with typed parameters, several statements, streams merged into the
// output, scripts. Input comes from a channel while the pipeline runs, and ends
// when that is closed; nil means that there is none. Guard, journal and queue
// are those of [Session.Run], which also says what it returns: both see the
// pipeline written as a line, in which "$object" stands for a value that cannot
// be written.
//
// Once the run is over nobody takes from the channel any more: whoever sends to
// it waits for the run's end too.
func (s *Session) RunPipeline(ctx context.Context, p psrp.Pipeline, input <-chan clixml.Value, o RunOptions) (*Run, error) {
	switch st := s.State(); {
	case s.Capabilities().TextOnly:
		return nil, fmt.Errorf("running a pipeline: %w", errTextOnly)
	case !st.alive():
		return nil, s.gone(st)
	case len(p.Commands) == 0:
		return nil, errors.New("running a pipeline: it has no commands")
	}
	line := lineOf(p)
	// Each command by itself: what one is written as must not hide the next.
	for i := range p.Commands {
		for _, part := range partsOf(&p.Commands[i]) {
			t := &typed{line: part, mode: o.Mode, sent: true}
			t.script, t.wrong = pslang.Parse(part)
			if err := s.console.Load().admit(t, o); err != nil {
				return nil, err
			}
		}
	}
	p.NoInput = input == nil
	return s.launch(ctx, line, []step{{there: s, remote: &p, from: input}}, o)
}

// source is where the input of a step comes from.
func (st *step) source() source {
	if st.from == nil {
		rest := st.input
		return func(context.Context) (clixml.Value, bool) {
			if len(rest) == 0 {
				return clixml.Null(), false
			}
			v := rest[0]
			rest = rest[1:]
			return v, true
		}
	}
	return func(ctx context.Context) (clixml.Value, bool) {
		select {
		case v, ok := <-st.from:
			return v, ok
		case <-ctx.Done():
			return clixml.Null(), false
		}
	}
}

// lineOf writes a pipeline as the line that it stands for.
func lineOf(p psrp.Pipeline) string {
	var b strings.Builder
	for i := range p.Commands {
		c := &p.Commands[i]
		if i > 0 {
			b.WriteString(map[bool]string{true: "; ", false: " | "}[p.Commands[i-1].EndOfStatement])
		}
		b.WriteString(commandText(c) + argumentText(c))
	}
	return b.String()
}

// partsOf is a command as the guard judges it: a script apart from its arguments.
func partsOf(c *psrp.Command) []string {
	switch {
	case !c.IsScript:
		return []string{commandText(c) + argumentText(c)}
	case len(c.Parameters) == 0:
		return []string{c.Name}
	}
	return []string{c.Name, "Write-Output" + argumentText(c)}
}

func argumentText(c *psrp.Command) string {
	var b strings.Builder
	for _, a := range c.Parameters {
		if a.Name != "" {
			b.WriteString(" -" + strings.TrimPrefix(a.Name, "-"))
		}
		if a.Name == "" || !a.Value.IsNull() {
			b.WriteString(" " + valueText(a.Value, 0))
		}
	}
	return b.String()
}

// commandText is a script as it is, or a name. A name that a parser would take
// apart is called by "&", so that the guard counts it as unknown.
func commandText(c *psrp.Command) string {
	if c.IsScript {
		return c.Name
	}
	for _, r := range c.Name {
		if !strings.ContainsRune(`-_\.`, r) && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') {
			return "& " + pslang.Quote(c.Name)
		}
	}
	return c.Name
}

// unwritable stands for a value that has no literal; called, where something in
// it could run.
const unwritable, runnable = "$object", "(& $object)"

// valueText writes a value as a literal.
func valueText(v clixml.Value, depth int) string {
	switch v.Kind() {
	case clixml.KindNull:
		return "$null"
	case clixml.KindBool:
		return map[bool]string{true: "$true", false: "$false"}[v.True()]
	case clixml.KindString:
		return pslang.Quote(v.Text())
	case clixml.KindInt32, clixml.KindInt64:
		return v.String()
	case clixml.KindScriptBlock:
		return "{" + v.Text() + "}"
	case clixml.KindObject:
		return objectText(v.Object(), depth)
	}
	return unwritable
}

// writtenDepth is how deep lists in lists are written.
const writtenDepth = 4

func objectText(o *clixml.Object, depth int) string {
	if o.Kind == clixml.List && len(o.Members) == 0 && len(o.Props) == 0 && depth < writtenDepth {
		items := make([]string, len(o.Items))
		for i, item := range o.Items {
			items[i] = valueText(item, depth+1)
		}
		return "@(" + strings.Join(items, ", ") + ")"
	}
	budget := looked
	if holdsBlock(o, &budget) {
		return runnable
	}
	return unwritable
}

// looked is how many values of an object are looked through.
const looked = 10_000

// holdsBlock tells whether a script block stands somewhere in an object; one
// that is too large to be looked through, or holds itself, may hold one.
func holdsBlock(o *clixml.Object, budget *int) bool {
	runs := func(v clixml.Value) bool {
		if *budget--; *budget < 0 {
			return true
		}
		return v.Kind() == clixml.KindScriptBlock || v.Kind() == clixml.KindObject && holdsBlock(v.Object(), budget)
	}
	for _, list := range [][]clixml.Property{o.Props, o.Members, o.Sets} {
		for i := range list {
			if runs(list[i].Value) {
				return true
			}
		}
	}
	for i := range o.Entries {
		if runs(o.Entries[i].Key) || runs(o.Entries[i].Value) {
			return true
		}
	}
	return slices.ContainsFunc(o.Items, runs) || runs(o.Base)
}
