package ui

// history is the lines that ran in a tab, for the up and down keys.
type history struct {
	lines []string
	at    int // len(lines): the draft
	draft string
}

// historyMost bounds the history of a tab.
const historyMost = 2000

// add remembers a line that was run; the same line twice in a row once.
func (h *history) add(line string) {
	if n := len(h.lines); n == 0 || h.lines[n-1] != line {
		h.lines = append(h.lines, line)
	}
	if len(h.lines) > historyMost {
		h.lines = h.lines[len(h.lines)-historyMost:]
	}
	h.at, h.draft = len(h.lines), ""
}

// step goes by lines (-1: older) from what the editor holds now. The draft is
// kept and comes back after the newest line.
func (h *history) step(by int, now string) (string, bool) {
	to := h.at + by
	if to < 0 || to > len(h.lines) {
		return "", false
	}
	if h.at == len(h.lines) {
		h.draft = now
	}
	h.at = to
	if to == len(h.lines) {
		return h.draft, true
	}
	return h.lines[to], true
}
