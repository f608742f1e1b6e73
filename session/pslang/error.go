package pslang

import "psdeck/session/pslang/syntax"

// Error says why a line was not taken.
type Error struct {
	Extent
	// ID is PowerShell's error id, such as "UnexpectedToken"; "" for a refusal.
	ID string
	// Msg is what a person reads, PowerShell's own wording where it has one.
	Msg string
	// Incomplete tells that the line is right so far and wants more input.
	Incomplete bool
	// Construct names the language construct that is refused; "" where the line is wrong.
	Construct string
	// Syntax is the whole line, with all that is wrong with it.
	Syntax *syntax.Script
}

func (e *Error) Error() string { return e.Msg }

// Refused tells whether the line may be good PowerShell that is not run here.
func (e *Error) Refused() bool { return e.Construct != "" }
