package session

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"psdeck/auth"
	"psdeck/auth/negotiate"
	"psdeck/discovery"
	"psdeck/session/wsman"
)

// Authentications are the ways to authenticate to a server that a [Target] can
// name.
func Authentications() []string {
	return []string{"auto", "basic", "oauth", "bearer", "negotiate", "ntlm", "kerberos", "certificate"}
}

// seals tells whether a way to authenticate brings its own encryption to plain
// http.
func seals(how string) bool {
	return how == "negotiate" || how == "ntlm" || how == "kerberos"
}

// maySeal tells whether what will be chosen for an endpoint may be a way that
// seals: plain http is not refused then before the server was asked.
func (cn *connecting) maySeal(u *url.URL) bool {
	t := &cn.target
	auto := t.Authentication == "" || t.Authentication == "auto"
	return seals(t.Authentication) || auto && cn.canNegotiate() && !(&endpoint{uri: u}).isOcs()
}

// canNegotiate tells whether there is something that a way that seals could
// prove: what was given, or else a ticket, or the user of this Windows.
func (cn *connecting) canNegotiate() bool {
	t := &cn.target
	if t.UserName != "" || t.Keytab != "" {
		return t.Password != nil || t.Keytab != "" || cn.ticketCache() != ""
	}
	return cn.cfg.System != nil || cn.ticketCache() != ""
}

// ticketCache is the file with the tickets of kinit, "" where there is none.
func (cn *connecting) ticketCache() string {
	path := os.Getenv("KRB5CCNAME")
	switch kind, _, _ := strings.Cut(path, ":"); {
	case path == "" && (cn.cfg.System != nil || os.Getuid() < 0):
		return ""
	case path == "":
		path = "/tmp/krb5cc_" + strconv.Itoa(os.Getuid())
	case kind != path && kind != "FILE" && len(kind) > 1:
		return path // of another kind: whoever reads it says that it cannot be read
	}
	if _, err := os.Stat(strings.TrimPrefix(path, "FILE:")); err != nil {
		return ""
	}
	return path
}

// checkWay keeps credentials off plain http where the way chosen does not seal.
func (cn *connecting) checkWay(how string) error {
	e := cn.endpoint
	if seals(how) {
		return nil
	}
	return discovery.CheckEndpoint(e.uri, e.found, cn.target.AllowUnencrypted)
}

// bestNegotiation picks a way that seals, where the server offers one and there
// is something to prove.
func (cn *connecting) bestNegotiation(challenges []auth.Challenge) string {
	if !cn.canNegotiate() {
		return ""
	}
	for _, c := range challenges {
		switch strings.ToLower(c.Scheme) {
		case "negotiate":
			return string(negotiate.Negotiate)
		case "kerberos":
			return string(negotiate.Kerberos)
		case "ntlm":
			return string(negotiate.NTLM)
		}
	}
	return ""
}

// useNegotiate authenticates each connection by itself.
func (cn *connecting) useNegotiate(ctx context.Context, way negotiate.Way) error {
	t, e := &cn.target, cn.endpoint
	cn.watch(StageStarted{StageSignIn, strings.TrimSpace("Authenticating " + as(t.UserName))})
	if err := cn.askPassword(ctx); err != nil {
		return err
	}
	client, err := negotiate.New(cn.negotiation(way))
	if err != nil {
		return err
	}
	cn.account = auth.Account{UserName: client.Account(), Domain: domainOf(client.Account())}
	e.secure = func(ctx context.Context, conn wsman.ConnInfo) (wsman.SecurityContext, error) {
		return client.NewContext(ctx, conn.TLS, conn.Offered)
	}
	return nil
}

