package auth

import (
	"net/netip"
	"net/url"
	"strings"
)

// organizations is the tenant of an authority that stands for any work or
// school account. The tenant "common", which lets personal accounts in as
// well, is replaced by it.
const organizations = "organizations"

// NormalizeAuthority turns what a challenge or a person names as the place
// where tokens come from into an authority, https://host/tenant: paths such as
// /oauth2/authorize are taken off, "common" and an absent tenant become
// "organizations". An authority over http is accepted on this machine only.
func NormalizeAuthority(uri string) (string, error) {
	bad := func(why string) (string, error) {
		return "", &Error{
			Kind: KindUsage, Msg: "the authority " + clean(uri, 200) + " cannot be used: " + why,
			Hint: "name one with --authority, as in https://login.microsoftonline.com/organizations",
		}
	}
	u, err := url.Parse(strings.TrimSpace(uri))
	switch {
	case err != nil || u.Hostname() == "":
		return bad("it is not an address")
	case u.User != nil:
		return bad("it has a user name in it")
	case u.Scheme == "http" && !isLoopback(u.Hostname()), u.Scheme != "http" && u.Scheme != "https":
		return bad("it is not https")
	}
	host := strings.ToLower(u.Host)
	if host == "login.windows.net" || host == "login.windows.net:443" {
		host = "login.microsoftonline.com" // its old name
	}
	tenant, _, _ := strings.Cut(strings.TrimLeft(u.Path, "/"), "/")
	switch tenant = strings.ToLower(tenant); tenant {
	case "", "common", "oauth2", "{tenant}", "{tenantid}":
		tenant = organizations
	}
	if strings.Trim(tenant, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return bad("its tenant is not a name or an id")
	}
	return u.Scheme + "://" + host + "/" + tenant, nil
}

// InTenant is the authority of one tenant at the host of another; an authority
// that cannot be read stays as it is.
func InTenant(authority, tenant string) string {
	u, err := url.Parse(authority)
	if err != nil || u.Host == "" {
		return authority
	}
	return u.Scheme + "://" + u.Host + "/" + tenant
}

// Authority returns the authority that the challenge names, normalized. The
// error is an [*Error].
func (c Challenge) Authority() (string, error) {
	uri := first(c.AuthorizationURI, c.Params["authorization"], c.Params["authority"])
	if uri == "" {
		return "", &Error{
			Kind: KindProtocol, Msg: "the endpoint does not say which authority issues its tokens",
			Hint: "name it with --authority",
		}
	}
	return NormalizeAuthority(uri)
}

// KnownAuthority tells which cloud an authority or its host belongs to. A
// password or a sign-in to an authority outside all of them is not wrong, but
// the person is told its name before.
func KnownAuthority(authority string) (cloud string, ok bool) {
	host := strings.ToLower(authority)
	if u, err := url.Parse(authority); err == nil && u.Hostname() != "" {
		host = strings.ToLower(u.Hostname())
	}
	switch host {
	case "login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net":
		return "Worldwide", true
	case "login.microsoftonline.us", "login-us.microsoftonline.com":
		return "US Government", true
	case "login.chinacloudapi.cn", "login.partner.microsoftonline.cn":
		return "China", true
	case "login.microsoftonline.de":
		return "Germany", true
	case "login.sovcloud-identity.fr":
		return "Bleu", true
	case "login.sovcloud-identity.de":
		return "Delos", true
	}
	return "", false
}

// splitAuthority returns the authority that a client is made for and the
// tenant that one request names beyond it ("" when it is the client's own).
func splitAuthority(authority string) (base, host, tenant string) {
	u, err := url.Parse(authority)
	if err != nil {
		return authority, "", ""
	}
	tenant = strings.Trim(u.Path, "/")
	switch tenant {
	case organizations, "adfs", "dstsv2", "consumers":
		return authority, u.Host, ""
	}
	return u.Scheme + "://" + u.Host + "/" + organizations, u.Host, tenant
}

func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback()
}
