package session

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"psdeck/auth"
	"psdeck/session/clixml"
)

// Deck is what the session cmdlets act on: a terminal's tabs, or whatever else
// keeps sessions. Its methods are called from the goroutines of runs, and end
// when ctx does.
type Deck interface {
	// Open opens a session, lets it be seen, and waits until it is open. It is
	// adopted by then. Stay says that lines go on being typed where they are.
	Open(ctx context.Context, t Target, stay bool, watch func(Event)) (*Session, error)
	// Show lets the lines that are typed from now on run in s; nil is the home
	// session.
	Show(ctx context.Context, s *Session) error
	// Close closes a session and takes it away.
	Close(ctx context.Context, s *Session) error
	// Leave leaves a session on its server, see [Session.Leave]. Open with its id
	// in [Target.Attach] joins it again.
	Leave(ctx context.Context, s *Session, o LeaveOptions) error
}

// Announcer is a Deck that says itself what was opened: the session's object is
// given only where a line asks for it, by a variable or a pipe.
type Announcer interface{ Announces() }

// Placer is a Deck whose sessions have places that a person sees.
type Placer interface {
	// Place says where a session is: "tab 2".
	Place(ctx context.Context, s *Session) string
}

// Lister is a Deck that can ask a server for the sessions it keeps.
type Lister interface {
	Shells(ctx context.Context, t Target) (*Shells, error)
}

// Cmdlets are the session cmdlets of one deck: New-CsOnlineSession,
// New-PSSession, Import-PSSession, Invoke-Command and their kin. They number
// its sessions as PowerShell does, and run wherever a line is typed: at home
// ([Cmdlets.Home]) and in each session that was adopted.
type Cmdlets struct {
	// Version is the program's, for $PSVersionTable and $Host; set before a line runs.
	Version string

	deck Deck
	home *Home
	all  []*cmdlet

	mu      sync.Mutex
	last    int // number that was given
	known   []*entry
	trail   []*Session // where Enter-PSSession was typed
	options map[*clixml.Object]Options
	secrets map[*clixml.Object]auth.Secret
}

// offered are the cmdlets that can be typed: without a deck, those that act on
// no session.
func (d *Cmdlets) offered() []*cmdlet {
	if d.deck == nil {
		return plainCmdlets()
	}
	return d.all
}

// entry is a session with its number. One that was left on its server keeps it.
type entry struct {
	number  int
	name    string
	live    *Session
	left    *Target // how to join it again; nil: it was not left
	shell   string  // its id on the server
	removed bool    // closed by a cmdlet, and on no list
}

// NewCmdlets makes the session cmdlets of a deck.
func NewCmdlets(deck Deck) *Cmdlets {
	d := &Cmdlets{deck: deck, all: cmdlets()}
	d.home = &Home{newConsole(d, nil, newScope())}
	d.home.console.scope.within(nil, d.fresh)
	return d
}

// Home is the home session of the deck.
func (d *Cmdlets) Home() *Home { return d.home }

// Adopt numbers a session and lets the session cmdlets run in it. What a line
// does not find among its variables it looks for at home.
func (d *Cmdlets) Adopt(s *Session) {
	d.adopt(s, "")
}

func (d *Cmdlets) adopt(s *Session, name string) *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.known {
		if !e.removed && (e.live == s || e.left != nil && strings.EqualFold(e.shell, s.ID())) {
			e.live, e.left = s, nil
			if name != "" {
				e.name = name
			}
			d.equip(s)
			return e
		}
	}
	d.last++
	e := &entry{number: d.last, name: orElse(name, s.Name()), live: s, shell: s.ID()}
	d.known = append(d.known, e)
	d.equip(s)
	return e
}

func (d *Cmdlets) equip(s *Session) {
	if s.console.Load().desk != d {
		s.scope.within(d.home.console.scope, d.fresh)
		s.console.Store(newConsole(d, s, s.scope))
	}
}

// entries are the sessions that are there, or can be joined.
func (d *Cmdlets) entries() []*entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.known), (*entry).over)
}

// over tells that a session has ended. It stays known: objects that stand for
// it say so.
func (e *entry) over() bool { return e.removed || e.left == nil && e.live.State() == Closed }

// forget takes a session off the list.
func (d *Cmdlets) forget(e *entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e.removed = true
}

