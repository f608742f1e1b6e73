package session

import (
	"slices"
	"strings"
)

// cmdlet is a command that acts on the deck and its sessions.
type cmdlet struct {
	name  string
	about string // what it does, in a sentence
	class string // of .NET: it stands in the ids of its errors
	// sets are its parameter sets as Get-Command -Syntax shows them, the default one first.
	sets []string
	// aliases of parameters: "ComputerName=Cn".
	aliases string
	// pipe is the parameter that takes pipeline input.
	pipe string
	// check refuses, before anything runs, what the cmdlet cannot do here; nil:
	// nothing.
	check func(bound) (id, text string)
	run   func(*call) error
}

// parameter is a parameter of a cmdlet.
type parameter struct {
	name, typ string // typ "" is a switch
	aliases   []string
}

// place is how a parameter stands in a set: its position (-1: by name alone).
type place struct {
	position  int
	mandatory bool
}

// signature is what the sets of a cmdlet say.
type signature struct {
	parameters []parameter
	sets       []map[string]place // by the parameter's name
}

// commonParameters are those of every cmdlet, with PowerShell's aliases.
const (
	commonSyntax = "[-Verbose] [-Debug] [-ErrorAction <ActionPreference>] [-WarningAction <ActionPreference>] [-InformationAction <ActionPreference>] " +
		"[-ProgressAction <ActionPreference>] [-ErrorVariable <string>] [-WarningVariable <string>] [-InformationVariable <string>] " +
		"[-OutVariable <string>] [-OutBuffer <int>] [-PipelineVariable <string>]"
	commonAliases = "Verbose=vb Debug=db ErrorAction=ea WarningAction=wa InformationAction=infa ProgressAction=proga " +
		"ErrorVariable=ev WarningVariable=wv InformationVariable=iv OutVariable=ov OutBuffer=ob PipelineVariable=pv"
)

// signature reads the sets.
func (c *cmdlet) signature() signature {
	var sig signature
	for _, set := range c.sets {
		sig.sets = append(sig.sets, sig.read(set+" "+commonSyntax))
	}
	sig.alias(c.aliases + " " + commonAliases)
	return sig
}

// withCommon adds the common parameters that are not among p.
func withCommon(p []parameter) []parameter {
	sig := signature{parameters: p}
	sig.read(commonSyntax)
	sig.alias(commonAliases)
	return sig.parameters
}

// alias gives parameters their other names: "ComputerName=Cn".
func (sig *signature) alias(pairs string) {
	for pair := range strings.FieldsSeq(pairs) {
		name, alias, _ := strings.Cut(pair, "=")
		for i := range sig.parameters {
			if p := &sig.parameters[i]; p.name == name && !slices.Contains(p.aliases, alias) {
				p.aliases = append(p.aliases, alias)
			}
		}
	}
}

// read reads one set: [[-Optional] <by position>] [-Mandatory] <by position>
// [-Optional <by name>] -Mandatory <by name> [-Switch].
func (sig *signature) read(set string) map[string]place {
	places := make(map[string]place)
	position := 0
	for _, item := range syntaxItems(set) {
		inner, optional := unwrapped(item)
		name, typ, _ := strings.Cut(inner, " ")
		at := place{position: -1, mandatory: !optional}
		if strings.HasPrefix(name, "[") {
			at.position = position
			position++
		}
		name = strings.Trim(name, "[-]")
		places[name] = at
		sig.add(parameter{name: name, typ: strings.Trim(typ, "<>")})
	}
	return places
}

func (sig *signature) add(p parameter) {
	for _, have := range sig.parameters {
		if have.name == p.name {
			return
		}
	}
	sig.parameters = append(sig.parameters, p)
}

// syntaxItems cuts a set at the blanks outside of brackets; a type belongs to
// the name before it.
func syntaxItems(set string) []string {
	var items []string
	depth, start := 0, 0
	flush := func(end int) {
		item := strings.TrimSpace(set[start:end])
		switch {
		case item == "":
		case strings.HasPrefix(item, "<") && len(items) > 0:
			items[len(items)-1] += " " + item
		default:
			items = append(items, item)
		}
		start = end
	}
	inType := false
	for i, r := range set {
		switch {
		case r == '<':
			inType = true
		case r == '>':
			inType = false
		case inType: // the brackets of an array
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == ' ' && depth == 0:
			flush(i)
		}
	}
	flush(len(set))
	return items
}

// unwrapped takes off brackets that stand around the whole item.
func unwrapped(item string) (string, bool) {
	if !strings.HasPrefix(item, "[") {
		return item, false
	}
	depth := 0
	for i, r := range item {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 && i < len(item)-1 {
			return item, false
		}
	}
	return item[1 : len(item)-1], true
}
