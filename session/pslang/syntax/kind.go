package syntax

// Kind tells what a token is; the names are those of PowerShell's TokenKind.
type Kind uint8

// The kinds of tokens.
const (
	Unknown Kind = iota
	Variable
	SplattedVariable
	Parameter
	Number
	Label
	Identifier
	Generic
	NewLine
	LineContinuation
	Comment
	EndOfInput
	StringLiteral
	StringExpandable
	HereStringLiteral
	HereStringExpandable
	LParen
	RParen
	LCurly
	RCurly
	LBracket
	RBracket
	AtParen
	AtCurly
	DollarParen
	Semi
	AndAnd
	OrOr
	Ampersand
	Pipe
	Comma
	MinusMinus
	PlusPlus
	DotDot
	ColonColon
	Dot
	Exclaim
	Multiply
	Divide
	Rem
	Plus
	Minus
	Equals
	PlusEquals
	MinusEquals
	MultiplyEquals
	DivideEquals
	RemainderEquals
	Redirection
	RedirectInStd
	Format
	Not
	Bnot
	And
	Or
	Xor
	Band
	Bor
	Bxor
	Join
	Ieq
	Ine
	Ige
	Igt
	Ilt
	Ile
	Ilike
	Inotlike
	Imatch
	Inotmatch
	Ireplace
	Icontains
	Inotcontains
	Iin
	Inotin
	Isplit
	Ceq
	Cne
	Cge
	Cgt
	Clt
	Cle
	Clike
	Cnotlike
	Cmatch
	Cnotmatch
	Creplace
	Ccontains
	Cnotcontains
	Cin
	Cnotin
	Csplit
	Is
	IsNot
	As
	PostfixPlusPlus
	PostfixMinusMinus
	Shl
	Shr
	Colon
	QuestionMark
	QuestionQuestionEquals
	QuestionQuestion
	QuestionDot
	QuestionLBracket
	Begin
	Break
	Catch
	Class
	Continue
	Data
	Define
	Do
	Dynamicparam
	Else
	ElseIf
	End
	Exit
	Filter
	Finally
	For
	Foreach
	From
	Function
	If
	In
	Param
	Process
	Return
	Switch
	Throw
	Trap
	Try
	Until
	Using
	Var
	While
	Workflow
	Parallel
	Sequence
	InlineScript
	Configuration
	Public
	Private
	Static
	Interface
	Enum
	Namespace
	Module
	Type
	Assembly
	Command
	Hidden
	Base
	Default
	Clean
)

type kindInfo struct {
	name, text string
	traits     Flags
}

