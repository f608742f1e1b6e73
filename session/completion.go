package session

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// Completion is what is known here for completing a line of the session. It
// asks no server, and is cheap.
func (s *Session) Completion() *complete.Env {
	c := s.console.Load()
	env := &complete.Env{Variables: s.scope.variables(), Output: c.output, Values: c.values, Commands: []*complete.Catalog{c.imported()}}
	if c.desk.deck != nil {
		env.Commands = append(env.Commands, deckCommands())
	}
	offered := s.Catalog()
	if s.asScript(SendAuto) {
		env.Commands = append(env.Commands, offered, complete.PowerShell())
	} else {
		// What runs here comes first: a restricted server's own are for implicit remoting.
		env.Commands = append(env.Commands, localCommands(), offered)
		env.Files, env.Local, env.Variables = files, runsHere, s.scope.visible()
	}
	return env
}

// Completion is what is known for completing a line of the home session.
func (h *Home) Completion() *complete.Env {
	c := h.console
	return &complete.Env{
		Variables: c.scope.variables(), Commands: []*complete.Catalog{c.imported(), deckCommands(), localCommands()},
		Files: files, Local: runsHere, Output: c.output, Values: c.values,
	}
}

// importedCommands is the catalog of what was imported, and of which catalogs
// it was made: it is made anew where one of them is.
type importedCommands struct {
	catalog *complete.Catalog
	from    map[*entry]*complete.Catalog
}

func (i *importedCommands) current() bool {
	for e, of := range i.from {
		if e.live.Catalog() != of {
			return false
		}
	}
	return i.from != nil
}

// imported are the commands that were imported here, as their sessions know them.
func (c *console) imported() *complete.Catalog {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.imports) == 0 {
		return nil
	}
	if c.offers.current() {
		return c.offers.catalog
	}
	list := make([]*complete.Command, 0, len(c.imports))
	from := make(map[*entry]*complete.Catalog)
	for _, p := range c.imports {
		of := p.entry.live.Catalog()
		from[p.entry] = of
		cmd := &complete.Command{Name: p.name}
		if known := of.Find(p.remote); known != nil {
			cmd = known.As(p.name)
		} else {
			p.describe(cmd)
		}
		cmd.Kind = "Function"
		list = append(list, cmd)
	}
	c.offers = importedCommands{complete.NewCatalog(list), from}
	return c.offers.catalog
}

// describe writes a syntax of the parameters that importing told.
func (p *proxy) describe(cmd *complete.Command) {
	var set strings.Builder
	var told []parameter
	for _, from := range p.parameters {
		if complete.IsCommon(from.name) || cleanName(from.name) == "" || strings.ContainsAny(from.name, " []<>") {
			continue
		}
		told = append(told, from)
		set.WriteString("[-" + from.name)
		if from.typ != "" {
			set.WriteString(" <" + from.typ + ">")
		}
		set.WriteString("] ")
	}
	cmd.Describe(set.String() + "[<CommonParameters>]")
	for _, from := range told {
		if parameter := cmd.Named(from.name); parameter != nil {
			parameter.Aliases = from.aliases
		}
	}
}

// runsHere tells the commands that see this machine's files.
func runsHere(command string) bool { return pipeline.Known(command) }

// filesMost is how many entries of a directory are read: more are no choice.
const filesMost = 2000

