package session

import (
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
)

// judge is the guard for a line of a console: each command is judged by the
// rules of the session that it reaches, and the worst verdict decides.
func (c *console) judge(t *typed) (Verdict, error) {
	if !c.elsewhere(t) {
		r := c.own.rules(t.mode)
		var v Verdict
		var err error
		if t.sent {
			v, err = judgeSent(r, t)
		} else {
			v, err = judge(r, t.script, t.wrong)
		}
		return v.reaching(c.own), err
	}
	var all Verdict
	unsure := false // a variable may hold something else when the line comes to it
	for _, g := range groups(t.script) {
		v, err := c.judgeGroup(t, g, unsure)
		if err != nil {
			return Verdict{}, err
		}
		all = worse(all, v)
		unsure = unsure || t.routes.claims(g.statements) || setsVariables(g.statements)
	}
	return all, nil
}

// judgeSent judges commands that all go to the server, whatever runs here.
func judgeSent(r rules, t *typed) (Verdict, error) {
	root, err := wholeLine(t.script, t.wrong)
	if err != nil {
		return Verdict{}, err
	}
	return r.verdict(classifyAs(root, r.there, func(i syntax.Invocation) (string, bool) { return i.Name, true })), nil
}

func (c *console) judgeGroup(t *typed, g group, unsure bool) (Verdict, error) {
	text := t.line[g.Start:g.End]
	if !t.routes.claims(g.statements) && c.own != nil && c.own.rules(t.mode).there {
		script, err := pslang.Parse(text)
		v, err := judge(c.own.rules(t.mode), script, err)
		return v.reaching(c.own), err
	}
	found := t.routes.in(g.statements)
	all, err := c.judgeNames(text, g.Start, found)
	if err != nil {
		return all, err
	}
	for i, r := range found {
		// What is piped in, and what nested commands give, is not known yet.
		unsure := unsure || i > 0 || len(g.statements) > 1 || !r.first
		switch {
		case r.cmdlet == nil:
		case r.cmdlet.name == "Import-PSSession":
			all = worse(all, c.judgeImport(r, unsure))
		case r.cmdlet.name == "Invoke-Command":
			all = worse(all, c.judgeInvoke(r, unsure, t.mode))
		}
	}
	return all, nil
}

// routed is a command of a line with its route; first tells that its pipeline
// begins with it, and that nothing but the statement itself decides what it is given.
type routed struct {
	route
	cmd   *pslang.Command
	first bool
}

// in lists the commands of statements that have a route.
func (r routes) in(list []pslang.Statement) []routed {
	var out []routed
	plain := make(map[*pslang.Statement]bool) // those that stand in no control flow
	for i := range list {
		plain[&list[i]] = true
	}
	for s := range pslang.All(list) {
		if s.Pipeline == nil {
			continue
		}
		for n, e := range s.Pipeline.Elements {
			if e.Command == nil {
				continue
			}
			if to, ok := r[e.Command]; ok {
				out = append(out, routed{to, e.Command, n == 0 && plain[s]})
			}
			if body := eachBody(e.Command); body != nil {
				for _, inner := range r.in(body.Statements) {
					inner.first = false // it runs for objects
					out = append(out, inner)
				}
			}
		}
	}
	return out
}

