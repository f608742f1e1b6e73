package wsman

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Disconnect leaves the shell: it and its commands stay on the server, for
// idleTimeout, until [Shell.Reconnect] or another client's [Shell.Connect].
// bufferMode is [BufferBlock] or [BufferDrop]. Zero and "" leave both as they
// are. Receives under way end with a [*Fault] that IsDisconnected or IsEnd.
func (sh *Shell) Disconnect(ctx context.Context, idleTimeout time.Duration, bufferMode string) error {
	call := sh.call(ActionDisconnect, uuid.Nil)
	call.emptyOK = true
	call.envelope = closeEnvelope(disconnectBody(call.envelope, idleTimeout, bufferMode))
	return sh.c.do(ctx, call, nil)
}

// Reconnect comes back to a shell that this client has disconnected, or that
// the server has disconnected because nobody asked it anything. Commands in it
// are to be reconnected one by one, with [Shell.ReconnectCommand].
func (sh *Shell) Reconnect(ctx context.Context) error {
	return sh.ReconnectCommand(ctx, uuid.Nil)
}

// ReconnectCommand comes back to a command, after the shell.
func (sh *Shell) ReconnectCommand(ctx context.Context, command uuid.UUID) error {
	call := sh.call(ActionReconnect, command)
	call.emptyOK = true
	call.envelope = closeEnvelope(reconnectBody(call.envelope, command))
	return sh.c.do(ctx, call, nil)
}

// Connect joins a disconnected shell that another client has made. connectXML
// and what is returned, the server's connectResponseXml, are raw messages of
// the shell's protocol. A shell that somebody is connected to is a [*Fault]
// that IsInUse.
func (sh *Shell) Connect(ctx context.Context, connectXML []byte) ([]byte, error) {
	return sh.connect(ctx, uuid.Nil, connectXML, withVersion(nil)...)
}

// ConnectCommand joins a command in a shell that was joined before; its output
// is had from then on, which may be in the middle of a message.
func (sh *Shell) ConnectCommand(ctx context.Context, command uuid.UUID) error {
	_, err := sh.connect(ctx, command, nil)
	return err
}

func (sh *Shell) connect(ctx context.Context, command uuid.UUID, connectXML []byte, options ...Option) ([]byte, error) {
	call := sh.call(ActionConnect, command, options...)
	call.envelope = closeEnvelope(connectBody(call.envelope, command, connectXML))
	if err := sh.c.fits(call); err != nil {
		return nil, err
	}
	var response []byte
	err := sh.c.do(ctx, call, func(s *scanner) error {
		if string(s.local()) != "ConnectResponse" {
			return s.fail("not a ConnectResponse")
		}
		return children(s, func(name string, s *scanner) error {
			if name != "connectResponseXml" {
				return nil
			}
			text, err := s.content()
			if err != nil {
				return err
			}
			if response, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")); err != nil {
				return s.fail("a connectResponseXml that is not base64")
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}
