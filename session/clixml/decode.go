package clixml

import (
	"strings"
)

// A Decoder reads CLIXML documents, one after the other, and keeps between
// them what repeats: member names, lists of type names, and working memory.
// The zero Decoder is ready. It is not safe for concurrent use.
//
// The values of a document share one copy of its text and lists of type names
// are shared between objects: replace [Object].TypeNames, never change its elements.
type Decoder struct {
	// Limits of every document from now on.
	Limits Limits

	lim   Limits // in force, defaults filled in
	src   string
	pos   int
	count int

	objects references[*Object]
	types   references[[]string]

	names     map[string]string   // raw N attribute: member name
	typeLists map[string][]string // raw content of a TN element: its names

	slab    []Object        // objects not handed out yet
	arena   strings.Builder // texts that differ from the document's
	scratch []byte
	decoded []byte
	// stacks of the members, items, … of all open elements
	properties []Property
	values     []Value
	entries    []Entry
	strings    []string
}

// Bounds of the intern tables and of the memory that is kept between documents.
const (
	maxNames      = 4096
	maxTypeLists  = 1024
	maxNameSize   = 128
	maxTypesSize  = 4096
	maxKeptStack  = 4096
	maxKeptBytes  = 1 << 20
	firstSlab     = 3
	maxSlab       = 64
	minArenaChunk = 128
)

// Decode reads one value, as the function [Decode] does.
func (d *Decoder) Decode(data []byte) (Value, error) {
	if err := d.begin(data); err != nil {
		return Value{}, err
	}
	defer d.end()
	if d.src == "" {
		return Value{}, nil
	}
	var v Value
	n, err := d.document(func(x Value) { v = x }, 1)
	if err != nil {
		return Value{}, err
	}
	if n != 1 {
		return Value{}, d.fail(len(d.src), "document without a value")
	}
	return v, nil
}

// DecodeAll reads all values of a document, as the function [DecodeAll] does.
func (d *Decoder) DecodeAll(data []byte) ([]Value, error) {
	if err := d.begin(data); err != nil {
		return nil, err
	}
	defer d.end()
	var all []Value
	if d.src == "" {
		return nil, nil
	}
	if _, err := d.document(func(x Value) { all = append(all, x) }, -1); err != nil {
		return nil, err
	}
	return all, nil
}

// begin takes the document's text: one copy, of which values keep parts.
func (d *Decoder) begin(data []byte) error {
	d.lim = d.Limits.withDefaults()
	if len(data) > d.lim.Size {
		return &LimitError{What: "size", Limit: d.lim.Size}
	}
	switch {
	case len(data) >= 3 && data[0] == 0xEF && data[1] == 0xBB && data[2] == 0xBF:
		d.src = validText(string(data[3:]))
	case len(data) >= 2 && data[0] == 0xFF && data[1] == 0xFE:
		d.src = fromUTF16(data, false)
	case len(data) >= 2 && data[0] == 0xFE && data[1] == 0xFF:
		d.src = fromUTF16(data, true)
	default:
		d.src = validText(string(data))
	}
	d.pos, d.count = 0, 0
	if d.names == nil {
		d.names = make(map[string]string)
		d.typeLists = make(map[string][]string)
	}
	return nil
}

// end lets go of the document.
func (d *Decoder) end() {
	d.src, d.slab = "", nil
	d.arena.Reset()
	d.objects.reset()
	d.types.reset()
	d.properties = emptied(d.properties)
	d.values = emptied(d.values)
	d.entries = emptied(d.entries)
	d.strings = emptied(d.strings)
	if cap(d.scratch) > maxKeptBytes {
		d.scratch = nil
	}
	if cap(d.decoded) > maxKeptBytes {
		d.decoded = nil
	}
}

// emptied returns an empty stack that refers to nothing.
func emptied[T any](s []T) []T {
	if cap(s) > maxKeptStack {
		return nil
	}
	clear(s[:cap(s)])
	return s[:0]
}

// document reads the values of a document, at most limit of them (any number
// where limit is negative).
func (d *Decoder) document(take func(Value), limit int) (int, error) {
	var t tag
	if err := d.skip(); err != nil {
		return 0, err
	}
	root := false
	if strings.HasPrefix(d.src[d.pos:], "<Objs") {
		if err := d.open(&t); err != nil {
			return 0, err
		}
		root = t.name == "Objs"
		if !root {
			d.pos = t.start
		} else if t.version != "" && !strings.HasPrefix(t.version, "1.") {
			return 0, d.fail(t.start, "unsupported CLIXML version "+quote(t.version))
		}
	}
	if root && t.empty {
		return 0, d.trailing()
	}
	for n := 0; ; n++ {
		if root {
			ok, err := d.more("Objs")
			if err != nil {
				return n, err
			}
			if !ok {
				return n, d.trailing()
			}
		} else {
			if err := d.skip(); err != nil {
				return n, err
			}
			if d.pos == len(d.src) {
				if n == 0 {
					return n, d.fail(d.pos, "document without an element")
				}
				return n, nil
			}
		}
		if n == limit {
			return n, d.fail(d.pos, "more than one value")
		}
		v, err := d.value(&t, 1)
		if err != nil {
			return n, err
		}
		take(v)
	}
}

