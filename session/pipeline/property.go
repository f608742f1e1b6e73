package pipeline

import (
	"fmt"
	"regexp"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// property is one entry of a -Property list: a name, which may hold
// wildcards, or a computed value.
type property struct {
	name    string         // of a plain or wildcard property
	pattern *regexp.Regexp // of a wildcard
	block   *pslang.Block  // of a computed one
	label   string         // of a computed one, where given
	source  string         // the script block's text
	keys    map[string]clixml.Value
}

// properties reads a -Property list. The keys of a hashtable that are taken,
// lower case, are in allowed.
func (a *arguments) properties(name string, allowed string) ([]property, error) {
	e := a.exprs[name]
	if e == nil {
		return nil, nil
	}
	if sb, ok := e.(*pslang.ScriptBlock); ok {
		p, err := a.computed(clixml.Of(clixml.ScriptBlock(sb.Text)))
		return []property{p}, err
	}
	items, err := a.list(name)
	if err != nil {
		return nil, err
	}
	var out []property
	for _, item := range items {
		p, err := a.property(item, e.Span(), allowed)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func (a *arguments) property(item clixml.Value, at pslang.Extent, allowed string) (property, error) {
	o := item.Object()
	switch {
	case item.Kind() == clixml.KindScriptBlock:
		return a.computed(item)
	case o == nil || o.Kind != clixml.Dict:
		return named(item.String())
	}
	p := property{keys: map[string]clixml.Value{}}
	var expression clixml.Value
	for _, entry := range o.Entries {
		key, ok := hashKey(entry.Key.String(), allowed)
		switch {
		case !ok:
			return p, a.usage(at, "DictionaryKeyUnknown", "The '%s' key is not valid.", entry.Key)
		case key == "expression":
			expression = entry.Value
		case key == "name" || key == "label":
			p.label = entry.Value.String()
		default:
			p.keys[key] = entry.Value
		}
	}
	if expression.IsNull() {
		if p.label == "" {
			return p, a.usage(at, "DictionaryKeyMissing", "The mandatory 'expression' key is missing.")
		}
		expression = clixml.Str(p.label)
	}
	q, err := a.property(expression, at, allowed)
	q.label, q.keys = p.label, p.keys
	return q, err
}

// hashKey finds a key of a calculated property by its name or a prefix of it.
func hashKey(key, allowed string) (string, bool) {
	key = strings.ToLower(key)
	if key == "" {
		return "", false
	}
	if key == "n" || key == "l" {
		return "name", true
	}
	for _, k := range strings.Fields("name label expression " + allowed) {
		if strings.HasPrefix(k, key) {
			return k, true
		}
	}
	return "", false
}

func (a *arguments) computed(sb clixml.Value) (property, error) {
	b, err := pslang.BlockOf(sb.Text(), a.scope)
	if err != nil {
		return property{}, fmt.Errorf("%s: the script block {%s}: %w", a.name, sb.Text(), err)
	}
	return property{block: b, source: sb.Text()}, nil
}

func named(name string) (property, error) {
	p := property{name: name}
	if pslang.HasWildcard(name) {
		re, err := pslang.Wildcard(name, false)
		if err != nil {
			return p, err
		}
		p.pattern = re
	}
	return p, nil
}

// members lists an object's properties as -Property sees them: extended ones
// first, a dictionary's entries not among them.
func members(v clixml.Value) []clixml.Property {
	o := v.Object()
	if o == nil {
		if v.Kind() == clixml.KindString {
			return []clixml.Property{clixml.Prop("Length", pslang.Length(v.Text()))}
		}
		return nil
	}
	if len(o.Members) == 0 {
		return o.Props
	}
	out := append([]clixml.Property(nil), o.Props...)
	for _, m := range o.Members {
		if i := indexOf(out, m.Name); i >= 0 {
			out[i] = m
			continue
		}
		out = append(out, m)
	}
	return out
}

func indexOf(list []clixml.Property, name string) int {
	for i := range list {
		if strings.EqualFold(list[i].Name, name) {
			return i
		}
	}
	return -1
}

// cell is one value that a property gives for an object.
type cell struct {
	name   string
	value  clixml.Value
	exists bool
}

// resolve gives p's values for v: several where p is a wildcard.
func (p *property) resolve(v clixml.Value) ([]cell, error) {
	switch {
	case p.block != nil:
		out, err := p.block.Value(v)
		name := p.label
		if name == "" {
			name = p.source
		}
		return []cell{{name, out, err == nil}}, err
	case p.pattern != nil:
		var out []cell
		for _, m := range members(v) {
			if p.pattern.MatchString(m.Name) {
				out = append(out, cell{p.labelled(m.Name), m.Value, true})
			}
		}
		return out, nil
	}
	name := p.name
	if list := members(v); len(list) > 0 {
		if i := indexOf(list, name); i >= 0 {
			return []cell{{p.labelled(list[i].Name), list[i].Value, true}}, nil
		}
	}
	if o := v.Object(); o == nil || o.Kind != clixml.Dict {
		if x, ok := pslang.MemberOf(v, name); ok {
			return []cell{{p.labelled(canonical(v, name)), x, true}}, nil
		}
	}
	return []cell{{p.labelled(name), clixml.Null(), false}}, nil
}

// canonical is the name that .NET gives to a primitive's property.
func canonical(v clixml.Value, name string) string {
	for _, known := range []string{"Length", "Count", "Year", "Month", "Day", "Hour", "Minute", "Second", "Date", "DayOfWeek", "DayOfYear", "Kind", "Ticks"} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

func (p *property) labelled(name string) string {
	if p.label != "" {
		return p.label
	}
	return name
}
