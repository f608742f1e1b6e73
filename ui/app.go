package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// pageID is which page fills the screen.
type pageID uint8

const (
	pageDeck pageID = iota
	pagePicker
	pageWizard
)

// App is the whole deck: the one model of the program.
type App struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	th     *theme
	table  []action
	keys   keymap

	w, h    int
	page    pageID
	tabs    []*tab
	active  int
	picker  *picker
	wizard  *wizard // kept while it is left, so that nothing typed is lost
	dialogs []*shownDialog
	help    *helpPage
	closing string // what is said while sessions are closed

	lastTab, lastAttempt int
	asked                chan request // from the session cmdlets
	cmdlets              *session.Cmdlets
	imported             func(*tab) []session.Imported
	ticking              bool
	keyed                time.Time // the last key that a prompt took
	interrupted          time.Time // the last ctrl+c on an empty prompt
	said                 string    // one sentence in the status line, until the next key

	dirty  bool
	frame  tea.View
	strip  []stripTab
	lay    layout
	views  int // frames composed; tests count them
	handed int // messages taken
}

// tickMsg comes each second while something that is seen runs.
type tickMsg struct{}

// New makes the deck.
func New(cfg Config) *App {
	a := &App{cfg: cfg.withDefaults(), th: newTheme(true), table: actions(), asked: make(chan request), dirty: true, w: 80, h: 24}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	a.keys = newKeymap(a.table)
	a.cmdlets = session.NewCmdlets(deck{a})
	a.cmdlets.Version = cfg.Version
	a.imported = a.importedIn
	a.picker = newPicker(a.cfg)
	switch {
	case len(cfg.Open) > 0:
	case len(a.picker.places) > 0 || len(a.picker.managed.failed) > 0:
		a.page = pagePicker
	default:
		a.page, a.wizard = pageWizard, newWizard(session.Target{}, !a.cfg.NoBrowser)
	}
	return a
}

// Init opens the tabs that are wanted at the start.
func (a *App) Init() tea.Cmd {
	cmds := []tea.Cmd{tea.RequestBackgroundColor, a.waitAsked()}
	for _, t := range a.cfg.Open {
		cmds = append(cmds, a.openTab(t))
	}
	if len(a.cfg.Open) > 1 {
		cmds = append(cmds, a.activate(0))
	}
	return tea.Batch(cmds...)
}

// Update takes one message. It does no input or output and never blocks.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	a.handed++
	cmd, seen := a.update(msg)
	a.dirty = a.dirty || seen
	return a, cmd
}

// update tells also whether the screen may look different now.
func (a *App) update(msg tea.Msg) (cmd tea.Cmd, seen bool) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.w, a.h = msg.Width, msg.Height
		return nil, true
	case tea.BackgroundColorMsg:
		a.th = newTheme(dark(msg.Color))
		for _, t := range a.tabs {
			t.scroll.touch()
		}
		return nil, true
	case tea.KeyPressMsg:
		return a.key(msg), true
	case tea.PasteMsg:
		a.paste(msg.Content)
		return nil, true
	case tea.MouseClickMsg:
		return a.click(msg), true
	case tea.MouseWheelMsg:
		a.wheel(msg)
		return nil, true
	case tickMsg:
		a.ticking = false
		return a.tick(), true
	}
	return a.answer(msg)
}

// answer takes what asynchronous work brings. Only what belongs to the tab on
// screen makes a new frame necessary.
func (a *App) answer(msg tea.Msg) (tea.Cmd, bool) {
	shown := func(id int) bool {
		t := a.tab()
		return a.page == pageDeck && t != nil && t.id == id
	}
	switch msg := msg.(type) {
	case batchMsg:
		t := a.byID(msg.tab)
		news := t != nil && !t.unread // its mark appears in the strip
		return a.received(msg), shown(msg.tab) || news || msg.batch.end || len(msg.batch.prompts) > 0
	case startedMsg:
		return a.started(msg), shown(msg.tab) || msg.err != nil
	case stoppedMsg:
		return a.stopSent(msg), shown(msg.tab)
	case answeredMsg:
		return a.answered(msg), shown(msg.tab)
	case attemptMsg:
		return a.attempted(msg), true
	case endedMsg:
		return a.ended(msg), true
	case stateMsg:
		return a.stateChanged(msg), true
	case expandedMsg:
		a.expanded(msg)
		return nil, shown(msg.tab)
	case leftMsg:
		return a.left(msg), true
	case requestMsg:
		return a.requested(msg), true
	case managedMsg:
		return a.managedHeard(msg), true
	case labMsg:
		return a.labStarted(msg), true
	case closedMsg:
		return tea.Quit, true
	}
	return nil, false
}

