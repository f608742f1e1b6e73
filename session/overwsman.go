package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"psdeck/session/psrp"
	"psdeck/session/safetext"
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
	sending lock          // keeps Sends in order

	life *lifeline // nil: a lost connection is not looked for

	mu    sync.Mutex
	shell *wsman.Shell
	link  link
	// early is what a Receive brought that asked whether a command had arrived.
	early map[uuid.UUID]received
	noes  []string // what the server refuses to do
}

// received is what one Receive brought.
type received struct {
	data  [][]byte
	ended bool
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
			t.hold(shell)
		}
	}()
	select {
	case <-t.created:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold takes the shell that the session lives in.
func (t *overWSMan) hold(shell *wsman.Shell) {
	if t.life != nil {
		shell.Regain = func(ctx context.Context, lost error) error { return t.regain(ctx, lost, t.mark()) }
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shell = shell
}

// refused notes that the server does not do what was asked.
func (t *overWSMan) refused(what string, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.noes = append(t.noes, what+": "+safetext.Clean(why.Error()))
}

// refusals are what the server refuses to do.
func (t *overWSMan) refusals() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Compact(slices.Clone(t.noes))
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
	if err := t.sending.acquire(ctx); err != nil {
		return err
	}
	defer t.sending.release()
	if err := t.command(ctx, shell, out.PipelineID, first); err != nil {
		return err
	}
	t.runs(out.PipelineID)
	return t.sendRest(ctx, shell, out.PipelineID, "stdin", rest)
}

// command sends a Command, once: again only where it has certainly not arrived.
// Where it may have, the server is asked whether it has the command.
func (t *overWSMan) command(ctx context.Context, shell *wsman.Shell, id uuid.UUID, first []byte) error {
	for {
		seen := t.mark()
		given, err := shell.Command(ctx, id, "", first)
		if err == nil {
			t.answered()
			if given != id {
				return fmt.Errorf("the server calls command %s %s", id, given)
			}
			return nil
		}
		if ctx.Err() != nil || !mayComeBack(err) || t.life == nil {
			return err
		}
		if t.regain(ctx, err, seen) != nil {
			return err
		}
		if mayHaveArrived(err) {
			return t.arrived(ctx, shell, id, err)
		}
	}
}

// arrived asks the server for output of a command that it may not have: its
// answer tells.
func (t *overWSMan) arrived(ctx context.Context, shell *wsman.Shell, id uuid.UUID, lost error) error {
	got, err := shell.Receive(ctx, id)
	var fault *wsman.Fault
	if errors.As(err, &fault) && fault.IsShellNotFound() {
		return &NotArrivedError{Err: lost}
	}
	if err != nil {
		return lost
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.early == nil {
		t.early = map[uuid.UUID]received{}
	}
	t.early[id] = received{data: chunksOf(got)}
	return nil
}

// Send hands over fragments in as few envelopes as they fit.
func (t *overWSMan) Send(ctx context.Context, out psrp.Outgoing) error {
	shell, err := t.current()
	if err != nil {
		return err
	}
	if err := t.sending.acquire(ctx); err != nil {
		return err
	}
	defer t.sending.release()
	return t.sendRest(ctx, shell, out.PipelineID, out.Stream, out.Fragments)
}

func (t *overWSMan) sendRest(ctx context.Context, shell *wsman.Shell, id uuid.UUID, stream string, fragments [][]byte) error {
	for len(fragments) > 0 {
		var data []byte
		data, fragments = pack(fragments, t.client.MaxPayload(wsman.OpSend))
		err := t.again(ctx, func() error { return shell.Send(ctx, id, stream, data, false) }, mayHaveArrived)
		if err != nil {
			return err
		}
	}
	return nil
}

// again makes an exchange, and once more after each loss that was made good,
// but not one that unsafe tells must not be made twice.
func (t *overWSMan) again(ctx context.Context, do func() error, unsafe func(error) bool) error {
	for {
		seen := t.mark()
		err := do()
		if err == nil || ctx.Err() != nil || unsafe(err) || !mayComeBack(err) {
			return err
		}
		if t.regain(ctx, err, seen) != nil {
			return err
		}
	}
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
// of the command; one that says so of the shell is the end of the session. One
// that says the shell is disconnected is made good.
func (t *overWSMan) Receive(ctx context.Context, id uuid.UUID) ([][]byte, bool, error) {
	shell, err := t.current()
	if err != nil {
		return nil, false, err
	}
	t.mu.Lock()
	early, ok := t.early[id]
	delete(t.early, id)
	t.mu.Unlock()
	if ok {
		return early.data, early.ended, nil
	}
	seen := t.mark()
	got, err := shell.Receive(ctx, id)
	var fault *wsman.Fault
	switch {
	case id != uuid.Nil && errors.As(err, &fault) && fault.IsShellNotFound():
		t.over(id)
		return nil, true, nil
	case err != nil && mayComeBack(err) && ctx.Err() == nil:
		return nil, false, t.regain(ctx, err, seen)
	case err != nil:
		return nil, false, err
	}
	t.answered()
	// A command that is done may still owe its last message: only the fault
	// that it is gone says that there is none.
	return chunksOf(got), got.Done && id == uuid.Nil, nil
}

func chunksOf(got wsman.Received) [][]byte {
	chunks := make([][]byte, 0, len(got.Streams))
	for _, s := range got.Streams {
		if len(s.Data) > 0 {
			chunks = append(chunks, s.Data)
		}
	}
	return chunks
}

// runs notes a command that has begun.
func (t *overWSMan) runs(id uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.link.running == nil {
		t.link.running = map[uuid.UUID]bool{}
	}
	t.link.running[id] = true
}

// over forgets a command that has ended.
func (t *overWSMan) over(id uuid.UUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.link.running, id)
	delete(t.early, id)
}

// Stop sends the signal that PowerShell's own client sends; its spelling is the protocol's.
func (t *overWSMan) Stop(ctx context.Context, id uuid.UUID) error {
	return t.signal(ctx, id, wsman.SignalCtrlC)
}

// End frees the command: a server keeps a thousand of them and then refuses.
func (t *overWSMan) End(ctx context.Context, id uuid.UUID) error {
	t.over(id)
	return t.signal(ctx, id, wsman.SignalTerminate)
}

func (t *overWSMan) signal(ctx context.Context, id uuid.UUID, code string) error {
	shell, err := t.current()
	if err != nil {
		return err
	}
	never := func(error) bool { return false } // a second signal does what the first did
	err = t.again(ctx, func() error { return shell.Signal(ctx, id, code) }, never)
	var fault *wsman.Fault
	if errors.As(err, &fault) && fault.IsShellNotFound() {
		return nil // it is over already
	}
	return err
}

// Leave disconnects from the shell: what runs in it goes on, for as long as the
// server keeps it.
func (t *overWSMan) Leave(ctx context.Context, idle time.Duration, bufferMode string) error {
	shell, err := t.current()
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.link.left = true
	t.mu.Unlock()
	if err := shell.Disconnect(ctx, idle, bufferMode); err != nil {
		t.mu.Lock()
		t.link.left = false
		t.mu.Unlock()
		return err
	}
	return nil
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
