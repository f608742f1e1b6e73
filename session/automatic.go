package session

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// automatic are the variables of a console that nobody sets: what PowerShell
// tells there of itself, of this machine and of how the last statement ended.
type automatic struct {
	mu     sync.Mutex
	about  *Cmdlets // whose version it is
	failed bool
	errors []clixml.Value // the newest first
}

// mostErrors is how many errors $Error keeps: PowerShell's $MaximumErrorCount.
const mostErrors = 256

// tell says whose version it is.
func (a *automatic) tell(d *Cmdlets) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.about = d
}

// ended notes how a statement ended, for $?.
func (a *automatic) ended(clean bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = !clean
}

// remember keeps an error for $Error.
func (a *automatic) remember(rec *psrp.ErrorRecord) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.errors = slices.Insert(a.errors, 0, rec.Encode())
	if len(a.errors) > mostErrors {
		a.errors = a.errors[:mostErrors]
	}
}

// value gives the variable that is kept under key.
func (a *automatic) value(key string) (clixml.Value, bool) {
	if env, ok := strings.CutPrefix(key, "env:"); ok {
		return environmentVariable(env), true
	}
	switch key {
	case "?":
		a.mu.Lock()
		defer a.mu.Unlock()
		return clixml.Bool(!a.failed), true
	case "error":
		return a.list(), true
	case "pid":
		return clixml.Int32(int32(os.Getpid())), true
	case "home":
		dir, err := os.UserHomeDir()
		return clixml.Str(dir), err == nil
	case "pwd":
		return workingFolder()
	case "host":
		return clixml.Obj(clixml.Custom(clixml.Prop("Name", "psdeck"), clixml.Prop("Version", a.version()))), true
	case "psversiontable":
		return a.versions(), true
	case "iswindows":
		return clixml.Bool(runtime.GOOS == "windows"), true
	case "islinux":
		return clixml.Bool(runtime.GOOS == "linux"), true
	case "ismacos":
		return clixml.Bool(runtime.GOOS == "darwin"), true
	}
	return clixml.Value{}, false
}

// environmentVariable gives a variable of this program's environment; $null for none.
func environmentVariable(name string) clixml.Value {
	text, ok := os.LookupEnv(name)
	if !ok {
		return clixml.Null()
	}
	return clixml.Str(text)
}

func workingFolder() (clixml.Value, bool) {
	dir, err := os.Getwd()
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Management.Automation.PathInfo", "System.Object"}, ToString: dir, HasToString: true,
		Props: []clixml.Property{clixml.Prop("Path", dir)},
	}), err == nil
}

func (a *automatic) list() clixml.Value {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := clixml.Array(slices.Clone(a.errors)...)
	list.TypeNames = []string{"System.Collections.ArrayList", "System.Object"}
	return clixml.Obj(list)
}

func (a *automatic) version() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.about == nil {
		return "dev"
	}
	return orElse(a.about.Version, "dev")
}

// versions is $PSVersionTable: there is no PSVersion, for this is no PowerShell.
func (a *automatic) versions() clixml.Value {
	entry := func(key string, x any) clixml.Entry { return clixml.Entry{Key: clixml.Str(key), Value: clixml.Of(x)} }
	return clixml.Obj(clixml.Hashtable(
		entry("psdeck", a.version()),
		entry("PSRemotingProtocolVersion", clixml.Version(psrp.Protocol24)),
		entry("SerializationVersion", clixml.Version(psrp.SerializationVersion)),
	))
}
