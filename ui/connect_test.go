package ui

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/session"
)

// byDeviceCode connects as a cloud does: hops, a code to enter, an account.
func byDeviceCode(wait time.Duration) func(context.Context, session.Target, func(session.Event)) error {
	return func(ctx context.Context, t session.Target, watch func(session.Event)) error {
		for _, ev := range hops(t.OverrideAdminDomain) {
			watch(ev)
		}
		watch(session.StageStarted{Stage: session.StageSignIn, Text: "signing in"})
		watch(session.DeviceCodeShown{Code: auth.DeviceCode{URL: "https://login.example/device", UserCode: "GT7K-29QX", Expires: time.Now().Add(15 * time.Minute)}})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		watch(session.SignedIn{Account: auth.Account{UserName: t.UserName}})
		watch(session.StageStarted{Stage: session.StageOpen, Text: "opening the session"})
		return nil
	}
}

func fillIn(d *driver, user, domain string) {
	d.Type(user)
	d.Press("enter")
	d.Type(domain)
	d.Press("enter")
}

func TestFirstRunOpensTheWizardAndConnects(t *testing.T) {
	srv := newFakeServer()
	srv.connect = byDeviceCode(20 * time.Second)
	onScreen(t, 100, 28, Config{Connector: srv}, func(d *driver) {
		d.Has("New connection", "1 Tenant", "2 Endpoint", "3 Sign in", "device code")
		fillIn(d, "admin@partner.example", "contoso.example")
		d.Press("enter")
		d.pass(time.Second)
		d.Has("admin@partner.example  →  manage  contoso.example", "no answer (1.2 s), trying http", "domain link",
			"https://login.example/device", "GT7K-29QX", "14:5")
		d.Press("c")
		d.Has("the code is on the clipboard")
		if !strings.Contains(d.out.raw.String(), "\x1b]52;c;R1Q3Sy0yOVFY") { // base64 of the code
			t.Error("the code did not reach the terminal's clipboard")
		}
		d.pass(30 * time.Second)
		d.Has("▌1 contoso PROD", "▌contoso PROD ›", "contoso.example proved", "admin@partner.example")
		if d.title != "PROD contoso – psdeck" {
			t.Errorf("the window's title is %q", d.title)
		}
	})
	if got := srv.targets[0]; got.UserName != "admin@partner.example" || got.OverrideAdminDomain != "contoso.example" || got.SignIn != auth.MethodDevice {
		t.Errorf("connected to %+v", got)
	}
}

func TestWizardKeepsTheFormOnAnError(t *testing.T) {
	srv := newFakeServer()
	srv.connect = func(_ context.Context, t session.Target, watch func(session.Event)) error {
		watch(hops(t.OverrideAdminDomain)[0])
		return &session.Error{Doing: "finding the endpoint of wrong.example", Err: errors.New("no such host"), Hints: []string{"check the domain's spelling"}}
	}
	onScreen(t, 100, 28, Config{Connector: srv}, func(d *driver) {
		fillIn(d, "admin@partner.example", "wrong.example")
		d.Press("enter")
		d.Has("error: finding the endpoint of wrong.example: no such host", "hint: check the domain's spelling",
			"admin@partner.example", "wrong.example", "› device code")
		d.Press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "ctrl+u")
		d.Type("right.example")
		if row := d.Row("Domain to manage"); !strings.Contains(row, "right.example") {
			t.Errorf("the field is %q", row)
		}
	})
}

func TestWizardEscStopsThenLeavesAndNothingIsLost(t *testing.T) {
	srv := newFakeServer()
	given := 0
	srv.connect = func(ctx context.Context, t session.Target, watch func(session.Event)) error {
		err := byDeviceCode(time.Hour)(ctx, t, watch)
		if errors.Is(err, context.Canceled) {
			given++
		}
		return err
	}
	onScreen(t, 100, 28, Config{Connector: srv, Places: srv.places()}, func(d *driver) {
		d.Press("f3")
		fillIn(d, "admin@partner.example", "contoso.example")
		d.Press("enter", "esc")
		if given != 1 {
			t.Error("the attempt goes on")
		}
		d.Has("given up; everything typed is still here", "admin@partner.example", "contoso.example")
		d.HasNot("GT7K-29QX")
		d.Press("esc")
		d.Has("Where to?")
		d.Press("f3")
		d.Has("admin@partner.example", "contoso.example")
	})
}

