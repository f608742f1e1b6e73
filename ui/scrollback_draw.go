package ui

import (
	"fmt"
	"strings"
	"time"
)

// The left margin of what is typed and of what comes of it.
const (
	commandMargin = 1
	outputMargin  = 3
)

// margin is the cells before a line: output stands in from its command where
// there is room.
func (s *scrollback) margin(l *line) int {
	switch {
	case s.w < 60:
		return min(1, s.w/2)
	case l.kind == kindCommand:
		return commandMargin
	default:
		return outputMargin
	}
}

// roomOf is the cells that a line may take.
func (s *scrollback) roomOf(l *line) int {
	room := s.w - s.margin(l)
	if l.first {
		room -= stateRoom(s.w)
	}
	return max(1, room)
}

// stateRoom is the cells at the right of a block's first line that are kept for its state.
func stateRoom(w int) int {
	switch {
	case w >= 90:
		return 32
	case w >= 60:
		return 24
	default:
		return 14
	}
}

func (s *scrollback) wrap(l *line) []string {
	if l.kind.words() {
		return wrapWords(l.text, s.roomOf(l))
	}
	return hardRows(l.text, s.roomOf(l))
}

// drawnCache is the last screenful, for as long as nothing of it changes.
type drawnCache struct {
	rows    []string
	version int
	second  int64
	th      *theme
	still   bool
}

// draw gives the visible rows, at most the height of the pane; now is for
// what still runs, and still says that nothing does.
func (s *scrollback) draw(th *theme, now time.Time, still bool) []string {
	c := &s.cache
	if c.rows != nil && c.version == s.version && c.th == th && c.still == still && (still || c.second == now.Unix()) {
		return c.rows
	}
	*c = drawnCache{s.compose(th, now, still), s.version, now.Unix(), th, still}
	return c.rows
}

func (s *scrollback) compose(th *theme, now time.Time, still bool) []string {
	h := s.h - s.live
	if h <= 0 || s.w <= 0 {
		return nil
	}
	top := s.top
	if s.follow {
		top = s.bottomTop()
	}
	rows := make([]string, 0, h)
	for i := top.line; i < s.end() && len(rows) < h; i++ {
		l := s.at(i)
		skip := 0
		if i == top.line {
			skip = top.row
		}
		rows = s.drawLine(rows, l, skip, h, th, now, still)
	}
	return rows
}

func (s *scrollback) drawLine(rows []string, l *line, skip, h int, th *theme, now time.Time, still bool) []string {
	on := th.lineStyle(l.kind)
	margin := spaces(s.margin(l))
	if !l.first && !l.wide && len(l.text) <= s.roomOf(l) {
		if skip > 0 {
			return rows
		}
		return append(rows, margin+on.text(l.text))
	}
	for n, text := range s.wrap(l) {
		if n < skip || len(rows) >= h {
			continue
		}
		row := margin + on.text(text)
		if l.first && n == 0 {
			state, style := l.block.status(th, now, still, stateRoom(s.w)-1)
			gap := s.w - width(margin) - width(text) - width(state) - 1
			row += spaces(gap) + style.text(state)
		}
		rows = append(rows, row)
	}
	return rows
}

// status is what the block's first line says at its right.
func (b *block) status(th *theme, now time.Time, still bool, room int) (string, style) {
	var parts []string
	on := th.dim
	if len(b.reached) > 0 {
		parts = append(parts, "→ "+strings.Join(b.reached, ", "))
	}
	switch b.state {
	case blockQuiet:
		return "", on
	case blockRunning, blockStopping:
		word := textRunning
		if b.state == blockStopping {
			word = textStopping
		}
		if b.word != "" {
			word = b.word
		}
		if !still {
			word += " " + clock(now.Sub(b.started))
		}
		parts, on = append(parts, "▸ "+word), th.plain
	case blockRefused, blockLost:
		parts, on = append(parts, b.stateWord()), th.err
	case blockFailed:
		parts, on = append(parts, b.stateWord(), took(b.took)), th.err
	case blockStopped:
		parts = append(parts, b.stateWord(), took(b.took))
	default:
		parts = append(parts, took(b.took))
	}
	if b.objects > 0 {
		parts = append(parts, counted(b.objects, "object", "objects"))
	}
	if b.errors > 0 && b.state == blockDone {
		parts = append(parts, counted(b.errors, "error", "errors"))
	}
	for len(parts) > 1 && width(strings.Join(parts, " · ")) > room {
		parts = parts[:len(parts)-1]
	}
	return fit(strings.Join(parts, " · "), room), on
}

func (b *block) stateWord() string {
	if b.word != "" {
		return b.word
	}
	return [...]string{
		blockFailed: textFailed, blockStopped: textStopped, blockRefused: textRefused, blockLost: textLost,
		blockRunning: textRunning, blockStopping: textStopping, blockQuiet: "", blockDone: "",
	}[b.state]
}

// missedWords says how much came below the screen.
func (s *scrollback) missedWords() string {
	switch {
	case s.follow:
		return ""
	case s.missed == 0:
		return textScrolled
	default:
		return fmt.Sprintf(textMissed, counted(s.missed, "new line", "new lines"))
	}
}
