package session

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"psdeck/auth"
)

// The parameters that the three sets of New-CsOnlineSession share.
const onlineShared = " [-OverrideAdminDomain <string>] [-OverrideDiscoveryUri <uri>] [-OverridePowerShellUri <uri>] " +
	"[-OverrideAccessTokenResourceUri <uri>] [-SessionOption <PSSessionOption>]"

// openingCmdlets open sessions.
func openingCmdlets() []*cmdlet {
	const tail = " [-Name <string[]>] [-ConfigurationName <string>] [-ThrottleLimit <int>]"
	const rest = " [-SessionOption <PSSessionOption>] [-Authentication <AuthenticationMechanism>] [-CertificateThumbprint <string>]"
	return []*cmdlet{
		{
			name: "New-CsOnlineSession", about: "Signs in to a tenant and opens a remote session in a tab of its own.", class: "Microsoft.Rtc.Management.OnlineConnector.NewCsOnlineSessionCmdlet",
			sets: []string{
				"[[-UserName] <string>]" + onlineShared,
				"[[-Credential] <pscredential>]" + onlineShared,
				"[-OAuthAccessToken <securestring>]" + onlineShared,
			},
			run: newCsOnlineSession,
		},
		{
			name: "New-PSSession", about: "Opens a remote session at an address, in a tab of its own.", class: "Microsoft.PowerShell.Commands.NewPSSessionCommand", aliases: "ComputerName=Cn ConnectionUri=URI ConnectionUri=CU KeyFilePath=IdentityFilePath",
			sets: []string{
				"[[-ComputerName] <string[]>] [-Credential <pscredential>] [-Port <int>] [-UseSSL] [-ApplicationName <string>] [-EnableNetworkAccess]" + tail + rest,
				"[-ConnectionUri] <uri[]> [-Credential <pscredential>] [-AllowRedirection] [-EnableNetworkAccess]" + tail + rest,
				"[[-Session] <PSSession[]>] [-Name <string[]>] [-EnableNetworkAccess] [-ThrottleLimit <int>]",
				"[-HostName] <string[]> [-Name <string[]>] [-Port <int>] [-UserName <string>] [-KeyFilePath <string>] [-Subsystem <string>] [-ConnectingTimeout <int>] [-SSHTransport] [-Options <hashtable>]",
			},
			pipe: "Session", run: newPSSession,
		},
	}
}

// newCsOnlineSession opens a tenant's session: who signs in, then where, as
// [Connector.Connect] does it.
func newCsOnlineSession(c *call) error {
	t := Target{
		OverrideAdminDomain: c.text("OverrideAdminDomain"), OverrideDiscoveryURI: c.text("OverrideDiscoveryUri"),
		OverridePowerShellURI: c.text("OverridePowerShellUri"), OverrideAccessTokenResourceURI: c.text("OverrideAccessTokenResourceUri"),
	}
	if c.has("UserName") {
		t.UserName = c.text("UserName")
	}
	if err := c.signInWith(&t); err != nil {
		return err
	}
	if c.has("OAuthAccessToken") {
		token, ok := c.desk().secretOf(c.value("OAuthAccessToken"))
		if !ok {
			return c.fail("OAuthAccessToken", "the text of this SecureString is known only to the session that it came from")
		}
		t.AccessToken = token
	}
	return c.open(t, "")
}

// signInWith takes -Credential and -SessionOption.
func (c *call) signInWith(t *Target) error {
	if c.has("SessionOption") {
		o, err := c.desk().optionsOf(c.value("SessionOption"))
		if err != nil {
			return err
		}
		t.Options = o
	}
	if !c.has("Credential") {
		return nil
	}
	t.SignIn, t.Fresh = auth.MethodPassword, true // the password is proved, whoever is signed in already
	credential := c.value("Credential").Object()
	if credential == nil {
		t.UserName = c.text("Credential") // the password is asked for
		return nil
	}
	name, _ := credential.Get("UserName")
	password, _ := credential.Get("Password")
	t.UserName = name.String()
	if secret, ok := c.desk().secretOf(password); ok {
		t.Password = func(context.Context, string) (auth.Secret, error) { return secret, nil }
	}
	return nil
}

// open opens a session, tells -Verbose of it, and gives its object.
func (c *call) open(t Target, name string) error {
	c.out.run.emit(c.ctx, Record{Stream: StreamHost, Text: "opening " + t.Label()})
	e, err := c.connect(t, name)
	if err != nil {
		return err
	}
	if p, ok := c.desk().deck.(Placer); ok {
		c.out.run.emit(c.ctx, Record{Stream: StreamHost, Text: "opened " + p.Place(c.ctx, e.live) + ": " + e.tenant()})
	}
	if _, said := c.desk().deck.(Announcer); !said || c.keeps() {
		c.give(e.object())
	}
	return nil
}

