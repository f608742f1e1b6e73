package psrp_test

import (
	"crypto/aes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// recordedKey is the private key of a recorded client, and its session key.
type recordedKey struct {
	private *rsa.PrivateKey
	session []byte
}

// clientKey is the client's key where the recording tells it, else nil.
func (r *recording) clientKey() *recordedKey {
	for _, l := range r.lines {
		if l.Observed == nil || l.Observed.What != "client_rsa" {
			continue
		}
		var k struct {
			N, E, D    string
			SessionKey string `json:"session_key"`
		}
		if json.Unmarshal(l.Observed.Value, &k) != nil {
			return nil
		}
		key := &rsa.PrivateKey{D: number(k.D)}
		key.N, key.E = number(k.N), int(number(k.E).Int64())
		key.Primes = factors(key)
		session, _ := hex.DecodeString(k.SessionKey)
		return &recordedKey{key, session}
	}
	return nil
}

func number(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 16)
	return n
}

// factors finds p and q by d: not every recording tells them. d·e - 1 is a
// multiple of the group's order, so a root of 1 that is not ±1 splits n.
func factors(key *rsa.PrivateKey) []*big.Int {
	one := big.NewInt(1)
	odd := new(big.Int).Mul(key.D, big.NewInt(int64(key.E)))
	odd.Sub(odd, one)
	twos := odd.TrailingZeroBits()
	odd.Rsh(odd, twos)
	minusOne := new(big.Int).Sub(key.N, one)
	for base := int64(2); ; base++ {
		x := new(big.Int).Exp(big.NewInt(base), odd, key.N)
		for range twos {
			square := new(big.Int).Exp(x, big.NewInt(2), key.N)
			if square.Cmp(one) == 0 && x.Cmp(one) != 0 && x.Cmp(minusOne) != 0 {
				p := new(big.Int).GCD(nil, nil, new(big.Int).Sub(x, one), key.N)
				return []*big.Int{p, new(big.Int).Div(key.N, p)}
			}
			x = square
		}
	}
}

// recordedSecrets are the texts of the SS elements, in order of the recording,
// as the scripts that were recorded wrote them.
var recordedSecrets = map[string][]string{
	"06b-key-exchange-2.3":       {"p@ss W0rd", "pw2", "server made", "päss", "client parameter", ""},
	"06c-server-needs-key-2.3":   {"server first"},
	"06f-key-exchange-2.1":       {"under 2.1"},
	"12b-key-exchange-known-key": {"known key secret", "back to you "},
}

var secretElement = regexp.MustCompile(`<SS[^>]*>([^<]*)<`)

// TestVectorSecrets exchanges the recorded keys again, and reads and writes the
// recorded secrets with them: with an IV of zeros both are exact. A case is one
// secret.
func TestVectorSecrets(t *testing.T) {
	passed, failed := 0, 0
	check := func(ok bool, format string, args ...any) {
		if ok {
			passed++
			return
		}
		failed++
		t.Errorf(format, args...)
	}
	for _, r := range recordings(t) {
		key := r.clientKey()
		if key == nil {
			continue
		}
		p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
		offer := one[psrp.PublicKeyReceived](t, p.toServer(p.c.OfferKey(key.private)))
		var secrets []string
		for _, l := range r.lines {
			if l.Message == nil || l.Message.XML == nil {
				continue
			}
			text := element(*l.Message.XML, "Key")
			switch l.Message.Name {
			case "PUBLIC_KEY":
				check(offer.Key == text, "%s: the key is offered as %s", r.name, offer.Key)
			case "ENCRYPTED_SESSION_KEY":
				e := one[psrp.SessionKeyReceived](t, p.toClient(p.s.SessionKey(text)))
				check(e.Err == nil, "%s: %v", r.name, e.Err)
			}
			for _, m := range secretElement.FindAllStringSubmatch(*l.Message.XML, -1) {
				secrets = append(secrets, m[1])
			}
		}
		known := psrp.NewClient(psrp.ClientConfig{})
		block, err := aes.NewCipher(key.session)
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		psrp.SetKey(known, block)
		want := recordedSecrets[r.name]
		for i, secret := range secrets {
			text, err := p.c.Unseal(clixml.SecureString(secret))
			again, _ := p.c.Seal(text)
			same, _ := known.Unseal(clixml.SecureString(secret))
			check(err == nil && string(again) == secret && same == text && (want == nil || i < len(want) && text == want[i]),
				"%s: secret %d is %q (%v), sealed again %s", r.name, i, text, err, again)
		}
		check(want == nil || len(secrets) == len(want), "%s: %d secrets", r.name, len(secrets))
	}
	fmt.Printf("vectors secrets: %d passed, %d failed, 0 known\n", passed, failed)
	if passed == 0 {
		t.Error("no recording has a key")
	}
}

