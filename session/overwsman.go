package session

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// overWSMan carries a pool over WS-Management ([MS-PSRP] 3.1.5.3, [MS-WSMV]):
// the pool is a shell, a pipeline a command in it.
type overWSMan struct {
	client  *wsman.Client
	request wsman.ShellRequest
	retries int          // how often Create may be sent again
	noted   func(string) // told before that; may be nil

	created chan struct{} // closed when Create has been answered
	sendMu  sync.Mutex    // keeps Sends in order

	mu    sync.Mutex
	shell *wsman.Shell
}

// Open creates the shell; the opening fragments ride in creationXml. A Create
// that is no longer waited for may still succeed on the server: its answer is
// taken all the same, so that Close can delete the shell.
func (t *overWSMan) Open(ctx context.Context, out psrp.Outgoing) error {
	r := t.request
	r.CreationXML = out.Bytes()
	t.created = make(chan struct{})
	var err error
	go func() {
		defer close(t.created)
		var shell *wsman.Shell
		if shell, err = t.create(ctx, r); err == nil {
			t.mu.Lock()
			t.shell = shell
			t.mu.Unlock()
		}
	}()
	select {
	case <-t.created:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// current returns the shell, or an error where there is none.
func (t *overWSMan) current() (*wsman.Shell, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shell == nil {
		return nil, errors.New("there is no shell on the server")
	}
	return t.shell, nil
}

// Opened lets envelopes grow to what servers after protocol 2.1 take.
func (t *overWSMan) Opened(protocol string) {
	if protocol > "2.1" {
		t.client.SetMaxEnvelopeSize(wsman.MaxEnvelopeSizeV2)
	}
}

// Start sends the first fragments as arguments of a Command, and the rest, if
// they are too many for one envelope, by Send.
func (t *overWSMan) Start(ctx context.Context, out psrp.Outgoing) error {
	shell, err := t.current()
	if err != nil {
		return err
	}
	first, rest := pack(out.Fragments, t.client.MaxPayload(wsman.OpCommand))
	t.sendMu.Lock()
	defer t.sendMu.Unlock()
	id, err := shell.Command(ctx, out.PipelineID, "", first)
	if err != nil {
		return err
	}
	if id != out.PipelineID {
		return fmt.Errorf("the server calls command %s %s", out.PipelineID, id)
	}
	return t.sendRest(ctx, shell, out.PipelineID, "stdin", rest)
}

// Send hands over fragments in as few envelopes as they fit.
func (t *overWSMan) Send(ctx context.Context, out psrp.Outgoing) error {
	shell, err := t.current()
	if err != nil {
		return err
	}
	t.sendMu.Lock()
	defer t.sendMu.Unlock()
	return t.sendRest(ctx, shell, out.PipelineID, out.Stream, out.Fragments)
}

func (t *overWSMan) sendRest(ctx context.Context, shell *wsman.Shell, id uuid.UUID, stream string, fragments [][]byte) error {
	for len(fragments) > 0 {
		var data []byte
		data, fragments = pack(fragments, t.client.MaxPayload(wsman.OpSend))
		if err := shell.Send(ctx, id, stream, data, false); err != nil {
			return err
		}
	}
	return nil
}

// pack joins as many whole fragments as fit in size bytes, one at least.
func pack(fragments [][]byte, size int) (data []byte, rest [][]byte) {
	n := 0
	for n < len(fragments) && (n == 0 || len(data)+len(fragments[n]) <= size) {
		data = append(data, fragments[n]...)
		n++
	}
	return data, fragments[n:]
}

// Receive makes one exchange. A fault that says the command is gone is the end
// of the command; one that says so of the shell is the end of the session.
func (t *overWSMan) Receive(ctx context.Context, id uuid.UUID) ([][]byte, bool, error) {
	shell, err := t.current()
	if err != nil {
		return nil, false, err
	}
	got, err := shell.Receive(ctx, id)
	var fault *wsman.Fault
	if id != uuid.Nil && errors.As(err, &fault) && fault.IsShellNotFound() {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	chunks := make([][]byte, 0, len(got.Streams))
	for _, s := range got.Streams {
		if len(s.Data) > 0 {
			chunks = append(chunks, s.Data)
		}
	}
	// A command that is done may still owe its last message: only the fault
	// that it is gone says that there is none.
	return chunks, got.Done && id == uuid.Nil, nil
}

// Stop sends the signal that PowerShell's own client sends; its spelling is the protocol's.
func (t *overWSMan) Stop(ctx context.Context, id uuid.UUID) error {
	return t.signal(ctx, id, wsman.SignalCtrlC)
}

// End frees the command: a server keeps a thousand of them and then refuses.
func (t *overWSMan) End(ctx context.Context, id uuid.UUID) error {
	return t.signal(ctx, id, wsman.SignalTerminate)
}

func (t *overWSMan) signal(ctx context.Context, id uuid.UUID, code string) error {
	shell, err := t.current()
	if err != nil {
		return err
	}
	err = shell.Signal(ctx, id, code)
	var fault *wsman.Fault
	if errors.As(err, &fault) && fault.IsShellNotFound() {
		return nil // it is over already
	}
	return err
}

// Close deletes the shell, which ends every command in it, and the lanes.
func (t *overWSMan) Close(ctx context.Context) error {
	defer t.client.Close()
	if t.created != nil {
		select {
		case <-t.created:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	shell, err := t.current()
	if err != nil {
		return nil
	}
	err = shell.Delete(ctx)
	var fault *wsman.Fault
	if errors.As(err, &fault) && fault.IsShellNotFound() {
		return nil
	}
	return err
}
