package syntax

// returnsVoid tells a method that gives no value.
func returnsVoid(member *Node) bool {
	t := member.Child(TypeRole)
	return t == nil || isVoid(t)
}

// returned checks that a method's return gives a value where one is due.
func (c *checker) returned(n *Node) {
	m := c.member()
	if m == nil || m.Class != FunctionMemberAst {
		return
	}
	switch value := len(n.Children) > 0; {
	case value && returnsVoid(m):
		c.report(n.Extent, "VoidMethodHasReturn")
	case !value && !returnsVoid(m):
		c.report(n.Extent, "NonVoidMethodMissingReturnValue")
	}
}

// leaves tells that statements never run on behind their end: on every way
// through them stands a return or a throw, or a loop without an end.
func leaves(list []*Node) bool {
	for _, n := range list {
		if leavesAlways(n) {
			return true
		}
	}
	return false
}

func leavesAlways(n *Node) bool {
	switch n.Class {
	case ReturnStatementAst, ThrowStatementAst:
		return true
	case StatementBlockAst, NamedBlockAst:
		return leaves(n.Children)
	case IfStatementAst:
		return n.Child(ElseRole) != nil && bodiesLeave(n)
	case SwitchStatementAst:
		return n.Child(DefaultRole) != nil && bodiesLeave(n) && !breaks(n)
	case TryStatementAst:
		if f := n.Child(FinallyRole); f != nil && leavesAlways(f) {
			return true
		}
		for _, c := range n.Children {
			if (c.Class == CatchClauseAst || c.Role == BodyRole) && !leavesAlways(c) {
				return false
			}
		}
		return true
	case CatchClauseAst:
		return leavesAlways(n.Child(BodyRole))
	case WhileStatementAst, DoWhileStatementAst:
		return isTrue(n.Child(ConditionRole)) && !breaks(n) || n.Class == DoWhileStatementAst && leavesAlways(n.Child(BodyRole))
	case DoUntilStatementAst:
		return leavesAlways(n.Child(BodyRole)) && !breaks(n)
	case ForStatementAst:
		condition := n.Child(ConditionRole)
		return (condition == nil || isTrue(condition)) && !breaks(n)
	}
	return false
}

func bodiesLeave(n *Node) bool {
	for _, c := range n.Children {
		if (c.Role == BodyRole || c.Role == ElseRole || c.Role == DefaultRole) && !leavesAlways(c) {
			return false
		}
	}
	return true
}

// isTrue tells a condition that is the constant $true.
func isTrue(n *Node) bool {
	e := n.PureExpression()
	return e != nil && e.Class == VariableExpressionAst && equalFold(e.Text, "true")
}

// breaks tells that a break stands in a loop.
func breaks(loop *Node) bool {
	found := false
	Inspect(loop, func(n *Node) bool {
		found = found || n.Class == BreakStatementAst
		return n.Class != ScriptBlockAst && (n == loop || !isLabelled(n) || hasLabelledBreak(n))
	})
	return found
}

// hasLabelledBreak tells that a break within an inner loop may end an outer one.
func hasLabelledBreak(loop *Node) bool {
	found := false
	Inspect(loop, func(n *Node) bool {
		found = found || n.Class == BreakStatementAst && len(n.Children) > 0
		return n.Class != ScriptBlockAst
	})
	return found
}
