package ntlm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	account  = `CONTOSO\admin`
	password = "p\u00e4ss w\u00f6rd \U0001f511"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// publishedResponse is the AUTHENTICATE_MESSAGE of [MS-NLMP] 4.2.4.3: User of
// Domain with the password Password, at a server whose challenge is
// 0123456789abcdef.
const publishedResponse = `
4e544c4d53535000 03000000 18001800 6c000000 54005400 84000000 0c000c00 48000000 08000800 54000000 10001000 5c000000
10001000 d8000000 358288e2 0501280a0000000f 44006f006d00610069006e00 5500730065007200 43004f004d0050005500540045005200
86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa 68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000
aaaaaaaaaaaaaaaa 00000000 02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000
c5dad2544fc9799094ce1ce90bc9d03e`

// TestPublishedResponse: [MS-NLMP] 4.2.4, from the account to the session's key.
func TestPublishedResponse(t *testing.T) {
	if got := responseKey("User", "Domain", "Password"); !bytes.Equal(got, unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f")) {
		t.Errorf("NTOWFv2 %x", got)
	}
	r, err := parseResponse(unhex(t, publishedResponse))
	if err != nil {
		t.Fatal(err)
	}
	if r.user != "User" || r.domain != "Domain" {
		t.Errorf("account %q of %q", r.user, r.domain)
	}
	challenge := unhex(t, "0123456789abcdef")
	key, err := r.sessionKey(challenge, "Password")
	if err != nil || !bytes.Equal(key, bytes.Repeat([]byte{0x55}, 16)) {
		t.Errorf("session key %x, %v", key, err)
	}
	if _, err := r.sessionKey(challenge, "password"); err == nil {
		t.Error("a wrong password is accepted")
	}
}

// TestPublishedSealing: [MS-NLMP] 4.2.4.4.
func TestPublishedSealing(t *testing.T) {
	key, plain := bytes.Repeat([]byte{0x55}, 16), toUTF16("Plaintext")
	client, server := newSession(key, true), newSession(key, false)
	if want := unhex(t, "59f600973cc4960a25480a7c196e4c58"); !bytes.Equal(client.out.sealKey, want) {
		t.Errorf("sealing key %x", client.out.sealKey)
	}
	if want := unhex(t, "4788dc861b4782f35d43fd98fe1a2d39"); !bytes.Equal(client.out.signKey, want) {
		t.Errorf("signing key %x", client.out.signKey)
	}
	signature, sealed := client.Seal(plain)
	if want := unhex(t, "54e50165bf1936dc996020c1811b0f06fb5f"); !bytes.Equal(sealed, want) {
		t.Errorf("sealed %x", sealed)
	}
	if want := unhex(t, "010000007fb38ec5c55d497600000000"); !bytes.Equal(signature, want) {
		t.Errorf("signature %x", signature)
	}
	if got, err := server.Unseal(signature, sealed); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%q, %v", got, err)
	}
}

func acceptor() *Acceptor {
	return &Acceptor{
		Computer: "SERVER", Domain: "CONTOSO", Now: time.Now,
		Password: func(user, domain string) (string, bool) {
			known := user == "admin" && domain == "CONTOSO" || user == "admin@contoso.example" && domain == ""
			return password, known
		},
	}
}

// meet runs a whole authentication.
func meet(a *Acceptor, account, password string, bindings []byte, alter func(step int, b []byte) []byte) (*Session, *Accepted, error) {
	c, err := NewClient(account, password)
	if err != nil {
		return nil, nil, err
	}
	first, err := c.Negotiate()
	if err != nil {
		return nil, nil, err
	}
	second, err := a.Challenge(alter(1, first))
	if err != nil {
		return nil, nil, err
	}
	third, session, err := c.Authenticate(alter(2, bytes.Clone(second)), bindings)
	if err != nil {
		return nil, nil, err
	}
	accepted, err := a.Accept(alter(3, third))
	return session, accepted, err
}

func unaltered(_ int, b []byte) []byte { return b }

func TestSessionBothWays(t *testing.T) {
	for _, account := range []string{account, "admin@contoso.example"} {
		client, accepted, err := meet(acceptor(), account, password, nil, unaltered)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			plain := bytes.Repeat([]byte("x"), i*97)
			for _, way := range [][2]*Session{{client, accepted.Session}, {accepted.Session, client}} {
				signature, sealed := way[0].Seal(plain)
				if got, err := way[1].Unseal(signature, sealed); err != nil || !bytes.Equal(got, plain) {
					t.Fatalf("message %d: %v", i, err)
				}
			}
		}
	}
}

