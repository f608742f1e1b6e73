package ui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"psdeck/auth"
	"psdeck/auth/negotiate"
	"psdeck/session"
)

// The fields of the wizard, in the order of the tab key.
const (
	fieldUser = iota
	fieldDomain
	fieldEnv
	fieldReadOnly
	fieldMore
	fieldDiscovery
	fieldPowerShell
	fieldResource
	fieldMethod
	fieldClient
	fieldFile
	fieldSecret
	fieldCount
)

// wizard is the page for a new connection: three steps on one page. What is
// typed stays, whatever fails.
type wizard struct {
	inputs  [fieldCount]field
	focus   int
	env     int
	locked  bool // read-only
	more    bool
	method  int
	attempt *attempt
	asked   session.Target
	failure []line
	hint    string // what is missing in the form
	from    session.Target
	methods []wizardMethod
}

// wizardMethod is a way to sign in, with the fields that it needs: the last is
// where Enter connects.
type wizardMethod struct {
	method         auth.Method
	authentication string // to the server itself; "": by a token
	name, note     string
	fields         []int
	secret         string // the label of the hidden field
	nameless       bool   // without a name it is the user of this Windows
}

// wizardMethods are the ways to sign in that are offered: the browser only where
// one can be opened.
func wizardMethods(browser bool) []wizardMethod {
	all := []wizardMethod{
		{method: auth.MethodDevice, name: "device code", note: "works over SSH and with MFA"},
		{method: auth.MethodBrowser, name: "browser", note: "opens on this machine"},
		{method: auth.MethodPassword, name: "password", note: "refused where MFA is on", fields: []int{fieldSecret}, secret: textPassword},
		{method: auth.MethodToken, name: "access token", note: "you have one already", fields: []int{fieldSecret}, secret: textToken},
		{method: auth.MethodSecret, name: "application secret", note: "for automation", fields: []int{fieldClient, fieldSecret}, secret: textClientSecret},
		{method: auth.MethodCertificate, name: "application cert.", note: "for automation; PEM or PFX", fields: []int{fieldClient, fieldFile, fieldSecret}, secret: textFilePassword},
		{authentication: "negotiate", name: "Windows password", note: "a server of your own: Kerberos or NTLM", fields: []int{fieldSecret}, secret: textPassword},
	}
	return slices.DeleteFunc(all, func(m wizardMethod) bool { return m.method == auth.MethodBrowser && !browser })
}

func wizardEnvs() []session.Environment {
	return []session.Environment{session.Prod, session.Test, session.Dev}
}

func newWizard(from session.Target, browser bool) *wizard {
	w := &wizard{from: from, locked: from.ReadOnly, methods: wizardMethods(browser)}
	w.inputs = [fieldCount]field{
		fieldUser:       newField(from.UserName, false),
		fieldDomain:     newField(from.OverrideAdminDomain, false),
		fieldDiscovery:  newField(from.OverrideDiscoveryURI, false),
		fieldPowerShell: newField(from.OverridePowerShellURI, false),
		fieldResource:   newField(from.OverrideAccessTokenResourceURI, false),
		fieldClient:     newField(from.ClientID, false),
		fieldFile:       newField("", false),
		fieldSecret:     newField("", true),
	}
	w.more = from.OverrideDiscoveryURI+from.OverridePowerShellURI+from.OverrideAccessTokenResourceURI != ""
	if who, ok := negotiate.CurrentUser(); ok {
		w.knows(who)
	}
	for i, env := range wizardEnvs() {
		if env == from.Env {
			w.env = i
		}
	}
	for i, m := range w.methods {
		if m.method != "" && m.method == from.SignIn || m.authentication != "" && m.authentication == from.Authentication {
			w.method = i
		}
	}
	return w
}

// knows lets the system's user sign in to servers without a name.
func (w *wizard) knows(who string) {
	for i := range w.methods {
		if m := &w.methods[i]; m.authentication != "" {
			m.nameless, m.note = true, "a server of your own; with no user name: as "+oneLine(who)
		}
	}
}

func (w *wizard) chosen() *wizardMethod { return &w.methods[w.method] }

// visible tells whether a field is on the page now.
func (w *wizard) visible(field int) bool {
	switch field {
	case fieldDiscovery, fieldPowerShell, fieldResource:
		return w.more
	case fieldClient, fieldFile, fieldSecret:
		return slices.Contains(w.chosen().fields, field)
	default:
		return true
	}
}

// isText tells whether a field takes typing.
func isText(field int) bool {
	switch field {
	case fieldEnv, fieldReadOnly, fieldMore, fieldMethod:
		return false
	default:
		return true
	}
}

func (w *wizard) connecting() bool { return w.attempt != nil }

func (a *App) newConnection() tea.Cmd {
	if a.wizard == nil {
		a.wizard = newWizard(session.Target{}, !a.cfg.NoBrowser)
	}
	a.page = pageWizard
	return nil
}

