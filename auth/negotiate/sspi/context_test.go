package sspi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
)

// fake is a provider whose one handle says what it is told to.
type fake struct {
	pkg, service string
	refused      error

	answers  []answer // of Initialize, in order
	given    [][]byte // tokens
	bindings []byte
	agreed   Agreed
	decrypt  error
	released int
}

type answer struct {
	out  []byte
	done bool
	err  error
}

func (*fake) Account() string { return `CONTOSO\jane` }

func (f *fake) NewHandle(pkg, service string) (Handle, error) {
	f.pkg, f.service = pkg, service
	return f, f.refused
}

func (f *fake) Initialize(token, bindings []byte) ([]byte, bool, error) {
	f.given, f.bindings = append(f.given, token), bindings
	a := f.answers[0]
	f.answers = f.answers[1:]
	return a.out, a.done, a.err
}

func (f *fake) Agreed() (Agreed, error) { return f.agreed, nil }

// Encrypt works in place, as Windows does.
func (f *fake) Encrypt(plain []byte) (trailer, sealed []byte, err error) {
	slices.Reverse(plain)
	return []byte("trailer"), plain, nil
}

func (f *fake) Decrypt(_, sealed []byte) ([]byte, error) {
	slices.Reverse(sealed)
	return sealed, f.decrypt
}

func (f *fake) Release() { f.released++ }

func good(pkg string) Agreed { return Agreed{Package: pkg, Flags: Wanted, KeyBits: 256, Cipher: 18} }

func word(s string) []byte { return []byte(s) }

// TestHandshake: the tokens go both ways, and what is agreed on afterwards seals.
func TestHandshake(t *testing.T) {
	f := &fake{answers: []answer{{out: word("hello")}, {out: word("proof")}, {done: true}}, agreed: good(NTLM)}
	c, err := NewContext(f, Config{Package: Negotiate, Service: "HTTP/server.example"})
	if err != nil {
		t.Fatal(err)
	}
	for _, leg := range []struct{ server, client []byte }{{nil, word("hello")}, {word("challenge"), word("proof")}} {
		if out, err := c.Step(leg.server); err != nil || !bytes.Equal(out, leg.client) {
			t.Fatalf("%q, %v", out, err)
		}
	}
	if err := c.Finish(word("consent")); err != nil {
		t.Fatal(err)
	}
	if f.pkg != Negotiate || f.service != "HTTP/server.example" || f.bindings != nil || !bytes.Equal(f.given[2], word("consent")) {
		t.Errorf("%+v", f)
	}
	plain := word("message")
	header, data, err := c.Seal(plain)
	if err != nil || string(header) != "trailer" || string(data) != "egassem" || string(plain) != "message" {
		t.Errorf("%q %q, of %q: %v", header, data, plain, err)
	}
	if got, err := c.Unseal(header, data); err != nil || string(got) != "message" || string(data) != "egassem" {
		t.Errorf("%q, of %q: %v", got, data, err)
	}
}

