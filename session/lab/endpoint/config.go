package endpoint

import (
	"net/http"
	"net/url"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
)

// Config says who may come in, what runs for them, and who is told of it.
// Functions may be called from several goroutines at once.
type Config struct {
	// Authenticate finds out who sends a request; an error is answered with
	// 401 and the challenge. nil lets everybody in as "anonymous".
	Authenticate func(*http.Request) (Identity, error)
	// Challenge gives the values of WWW-Authenticate for a 401.
	Challenge func(*http.Request) []string
	// Open makes what runs in a new shell. u is the URL of the request, with
	// AdminDomain in its query; args are the client's application arguments or
	// nil. An error is reported as a runspace pool that is Broken, with the
	// record where it is a *psrp.ErrorRecord; a *Fault is sent as SOAP fault.
	// nil opens [runspace.Builtins].
	Open func(id Identity, u *url.URL, args *clixml.Object) (*runspace.Options, error)
	// MaxShellsPerUser defaults to 3.
	MaxShellsPerUser int
	// MaxCommandsPerShell bounds commands that were not terminated; default 1000.
	MaxCommandsPerShell int
	// MaxEnvelopeSize bounds requests and answers, in bytes; default 512000.
	MaxEnvelopeSize int
	// MaxReceive bounds the fragments of one Receive, in bytes; default: what
	// the envelope holds.
	MaxReceive int
	// MaxTimeout bounds the OperationTimeout that clients ask for; default 1 h.
	MaxTimeout time.Duration
	// IdleTimeout ends a shell of which nobody asks anything; default 15 min.
	IdleTimeout time.Duration
	// Protocol is the newest protocol version spoken; default "2.3".
	Protocol string
	// Configurations are the resource URIs served, compared without case;
	// default any below http://schemas.microsoft.com/powershell/.
	Configurations []string
	// CommandShells tells at which URLs the Windows Remote Shell is offered
	// too; nil: at none.
	CommandShells func(u *url.URL) bool
	// Machine is named in faults; default lab.example.
	Machine string
	// OnRequest is told of every request, after it was answered.
	OnRequest func(Entry)
	// OnCommand is told of every pipeline, after it has ended.
	OnCommand func(LedgerEntry)
	// Switches are the misbehaviours to begin with; see [Server.SetSwitches].
	Switches Switches
	// Now is the clock of shells and records; default time.Now.
	Now func() time.Time
}

// Identity is who sends a request.
type Identity struct {
	User   string // shells belong to it, quotas count by it
	Tenant string // where the authority said so
	Claims any    // for Open
}

// Entry is one request in the access log. It holds no secret.
type Entry struct {
	Time        time.Time
	Action      string // the last part of the action's URI: Create, Receive, …
	Method      string
	Path        string
	User        string
	AdminDomain string
	ShellID     string
	CommandID   string
	MessageID   string
	Status      int    // of HTTP; 0: the connection was cut
	FaultCode   uint32 // of WSMan, 0 for none
	Received    int    // bytes of the body
	Sent        int
}

// LedgerEntry is what became of one pipeline.
type LedgerEntry struct {
	Time       time.Time
	ShellID    string
	CommandID  string
	PipelineID string
	User       string
	Tenant     string // of [runspace.Options]
	Commands   []LedgerCommand
	State      string // Completed, Failed or Stopped
	Error      string // the error's id, of Failed
	Objects    int    // written to the output
	Errors     int    // error records written
}

// LedgerCommand is one command as it arrived.
type LedgerCommand struct {
	Name       string
	IsScript   bool
	Parameters []LedgerParameter
}

// LedgerParameter is one argument as it arrived; Text of a secret is empty.
type LedgerParameter struct {
	Name string // "" for a positional one
	Type string // of .NET
	Text string
}

