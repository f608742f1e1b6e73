package session

import (
	"psdeck/auth"
	"psdeck/discovery"
)

// Stage is a step of connecting.
type Stage string

// The stages, in order; a session skips those it has no need of.
const (
	StageDomain    Stage = "domain"    // which tenant to manage
	StageDiscovery Stage = "discovery" // where its endpoint is
	StageSignIn    Stage = "sign-in"   // who we are
	StageOpen      Stage = "open"      // the shell and its runspace
	StageProof     Stage = "proof"     // what tenant the server says it is
	StageReady     Stage = "ready"
)

// Event is what happens while connecting, for a person to follow.
type Event interface{ event() }

type (
	// StageStarted begins a stage; Text says what is being done.
	StageStarted struct {
		Stage Stage
		Text  string
	}
	// HopDone is one step of discovery with its outcome.
	HopDone struct{ Hop discovery.Hop }
	// DeviceCodeShown is a code that a person has to enter on a web page.
	DeviceCodeShown struct{ Code auth.DeviceCode }
	// BrowserOpened is the address that a browser was sent to.
	BrowserOpened struct{ URL string }
	// SignedIn is the account that signed in.
	SignedIn struct{ Account auth.Account }
	// EndpointFound is the URI that the session will talk to. Known is false
	// for a host outside the known clouds: it is named before a token is sent.
	EndpointFound struct {
		URI   string
		Known bool
	}
	// Noted is anything else that happens. Important ones concern also those
	// who do not follow each step.
	Noted struct {
		Text      string
		Important bool
	}
)

func (StageStarted) event()    {}
func (HopDone) event()         {}
func (DeviceCodeShown) event() {}
func (BrowserOpened) event()   {}
func (SignedIn) event()        {}
func (EndpointFound) event()   {}
func (Noted) event()           {}
