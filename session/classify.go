package session

import (
	"slices"
	"strings"
	"unicode"

	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
)

// effect is how far a command reaches. The order matters: the worst one decides.
type effect uint8

const (
	reads effect = iota
	writes
	destroys
)

// finding is the worst thing that a line was found to do.
type finding struct {
	effect effect
	name   string // what decided
	why    string
}

func (f *finding) add(e effect, name, why string) {
	if e > f.effect {
		*f = finding{e, name, why}
	}
}

// classify finds the worst that a line can do. It is an allow-list: what is
// not known to read counts as writing. There tells that the server runs the
// whole line; else only its commands go there, and expressions are worked out here.
func classify(root *syntax.Node, there bool) finding { return classifyAs(root, there, nil) }

// classifyAs is classify for a line some of whose names mean something else
// here: rename gives what a command stands for, "" for one that changes nothing
// on the server that is asked about; sent tells that the server runs it.
func classifyAs(root *syntax.Node, there bool, rename func(syntax.Invocation) (name string, sent bool)) finding {
	var f finding
	s := syntax.NewSurvey(root)
	var filters []*syntax.Node
	if !there {
		filters = filterBlocks(s.Commands)
	}
	for _, c := range s.Commands {
		if isTerm(c) && slices.ContainsFunc(filters, func(b *syntax.Node) bool { return b.Start <= c.Node.Start && c.Node.End <= b.End }) {
			continue
		}
		sent := there
		if rename != nil && c.Constant() {
			name, goes := rename(c)
			if name == "" {
				continue
			}
			c.Name, sent = name, there || goes
		}
		f.command(c, sent, !there)
	}
	for _, c := range s.Calls {
		if pslang.IsCredentialType(c.Type) && strings.EqualFold(c.Name, "new") {
			continue
		}
		f.add(writes, "a method call", "what a method does cannot be known beforehand")
	}
	for _, a := range s.Assignments {
		f.assignment(a)
	}
	for _, r := range s.Redirections {
		f.redirection(r)
	}
	for _, c := range s.Casts {
		if !harmlessType(c.Type) {
			f.add(writes, "["+c.Type+"]", "what a conversion to ["+c.Type+"] does cannot be known beforehand")
		}
	}
	for _, o := range s.Others {
		if o.Class == syntax.AttributeAst && harmlessAttributes[strings.ToLower(o.Text)] {
			continue
		}
		name := otherNames[o.Class]
		f.add(writes, name, "what "+name+" does cannot be known beforehand")
	}
	return f
}

// filterBlocks are the script blocks that commands which read are given as a
// filter: -Filter { Enabled -eq $true }. They travel as text, in a language of
// the server's own.
func filterBlocks(list []syntax.Invocation) []*syntax.Node {
	var blocks []*syntax.Node
	for _, c := range list {
		if !c.Constant() || effectOf(commandName(c.Name)) != reads || pipeline.Known(commandName(c.Name)) {
			continue
		}
		named := false
		for _, a := range c.Node.Children {
			if named && a.Class == syntax.ScriptBlockExpressionAst {
				blocks = append(blocks, a)
			}
			named = a.Class == syntax.CommandParameterAst && strings.HasSuffix(strings.ToLower(a.Text), "filter")
			if named && len(a.Children) > 0 && a.Children[0].Class == syntax.ScriptBlockExpressionAst {
				blocks = append(blocks, a.Children[0])
			}
		}
	}
	return blocks
}

// isTerm tells what PowerShell's parser takes for a command in a filter: the
// name of a property before an operator.
func isTerm(c syntax.Invocation) bool {
	if !c.Constant() || c.Module != "" || strings.ContainsFunc(c.Name, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return false
	}
	children := c.Node.Children
	return len(children) > 1 && children[1].Class == syntax.CommandParameterAst && filterOperators[strings.ToLower(children[1].Text)]
}

var filterOperators = verbSet("eq ne gt ge lt le like notlike match notmatch contains notcontains in notin bor band approx")

