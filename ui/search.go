package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"psdeck/session/complete"
)

// search looks for a line that ran in the tab: the prompt holds what is looked
// for, and the popup the lines that have it.
type search struct {
	draft string // comes back when the search is given up
	at    int
}

// searchMost is how many lines a search shows.
const searchMost = 200

// searchHistory begins a search, or goes to an older line in one.
func (a *App) searchHistory() tea.Cmd {
	t := a.tab()
	switch {
	case t == nil:
	case t.search != nil:
		a.searchMove(1)
	default:
		t.search = &search{t.editor.text, t.editor.at}
		t.notice = notice{}
		t.editor.set("")
		t.look()
	}
	return nil
}

// look shows the lines that have all words of the prompt, the newest first:
// only those that ran in the tenant that the tab is in now.
func (t *tab) look() {
	e, rows := &t.editor, t.popup.rows
	t.popup.close()
	t.notice = notice{}
	words := strings.Fields(strings.ToLower(e.text))
	var list []complete.Item
	for _, line := range slices.Backward(t.history.of(t.owner())) {
		lower := strings.ToLower(line)
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(lower, w) }) ||
			slices.ContainsFunc(list, func(it complete.Item) bool { return it.Text == line }) {
			continue
		}
		list = append(list, complete.Item{Text: line, List: line, Kind: complete.History, Tip: textRanBefore + "\n" + line})
		if len(list) == searchMost {
			break
		}
	}
	if len(list) == 0 {
		t.notice = notice{text: textNoSuchLine, at: -1}
		return
	}
	t.popup = popup{Result: complete.Result{End: len(e.text), Items: list}, known: len(list), rows: rows, text: e.text, at: e.at}
}

// searching is the tab in which history is searched; nil: none.
func (a *App) searching() *tab {
	if t := a.tab(); a.page == pageDeck && t != nil && t.search != nil {
		return t
	}
	return nil
}

// searchAction is the search's own action for a key.
func (a *App) searchAction(k tea.KeyPressMsg) *action {
	if a.searching() == nil {
		return nil
	}
	return a.keys.find(inSearch, k)
}

func (a *App) searchMove(by int) {
	if p := a.choosing(); p != nil {
		p.choose(by)
	}
}

// searchTake writes the line that is chosen; it runs when it is entered.
func (a *App) searchTake() tea.Cmd {
	t, p := a.tab(), a.choosing()
	if p == nil {
		return nil
	}
	t.endSearch(p.Items[p.chosen].Text)
	return nil
}

func (a *App) searchGiveUp() tea.Cmd {
	a.tab().giveUpSearch()
	return nil
}

// giveUpSearch gives the draft back as it was.
func (t *tab) giveUpSearch() {
	if t.search != nil {
		draft := *t.search
		t.endSearch(draft.draft)
		t.editor.move(draft.at)
	}
}

func (t *tab) endSearch(text string) {
	t.search = nil
	t.popup.close()
	t.notice = notice{}
	t.editor.set(text)
}

func searchActions() []action {
	move := func(by int) func(*App) tea.Cmd {
		return func(a *App) tea.Cmd {
			a.searchMove(by)
			return nil
		}
	}
	return []action{
		{id: "searcholder", key: bind("an older line that fits", "ctrl+r", "down"), scope: inSearch, do: move(1)},
		{id: "searchnewer", key: bind("a newer line that fits", "up", "shift+tab"), scope: inSearch, do: move(-1)},
		{id: "searchtake", key: bind("write the chosen line into the prompt; enter again runs it", "enter", "tab"), scope: inSearch, do: (*App).searchTake},
		{id: "searchend", key: bind("give the search up; the draft comes back", "esc"), scope: inSearch, do: (*App).searchGiveUp},
	}
}
