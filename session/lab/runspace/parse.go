package runspace

import (
	"fmt"
	"strconv"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// scriptStatement is one statement: an optional assignment of, or a throw of,
// or the output of a value and commands.
type scriptStatement struct {
	assign   string
	throw    bool
	value    *scriptValue
	commands []scriptCommand
	tail     []*pslang.Command // stages that shape what comes
}

type scriptCommand struct {
	name string
	args []scriptArgument
}

// scriptArgument is positional where name is empty; -Name without a colon has
// no value yet.
type scriptArgument struct {
	name  string
	value *scriptValue
}

type valueKind uint8

const (
	constantValue valueKind = iota
	variableValue
	expandableValue
	listValue
	tableValue
	rangeValue
)

type scriptValue struct {
	kind     valueKind
	constant clixml.Value
	text     string
	members  []string // of a variable's value, one in the other
	items    []scriptValue
	keys     []string
	from, to int64
}

func parseError(id, format string, args ...any) *psrp.ErrorRecord {
	return newError(parseException, id, "ParserError", fmt.Sprintf(format, args...), clixml.Null())
}

// parser reads the text of a script.
type parser struct {
	text string
	at   int
}

func parseScript(text string) ([]scriptStatement, error) {
	p := &parser{text: text}
	var all []scriptStatement
	for {
		p.skip(" \t\r\n;")
		if p.at == len(p.text) {
			return all, nil
		}
		s, err := p.statement()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		p.blanks()
		if p.at < len(p.text) && !strings.ContainsRune("\r\n;", rune(p.text[p.at])) {
			return nil, p.unexpected()
		}
	}
}

func (p *parser) skip(set string) {
	for p.at < len(p.text) {
		if p.text[p.at] == '#' {
			for p.at < len(p.text) && p.text[p.at] != '\n' {
				p.at++
			}
			continue
		}
		if !strings.ContainsRune(set, rune(p.text[p.at])) {
			return
		}
		p.at++
	}
}

func (p *parser) blanks() { p.skip(" \t") }

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) unexpected() error {
	token := p.text[p.at:]
	if i := strings.IndexAny(token[1:], " \t\r\n;|"); i >= 0 {
		token = token[:i+1]
	}
	return parseError("UnexpectedToken", "Unexpected token '%s' in expression or statement.", token)
}

func (p *parser) statement() (scriptStatement, error) {
	var s scriptStatement
	if word := p.bareWord(); strings.EqualFold(word, "throw") {
		p.at += len(word)
		p.blanks()
		s.throw = true
		if strings.ContainsRune("\r\n;", rune(p.peek())) || p.at == len(p.text) {
			return s, nil
		}
		v, err := p.value()
		s.value = &v
		return s, err
	}
	if p.peek() == '$' {
		start := p.at
		name, err := p.variable()
		if err != nil {
			return s, err
		}
		p.blanks()
		if p.peek() == '=' && !strings.HasPrefix(p.text[p.at:], "==") {
			p.at++
			p.blanks()
			s.assign = name
		} else {
			p.at = start
		}
	}
	return s, p.pipeline(&s)
}

func (p *parser) pipeline(s *scriptStatement) error {
	if p.startsValue() {
		v, err := p.list()
		if err != nil {
			return err
		}
		s.value = &v
		p.blanks()
		if p.peek() != '|' {
			return nil
		}
		p.at++
	}
	for {
		p.skip(" \t\r\n")
		c, err := p.command()
		if err != nil {
			return err
		}
		s.commands = append(s.commands, c)
		p.blanks()
		if p.peek() != '|' {
			return nil
		}
		p.at++
	}
}

func (p *parser) startsValue() bool {
	c := p.peek()
	return c == '\'' || c == '"' || c == '$' || c == '@' || c == '(' || c >= '0' && c <= '9' ||
		c == '-' && p.at+1 < len(p.text) && p.text[p.at+1] >= '0' && p.text[p.at+1] <= '9'
}

// bareWord looks at the word at the cursor without taking it.
func (p *parser) bareWord() string {
	end := p.at
	for end < len(p.text) && !strings.ContainsRune(" \t\r\n;|,'\"(){}@$=", rune(p.text[end])) {
		end++
	}
	return p.text[p.at:end]
}

func (p *parser) command() (scriptCommand, error) {
	name := p.bareWord()
	if name == "" {
		if p.at == len(p.text) {
			return scriptCommand{}, parseError("EmptyPipeElement", "An empty pipe element is not allowed.")
		}
		return scriptCommand{}, p.unexpected()
	}
	p.at += len(name)
	switch strings.ToLower(name) {
	case "if", "for", "foreach", "while", "do", "switch", "try", "function", "param", "return", "trap", "class", "begin", "process", "end":
		return scriptCommand{}, parseError("UnsupportedSyntax", "The keyword '%s' is not supported by this runspace.", name)
	}
	c := scriptCommand{name: name}
	for {
		p.blanks()
		if p.at == len(p.text) || strings.ContainsRune("\r\n;|", rune(p.peek())) {
			return c, nil
		}
		a, err := p.argument()
		if err != nil {
			return c, err
		}
		c.args = append(c.args, a)
	}
}

func (p *parser) argument() (scriptArgument, error) {
	var a scriptArgument
	if p.peek() == '-' && !p.startsValue() {
		word := p.bareWord()
		name, _, colon := strings.Cut(word, ":")
		p.at += len(name)
		a.name = name[1:]
		if a.name == "" {
			p.at -= len(name)
			return a, p.unexpected()
		}
		if !colon {
			return a, nil
		}
		p.at++
	}
	v, err := p.list()
	a.value = &v
	return a, err
}

