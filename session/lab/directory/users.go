package directory

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

const nounUser = "CsOnlineUser"

var (
	cities    = []string{"Lyon", "Porto", "Oslo", "Kyoto", "Graz", "Cork"}
	countries = []string{"FR", "PT", "NO", "JP", "AT", "IE"}
	firsts    = []string{"Anna", "Ben", "Chidi", "Dora", "Emil", "Fatima", "Goro", "Hanna", "Ivo", "Jana"}
	lasts     = []string{"Abel", "Berg", "Costa", "Dahl", "Endo", "Fuchs", "Gallo"}
)

// makeUsers makes up the users: the same tenant has the same ones every time.
func (t *Tenant) makeUsers() []*clixml.Object {
	users := make([]*clixml.Object, t.Info.Users)
	for i := range users {
		users[i] = t.makeUser(i + 1)
	}
	return users
}

func (t *Tenant) makeUser(n int) *clixml.Object {
	domain := t.Domains[0]
	name := fmt.Sprintf("user%04d", n)
	upn := name + "@" + domain
	line := clixml.Null()
	if n%2 == 1 {
		line = clixml.Str(fmt.Sprintf("tel:+493010%04d", n))
	}
	created := time.Date(2019, time.Month(1+n%12), 1+n%28, n%24, n%60, 0, 0, time.UTC)
	id := uuid.NewSHA1(t.id, []byte(name))
	return record("ADConnect.Schema.OCSADUser",
		clixml.Prop("Identity", fmt.Sprintf("CN=%s,OU=%s,OU=OCS Tenants,DC=%s", name, t.id, strings.ReplaceAll(domain, ".", ",DC="))),
		clixml.Prop("ObjectId", id),
		clixml.Prop("UserPrincipalName", upn),
		clixml.Prop("SipAddress", "sip:"+upn),
		clixml.Prop("DisplayName", fmt.Sprintf("%s %s (%s)", firsts[n%len(firsts)], lasts[n%len(lasts)], t.Name)),
		clixml.Prop("FirstName", firsts[n%len(firsts)]),
		clixml.Prop("LastName", lasts[n%len(lasts)]),
		clixml.Prop("City", cities[n%len(cities)]),
		clixml.Prop("Enabled", n%7 != 0),
		clixml.Prop("EnterpriseVoiceEnabled", n%2 == 1),
		clixml.Prop("HostedVoiceMail", n%3 == 0),
		clixml.Property{Name: "LineUri", Value: line},
		clixml.Prop("TeamsCallingPolicy", nil),
		clixml.Prop("TeamsMeetingPolicy", nil),
		clixml.Prop("OnlineVoiceRoutingPolicy", nil),
		clixml.Prop("TenantDialPlan", nil),
		clixml.Prop("ExternalAccessPolicy", nil),
		clixml.Prop("UsageLocation", countries[n%len(countries)]),
		clixml.Prop("WhenCreated", clixml.FromTime(created)),
		clixml.Property{Name: "ProxyAddresses", Value: stringArray("SMTP:"+upn, "sip:"+upn)},
		clixml.Property{Name: "AssignedPlan", Value: stringArray("MCOProfessional", "MCOMEETADD", "TEAMS1")},
		clixml.Prop("TenantId", t.id),
	)
}

func (t *Tenant) userCmdlets() []runspace.Cmdlet {
	identity := runspace.Parameter{Name: "Identity", Aliases: []string{"UserPrincipalName"}, Type: "String", Position: 1, FromPipeline: true, FromPipelineByPropertyName: true}
	mandatory := identity
	mandatory.Mandatory = true
	userType := []string{schema + "ADConnect.Schema.OCSADUser"}
	return []runspace.Cmdlet{
		{
			Name: "Get-CsOnlineUser", Synopsis: "Returns users of the tenant.", OutputType: userType,
			Parameters: []runspace.Parameter{identity, {Name: "Filter", Type: "String"}, {Name: "ResultSize"}},
			Run:        t.getUsers,
		},
		{
			Name: "Get-CsUserReport", Synopsis: "Collects a report on every user; takes its time.", OutputType: userType,
			Parameters: []runspace.Parameter{{Name: "DelayMilliseconds", Type: "Int32"}, {Name: "ResultSize", Type: "Int32"}},
			Run:        t.reportUsers,
		},
		{
			Name: "Set-CsUser", Synopsis: "Changes a user.", SupportsShouldProcess: true,
			Parameters: []runspace.Parameter{
				mandatory,
				{Name: "EnterpriseVoiceEnabled", Type: "Boolean"},
				{Name: "HostedVoiceMail", Type: "Boolean"},
				{Name: "LineUri", Type: "String", AllowEmpty: true},
				{Name: "DisplayName", Type: "String"},
				{Name: "Enabled", Type: "Boolean"},
				{Name: "PassThru", Type: "SwitchParameter"},
			},
			Run: t.setUser,
		},
		{
			Name: "Get-CsOnlineVoiceUser", Synopsis: "Returns the voice settings of users.",
			Parameters: []runspace.Parameter{identity, {Name: "First", Type: "Int32"}},
			Run:        t.getVoiceUsers,
		},
		{
			Name: "Get-CsUserPolicyAssignment", Synopsis: "Returns the policies that are granted to a user.",
			Parameters: []runspace.Parameter{mandatory}, Run: t.getAssignments,
		},
	}
}

