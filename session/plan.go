package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// step is a part of a statement, ready to run: what a server or a cmdlet does,
// what is done here, or both.
type step struct {
	scope  *scope         // of the line
	assign string         // the variable that takes the output
	nested bool           // the statement behind it wants its value
	strict bool           // an error in it ends the line
	wrong  error          // why it fails, where that showed when it was planned
	after  string         // "&&" or "||": runs only if the statement before succeeded, or failed
	there  *Session       // where remote and text go
	remote *psrp.Pipeline // nil: nothing goes to a server
	keeps  keeps          // what is done here with what remote gives
	input  []clixml.Value // values that the line itself pipes into the part
	hasIn  bool           // input is meant, also when it is empty
	// from brings the input of a pipeline made by hand, while it runs.
	from   <-chan clixml.Value
	cmdlet *cmdlet // a session cmdlet, and how it was typed
	cmd    *pslang.Command
	makes  producer       // a command of this side's own that the statement begins with
	local  []clixml.Value // values of a statement that is only an expression
	tail   pipeline.Stage // nil: what comes is shown as it is
	view   format.View    // how the output of the last part wants to be shown
	// formats tells that the statement says so itself.
	formats bool
	each    *pslang.Script // statements with commands that run for each object of the input
	flow    pslang.Control // a statement that decides which others run
	// planner plans what stands in these two.
	planner planner
	whole   *clixml.Value // what an assignment of an expression keeps as it is: an array stays one
	op      string        // what the assignment does to the old value: "+", "-", …
	text    string        // the line as it is, for a server that runs text only
	then    *step         // the rest of the statement, which takes the output as its input
	// again plans the statement anew, with what the statements before it have
	// left in the variables; nil for the first one.
	again func() (step, error)
}

// planner turns a parsed line into steps.
type planner struct {
	scope *scope
	// own is the session that commands without a route go to; nil: none does.
	own    *Session
	routes routes
	desk   *Cmdlets
	// heads are the commands of this side's own.
	heads []head
	// server is what own offers; nil where that is not known yet.
	server *commandList
	// views are those that show what imported commands give; nil: none.
	views func([]routed) *format.Views
	// further tells that statements run before the one that is planned: what
	// they leave behind is not known.
	further bool
}

// head is a command of this side's own that a pipeline begins with: it gives
// objects and takes none.
type head struct {
	name string
	// takes tells whether a command of the name is this side's; nil: it is.
	takes func(c *pslang.Command) bool
	plan  func(c *pslang.Command, sc *scope) (producer, error)
}

// producer runs such a command.
type producer func(ctx context.Context, run *Run) ([]clixml.Value, error)

// planCommands plans a line whose commands travel one by one with typed
// parameters: each pipeline is cut into the head that a server runs and the
// tail that runs here. Every statement is planned before anything is sent, so
// that a line that cannot run is refused as a whole.
func (p planner) planCommands(script *pslang.Script) ([]step, error) {
	return p.planBehind(false, script.Statements)
}

// planBehind plans statements, further ones behind others or the first.
func (p planner) planBehind(further bool, list []pslang.Statement) ([]step, error) {
	p.scope.expect(list)
	steps := make([]step, 0, len(list))
	for i := range list {
		s := &list[i]
		q := p
		q.further = further || i > 0
		p.scope.forget()
		st, err := q.statement(s)
		value := (*pslang.EvalError)(nil)
		switch {
		case errors.As(err, &value): // the statement's own error; behind others it may want what they set
			st, err = step{scope: p.scope, nested: s.Nested, after: s.After, wrong: value}, nil
		case err != nil && (further || setsVariables(list[:i])) && p.waits(err):
			st, err = step{scope: p.scope, nested: s.Nested, after: s.After}, nil // it may want what they set
		}
		if err != nil {
			return nil, err
		}
		if q.further {
			st.again = func() (step, error) { return q.statement(s) }
		}
		steps = append(steps, st)
	}
	return steps, nil
}

