package syntax

import (
	"regexp"
	"strings"
)

// target checks what is assigned to. Wrong is called for each part that takes
// no assignment.
func (c *checker) target(n *Node, simple bool, wrong func(Extent)) {
	switch n.Class {
	case ArrayLiteralAst:
		if !simple {
			wrong(n.Extent)
			return
		}
		for _, x := range n.Children {
			c.target(x, true, wrong)
		}
	case ParenExpressionAst:
		inner := n.Children[0]
		if e := inner.PureExpression(); e != nil {
			c.target(e, simple, wrong)
		} else {
			wrong(inner.Extent)
		}
	case VariableExpressionAst:
	case MemberExpressionAst, IndexExpressionAst, InvokeMemberExpressionAst:
		if n.NullConditional {
			wrong(n.Extent)
		}
	case ConvertExpressionAst, AttributedExpressionAst:
		c.typedTarget(n, simple, wrong)
	default:
		wrong(n.Extent)
	}
}

// automatic are the variables that take only a value of their own type.
var automatic = map[string]string{
	"_": "System.Object", "args": "System.Object[]", "this": "System.Object", "input": "System.Object", "pscmdlet": "System.Management.Automation.PSScriptCmdlet",
	"psboundparameters": "System.Collections.Generic.Dictionary`2[System.String,System.Object]", "myinvocation": "System.Management.Automation.InvocationInfo",
	"psscriptroot": "System.String", "pscommandpath": "System.String",
}

// typedTarget checks a target with types before it.
func (c *checker) typedTarget(n *Node, simple bool, wrong func(Extent)) {
	converts := 0
	var ref, last *Node
	x := n
	for x.Class == ConvertExpressionAst || x.Class == AttributedExpressionAst {
		if t := x.Child(TypeRole); x.Class == ConvertExpressionAst {
			converts++
			last = t
			if isRef(t) {
				ref = t
			} else if isVoid(t) {
				c.report(t.Extent, "VoidTypeConstraintNotAllowed")
			}
		}
		x = x.Child(ValueRole)
	}
	if ref != nil && converts > 1 {
		c.report(ref.Extent, "ReferenceNeedsToBeByItselfInTypeConstraint")
		return
	}
	if x.Class == VariableExpressionAst {
		path := splitVariable(x.Text)
		want, ok := automatic[strings.ToLower(path.name)]
		if ok && path.drive == "" && (path.scope == "" || path.scope == "local" || path.scope == "private") && !names(last, want) {
			c.report(n.Extent, "AssignmentStatementToAutomaticNotSupported", path.name, want)
		}
	}
	c.target(x, simple, wrong)
}

// names tells whether a type constraint means a type of .NET.
func names(t *Node, full string) bool {
	return t != nil && (equalFold(t.Text, full) || equalFold("System."+t.Text, full) || equalFold("System.Management.Automation."+t.Text, full))
}

func (c *checker) convert(n *Node) {
	t, x := n.Child(TypeRole), n.Child(ValueRole)
	if isOrdered(t) {
		if x.Class != HashtableAst {
			c.report(n.Extent, "OrderedAttributeOnlyOnHashLiteralNode", t.Text)
		}
		return
	}
	if !isRef(t) {
		return
	}
	several := false
	for x.Class == ConvertExpressionAst || x.Class == AttributedExpressionAst {
		if inner := x.Child(TypeRole); x.Class == ConvertExpressionAst && isRef(inner) {
			several = true
			c.report(inner.Extent, "ReferenceNeedsToBeByItselfInTypeSequence")
		}
		x = x.Child(ValueRole)
	}
	outer := c.parent(0)
	if several || !parentIs(outer, ConvertExpressionAst) || isRef(outer.Child(TypeRole)) {
		return
	}
	for i := len(c.path) - 1; i > 0; i-- {
		if parentIs(c.path[i-1], AssignmentStatementAst) && c.path[i].Role == TargetRole {
			return // reported by the assignment
		}
		if c.path[i].Class == CommandExpressionAst {
			break
		}
	}
	c.report(t.Extent, "ReferenceNeedsToBeLastTypeInTypeConversion")
}

// attributed checks that an attribute stands before a variable.
func (c *checker) attributed(n *Node) {
	a := n.Child(TypeRole)
	for x := n; x.Class == AttributedExpressionAst || x.Class == ConvertExpressionAst; x = x.Child(ValueRole) {
		if x.Child(ValueRole).Class == VariableExpressionAst {
			return
		}
	}
	c.report(a.Extent, "UnexpectedAttribute", a.Text)
}

// badUsing gives the part of a using expression that is more than members of a variable.
func badUsing(n *Node) *Node {
	for {
		switch n.Class {
		case VariableExpressionAst:
			return nil
		case MemberExpressionAst:
			if n.Child(MemberRole).Class != StringConstantExpressionAst {
				return n
			}
		case IndexExpressionAst:
			if key := n.Child(KeyRole); !constantArgument(key, true) {
				return key
			}
		default:
			return n
		}
		n = n.Child(TargetRole)
	}
}

func (c *checker) variable(n *Node) {
	parent := c.parent(0)
	if n.Splatted && !parentIs(parent, CommandAst) && !parentIs(parent, UsingExpressionAst) {
		id := "SplattingNotPermitted"
		if parentIs(parent, ArrayLiteralAst) && parentIs(c.parent(1), CommandAst) {
			id = "SplattingNotPermittedInArgumentList"
		}
		c.report(n.Extent, id, n.Text)
	}
	if m := c.member(); m != nil && m.Static && equalFold(n.Text, "this") && !parentIs(c.parent(2), TypeDefinitionAst) {
		c.report(n.Extent, "NonStaticMemberAccessInStaticMember", n.Text)
	}
}

// keys checks that no constant key stands twice.
func (c *checker) keys(n *Node) {
	var seen map[string]bool
	for _, k := range n.Children {
		if k.Role != KeyRole || k.Class != ConstantExpressionAst && k.Class != StringConstantExpressionAst {
			continue
		}
		text := k.Text
		if k.Class == ConstantExpressionAst {
			text = k.Value.String()
		}
		if seen == nil {
			seen = make(map[string]bool, len(n.Children)/2)
		}
		if seen[strings.ToLower(text)] {
			c.report(k.Extent, "DuplicateKeyInHashLiteral", text)
		}
		seen[strings.ToLower(text)] = true
	}
}

// namespace is what a using statement may name.
var namespace = regexp.MustCompile(`^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Pc}\p{Mn}\p{Mc}\p{Cf}_]*(\.[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Pc}\p{Mn}\p{Mc}\p{Cf}_]*)*$`)

func (c *checker) using(n *Node) {
	if len(n.Children) > 1 || n.Op == Type || n.Op == Command {
		c.report(n.Extent, "UsingStatementNotSupported")
	}
	if name := n.Children[0]; n.Op == Namespace && !namespace.MatchString(name.Text) {
		c.report(name.Extent, "InvalidNamespaceValue")
	}
}