func TestWizardOverridesAndSecrets(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 30, Config{Connector: srv}, func(d *driver) {
		fillIn(d, "admin@contoso.example", "")
		d.Press("shift+tab", "enter", "tab", "tab")
		d.Type("https://pool.example/OcsPowershellLiveId")
		d.Has("PowerShell URI", "as given")
		d.Press("tab", "enter", "down", "down")
		d.Has("› password")
		d.Press("enter")
		d.Type("hunter2")
		d.HasNot("hunter2")
		d.Has("•••••••")
		d.Press("enter")
		d.Has("▌1 ")
		if strings.Contains(d.out.raw.String(), "hunter2") {
			t.Error("the password was written to the terminal")
		}
	})
	got := srv.targets[0]
	if got.OverridePowerShellURI != "https://pool.example/OcsPowershellLiveId" || got.SignIn != auth.MethodPassword {
		t.Errorf("connected to %+v", got)
	}
	if secret, err := got.Password(t.Context(), "admin@contoso.example"); err != nil || secret.Reveal() != "hunter2" {
		t.Errorf("the password is not the one typed: %v", err)
	}
}

func TestWizardSaysWhatIsMissing(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 30, Config{Connector: srv}, func(d *driver) {
		fillIn(d, "", "contoso.example")
		d.Press("down", "down", "enter")
		d.Type("x")
		d.Press("enter")
		d.Has("a password needs a user name")
	})
	if len(srv.targets) != 0 {
		t.Error("something was tried")
	}
}

func TestUnknownCloudIsNamed(t *testing.T) {
	srv := newFakeServer()
	srv.connect = func(ctx context.Context, _ session.Target, watch func(session.Event)) error {
		watch(session.StageStarted{Stage: session.StageDiscovery})
		watch(session.EndpointFound{URI: "https://evil.example/OcsPowershellOAuth"})
		<-ctx.Done()
		return ctx.Err()
	}
	onScreen(t, 100, 28, Config{Connector: srv}, func(d *driver) {
		fillIn(d, "", "contoso.example")
		d.Press("enter")
		d.Has("WARNING: evil.example is not a host of the known clouds")
	})
}

func TestPickerSearchesAndOpens(t *testing.T) {
	srv := newFakeServer()
	srv.connect = byDeviceCode(10 * time.Second)
	onScreen(t, 100, 28, Config{Connector: srv, Places: srv.places()}, func(d *driver) {
		d.Has("Where to?", "› contoso", "fabrikam", "PROD", "TEST", "+ New connection …")
		d.Type("fabr")
		d.HasNot("contoso")
		d.Press("enter")
		d.pass(time.Second)
		d.Has("1 fabrikam TEST ? asks", "connect to fabrikam", "redirect", "GT7K-29QX", "▌fabrikam TEST, connecting ›")
		d.pass(20 * time.Second)
		d.Has("connected: the server says it is fabrikam", "▌fabrikam TEST ›")
		d.HasNot("GT7K-29QX")
	})
}

func TestPickerWithoutTabsGoesHome(t *testing.T) {
	srv := newFakeServer()
	home := &fakeSession{server: srv}
	srv.on("1 + 1", func(r *fakeRun) { r.send(text(session.StreamHost, "2")) })
	cfg := Config{Connector: srv, Places: srv.places(), Home: func(*session.Cmdlets) Runner { return home }}
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Press("esc")
		d.Has("▌1 home", "▌PS ›")
		d.Run("1 + 1")
		d.Has("   2")
	})
}

func TestHomeOpensATab(t *testing.T) {
	srv := newFakeServer()
	cfg := Config{Connector: srv, Places: srv.places(), Home: func(c *session.Cmdlets) Runner { return Local(c.Home()) }}
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Press("f9")
		d.Run("New-CsOnlineSession -OverrideAdminDomain contoso.example")
		d.Has("1 home", "▌2 contoso PROD", "▌contoso PROD ›")
	})
}

func TestLabAddsItsTenants(t *testing.T) {
	srv := newFakeServer()
	cfg := Config{Connector: srv, Lab: func(context.Context) ([]Place, error) {
		time.Sleep(time.Second)
		return srv.places(), nil
	}}
	onScreen(t, 100, 28, cfg, func(d *driver) {
		d.Press("esc", "down", "enter")
		d.Has("starting the lab …")
		d.pass(2 * time.Second)
		d.Has("› contoso", "fabrikam")
		d.HasNot("+ The lab")
	})
}

