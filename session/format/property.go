package format

import (
	"regexp"
	"strings"

	"psdeck/session/clixml"
)

// properties lists the members of v that are shown where nobody names any:
// the object's own, then the extended ones, each name once.
func properties(v clixml.Value) []clixml.Property {
	o := v.Object()
	if o == nil || isEnum(o) {
		return primitiveProperties(v)
	}
	if len(o.TypeNames) > 0 && o.TypeNames[0] == ipAddress {
		o = withScope(o)
	}
	if len(o.Members) == 0 {
		return o.Props
	}
	if len(o.Props) == 0 {
		return o.Members
	}
	all := append(make([]clixml.Property, 0, len(o.Props)+len(o.Members)), o.Props...)
	for i := range o.Props {
		if v, ok := o.Get(o.Props[i].Name); ok {
			all[i].Value = v
		}
	}
	seen := make(map[string]bool, len(o.Props))
	for i := range o.Props {
		seen[strings.ToLower(o.Props[i].Name)] = true
	}
	for _, m := range o.Members {
		if !seen[strings.ToLower(m.Name)] {
			all = append(all, m)
		}
	}
	return all
}

const ipAddress = "System.Net.IPAddress"

// withScope gives an address the scope that PowerShell shows of it: a receiver
// makes a live address again, and an IPv4 address does not send its scope.
func withScope(o *clixml.Object) *clixml.Object {
	for i := range o.Props {
		if o.Props[i].Name == "ScopeId" {
			return o
		}
	}
	c := *o
	n := min(1, len(o.Props))
	c.Props = append(append(append([]clixml.Property(nil), o.Props[:n]...), clixml.Property{Name: "ScopeId"}), o.Props[n:]...)
	return &c
}

func isEnum(o *clixml.Object) bool {
	return o.Kind == clixml.PlainObject && !o.Base.IsNull() && o.Is("System.Enum")
}

// lookup returns a property by name. hint is where the last object had it:
// the objects of a stream are mostly alike.
func lookup(v clixml.Value, name string, hint *int) (clixml.Value, bool) {
	o := v.Object()
	if o == nil || isEnum(o) {
		return primitiveProperty(v, name)
	}
	if i := *hint; i < len(o.Members) && o.Members[i].Name == name {
		return o.Members[i].Value, true
	}
	if i := *hint; len(o.Members) == 0 && i < len(o.Props) && o.Props[i].Name == name {
		return o.Props[i].Value, true
	}
	for _, list := range [2][]clixml.Property{o.Members, o.Props} {
		for i := range list {
			if strings.EqualFold(list[i].Name, name) {
				*hint = i
				return list[i].Value, true
			}
		}
	}
	if len(o.Entries) > 0 {
		return o.Lookup(name)
	}
	return clixml.Value{}, name == "ScopeId" && len(o.TypeNames) > 0 && o.TypeNames[0] == ipAddress
}

// displaySet returns the names of the properties that the object's
// DefaultDisplayPropertySet names, where the object carries one.
func displaySet(v clixml.Value) []string {
	o := v.Object()
	if o == nil || len(o.Sets) == 0 {
		return nil
	}
	for _, set := range o.Sets {
		if !strings.EqualFold(set.Name, "PSStandardMembers") {
			continue
		}
		shown, _ := set.Value.Object().Get("DefaultDisplayPropertySet")
		return referenced(shown)
	}
	return nil
}

// referenced reads a property set: a list of names, or an object that has one.
func referenced(set clixml.Value) []string {
	o := set.Object()
	if o == nil {
		return nil
	}
	items := o.Items
	if names, ok := o.Get("ReferencedPropertyNames"); ok && names.Object() != nil {
		items = names.Object().Items
	}
	var names []string
	for _, item := range items {
		if s := item.String(); s != "" {
			names = append(names, s)
		}
	}
	return names
}

// hasWildcard tells whether name is a pattern.
func hasWildcard(name string) bool { return strings.ContainsAny(name, "*?[") }

// matcher makes a test of names of a PowerShell wildcard pattern.
func matcher(pattern string) func(string) bool {
	var b strings.Builder
	b.WriteString("(?is)^")
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			end := strings.IndexByte(pattern[i:], ']')
			if end < 2 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString("[" + strings.ReplaceAll(pattern[i+1:i+end], `\`, `\\`) + "]")
			i += end
		case '`':
			if i+1 < len(pattern) {
				i++
			}
			fallthrough
		default:
			_, size := decodeRune(pattern[i:])
			b.WriteString(regexp.QuoteMeta(pattern[i : i+size]))
			i += size - 1
		}
	}
	b.WriteByte('$')
	re, err := regexp.Compile(b.String())
	if err != nil {
		return func(s string) bool { return strings.EqualFold(s, pattern) }
	}
	return re.MatchString
}
