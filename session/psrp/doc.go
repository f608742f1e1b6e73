// Package psrp speaks the PowerShell Remoting Protocol, [MS-PSRP], as pure
// code: bytes in, events and bytes out. It knows no network, no clock and no
// goroutine; a transport (WSMan, a child process, SSH) carries its fragments.
//
// A [Client] makes what goes out ([Outgoing]: whole fragments for a pipeline or
// for the pool) and turns what comes in into [Event] values. A [Server] is the
// other end, with the same vocabulary.
//
//	c := psrp.NewClient(psrp.ClientConfig{})
//	out, err := c.Open()                       // goes into the shell's creationXml
//	events, err := c.Feed(uuid.Nil, received)  // … until PoolStateChanged{Opened}
//	id, out, err := c.CreatePipeline(psrp.Script("1 + 1"))
//	events, err = c.Feed(id, received)         // Output{2}, PipelineStateChanged{Completed}
//
// From the bottom up: a message ([Message]) has a type, the ids of its pool and
// pipeline, and a body in CLIXML; every body is a typed value ([Body]). A
// [Fragmenter] cuts messages into fragments, a [Reassembler] joins them again
// and refuses what a conforming peer never sends.
package psrp

import "github.com/google/uuid"

// Streams of a transport that carry what goes out.
const (
	StreamStdin          = "stdin" // pool and pipeline messages
	StreamPromptResponse = "pr"    // answers to host calls
)

// The versions of the protocol. A protocol version up to 2.3 encrypts
// SecureStrings with a session key; from 2.4 on they travel in clear inside the
// transport, which therefore must be confidential.
const (
	Protocol20 = "2.0"
	Protocol21 = "2.1"
	Protocol22 = "2.2"
	Protocol23 = "2.3"
	Protocol24 = "2.4"

	powerShellVersion = "2.0"
	// SerializationVersion is that of CLIXML.
	SerializationVersion = "1.1.0.1"
)

// Outgoing is what one call wants sent: whole fragments, in order. A transport
// packs as many into one packet as it likes and never cuts one.
type Outgoing struct {
	PipelineID uuid.UUID // uuid.Nil: the pool
	Stream     string    // StreamStdin or StreamPromptResponse
	Fragments  [][]byte
}

// Bytes joins all fragments, for transports that take one block.
func (o Outgoing) Bytes() []byte {
	n := 0
	for _, f := range o.Fragments {
		n += len(f)
	}
	b := make([]byte, 0, n)
	for _, f := range o.Fragments {
		b = append(b, f...)
	}
	return b
}
