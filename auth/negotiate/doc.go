// Package negotiate authenticates connections to Windows servers over HTTP
// (RFC 4559, [MS-WSMV] 2.2.9.1) and seals what travels over them: NTLM version 2,
// Kerberos version 5, and SPNEGO, which settles on one of them.
//
// A [Client] is one account at one server. Each connection gets a [Context] of
// its own, which exchanges tokens with the server, proves who the server is as
// far as the mechanism can, and then seals each message with the keys agreed
// on, in order. Over TLS nothing is sealed; there the tokens are tied to the
// connection by the server's certificate (RFC 5929), so that they are of no use
// on another.
package negotiate
