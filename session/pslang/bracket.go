package pslang

import "psdeck/session/clixml"

// paren reads (…).
func (p *parser) paren() Expr {
	p.enter()
	defer p.leave()
	start := p.pos
	p.take(1, GroupToken)
	after := p.pos
	p.skipLines()
	if r := p.peek(); r == ')' || r == eof {
		p.want("ExpectedExpression", after, after, "An expression was expected after '('.")
	}
	st := p.statement()
	p.skipLines()
	if p.peek() != ')' {
		p.closing("MissingEndParenthesisInExpression", "Missing closing ')' in expression.")
	}
	p.take(1, GroupToken)
	if st.Assign != "" {
		p.refuse(assignNested, start, p.pos)
	}
	return &Paren{Pipeline: st.Pipeline, Extent: Extent{start, p.pos}}
}

// closing stops where a closing bracket is missing, unless what stands there
// is refused anyway.
func (p *parser) closing(id, msg string) {
	switch r := p.peek(); {
	case p.has("&&"), p.has("||"):
		p.refuse(chain, p.pos, p.pos+2)
	case r == '&':
		p.refuse(background, p.pos, p.pos+1)
	}
	p.want(id, p.pos, p.pos, msg)
}

// subArray reads @(…).
func (p *parser) subArray() Expr {
	start := p.pos
	p.take(2, GroupToken)
	body := p.statements(')')
	if p.peek() != ')' {
		p.closing("MissingEndParenthesisInSubexpression", "Missing closing ')' in subexpression.")
	}
	p.take(1, GroupToken)
	a := &Array{Sub: true, Extent: Extent{start, p.pos}}
	for i := range body.Statements {
		a.Items = append(a.Items, p.value(&body.Statements[i]))
	}
	return a
}

// value takes a statement that must be one expression.
func (p *parser) value(st *Statement) Expr {
	switch els := st.Pipeline.Elements; {
	case st.Assign != "":
		p.refuse(assignNested, st.Start, st.End)
	case els[0].Command != nil:
		p.refuse(nestedCommand, st.Start, st.End)
	case len(els) > 1:
		p.refuse(nestedPipeline, st.Start, st.End)
	}
	return st.Pipeline.Elements[0].Expr
}

// hashtable reads @{…}.
func (p *parser) hashtable() Expr {
	p.enter()
	defer p.leave()
	start := p.pos
	p.take(2, GroupToken)
	after := p.pos
	h := &Hashtable{}
	for {
		p.skipSeparators()
		r := p.peek()
		if r == '}' {
			p.take(1, GroupToken)
			h.Extent = Extent{start, p.pos}
			return h
		}
		if r == eof {
			p.open("MissingEndCurlyBrace", after, after, "Missing closing '}' in statement block or type definition.")
		}
		h.Entries = append(h.Entries, p.hashEntry())
		p.skipSpace()
		if r := p.peek(); r != eof && r != '}' && r != ';' && !isNewline(r) {
			p.unexpected()
		}
	}
}

func (p *parser) hashEntry() HashEntry {
	var key Expr
	start := p.pos
	if w := p.word(); w != "" && !isDigit(p.peek()) {
		p.take(len(w), MemberToken)
		key = &Constant{Value: clixml.Str(w), Kind: BareWord, Text: w, Extent: Extent{start, p.pos}}
	} else if p.startsExpression() {
		key = p.unary()
	} else {
		p.unexpected()
	}
	at := p.pos
	p.skipLines()
	if p.peek() != '=' {
		p.want("MissingEqualsInHashLiteral", at, at, "Missing '=' operator after key in hash literal.")
	}
	p.take(1, OperatorToken)
	at = p.pos
	p.skipLines()
	if r := p.peek(); r == eof || r == '}' || r == ';' {
		p.want("MissingStatementInHashLiteral", at, at, "Missing statement after '=' in hash literal.")
	}
	st := p.statement()
	return HashEntry{Key: key, Value: p.value(&st)}
}

// scriptBlock reads {…}. Its text is kept whatever it holds; what is wrong in
// it is wrong with the line, what is refused in it only matters if it is run here.
func (p *parser) scriptBlock() Expr {
	p.enter()
	defer p.leave()
	start := p.pos
	p.take(1, GroupToken)
	sb := &ScriptBlock{}
	body := p.pos
	sb.Body, sb.Refused = p.block(start)
	if sb.Refused != nil {
		p.pos = body
		p.skipBlock(start)
	}
	sb.Text = p.src[body:p.pos]
	p.take(1, GroupToken)
	sb.Extent = Extent{start, p.pos}
	return sb
}

// block parses a block's statements; a refusal is returned, an error goes on.
func (p *parser) block(start int) (s *Script, refused *Error) {
	depth := p.depth
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok || !e.Refused() {
				panic(r)
			}
			p.depth = depth
			s, refused = nil, e
		}
	}()
	s = p.statements('}')
	if p.peek() != '}' {
		p.open("MissingEndCurlyBrace", start, start+1, "Missing closing '}' in statement block or type definition.")
	}
	if refused = check(s); refused != nil {
		s = nil
	}
	return s, refused
}

// skipBlock moves to the brace that closes a block which was not parsed.
func (p *parser) skipBlock(start int) {
	n := len(p.tokens)
	record := p.record
	p.record = false
	for open := 1; ; {
		p.skipSpace()
		r := p.peek()
		switch {
		case r == eof:
			p.open("MissingEndCurlyBrace", start, start+1, "Missing closing '}' in statement block or type definition.")
		case r == '{':
			open++
		case r == '}':
			if open--; open == 0 {
				p.record = record
				p.tokens = p.tokens[:n]
				return
			}
		case r == '@' && (isSingleQuote(p.after()) || isDoubleQuote(p.after())):
			p.hereString()
			continue
		case isSingleQuote(r), isDoubleQuote(r):
			p.quoted(isSingleQuote(r))
			continue
		case r == '`':
			p.next()
		}
		p.next()
	}
}
