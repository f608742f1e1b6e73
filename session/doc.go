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
//	c := session.NewConnector(session.ConnectorConfig{})
//	s, err := c.Connect(ctx, session.Target{UserName: "admin@contoso.example"}, nil)
//	run, err := s.Run(ctx, "Get-CsTenant", session.RunOptions{})
//	for {
//		records, err := run.Next(ctx) // io.EOF after the last
//	}
//	err = s.Close(ctx)
//
// Besides lines a program can run pipelines that it makes of values
// ([Session.RunPipeline]), with input that comes while they run, and use the
// runspace pool itself: [Session.Reset], [Session.SetRunspaces],
// [Session.AvailableRunspaces], [Session.CommandMetadata], [Session.UserEvents],
// [Session.PrivateData].
//
// A question of the server ([Prompt]) is a record like the others: its command
// waits until it is answered or refused. Errors of connecting are *[Error], with
// hints ([HintsOf]); how a line ended is in its [Result], and a line whose fate
// is not known ends as [Lost], never silently.
//
// The package keeps no state of its own, starts no goroutine that does not end
// with its session, and writes nothing but to the journal and the trace that it
// is given. Contexts bound each call; the one that Run gets bounds its line too.
// Remote texts are not cleaned: [safetext.Clean] does that before a terminal sees them.
//
// [Cmdlets] are the session cmdlets of a program that keeps several sessions:
// New-CsOnlineSession, New-PSSession, Import-PSSession, Invoke-Command and
// their kin act on its [Deck], typed at [Cmdlets.Home] or in any session that
// was given to [Cmdlets.Adopt].
//
// Two rules hold everywhere. Every line goes through the guard
// ([Session.Check]) before anything is sent. And the journal has a line for
// every command before it is sent and at each step after: nothing is ever
// sent twice.
package session
