package syntax

import (
	"strings"

	"psdeck/session/clixml"
)

func boolValue(b bool) clixml.Value { return clixml.Bool(b) }

// typeName is the name of a type: simple, generic or of an array.
type typeName struct {
	Extent
	name      string
	assembly  string
	arguments []*typeName // of a generic type
	element   *typeName   // of an array
	rank      int
}

// full writes the name as PowerShell does.
func (t *typeName) full() string {
	if t == nil {
		return ""
	}
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t *typeName) write(b *strings.Builder) {
	if t.element != nil {
		t.element.writeBare(b)
		b.WriteByte('[')
		b.WriteString(strings.Repeat(",", t.rank-1))
		b.WriteByte(']')
		if a := t.innermost().assembly; a != "" {
			b.WriteByte(',')
			b.WriteString(a)
		}
		return
	}
	t.writeBare(b)
	if t.assembly != "" {
		b.WriteByte(',')
		b.WriteString(t.assembly)
	}
}

func (t *typeName) innermost() *typeName {
	for t.element != nil {
		t = t.element
	}
	return t
}

// writeBare writes the name without its assembly.
func (t *typeName) writeBare(b *strings.Builder) {
	if t.element != nil {
		t.element.writeBare(b)
		b.WriteByte('[')
		b.WriteString(strings.Repeat(",", t.rank-1))
		b.WriteByte(']')
		return
	}
	b.WriteString(t.name)
	if len(t.arguments) == 0 {
		return
	}
	b.WriteByte('[')
	for i, a := range t.arguments {
		if i > 0 {
			b.WriteByte(',')
		}
		if a != nil {
			a.write(b)
		}
	}
	b.WriteByte(']')
}

// typeNode makes a node that is about a type.
func (p *parser) typeNode(class NodeClass, ext Extent, name *typeName) *Node {
	n := p.node(class, ext)
	n.names = name
	n.Text = name.full()
	return n
}

// typeName reads a type's name and gives its first token too; nil where none
// stands here.
func (p *parser) typeName(assemblies bool) (*typeName, *Token) {
	held := p.mode
	p.setMode(typeNameMode)
	defer func() { p.setMode(held) }()
	t := p.nextToken()
	if t.Kind != Identifier {
		p.unget(t)
		return nil, nil
	}
	return p.finishTypeName(t, false, assemblies), t
}

func simpleType(t *Token) *typeName { return &typeName{Extent: t.Extent, name: t.Text} }

// finishTypeName reads what follows the first word of a type's name. Bare
// tells an argument of a generic type without brackets of its own.
func (p *parser) finishTypeName(first *Token, bare, assemblies bool) *typeName {
	p.enter()
	defer p.leave()
	t := p.peekToken()
	switch {
	case t.Kind == LBracket:
		p.skipToken()
		p.skipNewlines()
		return p.bracketedType(first, t, bare)
	case t.Kind == Comma && assemblies && !bare:
		p.skipToken()
		name := simpleType(first)
		if name.assembly = p.assemblyName(); strings.TrimSpace(name.assembly) == "" {
			name.assembly = ""
			p.report(after(t.Extent), "MissingAssemblyNameSpecification")
			return name
		}
		name.Extent = span(first.Extent, p.extent())
		return name
	}
	return simpleType(first)
}

// bracketedType reads the rest of an array or a generic type behind its bracket.
func (p *parser) bracketedType(first, open *Token, bare bool) *typeName {
	t := p.nextToken()
	switch t.Kind {
	case RBracket, Comma:
		element := simpleType(first)
		return p.arrayType(element, element, t, bare)
	case LBracket, Identifier:
		return p.genericType(first, t, bare)
	case EndOfInput:
		p.unget(t)
		p.expected(after(open.Extent), "MissingTypename")
	default:
		p.report(t.Extent, "UnexpectedToken", t.Text)
		p.syncOnError(true, RBracket)
	}
	return simpleType(first)
}

