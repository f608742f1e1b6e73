package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"psdeck/auth"
)

func TestLookUpTenant(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"customer.example", customer, "CUSTOMER.example"} {
		info, err := auth.LookUpTenant(t.Context(), p.client, p.URL("organizations"), name)
		if err != nil || info.ID != customer || info.Instance != "login.lab.example" || info.Scope != "LAB" {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
	for name, tt := range map[string]struct {
		authority, tenant string
		kind              auth.Kind
	}{
		"unknown":           {p.URL("x"), "nowhere.example", auth.KindUnknownTenant},
		"not a name":        {p.URL("x"), "a b", auth.KindUsage},
		"not an authority":  {"login.example", "customer.example", auth.KindUsage},
		"http on this host": {"http://127.0.0.1:1/x", "customer.example", auth.KindProtocol},
	} {
		_, err := auth.LookUpTenant(t.Context(), p.client, tt.authority, tt.tenant)
		var e *auth.Error
		if !errors.As(err, &e) || e.Kind != tt.kind || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	odd := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer odd.Close()
	if _, err := auth.LookUpTenant(t.Context(), odd.Client(), odd.URL, "a.example"); err == nil || !strings.Contains(err.Error(), "does not describe itself") {
		t.Errorf("a page: %v", err)
	}
}
