package session_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
)

// sent writes what arrived in one request: commands, and arguments as name or
// type and text.
func sent(e endpoint.LedgerEntry) string {
	var list []string
	for _, c := range e.Commands {
		s := c.Name
		if c.IsScript {
			s = "script " + s
		}
		for _, p := range c.Parameters {
			if p.Name != "" {
				s += " " + p.Name
			}
			switch {
			case p.Type != "":
				s += fmt.Sprintf(" [%s]%s", strings.TrimPrefix(p.Type, "System."), p.Text)
			case p.Name == "":
				s += " $null"
			}
		}
		list = append(list, s)
	}
	return strings.Join(list, " | ")
}

// oneLiner is a line, what PowerShell's client sends for it, request after
// request, and what it gives: the outcome's errors, and objects where told.
type oneLiner struct {
	line    string
	sent    []string
	objects int
}

// A typed parameter travels as its name with the dash and no value, and what
// stands behind it as a value without a name; behind a colon it is the
// parameter's own. Recorded in wire/08c for a line typed into Enter-PSSession.
var withoutTail = []oneLiner{
	{"Get-CsTenant", []string{"Get-CsTenant"}, 1},
	{"Get-CsOnlineUser -Identity user0001@contoso.example", []string{"Get-CsOnlineUser -Identity [String]user0001@contoso.example"}, 1},
	{"Get-CsOnlineUser user0001@contoso.example", []string{"Get-CsOnlineUser [String]user0001@contoso.example"}, 1},
	{"Get-CsOnlineUser -Filter {City -eq 'Lyon'} -ResultSize 3 -WarningAction SilentlyContinue", []string{"Get-CsOnlineUser -Filter [String]City -eq 'Lyon' -ResultSize [Int32]3 -WarningAction [String]SilentlyContinue"}, 3},
	{`Get-CsOnlineUser -Filter "DisplayName -like 'Anna*'" -ResultSize Unlimited`, []string{"Get-CsOnlineUser -Filter [String]DisplayName -like 'Anna*' -ResultSize [String]Unlimited"}, -1},
	{"Set-CsUser -Identity user0002@contoso.example -EnterpriseVoiceEnabled $true -HostedVoiceMail $false", []string{"Set-CsUser -Identity [String]user0002@contoso.example -EnterpriseVoiceEnabled [Boolean]True -HostedVoiceMail [Boolean]False"}, 0},
	{"Set-CsUser user0002@contoso.example -LineUri tel:+4930109999 -PassThru", []string{"Set-CsUser [String]user0002@contoso.example -LineUri [String]tel:+4930109999 -PassThru"}, 1},
	{"Set-CsUser user0002@contoso.example -LineUri $null", []string{"Set-CsUser [String]user0002@contoso.example -LineUri $null"}, 0},
	{"Set-CsUser -Identity user0003@contoso.example -DisplayName 'O''Neil, \"Pat\"' -Confirm:$false", []string{`Set-CsUser -Identity [String]user0003@contoso.example -DisplayName [String]O'Neil, "Pat" -Confirm: [Boolean]False`}, 0},
	{"Set-CsUser user0003@contoso.example -Enabled: $true -WhatIf", []string{"Set-CsUser [String]user0003@contoso.example -Enabled:  [Boolean]True -WhatIf"}, 0},
	{"Get-CsOnlineUser -Filter {City -eq 'Oslo'} -ResultSize 5 -WarningAction Ignore | Set-CsUser -HostedVoiceMail $true", []string{"Get-CsOnlineUser -Filter [String]City -eq 'Oslo' -ResultSize [Int32]5 -WarningAction [String]Ignore | Set-CsUser -HostedVoiceMail [Boolean]True"}, 0},
	{"Get-CsOnlineUser user0004@contoso.example | Grant-CsTeamsCallingPolicy -PolicyName AllowCalling", []string{"Get-CsOnlineUser [String]user0004@contoso.example | Grant-CsTeamsCallingPolicy -PolicyName [String]AllowCalling"}, 0},
	{"'user0005@contoso.example', 'user0006@contoso.example' | Grant-CsTeamsMeetingPolicy -PolicyName AllOn", []string{"Grant-CsTeamsMeetingPolicy -PolicyName [String]AllOn"}, 0},
	{"Grant-CsTeamsCallingPolicy user0004@contoso.example $null", []string{"Grant-CsTeamsCallingPolicy [String]user0004@contoso.example $null"}, 0},
	{"Grant-CsOnlineVoiceRoutingPolicy -Identity user0007@contoso.example -PolicyName International -Verbose", []string{"Grant-CsOnlineVoiceRoutingPolicy -Identity [String]user0007@contoso.example -PolicyName [String]International -Verbose"}, 0},
	{"$u = 'user0008@contoso.example'; Grant-CsTenantDialPlan -Identity $u -PolicyName DE-Berlin", []string{"Grant-CsTenantDialPlan -Identity [String]user0008@contoso.example -PolicyName [String]DE-Berlin"}, 0},
	{"$u = Get-CsOnlineUser user0009@contoso.example; Set-CsUser -Identity $u.UserPrincipalName -HostedVoiceMail (!$u.HostedVoiceMail)", []string{"Get-CsOnlineUser [String]user0009@contoso.example", "Set-CsUser -Identity [String]user0009@contoso.example -HostedVoiceMail [Boolean]False"}, 0},
	{"Set-CsPhoneNumberAssignment -Identity user0012@contoso.example -PhoneNumber +4930100021 -PhoneNumberType DirectRouting", []string{"Set-CsPhoneNumberAssignment -Identity [String]user0012@contoso.example -PhoneNumber [String]+4930100021 -PhoneNumberType [String]DirectRouting"}, 0},
	{"Remove-CsPhoneNumberAssignment +4930100021 -Confirm:$false", []string{"Remove-CsPhoneNumberAssignment [String]+4930100021 -Confirm: [Boolean]False"}, 0},
	{"Get-CsPhoneNumberAssignment -PstnAssignmentStatus Unassigned", []string{"Get-CsPhoneNumberAssignment -PstnAssignmentStatus [String]Unassigned"}, 10},
	{"New-CsTeamsCallingPolicy -Identity Night -AllowPrivateCalling $false -AllowVoicemail AlwaysDisabled", []string{"New-CsTeamsCallingPolicy -Identity [String]Night -AllowPrivateCalling [Boolean]False -AllowVoicemail [String]AlwaysDisabled"}, 1},
	{"Get-CsTeamsCallingPolicy Night | Set-CsTeamsCallingPolicy -AllowPrivateCalling $true", []string{"Get-CsTeamsCallingPolicy [String]Night | Set-CsTeamsCallingPolicy -AllowPrivateCalling [Boolean]True"}, 0},
	{"Remove-CsTeamsCallingPolicy -Identity Night -Force -Confirm:$false", []string{"Remove-CsTeamsCallingPolicy -Identity [String]Night -Force -Confirm: [Boolean]False"}, 0},
	{"New-CsOnlineVoiceRoute -Identity Spain -NumberPattern '^\\+34\\d+$' -Priority 5 -OnlinePstnUsages Domestic,International -OnlinePstnGatewayList @('sbc1.contoso.example')", []string{`New-CsOnlineVoiceRoute -Identity [String]Spain -NumberPattern [String]^\+34\d+$ -Priority [Int32]5 -OnlinePstnUsages [Object[]]Domestic International -OnlinePstnGatewayList [Object[]]sbc1.contoso.example`}, 1},
	{"Get-CsOnlineVoiceRoute | Set-CsOnlineVoiceRoute -Description 'checked'", []string{"Get-CsOnlineVoiceRoute | Set-CsOnlineVoiceRoute -Description [String]checked"}, 0},
	{"Set-CsOnlinePstnUsage -Identity Global -Usage @{Add='Lobby'}", []string{"Set-CsOnlinePstnUsage -Identity [String]Global -Usage [Collections.Hashtable]System.Collections.Hashtable"}, 0},
	{"$gateway = @{ Identity = 'sbc9.contoso.example'; SipSignalingPort = 5067; Enabled = $true }; New-CsOnlinePSTNGateway @gateway", []string{"New-CsOnlinePSTNGateway Identity [String]sbc9.contoso.example SipSignalingPort [Int32]5067 Enabled [Boolean]True"}, 1},
	{"Get-CsOnlinePSTNGateway sbc9.contoso.example | Remove-CsOnlinePSTNGateway -Confirm:$false", []string{"Get-CsOnlinePSTNGateway [String]sbc9.contoso.example | Remove-CsOnlinePSTNGateway -Confirm: [Boolean]False"}, 0},
	{"New-CsBatchPolicyAssignmentOperation -PolicyType TeamsMeetingPolicy -PolicyName AllOn -Identity user0010@contoso.example, user0011@contoso.example -OperationName 'night shift'", []string{"New-CsBatchPolicyAssignmentOperation -PolicyType [String]TeamsMeetingPolicy -PolicyName [String]AllOn -Identity [Object[]]user0010@contoso.example user0011@contoso.example -OperationName [String]night shift"}, 1},
	{"Get-CsOnlineUser user0013@contoso.example -OutVariable kept; Set-CsUser -Identity $kept[0].UserPrincipalName -Enabled $false", []string{"Get-CsOnlineUser [String]user0013@contoso.example", "Set-CsUser -Identity [String]user0013@contoso.example -Enabled [Boolean]False"}, 1},
	{"Get-CsTenant && Get-CsOnlineSipDomain", []string{"Get-CsTenant", "Get-CsOnlineSipDomain"}, 4},
	{"Get-CsOnlineUser nobody@contoso.example -ErrorAction SilentlyContinue", []string{"Get-CsOnlineUser [String]nobody@contoso.example -ErrorAction [String]SilentlyContinue"}, 0},
	{"Get-CsOnlineUser nobody@contoso.example -ErrorAction SilentlyContinue -ev missing; $missing.Count", []string{"Get-CsOnlineUser [String]nobody@contoso.example -ErrorAction [String]Continue"}, 1},
	{"Get-LabEcho -Number 5 -Long 5GB -Real 1.5 -Flag $false -When ([datetime]'2026-02-03') -Id ([guid]'00000000-0000-0000-0000-000000000001')", []string{"Get-LabEcho -Number [Int32]5 -Long [Int64]5368709120 -Real [Double]1.5 -Flag [Boolean]False -When [DateTime]02/03/2026 00:00:00 -Id [Guid]00000000-0000-0000-0000-000000000001"}, 6},
}

