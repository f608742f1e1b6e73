package directory

import (
	"context"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

func contoso(t *testing.T) *Tenant {
	t.Helper()
	tenant, err := New(Info{ID: "00000000-0000-0000-0000-000000000001", Name: "Contoso", Domains: []string{"contoso.example", "contoso.com"}, Users: 30})
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

// result is what a pipeline wrote.
type result struct {
	t        *testing.T
	values   []*clixml.Object
	errors   []string
	warnings []string
	progress []psrp.ProgressRecord
	state    psrp.PipelineState
	failed   *psrp.ErrorRecord
	asked    int
}

func (r *result) Output(v clixml.Value) error { r.values = append(r.values, v.Object()); return nil }

func (r *result) Error(e *psrp.ErrorRecord) error { r.errors = append(r.errors, e.Message); return nil }

func (r *result) Warning(text string) error { r.warnings = append(r.warnings, text); return nil }
func (r *result) Verbose(string) error      { return nil }
func (r *result) Debug(string) error        { return nil }
func (r *result) Progress(p psrp.ProgressRecord) error {
	r.progress = append(r.progress, p)
	return nil
}
func (r *result) Information(psrp.InformationRecord) error { return nil }

// HostCall says yes to every confirmation.
func (r *result) HostCall(context.Context, psrp.HostMethod, []clixml.Value) (clixml.Value, error) {
	r.asked++
	return clixml.Int32(0), nil
}

// texts is one member of every object.
func (r *result) texts(member string) []string {
	var out []string
	for _, o := range r.values {
		v, ok := o.Get(member)
		if !ok {
			r.t.Errorf("an object has no %s", member)
		}
		out = append(out, v.String())
	}
	return out
}

// run runs one command; args are names with dash, and values.
func run(t *testing.T, tenant *Tenant, name string, args ...any) *result {
	t.Helper()
	cmd := psrp.Command{Name: name}
	for i := 0; i < len(args); i++ {
		if s, ok := args[i].(string); ok && strings.HasPrefix(s, "-") && i+1 < len(args) {
			cmd.Parameters = append(cmd.Parameters, psrp.Parameter{Name: s[1:], Value: clixml.Of(args[i+1])})
			i++
			continue
		}
		cmd.Parameters = append(cmd.Parameters, psrp.Parameter{Value: clixml.Of(args[i])})
	}
	rs := runspace.NewRunspace(runspace.Options{Table: runspace.Builtins().With(tenant.Table()), Host: psrp.Console(80, 25)})
	r := &result{t: t}
	r.state, r.failed = rs.Execute(t.Context(), psrp.Commands(cmd), nil, r)
	return r
}

func TestTheTenantNamesItself(t *testing.T) {
	r := run(t, contoso(t), "Get-CsTenant")
	if got := r.texts("DisplayName"); !slices.Equal(got, []string{"Contoso"}) {
		t.Errorf("%q", got)
	}
	if got := r.texts("TenantId"); got[0] != "00000000-0000-0000-0000-000000000001" {
		t.Errorf("%q", got)
	}
	if got := run(t, contoso(t), "Get-CsOnlineSipDomain").texts("Name"); !slices.Equal(got, []string{"contoso.example", "contoso.com"}) {
		t.Errorf("%q", got)
	}
}

func TestUsersAreFound(t *testing.T) {
	tenant := contoso(t)
	for _, tt := range []struct {
		name string
		args []any
		want int
	}{
		{"all", nil, 30},
		{"so many", []any{"-ResultSize", 5}, 5},
		{"without limit", []any{"-ResultSize", "Unlimited"}, 30},
		{"by principal name", []any{"user0003@contoso.example"}, 1},
		{"by SIP address", []any{"-Identity", "sip:user0003@contoso.example"}, 1},
		{"by a filter", []any{"-Filter", "Enabled -eq $false"}, 4},
		{"by a filter of two parts", []any{"-Filter", "Enabled -eq $true -and City -like 'Po*'"}, 4},
		{"by what is not there", []any{"-Filter", "LineUri -eq $null"}, 15},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if r := run(t, tenant, "Get-CsOnlineUser", tt.args...); len(r.values) != tt.want || len(r.errors) != 0 {
				t.Errorf("%d users, errors %q, want %d", len(r.values), r.errors, tt.want)
			}
		})
	}
	if r := run(t, tenant, "Get-CsOnlineUser", "-ResultSize", 5); len(r.warnings) != 1 {
		t.Errorf("warnings %q: a limited result says so", r.warnings)
	}
	if r := run(t, tenant, "Get-CsOnlineUser", "nobody"); len(r.errors) != 1 || !strings.Contains(r.errors[0], `identity "nobody"`) {
		t.Errorf("errors %q", r.errors)
	}
	if r := run(t, tenant, "Get-CsOnlineUser", "-Filter", "Enabled equals 1"); r.state != psrp.PipelineFailed {
		t.Errorf("state %v: a wrong filter is a terminating error", r.state)
	}
}

