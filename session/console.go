package session

import (
	"strings"
	"sync"

	"psdeck/session/format"
	"psdeck/session/pslang"
)

// console is a place where lines are typed: the home session, or one of a
// server. It knows what the names in a line mean there: session cmdlets,
// imported commands, the server's own.
type console struct {
	desk  *Cmdlets
	own   *Session // nil at home
	scope *scope

	mu      sync.Mutex
	imports map[string]*proxy // by name in lower case
	offers  importedCommands  // the same for completing
	views   map[*Session]*format.Views

	lastImport int // number of the newest imported module
}

func newConsole(d *Cmdlets, own *Session, sc *scope) *console {
	sc.own.tell(d)
	return &console{desk: d, own: own, scope: sc, imports: make(map[string]*proxy), views: make(map[*Session]*format.Views)}
}

// typed is a line as it was typed, and where its commands go. What a name
// means is decided once, before the line is judged: what the line itself
// imports is there for the next one.
type typed struct {
	line   string
	script *pslang.Script
	// wrong is why the line does not parse here; a server with a language may
	// take it all the same.
	wrong  error
	mode   SendMode
	routes routes
	// sent tells that all its commands go to the server, whatever runs here.
	sent bool
}

// route is where a command runs that is not the own server's: one of the two
// is set.
type route struct {
	cmdlet *cmdlet
	proxy  *proxy
}

// routes are the commands of a line that have one.
type routes map[*pslang.Command]route

// read parses a line. Its error is that of one which cannot be sent anywhere.
func (c *console) read(line string, mode SendMode) (*typed, error) {
	t := &typed{line: line, mode: mode, routes: make(routes)}
	t.script, t.wrong = pslang.Parse(line)
	if t.wrong == nil {
		c.route(t.routes, t.script.Statements, mode)
		return t, nil
	}
	if c.own == nil || !c.own.asScript(mode) && !c.own.Capabilities().TextOnly {
		return nil, t.wrong
	}
	return t, nil
}

// route finds the commands of statements, and of the blocks that ForEach-Object
// runs for each object, that do not go to the own server.
func (c *console) route(to routes, list []pslang.Statement, mode SendMode) {
	for s := range pslang.All(list) {
		if s.Pipeline == nil {
			continue
		}
		for _, e := range s.Pipeline.Elements {
			if e.Command == nil {
				continue
			}
			r := route{cmdlet: c.cmdletOf(e.Command, mode), proxy: c.proxyOf(e.Command)}
			if r.cmdlet != nil || r.proxy != nil {
				to[e.Command] = r
			}
			if body := eachBody(e.Command); body != nil {
				c.route(to, body.Statements, mode)
			}
		}
	}
}

// claims tells whether statements have a command in them that does not go to
// the own server.
func (r routes) claims(list []pslang.Statement) bool {
	for s := range pslang.All(list) {
		if s.Pipeline == nil {
			continue
		}
		for _, e := range s.Pipeline.Elements {
			if e.Command == nil {
				continue
			}
			if _, ok := r[e.Command]; ok {
				return true
			}
			if body := eachBody(e.Command); body != nil && r.claims(body.Statements) {
				return true
			}
		}
	}
	return false
}

// elsewhere tells a line that does not simply go to the own server.
func (c *console) elsewhere(t *typed) bool { return c.own == nil || len(t.routes) > 0 }

// group is a statement, and before it the commands nested in it.
type group struct {
	statements []pslang.Statement
	pslang.Extent
}

func groups(script *pslang.Script) []group {
	var out []group
	begin := 0
	for i := range script.Statements {
		if s := &script.Statements[i]; !s.Nested {
			out = append(out, group{script.Statements[begin : i+1], s.Extent})
			begin = i + 1
		}
	}
	return out
}

