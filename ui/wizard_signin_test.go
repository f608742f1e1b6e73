package ui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/session"
)

// choose goes to a way to sign in by its name, from the first field.
func choose(d *driver, name string) {
	d.t.Helper()
	d.Press("down", "down", "down", "down", "down") // to the first way
	for range 10 {
		if strings.Contains(d.Row(name), "›") {
			return
		}
		d.Press("down")
	}
	d.t.Fatalf("no way to sign in is called %q:\n%s", name, d.Screen())
}

// Each way to sign in shows the fields that it needs and no other, and says
// what is missing; a secret is never seen.
func TestWizardWaysToSignIn(t *testing.T) {
	for _, c := range []struct {
		name   string
		shows  []string
		hides  []string
		typed  []string // one a field, Enter after each
		misses string   // what is said with nothing typed
		check  func(session.Target) string
	}{
		{
			name: "application secret", shows: []string{"Application id", "Secret"}, hides: []string{"Certificate file", "Access token"},
			typed: []string{"11112222-bbbb-3333-cccc-4444dddd5555", "s3cr3t-value"}, misses: "the id of the application is missing",
			check: func(t session.Target) string {
				if t.ClientID == "" || t.Application.Method() != auth.MethodSecret || t.SignIn != auth.MethodSecret {
					return "no application"
				}
				return ""
			},
		},
		{
			name: "Windows password", shows: []string{"Password"}, hides: []string{"Application id", "Certificate file"},
			typed: []string{"s3cr3t-value"}, misses: "which server?",
			check: func(t session.Target) string {
				secret, err := t.Password(context.Background(), t.UserName)
				if err != nil || secret.Reveal() != "s3cr3t-value" || t.Authentication != "negotiate" || t.SignIn != "" {
					return "no password for Negotiate"
				}
				return ""
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := newFakeServer()
			onScreen(t, 100, 34, Config{Connector: srv}, func(d *driver) {
				choose(d, c.name)
				d.Has(c.shows...)
				d.HasNot(c.hides...)
				d.Press("enter", "enter", "enter")
				d.Has(c.misses)
			})
			onScreen(t, 100, 34, Config{Connector: srv}, func(d *driver) {
				d.Type("svcadmin@contoso.example")
				if strings.HasPrefix(c.name, "Windows") {
					d.Press("down", "down", "down", "down", "enter", "down", "down")
					d.Type("http://host.contoso.example:5985/wsman")
					d.Press("up", "up", "up", "up", "up", "up")
				}
				d.Press("down", "down", "down", "down")
				for !strings.Contains(d.Row(c.name), "›") {
					d.Press("down")
				}
				d.Press("enter")
				for _, text := range c.typed {
					d.Type(text)
					d.HasNot("s3cr3t-value")
					d.Press("enter")
				}
				d.Has("the server says it is")
			})
			if len(srv.targets) != 1 {
				t.Fatalf("%d connections", len(srv.targets))
			}
			if why := c.check(srv.targets[0]); why != "" {
				t.Errorf("%s: %+v", why, srv.targets[0])
			}
		})
	}
}

// Where the system knows its user, a server that negotiates needs no name; a
// password without one still does.
func TestWizardOfTheSystemsUser(t *testing.T) {
	const server = "http://host.contoso.example:5985/wsman"
	password := func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("x"), nil }
	for name, c := range map[string]struct {
		knows  bool
		target session.Target
		want   string
	}{
		"nobody is known":         {false, session.Target{OverridePowerShellURI: server}, textNeedsUser},
		"the system's user":       {true, session.Target{OverridePowerShellURI: server}, ""},
		"no server":               {true, session.Target{}, textNeedsServer},
		"a password without name": {true, session.Target{OverridePowerShellURI: server, Password: password}, textNeedsUser},
		"a name without password": {true, session.Target{OverridePowerShellURI: server, UserName: "CONTOSO\\jane"}, textNeedsPassword},
	} {
		w := newWizard(session.Target{Authentication: "negotiate"}, false)
		if c.knows {
			w.knows("CONTOSO\\jane")
			if note := w.chosen().note; !strings.Contains(note, "as CONTOSO\\jane") {
				t.Error(note)
			}
		}
		if got, _ := w.missing(&c.target); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A certificate that cannot be read is said where it is named, and nothing typed
// is lost.
func TestWizardCertificate(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.pem")
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := newFakeServer()
	onScreen(t, 100, 34, Config{Connector: srv}, func(d *driver) {
		choose(d, "application cert.")
		d.Press("enter")
		d.Type("11112222-bbbb-3333-cccc-4444dddd5555")
		d.Press("enter")
		d.Type("/nowhere/app.pfx")
		d.Press("enter", "enter")
		d.Has("no such file", "/nowhere/app.pfx", "11112222")
		for range len("/nowhere/app.pfx") {
			d.Press("backspace")
		}
		d.Paste(bad)
		d.Press("enter", "enter")
		d.Has("11112222")
		d.HasNot("the server says")
	})
	if len(srv.targets) != 0 {
		t.Error("it connected")
	}
}
