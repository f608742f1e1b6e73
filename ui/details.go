package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// details is what is known of a session: where it is, who is in it, what the
// server is, does and refuses.
type details struct{ tab *tab }

func (a *App) showDetails() tea.Cmd {
	if a.whyNoDetails() != "" {
		return nil
	}
	return a.openDialog(nil, &details{a.tab()})
}

func (a *App) whyNoDetails() string { return a.whyNoLeave() }

func (d *details) key(a *App, k tea.KeyPressMsg) (bool, tea.Cmd) {
	does := a.keys.inDialog(k)
	return does == dialogAccept || does == dialogCancel, nil
}

func (d *details) paste(string) {}

func (d *details) panel(a *App, w int) panel {
	p := panel{names: []tenantName{{d.tab.name(), d.tab.target.Env}}, foot: textDetailsFoot, cy: -1}
	const label = 12
	for _, row := range d.rows(a.cfg.Now()) {
		name, text := row[0], oneLine(row[1])
		if text == "" {
			continue
		}
		for i, part := range wrapWords(text, max(10, w-label)) {
			if i > 0 {
				name = ""
			}
			p.rows = append(p.rows, a.th.dim.text(pad(name, label))+part)
		}
	}
	return p
}

// rows are names and what belongs to them; those without anything are left out.
func (d *details) rows(now time.Time) [][2]string {
	s := d.tab.live
	proof, caps, account := s.Proof(), s.Capabilities(), s.Account()
	tenant := proof.Label()
	if proof.Proved {
		tenant = strings.Join(nonEmpty(proof.Name, proof.Domain, proof.TenantID), ", ") + ", asked " + proof.At.Format(time.TimeOnly)
	} else if proof.Why != "" {
		tenant += ": " + proof.Why
	}
	rows := [][2]string{
		{"tenant", tenant},
		{"account", account.UserName},
		{"state", s.State().String()},
		{"endpoint", s.URI()},
		{"session", strings.ToUpper(s.ID())},
		{"name", s.Name()},
		{"language", caps.LanguageMode},
		{"protocol", caps.Protocol},
	}
	if caps.TextOnly {
		rows = append(rows, [2]string{"answers", "text only"})
	}
	if caps.Runspaces > 1 {
		rows = append(rows, [2]string{"at once", strconv.Itoa(caps.Runspaces) + " lines"})
	}
	if caps.MaxEnvelope > 0 {
		rows = append(rows, [2]string{"envelope", strconv.Itoa(caps.MaxEnvelope) + " bytes at most"})
	}
	if end := s.TokenExpires(); !end.IsZero() {
		rows = append(rows, [2]string{"token", fmt.Sprintf(textTimeLeft, strings.TrimSuffix(end.Sub(now).Round(time.Minute).String(), "0s"))})
	}
	for i, no := range caps.Refused {
		name := ""
		if i == 0 {
			name = "refused"
		}
		rows = append(rows, [2]string{name, no})
	}
	return rows
}

func nonEmpty(texts ...string) []string {
	var kept []string
	for _, t := range texts {
		if t != "" {
			kept = append(kept, t)
		}
	}
	return kept
}
