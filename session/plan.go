package session

import (
	"fmt"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// step is one statement of a line, ready to run: a remote part, a local part,
// or both.
type step struct {
	assign string         // the variable that takes the output
	remote *psrp.Pipeline // nil: nothing goes to the server
	input  []clixml.Value // values that the line itself pipes into the remote part
	hasIn  bool           // input is meant, also when it is empty
	// from brings the input of a pipeline made by hand, while it runs.
	from  <-chan clixml.Value
	local []clixml.Value // values of a statement that is only an expression
	tail  pipeline.Stage // nil: what comes is shown as it is
	view  format.View    // how the output wants to be shown
	text  string         // the line as it is, for a server that runs text only
	// again plans the statement anew, with what the statements before it have
	// left in the variables; nil for the first one.
	again func() (step, error)
}

// planner turns a parsed line into steps.
type planner struct {
	scope   *scope
	offered func(name string) bool // commands the server runs although they could run here
}

// planCommands plans a line whose commands travel one by one with typed
// parameters: each pipeline is cut into the head that the server runs and the
// tail that runs here. Every statement is planned before anything is sent, so
// that a line that cannot run is refused as a whole.
func (p planner) planCommands(script *pslang.Script) ([]step, error) {
	steps := make([]step, 0, len(script.Statements))
	for i := range script.Statements {
		s := &script.Statements[i]
		st, err := p.statement(s)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			st.again = func() (step, error) { return p.statement(s) }
		}
		steps = append(steps, st)
	}
	return steps, nil
}

func (p planner) statement(s *pslang.Statement) (step, error) {
	st := step{assign: s.Assign}
	elements := s.Pipeline.Elements
	if len(elements) > 0 && elements[0].Command == nil {
		v, err := pslang.Eval(elements[0].Expr, p.scope)
		if err != nil {
			return st, err
		}
		st.local, elements = unroll(v), elements[1:]
	}
	head := p.headLength(elements)
	if head > 0 {
		remote, err := p.remote(elements[:head])
		if err != nil {
			return st, err
		}
		st.remote = remote
		if len(s.Pipeline.Elements) > len(elements) {
			st.input, st.local, st.hasIn = st.local, nil, true
			st.remote.NoInput = false
		}
	}
	return st, p.tail(&st, elements[head:])
}

// headLength counts the commands that go to the server: all up to the first
// one that runs here.
func (p planner) headLength(elements []pslang.Element) int {
	n := 0
	for n < len(elements) {
		name := commandName(elements[n].Command.Name)
		if pipeline.Known(name) && !p.offered(name) {
			break
		}
		n++
	}
	return n
}

func (p planner) tail(st *step, elements []pslang.Element) error {
	if len(elements) == 0 {
		return nil
	}
	cmds := make([]*pslang.Command, len(elements))
	for i, e := range elements {
		if name := commandName(e.Command.Name); !pipeline.Known(name) {
			return &pslang.Error{
				Extent:    e.Command.NameExtent,
				Construct: "a remote command behind a local one",
				Msg:       fmt.Sprintf("%s runs on the server, but %s before it runs here; put it first, or keep the objects in a variable and pipe that into %[1]s", name, elements[i-1].Command.Name),
			}
		}
		cmds[i] = e.Command
	}
	stage, err := pipeline.Chain(cmds, p.scope)
	if err != nil {
		return err
	}
	st.tail = stage
	if view, ok := pipeline.ViewOf(stage); ok {
		st.view = view
	}
	return nil
}

// remote makes the commands that travel, with typed parameters.
func (p planner) remote(elements []pslang.Element) (*psrp.Pipeline, error) {
	out := &psrp.Pipeline{NoInput: true, RedirectErrors: true}
	for _, e := range elements {
		cmd, err := p.command(e.Command)
		if err != nil {
			return nil, err
		}
		out.Commands = append(out.Commands, cmd)
	}
	return out, nil
}

// command makes one command. A parameter without a colon travels as "-Name"
// with no value, and what stands behind it as a positional value: whether the
// parameter takes it, only the server's own binder knows. PowerShell's client
// sends a typed line just so.
func (p planner) command(c *pslang.Command) (psrp.Command, error) {
	out := psrp.Command{Name: c.Name}
	for _, arg := range c.Args {
		param := psrp.Parameter{Name: arg.Name}
		if arg.Name != "" {
			param.Name = "-" + arg.Name
		}
		if arg.Colon {
			param.Name += ":"
		}
		if arg.Value != nil {
			v, err := pslang.Eval(arg.Value, p.scope)
			if err != nil {
				return out, err
			}
			param.Value = parameterValue(v)
		}
		out.Parameters = append(out.Parameters, param)
	}
	return out, nil
}

// parameterValue is v as an endpoint without a language takes it: a script
// block (-Filter {…}) travels as its text.
func parameterValue(v clixml.Value) clixml.Value {
	if b, ok := v.Any().(clixml.ScriptBlock); ok {
		return clixml.Str(string(b))
	}
	return v
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
