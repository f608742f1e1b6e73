package pslang

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// lowering makes of PowerShell's tree the smaller one of what is run here. It
// stops at the first construct that is refused by panicking with an *Error.
type lowering struct {
	line    string
	inBlock bool // what stands in a script block, which break and continue do not leave
	inLoop  bool
	// first takes the commands within the expressions of a statement; nil where
	// none may stand, because it might not have to run.
	first  *[]Statement
	nested int // how many there are in the line
}

func (l *lowering) root(n *syntax.Node) (s *Script, err *Error) {
	defer stopped(&err)
	return l.block(n), nil
}

// stopped takes the refusal that a lowering stopped with.
func stopped(err **Error) {
	if r := recover(); r != nil {
		e, ok := r.(*Error)
		if !ok {
			panic(r)
		}
		*err = e
	}
}

func refuse(c construct, n *syntax.Node) {
	panic(refusal(c, n.Extent))
}

var blockNames = map[syntax.Role]string{
	syntax.UsingRole: "a using statement", syntax.ParamBlockRole: "a param block", syntax.BeginRole: "a begin block", syntax.ProcessRole: "a process block",
	syntax.EndRole: "an end block", syntax.CleanRole: "a clean block", syntax.DynamicparamRole: "a dynamicparam block",
}

// block lowers a script or what stands in a script block.
func (l *lowering) block(n *syntax.Node) *Script {
	s := &Script{}
	for _, c := range n.Children {
		if c.Role != syntax.EndRole || c.Flag&syntax.IsUnnamed == 0 {
			refuse(construct{blockNames[c.Role], keywordAdvice}, c)
		}
		l.statements(s, c)
	}
	return s
}

func (l *lowering) statements(s *Script, block *syntax.Node) {
	for _, c := range block.Children {
		var first []Statement
		held := l.first
		if held == nil { // else they stand before the whole statement
			l.first = &first
		}
		list := l.chained(c)
		l.first = held
		s.Statements = append(append(s.Statements, first...), list...)
	}
}

// chained lowers a statement, or those of a chain in their order: && and ||
// bind alike and to the left, so that each asks how the last one that ran ended.
func (l *lowering) chained(n *syntax.Node) []Statement {
	if n.Class != syntax.PipelineChainAst {
		return []Statement{l.statement(n)}
	}
	if n.Background {
		refuse(background, n)
	}
	list := l.chained(n.Children[0])
	l.perhaps(func() {
		right := l.statement(n.Children[1])
		right.After = n.Op.Text()
		list = append(list, right)
	})
	return list
}

var statementNames = map[syntax.NodeClass]string{
	syntax.IfStatementAst: "an if statement", syntax.ForEachStatementAst: "a foreach loop", syntax.ForStatementAst: "a for loop",
	syntax.WhileStatementAst: "a while loop", syntax.DoWhileStatementAst: "a do loop", syntax.DoUntilStatementAst: "a do loop",
	syntax.SwitchStatementAst: "a switch statement", syntax.TryStatementAst: "a try statement", syntax.TrapStatementAst: "a trap statement",
	syntax.ThrowStatementAst: "a throw statement", syntax.ReturnStatementAst: "a return statement", syntax.BreakStatementAst: "a break statement",
	syntax.ContinueStatementAst: "a continue statement", syntax.ExitStatementAst: "an exit statement", syntax.DataStatementAst: "a data section",
	syntax.BlockStatementAst: "a parallel or sequence block", syntax.ErrorStatementAst: "an unfinished statement",
}

func statementName(n *syntax.Node) string {
	switch {
	case n.Class == syntax.FunctionDefinitionAst && n.Flag&syntax.IsFilter != 0:
		return "a filter definition"
	case n.Class == syntax.FunctionDefinitionAst:
		return "a function definition"
	case n.Class == syntax.TypeDefinitionAst && n.Flag&syntax.IsEnum != 0:
		return "an enum definition"
	case n.Class == syntax.TypeDefinitionAst:
		return "a class definition"
	}
	return statementNames[n.Class]
}

func (l *lowering) statement(n *syntax.Node) Statement {
	if st, ok := l.control(n); ok {
		return st
	}
	switch n.Class {
	case syntax.PipelineAst:
		return Statement{Pipeline: l.pipeline(n), Extent: n.Extent}
	case syntax.PipelineChainAst:
		refuse(chain, n)
	case syntax.AssignmentStatementAst:
		return l.assignment(n)
	}
	if isLabelled(l.line, n) {
		refuse(labelled, n)
	}
	refuse(construct{statementName(n), keywordAdvice}, n)
	return Statement{}
}

func isLabelled(line string, n *syntax.Node) bool {
	return n.Start < len(line) && line[n.Start] == ':'
}

