// Package winrs runs commands in the Windows Remote Shell ([MS-WSMV]):
// the way to a Windows host whose PowerShell endpoint is closed. It gives text,
// not objects.
//
// A [Client] runs commands over a [wsman.Client], which brings the connection,
// the authorization and the faults; the messages are those of
// github.com/masterzen/winrm. Each [Process] has a shell of its own on the
// server, which is deleted when the process ends, is stopped, or its context is
// done.
//
// The shell is asked for code page 65001, so output is UTF-8 from programs that
// honour it. Error output of PowerShell, which is CLIXML when nobody looks at a
// console, is turned into the text that a console would show.
//
// A Receive whose answer is lost is not repeated, since these messages have no
// OperationID by which a server would recognize it: the process ends with a
// [*wsman.TransportError] rather than with a gap in its output.
package winrs
