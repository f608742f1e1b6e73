package lab

import (
	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

// AnswerAs has a tenant's endpoints answer as another tenant from now on, when
// they are asked which one they are: a server that is not what it was, or a
// name that leads elsewhere. The tenant's own id ends that.
func (l *Lab) AnswerAs(tenant, as string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answersAs == nil {
		l.answersAs = map[string]string{}
	}
	l.answersAs[tenant] = as
}

// answering is the tenant that a tenant's endpoints say they are.
func (l *Lab) answering(tenant string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if as, ok := l.answersAs[tenant]; ok {
		return as
	}
	return tenant
}

// identified is a tenant's table whose Get-CsTenant answers as [Lab.AnswerAs]
// has it.
func (l *Lab) identified(tenant string, table *runspace.Table) *runspace.Table {
	own := *table.Lookup("Get-CsTenant")
	own.Run = func(c *runspace.Call) error {
		return l.directories[l.answering(tenant)].described.Lookup("Get-CsTenant").Run(c)
	}
	return table.With(runspace.NewTable(own))
}

// organizationOf is what Get-OrganizationConfig answers in a tenant: an Exchange
// names the organization by its first domain and knows no id of the tenant; Guid
// is another one.
func (l *Lab) organizationOf(tenant string) clixml.Value {
	t := l.directories[l.answering(tenant)].tenant
	name := t.Domains[0]
	for _, d := range t.Domains {
		if len(d) > len(".onmicrosoft.com") && d[len(d)-len(".onmicrosoft.com"):] == ".onmicrosoft.com" {
			name = d
		}
	}
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"Microsoft.Exchange.Data.Directory.Management.OrganizationConfig", "System.Object"},
		Members: []clixml.Property{
			clixml.Prop("Name", name), clixml.Prop("DisplayName", t.Name), clixml.Prop("Identity", name),
			clixml.Prop("Guid", uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name))),
			clixml.Prop("OrganizationId", "EURPR01A001.PROD.OUTLOOK.COM/Microsoft Exchange Hosted Organizations/"+name+" - EURPR01A001.PROD.OUTLOOK.COM/ConfigurationUnits/"+name+"/Configuration"),
		},
	})
}

// exchangeTable is what an endpoint shaped as Exchange offers: it answers as an
// organization, and knows nothing of Skype's tenants.
func (l *Lab) exchangeTable(tenant string) *runspace.Table {
	table := l.directories[tenant].table.Only(func(c *runspace.Cmdlet) bool { return c.Name != "Get-CsTenant" })
	return table.With(runspace.NewTable(runspace.Cmdlet{
		Name: "Get-OrganizationConfig", Synopsis: "Returns the organization that this session manages.",
		Run: func(c *runspace.Call) error { return c.WriteObject(l.organizationOf(tenant)) },
	}))
}
