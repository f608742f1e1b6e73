package ui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/session"
)

// manages is a list of tenants that takes a device code to get.
type manages struct {
	kept    ManagedList
	err     error         // of getting it
	wait    time.Duration // until the code is entered
	asked   int
	opened  []string
	stopped bool
}

func tenants(at time.Time, names ...string) ManagedList {
	list := ManagedList{At: at, Source: "graph.example as admin@partner.example"}
	for _, name := range names {
		domain := name + ".example"
		list.Places = append(list.Places, Place{
			Name: name, Detail: domain, Env: session.Prod, Key: domain,
			Target: session.Target{Name: name, UserName: "admin@partner.example", OverrideAdminDomain: domain, ExpectTenant: domain},
		})
	}
	return list
}

func (m *manages) managed(after ManagedList) *Managed {
	return &Managed{
		Kept: func() (ManagedList, error) { return m.kept, nil },
		Refresh: func(ctx context.Context, watch func(session.Event)) (ManagedList, error) {
			m.asked++
			watch(session.StageStarted{Stage: session.StageSignIn, Text: "Requesting authentication token"})
			watch(session.DeviceCodeShown{Code: auth.DeviceCode{URL: "https://login.example/device", UserCode: "GT7K-29QX", Expires: time.Now().Add(15 * time.Minute)}})
			select {
			case <-time.After(m.wait):
			case <-ctx.Done():
				m.stopped = true
				return ManagedList{}, ctx.Err()
			}
			after.At = time.Now()
			return after, m.err
		},
		Opened: func(p Place) { m.opened = append(m.opened, p.Key) },
	}
}

// The list stands under its heading, below a person's own places; typing
// searches both; enter opens a tenant, which is then the first.
func TestManagedTenantsAreListedSearchedAndOpened(t *testing.T) {
	srv, m := newFakeServer(), &manages{}
	m.kept = tenants(time.Time{}, "adatum", "northwind", "tailspin")
	cfg := Config{Connector: srv, Places: srv.places(), Managed: m.managed(ManagedList{})}
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Has("2 places · 3 tenants", "Tenants I manage: 3 tenants · never · graph.example as admin@partner.example · F5 asks again", "tailspin.example", "PROD")
		d.Type("nwind")
		if row := d.Row("›"); !strings.Contains(row, "northwind") {
			t.Errorf("the best match is %q", row)
		}
		d.Press("enter")
		d.Has("northwind PROD", "connected: the server says it is northwind")
		d.Press("f2")
		d.Has("just now")
		d.Press("down", "down")
		if row := d.Row("›"); !strings.Contains(row, "northwind.example") {
			t.Errorf("the first tenant is %q", row)
		}
	})
	if len(m.opened) != 1 || m.opened[0] != "northwind.example" || m.asked != 0 {
		t.Errorf("opened %q, asked %d times", m.opened, m.asked)
	}
	if got := srv.targets[0]; got.ExpectTenant != "northwind.example" || got.Env != session.Prod || got.UserName != "admin@partner.example" {
		t.Errorf("connected to %+v", got)
	}
}

// Where there is no list yet, it is asked for: the device code is shown here,
// and other keys go on working.
func TestManagedTenantsAreAskedForInTheDeck(t *testing.T) {
	srv, m := newFakeServer(), &manages{wait: 20 * time.Second}
	cfg := Config{Connector: srv, Places: srv.places(), Managed: m.managed(tenants(time.Time{}, "adatum"))}
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Has("+ Tenants I manage: ask for them …")
		d.Press("down", "down", "down", "enter")
		d.Has("https://login.example/device", "GT7K-29QX")
		d.Press("alt+c")
		if !strings.Contains(d.out.raw.String(), "\x1b]52;c;R1Q3Sy0yOVFY") {
			t.Error("the code did not reach the terminal's clipboard")
		}
		d.Press("f5") // once is enough
		d.Type("contoso")
		if row := d.Row("›"); !strings.Contains(row, "contoso.example") {
			t.Errorf("%q", row)
		}
		d.pass(30 * time.Second)
		d.Press("esc")
		d.Has("Tenants I manage: 1 tenant · just now", "adatum.example")
		if strings.Contains(d.Screen(), "GT7K-29QX") || strings.Contains(d.Screen(), "ask for them") {
			t.Errorf("still asked:\n%s", d.Screen())
		}
	})
	if m.asked != 1 {
		t.Errorf("asked %d times", m.asked)
	}
}

// Esc gives up; an error is said with its hint, and a list that breaks off keeps
// what came before.
func TestAskingForManagedTenantsFails(t *testing.T) {
	failed := &session.Error{Err: errors.New("asking graph.example for contracts: the account or the client may not read it"), Hints: []string{"an administrator has to consent"}}
	srv, m := newFakeServer(), &manages{err: failed}
	m.kept = tenants(time.Time{}, "adatum")
	onScreen(t, 100, 28, Config{Connector: srv, Places: srv.places(), Managed: m.managed(ManagedList{})}, func(d *driver) {
		d.Press("f5")
		d.Has("error: asking graph.example for contracts: the account or the client may not read it", "hint: an administrator has to consent", "adatum.example")
	})
	broken := tenants(time.Time{}, "northwind")
	broken.Problem, broken.Hint = "asking graph.example for contracts: the answer breaks off", "try again later"
	srv, m = newFakeServer(), &manages{err: failed}
	onScreen(t, 100, 28, Config{Connector: srv, Places: srv.places(), Managed: m.managed(broken)}, func(d *driver) {
		d.Press("f5")
		d.Has("northwind.example", "error: asking graph.example for contracts: the answer breaks off", "hint: try again later")
	})
	srv, m = newFakeServer(), &manages{wait: time.Hour}
	onScreen(t, 100, 28, Config{Connector: srv, Places: srv.places(), Managed: m.managed(broken)}, func(d *driver) {
		d.Press("f5")
		d.Has("GT7K-29QX")
		d.Press("esc")
		if strings.Contains(d.Screen(), "GT7K-29QX") || strings.Contains(d.Screen(), "northwind") {
			t.Errorf("not given up:\n%s", d.Screen())
		}
	})
	if !m.stopped {
		t.Error("the request goes on")
	}
}
