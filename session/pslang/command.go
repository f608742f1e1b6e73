package pslang

import (
	"strings"
	"unicode/utf8"
)

// command reads a command: its name stands here.
func (p *parser) command() *Command {
	start := p.pos
	if startsToken(p.peek()) {
		p.unexpected()
	}
	name, ok := p.genericWord(CommandToken).(*Constant)
	if !ok {
		p.refuse(computedName, start, p.pos)
	}
	c := &Command{Name: name.Value.Text(), NameExtent: name.Extent}
	c.Start = start
	onlyValues := false
	for {
		c.End = p.pos
		p.skipSpace()
		if p.endsCommand() {
			return c
		}
		p.refuseInCommand()
		a, endOfParameters := p.argument(onlyValues)
		onlyValues = onlyValues || endOfParameters
		c.Args = append(c.Args, a)
	}
}

func (p *parser) endsCommand() bool {
	switch r := p.peek(); r {
	case eof, ';', '|', '&', ')', '}':
		return true
	default:
		return isNewline(r)
	}
}

// refuseInCommand refuses redirections and --%.
func (p *parser) refuseInCommand() {
	r := p.peek()
	switch {
	case r == '<':
		p.fail("RedirectionNotSupported", p.pos, p.pos+1, "The '<' operator is reserved for future use.")
	case r == '>', (r == '*' || r >= '1' && r <= '6') && p.after() == '>':
		p.refuse(redirection, p.pos, p.pos+1)
	case p.has("--%"):
		if r := p.at(p.pos + 3); r == eof || isSpace(r) || isNewline(r) {
			p.refuse(stopParsing, p.pos, p.pos+3)
		}
	}
}

// argument reads a parameter or a value. It tells whether it was "--", after
// which everything is a value.
func (p *parser) argument(onlyValues bool) (a Arg, endOfParameters bool) {
	start := p.pos
	if r := p.peek(); isDash(r) && !onlyValues {
		if isDash(p.after()) {
			n := utf8.RuneLen(r) + utf8.RuneLen(p.after())
			if startsToken(p.at(p.pos + n)) {
				p.take(n, OperatorToken)
				return Arg{Name: "-", Extent: Extent{start, p.pos}}, true
			}
		} else if a, ok := p.parameter(); ok {
			return a, false
		}
	}
	if p.peek() == ',' {
		p.want("MissingArgument", p.pos, p.pos, "Missing argument in parameter list.")
	}
	v := p.argumentValue()
	return Arg{Value: v, Extent: v.Span()}, false
}

// parameter reads -Name or -Name:value, if it is one.
func (p *parser) parameter() (Arg, bool) {
	start := p.pos
	p.next()
	first := p.pos
	if r := p.peek(); !isIdentStart(r) && r != '?' {
		p.pos = start
		return Arg{}, false
	}
	for {
		r := p.peek()
		if isSingleQuote(r) || isDoubleQuote(r) {
			p.pos = start
			return Arg{}, false
		}
		if startsToken(r) || r == ':' || r == '.' || r == '[' {
			break
		}
		p.next()
	}
	a := Arg{Name: p.src[first:p.pos]}
	if p.peek() == ':' {
		a.Colon = true
		p.pos++
	}
	p.token(ParameterToken, start)
	if a.Colon {
		after := p.pos
		p.skipSpace()
		if p.endsCommand() || p.peek() == ',' {
			p.fail("ParameterRequiresArgument", after, after, "Parameter '-"+a.Name+":' requires an argument.")
		}
		a.Value = p.argumentValue()
	}
	a.Extent = Extent{start, p.pos}
	return a, true
}

// argumentValue reads a value, or several with commas between.
func (p *parser) argumentValue() Expr {
	p.enter()
	defer p.leave()
	first := p.argumentItem()
	var items []Expr
	for {
		end := p.pos
		p.skipSpace()
		if p.peek() != ',' {
			p.pos = end
			break
		}
		p.take(1, OperatorToken)
		comma := p.pos
		p.skipLines()
		if p.endsCommand() || p.peek() == ',' {
			p.want("MissingExpression", comma, comma, "Missing expression after ',' in pipeline element.")
		}
		if items == nil {
			items = []Expr{first}
		}
		items = append(items, p.argumentItem())
	}
	if items == nil {
		return first
	}
	return &Array{Items: items, Extent: Extent{first.Span().Start, items[len(items)-1].Span().End}}
}

func (p *parser) argumentItem() Expr {
	start := p.pos
	switch r := p.peek(); {
	case isSingleQuote(r), isDoubleQuote(r), r == '(', r == '{':
		return p.postfix(p.primary(), true)
	case r == '@':
		return p.postfix(p.atSign(), true)
	case isDigit(r), r == '.' && isDigit(p.after()):
		if n := p.number(true); n != nil {
			return n
		}
	case r == '$':
		if e := p.argumentVariable(); e != nil {
			return p.postfix(e, true)
		}
		p.pos = start
	}
	return p.genericWord(WordToken)
}

// argumentVariable reads a variable that is a whole argument or begins a
// member access; $x$y and $dir\file are words and give nil.
func (p *parser) argumentVariable() Expr {
	if p.after() == '(' {
		return p.dollar()
	}
	n := len(p.tokens)
	e := p.dollar()
	if e == nil {
		return nil
	}
	switch r := p.peek(); {
	case startsToken(r), r == '.', r == '[', r == ':' && p.after() == ':':
		return e
	}
	p.tokens = p.tokens[:n]
	return nil
}

// genericWord reads a bare word; quoted parts and variables may stand in it.
func (p *parser) genericWord(kind TokenKind) Expr {
	start := p.pos
	t := &text{start: start}
	for {
		r := p.peek()
		if startsToken(r) {
			break
		}
		switch {
		case isSingleQuote(r), isDoubleQuote(r):
			pos := p.pos
			p.next()
			p.quotedBody(isSingleQuote(r), pos, t)
		default:
			p.expandableChar(t)
		}
	}
	e := t.expr(p, BareWord, start)
	p.token(kind, start)
	return e
}

// ModuleQualified splits a command's name at its module qualifier:
// "Module\Get-Thing" gives "Module" and "Get-Thing".
func ModuleQualified(name string) (module, command string) {
	if i := strings.LastIndexByte(name, '\\'); i > 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
