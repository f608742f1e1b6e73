package wsman

import (
	"context"
	"errors"
	"strconv"

	"github.com/google/uuid"
)

const (
	pageSize = "32000" // items asked for at once, as Windows does
	maxItems = 32000   // items taken in all
	maxPulls = 1000
)

// CommandInfo is what a server says of a command in a shell.
type CommandInfo struct {
	ID    uuid.UUID
	State string // [StateRunning], [StatePending] or [StateDone]
}

// Enumerate lists the shells that the server shows this user, of every kind.
// An administrator may see those of others too.
func (c *Client) Enumerate(ctx context.Context) ([]ShellInfo, error) {
	var shells []ShellInfo
	err := c.enumerate(ctx, resourceShells, nil, func(name string, s *scanner) error {
		if name != "Shell" {
			return nil
		}
		var info ShellInfo
		if err := children(s, info.read); err != nil {
			return err
		}
		if info.ID == "" {
			return s.fail("a shell without an id")
		}
		shells = append(shells, info)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return shells, nil
}

// Attach takes hold of a shell that [Client.Enumerate] has listed, to connect
// to it or to delete it. It asks the server nothing.
func (c *Client) Attach(info ShellInfo) *Shell {
	return &Shell{
		Info: info, c: c, resource: orDefault(info.ResourceURI, c.cfg.ResourceURI),
		selectors: []Selector{{Name: "ShellId", Value: info.ID}},
	}
}

// Commands lists the commands in the shell.
func (sh *Shell) Commands(ctx context.Context) ([]CommandInfo, error) {
	var commands []CommandInfo
	err := sh.c.enumerate(ctx, resourceCommands, sh.selectors, func(name string, s *scanner) error {
		if name != "Command" {
			return nil
		}
		var info CommandInfo
		if err := children(s, info.read); err != nil {
			return err
		}
		commands = append(commands, info)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return commands, nil
}

func (i *CommandInfo) read(name string, s *scanner) error {
	text, err := s.content()
	switch {
	case err != nil:
		return err
	case name == "CommandId":
		if i.ID, err = uuid.Parse(text); err != nil {
			return s.fail("a CommandId that is no GUID")
		}
	case name == "CommandState":
		i.State = stateName([]byte(text))
	}
	return nil
}

// Describe asks what the shell is now.
func (sh *Shell) Describe(ctx context.Context) (ShellInfo, error) {
	info := ShellInfo{ID: sh.ID()}
	call := sh.c.newCall(ActionGet, header{resource: resourceShells, selectors: sh.selectors, timeout: sh.c.timeoutOf(ActionGet)})
	call.shellID = sh.ID()
	call.envelope = closeEnvelope(call.envelope)
	err := sh.c.do(ctx, call, func(s *scanner) error {
		if string(s.local()) != "Shell" {
			return s.fail("not a Shell")
		}
		return children(s, info.read)
	})
	if err != nil {
		return ShellInfo{}, err
	}
	return info, nil
}

// MaxEnvelope asks the server's configuration for the size of envelope that it
// takes, in bytes; 0 where it does not say, as most do not to whoever is no
// administrator.
func (c *Client) MaxEnvelope(ctx context.Context) (int, error) {
	call := c.newCall(ActionGet, header{resource: resourceConfig, timeout: c.timeoutOf(ActionGet)})
	call.envelope = closeEnvelope(call.envelope)
	kilobytes := 0
	err := c.do(ctx, call, func(s *scanner) error {
		if string(s.local()) != "Config" {
			return s.fail("not a Config")
		}
		return children(s, func(name string, s *scanner) error {
			if name != "MaxEnvelopeSizekb" {
				return nil
			}
			text, err := s.content()
			if err != nil {
				return err
			}
			const most = 1 << 20 // a gigabyte
			if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= most {
				kilobytes = n
			}
			return nil
		})
	})
	var fault *Fault
	if errors.As(err, &fault) && (fault.Code == CodeAccessDenied || fault.IsInvalidResource()) {
		return 0, nil
	}
	return kilobytes << 10, err
}

// enumerate lists the items of a resource, page by page ([DSP0226] 8).
func (c *Client) enumerate(ctx context.Context, resource string, of []Selector, item func(name string, s *scanner) error) error {
	at := header{resource: resource, timeout: c.timeoutOf(ActionEnumerate)}
	p := page{item: item}
	call := c.newCall(ActionEnumerate, at)
	call.envelope = closeEnvelope(enumerateBody(call.envelope, of))
	for pulls := 0; ; pulls++ {
		err := c.do(ctx, call, p.read)
		if err != nil || p.end || p.context == "" {
			return err
		}
		if pulls == maxPulls {
			return &SyntaxError{Msg: "an enumeration without an end"}
		}
		call = c.newCall(ActionPull, at)
		call.envelope = closeEnvelope(pullBody(call.envelope, p.context))
		if err := c.fits(call); err != nil {
			return err
		}
	}
}

// page reads an EnumerateResponse or a PullResponse.
type page struct {
	item    func(name string, s *scanner) error
	context string // of the next Pull
	end     bool   // there is none
	items   int
}

func (p *page) read(s *scanner) error {
	if name := string(s.local()); name != "EnumerateResponse" && name != "PullResponse" {
		return s.fail("not a page of an enumeration")
	}
	// A server that has given a context may leave it out of later pages, where it
	// stays the same.
	return children(s, func(name string, s *scanner) (err error) {
		switch name {
		case "EnumerationContext":
			p.context, err = s.content()
		case "EndOfSequence":
			p.end = true
		case "Items":
			err = children(s, func(name string, s *scanner) error {
				if p.items++; p.items > maxItems {
					return s.fail("an enumeration without an end")
				}
				return p.item(name, s)
			})
		}
		return err
	})
}
