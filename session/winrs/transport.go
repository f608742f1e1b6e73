package winrs

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"psdeck/session/wsman"
)

// transport is the [winrm.Transporter] of one process: it posts the messages of
// masterzen/winrm through a wsman.Client. What the process sends ends with ctx;
// its Signal and Delete, which clean up, do not.
type transport struct {
	ws  *wsman.Client
	ctx context.Context
}

// Transport implements [winrm.Transporter]; the endpoint is the wsman.Client's.
func (t *transport) Transport(*winrm.Endpoint) error { return nil }

// Post implements [winrm.Transporter].
func (t *transport) Post(_ *winrm.Client, message *soap.SoapMessage) (string, error) {
	envelope := t.readdress(message.String())
	action := actionOf(envelope)
	ctx := t.ctx
	if action == wsman.ActionSignal || action == wsman.ActionDelete {
		var cancel context.CancelFunc
		ctx, cancel = t.cleanup()
		defer cancel()
	}
	answer, err := t.ws.Exchange(ctx, action, []byte(envelope))
	if fault, ok := errors.AsType[*wsman.Fault](err); ok && fault.IsTimeout() && action == wsman.ActionReceive {
		// The library repeats a Receive by this word in the error.
		return "", fmt.Errorf("OperationTimeout: %w", err)
	}
	if err == nil && action == wsman.ActionCommand {
		err = checkID(answer, "CommandId")
	}
	if err == nil && action == wsman.ActionCreate {
		err = checkID(answer, "ShellId")
	}
	return string(answer), err
}

// cleanup is a context for what must be sent though the process's own is done.
func (t *transport) cleanup() (context.Context, context.CancelFunc) {
	ctx := context.WithoutCancel(t.ctx)
	if d := t.ws.CancelTimeout(); d > 0 {
		return context.WithTimeout(ctx, d)
	}
	return ctx, func() {}
}

var (
	toElement     = regexp.MustCompile(`(<a:To>)[^<]*`)
	actionElement = regexp.MustCompile(`<a:Action[^>]*>([^<]*)<`)
)

// readdress writes the endpoint's URL into a message: the library knows hosts
// and ports only.
func (t *transport) readdress(envelope string) string {
	head, body, _ := strings.Cut(envelope, "Body")
	to := escape(t.ws.URL().String())
	head = toElement.ReplaceAllStringFunc(head, func(string) string { return "<a:To>" + to })
	return head + "Body" + body
}

func actionOf(envelope string) string {
	if m := actionElement.FindStringSubmatch(envelope); m != nil {
		return m[1]
	}
	return ""
}

// checkID refuses an answer whose id is no GUID: the library writes ids into
// its next message as they are.
func checkID(answer []byte, name string) error {
	_, rest, ok := bytes.Cut(answer, []byte(name+">"))
	id, _, _ := bytes.Cut(rest, []byte("<"))
	if !ok {
		return fmt.Errorf("winrs: the server names no %s", name)
	}
	if _, err := uuid.ParseBytes(bytes.TrimSpace(id)); err != nil {
		return fmt.Errorf("winrs: the server's %s is no GUID", name)
	}
	return nil
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}
