package syntax

import "psdeck/session/clixml"

// NodeClass tells what a node is: the name of PowerShell's class for it.
type NodeClass uint8

// The classes of nodes.
const (
	ScriptBlockAst NodeClass = iota
	ParamBlockAst
	NamedBlockAst
	StatementBlockAst
	UsingStatementAst
	// Statements.
	PipelineAst
	PipelineChainAst
	AssignmentStatementAst
	IfStatementAst
	ForEachStatementAst
	ForStatementAst
	WhileStatementAst
	DoWhileStatementAst
	DoUntilStatementAst
	SwitchStatementAst
	TryStatementAst
	CatchClauseAst
	TrapStatementAst
	FunctionDefinitionAst
	TypeDefinitionAst
	FunctionMemberAst
	PropertyMemberAst
	DataStatementAst
	BlockStatementAst
	ReturnStatementAst
	ExitStatementAst
	ThrowStatementAst
	BreakStatementAst
	ContinueStatementAst
	ErrorStatementAst
	// What a pipeline is made of.
	CommandAst
	CommandExpressionAst
	CommandParameterAst
	FileRedirectionAst
	MergingRedirectionAst
	// Expressions.
	ConstantExpressionAst
	StringConstantExpressionAst
	ExpandableStringExpressionAst
	VariableExpressionAst
	UsingExpressionAst
	ArrayLiteralAst
	ArrayExpressionAst
	HashtableAst
	SubExpressionAst
	ParenExpressionAst
	ScriptBlockExpressionAst
	TypeExpressionAst
	ConvertExpressionAst
	AttributedExpressionAst
	UnaryExpressionAst
	BinaryExpressionAst
	TernaryExpressionAst
	MemberExpressionAst
	InvokeMemberExpressionAst
	BaseCtorInvokeMemberExpressionAst
	IndexExpressionAst
	ErrorExpressionAst
	// Declarations.
	AttributeAst
	NamedAttributeArgumentAst
	TypeConstraintAst
	ParameterAst
)

var classNames = [...]string{
	"ScriptBlock", "ParamBlock", "NamedBlock", "StatementBlock", "UsingStatement",
	"Pipeline", "PipelineChain", "AssignmentStatement", "IfStatement", "ForEachStatement", "ForStatement", "WhileStatement",
	"DoWhileStatement", "DoUntilStatement", "SwitchStatement", "TryStatement", "CatchClause", "TrapStatement", "FunctionDefinition",
	"TypeDefinition", "FunctionMember", "PropertyMember", "DataStatement", "BlockStatement", "ReturnStatement", "ExitStatement",
	"ThrowStatement", "BreakStatement", "ContinueStatement", "ErrorStatement",
	"Command", "CommandExpression", "CommandParameter", "FileRedirection", "MergingRedirection",
	"ConstantExpression", "StringConstantExpression", "ExpandableStringExpression", "VariableExpression", "UsingExpression",
	"ArrayLiteral", "ArrayExpression", "Hashtable", "SubExpression", "ParenExpression", "ScriptBlockExpression", "TypeExpression",
	"ConvertExpression", "AttributedExpression", "UnaryExpression", "BinaryExpression", "TernaryExpression", "MemberExpression",
	"InvokeMemberExpression", "BaseCtorInvokeMemberExpression", "IndexExpression", "ErrorExpression",
	"Attribute", "NamedAttributeArgument", "TypeConstraint", "Parameter",
}

// String gives PowerShell's name of the class, without "Ast".
func (c NodeClass) String() string { return classNames[c] }

// Role tells what a node is to the node that holds it, where its place alone
// does not.
type Role uint8

// The roles.
const (
	NoRole Role = iota
	ElementRole
	RedirectionRole
	ConditionRole
	BodyRole
	ElseRole
	InitializerRole
	IteratorRole
	VariableRole
	DefaultRole
	FinallyRole
	TargetRole
	MemberRole
	ArgumentRole
	KeyRole
	ValueRole
	AttributeRole
	ParameterRole
	TypeRole
	ParamBlockRole
	BeginRole
	ProcessRole
	EndRole
	CleanRole
	DynamicparamRole
	UsingRole
	TrapRole
	ThrottleRole
	LabelRole
	CommandsRole
)

