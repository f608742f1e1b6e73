package pslang

import (
	"strings"
	"unicode/utf8"
)

// Precedences of binary operators, low to high.
const (
	precLogical = iota + 1
	precBitwise
	precComparison
	precCoalesce
	precAdd
	precMultiply
	precFormat
	precRange
)

var wordOperators = map[string]int{
	"and": precLogical, "or": precLogical, "xor": precLogical,
	"band": precBitwise, "bor": precBitwise, "bxor": precBitwise, "shl": precMultiply, "shr": precMultiply,
	"is": precComparison, "isnot": precComparison, "as": precComparison, "join": precComparison, "f": precFormat,
}

// caseOperators have forms with i and c before their names.
var caseOperators = []string{
	"eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch",
	"contains", "notcontains", "in", "notin", "replace", "split",
}

func wordPrecedence(word string) int {
	if prec, ok := wordOperators[word]; ok {
		return prec
	}
	for _, op := range caseOperators {
		if word == op || len(word) == len(op)+1 && (word[0] == 'i' || word[0] == 'c') && word[1:] == op {
			return precComparison
		}
	}
	return 0
}

var unaryWords = map[string]bool{"not": true, "bnot": true, "split": true, "isplit": true, "csplit": true, "join": true}

// dashWord returns the letters behind a dash, lower case, and the length of both.
func (p *parser) dashWord() (word string, n int) {
	r := p.peek()
	if !isDash(r) {
		return "", 0
	}
	pos := p.pos + utf8.RuneLen(r)
	start := pos
	for r := p.at(pos); r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'; r = p.at(pos) {
		pos++
	}
	if isIdent(p.at(pos)) {
		return "", 0
	}
	return strings.ToLower(p.src[start:pos]), pos - p.pos
}

// binaryOperator tells the operator that stands here, its precedence and length.
func (p *parser) binaryOperator() (op string, prec, n int) {
	switch r := p.peek(); {
	case r == '+' && p.after() != '+':
		return "+", precAdd, 1
	case r == '*', r == '/', r == '%':
		op, prec, n = string(r), precMultiply, 1
	case p.has(".."):
		return "..", precRange, 2
	case p.has("??"):
		op, prec, n = "??", precCoalesce, 2
	case isDash(r):
		if word, wn := p.dashWord(); word != "" {
			return "-" + word, wordPrecedence(word), wn
		}
		if isDash(p.after()) {
			return "", 0, 0
		}
		op, prec, n = "-", precAdd, utf8.RuneLen(r)
	}
	if p.at(p.pos+n) == '=' {
		return "", 0, 0
	}
	return op, prec, n
}

func (p *parser) expression() Expr { return p.binary(1, true) }

// binary reads operators of at least this precedence; commas says whether a
// comma makes an array.
func (p *parser) binary(min int, commas bool) Expr {
	p.enter()
	defer p.leave()
	left := p.arrayLiteral(commas)
	for {
		end := p.pos
		p.skipSpace()
		op, prec, n := p.binaryOperator()
		if p.assignment() > 0 {
			prec = 0
		}
		if prec == 0 && p.peek() == '?' && !p.has("??") {
			p.refuse(ternary, p.pos, p.pos+1)
		}
		if prec < min || prec == 0 {
			p.pos = end
			return left
		}
		opStart := p.pos
		p.take(n, OperatorToken)
		opEnd := p.pos
		p.skipLines()
		if !p.startsExpression() {
			p.want("ExpectedValueExpression", opEnd, opEnd, "You must provide a value expression following the '"+p.src[opStart:opEnd]+"' operator.")
		}
		right := p.binary(prec+1, commas)
		left = &Binary{Op: op, Left: left, Right: right, Extent: Extent{left.Span().Start, right.Span().End}}
	}
}

func (p *parser) arrayLiteral(commas bool) Expr {
	first := p.unary()
	if !commas {
		return first
	}
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
		if !p.startsExpression() {
			p.want("MissingExpressionAfterToken", comma, comma, "Missing expression after ','.")
		}
		if items == nil {
			items = []Expr{first}
		}
		items = append(items, p.unary())
	}
	if items == nil {
		return first
	}
	return &Array{Items: items, Extent: Extent{first.Span().Start, items[len(items)-1].Span().End}}
}

