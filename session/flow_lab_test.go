package session_test

import (
	"slices"
	"testing"

	"psdeck/session"
	"psdeck/session/lab"
)

// Bulk lines with control flow: it runs here, and only the commands travel, one
// by one, with the parameters and types that PowerShell's client gives them.
var withControlFlow = []oneLiner{
	{
		"foreach ($u in Get-CsOnlineUser -ResultSize 3 -wa 0) { Grant-CsTeamsMeetingPolicy -Identity $u.UserPrincipalName -PolicyName AllOn }",
		[]string{
			"Get-CsOnlineUser -ResultSize [Int32]3 -wa [Int32]0", "Grant-CsTeamsMeetingPolicy -Identity [String]user0001@contoso.example -PolicyName [String]AllOn",
			"Grant-CsTeamsMeetingPolicy -Identity [String]user0002@contoso.example -PolicyName [String]AllOn", "Grant-CsTeamsMeetingPolicy -Identity [String]user0003@contoso.example -PolicyName [String]AllOn",
		},
		0,
	},
	{
		"if (Get-CsTenant) { Set-CsUser -Identity user0004@contoso.example -HostedVoiceMail $true } else { Get-CsOnlineSipDomain }",
		[]string{"Get-CsTenant", "Set-CsUser -Identity [String]user0004@contoso.example -HostedVoiceMail [Boolean]True"},
		0,
	},
	{
		"foreach ($n in 5, 404, 6) { try { $u = Get-CsOnlineUser \"user$('{0:0000}' -f $n)@contoso.example\" -ErrorAction Stop; Set-CsUser $u.UserPrincipalName -Enabled $false } catch { \"user ${n}: $_\" } }",
		[]string{
			"Get-CsOnlineUser [String]user0005@contoso.example -ErrorAction [String]Stop", "Set-CsUser [String]user0005@contoso.example -Enabled [Boolean]False",
			"Get-CsOnlineUser [String]user0404@contoso.example -ErrorAction [String]Stop",
			"Get-CsOnlineUser [String]user0006@contoso.example -ErrorAction [String]Stop", "Set-CsUser [String]user0006@contoso.example -Enabled [Boolean]False",
		},
		1,
	},
	{
		"switch -Wildcard ((Get-CsTeamsCallingPolicy).Identity) { Tag:Allow* { Grant-CsTeamsCallingPolicy user0007@contoso.example -PolicyName $_.Substring(4) } Global { Get-CsTenantDialPlan $_ } }",
		[]string{"Get-CsTeamsCallingPolicy", "Get-CsTenantDialPlan [String]Global", "Grant-CsTeamsCallingPolicy [String]user0007@contoso.example -PolicyName [String]AllowCalling"},
		1,
	},
	{
		"for ($i = 3; $i -le 5; $i += 2) { Set-CsPhoneNumberAssignment -Identity \"user000$i@contoso.example\" -PhoneNumber \"+493010002$i\" -PhoneNumberType DirectRouting }",
		[]string{
			"Set-CsPhoneNumberAssignment -Identity [String]user0003@contoso.example -PhoneNumber [String]+4930100023 -PhoneNumberType [String]DirectRouting",
			"Set-CsPhoneNumberAssignment -Identity [String]user0005@contoso.example -PhoneNumber [String]+4930100025 -PhoneNumberType [String]DirectRouting",
		},
		0,
	},
	{
		"Get-CsOnlineUser -ResultSize 4 -wa 0 | ForEach-Object { if ($_.UserPrincipalName -match '000[24]') { Set-CsUser $_.UserPrincipalName -HostedVoiceMail $false } }",
		[]string{
			"Get-CsOnlineUser -ResultSize [Int32]4 -wa [Int32]0", "Set-CsUser [String]user0002@contoso.example -HostedVoiceMail [Boolean]False", "Set-CsUser [String]user0004@contoso.example -HostedVoiceMail [Boolean]False",
		},
		0,
	},
	{
		"$done = foreach ($d in Get-CsOnlineSipDomain) { $d.Name }; while ($done.Count -gt 1) { $done = @($done | select -Skip 1); Get-CsTenant | select Name }",
		[]string{"Get-CsOnlineSipDomain", "Get-CsTenant", "Get-CsTenant"},
		2,
	},
	{
		"try { Get-CsOnlineUser nobody@contoso.example -ErrorAction Stop } catch { throw \"no user: $($_.FullyQualifiedErrorId)\" } finally { Get-CsOnlineSipDomain | Out-Null }",
		[]string{"Get-CsOnlineUser [String]nobody@contoso.example -ErrorAction [String]Stop", "Get-CsOnlineSipDomain"},
		0,
	},
}

func TestBulkLinesWithControlFlow(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"})
	for i, tt := range withControlFlow {
		before := len(w.lab.Ledger())
		said, res := output(t, s, tt.line)
		var got []string
		for _, e := range w.lab.Ledger()[before:] {
			got = append(got, sent(e))
		}
		if !slices.Equal(got, tt.sent) {
			t.Errorf("%s\nsends %q\nwant  %q", tt.line, got, tt.sent)
		}
		want, errs := session.Completed, 0
		if i == len(withControlFlow)-1 {
			want, errs = session.Failed, 1
		}
		if res.Outcome != want || res.Errors != errs || res.Objects != tt.objects {
			t.Errorf("%s: %q %+v, want %d objects", tt.line, said, res, tt.objects)
		}
	}
	for line, want := range map[string]string{
		"Get-CsOnlineUser user0003@contoso.example | select -ExpandProperty TeamsMeetingPolicy": "AllOn",
		"Get-CsOnlineUser user0006@contoso.example | select -ExpandProperty Enabled":            "False",
		"Get-CsOnlineUser user0002@contoso.example | select -ExpandProperty HostedVoiceMail":    "False",
	} {
		if got, _ := output(t, s, line); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
