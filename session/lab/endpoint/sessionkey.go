package endpoint

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/big"
	"slices"
	"unicode/utf16"

	"psdeck/session/psrp"
)

var (
	errPublicKey = errors.New("not an RSA public key blob")
	errSecret    = errors.New("not a SecureString of this session")
)

// exchangeKey answers a client's PUBLIC_KEY with the session key, encrypted
// for it ([MS-PSRP] 2.2.2.3 and 2.2.2.4).
func (sh *shell) exchangeKey(publicKey string) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	blob, err := sealFor(publicKey, key)
	if err != nil {
		return
	}
	sh.mu.Lock()
	sh.sessionKey = key
	sh.mu.Unlock()
	if out, err := sh.psrp.SessionKey(blob); err == nil {
		sh.tell(out)
	}
}

// sealFor encrypts a key for the owner of a PUBLICKEYBLOB and gives the base64
// of a SIMPLEBLOB.
func sealFor(publicKey string, key []byte) (string, error) {
	blob, err := base64.StdEncoding.DecodeString(publicKey)
	if err != nil || len(blob) < 20+256 || !bytes.Equal(blob[8:12], []byte("RSA1")) {
		return "", errPublicKey
	}
	modulus := slices.Clone(blob[20 : 20+256])
	slices.Reverse(modulus)
	pub := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(binary.LittleEndian.Uint32(blob[16:20]))}
	//lint:ignore SA1019 [MS-PSRP] 2.2.2.4 prescribes PKCS #1 v1.5
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, pub, key)
	if err != nil {
		return "", errPublicKey
	}
	slices.Reverse(sealed)
	// PUBLICKEYSTRUC of a SIMPLEBLOB for AES-256, wrapped with CALG_RSA_KEYX.
	header := []byte{1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xA4, 0, 0}
	return base64.StdEncoding.EncodeToString(append(header, sealed...)), nil
}

// unseal gives the text of a SecureString: AES-256-CBC with the session key
// and an IV of zeros, from protocol 2.4 on in clear ([MS-PSRP] 2.2.5.1.24).
func (sh *shell) unseal(secret string) (string, error) {
	data, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		return "", errSecret
	}
	if sh.psrp.Protocol() != psrp.Protocol24 {
		sh.mu.Lock()
		key := sh.sessionKey
		sh.mu.Unlock()
		if data, err = decrypt(key, data); err != nil {
			return "", err
		}
	}
	if len(data)%2 != 0 {
		return "", errSecret
	}
	units := make([]uint16, len(data)/2)
	for n := range units {
		units[n] = binary.LittleEndian.Uint16(data[2*n:])
	}
	return string(utf16.Decode(units)), nil
}

func decrypt(key, data []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errSecret
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(plain, data)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > aes.BlockSize || padding > len(plain) {
		return nil, errSecret
	}
	return plain[:len(plain)-padding], nil
}
