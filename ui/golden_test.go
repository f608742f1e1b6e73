package ui

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"psdeck/session"
)

var update = flag.Bool("update", false, "write the golden screens and docs/keys.md anew")

// golden compares the screen with testdata/NAME.txt.
func (d *driver) golden(name string) {
	d.t.Helper()
	path := filepath.Join("testdata", name+".txt")
	got := d.Screen() + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			d.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if got != string(want) {
		d.t.Errorf("%s: the screen is\n%s\nwant\n%s", name, got, want)
	}
}

func TestGoldenScreens(t *testing.T) {
	srv := newFakeServer()
	srv.connect = byDeviceCode(time.Minute)
	srv.on("Get-CsTenant", func(r *fakeRun) {
		r.send(text(session.StreamHost, "DisplayName : Contoso"), text(session.StreamWarning, "one of a few"))
		r.untilStopped()
	})
	cfg := Config{Connector: srv, Places: srv.places(), Demo: &DemoInfo{Text: "demo: three tenants on this machine; nothing leaves it"}}
	onScreen(t, 80, 24, cfg, func(d *driver) {
		d.golden("picker-80x24")
		d.Press("f3")
		fillIn(d, "admin@partner.example", "contoso.example")
		d.golden("wizard-80x24")
		d.Press("enter")
		d.golden("code-80x24")
		d.pass(2 * time.Minute)
		d.Run("Get-CsTenant")
		d.Type("Get-CsOnlineUser")
		d.golden("deck-80x24")
		d.Resize(40, 12)
		d.golden("deck-40x12")
	})
}
