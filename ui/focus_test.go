package ui

import (
	"context"
	"testing"
	"time"

	"psdeck/session"
)

// atHome is a deck whose cmdlets open sessions after a while.
func atHome(srv *fakeServer, wait time.Duration) Config {
	srv.connect = func(ctx context.Context, _ session.Target, _ func(session.Event)) error {
		select {
		case <-time.After(wait):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return Config{Connector: srv, Places: srv.places(), Home: func(c *session.Cmdlets) Runner { return Local(c.Home()) }}
}

const opensContoso = "New-CsOnlineSession -OverrideAdminDomain contoso.example"

// A tab that a cmdlet opens does not take the keyboard from who types on.
func TestATabThatOpensDoesNotTakeTheKeyboard(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, atHome(srv, 5*time.Second), func(d *driver) {
		d.Press("f9")
		d.Run(opensContoso)
		d.Has("▌1 home", "2 contoso.example PROD ◌ connecting")
		d.Type("Get-CsTenant")
		d.pass(10 * time.Second)
		d.Has("▌1 home", "PS › Get-CsTenant")
		d.Type(" x")
		d.Has("PS › Get-CsTenant x")
		d.Press("alt+2")
		d.HasNot("Get-CsTenant x")
	})
}

// Neither within a second of a key that left nothing behind.
func TestATabThatOpensWaitsForAQuietKeyboard(t *testing.T) {
	for _, tt := range []struct {
		quiet time.Duration
		taken bool
	}{{500 * time.Millisecond, false}, {2 * time.Second, true}} {
		srv := newFakeServer()
		onScreen(t, 100, 28, atHome(srv, 5*time.Second), func(d *driver) {
			d.Press("f9")
			d.Run(opensContoso)
			d.pass(5*time.Second - tt.quiet - 150*time.Millisecond)
			d.Type("G")
			d.Press("backspace")
			d.pass(3 * time.Second)
			if tt.taken {
				d.Has("▌2 contoso PROD")
			} else {
				d.Has("▌1 home")
			}
		})
	}
}

// Who does not type is taken there when it is open, or when a person is needed.
func TestATabThatOpensIsShownWhereNobodyTypes(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 28, atHome(srv, 5*time.Second), func(d *driver) {
		d.Press("f9")
		d.Run(opensContoso)
		d.pass(10 * time.Second)
		d.Has("▌2 contoso PROD")
	})
	asks := newFakeServer()
	cfg := atHome(asks, 0)
	asks.connect = byDeviceCode(20 * time.Second)
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Press("f9")
		d.Run(opensContoso)
		d.pass(time.Second)
		d.Has("▌2 contoso.example PROD", "GT7K-29QX")
	})
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Press("f9")
		d.Type(opensContoso)
		d.prog.Send(keyPress("enter"))
		d.Type("Get")
		d.pass(time.Second)
		d.Has("▌1 home", "2 contoso.example PROD ? asks", "tab 2, contoso.example PROD, asks you to sign in · alt+2 goes there", "PS › Get")
		d.pass(30 * time.Second)
		d.Has("▌1 home", "PS › Get")
	})
}
