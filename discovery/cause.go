package discovery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
)

// unanswered says why a request got no answer. The context is the caller's, so
// that the end of a hop's own time is told from the end of the whole.
func (w *walker) unanswered(ctx context.Context, at *url.URL, err error) *failure {
	if ctx.Err() != nil {
		return &failure{kind: KindCanceled, short: "stopped", msg: "stopped before an endpoint was found", err: ctx.Err()}
	}
	host := clean(at.Host, 255)
	if at.Port() == "" {
		host = clean(at.Hostname(), 255)
	}
	if why := certificateFault(err); why != "" {
		return &failure{kind: KindCertificate, short: "certificate refused: " + why, msg: fmt.Sprintf("the certificate of %s was refused: %s", host, why), err: cause(err)}
	}
	why := "no answer"
	var (
		dns      *net.DNSError
		loopback *LoopbackError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{
			kind: KindNoAnswer, short: why, err: cause(err),
			msg: fmt.Sprintf("%s did not answer within %s", host, w.timeout),
		}
	case errors.As(err, &dns) && dns.IsNotFound:
		why = "the name does not exist"
	case errors.As(err, &dns):
		why = "the name could not be looked up"
	case errors.As(err, &loopback):
		why = "not on this machine"
	case errors.Is(err, syscall.ECONNREFUSED):
		why = "connection refused"
	case errors.As(err, &record):
		why = "no TLS there"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		why = "the connection was closed"
	}
	msg := fmt.Sprintf("no answer from %s: %s", host, why)
	if why == "no answer" {
		msg = fmt.Sprintf("no answer from %s: %s", host, clean(cause(err).Error(), 200))
	}
	return &failure{kind: KindNoAnswer, short: why, msg: msg, err: cause(err)}
}

// certificateFault says what is wrong with a certificate, or "" when the
// error is not about one.
func certificateFault(err error) string {
	var (
		verification *tls.CertificateVerificationError
		name         x509.HostnameError
		unknown      x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &name):
		return "it is for another name"
	case errors.As(err, &unknown):
		return "it comes from an unknown authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "it has expired or is not valid yet"
	case errors.As(err, &invalid), errors.As(err, &verification):
		return "it is not valid"
	}
	return ""
}

// cause takes the URL off an error of net/http: the message names it already.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
