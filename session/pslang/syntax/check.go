package syntax

import "strings"

// checker finds what is wrong with a tree though its grammar is right. It
// visits nodes from the outside in, in order, as PowerShell does.
type checker struct {
	*parser
	path    []*Node // the ancestors of the node being visited
	members []*Node // the class members around; nil for a script block that leaves one
}

func check(p *parser, root *Node) {
	c := &checker{parser: p}
	c.visit(root)
}

func (c *checker) parent(up int) *Node {
	if i := len(c.path) - 1 - up; i >= 0 {
		return c.path[i]
	}
	return nil
}

func parentIs(n *Node, class NodeClass) bool { return n != nil && n.Class == class }

// member is the class member that the node is directly in.
func (c *checker) member() *Node {
	if len(c.members) == 0 {
		return nil
	}
	return c.members[len(c.members)-1]
}

func (c *checker) visit(n *Node) {
	pushed := c.enterScope(n)
	c.node(n)
	c.path = append(c.path, n)
	for _, child := range n.Children {
		c.visit(child)
	}
	c.path = c.path[:len(c.path)-1]
	if pushed {
		c.members = c.members[:len(c.members)-1]
	}
}

// enterScope notes a class member, or a script block that is none's body.
func (c *checker) enterScope(n *Node) bool {
	switch n.Class {
	case FunctionMemberAst, PropertyMemberAst:
		c.members = append(c.members, n)
		return true
	case ScriptBlockAst:
		if !parentIs(c.parent(1), FunctionMemberAst) || !parentIs(c.parent(0), FunctionDefinitionAst) {
			c.members = append(c.members, nil)
			return true
		}
	}
	return false
}

func (c *checker) node(n *Node) {
	switch n.Class {
	case ParamBlockAst:
		c.duplicateParameters(n)
	case AttributeAst:
		c.attributeValues(n)
	case ParameterAst:
		c.parameterTypes(n)
	case FunctionMemberAst:
		c.method(n)
	case FunctionDefinitionAst:
		c.function(n)
	case PropertyMemberAst:
		if t := n.Child(TypeRole); t != nil && isVoid(t) {
			c.report(t.Extent, "TypeNotAllowedForProperty", t.Text)
		}
	case SwitchStatementAst:
		if n.Flag&IsParallel != 0 {
			c.report(n.Extent, "KeywordParameterReservedForFutureUse", "switch", "parallel")
		}
	case ForEachStatementAst:
		c.foreach(n)
	case DataStatementAst:
		c.data(n)
	case TryStatementAst:
		c.catches(n)
	case BreakStatementAst, ContinueStatementAst:
		c.jump(n)
	case ReturnStatementAst:
		c.leavesFinally(n, "", false)
		c.returned(n)
	case AssignmentStatementAst:
		c.target(n.Children[0], n.Op == Equals, func(at Extent) { c.report(at, "InvalidLeftHandSide") })
	case UnaryExpressionAst:
		if n.Op.Traits()&PrefixOrPostfixOperator != 0 {
			c.target(n.Children[0], false, func(at Extent) { c.report(at, "OperatorRequiresVariableOrProperty", n.Op.Text()) })
		}
	case ConvertExpressionAst:
		c.convert(n)
	case AttributedExpressionAst:
		c.attributed(n)
	case UsingExpressionAst:
		if bad := badUsing(n.Children[0]); bad != nil {
			c.report(bad.Extent, "InvalidUsingExpression")
		}
	case VariableExpressionAst:
		c.variable(n)
	case HashtableAst:
		c.keys(n)
	case BlockStatementAst:
		if !c.inWorkflow() {
			c.report(n.OpExtent, "UnexpectedKeyword", n.Text)
		}
	case UsingStatementAst:
		c.using(n)
	}
}

func (c *checker) inWorkflow() bool {
	for _, n := range c.path {
		if n.Class == FunctionDefinitionAst && n.Flag&IsWorkflow != 0 {
			return true
		}
	}
	return false
}

func isVoid(t *Node) bool {
	return equalFold(strings.TrimPrefix(strings.ToLower(t.Text), "system."), "void")
}

func isRef(t *Node) bool {
	return equalFold(t.Text, "ref") || equalFold(t.Text, "System.Management.Automation.PSReference") || equalFold(t.Text, "psreference")
}

func isOrdered(t *Node) bool { return equalFold(t.Text, "ordered") }

// duplicateParameters checks the parameters of a param block or a function.
func (c *checker) duplicateParameters(n *Node) {
	seen := map[string]bool{}
	for _, p := range n.Children {
		if p.Role != ParameterRole {
			continue
		}
		variable := p.Child(VariableRole)
		name := strings.ToLower(variable.Text)
		if seen[name] {
			c.report(variable.Extent, "DuplicateFormalParameter", variable.Text)
		}
		seen[name] = true
		for _, a := range p.Children {
			if a.Class == TypeConstraintAst && isVoid(a) {
				c.report(a.Extent, "VoidTypeConstraintNotAllowed")
				break
			}
		}
	}
}

