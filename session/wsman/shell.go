package wsman

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// ShellRequest asks for a shell.
type ShellRequest struct {
	ShellID uuid.UUID // Nil: the server chooses
	Name    string
	// InputStreams and OutputStreams are names with spaces between; default
	// "stdin pr" and "stdout".
	InputStreams, OutputStreams string
	// IdleTimeout is how long the shell lives without a client; 0 is the server's default.
	IdleTimeout time.Duration
	// Options; a protocolversion of 2.3 is added unless there is one.
	Options []Option
	// CreationXML is the first message to the shell, raw.
	CreationXML []byte
	// BufferMode is [BufferBlock] or [BufferDrop]; "" is the server's default.
	BufferMode string
}

// ShellInfo is what a server says of a shell.
type ShellInfo struct {
	ID, Name, Owner, ClientIP, BufferMode string
	// State is [ShellConnected] or [ShellDisconnected].
	State string
	// ResourceURI says which kind of shell it is.
	ResourceURI                 string
	CompressionMode             string
	IdleTimeout, MaxIdleTimeout time.Duration
	RunTime                     time.Duration // since it was created
	Inactivity                  time.Duration // since it was last used
}

// States of a shell, as [ShellInfo] gives them.
const (
	ShellConnected    = "Connected"
	ShellDisconnected = "Disconnected"
)

// Shell is a shell on the server. Its methods may be called concurrently;
// the order of two concurrent Sends is not defined.
type Shell struct {
	// Info is what the server said when the shell was created.
	Info ShellInfo
	// Regain is asked when the answer to a Receive was lost as often as the
	// client tries by itself: it returns nil once the server can be reached
	// again, and the same request goes out again, or the error that the Receive
	// ends with. nil gives up at once. Set it before the shell is used.
	Regain func(ctx context.Context, lost error) error

	c         *Client
	resource  string
	selectors []Selector
}

// Create makes a shell and returns it under the name that the server gives it,
// which need not be the one that was asked for.
func (c *Client) Create(ctx context.Context, r ShellRequest) (*Shell, error) {
	r.InputStreams = orDefault(r.InputStreams, "stdin pr")
	r.OutputStreams = orDefault(r.OutputStreams, "stdout")
	options := withVersion(r.Options)
	sh := &Shell{c: c, resource: c.cfg.ResourceURI}
	call := c.newCall(ActionCreate, header{resource: c.cfg.ResourceURI, options: options, timeout: c.cfg.OpenTimeout})
	call.shellID = upperUUID(r.ShellID)
	call.envelope = closeEnvelope(createBody(call.envelope, &r))
	if err := c.fits(call); err != nil {
		return nil, err
	}
	err := c.do(ctx, call, sh.readCreated)
	if err != nil {
		return nil, err
	}
	if len(sh.selectors) == 0 {
		if sh.Info.ID == "" {
			return nil, &SyntaxError{Msg: "a new shell without an id"}
		}
		sh.selectors = []Selector{{Name: "ShellId", Value: sh.Info.ID}}
	}
	if sh.Info.ID == "" {
		sh.Info.ID = sh.ID()
	}
	return sh, nil
}

// withVersion adds the protocol version that shells of PowerShell want, unless it is there.
func withVersion(options []Option) []Option {
	isVersion := func(o Option) bool { return strings.EqualFold(o.Name, "protocolversion") }
	if slices.ContainsFunc(options, isVersion) {
		return options
	}
	return append([]Option{{Name: "protocolversion", Value: "2.3", MustComply: true}}, options...)
}

// readCreated reads a child of the body of CreateResponse.
func (sh *Shell) readCreated(s *scanner) error {
	switch string(s.local()) {
	case "ResourceCreated":
		return sh.readReference(s)
	case "Shell":
		return children(s, sh.Info.read)
	}
	return s.skip()
}

// readReference takes the resource URI and the selectors of the reference to
// the new shell.
func (sh *Shell) readReference(s *scanner) error {
	depth := s.depth
	for {
		t, err := s.next()
		if err != nil {
			return err
		}
		if t == tokenEnd && s.depth < depth {
			return nil
		}
		if t != tokenStart {
			continue
		}
		switch string(s.local()) {
		case "ResourceURI":
			uri, err := s.content()
			if err != nil {
				return err
			}
			sh.resource = orDefault(uri, sh.resource)
		case "Selector":
			name := s.attr("Name")
			value, err := s.content()
			if err != nil {
				return err
			}
			sh.selectors = append(sh.selectors, Selector{Name: name, Value: value})
		}
	}
}

func (i *ShellInfo) read(name string, s *scanner) error {
	raw, err := s.content()
	text := cleanText(raw, 256)
	switch name {
	case "ShellId":
		i.ID = text
	case "Name":
		i.Name = text
	case "Owner":
		i.Owner = text
	case "ClientIP":
		i.ClientIP = text
	case "State":
		i.State = text
	case "BufferMode":
		i.BufferMode = text
	case "ResourceUri":
		i.ResourceURI = cleanText(raw, 2048)
	case "ShellRunTime":
		i.RunTime, _ = parseISODuration(text)
	case "ShellInactivity":
		i.Inactivity, _ = parseISODuration(text)
	case "CompressionMode":
		i.CompressionMode = text
	case "IdleTimeOut":
		i.IdleTimeout, _ = parseISODuration(text)
	case "MaxIdleTimeOut":
		i.MaxIdleTimeout, _ = parseISODuration(text)
	}
	return err
}