var kinds = [...]kindInfo{
	Unknown:                {"Unknown", "unknown", 0},
	Variable:               {"Variable", "var", 0},
	SplattedVariable:       {"SplattedVariable", "@var", 0},
	Parameter:              {"Parameter", "param", 0},
	Number:                 {"Number", "number", 0},
	Label:                  {"Label", "label", 0},
	Identifier:             {"Identifier", "ident", 0},
	Generic:                {"Generic", "generic", 0},
	NewLine:                {"NewLine", "newline", ParseModeInvariant},
	LineContinuation:       {"LineContinuation", "line continuation", ParseModeInvariant},
	Comment:                {"Comment", "comment", ParseModeInvariant},
	EndOfInput:             {"EndOfInput", "eof", ParseModeInvariant},
	StringLiteral:          {"StringLiteral", "sqstr", ParseModeInvariant},
	StringExpandable:       {"StringExpandable", "dqstr", ParseModeInvariant},
	HereStringLiteral:      {"HereStringLiteral", "sq here string", ParseModeInvariant},
	HereStringExpandable:   {"HereStringExpandable", "dq here string", ParseModeInvariant},
	LParen:                 {"LParen", "(", ParseModeInvariant},
	RParen:                 {"RParen", ")", ParseModeInvariant},
	LCurly:                 {"LCurly", "{", ParseModeInvariant},
	RCurly:                 {"RCurly", "}", ParseModeInvariant},
	LBracket:               {"LBracket", "[", 0},
	RBracket:               {"RBracket", "]", ParseModeInvariant},
	AtParen:                {"AtParen", "@(", ParseModeInvariant},
	AtCurly:                {"AtCurly", "@{", ParseModeInvariant},
	DollarParen:            {"DollarParen", "$(", ParseModeInvariant},
	Semi:                   {"Semi", ";", ParseModeInvariant},
	AndAnd:                 {"AndAnd", "&&", ParseModeInvariant},
	OrOr:                   {"OrOr", "||", ParseModeInvariant},
	Ampersand:              {"Ampersand", "&", SpecialOperator | ParseModeInvariant},
	Pipe:                   {"Pipe", "|", SpecialOperator | ParseModeInvariant},
	Comma:                  {"Comma", ",", UnaryOperator | ParseModeInvariant},
	MinusMinus:             {"MinusMinus", "--", UnaryOperator | PrefixOrPostfixOperator | DisallowedInRestrictedMode},
	PlusPlus:               {"PlusPlus", "++", UnaryOperator | PrefixOrPostfixOperator | DisallowedInRestrictedMode},
	DotDot:                 {"DotDot", "..", BinaryOperator | BinaryPrecedenceRange | DisallowedInRestrictedMode},
	ColonColon:             {"ColonColon", "::", SpecialOperator | DisallowedInRestrictedMode},
	Dot:                    {"Dot", ".", SpecialOperator | DisallowedInRestrictedMode},
	Exclaim:                {"Exclaim", "!", UnaryOperator | CanConstantFold},
	Multiply:               {"Multiply", "*", BinaryOperator | BinaryPrecedenceMultiply | CanConstantFold},
	Divide:                 {"Divide", "/", BinaryOperator | BinaryPrecedenceMultiply | CanConstantFold},
	Rem:                    {"Rem", "%", BinaryOperator | BinaryPrecedenceMultiply | CanConstantFold},
	Plus:                   {"Plus", "+", BinaryOperator | BinaryPrecedenceAdd | UnaryOperator | CanConstantFold},
	Minus:                  {"Minus", "-", BinaryOperator | BinaryPrecedenceAdd | UnaryOperator | CanConstantFold},
	Equals:                 {"Equals", "=", AssignmentOperator},
	PlusEquals:             {"PlusEquals", "+=", AssignmentOperator},
	MinusEquals:            {"MinusEquals", "-=", AssignmentOperator},
	MultiplyEquals:         {"MultiplyEquals", "*=", AssignmentOperator},
	DivideEquals:           {"DivideEquals", "/=", AssignmentOperator},
	RemainderEquals:        {"RemainderEquals", "%=", AssignmentOperator},
	Redirection:            {"Redirection", "redirection", DisallowedInRestrictedMode},
	RedirectInStd:          {"RedirectInStd", "<", ParseModeInvariant | DisallowedInRestrictedMode},
	Format:                 {"Format", "-f", BinaryOperator | BinaryPrecedenceFormat | DisallowedInRestrictedMode},
	Not:                    {"Not", "-not", UnaryOperator | CanConstantFold},
	Bnot:                   {"Bnot", "-bnot", UnaryOperator | CanConstantFold},
	And:                    {"And", "-and", BinaryOperator | BinaryPrecedenceLogical | CanConstantFold},
	Or:                     {"Or", "-or", BinaryOperator | BinaryPrecedenceLogical | CanConstantFold},
	Xor:                    {"Xor", "-xor", BinaryOperator | BinaryPrecedenceLogical | CanConstantFold},
	Band:                   {"Band", "-band", BinaryOperator | BinaryPrecedenceBitwise | CanConstantFold},
	Bor:                    {"Bor", "-bor", BinaryOperator | BinaryPrecedenceBitwise | CanConstantFold},
	Bxor:                   {"Bxor", "-bxor", BinaryOperator | BinaryPrecedenceBitwise | CanConstantFold},
	Join:                   {"Join", "-join", BinaryOperator | UnaryOperator | BinaryPrecedenceComparison | DisallowedInRestrictedMode},
	Ieq:                    {"Ieq", "-eq", BinaryOperator | BinaryPrecedenceComparison},
	Ine:                    {"Ine", "-ne", BinaryOperator | BinaryPrecedenceComparison},
	Ige:                    {"Ige", "-ge", BinaryOperator | BinaryPrecedenceComparison},
	Igt:                    {"Igt", "-gt", BinaryOperator | BinaryPrecedenceComparison},
	Ilt:                    {"Ilt", "-lt", BinaryOperator | BinaryPrecedenceComparison},
	Ile:                    {"Ile", "-le", BinaryOperator | BinaryPrecedenceComparison},
	Ilike:                  {"Ilike", "-like", BinaryOperator | BinaryPrecedenceComparison},
	Inotlike:               {"Inotlike", "-notlike", BinaryOperator | BinaryPrecedenceComparison},
	Imatch:                 {"Imatch", "-match", BinaryOperator | BinaryPrecedenceComparison | DisallowedInRestrictedMode},
	Inotmatch:              {"Inotmatch", "-notmatch", BinaryOperator | BinaryPrecedenceComparison | DisallowedInRestrictedMode},
	Ireplace:               {"Ireplace", "-replace", BinaryOperator | BinaryPrecedenceComparison | DisallowedInRestrictedMode},
	Icontains:              {"Icontains", "-contains", BinaryOperator | BinaryPrecedenceComparison},
	Inotcontains:           {"Inotcontains", "-notcontains", BinaryOperator | BinaryPrecedenceComparison},
	Iin:                    {"Iin", "-in", BinaryOperator | BinaryPrecedenceComparison},
	Inotin:                 {"Inotin", "-notin", BinaryOperator | BinaryPrecedenceComparison},
	Isplit:                 {"Isplit", "-split", BinaryOperator | UnaryOperator | BinaryPrecedenceComparison | DisallowedInRestrictedMode},
	Ceq:                    {"Ceq", "-ceq", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cne:                    {"Cne", "-cne", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cge:                    {"Cge", "-cge", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cgt:                    {"Cgt", "-cgt", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Clt:                    {"Clt", "-clt", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cle:                    {"Cle", "-cle", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Clike:                  {"Clike", "-clike", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cnotlike:               {"Cnotlike", "-cnotlike", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cmatch:                 {"Cmatch", "-cmatch", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator | DisallowedInRestrictedMode},
	Cnotmatch:              {"Cnotmatch", "-cnotmatch", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator | DisallowedInRestrictedMode},
	Creplace:               {"Creplace", "-creplace", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator | DisallowedInRestrictedMode},
	Ccontains:              {"Ccontains", "-ccontains", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cnotcontains:           {"Cnotcontains", "-cnotcontains", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cin:                    {"Cin", "-cin", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Cnotin:                 {"Cnotin", "-cnotin", BinaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator},
	Csplit:                 {"Csplit", "-csplit", BinaryOperator | UnaryOperator | BinaryPrecedenceComparison | CaseSensitiveOperator | DisallowedInRestrictedMode},
	Is:                     {"Is", "-is", BinaryOperator | BinaryPrecedenceComparison},
	IsNot:                  {"IsNot", "-isnot", BinaryOperator | BinaryPrecedenceComparison},
	As:                     {"As", "-as", BinaryOperator | BinaryPrecedenceComparison | DisallowedInRestrictedMode},
	PostfixPlusPlus:        {"PostfixPlusPlus", "++", UnaryOperator | PrefixOrPostfixOperator | DisallowedInRestrictedMode},
	PostfixMinusMinus:      {"PostfixMinusMinus", "--", UnaryOperator | PrefixOrPostfixOperator | DisallowedInRestrictedMode},
	Shl:                    {"Shl", "-shl", BinaryOperator | BinaryPrecedenceComparison | CanConstantFold},
	Shr:                    {"Shr", "-shr", BinaryOperator | BinaryPrecedenceComparison | CanConstantFold},
	Colon:                  {"Colon", ":", SpecialOperator | DisallowedInRestrictedMode},
	QuestionMark:           {"QuestionMark", "?", TernaryOperator | DisallowedInRestrictedMode},
	QuestionQuestionEquals: {"QuestionQuestionEquals", "??=", AssignmentOperator},
	QuestionQuestion:       {"QuestionQuestion", "??", BinaryOperator | BinaryPrecedenceCoalesce},
	QuestionDot:            {"QuestionDot", "?.", SpecialOperator | DisallowedInRestrictedMode},
	QuestionLBracket:       {"QuestionLBracket", "?[", 0},
	Begin:                  {"Begin", "begin", Keyword | ScriptBlockBlockName},
	Break:                  {"Break", "break", Keyword | StatementDoesntSupportAttributes},
	Catch:                  {"Catch", "catch", Keyword},
	Class:                  {"Class", "class", Keyword},
	Continue:               {"Continue", "continue", Keyword | StatementDoesntSupportAttributes},
	Data:                   {"Data", "data", Keyword | StatementDoesntSupportAttributes},
	Define:                 {"Define", "define", Keyword | StatementDoesntSupportAttributes},
	Do:                     {"Do", "do", Keyword | StatementDoesntSupportAttributes},
	Dynamicparam:           {"Dynamicparam", "dynamicparam", Keyword | ScriptBlockBlockName},
	Else:                   {"Else", "else", Keyword},
	ElseIf:                 {"ElseIf", "elseif", Keyword},
	End:                    {"End", "end", Keyword | ScriptBlockBlockName},
	Exit:                   {"Exit", "exit", Keyword | StatementDoesntSupportAttributes},
	Filter:                 {"Filter", "filter", Keyword | StatementDoesntSupportAttributes},
	Finally:                {"Finally", "finally", Keyword},
	For:                    {"For", "for", Keyword | StatementDoesntSupportAttributes},
	Foreach:                {"Foreach", "foreach", Keyword | StatementDoesntSupportAttributes},
	From:                   {"From", "from", Keyword | StatementDoesntSupportAttributes},
	Function:               {"Function", "function", Keyword | StatementDoesntSupportAttributes},
	If:                     {"If", "if", Keyword | StatementDoesntSupportAttributes},
	In:                     {"In", "in", Keyword},
	Param:                  {"Param", "param", Keyword},
	Process:                {"Process", "process", Keyword | ScriptBlockBlockName},
	Return:                 {"Return", "return", Keyword | StatementDoesntSupportAttributes},
	Switch:                 {"Switch", "switch", Keyword | StatementDoesntSupportAttributes},
	Throw:                  {"Throw", "throw", Keyword | StatementDoesntSupportAttributes},
	Trap:                   {"Trap", "trap", Keyword | StatementDoesntSupportAttributes},
	Try:                    {"Try", "try", Keyword | StatementDoesntSupportAttributes},
	Until:                  {"Until", "until", Keyword},
	Using:                  {"Using", "using", Keyword | StatementDoesntSupportAttributes},
	Var:                    {"Var", "var", Keyword | StatementDoesntSupportAttributes},
	While:                  {"While", "while", Keyword | StatementDoesntSupportAttributes},
	Workflow:               {"Workflow", "workflow", Keyword | StatementDoesntSupportAttributes},
	Parallel:               {"Parallel", "parallel", Keyword | StatementDoesntSupportAttributes},
	Sequence:               {"Sequence", "sequence", Keyword | StatementDoesntSupportAttributes},
	InlineScript:           {"InlineScript", "inlinescript", Keyword | StatementDoesntSupportAttributes},
	Configuration:          {"Configuration", "configuration", Keyword},
	Public:                 {"Public", "public", Keyword},
	Private:                {"Private", "private", Keyword},
	Static:                 {"Static", "static", Keyword},
	Interface:              {"Interface", "interface", Keyword},
	Enum:                   {"Enum", "enum", Keyword},
	Namespace:              {"Namespace", "namespace", Keyword},
	Module:                 {"Module", "module", Keyword},
	Type:                   {"Type", "type", Keyword},
	Assembly:               {"Assembly", "assembly", Keyword},
	Command:                {"Command", "command", Keyword},
	Hidden:                 {"Hidden", "hidden", Keyword},
	Base:                   {"Base", "base", Keyword},
	Default:                {"Default", "default", Keyword},
	Clean:                  {"Clean", "clean", Keyword | ScriptBlockBlockName},
}

// String gives PowerShell's name of the kind.
func (k Kind) String() string { return kinds[k].name }

// Text gives how tokens of this kind are written, where they are all written alike.
func (k Kind) Text() string { return kinds[k].text }

// Traits gives the flags that every token of this kind has.
func (k Kind) Traits() Flags { return kinds[k].traits }

func (k Kind) has(f Flags) bool { return kinds[k].traits&f == f }

func (k Kind) precedence() Flags { return kinds[k].traits & precedenceMask }

// keywords are the words that mean something where a command's name may stand.
var keywords = map[string]Kind{
	"begin":         Begin,
	"break":         Break,
	"catch":         Catch,
	"class":         Class,
	"continue":      Continue,
	"data":          Data,
	"define":        Define,
	"do":            Do,
	"dynamicparam":  Dynamicparam,
	"else":          Else,
	"elseif":        ElseIf,
	"end":           End,
	"exit":          Exit,
	"filter":        Filter,
	"finally":       Finally,
	"for":           For,
	"foreach":       Foreach,
	"from":          From,
	"function":      Function,
	"if":            If,
	"in":            In,
	"param":         Param,
	"process":       Process,
	"return":        Return,
	"switch":        Switch,
	"throw":         Throw,
	"trap":          Trap,
	"try":           Try,
	"until":         Until,
	"using":         Using,
	"var":           Var,
	"while":         While,
	"workflow":      Workflow,
	"parallel":      Parallel,
	"sequence":      Sequence,
	"inlinescript":  InlineScript,
	"configuration": Configuration,
	"public":        Public,
	"private":       Private,
	"static":        Static,
	"interface":     Interface,
	"enum":          Enum,
	"namespace":     Namespace,
	"module":        Module,
	"type":          Type,
	"assembly":      Assembly,
	"command":       Command,
	"hidden":        Hidden,
	"base":          Base,
	"default":       Default,
	"clean":         Clean,
}

// operators are the words that may follow a dash in an expression.
var operators = map[string]Kind{
	"and":          And,
	"as":           As,
	"band":         Band,
	"bnot":         Bnot,
	"bor":          Bor,
	"bxor":         Bxor,
	"ccontains":    Ccontains,
	"ceq":          Ceq,
	"cge":          Cge,
	"cgt":          Cgt,
	"cin":          Cin,
	"cle":          Cle,
	"clike":        Clike,
	"clt":          Clt,
	"cmatch":       Cmatch,
	"cne":          Cne,
	"cnotcontains": Cnotcontains,
	"cnotin":       Cnotin,
	"cnotlike":     Cnotlike,
	"cnotmatch":    Cnotmatch,
	"contains":     Icontains,
	"creplace":     Creplace,
	"csplit":       Csplit,
	"eq":           Ieq,
	"f":            Format,
	"ge":           Ige,
	"gt":           Igt,
	"icontains":    Icontains,
	"ieq":          Ieq,
	"ige":          Ige,
	"igt":          Igt,
	"iin":          Iin,
	"ile":          Ile,
	"ilike":        Ilike,
	"ilt":          Ilt,
	"imatch":       Imatch,
	"in":           Iin,
	"ine":          Ine,
	"inotcontains": Inotcontains,
	"inotin":       Inotin,
	"inotlike":     Inotlike,
	"inotmatch":    Inotmatch,
	"ireplace":     Ireplace,
	"is":           Is,
	"isnot":        IsNot,
	"isplit":       Isplit,
	"join":         Join,
	"le":           Ile,
	"like":         Ilike,
	"lt":           Ilt,
	"match":        Imatch,
	"ne":           Ine,
	"not":          Not,
	"notcontains":  Inotcontains,
	"notin":        Inotin,
	"notlike":      Inotlike,
	"notmatch":     Inotmatch,
	"or":           Or,
	"replace":      Ireplace,
	"shl":          Shl,
	"shr":          Shr,
	"split":        Isplit,
	"xor":          Xor,
}
