package pslang

import (
	"strings"

	"psdeck/session/clixml"
)

// The types of which [pscredential]::new makes one and takes one.
const (
	credentialType = "System.Management.Automation.PSCredential"
	secureType     = "System.Security.SecureString"
)

// networkCredential is how a password would become text again.
var networkCredential = construct{"GetNetworkCredential()", "a password is not shown again once it was given; give the credential itself"}

// NewCredential is a PSCredential of a user name and a SecureString.
func NewCredential(userName string, password clixml.Value) clixml.Value {
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{credentialType, "System.Object"}, ToString: credentialType, HasToString: true,
		Props: []clixml.Property{clixml.Prop("UserName", userName), {Name: "Password", Value: password}},
	})
}

// IsCredentialType tells whether a type's name means PSCredential.
func IsCredentialType(name string) bool {
	switch strings.ToLower(name) {
	case "pscredential", "management.automation.pscredential", "system.management.automation.pscredential":
		return true
	}
	return false
}

// makesCredential tells [pscredential]::new(…): it has no effect anywhere.
func makesCredential(e *Call) bool {
	t, ok := e.Member.Target.(*TypeLiteral)
	name, named := e.Member.Name.(*Constant)
	return ok && named && e.Member.Static && IsCredentialType(t.Name) && strings.EqualFold(name.Value.Text(), "new")
}

func (ev *evaluator) newCredential(e *Call) (clixml.Value, error) {
	args := make([]clixml.Value, len(e.Args))
	for i, a := range e.Args {
		var err error
		if args[i], err = ev.eval(a); err != nil {
			return args[i], err
		}
	}
	if len(args) != 2 {
		return clixml.Null(), fault(e, "MethodCountCouldNotFindBest", "Cannot find an overload for \"new\" and the argument count: \"%d\".", len(args))
	}
	if o := args[1].Object(); o == nil || !o.Is(secureType) {
		// Not with the value: it may well be the password.
		return clixml.Null(), fault(e, "MethodArgumentConversionInvalidCastArgument", "Cannot convert argument \"password\" for \"new\" to type \"%s\": make one with Read-Host -AsSecureString", secureType)
	}
	if args[0].String() == "" {
		return clixml.Null(), fault(e, "MethodException", "a credential wants a user name")
	}
	return NewCredential(args[0].String(), args[1]), nil
}
