package discovery

import (
	"net/url"
	"strings"
)

// IsExchange tells whether u is an endpoint of Exchange Online or of Security &
// Compliance, or shaped like one: its path ends in /powershell-liveid, its host
// is known for it, or its query asks for the conversion of tokens.
func IsExchange(u *url.URL) bool {
	path := strings.ToLower(strings.TrimRight(u.Path, "/"))
	if strings.HasSuffix(path, "/powershell-liveid") || queryValue(u.RawQuery, "BasicAuthToOAuthConversion") != "" {
		return true
	}
	if path != "/powershell" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, known := range []string{"outlook.office365.com", "outlook.office365.us", "webmail.apps.mil", "partner.outlook.cn", "outlook.office.de", "ps.outlook.com"} {
		if host == known {
			return true
		}
	}
	return strings.Contains(host, "ps.compliance.protection.")
}

// WithDelegatedOrg names in the query of an Exchange endpoint the tenant that a
// partner manages. It leaves a URI as it is that names one, or when org is
// empty.
func WithDelegatedOrg(u *url.URL, org string) *url.URL {
	v := *u
	if org != "" && queryValue(u.RawQuery, "DelegatedOrg") == "" {
		v.RawQuery = appendQuery(v.RawQuery, "DelegatedOrg", org)
		v.ForceQuery = false
	}
	return &v
}

// WithTokenConversion tells an Exchange endpoint that the password of Basic
// authentication is a token.
func WithTokenConversion(u *url.URL) *url.URL {
	v := *u
	if queryValue(u.RawQuery, "BasicAuthToOAuthConversion") == "" {
		v.RawQuery = appendQuery(v.RawQuery, "BasicAuthToOAuthConversion", "true")
		v.ForceQuery = false
	}
	return &v
}
