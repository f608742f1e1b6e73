package session

import (
	"context"
	"math"
	"time"

	"psdeck/auth"
	"psdeck/session/clixml"
)

// Defaults and bounds of [Options] that are PowerShell's own.
const (
	DefaultRedirections = 5
	DefaultRetries      = 5
	// MinIdleTimeout is the shortest life of a shell that no client talks to.
	MinIdleTimeout = time.Minute

	// NoTimeout waits without end, NoSizeLimit takes objects of any size: what
	// 0 and $null mean to PowerShell.
	NoTimeout   time.Duration = -1
	NoSizeLimit               = math.MaxInt32
)

// Options are the properties of a PSSessionOption. A zero field means
// PowerShell's default. [Options.Set] and [Options.SetValue] know them by the
// names that PowerShell gives them.
type Options struct {
	// ApplicationArguments reach the server as $PSSenderInfo.ApplicationArguments.
	ApplicationArguments map[string]clixml.Value
	// NoMachineProfile asks the server not to load the user's profile; nil
	// leaves it to the kind of endpoint.
	NoMachineProfile *bool
	// Culture and UICulture are language tags such as "de-DE".
	Culture, UICulture string
	// The timeouts; zero is the default (180 s, 180 s, 60 s, the server's own).
	OpenTimeout, OperationTimeout, CancelTimeout, IdleTimeout time.Duration
	// MaximumReceivedObjectSize bounds one object, in bytes; default 200 MiB.
	MaximumReceivedObjectSize int
	// MaximumReceivedDataSizePerCommand bounds what one command may send, in
	// bytes; default without a bound.
	MaximumReceivedDataSizePerCommand int
	// MaximumConnectionRedirectionCount bounds the redirections that
	// [Target.AllowRedirection] follows, negative for without a bound;
	// nil means DefaultRedirections.
	MaximumConnectionRedirectionCount *int
	// MaxConnectionRetryCount is how often opening is tried again after a
	// failure of the network; nil means DefaultRetries.
	MaxConnectionRetryCount *int
	// OutputBufferingMode says what becomes of output while nobody is
	// connected: "Drop" or "Block"; empty leaves it to the server.
	OutputBufferingMode string

	// ProxyAccessType says whether the environment's proxy is used.
	ProxyAccessType ProxyAccessType
	// ProxyAuthentication is "Basic", "Digest" or "Negotiate", which is the default.
	ProxyAuthentication string
	// ProxyCredential is the user name for the proxy; ProxyPassword asks for
	// its password, nil where nobody can be asked.
	ProxyCredential string
	ProxyPassword   func(ctx context.Context, userName string) (auth.Secret, error)

	// SkipCACheck and SkipCNCheck weaken the check of the server's certificate.
	SkipCACheck, SkipCNCheck bool
	// UseUTF16 sends envelopes in UTF-16.
	UseUTF16 bool
	// NoEncryption forgoes the encryption of messages that Negotiate and
	// Kerberos bring to plain http; IncludePortInSPN adds the port to the name
	// that Kerberos asks a ticket for.
	NoEncryption, IncludePortInSPN bool
	// SkipRevocationCheck and NoCompression ask for what is so here anyway:
	// certificates are not looked up in revocation lists, data goes
	// uncompressed.
	SkipRevocationCheck, NoCompression bool
}

// Complete returns o with what o leaves at its default taken from others, and
// arguments key by key.
func (o Options) Complete(others Options) Options {
	o.ApplicationArguments = completeArguments(o.ApplicationArguments, others.ApplicationArguments)
	fillIn(&o.NoMachineProfile, others.NoMachineProfile)
	fillIn(&o.Culture, others.Culture)
	fillIn(&o.UICulture, others.UICulture)
	fillIn(&o.OpenTimeout, others.OpenTimeout)
	fillIn(&o.OperationTimeout, others.OperationTimeout)
	fillIn(&o.CancelTimeout, others.CancelTimeout)
	fillIn(&o.IdleTimeout, others.IdleTimeout)
	fillIn(&o.MaximumReceivedObjectSize, others.MaximumReceivedObjectSize)
	fillIn(&o.MaximumReceivedDataSizePerCommand, others.MaximumReceivedDataSizePerCommand)
	fillIn(&o.MaximumConnectionRedirectionCount, others.MaximumConnectionRedirectionCount)
	fillIn(&o.MaxConnectionRetryCount, others.MaxConnectionRetryCount)
	fillIn(&o.OutputBufferingMode, others.OutputBufferingMode)
	fillIn(&o.ProxyAccessType, others.ProxyAccessType)
	fillIn(&o.ProxyAuthentication, others.ProxyAuthentication)
	fillIn(&o.ProxyCredential, others.ProxyCredential)
	if o.ProxyPassword == nil {
		o.ProxyPassword = others.ProxyPassword
	}
	for _, b := range []struct{ mine, other *bool }{
		{&o.SkipCACheck, &others.SkipCACheck},
		{&o.SkipCNCheck, &others.SkipCNCheck},
		{&o.UseUTF16, &others.UseUTF16},
		{&o.NoEncryption, &others.NoEncryption},
		{&o.IncludePortInSPN, &others.IncludePortInSPN},
		{&o.SkipRevocationCheck, &others.SkipRevocationCheck},
		{&o.NoCompression, &others.NoCompression},
	} {
		*b.mine = *b.mine || *b.other
	}
	return o
}

func fillIn[T comparable](mine *T, other T) {
	var zero T
	if *mine == zero {
		*mine = other
	}
}

// Check tells whether the options go together. Its error has PowerShell's words.
func (o *Options) Check() error {
	none := o.ProxyAccessType == ProxyNone || o.ProxyAccessType == ProxyNoServer
	if o.ProxyCredential != "" && none {
		return castf("Proxy credentials cannot be specified when using the following proxy access type: %s. "+
			"Either specify a different access type, or do not specify proxy credentials.", o.ProxyAccessType)
	}
	return nil
}

// redirections is how many redirections are followed, retries how often
// opening is tried again.
func (o *Options) redirections() int {
	switch n := o.MaximumConnectionRedirectionCount; {
	case n == nil:
		return DefaultRedirections
	case *n < 0:
		return math.MaxInt
	default:
		return *n
	}
}

func (o *Options) retries() int {
	if n := o.MaxConnectionRetryCount; n != nil {
		return *n
	}
	return DefaultRetries
}

// within bounds ctx by a timeout option: zero is the default, negative none.
func within(ctx context.Context, option, fallback time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, orDefault(option, fallback))
}

func orDefault(option, fallback time.Duration) time.Duration {
	switch {
	case option < 0:
		return longest
	case option == 0:
		return fallback
	}
	return option
}
