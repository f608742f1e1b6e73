package managed_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"psdeck/auth"
	"psdeck/discovery/managed"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tenants.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadFile(t *testing.T) {
	got, err := managed.ReadFile(file(t, `
		[tenant.fabrikam]
		domain = "Fabrikam.Example."
		env = "test"
		read_only = true

		[tenant.contoso]
		name = "Contoso Ltd"
		tenant_id = "00000000-0000-0000-0000-000000000001"
		bootstrap = "teams"
	`))
	readOnly := true
	want := []managed.Tenant{
		{Name: "Contoso Ltd", ID: "00000000-0000-0000-0000-000000000001", Bootstrap: "teams"},
		{Name: "fabrikam", Domain: "fabrikam.example", Env: "test", ReadOnly: &readOnly},
	}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	for text, says := range map[string]string{
		"[tenant.x]\nenv = \"test\"":                              "has neither a domain nor a tenant_id",
		"[tenant.x]\ndomain = \"x.example\"\nenv = \"live\"":      "none of prod, test, dev",
		"[tenant.x]\ndomain = \"x.example\"\nbootstrap = \"sfb\"": "none of teams, exchange",
		"[tenant.x]\ndomain = \"x.example/?a=b\"":                 "which is none",
		"[tenant.x]\ntenant_id = \"7\"":                           "which is none",
		"[tenant.x]\ndomian = \"x.example\"":                      "no setting tenant.x.domian",
		"[tenant":                                                 "tenants.toml",
	} {
		_, err := managed.ReadFile(file(t, text))
		var e *managed.Error
		if !errors.As(err, &e) || e.Hint == "" || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := managed.ReadFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestRunCommand(t *testing.T) {
	for command, want := range map[string][]managed.Tenant{
		`echo '[{"name":"A","domain":"a.example","env":"dev"},{"displayName":"B","defaultDomainName":"b.example","customerId":"00000000-0000-0000-0000-00000000000b"}]'`: {
			{Name: "A", Domain: "a.example", Env: "dev"},
			{Name: "B", Domain: "b.example", ID: "00000000-0000-0000-0000-00000000000b"},
		},
		`printf '{"domain":"a.example"}\n{"domain":"b.example"}\n'`: {{Name: "a.example", Domain: "a.example"}, {Name: "b.example", Domain: "b.example"}},
		"true": nil,
	} {
		got, err := managed.RunCommand(t.Context(), command)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v\n%s", command, err, cmp.Diff(want, got))
		}
	}
	for command, says := range map[string]string{
		"echo no >&2; exit 3":     "it failed (exit status 3): no",
		"echo Fabrikam":           "is no list of tenants",
		`echo '[{"name":"A"}]'`:   "neither a domain nor a tenant_id",
		`echo '[{"name":"A"'`:     "is no list of tenants",
		`echo '{"domain":"a b"}'`: "which is none",
	} {
		_, err := managed.RunCommand(t.Context(), command)
		var own *managed.Error
		if err == nil || !strings.Contains(err.Error(), says) || !errors.As(err, &own) && auth.HintOf(err) == "" {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// What was found is there again, for the user alone, with what was used last.
func TestStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	s := managed.NewStore(dir)
	if _, ok := s.Load("graph"); ok {
		t.Error("something is there before anything was kept")
	}
	a, b, c := managed.Tenant{Name: "A", Domain: "a.example"}, managed.Tenant{Name: "B", Domain: "b.example"}, managed.Tenant{Name: "c", Domain: "c.example"}
	list := managed.List{Tenants: []managed.Tenant{c, b, a}, At: at, Source: "a command", Problem: "broken", Hint: "again"}
	for _, err := range []error{s.Save("graph", list), s.Use(b, at), managed.NewStore(dir).Use(a, at.Add(time.Hour))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, ok := managed.NewStore(dir).Load("graph")
	if !ok || !cmp.Equal(got, list) {
		t.Errorf("%v %s", ok, cmp.Diff(list, got))
	}
	managed.Sort(got.Tenants, s.Used())
	if names := got.Tenants[0].Name + got.Tenants[1].Name + got.Tenants[2].Name; names != "ABc" {
		t.Errorf("in the order %s", names)
	}
	info, err := os.Stat(filepath.Join(dir, "tenants.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tenants.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Load("graph"); ok {
		t.Error("a broken file has a list")
	}
	if err := s.Save("graph", list); err != nil {
		t.Errorf("a broken file is not replaced: %v", err)
	}
}

func TestSearchAndOverlay(t *testing.T) {
	list := []managed.Tenant{{Name: "Contoso", Domain: "contoso.example"}, {Name: "Fabrikam Education", Domain: "fabrikam-edu.example"}, {Name: "Fabrikam", Domain: "fabrikam.example"}}
	if got := managed.Search(list, "fedu"); len(got) != 1 || got[0].Name != "Fabrikam Education" {
		t.Errorf("%v", got)
	}
	if got := managed.Search(list, " "); len(got) != 3 {
		t.Errorf("%v", got)
	}
	got := managed.Overlay(list, []managed.Tenant{{Name: "Lab", Domain: "Fabrikam.example", Env: "test"}, {Name: "x", Domain: "x.example", Env: "dev"}})
	no := false
	got = managed.Overlay(got, []managed.Tenant{{Name: "Lab", Domain: "fabrikam.example", ReadOnly: &no}})
	if got[2].ReadOnly == nil || got[2].OpensReadOnly() || got[0].ReadOnly != nil {
		t.Errorf("%v", got)
	}
	if got[2].Env != "test" || got[2].Name != "Fabrikam" || got[0].Env != "" || list[2].Env != "" || len(got) != 3 {
		t.Errorf("%v", got)
	}
}

// Whatever somebody else wrote, a tenant that is taken is one.
func FuzzTenants(f *testing.F) {
	f.Add(`[{"name":"A","domain":"a.example","env":"dev"}]`)
	f.Add("[tenant.x]\ndomain = \"x.example\"")
	f.Add("{\"domain\":\"\u202ea.example\"}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range managed.Parsers {
			list, err := parse([]byte(text))
			if err != nil {
				continue
			}
			for _, tenant := range list {
				if tenant.Key() == "" || tenant.Name == "" || strings.ContainsAny(tenant.Name+tenant.Domain, "\x1b\n\u202e") {
					t.Errorf("%q gave %+v", text, tenant)
				}
			}
		}
	})
}