// StringType tells how a string was written.
type StringType uint8

// The ways to write a string.
const (
	BareWord StringType = iota
	SingleQuoted
	SingleQuotedHereString
	DoubleQuoted
	DoubleQuotedHereString
)

var stringTypeNames = [...]string{"BareWord", "SingleQuoted", "SingleQuotedHereString", "DoubleQuoted", "DoubleQuotedHereString"}

func (s StringType) String() string { return stringTypeNames[s] }

// Node is a node of the tree. Its children stand in the order in which
// PowerShell visits them.
type Node struct {
	Class NodeClass
	Role  Role
	Extent
	Children []*Node
	// Op is the operator of an expression, an assignment, a chain, or the
	// invocation (Ampersand, Dot) of a command; Unknown for none.
	Op Kind
	// OpExtent is where the operator stands.
	OpExtent Extent
	// Text is a string's value, a variable's, parameter's, type's, function's
	// or label's name.
	Text string
	// Value is the value of a ConstantExpression.
	Value clixml.Value
	// StringType tells how a string was written.
	StringType StringType
	// Background tells a pipeline or chain that & ends.
	Background bool
	// Splatted tells a variable that is written with @.
	Splatted bool
	// Static tells :: before a member, or a static member of a class.
	Static bool
	// NullConditional tells ?. and ?[.
	NullConditional bool
	// Redirection is the token of a redirection.
	Redirection *Token
	// Flag tells the kind of what has several: see the class's reader.
	Flag NodeFlag

	token *Token
	names *typeName
}

// NodeFlag says more of a node.
type NodeFlag uint16

// The flags of nodes.
const (
	IsUnnamed         NodeFlag = 1 << iota // a named block without a name: the statements of a script
	ExpressionOmitted                      // an attribute's argument that is only a name
	IsFilter                               // a function that is one
	IsWorkflow
	IsEnum
	IsConstructor
	IsParallel // a foreach or switch
	Regex      // a switch
	Wildcard
	Exact
	CaseSensitive
	FileSwitch
	DeclaredParameters // a function with (…) behind its name
	Unclosed           // a script block without its closing brace
)

// Child gives the first child of a role, or nil.
func (n *Node) Child(role Role) *Node {
	for _, c := range n.Children {
		if c.Role == role {
			return c
		}
	}
	return nil
}

// IsExpression tells whether a node is an expression.
func (n *Node) IsExpression() bool {
	return n.Class >= ConstantExpressionAst && n.Class <= ErrorExpressionAst
}

// PureExpression gives the expression that a pipeline consists of, or nil.
func (n *Node) PureExpression() *Node {
	if n.Class != PipelineAst || len(n.Children) != 1 || n.Background {
		return nil
	}
	first := n.Children[0]
	if first.Class != CommandExpressionAst || len(first.Children) != 1 {
		return nil
	}
	return first.Children[0]
}

// CommandName gives the name of a command where it is constant.
func (n *Node) CommandName() (string, bool) {
	if n.Class == CommandAst && len(n.Children) > 0 && n.Children[0].Class == StringConstantExpressionAst {
		return n.Children[0].Text, true
	}
	return "", false
}

// Literals are the pieces of an expandable string around its nested
// expressions: one more than these.
func (n *Node) Literals() []string {
	if n.token == nil {
		return nil
	}
	var out []string
	last := 0
	for _, p := range n.token.parts {
		out = append(out, n.token.Value[last:p.from])
		last = p.to
	}
	return append(out, n.token.Value[last:])
}

// Script is a parsed input.
type Script struct {
	Input  string
	Root   *Node // a ScriptBlock; without children where the input is too complicated
	Tokens []*Token
	Errors []*Error
}

// Incomplete tells whether more input would heal the errors.
func (s *Script) Incomplete() bool {
	for _, e := range s.Errors {
		if e.Incomplete {
			return true
		}
	}
	return false
}
