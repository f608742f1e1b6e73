package syntax

import "strings"

// Flags say more of a token: what its kind always is (its traits), and what
// the parser found it to be.
type Flags uint32

// The flags; the precedences share the lowest four bits.
const (
	BinaryPrecedenceLogical          Flags = 0x1
	BinaryPrecedenceBitwise          Flags = 0x2
	BinaryPrecedenceComparison       Flags = 0x5
	BinaryPrecedenceCoalesce         Flags = 0x7
	BinaryPrecedenceAdd              Flags = 0x9
	BinaryPrecedenceMultiply         Flags = 0xa
	BinaryPrecedenceFormat           Flags = 0xc
	BinaryPrecedenceRange            Flags = 0xd
	Keyword                          Flags = 0x10
	ScriptBlockBlockName             Flags = 0x20
	BinaryOperator                   Flags = 0x100
	UnaryOperator                    Flags = 0x200
	CaseSensitiveOperator            Flags = 0x400
	TernaryOperator                  Flags = 0x800
	SpecialOperator                  Flags = 0x1000
	AssignmentOperator               Flags = 0x2000
	ParseModeInvariant               Flags = 0x8000
	TokenInError                     Flags = 0x10000
	DisallowedInRestrictedMode       Flags = 0x20000
	PrefixOrPostfixOperator          Flags = 0x40000
	CommandName                      Flags = 0x80000
	MemberName                       Flags = 0x100000
	TypeName                         Flags = 0x200000
	AttributeName                    Flags = 0x400000
	CanConstantFold                  Flags = 0x800000
	StatementDoesntSupportAttributes Flags = 0x1000000

	precedenceMask Flags = 0xf
)

var precedenceNames = map[Flags]string{
	BinaryPrecedenceLogical: "Logical", BinaryPrecedenceBitwise: "Bitwise", BinaryPrecedenceComparison: "Comparison", BinaryPrecedenceCoalesce: "Coalesce",
	BinaryPrecedenceAdd: "Add", BinaryPrecedenceMultiply: "Multiply", BinaryPrecedenceFormat: "Format", BinaryPrecedenceRange: "Range",
}

var flagNames = []struct {
	flag Flags
	name string
}{
	{Keyword, "Keyword"},
	{ScriptBlockBlockName, "ScriptBlockBlockName"},
	{BinaryOperator, "BinaryOperator"},
	{UnaryOperator, "UnaryOperator"},
	{CaseSensitiveOperator, "CaseSensitiveOperator"},
	{TernaryOperator, "TernaryOperator"},
	{SpecialOperator, "SpecialOperator"},
	{AssignmentOperator, "AssignmentOperator"},
	{ParseModeInvariant, "ParseModeInvariant"},
	{TokenInError, "TokenInError"},
	{DisallowedInRestrictedMode, "DisallowedInRestrictedMode"},
	{PrefixOrPostfixOperator, "PrefixOrPostfixOperator"},
	{CommandName, "CommandName"},
	{MemberName, "MemberName"},
	{TypeName, "TypeName"},
	{AttributeName, "AttributeName"},
	{CanConstantFold, "CanConstantFold"},
	{StatementDoesntSupportAttributes, "StatementDoesntSupportAttributes"},
}

// String writes the flags as PowerShell does: names in the order of their bits, or "None".
func (f Flags) String() string {
	if f == 0 {
		return "None"
	}
	var names []string
	if p := precedenceNames[f&precedenceMask]; p != "" {
		names = append(names, "BinaryPrecedence"+p)
	}
	for _, x := range flagNames {
		if f&x.flag != 0 {
			names = append(names, x.name)
		}
	}
	return strings.Join(names, ", ")
}
