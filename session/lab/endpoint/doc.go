// Package endpoint is the remote end of the lab: a PowerShell remoting server
// over HTTP, written against [MS-WSMV] and [MS-PSRP] and not against one
// client. It offers what the real services offered, down to their fault codes
// and texts, and a switch for each way in which they are known to misbehave.
//
// The vocabulary is that of the protocols. A client creates a shell (one
// runspace pool) and in it commands (one pipeline each); output is fetched by
// Receive, which parks until there is some. A shell belongs to the user who
// created it, and each user may have only a few: what is not deleted blocks
// its owner until it has been idle for [Config].IdleTimeout.
//
// Where [Config].CommandShells allows it, a client may create a shell of the
// Windows Remote Shell instead. Its commands are lines for a very small
// cmd.exe, which knows powershell.exe, and they give text.
//
// [Server] is an [net/http.Handler]. What runs in a shell is made by
// [Config].Open, which decides by identity and URL which tenant it works on.
package endpoint
