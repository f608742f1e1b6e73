package ui

import (
	"fmt"
	"strings"

	"psdeck/session"
)

// importedIn are the sessions of other tenants whose commands are typed in a
// tab without a prefix: there a name does not mean what the tab's tenant says.
func (a *App) importedIn(t *tab) []session.Imported {
	switch live := sessionIn(t.live); {
	case t.home:
		return a.cmdlets.Imported(nil)
	case live != nil:
		return a.cmdlets.Imported(live)
	}
	return nil
}

// acrossWords is what the prompt says of them, and how many cells it takes.
func (a *App) acrossWords(t *tab, w int) (words string, cells int) {
	list := a.imported(t)
	if len(list) == 0 {
		return "", 0
	}
	from := list[0].From
	bar, word := a.th.env(from.Env)
	name, more := fit(oneLine(from.Name()), max(6, w/4-width(word))), ""
	if len(list) > 1 {
		more = fmt.Sprintf(" +%d", len(list)-1)
	}
	return a.th.bold.text(" → "+name) + " " + bar.text(word) + more, width(" → " + name + " " + word + more)
}

// importedWords is what the status line says of them.
func (a *App) importedWords(t *tab) []string {
	var from []string
	n := 0
	for _, i := range a.imported(t) {
		from, n = append(from, reachedWords(&i.From)), n+i.Commands
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf(textImportedOf, strings.Join(from, ", "), counted(n, "imported command", "imported commands"))}
}

// endImports takes away what was imported from a session that is closed, and
// says so where its commands were typed.
func (a *App) endImports(s Session) {
	live := sessionIn(s)
	if live == nil {
		return
	}
	for _, gone := range a.cmdlets.EndImports(live) {
		for _, t := range a.tabs {
			if gone.In == nil && t.home || gone.In != nil && sessionIn(t.live) == gone.In {
				t.note(gone.Text())
				a.marked(t)
			}
		}
	}
}