// TestAltered: what is changed, repeated or left out on the way is found out.
func TestAltered(t *testing.T) {
	messages := map[string]func(signature, sealed []byte, s *Session) ([]byte, []byte){
		"content":      func(sig, b []byte, _ *Session) ([]byte, []byte) { b[3] ^= 1; return sig, b },
		"signature":    func(sig, b []byte, _ *Session) ([]byte, []byte) { sig[5] ^= 1; return sig, b },
		"version":      func(sig, b []byte, _ *Session) ([]byte, []byte) { sig[0] = 2; return sig, b },
		"number":       func(sig, b []byte, _ *Session) ([]byte, []byte) { sig[12]++; return sig, b },
		"shorter":      func(sig, b []byte, _ *Session) ([]byte, []byte) { return sig, b[:len(b)-1] },
		"no signature": func(_, b []byte, _ *Session) ([]byte, []byte) { return nil, b },
		"left out":     func(_, b []byte, s *Session) ([]byte, []byte) { return s.Seal(b) },
	}
	for name, alter := range messages {
		client, accepted, err := meet(acceptor(), account, password, nil, unaltered)
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range [][2]*Session{{client, accepted.Session}, {accepted.Session, client}} {
			sig, sealed := way[0].Seal([]byte("Get-User"))
			sig, sealed = alter(sig, sealed, way[0])
			if _, err := way[1].Unseal(sig, sealed); err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
	}
}

func TestRepeated(t *testing.T) {
	client, accepted, err := meet(acceptor(), account, password, nil, unaltered)
	if err != nil {
		t.Fatal(err)
	}
	sig, sealed := client.Seal([]byte("Remove-User"))
	if _, err := accepted.Session.Unseal(sig, sealed); err != nil {
		t.Fatal(err)
	}
	if _, err := accepted.Session.Unseal(sig, sealed); err == nil {
		t.Error("a message that comes twice is accepted")
	}
}

// TestDowngraded: a session is as strong as it can be, or there is none,
// whoever on the way says otherwise.
func TestDowngraded(t *testing.T) {
	flags := func(clear uint32) func(int, []byte) []byte {
		return func(step int, b []byte) []byte {
			if step == 2 {
				binary.LittleEndian.PutUint32(b[20:], binary.LittleEndian.Uint32(b[20:])&^clear)
			}
			return b
		}
	}
	alterations := map[string]func(int, []byte) []byte{
		"no sealing":                   flags(flagSeal),
		"no signing":                   flags(flagSign),
		"56 bits":                      flags(flag128),
		"no extended session security": flags(flagExtendedSessionSecurity),
		"no key exchange":              flags(flagKeyExchange),
		"no target":                    flags(flagTargetInfo),
		"no time stamp": func(step int, b []byte) []byte {
			if step == 2 {
				i := bytes.Index(b, []byte{avTimestamp, 0, 8, 0})
				b[i] = 0x44
			}
			return b
		},
		"another first message": func(step int, b []byte) []byte {
			if step == 1 {
				b = bytes.Clone(b)
				b[13] ^= 0x10
			}
			return b
		},
		"another name of the server": func(step int, b []byte) []byte {
			if step == 2 {
				b[56] ^= 1
			}
			return b
		},
		"MIC": func(step int, b []byte) []byte {
			if step == 3 {
				b[micOffset] ^= 1
			}
			return b
		},
		"truncated challenge": func(step int, b []byte) []byte {
			if step == 2 {
				return b[:50]
			}
			return b
		},
		"no message": func(step int, b []byte) []byte {
			if step == 2 {
				return []byte("<html>")
			}
			return b
		},
	}
	for name, alter := range alterations {
		_, _, err := meet(acceptor(), account, password, nil, alter)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("%s: the password in %q", name, err)
		}
	}
}

func TestRefused(t *testing.T) {
	if _, _, err := meet(acceptor(), account, "wrong", nil, unaltered); err == nil {
		t.Error("a wrong password is accepted")
	}
	if _, _, err := meet(acceptor(), `CONTOSO\nobody`, password, nil, unaltered); err == nil {
		t.Error("an unknown account is accepted")
	}
	for _, account := range []string{"", `CONTOSO\`} {
		if _, err := NewClient(account, password); err == nil {
			t.Errorf("account %q is taken", account)
		}
	}
	if _, err := NewClient(account, ""); err == nil {
		t.Error("an empty password is taken")
	}
}

func TestListMIC(t *testing.T) {
	client, accepted, err := meet(acceptor(), account, password, nil, unaltered)
	if err != nil {
		t.Fatal(err)
	}
	list := []byte("a list of mechanisms")
	mic, err := client.MIC(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := accepted.Session.CheckMIC(append(list, 'x'), mic); err == nil {
		t.Error("another list is accepted")
	}
	if err := accepted.Session.CheckMIC(list, mic); err != nil {
		t.Error(err)
	}
	if err := client.CheckMIC(list, mic); err == nil {
		t.Error("a client's own MIC comes back to it and is accepted")
	}
	sig, sealed := client.Seal(list)
	if _, err := accepted.Session.Unseal(sig, sealed); err != nil {
		t.Errorf("the first message after a MIC: %v", err)
	}
}

func FuzzAuthenticate(f *testing.F) {
	a := acceptor()
	c, err := NewClient(account, password)
	if err != nil {
		f.Fatal(err)
	}
	first, err := c.Negotiate()
	if err != nil {
		f.Fatal(err)
	}
	second, err := a.Challenge(first)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(second)
	f.Add(unhex(f, publishedResponse))
	f.Fuzz(func(_ *testing.T, b []byte) {
		c, _ := NewClient(account, password)
		_, _ = c.Negotiate()
		_, _, _ = c.Authenticate(bytes.Clone(b), nil)
		a := acceptor()
		if _, err := a.Challenge(first); err == nil {
			_, _ = a.Accept(b)
		}
	})
}
