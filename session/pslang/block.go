package pslang

import (
	"strings"

	"psdeck/session/clixml"
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

// Block is a script block that is run for object after object.
type Block struct {
	exprs []Expr
	item  Item
	ev    evaluator
}

// NewBlock prepares a script block whose statements are all expressions.
func NewBlock(sb *ScriptBlock, outer Scope) (*Block, error) {
	if sb.Refused != nil {
		return nil, sb.Refused
	}
	b := &Block{item: Item{Outer: outer}}
	b.ev.scope = &b.item
	for _, st := range sb.Body.Statements {
		if st.Assign != "" {
			return nil, refusal(assignNested, st.Extent)
		}
		if err := checkNested(st.Pipeline, st.Extent); err != nil {
			return nil, err
		}
		b.exprs = append(b.exprs, st.Pipeline.Elements[0].Expr)
	}
	return b, nil
}

// Run gives the block's output for $_ = item.
func (b *Block) Run(item clixml.Value) ([]clixml.Value, error) {
	b.item.Value = item
	var out []clixml.Value
	for _, e := range b.exprs {
		v, err := b.ev.eval(e)
		if err != nil {
			return out, err
		}
		out = append(out, Enumerate(v)...)
	}
	return out, nil
}

// Value gives the block's output as one value: $null, the one, or an array.
func (b *Block) Value(item clixml.Value) (clixml.Value, error) {
	if len(b.exprs) == 1 {
		b.item.Value = item
		return b.ev.eval(b.exprs[0])
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
