package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

// PowerShell calls an error terminating that ends its statement; the line goes
// on with the next one. What is asked to stop at errors ends the line.

// endsLine tells whether a line ends with a statement that failed with err, or,
// where err is nil, that gave errors.
func (x *typedLine) endsLine(st *step, outcome Outcome, err error) bool {
	var deck *Error
	var wrong *pslang.Error
	switch {
	case outcome != Completed && outcome != Failed:
		return true
	case st.strict || x.console.scope.strict():
		return true
	case outcome == Completed:
		return false
	case errors.As(err, &deck), errors.As(err, new(*NotArrivedError)), errors.As(err, new(*RefusedError)), errors.As(err, new(*ConfirmationError)):
		return true // the session is in doubt, or a rule of safety speaks
	case errors.As(err, &wrong) && (wrong.Refused() || strings.HasPrefix(wrong.ID, "ActionPreferenceStop")), errors.As(err, new(*pslang.Thrown)):
		return true
	}
	for ; st != nil; st = st.then {
		if st.cmdlet != nil && slices.Contains(leading, st.cmdlet.name) {
			return true
		}
	}
	return false
}

// leading are the cmdlets that lead what follows to a session. Where one fails,
// it would reach the session that was there before: maybe another tenant's.
var leading = []string{"New-CsOnlineSession", "New-PSSession", "Connect-PSSession", "Enter-PSSession", "Exit-PSSession", "Import-PSSession"}

// strict tells whether $ErrorActionPreference asks to stop at errors.
func (s *scope) strict() bool {
	v, _ := s.Variable("ErrorActionPreference")
	return isStop(v)
}

// isStop tells whether a value names the ErrorAction Stop.
func isStop(v clixml.Value) bool { return strings.EqualFold(v.String(), "Stop") || v.String() == "1" }

// strict tells whether a command of a statement has -ErrorAction Stop.
func (p planner) strict(s *pslang.Statement) bool {
	if s.Pipeline == nil {
		return false
	}
	for _, e := range s.Pipeline.Elements {
		if e.Command == nil {
			continue
		}
		for i, a := range e.Command.Args {
			if a.Splatted() && p.splatsStop(a) {
				return true
			}
			if !isErrorAction(a.Name) {
				continue
			}
			value := a.Value
			if value == nil && i+1 < len(e.Command.Args) && e.Command.Args[i+1].Name == "" {
				value = e.Command.Args[i+1].Value
			}
			if value == nil {
				continue
			}
			if v, err := pslang.Eval(value, p.scope); err == nil && isStop(v) {
				return true
			}
		}
	}
	return false
}

func (p planner) splatsStop(a pslang.Arg) bool {
	v, _ := p.scope.Variable(a.Value.(*pslang.Variable).Name)
	o := v.Object()
	return o != nil && slices.ContainsFunc(o.Entries, func(e clixml.Entry) bool { return isErrorAction(e.Key.String()) && isStop(e.Value) })
}

// isErrorAction tells a name of the parameter, which may be shortened as far as
// no other common one begins so.
func isErrorAction(name string) bool {
	_, shortened := cutPrefixFold("ErrorAction", name)
	return strings.EqualFold(name, "ea") || shortened && len(name) >= len("ErrorA")
}

// valueRecord is an error of an expression as a record.
func valueRecord(e *pslang.EvalError) *psrp.ErrorRecord {
	rec := &psrp.ErrorRecord{
		Message: e.Msg, FullyQualifiedErrorID: orElse(e.ID, "RuntimeException"), Category: "NotSpecified",
		ExceptionType: "System.Management.Automation.RuntimeException", Reason: "RuntimeException",
	}
	switch id := rec.FullyQualifiedErrorID; {
	case slices.Contains([]string{"NullArray", "InvokeMethodOnNull", "MethodNotFound", "FormatError"}, id):
		rec.Category = "InvalidOperation"
	case strings.Contains(id, "Cast") && !strings.HasPrefix(id, "Method"), strings.HasPrefix(id, "SubstringDisambiguation"):
		rec.Category = "InvalidArgument"
	}
	return rec
}

// failed is the record of an error that a statement of line ended with, with
// the part of the line that it is about where that is known.
func failed(line string, err error) Record {
	rec := Record{Stream: StreamError, Error: cmdletError(err)}
	var value *pslang.EvalError
	var wrong *pslang.Error
	switch {
	case errors.As(err, &value):
		rec.At = &value.Extent
	case errors.As(err, &wrong):
		rec.At = &wrong.Extent
	}
	if rec.At != nil && rec.Error.PositionMessage == "" && rec.At.End <= len(line) && safetext.Redact(line) == line {
		e := *rec.Error
		e.PositionMessage = position(line, *rec.At)
		rec.Error = &e
	}
	return rec
}

// position is a place of a line in PowerShell's words.
func position(line string, at pslang.Extent) string {
	begin := strings.LastIndexByte(line[:at.Start], '\n') + 1
	text, _, _ := strings.Cut(line[begin:], "\n")
	before := []rune(line[begin:at.Start])
	marked, _, _ := strings.Cut(line[at.Start:at.End], "\n")
	return fmt.Sprintf("At line:%d char:%d\n+ %s\n+ %s%s", 1+strings.Count(line[:begin], "\n"), len(before)+1,
		strings.ReplaceAll(strings.TrimRight(text, "\r"), "\t", " "), strings.Repeat(" ", len(before)), strings.Repeat("~", max(1, len([]rune(marked)))))
}
