// Package session is one live remote PowerShell session, and the manager of
// many: what a terminal deck, a command line or another program needs to open
// a session in a tenant, run lines in it, and never run one in the wrong
// tenant.
//
// A [Connector] holds what sessions share (the network, the account broker,
// the journal). [Connector.Connect] goes from a [Target] to a [Session]:
// discovery, sign-in, transport, runspace pool, tenant proof; it reports each
// step as an [Event]. [Session.Run] sends a line and returns a [Run], whose
// Next gives batches of records as they arrive, Stop stops it and Wait tells
// how it ended. [Session.Close] deletes the shell on the server.
//
// Two rules hold everywhere. Every line goes through the guard
// ([Session.Check]) before anything is sent. And the journal has a line for
// every command before it is sent and at each step after: nothing is ever
// sent twice.
package session