func (c *call) connect(t Target, name string) (*entry, error) {
	// Who keeps the session in a variable goes on typing here, and so does who
	// joins one again: what it gives comes here.
	stay := c.step.assign != "" || c.step.then != nil || t.Attach != ""
	s, err := c.desk().deck.Open(c.ctx, t, stay, c.tell)
	if err != nil {
		return nil, AsTyped(err)
	}
	return c.desk().adopt(s, name), nil
}

// tell says the cmdlet's verbose messages as the connection goes on.
func (c *call) tell(ev Event) {
	switch ev := ev.(type) {
	case StageStarted:
		if text := map[Stage]string{
			StageDomain: "Determining domain to admin", StageDiscovery: "Discovering PowerShell endpoint URI", StageSignIn: "Requesting authentication token",
			StageOpen: "Initializing remote session", StageReady: "Success",
		}[ev.Stage]; text != "" {
			c.verbose(text)
		}
	case Noted:
		if strings.HasPrefix(ev.Text, "AdminDomain = ") {
			c.verbose(ev.Text)
		}
	case EndpointFound:
		c.verbose("TargetUri = " + ev.URI)
	case SignedIn:
		c.verbose("Success")
	}
}

// newPSSession opens a session at each address that was given.
func newPSSession(c *call) error {
	targets, err := c.targets()
	if err != nil {
		return err
	}
	names := c.texts("Name")
	for i, t := range targets {
		name := fmt.Sprintf("Runspace%d", c.desk().next())
		if i < len(names) {
			name = names[i]
		}
		t.Name = name
		if err := c.signInWith(&t); err != nil {
			return err
		}
		if err := c.open(t, name); err != nil {
			return err
		}
	}
	return nil
}

// next is the number that the next session will get.
func (d *Cmdlets) next() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last + 1
}

// targets are the addresses that were given.
func (c *call) targets() ([]Target, error) {
	var out []Target
	base := Target{ConfigurationName: c.text("ConfigurationName"), AllowRedirection: c.on("AllowRedirection"), Authentication: c.authentication()}
	if c.has("CertificateThumbprint") {
		return nil, c.fail("CertificateThumbprint", "there is no certificate store here; give the certificate's file with psdeck exec --client-certificate")
	}
	add := func(t Target, uri string) {
		t.OverridePowerShellURI = uri
		out = append(out, t)
	}
	switch {
	case c.has("Session"):
		for _, v := range c.list("Session") {
			if e, ok := c.desk().sessionOf(v); ok {
				t := e.live.Target()
				t.Attach = ""
				out = append(out, t)
			}
		}
	case c.has("ConnectionUri"):
		for _, uri := range c.texts("ConnectionUri") {
			if u, err := url.Parse(uri); err != nil || !u.IsAbs() {
				return nil, c.fail("CreateRemoteRunspaceFailed", "Relative URIs are not supported in the creation of remote sessions.")
			}
			add(base, uri)
		}
	case c.has("HostName"):
		for _, host := range c.texts("HostName") {
			add(Target{Transport: "ssh"}, c.sshURI(host))
		}
	case c.has("ComputerName"):
		for _, name := range c.texts("ComputerName") {
			add(base, c.computerURI(name))
		}
	default:
		add(base, c.computerURI("localhost"))
	}
	return out, nil
}

// authentication is -Authentication in the words of [Target.Authentication].
func (c *call) authentication() string {
	switch name := strings.ToLower(c.text("Authentication")); name {
	case "default", "":
		return ""
	case "negotiatewithimplicitcredential":
		return "negotiate"
	default:
		return name
	}
}

// computerURI is where WinRM listens on a computer.
func (c *call) computerURI(name string) string {
	scheme, port := "http", 5985
	if c.on("UseSSL") {
		scheme, port = "https", 5986
	}
	if c.has("Port") {
		port = c.number("Port")
	}
	u := url.URL{Scheme: scheme, Host: fmt.Sprintf("%s:%d", name, port), Path: orElse(c.text("ApplicationName"), "wsman")}
	return u.String()
}

func (c *call) sshURI(host string) string {
	u := url.URL{Scheme: "ssh", Host: host}
	if name, rest, ok := strings.Cut(host, "@"); ok {
		u.User, u.Host = url.User(name), rest
	}
	if c.has("UserName") {
		u.User = url.User(c.text("UserName"))
	}
	if c.has("Port") {
		u.Host += fmt.Sprintf(":%d", c.number("Port"))
	}
	return u.String()
}

// sessionsOf are the sessions that a parameter's objects stand for.
func (c *call) sessionsOf(parameter string) []*entry {
	var out []*entry
	for _, v := range c.list(parameter) {
		if e, ok := c.desk().sessionOf(v); ok {
			out = append(out, e)
		}
	}
	return out
}
