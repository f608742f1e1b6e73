package session_test

import (
	"context"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/lab"
)

// labDeck is a deck without a screen on the lab.
type labDeck struct {
	*world
	cmdlets *session.Cmdlets
	shown   *session.Session
	asked   int // how often for a password
}

func newLabDeck(t *testing.T) *labDeck {
	d := &labDeck{world: newWorld(t, lab.Options{})}
	d.cmdlets = session.NewCmdlets(d)
	return d
}

// Open implements session.Deck: whoever is asked for a password knows it.
func (d *labDeck) Open(ctx context.Context, t session.Target, _ bool, watch func(session.Event)) (*session.Session, error) {
	s, err := d.connector.Connect(ctx, d.knowing(t), watch)
	if err != nil {
		return nil, err
	}
	d.t.Cleanup(func() { _ = s.Close(context.Background()) })
	d.cmdlets.Adopt(s)
	return s, nil
}

// Show implements session.Deck.
func (d *labDeck) Show(_ context.Context, s *session.Session) error { d.shown = s; return nil }

// Close implements session.Deck.
func (d *labDeck) Close(ctx context.Context, s *session.Session) error { return s.Close(ctx) }

// Leave implements session.Deck.
func (d *labDeck) Leave(ctx context.Context, s *session.Session, o session.LeaveOptions) error {
	return s.Leave(ctx, o)
}

// Shells implements session.Lister.
func (d *labDeck) Shells(ctx context.Context, t session.Target) (*session.Shells, error) {
	return d.connector.Shells(ctx, d.knowing(t), nil)
}

// knowing is a target whose password is known.
func (d *labDeck) knowing(t session.Target) session.Target {
	t.Env = session.Dev
	if t.UserName == "" && t.AccessToken.IsZero() {
		t.UserName = "admin@contoso.com"
	}
	if t.Password == nil && t.AccessToken.IsZero() {
		t.Password = func(_ context.Context, name string) (auth.Secret, error) {
			d.asked++
			u, _ := d.lab.Authority().User(name)
			return auth.NewSecret(u.Password), nil
		}
	}
	return t
}

// home runs lines at home and gives what the last one gave.
func (d *labDeck) home(lines ...string) []string {
	d.t.Helper()
	var out []string
	for _, line := range lines {
		var res session.Result
		if out, res = output(d.t, d.cmdlets.Home(), line); res.Outcome != session.Completed {
			d.t.Fatalf("%s: %+v", line, res)
		}
	}
	return out
}