func TestFailedTabRetriesAndCanBeChanged(t *testing.T) {
	srv := newFakeServer()
	tries := 0
	srv.connect = func(context.Context, session.Target, func(session.Event)) error {
		if tries++; tries == 1 {
			return &session.Error{Doing: "opening the session", Err: errors.New("the quota of 3 shells is reached"), Hints: []string{"close one with psdeck sessions close"}}
		}
		return nil
	}
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Has("✗ not connected", "error: opening the session: the quota of 3 shells is reached", "hint: close one with psdeck sessions close", "F5 tries again")
		d.Type("Get-CsTenant")
		d.Press("enter")
		d.Has("F5 tries again", "›  Get-CsTenant")
		d.Press("f8")
		d.Has("New connection", "contoso.example")
		d.Press("esc", "esc")
		d.Press("f5")
		d.Has("connected: the server says it is contoso", "›  Get-CsTenant", "the quota of 3 shells is reached")
	})
}

func TestPasswordIsAskedWhileATabConnects(t *testing.T) {
	srv := newFakeServer()
	got := make(chan string, 1)
	srv.connect = func(ctx context.Context, t session.Target, _ func(session.Event)) error {
		secret, err := t.Password(ctx, "admin@contoso.example")
		got <- secret.Reveal()
		return err
	}
	onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
		d.Has("The sign-in asks for the password of admin@contoso.example.", "? asks")
		d.pass(time.Second)
		d.Type("hunter2")
		d.HasNot("hunter2")
		d.Press("enter")
		d.Has("connected: the server says it is contoso")
	})
	if s := <-got; s != "hunter2" {
		t.Errorf("got %q", s)
	}
}

func TestASessionThatComesTooLateIsClosed(t *testing.T) {
	srv := newFakeServer()
	srv.connect = func(context.Context, session.Target, func(session.Event)) error {
		time.Sleep(10 * time.Second) // deaf to being given up
		return nil
	}
	onScreen(t, 100, 28, Config{Connector: srv}, func(d *driver) {
		fillIn(d, "", "contoso.example")
		d.Press("enter", "esc")
		d.pass(20 * time.Second)
		d.Has("given up")
		d.HasNot("1 contoso")
		if len(srv.sessions) != 1 || srv.sessions[0].closed != 1 {
			t.Error("the session was left open")
		}
	})
}

func TestWizardChoosesEnvironmentAndReadOnly(t *testing.T) {
	srv := newFakeServer()
	onScreen(t, 100, 30, Config{Connector: srv}, func(d *driver) {
		d.Press("down")
		d.Paste("fabrikam.example")
		d.Press("tab", "right", "tab", "space")
		d.Has("▌TEST", "yes")
		d.Press("enter", "enter")
		d.Has("▌1 fabrikam TEST", "▌fabrikam TEST, read-only ›")
	})
	if got := srv.targets[0]; got.Env != session.Test || !got.ReadOnly {
		t.Errorf("connected to %+v", got)
	}
}

func TestAnUnknownEnvironmentIsProduction(t *testing.T) {
	srv := newFakeServer()
	cfg := Config{Connector: srv, Open: []session.Target{{OverrideAdminDomain: "contoso.example"}}}
	onScreen(t, 100, 28, cfg, func(d *driver) { d.Has("1 contoso PROD") })
	if got := srv.targets[0]; got.Env != session.Prod || got.SignIn != auth.MethodDevice {
		t.Errorf("connected to %+v", got)
	}
}

// The browser is offered only where one can be opened.
func TestTheWizardOffersABrowserWhereOneOpens(t *testing.T) {
	for _, none := range []bool{false, true} {
		onScreen(t, 100, 28, Config{Connector: newFakeServer(), NoBrowser: none}, func(d *driver) {
			d.Type("admin@partner.example")
			d.Press("enter")
			d.Type("contoso.example")
			d.Press("enter")
			if d.Has("device code"); strings.Contains(d.Screen(), "opens on this machine") == none {
				t.Errorf("no browser: %t, and the page is\n%s", none, d.Screen())
			}
		})
	}
}

