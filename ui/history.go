package ui

import (
	"slices"
	"strings"

	"psdeck/session/safetext"
)

// history is the lines that ran in a tab, for the up and down keys and for
// completing.
type history struct {
	lines  []string
	owners []string // by line: whom it was for; "": it is not offered again
	at     int      // len(lines): the draft
	draft  string
}

// historyMost bounds the history of a tab.
const historyMost = 2000

// add remembers a line that was run for someone; the same line twice in a row
// once. One with a secret in it is there for the keys, and not offered.
func (h *history) add(line, owner string) {
	if safetext.Redact(line) != line {
		owner = ""
	}
	if n := len(h.lines); n == 0 || h.lines[n-1] != line || h.owners[n-1] != owner {
		h.lines, h.owners = append(h.lines, line), append(h.owners, owner)
	}
	if n := len(h.lines) - historyMost; n > 0 {
		h.lines, h.owners = h.lines[n:], h.owners[n:]
	}
	h.at, h.draft = len(h.lines), ""
}

// of gives the lines that ran for someone, the oldest first.
func (h *history) of(owner string) []string {
	var list []string
	for i, line := range h.lines {
		if owner != "" && h.owners[i] == owner {
			list = append(list, line)
		}
	}
	return list
}

// like gives the newest lines that ran for someone and begin as a draft does.
func (h *history) like(draft, owner string, most int) []string {
	var list []string
	for i, line := range slices.Backward(h.lines) {
		if len(list) == most || owner == "" {
			break
		}
		if h.owners[i] == owner && len(line) > len(draft) && strings.EqualFold(line[:len(draft)], draft) && !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	return list
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
