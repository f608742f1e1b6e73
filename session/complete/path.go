package complete

import (
	"slices"
	"strings"

	"psdeck/session/pslang/syntax"
)

// File is an entry of a directory.
type File struct {
	Name      string
	Directory bool
}

// path completes a string that may name a file.
func (c *context) path(t *syntax.Token) {
	word, quote := unquote(t)
	c.files(word, quote)
}

// files completes a path, of which all before the last slash is kept.
func (c *context) files(word, quote string) {
	c.listFiles(word, quote, "")
}

// runnable completes a file as the name of a command: a quoted one needs &.
func (c *context) runnable(word, quote string) { c.listFiles(word, quote, "& ") }

func (c *context) listFiles(word, quote, amp string) {
	if c.env.Files == nil {
		return
	}
	dir, base := "", word
	if i := strings.LastIndexAny(word, `/\`); i >= 0 {
		dir, base = word[:i+1], word[i+1:]
	}
	files := slices.Clone(c.env.Files(dir))
	slices.SortStableFunc(files, func(a, b File) int { return compareFold(a.Name, b.Name) })
	shown := dir
	if !strings.HasPrefix(dir, "/") && !strings.HasPrefix(dir, ".") && !strings.HasPrefix(dir, "~") {
		shown = "./" + dir
	}
	for _, f := range files {
		if !fits(f.Name, base) || strings.HasPrefix(f.Name, ".") && !strings.HasPrefix(base, ".") {
			continue
		}
		text := quoted(shown+f.Name, quote)
		if text[0] == '\'' || text[0] == '"' {
			text = amp + text
		}
		kind := ProviderItem
		if f.Directory {
			kind = ProviderContainer
		}
		c.add(Item{Text: text, List: f.Name, Kind: kind, Tip: c.fullName(dir, f.Name)})
	}
}

func (c *context) fullName(dir, name string) string {
	dir = strings.TrimPrefix(dir, "./")
	if strings.HasPrefix(dir, "/") || c.env.Directory == "" {
		return dir + name
	}
	return strings.TrimSuffix(c.env.Directory, "/") + "/" + dir + name
}
