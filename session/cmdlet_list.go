package session

import (
	"fmt"
	"strings"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// listingCmdlets show sessions, go to them, leave them and join them again.
func listingCmdlets() []*cmdlet {
	const there = " [-Credential <pscredential>] [-Authentication <AuthenticationMechanism>] [-CertificateThumbprint <string>] " +
		"[-SessionOption <PSSessionOption>] [-ConfigurationName <string>]"
	const many = there + " [-ThrottleLimit <int>]"
	const listed = many + " [-State <SessionFilterState>]"
	const listening = " [-ApplicationName <string>] [-Port <int>] [-UseSSL]"
	const computers, uris = "[-ComputerName] <string[]>" + listening, "[-ConnectionUri] <uri[]> [-AllowRedirection]"
	const computer, uri = "[-ComputerName] <string>" + listening, "[-ConnectionUri] <uri> [-AllowRedirection]"
	const leaving = " [-IdleTimeoutSec <int>] [-OutputBufferingMode <OutputBufferingMode>] [-ThrottleLimit <int>]"
	const target = " [-OutTarget <OutTarget>] [-JobName <string>]"
	const where = "ComputerName=Cn ConnectionUri=URI ConnectionUri=CU KeyFilePath=IdentityFilePath WhatIf=wi Confirm=cf"
	const sure = " [-WhatIf] [-Confirm]"
	return []*cmdlet{
		{
			name: "Get-PSSession", about: "Lists the sessions of the deck, or those that a server keeps.", class: "Microsoft.PowerShell.Commands.GetPSSessionCommand", aliases: where,
			sets: []string{
				"[-Name <string[]>] [-State <SessionFilterState>]", "[-Id] <int[]>", "[-InstanceId <guid[]>]",
				computers + listed + " [-Name <string[]>]", computers + listed + " -InstanceId <guid[]>", uris + listed + " [-Name <string[]>]", uris + listed + " -InstanceId <guid[]>",
			},
			run: getPSSession,
		},
		{
			name: "Enter-PSSession", about: "Goes to a session: lines typed from then on run there.", class: "Microsoft.PowerShell.Commands.EnterPSSessionCommand", aliases: where, pipe: "Session",
			sets: []string{
				"[-ComputerName] <string> [-Credential <pscredential>] [-ConfigurationName <string>] [-Port <int>] [-UseSSL] [-ApplicationName <string>] " +
					"[-SessionOption <PSSessionOption>] [-Authentication <AuthenticationMechanism>] [-CertificateThumbprint <string>] [-EnableNetworkAccess]",
				"[[-Session] <PSSession>]",
				"[[-ConnectionUri] <uri>] [-Credential <pscredential>] [-ConfigurationName <string>] [-AllowRedirection] [-SessionOption <PSSessionOption>] " +
					"[-Authentication <AuthenticationMechanism>] [-CertificateThumbprint <string>] [-EnableNetworkAccess]",
				"[-InstanceId <guid>]", "[[-Id] <int>]", "[-Name <string>]",
				"[-HostName] <string> [-Port <int>] [-UserName <string>] [-KeyFilePath <string>] [-Subsystem <string>] [-ConnectingTimeout <int>] [-SSHTransport] [-Options <hashtable>]",
			},
			run: enterPSSession,
		},
		{name: "Exit-PSSession", about: "Goes back to where Enter-PSSession was typed.", class: "Microsoft.PowerShell.Commands.ExitPSSessionCommand", sets: []string{""}, run: exitPSSession},
		{
			name: "Remove-PSSession", about: "Closes sessions, and their tabs.", class: "Microsoft.PowerShell.Commands.RemovePSSessionCommand", aliases: where, pipe: "Session",
			sets: []string{"[-Id] <int[]>" + sure, "[-Session] <PSSession[]>" + sure, "-InstanceId <guid[]>" + sure, "-Name <string[]>" + sure, "[-ComputerName] <string[]>" + sure},
			run:  removePSSession,
		},
		{
			name: "Disconnect-PSSession", about: "Leaves sessions on their servers, where they go on.", class: "Microsoft.PowerShell.Commands.DisconnectPSSessionCommand", aliases: where, pipe: "Session",
			sets: []string{
				"[-Session] <PSSession[]>" + leaving + sure, "-InstanceId <guid[]>" + leaving + sure, "-Name <string[]>" + leaving + sure, "[-Id] <int[]>" + leaving + sure,
			},
			run: disconnectPSSession,
		},
		{
			name: "Connect-PSSession", about: "Joins sessions that were left on their servers.", class: "Microsoft.PowerShell.Commands.ConnectPSSessionCommand", aliases: where, pipe: "Session",
			sets: []string{
				"-Name <string[]> [-ThrottleLimit <int>]" + sure, "[-Session] <PSSession[]> [-ThrottleLimit <int>]" + sure, "-InstanceId <guid[]> [-ThrottleLimit <int>]" + sure, "[-Id] <int[]> [-ThrottleLimit <int>]" + sure,
				computers + many + " [-Name <string[]>]" + sure, "-ComputerName <string[]>" + listening + many + " -InstanceId <guid[]>" + sure,
				uris + many + " [-Name <string[]>]" + sure, uris + many + " -InstanceId <guid[]>" + sure,
			},
			run: connectPSSession,
		},
		{
			name: "Receive-PSSession", about: "Joins a session and gives what its commands gave meanwhile.", class: "Microsoft.PowerShell.Commands.ReceivePSSessionCommand", aliases: where, pipe: "Session",
			sets: []string{
				"[-Session] <PSSession>" + target + sure, "[-Id] <int>" + target + sure, "[-InstanceId] <guid>" + target + sure, "[-Name] <string>" + target + sure,
				computer + there + target + " -Name <string>" + sure, computer + there + target + " -InstanceId <guid>" + sure,
				uri + there + target + " -Name <string>" + sure, uri + there + target + " -InstanceId <guid>" + sure,
			},
			run: receivePSSession,
		},
	}
}

// chosen are the sessions that the parameters name; an error for one that is
// not there.
func (c *call) chosen() ([]*entry, error) {
	if c.has("Session") {
		return c.sessionsOf("Session"), nil
	}
	var out []*entry
	for _, by := range []struct {
		parameter string
		is        func(*entry, clixml.Value) bool
		id, text  string
	}{
		{"Id", func(e *entry, v clixml.Value) bool { n, _ := v.Int(); return int64(e.number) == n }, "RemoteRunspaceNotAvailableForSpecifiedSessionId", "The remote session with the session ID %s is not available."},
		{"InstanceId", func(e *entry, v clixml.Value) bool { return strings.EqualFold(e.shell, v.String()) }, "RemoteRunspaceNotAvailableForSpecifiedRunspaceId", "The remote session with the runspace ID %s is not available."},
		{"Name", func(e *entry, v clixml.Value) bool { return matches(v.String(), e.name) }, "RemoteRunspaceNotAvailableForSpecifiedName", "The remote session with the name %s  is not available."},
		{"ComputerName", func(e *entry, v clixml.Value) bool {
			host, _ := hostAndTransport(e.live)
			return strings.EqualFold(host, v.String())
		}, "RemoteRunspaceNotAvailableForSpecifiedComputer", "The remote session with the computer name %s is not available."},
	} {
		if !c.has(by.parameter) {
			continue
		}
		for _, v := range c.list(by.parameter) {
			before := len(out)
			for _, e := range c.desk().entries() {
				if by.is(e, v) {
					out = append(out, e)
				}
			}
			if len(out) == before && !(by.parameter == "Name" && strings.ContainsAny(v.String(), "*?[")) {
				return nil, c.fail(by.id, by.text, v)
			}
		}
	}
	return out, nil
}

// matches tells whether a name is what a pattern with wildcards says.
func matches(pattern, name string) bool {
	re, err := pslang.Wildcard(pattern, false)
	return err == nil && re.MatchString(name)
}

func getPSSession(c *call) error {
	if c.has("ComputerName") || c.has("ConnectionUri") {
		return c.sessionsThere(func(e *entry) error { c.give(e.object()); return nil })
	}
	list := c.desk().entries()
	if c.has("Id") || c.has("InstanceId") || c.has("Name") {
		var err error
		if list, err = c.chosen(); err != nil {
			return err
		}
	}
	for _, e := range list {
		if state, _ := e.state(); c.wanted(state.ToString) {
			c.give(e.object())
		}
	}
	return nil
}

func (c *call) wanted(state string) bool {
	filter := c.text("State")
	return filter == "" || filter == "All" || strings.EqualFold(filter, state)
}

// sessionsThere asks the servers that were given for the sessions they keep,
// and does something with each.
func (c *call) sessionsThere(do func(*entry) error) error {
	lister, ok := c.desk().deck.(Lister)
	if !ok {
		return c.fail("EnumerateNotSupported", "this deck cannot ask servers for their sessions")
	}
	targets, err := c.targets()
	if err != nil {
		return err
	}
	for _, t := range targets {
		if err := c.signInWith(&t); err != nil {
			return err
		}
		shells, err := lister.Shells(c.ctx, t)
		if err != nil {
			return err
		}
		shells.Close()
		for _, info := range shells.List {
			if !c.wanted(orElse(map[string]string{"Connected": "Opened"}[info.State], info.State)) || !c.named(info.Name, info.ID) {
				continue
			}
			if err := do(c.desk().found(t, info.ID, info.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *call) named(name, id string) bool {
	ok := !c.has("Name") && !c.has("InstanceId")
	for _, pattern := range c.texts("Name") {
		ok = ok || matches(pattern, name)
	}
	for _, want := range c.texts("InstanceId") {
		ok = ok || strings.EqualFold(want, id)
	}
	return ok
}

// found is the entry of a session that a server keeps.
func (d *Cmdlets) found(t Target, id, name string) *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.known {
		if !e.removed && strings.EqualFold(e.shell, id) {
			return e
		}
	}
	t.Attach = strings.ToLower(id)
	live := newSession(t.Attach, name, t, time.Now, nil)
	live.uri = t.OverridePowerShellURI
	d.last++
	e := &entry{number: d.last, name: name, shell: t.Attach, left: &t, live: live}
	d.known = append(d.known, e)
	return e
}

func enterPSSession(c *call) error {
	var e *entry
	switch {
	case c.has("ComputerName"), c.has("ConnectionUri"), c.has("HostName"):
		targets, err := c.targets()
		if err != nil {
			return err
		}
		if err := c.signInWith(&targets[0]); err != nil {
			return err
		}
		if e, err = c.connect(targets[0], fmt.Sprintf("Runspace%d", c.desk().next())); err != nil {
			return err
		}
	default:
		list, err := c.chosen()
		switch {
		case err != nil:
			return err
		case len(list) == 0:
			return c.fail("PSSessionNotAvailable", "give a session: Enter-PSSession -Id 1; Get-PSSession lists them")
		}
		e = list[0]
	}
	if err := e.away(); err != nil {
		return err
	}
	c.desk().push(c.console.own)
	return c.desk().deck.Show(c.ctx, e.live)
}

func exitPSSession(c *call) error { return c.desk().deck.Show(c.ctx, c.desk().pop()) }

// push and pop keep where Enter-PSSession was typed; nil is home.
func (d *Cmdlets) push(s *Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trail = append(d.trail, s)
}

func (d *Cmdlets) pop() *Session {
	d.mu.Lock()
	defer d.mu.Unlock()
	for n := len(d.trail) - 1; n >= 0; n-- {
		s := d.trail[n]
		d.trail = d.trail[:n]
		if s == nil || s.State().alive() {
			return s
		}
	}
	return nil
}

func removePSSession(c *call) error {
	return c.each("Remove", func(e *entry) error {
		if e.left == nil && !e.removed {
			if err := c.desk().deck.Close(c.ctx, e.live); err != nil {
				return err
			}
		}
		for _, gone := range c.desk().EndImports(e.live) {
			c.out.run.emit(c.ctx, Record{Stream: StreamHost, Text: gone.Text()})
		}
		c.desk().forget(e)
		return nil
	})
}

func disconnectPSSession(c *call) error {
	how, err := c.leaving()
	if err != nil {
		return err
	}
	return c.each("Disconnect", func(e *entry) error {
		if err := e.away(); err != nil && (e.left == nil || e.removed) {
			return err
		}
		target := e.live.Target()
		target.Attach = e.live.ID()
		if e.left == nil {
			if err := c.desk().deck.Leave(c.ctx, e.live, how); err != nil {
				return err
			}
			c.desk().leftThere(e, &target)
		}
		c.give(e.object())
		return nil
	})
}

// leaving is how Disconnect-PSSession leaves sessions.
func (c *call) leaving() (o LeaveOptions, err error) {
	if sec := c.number("IdleTimeoutSec"); sec > 0 { // zero: as long as the server keeps it
		o.Idle = time.Duration(sec) * time.Second
		if o.Idle < MinIdleTimeout {
			return o, c.fail("DisconnectPSSession", "%v", errIdle(o.Idle))
		}
	}
	o.OutputBufferingMode = c.text("OutputBufferingMode")
	return o, nil
}

func (d *Cmdlets) leftThere(e *entry, t *Target) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e.left = t
}

func connectPSSession(c *call) error {
	return c.each("Connect", func(e *entry) error {
		if e.left == nil && c.connects() {
			return nil // it is connected
		}
		if err := c.join(e); err != nil {
			return err
		}
		c.give(e.object())
		return nil
	})
}

// join joins a session that was left.
func (c *call) join(e *entry) error {
	if e.left != nil && !e.removed {
		_, err := c.connect(*e.left, e.name)
		return err
	}
	return e.away()
}

// receivePSSession joins a session and gives what ran in it meanwhile.
func receivePSSession(c *call) error {
	return c.each("Receive", func(e *entry) error {
		if err := c.join(e); err != nil {
			return err
		}
		c.out.run.reach(c.ctx, e.live)
		for _, joined := range e.live.Rejoined() {
			if err := c.pass(joined); err != nil {
				return err
			}
		}
		return nil
	})
}

// pass gives what another run gives.
func (c *call) pass(r *Run) error {
	for {
		batch, err := r.queue.next(c.ctx)
		if err != nil {
			break
		}
		for _, rec := range batch {
			if rec.Stream == StreamOutput {
				c.give(rec.Value)
				continue
			}
			c.out.run.emit(c.ctx, rec)
		}
	}
	if c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return r.Result().Err
}