// cmdletOf is the session cmdlet that a typed command means; nil for none.
func (c *console) cmdletOf(cmd *pslang.Command, mode SendMode) *cmdlet {
	if cmd.Invocation != "" {
		return nil
	}
	name := cmd.Name
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		switch strings.ToLower(name[:i]) {
		case "microsoft.powershell.core", "microsoft.powershell.utility", "microsoft.powershell.security", "skypeonlineconnector", "microsoftteams":
		default:
			return nil
		}
	}
	name = commandName(name)
	for _, known := range c.desk.offered() {
		if strings.EqualFold(known.name, name) {
			if c.own != nil && c.runsThere(known, cmd, mode) {
				return nil
			}
			return known
		}
	}
	return nil
}

// runsThere tells whether the server runs the command itself: one with a
// language has its variables there, and a script block without a session is for
// it; one that has a Read-Host asks by itself.
func (c *console) runsThere(known *cmdlet, cmd *pslang.Command, mode SendMode) bool {
	script := c.own.asScript(mode)
	switch known.name {
	case "Read-Host":
		return script || c.own.knownCommands().offers(known.name)
	case "ConvertTo-SecureString", "Get-Credential", "New-PSSessionOption", "New-Object":
		return script
	case "Invoke-Command":
		return script && !namesSession(cmd)
	case "Get-Module", "Remove-Module":
		list := c.own.knownCommands()
		return (script || list != nil && list.offers(known.name)) && !c.namesImport(cmd)
	}
	return false
}

// namesSession tells whether an Invoke-Command is given a session.
func namesSession(cmd *pslang.Command) bool {
	for i, a := range cmd.Args {
		if _, ok := cutPrefixFold("Session", a.Name); ok && len(a.Name) > 1 {
			return true
		}
		if _, block := a.Value.(*pslang.ScriptBlock); a.Name == "" && i == 0 && !block {
			return true
		}
	}
	return false
}

// proxyOf is the imported command that a typed command means; nil for none.
func (c *console) proxyOf(cmd *pslang.Command) *proxy {
	if cmd.Invocation != "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.imports[strings.ToLower(pslang.ResolveAlias(cmd.Name))]
}

// planner plans lines for the console.
func (c *console) planner(r routes) planner {
	p := planner{scope: c.scope.line(), own: c.own, routes: r, desk: c.desk, views: c.viewsFor}
	if c.own != nil {
		p.server = c.own.knownCommands()
	}
	if c.own == nil || c.own.Capabilities().LanguageMode != "FullLanguage" {
		p.heads = c.lookups()
	}
	return p
}

// plan decides how a line travels. A server with a language gets it as a
// script, but for a Format-* at its end, which is for this side's screen, and
// for statements with commands that run elsewhere.
func (c *console) plan(t *typed) ([]step, error) {
	s := c.own
	whole := s != nil && (s.Capabilities().TextOnly || s.asScript(t.mode))
	switch {
	case whole && len(t.routes) == 0:
		return []step{c.wholly(t.line, t.script, c.scope)}, nil
	case t.wrong != nil:
		return nil, t.wrong
	case !whole:
		return c.planner(t.routes).planCommands(t.script)
	}
	var steps []step
	for _, g := range groups(t.script) {
		if t.routes.claims(g.statements) {
			planned, err := c.planner(t.routes).planBehind(len(steps) > 0, g.statements)
			if err != nil {
				return nil, err
			}
			steps = append(steps, planned...)
			continue
		}
		text := t.line[g.Start:g.End]
		script, err := pslang.Parse(text)
		if err != nil {
			return nil, err
		}
		st := c.wholly(text, script, c.scope)
		st.after = g.statements[len(g.statements)-1].After
		if len(steps) > 0 {
			st.again = func() (step, error) { return st, nil }
		}
		steps = append(steps, st)
	}
	return steps, nil
}

// wholly sends a text as it is.
func (c *console) wholly(text string, script *pslang.Script, sc *scope) step {
	if c.own.Capabilities().TextOnly {
		return step{text: text, there: c.own}
	}
	st := scriptStep(text, script, sc)
	st.there = c.own
	return st
}
