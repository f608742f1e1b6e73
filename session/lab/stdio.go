package lab

import (
	"context"
	"io"
	"net/url"

	"psdeck/session/lab/endpoint"
)

// stdioScheme marks the sessions that have no URL of their own.
const stdioScheme = "stdio"

// ServeStdio serves one session on a pair of streams, as pwsh -s does on its
// standard streams, until the client ends its own. It takes scripts, and has the
// cmdlets of the tenant that owns domain; empty means contoso.example. What a
// server writes to its error output goes to diagnostics, which may be nil.
func (l *Lab) ServeStdio(ctx context.Context, r io.Reader, w, diagnostics io.Writer, domain string) error {
	if domain == "" {
		domain = "contoso.example"
	}
	if _, err := l.tenantOf(domain, defaultApprover); err != nil {
		return err
	}
	complain := func(text string) {
		if diagnostics != nil {
			_, _ = io.WriteString(diagnostics, text+"\n")
		}
	}
	u := &url.URL{Scheme: stdioScheme, Path: wsmanPath, RawQuery: "AdminDomain=" + url.QueryEscape(domain)}
	return l.endpoint.ServeStdio(ctx, r, w, endpoint.Identity{User: defaultApprover}, u, complain)
}
