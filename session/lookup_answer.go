package session

import (
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

// found is a command and where it is.
type found struct {
	offer
	*complete.Command
}

// answer lists the commands in the order of the offers. A name without
// wildcards that nobody offers is an error, as in PowerShell; what was found
// is given all the same.
func (q *question) answer(offers []offer) ([]clixml.Value, error) {
	names := q.names
	if len(names) == 0 {
		names = []string{"*"}
	}
	var out []clixml.Value
	var missing error
	for _, name := range names {
		list := q.find(offers, name, aliasesDeep)
		known := pslang.HasWildcard(name) || slices.ContainsFunc(offers, func(o offer) bool { return o.catalog.Find(name) != nil })
		if !known && missing == nil {
			missing = q.missing(name)
		}
		for _, f := range list {
			rows, err := q.about(f, len(names) == 1 && !pslang.HasWildcard(name))
			if err != nil {
				return out, err
			}
			out = append(out, rows...)
		}
	}
	if q.most >= 0 && len(out) > q.most {
		out = out[:q.most]
	}
	if action := q.text("ErrorAction"); strings.EqualFold(action, "SilentlyContinue") || strings.EqualFold(action, "Ignore") {
		missing = nil
	}
	return out, missing
}

// aliasesDeep is how far aliases of aliases are followed.
const aliasesDeep = 3

// missing is the error of a name that nobody offers.
func (q *question) missing(name string) error {
	id := "CommandNotFoundException"
	if q.help {
		id = "HelpNotFound"
	}
	return &psrp.ErrorRecord{
		Message:               fmt.Sprintf("no open session is known to offer %s; a session that was just opened is asked while it is idle", safetext.Clean(name)),
		FullyQualifiedErrorID: id + "," + q.cmdlet.class, Activity: q.cmdlet.name, Category: "ObjectNotFound", Target: clixml.Str(name), TargetName: name, TargetType: "String",
		ExceptionType: "System.Management.Automation.CommandNotFoundException", Reason: "CommandNotFoundException",
	}
}

// find gives the commands of a name that are asked for. What is typed here is
// shown in place of a server's of the same name, unless all are wanted.
func (q *question) find(offers []offer, name string, deep int) []found {
	var list []found
	for i, o := range offers {
		if q.on("ListImported") && !o.typed {
			continue
		}
		for _, c := range matching(o.catalog, name) {
			if q.help && c.Target != "" && !pslang.HasWildcard(name) && deep > 0 {
				list = append(list, q.find(offers, c.Target, deep-1)...)
				continue
			}
			shadowed := o.typed && i == 0 && !q.home && slices.ContainsFunc(offers[1:], func(o offer) bool { return o.catalog.Find(c.Name) != nil })
			if q.fits(c) && (!shadowed || q.on("All")) {
				list = append(list, found{o, c})
			}
		}
	}
	return list
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

// fits tells whether a command is what the other parameters ask for.
func (q *question) fits(c *complete.Command) bool {
	verb, noun, _ := strings.Cut(c.Name, "-")
	kind := kindOf(c)
	switch {
	case len(q.verbs)+len(q.nouns) > 0 && (kind == "Alias" || !like(q.verbs, verb) || !like(q.nouns, noun)):
		return false
	case !like(q.modules, c.Module), len(q.without) > 0 && like(q.without, c.Module):
		return false
	case len(q.kinds) > 0 && !slices.ContainsFunc(q.kinds, func(k string) bool { return strings.EqualFold(k, kind) || strings.EqualFold(k, "All") }):
		return false
	}
	return len(q.having) == 0 || slices.ContainsFunc(c.Known(), func(p complete.Parameter) bool {
		return slices.ContainsFunc(append([]string{p.Name}, p.Aliases...), func(name string) bool { return like(q.having, name) })
	})
}

// like tells whether a name matches one of some wildcards; none is all.
func like(list []string, name string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(w string) bool {
		re, err := pslang.Wildcard(w, false)
		return err == nil && re.MatchString(name)
	})
}

func kindOf(c *complete.Command) string {
	if c.Target != "" {
		return "Alias"
	}
	return orElse(c.Kind, "Cmdlet")
}

// about is what is told of one command; help for one that was asked for by its
// name is told in full.
func (q *question) about(f found, whole bool) ([]clixml.Value, error) {
	where := orElse(f.session, "this machine")
	syntax := strings.TrimSpace(f.Syntax())
	row := func(members ...clixml.Property) []clixml.Value {
		return []clixml.Value{clixml.Obj(clixml.Custom(members...))}
	}
	switch {
	case q.on("Syntax"):
		return []clixml.Value{clixml.Str(syntax)}, nil
	case !q.help:
		return row(clixml.Prop("CommandType", kindOf(f.Command)), clixml.Prop("Name", f.Name), clixml.Prop("Module", f.Module), clixml.Prop("Session", where)), nil
	case q.has("Parameter"):
		return q.parameters(f)
	case !whole:
		return row(clixml.Prop("Name", f.Name), clixml.Prop("Session", where), clixml.Prop("Synopsis", f.Synopsis)), nil
	}
	members := []clixml.Property{clixml.Prop("Name", f.Name), clixml.Prop("Synopsis", f.Synopsis)}
	if q.on("Examples") {
		members = append(members, clixml.Prop("Examples", "none is known here: the server tells the syntax of its commands, and no help files"))
	} else {
		members = append(members, clixml.Prop("Syntax", syntax), clixml.Prop("Aliases", parameterAliases(f.Command)))
	}
	if q.on("Full") || q.on("Detailed") {
		members = append(members, clixml.Prop("Parameters", parameterLines(f.Command)))
	}
	return row(append(members, clixml.Prop("Module", f.Module), clixml.Prop("Session", where))...), nil
}

// parameters tells of the parameters that -Parameter names.
func (q *question) parameters(f found) ([]clixml.Value, error) {
	var out []clixml.Value
	for _, p := range f.Known() {
		if !like(q.texts("Parameter"), p.Name) {
			continue
		}
		required, position := standing(&p)
		out = append(out, clixml.Obj(clixml.Custom(
			clixml.Prop("Name", p.Name), clixml.Prop("Type", p.Type), clixml.Prop("Required", required), clixml.Prop("Position", position),
			clixml.Prop("Aliases", strings.Join(p.Aliases, ", ")), clixml.Prop("Values", strings.Join(p.Choices(), ", ")),
		)))
	}
	if len(out) == 0 {
		return nil, &psrp.ErrorRecord{
			Message:               fmt.Sprintf("%s is not known to have a parameter that matches %s", f.Name, safetext.Clean(strings.Join(q.texts("Parameter"), ", "))),
			FullyQualifiedErrorID: "NoParmsFound," + q.cmdlet.class, Activity: q.cmdlet.name, Category: "ObjectNotFound",
		}
	}
	return out, nil
}

// standing is whether a parameter has to be given, in all sets that it is in,
// and its position in the first: "named" where it has none.
func standing(p *complete.Parameter) (required bool, position string) {
	required, position = len(p.Places) > 0, "named"
	for _, at := range p.Places {
		required = required && at.Mandatory
		if at.Position >= 0 && position == "named" {
			position = fmt.Sprint(at.Position)
		}
	}
	return required, position
}

// parameterLines lists parameters: "-Identity <string> (required, position 0)".
func parameterLines(c *complete.Command) string {
	var list []string
	for i := range c.Parameters {
		p := &c.Parameters[i]
		text := "-" + p.Name
		if !p.Switch() && p.Type != "" {
			text += " <" + p.Type + ">"
		}
		required, position := standing(p)
		var notes []string
		if required {
			notes = append(notes, "required")
		}
		if position != "named" {
			notes = append(notes, "position "+position)
		}
		if values := p.Choices(); len(values) > 0 && !p.Switch() {
			notes = append(notes, "one of "+strings.Join(values, ", "))
		}
		if len(notes) > 0 {
			text += " (" + strings.Join(notes, "; ") + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, "\n")
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