// assignment takes $name = pipeline and refuses the others.
func (l *lowering) assignment(n *syntax.Node) Statement {
	target, value := n.Child(syntax.TargetRole), n.Child(syntax.ValueRole)
	switch target.Class {
	case syntax.VariableExpressionAst:
		if err := checkTarget(target); err != nil {
			panic(err)
		}
	case syntax.MemberExpressionAst, syntax.IndexExpressionAst:
		refuse(assignMember, target)
	case syntax.ArrayLiteralAst, syntax.ParenExpressionAst:
		refuse(assignMany, target)
	case syntax.UsingExpressionAst:
		refuse(usingVariable, target)
	default:
		refuse(assignTyped, target)
	}
	st := Statement{Assign: target.Text, Extent: n.Extent}
	if n.Op != syntax.Equals {
		if n.Op == syntax.QuestionQuestionEquals {
			refuse(compound, n)
		}
		st.Op = n.Op.Text()[:1]
	}
	switch value.Class {
	case syntax.CommandExpressionAst:
		st.Pipeline = &Pipeline{Elements: []Element{l.element(value)}, Extent: value.Extent}
	case syntax.AssignmentStatementAst:
		refuse(assignNested, n)
	default:
		inner := l.statement(value)
		switch inner.Control.(type) {
		case *Leave, *Throw:
			refuse(assignNested, n)
		}
		if inner.Assign != "" {
			refuse(assignNested, n)
		}
		st.Pipeline, st.Control = inner.Pipeline, inner.Control
	}
	return st
}

func (l *lowering) pipeline(n *syntax.Node) *Pipeline {
	if n.Class != syntax.PipelineAst {
		l.statement(n)
		refuse(assignNested, n)
	}
	if n.Background {
		refuse(background, n)
	}
	p := &Pipeline{Extent: n.Extent}
	for _, c := range n.Children {
		p.Elements = append(p.Elements, l.element(c))
	}
	return p
}

func (l *lowering) element(n *syntax.Node) Element {
	if n.Class != syntax.CommandExpressionAst {
		return Element{Command: l.command(n)}
	}
	if r := n.Child(syntax.RedirectionRole); r != nil {
		refuse(redirection, r)
	}
	return Element{Expr: l.expr(n.Children[0])}
}

// redirection lowers one that needs no file.
func (l *lowering) redirection(n *syntax.Node) Redirection {
	r := Redirection{From: n.Redirection.From, Extent: n.Extent}
	if n.Class == syntax.MergingRedirectionAst {
		return r
	}
	file := n.Children[0]
	r.Null = file.Class == syntax.VariableExpressionAst && strings.EqualFold(file.Text, "null")
	if !r.Null {
		refuse(redirection, n)
	}
	return r
}

func (l *lowering) command(n *syntax.Node) *Command {
	switch n.Op {
	case syntax.Ampersand:
		refuse(callOperator, n)
	case syntax.Dot:
		refuse(dotSource, n)
	}
	first := n.Children[0]
	name, ok := n.CommandName()
	if !ok || strings.Contains(l.text(first), "$") {
		refuse(computedName, first)
	}
	if len(l.line) > n.Start && isLabelled(l.line, n) && len(name) > 1 {
		refuse(labelled, n)
	}
	c := &Command{Name: name, NameExtent: first.Extent, Extent: n.Extent}
	for _, a := range n.Children[1:] {
		if a.Role == syntax.RedirectionRole {
			c.Redirections = append(c.Redirections, l.redirection(a))
			continue
		}
		c.Args = append(c.Args, l.argument(a))
	}
	return c
}

func (l *lowering) text(n *syntax.Node) string { return l.line[n.Start:n.End] }

func (l *lowering) argument(n *syntax.Node) Arg {
	if n.Class == syntax.CommandParameterAst {
		a := Arg{Name: n.Text, Extent: n.Extent}
		if len(n.Children) > 0 {
			a.Colon, a.Value = true, l.expr(n.Children[0])
		}
		return a
	}
	if n.StringType == syntax.BareWord && n.Class == syntax.StringConstantExpressionAst && l.text(n) == "--%" {
		refuse(stopParsing, n)
	}
	return Arg{Value: l.expr(n), Extent: n.Extent}
}

// ModuleQualified splits a command's name at its module qualifier:
// "Module\Get-Thing" gives "Module" and "Get-Thing".
func ModuleQualified(name string) (module, command string) {
	if i := strings.LastIndexByte(name, '\\'); i > 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}

func (l *lowering) constant(n *syntax.Node, v clixml.Value, kind StringKind) Expr {
	return &Constant{Value: v, Kind: kind, Text: l.text(n), Extent: n.Extent}
}

var stringKinds = map[syntax.StringType]StringKind{
	syntax.BareWord: BareWord, syntax.SingleQuoted: SingleQuoted, syntax.DoubleQuoted: DoubleQuoted,
	syntax.SingleQuotedHereString: SingleQuotedHere, syntax.DoubleQuotedHereString: DoubleQuotedHere,
}
