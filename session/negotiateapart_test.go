package session_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
)

// TestSecurityContextsStayApart: sessions of several accounts on one server, whose
// lines come in between each other's, and whose connections the server forgets:
// each stays who it is.
func TestSecurityContextsStayApart(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{MaxShellsPerUser: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	c := session.NewConnector(session.ConnectorConfig{Network: &discovery.Network{LoopbackOnly: true}})
	type open struct {
		*session.Session
		user, name string
	}
	var all []open
	for range 3 {
		for _, tenant := range l.Tenants() {
			s, err := c.Connect(t.Context(), session.Target{
				UserName: tenant.UserName, OverridePowerShellURI: tenant.NegotiateURI, Authentication: "ntlm",
				Password: func(context.Context, string) (auth.Secret, error) { return auth.NewSecret(tenant.Password), nil },
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close(context.Background()) })
			all = append(all, open{s, tenant.UserName, tenant.Name})
		}
	}
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Go(func() {
			for n := range 6 {
				if i == 0 && n == 3 {
					l.ForgetConnections() // all of them, once
				}
				out, res := output(t, s.Session, "Get-CsTenant | Select-Object -ExpandProperty Name")
				if got := strings.ToLower(strings.Join(out, " ")); got != s.name || res.Outcome != session.Completed {
					t.Errorf("line %d of %s ran as %s: %+v", n, s.user, got, res)
				}
			}
		})
	}
	wg.Wait()
	for _, e := range l.Access() {
		if refused := e.Detail["refused"]; refused != "" {
			t.Errorf("refused: %s", refused)
		}
	}
}