// setsVariables tells whether statements leave variables to those behind them.
func setsVariables(list []pslang.Statement) bool {
	for s := range pslang.All(list) {
		if s.Assign != "" || s.Control != nil {
			return true
		}
		for _, e := range s.Pipeline.Elements {
			if e.Command != nil && slices.ContainsFunc(e.Command.Args, func(a pslang.Arg) bool {
				name, _ := commonNamed(a.Name)
				return a.Splatted() || name != ""
			}) {
				return true
			}
		}
	}
	return false
}

// here tells whether a command is one of this side's own.
func (p planner) here(c *pslang.Command) bool { return p.head(c) != nil }

func (p planner) head(c *pslang.Command) *head {
	if _, routed := p.routes[c]; routed {
		return nil
	}
	name := commandName(c.Name)
	for i := range p.heads {
		if h := &p.heads[i]; strings.EqualFold(h.name, name) && (h.takes == nil || h.takes(c)) {
			return h
		}
	}
	return nil
}

// there tells whether a command goes to a server, or is run for each object.
func (p planner) there(c *pslang.Command) bool {
	r, routed := p.routes[c]
	switch {
	case routed:
		return r.proxy != nil
	case p.here(c):
		return false
	case p.own == nil:
		return eachBody(c) != nil
	}
	return !pipeline.Known(c.Name) || p.server.means(c.Name) || p.server.runs(c.Name) && plainly(c) || eachBody(c) != nil
}

// session is where a command goes that goes to a server.
func (p planner) session(c *pslang.Command) *Session {
	if r := p.routes[c]; r.proxy != nil {
		return r.proxy.entry.live
	}
	return p.own
}

// nowhere tells a command that no session is there for.
func (p planner) nowhere(c *pslang.Command) bool {
	_, routed := p.routes[c]
	return p.own == nil && !routed && !p.here(c) && !pipeline.Known(c.Name)
}

func notHere(cmd *pslang.Command) error {
	return &pslang.Error{
		Extent: cmd.NameExtent, Construct: "a remote command",
		Msg: fmt.Sprintf("%s is not a command of this machine's home session; open a tenant first: New-CsOnlineSession -UserName admin@contoso.com", commandName(cmd.Name)),
	}
}

// plainly tells a command whose arguments are plain values: what runs for each
// object, runs here, where it is known what it does.
func plainly(c *pslang.Command) bool {
	return len(c.Redirections) == 0 && !slices.ContainsFunc(c.Args, func(a pslang.Arg) bool {
		_, plain := a.Value.(*pslang.Constant)
		return a.Value != nil && !plain
	})
}

// statement plans a statement: part after part, each with the commands that
// go to the server and those behind them that run here.
func (p planner) statement(s *pslang.Statement) (step, error) {
	first := step{scope: p.scope, nested: s.Nested, strict: p.strict(s), after: s.After}
	if s.Control != nil {
		first.flow, first.assign, first.op = s.Control, s.Assign, s.Op
		first.planner = p
		first.planner.further = true
		if err := first.planner.tryFlow([]pslang.Statement{*s}); err != nil {
			return first, err
		}
		return first, p.dress(&first, s)
	}
	for _, e := range s.Pipeline.Elements {
		if e.Command != nil && p.nowhere(e.Command) {
			return first, notHere(e.Command)
		}
	}
	if only := s.Pipeline.Elements; s.Assign != "" && len(only) == 1 && only[0].Expr != nil {
		v, err := pslang.Eval(only[0].Expr, p.scope)
		first.assign, first.op, first.whole = s.Assign, s.Op, &v
		return first, err
	}
	elements, err := p.begin(&first, s.Pipeline.Elements)
	if err != nil {
		return first, err
	}
	part := &first
	for {
		if elements, err = p.part(part, elements); err != nil {
			return first, err
		}
		if len(elements) == 0 {
			break
		}
		part.then = &step{scope: p.scope, hasIn: true}
		part = part.then
	}
	part.assign, part.op = s.Assign, s.Op
	first.view, first.formats = part.view, part.formats
	return first, p.dress(&first, s)
}