// sessionOf is the session that a PSSession object stands for.
func (d *Cmdlets) sessionOf(v clixml.Value) (*entry, bool) {
	o := v.Object()
	if o == nil || !o.Is(typeSession) {
		return nil, false
	}
	id, _ := o.Get("InstanceId")
	return d.entryOf(func(e *entry) bool { return strings.EqualFold(e.shell, id.String()) })
}

// entryOf finds a session; one that has ended only where no other is meant.
func (d *Cmdlets) entryOf(is func(*entry) bool) (found *entry, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.known {
		if is(e) && (found == nil || found.over()) {
			found = e
		}
	}
	return found, found != nil
}

// away says why nothing can be sent to a session; nil where it can.
func (d *Cmdlets) away(s *Session) error {
	e, known := d.entryOf(func(e *entry) bool { return e.live == s })
	if !known {
		return nil
	}
	return e.away()
}

// tenant is what people call the tenant of a session; its name where that is
// not proved.
func (e *entry) tenant() string {
	if p := e.live.Proof(); p.Proved {
		return p.Label()
	}
	return e.name + ", tenant unproved"
}

func (e *entry) away() error {
	name := fmt.Sprintf("session %d (%s)", e.number, e.tenant())
	state, _ := e.state()
	switch state.ToString {
	case "Disconnected":
		return &Error{Err: fmt.Errorf("%s is Disconnected; nothing was sent: Connect-PSSession -Id %d joins it", name, e.number), Class: ClassConnect}
	case "Closed", "Closing":
		return &Error{Err: fmt.Errorf("%s is closed; nothing was sent", name), Class: ClassConnect}
	case "Broken":
		return e.live.gone(Broken)
	}
	return nil
}

// fresh gives PSSession objects as they are now.
func (d *Cmdlets) fresh(v clixml.Value) clixml.Value {
	if e, ok := d.sessionOf(v); ok {
		return e.object()
	}
	return v
}

// object is the PSSession object of a session as it is now.
func (e *entry) object() clixml.Value {
	state, available := e.state()
	target := e.live.Target()
	computer, transport := hostAndTransport(e.live)
	// A name that was made up tells nobody which tenant this is.
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{typeSession, "System.Object"},
		ToString:  "[PSSession]" + e.name, HasToString: true,
		Members: []clixml.Property{clixml.Prop("Tenant", e.live.Proof().Label())},
		Props: []clixml.Property{
			clixml.Prop("Id", e.number), clixml.Prop("Name", e.name), clixml.Prop("Transport", transport),
			clixml.Prop("ComputerName", computer), clixml.Prop("ComputerType", clixml.Enum("System.Management.Automation.Runspaces.TargetMachineType", "RemoteMachine", 0)),
			clixml.Prop("State", state), clixml.Prop("ConfigurationName", orElse(target.ConfigurationName, "Microsoft.PowerShell")),
			clixml.Prop("Availability", available), clixml.Prop("InstanceId", clixml.Str(e.shell)),
		},
	})
}

// state is PowerShell's words for the state of a session.
func (e *entry) state() (state, availability *clixml.Object) {
	const states, available = "System.Management.Automation.Runspaces.RunspaceState", "System.Management.Automation.Runspaces.RunspaceAvailability"
	name, number, free := "Opened", int32(2), "Available"
	switch st := e.live.State(); {
	case e.removed:
		name, number, free = "Closed", 3, "None"
	case e.left != nil || st == Disconnected:
		name, number, free = "Disconnected", 7, "None"
	case st == Opening:
		name, number, free = "Opening", 1, "None"
	case st == Closing:
		name, number, free = "Closing", 4, "None"
	case st == Closed:
		name, number, free = "Closed", 3, "None"
	case st == Broken:
		name, number, free = "Broken", 5, "None"
	case e.live.turns.busy():
		free = "Busy"
	}
	numbers := map[string]int32{"None": 0, "Available": 1, "Busy": 3}
	return clixml.Enum(states, name, number), clixml.Enum(available, free, numbers[free])
}

func hostAndTransport(s *Session) (host, transport string) {
	u, err := url.Parse(s.uri)
	switch {
	case err != nil || u.Hostname() == "":
		return "localhost", "Process"
	case u.Scheme == "ssh":
		return u.Hostname(), "SSH"
	}
	return u.Hostname(), "WSMan"
}
