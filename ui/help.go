package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
)

// helpPage lists every action with its keys; one that cannot be done now says why.
type helpPage struct{ top int }

func (a *App) toggleHelp() tea.Cmd {
	if a.help != nil {
		a.help = nil
	} else {
		a.help = &helpPage{}
	}
	return nil
}

func (a *App) helpKey(k tea.KeyPressMsg) tea.Cmd {
	if ac := a.keys.find(inHelp, k); ac != nil {
		return ac.do(a)
	}
	if ac := a.keys.find(everywhere, k); ac != nil && ac.id == "help" {
		return a.toggleHelp()
	}
	return nil
}

// helpMove scrolls the help by rows and pages.
func helpMove(rows, pages int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		a.help.top = max(0, a.help.top+rows+pages*(a.h-3))
		return nil
	}
}

func (a *App) drawHelp(w, h int) []string {
	rows := a.helpRows(w)
	room := max(1, h-1)
	a.help.top = min(a.help.top, max(0, len(rows)-room))
	rows = rows[a.help.top:min(len(rows), a.help.top+room)]
	for len(rows) < room {
		rows = append(rows, "")
	}
	return append(rows, a.th.dim.text(fit("  "+textHelpFoot, w)))
}

func (a *App) helpRows(w int) []string {
	rows := []string{" " + a.th.bold.text(textHelpTitle)}
	last := scope(255)
	for i := range a.table {
		ac := &a.table[i]
		if ac.scope != last {
			last = ac.scope
			rows = append(rows, "", "  "+a.th.bold.text(scopeName(ac.scope)))
		}
		keys, text := ac.key.Help().Key, ac.key.Help().Desc
		on := a.th.plain
		if why := a.whyHere(ac); why != "" {
			text, on = text+"   ("+why+")", a.th.dim
		}
		kw := min(38, max(14, w/3))
		rows = append(rows, fit("    "+on.text(pad(keys, kw))+"  "+on.text(text), w))
	}
	return rows
}

// whyHere is why an action cannot be done on the page under the help.
func (a *App) whyHere(ac *action) string {
	if ac.scope == onDeck && len(a.tabs) == 0 {
		return textNoTabs
	}
	if ac.scope == inWizard && a.wizard == nil {
		return ""
	}
	if ac.scope == inWizard && a.page != pageWizard {
		return ""
	}
	return ac.disabled(a)
}

func scopeName(s scope) string {
	switch s {
	case onDeck:
		return textScopeDeck
	case inPicker:
		return textScopePicker
	case inWizard:
		return textScopeWizard
	case onChoice:
		return textScopeChoice
	case editing:
		return textScopeEditing
	case inDialog:
		return textScopeDialog
	case inHelp:
		return textScopeHelp
	case inPopup:
		return textScopePopup
	case inSearch:
		return textScopeSearch
	default:
		return textScopeEverywhere
	}
}

// Keys lists every action with its keys as a Markdown document.
func Keys() string {
	var b strings.Builder
	b.WriteString("# Keys\n\nF1 shows this list in the deck, and why an action cannot be done now.\n")
	last := scope(255)
	for _, ac := range actions() {
		if ac.scope != last {
			last = ac.scope
			b.WriteString("\n## " + scopeName(last) + "\n\n| keys | action |\n|---|---|\n")
		}
		help := ac.key.Help()
		b.WriteString("| `" + strings.ReplaceAll(help.Key, keySep, "`, `") + "` | " + help.Desc + " |\n")
	}
	return b.String()
}
