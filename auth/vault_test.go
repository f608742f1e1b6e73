package auth

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// ring is a keyring in memory.
type ring struct {
	mu      sync.Mutex
	entries map[string]string
	fails   error
	asked   int
}

func (r *ring) Get(service, user string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.fails != nil {
		return "", r.fails
	}
	if s, ok := r.entries[service+"/"+user]; ok {
		return s, nil
	}
	return "", ErrNoEntry
}

func (r *ring) Set(service, user, secret string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries == nil {
		r.entries = map[string]string{}
	}
	r.entries[service+"/"+user] = secret
	return r.fails
}

var aKey = CacheKey{Authority: "login.example", ClientID: clientID, HomeAccountID: adminID + "." + partnerTenant}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	list := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", e.Name(), info.Mode().Perm())
		}
		list[e.Name()] = string(data)
	}
	return list
}

func TestVault(t *testing.T) {
	for name, keyring := range map[string]Keyring{"with a keyring": new(ring), "without one": nil} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := t.Context(), filepath.Join(t.TempDir(), "tokens")
			v := NewVault(dir, keyring)
			if data, err := v.Load(ctx, aKey); data != nil || err != nil {
				t.Errorf("an empty vault: %q, %v", data, err)
			}
			if err := v.Store(ctx, aKey, []byte("very secret")); err != nil {
				t.Fatal(err)
			}
			again := NewVault(dir, keyring)
			if data, err := again.Load(ctx, aKey); string(data) != "very secret" || err != nil {
				t.Errorf("another process reads %q, %v", data, err)
			}
			if keys, err := again.Keys(ctx); err != nil || len(keys) != 1 || keys[0] != aKey {
				t.Errorf("keys %v, %v", keys, err)
			}
			if said := strings.Contains(v.Note(), "there is no keyring here"); said != (keyring == nil) || again.Note() != "" || again.Where() != v.Note() {
				t.Errorf("notes %q and %q, where %q", v.Note(), again.Note(), again.Where())
			}
			for name, content := range files(t, dir) {
				if strings.Contains(content, "secret") || strings.Contains(name+content, adminID) || strings.Contains(content, clientID) {
					t.Errorf("%s tells what is kept", name)
				}
				if name == keyFile && keyring != nil {
					t.Error("the key is in a file although there is a keyring")
				}
			}
			if err := v.Store(ctx, aKey, nil); err != nil {
				t.Fatal(err)
			}
			if keys, err := again.Keys(ctx); err != nil || keys != nil {
				t.Errorf("after removal: %v, %v", keys, err)
			}
		})
	}
}

// What was tampered with, or belongs to another account or key, is not
// believed: the person signs in again.
func TestVaultDoesNotBelieveFiles(t *testing.T) {
	other := aKey
	other.HomeAccountID = otherID + "." + partnerTenant
	for name, spoil := range map[string]func(t *testing.T, v *Vault, r *ring){
		"a bit": func(t *testing.T, v *Vault, _ *ring) {
			data, err := os.ReadFile(v.path(aKey))
			if err != nil {
				t.Fatal(err)
			}
			data[len(data)-1] ^= 1
			write(t, v.path(aKey), data)
		},
		"cut off": func(t *testing.T, v *Vault, _ *ring) { write(t, v.path(aKey), []byte("short")) },
		"another account's file": func(t *testing.T, v *Vault, _ *ring) {
			if err := v.Store(t.Context(), other, []byte("other")); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(v.path(other), v.path(aKey)); err != nil {
				t.Fatal(err)
			}
		},
		"another key": func(_ *testing.T, _ *Vault, r *ring) { r.entries = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := new(ring)
			v := NewVault(t.TempDir(), r)
			if err := v.Store(t.Context(), aKey, []byte("very secret")); err != nil {
				t.Fatal(err)
			}
			spoil(t, v, r)
			again := NewVault(v.dir, r)
			if data, err := again.Load(t.Context(), aKey); data != nil || err != nil {
				t.Errorf("got %q, %v", data, err)
			}
			if keys, err := again.Keys(t.Context()); len(keys) != 0 || err != nil {
				t.Errorf("keys %v, %v", keys, err)
			}
		})
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A keyring that is locked is not gone around, and the person is asked once.
func TestVaultLockedKeyring(t *testing.T) {
	r := &ring{fails: errors.New("the prompt was dismissed")}
	v := NewVault(t.TempDir(), r)
	for range 2 {
		err := v.Store(t.Context(), aKey, []byte("very secret"))
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindStore || !strings.Contains(err.Error(), "the keyring does not open: the prompt was dismissed") || !strings.Contains(HintOf(err), "unlock") {
			t.Errorf("error %v, hint %q", err, HintOf(err))
		}
	}
	if r.asked != 1 {
		t.Errorf("the keyring was asked %d times", r.asked)
	}
	// signing in goes on without it, and that is said once
	f := newAuthority(t)
	b := f.broker(func(c *BrokerConfig) { c.Cache = v })
	account, err := b.SignIn(t.Context(), signIn(f, MethodDevice, admin, new(face)))
	if err != nil {
		t.Fatal(err)
	}
	if notes := b.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "lasts as long as this program") || !strings.Contains(notes[0], "unlock the keyring") {
		t.Errorf("notes %q", notes)
	}
	if notes := b.Notes(); notes != nil {
		t.Errorf("said again: %q", notes)
	}
	if _, err := b.Source(t.Context(), Binding{Authority: f.authority("organizations"), ClientID: clientID, Account: account, Resource: resource}).Token(t.Context()); err != nil {
		t.Error(err)
	}
	for name, content := range files(t, v.dir) {
		if strings.HasSuffix(name, vaultExt) || name == keyFile || strings.Contains(content, "secret") {
			t.Errorf("%s was written", name)
		}
	}
}

