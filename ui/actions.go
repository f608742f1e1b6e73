package ui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// scope is where an action can be used.
type scope uint8

const (
	everywhere scope = iota
	onDeck
	inPicker
	inWizard
	onChoice // a field of the wizard that is not typed
	editing  // changes a text
	inDialog
	inHelp
	inPopup  // the completions of a draft
	inSearch // the lines that ran before
)

// The actions of a dialog.
const (
	dialogAccept = "accept"
	dialogCancel = "cancel"
	dialogUp     = "dialogup"
	dialogDown   = "dialogdown"
)

// action is something a person can do. One table of them feeds the keyboard,
// the footers and the help.
type action struct {
	id    string
	key   key.Binding // its help lists all keys and says what is done
	scope scope
	foot  string               // the short word in a footer; "" keeps it out
	why   func(a *App) string  // why it cannot be done now; nil: it can
	do    func(a *App) tea.Cmd // nil for editing and in dialogs
	edit  func(e *editor)      // for editing
}

// keySep stands between the keys of a binding's help.
const keySep = ", "

func bind(what string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(strings.Join(keys, keySep), what))
}

// brief is what a footer says: the first key and a short word.
func (ac *action) brief() string {
	first, _, _ := strings.Cut(ac.key.Help().Key, keySep)
	return first + " " + ac.foot
}

func (ac *action) disabled(a *App) string {
	if ac.why == nil {
		return ""
	}
	return ac.why(a)
}

// actions is the table, in the order of the help.
func actions() []action {
	list := append(everywhereActions(), deckActions()...)
	list = append(list, tabActions()...)
	list = append(list, pickerActions()...)
	list = append(list, wizardActions()...)
	list = append(list, choiceActions()...)
	list = append(list, editActions()...)
	list = append(list, popupActions()...)
	list = append(list, searchActions()...)
	list = append(list, dialogActions()...)
	return append(list, helpActions()...)
}

func everywhereActions() []action {
	return []action{
		{id: "help", key: bind("all actions", "f1"), foot: "all actions", do: (*App).toggleHelp},
		{id: "places", key: bind("the list of places", "f2"), do: (*App).showPicker},
		{id: "new", key: bind("a new connection", "f3", "ctrl+t"), do: (*App).newConnection},
		{id: "home", key: bind("the home session of this machine", "f9"), why: (*App).whyNoHome, do: (*App).showHome},
		{id: "quit", key: bind("close all sessions and quit", "ctrl+q", "f10"), do: (*App).askQuit},
	}
}

func deckActions() []action {
	return []action{
		{id: "run", key: bind("run the line", "enter"), scope: onDeck, do: (*App).enter},
		{id: "newline", key: bind("a new line in the prompt", "alt+enter", "shift+enter", "ctrl+j"), scope: onDeck, do: (*App).newline},
		{id: "complete", key: bind("complete the word; again: the next completion", "tab"), scope: onDeck, do: (*App).complete},
		{id: "stop", key: bind("stop what runs, or clear the prompt", "ctrl+c"), scope: onDeck, do: (*App).interrupt},
		{id: "older", key: bind("a line up, an older line, or take a waiting line back", "up"), scope: onDeck, do: (*App).up},
		{id: "newer", key: bind("a line down, or a newer line", "down"), scope: onDeck, do: (*App).down},
		{id: "search", key: bind("search the lines that ran here", "ctrl+r"), scope: onDeck, do: (*App).searchHistory},
		{id: "back", key: bind("take a waiting line back, or go to the end of the output", "esc"), scope: onDeck, do: (*App).escape},
		{id: "pageup", key: bind("output: a page up", "pgup"), scope: onDeck, do: scrollBy(func(s *scrollback) { s.scroll(-s.page()) })},
		{id: "pagedown", key: bind("output: a page down", "pgdown"), scope: onDeck, do: scrollBy(func(s *scrollback) { s.scroll(s.page()) })},
		{id: "rowup", key: bind("output: a row up", "ctrl+up"), scope: onDeck, do: scrollBy(func(s *scrollback) { s.scroll(-1) })},
		{id: "rowdown", key: bind("output: a row down", "ctrl+down"), scope: onDeck, do: scrollBy(func(s *scrollback) { s.scroll(1) })},
		{id: "first", key: bind("output: the beginning", "ctrl+home"), scope: onDeck, do: scrollBy((*scrollback).toStart)},
		{id: "last", key: bind("output: the end", "ctrl+end"), scope: onDeck, do: scrollBy((*scrollback).toEnd)},
		{id: "clear", key: bind("clear the output of this tab", "ctrl+l"), scope: onDeck, why: (*App).whyBusy, do: scrollBy((*scrollback).clear)},
	}
}

