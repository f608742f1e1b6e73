package syntax

// maxDepth bounds nesting, so that hostile input cannot exhaust the stack.
const maxDepth = 1200

// parser reads statements, commands and expressions. It asks the lexer for one
// token at a time and can give one back.
type parser struct {
	lexer
	ungot   *Token
	noComma bool // a comma ends an expression
	depth   int

	nodes []Node
	kids  []*Node
	stack []*Node // children of the nodes that are being read
}

// Parse parses a script: it always gives tokens and a tree, and what is wrong.
func Parse(input string) *Script {
	errs := &errorList{}
	p := &parser{lexer: lexer{input: input, src: input, errs: errs, budget: 1<<15 + 32*len(input)}}
	p.tokens = make([]*Token, 0, 16+len(input)/4)
	p.stack = make([]*Node, 0, 32)
	s := &Script{Input: input}
	s.Root = p.script()
	s.Tokens = p.tokens
	s.Errors = errs.list
	return s
}

func (p *parser) script() (root *Node) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(tooComplicated); !ok {
				panic(r)
			}
			p.src, p.base, p.skips = p.input, 0, nil
			ext := Extent{min(p.start, len(p.input)), min(max(p.pos, p.start), len(p.input))}
			p.errs.add(ext, "ScriptTooComplicated", false)
			root = &Node{Class: ScriptBlockAst, Extent: Extent{0, len(p.input)}}
		}
	}()
	root = p.scriptBlock(nil, nil)
	check(p, root)
	return root
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		panic(tooComplicated{})
	}
}

func (p *parser) leave() { p.depth-- }

// node makes a node; its children are those pushed since mark.
func (p *parser) node(class NodeClass, ext Extent, children ...*Node) *Node {
	if len(p.nodes) == 0 {
		p.nodes = make([]Node, min(16+len(p.input)/5, maxSlab))
	}
	n := &p.nodes[0]
	p.nodes = p.nodes[1:]
	*n = Node{Class: class, Extent: ext}
	n.Children = p.keep(children)
	return n
}

func (p *parser) nodeFrom(class NodeClass, ext Extent, mark int) *Node {
	n := p.node(class, ext, p.stack[mark:]...)
	p.stack = p.stack[:mark]
	return n
}

// keep copies a list of children, without nils, into the common slab.
func (p *parser) keep(list []*Node) []*Node {
	if len(list) == 0 {
		return nil
	}
	if len(p.kids) < len(list) {
		p.kids = make([]*Node, max(min(32+len(p.input)/4, maxSlab), len(list)))
	}
	n := 0
	for _, c := range list {
		if c != nil {
			p.kids[n] = c
			n++
		}
	}
	out := p.kids[:n:n]
	p.kids = p.kids[n:]
	return out
}

func (p *parser) push(n *Node) {
	if n != nil {
		p.stack = append(p.stack, n)
	}
}

func as(role Role, n *Node) *Node {
	if n != nil {
		n.Role = role
	}
	return n
}

func (p *parser) nextToken() *Token {
	if t := p.ungot; t != nil {
		p.ungot = nil
		return t
	}
	return p.lexer.nextToken()
}

func (p *parser) peekToken() *Token {
	if p.ungot == nil {
		p.ungot = p.lexer.nextToken()
	}
	return p.ungot
}

func (p *parser) skipToken() { p.ungot = nil }

func (p *parser) unget(t *Token) { p.ungot = t }

func (p *parser) skipNewlines() {
	if p.ungot == nil || p.ungot.Kind == NewLine {
		p.ungot = nil
		p.lexer.skipNewlines(false)
	}
}

func (p *parser) skipSeparators() {
	if p.ungot == nil || p.ungot.Kind == NewLine || p.ungot.Kind == Semi {
		p.ungot = nil
		p.lexer.skipNewlines(true)
	}
}

// setMode changes how tokens are read; the one given back is read again where
// it may be another in the new mode.
func (p *parser) setMode(m mode) {
	if m != p.mode && p.ungot != nil && !p.ungot.Kind.has(ParseModeInvariant) {
		p.resync(p.ungot.Start)
	}
	p.mode = m
}

func (p *parser) resync(start int) {
	p.ungot = nil
	p.lexer.resync(start)
}

// nextMemberAccess, nextInvocation and nextBracket read what must stand right
// here; after an error, when a token was given back, nothing does.
func (p *parser) nextMemberAccess(brackets bool) *Token {
	if p.ungot != nil {
		return nil
	}
	return p.memberAccess(brackets)
}

func (p *parser) nextInvocation() *Token {
	if p.ungot != nil {
		return nil
	}
	return p.openInvocation()
}

func (p *parser) nextBracket() *Token {
	if p.ungot == nil {
		return p.openBracket()
	}
	if p.ungot.Kind == LBracket {
		return p.nextToken()
	}
	return nil
}

// syncOnError skips tokens up to one of these kinds outside brackets. A
// closing bracket among them is the one of a bracket that is open already.
func (p *parser) syncOnError(consume bool, kinds ...Kind) {
	wanted := func(k Kind) bool {
		for _, x := range kinds {
			if x == k {
				return true
			}
		}
		return false
	}
	var open [3]int
	pairs := [3][2]Kind{{LParen, RParen}, {LCurly, RCurly}, {LBracket, RBracket}}
	for i, pair := range pairs {
		if wanted(pair[1]) {
			open[i] = 1
		}
	}
	for {
		t := p.nextToken()
		for i, pair := range pairs {
			if t.Kind == pair[0] {
				open[i]++
			}
			if t.Kind == pair[1] {
				if open[i]--; open[i] == 0 && wanted(t.Kind) {
					if !consume {
						p.unget(t)
					}
					return
				}
			}
		}
		if t.Kind == EndOfInput {
			p.unget(t)
			return
		}
		if wanted(t.Kind) && open == [3]int{} {
			return
		}
	}
}

// report adds an error that more input does not heal.
func (p *parser) report(at Extent, id string, args ...string) {
	p.errs.add(at, id, false, args...)
}

// expected adds an error that more input heals where nothing follows it.
func (p *parser) expected(at Extent, id string, args ...string) bool {
	return p.expectedAt(at, at, id, args...)
}

// expectedAt is expected, where the error was found elsewhere than where it is shown.
func (p *parser) expectedAt(at, found Extent, id string, args ...string) bool {
	incomplete := p.endOfScript(found)
	p.errs.add(at, id, incomplete, args...)
	return incomplete
}

func span(first, last Extent) Extent {
	if first == (Extent{}) {
		return last
	}
	if last == (Extent{}) {
		return first
	}
	return Extent{first.Start, last.End}
}

func after(e Extent) Extent { return Extent{e.End, e.End} }

// before is the place one character before an extent.
func (p *parser) before(e Extent) Extent {
	at := e.Start - 1
	for at > 0 && at < len(p.input) && p.input[at]&0xC0 == 0x80 {
		at--
	}
	at = max(at, 0)
	return Extent{at, at}
}

func isParameter(t *Token, name string) bool {
	return len(t.Name) <= len(name) && equalFold(t.Name, name[:len(t.Name)])
}