// trailing demands that nothing follows the root.
func (d *Decoder) trailing() error {
	if err := d.skip(); err != nil {
		return err
	}
	if d.pos < len(d.src) {
		return d.fail(d.pos, "data after the document")
	}
	return nil
}

// tally counts one more value, member or name.
func (d *Decoder) tally() error {
	if d.count++; d.count > d.lim.Objects {
		return &LimitError{What: "objects", Limit: d.lim.Objects}
	}
	return nil
}

// value reads the element at d.pos, level levels below the document. t is the
// caller's, to be overwritten: the element's start tag, for its name.
func (d *Decoder) value(t *tag, level int) (Value, error) {
	if err := d.open(t); err != nil {
		return Value{}, err
	}
	return d.valueOf(t, level)
}

// valueOf reads the value whose start tag t has been read.
func (d *Decoder) valueOf(t *tag, level int) (Value, error) {
	if level >= d.lim.Depth {
		return Value{}, &LimitError{What: "depth", Limit: d.lim.Depth}
	}
	if err := d.tally(); err != nil {
		return Value{}, err
	}
	switch t.name {
	case "Obj":
		return d.object(t, level)
	case "Ref":
		if err := d.nothing(t); err != nil {
			return Value{}, err
		}
		if o, ok := d.objects.lookup(t.ref); ok && t.hasRef {
			return unwrapped(o), nil
		}
		return Value{}, d.fail(t.start, "reference to unknown object "+quote(t.ref))
	case "Nil":
		return Value{}, d.nothing(t)
	case "PR":
		return d.progress(t, level)
	}
	return d.primitive(t)
}

// nothing reads the end of an element that has no content.
func (d *Decoder) nothing(t *tag) error {
	if t.empty {
		return nil
	}
	if more, err := d.more(t.name); err != nil || !more {
		return err
	}
	return d.fail(d.pos, "element in "+quote(t.name))
}

// name gives the member name of t, PowerShell's escapes undone.
func (d *Decoder) name(t *tag) (string, error) {
	if !t.hasN {
		return "", d.fail(t.start, "element "+quote(t.name)+" without a name")
	}
	if name, ok := d.names[t.n]; ok {
		return name, nil
	}
	raw := t.n
	b, err := d.attributeText(t)
	if err != nil {
		return "", err
	}
	name := string(unescapeName(nil, b))
	if len(raw) <= maxNameSize {
		if len(d.names) == maxNames {
			clear(d.names)
		}
		d.names[strings.Clone(raw)] = name
	}
	return name, nil
}

// attributeText gives the N attribute with references resolved and white space
// normalized.
func (d *Decoder) attributeText(t *tag) (string, error) {
	if strings.IndexByte(t.n, '&') < 0 && !strings.ContainsAny(t.n, "\r\n\t") {
		return t.n, nil
	}
	s := t.n
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; c {
		case '&':
			r, n := reference(s[i:])
			if n == 0 {
				return "", d.fail(t.start, "unknown reference in a name")
			}
			b = appendUnit(b, r)
			i += n
		case '\r', '\n', '\t':
			b = append(b, ' ')
			if i++; c == '\r' && i < len(s) && s[i] == '\n' {
				i++
			}
		default:
			b = append(b, c)
			i++
		}
	}
	return string(b), nil
}

// content reads the text of t with PowerShell's escapes undone.
func (d *Decoder) content(t *tag) (string, error) {
	s, special, err := d.text(t)
	if err != nil || !special {
		return s, err
	}
	for i := strings.IndexByte(s, '_'); i >= 0 && i+6 < len(s); {
		if s[i+1]|0x20 == 'x' {
			d.decoded = unescapeName(d.decoded[:0], s)
			return d.keep(d.decoded), nil
		}
		next := strings.IndexByte(s[i+1:], '_')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return s, nil
}

// keep returns b as a string in the document's arena: the texts of a document
// that could not be parts of it share few allocations.
func (d *Decoder) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if d.arena.Cap()-d.arena.Len() < len(b) {
		d.arena.Reset()
		d.arena.Grow(max(len(b), minArenaChunk))
	}
	start := d.arena.Len()
	d.arena.Write(b)
	return d.arena.String()[start:]
}

// references maps the RefIds of a document, mostly 0, 1, 2, …, to what they name.
type references[T any] struct {
	dense []T
	other map[string]T
}

func (r *references[T]) set(id string, x T) {
	if n, ok := denseID(id); ok {
		if n < len(r.dense) {
			r.dense[n] = x
			return
		}
		if n == len(r.dense) {
			r.dense = append(r.dense, x)
			return
		}
	}
	if r.other == nil {
		r.other = make(map[string]T)
	}
	r.other[id] = x
}

func (r *references[T]) lookup(id string) (T, bool) {
	if n, ok := denseID(id); ok && n < len(r.dense) {
		return r.dense[n], true
	}
	x, ok := r.other[id]
	return x, ok
}

func (r *references[T]) reset() {
	r.dense, r.other = emptied(r.dense), nil
}

// denseID reads a decimal number in canonical form.
func denseID(id string) (int, bool) {
	if id == "" || len(id) > 8 || id[0] == '0' && id != "0" {
		return 0, false
	}
	n := 0
	for i := range len(id) {
		if id[i] < '0' || id[i] > '9' {
			return 0, false
		}
		n = n*10 + int(id[i]-'0')
	}
	return n, true
}