// TestWhatIsAgreedOn: what is less than elsewhere in this program is refused.
func TestWhatIsAgreedOn(t *testing.T) {
	with := func(pkg string, change func(*Agreed)) Agreed {
		a := good(pkg)
		change(&a)
		return a
	}
	without := func(flag uint32) func(*Agreed) { return func(a *Agreed) { a.Flags &^= flag } }
	tests := map[string]struct {
		pkg     string
		tls     bool
		agreed  Agreed
		refused bool
	}{
		"Kerberos":                              {Negotiate, false, good(Kerberos), false},
		"NTLM, where both sides are known less": {Negotiate, false, with(NTLM, without(FlagMutualAuth)), false},
		"NTLM's cipher is RC4":                  {Negotiate, false, with(NTLM, func(a *Agreed) { a.KeyBits, a.Cipher = 128, 23 }), false},
		"NTLM where Kerberos was asked for":     {Kerberos, true, good(NTLM), true},
		"no mutual authentication":              {Negotiate, true, with(Kerberos, without(FlagMutualAuth)), true},
		"rc4-hmac":                              {Negotiate, true, with(Kerberos, func(a *Agreed) { a.Cipher = 23 }), true},
		"no encryption":                         {Negotiate, false, with(NTLM, without(FlagConfidentiality)), true},
		"no signature":                          {Negotiate, false, with(NTLM, without(FlagIntegrity)), true},
		"no order":                              {Negotiate, false, with(Kerberos, without(FlagSequenceDetect)), true},
		"messages may come twice":               {Negotiate, false, with(Kerberos, without(FlagReplayDetect)), true},
		"56 bits":                               {Negotiate, false, with(NTLM, func(a *Agreed) { a.KeyBits = 56 }), true},
		"TLS needs no encryption":               {Negotiate, true, with(NTLM, without(FlagConfidentiality|FlagIntegrity)), false},
	}
	for name, tt := range tests {
		cfg := Config{Package: tt.pkg, Service: "HTTP/a"}
		if tt.tls {
			cfg.Bindings = word("tls-server-end-point:hash")
		}
		c, err := NewContext(&fake{answers: []answer{{out: word("all"), done: true}}, agreed: tt.agreed}, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Step(nil); err != nil {
			t.Fatal(err)
		}
		var weak *WeakError
		if err := c.Finish(nil); tt.refused != errors.As(err, &weak) || !tt.refused && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestChannelBindings: a SEC_CHANNEL_BINDINGS has eight numbers, the last two the
// length and the place of the application data.
func TestChannelBindings(t *testing.T) {
	f := &fake{answers: []answer{{out: word("hello")}}}
	c, err := NewContext(f, Config{Package: Negotiate, Bindings: word("tls-server-end-point:hash")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Step(nil); err != nil {
		t.Fatal(err)
	}
	var numbers [8]uint32
	if err := binary.Read(bytes.NewReader(f.bindings), binary.LittleEndian, &numbers); err != nil {
		t.Fatal(err)
	}
	if want := [8]uint32{6: 25, 7: 32}; numbers != want || string(f.bindings[numbers[7]:]) != "tls-server-end-point:hash" {
		t.Errorf("%v %q", numbers, f.bindings)
	}
}

// TestRefused: what goes wrong ends the context, and it is given back.
func TestRefused(t *testing.T) {
	run := func(f *fake, server ...[]byte) error {
		c, err := NewContext(f, Config{Package: Negotiate, Service: "HTTP/a"})
		if err != nil {
			return err
		}
		if _, err = c.Step(nil); err != nil {
			return err
		}
		return c.Finish(server[0])
	}
	hello := answer{out: word("hello")}
	for name, tt := range map[string]struct {
		f        *fake
		server   []byte
		want     error
		released int
	}{
		"no credentials":                   {&fake{refused: StatusNoCredentials}, nil, StatusNoCredentials, 0},
		"no such service":                  {&fake{answers: []answer{{err: StatusTargetUnknown}}}, nil, StatusTargetUnknown, 1},
		"a server's token that is altered": {&fake{answers: []answer{hello, {err: StatusMessageAltered}}}, word("x"), StatusMessageAltered, 1},
		"ended before the proof":           {&fake{answers: []answer{hello}}, nil, errEarly, 0},
		"ended while there is more to say": {&fake{answers: []answer{hello, hello}}, word("x"), errMore, 0},
	} {
		if err := run(tt.f, tt.server); !errors.Is(err, tt.want) || tt.f.released != tt.released {
			t.Errorf("%s: %v, released %d times", name, err, tt.f.released)
		}
	}
	c, err := NewContext(&fake{decrypt: StatusOutOfSequence}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Unseal(word("h"), word("d")); !errors.Is(err, StatusOutOfSequence) {
		t.Error(err)
	}
	if _, err := NewContext(nil, Config{}); !errors.Is(err, ErrOtherSystem) {
		t.Error(err)
	}
}

func TestStatusText(t *testing.T) {
	for s, want := range map[Status]string{
		StatusTimeSkew: "the clocks differ too much (0x80090324)",
		0x8009035D:     "Windows gives the status 0x8009035D",
	} {
		if s.Error() != want {
			t.Errorf("%q, want %q", s.Error(), want)
		}
	}
}
