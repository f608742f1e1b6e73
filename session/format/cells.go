package format

import (
	"strings"
	"unicode/utf8"
)

// ellipsis ends a text that was cut.
const ellipsis = "…"

// runeCells is the number of cells of one character: two for the wide
// characters of East Asia, two for one outside the Basic Multilingual Plane
// (PowerShell counts its two code units), else one.
func runeCells(r rune) int {
	if r < 0x1100 {
		return 1
	}
	if r > 0xFFFF || wide(r) {
		return 2
	}
	return 1
}

func wide(r rune) bool {
	switch {
	case r <= 0x115F, r == 0x2329, r == 0x232A,
		r >= 0x2E80 && r <= 0xA4CF && r != 0x303F,
		r >= 0xAC00 && r <= 0xD7A3,
		r >= 0xF900 && r <= 0xFAFF,
		r >= 0xFE10 && r <= 0xFE19,
		r >= 0xFE30 && r <= 0xFE6F,
		r >= 0xFF00 && r <= 0xFF60,
		r >= 0xFFE0 && r <= 0xFFE6:
		return true
	}
	return false
}

// cells is the number of cells of s, which holds no control sequences.
func cells(s string) int {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return i + wideCells(s[i:])
		}
	}
	return len(s)
}

func wideCells(s string) int {
	n := 0
	for len(s) > 0 {
		r, size := decodeRune(s)
		n += runeCells(r)
		s = s[size:]
	}
	return n
}

// decodeRune takes the first character of s; a lone surrogate in its
// three-byte form is one character.
func decodeRune(s string) (rune, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80 {
		return r, 3
	}
	return r, size
}

// head returns the longest beginning of s that fits width cells.
func head(s string, width int) string {
	n := 0
	for i := 0; i < len(s); {
		r, size := decodeRune(s[i:])
		if n += runeCells(r); n > width {
			return s[:i]
		}
		i += size
	}
	return s
}

// tail returns the longest end of s that fits width cells.
func tail(s string, width int) string {
	n, i := 0, len(s)
	for i > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		if r == utf8.RuneError && size == 1 && i >= 3 && s[i-3] == 0xED {
			size = 3
		}
		if n += runeCells(r); n > width {
			return s[i:]
		}
		i -= size
	}
	return s
}

// split cuts s into pieces of at most width cells; one that is wider than
// width is a piece of its own. Lines end where s has a line feed.
func split(s string, width int) []string {
	if len(s) <= width && !strings.ContainsAny(s, "\n\r") {
		return []string{s}
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(s, "\r", "")
	}
	var out []string
	for {
		line, rest, more := strings.Cut(s, "\n")
		out = appendPieces(out, line, width)
		if !more {
			return out
		}
		s = rest
	}
}

func appendPieces(out []string, line string, width int) []string {
	if width < 1 {
		return append(out, "")
	}
	for cells(line) > width {
		piece := head(line, width)
		if piece == "" {
			// A wide character does not fit one cell: PowerShell prints a mark for it.
			_, size := decodeRune(line)
			out, line = append(out, "?"), line[size:]
			continue
		}
		out, line = append(out, piece), line[len(piece):]
	}
	if line == "" && len(out) > 0 && out[len(out)-1] == "?" {
		return out
	}
	return append(out, line)
}

// firstLine is what a table's cell shows of a text of several lines.
func firstLine(s string) string {
	if i := strings.IndexAny(s, "\n\r"); i >= 0 {
		return s[:i] + ellipsis
	}
	return s
}

const blanks = "                                                                                                    "

// pad returns n blanks.
func pad(n int) string {
	switch {
	case n <= 0:
		return ""
	case n <= len(blanks):
		return blanks[:n]
	}
	return strings.Repeat(" ", n)
}

// splitFirst is split with a width of its own for the first piece.
func splitFirst(s string, first, width int) []string {
	s = strings.ReplaceAll(s, "\r", "")
	pieces := split(s, first)
	if len(pieces) == 1 || first == width {
		return pieces
	}
	rest := strings.TrimPrefix(s[len(pieces[0]):], "\n")
	return append(pieces[:1:1], split(rest, width)...)
}
