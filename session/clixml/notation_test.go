package clixml

import (
	"errors"
	"strconv"
	"strings"
)

// node is a value in Python's notation: nil, bool, number, text, list, dict, a
// call (of a class) or an enum's member. Other objects are opaque.
type node struct {
	kind  byte // n, b, 0, s, y(tes), l, d, c, e, ? (opaque)
	text  string
	items []*node // list, positional arguments; dict: keys and values by turns
	named map[string]*node
	cut   bool // the text ended within
}

// notation reads Python's notation of values. A long one is cut in the
// vectors; what is not there any more is opaque.
type notation struct {
	s      string
	nested bool // within a list or a call: an end is a cut
}

var (
	errNotation = errors.New("notation not understood")
	errCut      = errors.New("notation is cut")
)

func (p *notation) skip() { p.s = strings.TrimLeft(p.s, " ") }

func (p *notation) take(prefix string) bool {
	p.skip()
	rest, ok := strings.CutPrefix(p.s, prefix)
	if ok {
		p.s = rest
	}
	return ok
}

func (p *notation) value() (*node, error) {
	p.skip()
	switch {
	case p.s == "":
		return &node{kind: '?'}, nil
	case p.take("..."):
		return &node{kind: '?'}, nil
	case p.take("["):
		items, whole, err := p.list("]", "")
		return &node{kind: 'l', items: items, cut: !whole}, err
	case p.take("{"):
		items, whole, err := p.list("}", ":")
		return &node{kind: 'd', items: items, cut: !whole}, err
	case p.s[0] == '\'' || p.s[0] == '"':
		text, err := p.quoted(false)
		if err == errCut {
			return &node{kind: '?'}, nil
		}
		return &node{kind: 's', text: text}, err
	case strings.HasPrefix(p.s, "b'") || strings.HasPrefix(p.s, `b"`):
		p.s = p.s[1:]
		text, err := p.quoted(true)
		return &node{kind: 'y', text: text}, err
	case p.s[0] == '<':
		return p.angle()
	case p.s[0] == '-' || p.s[0] >= '0' && p.s[0] <= '9':
		n := 1
		for n < len(p.s) && strings.IndexByte("0123456789.e+-", p.s[n]) >= 0 {
			n++
		}
		text := p.s[:n]
		if p.s = p.s[n:]; text == "-" && p.take("inf") {
			text = "-inf"
		}
		if p.s == "" && p.nested {
			return &node{kind: '?'}, nil
		}
		return &node{kind: '0', text: text}, nil
	}
	return p.word()
}

// angle reads <Enum.Member: 3>, or an object that says nothing of itself.
func (p *notation) angle() (*node, error) {
	end := strings.IndexByte(p.s, '>')
	if strings.HasPrefix(p.s, "<tests.") {
		end = strings.LastIndexByte(p.s, '>')
	}
	if end < 0 {
		p.s = ""
		return &node{kind: '?'}, nil
	}
	body := p.s[1:end]
	p.s = p.s[end+1:]
	if i := strings.LastIndex(body, ": "); i >= 0 {
		return &node{kind: 'e', text: body[i+2:]}, nil
	}
	return &node{kind: '?'}, nil
}

func (p *notation) word() (*node, error) {
	n := 0
	for n < len(p.s) && (p.s[n] == '_' || p.s[n] == '.' || p.s[n]|0x20 >= 'a' && p.s[n]|0x20 <= 'z' || p.s[n] >= '0' && p.s[n] <= '9') {
		n++
	}
	name := p.s[:n]
	p.s = p.s[n:]
	switch name {
	case "":
		return nil, errNotation
	case "None":
		return &node{kind: 'n'}, nil
	case "True", "False":
		return &node{kind: 'b', text: name}, nil
	case "inf", "nan":
		return &node{kind: '0', text: name}, nil
	}
	if !p.take("(") {
		return &node{kind: '?', text: name}, nil
	}
	p.nested = true
	call := &node{kind: 'c', text: name, named: map[string]*node{}}
	for !p.take(")") && p.s != "" {
		key := ""
		if i := strings.IndexAny(p.s, "=,()'\"[{<"); i > 0 && p.s[i] == '=' {
			key, p.s = p.s[:i], p.s[i+1:]
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		if key == "" {
			call.items = append(call.items, v)
		} else {
			call.named[key] = v
		}
		p.take(",")
		p.skip()
	}
	return call, nil
}

// list reads up to end, which is missing from a notation that is cut.
func (p *notation) list(end, colon string) (items []*node, whole bool, err error) {
	p.nested = true
	for !p.take(end) {
		if p.s == "" {
			return items, false, nil
		}
		v, err := p.value()
		if err != nil {
			return nil, false, err
		}
		items = append(items, v)
		if colon == "" || !p.take(colon) {
			p.take(",")
		}
	}
	return items, true, nil
}

// quoted reads a string literal, in which \ud800 and its like are lone surrogates.
func (p *notation) quoted(raw bool) (string, error) {
	quote := p.s[0]
	var b []byte
	for i := 1; i < len(p.s); i++ {
		c := p.s[i]
		if c == quote {
			p.s = p.s[i+1:]
			return string(b), nil
		}
		if c != '\\' {
			b = append(b, c)
			continue
		}
		if i++; i >= len(p.s) {
			break
		}
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[p.s[i]]
		switch {
		case i+digits >= len(p.s):
			i = len(p.s)
		case digits > 0:
			n, err := strconv.ParseUint(p.s[i+1:i+1+digits], 16, 32)
			if err != nil {
				return "", err
			}
			if raw {
				b = append(b, byte(n))
			} else {
				b = appendUnit(b, rune(n))
			}
			i += digits
		case p.s[i] == 'n':
			b = append(b, '\n')
		case p.s[i] == 'r':
			b = append(b, '\r')
		case p.s[i] == 't':
			b = append(b, '\t')
		default:
			b = append(b, p.s[i])
		}
	}
	p.s = ""
	return "", errCut
}
