package session

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"psdeck/session/pslang"
)

// The sets of PowerShell's cmdlets that are not offered: machines and containers
// of this computer, files, and several hosts in one hashtable.
var setsNotOffered = []string{"-VMId", "-VMName", "-ContainerId", "-UseWindowsPowerShell", "-FilePath", "-SSHConnection"}

// Each parameter set that PowerShell has is here with the same positions, the
// same mandatory parameters and the same aliases.
func TestParameterSetsArePowerShells(t *testing.T) {
	data, err := os.ReadFile("testdata/session_cmdlets.json")
	if err != nil {
		t.Fatal(err)
	}
	var real map[string]struct {
		Sets    []string
		Aliases map[string][]string
	}
	if err := json.Unmarshal(data, &real); err != nil {
		t.Fatal(err)
	}
	for _, c := range cmdlets() {
		theirs, ok := real[c.name]
		if !ok {
			continue
		}
		ours := c.signature()
		for _, set := range theirs.Sets {
			if slices.ContainsFunc(setsNotOffered, func(s string) bool { return strings.Contains(set, s) }) {
				continue
			}
			var sig signature
			want := sig.read(strings.Replace(set, "[<CommonParameters>]", "", 1))
			if !slices.ContainsFunc(ours.sets, func(have map[string]place) bool {
				for name, at := range want {
					if got, ok := have[name]; !ok || got != at {
						return false
					}
				}
				return true
			}) {
				t.Errorf("%s: no set like %s", c.name, set)
			}
		}
		for _, p := range ours.parameters {
			for _, alias := range theirs.Aliases[p.name] {
				if !slices.Contains(p.aliases, alias) {
					t.Errorf("%s: -%s lacks its alias %s", c.name, p.name, alias)
				}
			}
		}
	}
}

// The same for the cmdlets that PowerShell has on Windows only.
func TestParameterSetsAreWindowsPowerShells(t *testing.T) {
	data, err := os.ReadFile("testdata/windows_cmdlets.json")
	if err != nil {
		t.Fatal(err)
	}
	var real map[string][]struct {
		Name    string
		Aliases []string
		Sets    []struct {
			Set       string
			Mandatory bool
			Position  *int
		}
	}
	if err := json.Unmarshal(data, &real); err != nil {
		t.Fatal(err)
	}
	for _, c := range cmdlets() {
		ours := c.signature()
		sets := make(map[string]map[string]place)
		for _, p := range real[c.name] {
			for _, in := range p.Sets {
				if sets[in.Set] == nil {
					sets[in.Set] = make(map[string]place)
				}
				at := place{-1, in.Mandatory}
				if in.Position != nil {
					at.position = *in.Position
				}
				sets[in.Set][p.Name] = at
			}
			if i := slices.IndexFunc(ours.parameters, func(q parameter) bool { return q.name == p.Name }); i < 0 {
				t.Errorf("%s has no -%s", c.name, p.Name)
			} else if got := ours.parameters[i].aliases; slices.ContainsFunc(p.Aliases, func(a string) bool { return !slices.Contains(got, a) }) {
				t.Errorf("%s: the aliases of -%s are %q", c.name, p.Name, got)
			}
		}
		for name, want := range sets {
			// These are declared by the class above.
			for _, by := range []string{"Id", "Name", "InstanceId"} {
				if _, declared := want[by]; name == by+"ParameterSet" && !declared {
					want[by] = place{map[string]int{"Id": 0, "Name": -1, "InstanceId": -1}[by], true}
				}
			}
			if !slices.ContainsFunc(ours.sets, func(have map[string]place) bool {
				for name, at := range want {
					if got, ok := have[name]; !ok || got != at {
						return false
					}
				}
				return true
			}) {
				t.Errorf("%s: no set like %s: %v", c.name, name, want)
			}
		}
	}
}