func (p *parser) genericType(first, t *Token, bare bool) *typeName {
	arguments, closing := p.genericArguments(t)
	end := closing.Extent
	if closing.Kind != RBracket {
		p.unget(closing)
		p.expected(p.before(closing.Extent), "EndSquareBracketExpectedAtEndOfAttribute")
		end = arguments[len(arguments)-1].Extent
	}
	name := &typeName{Extent: span(first.Extent, end), name: first.Text, arguments: arguments}
	next := p.peekToken()
	switch {
	case next.Kind == LBracket:
		p.skipToken()
		return p.arrayType(name, name, p.nextToken(), bare)
	case next.Kind == Comma && !bare:
		p.skipToken()
		if name.assembly = p.assemblyName(); name.assembly == "" {
			p.report(after(next.Extent), "MissingAssemblyNameSpecification")
		}
	}
	return name
}

// genericArguments reads types up to what is no comma, which it gives too.
func (p *parser) genericArguments(t *Token) (list []*typeName, last *Token) {
	p.enter()
	defer p.leave()
	list = append(list, p.genericArgument(t))
	for {
		p.skipNewlines()
		if last = p.nextToken(); last.Kind != Comma {
			return list, last
		}
		p.skipNewlines()
		t = p.peekToken()
		if t.Kind != Identifier && t.Kind != LBracket {
			p.expected(after(last.Extent), "MissingTypename")
			list = append(list, &typeName{Extent: last.Extent, name: ":ErrorTypeName:"})
			continue
		}
		p.skipToken()
		list = append(list, p.genericArgument(t))
	}
}

func (p *parser) genericArgument(first *Token) *typeName {
	if first.Kind == Identifier {
		return p.finishTypeName(first, true, true)
	}
	t := p.nextToken()
	if t.Kind != Identifier {
		p.unget(t)
		p.expected(after(t.Extent), "MissingTypename")
		return &typeName{Extent: first.Extent, name: ":ErrorTypeName:"}
	}
	name := p.finishTypeName(t, false, true)
	if closing := p.nextToken(); closing.Kind != RBracket {
		p.unget(closing)
		p.expected(p.before(closing.Extent), "EndSquareBracketExpectedAtEndOfType")
	}
	return name
}

// maxRank is how many dimensions a .NET array may have.
const maxRank = 32

// arrayType reads dimensions, and those of arrays of arrays.
func (p *parser) arrayType(element, qualified *typeName, t *Token, bare bool) *typeName {
	for depth := 0; ; depth++ {
		if depth > maxDepth {
			panic(tooComplicated{})
		}
		element = p.dimension(element, t)
		next := p.peekToken()
		switch {
		case next.Kind == Comma && !bare:
			p.skipToken()
			if qualified.assembly = p.assemblyName(); qualified.assembly == "" {
				p.report(after(next.Extent), "MissingAssemblyNameSpecification")
			}
			return element
		case next.Kind != LBracket:
			return element
		}
		p.skipToken()
		t = p.nextToken()
	}
}

// dimension reads "]" or ",,]"; t is its first token.
func (p *parser) dimension(element *typeName, t *Token) *typeName {
	switch t.Kind {
	case Comma:
		rank, first, last := 1, t, t
		for ; t.Kind == Comma; t = p.nextToken() {
			last = t
			rank++
		}
		if rank > maxRank {
			if t.Kind != RBracket {
				p.unget(t)
			}
			p.report(span(first.Extent, last.Extent), "ArrayHasTooManyDimensions", itoa(rank))
			return element
		}
		if t.Kind != RBracket {
			p.unget(t)
			p.report(after(last.Extent), "EndSquareBracketExpectedAtEndOfAttribute")
		}
		return &typeName{Extent: span(element.Extent, t.Extent), element: element, rank: rank}
	case RBracket:
		return &typeName{Extent: span(element.Extent, t.Extent), element: element, rank: 1}
	case EndOfInput:
		p.unget(t)
		p.report(p.before(t.Extent), "EndSquareBracketExpectedAtEndOfAttribute")
	default:
		p.report(t.Extent, "UnexpectedToken", t.Text)
		p.syncOnError(true, RBracket)
	}
	return element
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}