// editConnection opens the wizard with the target of a tab that is not connected.
func (a *App) editConnection() tea.Cmd {
	if a.wizard == nil || a.wizard.attempt == nil {
		a.wizard = newWizard(a.tab().target, !a.cfg.NoBrowser)
	}
	a.page = pageWizard
	return nil
}

func wizardMove(by int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		if !a.wizard.connecting() {
			a.wizard.move(by)
		}
		return nil
	}
}

// move goes to the next visible field; within the list of methods it goes
// through them first.
func (w *wizard) move(by int) {
	if w.focus == fieldMethod {
		if m := w.method + by; m >= 0 && m < len(w.methods) {
			w.method = m
			return
		}
	}
	for f := w.focus + by; f >= 0 && f < fieldCount; f += by {
		if w.visible(f) {
			w.focus = f
			return
		}
	}
}

// key takes what is not an action: typing, and the keys of the choices.
func (w *wizard) key(a *App, k tea.KeyPressMsg) tea.Cmd {
	switch {
	case w.connecting() && k.Text == "c":
		return a.copyCode()
	case w.connecting():
	case isText(w.focus):
		w.inputs[w.focus].key(k)
		w.hint = ""
	default:
		if ac := a.keys.find(onChoice, k); ac != nil {
			return ac.do(a)
		}
	}
	return nil
}

// wizardChange goes through the choices of the field that has the focus.
func wizardChange(by int) func(*App) tea.Cmd {
	return func(a *App) tea.Cmd {
		w := a.wizard
		switch w.focus {
		case fieldEnv:
			n := len(wizardEnvs())
			w.env = (w.env + by + n) % n
		case fieldReadOnly:
			w.locked = !w.locked
		case fieldMore:
			w.more = !w.more
		}
		return nil
	}
}

// wizardEnter goes on: to the next step, or from the last one to the connection.
func (a *App) wizardEnter() tea.Cmd {
	w := a.wizard
	if w.connecting() {
		return nil
	}
	switch w.focus {
	case fieldUser:
		w.focus = fieldDomain
	case fieldDomain, fieldEnv, fieldReadOnly, fieldResource:
		w.focus = fieldMethod
	case fieldMore:
		w.more = !w.more
	case fieldDiscovery, fieldPowerShell:
		w.focus++
	case fieldMethod:
		for _, f := range w.chosen().fields {
			if w.inputs[f].text() == "" {
				w.focus = f
				return nil
			}
		}
		return a.wizardConnect()
	case fieldClient, fieldFile:
		w.move(1)
	case fieldSecret:
		return a.wizardConnect()
	}
	return nil
}

// target is what the form says.
func (w *wizard) target() session.Target {
	t := w.from
	field := func(f int) string { return strings.TrimSpace(w.inputs[f].text()) }
	if t.UserName != field(fieldUser) || t.OverrideAdminDomain != field(fieldDomain) {
		t.Name = ""
	}
	t.UserName, t.OverrideAdminDomain = field(fieldUser), field(fieldDomain)
	t.OverrideDiscoveryURI, t.OverridePowerShellURI = field(fieldDiscovery), field(fieldPowerShell)
	t.OverrideAccessTokenResourceURI = field(fieldResource)
	t.Env, t.ReadOnly = wizardEnvs()[w.env], w.locked
	w.signIn(&t)
	return t
}

func (a *App) wizardConnect() tea.Cmd {
	w := a.wizard
	t := w.target()
	if why, field := w.missing(&t); why != "" {
		w.hint, w.focus = why, field
		return nil
	}
	w.failure, w.hint = nil, ""
	a.lastAttempt++
	w.asked = t
	w.attempt = newAttempt(a.ctx, a.lastAttempt, t, a.cfg.Now())
	return tea.Batch(a.runAttempt(w.attempt), a.tick())
}

// failed keeps the form and says why: one sentence and what to do next.
func (w *wizard) failed(at *attempt, err error) {
	w.failure = at.fail(err)
	for i := len(at.lines) - 1; i >= 0; i-- {
		if at.lines[i].kind == kindWarning {
			w.failure = append(w.failure, at.lines[i].line)
		}
	}
	w.attempt = nil
}

// wizardBack gives up an attempt that goes on, else leaves the page.
func (a *App) wizardBack() tea.Cmd {
	switch {
	case a.wizard.connecting():
		return a.wizardStop()
	case len(a.tabs) > 0 && len(a.picker.places) == 0:
		return a.activate(a.active)
	default:
		return a.showPicker()
	}
}

func (a *App) wizardStop() tea.Cmd {
	w := a.wizard
	if !w.connecting() {
		return nil
	}
	w.attempt.cancel()
	w.attempt = nil
	w.failure = []line{{text: textGivenUp, kind: kindDim}}
	a.dialogs = slices.DeleteFunc(a.dialogs, func(d *shownDialog) bool { _, ok := d.dialog.(*passwordDialog); return ok })
	return nil
}
