package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// What the grammar takes may still be wrong; ids and places are PowerShell's.
func TestChecks(t *testing.T) {
	for input, want := range map[string]string{
		"@{a=1;A=2}":                      "DuplicateKeyInHashLiteral 6-7",
		"$a+1 = 2":                        "InvalidLeftHandSide 0-4",
		"$a,1 = 2":                        "InvalidLeftHandSide 3-4",
		"$a?.b = 1":                       "",
		"${a}?.b = 1":                     "InvalidLeftHandSide 0-7",
		"++1":                             "OperatorRequiresVariableOrProperty 2-3",
		"foo @a,@b":                       "SplattingNotPermittedInArgumentList 4-6, SplattingNotPermittedInArgumentList 7-9",
		"function f($a,$a) { }":           "DuplicateFormalParameter 14-16",
		"function f($a) { param($b) }":    "OnlyOneParameterListAllowed 17-26",
		"try { } catch { } catch [x] { }": "EmptyCatchNotLast 17-17",
		"try { } catch [Exception] { } catch [System.IO.IOException] { }": "ExceptionTypeAlreadyCaught 36-59",
		"try { } finally { return }":                                      "ControlLeavingFinally 18-24",
		"while (1) { try { } finally { break } }":                         "ControlLeavingFinally 30-35",
		"try { } finally { while (1) { break } }":                         "",
		"[ordered]5":                                   "OrderedAttributeOnlyOnHashLiteralNode 0-10",
		"[void]$x = 1":                                 "VoidTypeConstraintNotAllowed 0-6",
		"[Parameter($x)]$y = 1":                        "ParameterAttributeArgumentNeedsToBeConstantOrScriptBlock 11-13",
		"switch -parallel ($x) { 1 { } }":              "KeywordParameterReservedForFutureUse 0-31",
		"data { Get-Date }":                            "CmdletNotInAllowedListForDataSection 7-15",
		"data -supportedcommand Get-Date { Get-Date }": "",
		"data { $x }":                                  "VariableReferenceNotSupportedInDataSection 7-9",
		"$using:x.y()":                                 "InvalidUsingExpression 0-12",
		"using namespace a-b":                          "InvalidNamespaceValue 16-19",
		"1; using namespace a":                         "UsingMustBeAtStartOfScript 3-20",
		"parallel { 1 }":                               "UnexpectedKeyword 0-8",
		"workflow f { parallel { 1 } }":                "WorkflowNotSupportedInPowerShellCore 0-29",
		"class C { [int] M() { } }":                    "MethodHasCodePathNotReturn 16-17",
		"class C { [int] M() { if ($true) { return 1 } else { throw } } }": "",
		"class C { M() { return 1 } }":                                     "VoidMethodHasReturn 16-24",
		"class C { static [int] M() { return $this } }":                    "NonStaticMemberAccessInStaticMember 36-41",
	} {
		var got []string
		for _, e := range Parse(input).Errors {
			got = append(got, fmt.Sprintf("%s %d-%d", e.ID, e.Start, e.End))
			if e.Message == "" {
				t.Errorf("%s has no words", e.ID)
			}
		}
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s:\n got %s\nwant %s", input, s, want)
		}
	}
}