func element(xml, suffix string) string {
	_, text, _ := strings.Cut(xml, suffix+`">`)
	text, _, _ = strings.Cut(text, "<")
	return text
}

// testKey is one key for all tests: making one is slow.
var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return psrp.GenerateKey(rand.Reader) })

func newKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := testKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sessionKeyFor is the server's part: the SIMPLEBLOB for a PUBLICKEYBLOB.
func sessionKeyFor(t testing.TB, publicKey string, key []byte) string {
	t.Helper()
	blob, err := base64.StdEncoding.DecodeString(publicKey)
	if err != nil || len(blob) != 20+256 || string(blob[8:12]) != "RSA1" || binary.LittleEndian.Uint32(blob[12:]) != 2048 {
		t.Fatalf("public key %x (%v)", blob, err)
	}
	modulus := slices.Clone(blob[20:])
	slices.Reverse(modulus)
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(binary.LittleEndian.Uint32(blob[16:]))}
	//lint:ignore SA1019 [MS-PSRP] 2.2.2.4 prescribes PKCS #1 v1.5
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(sealed)
	return base64.StdEncoding.EncodeToString(append([]byte{1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xA4, 0, 0}, sealed...))
}

var aesKey = []byte("0123456789abcdef0123456789abcdef")

// exchange lets the pair exchange aesKey.
func (p *pair) exchange() {
	p.t.Helper()
	offer := one[psrp.PublicKeyReceived](p.t, p.toServer(p.c.OfferKey(newKey(p.t))))
	if e := one[psrp.SessionKeyReceived](p.t, p.toClient(p.s.SessionKey(sessionKeyFor(p.t, offer.Key, aesKey)))); e.Err != nil {
		p.t.Fatal(e.Err)
	}
}

func TestSecretsWaitForAKey(t *testing.T) {
	secret := clixml.Of(clixml.SecureString("cAB3AA=="))
	withSecret := psrp.Commands(psrp.Command{Name: "Set-X", Parameters: []psrp.Parameter{
		{Name: "Credential", Value: psrp.Credential("u", "cAB3AA==")},
	}})
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	if _, _, err := p.c.CreatePipeline(withSecret); !errors.Is(err, psrp.ErrNoSessionKey) {
		t.Errorf("a parameter in clear: %v", err)
	}
	id := p.run(psrp.Pipeline{Commands: []psrp.Command{{Name: "X"}}})
	if _, err := p.c.Input(id, secret); !errors.Is(err, psrp.ErrNoSessionKey) {
		t.Errorf("input in clear: %v", err)
	}
	if _, err := p.c.Seal("text"); !errors.Is(err, psrp.ErrNoSessionKey) || !p.c.NeedsKey() {
		t.Errorf("sealed without a key: %v", err)
	}
	one[psrp.KeyRequested](t, p.toClient(p.s.RequestPublicKey()))
	p.exchange()
	if p.c.NeedsKey() {
		t.Error("a key is still needed")
	}
	one[psrp.InputReceived](t, p.toServer(p.c.Input(id, secret)))
	p.run(withSecret)
}

