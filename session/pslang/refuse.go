package pslang

import (
	"strings"

	"psdeck/session/pslang/syntax"
)

// construct is a part of the language that is refused: what it is called, and
// what to write instead.
type construct struct {
	name, advice string
}

var (
	callOperator   = construct{"the call operator &", "write the command's name itself"}
	dotSource      = construct{"dot-sourcing", "write the command's name itself"}
	redirection    = construct{"redirection to a file, or of an expression", "pipe to Out-File, or to Out-Null"}
	background     = construct{"a background job (&)", "open a second tab for what runs at the same time"}
	chain          = construct{"a pipeline chain (&& or ||)", "write two lines, or separate them with ;"}
	stopParsing    = construct{"the stop-parsing token --%", "quote the arguments"}
	increment      = construct{"++ or -- within an expression, or of what is no variable", "write $x++ as a statement of its own"}
	compound       = construct{"the assignment ??=", "write if ($null -eq $x) { $x = … }"}
	assignMany     = construct{"an assignment to several variables", "assign one variable at a time"}
	assignMember   = construct{"an assignment to a property or an element", "use the cmdlet that sets it"}
	assignTyped    = construct{"a typed variable", "write $x = … without a type"}
	assignNested   = construct{"an assignment within an expression", "make it a statement of its own"}
	subExpression  = construct{"a subexpression $(…)", "assign it first: $x = …; then write $x"}
	nestedCommand  = construct{"a command within an expression", "run it first: $x = …; then write $x"}
	computedName   = construct{"a computed command name", "write the command's name itself"}
	methodCall     = construct{"a method call", "use a cmdlet or a property instead"}
	staticMember   = construct{"a static member of a type", "write the value itself"}
	typeLiteral    = construct{"a type", "write the value without it"}
	unknownCast    = construct{"a cast to this type", "write the value as a string"}
	attribute      = construct{"an attribute", "leave it out"}
	usingVariable  = construct{"a $using: variable", "write the variable's name itself"}
	labelled       = construct{"a label", "leave it out"}
	switchFile     = construct{"a switch over a file", "read the file first: $x = …; then write switch ($x)"}
	otherOperator  = construct{"this operator", "work the value out first"}
	nestedPipeline = construct{"a pipeline within an expression", "run it first: $x = …; then write $x"}
)

func refusal(c construct, at Extent) *Error {
	return &Error{Extent: at, Construct: c.name, Msg: c.name + " is not run here: " + c.advice}
}

const keywordAdvice = "write the commands it would run, one after another, or use Where-Object and ForEach-Object"

// check finds the first construct of a script that is parsed but not run.
func check(s *Script) *Error {
	if s == nil {
		return nil
	}
	for i := range s.Statements {
		st := &s.Statements[i]
		if st.Control != nil {
			if err := checkControl(st.Control); err != nil {
				return err
			}
			continue
		}
		if err := checkPipeline(st.Pipeline); err != nil {
			return err
		}
	}
	return nil
}

func checkPipeline(p *Pipeline) *Error {
	for _, el := range p.Elements {
		if el.Command == nil {
			if err := checkExpr(el.Expr); err != nil {
				return err
			}
			continue
		}
		for _, a := range el.Command.Args {
			if a.Splatted() {
				continue
			}
			if err := checkExpr(a.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkAll(list ...Expr) *Error {
	for _, e := range list {
		if err := checkExpr(e); err != nil {
			return err
		}
	}
	return nil
}

func checkExpr(e Expr) *Error {
	switch e := e.(type) {
	case *Variable:
		return checkVariable(e)
	case *Expandable:
		return checkAll(e.Parts...)
	case *Array:
		return checkAll(e.Items...)
	case *Hashtable:
		for _, entry := range e.Entries {
			if err := checkAll(entry.Key, entry.Value); err != nil {
				return err
			}
		}
	case *Paren:
		return checkNested(e.Pipeline, e.Extent)
	case *SubExpression:
		return checkSubExpression(e)
	case *TypeLiteral:
		return refusal(typeLiteral, e.Extent)
	case *Cast:
		if !knownType(e.Type) {
			return refusal(unknownCast, e.Extent)
		}
		return checkExpr(e.X)
	case *Unary:
		return checkExpr(e.X)
	case *Binary:
		return checkBinary(e)
	case *Ternary:
		return checkAll(e.Condition, e.Yes, e.No)
	case *Member:
		if _, ok := staticValue(e); ok {
			return nil
		}
		if e.Static {
			return refusal(staticMember, e.Extent)
		}
		return checkAll(e.Target, e.Name)
	case *Call:
		return checkCall(e)
	case *Index:
		return checkAll(e.Target, e.Key)
	}
	return nil
}

func checkVariable(v *Variable) *Error {
	switch _, drive, _ := syntax.SplitVariable(v.Name); {
	case drive == "", strings.EqualFold(drive, "env"):
		return nil
	case strings.EqualFold(drive, "using"):
		return refusal(usingVariable, v.Extent)
	}
	return refusal(construct{"the variable $" + v.Name, "of PowerShell's drives, only the environment is here: $env:NAME"}, v.Extent)
}

// checkNested takes a pipeline in parentheses where it is one expression.
func checkNested(p *Pipeline, at Extent) *Error {
	switch {
	case len(p.Elements) > 1:
		return refusal(nestedPipeline, at)
	case p.Elements[0].Command != nil:
		return refusal(nestedCommand, at)
	}
	return checkExpr(p.Elements[0].Expr)
}

func checkSubExpression(e *SubExpression) *Error {
	if len(e.Body.Statements) == 0 || check(e.Body) != nil || runnable(e.Body) != nil {
		return refusal(subExpression, e.Extent)
	}
	for st := range All(e.Body.Statements) {
		leave, _ := st.Control.(*Leave)
		if st.Assign != "" || leave != nil && leave.Word == "return" {
			return refusal(subExpression, e.Extent) // it would be seen outside
		}
	}
	return nil
}

func checkBinary(e *Binary) *Error {
	if _, ok := e.Right.(*TypeLiteral); ok && (e.Op == "-is" || e.Op == "-isnot" || e.Op == "-as") {
		if !knownType(e.Right.(*TypeLiteral).Name) {
			return refusal(unknownCast, e.Right.Span())
		}
		return checkExpr(e.Left)
	}
	if !evaluates(e.Op) || isSplit(e.Op) && predicate(e.Right) {
		return refusal(construct{"the operator " + e.Op, otherOperator.advice}, e.Extent)
	}
	return checkAll(e.Left, e.Right)
}

func isSplit(op string) bool { return op == "-split" || op == "-csplit" }

// predicate tells a -split by a script block.
func predicate(e Expr) bool {
	if a, ok := e.(*Array); ok && len(a.Items) > 0 {
		e = a.Items[0]
	}
	_, ok := e.(*ScriptBlock)
	return ok
}

func checkCall(e *Call) *Error {
	if makesCredential(e) {
		return checkAll(e.Args...)
	}
	name, ok := e.Member.Name.(*Constant)
	if ok && strings.EqualFold(name.Value.Text(), "GetNetworkCredential") {
		return refusal(networkCredential, e.Extent)
	}
	if !ok || e.Member.Static || !knownMethod(name.Value.Text()) {
		return refusal(methodCall, e.Extent)
	}
	if err := checkExpr(e.Member.Target); err != nil {
		return err
	}
	return checkAll(e.Args...)
}
