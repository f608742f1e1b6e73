package directory

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

// policyKind is one kind of policy: each has the same five cmdlets.
type policyKind struct {
	noun     string            // CsTeamsCallingPolicy
	settings []clixml.Property // of the global policy
	tags     map[string]bool   // further instances: tag, and the value of the first setting
}

var policyKinds = []policyKind{
	{"CsTeamsCallingPolicy", []clixml.Property{clixml.Prop("AllowPrivateCalling", true), clixml.Prop("AllowVoicemail", "UserOverride"), clixml.Prop("AllowCallForwardingToPhone", true)}, map[string]bool{"AllowCalling": true, "DisallowCalling": false}},
	{"CsTeamsMeetingPolicy", []clixml.Property{clixml.Prop("AllowCloudRecording", true), clixml.Prop("AutoAdmittedUsers", "EveryoneInCompany"), clixml.Prop("VideoFiltersMode", "AllFilters")}, map[string]bool{"AllOn": true, "RestrictedAnonymousAccess": false}},
	{"CsOnlineVoiceRoutingPolicy", []clixml.Property{clixml.Prop("RouteInternational", true), clixml.Prop("Description", nil)}, map[string]bool{"International": true, "Domestic": false}},
	{"CsTenantDialPlan", []clixml.Property{clixml.Prop("OptimizeDeviceDialing", false), clixml.Prop("SimpleName", "DefaultTenantDialPlan")}, map[string]bool{"DE-Berlin": false}},
	{"CsExternalAccessPolicy", []clixml.Property{clixml.Prop("EnableFederationAccess", true), clixml.Prop("EnablePublicCloudAccess", false)}, map[string]bool{"FederationOnly": true, "NoFederationAndPIC": false}},
}

// member is the property of a user that names the policy granted.
func (k policyKind) member() string { return strings.TrimPrefix(k.noun, "Cs") }

func (k policyKind) make() []*clixml.Object {
	rows := []*clixml.Object{k.policy("Global")}
	for _, tag := range sortedKeys(k.tags) {
		p := k.policy("Tag:" + tag)
		p.Set(k.settings[0].Name, clixml.Bool(k.tags[tag]))
		rows = append(rows, p)
	}
	return rows
}

func (k policyKind) policy(identity string) *clixml.Object {
	r := record("WritableConfig.Policy."+k.member(), clixml.Prop("Identity", identity))
	for _, s := range k.settings {
		r.Set(s.Name, s.Value)
	}
	return r
}

// parameters are the settings as parameters of New- and Set-.
func (k policyKind) parameters() []runspace.Parameter {
	var out []runspace.Parameter
	for _, s := range k.settings {
		typ := "String"
		if s.Value.Kind() == clixml.KindBool {
			typ = "Boolean"
		}
		out = append(out, runspace.Parameter{Name: s.Name, Type: typ})
	}
	return out
}

func (t *Tenant) policyCmdlets(k policyKind) []runspace.Cmdlet {
	identity := runspace.Parameter{Name: "Identity", Type: "String", Position: 1, FromPipelineByPropertyName: true}
	needed := identity
	needed.Mandatory = true
	kind := "a " + k.member()
	return []runspace.Cmdlet{
		{
			Name: "Get-" + k.noun, Synopsis: "Returns " + kind + ".",
			Parameters: []runspace.Parameter{identity, {Name: "Filter", Type: "String"}},
			Run:        func(c *runspace.Call) error { return t.getRows(c, k.noun) },
		},
		{
			Name: "New-" + k.noun, Synopsis: "Makes " + kind + ".", SupportsShouldProcess: true,
			Parameters: append([]runspace.Parameter{needed}, k.parameters()...),
			Run:        func(c *runspace.Call) error { return t.newPolicy(c, k) },
		},
		{
			Name: "Set-" + k.noun, Synopsis: "Changes " + kind + ".", SupportsShouldProcess: true,
			Parameters: append([]runspace.Parameter{needed}, k.parameters()...),
			Run:        func(c *runspace.Call) error { return t.setRow(c, k.noun) },
		},
		{
			Name: "Remove-" + k.noun, Synopsis: "Removes " + kind + ".", SupportsShouldProcess: true, ConfirmImpact: "High",
			Parameters: []runspace.Parameter{needed, {Name: "Force", Type: "SwitchParameter"}},
			Run:        func(c *runspace.Call) error { return t.removeRow(c, k.noun) },
		},
		{
			Name: "Grant-" + k.noun, Synopsis: "Gives " + kind + " to a user.", SupportsShouldProcess: true,
			Parameters: []runspace.Parameter{
				{Name: "Identity", Aliases: []string{"UserPrincipalName"}, Type: "String", Mandatory: true, Position: 1, FromPipeline: true, FromPipelineByPropertyName: true},
				{Name: "PolicyName", Type: "String", Mandatory: true, AllowEmpty: true, Position: 2},
			},
			Run: func(c *runspace.Call) error { return t.grant(c, k) },
		},
	}
}

