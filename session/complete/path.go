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

// place is where a path is wanted.
type place struct {
	word, quote string
	literal     bool   // wildcard characters mean themselves
	amp         string // what a quoted one needs before it: & to be run
}

// path completes a string that may name a file.
func (c *context) path(t *syntax.Token) {
	word, quote := unquote(t)
	c.files(place{word: word, quote: quote})
}

// runnable completes a file as the name of a command: a quoted one needs &.
func (c *context) runnable(word, quote string) {
	if c.env.Local == nil {
		c.files(place{word: word, quote: quote, amp: "& "})
	}
}

// pathOf completes a parameter's value with files where the command sees them.
// cmd and p are nil where they are not known.
func (c *context) pathOf(cmd *Command, p *Parameter, word, quote string) {
	if c.env.Local != nil && (cmd == nil || p == nil || !takesPath(p.Name) || !c.env.Local(cmd.Name)) {
		return
	}
	c.files(place{word: word, quote: quote, literal: p != nil && strings.EqualFold(p.Name, "LiteralPath")})
}

// takesPath tells the parameters that name files.
func takesPath(parameter string) bool {
	return containsFold([]string{"Path", "LiteralPath", "FilePath", "OutFile", "InFile", "PSPath"}, parameter)
}

// files completes a path, of which all before the last slash is kept.
func (c *context) files(at place) {
	if c.env.Files == nil {
		return
	}
	dir, base := "", at.word
	if i := strings.LastIndexAny(at.word, `/\`); i >= 0 {
		dir, base = at.word[:i+1], at.word[i+1:]
	}
	dir = strings.ReplaceAll(dir, `\`, "/") // both part a path
	from := dir
	if !at.literal {
		from = wildcardsOff.Replace(dir)
		if strings.Contains(base, "`") {
			base = wildcardsOff.Replace(base)
		}
	}
	files := slices.Clone(c.env.Files(from))
	slices.SortStableFunc(files, func(a, b File) int { return compareFold(a.Name, b.Name) })
	shown := dir
	if !strings.HasPrefix(dir, "/") && !strings.HasPrefix(dir, ".") && !strings.HasPrefix(dir, "~") {
		shown = "./" + dir
	}
	for _, f := range files {
		if !fits(f.Name, base) || strings.HasPrefix(f.Name, ".") && !strings.HasPrefix(base, ".") {
			continue
		}
		c.add(c.fileItem(f, shown, from, at))
	}
}

func (c *context) fileItem(f File, shown, dir string, at place) Item {
	name := f.Name
	if !at.literal {
		name = wildcardsOn.Replace(name)
	}
	quote := at.quote
	if quote == "" && strings.ContainsAny(name, "[]*?`") {
		quote = "'"
	}
	text := quoted(shown+name, quote)
	if text[0] == '\'' || text[0] == '"' {
		text = at.amp + text
	}
	kind := ProviderItem
	if f.Directory {
		kind = ProviderContainer
	}
	return Item{Text: text, List: f.Name, Kind: kind, Tip: c.fullName(dir, f.Name)}
}

// Wildcard characters in names stand behind a backtick.
var (
	wildcardsOn  = strings.NewReplacer("[", "`[", "]", "`]", "*", "`*", "?", "`?")
	wildcardsOff = strings.NewReplacer("`[", "[", "`]", "]", "`*", "*", "`?", "?")
)

func (c *context) fullName(dir, name string) string {
	dir = strings.TrimPrefix(dir, "./")
	if strings.HasPrefix(dir, "/") || c.env.Directory == "" {
		return dir + name
	}
	return strings.TrimSuffix(c.env.Directory, "/") + "/" + dir + name
}
