package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"psdeck/session/safetext"
)

// oneLine makes remote text safe for a single line of our own frame: a name in
// a tab, a title, a prompt.
func oneLine(s string) string {
	return strings.Join(strings.Fields(safetext.Clean(s)), " ")
}

// isASCII tells whether each byte of s is one cell.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// width is the number of cells of s, which may hold styles.
func width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// fit cuts s to w cells and says so with an ellipsis.
func fit(s string, w int) string {
	switch {
	case w <= 0:
		return ""
	case width(s) <= w:
		return s
	default:
		return ansi.Truncate(s, w, "…")
	}
}

// pad fills s with blanks to w cells, or cuts it.
func pad(s string, w int) string {
	n := width(s)
	if n > w {
		return fit(s, w)
	}
	return s + spaces(w-n)
}

const blanks = "                                                                                                                                "

func spaces(n int) string {
	switch {
	case n <= 0:
		return ""
	case n <= len(blanks):
		return blanks[:n]
	default:
		return strings.Repeat(" ", n)
	}
}

// split puts left and right at the two ends of a line of w cells; where both do
// not fit, the left one is cut.
func split(left, right string, w int) string {
	r := width(right)
	if r >= w {
		return fit(right, w)
	}
	if r == 0 {
		return pad(left, w)
	}
	return pad(left, w-r-1) + " " + right
}

// expandTabs replaces tabs by blanks up to the next multiple of eight.
func expandTabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	for i, part := range strings.Split(s, "\t") {
		if i > 0 {
			b.WriteString(spaces(8 - width(b.String())%8))
		}
		b.WriteString(part)
	}
	return b.String()
}

// remoteLines cleans remote text and cuts it into lines.
func remoteLines(s string) []string {
	s = strings.TrimRight(safetext.Clean(s), "\n")
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = expandTabs(lines[i])
	}
	return lines
}

// wrapWords breaks s at words into lines of at most w cells.
func wrapWords(s string, w int) []string {
	if w < 1 {
		w = 1
	}
	if width(s) <= w && !strings.Contains(s, "\n") {
		return []string{s}
	}
	return strings.Split(ansi.Wrap(s, w, ""), "\n")
}

// hardRows breaks s anywhere into rows of at most w cells. Rows share s.
func hardRows(s string, w int) []string {
	if w < 1 {
		w = 1
	}
	if isASCII(s) {
		if len(s) <= w {
			return []string{s}
		}
		rows := make([]string, 0, len(s)/w+1)
		for len(s) > w {
			rows = append(rows, s[:w])
			s = s[w:]
		}
		return append(rows, s)
	}
	var rows []string
	start, used := 0, 0
	for i := 0; i < len(s); {
		c, cw := cluster(s[i:])
		if used+cw > w && i > start {
			rows = append(rows, s[start:i])
			start, used = i, 0
		}
		i, used = i+len(c), used+cw
	}
	return append(rows, s[start:])
}

// cluster gives the first grapheme cluster of s and its cells. A newline has none.
func cluster(s string) (string, int) {
	if s[0] >= 0x20 && s[0] < 0x7f && (len(s) == 1 || s[1] < 0x80) {
		return s[:1], 1
	}
	if s[0] == '\n' {
		return s[:1], 0
	}
	c, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	if c == "" {
		return s[:1], 1
	}
	return c, w
}

// thousands writes n with a comma at each third digit.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// took writes a duration that has passed, short: "0.4 s", "2 min 05 s".
func took(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// clock writes a running duration: "00:41", "1:02:03".
func clock(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// ago writes how long before now t was, in one unit.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return textNever
	case d < time.Minute:
		return textJustNow
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	case d < 48*time.Hour:
		return textYesterday
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}
