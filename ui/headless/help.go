package headless

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// PrintFlags lists flags as they are documented: two hyphens before a word.
func PrintFlags(w io.Writer, fs *flag.FlagSet) {
	var text strings.Builder
	fs.SetOutput(&text)
	fs.PrintDefaults()
	for line := range strings.Lines(text.String()) {
		if name, ok := strings.CutPrefix(line, "  -"); ok && len(name) > 1 && name[1] != ' ' {
			line = "  --" + name
		}
		fmt.Fprint(w, line)
	}
}