// resultSize reads -ResultSize: a number or Unlimited.
func resultSize(c *runspace.Call, name string) (int, error) {
	text := c.String(name)
	if text == "" || strings.EqualFold(text, "Unlimited") {
		return 1 << 30, nil
	}
	var n int
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 0 {
		e := invalid(text, "Cannot bind parameter '%s'. Cannot convert value \"%s\" to type \"Microsoft.Rtc.Management.Unlimited\".", name, text)
		e.FullyQualifiedErrorID = "CannotConvertArgumentNoMessage"
		return 0, e
	}
	return n, nil
}

func (t *Tenant) getUsers(c *runspace.Call) error {
	if id := c.String("Identity"); id != "" {
		r, ok := t.find(nounUser, id)
		if !ok {
			return c.WriteError(notFound(id))
		}
		return c.WriteObject(clixml.Obj(r))
	}
	limit, err := resultSize(c, "ResultSize")
	if err != nil {
		return err
	}
	keep, err := parseFilter(c.String("Filter"))
	if err != nil {
		return err
	}
	written := 0
	for _, r := range t.rows(nounUser) {
		if !keep(r) {
			continue
		}
		if written == limit {
			return c.Warning(fmt.Sprintf("The result set is limited to %d objects; use -ResultSize Unlimited for all.", limit))
		}
		written++
		if err := c.WriteObject(clixml.Obj(r)); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tenant) reportUsers(c *runspace.Call) error {
	users := t.rows(nounUser)
	if n := c.Int("ResultSize", len(users)); n < len(users) {
		users = users[:max(n, 0)]
	}
	delay := time.Duration(c.Int("DelayMilliseconds", 20)) * time.Millisecond
	p := psrp.ProgressRecord{Activity: "Collecting users", ActivityID: 1, ParentActivityID: -1}
	for i, r := range users {
		p.StatusDescription = fmt.Sprintf("%d of %d", i+1, len(users))
		p.PercentComplete = int32(100 * (i + 1) / len(users))
		p.SecondsRemaining = int32((time.Duration(len(users)-i-1) * delay).Seconds())
		if err := c.Progress(p); err != nil {
			return err
		}
		if err := c.WriteObject(clixml.Obj(r)); err != nil {
			return err
		}
		if err := c.Sleep(delay); err != nil {
			return err
		}
	}
	p.Completed, p.PercentComplete, p.SecondsRemaining = true, -1, -1
	return c.Progress(p)
}

var lineURI = regexp.MustCompile(`^tel:\+?[0-9]+(;ext=[0-9]+)?$`)

func (t *Tenant) setUser(c *runspace.Call) error {
	id := c.String("Identity")
	r, ok := t.find(nounUser, id)
	if !ok {
		return c.WriteError(notFound(id))
	}
	if line := c.String("LineUri"); line != "" && !lineURI.MatchString(line) {
		return c.WriteError(invalid(id, "LineUri \"%s\" is not valid.", line))
	}
	upn, _ := r.Get("UserPrincipalName")
	if ok, err := c.ShouldProcess(upn.String(), "Set-CsUser"); err != nil || !ok {
		return err
	}
	fresh := t.change(nounUser, r, func(o *clixml.Object) {
		for _, name := range []string{"EnterpriseVoiceEnabled", "HostedVoiceMail", "LineUri", "DisplayName", "Enabled"} {
			if v, ok := c.Param(name); ok {
				if v.Kind() == clixml.KindString && v.Text() == "" {
					v = clixml.Null()
				}
				o.Set(name, v)
			}
		}
	})
	if err := c.Verbose("Updated " + upn.String()); err != nil {
		return err
	}
	if c.Bool("PassThru") {
		return c.WriteObject(clixml.Obj(fresh))
	}
	return nil
}

func (t *Tenant) getVoiceUsers(c *runspace.Call) error {
	id, left := c.String("Identity"), c.Int("First", 1<<30)
	found := false
	for _, r := range t.rows(nounUser) {
		if id != "" && !answersTo(r, id) {
			continue
		}
		if found = true; left == 0 {
			break
		}
		left--
		out := record("Hosted.OnlineVoiceUser")
		for _, name := range []string{"DisplayName", "UserPrincipalName", "LineUri", "EnterpriseVoiceEnabled"} {
			v, _ := r.Get(name)
			out.Set(name, v)
		}
		if err := c.WriteObject(clixml.Obj(out)); err != nil {
			return err
		}
	}
	if !found && id != "" {
		return c.WriteError(notFound(id))
	}
	return nil
}

func (t *Tenant) getAssignments(c *runspace.Call) error {
	id := c.String("Identity")
	r, ok := t.find(nounUser, id)
	if !ok {
		return c.WriteError(notFound(id))
	}
	for _, k := range policyKinds {
		v, _ := r.Get(k.member())
		if v.IsNull() {
			continue
		}
		err := c.WriteObject(clixml.Obj(record("Hosted.PolicyAssignment",
			clixml.Prop("PolicyType", k.member()), clixml.Property{Name: "PolicyName", Value: v}, clixml.Prop("PolicySource", "Direct"))))
		if err != nil {
			return err
		}
	}
	return nil
}
