package directory

import (
	"fmt"
	"maps"
	"slices"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

const (
	nounRoute   = "CsOnlineVoiceRoute"
	nounGateway = "CsOnlinePSTNGateway"
	nounUsage   = "CsOnlinePstnUsage"
	nounApp     = "CsOnlineApplicationInstance"
	nounNumber  = "CsPhoneNumberAssignment"
)

func sortedKeys(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// makeVoice makes up routes, gateways, usages, application instances, numbers.
func (t *Tenant) makeVoice() {
	domain := t.Domains[0]
	for i := 1; i <= 3; i++ {
		t.tables[nounGateway] = append(t.tables[nounGateway], record("Settings.TrunkConfig",
			clixml.Prop("Identity", fmt.Sprintf("sbc%d.%s", i, domain)), clixml.Prop("SipSignalingPort", 5061),
			clixml.Prop("Enabled", i != 3), clixml.Prop("MaxConcurrentSessions", 100*i), clixml.Prop("MediaBypass", i == 1)))
	}
	t.tables[nounUsage] = []*clixml.Object{record("Settings.PstnUsages",
		clixml.Prop("Identity", "Global"), clixml.Property{Name: "Usage", Value: stringArray("Domestic", "International", "Emergency")})}
	for i, r := range []struct{ name, pattern string }{{"LocalRoute", `^(\+1[0-9]{10})$`}, {"Germany", `^\+49\d+$`}, {"International", `^\+\d+$`}, {"Emergency", `^\+?112$`}} {
		t.tables[nounRoute] = append(t.tables[nounRoute], record("Policy.Voice.OnlineRoute",
			clixml.Prop("Identity", r.name), clixml.Prop("Priority", i), clixml.Prop("Description", nil), clixml.Prop("NumberPattern", r.pattern),
			clixml.Property{Name: "OnlinePstnUsages", Value: stringArray("Domestic")},
			clixml.Property{Name: "OnlinePstnGatewayList", Value: stringArray("sbc1." + domain)}, clixml.Prop("Name", r.name)))
	}
	for i := 1; i <= 4; i++ {
		t.tables[nounApp] = append(t.tables[nounApp], record("Hosted.ApplicationInstance",
			clixml.Prop("Identity", fmt.Sprintf("queue%02d@%s", i, domain)), clixml.Prop("DisplayName", fmt.Sprintf("Queue %02d", i)),
			clixml.Prop("ApplicationId", "11cd3e2e-fccb-42ad-ad00-878b93575e07"), clixml.Prop("TelephoneNumber", nil)))
	}
	for i := range 20 {
		assigned, status := clixml.Null(), "Unassigned"
		if i < 10 {
			assigned, status = clixml.Str(fmt.Sprintf("user%04d@%s", 2*i+1, domain)), "UserAssigned"
		}
		t.tables[nounNumber] = append(t.tables[nounNumber], record("Hosted.PhoneNumber",
			clixml.Prop("TelephoneNumber", fmt.Sprintf("+493010%04d", 2*i+1)), clixml.Prop("NumberType", "DirectRouting"),
			clixml.Prop("City", "Berlin"), clixml.Property{Name: "AssignedPstnTargetId", Value: assigned}, clixml.Prop("PstnAssignmentStatus", status)))
	}
}

func (t *Tenant) voiceCmdlets() []runspace.Cmdlet {
	route := []runspace.Parameter{
		{Name: "NumberPattern", Type: "String"},
		{Name: "Priority", Type: "Int32"},
		{Name: "Description", Type: "String"},
		{Name: "OnlinePstnUsages", Type: "String[]"},
		{Name: "OnlinePstnGatewayList", Type: "String[]"},
	}
	gateway := []runspace.Parameter{
		{Name: "SipSignalingPort", Type: "Int32"},
		{Name: "Enabled", Type: "Boolean"},
		{Name: "MaxConcurrentSessions", Type: "Int32"},
		{Name: "MediaBypass", Type: "Boolean"},
	}
	app := []runspace.Parameter{{Name: "DisplayName", Type: "String"}, {Name: "ApplicationId", Type: "String"}}
	list := t.nounCmdlets(nounRoute, "Policy.Voice.OnlineRoute", "a voice route", route)
	list = append(list, t.nounCmdlets(nounGateway, "Settings.TrunkConfig", "a PSTN gateway", gateway)...)
	list = append(list, t.nounCmdlets(nounApp, "Hosted.ApplicationInstance", "an application instance", app)...)
	return append(list,
		runspace.Cmdlet{
			Name: "Get-" + nounUsage, Synopsis: "Returns the PSTN usages.",
			Run: func(c *runspace.Call) error { return t.getRows(c, nounUsage) },
		},
		runspace.Cmdlet{
			Name: "Set-" + nounUsage, Synopsis: "Changes the PSTN usages.", SupportsShouldProcess: true,
			Parameters: []runspace.Parameter{{Name: "Identity", Type: "String", Mandatory: true, Position: 1}, {Name: "Usage"}},
			Run:        t.setUsages,
		},
		runspace.Cmdlet{
			Name: "Get-" + nounNumber, Synopsis: "Returns telephone numbers and whom they belong to.",
			Parameters: []runspace.Parameter{
				{Name: "TelephoneNumber", Type: "String", Position: 1},
				{Name: "PstnAssignmentStatus", Type: "String", ValidateSet: []string{"Unassigned", "UserAssigned"}},
			},
			Run: t.getNumbers,
		},
		runspace.Cmdlet{
			Name: "Set-" + nounNumber, Synopsis: "Gives a telephone number to a user.", SupportsShouldProcess: true,
			Parameters: []runspace.Parameter{
				{Name: "Identity", Type: "String", Mandatory: true, Position: 1, FromPipelineByPropertyName: true},
				{Name: "PhoneNumber", Type: "String", Mandatory: true},
				{Name: "PhoneNumberType", Type: "String", Mandatory: true, ValidateSet: []string{"DirectRouting", "CallingPlan", "OperatorConnect"}},
			},
			Run: func(c *runspace.Call) error { return t.assign(c, c.String("PhoneNumber"), c.String("Identity")) },
		},
		runspace.Cmdlet{
			Name: "Remove-" + nounNumber, Synopsis: "Takes a telephone number from a user.", SupportsShouldProcess: true, ConfirmImpact: "High",
			Parameters: []runspace.Parameter{{Name: "PhoneNumber", Type: "String", Mandatory: true, Position: 1}},
			Run:        func(c *runspace.Call) error { return t.assign(c, c.String("PhoneNumber"), "") },
		},
	)
}

// nounCmdlets are Get-, New-, Set- and Remove- of a noun.
func (t *Tenant) nounCmdlets(noun, typeName, what string, settings []runspace.Parameter) []runspace.Cmdlet {
	identity := runspace.Parameter{Name: "Identity", Type: "String", Position: 1, FromPipeline: true, FromPipelineByPropertyName: true}
	needed := identity
	needed.Mandatory = true
	all := append([]runspace.Parameter{needed}, settings...)
	return []runspace.Cmdlet{
		{
			Name: "Get-" + noun, Synopsis: "Returns " + what + ".", Parameters: []runspace.Parameter{identity, {Name: "Filter", Type: "String"}},
			Run: func(c *runspace.Call) error { return t.getRows(c, noun) },
		},
		{
			Name: "New-" + noun, Synopsis: "Makes " + what + ".", Parameters: all, SupportsShouldProcess: true,
			Run: func(c *runspace.Call) error { return t.newRow(c, noun, typeName) },
		},
		{
			Name: "Set-" + noun, Synopsis: "Changes " + what + ".", Parameters: all, SupportsShouldProcess: true,
			Run: func(c *runspace.Call) error { return t.setRow(c, noun) },
		},
		{
			Name: "Remove-" + noun, Synopsis: "Removes " + what + ".", SupportsShouldProcess: true, ConfirmImpact: "High",
			Parameters: []runspace.Parameter{needed},
			Run:        func(c *runspace.Call) error { return t.removeRow(c, noun) },
		},
	}
}

func (t *Tenant) newRow(c *runspace.Call, noun, typeName string) error {
	id := c.String("Identity")
	if _, exists := t.find(noun, id); exists {
		return c.WriteError(invalid(id, "\"%s\" already exists.", id))
	}
	if ok, err := c.ShouldProcess(id, "New-"+noun); err != nil || !ok {
		return err
	}
	r := record(typeName, clixml.Prop("Identity", id))
	setAll(c, r)
	t.add(noun, r)
	return c.WriteObject(clixml.Obj(r))
}

func (t *Tenant) getNumbers(c *runspace.Call) error {
	number, status := c.String("TelephoneNumber"), c.String("PstnAssignmentStatus")
	for _, r := range t.rows(nounNumber) {
		have, _ := r.Get("PstnAssignmentStatus")
		if number != "" && !answersTo(r, number) || status != "" && have.Text() != status {
			continue
		}
		if err := c.WriteObject(clixml.Obj(r)); err != nil {
			return err
		}
	}
	return nil
}

// assign gives a number to a user, or takes it away where identity is "".
func (t *Tenant) assign(c *runspace.Call, number, identity string) error {
	r, ok := t.find(nounNumber, number)
	if !ok {
		return c.WriteError(notFound(number))
	}
	target, status := clixml.Null(), "Unassigned"
	if identity != "" {
		if _, ok := t.find(nounUser, identity); !ok {
			return c.WriteError(notFound(identity))
		}
		target, status = clixml.Str(identity), "UserAssigned"
	}
	if ok, err := c.ShouldProcess(number, c.Cmdlet.Name); err != nil || !ok {
		return err
	}
	t.change(nounNumber, r, func(o *clixml.Object) {
		o.Set("AssignedPstnTargetId", target)
		o.Set("PstnAssignmentStatus", clixml.Str(status))
	})
	return nil
}

// setUsages takes a list of usages, or a hashtable that says which to add and
// which to remove.
func (t *Tenant) setUsages(c *runspace.Call) error {
	id := c.String("Identity")
	r, ok := t.find(nounUsage, id)
	if !ok {
		return c.WriteError(notFound(id))
	}
	have, _ := r.Get("Usage")
	usages := texts(have)
	if given, ok := c.Param("Usage"); ok && given.Object().Is("System.Collections.Hashtable") {
		remove, _ := given.Object().Lookup("Remove")
		usages = slices.DeleteFunc(usages, func(u string) bool { return slices.Contains(texts(remove), u) })
		add, _ := given.Object().Lookup("Add")
		usages = append(usages, texts(add)...)
	} else if ok {
		usages = texts(given)
	}
	if ok, err := c.ShouldProcess(id, c.Cmdlet.Name); err != nil || !ok {
		return err
	}
	t.change(nounUsage, r, func(o *clixml.Object) { o.Set("Usage", stringArray(usages...)) })
	return nil
}

// texts are the items of a list, or the one value.
func texts(v clixml.Value) []string {
	if v.IsNull() {
		return nil
	}
	if o := v.Object(); o != nil && o.Kind != clixml.PlainObject {
		var list []string
		for _, item := range o.Items {
			list = append(list, item.String())
		}
		return list
	}
	return []string{v.String()}
}
