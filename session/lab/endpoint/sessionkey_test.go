package endpoint

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"psdeck/session/internal/vectors"
	"psdeck/session/psrp"
)

// The session key comes back through the blobs of [MS-PSRP] 2.2.2.3 and 2.2.2.4.
func TestSessionKey(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	modulus := private.N.FillBytes(make([]byte, 256))
	slices.Reverse(modulus)
	header, _ := hex.DecodeString("0602000000A40000")
	blob := append(append(header, "RSA1"...), 0, 8, 0, 0)
	blob = append(binary.LittleEndian.AppendUint32(blob, uint32(private.E)), modulus...)
	key := []byte("0123456789abcdef0123456789abcdef")
	sealed, err := sealFor(base64.StdEncoding.EncodeToString(blob), key)
	if err != nil {
		t.Fatal(err)
	}
	if got := openBlob(t, private, sealed); string(got) != string(key) {
		t.Errorf("%x", got)
	}
	for _, bad := range []string{"", "?", base64.StdEncoding.EncodeToString(make([]byte, 300)), strings.Repeat("A", 16)} {
		if _, err := sealFor(bad, key); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// openBlob decrypts a SIMPLEBLOB.
func openBlob(t *testing.T, private *rsa.PrivateKey, blob string) []byte {
	t.Helper()
	simple, err := base64.StdEncoding.DecodeString(blob)
	if err != nil || len(simple) != 12+256 {
		t.Fatalf("%d bytes (%v)", len(simple), err)
	}
	data := simple[12:]
	slices.Reverse(data)
	//lint:ignore SA1019 [MS-PSRP] 2.2.2.4 prescribes PKCS #1 v1.5
	key, err := rsa.DecryptPKCS1v15(nil, private, data)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// recording is what a recorded key exchange holds.
type recording struct {
	publicKey, sessionKey string
	secrets               []string
	private               *rsa.PrivateKey
}

func readRecording(t *testing.T, name string) recording {
	t.Helper()
	var r recording
	for _, line := range vectors.Lines(t, vectors.Files(t, vectors.Dir("wire", "testdata"), name+".jsonl")[0]) {
		r.line(t, line)
	}
	return r
}

var (
	keyElement    = regexp.MustCompile(`Key">([^<]+)<`)
	secretElement = regexp.MustCompile(`<SS[^>]*>([^<]*)<`)
)

func (r *recording) line(t *testing.T, text []byte) {
	t.Helper()
	var l struct {
		Message  *struct{ Name, XML string }
		Observed *struct {
			What  string
			Value json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatal(err)
	}
	switch {
	case l.Message != nil && strings.HasSuffix(l.Message.Name, "_KEY"):
		key := keyElement.FindStringSubmatch(l.Message.XML)[1]
		if l.Message.Name == "PUBLIC_KEY" {
			r.publicKey = key
		} else {
			r.sessionKey = key
		}
	case l.Message != nil:
		for _, m := range secretElement.FindAllStringSubmatch(l.Message.XML, -1) {
			r.secrets = append(r.secrets, m[1])
		}
	case l.Observed != nil && l.Observed.What == "client_rsa":
		var k struct{ N, E, D, P, Q string }
		if err := json.Unmarshal(l.Observed.Value, &k); err != nil {
			t.Fatal(err)
		}
		number := func(s string) *big.Int { n, _ := new(big.Int).SetString(s, 16); return n }
		r.private = &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: number(k.N), E: int(number(k.E).Int64())}, D: number(k.D)}
		if k.P != "" && k.Q != "" {
			r.private.Primes = []*big.Int{number(k.P), number(k.Q)}
		}
	}
}

// The secrets of recorded sessions are read as their users typed them.
func TestVectorSecureStrings(t *testing.T) {
	passed, failed := 0, 0
	for name, want := range map[string][]string{
		"06b-key-exchange-2.3":       {"p@ss W0rd", "pw2", "server made", "päss", "client parameter", ""},
		"12b-key-exchange-known-key": nil,
	} {
		r := readRecording(t, name)
		key := openBlob(t, r.private, r.sessionKey)
		sh := &shell{psrp: psrp.NewServer(psrp.ServerConfig{}), sessionKey: key}
		for n, s := range r.secrets {
			text, err := sh.unseal(s)
			if err != nil || want != nil && text != want[n] {
				failed++
				t.Errorf("%s: secret %d is %q (%v)", name, n, text, err)
				continue
			}
			passed++
		}
		// What we make for the recorded public key its owner can open.
		sealed, err := sealFor(r.publicKey, key)
		if err != nil || string(openBlob(t, r.private, sealed)) != string(key) {
			failed++
			t.Errorf("%s: the session key did not come back (%v)", name, err)
			continue
		}
		passed++
	}
	fmt.Printf("vectors secure-string: %d passed, %d failed, 0 known\n", passed, failed)
}

func TestUnsealRefuses(t *testing.T) {
	sh := &shell{psrp: psrp.NewServer(psrp.ServerConfig{})}
	for _, bad := range []string{"?", "", "AAAA", base64.StdEncoding.EncodeToString(make([]byte, 16))} {
		if text, err := sh.unseal(bad); err == nil {
			t.Errorf("%q gave %q", bad, text)
		}
	}
	sh.sessionKey = make([]byte, 32)
	if _, err := sh.unseal(base64.StdEncoding.EncodeToString(make([]byte, 32))); err == nil {
		t.Error("padding was not checked")
	}
}