// list reads a value, or several with commas between.
func (p *parser) list() (scriptValue, error) {
	first, err := p.value()
	if err != nil {
		return first, err
	}
	many := scriptValue{kind: listValue, items: []scriptValue{first}}
	for {
		before := p.at
		p.blanks()
		if p.peek() != ',' {
			p.at = before
			break
		}
		p.at++
		p.skip(" \t\r\n")
		v, err := p.value()
		if err != nil {
			return v, err
		}
		many.items = append(many.items, v)
	}
	if len(many.items) == 1 {
		return first, nil
	}
	return many, nil
}

func (p *parser) value() (scriptValue, error) {
	switch c := p.peek(); {
	case c == '\'' || c == '"':
		return p.quoted(c)
	case c == '$':
		name, err := p.variable()
		if err != nil {
			return scriptValue{}, err
		}
		members, err := p.members()
		return scriptValue{kind: variableValue, text: name, members: members}, err
	case strings.HasPrefix(p.text[p.at:], "@{"):
		return p.table()
	case strings.HasPrefix(p.text[p.at:], "@("):
		return p.array()
	}
	word := p.bareWord()
	if word == "" {
		if p.at == len(p.text) {
			return scriptValue{}, parseError("MissingExpression", "Missing expression.")
		}
		return scriptValue{}, p.unexpected()
	}
	p.at += len(word)
	return constant(word), nil
}

// constant reads a word: a number, a range, or a text.
func constant(word string) scriptValue {
	if from, to, ok := strings.Cut(word, ".."); ok {
		a, errA := strconv.ParseInt(from, 10, 32)
		b, errB := strconv.ParseInt(to, 10, 32)
		if errA == nil && errB == nil {
			return scriptValue{kind: rangeValue, from: a, to: b}
		}
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return scriptValue{constant: clixml.Of(int(n))}
	}
	if f, err := strconv.ParseFloat(word, 64); err == nil && strings.ContainsAny(word[:1], "-.0123456789") {
		return scriptValue{constant: clixml.Double(f)}
	}
	return scriptValue{constant: clixml.Str(word)}
}

func (p *parser) quoted(mark byte) (scriptValue, error) {
	var text strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		switch {
		case c == mark && p.at+1 < len(p.text) && p.text[p.at+1] == mark:
			p.at++
			text.WriteByte(c)
		case c == mark:
			p.at++
			if mark == '"' {
				return scriptValue{kind: expandableValue, text: text.String()}, nil
			}
			return scriptValue{constant: clixml.Str(text.String())}, nil
		case c == '`' && mark == '"' && p.at+1 < len(p.text):
			text.WriteString(p.text[p.at : p.at+2])
			p.at++
		default:
			text.WriteByte(c)
		}
	}
	return scriptValue{}, newError("System.Management.Automation.IncompleteParseException", "TerminatorExpectedAtEndOfString", "ParserError",
		fmt.Sprintf("The string is missing the terminator: %c.", mark), clixml.Null())
}

func (p *parser) variable() (string, error) {
	end := p.at + 1
	for end < len(p.text) && isNameByte(p.text[end]) {
		end++
	}
	name := p.text[p.at+1 : end]
	refused := ".[:("
	if strings.EqualFold(name, contextVariable) {
		refused = "[:("
	}
	if name == "" || end < len(p.text) && strings.ContainsRune(refused, rune(p.text[end])) {
		return "", p.unexpected()
	}
	p.at = end
	return name, nil
}

// contextVariable is the one variable whose properties can be read: clients ask
// it for the language mode.
const contextVariable = "ExecutionContext"

// members reads the property names behind it.
func (p *parser) members() ([]string, error) {
	var names []string
	for p.peek() == '.' {
		start := p.at + 1
		end := start
		for end < len(p.text) && isNameByte(p.text[end]) {
			end++
		}
		if end == start || end < len(p.text) && strings.ContainsRune("[:(", rune(p.text[end])) {
			return nil, p.unexpected()
		}
		names = append(names, p.text[start:end])
		p.at = end
	}
	return names, nil
}

func (p *parser) array() (scriptValue, error) {
	many := scriptValue{kind: listValue}
	p.at += 2
	p.skip(" \t\r\n")
	if p.peek() != ')' {
		v, err := p.list()
		if err != nil {
			return v, err
		}
		many.items = []scriptValue{v}
		if v.kind == listValue {
			many.items = v.items
		}
		p.skip(" \t\r\n")
	}
	if p.peek() != ')' {
		return many, parseError("MissingEndParenthesisInExpression", "Missing closing ')' in expression.")
	}
	p.at++
	return many, nil
}

func (p *parser) table() (scriptValue, error) {
	t := scriptValue{kind: tableValue}
	for p.at += 2; ; {
		p.skip(" \t\r\n;")
		if p.peek() == '}' {
			p.at++
			return t, nil
		}
		key := p.bareWord()
		p.at += len(key)
		p.blanks()
		if key == "" || p.peek() != '=' {
			return t, parseError("IncompleteHashLiteral", "The hash literal was incomplete.")
		}
		p.at++
		p.blanks()
		v, err := p.list()
		if err != nil {
			return t, err
		}
		t.keys, t.items = append(t.keys, key), append(t.items, v)
	}
}