// judgeNames judges the text of a statement once for each session that it
// reaches: by what it would do there. What is neither a session cmdlet nor an
// imported command counts for all of them. Script blocks of Invoke-Command are
// left out: they are judged for the sessions that they go to.
func (c *console) judgeNames(text string, start int, found []routed) (Verdict, error) {
	var sessions []*Session
	if c.own != nil {
		sessions = append(sessions, c.own)
	}
	by := make(map[int]routed, len(found))
	blank := []byte(text)
	for _, r := range found {
		by[r.cmd.Start-start] = r
		if r.proxy != nil && !slices.Contains(sessions, r.proxy.entry.live) {
			sessions = append(sessions, r.proxy.entry.live)
		}
		if r.cmdlet == nil || r.cmdlet.name != "Invoke-Command" {
			continue
		}
		for _, a := range r.cmd.Args {
			if b, ok := a.Value.(*pslang.ScriptBlock); ok {
				for i := b.Start + 1; i < b.End-1; i++ {
					blank[i-start] = ' '
				}
			}
		}
	}
	script, err := pslang.Parse(string(blank))
	root, err := wholeLine(script, err)
	if err != nil {
		return Verdict{}, err
	}
	var all Verdict
	for _, s := range sessions {
		there := false
		f := classifyAs(root, false, func(i syntax.Invocation) (string, bool) {
			r, ok := by[i.Node.Start]
			switch {
			case !ok:
				there = there || s == c.own && !pipeline.Known(commandName(i.Name))
				return i.Name, false
			case r.proxy != nil && r.proxy.entry.live == s:
				there = true
				return r.proxy.remote, true
			}
			return "", false
		})
		v := s.rules(SendCommands).verdict(f)
		if there || f.effect != reads {
			v = v.reaching(s)
		}
		all = worse(all, v)
	}
	return all, nil
}

// judgeImport asks before the commands of one tenant can be typed among those
// of another.
func (c *console) judgeImport(r routed, unsure bool) Verdict {
	b, err := c.desk.bind(r.cmdlet, r.cmd, c.scope, nil, false)
	if err == nil && !unsure {
		if e, ok := c.desk.sessionOf(b.value("Session")); ok {
			return c.crossing(e.live, b.text("Prefix"), b.on("AllowClobber")).reaching(e.live)
		}
	}
	if slices.ContainsFunc(r.cmd.Args, func(a pslang.Arg) bool { return a.Name != "" && strings.HasPrefix("prefix", strings.ToLower(a.Name)) }) || c.otherTenant(nil) == nil {
		return Verdict{}
	}
	return Verdict{
		Decision: NeedsConfirmation, Command: "Import-PSSession", Typed: c.typedToCross(nil),
		Reason: "which tenant's commands would be imported is known only when the line runs", WayOut: "-Prefix gives them names of their own",
	}
}

// crossing is the verdict on importing from a session into this console. That
// a session's own commands take back their names needs no yes.
func (c *console) crossing(from *Session, prefix string, clobber bool) Verdict {
	other := c.otherTenant(from)
	if prefix != "" || other == nil || from == c.own && clobber {
		return Verdict{}
	}
	return Verdict{
		Decision: NeedsConfirmation, Command: "Import-PSSession", Typed: c.typedToCross(from),
		Reason: fmt.Sprintf("the commands of %s would have the same names here as those of %s", from.Proof().Label(), other.Proof().Label()),
		WayOut: "-Prefix gives them names of their own",
	}
}

// typedToCross is what has to be typed before the names of a production
// tenant's commands come to mean another's: the other's name, or where that is
// not known yet its own.
func (c *console) typedToCross(from *Session) string {
	switch {
	case c.own == nil || c.own.rules(SendAuto).environment() != Prod:
		return ""
	case from == nil || from == c.own:
		return c.own.reached().Name()
	}
	return from.reached().Name()
}

