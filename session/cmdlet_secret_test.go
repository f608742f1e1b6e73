package session

import (
	"slices"
	"strings"
	"testing"
)

// Who has given a name is asked for the password only: it must not be typed
// where a name was expected, for all to see.
func TestCredentialsAskForWhatIsMissing(t *testing.T) {
	for _, tt := range []struct {
		line    string
		fields  []Field
		answers []string
		user    string
	}{
		{"$c = Get-Credential admin@contoso.com", []Field{{Name: "Password", Label: "Password for user admin@contoso.com", Secret: true}}, []string{"x"}, "admin@contoso.com"},
		{"$c = Get-Credential -UserName admin@contoso.com -Message 'Who?'", []Field{{Name: "Password", Label: "Password for user admin@contoso.com", Secret: true}}, []string{"x"}, "admin@contoso.com"},
		{"$c = Get-Credential", []Field{{Name: "UserName", Label: "User name"}, {Name: "Password", Label: "Password", Secret: true}}, []string{"eve", "x"}, "eve"},
	} {
		d := newFakeDeck(t)
		run := mustRun(t, d.cmdlets.Home(), tt.line)
		p := nextPrompt(t, run)
		if !slices.Equal(p.Fields, tt.fields) {
			t.Errorf("%s asked %+v", tt.line, p.Fields)
		}
		if err := p.Fill(t.Context(), tt.answers); err != nil {
			t.Fatalf("%s: %v", tt.line, err)
		}
		collect(t, run)
		name, _ := d.value("c").Object().Get("UserName")
		password, _ := d.value("c").Object().Get("Password")
		if secret, ok := d.cmdlets.secretOf(password); !ok || secret.Reveal() != "x" || name.Text() != tt.user {
			t.Errorf("%s made a credential of %q", tt.line, name)
		}
	}
}

// A credential can be put together; its name shows, its password does not.
func TestCredentialsPutTogether(t *testing.T) {
	for _, makes := range []string{
		"New-Object System.Management.Automation.PSCredential ($name, $secure)", "New-Object -TypeName PSCredential -ArgumentList $name, $secure",
		"New-Object pscredential $name, $secure", "New-Object Management.Automation.PSCredential -Args @($name, $secure)",
		"[pscredential]::new($name, $secure)", "[System.Management.Automation.PSCredential]::new($name, $secure)",
	} {
		d := newFakeDeck(t)
		d.home("$name = 'admin@contoso.com'", "$secure = ConvertTo-SecureString 'pass' -AsPlainText -Force", "$c = "+makes)
		if got := d.home("$c.UserName"); !slices.Equal(got, []string{"admin@contoso.com"}) {
			t.Errorf("%s: %q", makes, got)
		}
		d.home("New-CsOnlineSession -Credential $c", "New-CsOnlineSession -Credential ("+makes+")")
		for _, target := range d.opened {
			if p, err := target.Password(t.Context(), ""); err != nil || p.Reveal() != "pass" || !target.Fresh {
				t.Errorf("%s: opened with %+v", makes, target)
			}
		}
		s := d.session(Target{Env: Prod, ReadOnly: true})
		d.cmdlets.Adopt(s)
		if records, res := collect(t, mustRun(t, s, "$x = "+makes+"; $x.UserName")); res.Outcome != Completed || len(d.servers[len(d.servers)-1].log()) != 0 {
			t.Errorf("%s in a session: %+v %q", makes, res, texts(records))
		}
	}
	d := newFakeDeck(t)
	d.home("$name = 'a'", "$secure = ConvertTo-SecureString 'pass' -AsPlainText -Force", "$c = [pscredential]::new($name, $secure)")
	for line, want := range map[string]string{
		"New-Object System.Text.StringBuilder":  "New-Object makes PSCredential objects only here",
		"New-Object PSCredential $name":         "A constructor was not found.",
		"New-Object PSCredential $name, 'pass'": "A constructor was not found.",
		"[pscredential]::new($name, 'pass')":    "Read-Host -AsSecureString",
		"[pscredential]::new($name)":            `argument count: "1"`,
		"$c.GetNetworkCredential().Password":    "GetNetworkCredential() is not run here: a password is not shown again once it was given",
	} {
		run, err := d.cmdlets.Home().Run(t.Context(), line, RunOptions{})
		if err == nil {
			_, res := collect(t, run)
			err = res.Err
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "'pass'") {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}
