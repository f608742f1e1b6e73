package session

import (
	"fmt"

	"psdeck/session/format"
	"psdeck/session/pslang"
)

// viewsFor are the views that show what a statement with these imported
// commands gives: those of the session that it comes from. What comes from
// nowhere, as a variable at home does, is shown by the only ones that were
// imported; where there are those of several sessions, one tenant's views must
// not show another's objects.
func (c *console) viewsFor(found []routed) *format.Views {
	c.mu.Lock()
	defer c.mu.Unlock()
	var from *Session
	for _, r := range found {
		if r.proxy != nil {
			from = r.proxy.entry.live
		}
	}
	if from != nil || c.own != nil || len(c.views) != 1 {
		return c.views[from]
	}
	for _, only := range c.views {
		return only
	}
	return nil
}

// severalSessions tells whether imported commands are those of different sessions.
func severalSessions(found []routed) bool {
	var from *Session
	for _, r := range found {
		if r.proxy == nil {
			continue
		}
		if from != nil && from != r.proxy.entry.live {
			return true
		}
		from = r.proxy.entry.live
	}
	return false
}

// dress gives a step the views that its output is shown by.
func (p planner) dress(st *step, s *pslang.Statement) error {
	if p.views != nil {
		found := p.routes.in([]pslang.Statement{*s})
		if s.Control != nil && severalSessions(found) {
			return nil // each statement in it is shown by its own
		}
		st.view.Views = p.views(found)
	}
	if name := st.view.Name; name != "" && !st.view.Views.Named(name, st.view.Shape) {
		return &pslang.Error{
			Extent: s.Extent, Construct: "-View",
			Msg: fmt.Sprintf("no view of the name %q is known here: name the properties, or import the session whose server has it: Import-PSSession", name),
		}
	}
	return nil
}
