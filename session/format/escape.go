package format

import "strings"

// plain takes the control sequences off s that a terminal would act on, as
// PowerShell does for what it puts into a view where output is plain text.
func plain(s string) string {
	if !strings.ContainsAny(s, "\x1b\u009b") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if n := sequence(s[i:]); n > 0 {
			i += n
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// sequence is the length of the control sequence that s begins with: colour
// and cursor sequences (CSI) and links (OSC 8), or 0.
func sequence(s string) int {
	switch {
	case strings.HasPrefix(s, "\x1b["):
		return csi(s, 2)
	case strings.HasPrefix(s, "\u009b"):
		return csi(s, len("\u009b"))
	case strings.HasPrefix(s, "\x1b]8;;"):
		if i := strings.Index(s, "\x1b\\"); i > 0 {
			return i + 2
		}
	}
	return 0
}

func csi(s string, i int) int {
	for i < len(s) && (s[i] >= '0' && s[i] <= '?') {
		i++
	}
	for i < len(s) && s[i] >= ' ' && s[i] <= '/' {
		i++
	}
	if i < len(s) && s[i] >= '@' && s[i] <= '~' {
		return i + 1
	}
	return 0
}
