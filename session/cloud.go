package session

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session/safetext"
)

// chooseCloud finds the cloud that was named.
func (cn *connecting) chooseCloud(context.Context) error {
	t := &cn.target
	cloud, err := discovery.ParseCloud(t.Cloud, t.Authority, t.CloudHosts)
	cn.cloud = cloud
	return err
}

// cloudAuthority is the authority of the cloud that was named, or "".
func (cn *connecting) cloudAuthority() string {
	if cn.cloud == nil {
		return ""
	}
	return cn.cloud.Authority
}

// checkCloud refuses an endpoint of another cloud than the one that was named:
// a token for it would come from the wrong authority.
func (cn *connecting) checkCloud(u *url.URL) error {
	name, known := discovery.KnownCloud(u.Hostname())
	if cn.cloud == nil || !known || cn.cloud.Has(u.Hostname()) {
		return nil
	}
	return usageError("finding the PowerShell endpoint", fmt.Sprintf("%s belongs to the cloud %s, but %s was asked for", u.Host, name, cn.cloud.Name),
		"leave --cloud out, or name the cloud of the tenant")
}

// homeAuthority is where an account signs in when neither the person nor the
// server says it: the authority of the cloud that the domain lives in.
func (cn *connecting) homeAuthority(ctx context.Context) string {
	if cn.cfg.Authority == DefaultAuthority && cn.domain != "" {
		if cloud, ok := cn.findCloud(ctx, orElse(domainOf(cn.target.UserName), cn.domain)); ok {
			return cloud.Authority
		}
	}
	return cn.cfg.Authority
}

// findCloud asks the authorities of the clouds where a domain lives. The
// worldwide one knows the government's tenants as well; China's is an island.
func (cn *connecting) findCloud(ctx context.Context, domain string) (discovery.Cloud, bool) {
	asked := map[string]bool{}
	for _, cloud := range discovery.Clouds() {
		if asked[cloud.Authority] || cloud.Name == discovery.CloudGermany {
			continue
		}
		asked[cloud.Authority] = true
		info, err := auth.LookUpTenant(ctx, cn.httpClient(), cloud.Authority, domain)
		var e *auth.Error
		if errors.As(err, &e) && e.Kind == auth.KindUnknownTenant {
			continue
		}
		if err != nil {
			return discovery.Cloud{}, false
		}
		return discovery.CloudOfTenant(info.Scope, info.SubScope, info.Instance)
	}
	return discovery.Cloud{}, false
}

// nameCloud says in the error of a sign-in at the wrong cloud which is the
// right one.
func (cn *connecting) nameCloud(ctx context.Context, authority string, err error) error {
	var e *auth.Error
	if !errors.As(err, &e) || e.Kind != auth.KindWrongCloud && e.Kind != auth.KindUnknownTenant && e.Kind != auth.KindUnknownUser {
		return err
	}
	domain := orElse(domainOf(cn.target.UserName), cn.domain)
	if _, known := auth.KnownAuthority(authority); !known || domain == "" {
		return err // a private authority's accounts are nobody else's business
	}
	cloud, ok := cn.findCloud(ctx, domain)
	if !ok || hostOf(cloud.Authority) == hostOf(authority) {
		return err
	}
	named := *e
	named.Msg += fmt.Sprintf("; %s lives in the cloud %s", safetext.Clean(domain), cloud.Name)
	named.Hint = "use --cloud " + cloud.Flag
	return &named
}
