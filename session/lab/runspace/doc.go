// Package runspace is the small PowerShell of the lab: it runs pipelines of
// cmdlets that are written in Go, with PowerShell's own rules for command
// lookup, parameter binding, the seven output streams, ErrorAction,
// ShouldProcess and stopping, and with PowerShell's own error texts and ids.
//
// The vocabulary is PowerShell's. A [Cmdlet] has a name, parameters and a Run
// function; a [Table] holds cmdlets and aliases; a [Runspace] holds what lives
// between pipelines (variables, answers remembered, the State that cmdlets
// work on). [Runspace.Execute] runs one [psrp.Pipeline]: each command of it
// feeds the next one object at a time, and what the last one writes goes to a
// [Sink].
//
// In mode [NoLanguage] a pipeline may hold only commands with parameters, as
// on the endpoints of the real services. In mode [FullLanguage] a script is
// also taken, of a small subset of the language (see [FullLanguage]); what is
// beyond it is refused as a parse error.
//
// The package knows nothing of HTTP, WSMan or PSRP messages.
package runspace
