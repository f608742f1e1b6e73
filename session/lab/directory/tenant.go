package directory

import (
	"fmt"
	"strings"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

// Table is every cmdlet that reads or changes this tenant.
func (t *Tenant) Table() *runspace.Table {
	list := append(t.tenantCmdlets(), t.userCmdlets()...)
	for _, k := range policyKinds {
		list = append(list, t.policyCmdlets(k)...)
	}
	list = append(list, t.batchCmdlet())
	return runspace.NewTable(append(list, t.voiceCmdlets()...)...)
}

func (t *Tenant) tenantCmdlets() []runspace.Cmdlet {
	return []runspace.Cmdlet{
		{
			Name: "Get-CsTenant", Synopsis: "Returns the tenant that this session manages.",
			OutputType: []string{schema + "ADConnect.Schema.TenantObject"},
			Parameters: []runspace.Parameter{{Name: "Identity", Type: "String", Position: 1}},
			Run:        func(c *runspace.Call) error { return c.WriteObject(clixml.Obj(t.object())) },
		},
		{
			Name: "Get-CsOnlineSipDomain", Synopsis: "Returns the domains of the tenant and whether they are used for SIP.",
			Run: func(c *runspace.Call) error {
				for _, d := range t.Domains {
					if err := c.WriteObject(clixml.Obj(record("Hosted.SipDomain", clixml.Prop("Name", d), clixml.Prop("Status", "Enabled")))); err != nil {
						return err
					}
				}
				return nil
			},
		},
		{
			Name: "Get-CsTenantLicensingConfiguration", Synopsis: "Returns whether the tenant is licensed.",
			Run: func(c *runspace.Call) error {
				return c.WriteObject(clixml.Obj(record("WritableConfig.TenantLicensing",
					clixml.Prop("Identity", "Global"), clixml.Prop("Status", "Enabled"))))
			},
		},
	}
}

func (t *Tenant) object() *clixml.Object {
	return record("ADConnect.Schema.TenantObject",
		clixml.Prop("Identity", fmt.Sprintf("OU=%s,OU=OCS Tenants,DC=%s", t.id, strings.ReplaceAll(t.Domains[0], ".", ",DC="))),
		clixml.Prop("Name", t.Name),
		clixml.Prop("DisplayName", t.Name),
		clixml.Prop("TenantId", t.id),
		clixml.Property{Name: "Domains", Value: stringArray(t.Domains...)},
		clixml.Prop("CountryAbbreviation", "DE"),
		clixml.Prop("PreferredLanguage", "en"),
		clixml.Prop("TeamsUpgradeEffectiveMode", "TeamsOnly"),
		clixml.Prop("WhenCreated", clixml.FromTime(time.Date(2018, 3, 1, 0, 0, 0, 0, time.UTC))),
		clixml.Prop("ServiceInstance", "MicrosoftCommunicationsOnline/EMEA-1E-S1"),
		clixml.Prop("LastSyncTimeStamp", nil),
		clixml.Prop("IsByPassValidation", false),
		clixml.Prop("UserCount", uint32(t.Info.Users)),
	)
}