// What the server encrypted before the client asked for its key is read once
// the key is there.
func TestSecretHeldUntilTheKeyComes(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	server := psrp.NewClient(psrp.ClientConfig{})
	block, err := aes.NewCipher(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	psrp.SetKey(server, block)
	secret, err := server.Seal("server first")
	if err != nil {
		t.Fatal(err)
	}
	id := p.run(psrp.Script("ConvertTo-SecureString …"))
	out := one[psrp.Output](t, p.toClient(p.s.Output(id, clixml.Of(secret))))
	if text := out.Value.String(); text != "System.Security.SecureString" {
		t.Errorf("it shows as %q", text)
	}
	held := out.Value.Any().(clixml.SecureString)
	if _, err := p.c.Unseal(held); !errors.Is(err, psrp.ErrNoSessionKey) {
		t.Errorf("read without a key: %v", err)
	}
	p.exchange()
	if text, err := p.c.Unseal(held); err != nil || text != "server first" {
		t.Errorf("%q, %v", text, err)
	}
}

// Both at 2.4: no key, and the text in clear inside the transport. With one of
// them below, the key is needed.
func TestSecretsFromProtocol24(t *testing.T) {
	for _, tt := range []struct {
		client, server string
		needsKey       bool
	}{
		{"2.4", "2.4", false},
		{"2.4", "2.3", true},
		{"2.3", "2.4", true},
		{"2.3", "2.1", true},
	} {
		p := opened(t, psrp.ClientConfig{Protocol: tt.client}, psrp.ServerConfig{Protocol: tt.server})
		if got := p.c.NeedsKey(); got != tt.needsKey {
			t.Errorf("%s and %s: a key is needed: %t", tt.client, tt.server, got)
		}
		if tt.needsKey {
			continue
		}
		secret, err := p.c.Seal("pä")
		if err != nil || secret != "cADkAA==" {
			t.Errorf("sealed as %q, %v", secret, err)
		}
		if text, err := p.c.Unseal(secret); err != nil || text != "pä" {
			t.Errorf("read as %q, %v", text, err)
		}
		p.run(psrp.Commands(psrp.Command{Name: "X", Parameters: []psrp.Parameter{{Value: psrp.Credential("u", secret)}}}))
		var state *psrp.StateError
		if _, err := p.c.OfferKey(newKey(t)); !errors.As(err, &state) {
			t.Errorf("a key is offered: %v", err)
		}
	}
}

// Whatever is typed comes back, a block of padding and all; what cannot be
// UTF-8 comes back as the replacement character.
func TestSealAndUnseal(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	p.exchange()
	for text, blocks := range map[string]int{
		"": 1, "a": 1, "1234567": 1, "12345678": 2, "pässwörd ≠ 密码": 2, "🔑 \U0010FFFF\uFFFD\x00": 1, strings.Repeat("x", 4096): 513,
	} {
		secret, err := p.c.Seal(text)
		if err != nil {
			t.Fatal(err)
		}
		if data, err := base64.StdEncoding.DecodeString(string(secret)); err != nil || len(data) != 16*blocks {
			t.Errorf("%q takes %d bytes, %v", text, len(data), err)
		}
		if got, err := p.c.Unseal(secret); err != nil || got != text {
			t.Errorf("%q comes back as %q, %v", text, got, err)
		}
	}
	secret, _ := p.c.Seal("a\xffb")
	if got, _ := p.c.Unseal(secret); got != "a\uFFFDb" {
		t.Errorf("%q", got)
	}
}

func TestUnsealRefusesWhatDoesNotFit(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	p.exchange()
	good, _ := p.c.Seal("hunter2")
	for _, bad := range []string{"", "?", "AAAA", base64.StdEncoding.EncodeToString(make([]byte, 16)), string(good) + string(good)} {
		text, err := p.c.Unseal(clixml.SecureString(bad))
		if !errors.Is(err, psrp.ErrSecret) || text != "" {
			t.Errorf("%q is read as %q, %v", bad, text, err)
		}
	}
	p = opened(t, psrp.ClientConfig{Protocol: "2.4"}, psrp.ServerConfig{Protocol: "2.4"})
	if text, err := p.c.Unseal("AAAA"); !errors.Is(err, psrp.ErrSecret) {
		t.Errorf("an odd number of bytes is read as %q, %v", text, err)
	}
}

// An answer that is damaged, for another key, or not asked for changes nothing.
func TestSessionKeyThatCannotBeTaken(t *testing.T) {
	offerAndAnswer := func(p *pair, answer func(publicKey string) string) psrp.SessionKeyReceived {
		offer := one[psrp.PublicKeyReceived](t, p.toServer(p.c.OfferKey(newKey(t))))
		return one[psrp.SessionKeyReceived](t, p.toClient(p.s.SessionKey(answer(offer.Key))))
	}
	for name, answer := range map[string]func(publicKey string) string{
		"empty":      func(string) string { return "" },
		"no base64":  func(string) string { return "?" },
		"short":      func(string) string { return "AQIAABBmAAAApAAA" },
		"zeros":      func(string) string { return base64.StdEncoding.EncodeToString(make([]byte, 12+256)) },
		"wrong size": func(pub string) string { return sessionKeyFor(t, pub, aesKey[:16]) },
		"other cipher": func(pub string) string {
			b, _ := base64.StdEncoding.DecodeString(sessionKeyFor(t, pub, aesKey))
			b[4] = 0x0E
			return base64.StdEncoding.EncodeToString(b)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
			if e := offerAndAnswer(p, answer); e.Err == nil || !p.c.NeedsKey() {
				t.Error("it was taken")
			}
			p.exchange()
		})
	}
	t.Run("not asked for", func(t *testing.T) {
		p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
		p.exchange()
		secret, _ := p.c.Seal("x")
		if e := one[psrp.SessionKeyReceived](t, p.toClient(p.s.SessionKey("AQIA"))); e.Err == nil {
			t.Error("it was taken")
		}
		if again, err := p.c.Seal("x"); err != nil || again != secret {
			t.Error("the key in use has changed")
		}
	})
	t.Run("a key of another size is not offered", func(t *testing.T) {
		p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
		small, err := rsa.GenerateKey(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.c.OfferKey(small); err == nil {
			t.Error("it was offered")
		}
	})
}
