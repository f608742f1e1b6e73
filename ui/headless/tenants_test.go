package headless

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/discovery/managed"
	"psdeck/session"
	"psdeck/session/lab"
)

// office is somebody's folders and sign-in.
type office struct {
	t      *testing.T
	source *TenantSource
	dir    string
}

func newOffice(t *testing.T, b *bench) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir()}
	o.source = &TenantSource{Dir: o.dir, Store: managed.NewStore(filepath.Join(o.dir, "state")), Target: session.Target{GraphURI: lab.GraphURI, SignIn: auth.MethodDevice}}
	if b != nil {
		client := b.network.HTTPClient()
		t.Cleanup(client.CloseIdleConnections)
		b.cfg.Broker = auth.NewBroker(auth.BrokerConfig{HTTP: client})
		o.source.Graph = session.NewConnector(b.cfg).ManagedTenants
	}
	return o
}

func (o *office) write(name, text string) string {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return path
}

// tenants is one call, in a terminal.
func (o *office) tenants(verb, search, form string) (code int, out, said string) {
	var stdout, stderr bytes.Buffer
	code = Tenants(o.t.Context(), TenantsConfig{
		Verb: verb, Search: search, Source: o.source, Form: form, Width: 100, Stdout: &stdout, Stderr: &stderr, Interactive: true,
	})
	return code, stdout.String(), stderr.String()
}

// The first list asks Graph, by device code; the next ones are there with their
// age, and to refresh takes no second sign-in.
func TestTenantsOfGraphAreKept(t *testing.T) {
	inLab(t, lab.Options{AutoApprove: true}, func(t *testing.T, b *bench) {
		o := newOffice(t, b)
		o.write("tenants.toml", "[tenant.fab]\ndomain = \"fabrikam.example\"\nenv = \"test\"\n")
		o.source.File = "graph"
		code, out, said := o.tenants("list", "", "auto")
		if code != ExitDone || !strings.Contains(said, "enter ") || !strings.Contains(said, "3 tenants of graph.lab.example as "+partnerAdmin+", as of just now") {
			t.Fatalf("%d, %s\n%s", code, out, said)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[2], "Fabrikam  fabrikam.example  "+lab.FabrikamID+"  test  never") || !strings.HasPrefix(lines[1], "Contoso   contoso.example   "+lab.ContosoID+"  prod  never") {
			t.Errorf("%s", out)
		}
		time.Sleep(3 * time.Hour)
		if err := o.source.Use(managed.Tenant{ID: lab.FabrikamID}); err != nil {
			t.Fatal(err)
		}
		asked := len(b.Access())
		code, out, said = o.tenants("list", "", "table")
		if code != ExitDone || !strings.Contains(said, "as of 3 h ago") || !strings.HasPrefix(strings.Split(out, "\n")[1], "Fabrikam") || len(b.Access()) != asked {
			t.Errorf("%d, %s\n%s", code, out, said)
		}
		if code, out, _ = o.tenants("list", "cntso", "jsonl"); code != ExitDone || !strings.HasPrefix(out, `{"Name":"Contoso","Domain":"contoso.example"`) || strings.Count(out, "\n") != 1 {
			t.Errorf("%d, %s", code, out)
		}
		if code, _, said = o.tenants("refresh", "", "auto"); code != ExitDone || strings.Contains(said, "enter ") || !strings.Contains(said, "as of just now") {
			t.Errorf("%d, %s", code, said)
		}
	})
}

// What fails says one sentence and a hint; what came before stays.
func TestTenantsOfGraphFail(t *testing.T) {
	inLab(t, lab.Options{AutoApprove: true, Graph: lab.GraphFaults{Forbidden: []string{"organization", "contracts", "delegatedAdminCustomers"}}}, func(t *testing.T, b *bench) {
		o := newOffice(t, b)
		code, out, said := o.tenants("list", "", "auto")
		if code != ExitSignIn || out != "" || !strings.Contains(said, "contracts: the account or the client may not read it") || !strings.Contains(said, "\nhint: an administrator has to consent to Directory.Read.All") {
			t.Errorf("%d, %s\n%s", code, out, said)
		}
		b.SetGraph(lab.GraphFaults{})
		if code, out, _ = o.tenants("list", "", "auto"); code != ExitDone || strings.Count(out, "\n") != 4 {
			t.Errorf("%d, %s", code, out)
		}
		b.SetGraph(lab.GraphFaults{BrokenPage: 2})
		code, out, said = o.tenants("refresh", "", "auto")
		if code != ExitConnect || strings.Count(out, "\n") != 4 || !strings.Contains(said, "psdeck: asking graph.lab.example for tenantRelationships/delegatedAdminCustomers: the answer is not") {
			t.Errorf("%d, %s\n%s", code, out, said)
		}
		b.SetGraph(lab.GraphFaults{Throttle: 100})
		if code, out, said = o.tenants("refresh", "", "auto"); code != ExitConnect || out != "" || !strings.Contains(said, "asked too often") {
			t.Errorf("%d, %s\n%s", code, out, said)
		}
		if code, out, said = o.tenants("list", "", "auto"); code != ExitDone || strings.Count(out, "\n") != 4 || !strings.Contains(said, "that may not be all") {
			t.Errorf("the list is gone: %d, %s", code, out)
		}
	})
}

func TestTenantsOfFilesAndCommands(t *testing.T) {
	o := newOffice(t, nil)
	o.write("tenants.toml", "[tenant.fabrikam]\ndomain = \"fabrikam.example\"\nenv = \"test\"\n")
	if code, out, _ := o.tenants("list", "", "csv"); code != ExitDone || !strings.Contains(out, "fabrikam.example") {
		t.Errorf("%d, %s", code, out)
	}
	o.source.File = o.write("more.toml", "[tenant.contoso]\ndomain = \"contoso.example\"\n")
	if code, out, said := o.tenants("list", "", "table"); code != ExitDone || !strings.Contains(out, "contoso.example") || !strings.Contains(said, "one tenant of more.toml") {
		t.Errorf("%d, %s%s", code, out, said)
	}
	o.source.File, o.source.Command = "", `echo '{"name":"F","domain":"fabrikam.example"}'; echo x >> `+filepath.Join(o.dir, "ran")
	for range 2 { // the second one is kept
		if code, out, said := o.tenants("list", "", "table"); code != ExitDone || !strings.Contains(out, "test") || !strings.Contains(said, "one tenant of a command") {
			t.Errorf("%d, %s%s", code, out, said)
		}
	}
	if ran, _ := os.ReadFile(filepath.Join(o.dir, "ran")); string(ran) != "x\n" {
		t.Errorf("the command ran %q", ran)
	}
	for _, tt := range []struct {
		change     func()
		verb, says string
		code       int
	}{
		{func() { o.source.Command = "exit 4" }, "list", "running the command of --tenants-command: it failed (exit status 4)", ExitSignIn},
		{func() { o.source.Command, o.source.File = "", filepath.Join(o.dir, "none") }, "list", "no such file", ExitUsage},
		{func() { o.source.File = o.write("bad.toml", "[tenant.x]\n") }, "refresh", "neither a domain nor a tenant_id", ExitUsage},
		{func() { o.source.Command = "true" }, "list", "exclude each other", ExitUsage},
		{func() { o.source.Command = "" }, "", "tenants wants list or refresh", ExitUsage},
	} {
		tt.change()
		if code, out, said := o.tenants(tt.verb, "", "auto"); code != tt.code || out != "" || !strings.Contains(said, tt.says) || !strings.Contains(said, "\nhint: ") {
			t.Errorf("%s: %d, %s%s", tt.says, code, out, said)
		}
	}
}