// startsExpression tells whether an expression stands here, not a command.
func (p *parser) startsExpression() bool {
	r, next := p.peek(), p.after()
	switch {
	case isSingleQuote(r), isDoubleQuote(r), r == '(', r == '{', r == '[', r == '!', r == ',', r == '+':
		return true
	case r == '$':
		return next == '(' || next == '{' || next == '$' || next == '^' || isVariableChar(next)
	case r == '@':
		return true
	case isDigit(r), r == '.' && isDigit(next):
		q := parser{src: p.src, pos: p.pos, end: p.end}
		_, ok := q.scanNumber()
		return ok && (startsToken(q.peek()) || startsTokenAfterNumber(q.peek()))
	case isDash(r):
		if isIdentStart(next) || next == '?' {
			word, _ := p.dashWord()
			return unaryWords[word]
		}
		return true
	}
	return false
}

// unary reads an operand with the operators before it.
func (p *parser) unary() Expr {
	p.enter()
	defer p.leave()
	start := p.pos
	r := p.peek()
	switch {
	case r == '!' || r == ',':
		return p.unaryOperator(string(r), 1)
	case r == '[':
		return p.typed()
	case r == '+' || isDash(r):
		n := utf8.RuneLen(r)
		next := p.after()
		if word, wn := p.dashWord(); unaryWords[word] {
			return p.unaryOperator("-"+word, wn)
		}
		if r == '+' && next == '+' || isDash(r) && isDash(next) {
			p.unaryOperator("--", n+utf8.RuneLen(next))
			p.refuse(increment, start, p.pos)
		}
		if isDigit(next) || next == '.' {
			if e := p.number(false); e != nil {
				return p.postfix(e, false)
			}
		}
		if r == '+' {
			return p.unaryOperator("+", n)
		}
		return p.unaryOperator("-", n)
	}
	e := p.primary()
	if e == nil {
		p.unexpected()
	}
	return p.postfix(e, false)
}

func (p *parser) unaryOperator(op string, n int) Expr {
	start := p.pos
	p.take(n, OperatorToken)
	end := p.pos
	p.skipLines()
	if !p.startsExpression() {
		p.want("MissingExpressionAfterOperator", end, end, "Missing expression after unary operator '"+p.src[start:end]+"'.")
	}
	x := p.unary()
	ext := Extent{start, x.Span().End}
	if op == "," {
		return &Array{Items: []Expr{x}, Extent: ext}
	}
	return &Unary{Op: op, X: x, Extent: ext}
}

// primary reads an operand without operators; nil where none stands here.
func (p *parser) primary() Expr {
	switch r := p.peek(); {
	case isSingleQuote(r), isDoubleQuote(r):
		return p.quoted(isSingleQuote(r))
	case r == '(':
		return p.paren()
	case r == '{':
		return p.scriptBlock()
	case r == '@':
		return p.atSign()
	case r == '$':
		return p.dollar()
	case isDigit(r), r == '.':
		return p.number(false)
	}
	return nil
}

// atSign reads what begins with @.
func (p *parser) atSign() Expr {
	start := p.pos
	switch r := p.after(); {
	case r == '(':
		return p.subArray()
	case r == '{':
		return p.hashtable()
	case isSingleQuote(r), isDoubleQuote(r):
		return p.hereString()
	case isVariableChar(r), r == '$':
		p.next()
		for isVariableChar(p.peek()) || p.peek() == ':' && isVariableChar(p.after()) {
			p.next()
		}
		if r == '$' {
			p.next()
		}
		p.token(VariableToken, start)
		return &Variable{Name: p.src[start+1 : p.pos], Splat: true, Extent: Extent{start, p.pos}}
	}
	p.fail("UnrecognizedToken", start, start+1, "Unrecognized token in source text.")
	return nil
}