// harmlessType tells a type that values are only turned into.
func harmlessType(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), "[]")
	return pslang.KnownType(name) || name == "switch" || name == "regex" || name == "byte" || name == "pscredential"
}

// harmlessAttributes say how a parameter is given; those with script blocks
// are judged by what the blocks hold.
var harmlessAttributes = verbSet("CmdletBinding Parameter Alias ValidateSet ValidateRange ValidateLength ValidateCount ValidatePattern ValidateNotNull " +
	"ValidateNotNullOrEmpty ValidateNotNullOrWhiteSpace ValidateScript AllowNull AllowEmptyString AllowEmptyCollection OutputType SupportsWildcards")

var otherNames = map[syntax.NodeClass]string{
	syntax.FunctionDefinitionAst: "a function definition", syntax.TypeDefinitionAst: "a class definition", syntax.UsingStatementAst: "a using statement",
	syntax.TrapStatementAst: "a trap statement", syntax.DataStatementAst: "a data section", syntax.BlockStatementAst: "a parallel or sequence block",
	syntax.AttributeAst: "an attribute", syntax.PipelineAst: "a background job", syntax.PipelineChainAst: "a background job",
	syntax.ErrorStatementAst: "an unfinished statement", syntax.ErrorExpressionAst: "an unfinished expression",
}

// command adds what a command does. There tells that the server runs it, plain
// that it travels as it is typed, and not as a part of a script.
func (f *finding) command(c syntax.Invocation, there, plain bool) {
	switch c.Operator {
	case syntax.Ampersand:
		f.add(writes, "& "+c.Name, "what \"&\" calls cannot be known beforehand")
	case syntax.Dot:
		f.add(writes, ". "+c.Name, "what \".\" calls cannot be known beforehand")
	}
	if c.Name == "" {
		f.add(writes, "a computed command name", "which command this is cannot be known beforehand")
		return
	}
	name := commandName(c.Name)
	e := effectOf(name)
	if there {
		e = effectThere(name, c)
	}
	switch {
	case e != reads && plain && asksOnly(c):
		f.add(writes, name, name+" -WhatIf should only ask, but a server may take no notice of -WhatIf")
	case e == writes:
		f.add(e, name, name+" is not known to only read")
	case e == destroys:
		f.add(e, name, name+" takes something away")
	}
	if c.Splatted {
		f.add(writes, name+" @…", "what a splatted variable holds cannot be known beforehand")
	}
	if c.StopParsing {
		f.add(writes, name+" --%", "what stands behind --% cannot be known beforehand")
	}
}

// asksOnly tells a command with -WhatIf as it is written out, or
// -WhatIf:$true: what it would do is only said. What stands in a variable, and
// a second one, might say otherwise.
func asksOnly(c syntax.Invocation) bool {
	if !c.Constant() || c.Splatted || c.StopParsing {
		return false
	}
	found, others := false, 0
	for _, a := range c.Node.Children {
		if a.Class != syntax.CommandParameterAst || !strings.HasPrefix("whatif", strings.ToLower(a.Text)) && !strings.EqualFold(a.Text, "wi") {
			continue
		}
		on := len(a.Children) == 0
		if !on {
			v := a.Children[0]
			on = v.Class == syntax.VariableExpressionAst && strings.EqualFold(v.Text, "true")
		}
		if on && strings.EqualFold(a.Text, "WhatIf") {
			found = true
		} else {
			others++
		}
	}
	return found && others == 0
}

// assignment allows plain variables: a drive's may be a file, a function or
// the environment, and some change what commands do.
func (f *finding) assignment(a syntax.Assignment) {
	for _, t := range a.Targets {
		if t.Class != syntax.VariableExpressionAst {
			f.add(writes, "an assignment to a property or an element", "what an assignment to a property or an element changes cannot be known beforehand")
			continue
		}
		_, drive, name := syntax.SplitVariable(t.Text)
		switch {
		case drive != "":
			f.add(writes, "$"+t.Text, "$"+t.Text+" is more than a variable: setting it changes what it stands for")
		case strings.EqualFold(name, "PSDefaultParameterValues"):
			f.add(writes, "$"+t.Text, "$"+t.Text+" changes what other commands do")
		}
	}
}

