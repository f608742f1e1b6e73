package syntax

import "strings"

// Survey lists what a script could do, wherever in it that stands: also in
// strings, script blocks and functions.
type Survey struct {
	Commands     []Invocation
	Calls        []MemberCall
	Assignments  []Assignment
	Redirections []*Node // of files and of streams
	ScriptBlocks []*Node // { … } as values
	Casts        []Cast
	// Others are what changes the meaning of names, loads code, or runs beside
	// the script: definitions, attributes, using, traps, data sections, jobs.
	Others []*Node
}

// Invocation is a command that is run.
type Invocation struct {
	// Name is the command's name without a module; "" where it is worked out.
	Name string
	// Module is what stands before the name: Module\Name.
	Module string
	// Operator is Ampersand, Dot, or Unknown for none.
	Operator Kind
	// Splatted tells parameters that stand in a variable: @name.
	Splatted bool
	// StopParsing tells that the rest of the line is passed on as it is: --%.
	StopParsing bool
	Node        *Node
}

// Constant tells whether the name is known beforehand.
func (i Invocation) Constant() bool { return i.Name != "" && i.Operator == Unknown }

// MemberCall is a method that is called.
type MemberCall struct {
	// Name is the method's; "" where it is worked out.
	Name string
	// Type is the type of a static method.
	Type string
	Node *Node
}

// Cast is a conversion to a type, which may run its code: [type]x, x -as
// [type], or a parameter of that type.
type Cast struct {
	// Type is the type's name; "" where it is worked out.
	Type string
	Node *Node
}

// Assignment is something that takes a value: by = and the like, by ++, or in
// a foreach loop.
type Assignment struct {
	// Targets are variables, members and elements, without types and parentheses.
	Targets []*Node
	Node    *Node
}

// NewSurvey surveys a script or a part of one.
func NewSurvey(root *Node) *Survey {
	s := &Survey{}
	Inspect(root, func(n *Node) bool {
		s.add(n)
		return true
	})
	return s
}

func (s *Survey) add(n *Node) {
	switch n.Class {
	case CommandAst:
		s.Commands = append(s.Commands, invocation(n))
	case InvokeMemberExpressionAst, BaseCtorInvokeMemberExpressionAst:
		s.Calls = append(s.Calls, memberCall(n))
	case AssignmentStatementAst:
		s.Assignments = append(s.Assignments, Assignment{targets(nil, n.Child(TargetRole)), n})
	case UnaryExpressionAst:
		if n.Op.Traits()&PrefixOrPostfixOperator != 0 {
			s.Assignments = append(s.Assignments, Assignment{targets(nil, n.Children[0]), n})
		}
	case ForEachStatementAst:
		s.Assignments = append(s.Assignments, Assignment{targets(nil, n.Child(VariableRole)), n})
	case FileRedirectionAst, MergingRedirectionAst:
		s.Redirections = append(s.Redirections, n)
	case ScriptBlockExpressionAst:
		s.ScriptBlocks = append(s.ScriptBlocks, n)
	case ConvertExpressionAst:
		s.Casts = append(s.Casts, Cast{n.Child(TypeRole).Text, n})
	case ParameterAst, PropertyMemberAst:
		for _, c := range n.Children {
			if c.Class == TypeConstraintAst {
				s.Casts = append(s.Casts, Cast{c.Text, n})
			}
		}
	case BinaryExpressionAst:
		if n.Op == As {
			c := Cast{Node: n}
			if right := n.Children[1]; right.Class == TypeExpressionAst {
				c.Type = right.Text
			}
			s.Casts = append(s.Casts, c)
		}
	case FunctionDefinitionAst, TypeDefinitionAst, UsingStatementAst, TrapStatementAst, DataStatementAst, BlockStatementAst, AttributeAst,
		ErrorStatementAst, ErrorExpressionAst:
		s.Others = append(s.Others, n)
	case PipelineAst, PipelineChainAst:
		if n.Background {
			s.Others = append(s.Others, n)
		}
	}
}

func invocation(n *Node) Invocation {
	i := Invocation{Operator: n.Op, Node: n}
	if name, ok := n.CommandName(); ok {
		i.Name = name
		if at := strings.LastIndexByte(name, '\\'); at > 0 {
			i.Module, i.Name = name[:at], name[at+1:]
		}
	}
	for _, c := range n.Children {
		x := c
		if x.Class == UsingExpressionAst {
			x = x.Children[0]
		}
		switch {
		case x.Class == VariableExpressionAst && x.Splatted:
			i.Splatted = true
		case x.Class == StringConstantExpressionAst && x.StringType == BareWord && x.Text == stopParsing:
			i.StopParsing = true
		}
	}
	return i
}

func memberCall(n *Node) MemberCall {
	c := MemberCall{Node: n}
	if name := n.Child(MemberRole); name != nil && name.Class == StringConstantExpressionAst {
		c.Name = name.Text
	}
	if target := n.Child(TargetRole); target != nil && target.Class == TypeExpressionAst {
		c.Type = target.Text
	}
	return c
}

// targets takes apart what is assigned to.
func targets(list []*Node, n *Node) []*Node {
	switch n.Class {
	case ArrayLiteralAst:
		for _, c := range n.Children {
			list = targets(list, c)
		}
		return list
	case ParenExpressionAst:
		if e := n.Children[0].PureExpression(); e != nil {
			return targets(list, e)
		}
	case ConvertExpressionAst, AttributedExpressionAst:
		return targets(list, n.Child(ValueRole))
	}
	return append(list, n)
}

// SplitVariable takes a variable's name apart: the scope or drive before its
// colon, and the name.
func SplitVariable(name string) (scope, drive, rest string) {
	p := splitVariable(name)
	return p.scope, p.drive, p.name
}
