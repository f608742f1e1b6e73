package pslang

import (
	"iter"

	"psdeck/session/clixml"
)

// Control is a statement that is no pipeline: it decides which others run.
type Control interface {
	Span() Extent
	control()
}

// Term is an expression, and the statements that run before each time that it
// is worked out: the commands nested in it, or the assignment that it is.
type Term struct {
	First []Statement
	X     Expr
}

// The control flow.
type (
	// If runs the body of the first clause whose condition is true, or Else.
	If struct {
		Clauses []Clause
		Else    *Script
		Extent
	}
	// ForEach runs Body for each of Items.
	ForEach struct {
		Variable string
		Items    Term
		Body     *Script
		Extent
	}
	// While runs Body while Condition is true: at least once where After, and
	// until it is true where Until.
	While struct {
		Init         *Script // of a for loop
		Condition    *Term   // nil for always
		Body         *Script
		Step         *Script // of a for loop
		After, Until bool
		Extent
	}
	// Switch runs, for each item of Value, the body of every clause that it
	// matches, or Default where it matches none.
	Switch struct {
		Value           Term
		Clauses         []Clause // a condition that is a script block is asked with $_
		Default         *Script
		Wildcard, Regex bool
		CaseSensitive   bool
		Extent
	}
	// Try runs Body, the first of Catches that takes an error that ended it, and
	// Finally in any case.
	Try struct {
		Body    *Script
		Catches []Catch
		Finally *Script
		Extent
	}
	// Leave is return, break or continue.
	Leave struct {
		Word  string
		Value *Term // of return; nil for none
		Extent
	}
	// Throw ends what runs with an error; without a value, in a catch block, with
	// the one that is handled there.
	Throw struct {
		Value *Term // nil for none
		Extent
	}
)

// Clause is a condition and what runs where it is true.
type Clause struct {
	Condition Term
	Body      *Script
}

// Catch takes the errors of its types; all where there are none.
type Catch struct {
	Types []string
	Body  *Script
}

func (*If) control()      {}
func (*ForEach) control() {}
func (*While) control()   {}
func (*Switch) control()  {}
func (*Try) control()     {}
func (*Leave) control()   {}
func (*Throw) control()   {}

// parts visits the terms and bodies that control flow is made of.
func parts(c Control, term func(*Term) bool, body func(*Script) bool) bool {
	ok := true
	terms := func(list ...*Term) {
		for _, t := range list {
			ok = ok && (t == nil || term(t))
		}
	}
	bodies := func(list ...*Script) {
		for _, s := range list {
			ok = ok && (s == nil || body(s))
		}
	}
	clauses := func(list []Clause) {
		for i := range list {
			terms(&list[i].Condition)
			if sb, is := list[i].Condition.X.(*ScriptBlock); is {
				bodies(sb.Body)
			}
			bodies(list[i].Body)
		}
	}
	switch c := c.(type) {
	case *If:
		clauses(c.Clauses)
		bodies(c.Else)
	case *ForEach:
		terms(&c.Items)
		bodies(c.Body)
	case *While:
		bodies(c.Init)
		terms(c.Condition)
		bodies(c.Body, c.Step)
	case *Switch:
		terms(&c.Value)
		clauses(c.Clauses)
		bodies(c.Default)
	case *Try:
		bodies(c.Body)
		for i := range c.Catches {
			bodies(c.Catches[i].Body)
		}
		bodies(c.Finally)
	case *Leave:
		terms(c.Value)
	case *Throw:
		terms(c.Value)
	}
	return ok
}

// All gives statements and those within their control flow, in their order;
// what stands in a script block that a command takes is not among them.
func All(list []Statement) iter.Seq[*Statement] {
	return func(yield func(*Statement) bool) { all(list, yield) }
}

func all(list []Statement, yield func(*Statement) bool) bool {
	for i := range list {
		if !yield(&list[i]) {
			return false
		}
		if list[i].Control != nil && !parts(list[i].Control,
			func(t *Term) bool { return all(t.First, yield) },
			func(s *Script) bool { return all(s.Statements, yield) }) {
			return false
		}
	}
	return true
}

// checkControl finds what is refused in control flow.
func checkControl(c Control) (err *Error) {
	parts(c, func(t *Term) bool {
		if sb, ok := t.X.(*ScriptBlock); ok && sb.Refused != nil {
			err = sb.Refused
		}
		if err == nil {
			err = check(&Script{Statements: t.First})
		}
		if err == nil {
			err = checkExpr(t.X)
		}
		return err == nil
	}, func(s *Script) bool {
		err = check(s)
		return err == nil
	})
	return err
}

// one is the constant that ++ and -- count by.
func one(at Extent) Expr { return &Constant{Value: clixml.Int32(1), Text: "1", Extent: at} }
