package pipeline

import (
	"strings"

	"psdeck/session/clixml"
)

// exportCLIXML is Export-Clixml.
type exportCLIXML struct {
	*textFile
	depth int
	held  []clixml.Value
}

func newExportCLIXML(a *arguments) (Stage, error) {
	depth, err := a.ranged("Depth", 2, 1, 1<<30)
	if err != nil {
		return nil, err
	}
	t, err := newTextFile(a, "Path")
	return &exportCLIXML{textFile: t, depth: depth}, err
}

func (*exportCLIXML) Done() bool { return false }

func (e *exportCLIXML) Push(v clixml.Value) ([]clixml.Value, error) {
	e.held = append(e.held, v)
	return nil, nil
}

func (e *exportCLIXML) End() ([]clixml.Value, error) {
	t := trimmer{seen: map[*clixml.Object]map[int]*clixml.Object{}}
	values := make([]clixml.Value, len(e.held))
	for i, v := range e.held {
		values[i] = t.value(v, e.depth)
	}
	e.held = nil
	data, err := clixml.EncodeAll(values)
	if err != nil {
		return nil, fatal(e.command, "SerializationError", err.Error())
	}
	if err := e.write(indented(string(data), e.files.NewLine())); err != nil {
		return nil, err
	}
	err = e.finish()
	if t.secrets {
		err = together(err, &Warning{e.command, "A SecureString is not written to a file: the name of its type stands in its place."})
	}
	return nil, err
}

// trimmer cuts objects below a depth to their texts; containers are no level.
// Secrets become the name of their type.
type trimmer struct {
	seen    map[*clixml.Object]map[int]*clixml.Object
	secrets bool
}

func (t *trimmer) value(v clixml.Value, depth int) clixml.Value {
	if v.Kind() == clixml.KindSecureString {
		t.secrets = true
		return clixml.Str("System.Security.SecureString")
	}
	o := v.Object()
	if o == nil {
		return v
	}
	plain := o.Kind == clixml.PlainObject && o.Base.IsNull()
	if plain && depth == 0 {
		return clixml.Str(v.String())
	}
	if done := t.seen[o][depth]; done != nil {
		return clixml.Obj(done)
	}
	c := *o
	if t.seen[o] == nil {
		t.seen[o] = map[int]*clixml.Object{}
	}
	t.seen[o][depth] = &c
	below := max(depth-1, 0)
	c.Base = t.value(o.Base, depth)
	c.Props, c.Members, c.Sets = t.members(o.Props, below), t.members(o.Members, below), t.members(o.Sets, below)
	c.Items = nil
	for _, item := range o.Items {
		c.Items = append(c.Items, t.value(item, depth))
	}
	c.Entries = nil
	for _, entry := range o.Entries {
		c.Entries = append(c.Entries, clixml.Entry{Key: t.value(entry.Key, depth), Value: t.value(entry.Value, depth)})
	}
	return clixml.Obj(&c)
}

func (t *trimmer) members(list []clixml.Property, depth int) []clixml.Property {
	if len(list) == 0 {
		return nil
	}
	out := make([]clixml.Property, len(list))
	for i, p := range list {
		out[i] = clixml.Property{Name: p.Name, Value: t.value(p.Value, depth)}
	}
	return out
}

// indented puts each element on a line of its own, as PowerShell writes a file.
func indented(doc, newLine string) string {
	var b strings.Builder
	depth, text := 0, false
	for i := 0; i < len(doc); {
		end := strings.IndexByte(doc[i:], '>')
		if doc[i] != '<' || end < 0 {
			next := strings.IndexByte(doc[i:], '<')
			if next < 0 {
				next = len(doc) - i
			}
			b.WriteString(doc[i : i+next])
			text = true
			i += next
			continue
		}
		tag := doc[i : i+end+1]
		closes := strings.HasPrefix(tag, "</")
		if closes {
			depth--
		}
		empty := closes && i > 0 && !text && strings.HasPrefix(doc[:i][strings.LastIndexByte(doc[:i], '<'):], "<"+tag[2:len(tag)-1])
		if !text && !empty && b.Len() > 0 {
			b.WriteString(newLine + strings.Repeat("  ", depth))
		}
		b.WriteString(tag)
		if !closes && !strings.HasSuffix(tag, "/>") {
			depth++
		}
		text = false
		i += end + 1
	}
	return b.String()
}