// Switches are misbehaviours that clients must bear; the zero value is a
// server without any.
type Switches struct {
	// TimeoutFaults answers the first n Receives of each command with the
	// operation-timeout fault, at once.
	TimeoutFaults int
	// EmptyReceives answers the first n Receives of each command with nothing.
	EmptyReceives int
	// EmptyBodies answers the next n, behind those, with 200 and no body at all.
	EmptyBodies int
	// NoDone never says that a command is done: only its PIPELINE_STATE tells.
	NoDone bool
	// DoneBeforeState says Done one answer before the PIPELINE_STATE comes.
	DoneBeforeState bool
	// SplitFragments ends answers in the middle of a fragment.
	SplitFragments bool
	// StreamEach gives each fragment an rsp:Stream of its own.
	StreamEach bool
	// FragmentSize bounds the fragments of the shells created from now on, in
	// bytes with their header.
	FragmentSize int
	// FragmentGap numbers the n-th fragment of each command (from 1) one too
	// high, as if the one before it were lost.
	FragmentGap int
	// FragmentTwice sends the n-th fragment of each command twice.
	FragmentTwice int
	// WrongObject gives the n-th fragment of each command the id of another object.
	WrongObject int
	// HoldOutput lets a pipeline write only while a Receive waits and nothing
	// else is on its way, as servers without a buffer do.
	HoldOutput bool
	// DieAfter ends the server after so many output objects: the answer that
	// carries the last is cut, and no connection is answered any more.
	DieAfter int
	// QuotaFault refuses every Create with the quota of shells.
	QuotaFault bool
	// CommandQuotaFault refuses every Command with the quota of commands.
	CommandQuotaFault bool
	// RequireCookie answers requests for a shell only with the affinity cookie
	// of the client that created it.
	RequireCookie bool
	// AutoDisconnect turns a shell without a Receive for so long Disconnected.
	AutoDisconnect time.Duration
	// NoDisconnect, NoReconnect refuse these actions, as servers do that keep no
	// disconnected shells, or take them back only by Connect.
	NoDisconnect, NoReconnect bool
	// SmallEnvelope refuses requests longer than so many bytes.
	SmallEnvelope int
	// Redirect answers every request with RedirectStatus (302 where it is 0) to
	// this URL; with RedirectFrom, only requests for that path.
	Redirect, RedirectFrom string
	RedirectStatus         int
	// Unavailable answers every request with 503 and a text, UnavailableTimes
	// only the first n POSTs.
	Unavailable      bool
	UnavailableTimes int
	// ErrorCLIXML writes the error output of PowerShell in a command shell as
	// CLIXML, as PowerShell itself does when nobody looks at a console.
	ErrorCLIXML bool
	// Silent never answers requests for this action, such as "Create".
	Silent string
	// ReceiveDelay holds every Receive's answer back for so long.
	ReceiveDelay time.Duration
	// Compress answers as gzip, however short, unless the request refuses it
	// with Accept-Encoding: identity. Exchange does.
	Compress bool
	// SlowBody sends each answer in eight pieces with this pause after each.
	SlowBody time.Duration
	// BrokenAnswers cuts the first n answers to BreakAction ("Receive" where it
	// is empty) in the way of BreakBy.
	BrokenAnswers int
	BreakAction   string
	BreakBy       Break
}

// ShellInfo describes a shell that is there.
type ShellInfo struct {
	ID          string
	Name        string
	User        string
	Tenant      string
	AdminDomain string
	State       string // Connected or Disconnected
	Created     time.Time
	Commands    int // not yet terminated
}

func (c *Config) setDefaults() {
	def := func(n *int, d int) {
		if *n == 0 {
			*n = d
		}
	}
	def(&c.MaxShellsPerUser, 3)
	def(&c.MaxCommandsPerShell, 1000)
	def(&c.MaxEnvelopeSize, 512000)
	if c.MaxTimeout == 0 {
		c.MaxTimeout = time.Hour
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = 15 * time.Minute
	}
	if c.Machine == "" {
		c.Machine = "lab.example"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Authenticate == nil {
		c.Authenticate = func(*http.Request) (Identity, error) { return Identity{User: "anonymous"}, nil }
	}
	if c.Open == nil {
		c.Open = func(Identity, *url.URL, *clixml.Object) (*runspace.Options, error) { return &runspace.Options{}, nil }
	}
}
