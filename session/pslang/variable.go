package pslang

import "strings"

// dollar reads what begins with $: a variable or $(…). It returns nil, without
// moving, where the $ is only a character.
func (p *parser) dollar() Expr {
	start := p.pos
	switch r := p.after(); {
	case r == '(':
		return p.subExpression()
	case r == '{':
		return p.bracedVariable(start)
	case r == '$' || r == '?' || r == '^':
		p.next()
		p.next()
		return p.variable(start, p.src[start+1:p.pos])
	case r == ':' && isVariableChar(p.at(p.pos+2)), isVariableChar(r):
	default:
		return nil
	}
	p.pos = start + 1
	for {
		r := p.peek()
		if isVariableChar(r) {
			p.next()
			continue
		}
		if r != ':' || p.after() == ':' {
			break
		}
		if !isVariableChar(p.after()) {
			p.pos++
			p.fail("InvalidVariableReferenceWithDrive", start, p.pos, "Variable reference is not valid. ':' was not followed by a valid variable name character. Consider using ${} to delimit the name.")
		}
		p.next()
	}
	return p.variable(start, p.src[start+1:p.pos])
}

func (p *parser) variable(start int, name string) Expr {
	p.token(VariableToken, start)
	return &Variable{Name: name, Extent: Extent{start, p.pos}}
}

// bracedVariable reads ${…}; start is where the $ stands.
func (p *parser) bracedVariable(start int) Expr {
	p.next()
	p.next()
	var name strings.Builder
	for {
		r := p.peek()
		switch r {
		case eof:
			p.open("IncompleteDollarVariableReference", start+1, p.end, "The variable reference starting with '${' is missing the closing '}'.")
		case '{':
			p.fail("OpenBraceNeedsToBeBackTickedInVariableName", p.pos, p.pos+1, "In the form ${name}, a '{' in the name needs a backtick before it.")
		case '}':
			p.next()
			if name.Len() == 0 {
				p.fail("EmptyVariableReference", start, p.pos, "Braced variable name cannot be empty.")
			}
			return p.variable(start, name.String())
		case '`':
			p.next()
			t := &text{}
			if p.pos < p.end {
				p.escape(t)
			}
			name.Write(t.buf)
		default:
			pos := p.pos
			p.next()
			name.WriteString(p.src[pos:p.pos])
		}
	}
}

// subExpression reads $(…).
func (p *parser) subExpression() Expr {
	start := p.pos
	p.take(2, GroupToken)
	body := p.statements(')')
	if p.peek() != ')' {
		p.want("MissingEndParenthesisInSubexpression", p.pos, p.pos, "Missing closing ')' in subexpression.")
	}
	p.take(1, GroupToken)
	return &SubExpression{Body: body, Extent: Extent{start, p.pos}}
}
