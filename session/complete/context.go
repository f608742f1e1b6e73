package complete

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
)

// context is one question: a place in a parsed line.
type context struct {
	Result
	line   string
	cursor int
	env    *Env
	script *syntax.Script
	index  int           // of the token at the cursor, or of the one before
	token  *syntax.Token // what the cursor stands in or right behind; nil: white space
}

func newContext(line string, cursor int, env *Env) *context {
	if env == nil {
		env = &Env{}
	}
	c := &context{line: line, cursor: cursor, env: env, script: syntax.Parse(line), index: -1}
	for i, t := range c.script.Tokens {
		if t.Start >= cursor || t.Kind == syntax.EndOfInput {
			break
		}
		c.index = i
	}
	if t := c.before(); t != nil && cursor <= t.End && t.Kind != syntax.NewLine && t.Kind != syntax.LineContinuation {
		c.token = nested(t, cursor)
	}
	return c
}

// before is the last token that begins before the cursor.
func (c *context) before() *syntax.Token { return c.at(c.index) }

func (c *context) at(i int) *syntax.Token {
	if i < 0 || i >= len(c.script.Tokens) {
		return nil
	}
	return c.script.Tokens[i]
}

// nested goes into a string: to the variable or subexpression at the cursor.
func nested(t *syntax.Token, cursor int) *syntax.Token {
	for _, n := range t.Nested {
		if n.Start < cursor && cursor <= n.End && n.End > n.Start && n.Kind != syntax.EndOfInput {
			return nested(n, cursor)
		}
	}
	return t
}

// inside gives the innermost node of some classes around a piece of the line,
// and the nodes around that one.
func (c *context) inside(piece syntax.Extent, classes ...syntax.NodeClass) (found *syntax.Node, path []*syntax.Node) {
	syntax.Walk(c.script.Root, func(n *syntax.Node, around []*syntax.Node) bool {
		if n.Start > piece.Start || n.End < piece.End {
			return n.Class == syntax.ScriptBlockAst || n.Class == syntax.NamedBlockAst
		}
		for _, class := range classes {
			if n.Class == class {
				found, path = n, append(path[:0], around...)
			}
		}
		return true
	})
	return found, path
}

func (c *context) add(items ...Item) { c.Items = append(c.Items, items...) }

// begin says which part of the line items replace.
func (c *context) begin(start, end int) { c.Start, c.End = start, end }

// complete asks what the token at the cursor is.
func (c *context) complete() {
	t := c.token
	c.begin(c.cursor, c.cursor)
	if t == nil {
		c.between()
		return
	}
	c.begin(t.Start, t.End)
	switch t.Kind {
	case syntax.Comment:
		c.history(t)
	case syntax.Variable, syntax.SplattedVariable:
		c.variable(t)
	case syntax.Dot, syntax.ColonColon, syntax.QuestionDot:
		c.begin(t.End, t.End)
		c.member("", t.Extent)
	case syntax.Parameter:
		c.dash(t)
	case syntax.Pipe, syntax.Semi, syntax.LParen, syntax.LCurly, syntax.RParen, syntax.RCurly, syntax.RBracket,
		syntax.AtCurly, syntax.Comma, syntax.AtParen, syntax.LBracket, syntax.Equals, syntax.Redirection:
		c.punctuation(t)
	case syntax.Minus:
		c.operator("")
	default:
		c.word(t)
	}
}

// word is a token with letters, or a string.
func (c *context) word(t *syntax.Token) {
	switch {
	case t.Text == "$":
		c.variable(t)
	case t.Flags&syntax.CommandName != 0:
		c.command(t)
	case t.Flags&syntax.MemberName != 0:
		c.memberWord(t)
	case t.Flags&(syntax.TypeName|syntax.AttributeName) != 0:
		c.typeName(t.Text)
	case t.Flags&syntax.Keyword != 0:
		c.command(t)
	case strings.HasPrefix(t.Text, "-") && t.Flags&(syntax.BinaryOperator|syntax.UnaryOperator) != 0:
		if cmd, _ := c.inside(t.Extent, syntax.CommandAst); cmd != nil {
			c.parameter(cmd, t)
			return
		}
		c.operator(t.Text[1:])
	default:
		c.operand(t)
	}
}

// operand is a string, number or word that is a value.
func (c *context) operand(t *syntax.Token) {
	if prev := c.at(c.index - 1); prev != nil && prev.Kind == syntax.Redirection && c.token == c.before() {
		c.path(t)
		return
	}
	cmd, path := c.inside(t.Extent, syntax.CommandAst, syntax.HashtableAst, syntax.ScriptBlockExpressionAst, syntax.SubExpressionAst)
	switch {
	case cmd == nil || cmd.Class != syntax.CommandAst:
		if t.IsString() && c.env.Local == nil {
			c.path(t)
		}
	case len(cmd.Children) > 0 && cmd.Children[0].Start == t.Start:
		c.command(t)
	default:
		c.argument(cmd, path, t)
	}
}