func (t *Tenant) newPolicy(c *runspace.Call, k policyKind) error {
	id := c.String("Identity")
	if _, exists := t.find(k.noun, id); exists {
		return c.WriteError(invalid(id, "\"%s\" already exists.", id))
	}
	if ok, err := c.ShouldProcess(id, "New-"+k.noun); err != nil || !ok {
		return err
	}
	r := k.policy("Tag:" + strings.TrimPrefix(id, "Tag:"))
	setAll(c, r)
	t.add(k.noun, r)
	return c.WriteObject(clixml.Obj(r))
}

func (t *Tenant) grant(c *runspace.Call, k policyKind) error {
	id, name := c.String("Identity"), c.String("PolicyName")
	user, ok := t.find(nounUser, id)
	if !ok {
		return c.WriteError(notFound(id))
	}
	value := clixml.Null()
	if name != "" {
		if _, ok := t.find(k.noun, name); !ok {
			return c.WriteError(invalid(id, "Policy \"%s\" is not a user policy. You can assign only a user policy to a specific user.", name))
		}
		value = clixml.Str(strings.TrimPrefix(name, "Tag:"))
	}
	if ok, err := c.ShouldProcess(id, "Grant-"+k.noun); err != nil || !ok {
		return err
	}
	t.change(nounUser, user, func(o *clixml.Object) { o.Set(k.member(), value) })
	return nil
}

// getRows is Get- of any noun: all records, one, or those that a filter names.
func (t *Tenant) getRows(c *runspace.Call, noun string) error {
	id, filter := c.String("Identity"), c.String("Filter")
	found := false
	for _, r := range t.rows(noun) {
		name, _ := r.Get("Identity")
		if id != "" && !answersTo(r, id) || filter != "" && !runspace.Like(name.String(), filter) {
			continue
		}
		found = true
		if err := c.WriteObject(clixml.Obj(r)); err != nil {
			return err
		}
	}
	if !found && id != "" {
		return c.WriteError(notFound(id))
	}
	return nil
}

// setRow is Set- of any noun.
func (t *Tenant) setRow(c *runspace.Call, noun string) error {
	id := c.String("Identity")
	r, ok := t.find(noun, id)
	if !ok {
		return c.WriteError(notFound(id))
	}
	if ok, err := c.ShouldProcess(id, "Set-"+noun); err != nil || !ok {
		return err
	}
	t.change(noun, r, func(o *clixml.Object) { setAll(c, o) })
	return nil
}

// removeRow is Remove- of any noun.
func (t *Tenant) removeRow(c *runspace.Call, noun string) error {
	id := c.String("Identity")
	r, ok := t.find(noun, id)
	if !ok {
		return c.WriteError(notFound(id))
	}
	if strings.EqualFold(id, "Global") {
		return c.WriteError(invalid(id, "The global instance of %s cannot be removed.", noun))
	}
	if ok, err := c.ShouldProcess(id, "Remove-"+noun); err != nil || !ok {
		return err
	}
	t.remove(noun, r)
	return nil
}

// setAll puts the parameters that were given into the record's members.
func setAll(c *runspace.Call, o *clixml.Object) {
	for _, p := range c.Cmdlet.Parameters {
		if v, ok := c.Param(p.Name); ok && p.Name != "Identity" && p.Name != "Force" {
			o.Set(p.Name, v)
		}
	}
}

// assignBatch gives a policy to many users.
func (t *Tenant) assignBatch(c *runspace.Call) error {
	var kind *policyKind
	for i := range policyKinds {
		if strings.EqualFold(policyKinds[i].member(), c.String("PolicyType")) {
			kind = &policyKinds[i]
		}
	}
	if kind == nil {
		return c.WriteError(invalid(c.String("PolicyType"), "\"%s\" is no type of policy.", c.String("PolicyType")))
	}
	name := c.String("PolicyName")
	if _, ok := t.find(kind.noun, name); !ok {
		return c.WriteError(invalid(name, "Policy \"%s\" is not a user policy. You can assign only a user policy to a specific user.", name))
	}
	if ok, err := c.ShouldProcess(name, c.Cmdlet.Name); err != nil || !ok {
		return err
	}
	done := 0
	for _, id := range c.Strings("Identity") {
		user, ok := t.find(nounUser, id)
		if !ok {
			if err := c.WriteError(notFound(id)); err != nil {
				return err
			}
			continue
		}
		t.change(nounUser, user, func(o *clixml.Object) { o.Set(kind.member(), clixml.Str(name)) })
		done++
	}
	return c.WriteObject(clixml.Obj(record("Hosted.BatchOperation", clixml.Prop("OperationName", c.String("OperationName")), clixml.Prop("CompletedCount", done))))
}

// batchCmdlet is the grant of a policy to many users at once.
func (t *Tenant) batchCmdlet() runspace.Cmdlet {
	return runspace.Cmdlet{
		Name: "New-CsBatchPolicyAssignmentOperation", Synopsis: "Gives a policy to many users.", SupportsShouldProcess: true,
		Parameters: []runspace.Parameter{
			{Name: "PolicyType", Type: "String", Mandatory: true},
			{Name: "PolicyName", Type: "String", Mandatory: true},
			{Name: "Identity", Type: "String[]", Mandatory: true},
			{Name: "OperationName", Type: "String"},
		},
		Run: t.assignBatch,
	}
}
