// Package pslang understands PowerShell lines: it reads them with package
// syntax, evaluates their expressions, and compares values by PowerShell's rules.
//
// An endpoint in NoLanguage mode takes commands with typed parameters and no
// scripts, so the line that a person types must be understood on this side.
// [Parse] gives a [Script] of statements; a statement is a pipeline; a
// pipeline's elements are commands with arguments, and expressions. Statements
// may also be control flow, which [Flow] runs on a [Machine] that knows where
// the commands go.
//
// What a line may hold is smaller than the language: what neither a server
// without a language nor this package can run is refused by name before
// anything is sent. A refusal is an [Error] whose Construct says what was
// refused and whose Msg says what to write instead; it is never a different
// reading of the line. The whole line is there all the same, as Syntax, for a
// server that runs scripts and for who has to judge it.
//
// [Read] gives what an editor shows of a line, also of one that is wrong.
//
// Offsets are byte offsets into the line, which is UTF-8. Typographic quotes
// and dashes are taken as PowerShell takes them.
package pslang
