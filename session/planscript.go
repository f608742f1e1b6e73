package session

import (
	"slices"
	"strings"

	"psdeck/session/format"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// scriptStep sends the whole line, cut before the Format-* that ends it.
func scriptStep(line string, script *pslang.Script, sc *scope) step {
	text, view := line, format.View{}
	if statements := unnested(script); len(statements) == 1 && statements[0].Pipeline != nil {
		elements := statements[0].Pipeline.Elements
		if n := len(elements); n > 1 && elements[n-1].Command != nil {
			last := elements[n-1].Command
			if strings.HasPrefix(strings.ToLower(commandName(last.Name)), "format-") && pipeline.Known(last.Name) && onlyShows(last) {
				stage, err := pipeline.New(last, sc)
				if wanted, _ := pipeline.ViewOf(stage); err == nil && wanted.Name == "" { // the server knows its views
					view = wanted
					text = strings.TrimRight(line[:last.Start], " \t|")
				}
			}
		}
	}
	p := psrp.Script(text)
	return step{remote: &p, view: view}
}

// unnested are the statements of a script without the commands nested in them.
func unnested(script *pslang.Script) []pslang.Statement {
	if script == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(script.Statements), func(s pslang.Statement) bool { return s.Nested })
}

// onlyShows tells a command without redirections, and without variables that
// only the server's own language could set or read.
func onlyShows(c *pslang.Command) bool {
	return len(c.Redirections) == 0 && !slices.ContainsFunc(c.Args, func(a pslang.Arg) bool {
		name, _ := commonNamed(a.Name)
		return name != "" || a.Splatted()
	})
}
