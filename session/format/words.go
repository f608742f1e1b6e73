package format

import "strings"

// splitWords cuts s into lines of at most width cells, the first of at most
// first, between words: behind blanks and hyphens. A word that is wider than a
// line is cut.
func splitWords(s string, first, width int) []string {
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r", ""), "\n") {
		out = appendWords(out, line, first, width)
	}
	return out
}

func appendWords(out []string, line string, first, width int) []string {
	if cells(line) <= first {
		return append(out, line)
	}
	room := first
	begin, used := 0, 0 // of the line that is being filled
	end := func(at int) {
		out = append(out, line[begin:at])
		begin, used, room = at, 0, width
	}
	for at := 0; at < len(line); {
		if room < 1 {
			if room = width; room < 1 {
				break
			}
		}
		next := at + wordEnd(line[at:])
		n := cells(line[at:next])
		switch {
		case n > room:
			next = at
			for _, r := range line[at : at+wordEnd(line[at:])] {
				if w := min(runeCells(r), room); used+w > room {
					end(next)
					used = w
				} else {
					used += w
				}
				next += len(string(r))
			}
		case used+n > room:
			end(at)
			used = n
		default:
			used += n
		}
		at = next
	}
	return append(out, line[begin:])
}

// wordEnd is where the first word of s ends, with what parts it from the next.
func wordEnd(s string) int {
	if i := strings.IndexAny(s, " \t-\u2010\u00ad"); i >= 0 {
		_, size := decodeRune(s[i:])
		return i + size
	}
	return len(s)
}