// files lists a directory of this machine. A name that could not be written in
// a line as it is is left out.
func files(dir string) []complete.File {
	if rest, ok := strings.CutPrefix(dir, "~"); ok {
		home, err := os.UserHomeDir()
		if err != nil || rest != "" && rest[0] != '/' && rest[0] != filepath.Separator {
			return nil
		}
		dir = home + rest
	}
	if dir == "" {
		dir = "."
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	entries, _ := f.ReadDir(filesMost) // what could be read counts
	list := make([]complete.File, 0, len(entries))
	for _, e := range entries {
		if cleanName(e.Name()) == "" {
			continue
		}
		directory := e.IsDir()
		if e.Type()&os.ModeSymlink != 0 {
			info, err := os.Stat(filepath.Join(dir, e.Name()))
			directory = err == nil && info.IsDir()
		}
		list = append(list, complete.File{Name: e.Name(), Directory: directory})
	}
	return list
}

// localCommands are PowerShell's commands that run here, and their aliases.
var localCommands = sync.OnceValue(func() *complete.Catalog {
	var list []*complete.Command
	for _, c := range complete.PowerShell().All() {
		if pipeline.Known(c.Name) {
			list = append(list, c)
		}
	}
	// PowerShell leaves some aliases out where the system has a program of that name.
	return complete.NewCatalog(append(list, aliasesOf(pipeline.Known)...))
})

// aliasesOf are PowerShell's own aliases of some commands.
func aliasesOf(wanted func(command string) bool) []*complete.Command {
	var list []*complete.Command
	for alias, command := range pslang.Aliases() {
		if wanted(command) {
			list = append(list, &complete.Command{Name: alias, Target: command})
		}
	}
	return list
}

// deckCommands are those that act on the deck, and what is asked about commands.
var deckCommands = sync.OnceValue(func() *complete.Catalog {
	var list []*complete.Command
	for _, c := range cmdlets() {
		cmd := &complete.Command{Name: c.name, Synopsis: c.about}
		for _, set := range c.sets {
			cmd.Describe(set + " [<CommonParameters>]")
		}
		list = append(list, cmd)
	}
	for _, name := range []string{"Get-Command", "Get-Help", "help"} {
		if c := complete.PowerShell().Find(name); c != nil {
			list = append(list, c)
		}
	}
	known := complete.NewCatalog(list)
	return complete.NewCatalog(append(list, aliasesOf(func(command string) bool { return known.Find(command) != nil })...))
})

// visible are the variables of the scope and those of home that are read from
// here, sorted.
func (s *scope) visible() []complete.Variable {
	list := s.variables()
	s.mu.Lock()
	home := s.home
	s.mu.Unlock()
	if home == nil {
		return list
	}
	own := len(list)
	for _, v := range home.variables() {
		if !slices.ContainsFunc(list[:own], func(o complete.Variable) bool { return strings.EqualFold(o.Name, v.Name) }) {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, byName)
	return list
}

func byName(a, b complete.Variable) int { return strings.Compare(a.Name, b.Name) }

// variables are the names and values, sorted.
func (s *scope) variables() []complete.Variable {
	s.mu.Lock()
	list := make([]complete.Variable, 0, len(s.vars))
	for key, v := range s.vars {
		list = append(list, complete.Variable{Name: orElse(s.names[key], key), Value: v})
	}
	s.mu.Unlock()
	slices.SortFunc(list, byName)
	return list
}

// lastSeen keeps one object of what each command has last given: its members
// can be completed.
type lastSeen struct {
	mu    sync.Mutex
	names []string // the oldest first
	first map[string]clixml.Value
}

// seenMost is how many commands are remembered.
const seenMost = 64

func (l *lastSeen) output(command string) (complete.Variable, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.first[strings.ToLower(command)]
	return complete.Variable{Value: v}, ok
}

func (l *lastSeen) keep(command string, v clixml.Value) {
	if command == "" || v.IsNull() {
		return
	}
	key := strings.ToLower(command)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		l.first = make(map[string]clixml.Value)
	}
	if i := slices.Index(l.names, key); i >= 0 {
		l.names = slices.Delete(l.names, i, i+1)
	} else if len(l.names) == seenMost {
		delete(l.first, l.names[0])
		l.names = l.names[1:]
	}
	l.names = append(l.names, key)
	l.first[key] = v
}

// giver is the command whose objects a statement gets from the server.
func (st *step) giver() string {
	if st.remote == nil || len(st.remote.Commands) == 0 {
		return ""
	}
	last := st.remote.Commands[len(st.remote.Commands)-1]
	if !last.IsScript {
		return commandName(last.Name)
	}
	script, err := pslang.Parse(last.Name)
	if err != nil || len(script.Statements) == 0 {
		return ""
	}
	end := script.Statements[len(script.Statements)-1].Pipeline
	if end == nil {
		return ""
	}
	elements := end.Elements
	if len(elements) == 0 || elements[len(elements)-1].Command == nil {
		return ""
	}
	return commandName(elements[len(elements)-1].Command.Name)
}
