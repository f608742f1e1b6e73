package runspace

import "strings"

// Cmdlet describes one command and holds what it does.
type Cmdlet struct {
	// Name is "Verb-Noun"; names are compared without case.
	Name string
	// Synopsis is one line for Get-Help and Get-Command.
	Synopsis string
	// Parameters are the command's own; the common parameters (Verbose, Debug,
	// ErrorAction, …) and, where SupportsShouldProcess, WhatIf and Confirm are
	// understood without being listed.
	Parameters []Parameter
	// SupportsShouldProcess lets Run call [Call.ShouldProcess].
	SupportsShouldProcess bool
	// ConfirmImpact is "None", "Low", "Medium" (also when empty) or "High"; a
	// High one asks before it changes anything, unless -Confirm:$false.
	ConfirmImpact string
	// OutputType names the .NET types of the output, for Get-Command.
	OutputType []string
	// ImplicitRemotingOnly marks a proxy that serves clients' own machinery
	// (Select-Object, Out-Default, …); roles never take it away ([Table.Only]).
	ImplicitRemotingOnly bool

	// Run handles one input object, or runs once where there is no input. An
	// error it returns ends the pipeline (PipelineState Failed); an error that
	// does not is written with [Call.WriteError].
	Run func(*Call) error
	// Begin runs before the first input and End after the last; both optional.
	// All three get the same *Call, so per-invocation data can live in its Data.
	Begin, End func(*Call) error
}

// Verb is the part of the name before the first hyphen.
func (c *Cmdlet) Verb() string { v, _, _ := strings.Cut(c.Name, "-"); return v }

// Noun is the part of the name after the first hyphen, or "".
func (c *Cmdlet) Noun() string { _, n, _ := strings.Cut(c.Name, "-"); return n }

// Parameter describes one parameter of a cmdlet.
type Parameter struct {
	Name    string
	Aliases []string
	// Type is PowerShell's name: String, Int32, Int64, Double, Boolean,
	// SwitchParameter, Guid, DateTime, TimeSpan, Uri, Object, ScriptBlock,
	// Hashtable, SecureString, PSCredential, or one of them followed by "[]".
	// Empty means Object. A value of another type is converted as PowerShell
	// does, or refused with its error.
	Type      string
	Mandatory bool
	// Position is the 1-based place of a positional parameter; 0 is none.
	Position int
	// FromPipeline binds the whole input object (converted to Type where that
	// can be done), FromPipelineByPropertyName the input's property of this
	// name or one of the aliases.
	FromPipeline               bool
	FromPipelineByPropertyName bool
	// RemainingArguments takes all positional values that are left over.
	RemainingArguments bool
	// ValidateSet lists the allowed texts, compared without case.
	ValidateSet []string
	// ValidatePattern is a regular expression for texts, compared without case.
	ValidatePattern string
	// ValidateRange bounds a number, both ends included, where not nil.
	ValidateRange *Range
	// AllowEmpty lets a mandatory string or list be empty, and a mandatory
	// parameter be $null.
	AllowEmpty bool
	// Help is one line for Get-Help.
	Help string
}

// Range is a closed range of whole numbers.
type Range struct{ Min, Max int64 }

// IsSwitch tells whether the parameter is a switch.
func (p *Parameter) IsSwitch() bool {
	return strings.EqualFold(p.Type, "SwitchParameter") || strings.EqualFold(p.Type, "Switch")
}
