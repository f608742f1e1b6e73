package session

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
)

// imported is a module that Import-PSSession made where it was typed. It lasts
// until Remove-Module, and no longer than its session.
type imported struct {
	name  string
	order int // among those of its console
	entry *entry
}

func newImported(e *entry) *imported {
	id := strings.ReplaceAll(uuid.New().String(), "-", "")
	return &imported{name: "tmp_" + id[:8] + "." + id[8:11], entry: e}
}

// take makes imported commands usable in the console.
func (c *console) take(m *imported, proxies []*proxy, views *format.Views) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastImport++
	m.order = c.lastImport
	for _, p := range proxies {
		c.imports[strings.ToLower(p.name)] = p
	}
	c.offers = importedCommands{}
	if views.Len() > 0 {
		c.views[m.entry.live] = views
	}
}

// drop takes imported commands away, and the views of sessions that none is
// left of.
func (c *console) drop(match func(*proxy) bool) (dropped int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := len(c.imports)
	maps.DeleteFunc(c.imports, func(_ string, p *proxy) bool { return match(p) })
	if len(c.imports) == before {
		return 0
	}
	c.offers = importedCommands{}
	kept := make(map[*Session]bool)
	for _, p := range c.imports {
		kept[p.entry.live] = true
	}
	maps.DeleteFunc(c.views, func(s *Session, _ *format.Views) bool { return !kept[s] })
	return before - len(c.imports)
}

// modules are the imported modules with the commands that are still theirs,
// the oldest first.
func (c *console) modules() ([]*imported, map[*imported][]*proxy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	commands := make(map[*imported][]*proxy)
	for _, p := range c.imports {
		commands[p.module] = append(commands[p.module], p)
	}
	order := func(x, y *imported) int { return cmp.Compare(x.order, y.order) }
	return slices.SortedFunc(maps.Keys(commands), order), commands
}

// Imported says of a place where lines are typed that commands without a prefix
// run in another session there than one would think.
type Imported struct {
	From     Reached
	Commands int
}

// Imported are the sessions whose commands were imported without a prefix where
// the lines of a session are typed, but for those of its own tenant; nil is the
// home session.
func (d *Cmdlets) Imported(in *Session) []Imported {
	c := d.home.console
	if in != nil {
		c = in.console.Load()
	}
	c.mu.Lock()
	counts := make(map[*Session]int)
	for _, p := range c.imports {
		if p.prefix == "" {
			counts[p.entry.live]++
		}
	}
	c.mu.Unlock()
	var out []Imported
	for s, n := range counts {
		if in == nil || s.otherThan(in) {
			out = append(out, Imported{s.reached(), n})
		}
	}
	slices.SortFunc(out, func(x, y Imported) int {
		return strings.Compare(x.From.Name()+x.From.Session, y.From.Name()+y.From.Session)
	})
	return out
}

// otherThan tells whether two sessions may be of two tenants.
func (s *Session) otherThan(other *Session) bool {
	return s != other && !(s.Proof().Proved && other.Proof().Proved && s.Proof().same(other.Proof()))
}

// EndedImport says that commands of a session that has ended are not imported
// any more where the lines of In are typed; a nil In is the home session.
type EndedImport struct {
	In *Session
	Imported
}

// Text is what a person is told.
func (e EndedImport) Text() string {
	one := map[bool]string{true: "1 command imported from %[2]s is gone with its session", false: "%[1]d commands imported from %[2]s are gone with its session"}
	return fmt.Sprintf(one[e.Commands == 1], e.Commands, e.From.Name())
}

// EndImports takes away everywhere what was imported from a session that is
// closed.
func (d *Cmdlets) EndImports(s *Session) []EndedImport {
	var out []EndedImport
	end := func(in *Session, c *console) {
		if n := c.drop(func(p *proxy) bool { return p.entry.live == s }); n > 0 && in != s {
			out = append(out, EndedImport{in, Imported{s.reached(), n}})
		}
	}
	end(nil, d.home.console)
	for _, e := range d.entries() {
		end(e.live, e.live.console.Load())
	}
	return out
}

// moduleCmdlets list what was imported, and take it away.
func moduleCmdlets() []*cmdlet {
	return []*cmdlet{
		{
			name: "Get-Module", about: "Lists the modules that Import-PSSession made where it is typed.", class: "Microsoft.PowerShell.Commands.GetModuleCommand",
			sets: []string{"[[-Name] <string[]>] [-All]"}, pipe: "Name", run: getModule,
		},
		{
			name: "Remove-Module", about: "Takes away what Import-PSSession imported where it is typed.", class: "Microsoft.PowerShell.Commands.RemoveModuleCommand", aliases: "WhatIf=wi Confirm=cf",
			sets: []string{"[-Name] <string[]> [-Force] [-WhatIf] [-Confirm]", "-ModuleInfo <Object[]> [-Force] [-WhatIf] [-Confirm]"}, pipe: "Name", run: removeModule,
		},
	}
}

// namesImport tells whether a typed Get-Module or Remove-Module means what was
// imported here, and not modules of the server.
func (c *console) namesImport(cmd *pslang.Command) bool {
	modules, _ := c.modules()
	if len(modules) == 0 || len(cmd.Args) == 0 {
		return len(modules) > 0
	}
	for _, a := range cmd.Args {
		if a.Value == nil {
			continue
		}
		v, err := pslang.Eval(a.Value, c.scope)
		for _, name := range unroll(v) {
			if err == nil && slices.ContainsFunc(modules, func(m *imported) bool { return matches(name.String(), m.name) }) {
				return true
			}
		}
	}
	return false
}

func getModule(c *call) error {
	modules, commands := c.console.modules()
	for _, m := range modules {
		if !c.has("Name") || m.named(c.texts("Name")) {
			c.give(m.object(commands[m]))
		}
	}
	return nil
}

func (m *imported) named(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, m.name) })
}

func removeModule(c *call) error {
	modules, _ := c.console.modules()
	patterns := append(c.texts("Name"), c.texts("ModuleInfo")...)
	removed := false
	for _, m := range modules {
		if !m.named(patterns) {
			continue
		}
		removed = true
		if c.on("WhatIf") {
			c.out.run.emit(c.ctx, Record{Stream: StreamHost, Text: fmt.Sprintf(`What if: Performing the operation "Remove-Module" on target "%s".`, m.name)})
			continue
		}
		c.console.drop(func(p *proxy) bool { return p.module == m })
	}
	if !removed && !slices.ContainsFunc(patterns, func(p string) bool { return strings.ContainsAny(p, "*?[") }) {
		return c.fail("Modules_NoModulesRemoved", "No imported module is called %s here; Get-Module lists them.", strings.Join(patterns, ", "))
	}
	return nil
}

// object is what Import-PSSession and Get-Module give: the module that the
// commands make up.
func (m *imported) object(proxies []*proxy) clixml.Value {
	exported := clixml.Hashtable()
	for _, p := range proxies {
		exported.Entries = append(exported.Entries, clixml.Entry{Key: clixml.Str(p.name), Value: clixml.Str(p.name)})
	}
	slices.SortFunc(exported.Entries, func(x, y clixml.Entry) int { return strings.Compare(x.Key.Text(), y.Key.Text()) })
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Management.Automation.PSModuleInfo", "System.Object"}, ToString: m.name, HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("ModuleType", clixml.Enum("System.Management.Automation.ModuleType", "Script", 0)), clixml.Prop("Version", clixml.Version("1.0")),
			clixml.Prop("Name", m.name), clixml.Prop("Description", "Implicit remoting for "+m.entry.live.URI()), clixml.Prop("ExportedCommands", exported),
		},
	})
}
