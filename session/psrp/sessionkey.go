package psrp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf16"

	"psdeck/session/clixml"
)

const (
	keyBits        = 2048 // of the RSA key that a client offers
	sessionKeySize = 32   // bytes of the session key: AES-256
)

var (
	// ErrSecret tells that a SecureString cannot be read: it is damaged, or
	// encrypted with another key.
	ErrSecret = errors.New("psrp: the secure string cannot be read with this session's key")

	errSessionKey = errors.New("psrp: the server's session key cannot be read")
	errUnasked    = errors.New("psrp: the server sent a session key that was not asked for")
)

// The PUBLICKEYSTRUC and, for a public key, the magic and size of the RSAPUBKEY
// that stand before the keys of [MS-PSRP] 2.2.2.3 and 2.2.2.4.
var (
	publicKeyHeader  = []byte{6, 2, 0, 0, 0, 0xA4, 0, 0, 'R', 'S', 'A', '1', 0, 8, 0, 0}
	sessionKeyHeader = []byte{1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xA4, 0, 0}
)

// GenerateKey makes a key for [Client.OfferKey] from random, which is
// crypto/rand.Reader outside of tests. That takes some time: 50 ms as a rule, now and then several
// times that.
func GenerateKey(random io.Reader) (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(random, keyBits)
	if err != nil {
		return nil, fmt.Errorf("making a key for the session key's exchange: %w", err)
	}
	return key, nil
}

// publicKeyBlob gives the base64 of a PUBLICKEYBLOB. [MS-PSRP] 2.2.2.3
func publicKeyBlob(key *rsa.PublicKey) string {
	modulus := key.N.FillBytes(make([]byte, keyBits/8))
	slices.Reverse(modulus)
	blob := binary.LittleEndian.AppendUint32(slices.Clone(publicKeyHeader), uint32(key.E))
	return base64.StdEncoding.EncodeToString(append(blob, modulus...))
}

// openSessionKey takes the session key out of the base64 of a SIMPLEBLOB.
// [MS-PSRP] 2.2.2.4
func openSessionKey(private *rsa.PrivateKey, text string) (cipher.Block, error) {
	blob, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(blob) != len(sessionKeyHeader)+keyBits/8 || !bytes.HasPrefix(blob, sessionKeyHeader) {
		return nil, errSessionKey
	}
	sealed := blob[len(sessionKeyHeader):]
	slices.Reverse(sealed)
	//lint:ignore SA1019 [MS-PSRP] 2.2.2.4 prescribes PKCS #1 v1.5
	key, err := rsa.DecryptPKCS1v15(nil, private, sealed)
	if err != nil || len(key) != sessionKeySize {
		return nil, errSessionKey
	}
	defer clear(key)
	return aes.NewCipher(key)
}

// seal gives the content of an SS element: UTF-16LE, encrypted by AES-256-CBC
// with an IV of zeros and PKCS #7 padding, or in clear where key is nil.
// [MS-PSRP] 2.2.5.1.24
func seal(key cipher.Block, text string) clixml.SecureString {
	// Large enough from the start: growing would leave copies of the text.
	data := make([]byte, 0, 2*len(text)+aes.BlockSize)
	defer func() { clear(data) }()
	for _, r := range text {
		if hi, lo := utf16.EncodeRune(r); hi != '\uFFFD' {
			data = binary.LittleEndian.AppendUint16(data, uint16(hi))
			r = lo
		}
		data = binary.LittleEndian.AppendUint16(data, uint16(r))
	}
	if key == nil {
		return clixml.SecureString(base64.StdEncoding.EncodeToString(data))
	}
	padding := aes.BlockSize - len(data)%aes.BlockSize
	for range padding {
		data = append(data, byte(padding))
	}
	cipher.NewCBCEncrypter(key, make([]byte, aes.BlockSize)).CryptBlocks(data, data)
	return clixml.SecureString(base64.StdEncoding.EncodeToString(data))
}

// unseal is the inverse of seal.
func unseal(key cipher.Block, secret clixml.SecureString) (string, error) {
	data, err := base64.StdEncoding.DecodeString(string(secret))
	if err != nil {
		return "", ErrSecret
	}
	defer clear(data)
	if key != nil {
		if data, err = decrypt(key, data); err != nil {
			return "", err
		}
	}
	if len(data)%2 != 0 {
		return "", ErrSecret
	}
	units := make([]uint16, len(data)/2)
	defer clear(units)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

// decrypt works in place and takes the padding off.
func decrypt(key cipher.Block, data []byte) ([]byte, error) {
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, ErrSecret
	}
	cipher.NewCBCDecrypter(key, make([]byte, aes.BlockSize)).CryptBlocks(data, data)
	padding := int(data[len(data)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, ErrSecret
	}
	text := data[:len(data)-padding]
	for _, b := range data[len(text):] {
		if int(b) != padding {
			return nil, ErrSecret
		}
	}
	return text, nil
}
