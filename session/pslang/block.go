package pslang

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// Item is a Scope in which $_ is one object; other names are Outer's.
type Item struct {
	Value clixml.Value
	Outer Scope
}

// Variable gives $_ and $PSItem, or what Outer has.
func (s *Item) Variable(name string) (clixml.Value, bool) {
	if name == "_" || strings.EqualFold(name, "PSItem") {
		return s.Value, true
	}
	if s.Outer == nil {
		return clixml.Value{}, false
	}
	return s.Outer.Variable(name)
}

// Block is a script block that is run for object after object. What it
// assigns stays for the next object.
type Block struct {
	script *Script
	single Expr // the expression that the block consists of; else nil
	item   Item
	locals *Locals
	ev     evaluator
	turns  int
}

// NewBlock prepares a script block. Blocks with the same *Locals as their
// outer scope share the variables that they assign.
func NewBlock(sb *ScriptBlock, outer Scope) (*Block, error) {
	if sb.Refused != nil {
		return nil, sb.Refused
	}
	locals, ok := outer.(*Locals)
	if !ok {
		locals = &Locals{Outer: outer}
	}
	b := &Block{script: sb.Body, locals: locals, item: Item{Outer: locals}}
	b.ev.scope = &b.item
	if err := runnable(sb.Body); err != nil {
		return nil, err
	}
	if list := sb.Body.Statements; len(list) == 1 && list[0].Control == nil && list[0].Assign == "" {
		b.single = list[0].Pipeline.Elements[0].Expr
	}
	return b, nil
}

// runnable checks that what is run and assigned are expressions.
func runnable(s *Script) error {
	if s == nil {
		return nil
	}
	for i := range s.Statements {
		st := &s.Statements[i]
		var err error
		switch c := st.Control.(type) {
		case nil:
			if e := checkNested(st.Pipeline, st.Extent); e != nil {
				return e
			}
			if _, drive, _ := syntax.SplitVariable(st.Assign); drive != "" {
				return refusal(assignMember, st.Extent)
			}
		case *If:
			for _, x := range c.Clauses {
				if err == nil {
					err = runnable(x.Body)
				}
			}
			if err == nil {
				err = runnable(c.Else)
			}
		case *ForEach:
			err = runnable(c.Body)
		case *While:
			if err = runnable(c.Body); err == nil {
				err = runnable(c.Step)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Bound is for a block that somebody else wrote: it refuses one with a loop,
// and no value that it works with becomes longer than most bytes or items.
func (b *Block) Bound(most int) error {
	b.ev.most = most
	return loopless(b.script)
}

func loopless(s *Script) error {
	if s == nil {
		return nil
	}
	for i := range s.Statements {
		switch c := s.Statements[i].Control.(type) {
		case *ForEach, *While:
			return &Error{Extent: c.Span(), Construct: "a loop", Msg: "a loop is not run here"}
		case *If:
			for _, x := range c.Clauses {
				if err := loopless(x.Body); err != nil {
					return err
				}
			}
			if err := loopless(c.Else); err != nil {
				return err
			}
		}
	}
	return nil
}

// Run gives the block's output for $_ = item.
func (b *Block) Run(item clixml.Value) ([]clixml.Value, error) {
	b.item.Value = item
	b.turns = 0
	if b.single != nil {
		v, err := b.ev.eval(b.single)
		if err != nil {
			return nil, err
		}
		return Enumerate(v), nil
	}
	out, _, err := b.statements(b.script, nil)
	return out, err
}

// Value gives the block's output as one value: $null, the one, or an array.
func (b *Block) Value(item clixml.Value) (clixml.Value, error) {
	if b.single != nil {
		b.item.Value = item
		return b.ev.eval(b.single)
	}
	out, err := b.Run(item)
	switch len(out) {
	case 0:
		return clixml.Null(), err
	case 1:
		return out[0], err
	}
	return clixml.Obj(clixml.Array(out...)), err
}

// statements runs statements and appends their output. Word is what left them
// early: "break", "continue", "return", or "".
func (b *Block) statements(s *Script, out []clixml.Value) (_ []clixml.Value, word string, err error) {
	if s == nil {
		return out, "", nil
	}
	for i := range s.Statements {
		st := &s.Statements[i]
		if st.Control == nil {
			out, err = b.plain(st, out)
		} else {
			out, word, err = b.control(st.Control, out)
		}
		if err != nil || word != "" {
			return out, word, err
		}
	}
	return out, "", nil
}

// plain runs an expression or an assignment.
func (b *Block) plain(st *Statement, out []clixml.Value) ([]clixml.Value, error) {
	v, err := b.ev.eval(st.Pipeline.Elements[0].Expr)
	if err != nil {
		return out, err
	}
	if st.Assign == "" {
		return append(out, Enumerate(v)...), nil
	}
	if st.Op != "" {
		if v, err = b.ev.apply(st.Op, b.ev.variable(st.Assign), v); err != nil {
			return out, &EvalError{Extent: st.Extent, ID: conversionID(err), Msg: err.Error()}
		}
	}
	b.locals.set(st.Assign, v)
	return out, nil
}

func (b *Block) control(c Control, out []clixml.Value) ([]clixml.Value, string, error) {
	switch c := c.(type) {
	case *If:
		for _, x := range c.Clauses {
			v, err := b.ev.eval(x.Condition)
			if err != nil {
				return out, "", err
			}
			if Truthy(v) {
				return b.statements(x.Body, out)
			}
		}
		return b.statements(c.Else, out)
	case *ForEach:
		return b.forEach(c, out)
	case *While:
		return b.while(c, out)
	case *Leave:
		if c.Value == nil {
			return out, c.Word, nil
		}
		v, err := b.ev.eval(c.Value)
		if err != nil {
			return out, "", err
		}
		return append(out, Enumerate(v)...), c.Word, nil
	}
	return out, "", nil
}

// maxTurns bounds how often the loops of a block turn for one object.
const maxTurns = 1 << 20

// turn runs a loop's body once; done tells that the loop is left.
func (b *Block) turn(c Control, body *Script, out []clixml.Value) (_ []clixml.Value, word string, done bool, err error) {
	if b.turns++; b.turns > maxTurns {
		return out, "", true, &EvalError{Extent: c.Span(), ID: "ScriptTooComplicated", Msg: "the loop turns too often to run here"}
	}
	out, word, err = b.statements(body, out)
	switch word {
	case "break":
		return out, "", true, err
	case "continue":
		return out, "", false, err
	}
	return out, word, word != "" || err != nil, err
}

func (b *Block) forEach(c *ForEach, out []clixml.Value) ([]clixml.Value, string, error) {
	list, err := b.ev.eval(c.Items)
	if err != nil {
		return out, "", err
	}
	for _, v := range Enumerate(list) {
		b.locals.set(c.Variable, v)
		var word string
		var done bool
		if out, word, done, err = b.turn(c, c.Body, out); done {
			return out, word, err
		}
	}
	return out, "", nil
}

func (b *Block) while(c *While, out []clixml.Value) ([]clixml.Value, string, error) {
	for first := true; ; first = false {
		if c.Condition != nil && (!first || !c.After) {
			v, err := b.ev.eval(c.Condition)
			if err != nil {
				return out, "", err
			}
			if Truthy(v) == c.Until {
				return out, "", nil
			}
		}
		var word string
		var done bool
		var err error
		if out, word, done, err = b.turn(c, c.Body, out); done {
			return out, word, err
		}
		if _, _, err = b.statements(c.Step, nil); err != nil {
			return out, "", err
		}
	}
}