func tabActions() []action {
	list := []action{
		{id: "next", key: bind("the next tab", "alt+right", "ctrl+tab", "f6"), scope: onDeck, why: (*App).whyOneTab, do: turn(1)},
		{id: "previous", key: bind("the previous tab", "alt+left", "ctrl+shift+tab", "shift+f6", "f7"), scope: onDeck, why: (*App).whyOneTab, do: turn(-1)},
		{id: "close", key: bind("close this tab", "f4", "alt+w"), scope: onDeck, do: (*App).askClose},
		{id: "leave", key: bind("leave this session on the server and close its tab", "shift+f4", "alt+x"), scope: onDeck, why: (*App).whyNoLeave, do: (*App).leave},
		{id: "details", key: bind("what is known of this tab's session", "f12", "alt+i"), scope: onDeck, why: (*App).whyNoDetails, do: (*App).showDetails},
		{id: "reconnect", key: bind("connect this tab anew", "f5"), scope: onDeck, why: (*App).whyNoReconnect, do: (*App).reconnect},
		{id: "edit", key: bind("change this tab's connection and try again", "f8"), scope: onDeck, why: (*App).whyNoReconnect, do: (*App).editConnection},
		{id: "qr", key: bind("the sign-in address as a QR code", "alt+r"), scope: onDeck, why: (*App).whyNoCode, do: (*App).showQR},
		{id: "mode", key: bind("how this tab's lines are sent: as the server takes them, as commands, as a script", "alt+m"), scope: onDeck, why: (*App).whyNoMode, do: (*App).turnMode},
		{id: "copycode", key: bind("copy the device code, or the address of the sign-in", "alt+c"), scope: onDeck, why: (*App).whyNothingToCopy, do: (*App).copyCode},
	}
	for n := 1; n <= 9; n++ {
		list = append(list, action{
			id: fmt.Sprintf("tab%d", n), key: bind(fmt.Sprintf("tab %d", n), fmt.Sprintf("alt+%d", n)), scope: onDeck,
			why: func(a *App) string { return a.whyNoTab(n) }, do: func(a *App) tea.Cmd { return a.activate(n - 1) },
		})
	}
	return list
}

func pickerActions() []action {
	return []action{
		{id: "pick", key: bind("open", "enter"), foot: "open", scope: inPicker, do: (*App).pick},
		{id: "pickup", key: bind("up", "up", "ctrl+p"), scope: inPicker, do: pickMove(-1)},
		{id: "pickdown", key: bind("down", "down", "ctrl+n"), scope: inPicker, do: pickMove(1)},
		{id: "pickpageup", key: bind("a page up", "pgup"), scope: inPicker, do: pickMove(-10)},
		{id: "pickpagedown", key: bind("a page down", "pgdown"), scope: inPicker, do: pickMove(10)},
		{id: "pickrefresh", key: bind("ask again for the tenants that I manage", "f5"), scope: inPicker, why: (*App).whyNoManaged, do: (*App).refreshManaged},
		{id: "pickcopy", key: bind("copy the device code", "alt+c"), scope: inPicker, do: (*App).copyManagedCode},
		{id: "pickback", key: bind("clear the search, or go back", "esc", "ctrl+c"), foot: "back", scope: inPicker, do: (*App).pickBack},
	}
}

func wizardActions() []action {
	return []action{
		{id: "wiznext", key: bind("the next step; on a way to sign in: connect", "enter"), foot: "next", scope: inWizard, do: (*App).wizardEnter},
		{id: "wizdown", key: bind("the next field", "tab", "down"), foot: "next field", scope: inWizard, do: wizardMove(1)},
		{id: "wizup", key: bind("the field before", "shift+tab", "up"), scope: inWizard, do: wizardMove(-1)},
		{id: "wizback", key: bind("stop connecting, or go back; nothing typed is lost", "esc"), foot: "back (nothing is lost)", scope: inWizard, do: (*App).wizardBack},
		{id: "wizstop", key: bind("stop connecting", "ctrl+c"), scope: inWizard, do: (*App).wizardStop},
		{id: "wizqr", key: bind("the sign-in address as a QR code", "alt+r"), scope: inWizard, why: (*App).whyNoCode, do: (*App).showQR},
		{id: "wizcopy", key: bind("copy the device code, or the address of the sign-in; while it is shown c does it too", "alt+c"), scope: inWizard, why: (*App).whyNothingToCopy, do: (*App).copyCode},
	}
}