// key sends a key to who has the keyboard: a dialog, the help, an action, the
// text that is being typed.
func (a *App) key(k tea.KeyPressMsg) tea.Cmd {
	a.said = ""
	if a.closing != "" {
		if ac := a.keys.find(everywhere, k); ac != nil && ac.id == "quit" {
			return tea.Quit // a second time: without waiting
		}
		return nil
	}
	if d := a.dialog(); d != nil && (a.help == nil || len(a.dialogs) > 0) {
		if ac := a.keys.tabSwitch(k); ac != nil && len(a.dialogs) == 0 {
			return a.act(ac) // a question of one tab does not hold up the others
		}
		return a.dialogKey(d, k)
	}
	if a.help != nil {
		return a.helpKey(k)
	}
	if ac := a.keys.find(everywhere, k); ac != nil {
		return a.act(ac)
	}
	if ac := a.searchAction(k); ac != nil {
		return a.act(ac)
	}
	if ac := a.popupAction(k); ac != nil && a.searching() == nil {
		return a.act(ac)
	}
	here := map[pageID]scope{pageDeck: onDeck, pagePicker: inPicker, pageWizard: inWizard}[a.page]
	if ac := a.keys.find(here, k); ac != nil {
		return a.act(ac)
	}
	return a.typed(k)
}

// tabSwitch is the action of a key that goes to another tab.
func (m keymap) tabSwitch(k tea.KeyPressMsg) *action {
	ac := m.find(onDeck, k)
	if ac == nil {
		return nil
	}
	if ac.id == "next" || ac.id == "previous" || len(ac.id) == 4 && ac.id[:3] == "tab" {
		return ac
	}
	return nil
}

// act does an action, or says why it cannot be done.
func (a *App) act(ac *action) tea.Cmd {
	if why := ac.disabled(a); why != "" {
		a.said = why
		return nil
	}
	return ac.do(a)
}

func (a *App) typed(k tea.KeyPressMsg) tea.Cmd {
	switch a.page {
	case pagePicker:
		if a.picker.search.key(k) {
			a.picker.filter()
		}
	case pageWizard:
		return a.wizard.key(a, k)
	case pageDeck:
		t := a.tab()
		if t == nil {
			return nil
		}
		a.keyed = a.cfg.Now()
		if k.Text != "" && a.keys.find(editing, k) == nil {
			t.typedBehind(k.Text)
		}
		before := t.editor.text
		if a.keys.edit(&t.editor, k) {
			t.notice = notice{}
			t.typedOn(before)
		}
	}
	return nil
}

// paste puts pasted text where typing goes. It never runs anything.
func (a *App) paste(text string) {
	if a.closing != "" || a.help != nil {
		return
	}
	if d := a.dialog(); d != nil {
		if !d.swallows(a.cfg.Now()) {
			d.paste(text)
		}
		return
	}
	switch a.page {
	case pagePicker:
		a.picker.search.paste(text)
		a.picker.filter()
	case pageWizard:
		if w := a.wizard; !w.connecting() && isText(w.focus) {
			w.inputs[w.focus].paste(text)
		}
	case pageDeck:
		if t := a.tab(); t != nil {
			a.keyed = a.cfg.Now()
			t.typedBehind(text)
			t.editor.insert(text)
			t.notice = notice{}
			if t.search != nil {
				t.look()
			}
		}
	}
}

// tab is the one on screen; nil when there is none.
func (a *App) tab() *tab {
	if a.active < 0 || a.active >= len(a.tabs) {
		return nil
	}
	return a.tabs[a.active]
}

// activate brings a tab to the screen.
func (a *App) activate(i int) tea.Cmd {
	if i < 0 || i >= len(a.tabs) {
		return nil
	}
	a.active, a.page, a.said = i, pageDeck, ""
	a.tabs[i].unread = false
	if d := a.dialog(); d != nil {
		d.show(a.cfg.Now())
	}
	return a.tick()
}

// tick asks for the next second while something on screen runs, and for
// nothing otherwise.
func (a *App) tick() tea.Cmd {
	if a.ticking || a.cfg.ReducedMotion || !a.moving() {
		return nil
	}
	a.ticking = true
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} })
}

func (a *App) moving() bool {
	if a.page == pageWizard {
		return a.wizard.connecting()
	}
	if at := a.picker.managed.attempt; a.page == pagePicker && at != nil && at.code != nil {
		return true
	}
	t := a.tab()
	return a.page == pageDeck && t != nil && (t.current != nil || t.connecting())
}