// negotiation is what a way that seals has to go by.
func (cn *connecting) negotiation(way negotiate.Way) negotiate.Config {
	t, e := &cn.target, cn.endpoint
	cfg := negotiate.Config{
		Way: way, Account: t.UserName, Password: cn.password, Host: e.uri.Hostname(), Port: orElse(e.uri.Port(), "80"),
		Krb5Config: os.Getenv("KRB5_CONFIG"), Keytab: t.Keytab, SPN: t.SPN, PortInSPN: t.Options.IncludePortInSPN,
		System: cn.cfg.System,
		Note:   func(text string) { cn.watch(Noted{Text: text, Important: true}) },
	}
	if cn.password.IsZero() && t.Keytab == "" {
		cfg.Cache = cn.ticketCache()
	}
	if e.uri.Scheme == "https" {
		cfg.Port = orElse(e.uri.Port(), "443")
	}
	return cfg
}

// planNegotiation is what signing in so would do. It asks for no password.
func (cn *connecting) planNegotiation(way negotiate.Way) (*negotiate.Plan, error) {
	if cn.password.IsZero() && cn.target.Password != nil && cn.target.UserName != "" {
		cn.password = auth.NewSecret("one that is asked for later")
	}
	client, err := negotiate.New(cn.negotiation(way))
	if err != nil {
		return nil, err
	}
	p := client.Plan()
	return &p, nil
}

func as(userName string) string {
	if userName == "" {
		return ""
	}
	return "as " + userName
}

// askPassword asks for the user's password once, where there is somebody to ask.
func (cn *connecting) askPassword(ctx context.Context) (err error) {
	t := &cn.target
	if cn.password.IsZero() && t.Password != nil && t.UserName != "" {
		cn.password, err = t.Password(ctx, t.UserName)
	}
	return err
}

// mutual is what a request has for credentials where TLS has shown who makes
// it ([DSP0226] C.3.4).
const mutual = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

// useCertificate lets TLS say who this is, by a certificate of the user's own.
func (cn *connecting) useCertificate() error {
	t, e := &cn.target, cn.endpoint
	doing := "authenticating to " + e.uri.Host
	switch {
	case t.ClientCertificate == nil:
		return usageError(doing, "there is no certificate to show", "give one, with its key, with --client-certificate FILE")
	case e.uri.Scheme != "https":
		return usageError(doing, "a certificate can only be shown over https", "give an https URI")
	}
	cn.account = auth.Account{UserName: t.UserName, Domain: domainOf(t.UserName)}
	e.authorize = func(_ context.Context, req *http.Request, challenge []string) error {
		if challenge != nil {
			return &negotiate.Error{
				Kind: negotiate.KindRefused, Msg: e.uri.Host + " does not accept the certificate",
				Hint: "the server has to map it to an account (on Windows: New-Item WSMan:\\localhost\\ClientCertificate), and to trust its issuer",
			}
		}
		req.Header.Set("Authorization", mutual)
		return nil
	}
	return nil
}

// noteOptions says which options for Negotiate and Kerberos change nothing.
func (cn *connecting) noteOptions(how string) {
	o := &cn.target.Options
	if cn.followed > 0 {
		return // said already
	}
	if o.IncludePortInSPN && (!seals(how) || how == string(negotiate.NTLM)) {
		cn.watch(Noted{Text: "IncludePortInSPN changes nothing: it is for Kerberos, which this session does not use"})
	}
	switch {
	case o.NoEncryption && seals(how):
		cn.watch(Noted{Text: "NoEncryption changes nothing: what goes over http is encrypted all the same"})
	case o.NoEncryption:
		cn.watch(Noted{Text: "NoEncryption changes nothing: it is for Negotiate and Kerberos over http, which this session does not use"})
	}
}

func explainNegotiation(e *Error) bool {
	var (
		n        *negotiate.Error
		insecure *wsman.SecurityError
	)
	switch {
	case errors.As(e.Err, &n):
		switch n.Kind {
		case negotiate.KindUsage:
			e.Class = ClassUsage
		case negotiate.KindPassword, negotiate.KindAccount, negotiate.KindOffered, negotiate.KindTicket, negotiate.KindRefused:
			e.Class = ClassSignIn
		}
		return e.hint(n.Hint)
	case errors.As(e.Err, &insecure):
		return e.hint("nothing that came was believed; something between here and the server may be altering what is sent, or the server does not encrypt its answers: with https it need not")
	}
	return false
}