// choiceActions are for the fields of the wizard that are not typed.
func choiceActions() []action {
	return []action{
		{id: "choicenext", key: bind("the next choice", "right", "space"), scope: onChoice, do: wizardChange(1)},
		{id: "choiceprevious", key: bind("the choice before", "left"), scope: onChoice, do: wizardChange(-1)},
	}
}

// editActions are those of the prompt; the first ones are also those of each field.
func editActions() []action {
	both := fieldKeys()
	list := []action{
		{key: both.CharacterBackward, edit: (*editor).moveLeft},
		{key: both.CharacterForward, edit: (*editor).moveRight},
		{key: both.WordBackward, edit: (*editor).moveWordLeft},
		{key: both.WordForward, edit: (*editor).moveWordRight},
		{key: both.LineStart, edit: (*editor).moveHome},
		{key: both.LineEnd, edit: (*editor).moveEnd},
		{key: both.DeleteCharacterBackward, edit: (*editor).backspace},
		{key: both.DeleteCharacterForward, edit: (*editor).delete},
		{key: both.DeleteWordBackward, edit: (*editor).killWordLeft},
		{key: both.DeleteWordForward, edit: (*editor).killWordRight},
		{key: both.DeleteBeforeCursor, edit: (*editor).killHome},
		{key: both.DeleteAfterCursor, edit: (*editor).killEnd},
		{key: bind("in the prompt: paste what was cut", "ctrl+y"), edit: (*editor).yank},
		{key: bind("in the prompt: undo", "ctrl+z", "ctrl+_"), edit: (*editor).undo},
		{key: bind("in the prompt: redo", "alt+z", "ctrl+shift+z"), edit: (*editor).redo},
	}
	for i := range list {
		list[i].scope, list[i].id = editing, list[i].key.Keys()[0]
	}
	return list
}

// dialogActions are done by the dialog that is open.
func dialogActions() []action {
	return []action{
		{id: dialogAccept, key: bind("answer, or the next field", "enter"), scope: inDialog},
		{id: dialogCancel, key: bind("cancel; at a question of a command: stop the command", "esc", "ctrl+c"), scope: inDialog},
		{id: dialogUp, key: bind("the field or choice before", "up", "shift+tab"), scope: inDialog},
		{id: dialogDown, key: bind("the next field or choice", "down", "tab"), scope: inDialog},
	}
}

func helpActions() []action {
	return []action{
		{id: "helpup", key: bind("a row up", "up"), scope: inHelp, do: helpMove(-1, 0)},
		{id: "helpdown", key: bind("a row down", "down"), scope: inHelp, do: helpMove(1, 0)},
		{id: "helppageup", key: bind("a page up", "pgup"), scope: inHelp, do: helpMove(0, -1)},
		{id: "helppagedown", key: bind("a page down", "pgdown", "space"), scope: inHelp, do: helpMove(0, 1)},
		{id: "helpfirst", key: bind("the beginning", "home"), scope: inHelp, do: func(a *App) tea.Cmd { a.help.top = 0; return nil }},
		{id: "helpback", key: bind("back", "esc", "q", "enter", "ctrl+c"), scope: inHelp, do: (*App).toggleHelp},
	}
}

// keymap is the actions by scope.
type keymap map[scope][]*action

func newKeymap(list []action) keymap {
	m := keymap{}
	for i := range list {
		m[list[i].scope] = append(m[list[i].scope], &list[i])
	}
	return m
}

// pressed is the name of a key; made once, not once for each binding.
type pressed string

func (p pressed) String() string { return string(p) }

// find gives the action of a key; nil: none.
func (m keymap) find(s scope, k tea.KeyPressMsg) *action {
	name := pressed(k.String())
	for _, ac := range m[s] {
		if key.Matches(name, ac.key) {
			return ac
		}
	}
	return nil
}

// inDialog is the id of a dialog's action; "": none.
func (m keymap) inDialog(k tea.KeyPressMsg) string {
	if ac := m.find(inDialog, k); ac != nil {
		return ac.id
	}
	return ""
}

// edit gives a key to the prompt; it tells whether the prompt took it.
func (m keymap) edit(e *editor, k tea.KeyPressMsg) bool {
	if ac := m.find(editing, k); ac != nil {
		ac.edit(e)
		return true
	}
	if k.Text != "" && k.Mod&^tea.ModShift&^tea.ModCapsLock&^tea.ModNumLock == 0 {
		e.insert(k.Text)
		return true
	}
	return false
}
