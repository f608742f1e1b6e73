package negotiate

import (
	"crypto"
	"crypto/md5"
	_ "crypto/sha256" // for the hash of a certificate
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/binary"
)

// EndPoint is the application data of the channel bindings of a TLS connection
// to a server with this certificate: tls-server-end-point (RFC 5929 4.1). The
// certificate is hashed as its signature was; with SHA-256 where that was MD5 or
// SHA-1, or cannot be told.
func EndPoint(cert *x509.Certificate) []byte {
	h := crypto.SHA256
	switch cert.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		h = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		h = crypto.SHA512
	}
	sum := h.New()
	sum.Write(cert.Raw)
	return sum.Sum([]byte("tls-server-end-point:"))
}

// BindingsHash is the hash of channel bindings, without addresses, that NTLM
// and Kerberos carry (RFC 4121 4.1.1.2): no addresses, and the application data.
func BindingsHash(applicationData []byte) []byte {
	b := make([]byte, 16, 20+len(applicationData))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(applicationData)))
	sum := md5.Sum(append(b, applicationData...))
	return sum[:]
}