func TestVaultKeyFile(t *testing.T) {
	for name, tt := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"others may read it": {encodeKey(bytes.Repeat([]byte{7}, 32)), 0o644, "others may read the key"},
		"not a key":          {"hello", 0o600, "is not one"},
		"good":               {encodeKey(bytes.Repeat([]byte{7}, 32)), 0o600, ""},
	} {
		v := NewVault(t.TempDir(), nil)
		write(t, filepath.Join(v.dir, keyFile), []byte(tt.content))
		if err := os.Chmod(filepath.Join(v.dir, keyFile), tt.mode); err != nil {
			t.Fatal(err)
		}
		err := v.Store(t.Context(), aKey, []byte("x"))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || HintOf(err) == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeyringErrors(t *testing.T) {
	for text, missing := range map[string]bool{
		`exec: "dbus-launch": executable file not found in $PATH`:                        true,
		"The name org.freedesktop.secrets was not provided by any .service files":        true,
		"dial unix /run/user/1000/bus: connect: no such file or directory":               true,
		"dbus: couldn't determine address of session bus":                                true,
		"failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'": false,
		"keychain error -25308: user interaction is not allowed":                         false,
	} {
		if got := errors.Is(keyringError(errors.New(text)), ErrNoKeyring); got != missing {
			t.Errorf("%s: no keyring %t, want %t", text, got, missing)
		}
	}
}

// Two processes that renew the tokens of one account take turns: a refresh
// token that both used would be refused to the second.
func TestVaultLock(t *testing.T) {
	f, keyring, dir := newAuthority(t), new(ring), t.TempDir()
	open := func() *Broker { return f.broker(func(c *BrokerConfig) { c.Cache = NewVault(dir, keyring) }) }
	account, err := open().SignIn(t.Context(), signIn(f, MethodDevice, admin, new(face)))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			src := open().Source(t.Context(), Binding{Authority: f.authority("organizations"), ClientID: clientID, Account: account, Resource: resource + "/" + string(rune('a'+i))})
			if _, err := src.Token(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	unlock, err := NewVault(dir, keyring).Lock(t.Context(), aKey)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := NewVault(dir, keyring).Lock(ctx, aKey); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a lock that another holds: %v", err)
	}
}

// Who signs out in one process is signed out in another that runs, which
// does not bring the tokens back.
func TestSigningOutElsewhere(t *testing.T) {
	f, keyring, dir := newAuthority(t), new(ring), t.TempDir()
	open := func() *Broker { return f.broker(func(c *BrokerConfig) { c.Cache = NewVault(dir, keyring) }) }
	running := open()
	account, err := running.SignIn(t.Context(), signIn(f, MethodDevice, admin, new(face)))
	if err != nil {
		t.Fatal(err)
	}
	src := running.Source(t.Context(), Binding{Authority: f.authority("organizations"), ClientID: clientID, Account: account, Resource: resource})
	token, err := src.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := open().Forget(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	var needed *SignInNeededError
	if _, err := src.Refresh(t.Context(), token); !errors.As(err, &needed) {
		t.Errorf("a token after signing out: %v", err)
	}
	if keys, err := NewVault(dir, keyring).Keys(t.Context()); err != nil || len(keys) != 0 {
		t.Errorf("kept again: %v, %v", keys, err)
	}
}

// What one process signed in, another lists, finds by name, and drops by
// tenant.
func TestKeptBetweenProcesses(t *testing.T) {
	f, keyring, dir := newAuthority(t), new(ring), t.TempDir()
	open := func() *Broker { return f.broker(func(c *BrokerConfig) { c.Cache = NewVault(dir, keyring) }) }
	p := new(face)
	account, err := open().SignIn(t.Context(), signIn(f, MethodDevice, admin, p))
	if err != nil {
		t.Fatal(err)
	}
	binding := Binding{Authority: f.authority("organizations"), ClientID: clientID, Account: Account{UserName: admin}, Resource: resource}
	inContoso := binding
	inContoso.Tenant = contosoTenant
	for _, b := range []Binding{binding, inContoso} {
		if _, err := open().Source(t.Context(), b).Token(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tenants := func() (list []string) {
		t.Helper()
		kept, err := open().Kept(t.Context())
		if err != nil || len(kept) != 1 || kept[0].Account.UserName != admin || !kept[0].Renewable {
			t.Fatalf("kept %+v, %v", kept, err)
		}
		for _, k := range kept[0].Tokens {
			if left := time.Until(k.Expires); left < 50*time.Minute || left > time.Hour {
				t.Errorf("%s has %s left", k.Tenant, left)
			}
			list = append(list, k.Tenant)
		}
		return list
	}
	if got := strings.Join(tenants(), " "); got != contosoTenant+" "+partnerTenant+" "+partnerTenant {
		t.Errorf("tenants %s", got)
	}
	if n, err := open().ForgetTenant(t.Context(), account, strings.ToUpper(contosoTenant)); n != 1 || err != nil {
		t.Errorf("ForgetTenant: %d, %v", n, err)
	}
	if got := strings.Join(tenants(), " "); got != partnerTenant+" "+partnerTenant {
		t.Errorf("tenants %s after one was dropped", got)
	}
	again := signIn(f, MethodDevice, admin, p)
	if a, err := open().SignIn(t.Context(), again); err != nil || a.HomeAccountID != account.HomeAccountID || len(p.codes) != 1 {
		t.Errorf("signing in again: %+v, %v, %d codes shown", a, err, len(p.codes))
	}
	if err := open().Forget(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if kept, err := open().Kept(t.Context()); err != nil || len(kept) != 0 {
		t.Errorf("after Forget: %v, %v", kept, err)
	}
}
