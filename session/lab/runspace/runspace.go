package runspace

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// LanguageMode says how much of the language a runspace takes.
type LanguageMode uint8

const (
	// NoLanguage takes commands with parameters only; a script is refused with
	// ScriptsNotAllowed.
	NoLanguage LanguageMode = iota
	// FullLanguage also takes a script: statements separated by line ends or
	// semicolons; each a pipeline of commands with constant arguments, a
	// literal (string, number, list, $true, $false, $null, @{…}), a range
	// 1..N, a variable, $ExecutionContext.SessionState.LanguageMode, an
	// assignment $x = …, or throw. A pipeline may end in Where-Object,
	// Sort-Object and their like. Anything else is refused as a parse error.
	FullLanguage
)

// Options make a runspace.
type Options struct {
	// Table holds what can be run; nil is [Builtins].
	Table *Table
	// State is handed to every cmdlet as [Call.State].
	State any
	// Tenant is named in the ledger beside each command.
	Tenant string
	// Mode defaults to NoLanguage.
	Mode LanguageMode
	// Variables are there from the beginning, by name.
	Variables map[string]clixml.Value
	// PrivateData are entries to add to the application private data that the
	// client is sent on opening, beside PSVersionTable.
	PrivateData []clixml.Entry
	// Host is the host of the client; the endpoint fills it in. nil, or one
	// whose user interface is null, gets no host calls, and a prompt fails.
	Host *psrp.HostInfo
	// PromptMandatory asks the user for a mandatory parameter that is missing,
	// as an interactive host does; otherwise it is an error at once.
	PromptMandatory bool
	// Unseal gives the text of a SecureString as it came; the endpoint fills it in.
	Unseal func(secret string) (string, error)
	// FormatData answers Get-FormatData for a type name or pattern; nil has none.
	FormatData func(typeName string) []clixml.Value
	// Now is the clock of records; nil is time.Now.
	Now func() time.Time
}

// Runspace is where pipelines run, one at a time: it keeps variables between
// them. Its methods may be called from one goroutine at a time.
type Runspace struct {
	opts Options
	mu   sync.Mutex
	vars map[string]clixml.Value // by lower-case name
}

// NewRunspace makes a runspace.
func NewRunspace(o Options) *Runspace {
	if o.Table == nil {
		o.Table = Builtins()
	}
	r := &Runspace{opts: o, vars: map[string]clixml.Value{}}
	r.Reset()
	return r
}

// Options returns what the runspace was made with.
func (r *Runspace) Options() Options { return r.opts }

func (r *Runspace) now() clixml.DateTime {
	if r.opts.Now != nil {
		return dateTime(r.opts.Now(), false)
	}
	return dateTime(time.Now(), false)
}

// Reset forgets all variables but those of the Options ([MS-PSRP]
// RESET_RUNSPACE_STATE).
func (r *Runspace) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.vars)
	for name, v := range r.opts.Variables {
		r.vars[strings.ToLower(name)] = v
	}
}

func (r *Runspace) variable(name string) (clixml.Value, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.vars[strings.ToLower(name)]
	return v, ok
}

func (r *Runspace) setVariable(name string, v clixml.Value) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.vars[strings.ToLower(name)] = v
}

// ErrStopped is what a cmdlet gets from a write or a wait when its pipeline
// is being stopped.
var ErrStopped = errors.New("the pipeline has been stopped")

// ErrNoSecret tells that a parameter is no SecureString that can be read here.
var ErrNoSecret = errors.New("the parameter holds no secret that can be read")

// Sink takes what a pipeline writes. Its functions may block (a client that
// does not read); they return an error once nobody will read any more.
type Sink interface {
	Output(clixml.Value) error
	Error(*psrp.ErrorRecord) error
	Warning(text string) error
	Verbose(text string) error
	Debug(text string) error
	Progress(psrp.ProgressRecord) error
	Information(psrp.InformationRecord) error
	// HostCall sends a call to the client's host. For a method that answers it
	// waits for the answer or for ctx; for any other it returns at once.
	HostCall(ctx context.Context, method psrp.HostMethod, parameters []clixml.Value) (clixml.Value, error)
}
