package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"psdeck/session/internal/peers"
	"psdeck/session/lab/endpoint"
)

// The client of these tests is pypsrp; testdata/pypsrp_client.py says what it does.

const notFoundID = "Microsoft.Rtc.Management.AD.ManagementException,Get-CsOnlineUser"

// pypsrpResult is what a pipeline gave, as pypsrp understood it.
type pypsrpResult struct {
	State    string
	Output   []map[string]any
	Errors   []pypsrpError
	Warnings []string
	Verbose  []string
	Progress []pypsrpProgress
}

type pypsrpError struct{ Text, ID, Category, Reason, Target, Activity string }

type pypsrpProgress struct {
	Activity string
	ID       int
	Status   string
	Percent  int
	Type     string
}

type pypsrpRefusal struct {
	Kind string
	Code int64
	Text string
}

// pypsrpWork is what pypsrp says of a day's work; each field is a pipeline.
type pypsrpWork struct {
	Arguments []string

	Tenant, Users, Filter, Positional pypsrpResult
	Missing, Unknown, Script, Typed   pypsrpResult
	StoppedByError                    pypsrpResult `json:"stopped_by_error"`
	WrongParameter                    pypsrpResult `json:"wrong_parameter"`
	Report, Input                     pypsrpResult
	Refused, Confirmed, Changed       pypsrpResult
	Chain, Stop                       pypsrpResult
	AfterStop                         pypsrpResult `json:"after_stop"`

	Questions []struct {
		Caption, Message string
		Labels           []string
		Default          int
	}
}

// pypsrp lets pypsrp do its work in the lab; what it says goes into answer.
func pypsrp(t *testing.T, tenant TenantLine, uri, work string, answer any) {
	t.Helper()
	pypsrpBy(t, tenant, uri, "", work, answer)
}

