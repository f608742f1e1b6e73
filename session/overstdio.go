package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"psdeck/session/outproc"
	"psdeck/session/psrp"
)

// stdioServer is the other end of a stdio transport: a process or an SSH channel.
type stdioServer interface {
	io.ReadWriteCloser
	// Explain adds what the server said apart from its stream, such as its
	// error output, to an error of the stream.
	Explain(err error) error
}

// closePatience is how long a server may take to close a session in order.
const closePatience = 5 * time.Second

// defaultPatience is how long a server may take to acknowledge what it was sent.
const defaultPatience = 3 * time.Minute

// overStdio carries a pool over a pair of streams, as PowerShell itself does
// where there is no WSMan.
type overStdio struct {
	// start makes the other end; what it makes lives until it is closed.
	start func(ctx context.Context) (stdioServer, error)
	// patience bounds the wait for an acknowledgement of Start and Send.
	patience time.Duration

	server stdioServer
	client *outproc.Client
}

// Open starts the server and hands it the opening fragments. Their
// acknowledgement comes only after the pool has opened, and is not waited for:
// until then the server may say things that have to be heard.
func (t *overStdio) Open(ctx context.Context, out psrp.Outgoing) error {
	server, err := t.start(ctx)
	if err != nil {
		return err
	}
	t.server = server
	t.client = outproc.NewClient(server, outproc.ClientConfig{})
	return t.explain(t.client.Send(ctx, uuid.Nil, outproc.Default, out.Bytes()))
}

// explain adds the server's own words to an error of the connection, but for one
// of what it said there: such a server may run on.
func (t *overStdio) explain(err error) error {
	cause := t.client.Err()
	if cause == nil || !errors.Is(err, cause) || errors.Is(cause, outproc.ErrClosed) || outproc.IsProtocol(cause) {
		return err
	}
	return t.server.Explain(err)
}

// Opened implements transport: nothing here depends on the version.
func (t *overStdio) Opened(string) {}

// Ready implements transport: a stream that has ended does not come back.
func (t *overStdio) Ready(context.Context) error { return nil }

// Start announces the pipeline and sends its first fragments. A pipeline that
// does not get that far is closed, or the session could not be closed any more.
func (t *overStdio) Start(ctx context.Context, out psrp.Outgoing) error {
	ctx, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	err := t.client.Command(ctx, out.PipelineID)
	if err == nil {
		err = t.client.Send(ctx, out.PipelineID, outproc.Default, out.Bytes())
	}
	if err == nil {
		err = t.client.Flush(ctx, out.PipelineID)
	}
	if err != nil {
		t.client.Abandon(out.PipelineID)
	}
	return t.explain(err)
}

// Send implements transport.
func (t *overStdio) Send(ctx context.Context, out psrp.Outgoing) error {
	ctx, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	stream := outproc.Default
	if out.Stream == psrp.StreamPromptResponse {
		stream = outproc.PromptResponse
	}
	return t.explain(t.client.Send(ctx, out.PipelineID, stream, out.Bytes()))
}

// Receive gives what has come of a pipeline.
func (t *overStdio) Receive(ctx context.Context, id uuid.UUID) ([][]byte, bool, error) {
	data, ended, err := t.client.Receive(ctx, id)
	return data, ended, t.explain(err)
}

// Stop sends the signal; its acknowledgement comes once the pipeline has stopped.
func (t *overStdio) Stop(ctx context.Context, id uuid.UUID) error {
	return t.explain(t.client.Signal(ctx, id))
}

// End frees the command: a session is not closed by a server as long as one is left.
func (t *overStdio) End(ctx context.Context, id uuid.UUID) error {
	return t.explain(t.client.CloseCommand(ctx, id))
}

// Close closes the session and its server. One that does not close in order is
// ended all the same, and nothing of it is left.
func (t *overStdio) Close(ctx context.Context) error {
	if t.client == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, closePatience)
	defer cancel()
	var unanswered *outproc.AckError
	err := t.client.Close(ctx)
	if errors.As(err, &unanswered) || errors.Is(err, outproc.ErrEnded) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ending the server: %w", err)
	}
	return nil
}