// children calls f for each child element of the current one. f may read the
// child to its end; what it leaves is passed over.
func children(s *scanner, f func(name string, s *scanner) error) error {
	depth := s.depth
	for {
		t, err := s.next()
		if err != nil {
			return err
		}
		if t == tokenEnd && s.depth < depth {
			return nil
		}
		if t != tokenStart {
			continue
		}
		if err := f(string(s.local()), s); err != nil {
			return err
		}
		for s.depth > depth {
			if _, err := s.next(); err != nil {
				return err
			}
		}
	}
}

// ID is the shell's id as the server spells it.
func (sh *Shell) ID() string {
	for _, sel := range sh.selectors {
		if strings.EqualFold(sel.Name, "ShellId") {
			return sel.Value
		}
	}
	return sh.Info.ID
}

// ResourceURI and Selectors are the shell's name, as the server gave it.
func (sh *Shell) ResourceURI() string   { return sh.resource }
func (sh *Shell) Selectors() []Selector { return slices.Clone(sh.selectors) }

// call begins a request about the shell or a command in it.
func (sh *Shell) call(action string, command uuid.UUID, options ...Option) *call {
	call := sh.c.newCall(action, header{
		resource: sh.resource, selectors: sh.selectors, options: options, timeout: sh.c.timeoutOf(action),
	})
	call.shellID = sh.ID()
	if command != uuid.Nil {
		call.commandID = upperUUID(command)
	}
	return call
}

// Command starts a command. arguments are raw: for PowerShell, the fragments
// of a pipeline. The id returned is the server's, and need not be the one given.
func (sh *Shell) Command(ctx context.Context, id uuid.UUID, command string, arguments []byte) (uuid.UUID, error) {
	call := sh.call(ActionCommand, id, Option{Name: optionSkipCmd, Value: "FALSE"})
	call.envelope = closeEnvelope(commandBody(call.envelope, id, command, arguments))
	if err := sh.c.fits(call); err != nil {
		return uuid.Nil, err
	}
	var given uuid.UUID
	err := sh.c.do(ctx, call, func(s *scanner) error {
		return children(s, func(name string, s *scanner) error {
			if name != "CommandId" {
				return nil
			}
			text, err := s.content()
			if err != nil {
				return err
			}
			if given, err = uuid.Parse(text); err != nil {
				return s.fail("a CommandId that is no GUID")
			}
			return nil
		})
	})
	if err == nil && given == uuid.Nil {
		given = id
	}
	return given, err
}

// Send gives data to a stream of a command, or of the shell where command is
// Nil. end says that nothing follows.
func (sh *Shell) Send(ctx context.Context, command uuid.UUID, stream string, data []byte, end bool) error {
	call := sh.call(ActionSend, command)
	call.emptyOK = true
	call.envelope = closeEnvelope(sendBody(call.envelope, command, stream, data, end))
	if err := sh.c.fits(call); err != nil {
		return err
	}
	return sh.c.do(ctx, call, nil)
}

// Receive waits for output of a command, or of the shell where command is Nil;
// streams default to stdout. Nothing within the operation time-out is an empty
// Received and no error. An answer lost on the way is asked for again; five
// losses in a row are a [*TransportError].
func (sh *Shell) Receive(ctx context.Context, command uuid.UUID, streams ...string) (Received, error) {
	if len(streams) == 0 {
		streams = []string{"stdout"}
	}
	call := sh.call(ActionReceive, command, Option{Name: optionKeepAlive, Value: "TRUE"})
	call.envelope = closeEnvelope(receiveBody(call.envelope, command, streams))
	call.emptyOK = true
	call.retries = receiveRetries
	if sh.Regain != nil {
		call.retries, call.regain = 1, sh.Regain
	}
	var got Received
	err := sh.c.do(ctx, call, func(s *scanner) (err error) {
		if string(s.local()) != "ReceiveResponse" {
			return s.fail("not a ReceiveResponse")
		}
		got, err = parseReceive(s)
		return err
	})
	var f *Fault
	switch {
	case errors.As(err, &f) && f.IsTimeout():
		return Received{}, nil
	case err != nil:
		return Received{}, err
	}
	return got, nil
}

// Signal sends a code, such as [SignalCtrlC], to a command. The server may
// answer only once the command has stopped.
func (sh *Shell) Signal(ctx context.Context, command uuid.UUID, code string) error {
	call := sh.call(ActionSignal, command)
	call.emptyOK = true
	call.envelope = closeEnvelope(signalBody(call.envelope, command, code))
	return sh.c.do(ctx, call, nil)
}

// Delete ends the shell and every command in it.
func (sh *Shell) Delete(ctx context.Context) error {
	call := sh.call(ActionDelete, uuid.Nil)
	call.emptyOK = true
	call.envelope = closeEnvelope(call.envelope)
	return sh.c.do(ctx, call, nil)
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
