package headless

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"psdeck/session/pslang"
)

// Lines collects what exec runs: the lines given, then those of the files,
// "-" being standard input. A statement of a file may go over several lines.
func Lines(given, files []string, stdin io.Reader) ([]string, error) {
	lines := append([]string(nil), given...)
	for _, name := range files {
		var text []byte
		var err error
		if name == "-" {
			text, err = io.ReadAll(stdin)
		} else {
			text, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the lines to run: %w", err)
		}
		lines = append(lines, splitLines(strings.TrimPrefix(string(text), "\ufeff"))...)
	}
	return lines, nil
}

// splitLines cuts a text at its line ends, but joins a line that is not
// complete with those that follow.
func splitLines(text string) []string {
	var out []string
	pending := ""
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if pending != "" {
			line = pending + "\n" + line
		}
		if pending == "" && strings.TrimSpace(line) == "" {
			continue
		}
		var pe *pslang.Error
		if _, err := pslang.Parse(line); errors.As(err, &pe) && pe.Incomplete {
			pending = line
			continue
		}
		out, pending = append(out, line), ""
	}
	if pending != "" {
		out = append(out, pending)
	}
	return out
}
