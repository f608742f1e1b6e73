package syntax

import "strings"

// exceptions are .NET's and PowerShell's exceptions that scripts catch, each
// with the one that it is a kind of.
var exceptions = map[string]string{
	"System.Exception":                                                   "",
	"System.SystemException":                                             "System.Exception",
	"System.ApplicationException":                                        "System.Exception",
	"System.ArgumentException":                                           "System.SystemException",
	"System.ArgumentNullException":                                       "System.ArgumentException",
	"System.ArgumentOutOfRangeException":                                 "System.ArgumentException",
	"System.ArithmeticException":                                         "System.SystemException",
	"System.DivideByZeroException":                                       "System.ArithmeticException",
	"System.OverflowException":                                           "System.ArithmeticException",
	"System.FormatException":                                             "System.SystemException",
	"System.IndexOutOfRangeException":                                    "System.SystemException",
	"System.InvalidCastException":                                        "System.SystemException",
	"System.InvalidOperationException":                                   "System.SystemException",
	"System.NotImplementedException":                                     "System.SystemException",
	"System.NotSupportedException":                                       "System.SystemException",
	"System.NullReferenceException":                                      "System.SystemException",
	"System.OutOfMemoryException":                                        "System.SystemException",
	"System.TimeoutException":                                            "System.SystemException",
	"System.UnauthorizedAccessException":                                 "System.SystemException",
	"System.IO.IOException":                                              "System.SystemException",
	"System.IO.FileNotFoundException":                                    "System.IO.IOException",
	"System.IO.DirectoryNotFoundException":                               "System.IO.IOException",
	"System.IO.PathTooLongException":                                     "System.IO.IOException",
	"System.Net.WebException":                                            "System.InvalidOperationException",
	"System.Net.Http.HttpRequestException":                               "System.Exception",
	"System.Management.Automation.RuntimeException":                      "System.SystemException",
	"System.Management.Automation.CommandNotFoundException":              "System.Management.Automation.RuntimeException",
	"System.Management.Automation.ItemNotFoundException":                 "System.Management.Automation.SessionStateException",
	"System.Management.Automation.SessionStateException":                 "System.Management.Automation.RuntimeException",
	"System.Management.Automation.ParameterBindingException":             "System.Management.Automation.RuntimeException",
	"System.Management.Automation.MethodInvocationException":             "System.Management.Automation.RuntimeException",
	"System.Management.Automation.ActionPreferenceStopException":         "System.Management.Automation.RuntimeException",
	"System.Management.Automation.PSInvalidOperationException":           "System.InvalidOperationException",
	"System.Management.Automation.PSArgumentException":                   "System.ArgumentException",
	"System.Management.Automation.Remoting.PSRemotingTransportException": "System.Management.Automation.RuntimeException",
}

// exceptionType gives the full name of an exception; "" for one not known.
func exceptionType(name string) string {
	for full := range exceptions {
		if equalFold(full, name) || equalFold(full, "System."+name) {
			return full
		}
	}
	return ""
}

func isKindOf(child, parent string) bool {
	for ; child != ""; child = exceptions[child] {
		if child == parent {
			return true
		}
	}
	return false
}

// catches checks that no clause is behind one that catches all it would.
func (c *checker) catches(n *Node) {
	var clauses []*Node
	for _, x := range n.Children {
		if x.Class == CatchClauseAst {
			clauses = append(clauses, x)
		}
	}
	for i, first := range clauses {
		for _, second := range clauses[i+1:] {
			if first.Child(TypeRole) == nil {
				c.report(c.before(second.Extent), "EmptyCatchNotLast")
				break
			}
			c.caughtBefore(first, second)
		}
	}
}

