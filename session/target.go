package session

import (
	"context"
	"crypto/tls"

	"psdeck/auth"
)

// Environment is how careful a session has to be handled.
type Environment string

// The environments; an empty one is treated as Prod where it matters.
const (
	Prod Environment = "prod"
	Test Environment = "test"
	Dev  Environment = "dev"
)

// Target says where to connect and as whom: the parameters of
// New-CsOnlineSession under their own names, and what psdeck adds. The zero
// value means: ask for an account, and manage that account's own tenant.
type Target struct {
	// Name labels the session until the server has said which tenant it is.
	Name string

	// UserName is the account to sign in with; another one is refused.
	UserName string
	// Password asks for the password of userName where the sign-in or the
	// server's authentication wants one; nil means that nobody can be asked.
	Password func(ctx context.Context, userName string) (auth.Secret, error)
	// Fresh has the account sign in also where it is signed in already.
	Fresh bool
	// HostKey asks whether the key that an unknown SSH host shows is its own;
	// nil means that nobody can be asked, and it is refused. A host whose key
	// has changed is always refused.
	HostKey func(ctx context.Context, k HostKey) (bool, error)
	// Passphrase asks for that of a locked key; nil passes such keys over.
	Passphrase func(ctx context.Context, keyFile string) (auth.Secret, error)
	// AccessToken is a token acquired already (OAuthAccessToken).
	AccessToken auth.Secret
	// AccessTokenFrom gets such a token from whoever keeps it, and another one
	// when that is about to end or was refused; nil where there is none.
	AccessTokenFrom func(ctx context.Context) (auth.Secret, error)
	// Application is what an application signs in with as itself.
	Application auth.AppCredential
	// The four overrides of the cmdlet.
	OverrideAdminDomain            string
	OverrideDiscoveryURI           string
	OverridePowerShellURI          string
	OverrideAccessTokenResourceURI string
	// Options is the PSSessionOption.
	Options Options

	// SignIn is how to sign in to the authority; empty chooses: a password, a
	// token or an application's credential where one is given, else the browser
	// where one can be opened, else device code.
	SignIn auth.Method
	// SignInAgain lets an open session ask its person to sign in anew, where no
	// token can be had without: watch is told, and requests wait. Without it the
	// session ends.
	SignInAgain bool
	// Authentication to the server is "" or one of [Authentications].
	Authentication string
	// ClientCertificate is shown to the server, in TLS, where Authentication is
	// "certificate".
	ClientCertificate *tls.Certificate
	// Keytab is a file with the account's keys, in place of its password, for
	// Kerberos; SPN the name of the server's service, in place of HTTP/host.
	Keytab, SPN string
	// Authority and ClientID replace what the server's challenge says;
	// Tenant is the tenant that has to issue the token, an id or a domain.
	Authority, ClientID, Tenant string
	// Cloud is where the tenant lives (see [discovery.Clouds]); empty finds out.
	// CloudHosts are the hosts, or suffixes of hosts with a dot before, of the
	// cloud "custom".
	Cloud      string
	CloudHosts []string
	// ConfigurationName is the session configuration; empty means
	// Microsoft.PowerShell.
	ConfigurationName string
	// Transport is "", "wsman", "winrs", "local" or "ssh"; empty follows the
	// PowerShell URI, which may be local: or ssh://user@host:port too.
	Transport string
	// Bootstrap signs a module in before anything is typed, in a PowerShell of
	// this session's own: [BootstrapTeams] or [BootstrapExchange]; empty: none.
	Bootstrap string
	// GraphURI is Microsoft Graph's address; empty: that of the cloud.
	GraphURI string
	// SSHProgram is an ssh to make the connection of an ssh:// URI with, such as
	// "ssh"; empty makes it without another program.
	SSHProgram string
	// Runspaces is how many lines may run at once; zero means one, as
	// New-PSSession opens: what a line leaves behind, the next one finds.
	Runspaces int
	// Attach is the id of a shell on the server to join, in place of opening
	// one: a session that was left there with [Session.Disconnect].
	Attach string
	// AllowRedirection follows a server that says the session is to be opened
	// elsewhere, as New-PSSession -AllowRedirection does; credentials go to
	// another host only where it belongs to the same organisation or cloud.
	AllowRedirection bool
	// AllowUnencrypted lets credentials and data go over plain http.
	AllowUnencrypted bool

	// Env, ReadOnly and ExpectTenant are the safety rules of this session.
	// ExpectTenant is a tenant id or one of the tenant's domains.
	Env          Environment
	ReadOnly     bool
	ExpectTenant string
}

// HostKey is the key that an SSH host shows.
type HostKey struct {
	Host        string
	Type        string // such as ssh-ed25519
	Fingerprint string // as ssh prints it: SHA256:…
}

// Label is the short name to show before the server has proved a tenant.
func (t Target) Label() string {
	for _, s := range []string{t.Name, t.OverrideAdminDomain, domainOf(t.UserName), t.OverridePowerShellURI} {
		if s != "" {
			return s
		}
	}
	return "new session"
}