// pypsrpBy authenticates in another way than by Basic.
func pypsrpBy(t *testing.T, tenant TenantLine, uri, auth, work string, answer any) {
	t.Helper()
	python := peers.Python(t, "pypsrp==0.9.1")
	input, err := json.Marshal(map[string]any{
		"uri": uri, "user_name": tenant.UserName, "password": tenant.Password, "domain": tenant.Domain,
		"ca_file": tenant.CAFile, "resolve": tenant.Resolve, "work": work, "auth": auth,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, python, "testdata/pypsrp_client.py")
	cmd.Env = append(os.Environ(), "PYTHONUTF8=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("pypsrp: %v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(stdout.Bytes(), answer); err != nil {
		t.Fatalf("pypsrp says %.300s: %v", stdout.String(), err)
	}
}

// told is a ledger entry in one line: commands with the types of their
// arguments, and what became of them.
func told(e endpoint.LedgerEntry) string {
	var s strings.Builder
	for i, c := range e.Commands {
		if i > 0 {
			s.WriteString(" | ")
		}
		if c.IsScript {
			s.WriteString("script ")
		}
		s.WriteString(c.Name)
		for _, p := range c.Parameters {
			if p.Name != "" {
				s.WriteString(" -" + p.Name)
			}
			fmt.Fprintf(&s, " [%s]%s", strings.TrimPrefix(p.Type, "System."), p.Text)
		}
	}
	fmt.Fprintf(&s, ": %s, %d objects, %d errors", e.State, e.Objects, e.Errors)
	if e.Error != "" {
		s.WriteString(", " + e.Error)
	}
	return s.String()
}

// userNames are the users that came, without their domain.
func userNames(r pypsrpResult) string {
	var list []string
	for _, o := range r.Output {
		name, _, _ := strings.Cut(fmt.Sprint(o["UserPrincipalName"]), "@")
		list = append(list, name)
	}
	return strings.Join(list, " ")
}

func TestPypsrpWorksInATenant(t *testing.T) {
	l := start(t, Options{})
	contoso := l.Tenants()[0]
	var said pypsrpWork
	pypsrp(t, contoso, contoso.BasicURI, "everything", &said)
	t.Run("objects", said.objects)
	t.Run("errors", said.errors)
	t.Run("progress", said.progress)
	t.Run("input", said.input)
	t.Run("confirmation", said.confirmation)
	t.Run("stop", said.stop)

	if err := l.Close(); err != nil { // the ledger is complete now
		t.Fatal(err)
	}
	checkLedger(t, l.Ledger(), []string{
		"Get-CsTenant: Completed, 1 objects, 0 errors",
		"Get-CsOnlineUser -ResultSize [Int32]5: Completed, 5 objects, 0 errors",
		"Get-CsOnlineUser -ResultSize [String]Unlimited -Filter [String]City -eq 'Oslo' -and Enabled -eq $true: Completed, 43 objects, 0 errors",
		"Get-CsOnlineUser [String]user0007@contoso.example: Completed, 1 objects, 0 errors",
		"Get-CsOnlineUser -Identity [String]nobody@nowhere.example: Completed, 0 objects, 1 errors",
		"Get-CsOnlineUser -Identity [String]nobody@nowhere.example -ErrorAction [String]Stop: Failed, 0 objects, 0 errors, " + notFoundID,
		"Get-CsNothing -Identity [String]x: Failed, 0 objects, 0 errors, CommandNotFoundException",
		"Get-CsTenant -Colour [String]red: Failed, 0 objects, 0 errors, NamedParameterNotFound,Get-CsTenant",
		"script Get-CsTenant | Select-Object Name: Completed, 1 objects, 0 errors",
		"Get-CsUserReport -ResultSize [Int32]4 -DelayMilliseconds [Int32]0: Completed, 4 objects, 0 errors",
		"Get-CsOnlineUser: Completed, 2 objects, 1 errors",
		"Set-CsUser -Identity [String]user0003@contoso.example -LineUri [String]tel:+4930555 -Confirm [Boolean]True -PassThru [Boolean]True -Verbose [Boolean]True: Completed, 0 objects, 0 errors",
		"Set-CsUser -Identity [String]user0003@contoso.example -LineUri [String]tel:+4930555 -Confirm [Boolean]True -PassThru [Boolean]True -Verbose [Boolean]True: Completed, 1 objects, 0 errors",
		"Get-CsOnlineUser -Identity [String]user0003@contoso.example: Completed, 1 objects, 0 errors",
		"Get-CsOnlineUser -ResultSize [Int32]3 | Set-CsUser -Confirm [Boolean]True -HostedVoiceMail [Boolean]True -PassThru [Boolean]True: Completed, 3 objects, 0 errors",
		"Set-CsUser -Identity [String]user0003@contoso.example -EnterpriseVoiceEnabled [String]sometimes: Failed, 0 objects, 0 errors, CannotConvertArgument,Set-CsUser",
		"Get-CsUserReport -DelayMilliseconds [Int32]60000: Stopped, 1 objects, 0 errors, PipelineStopped",
		"Get-CsOnlineSipDomain: Completed, 3 objects, 0 errors",
	})
	for _, e := range l.Ledger() {
		if e.User != contoso.UserName || e.Tenant != ContosoID {
			t.Errorf("%s by %s in %s", told(e), e.User, e.Tenant)
		}
	}
	// One Send for the input, one for each of the three answers.
	checkActions(t, l.Access(), map[string]int{"Create": 1, "Command": 18, "Send": 4, "Signal": 1, "Delete": 1})
}

func (said *pypsrpWork) objects(t *testing.T) {
	if !slices.Contains(said.Arguments, "PSVersionTable") {
		t.Errorf("application private data has %q", said.Arguments)
	}
	if len(said.Tenant.Output) != 1 {
		t.Fatalf("tenant %+v", said.Tenant)
	}
	want := map[string]any{
		"Name": "Contoso", "TenantId": ContosoID, "UserCount": 300.0, "IsByPassValidation": false, "LastSyncTimeStamp": nil,
		"Domains":     []any{"contoso.example", "contoso.com", "contoso.onmicrosoft.com"},
		"types":       []any{"Microsoft.Rtc.Management.ADConnect.Schema.TenantObject", "System.Management.Automation.PSCustomObject", "System.Object"},
		"WhenCreated": "2018-03-01T00:00:00Z",
	}
	for name, value := range want {
		if diff := cmp.Diff(value, said.Tenant.Output[0][name]); diff != "" {
			t.Errorf("tenant's %s: %s", name, diff)
		}
	}
	if got := userNames(said.Users); got != "user0001 user0002 user0003 user0004 user0005" || len(said.Users.Warnings) != 1 {
		t.Errorf("users %s, warnings %q", got, said.Users.Warnings)
	}
	if got := userNames(said.Filter); !strings.HasPrefix(got, "user0002 user0008 user0020 ") || len(said.Filter.Output) != 43 {
		t.Errorf("filtered %s", got)
	}
	if got := userNames(said.Positional); got != "user0007" {
		t.Errorf("by position %s", got)
	}
	if len(said.Script.Output) != 1 || said.Script.Output[0]["Name"] != "Contoso" {
		t.Errorf("script %+v", said.Script)
	}
}

func (said *pypsrpWork) errors(t *testing.T) {
	missing := pypsrpError{
		Text: `Management object not found for identity "nobody@nowhere.example".`, ID: notFoundID,
		Category: "13", Reason: "InvalidOperationException", Target: "nobody@nowhere.example", Activity: "Get-CsOnlineUser",
	}
	if r := said.Missing; r.State != "completed" || !slices.Equal(r.Errors, []pypsrpError{missing}) {
		t.Errorf("non-terminating %+v", r)
	}
	for _, c := range []struct {
		name string
		r    pypsrpResult
		id   string
	}{
		{"ErrorAction Stop", said.StoppedByError, notFoundID},
		{"unknown command", said.Unknown, "CommandNotFoundException"},
		{"unknown parameter", said.WrongParameter, "NamedParameterNotFound,Get-CsTenant"},
		{"wrong type", said.Typed, "CannotConvertArgument,Set-CsUser"},
	} {
		if c.r.State != "failed" || len(c.r.Errors) != 1 || c.r.Errors[0].ID != c.id || c.r.Errors[0].Text == "" || len(c.r.Output) != 0 {
			t.Errorf("%s: %+v", c.name, c.r)
		}
	}
}

func (said *pypsrpWork) progress(t *testing.T) {
	want := []pypsrpProgress{
		{"Collecting users", 1, "1 of 4", 25, "Processing"},
		{"Collecting users", 1, "2 of 4", 50, "Processing"},
		{"Collecting users", 1, "3 of 4", 75, "Processing"},
		{"Collecting users", 1, "4 of 4", 100, "Processing"},
		{"Collecting users", 1, "4 of 4", -1, "Completed"},
	}
	if diff := cmp.Diff(want, said.Report.Progress); diff != "" || len(said.Report.Output) != 4 {
		t.Errorf("%d objects, progress %s", len(said.Report.Output), diff)
	}
}

func (said *pypsrpWork) input(t *testing.T) {
	if r := said.Input; userNames(r) != "user0001 user0002" || len(r.Errors) != 1 || r.Errors[0].Target != "nobody" {
		t.Errorf("%+v", r)
	}
}

func (said *pypsrpWork) confirmation(t *testing.T) {
	if r := said.Refused; r.State != "completed" || len(r.Output)+len(r.Errors)+len(r.Verbose) != 0 {
		t.Errorf("refused %+v", r)
	}
	if r := said.Confirmed; len(r.Output) != 1 || r.Output[0]["LineUri"] != "tel:+4930555" || !slices.Equal(r.Verbose, []string{"Updated user0003@contoso.example"}) {
		t.Errorf("confirmed %+v", r)
	}
	if r := said.Changed; len(r.Output) != 1 || r.Output[0]["LineUri"] != "tel:+4930555" {
		t.Errorf("changed %+v", r)
	}
	if r := said.Chain; userNames(r) != "user0001 user0002 user0003" || r.Output[0]["HostedVoiceMail"] != true {
		t.Errorf("chain %+v", r)
	}
	// The third answer is "Yes to All", so the other two are not asked about.
	var about []string
	for _, q := range said.Questions {
		if q.Caption != "Confirm" || q.Default != 0 || !slices.Equal(q.Labels, []string{"&Yes", "Yes to &All", "&No", "No to A&ll"}) {
			t.Errorf("question %+v", q)
		}
		_, target, _ := strings.Cut(q.Message, "on target ")
		about = append(about, target)
	}
	if want := []string{`"user0003@contoso.example".`, `"user0003@contoso.example".`, `"user0001@contoso.example".`}; !slices.Equal(about, want) {
		t.Errorf("asked about %q", about)
	}
}

func (said *pypsrpWork) stop(t *testing.T) {
	if r := said.Stop; r.State != "stopped" || userNames(r) != "user0001" {
		t.Errorf("stopped %+v", r)
	}
	if r := said.AfterStop; r.State != "completed" || len(r.Output) != 3 {
		t.Errorf("after it %+v", r)
	}
}

// Over TLS, at an endpoint that takes no scripts, in a tenant that the user
// manages and that is not his own.
func TestPypsrpWorksOverTLS(t *testing.T) {
	l := start(t, Options{})
	contoso := l.Tenants()[0]
	var said struct {
		Tenant, Users, Script pypsrpResult
		Denied                *pypsrpRefusal
		WrongPassword         *pypsrpRefusal `json:"wrong_password"`
	}
	pypsrp(t, contoso, contoso.LiveIDURI+"?AdminDomain=fabrikam.example", "brief", &said)
	if r := said.Tenant; len(r.Output) != 1 || r.Output[0]["TenantId"] != FabrikamID || r.Output[0]["Name"] != "Fabrikam" {
		t.Errorf("tenant %+v", r)
	}
	if r := said.Users; len(r.Output) != 5 || r.Output[4]["UserPrincipalName"] != "user0005@fabrikam.example" {
		t.Errorf("users %+v", r)
	}
	if r := said.Script; r.State != "failed" || len(r.Errors) != 1 || r.Errors[0].ID != "ScriptsNotAllowed" {
		t.Errorf("script %+v", r)
	}
	if r := said.Denied; r == nil || !strings.Contains(r.Text, "The user 'admin@contoso.example' does not have permission to manage this tenant.") {
		t.Errorf("a tenant that is not his: %+v", r)
	}
	if r := said.WrongPassword; r == nil || r.Kind != "AuthenticationError" {
		t.Errorf("wrong password: %+v", r)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	checkLedger(t, l.Ledger(), []string{
		"Get-CsTenant: Completed, 1 objects, 0 errors",
		"Get-CsOnlineUser -ResultSize [Int32]5: Completed, 5 objects, 0 errors",
		"script 1..3: Failed, 0 objects, 0 errors, ScriptsNotAllowed",
	})
	var domains []string
	for _, e := range l.Access() {
		if e.Host != AdminHost || e.Kind != "wsman" {
			t.Errorf("a request of kind %s at %s", e.Kind, e.Host)
		}
		if e.Detail["action"] == "Create" {
			domains = append(domains, fmt.Sprint(e.Detail["admin_domain"], " ", e.Status))
		}
	}
	if want := []string{"fabrikam.example 200", "partner.example 200", "fabrikam.example 401"}; !slices.Equal(domains, want) {
		t.Errorf("sessions in %q, want %q", domains, want)
	}
}

func TestPypsrpMeetsTheQuota(t *testing.T) {
	l := start(t, Options{})
	fabrikam := l.Tenants()[1]
	var said struct {
		Over   *pypsrpRefusal
		Counts []int
	}
	pypsrp(t, fabrikam, fabrikam.BasicURI, "quota", &said)
	if r := said.Over; r == nil || r.Kind != "fault" || r.Code != 0x803381A5 || !strings.Contains(r.Text, "maximum number of 3 concurrent shells") {
		t.Errorf("a fourth shell: %+v", r)
	}
	if !slices.Equal(said.Counts, []int{200, 200, 200}) {
		t.Errorf("users in the three sessions: %v", said.Counts)
	}
	if left := l.Endpoint().Shells(); len(left) != 0 {
		t.Errorf("shells are left: %+v", left)
	}
	checkActions(t, l.Access(), map[string]int{"Create": 4, "Command": 3, "Delete": 3})
}

func checkLedger(t *testing.T, entries []endpoint.LedgerEntry, want []string) {
	t.Helper()
	var got []string
	for _, e := range entries {
		got = append(got, told(e))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ledger (-want +got):\n%s", diff)
	}
}

// checkActions counts what was asked for; how often a client asks for output
// is its own affair. The last request of a client that goes is the Delete.
func checkActions(t *testing.T, log []AccessEntry, want map[string]int) {
	t.Helper()
	got, last := map[string]int{}, ""
	for _, e := range log {
		last = e.Detail["action"]
		if last != "Receive" {
			got[last]++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || last != "Delete" {
		t.Errorf("actions, %s the last (-want +got):\n%s", last, diff)
	}
}