func (c *checker) caughtBefore(first, second *Node) {
	for _, a := range first.Children {
		outer := exceptionType(a.Text)
		if a.Role != TypeRole || outer == "" {
			continue
		}
		for _, b := range second.Children {
			if inner := exceptionType(b.Text); b.Role == TypeRole && isKindOf(inner, outer) {
				c.report(b.Extent, "ExceptionTypeAlreadyCaught", inner)
			}
		}
	}
}

// jump checks where break and continue go to.
func (c *checker) jump(n *Node) {
	label := n.Child(LabelRole)
	if label == nil {
		c.leavesFinally(n, "", true)
		return
	}
	if label.Class != StringConstantExpressionAst {
		c.leavesFinally(n, "", false)
		return
	}
	c.leavesFinally(n, label.Text, true)
	c.labelExists(n, label.Text)
}

func isLabelled(n *Node) bool {
	switch n.Class {
	case ForEachStatementAst, ForStatementAst, WhileStatementAst, DoWhileStatementAst, DoUntilStatementAst, SwitchStatementAst:
		return true
	}
	return false
}

// matchesLabel tells whether a jump ends at a loop: one without a label does at any.
func matchesLabel(label string, loop *Node) bool { return label == "" || equalFold(label, loop.Text) }

// leavesFinally checks that nothing jumps out of a finally block.
func (c *checker) leavesFinally(n *Node, label string, known bool) {
	for i := len(c.path) - 1; i > 0; i-- {
		a := c.path[i]
		switch {
		case a.Class == NamedBlockAst || a.Class == TrapStatementAst || a.Class == ScriptBlockAst:
			return
		case known && isLabelled(a) && matchesLabel(label, a):
			return
		case a.Class == StatementBlockAst && a.Role == FinallyRole && c.path[i-1].Class == TryStatementAst:
			c.report(n.Extent, "ControlLeavingFinally")
			return
		}
	}
}

// labelExists checks, within a class, that a loop has the label.
func (c *checker) labelExists(n *Node, label string) {
	for i := len(c.path) - 1; i > 0; i-- {
		a := c.path[i]
		if a.Class == FunctionDefinitionAst {
			if c.path[i-1].Class == FunctionMemberAst {
				c.report(n.Extent, "LabelNotFound", label)
			}
			return
		}
		if isLabelled(a) && a.Class != SwitchStatementAst && matchesLabel(label, a) {
			return
		}
	}
}

// data checks that a data section holds only what its small language has.
func (c *checker) data(n *Node) {
	allowed := []string{"ConvertFrom-StringData"}
	for _, a := range n.Children {
		if a.Role != ArgumentRole {
			continue
		}
		if a.Class != StringConstantExpressionAst {
			allowed = nil
			break
		}
		allowed = append(allowed, a.Text)
	}
	c.restricted(n.Child(BodyRole), allowed)
}

var restrictedClasses = map[NodeClass]string{
	ScriptBlockAst: "ScriptBlockNotSupportedInDataSection", ScriptBlockExpressionAst: "ScriptBlockNotSupportedInDataSection",
	ParamBlockAst: "ParameterDeclarationNotSupportedInDataSection", AttributeAst: "AttributeNotSupportedInDataSection",
	AttributedExpressionAst: "AttributeNotSupportedInDataSection", FunctionDefinitionAst: "FunctionDeclarationNotSupportedInDataSection",
	TrapStatementAst: "TrapStatementNotSupportedInDataSection", SwitchStatementAst: "SwitchStatementNotSupportedInDataSection",
	DataStatementAst: "DataSectionStatementNotSupportedInDataSection", ForEachStatementAst: "ForeachStatementNotSupportedInDataSection",
	DoWhileStatementAst: "DoWhileStatementNotSupportedInDataSection", DoUntilStatementAst: "DoWhileStatementNotSupportedInDataSection",
	ForStatementAst: "ForWhileStatementNotSupportedInDataSection", WhileStatementAst: "ForWhileStatementNotSupportedInDataSection",
	TryStatementAst: "TryStatementNotSupportedInDataSection", BreakStatementAst: "FlowControlStatementNotSupportedInDataSection",
	ContinueStatementAst: "FlowControlStatementNotSupportedInDataSection", ReturnStatementAst: "FlowControlStatementNotSupportedInDataSection",
	ExitStatementAst: "FlowControlStatementNotSupportedInDataSection", ThrowStatementAst: "FlowControlStatementNotSupportedInDataSection",
	AssignmentStatementAst: "AssignmentStatementNotSupportedInDataSection", MergingRedirectionAst: "RedirectionNotSupportedInDataSection",
	FileRedirectionAst: "RedirectionNotSupportedInDataSection", MemberExpressionAst: "PropertyReferenceNotSupportedInDataSection",
	InvokeMemberExpressionAst: "MethodCallNotSupportedInDataSection", IndexExpressionAst: "ArrayReferenceNotSupportedInDataSection",
	BlockStatementAst: "ParallelAndSequenceBlockNotSupportedInDataSection",
}

