package discovery

import (
	"errors"
	"fmt"

	"psdeck/auth/oneline"
)

// Kind says what went wrong, in a word that a caller can switch on.
type Kind string

// The kinds of failure.
const (
	KindDomain      Kind = "domain"      // the domain name itself is not one
	KindNoAnswer    Kind = "no answer"   // nothing answered: no such name, refused, timed out
	KindCertificate Kind = "certificate" // the TLS certificate is not trusted, or of another name
	KindStatus      Kind = "status"      // an answer other than 2xx
	KindNotXML      Kind = "not xml"     // an answer that is no autodiscover document
	KindTooLarge    Kind = "too large"   // a document larger than a document may be
	KindLoop        Kind = "loop"        // redirects that lead back to where they came from
	KindRedirects   Kind = "redirects"   // more redirects than are followed
	KindLink        Kind = "link"        // a document without the link that is needed, or with an unusable one
	KindInsecure    Kind = "insecure"    // an endpoint that is not https
	KindURI         Kind = "uri"         // a URI that cannot be used as it was given
	KindCanceled    Kind = "canceled"    // the context ended
)

// rank orders the kinds by how much they tell: when several attempts failed,
// the error is about the one that came nearest.
func (k Kind) rank() int {
	for i, other := range []Kind{
		KindNoAnswer, KindCertificate, KindStatus, KindNotXML, KindTooLarge,
		KindLink, KindInsecure, KindRedirects, KindLoop, KindURI, KindDomain, KindCanceled,
	} {
		if k == other {
			return i
		}
	}
	return -1
}

// Error is a failed discovery, or an endpoint that may not be used.
type Error struct {
	Domain string // the domain looked for; empty when only an endpoint was checked
	Kind   Kind
	Msg    string // one sentence: what went wrong
	Hint   string // the next step for the person
	Hops   []Hop  // every request made, in order
	Err    error  // the cause, if one is known
}

func (e *Error) Error() string {
	if e.Domain == "" {
		return e.Msg
	}
	return "discovering the PowerShell endpoint of " + clean(e.Domain, 255) + ": " + e.Msg
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// HintOf returns the next step that an error of this package suggests, or "".
func HintOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// LoopbackError refuses a connection of a [Network] that may only reach this
// machine.
type LoopbackError struct {
	Addr string // host:port that was asked for
}

func (e *LoopbackError) Error() string {
	return fmt.Sprintf("%s is not on this machine, and only this machine may be reached", e.Addr)
}

// clean makes remote text fit for a line of a terminal.
func clean(s string, limit int) string { return oneline.Clean(s, limit) }
