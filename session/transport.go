package session

import (
	"context"

	"github.com/google/uuid"

	"psdeck/session/psrp"
)

// transport carries the fragments of a runspace pool and its pipelines. It
// knows nothing of messages. Its methods may be called concurrently, but for a
// pipeline only one Receive at a time.
type transport interface {
	// Open starts the server's side of the pool with the opening fragments.
	Open(ctx context.Context, out psrp.Outgoing) error
	// Start begins a pipeline: once it has returned without an error, the
	// server has accepted the command.
	Start(ctx context.Context, out psrp.Outgoing) error
	// Send hands over more fragments.
	Send(ctx context.Context, out psrp.Outgoing) error
	// Receive waits for bytes of a pipeline, or of the pool for uuid.Nil. ended
	// tells that nothing more will come. No bytes and no error: ask again.
	Receive(ctx context.Context, pipeline uuid.UUID) (data [][]byte, ended bool, err error)
	// Stop asks the server to stop a pipeline; it returns once the server has
	// taken the request, which may be after the pipeline has stopped.
	Stop(ctx context.Context, pipeline uuid.UUID) error
	// End frees the server's side of a pipeline that is over.
	End(ctx context.Context, pipeline uuid.UUID) error
	// Close ends the pool on the server.
	Close(ctx context.Context) error
	// Ready waits while a lost connection is looked for. Its error is why it is
	// not looked for any longer, or ctx's.
	Ready(ctx context.Context) error
	// Opened is told the protocol version that both sides speak.
	Opened(protocol string)
}