// What runs here is not sent; what comes after it goes to the server again.
var withTail = []oneLiner{
	{"Get-CsOnlineUser | Where-Object City -eq Lyon | Measure-Object", []string{"Get-CsOnlineUser"}, 1},
	{"Get-CsOnlineUser -ResultSize 20 -wa 0 | sort DisplayName | select -First 3 DisplayName, City", []string{"Get-CsOnlineUser -ResultSize [Int32]20 -wa [Int32]0"}, 3},
	{"Get-CsOnlineUser | group City -NoElement | sort Count -Descending | ft", []string{"Get-CsOnlineUser"}, 6},
	{"Get-CsOnlineUser | ? { $_.LineUri -like 'tel:*' } | select -First 2 | fl", []string{"Get-CsOnlineUser"}, 2},
	{"(Get-CsTenant).Domains", []string{"Get-CsTenant"}, 3},
	{"Grant-CsTenantDialPlan -Identity (Get-CsOnlineUser -ResultSize 1 -wa 0).UserPrincipalName -PolicyName (Get-CsTenantDialPlan | where Identity -like 'Tag:*').Identity", []string{"Get-CsOnlineUser -ResultSize [Int32]1 -wa [Int32]0", "Get-CsTenantDialPlan", "Grant-CsTenantDialPlan -Identity [String]user0001@contoso.example -PolicyName [String]Tag:DE-Berlin"}, 0},
	{"$t = Get-CsTenant; $t.Domains", []string{"Get-CsTenant"}, 3},
	{"Get-CsOnlineUser | where UserPrincipalName -in 'user0002@contoso.example','user0003@contoso.example' | Set-CsUser -HostedVoiceMail $true", []string{"Get-CsOnlineUser", "Set-CsUser -HostedVoiceMail [Boolean]True"}, 0},
	{"Get-CsOnlineUser | sort WhenCreated | select -First 2 | Grant-CsTeamsCallingPolicy -PolicyName AllowCalling", []string{"Get-CsOnlineUser", "Grant-CsTeamsCallingPolicy -PolicyName [String]AllowCalling"}, 0},
	{"$u = Get-CsOnlineUser -Filter {City -eq 'Graz'}; $u | where Enabled | select -First 1 | Set-CsUser -Enabled $false -PassThru | select -ExpandProperty Enabled", []string{"Get-CsOnlineUser -Filter [String]City -eq 'Graz'", "Set-CsUser -Enabled [Boolean]False -PassThru"}, 1},
	{"Get-CsOnlineUser -ResultSize 2 -wa 0 | foreach { Set-CsUser -Identity $_.UserPrincipalName -HostedVoiceMail $true }", []string{"Get-CsOnlineUser -ResultSize [Int32]2 -wa [Int32]0", "Set-CsUser -Identity [String]user0001@contoso.example -HostedVoiceMail [Boolean]True", "Set-CsUser -Identity [String]user0002@contoso.example -HostedVoiceMail [Boolean]True"}, 0},
	{"Get-CsOnlineVoiceRoute | foreach Name", []string{"Get-CsOnlineVoiceRoute"}, -1},
	{"Get-CsOnlineVoiceRoute | foreach { $_.Identity.ToUpper() }", []string{"Get-CsOnlineVoiceRoute"}, -1},
	{"Get-CsOnlineUser | measure Enabled | select -ExpandProperty Count", []string{"Get-CsOnlineUser"}, 1},
	{"Get-CsPhoneNumberAssignment | group PstnAssignmentStatus | select Name, Count", []string{"Get-CsPhoneNumberAssignment"}, 2},
	{"Get-CsPhoneNumberAssignment | where { !$_.AssignedPstnTargetId } | select -First 1 -OutVariable free | Out-Null; $free.TelephoneNumber", []string{"Get-CsPhoneNumberAssignment"}, 1},
	{"Get-CsOnlineUser -PipelineVariable u | select -First 2 | foreach { \"$($u.City): $($_.DisplayName)\" }", []string{"Get-CsOnlineUser"}, 2},
	{"Get-CsOnlineUser nobody@contoso.example 2>&1 | foreach { \"$_\" }", []string{"Get-CsOnlineUser [String]nobody@contoso.example"}, 1},
	{"Get-CsOnlineUser -ResultSize 1 3>$null | select UserPrincipalName", []string{"Get-CsOnlineUser -ResultSize [Int32]1"}, 1},
	{"Get-CsOnlineUser nobody@contoso.example 2>$null || Get-CsTenant | select Name", []string{"Get-CsOnlineUser [String]nobody@contoso.example", "Get-CsTenant"}, 1},
	{"Get-CsTeamsCallingPolicy | select Identity, AllowPrivateCalling | sort Identity", []string{"Get-CsTeamsCallingPolicy"}, 3},
	{"Get-CsTeamsCallingPolicy | where Identity -like 'Tag:*' | Out-String -Width 80", []string{"Get-CsTeamsCallingPolicy"}, 1},
	{"'user0001@contoso.example' | Get-CsOnlineUser | select -ExpandProperty City", []string{"Get-CsOnlineUser"}, 1},
	{"1..3 | foreach { 'user000' + $_ + '@contoso.example' } | Get-CsOnlineUser | select -ExpandProperty City", []string{"Get-CsOnlineUser"}, 3},
}

