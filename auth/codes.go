package auth

import (
	"strconv"
	"strings"
)

// codeNoToken marks that MSAL has neither an access nor a refresh token.
const codeNoToken = "no_token"

// meaning is what a code of an authority says to the person.
type meaning struct {
	kind Kind
	msg  string
	hint string
}

// known recognizes an answer by Microsoft's codes, then by the words of OAuth.
func (r reply) known(text string) *Error {
	var codes []string
	for _, n := range r.Codes {
		codes = append(codes, strconv.Itoa(n))
	}
	for _, m := range codePattern.FindAllStringSubmatch(text, 4) {
		codes = append(codes, m[1])
	}
	for _, c := range codes {
		if m, ok := byCode(c); ok {
			return &Error{Kind: m.kind, Msg: m.msg, Hint: m.hint, Code: "AADSTS" + c}
		}
	}
	for _, word := range []string{r.SubError, r.Error, strings.TrimSuffix(firstWord(text), ":")} {
		m, ok := byWord(word)
		if !ok {
			continue
		}
		e := &Error{Kind: m.kind, Msg: m.msg, Hint: m.hint, Code: word}
		if len(codes) > 0 {
			e.Code = "AADSTS" + codes[0]
		}
		if m.kind == KindExpired && text != "" {
			e.Msg += ": " + text
		}
		return e
	}
	if r.status == 429 || r.status >= 500 {
		return unreadable(r.status)
	}
	return nil
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// byCode explains the codes of Microsoft's authorities (AADSTSnnn) that a
// person can do something about.
func byCode(code string) (meaning, bool) {
	const more = "more than the password is needed to sign in"
	switch code {
	case "50126", "50056", "70043001":
		return meaning{KindWrongPassword, "the user name or the password is wrong", "check the password and type it again"}, true
	case "50034", "51004", "50020", "90072", "16000":
		return meaning{KindUnknownUser, "the account does not exist in that tenant", "check the user name, and that the account may enter that tenant"}, true
	case "50072", "50074", "50076", "50078", "50079", "50158":
		return meaning{KindMFA, more, hintMFA}, true
	case "65001", "65004", "65005", "90094", "650052", "650056", "650057":
		return meaning{KindConsent, "consent to the client is needed", hintConsent}, true
	case "50105":
		return meaning{KindConsent, "the account is not assigned to the application in that tenant", "ask an administrator of the tenant to assign it"}, true
	case "53004", "53011", "530031", "530035", "53000", "53001", "53002", "53003", "530002", "530003", "530034", "50131":
		return meaning{KindPolicy, "a conditional access policy of the tenant blocks this sign-in", "use --sign-in browser on a device that the tenant accepts, or ask its administrator"}, true
	case "50053":
		return meaning{KindAccount, "the account is locked after too many wrong passwords", "wait, or ask an administrator to unlock it"}, true
	case "50057":
		return meaning{KindAccount, "the account is disabled", "ask an administrator of its tenant"}, true
	case "50055", "50144":
		return meaning{KindAccount, "the password has expired", "change it at the authority, then sign in again"}, true
	case "900432", "900382", "900439", "90038", "90043", "90051":
		return meaning{KindWrongCloud, "the account or the client lives in another cloud", hintCloud}, true
	case "700024":
		return meaning{KindClock, "the authority says that the assertion is not of its time", "set the clock of this machine, then try again"}, true
	case "7000215", "7000222":
		return meaning{KindWrongPassword, "the application's secret is wrong or has expired", "give the value of a secret that is good, not its id, with --client-secret-stdin"}, true
	case "700027", "700021", "50013":
		return meaning{KindWrongPassword, "the authority does not accept the application's certificate", "check that this certificate is registered with the application and has not expired"}, true
	case "7000229":
		return meaning{KindConsent, "the application has no place in that tenant", hintConsent}, true
	case "90002", "900023", "50059":
		return meaning{KindUnknownTenant, "the authority knows no such tenant", "check --tenant and --authority"}, true
	case "700016", "7000218", "700038", "7000112", "900144":
		return meaning{KindUnknownClient, "the authority does not let this client id sign people in", "check --client-id, and that the application is registered as a public client"}, true
	case "500011", "500341", "28000", "70011":
		return meaning{KindResource, "the resource of the token is not known in that tenant", "check --override-access-token-resource-uri and the tenant"}, true
	case "70008", "700082", "700084", "50173", "50089", "500133", "70043":
		return meaning{KindExpired, "the sign-in is no longer good", hintSignIn}, true
	case "70019", "70020":
		e := codeExpired()
		return meaning{e.Kind, e.Msg, e.Hint}, true
	}
	return meaning{}, false
}

// byWord explains the error words of OAuth (RFC 6749 5.2, RFC 8628 3.5) and
// those that Microsoft adds.
func byWord(word string) (meaning, bool) {
	switch strings.ToLower(word) {
	case "expired_token", "code_expired":
		e := codeExpired()
		return meaning{e.Kind, e.Msg, e.Hint}, true
	case "authorization_declined", "access_denied":
		return meaning{KindDeclined, "the sign-in was declined", "start again and accept it"}, true
	case "consent_required":
		return meaning{KindConsent, "consent to the client is needed", hintConsent}, true
	case "interaction_required", "login_required", "basic_action", "additional_action", "user_password_expired":
		return meaning{KindMFA, "the authority wants to see the person", hintMFA}, true
	case "unknown_user_type":
		return meaning{KindWrongCloud, "the account does not live at this authority (Unknown User Type)", hintCloud}, true
	case "invalid_grant", "bad_token", "token_expired":
		return meaning{KindExpired, "the authority no longer accepts the sign-in", hintSignIn}, true
	case "invalid_client", "unauthorized_client":
		return meaning{KindUnknownClient, "the authority does not let this client id sign people in", "check --client-id"}, true
	case "invalid_scope", "invalid_resource", "invalid_target":
		return meaning{KindResource, "the authority does not know the resource of the token", "check --override-access-token-resource-uri"}, true
	case "temporarily_unavailable", "server_error":
		return meaning{KindUnavailable, "the authority cannot answer now", "try again later"}, true
	}
	return meaning{}, false
}

// federated recognizes the failures of an account's own identity provider,
// whose answers are in no form that is known.
func federated(text string) *Error {
	for _, s := range []string{"problem getting mex doc", "problem getting SAML token info", "SAML assertion", "WS-Trust", "WS Trust"} {
		if strings.Contains(text, s) {
			return &Error{Kind: KindFederation, Msg: "the account's own identity provider did not take the password", Hint: "check the password, or use --sign-in device"}
		}
	}
	return nil
}

// worded recognizes the errors that MSAL makes itself.
func worded(text string) *Error {
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case has("no token found"), has("no account was specified"):
		return &Error{Kind: KindRefused, Msg: "nobody has signed in for this yet", Code: codeNoToken, Hint: hintSignIn}
	case has("unknown account type"), has("of user realm is missing"), has("the account type (Federated or Managed) is missing"):
		return &Error{Kind: KindUnknownUser, Msg: "the authority does not know the domain of the user name", Hint: "check the user name, or name the authority of its cloud with --authority"}
	case has("issuer '") && has("does not match authority"):
		return &Error{Kind: KindProtocol, Msg: "the authority calls itself by another name than it has", Hint: "check --authority"}
	case has("TenantDiscoveryResponse"), has("ResolveEndpoints"):
		return &Error{Kind: KindProtocol, Msg: "the authority does not describe itself as one", Hint: "check --authority"}
	case has("invalid_instance"):
		return &Error{Kind: KindProtocol, Msg: "Microsoft does not know this authority", Hint: "check --authority"}
	case has("declined scopes are present"):
		return &Error{Kind: KindResource, Msg: "the authority granted less than was asked for", Hint: "check --override-access-token-resource-uri"}
	case has("IDToken"), has("client_info"), has("response is missing access_token"), has("expires_in"):
		return &Error{Kind: KindProtocol, Msg: "the authority's answer is not a token that was expected", Hint: "check --authority"}
	case has("mismatched OAuth state"), has("OAuth state"), has("authorization code missing"), has("via a GET operation"):
		return &Error{Kind: KindProtocol, Msg: "the browser came back with something else than a sign-in", Hint: "start again, or use --sign-in device"}
	}
	return nil
}
