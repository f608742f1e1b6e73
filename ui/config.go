package ui

import (
	"context"
	"time"

	"psdeck/session"
)

// Place is somewhere to connect to, as the picker lists it.
type Place struct {
	Name   string // a profile's or tenant's name
	Detail string // its domain or URI, and how it is reached
	Env    session.Environment
	Target session.Target
	Last   time.Time // last opened; zero: never
	Key    string    // of a tenant that is managed: what tells it from others

	managed bool
}

// DemoInfo says that the deck runs on an embedded lab.
type DemoInfo struct {
	Text string // one sentence that stays on the start pages
}

// Config is what the deck needs from the program around it.
type Config struct {
	Connector Connector
	// Home makes the home session, from the cmdlets that act on this deck. Nil:
	// no home tab.
	Home func(*session.Cmdlets) Runner
	// Shells asks a server for the sessions it keeps; nil: that is not offered.
	Shells func(context.Context, session.Target) (*session.Shells, error)
	// Places are listed in the picker; without any the deck starts in the wizard.
	Places []Place
	// Managed are the tenants that the person manages; nil: not offered.
	Managed *Managed
	// Open are the targets whose tabs are opened at the start.
	Open []session.Target
	// Lab starts the embedded lab and tells its tenants; nil: not offered.
	Lab func(context.Context) ([]Place, error)
	// Demo is set where the lab runs already.
	Demo *DemoInfo
	// NoBrowser leaves out the browser where ways to sign in are offered: none can
	// be opened here.
	NoBrowser bool
	// CloseAll closes every session; nil: the deck closes its tabs' sessions.
	// It is called once more when the program ends, however it ends.
	CloseAll func(context.Context) error
	// LeaveAll takes the place of CloseAll when the terminal has hung up: it
	// leaves the sessions on their servers where that can be. nil: CloseAll.
	LeaveAll func(context.Context) error
	// CloseTimeout bounds that; default 10 s.
	CloseTimeout time.Duration
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// ReducedMotion leaves out what moves by itself.
	ReducedMotion bool
	Version       string
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.CloseTimeout == 0 {
		c.CloseTimeout = 10 * time.Second
	}
	return c
}
