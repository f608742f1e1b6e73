package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"rsc.io/qr"
)

// qrDialog shows the address of a sign-in as a QR code, for a telephone to read.
type qrDialog struct {
	url, code string
}

func (a *App) showQR() tea.Cmd {
	at := a.shownAttempt()
	if at == nil || at.code == nil {
		return nil
	}
	return a.openDialog(nil, &qrDialog{oneLine(at.code.URL), oneLine(at.code.UserCode)})
}

func (d *qrDialog) key(a *App, k tea.KeyPressMsg) (bool, tea.Cmd) {
	does := a.keys.inDialog(k)
	return does == dialogAccept || does == dialogCancel, nil
}

func (d *qrDialog) paste(string) {}

func (d *qrDialog) panel(a *App, w int) panel {
	p := panel{title: textQRTitle, foot: textDetailsFoot, cy: -1}
	rows := qrRows(d.url, a.th.onDark)
	if len(rows) == 0 || len(rows)+6 > a.h || width(rows[0]) > w {
		p.rows = append(p.rows, textQRSmall)
		rows = nil
	}
	for _, row := range rows {
		p.rows = append(p.rows, spaces((w-width(row))/2)+row)
	}
	p.rows = append(p.rows, "", d.url, a.th.bold.text(d.code))
	return p
}

// qrMargin is the light margin that a reader needs, in modules; the specification
// asks for four, telephones are content with two.
const qrMargin = 2

// qrRows draws a text as a QR code, two modules a character. A reader wants dark
// on light: on a dark background the light modules are drawn, else the dark
// ones, so that no colour is needed. None where the text does not fit in one.
func qrRows(text string, onDark bool) []string {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil
	}
	inked := func(x, y int) bool { return code.Black(x, y) != onDark } // outside: light
	var rows []string
	for y := -qrMargin; y < code.Size+qrMargin; y += 2 {
		var b strings.Builder
		for x := -qrMargin; x < code.Size+qrMargin; x++ {
			switch above, below := inked(x, y), inked(x, y+1); {
			case above && below:
				b.WriteRune('█')
			case above:
				b.WriteRune('▀')
			case below:
				b.WriteRune('▄')
			default:
				b.WriteByte(' ')
			}
		}
		rows = append(rows, b.String())
	}
	return rows
}