func (c *checker) function(n *Node) {
	body := n.Child(BodyRole)
	if n.Flag&DeclaredParameters != 0 {
		if params := body.Child(ParamBlockRole); params != nil {
			c.report(params.Extent, "OnlyOneParameterListAllowed")
		} else {
			c.duplicateParameters(n)
		}
	}
	if n.Flag&IsWorkflow != 0 {
		c.report(n.Extent, "WorkflowNotSupportedInPowerShellCore")
	}
}

func (c *checker) method(n *Node) {
	f := n.Child(BodyRole)
	body := f.Child(BodyRole)
	if params := body.Child(ParamBlockRole); params != nil {
		c.report(params.Extent, "ParamBlockNotAllowedInMethod")
	}
	var named *Node
	for _, role := range [...]Role{DynamicparamRole, BeginRole, ProcessRole, EndRole} {
		if b := body.Child(role); b != nil && named == nil && (role != EndRole || b.Flag&IsUnnamed == 0 || body.Child(CleanRole) != nil) {
			named = b
		}
	}
	if named != nil {
		c.report(named.Extent, "NamedBlockNotAllowedInMethod")
	}
	if t := n.Child(TypeRole); t != nil && n.Flag&IsConstructor != 0 {
		c.report(t.Extent, "ConstructorCantHaveReturnType")
	}
	if end := body.Child(EndRole); !returnsVoid(n) && (end == nil || !leaves(end.Children)) {
		c.report(f.OpExtent, "MethodHasCodePathNotReturn")
	}
}

func (c *checker) parameterTypes(n *Node) {
	inMethod := parentIs(c.parent(1), FunctionMemberAst)
	typed := false
	for _, a := range n.Children {
		if a.Class != TypeConstraintAst {
			continue
		}
		switch {
		case isOrdered(a):
			c.report(a.Extent, "OrderedAttributeOnlyOnHashLiteralNode", a.Text)
		case inMethod && typed:
			c.report(a.Extent, "MultipleTypeConstraintsOnMethodParam")
		case inMethod:
			typed = true
		}
	}
}

func (c *checker) foreach(n *Node) {
	reserved := func(name string) {
		c.report(n.Extent, "KeywordParameterReservedForFutureUse", "foreach", name)
	}
	parallel := n.Flag&IsParallel != 0
	if parallel {
		reserved("parallel")
	}
	if n.Child(ThrottleRole) != nil {
		reserved("throttlelimit")
		if !parallel {
			c.report(n.Extent, "ThrottleLimitRequiresParallelFlag")
		}
	}
}

// attributeValues checks that the arguments of an attribute are constant.
func (c *checker) attributeValues(n *Node) {
	onClass := false
	if p := c.parent(0); p != nil {
		onClass = p.Class == TypeDefinitionAst || p.Class == PropertyMemberAst || p.Class == FunctionMemberAst ||
			p.Class == ParameterAst && parentIs(c.member(), FunctionMemberAst)
	}
	id := "ParameterAttributeArgumentNeedsToBeConstantOrScriptBlock"
	if onClass {
		id = "ParameterAttributeArgumentNeedsToBeConstant"
	}
	seen := map[string]bool{}
	for _, a := range n.Children {
		if a.Class != NamedAttributeArgumentAst {
			continue
		}
		name := strings.ToLower(a.Text)
		if seen[name] {
			c.report(a.Extent, "DuplicateNamedArgument", a.Text)
		} else if value := a.Children[0]; a.Flag&ExpressionOmitted == 0 && !constantArgument(value, !onClass) {
			c.report(value.Extent, id)
		}
		seen[name] = true
	}
	for _, a := range n.Children {
		if a.Class != NamedAttributeArgumentAst && !constantArgument(a, !onClass) {
			c.report(a.Extent, id)
		}
	}
}

// constantArgument tells what PowerShell takes for an attribute's argument.
func constantArgument(n *Node, blocks bool) bool {
	all := func(list []*Node) bool {
		for _, x := range list {
			if !constantArgument(x, blocks) {
				return false
			}
		}
		return true
	}
	switch n.Class {
	case ConstantExpressionAst, StringConstantExpressionAst, TypeExpressionAst:
		return true
	case ScriptBlockExpressionAst:
		return blocks
	case VariableExpressionAst:
		path := splitVariable(n.Text)
		return path.drive == "" && isConstantName(path.name)
	case UnaryExpressionAst, BinaryExpressionAst:
		return n.Op.has(CanConstantFold) && all(n.Children)
	case ConvertExpressionAst:
		return constantArgument(n.Child(ValueRole), blocks)
	case MemberExpressionAst:
		return n.Static && n.Child(TargetRole).Class == TypeExpressionAst && n.Child(MemberRole).Class == StringConstantExpressionAst
	case ArrayLiteralAst:
		return all(n.Children)
	case ParenExpressionAst, SubExpressionAst, UsingExpressionAst:
		return constantArgument(n.Children[0], blocks)
	case StatementBlockAst:
		return len(n.Children) == 1 && constantArgument(n.Children[0], blocks)
	case PipelineAst:
		e := n.PureExpression()
		return e != nil && constantArgument(e, blocks)
	}
	return false
}

func isConstantName(name string) bool {
	return equalFold(name, "true") || equalFold(name, "false") || equalFold(name, "null")
}
