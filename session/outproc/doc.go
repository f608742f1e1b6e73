// Package outproc carries PowerShell remoting over a byte stream in both
// directions: the standard streams of a process ("pwsh -s"), or of the SSH
// subsystem "powershell". It knows nothing of the messages inside.
//
// The vocabulary is PowerShell's. A packet is one line with one element. Each
// names by its PSGuid what it is about: the session (zeros) or a command, which
// is one pipeline. Data carries bytes; all of one direction, PSGuid and stream
// are one byte stream, whatever packets they came in. Command announces a
// command, Signal stops one, Close ends one or the session. The server answers
// each packet with the acknowledgement of its name; the client acknowledges
// nothing.
//
// A server handles each packet on a thread of its own, so that the order of two
// of them is kept only by waiting: [Client] has at most one Data of a PSGuid on
// its way, and sends none of a command before the command was acknowledged.
package outproc
