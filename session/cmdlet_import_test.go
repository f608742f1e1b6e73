package session

import (
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// Imported commands are commands like others: in parentheses, in chains, in
// ForEach-Object, with common parameters, and piped from one tenant to another.
// What each server was sent shows where a command ran.
func TestImportedCommandsInLines(t *testing.T) {
	for _, tt := range []struct {
		name, line      string
		contoso, fabric []string // sent to the two
	}{
		{"parameters in full, as a proxy sends them", "Set-ConCsUser -Id x -f y -Force", []string{"Set-CsUser -Identity: x -Filter: y -Force: True"}, nil},
		{"a splatted hashtable", "Get-ConCsUser @p", []string{"Get-CsUser -Identity: x"}, nil},
		{"in parentheses", "Get-FabCsUser (Get-ConCsUser x)", []string{"Get-CsUser x"}, []string{"Get-CsUser Get-CsUser x"}},
		{"a chain goes on", "Get-ConCsUser x && Get-FabCsUser y", []string{"Get-CsUser x"}, []string{"Get-CsUser y"}},
		{"a chain for failures does not", "Get-ConCsUser x || Get-FabCsUser y", []string{"Get-CsUser x"}, nil},
		{"for each object", "1, 2 | ForEach-Object { Get-FabCsUser $_ }", nil, []string{"Get-CsUser 1[int]", "Get-CsUser 2[int]"}},
		{"in an assignment", "$u = Get-ConCsUser x; Set-FabCsUser $u", []string{"Get-CsUser x"}, []string{"Set-CsUser Get-CsUser x"}},
		{"a script block for an endpoint without a language", "Get-ConCsUser -Filter { Enabled -eq $true }", []string{"Get-CsUser -Filter:  Enabled -eq $true "}, nil},
		{"its name in another case", "get-concsuser x", []string{"Get-CsUser x"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _, _ := twoTenants(t, Target{Env: Dev})
			d.home("Import-PSSession $c -Prefix Con", "Import-PSSession $f -Prefix Fab")
			before := [2]int{len(d.servers[0].log()), len(d.servers[1].log())}
			_, res := collect(t, mustRun(t, d.cmdlets.Home(), tt.line))
			if res.Outcome != Completed || res.Errors > 0 {
				t.Errorf("%+v", res)
			}
			for i, want := range [][]string{tt.contoso, tt.fabric} {
				if got := strings.TrimPrefix(d.servers[i].log()[before[i]:], "\n"); got != strings.Join(want, "\n") {
					t.Errorf("server %d was sent %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// What one tenant's command gives is the input of another's.
func TestAPipeFromOneTenantToAnother(t *testing.T) {
	d, _, _ := twoTenants(t, Target{Env: Dev})
	d.home("Import-PSSession $c -Prefix Con", "Import-PSSession $f -Prefix Fab")
	offered := d.answer
	d.answer = func(c *fakeCommand) {
		if c.query != nil || c.Request.NoInput {
			offered(c)
			return
		}
		for v := range c.input {
			c.out(describe(c.Request) + " took " + v.String())
		}
		c.done()
	}
	run := mustRun(t, d.cmdlets.Home(), "Get-ConCsUser x | Set-FabCsUser -Force")
	records, res := collect(t, run)
	want := []string{"reaches Contoso", "reaches Fabrikam", "Set-CsUser -Force: True took Get-CsUser x"}
	if got := texts(records); res.Outcome != Completed || !slices.Equal(got, want) {
		t.Errorf("%q %+v", got, res)
	}
}

// -OutVariable and a redirection act here, for an imported command as for a
// session's own.
func TestCommonParametersOfImportedCommands(t *testing.T) {
	d, _, _ := twoTenants(t, Target{Env: Dev})
	d.home("Import-PSSession $c -Prefix Con", "Get-ConCsUser x -OutVariable seen", "Get-ConCsUser y -ov +seen > $null")
	if got := d.home("$seen"); !slices.Equal(got, []string{"Get-CsUser x", "Get-CsUser y"}) {
		t.Errorf("$seen holds %q", got)
	}
	if log := d.servers[0].log(); strings.Contains(log, "OutVariable") {
		t.Errorf("it travelled: %q", log)
	}
}

// A session that is opened in parentheses is imported in the same line.
func TestImportOfWhatIsOpenedInTheLine(t *testing.T) {
	d := newFakeDeck(t)
	d.answer = commandsOffered("Get-CsTenant")
	d.home("Import-PSSession (New-CsOnlineSession -UserName admin@contoso.com)")
	if got := d.home("Get-CsTenant"); !slices.Equal(got, []string{"reaches Contoso", "Get-CsTenant"}) {
		t.Errorf("%q", got)
	}
}

// Names that nobody would look for are said, unless that is not wanted.
func TestImportChecksNames(t *testing.T) {
	for line, warned := range map[string]bool{"Import-PSSession $s": true, "Import-PSSession $s -DisableNameChecking": false} {
		d := newFakeDeck(t)
		d.answer = commandsOffered("Get-CsTenant", "Frobnicate-CsUser", "Grant-CsPolicy")
		out := d.home("$s = New-CsOnlineSession -UserName admin@contoso.com", line)
		if got := slices.ContainsFunc(out, func(s string) bool {
			return strings.Contains(s, "Frobnicate-CsUser") && !strings.Contains(s, "Grant-CsPolicy")
		}); got != warned {
			t.Errorf("%s: %q", line, out)
		}
	}
}

// -CommandType and -Module choose among what the server offers, also where it
// gives more than was asked for.
func TestImportChoosesCommands(t *testing.T) {
	offer := func(c *fakeCommand) {
		if c.query == nil {
			commandsOffered()(c)
			return
		}
		c.out(clixml.Custom(clixml.Prop("Count", 3)))
		for _, o := range []struct {
			name, module string
			kind         psrp.CommandTypes
		}{{"Get-CsTenant", "SkypeOnline", psrp.CommandFunction}, {"Get-CsUser", "SkypeOnline", psrp.CommandCmdlet}, {"Get-Other", "", psrp.CommandCmdlet}} {
			c.out(clixml.Custom(clixml.Prop("Name", o.name), clixml.Prop("Namespace", o.module), clixml.Prop("Parameters", clixml.Hashtable()),
				clixml.Prop("CommandType", clixml.Enum("System.Management.Automation.CommandTypes", map[psrp.CommandTypes]string{2: "Function", 8: "Cmdlet"}[o.kind], int32(o.kind)))))
		}
		c.done()
	}
	const none = "Running the Get-Command command in a remote session returned no results that can be used here."
	for _, tt := range []struct{ args, want, fails string }{
		{"", "Get-CsTenant Get-CsUser Get-Other", ""},
		{"-CommandType Function", "Get-CsTenant", ""},
		{"-CommandType cmdlet, function", "Get-CsTenant Get-CsUser Get-Other", ""},
		{"-CommandType 8", "Get-CsUser Get-Other", ""},
		{"-CommandType All", "Get-CsTenant Get-CsUser Get-Other", ""},
		{"-CommandType Alias", "", none},
		{"-CommandType Bogus", "", "Cannot bind parameter 'CommandType'. Cannot convert value \"Bogus\" to type \"System.Management.Automation.CommandTypes\". Error: \"Unable to match the identifier name Bogus to a valid enumerator name. " +
			"Specify one of the following enumerator names and try again:\nAlias, Function, Filter, Cmdlet, ExternalScript, Application, Script, Configuration, All\""},
		{"-Module SkypeOnline", "Get-CsTenant Get-CsUser", ""},
		{"-Module skype*, x", "Get-CsTenant Get-CsUser", ""},
		{"-FullyQualifiedModule @{ ModuleName = 'SkypeOnline'; ModuleVersion = '1.0' }", "Get-CsTenant Get-CsUser", ""},
		{"-Module x", "", none},
		{"-Certificate 1", "", "imported commands are not kept as a module here, so that nothing is there to be signed: leave -Certificate out"},
		{"-Prefix 'a b'", "", `the prefix "a b" cannot stand in a command's name: ' ' is in it; use letters, digits and underscores`},
		{"-Prefix Con", "Get-ConCsTenant Get-ConCsUser Get-ConOther", ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			d := newFakeDeck(t)
			d.answer = offer
			d.home("$s = New-CsOnlineSession -UserName admin@contoso.com")
			run, err := d.cmdlets.Home().Run(t.Context(), "Import-PSSession $s "+tt.args, RunOptions{Confirmed: true})
			if err == nil {
				_, res := collect(t, run)
				err = res.Err
			}
			if tt.fails != "" {
				if err == nil || err.Error() != tt.fails {
					t.Errorf("%v, want %s", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range d.cmdlets.home.console.imports {
				got = append(got, p.name)
			}
			if slices.Sort(got); strings.Join(got, " ") != tt.want {
				t.Errorf("%q, want %s", got, tt.want)
			}
		})
	}
}
