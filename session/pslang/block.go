package pslang

import (
	"errors"
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
// assigns stays for the next object. It runs expressions: one with commands in
// it is refused.
type Block struct {
	script *Script
	single Expr // the expression that the block consists of; else nil
	item   Item
	locals *Locals
	flow   *Flow
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
	if err := runnable(sb.Body); err != nil {
		return nil, err
	}
	return newBlock(sb.Body, locals), nil
}

func newBlock(s *Script, locals *Locals) *Block {
	b := &Block{script: s, locals: locals, item: Item{Outer: locals}}
	b.flow = NewFlow((*blockMachine)(b))
	b.flow.ev.turns = new(int)
	if s == nil {
		b.script = &Script{}
	} else if list := s.Statements; len(list) == 1 && list[0].Control == nil && list[0].Assign == "" {
		b.single = list[0].Pipeline.Elements[0].Expr
	}
	return b
}

// runnable checks that what is run and assigned are expressions.
func runnable(s *Script) error {
	if s == nil {
		return nil
	}
	for st := range All(s.Statements) {
		if st.After != "" {
			return refusal(chain, st.Extent)
		}
		if st.Pipeline != nil {
			if err := checkNested(st.Pipeline, st.Extent); err != nil {
				return err
			}
		}
		name := st.Assign
		if loop, ok := st.Control.(*ForEach); ok && name == "" {
			name = loop.Variable
		}
		if _, drive, _ := syntax.SplitVariable(name); drive != "" {
			return refusal(assignMember, st.Extent)
		}
	}
	return nil
}

// Bound is for a block that somebody else wrote: it refuses one with a loop,
// and no value that it works with becomes longer than most bytes or items. A
// loop within one of its expressions is refused when that is worked out.
func (b *Block) Bound(most int) error {
	b.flow.ev.most = most
	for st := range All(b.script.Statements) {
		switch c := st.Control.(type) {
		case *ForEach, *While, *Switch:
			return &Error{Extent: c.Span(), Construct: "a loop", Msg: "a loop is not run here"}
		}
	}
	return nil
}

// Run gives the block's output for $_ = item.
func (b *Block) Run(item clixml.Value) ([]clixml.Value, error) {
	*b.flow.ev.turns = 0
	return b.run(item)
}

func (b *Block) run(item clixml.Value) ([]clixml.Value, error) {
	b.item.Value = item
	if b.single != nil {
		v, err := b.flow.ev.eval(b.single)
		if err != nil {
			return nil, err
		}
		return Enumerate(v), nil
	}
	var out []clixml.Value
	_, err := b.flow.Run(b.script.Statements, func(vs []clixml.Value) { out = append(out, vs...) })
	return out, err
}

// Value gives the block's output as one value: $null, the one, or an array.
func (b *Block) Value(item clixml.Value) (clixml.Value, error) {
	*b.flow.ev.turns = 0
	return b.value(item)
}

func (b *Block) value(item clixml.Value) (clixml.Value, error) {
	if b.single != nil {
		b.item.Value = item
		return b.flow.ev.eval(b.single)
	}
	out, err := b.run(item)
	return together(out), err
}

// blockMachine runs the statements of a block: they are expressions.
type blockMachine Block

// Variable implements [Scope].
func (b *blockMachine) Variable(name string) (clixml.Value, bool) { return b.item.Variable(name) }

// Assign implements [Machine].
func (b *blockMachine) Assign(name string, v clixml.Value) {
	if name == "_" || strings.EqualFold(name, "PSItem") {
		b.item.Value = v
		return
	}
	b.locals.set(name, v)
}

// Do implements [Machine].
func (b *blockMachine) Do(st *Statement, out func([]clixml.Value)) (bool, error) {
	v, err := b.flow.ev.eval(st.Pipeline.Elements[0].Expr)
	if err != nil {
		return false, err
	}
	if st.Assign == "" {
		values := Enumerate(v)
		*b.flow.ev.turns += len(values)
		out(values)
		return true, nil
	}
	if st.Op != "" {
		if v, err = b.flow.ev.apply(st.Op, b.flow.ev.variable(st.Assign), v); err != nil {
			return false, &EvalError{Extent: st.Extent, ID: conversionID(err), Msg: err.Error()}
		}
	}
	b.Assign(st.Assign, v)
	return true, nil
}

// maxTurns bounds how often the loops of a block turn for one object, and how
// much they give.
const maxTurns = 1 << 21

// Turn implements [Machine].
func (b *blockMachine) Turn(loop Control) error {
	turns := b.flow.ev.turns
	if *turns++; *turns > maxTurns {
		return &tooComplicated{EvalError{Extent: loop.Span(), ID: "ScriptTooComplicated", Msg: "the loop turns too often to run here"}}
	}
	return nil
}

// tooComplicated ends a block; no catch takes it.
type tooComplicated struct{ EvalError }

func (e *tooComplicated) Unwrap() error { return &e.EvalError }

// Caught implements [Machine].
func (b *blockMachine) Caught(err error) (record clixml.Value, types []string, ok bool) {
	if errors.As(err, new(*tooComplicated)) {
		return record, nil, false
	}
	return recordOf(err), ErrorTypes(err), true
}

// GoesOn implements [Machine]: no chain runs here.
func (b *blockMachine) GoesOn(error) bool { return false }