// begin plans what a pipeline begins with where that runs here: an expression
// or a command of this side's own.
func (p planner) begin(st *step, elements []pslang.Element) ([]pslang.Element, error) {
	if len(elements) == 0 {
		return nil, nil
	}
	c := elements[0].Command
	if c == nil {
		v, err := pslang.Eval(elements[0].Expr, p.scope)
		if err != nil {
			return nil, err
		}
		st.local, elements = unroll(v), elements[1:]
		if len(elements) > 0 && (p.there(elements[0].Command) || p.routes[elements[0].Command].cmdlet != nil) {
			st.input, st.local, st.hasIn = st.local, nil, true
		}
		return elements, nil
	}
	h := p.head(c)
	if h == nil {
		return elements, nil
	}
	if len(c.Redirections) > 0 {
		return nil, &pslang.Error{Extent: c.Redirections[0].Extent, Construct: "a redirection of " + h.name, Msg: "a redirection of " + h.name + ", which runs here, is not taken: leave it out"}
	}
	source, err := h.plan(c, p.scope)
	st.makes = source
	return elements[1:], err
}

// part plans the commands that run in one go and returns the rest.
func (p planner) part(st *step, elements []pslang.Element) ([]pslang.Element, error) {
	n := 0
	if st.makes == nil && st.local == nil && len(elements) > 0 {
		var err error
		if c := elements[0].Command; p.routes[c].cmdlet != nil {
			n, err = 1, p.sessionCmdlet(st, c)
		} else {
			n, err = p.remote(st, elements)
		}
		if err != nil {
			return nil, err
		}
	}
	elements = elements[n:]
	n = 0
	for n < len(elements) && !p.there(elements[n].Command) {
		c := elements[n].Command
		known := p.routes[c].cmdlet
		if known != nil && known.pipe != "" {
			break
		}
		if known != nil || p.here(c) {
			return nil, &pslang.Error{
				Extent: c.NameExtent, Construct: "a command that takes no input behind another",
				Msg: fmt.Sprintf("%s takes no input: put it at the beginning, or run it first: $x = %[1]s …; then write $x", commandName(c.Name)),
			}
		}
		n++
	}
	return elements[n:], p.tail(st, elements[:n])
}

// sessionCmdlet plans a session cmdlet. What it is given shows when it runs;
// where that is known already, a line that it cannot take is refused now.
func (p planner) sessionCmdlet(st *step, c *pslang.Command) error {
	st.cmdlet, st.cmd = p.routes[c].cmdlet, c
	var merged psrp.Command
	st.keeps.redirect(&merged, c.Redirections)
	if merged.MergeErrorToOutput || merged.Merge != (psrp.Merge{}) {
		at := c.Redirections[0].Extent
		return &pslang.Error{Extent: at, Construct: "a redirection of " + st.cmdlet.name, Msg: "the output of " + st.cmdlet.name + ", which runs here, takes no other streams: leave the redirection out, or send it to $null"}
	}
	if p.further || st.hasIn {
		return nil
	}
	_, err := p.desk.bind(st.cmdlet, c, p.scope, nil, false)
	return err
}

// tail plans commands that run here.
func (p planner) tail(st *step, elements []pslang.Element) error {
	if len(elements) == 0 {
		return nil
	}
	cmds := make([]*pslang.Command, len(elements))
	for i, e := range elements {
		cmds[i] = e.Command
	}
	stage, err := pipeline.Chain(cmds, p.scope)
	if usage := (*pipeline.UsageError)(nil); errors.As(err, &usage) {
		return &pslang.Error{Extent: usage.Extent, ID: usage.ID, Msg: usage.Error()}
	}
	if err != nil {
		return err
	}
	st.tail = stage
	if view, ok := pipeline.ViewOf(stage); ok {
		st.view, st.formats = view, true
	}
	return nil
}

// unroll is what PowerShell puts on a pipeline for v: the items of a list, v
// itself otherwise, and nothing for $null.
func unroll(v clixml.Value) []clixml.Value {
	if v.IsNull() {
		return nil
	}
	if o := v.Object(); o != nil && o.Kind != clixml.PlainObject && o.Kind != clixml.Dict {
		return o.Items
	}
	return []clixml.Value{v}
}