func TestAChangeLasts(t *testing.T) {
	tenant := contoso(t)
	id := "user0002@contoso.example"
	if r := run(t, tenant, "Set-CsUser", id, "-LineUri", "tel:+491234", "-EnterpriseVoiceEnabled", true); len(r.errors) != 0 || r.failed != nil {
		t.Fatalf("%q, %v", r.errors, r.failed)
	}
	if got := run(t, tenant, "Get-CsOnlineUser", id).texts("LineUri"); got[0] != "tel:+491234" {
		t.Errorf("LineUri %q", got)
	}
	if r := run(t, tenant, "Set-CsUser", id, "-LineUri", "not a number"); len(r.errors) != 1 {
		t.Errorf("errors %q: an invalid line is refused", r.errors)
	}
	if r := run(t, tenant, "Set-CsUser", id, "-LineUri", "", "-WhatIf", true); len(r.errors) != 0 {
		t.Errorf("%q", r.errors)
	}
	if got := run(t, tenant, "Get-CsOnlineUser", id).texts("LineUri"); got[0] != "tel:+491234" {
		t.Errorf("LineUri %q after -WhatIf", got)
	}
}

func TestEveryKindOfPolicy(t *testing.T) {
	for _, k := range policyKinds {
		t.Run(k.noun, func(t *testing.T) {
			tenant := contoso(t)
			before := len(run(t, tenant, "Get-"+k.noun).values)
			if r := run(t, tenant, "New-"+k.noun, "Mine"); len(r.values) != 1 || len(r.errors) != 0 {
				t.Fatalf("%d made, %q", len(r.values), r.errors)
			}
			if r := run(t, tenant, "New-"+k.noun, "Mine"); len(r.errors) != 1 {
				t.Errorf("errors %q: there is one already", r.errors)
			}
			user := "user0001@contoso.example"
			run(t, tenant, "Grant-"+k.noun, user, "-PolicyName", "Mine")
			if got := run(t, tenant, "Get-CsOnlineUser", user).texts(k.member()); got[0] != "Mine" {
				t.Errorf("granted %q", got)
			}
			if r := run(t, tenant, "Grant-"+k.noun, user, "-PolicyName", "Nowhere"); len(r.errors) != 1 {
				t.Errorf("errors %q: there is no such policy", r.errors)
			}
			if r := run(t, tenant, "Remove-"+k.noun, "Mine"); r.asked != 1 {
				t.Errorf("asked %d times, want once", r.asked)
			}
			if after := len(run(t, tenant, "Get-"+k.noun).values); after != before {
				t.Errorf("%d policies, want %d", after, before)
			}
		})
	}
}

func TestNumbersAndRoutes(t *testing.T) {
	tenant := contoso(t)
	free := run(t, tenant, "Get-CsPhoneNumberAssignment", "-PstnAssignmentStatus", "Unassigned").texts("TelephoneNumber")
	if len(free) == 0 {
		t.Fatal("no number is free")
	}
	run(t, tenant, "Set-CsPhoneNumberAssignment", "user0002@contoso.example", "-PhoneNumber", free[0], "-PhoneNumberType", "DirectRouting")
	if got := run(t, tenant, "Get-CsPhoneNumberAssignment", free[0]).texts("AssignedPstnTargetId"); got[0] != "user0002@contoso.example" {
		t.Errorf("assigned to %q", got)
	}
	if r := run(t, tenant, "Remove-CsOnlineVoiceRoute", "Germany"); len(r.errors) != 0 {
		t.Errorf("%q", r.errors)
	}
	if got := run(t, tenant, "Get-CsOnlineVoiceRoute").texts("Identity"); slices.Contains(got, "Germany") {
		t.Errorf("routes %q", got)
	}
}

func TestTheReportSaysHowFarItIs(t *testing.T) {
	r := run(t, contoso(t), "Get-CsUserReport", "-DelayMilliseconds", 0, "-ResultSize", 4)
	if len(r.values) != 4 || len(r.progress) != 5 || !r.progress[4].Completed || r.progress[1].PercentComplete != 50 {
		t.Errorf("%d users, progress %+v", len(r.values), r.progress)
	}
}

func TestThereAreSomeFortyCmdlets(t *testing.T) {
	if n := len(contoso(t).Table().All()); n < 40 {
		t.Errorf("%d cmdlets", n)
	}
}
