package sspi

import (
	"errors"
	"os/user"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/alexbrainman/sspi"
)

// System is the provider of this system.
func System() Provider { return windows{} }

// windows is Windows' own provider (secur32.dll).
type windows struct{}

func (windows) Account() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username // DOMAIN\name
}

func (windows) NewHandle(pkg, service string) (Handle, error) {
	target, err := syscall.UTF16PtrFromString(service)
	if err != nil {
		return nil, err
	}
	info, err := sspi.QueryPackageInfo(pkg)
	if err != nil {
		return nil, statusOf(err)
	}
	cred, err := sspi.AcquireCredentials("", pkg, sspi.SECPKG_CRED_OUTBOUND, nil)
	if err != nil {
		return nil, statusOf(err)
	}
	h := &handle{state: &state{cred: cred, ctx: sspi.NewClientContext(cred, Wanted)}, target: target, maxToken: info.MaxToken}
	// A connection that is dropped has nobody to tell.
	runtime.AddCleanup(h, (*state).release, h.state)
	return h, nil
}

// statusOf is the error of a call; nil for none.
func statusOf(err error) error {
	var code syscall.Errno
	if errors.As(err, &code) {
		if code == sspi.SEC_E_OK {
			return nil
		}
		return Status(uint32(code))
	}
	return err
}

// state is what Windows holds for a context.
type state struct {
	cred     *sspi.Credentials
	ctx      *sspi.Context
	released bool
}

func (s *state) release() {
	if s.released {
		return
	}
	s.released = true
	if s.ctx.Handle != nil {
		_ = s.ctx.Release()
	}
	_ = s.cred.Release()
}

type handle struct {
	*state
	target   *uint16
	maxToken uint32
}

var errReleased = errors.New("the security context has ended")

func (h *handle) Release() { h.release() }

func buffer(kind uint32, data []byte) sspi.SecBuffer {
	var b sspi.SecBuffer
	b.Set(kind, data)
	return b
}

// used is the part of data that a buffer over it says was filled.
func used(b *sspi.SecBuffer, data []byte) []byte {
	return data[:min(int(b.BufferSize), len(data))]
}

func (h *handle) Initialize(token, bindings []byte) (out []byte, done bool, err error) {
	if h.released {
		return nil, false, errReleased
	}
	var in []sspi.SecBuffer
	if token != nil {
		in = append(in, buffer(sspi.SECBUFFER_TOKEN, token))
	}
	if bindings != nil {
		in = append(in, buffer(sspi.SECBUFFER_CHANNEL_BINDINGS, bindings))
	}
	var input *sspi.SecBufferDesc
	if in != nil {
		input = sspi.NewSecBufferDesc(in)
	}
	room := make([]byte, h.maxToken)
	output := []sspi.SecBuffer{buffer(sspi.SECBUFFER_TOKEN, room)}
	desc := sspi.NewSecBufferDesc(output)
	status := h.ctx.Update(h.target, desc, input)
	switch status {
	case sspi.SEC_I_COMPLETE_NEEDED, sspi.SEC_I_COMPLETE_AND_CONTINUE:
		if err := statusOf(sspi.CompleteAuthToken(h.ctx.Handle, desc)); err != nil {
			return nil, false, err
		}
		done = status == sspi.SEC_I_COMPLETE_NEEDED
	case sspi.SEC_E_OK:
		done = true
	case sspi.SEC_I_CONTINUE_NEEDED:
	default:
		return nil, false, statusOf(status)
	}
	return used(&output[0], room), done, nil
}

// Attributes of a context that the library does not name (sspi.h).
const (
	attrKeyInfo         = 5
	attrSessionKey      = 9
	attrNegotiationInfo = 12
)

// keyInfo is SecPkgContext_KeyInfoW.
type keyInfo struct {
	signatureName, cipherName  *uint16
	keySize, signature, cipher uint32
}

// sessionKey is SecPkgContext_SessionKey.
type sessionKey struct {
	length uint32
	key    *byte
}

