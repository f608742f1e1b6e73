package runspace

import (
	"testing"

	"psdeck/session/psrp"
)

// The texts and ids are those of the recordings 04a-errors and
// 08a-restricted-endpoint.
func TestRefusals(t *testing.T) {
	const notFound = "' is not recognized as a name of a cmdlet, function, script file, or executable program.\n" +
		"Check the spelling of the name, or if a path was included, verify that the path is correct and try again."
	script := func(text string) psrp.Command { return psrp.Command{Name: text, IsScript: true} }
	for _, c := range []struct {
		name     string
		commands []psrp.Command
		id, text string
		category string
	}{
		{"unknown command", []psrp.Command{cmd("Get-CsNothing")}, "CommandNotFoundException", "The term 'Get-CsNothing" + notFound, "ObjectNotFound"},
		{"unknown later command", []psrp.Command{cmd("Get-CsOnlineUser"), cmd("Where-Object")}, "CommandNotFoundException", "The term 'Where-Object" + notFound, "ObjectNotFound"},
		{"unknown parameter", []psrp.Command{cmd("Set-CsUser", "NoSuch", 1)}, "NamedParameterNotFound,Set-CsUser", "A parameter cannot be found that matches parameter name 'NoSuch'.", "InvalidArgument"},
		{"restricted proxy", []psrp.Command{cmd("Get-CsOnlineUser"), cmd("Select-Object", "First", 2)}, "NamedParameterNotFound,Select-Object", "A parameter cannot be found that matches parameter name 'First'.", "InvalidArgument"},
		{"measure by property", []psrp.Command{cmd("Get-CsOnlineUser"), cmd("Measure-Object", "Property", "x")}, "NamedParameterNotFound,Measure-Object", "A parameter cannot be found that matches parameter name 'Property'.", "InvalidArgument"},
		{
			"select of another property",
			[]psrp.Command{cmd("Get-CsOnlineUser"), cmd("Select-Object", "Property", "UserPrincipalName")},
			"ParameterArgumentValidationError,Select-Object",
			`Cannot validate argument on parameter 'Property'. The argument "UserPrincipalName" does not belong to the set "ModuleName,Namespace,OutputType,Count,HelpUri,Name,CommandType,ResolvedCommandName,DefaultParameterSet,CmdletBinding,Parameters" specified by the ValidateSet attribute. Supply an argument that is in the set and then try the command again.`, "InvalidData",
		},
		{
			"wrong type",
			[]psrp.Command{cmd("Get-CsOnlineUser", "ResultSize", "abc")},
			"CannotConvertArgumentNoMessage,Get-CsOnlineUser",
			`Cannot bind parameter 'ResultSize'. Cannot convert value "abc" to type "System.Int32". Error: "The input string 'abc' was not in a correct format."`, "InvalidArgument",
		},
		{
			"text for a script block",
			[]psrp.Command{cmd("Get-LabEcho", "Script", "$_ -gt 0")},
			"CannotConvertArgumentNoMessage,Get-LabEcho",
			`Cannot bind parameter 'Script'. Cannot convert the "$_ -gt 0" value of type "System.String" to type "System.Management.Automation.ScriptBlock".`, "InvalidArgument",
		},
		{
			"not in the set",
			[]psrp.Command{cmd("Set-CsUser", "Identity", "x", "Policy", "c")},
			"ParameterArgumentValidationError,Set-CsUser",
			`Cannot validate argument on parameter 'Policy'. The argument "c" does not belong to the set "Global,RestrictedAnonymous" specified by the ValidateSet attribute. Supply an argument that is in the set and then try the command again.`, "InvalidData",
		},
		{"missing mandatory", []psrp.Command{cmd("Set-CsUser", "PassThru", true)}, "MissingMandatoryParameter,Set-CsUser", "Cannot process command because of one or more missing mandatory parameters: Identity.", "InvalidArgument"},
		{"empty mandatory", []psrp.Command{cmd("Set-CsUser", "Identity", "")}, "ParameterArgumentValidationErrorEmptyStringNotAllowed,Set-CsUser", "Cannot bind argument to parameter 'Identity' because it is an empty string.", "InvalidData"},
		{"too many positional", []psrp.Command{cmd("Set-CsUser", "", "a", "", "b")}, "PositionalParameterNotFound,Set-CsUser", "A positional parameter cannot be found that accepts argument 'b'.", "InvalidArgument"},
		{"ambiguous", []psrp.Command{cmd("Set-CsUser", "P", "a")}, "AmbiguousParameter,Set-CsUser", "Parameter cannot be processed because the parameter name 'P' is ambiguous. Possible matches include: -PassThru -Policy -ProgressAction -PipelineVariable.", "InvalidArgument"},
		{"script", []psrp.Command{script("Get-CsTenant")}, "ScriptsNotAllowed", "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.", "ParserError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &recorder{}
			state, e := run(t, Options{}, r, psrp.Commands(c.commands...))
			if state != psrp.PipelineFailed || e == nil {
				t.Fatalf("state %v, error %v", state, e)
			}
			if e.FullyQualifiedErrorID != c.id || e.Message != c.text || e.Category != c.category {
				t.Errorf("got %s (%s): %s\nwant %s (%s): %s", e.FullyQualifiedErrorID, e.Category, e.Message, c.id, c.category, c.text)
			}
			if len(r.lines) > 0 {
				t.Errorf("something ran: %v", r.lines)
			}
		})
	}
}

// The fields are those of the recording 08a's "Get-CsOnlineUser none".
func TestErrorRecordFields(t *testing.T) {
	r := &recorder{}
	state, _ := run(t, Options{}, r, psrp.Commands(cmd("Get-CsOnlineUser", "Identity", "nobody@contoso.example")))
	if state != psrp.PipelineCompleted || len(r.errors) != 1 {
		t.Fatalf("state %v, %d errors", state, len(r.errors))
	}
	e := r.errors[0]
	got := []string{e.FullyQualifiedErrorID, e.Category, e.Activity, e.TargetName, e.TargetType}
	want := []string{"ManagementObjectNotFound,Get-CsOnlineUser", "ObjectNotFound", "Get-CsOnlineUser", "nobody@contoso.example", "String"}
	for n := range want {
		if got[n] != want[n] {
			t.Errorf("got %q, want %q", got[n], want[n])
		}
	}
	if e.CategoryCode != 13 {
		t.Errorf("category %d, want 13", e.CategoryCode)
	}
}

func TestErrorAction(t *testing.T) {
	for action, want := range map[any]psrp.PipelineState{
		"SilentlyContinue": psrp.PipelineCompleted, "Continue": psrp.PipelineCompleted, "Stop": psrp.PipelineFailed,
		1: psrp.PipelineFailed, 4: psrp.PipelineCompleted, "Sideways": psrp.PipelineFailed,
	} {
		r := &recorder{}
		state, e := run(t, Options{}, r, psrp.Commands(cmd("Get-CsOnlineUser", "Identity", "nobody", "ea", action)))
		if state != want {
			t.Errorf("%v: state %v, want %v (%v)", action, state, want, e)
		}
		if shown := len(r.errors) == 1; shown != (action == "Continue") {
			t.Errorf("%v: %d errors shown", action, len(r.errors))
		}
	}
}