// redirection allows what goes nowhere or to another stream.
func (f *finding) redirection(n *syntax.Node) {
	if n.Class == syntax.MergingRedirectionAst {
		return
	}
	if file := n.Children[0]; file.Class == syntax.VariableExpressionAst && strings.EqualFold(file.Text, "null") {
		return
	}
	f.add(writes, "a redirection", "a redirection to a file writes it")
}

// commandName resolves an alias and takes a module qualifier off.
func commandName(name string) string {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	return pslang.ResolveAlias(name)
}

// Verbs by what their commands do, as PowerShell's naming rules have it.
var (
	readingVerbs    = verbSet("Get Test Find Search Measure Compare Resolve Show")
	destroyingVerbs = verbSet("Remove Clear Disable Revoke Reset Uninstall Unregister Stop Disconnect Dismount Deny Block Lock Move")
)

// Commands that read though their verb does not say so. Some change what this
// machine shows, none changes the server.
var readingCommands = verbSet("Write-Output Write-Host Write-Warning Write-Verbose Write-Debug Write-Error Write-Information Write-Progress " +
	"Read-Host ConvertTo-SecureString Out-Null Out-Default Out-Host Out-String Start-Sleep ConvertTo-Json ConvertTo-Csv ConvertTo-Html ConvertFrom-Json ConvertFrom-Csv Format-Hex Join-Path Split-Path " +
	"Import-Csv Import-Clixml Get-Content Get-Date")

// Commands that only work on what is piped into them, wherever they run.
var processingCommands = verbSet("Where-Object Sort-Object Select-Object Group-Object Measure-Object Compare-Object Select-String " +
	"Get-Member Get-Unique Join-String ConvertTo-Xml Format-Table Format-List Format-Wide Format-Custom")

// effectThere is effectOf for a command that the server runs in its own
// language. What it writes are files of the server.
func effectThere(name string, c syntax.Invocation) effect {
	lower := strings.ToLower(name)
	switch {
	case processingCommands[lower], readingCommands[lower]:
		return reads
	case lower == "foreach-object":
		return forEachThere(c)
	case pipeline.Known(name):
		return writes
	}
	return effectOf(name)
}

// forEachThere judges ForEach-Object: its script blocks are judged by what
// they hold, but a name may be a method's, which would be called.
func forEachThere(c syntax.Invocation) effect {
	for _, a := range c.Node.Children[1:] {
		if a.Role != syntax.ElementRole {
			continue
		}
		switch {
		case a.Class == syntax.ScriptBlockExpressionAst:
		case a.Class == syntax.CommandParameterAst && blockParameter(a.Text):
		default:
			return writes
		}
	}
	return reads
}

// blockParameter tells a parameter of ForEach-Object that takes a script block.
func blockParameter(name string) bool {
	for _, full := range [...]string{"process", "begin", "end", "remainingscripts"} {
		if len(name) > 0 && len(name) <= len(full) && strings.EqualFold(name, full[:len(name)]) {
			return true
		}
	}
	return false
}

func verbSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		set[strings.ToLower(w)] = true
	}
	return set
}

func effectOf(name string) effect {
	verb, noun, ok := strings.Cut(strings.ToLower(name), "-")
	switch {
	case strings.EqualFold(name, "Search-Mailbox"):
		return destroys // -DeleteContent
	case readingCommands[strings.ToLower(name)], pipeline.Known(name):
		return reads
	case !ok || noun == "" || !plainASCII(name):
		return writes
	case readingVerbs[verb]:
		return reads
	case destroyingVerbs[verb]:
		return destroys
	}
	return writes
}

// plainASCII keeps names with look-alike letters and dashes from passing for
// what they look like.
func plainASCII(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}