// PowerShell's ids and words for what is wrong with the arguments.
func TestBindingErrorsArePowerShells(t *testing.T) {
	d := newFakeDeck(t)
	d.home("$x = 5")
	for _, tt := range []struct{ line, id, text string }{
		{"New-PSSession -ComputerName x -Port 70000", "ParameterArgumentValidationError,Microsoft.PowerShell.Commands.NewPSSessionCommand", "Cannot validate argument on parameter 'Port'. The 70000 argument is greater than the maximum allowed range of 65535. Supply an argument that is less than or equal to 65535 and then try the command again."},
		{"New-PSSession -ConnectionUri notauri", "CreateRemoteRunspaceFailed,Microsoft.PowerShell.Commands.NewPSSessionCommand", "Relative URIs are not supported in the creation of remote sessions."},
		{"Remove-PSSession -Id 99", "RemoteRunspaceNotAvailableForSpecifiedSessionId,Microsoft.PowerShell.Commands.RemovePSSessionCommand", "The remote session with the session ID 99 is not available."},
		{"Remove-PSSession -Name nosuch", "RemoteRunspaceNotAvailableForSpecifiedName,Microsoft.PowerShell.Commands.RemovePSSessionCommand", "The remote session with the name nosuch  is not available."},
		{"Get-PSSession -Name nosuch", "RemoteRunspaceNotAvailableForSpecifiedName,Microsoft.PowerShell.Commands.GetPSSessionCommand", "The remote session with the name nosuch  is not available."},
		{"Import-PSSession 5", "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.ImportPSSessionCommand", `Cannot bind parameter 'Session'. Cannot convert the "5" value of type "System.Int32" to type "System.Management.Automation.Runspaces.PSSession".`},
		{"Invoke-Command -ComputerName", "MissingArgument,Microsoft.PowerShell.Commands.InvokeCommandCommand", "Missing an argument for parameter 'ComputerName'. Specify a parameter of type 'System.String[]' and try again."},
		{"New-PSSession -Nope 1", "NamedParameterNotFound,Microsoft.PowerShell.Commands.NewPSSessionCommand", "A parameter cannot be found that matches parameter name 'Nope'."},
		{"New-PSSession -Co x", "AmbiguousParameter,Microsoft.PowerShell.Commands.NewPSSessionCommand", "Parameter cannot be processed because the parameter name 'Co' is ambiguous. Possible matches include: -ComputerName -ConfigurationName -ConnectionUri -ConnectingTimeout."},
		{"New-PSSession -Name a -Name b", "ParameterAlreadyBound,Microsoft.PowerShell.Commands.NewPSSessionCommand", `Cannot bind parameter because parameter 'Name' is specified more than once. To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, "-parameter value1,value2,value3".`},
		{"New-PSSession -ComputerName a -ConnectionUri b", "AmbiguousParameterSet,Microsoft.PowerShell.Commands.NewPSSessionCommand", "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be used together or an insufficient number of parameters were provided."},
		{"New-PSSession a b", "PositionalParameterNotFound,Microsoft.PowerShell.Commands.NewPSSessionCommand", "A positional parameter cannot be found that accepts argument 'b'."},
		{"New-PSSession a -UseSSL:maybe", "CannotConvertArgument,Microsoft.PowerShell.Commands.NewPSSessionCommand", "Cannot convert 'System.String' to the type 'System.Management.Automation.SwitchParameter' required by parameter 'UseSSL'. "},
		{"New-PSSession a -Port x", "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.NewPSSessionCommand", `Cannot bind parameter 'Port'. Cannot convert value "x" to type "System.Int32". Error: "The input string 'x' was not in a correct format."`},
		{"New-PSSession a -Authentication Sometimes", "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.NewPSSessionCommand", "Cannot bind parameter 'Authentication'. Cannot convert value \"Sometimes\" to type \"System.Management.Automation.Runspaces.AuthenticationMechanism\". Error: \"Unable to match the identifier name Sometimes to a valid enumerator name. Specify one of the following enumerator names and try again:\nDefault, Basic, Negotiate, NegotiateWithImplicitCredential, Credssp, Digest, Kerberos\""},
		{"Remove-PSSession", "MissingMandatoryParameter,Microsoft.PowerShell.Commands.RemovePSSessionCommand", "Cannot process command because of one or more missing mandatory parameters: Id."},
		{"Invoke-Command -Session $x { 1 }", "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.InvokeCommandCommand", `Cannot bind parameter 'Session'. Cannot convert the "5" value of type "System.Int32" to type "System.Management.Automation.Runspaces.PSSession".`},
	} {
		t.Run(tt.line, func(t *testing.T) {
			run, err := d.cmdlets.Home().Run(t.Context(), tt.line, RunOptions{Confirmed: true})
			if err == nil {
				_, res := collect(t, run)
				err = res.Err
			}
			var wrong *pslang.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("%v", err)
			}
			if wrong.ID != tt.id || wrong.Msg != tt.text {
				t.Errorf("%s\n%q\nwant %s\n%q", wrong.ID, wrong.Msg, tt.id, tt.text)
			}
			if len(d.opened) > 0 {
				t.Error("a session was opened")
			}
		})
	}
}

