package ntlm

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"crypto/subtle"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 NTLM is defined on it
)

// response is an AUTHENTICATE_MESSAGE ([MS-NLMP] 2.2.1.3).
type response struct {
	raw          []byte
	domain, user string
	nt           []byte // NTProofStr and what it proves
	key          []byte // the session's key, encrypted
	pairs        avPairs
}

const (
	proofSize    = 16
	pairsWithin  = 44 // where the target's description begins in an NTLMv2 response
	responseSize = 72 // of the fixed part, with the version
	micOffset    = 72
)

func parseResponse(b []byte) (*response, error) {
	if err := message(b, typeAuthenticate, responseSize, "NTLM response"); err != nil {
		return nil, err
	}
	if flags := binary.LittleEndian.Uint32(b[60:]); flags&required != required {
		return nil, &Error{"the response asks for less than NTLMv2 with 128-bit sealing"}
	}
	var parts [4][]byte
	for i, at := range []int{20, 28, 36, 52} {
		var err error
		if parts[i], err = field(b, at); err != nil {
			return nil, err
		}
	}
	r := &response{raw: b, nt: parts[0], domain: fromUTF16(parts[1]), user: fromUTF16(parts[2]), key: parts[3]}
	if len(r.nt) < pairsWithin || len(r.key) != 16 {
		return nil, &Error{"the response is not NTLMv2's"}
	}
	var err error
	r.pairs, err = parseAVPairs(r.nt[pairsWithin:])
	return r, err
}

// sessionKey checks the response against a password and gives the session's key
// ([MS-NLMP] 3.3.2, 3.1.5.1.2).
func (r *response) sessionKey(serverChallenge []byte, password string) ([]byte, error) {
	secret := responseKey(r.user, r.domain, password)
	proof := hmacMD5(secret, serverChallenge, r.nt[proofSize:])
	if subtle.ConstantTimeCompare(proof, r.nt[:proofSize]) != 1 {
		return nil, &Error{"the response does not prove the password"}
	}
	exchange, err := rc4.NewCipher(hmacMD5(secret, proof))
	if err != nil {
		return nil, err
	}
	key := make([]byte, len(r.key))
	exchange.XORKeyStream(key, r.key)
	return key, nil
}

// checkMIC holds the three messages against the MIC in the third.
func (r *response) checkMIC(key, negotiate, challenge []byte) error {
	if !r.pairs.hasMIC() {
		return nil
	}
	if len(r.raw) < micOffset+16 {
		return &Error{"the response has no room for its MIC"}
	}
	plain := append([]byte(nil), r.raw...)
	clear(plain[micOffset : micOffset+16])
	if subtle.ConstantTimeCompare(hmacMD5(key, negotiate, challenge, plain), r.raw[micOffset:micOffset+16]) != 1 {
		return &Error{"the messages were altered on the way: their MIC is wrong"}
	}
	return nil
}

// responseKey is NTOWFv2.
func responseKey(user, domain, password string) []byte {
	h := md4.New()
	h.Write(toUTF16(password))
	return hmacMD5(h.Sum(nil), toUTF16(strings.ToUpper(user)+domain))
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(md5.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func toUTF16(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func fromUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
