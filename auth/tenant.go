package auth

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// TenantInfo is what an authority says about a tenant in its OpenID
// configuration, which anybody may read.
type TenantInfo struct {
	ID        string // from the issuer
	Scope     string // tenant_region_scope: "NA", "EU", "USGov", …
	SubScope  string // tenant_region_sub_scope: "GCC", "DODCON", "DOD" or empty
	Instance  string // cloud_instance_name: "microsoftonline.us"
	Authority string // of that tenant, at the authority that was asked
}

var guid = regexp.MustCompile(`(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// LookUpTenant asks an authority about a tenant, by id or by one of its
// domains. A tenant that it does not know is an [*Error] of KindUnknownTenant.
func LookUpTenant(ctx context.Context, client *http.Client, authority, tenant string) (TenantInfo, error) {
	op := "looking up the tenant " + clean(tenant, 200)
	base, err := NormalizeAuthority(authority)
	if err != nil {
		return TenantInfo{}, err
	}
	u, err := url.Parse(base)
	if err != nil {
		return TenantInfo{}, err
	}
	named, err := NormalizeAuthority(u.Scheme + "://" + u.Host + "/" + tenant)
	if err != nil {
		return TenantInfo{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, named+"/v2.0/.well-known/openid-configuration", nil)
	if err != nil {
		return TenantInfo{}, &Error{Kind: KindUsage, Op: op, Msg: "the authority's address cannot be used", Hint: "check --authority"}
	}
	resp, err := guard(client, time.Now).Do(req)
	if err != nil {
		if e := networkFault(ctx, u.Host, err); e != nil {
			e.Op = op
			return TenantInfo{}, e
		}
		return TenantInfo{}, &Error{Kind: KindNetwork, Op: op, Msg: "no answer from " + clean(u.Host, 200), Hint: hintNetwork}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return TenantInfo{}, &Error{Kind: KindProtocol, Op: op, Msg: "the authority's answer breaks off", Hint: "try again"}
	}
	if resp.StatusCode != http.StatusOK {
		e := unknownTenant(resp.StatusCode, body)
		e.Op = op
		return TenantInfo{}, e
	}
	var doc struct {
		Issuer   string `json:"issuer"`
		Scope    string `json:"tenant_region_scope"`
		SubScope string `json:"tenant_region_sub_scope"`
		Instance string `json:"cloud_instance_name"`
	}
	if json.Unmarshal(body, &doc) != nil || doc.Issuer == "" {
		return TenantInfo{}, &Error{Kind: KindProtocol, Op: op, Msg: "the authority does not describe itself as one", Hint: "check --authority"}
	}
	return TenantInfo{
		ID: strings.ToLower(guid.FindString(doc.Issuer)), Scope: clean(doc.Scope, 40), SubScope: clean(doc.SubScope, 40),
		Instance: clean(doc.Instance, 100), Authority: named,
	}, nil
}

// unknownTenant explains an answer that is not the configuration.
func unknownTenant(status int, body []byte) *Error {
	var r reply
	if json.Unmarshal(body, &r) == nil && r.Error != "" {
		r.status = status
		if e := r.known(clean(r.Description, 300)); e != nil {
			return e
		}
	}
	if status == http.StatusBadRequest || status == http.StatusNotFound {
		return &Error{Kind: KindUnknownTenant, Msg: "the authority knows no such tenant", Hint: "check --tenant and --authority"}
	}
	return unreadable(status)
}