func TestNewPSSessionAsTyped(t *testing.T) {
	d := newFakeDeck(t)
	d.home("$o = New-PSSessionOption -IdleTimeoutMSec 900000 -SkipCACheck -MaximumRedirection 3", "$h = @{ ComputerName = 'box'; UseSSL = $true }")
	for _, tt := range []struct {
		line  string
		check func(Target) bool
	}{
		{"New-PSSession", func(t Target) bool { return t.OverridePowerShellURI == "http://localhost:5985/wsman" }},
		{"nsn box -UseSSL -Name mine", func(t Target) bool { return t.OverridePowerShellURI == "https://box:5986/wsman" && t.Name == "mine" }},
		{"New-PSSession -Cn box -Port 80 -ApplicationName PowerShell -ConfigurationName Microsoft.Exchange -Auth Kerberos", func(t Target) bool {
			return t.OverridePowerShellURI == "http://box:80/PowerShell" && t.ConfigurationName == "Microsoft.Exchange" && t.Authentication == "kerberos"
		}},
		{"New-PSSession -ConnectionUri https://pool/OcsPowershell -AllowRedirection -SessionOption $o", func(t Target) bool {
			return t.OverridePowerShellURI == "https://pool/OcsPowershell" && t.AllowRedirection && t.Options.SkipCACheck && t.Options.IdleTimeout.Minutes() == 15 && *t.Options.MaximumConnectionRedirectionCount == 3 && t.Options.NoMachineProfile == nil
		}},
		{"New-PSSession -HostName anna@box -Port 2222", func(t Target) bool { return t.OverridePowerShellURI == "ssh://anna@box:2222" && t.Transport == "ssh" }},
		{"New-CsOnlineSession -SessionOption $o -UserName a@contoso.com", func(t Target) bool { return t.Options.SkipCACheck && t.UserName == "a@contoso.com" }},
	} {
		d.home(tt.line)
		if got := d.opened[len(d.opened)-1]; !tt.check(got) {
			t.Errorf("%s opened %+v", tt.line, got)
		}
	}
	if got := d.home("$o.IdleTimeout; $o.MaximumConnectionRedirectionCount; $o.NoCompression"); !slices.Equal(got, []string{"00:15:00", "", "3", "", "False"}) {
		t.Errorf("the option shows %q", got)
	}
}

// A splatted hashtable holds named parameters, a splatted list the others.
func TestSplattedArguments(t *testing.T) {
	d := newFakeDeck(t)
	d.home("$h = @{ cn = 'box'; UseSSL = $true }", "$l = 'box', 'other'")
	c := openingCmdlets()[1]
	for name, want := range map[string]string{"h": "box", "l": "box"} {
		cmd := &pslang.Command{Name: c.name, Args: []pslang.Arg{{Value: &pslang.Variable{Name: name, Splat: true}}}}
		b, err := d.cmdlets.bind(c, cmd, d.cmdlets.home.console.scope, nil, false)
		if name == "l" {
			if err == nil {
				t.Error("two values were bound to one position")
			}
			continue
		}
		if err != nil || b.text("ComputerName") != want || !b.on("UseSSL") {
			t.Errorf("%v, %v", b, err)
		}
	}
}
