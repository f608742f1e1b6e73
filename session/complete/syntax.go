package complete

import (
	"slices"
	"strings"
)

// commonMark stands at the end of a syntax for the common parameters.
const commonMark = "[<CommonParameters>]"

// Describe takes the parameters of a command from its parameter sets as
// Get-Command -Syntax writes them: names, types, places.
func (c *Command) Describe(sets ...string) {
	for _, text := range sets {
		set, position := len(c.Sets), 0
		if strings.HasSuffix(text, commonMark) {
			c.Common = true
		}
		c.Sets = append(c.Sets, text)
		for _, piece := range pieces(text) {
			p, at, ok := parsePiece(piece)
			if !ok {
				continue
			}
			at.Set = set
			if at.Position == 0 {
				at.Position = position
				position++
			}
			c.add(p, at)
		}
	}
	c.tip = c.syntax()
}

func (c *Command) add(p Parameter, at Place) {
	for i := range c.Parameters {
		if strings.EqualFold(c.Parameters[i].Name, p.Name) {
			c.Parameters[i].Places = append(c.Parameters[i].Places, at)
			return
		}
	}
	p.Places = []Place{at}
	c.Parameters = append(c.Parameters, p)
}

// pieces cuts a syntax at the parameters: "[[-A] <t>]", "-B <t>", "[-C]".
func pieces(text string) []string {
	var out []string
	depth, start := 0, -1
	flush := func(end int) {
		if start >= 0 {
			out = append(out, strings.TrimSpace(text[start:end]))
		}
	}
	for i := 0; i < len(text); i++ {
		begins := depth == 0 && (text[i] == '[' || text[i] == '-') && (i == 0 || text[i-1] == ' ')
		if begins {
			flush(i)
			start = i
		}
		switch text[i] {
		case '[', '<', '{':
			depth++
		case ']', '>', '}':
			depth--
		}
	}
	flush(len(text))
	return out
}

// parsePiece reads one parameter of a syntax. Position 0 tells that it has one.
func parsePiece(s string) (p Parameter, at Place, ok bool) {
	name, kind, typed := strings.Cut(s, "<")
	head := strings.TrimSpace(name)
	word := strings.Trim(head, "[] ")
	if !strings.HasPrefix(word, "-") {
		return p, at, false
	}
	p.Name, p.Type = word[1:], "switch"
	at.Position = -1
	if typed {
		if end := strings.LastIndexByte(kind, '>'); end >= 0 {
			p.Type = kind[:end]
		}
		if strings.HasSuffix(head, "]") {
			at.Position = 0
		}
		at.Mandatory = !strings.HasPrefix(head, "[[") && (at.Position == 0 || !strings.HasPrefix(head, "["))
	}
	if strings.ContainsAny(p.Name, " []<>") {
		return p, at, false
	}
	return p, at, true
}

// DropCommon takes the common parameters off the command's own.
func (c *Command) DropCommon() {
	c.Parameters = slices.DeleteFunc(c.Parameters, func(p Parameter) bool { return IsCommon(p.Name) })
}