// negotiationInfo is SecPkgContext_NegotiationInfoW.
type negotiationInfo struct {
	pkg   *sspi.SecPkgInfo
	state uint32
}

func (h *handle) Agreed() (Agreed, error) {
	if h.released {
		return Agreed{}, errReleased
	}
	a := Agreed{Flags: h.ctx.EstablishedFlags}
	var n negotiationInfo
	if err := statusOf(sspi.QueryContextAttributes(h.ctx.Handle, attrNegotiationInfo, (*byte)(unsafe.Pointer(&n)))); err != nil {
		return a, err
	}
	if n.pkg != nil {
		a.Package = text(n.pkg.Name)
		sspi.FreeContextBuffer((*byte)(unsafe.Pointer(n.pkg)))
	}
	var k keyInfo
	err := statusOf(sspi.QueryContextAttributes(h.ctx.Handle, attrKeyInfo, (*byte)(unsafe.Pointer(&k))))
	if errors.Is(err, StatusUnsupportedFunction) {
		a.KeyBits, err = h.keyBits() // the package says no more than that
		return a, err
	}
	if err != nil {
		return a, err
	}
	a.KeyBits, a.Cipher = int(k.keySize), k.cipher
	for _, name := range []*uint16{k.signatureName, k.cipherName} {
		if name != nil {
			sspi.FreeContextBuffer((*byte)(unsafe.Pointer(name)))
		}
	}
	return a, nil
}

// keyBits is how long the session's key is.
func (h *handle) keyBits() (int, error) {
	var k sessionKey
	if err := statusOf(sspi.QueryContextAttributes(h.ctx.Handle, attrSessionKey, (*byte)(unsafe.Pointer(&k)))); err != nil {
		return 0, err
	}
	if k.key != nil {
		sspi.FreeContextBuffer(k.key)
	}
	return 8 * int(k.length), nil
}

// text reads a name of Windows, which are short.
func text(p *uint16) string {
	if p == nil {
		return ""
	}
	const longest = 64
	var units []uint16
	for i := range longest {
		u := *(*uint16)(unsafe.Add(unsafe.Pointer(p), 2*i))
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return syscall.UTF16ToString(units)
}

func (h *handle) Encrypt(plain []byte) (trailer, sealed []byte, err error) {
	if h.released {
		return nil, nil, errReleased
	}
	_, _, block, size, err := h.ctx.Sizes()
	if err != nil {
		return nil, nil, statusOf(err)
	}
	trailer, padding := make([]byte, size), make([]byte, block)
	b := []sspi.SecBuffer{
		buffer(sspi.SECBUFFER_TOKEN, trailer), buffer(sspi.SECBUFFER_DATA, plain), buffer(sspi.SECBUFFER_PADDING, padding),
	}
	// The packages count the messages themselves.
	if err := statusOf(sspi.EncryptMessage(h.ctx.Handle, 0, sspi.NewSecBufferDesc(b), 0)); err != nil {
		return nil, nil, err
	}
	return used(&b[0], trailer), append(used(&b[1], plain), used(&b[2], padding)...), nil
}

// unsealed are the qualities of protection of a message that was signed only:
// SECQOP_WRAP_NO_ENCRYPT.
const unsealed = 0x80000001

func (h *handle) Decrypt(trailer, sealed []byte) ([]byte, error) {
	if h.released {
		return nil, errReleased
	}
	b := []sspi.SecBuffer{buffer(sspi.SECBUFFER_TOKEN, trailer), buffer(sspi.SECBUFFER_DATA, sealed)}
	var quality uint32
	if err := statusOf(sspi.DecryptMessage(h.ctx.Handle, sspi.NewSecBufferDesc(b), 0, &quality)); err != nil {
		return nil, err
	}
	if quality == unsealed {
		return nil, &WeakError{"a message was signed but not sealed"}
	}
	return used(&b[1], sealed), nil
}
