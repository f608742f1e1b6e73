package session

import (
	"context"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/pslang"
	"psdeck/session/safetext"
)

// Get-Command and Get-Help are answered here from what sessions are known to
// offer: in the home session over all that are open, in a session whose server
// has no language over that session. A server with a language answers itself.

// offer is what one session has; its name is "" for this machine.
type offer struct {
	session string
	// typed tells that the commands are typed as they are where the question
	// is: at home those of a session are not, before they are imported.
	typed   bool
	catalog *complete.Catalog
}

// lookups are the console's Get-Command and Get-Help.
func (c *console) lookups() []head {
	plan := func(cmd *pslang.Command, sc *scope) (producer, error) {
		q, err := c.question(cmd, sc)
		return func(context.Context, *Run) ([]clixml.Value, error) { return q.answer(c.lookedIn()) }, err
	}
	takes := func(cmd *pslang.Command) bool { return c.answers(cmd) }
	return []head{{"Get-Command", takes, plan}, {"Get-Help", takes, plan}, {"help", takes, plan}}
}

// answers tells whether a question is answered here. Until it is known what
// the server offers, only one for what is not the server's is.
func (c *console) answers(cmd *pslang.Command) bool {
	if c.own == nil || c.own.Catalog() != nil {
		return true
	}
	q, _ := c.question(cmd, c.scope) // a refusal is said when the line is planned
	return len(q.names) > 0 && !slices.ContainsFunc(q.names, func(name string) bool {
		return pslang.HasWildcard(name) || !slices.ContainsFunc(c.besides(), func(o offer) bool { return o.catalog.Find(name) != nil })
	})
}

// asksOfImported tells a line that begins with a question about commands that
// were imported here. One that the imported session's own commands fit too is
// left to that session.
func (c *console) asksOfImported(script *pslang.Script) bool {
	if len(script.Statements) != 1 || script.Statements[0].Pipeline == nil || len(script.Statements[0].Pipeline.Elements) == 0 {
		return false
	}
	cmd := script.Statements[0].Pipeline.Elements[0].Command
	if cmd == nil || !isLookup(cmd.Name) {
		return false
	}
	q, _ := c.question(cmd, c.scope)
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(q.names) > 0 && !slices.ContainsFunc(q.names, func(name string) bool {
		found := false
		for _, p := range c.imports {
			if like([]string{name}, p.remote) && !strings.EqualFold(p.remote, p.name) {
				return true
			}
			found = found || like([]string{name}, p.name)
		}
		return !found
	})
}

// isLookup tells Get-Command and Get-Help.
func isLookup(name string) bool {
	name = commandName(name)
	return strings.EqualFold(name, "Get-Command") || strings.EqualFold(name, "Get-Help") || strings.EqualFold(name, "help")
}

// lookedIn are the offers that a question is answered from.
func (c *console) lookedIn() []offer {
	if c.own != nil {
		own, rest := c.own.Catalog(), c.besides()
		return append([]offer{{c.own.label(), true, own}}, rest...)
	}
	list := c.besides()
	for _, e := range c.desk.entries() {
		if e.left == nil {
			list = append(list, offer{e.live.label(), false, e.live.Catalog()})
		}
	}
	return list
}

// besides are what is typed in the console and is not its own server's.
func (c *console) besides() []offer {
	list := c.importedOffers()
	if c.desk.deck != nil {
		list = append(list, offer{"", true, deckCommands()})
	}
	return append(list, offer{"", true, localCommands()})
}

// importedOffers are the commands that were imported here, by the sessions in
// which they run.
func (c *console) importedOffers() []offer {
	all := c.imported().All()
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []offer
	var from []*entry
	parts := make(map[*entry][]*complete.Command)
	for _, cmd := range all {
		p := c.imports[strings.ToLower(cmd.Name)]
		if p == nil {
			continue
		}
		if parts[p.entry] == nil {
			from = append(from, p.entry)
		}
		parts[p.entry] = append(parts[p.entry], cmd)
	}
	slices.SortFunc(from, func(a, b *entry) int { return a.number - b.number })
	for _, e := range from {
		list = append(list, offer{e.live.label(), true, complete.NewCatalog(parts[e])})
	}
	return list
}

// label is the tenant that the session has proved, or what it was asked for.
func (s *Session) label() string {
	if p := s.Proof(); p.Proved {
		return p.Label()
	}
	return safetext.Clean(s.target.Label())
}
