package session

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"psdeck/auth"
	"psdeck/discovery/managed"
	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// What [Target.Bootstrap] signs in: the module MicrosoftTeams, or
// ExchangeOnlineManagement. Each keeps its sign-in in its process, and answers a
// second one with the first tenant's data: so each session has a process of its
// own.
const (
	BootstrapTeams    = "teams"
	BootstrapExchange = "exchange"
)

// teamsResource is the audience of tokens for the service behind the module
// MicrosoftTeams ("Skype and Teams Tenant Admin API"), the same in all clouds.
const teamsResource = "48ac35b8-9aa8-4d74-927d-1f4a14a0b239"

// teamsClientID is the public client of the module MicrosoftTeams.
const teamsClientID = "12128f48-ec9e-42f0-b203-ea49fb6af367"

// environment is what the modules and the services call a cloud.
type environment struct{ teams, exchange, outlook string }

// environments by the flag of a cloud; any other is the worldwide one, which the
// modules do not name.
func environmentOf(cloud string) environment {
	switch cloud {
	case "gcchigh":
		return environment{"TeamsGCCH", "O365USGovGCCHigh", "https://outlook.office365.us"}
	case "dod":
		return environment{"TeamsDOD", "O365USGovDoD", "https://webmail.apps.mil"}
	case "china":
		return environment{"TeamsChina", "O365China", "https://partner.outlook.cn"}
	}
	return environment{outlook: "https://outlook.office365.com"}
}

// settleBootstrap checks what is to be signed in and where that runs.
func (t *Target) settleBootstrap() error {
	t.Bootstrap = strings.ToLower(t.Bootstrap)
	bad := func(why string, hints ...string) error {
		return usageError("choosing what to sign in", why, hints...)
	}
	switch {
	case t.Bootstrap == "":
		return nil
	case t.Bootstrap != BootstrapTeams && t.Bootstrap != BootstrapExchange:
		return bad(fmt.Sprintf("there is no bootstrap %q", t.Bootstrap), "--bootstrap takes teams or exchange")
	case t.Transport != "" && t.Transport != schemeLocal,
		t.OverridePowerShellURI != "" && !strings.EqualFold(t.OverridePowerShellURI, schemeLocal+":"):
		return bad("the module "+moduleName(t.Bootstrap)+" runs in a PowerShell of this machine",
			"leave the transport and the PowerShell URI out, or give local:")
	case t.Bootstrap == BootstrapTeams && (!t.AccessToken.IsZero() || t.AccessTokenFrom != nil):
		return bad("Teams wants two tokens, and one was given", "sign in instead: --sign-in device, secret or certificate")
	}
	t.OverridePowerShellURI, t.Transport = schemeLocal+":", schemeLocal
	return nil
}

func moduleName(bootstrap string) string {
	if bootstrap == BootstrapExchange {
		return "ExchangeOnlineManagement"
	}
	return "MicrosoftTeams"
}

// cloudFlag is the cloud that was named, else the one whose authority it is.
func (cn *connecting) cloudFlag() string {
	if cn.cloud != nil {
		return cn.cloud.Flag
	}
	switch hostOf(cn.target.Authority) {
	case "login.microsoftonline.us":
		return "gcchigh"
	case "login.chinacloudapi.cn", "login.partner.microsoftonline.cn":
		return "china"
	}
	return ""
}

func (cn *connecting) graphURI() string {
	return strings.TrimSuffix(cmp.Or(cn.target.GraphURI, managed.GraphURI(cn.cloudFlag())), "/")
}

// chooseModule signs in for the module of a bootstrap: tokens that the tenant
// which is managed has issued, one for each service behind the module.
func (cn *connecting) chooseModule(ctx context.Context) error {
	t := &cn.target
	if t.Bootstrap == "" {
		return nil
	}
	cn.watch(StageStarted{StageSignIn, "Requesting authentication tokens"})
	// With both of them known no endpoint is asked: a process has no challenge.
	t.ClientID = cmp.Or(t.ClientID, cn.moduleClient())
	if t.Authority = orElse(t.Authority, cn.cloudAuthority()); t.Authority == "" {
		t.Authority = cn.homeAuthority(ctx)
	}
	resources := []string{cn.graphURI(), teamsResource}
	if t.Bootstrap == BootstrapExchange {
		resources = []string{environmentOf(cn.cloudFlag()).outlook}
	}
	m := &module{name: moduleName(t.Bootstrap), now: cn.cfg.Now, used: cn.endpoint.setExpiry}
	endpoint := cn.endpoint
	m.again = func(ctx context.Context, why error) error {
		if again := endpoint.again.Load(); again != nil {
			return (*again)(ctx, why)
		}
		return why
	}
	for _, resource := range resources {
		source, err := cn.tokenSource(ctx, resource)
		if err != nil {
			return err
		}
		if _, err := source.Token(ctx); err != nil { // fails before a process is started
			return err
		}
		cn.tenantID = source.Binding().Tenant
		m.sources = append(m.sources, source)
	}
	m.connect, m.disconnect = "Connect-MicrosoftTeams", "Disconnect-MicrosoftTeams"
	m.parameters = cn.teamsParameters
	if t.Bootstrap == BootstrapExchange {
		m.connect, m.disconnect = "Connect-ExchangeOnline", "Disconnect-ExchangeOnline"
		m.parameters = cn.exchangeParameters
	}
	cn.module = m
	return nil
}

// moduleClient is the public client that a module signs in as.
func (cn *connecting) moduleClient() string {
	switch {
	case cn.account.UserName != "":
		return cn.clientID // somebody has signed in already, to learn the domain
	case cn.target.Bootstrap == BootstrapExchange:
		return exchangeClientID
	}
	return teamsClientID
}

// teamsParameters are those of Connect-MicrosoftTeams.
func (cn *connecting) teamsParameters(tokens []auth.Token) []psrp.Parameter {
	items := make([]clixml.Value, len(tokens))
	for i, t := range tokens {
		items[i] = clixml.Str(t.Secret())
	}
	list := []psrp.Parameter{{Name: "AccessTokens", Value: clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.String[]", "System.Array", "System.Object"}, Kind: clixml.List, Items: items,
	})}}
	if cn.tenantID != "" {
		list = append(list, psrp.Parameter{Name: "TenantId", Value: clixml.Str(cn.tenantID)})
	}
	if env := environmentOf(cn.cloudFlag()).teams; env != "" {
		list = append(list, psrp.Parameter{Name: "TeamsEnvironmentName", Value: clixml.Str(env)})
	}
	return list
}

// exchangeParameters are those of Connect-ExchangeOnline. In its own tenant the
// account names the organization; a partner names the customer's.
func (cn *connecting) exchangeParameters(tokens []auth.Token) []psrp.Parameter {
	list := []psrp.Parameter{
		{Name: "AccessToken", Value: clixml.Str(tokens[0].Secret())},
		{Name: "ShowBanner", Value: clixml.Bool(false)},
	}
	_, home, _ := strings.Cut(cn.account.HomeAccountID, ".")
	name, value := "DelegatedOrganization", cn.domain
	switch {
	case cn.account.UserName == "":
		name = "Organization" // an application has no account there
	case strings.EqualFold(home, cn.tenantID) || cn.domain == cn.account.Domain:
		name, value = "UserPrincipalName", cn.account.UserName
	}
	list = append(list, psrp.Parameter{Name: name, Value: clixml.Str(orElse(value, cn.tenantID))})
	if env := environmentOf(cn.cloudFlag()).exchange; env != "" {
		list = append(list, psrp.Parameter{Name: "ExchangeEnvironmentName", Value: clixml.Str(env)})
	}
	return list
}
