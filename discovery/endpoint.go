package discovery

import (
	"fmt"
	"net/url"
	"strings"
)

// The last parts of the path of an Ocs endpoint: the first takes a user name
// and a password, the second a token.
const (
	pathLiveID = "/OcsPowershellLiveId"
	pathOAuth  = "/OcsPowershellOAuth"
)

// Endpoint is what discovery found.
type Endpoint struct {
	PowerShellURI *url.URL // https, with the OAuth path, without AdminDomain
	Found         string   // the href as it stood in the document
	Hops          []Hop    // the way there
}

// WithAdminDomain returns u with the query parameter AdminDomain, which names
// the tenant to manage. A URI that has the parameter already is returned as it
// is (see [AdminDomainOf]); so is any URI when domain is empty.
func WithAdminDomain(u *url.URL, domain string) *url.URL {
	v := *u
	if domain == "" || AdminDomainOf(u) != "" {
		return &v
	}
	v.RawQuery = appendQuery(v.RawQuery, "AdminDomain", domain)
	v.ForceQuery = false
	return &v
}

// AdminDomainOf returns the tenant that a PowerShell URI names in its query,
// or "".
func AdminDomainOf(u *url.URL) string { return queryValue(u.RawQuery, "AdminDomain") }

// ResourceOf returns the resource that a token for the endpoint u is asked
// for, which is also the audience the token must have: the override when there
// is one, else u without its query, of Exchange the host alone.
func ResourceOf(u *url.URL, override string) string {
	if override = strings.TrimSpace(override); override != "" {
		return override
	}
	v := *u
	if IsExchange(u) {
		v.Path, v.RawPath = "", ""
	}
	v.User, v.RawQuery, v.ForceQuery, v.Fragment, v.RawFragment = nil, "", false, "", ""
	return v.String()
}

// CheckEndpoint tells whether a session may be opened at u. An endpoint that
// discovery found must be https, whatever the person allows: its address came
// from the network. One that the person gave may be http to this machine, or
// anywhere with allowUnencrypted. The error is an [*Error].
func CheckEndpoint(u *url.URL, fromDiscovery, allowUnencrypted bool) error {
	if u == nil || u.Host == "" || u.Hostname() == "" {
		return &Error{Kind: KindURI, Msg: "the PowerShell URI has no host", Hint: "give an absolute URI, as in https://HOST/OcsPowershellOAuth"}
	}
	name := clean(u.Redacted(), 300)
	switch {
	case u.User != nil:
		return &Error{
			Kind: KindURI, Msg: fmt.Sprintf("the PowerShell URI of %s has a user name in it", clean(u.Host, 255)),
			Hint: "leave it out and use --user-name or --credential",
		}
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return &Error{Kind: KindURI, Msg: fmt.Sprintf("the PowerShell URI %s is neither https nor http", name), Hint: "give an https URI"}
	case fromDiscovery:
		return &Error{
			Kind: KindInsecure, Msg: fmt.Sprintf("discovery leads to %s, which is not https", name),
			Hint: "if you trust that server, name it yourself with --override-power-shell-uri",
		}
	case isLoopback(u.Hostname()) || allowUnencrypted:
		return nil
	}
	return &Error{
		Kind: KindInsecure, Msg: fmt.Sprintf("%s is not encrypted", name),
		Hint: "use an https URI, or --allow-unencrypted where the network itself can be trusted",
	}
}

// oauthURI turns the endpoint that was found into the one that takes tokens.
func oauthURI(u *url.URL) *url.URL {
	v := *u
	if i := strings.Index(strings.ToLower(v.Path), strings.ToLower(pathLiveID)); i >= 0 {
		v.Path = v.Path[:i] + pathOAuth + v.Path[i+len(pathLiveID):]
		v.RawPath = ""
	}
	return &v
}

// appendQuery adds a parameter at the end of a raw query and leaves the rest
// untouched, byte by byte.
func appendQuery(raw, name, value string) string {
	pair := name + "=" + url.QueryEscape(value)
	raw = strings.TrimSuffix(raw, "&")
	if raw == "" {
		return pair
	}
	return raw + "&" + pair
}

// queryValue finds a parameter by its name in any case. PowerShell separates
// with ';' too, which [url.ParseQuery] refuses.
func queryValue(raw, name string) string {
	for _, pair := range strings.FieldsFunc(raw, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, _ := strings.Cut(pair, "=")
		if k, err := url.QueryUnescape(key); err != nil || !strings.EqualFold(k, name) {
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil {
			return v
		}
		return value
	}
	return ""
}
