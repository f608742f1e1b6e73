package sspi

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Context is the security of one connection. Its methods may not be called
// concurrently.
type Context struct {
	handle   Handle
	bindings []byte
	seals    bool
	kerberos bool // NTLM will not do
	begun    bool
	done     bool
}

// Config is what a context is for.
type Config struct {
	Package string // Negotiate, Kerberos or NTLM
	Service string // its principal name, such as HTTP/host
	// Bindings is the application data of the channel bindings of TLS; nil where
	// there is no TLS, and messages are sealed then.
	Bindings []byte
}

// NewContext begins a context of the current user.
func NewContext(p Provider, cfg Config) (*Context, error) {
	if p == nil {
		return nil, ErrOtherSystem
	}
	h, err := p.NewHandle(cfg.Package, cfg.Service)
	if err != nil {
		return nil, err
	}
	return &Context{
		handle: h, bindings: channelBindings(cfg.Bindings), seals: cfg.Bindings == nil, kerberos: cfg.Package == Kerberos,
	}, nil
}

// channelBindings is a SEC_CHANNEL_BINDINGS: no addresses, and the application
// data behind the structure.
func channelBindings(applicationData []byte) []byte {
	if applicationData == nil {
		return nil
	}
	const size = 32
	b := make([]byte, size, size+len(applicationData))
	binary.LittleEndian.PutUint32(b[24:], uint32(len(applicationData)))
	binary.LittleEndian.PutUint32(b[28:], size)
	return append(b, applicationData...)
}

// Step takes the server's token, nil at first, and gives the next; nil where
// there is nothing more to say.
func (c *Context) Step(token []byte) ([]byte, error) {
	switch {
	case c.begun && token == nil:
		return nil, StatusLogonDenied
	case c.done:
		return nil, nil
	}
	c.begun = true
	out, done, err := c.handle.Initialize(token, c.bindings)
	if err != nil {
		c.handle.Release()
		return nil, err
	}
	c.done = done
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

var (
	errEarly = errors.New("the server ended it before it had proved who it is")
	errMore  = errors.New("the server ended it too early")
)

// Finish takes the token that came with the server's consent, nil where there was
// none, and looks at what was agreed on.
func (c *Context) Finish(token []byte) error {
	if token != nil && !c.done {
		out, err := c.Step(token)
		if err != nil {
			return err
		}
		if out != nil {
			return errMore
		}
	}
	if !c.done {
		return errEarly
	}
	agreed, err := c.handle.Agreed()
	if err != nil {
		return err
	}
	return c.check(agreed)
}

// rc4HMAC are the encryption types of Kerberos with RC4 (RFC 4757).
func rc4HMAC(cipher uint32) bool { return cipher == 23 || cipher == 24 }

// check refuses what is weaker than what the other ways of this program accept.
func (c *Context) check(a Agreed) error {
	isKerberos := a.Package == Kerberos
	const sealing = FlagConfidentiality | FlagIntegrity | FlagSequenceDetect | FlagReplayDetect
	switch {
	case c.kerberos && !isKerberos:
		return &WeakError{"Kerberos was asked for, and " + a.Package + " was agreed on"}
	case isKerberos && a.Flags&FlagMutualAuth == 0:
		return &WeakError{"the server did not prove that it holds the service's key"}
	case isKerberos && rc4HMAC(a.Cipher):
		return &WeakError{"the ticket is of rc4-hmac, which is not accepted"}
	case !c.seals:
		return nil
	case a.Flags&sealing != sealing:
		return &WeakError{"the server does not agree to seal messages"}
	case a.KeyBits < 128:
		return &WeakError{"the messages would be sealed with a key of less than 128 bits"}
	}
	return nil
}

// Seal encrypts a message for the server: what goes before it, and the message.
func (c *Context) Seal(plain []byte) (header, data []byte, err error) {
	// Windows encrypts in place, and the caller may send the message again.
	return c.handle.Encrypt(bytes.Clone(plain))
}

// Unseal decrypts the server's next message. After an error the context is of no
// use any more.
func (c *Context) Unseal(header, data []byte) ([]byte, error) {
	plain, err := c.handle.Decrypt(bytes.Clone(header), bytes.Clone(data))
	if err != nil {
		c.handle.Release()
	}
	return plain, err
}
