package session

import (
	"strings"

	"psdeck/session/pipeline"
	"psdeck/session/pslang"
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

// classify finds the worst that a parsed line can do. It is an allow-list: what
// is not known to read counts as writing.
func classify(script *pslang.Script) finding {
	var f finding
	f.script(script)
	return f
}

func (f *finding) script(s *pslang.Script) {
	if s == nil {
		return
	}
	for i := range s.Statements {
		f.pipeline(s.Statements[i].Pipeline)
	}
}

func (f *finding) pipeline(p *pslang.Pipeline) {
	if p == nil {
		return
	}
	for _, e := range p.Elements {
		if e.Command != nil {
			f.command(e.Command)
		}
		f.expr(e.Expr)
	}
}

func (f *finding) command(c *pslang.Command) {
	if c.Invocation != "" {
		f.add(writes, c.Invocation+" "+c.Name, "what \""+c.Invocation+"\" calls cannot be known beforehand")
	}
	name := commandName(c.Name)
	e := effectOf(name)
	switch e {
	case writes:
		f.add(e, name, name+" is not known to only read")
	case destroys:
		f.add(e, name, name+" takes something away")
	}
	for i := range c.Args {
		f.expr(c.Args[i].Value)
	}
}

func (f *finding) expr(e pslang.Expr) {
	switch e := e.(type) {
	case *pslang.Expandable:
		f.exprs(e.Parts)
	case *pslang.Array:
		f.exprs(e.Items)
	case *pslang.Hashtable:
		for _, en := range e.Entries {
			f.expr(en.Key)
			f.expr(en.Value)
		}
	case *pslang.ScriptBlock:
		f.block(e)
	case *pslang.Paren:
		f.pipeline(e.Pipeline)
	case *pslang.SubExpression:
		f.script(e.Body)
	case *pslang.Cast:
		f.expr(e.X)
	case *pslang.Unary:
		f.expr(e.X)
	case *pslang.Binary:
		f.exprs([]pslang.Expr{e.Left, e.Right})
	case *pslang.Member:
		f.exprs([]pslang.Expr{e.Target, e.Name})
	case *pslang.Index:
		f.exprs([]pslang.Expr{e.Target, e.Key})
	case *pslang.Call:
		f.add(writes, "a method call", "what a method does cannot be known beforehand")
		f.expr(e.Member)
		f.exprs(e.Args)
	}
}

func (f *finding) exprs(list []pslang.Expr) {
	for _, e := range list {
		if e != nil {
			f.expr(e)
		}
	}
}

// block judges a script block: it may run, so it is judged by what it holds.
func (f *finding) block(b *pslang.ScriptBlock) {
	if b.Body == nil && strings.TrimSpace(b.Text) != "" {
		f.add(writes, "a script block", "what this script block does cannot be known beforehand")
		return
	}
	f.script(b.Body)
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
	"Out-Null Out-Default Out-String Start-Sleep ConvertTo-Json ConvertTo-Csv ConvertTo-Html ConvertFrom-Json ConvertFrom-Csv Format-Hex Join-Path Split-Path")

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