// Lines of an administrator's day against an endpoint without a language: what
// arrives is what PowerShell's client sends, and it works.
func TestOneLinersOfAnAdministrator(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"})
	for _, tt := range slices.Concat(withoutTail, withTail) {
		before := len(w.lab.Ledger())
		_, res := output(t, s, tt.line)
		var got []string
		for _, e := range w.lab.Ledger()[before:] {
			got = append(got, sent(e))
		}
		if !slices.Equal(got, tt.sent) {
			t.Errorf("%s\nsends %q\nwant  %q", tt.line, got, tt.sent)
		}
		if res.Outcome != session.Completed || tt.objects >= 0 && res.Objects != tt.objects {
			t.Errorf("%s: %d objects, want %d: %+v", tt.line, res.Objects, tt.objects, res)
		}
		if res.Errors > 0 && !strings.Contains(tt.line, "nobody") {
			t.Errorf("%s: %d errors", tt.line, res.Errors)
		}
	}
	for line, want := range map[string]string{
		"Get-CsOnlineUser user0002@contoso.example | select -ExpandProperty HostedVoiceMail":    "True",
		"Get-CsOnlineUser user0010@contoso.example | select -ExpandProperty TeamsMeetingPolicy": "AllOn",
		"Get-CsOnlineUser user0013@contoso.example | select -ExpandProperty Enabled":            "False",
		"$u = Get-CsOnlinePstnUsage; \"$($u.Usage)\"":                                           "Domestic International Emergency Lobby",
	} {
		if got, _ := output(t, s, line); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
