// Package spnego lets two sides settle on a security mechanism (RFC 4178,
// [MS-SPNG]): the client names those it could use, the best first and with its
// opening token, the server takes one. Once a mechanism has made keys, each side
// signs the list of mechanisms with them where that matters, so that nobody on
// the way can have taken the better one off it.
package spnego

import (
	"context"
	"encoding/asn1"
)

// Mechanism is one that may be settled on, for one negotiation.
type Mechanism interface {
	// OIDs are the names it goes by; the first is preferred.
	OIDs() []asn1.ObjectIdentifier
	// Step takes the other side's token, nil at first, and gives the next; nil
	// where there is nothing to say.
	Step(ctx context.Context, token []byte) ([]byte, error)
	// Complete tells whether keys are agreed and the other side has proved
	// itself as far as the mechanism provides for that.
	Complete() bool
	// AlwaysMIC tells that the list is signed even where nothing asks for it.
	AlwaysMIC() bool
	// MIC signs data for the other side, CheckMIC holds its signature against data.
	MIC(data []byte) ([]byte, error)
	CheckMIC(data, mic []byte) error
}

// Error says how a negotiation went wrong.
type Error struct{ Msg string }

func (e *Error) Error() string { return "negotiating the security mechanism: " + e.Msg }
