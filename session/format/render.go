package format

import (
	"strings"

	"psdeck/session/clixml"
)

// Render prints values in view, all at once, ending in a line end where there
// is any text. Values may hold anything that a server sent: the text holds no
// control sequences but for what strings printed as they are hold.
func Render(values []clixml.Value, view View, o Options) string {
	w := NewWriter(view, o)
	lines := w.Write(values)
	lines = append(lines, w.Close()...)
	var b strings.Builder
	n := 0
	for _, line := range lines {
		n += len(line) + 1
	}
	b.Grow(n)
	for _, line := range lines {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}
