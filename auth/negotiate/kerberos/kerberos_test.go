package kerberos

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// pair are both sides of a context.
func pair(t testing.TB, etype int32) (client, server *keys) {
	t.Helper()
	key := types.EncryptionKey{KeyType: etype, KeyValue: bytes.Repeat([]byte{7}, keySize(etype))}
	client, err := newKeys(key, true, true, 5, 0xfffffffe)
	if err != nil {
		t.Fatal(err)
	}
	server, err = newKeys(key, true, false, 0xfffffffe, 5)
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

// TestSealed: what goes before a message has one size, the message keeps its own.
func TestSealed(t *testing.T) {
	for etype, header := range map[int32]int{17: 60, 18: 60, 19: 64, 20: 72} {
		client, server := pair(t, etype)
		for i := range 40 {
			plain := bytes.Repeat([]byte{'x'}, i*31)
			for _, way := range [][2]*keys{{client, server}, {server, client}} {
				head, data, err := way[0].seal(plain)
				if err != nil || len(head) != header || len(data) != len(plain) {
					t.Fatalf("encryption type %d: %d and %d bytes, %v", etype, len(head), len(data), err)
				}
				if got, err := way[1].unseal(head, data); err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("encryption type %d, message %d: %v", etype, i, err)
				}
			}
		}
	}
}

// TestOtherLayouts: a token is taken however it is rotated, filled and cut.
func TestOtherLayouts(t *testing.T) {
	for _, extra := range []uint16{0, 16} {
		for _, rotation := range []uint16{0, 1, 12, 28, 44, 200, 1000} {
			for _, cut := range []int{0, 16, 60} {
				client, server := pair(t, 18)
				plain := []byte("a message")
				inner := append(append(bytes.Clone(plain), make([]byte, extra)...), server.out.header(extra, 0)...)
				_, text, err := server.etype.EncryptMessage(server.key.KeyValue, inner, server.out.seal)
				if err != nil {
					t.Fatal(err)
				}
				turn := len(text) - int(rotation)%len(text)
				token := append(server.out.header(extra, rotation), append(bytes.Clone(text[turn:]), text[:turn]...)...)
				if got, err := client.unseal(token[:cut], token[cut:]); err != nil || !bytes.Equal(got, plain) {
					t.Errorf("extra %d, rotation %d, cut %d: %q, %v", extra, rotation, cut, got, err)
				}
			}
		}
	}
}

func TestAltered(t *testing.T) {
	alter := map[string]func(head, data []byte) ([]byte, []byte){
		"message":         func(h, d []byte) ([]byte, []byte) { d[2] ^= 1; return h, d },
		"checksum":        func(h, d []byte) ([]byte, []byte) { h[40] ^= 1; return h, d },
		"flags":           func(h, d []byte) ([]byte, []byte) { h[2] ^= acceptorSubkey; return h, d },
		"not sealed":      func(h, d []byte) ([]byte, []byte) { h[2] &^= sealed; return h, d },
		"number":          func(h, d []byte) ([]byte, []byte) { h[15]++; return h, d },
		"extra":           func(h, d []byte) ([]byte, []byte) { h[5]++; return h, d },
		"extra, too much": func(h, d []byte) ([]byte, []byte) { h[4] = 0xff; return h, d },
		"rotation":        func(h, d []byte) ([]byte, []byte) { h[7]++; return h, d },
		"truncated":       func(h, d []byte) ([]byte, []byte) { return h, d[:3] },
		"too short":       func(h, _ []byte) ([]byte, []byte) { return h[:20], nil },
		"nothing":         func(_, _ []byte) ([]byte, []byte) { return nil, nil },
	}
	for name, f := range alter {
		client, server := pair(t, 19)
		head, data, err := client.seal([]byte("Get-User"))
		if err != nil {
			t.Fatal(err)
		}
		head, data = f(head, data)
		var e *Error
		if _, err := server.unseal(head, data); !errors.As(err, &e) || e.Reason != BadMessage {
			t.Errorf("%s: %v", name, err)
		}
	}
	client, server := pair(t, 18)
	head, data, _ := client.seal([]byte("Remove-User"))
	if _, err := client.unseal(head, data); err == nil {
		t.Error("a message is taken by who sent it")
	}
	if _, err := server.unseal(head, data); err != nil {
		t.Fatal(err)
	}
	if _, err := server.unseal(head, data); err == nil {
		t.Error("a message is taken twice")
	}
}

func TestMIC(t *testing.T) {
	client, server := pair(t, 20)
	mic, err := client.mic(&client.out, []byte("a list"))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.checkMIC([]byte("a list"), mic); err != nil {
		t.Error(err)
	}
	if err := server.checkMIC([]byte("a list"), mic); err == nil {
		t.Error("a signature is taken twice")
	}
}

func TestWeakCiphers(t *testing.T) {
	for _, etype := range []int32{1, 3, 16, 23, 24, 99} {
		var e *Error
		if _, err := strong(etype); !errors.As(err, &e) || e.Reason != WeakCipher {
			t.Errorf("encryption type %d: %v", etype, err)
		}
	}
	rc4 := &Ticket{key: types.EncryptionKey{KeyType: 18}}
	rc4.ticket.EncPart.EType = 23
	if _, err := strongTicket(rc4, "HTTP/x"); err == nil || !strings.Contains(err.Error(), "rc4-hmac") {
		t.Errorf("%v", err)
	}
}

