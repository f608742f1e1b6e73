package session

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"psdeck/auth"
)

// ProxyAccessType says which proxy is used, by PowerShell's names. There is
// one place to look here, the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY),
// and three of the names mean it.
type ProxyAccessType string

// The access types. Without one nothing goes through a proxy.
const (
	ProxyNone          ProxyAccessType = ""
	ProxyIEConfig      ProxyAccessType = "IEConfig"
	ProxyWinHTTPConfig ProxyAccessType = "WinHttpConfig"
	ProxyAutoDetect    ProxyAccessType = "AutoDetect"
	ProxyNoServer      ProxyAccessType = "NoProxyServer"
)

func (t ProxyAccessType) String() string { return orElse(string(t), "None") }

// chooser is the function by which a transport finds its proxy.
type chooser = func(*http.Request) (*url.URL, error)

// chooseOptions checks the options and gets what the proxy takes.
func (cn *connecting) chooseOptions(ctx context.Context) error {
	o := &cn.target.Options
	if err := o.Check(); err != nil {
		return usageError("reading the session options", err.Error(), "psdeck help exec lists what they take")
	}
	if o.ProxyAccessType == ProxyNone || o.ProxyAccessType == ProxyNoServer {
		return nil
	}
	cn.proxy = cn.cfg.Proxy
	if o.ProxyCredential == "" {
		return nil
	}
	return cn.authorizeProxy(ctx)
}

// authorizeProxy adds user name and password to what the chooser finds. Basic
// shows the password to whoever sees the way to the proxy, so it has to be
// asked for by name.
func (cn *connecting) authorizeProxy(ctx context.Context) error {
	o := &cn.target.Options
	const doing = "authenticating to the proxy"
	if o.ProxyAuthentication != "Basic" {
		return usageError(doing, fmt.Sprintf("%s is not offered here for a proxy", orElse(o.ProxyAuthentication, "Negotiate")),
			"add ProxyAuthentication=Basic if the network between here and the proxy may see the password")
	}
	if o.ProxyPassword == nil {
		return usageError(doing, "there is nobody to ask for the password of "+o.ProxyCredential, "give it with --proxy-password-env")
	}
	password, err := o.ProxyPassword(ctx, o.ProxyCredential)
	if err != nil {
		return err
	}
	cn.proxy = withCredential(cn.cfg.Proxy, o.ProxyCredential, password)
	return nil
}

func withCredential(choose chooser, userName string, password auth.Secret) chooser {
	return func(req *http.Request) (*url.URL, error) {
		u, err := choose(req)
		if u == nil || err != nil {
			return nil, err
		}
		v := *u
		v.User = url.UserPassword(userName, password.Reveal())
		return &v, nil
	}
}

// httpClient is for discovery and questions to the endpoint, on the same way as
// the session.
func (cn *connecting) httpClient() *http.Client {
	c := cn.cfg.Network.HTTPClient()
	if t, ok := c.Transport.(*http.Transport); ok {
		t.Proxy = cn.proxy
	}
	return c
}
