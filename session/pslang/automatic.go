package pslang

import (
	"strings"

	"psdeck/session/pslang/syntax"
)

// constants are the variables that PowerShell lets nobody set.
const constants = "true false ? ^ $ Host PID HOME Error PSVersionTable ExecutionContext ShellId PSHOME PSEdition PSCulture PSUICulture " +
	"IsLinux IsMacOS IsWindows IsCoreCLR EnabledExperimentalFeatures ConsoleFileName"

// elsewhere are the variables with which PowerShell tells of itself, where
// nothing true can be said here. $null would be a lie.
const elsewhere = "^ $ ConsoleFileName EnabledExperimentalFeatures ExecutionContext IsCoreCLR MyInvocation NestedPromptLevel PROFILE " +
	"PSCommandPath PSCulture PSEdition PSHOME PSScriptRoot PSStyle PSUICulture ShellId StackTrace"

func named(list, name string) bool {
	for one := range strings.FieldsSeq(list) {
		if strings.EqualFold(one, name) {
			return true
		}
	}
	return false
}

// checkTarget takes a variable that can be set.
func checkTarget(v *syntax.Node) *Error {
	switch _, drive, name := syntax.SplitVariable(v.Text); {
	case strings.EqualFold(drive, "env"):
		return refusal(construct{"an assignment to $" + v.Text, "the environment stays as it was when psdeck began; use a variable without env:"}, v.Extent)
	case drive != "":
		return refusal(construct{"an assignment to $" + v.Text, "PowerShell's drives are not here; use a variable without " + drive + ":"}, v.Extent)
	case named(constants, name):
		return &Error{
			Extent: v.Extent, ID: "VariableNotWritable", Construct: "an assignment to $" + v.Text,
			Msg: "Cannot overwrite variable " + name + " because it is read-only or constant.",
		}
	}
	return nil
}

// unknownHere is the refusal of a variable that nobody set; nil where it is
// $null, as in PowerShell.
func unknownHere(v *Variable) error {
	if _, _, name := syntax.SplitVariable(v.Name); named(elsewhere, name) {
		return refusal(construct{"the variable $" + v.Name, "it tells of a PowerShell, and psdeck is none"}, v.Extent)
	}
	return nil
}