// sent is what the lab's ledger holds from its n-th command on, as lines.
func (d *labDeck) sent(n int) []string {
	var lines []string
	for _, e := range d.lab.Ledger()[n:] {
		line := e.Tenant + ":"
		for i, c := range e.Commands {
			if i > 0 {
				line += " |"
			}
			line += " " + c.Name
			for _, p := range c.Parameters {
				line += " " + p.Name + "=" + p.Type + "(" + p.Text + ")"
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// The documentation's examples against the lab, and what PowerShell would have
// sent for them.
func TestTheDocumentationsExamplesAgainstTheLab(t *testing.T) {
	d := newLabDeck(t)
	d.home("New-CsOnlineSession -UserName admin@contoso.com")
	d.home("New-CsOnlineSession -UserName admin@contoso.com -OverrideAdminDomain fabrikam.onmicrosoft.com")
	d.home("$sfbSession = New-CsOnlineSession")
	n := len(d.lab.Ledger())
	d.home("Import-PSSession $sfbSession")
	d.home("Get-CsOnlineUser -ResultSize 2", "Set-CsUser -Identity 'anna@contoso.example' -LineUri 'tel:+49' -WhatIf")
	const contoso = "00000000-0000-0000-0000-000000000001: "
	want := []string{
		"Get-Command Name=System.String[](*)",
		"Get-FormatData TypeName=System.String[](*) PowerShellVersion=System.Version(7.6.5) | Measure-Object",
		"Get-FormatData TypeName=System.String[](*) PowerShellVersion=System.Version(7.6.5)",
		"Get-CsOnlineUser -ResultSize:=System.Int32(2)",
		"Set-CsUser -Identity:=System.String(anna@contoso.example) -LineUri:=System.String(tel:+49) -WhatIf:=System.Management.Automation.SwitchParameter(True)",
	}
	got := d.sent(n)
	for i := range want {
		if i >= len(got) || got[i] != contoso+want[i] {
			t.Fatalf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// shown is what a line prints, each statement in the view that the run says.
func shown(t *testing.T, r session.Runner, line string) string {
	t.Helper()
	run, err := r.Run(t.Context(), line, session.RunOptions{Confirmed: true})
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	var values []clixml.Value
	for {
		records, err := run.Next(t.Context())
		if err != nil {
			break
		}
		for _, rec := range records {
			if rec.Stream == session.StreamOutput {
				values = append(values, rec.Value)
			}
		}
	}
	return format.Render(values, run.View(), format.Options{Width: 80})
}

// What imported commands give is shown by the views of the server that they
// come from, and only there; Format-Table -View finds them by name.
func TestImportedViews(t *testing.T) {
	d := newLabDeck(t)
	d.home("$c = New-CsOnlineSession -UserName admin@contoso.com", "Enter-PSSession $c")
	plain := shown(t, d.shown, "Get-CsOnlineVoiceRoute LocalRoute")
	if !strings.HasPrefix(plain, "\nIdentity ") {
		t.Errorf("without an import: %q", plain)
	}
	d.home("Import-PSSession $c")
	const table = "\nPriority Name             NumberPattern            Gateways\n" +
		"-------- ----             -------------            --------\n" +
		"       0 LocalRoute       ^(\\+1[0-9]{10})$         {sbc1.contoso.example}\n\n"
	for _, line := range []string{
		"Get-CsOnlineVoiceRoute LocalRoute", "Get-CsOnlineVoiceRoute | Where-Object Name -eq LocalRoute",
		"Get-CsOnlineVoiceRoute LocalRoute | Format-Table", "Get-CsOnlineVoiceRoute LocalRoute | Format-Table -View CsOnlineVoiceRoute",
	} {
		if got := shown(t, d.cmdlets.Home(), line); got != table {
			t.Errorf("%s: %q", line, got)
		}
	}
	d.home("$route = Get-CsOnlineVoiceRoute LocalRoute")
	if got := shown(t, d.cmdlets.Home(), "$route"); got != table {
		t.Errorf("a variable: %q", got)
	}
	if got := shown(t, d.shown, "Get-CsOnlineVoiceRoute LocalRoute"); got != plain {
		t.Errorf("in the session itself: %q", got)
	}
	if got := shown(t, d.cmdlets.Home(), "Get-CsOnlineUser -ResultSize 2 | Format-Table"); !strings.Contains(got, "User ") || !strings.Contains(got, " +4930100001\n") {
		t.Errorf("users: %q", got)
	}
	if _, err := d.cmdlets.Home().Run(t.Context(), "$route | Format-Table -View other", session.RunOptions{}); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("a view that is not there: %v", err)
	}
	// Of two tenants, each one's views are for its own objects only.
	d.home("$f = New-CsOnlineSession -UserName admin@contoso.com -OverrideAdminDomain fabrikam.onmicrosoft.com", "Import-PSSession $f -Prefix Fab -FormatTypeName *.SipDomain")
	for line, want := range map[string]string{
		"Get-FabCsOnlineVoiceRoute LocalRoute": "\nIdentity ", "Get-FabCsOnlineSipDomain": "\nSIP domain ", "Get-CsOnlineVoiceRoute": "\nPriority ", "$route": "\nIdentity ",
	} {
		if got := shown(t, d.cmdlets.Home(), line); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func TestCredentialsAgainstTheLab(t *testing.T) {
	d := newLabDeck(t)
	const resource = "https://admin1e.online.lync.example/OcsPowershellOAuth"
	token, err := d.lab.Authority().Issue("admin@contoso.com", "organizations", resource, lab.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	d.home("$token = ConvertTo-SecureString '"+token+"' -AsPlainText -Force", "$s = New-CsOnlineSession -OAuthAccessToken $token -OverrideAdminDomain contoso.com")
	if got := d.home("$token", "$token"); len(got) != 1 || got[0] != "System.Security.SecureString" {
		t.Errorf("$token shows as %q", got)
	}
	if got := d.home("Invoke-Command $s { Get-CsTenant } | Select-Object -ExpandProperty DisplayName"); len(got) != 1 || got[0] != "Contoso" {
		t.Errorf("%q", got)
	}
}

func TestSessionsOfTwoTenantsAgainstTheLab(t *testing.T) {
	d := newLabDeck(t)
	d.home(
		"$a = New-CsOnlineSession -UserName admin@contoso.com",
		"$b = New-CsOnlineSession -UserName admin@contoso.com -OverrideAdminDomain fabrikam.onmicrosoft.com",
	)
	got := d.home("Invoke-Command -Session $a,$b { Get-CsTenant } | Select-Object -ExpandProperty DisplayName | Sort-Object")
	if strings.Join(got, " ") != "Contoso Fabrikam" {
		t.Errorf("%q", got)
	}
	if got := d.home("Invoke-Command $a { Get-CsTenant } | Select-Object -ExpandProperty PSComputerName"); len(got) != 1 || got[0] != "admin1e.online.lync.example" {
		t.Errorf("%q", got)
	}
	d.home("$n = 2", "$u = Invoke-Command $a { param($size) Get-CsOnlineUser -ResultSize $size } -ArgumentList $n", "$v = Invoke-Command $a { Get-CsOnlineUser -ResultSize $using:n }")
	if got := d.home("$u.Count; $v.Count"); strings.Join(got, " ") != "2 2" {
		t.Errorf("%q", got)
	}
	if got := d.home("Get-PSSession | Select-Object -ExpandProperty State"); strings.Join(got, " ") != "Opened Opened" {
		t.Errorf("%q", got)
	}
	d.home("$gone = Disconnect-PSSession $a")
	if got := d.home("Get-PSSession -State Disconnected | Select-Object -ExpandProperty Id"); strings.Join(got, " ") != "1" {
		t.Errorf("%q", got)
	}
	d.home("Connect-PSSession -Id 1")
	if got := d.home("Invoke-Command $a { Get-CsTenant } | Select-Object -ExpandProperty DisplayName"); strings.Join(got, " ") != "Contoso" {
		t.Errorf("%q", got)
	}
	d.home("Enter-PSSession $b")
	if d.shown == nil || d.shown.Proof().Label() != "Fabrikam" {
		t.Errorf("%v is shown", d.shown)
	}
	d.home("Exit-PSSession", "Get-PSSession | Remove-PSSession")
	if d.shown != nil || len(d.home("Get-PSSession")) != 0 || len(d.lab.Endpoint().Shells()) != 0 {
		t.Error("not all were removed")
	}
}

// A session that one deck left on the server is found and joined by another.
func TestSessionsOnTheServerAgainstTheLab(t *testing.T) {
	d := newLabDeck(t)
	d.home("$a = New-CsOnlineSession -UserName admin@contoso.com", "$left = Disconnect-PSSession $a")
	other := &labDeck{world: d.world}
	other.cmdlets = session.NewCmdlets(other)
	const there = " -ConnectionUri https://admin1e.online.lync.example/OcsPowershellOAuth?AdminDomain=contoso.com -Credential admin@contoso.com"
	if got := other.home("Get-PSSession" + there + " | Select-Object -ExpandProperty State"); strings.Join(got, " ") != "Disconnected" {
		t.Errorf("%q", got)
	}
	if got := other.home("Get-PSSession -State Opened" + there); len(got) != 0 {
		t.Errorf("%q", got)
	}
	other.home("$a = Get-PSSession"+there+" | Connect-PSSession", "$r = Receive-PSSession $a")
	if got := other.home("Invoke-Command $a { Get-CsTenant } | Select-Object -ExpandProperty DisplayName"); strings.Join(got, " ") != "Contoso" {
		t.Errorf("%q", got)
	}
	other.home("Remove-PSSession $a")
}

// -Credential asks for the password, and proves it, also where the account is
// signed in already.
func TestACredentialIsProved(t *testing.T) {
	d := newLabDeck(t)
	d.home("$a = New-CsOnlineSession -UserName admin@contoso.com", "$b = New-CsOnlineSession -UserName admin@contoso.com")
	if d.asked != 1 {
		t.Errorf("asked %d times", d.asked)
	}
	d.home("$c = New-CsOnlineSession -Credential admin@contoso.com")
	if d.asked != 2 {
		t.Errorf("-Credential with a name: asked %d times", d.asked)
	}
	out, res := output(t, d.cmdlets.Home(), "$p = ConvertTo-SecureString wrong -AsPlainText -Force; New-CsOnlineSession -Credential (New-Object PSCredential ('admin@contoso.com', $p))")
	if res.Outcome != session.Failed || !strings.Contains(res.Err.Error(), "password") {
		t.Errorf("a wrong password: %q %+v", out, res)
	}
}