// otherTenant is a session of another tenant whose commands can be typed here;
// nil for none. Two that are not proved may be two tenants; a nil from may be any.
func (c *console) otherTenant(from *Session) *Session {
	differs := func(s *Session) bool { return from == nil || s.otherThan(from) }
	if c.own != nil && differs(c.own) {
		return c.own
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.imports {
		if p.prefix == "" && differs(p.entry.live) {
			return p.entry.live
		}
	}
	return nil
}

// judgeInvoke judges a script block once for each session that it goes to.
// Where the sessions are not known yet, the strictest rules hold.
func (c *console) judgeInvoke(r routed, unsure bool, mode SendMode) Verdict {
	b, err := c.desk.bind(r.cmdlet, r.cmd, c.scope, nil, false)
	var all Verdict
	if err == nil {
		block := textOf(b.value("ScriptBlock"))
		for _, there := range c.invokeTargets(b) {
			all = worse(all, judgeBlock(there.rules(mode), block).reaching(there))
		}
		if !unsure || all.Decision == Refused {
			return all
		}
	}
	strictest, seen := rules{env: Prod, there: true}, false
	var any Verdict
	for _, a := range r.cmd.Args {
		if block, ok := a.Value.(*pslang.ScriptBlock); ok {
			any, seen = worse(any, judgeBlock(strictest, block.Text)), true
		}
	}
	if !seen {
		any = strictest.verdict(finding{writes, r.cmdlet.name, "what it runs is known only when the line runs"})
	}
	return c.desk.reachingAny(any)
}

// reachingAny completes the verdict on a block whose sessions are known only
// when the line runs: it may reach every one that is open.
func (d *Cmdlets) reachingAny(v Verdict) Verdict {
	if v.Decision == Allowed {
		return v
	}
	var readOnly, prod, all []string
	for _, e := range d.entries() {
		if e.left != nil || !e.live.State().alive() {
			continue
		}
		r := e.live.reached()
		v.Reached = append(v.Reached, r)
		all = append(all, r.Tenant)
		switch {
		case e.live.target.ReadOnly:
			readOnly = append(readOnly, r.Tenant)
		case e.live.rules(SendAuto).environment() == Prod:
			prod = append(prod, r.Tenant)
		}
	}
	if len(all) == 0 {
		return v
	}
	if v.Typed != "" {
		v.Typed = someNames(prod, all)
	}
	const late = "which sessions it reaches is known only when the line runs"
	if !strings.Contains(v.Reason, "known only when the line runs") {
		v.Reason += "; " + late
	}
	if len(readOnly) > 0 {
		v.Reason += "; " + someNames(readOnly, nil) + map[bool]string{true: " is", false: " are"}[len(readOnly) == 1] +
			" read-only: a line that reaches it is refused as a whole"
	}
	if len(readOnly) == len(all) {
		v.Decision, v.Typed, v.WayOut = Refused, "", "open a tenant without read-only to change it"
	}
	return v
}

// someNames joins names, or the others where there are none; many are counted.
func someNames(names, others []string) string {
	if len(names) == 0 {
		names = others
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 3 {
		return fmt.Sprintf("%d tenants", len(names))
	}
	return strings.Join(names, ", ")
}

// judgeBlock judges the text of a script block.
func judgeBlock(r rules, text string) Verdict {
	script, err := pslang.Parse(text)
	v, err := judge(r, script, err)
	if err != nil {
		return r.verdict(finding{writes, "a script block", "what a script block does that cannot be read cannot be known beforehand"})
	}
	return v
}

// reaching is the verdict on something that reaches s.
func (v Verdict) reaching(s *Session) Verdict {
	v.Reached = append(v.Reached, s.reached())
	return v
}

// worse gives the stricter of two verdicts, with what both want typed and the
// sessions of both.
func worse(a, b Verdict) Verdict {
	if b.Decision > a.Decision {
		b.Reached = joinedReached(b.Reached, a.Reached)
		return b
	}
	a.Reached = joinedReached(a.Reached, b.Reached)
	if a.Decision == NeedsConfirmation && b.Decision == NeedsConfirmation {
		switch {
		case b.Typed == "" || b.Typed == a.Typed:
		case a.Typed == "":
			a.Typed = b.Typed
		default:
			a.Typed += ", " + b.Typed
		}
		if b.Reason != a.Reason {
			a.Reason += "; " + b.Reason
		}
	}
	return a
}

func joinedReached(a, b []Reached) []Reached {
	a = slices.Clone(a)
	for _, r := range b {
		if !slices.Contains(a, r) {
			a = append(a, r)
		}
	}
	return a
}

// invokeTargets are the sessions that an Invoke-Command goes to, each once.
func (c *console) invokeTargets(b bound) []*Session {
	if !b.has("Session") {
		if c.own == nil {
			return nil
		}
		return []*Session{c.own}
	}
	var out []*Session
	seen := make(map[*Session]bool)
	for _, v := range b.list("Session") {
		if e, ok := c.desk.sessionOf(v); ok && !seen[e.live] {
			seen[e.live] = true
			out = append(out, e.live)
		}
	}
	return out
}

// textOf is a script block's text.
func textOf(v clixml.Value) string {
	if b, ok := v.Any().(clixml.ScriptBlock); ok {
		return string(b)
	}
	return v.String()
}