// The address that the browser was opened with stands there whole, however long it
// is, and can be copied: it may have to be opened in another one.
func TestTheAddressOfABrowserSignInCanBeCopied(t *testing.T) {
	const address = "https://login.example/organizations/oauth2/v2.0/authorize?client_id=7716031e-6f8b-45a4-b82b-922b1af0fbb4&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	srv := newFakeServer()
	srv.connect = func(ctx context.Context, _ session.Target, watch func(session.Event)) error {
		watch(session.StageStarted{Stage: session.StageSignIn})
		watch(session.BrowserOpened{URL: address})
		<-ctx.Done()
		return ctx.Err()
	}
	copied := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(address))
	shown := func(d *driver) {
		t.Helper()
		d.Has("the browser that has opened", "copies the address")
		if text := strings.Join(strings.Fields(strings.ReplaceAll(d.Screen(), "▌", "")), ""); !strings.Contains(text, address) {
			t.Errorf("the address is not there:\n%s", d.Screen())
		}
	}
	onScreen(t, 90, 30, Config{Connector: srv}, func(d *driver) {
		fillIn(d, "admin@partner.example", "contoso.example")
		d.Press("enter")
		d.pass(time.Second)
		shown(d)
		d.Press("c")
		if d.Has("the address is on the clipboard"); !strings.Contains(d.out.raw.String(), copied) {
			t.Error("it did not reach the terminal's clipboard")
		}
	})
	onScreen(t, 90, 30, srv.open("contoso"), func(d *driver) {
		d.pass(time.Second)
		shown(d)
		d.Press("alt+c")
		if d.Has("the address is on the clipboard"); !strings.Contains(d.out.raw.String(), copied) {
			t.Error("it did not reach the terminal's clipboard")
		}
		d.Press("alt+r") // a telephone cannot answer to this machine
		d.HasNot("sign in with a telephone")
	})
}

// An unknown SSH host is asked about with its fingerprint: "yes" or the
// fingerprint itself lets it in, anything else does not.
func TestUnknownHostIsAskedAbout(t *testing.T) {
	const print = "SHA256:kHfH6Zc0m6C1dLmK2L1q2w3e4r5t6y7u8i9o0pAsDfG"
	for typed, want := range map[string]string{"yes": "let in", print: "let in", "y": "refused", "": "refused"} {
		srv := newFakeServer()
		srv.connect = func(ctx context.Context, t session.Target, _ func(session.Event)) error {
			yes, err := t.HostKey(ctx, session.HostKey{Host: "lin1.example\x1b[2J", Type: "ssh-ed25519", Fingerprint: print})
			if err == nil && !yes {
				err = errors.New("it was refused")
			}
			return err
		}
		onScreen(t, 100, 28, srv.open("contoso"), func(d *driver) {
			d.pass(3 * time.Second)
			d.Has("lin1.example", print, "administrator")
			d.Type(typed)
			d.Press("enter")
			d.pass(time.Second)
			if want == "let in" {
				d.Has("the server says it is contoso")
			} else {
				d.Has("it was refused")
			}
		})
	}
}

// A sign-in that an open session needs again is asked for in its tab, and in no
// other; the keys stay where they are typed.
func TestASignInThatIsNeededAgainAppearsInItsTab(t *testing.T) {
	srv := newFakeServer()
	later := make(chan func(session.Event), 2)
	srv.connect = func(_ context.Context, t session.Target, watch func(session.Event)) error {
		if !t.SignInAgain {
			return errors.New("nobody could be asked")
		}
		if t.OverrideAdminDomain == "contoso.example" {
			later <- watch
		}
		return nil
	}
	onScreen(t, 100, 28, srv.open("contoso", "fabrikam"), func(d *driver) {
		d.Press("alt+2")
		d.Type("Get-Cs")
		watch := <-later
		watch(session.StageStarted{Stage: session.StageSignIn, Text: "The sign-in is over"})
		watch(session.DeviceCodeShown{Code: auth.DeviceCode{URL: "https://login.example/device", UserCode: "GT7K-29QX", Expires: time.Now().Add(15 * time.Minute)}})
		d.pass(time.Second)
		d.Has("contoso PROD ? asks", "›  Get-Cs")
		d.HasNot("GT7K-29QX")
		d.Press("alt+1")
		d.Has("GT7K-29QX", "https://login.example/device")
		d.Press("alt+c")
		d.Has("the code is on the clipboard")
		watch(session.SignedIn{Account: auth.Account{UserName: "admin@partner.example"}})
		d.pass(time.Second)
		d.HasNot("GT7K-29QX", "? asks")
		d.Has("signed in as admin@partner.example")
	})
}