var restrictedVariables = []string{"PSCulture", "PSUICulture", "true", "false", "null"}

// simpleTypes are the types of System.TypeCode, and their arrays.
var simpleTypes = map[string]bool{
	"bool": true, "boolean": true, "char": true, "byte": true, "sbyte": true, "short": true, "int16": true, "ushort": true, "uint16": true, "int": true, "int32": true,
	"uint": true, "uint32": true, "long": true, "int64": true, "ulong": true, "uint64": true, "single": true, "float": true, "double": true, "decimal": true,
	"datetime": true, "string": true, "dbnull": true,
}

func integral(name string) bool {
	name = strings.TrimPrefix(strings.ToLower(name), "system.")
	switch name {
	case "byte", "sbyte", "short", "int16", "ushort", "uint16", "int", "int32", "uint", "uint32", "long", "int64", "ulong", "uint64":
		return true
	}
	return false
}

func (c *checker) restricted(n *Node, allowed []string) {
	if n == nil {
		return
	}
	if id := restrictedClasses[n.Class]; id != "" {
		c.report(n.Extent, id)
	}
	switch n.Class {
	case CommandAst:
		c.restrictedCommand(n, allowed)
	case BinaryExpressionAst:
		if n.Op.has(DisallowedInRestrictedMode) {
			c.report(n.OpExtent, "OperatorNotSupportedInDataSection", n.Op.Text())
		}
	case UnaryExpressionAst:
		if n.Op.has(DisallowedInRestrictedMode) {
			c.report(n.Extent, "OperatorNotSupportedInDataSection", n.Op.Text())
		}
	case TypeConstraintAst, TypeExpressionAst:
		name := strings.TrimPrefix(strings.ToLower(n.Text), "system.")
		if !simpleTypes[strings.TrimSuffix(name, "[]")] {
			c.report(n.Extent, "TypeNotAllowedInDataSection", n.Text)
		}
	case VariableExpressionAst:
		if !contains(restrictedVariables, n.Text) {
			c.report(n.Extent, "VariableReferenceNotSupportedInDataSection")
		}
	}
	for _, child := range n.Children {
		c.restricted(child, allowed)
	}
}

func contains(list []string, name string) bool {
	for _, s := range list {
		if equalFold(s, name) {
			return true
		}
	}
	return false
}

func (c *checker) restrictedCommand(n *Node, allowed []string) {
	name, ok := n.CommandName()
	switch {
	case n.Op == Dot:
		c.report(n.Extent, "DotSourcingNotSupportedInDataSection")
	case allowed == nil:
	case !ok && n.Op == Ampersand:
		c.report(n.Extent, "OperatorNotSupportedInDataSection", Ampersand.Text())
	case !ok:
		c.report(n.Extent, "CmdletNotInAllowedListForDataSection", c.textOf(n.Extent))
	case !contains(allowed, name):
		c.report(n.Extent, "CmdletNotInAllowedListForDataSection", name)
	}
}