// dash is a word with a dash: a parameter, or an operator behind a value.
func (c *context) dash(t *syntax.Token) {
	cmd, path := c.inside(t.Extent, syntax.CommandAst)
	switch {
	case cmd == nil:
		c.operator(strings.TrimSuffix(t.Text[1:], ":"))
	case t.Colon && c.cursor == t.End:
		c.begin(c.cursor, c.cursor)
		c.argument(cmd, path, nil)
	default:
		c.parameter(cmd, t)
	}
}

// punctuation is a sign behind which something new begins.
func (c *context) punctuation(t *syntax.Token) {
	c.begin(c.cursor, c.cursor)
	switch t.Kind {
	case syntax.Comma, syntax.AtCurly, syntax.Semi, syntax.LParen:
		c.between()
	case syntax.Redirection:
		c.files(place{})
	}
}

// between is a place where no word stands.
func (c *context) between() {
	t := c.before()
	if t == nil {
		return
	}
	switch t.Kind {
	case syntax.Pipe, syntax.LCurly, syntax.AndAnd, syntax.OrOr, syntax.RParen, syntax.RCurly, syntax.NewLine, syntax.Dot, syntax.ColonColon:
		return
	case syntax.Redirection:
		c.files(place{})
		return
	case syntax.LParen:
		if name := c.attribute(); name != "" {
			c.attributeArguments(name, "")
		}
		return
	}
	around, path := c.inside(t.Extent, syntax.CommandAst, syntax.HashtableAst)
	switch {
	case around == nil:
	case around.Class == syntax.HashtableAst:
		if t.Kind == syntax.AtCurly || t.Kind == syntax.Semi {
			c.hashtableKey(around, path, "")
		}
	case t.Kind != syntax.Semi:
		c.argument(around, path, nil)
	}
}

// operator completes what stands between values: -like, -and.
func (c *context) operator(word string) {
	for _, op := range operators() {
		if hasPrefixFold(op.List, word) {
			c.add(op)
		}
	}
}

// command completes the name of a command: files that can be run first, as
// PowerShell has it.
func (c *context) command(t *syntax.Token) {
	word, quote := unquote(t)
	if word == "" {
		return
	}
	c.runnable(word, quote)
	c.commandNames(word, quote, c.amp(t))
}

// amp is what a quoted name needs before it to be run.
func (c *context) amp(t *syntax.Token) string {
	if prev := c.at(c.index - 1); prev != nil && (prev.Kind == syntax.Ampersand || prev.Kind == syntax.Dot) && prev.End <= t.Start {
		return ""
	}
	return "& "
}

func (c *context) commandNames(word, quote, amp string) {
	module, name := pslang.ModuleQualified(word)
	matches := c.lookup(name)
	if cap(c.Items)-len(c.Items) < len(matches) {
		c.Items = append(make([]Item, 0, len(c.Items)+len(matches)), c.Items...)
	}
	for _, cmd := range matches {
		if module != "" && !strings.EqualFold(module, cmd.Module) {
			continue
		}
		it := Item{Text: cmd.Name, List: cmd.Name, Kind: CommandName, Tip: cmd.Syntax(), Command: cmd}
		if cmd.Target != "" {
			it.Command = c.resolve(cmd.Target)
		}
		if module != "" {
			it.Text = cmd.Module + `\` + cmd.Name
		}
		switch {
		case quote != "":
			it.Text = amp + quote + it.Text + quote
		case needsQuotes(it.Text):
			it.Text = amp + pslang.Quote(it.Text)
		}
		c.add(it)
	}
}

// lookup gives the commands of all catalogs whose names fit; of one name the
// first counts.
func (c *context) lookup(word string) []*Command {
	var found []*Command
	for _, catalog := range c.env.Commands {
		found = merge(found, catalog.Match(word))
	}
	return found
}

// merge puts two lists that are sorted by name into one.
func merge(a, b []*Command) []*Command {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make([]*Command, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch d := compareFold(a[0].Name, b[0].Name); {
		case d < 0:
			out, a = append(out, a[0]), a[1:]
		case d > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// resolve gives the command of a name, through aliases and without its module.
func (c *context) resolve(name string) *Command {
	_, name = pslang.ModuleQualified(name)
	for range 4 {
		cmd := c.find(name)
		if cmd == nil || cmd.Target == "" {
			return cmd
		}
		name = cmd.Target
	}
	return nil
}

func (c *context) find(name string) *Command {
	for _, catalog := range c.env.Commands {
		if cmd := catalog.Find(name); cmd != nil {
			return cmd
		}
	}
	return nil
}

// history completes "#piece" with the lines that ran and have it, the newest
// first, and "#number" with the line of that number.
func (c *context) history(t *syntax.Token) {
	word := t.Text[1:]
	if c.env.History == nil || strings.ContainsFunc(word, func(r rune) bool { return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return
	}
	lines := c.env.History()
	if n, err := strconv.Atoi(word); err == nil {
		if n > 0 && n <= len(lines) {
			c.add(historyItem(lines[n-1]))
		}
		return
	}
	for _, line := range slices.Backward(lines) {
		if strings.Contains(strings.ToLower(line), strings.ToLower(word)) {
			c.add(historyItem(line))
		}
	}
}

func historyItem(line string) Item { return Item{Text: line, List: line, Kind: History, Tip: line} }