// TestServersAnswers: only who holds the service's key proves that it is the
// service.
func TestServersAnswers(t *testing.T) {
	frameOf := func(kind uint16, b []byte) []byte {
		token, err := frame(kind, b)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	krbError := func(code int32) []byte {
		e := messages.NewKRBError(types.PrincipalName{NameString: []string{"HTTP", "x"}}, "A", code, "")
		b, err := e.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return frameOf(tokenError, b)
	}
	for name, tt := range map[string]struct {
		token  []byte
		reason Reason
	}{
		"clock skew":       {krbError(errorcode.KRB_AP_ERR_SKEW), ClockSkew},
		"another's ticket": {krbError(errorcode.KRB_AP_ERR_MODIFIED), UnknownService},
		"ticket expired":   {krbError(errorcode.KRB_AP_ERR_TKT_EXPIRED), NoCredentials},
		"a request":        {frameOf(tokenRequest, nil), BadMessage},
		"garbage":          {[]byte("<html>"), BadMessage},
		"empty reply":      {frameOf(tokenReply, nil), BadMessage},
		"nothing":          {nil, BadMessage},
	} {
		c := (&Ticket{spn: "HTTP/x", key: types.EncryptionKey{KeyType: 18, KeyValue: make([]byte, 32)}}).NewContext(nil)
		c.sent.AVNO = 5
		_, err := c.Step(t.Context(), tt.token)
		var e *Error
		if !errors.As(err, &e) || e.Reason != tt.reason || c.Complete() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConfiguration(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("d/realm.conf", "[realms]\n CONTOSO.EXAMPLE = {\n  kdc = kdc.contoso.example\n }\n")
	write("d/.hidden.conf", "nonsense")
	write("d/backup.conf~", "nonsense")
	main := write("krb5.conf", "includedir "+filepath.Join(dir, "d")+"\nmodule x:y\n[libdefaults]\n default_realm = FABRIKAM.EXAMPLE\n")
	for account, want := range map[string]struct {
		account string
		kdc     bool
	}{
		"admin@contoso.example": {"admin@CONTOSO.EXAMPLE", true},
		`CONTOSO\admin`:         {"admin@CONTOSO.EXAMPLE", true},
		"admin":                 {"admin@FABRIKAM.EXAMPLE", false},
		`OTHER\admin`:           {"admin@FABRIKAM.EXAMPLE", false},
		"admin@other.example":   {"admin@OTHER.EXAMPLE", false},
	} {
		c, err := New(Config{ConfigFile: main, Account: account, Password: "x"})
		if err != nil {
			t.Errorf("%s: %v", account, err)
			continue
		}
		if c.Account() != want.account || c.HasKDC() != want.kdc {
			t.Errorf("%s: %s, %t", account, c.Account(), c.HasKDC())
		}
	}
	c, err := New(Config{ConfigFile: filepath.Join(dir, "none"), Account: "a@b.example", Password: "x"})
	if err != nil || !c.krb5.LibDefaults.DNSLookupKDC || c.krb5.LibDefaults.UDPPreferenceLimit != alwaysTCP {
		t.Errorf("without a file: %v", err)
	}
	write("loop.conf", "include "+filepath.Join(dir, "loop.conf")+"\n")
	for name, cfg := range map[string]Config{
		"no secret":            {ConfigFile: main, Account: "admin"},
		"no account":           {ConfigFile: main, Password: "x"},
		"no realm":             {ConfigFile: filepath.Join(dir, "none"), Account: "admin", Password: "x"},
		"a loop":               {ConfigFile: filepath.Join(dir, "loop.conf"), Account: "admin", Password: "x"},
		"a cache of a daemon":  {ConfigFile: main, Cache: "KCM:0"},
		"a cache of garbage":   {ConfigFile: main, Cache: write("cache", "\x05\x04\x00")},
		"a keytab of garbage":  {ConfigFile: main, Account: "admin", Keytab: write("keytab", "\x05\x02\x00\x00\x00\xff")},
		"a keytab of no bytes": {ConfigFile: main, Account: "admin", Keytab: write("empty", "")},
	} {
		var e *Error
		if _, err := New(cfg); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzUnseal(f *testing.F) {
	client, _ := pair(f, 18)
	head, data, _ := client.seal([]byte("a message"))
	f.Add(append(head, data...), uint8(60))
	f.Fuzz(func(t *testing.T, token []byte, cut uint8) {
		_, server := pair(t, 18)
		at := min(int(cut), len(token))
		if got, err := server.unseal(token[:at], token[at:]); err == nil && !bytes.Equal(got, []byte("a message")) {
			t.Errorf("%q", got)
		}
		c := (&Ticket{key: types.EncryptionKey{KeyType: 18, KeyValue: make([]byte, 32)}}).NewContext(nil)
		c.sent.AVNO = 5
		if _, err := c.Step(t.Context(), token); err == nil {
			t.Error("anything proves the server")
		}
	})
}
