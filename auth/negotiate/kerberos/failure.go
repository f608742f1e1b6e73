package kerberos

import "strings"

// failures tell by the name of a KDC's error, or by the words of the library,
// which keeps nothing else, what it means (RFC 4120 7.5.9).
func failures() []struct {
	word   string
	reason Reason
	msg    string
} {
	return []struct {
		word   string
		reason Reason
		msg    string
	}{
		{"KDC_ERR_PREAUTH_FAILED", WrongPassword, "the password, or the key in the keytab, is wrong"},
		{"client password/keytab incorrect", WrongPassword, "the password, or the key in the keytab, is wrong"},
		{"KDC_ERR_C_PRINCIPAL_UNKNOWN", UnknownClient, "the KDC knows no such account"},
		{"KDC_ERR_CLIENT_REVOKED", ClientRevoked, "the account is locked or disabled"},
		{"KDC_ERR_KEY_EXPIRED", ClientRevoked, "the account's password has expired"},
		{"KDC_ERR_S_PRINCIPAL_UNKNOWN", UnknownService, "the KDC knows no service %s"},
		{"KDC_ERR_MUST_USE_USER2USER", UnknownService, "the KDC has no service %s, but an account by that name"},
		{"KDC_ERR_ETYPE_NOSUPP", WeakCipher, "the KDC and this program have no encryption type in common for %s: only AES is accepted here, and no rc4-hmac"},
		{"KRB_AP_ERR_SKEW", ClockSkew, "the clocks here and there differ too much"},
		{"clock skew", ClockSkew, "the clocks here and at the KDC differ too much"},
		{"KDC_ERR_NEVER_VALID", ClockSkew, "the clocks here and at the KDC differ too much"},
		{"KRB_AP_ERR_TKT_NYV", ClockSkew, "the ticket is not valid yet"},
		{"KRB_AP_ERR_TKT_EXPIRED", NoCredentials, "the ticket has expired"},
		{"KDC_ERR_WRONG_REALM", UnknownRealm, "the account is of another realm"},
		{"no KDCs defined", UnknownRealm, "no KDC is known for the realm"},
		{"does not have any defined KDCs", UnknownRealm, "no KDC is known for the realm"},
		{"no KDC SRV records", UnknownRealm, "no KDC is known for the realm"},
		{"no such host", UnknownRealm, "no KDC is known for the realm"},
		{"KRB_AP_ERR_MODIFIED", UnknownService, "the server is not the one that %s names: its key does not open the ticket"},
		{"error sending to a KDC", NoAnswer, "no KDC of the realm answers"},
		{"communication error", NoAnswer, "no KDC of the realm answers"},
		{"failed to communicate", NoAnswer, "no KDC of the realm answers"},
		{"Networking_Error", NoAnswer, "no KDC of the realm answers"},
	}
}

// fromKDC makes an error of what the library says of an exchange about a
// service.
func fromKDC(text, spn string) error {
	for _, f := range failures() {
		if strings.Contains(text, f.word) {
			return &Error{f.reason, strings.ReplaceAll(f.msg, "%s", spn)}
		}
	}
	return &Error{Refused, clean(text)}
}

// clean keeps a library's words, which may hold a KDC's, in one line.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), 300)]
}
