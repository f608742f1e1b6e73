package session

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/pslang"
)

// Get-Command and Get-Help are answered here from what sessions are known to
// offer: in the home session over all that are open, in a session whose server
// does not offer them over that session.

// offer is what one session has; its name is "" for this machine.
type offer struct {
	session string
	catalog *complete.Catalog
}

// lookups are the home session's Get-Command and Get-Help.
func (c *console) lookups() []head {
	plan := func(cmd *pslang.Command, sc *scope) (producer, error) {
		found, err := lookup(cmd, sc, c.desk.offers())
		return func(context.Context, *Run) ([]clixml.Value, error) { return found, nil }, err
	}
	return []head{{"Get-Command", plan}, {"Get-Help", plan}, {"help", plan}}
}

// offers are what this machine and all open sessions have.
func (d *Cmdlets) offers() []offer {
	list := []offer{{"", deckCommands()}, {"", localCommands()}}
	for _, e := range d.entries() {
		if e.left != nil {
			continue
		}
		name := e.live.Proof().Label()
		if !e.live.Proof().Proved {
			name = Clean(e.live.target.Label())
		}
		list = append(list, offer{name, e.live.Catalog()})
	}
	return list
}

// isLookup tells a command that is answered from catalogs.
func isLookup(name string) bool {
	name = commandName(name)
	return strings.EqualFold(name, "Get-Command") || strings.EqualFold(name, "Get-Help") || strings.EqualFold(name, "help")
}

// lookup answers a typed Get-Command or Get-Help.
func lookup(c *pslang.Command, sc *scope, offers []offer) ([]clixml.Value, error) {
	q, err := newQuestion(c, sc)
	if err != nil {
		return nil, err
	}
	return q.answer(offers)
}

// question is what was asked: names with wildcards, and how to answer.
type question struct {
	names  []string
	help   bool // Get-Help
	syntax bool // Get-Command -Syntax
	module string
}

func newQuestion(c *pslang.Command, sc *scope) (*question, error) {
	q := &question{help: !strings.EqualFold(commandName(c.Name), "Get-Command")}
	for i := 0; i < len(c.Args); i++ {
		arg := c.Args[i]
		value := arg.Value
		name := strings.ToLower(arg.Name)
		if name == "syntax" && !q.help {
			q.syntax = true
			continue
		}
		if q.help && slices.Contains([]string{"full", "detailed", "examples", "showwindow"}, name) {
			continue
		}
		if name != "" && value == nil && i+1 < len(c.Args) && c.Args[i+1].Name == "" {
			i++
			value = c.Args[i].Value
		}
		if value == nil || name != "" && name != "name" && name != "module" {
			return nil, &pslang.Error{
				Extent: arg.Extent, Construct: "-" + arg.Name, ID: "NamedParameterNotFound",
				Msg: fmt.Sprintf("%s is answered here from what the sessions offer, and takes -Name, -Module and -Syntax, not -%s", commandName(c.Name), arg.Name),
			}
		}
		v, err := pslang.Eval(value, sc)
		if err != nil {
			return nil, err
		}
		for _, item := range pslang.Enumerate(v) {
			if name == "module" {
				q.module = item.String()
			} else {
				q.names = append(q.names, item.String())
			}
		}
	}
	return q, nil
}

// answer lists the commands in the order of the offers; a name without
// wildcards that nobody offers is an error.
func (q *question) answer(offers []offer) ([]clixml.Value, error) {
	names := q.names
	if len(names) == 0 {
		names = []string{"*"}
	}
	var out []clixml.Value
	for _, name := range names {
		found := false
		for _, o := range offers {
			for _, c := range matching(o.catalog, name) {
				if q.module != "" && !strings.EqualFold(q.module, c.Module) {
					continue
				}
				found = true
				out = append(out, q.about(o, c, len(q.names) == 1 && !pslang.HasWildcard(name)))
			}
		}
		if !found && !pslang.HasWildcard(name) {
			return out, fmt.Errorf("no open session is known to offer %s; a session that was just opened is asked while it is idle", Clean(name))
		}
	}
	return out, nil
}

// matching gives the commands of a name, or of a name with wildcards.
func matching(c *complete.Catalog, name string) []*complete.Command {
	if !pslang.HasWildcard(name) {
		if one := c.Find(name); one != nil {
			return []*complete.Command{one}
		}
		return nil
	}
	re, err := pslang.Wildcard(name, false)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.All()), func(cmd *complete.Command) bool { return !re.MatchString(cmd.Name) })
}

// about is one row of the answer; one that was asked for by its name is told in full.
func (q *question) about(o offer, c *complete.Command, whole bool) clixml.Value {
	where := o.session
	if where == "" {
		where = "this machine"
	}
	kind := "Cmdlet"
	if c.Target != "" {
		kind = "Alias"
	}
	syntax := strings.TrimSpace(c.Syntax())
	switch {
	case q.syntax:
		return clixml.Str(syntax)
	case q.help && whole:
		return clixml.Obj(clixml.Custom(
			clixml.Prop("Name", c.Name), clixml.Prop("Synopsis", c.Synopsis), clixml.Prop("Syntax", syntax),
			clixml.Prop("Aliases", parameterAliases(c)), clixml.Prop("Module", c.Module), clixml.Prop("Session", where),
		))
	case q.help:
		return clixml.Obj(clixml.Custom(clixml.Prop("Name", c.Name), clixml.Prop("Session", where), clixml.Prop("Synopsis", c.Synopsis)))
	}
	return clixml.Obj(clixml.Custom(clixml.Prop("CommandType", kind), clixml.Prop("Name", c.Name), clixml.Prop("Module", c.Module), clixml.Prop("Session", where)))
}

// parameterAliases lists the other names of parameters: "Identity: Id".
func parameterAliases(c *complete.Command) string {
	var list []string
	for _, p := range c.Parameters {
		if len(p.Aliases) > 0 {
			list = append(list, p.Name+": "+strings.Join(p.Aliases, ", "))
		}
	}
	return strings.Join(list, "; ")
}

// answerHere answers a Get-Command or Get-Help that the server is known not to
// offer.
func (s *Session) answerHere(st *step, line string) ([]clixml.Value, bool) {
	offered := s.Catalog()
	if st.remote == nil || offered == nil || len(st.remote.Commands) != 1 || st.from != nil || len(st.input) > 0 {
		return nil, false
	}
	c := st.remote.Commands[0]
	if c.IsScript || !isLookup(c.Name) || offered.Find(commandName(c.Name)) != nil {
		return nil, false
	}
	script, err := pslang.Parse(line)
	if err != nil {
		return nil, false
	}
	for st := range pslang.All(script.Statements) {
		if st.Pipeline == nil {
			continue
		}
		for _, e := range st.Pipeline.Elements {
			if e.Command == nil || !strings.EqualFold(e.Command.Name, c.Name) {
				continue
			}
			values, err := lookup(e.Command, s.scope, []offer{{s.Proof().Label(), offered}, {"", localCommands()}})
			return values, err == nil
		}
	}
	return nil, false
}
