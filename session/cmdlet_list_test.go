package session

import (
	"slices"
	"strings"
	"testing"
)

// What is left on its server, or removed, takes no commands, and says so.
func TestSessionsThatAreNotThere(t *testing.T) {
	const closed, left = "session 1 (Contoso) is closed; nothing was sent", "session 1 (Contoso) is Disconnected; nothing was sent: Connect-PSSession -Id 1 joins it"
	for _, tt := range []struct{ before, line, want string }{
		{"Remove-PSSession $c", "Invoke-Command $c { Get-CsUser }", closed},
		{"Remove-PSSession $c", "Import-PSSession $c", closed},
		{"Remove-PSSession $c", "Connect-PSSession $c", closed},
		{"Remove-PSSession $c", "Receive-PSSession $c", closed},
		{"Remove-PSSession $c", "Disconnect-PSSession $c", closed},
		{"Remove-PSSession $c", "Enter-PSSession $c", closed},
		{"$null = Disconnect-PSSession $c", "Invoke-Command $c { Get-CsUser }", left},
		{"$null = Disconnect-PSSession $c", "Import-PSSession $c", left},
		{"$null = Disconnect-PSSession $c", "Enter-PSSession $c", left},
		{"$null = Disconnect-PSSession $c", "Get-ConCsUser", left},
		{"$null = Disconnect-PSSession $c; Remove-PSSession $c", "Invoke-Command $c { Get-CsUser }", closed},
	} {
		t.Run(tt.before+"; "+tt.line, func(t *testing.T) {
			d, _, _ := twoTenants(t, Target{Env: Dev})
			d.leaves = true
			d.home("Import-PSSession $c -Prefix Con", tt.before)
			before := d.servers[0].log()
			records, res := collect(t, mustRun(t, d.cmdlets.Home(), tt.line))
			said := strings.Join(texts(records), "\n")
			if res.Outcome != Failed || res.Err.Error() != tt.want || strings.Contains(said, "error") && !strings.HasSuffix(said, "error: "+tt.want) {
				t.Errorf("%+v %q, want %q", res, said, tt.want)
			}
			if d.servers[0].log() != before {
				t.Errorf("sent %q", d.servers[0].log())
			}
		})
	}
}

func TestTheObjectOfARemovedSession(t *testing.T) {
	d, _, _ := twoTenants(t, Target{Env: Dev})
	d.home("$copy = $c", "Remove-PSSession $c")
	if got := d.home("\"$($c.State) $($copy.Availability)\""); !slices.Equal(got, []string{"Closed None"}) {
		t.Errorf("%q", got)
	}
	if got := d.home("Get-PSSession | Select-Object -ExpandProperty Id"); !slices.Equal(got, []string{"2"}) {
		t.Errorf("%q are listed", got)
	}
	d.home("Remove-PSSession $c")
	if n := len(slices.DeleteFunc(slices.Clone(d.notes), func(s string) bool { return s != "close Contoso" })); n != 1 {
		t.Errorf("%q", d.notes)
	}
}

// -IdleTimeoutSec and -OutputBufferingMode travel with the Disconnect, however
// the session is named.
func TestHowASessionIsLeft(t *testing.T) {
	for _, by := range []string{"$c", "-Id 1", "-Name Con", "-InstanceId $c.InstanceId"} {
		d, c, _ := twoTenants(t, Target{Env: Dev})
		d.cmdlets.adopt(c, "Con")
		d.home("$null = Disconnect-PSSession " + by + " -IdleTimeoutSec 600 -OutputBufferingMode Drop -ThrottleLimit 5")
		if want := []string{"leave Contoso 10m0sDrop"}; !slices.Equal(d.notes, want) {
			t.Errorf("%s: %q, want %q", by, d.notes, want)
		}
	}
	d, _, _ := twoTenants(t, Target{Env: Dev})
	_, res := collect(t, mustRun(t, d.cmdlets.Home(), "Disconnect-PSSession -Id 1 -IdleTimeoutSec 5"))
	if res.Outcome != Failed || !strings.Contains(res.Err.Error(), "greater than or equal to the minimum allowed 60") || d.notes != nil {
		t.Errorf("%+v %q", res, d.notes)
	}
}

// -Confirm asks for each session, as PowerShell does; the answers for all hold
// for the rest.
func TestConfirmAsks(t *testing.T) {
	const yes, all, no, none = 0, 1, 2, 3
	for _, tt := range []struct {
		line    string
		answers []int
		want    []string // done
	}{
		{"Get-PSSession | Remove-PSSession -Confirm", []int{yes, no}, []string{"close Contoso"}},
		{"Remove-PSSession -Id 1, 2 -Confirm", []int{no, yes}, []string{"close Fabrikam"}},
		{"Remove-PSSession -Id 1, 2 -cf", []int{all}, []string{"close Contoso", "close Fabrikam"}},
		{"Remove-PSSession -Id 1, 2 -Confirm", []int{none}, nil},
		{"$null = Disconnect-PSSession $c, $f -Confirm", []int{no, yes}, []string{"leave Fabrikam 0s"}},
		{"Remove-PSSession -Id 1 -Confirm:$false", nil, []string{"close Contoso"}},
		{"Remove-PSSession -Id 1 -Confirm -WhatIf", nil, nil},
	} {
		t.Run(tt.line, func(t *testing.T) {
			d, _, _ := twoTenants(t, Target{Env: Dev})
			run := mustRun(t, d.cmdlets.Home(), tt.line)
			for i, choice := range tt.answers {
				p := nextPrompt(t, run)
				if p.Kind != PromptChoice || len(p.Choices) != 4 || p.Choices[1].Label != "Yes to &All" || !slices.Equal(p.Default, []int{0}) {
					t.Fatalf("asked %+v", p)
				}
				if i == 0 && (p.Caption != "Confirm" || !strings.HasPrefix(p.Message, "Are you sure you want to perform this action?\nPerforming the operation \"") || !strings.HasSuffix(p.Message, "\nThat is session 1: Contoso.")) {
					t.Errorf("asked %q %q", p.Caption, p.Message)
				}
				if err := p.Choose(t.Context(), choice); err != nil {
					t.Fatal(err)
				}
			}
			if records, res := collect(t, run); res.Outcome != Completed || !slices.Equal(d.notes, tt.want) {
				t.Errorf("%+v %q, done %q", res, texts(records), d.notes)
			}
		})
	}
	d, _, _ := twoTenants(t, Target{Env: Dev})
	run := mustRun(t, d.cmdlets.Home(), "Remove-PSSession -Id 1 -Confirm")
	if err := nextPrompt(t, run).Refuse(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, res := collect(t, run); res.Outcome != Stopped || d.notes != nil {
		t.Errorf("refused: %+v %q", res, d.notes)
	}
}
