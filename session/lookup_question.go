package session

import (
	"fmt"
	"slices"
	"strings"

	"psdeck/session/pslang"
)

// question is what a Get-Command or Get-Help asks. Texts may have wildcards.
type question struct {
	bound
	help             bool // Get-Help
	home             bool // typed in the home session
	names            []string
	modules, without []string
	verbs, nouns     []string
	kinds            []string
	having           []string // parameters that a command shall have
	most             int      // -1: all
}

// The parameters that only the server, or a help file, could answer are bound,
// so that they are refused by their names.
func lookupCmdlets() (command, help *cmdlet) {
	const about = "Tells what the sessions offer."
	const both = "[-Module <string[]>] [-ExcludeModule <string[]>] [-TotalCount <int>] [-Syntax] [-All] [-ListImported] [-ParameterName <string[]>] " +
		"[-ParameterType <string[]>] [-FullyQualifiedModule <Object[]>] [-ShowCommandInfo] "
	const topic = "[[-Name] <string[]>] [-Path <string>] [-Category <string[]>] [-Component <string[]>] [-Functionality <string[]>] [-Role <string[]>] "
	command = &cmdlet{
		name: "Get-Command", about: about, class: "Microsoft.PowerShell.Commands.GetCommandCommand", aliases: "Module=PSSnapin CommandType=Type ArgumentList=Args",
		sets: []string{
			"[[-Name] <string[]>] [[-ArgumentList] <Object[]>] [-CommandType <string[]>] [-UseFuzzyMatching] [-FuzzyMinimumDistance <int>] [-UseAbbreviationExpansion] " + both,
			"[-Verb <string[]>] [-Noun <string[]>] " + both,
		},
	}
	command.check = cannot("ArgumentList", "UseFuzzyMatching", "FuzzyMinimumDistance", "UseAbbreviationExpansion", "ParameterType", "FullyQualifiedModule", "ShowCommandInfo")
	help = &cmdlet{
		name: "Get-Help", about: about, class: "Microsoft.PowerShell.Commands.GetHelpCommand",
		sets: []string{topic + "[-Full]", topic + "-Detailed", topic + "-Examples", topic + "-Parameter <string[]>", topic + "-Online", topic + "-ShowWindow"},
	}
	help.check = cannot("Path", "Category", "Component", "Functionality", "Role", "Online", "ShowWindow")
	return command, help
}

// cannot refuses parameters, and the variables of common parameters.
func cannot(names ...string) func(bound) (id, text string) {
	names = append(names, "ErrorVariable", "WarningVariable", "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable")
	return func(b bound) (id, text string) {
		for _, name := range names {
			if b.has(name) {
				return "ParameterNotSupported", fmt.Sprintf("%s is answered here from what the sessions offer, and does not take -%s", b.cmdlet.name, name)
			}
		}
		if wrong := wrongKind(b.texts("CommandType")); wrong != "" {
			return "CannotConvertArgumentNoMessage", fmt.Sprintf("Cannot bind parameter 'CommandType'. %q is none of %s", wrong, strings.Join(commandKinds(), ", "))
		}
		return "", ""
	}
}

// commandKinds are the names of System.Management.Automation.CommandTypes.
func commandKinds() []string {
	return []string{"Alias", "Function", "Filter", "Cmdlet", "ExternalScript", "Application", "Script", "Configuration", "All"}
}

func wrongKind(kinds []string) string {
	for _, k := range splitList(kinds) {
		if !slices.ContainsFunc(commandKinds(), func(known string) bool { return strings.EqualFold(known, k) }) {
			return k
		}
	}
	return ""
}

// splitList takes "Cmdlet, Function" apart.
func splitList(texts []string) []string {
	var out []string
	for _, t := range texts {
		for part := range strings.SplitSeq(t, ",") {
			out = append(out, strings.TrimSpace(part))
		}
	}
	return out
}

// question binds a typed Get-Command or Get-Help.
func (c *console) question(cmd *pslang.Command, sc *scope) (*question, error) {
	command, help := lookupCmdlets()
	q := &question{help: !strings.EqualFold(commandName(cmd.Name), command.name), home: c.own == nil, most: -1}
	as := command
	if q.help {
		as = help
	}
	var err error
	q.bound, err = c.desk.bind(as, cmd, sc, nil, false)
	if q.names = q.texts("Name"); err != nil {
		return q, err
	}
	q.modules, q.without = q.texts("Module"), q.texts("ExcludeModule")
	q.verbs, q.nouns, q.having = q.texts("Verb"), q.texts("Noun"), q.texts("ParameterName")
	q.kinds = splitList(q.texts("CommandType"))
	if q.has("TotalCount") {
		q.most = q.number("TotalCount")
	}
	return q, nil
}
