package session

import (
	"errors"
	"strings"

	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
)

// Decision is the guard's answer.
type Decision uint8

// The decisions.
const (
	Allowed Decision = iota
	NeedsConfirmation
	Refused
)

// Verdict is what the guard says of a line in a session.
type Verdict struct {
	Decision Decision
	// Command is the name that decided, Reason why, WayOut what to do instead.
	Command, Reason, WayOut string
	// Typed is the text a person has to type to confirm (the tenant's name, in
	// production); empty where a plain yes is enough.
	Typed string
	// Reached are the sessions that the line reaches, the one whose rules decided
	// first; where that is known only as it runs, those that it may reach.
	Reached []Reached
}

// Where names the tenants that the line reaches: "Contoso (prod), Fabrikam
// (test)"; "" where nothing is known of that.
func (v Verdict) Where() string {
	names := make([]string, len(v.Reached))
	for i, r := range v.Reached {
		names[i] = r.Name()
		if r.Env != "" {
			names[i] += " (" + string(r.Env) + ")"
		}
	}
	return strings.Join(names, ", ")
}

// why is the reason, and which tenants it is about.
func (v Verdict) why() string {
	if where := v.Where(); where != "" {
		return v.Reason + "; reaches " + where
	}
	return v.Reason
}

// RefusedError is a line that the guard refused; nothing was sent.
type RefusedError struct{ Verdict Verdict }

func (e *RefusedError) Error() string { return "refused: " + e.Verdict.why() }

// ConfirmationError is a line that wants a person's confirmation first;
// nothing was sent.
type ConfirmationError struct{ Verdict Verdict }

func (e *ConfirmationError) Error() string { return "needs confirmation: " + e.Verdict.why() }

// rules are what the guard knows of a session.
type rules struct {
	env      Environment
	readOnly bool
	proof    Proof
	there    bool // the server runs the line in its own language
}

// judge is the guard: the one function that every line passes before anything
// is sent. It judges the whole line as PowerShell reads it, also one that
// only a server's own language can run.
func judge(r rules, script *pslang.Script, parseErr error) (Verdict, error) {
	root, err := wholeLine(script, parseErr)
	if err != nil {
		return Verdict{}, err
	}
	f := classify(root, r.there)
	return r.verdict(f), nil
}

// wholeLine gives the tree of a line that is right, though it may be refused here.
func wholeLine(script *pslang.Script, parseErr error) (*syntax.Node, error) {
	if parseErr == nil {
		return script.Syntax.Root, nil
	}
	var pe *pslang.Error
	if errors.As(parseErr, &pe) && pe.Refused() && pe.Syntax != nil {
		return pe.Syntax.Root, nil
	}
	return nil, parseErr
}

func (r rules) verdict(f finding) Verdict {
	if f.effect == reads {
		return Verdict{}
	}
	v := Verdict{Command: f.name, Reason: f.why}
	switch {
	case r.readOnly:
		v.Decision = Refused
		v.Reason = "read-only: " + f.why
		v.WayOut = "open this tenant without read-only to change it"
	case r.environment() == Prod && f.effect == destroys:
		v.Decision = NeedsConfirmation
		v.Typed = r.proof.Label()
	case r.environment() == Prod, r.environment() == Test && f.effect == destroys:
		v.Decision = NeedsConfirmation
	}
	return v
}

// environment is the one whose rules apply: what cannot be proved is treated
// as production.
func (r rules) environment() Environment {
	switch {
	case r.env != "":
		return r.env
	case !r.proof.Proved:
		return Prod
	}
	return Test
}
