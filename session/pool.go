package session

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// openPool opens a runspace pool and asks what the server is.
func (cn *connecting) openPool(ctx context.Context, s *Session, id uuid.UUID) error {
	if isStdio(cn.endpoint.uri) {
		s.transport = cn.stdioTransport()
	} else {
		client, err := cn.wsmanClient()
		if err != nil {
			return err
		}
		s.transport = &overWSMan{
			client: client, request: cn.shellRequest(s, id), life: s.lifeline(cn.cfg.Patience),
			retries: cn.target.Options.retries(), noted: func(text string) { cn.watch(Noted{Text: text}) },
		}
	}
	s.host = psrp.Console(cn.cfg.Width, cn.cfg.Height)
	s.client = psrp.NewClient(psrp.ClientConfig{
		Protocol: protocolFor(cn.endpoint.uri, &cn.target.Options),
		ID:       id, MinRunspaces: 1, MaxRunspaces: max(1, cn.target.Runspaces),
		ApplicationArguments: cn.applicationArguments(),
		Host:                 s.host,
		MaxObject:            cn.target.Options.MaximumReceivedObjectSize,
	})
	ctx, cancel := within(ctx, cn.target.Options.OpenTimeout, wsman.DefaultOpenTimeout)
	defer cancel()
	if cn.target.Attach != "" {
		return s.attach(ctx)
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	s.askConfiguration()
	return s.askLanguageMode(ctx)
}

// protocolFor decides which version of the protocol is offered. From 2.4 on
// secrets travel in clear inside the transport: that is offered only where the
// transport is confidential, by TLS to a server whose certificate was checked.
// Everywhere else a session key encrypts them.
func protocolFor(u *url.URL, o *Options) string {
	if isStdio(u) {
		return psrp.Protocol24 // nobody else reads a pipe, or an SSH connection
	}
	if strings.EqualFold(u.Scheme, "https") && !o.SkipCACheck && !o.SkipCNCheck {
		return psrp.Protocol24
	}
	return psrp.Protocol23
}

func (cn *connecting) wsmanClient() (*wsman.Client, error) { return wsman.New(cn.wsmanConfig()) }

func (cn *connecting) wsmanConfig() wsman.Config {
	o, e := &cn.target.Options, cn.endpoint
	cfg := wsman.Config{
		URL: e.uri, Dial: cn.cfg.Network.DialContext, TLS: cn.endpointTLS(), Proxy: cn.proxy,
		Authorize: e.authorize, Secure: e.secure, AllowUnencrypted: cn.target.AllowUnencrypted,
		OpenTimeout: o.OpenTimeout, OperationTimeout: o.OperationTimeout, CancelTimeout: o.CancelTimeout,
		Locale: o.UICulture, DataLocale: o.Culture, UTF16: o.UseUTF16,
	}
	if name := cn.target.ConfigurationName; name != "" {
		cfg.ResourceURI = name
		if !strings.Contains(name, "://") {
			cfg.ResourceURI = "http://schemas.microsoft.com/powershell/" + name
		}
	}
	if w := cn.cfg.Trace; w != nil {
		cfg.Trace = func(ev wsman.TraceEvent) {
			fmt.Fprintf(w, "%s shell=%s command=%s sent=%d received=%d status=%d fault=%d %s\n",
				ev.Operation, ev.ShellID, ev.CommandID, ev.Sent, ev.Received, ev.Status, ev.Fault, ev.Duration.Round(time.Millisecond))
		}
	}
	return cfg
}

// shellRequest names the session; for Ocs endpoints the user's profile is not
// loaded, as New-CsOnlineSession asked, unless the user's own option says so.
func (cn *connecting) shellRequest(s *Session, id uuid.UUID) wsman.ShellRequest {
	r := wsman.ShellRequest{
		ShellID: id, Name: s.name,
		IdleTimeout: cn.target.Options.IdleTimeout, BufferMode: cn.target.Options.OutputBufferingMode,
	}
	noProfile := cn.endpoint.isOcs()
	if own := cn.target.Options.NoMachineProfile; own != nil {
		noProfile = *own
	}
	if noProfile {
		r.Options = append(r.Options, wsman.Option{Name: "WINRS_NOPROFILE", Value: "1", MustComply: true})
	}
	return r
}

// ask runs a small pipeline of the deck's own and collects its output. The
// error of the end is also the first that a pipeline wrote which did not fail.
func (s *Session) ask(ctx context.Context, p psrp.Pipeline) ([]clixml.Value, pipelineEnd, error) {
	var values []clixml.Value
	var wrote *psrp.ErrorRecord
	stop := make(chan struct{})
	defer context.AfterFunc(ctx, func() { close(stop) })()
	x := &exchange{stop: stop, sink: func(ev psrp.Event) {
		switch ev := ev.(type) {
		case psrp.Output:
			values = append(values, ev.Value)
		case psrp.ErrorReceived:
			if wrote == nil {
				wrote = ev.Record
			}
		case psrp.HostCallReceived:
			s.answerUnasked(ev.Call)
		}
	}}
	start := s.now()
	end, err := s.invoke(ctx, p, none, x)
	if end.err == nil {
		end.err = wrote
	}
	s.mu.Lock()
	s.latency = s.now().Sub(start)
	s.mu.Unlock()
	return values, end, err
}

// askLanguageMode finds out whether the server takes scripts. One that refuses
// the question has no language: PowerShell's own client decides so too.
func (s *Session) askLanguageMode(ctx context.Context) error {
	values, end, err := s.ask(ctx, psrp.Script("$ExecutionContext.SessionState.LanguageMode"))
	if err != nil {
		return err
	}
	mode := "NoLanguage"
	if end.state == psrp.PipelineCompleted && len(values) == 1 {
		mode = values[0].String()
	}
	s.mu.Lock()
	s.caps.LanguageMode = mode
	s.mu.Unlock()
	return nil
}
