package profile

import (
	"fmt"
	"strconv"
	"strings"
)

// Add gives text with another profile at its end. A value stands as a TOML
// string, several as a list; those of a key "session_option" as its table.
func Add(text, name string, settings []Setting) (string, error) {
	var b strings.Builder
	b.WriteString(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		b.WriteByte('\n')
	}
	if text != "" {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "[profile.%s]\n", bareOrQuoted(name))
	for _, s := range settings {
		fmt.Fprintf(&b, "%s = %s\n", s.Key, valueText(s))
	}
	after := b.String()
	if _, err := Parse(after); err != nil {
		return text, err
	}
	return after, nil
}

func valueText(s Setting) string {
	if s.Key == "session_option" {
		parts := make([]string, len(s.Values))
		for i, v := range s.Values {
			name, value, _ := strings.Cut(v, "=")
			segments := strings.Split(name, ".")
			for n := range segments {
				segments[n] = bareOrQuoted(segments[n])
			}
			parts[i] = strings.Join(segments, ".") + " = " + tomlString(value)
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	}
	if len(s.Values) == 1 && (s.Values[0] == "true" || s.Values[0] == "false") {
		return s.Values[0]
	}
	if len(s.Values) == 1 {
		return tomlString(s.Values[0])
	}
	parts := make([]string, len(s.Values))
	for i, v := range s.Values {
		parts[i] = tomlString(v)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func bareOrQuoted(key string) string {
	for _, r := range key {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return tomlString(key)
		}
	}
	return key
}

// tomlString writes a basic string ([TOML] 1.0): what is not printable is
// escaped as TOML knows it, which is not quite as Go does.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Remove gives text without a profile; what else is there stays as it is. false:
// there is no such profile, or it stands where only a person can take it out.
func Remove(text, name string) (string, bool) {
	f, err := Parse(text)
	if err != nil {
		return text, false
	}
	p, ok := f.Find(name)
	if !ok {
		return text, false
	}
	var kept strings.Builder
	inside := false
	var notes strings.Builder // at the end of what goes: they belong to the table behind it
	for line := range strings.Lines(text) {
		if table, is := header(line); is {
			inside = table == "profile."+p.Name || strings.HasPrefix(table, "profile."+p.Name+".")
			if !inside {
				kept.WriteString(notes.String())
			}
			notes.Reset()
		}
		switch {
		case !inside:
			kept.WriteString(line)
		case strings.HasPrefix(strings.TrimSpace(line), "#"):
			notes.WriteString(line)
		default:
			notes.Reset()
		}
	}
	after := strings.TrimRight(kept.String(), "\n")
	if after != "" {
		after += "\n"
	}
	left, err := Parse(after)
	if err != nil {
		return text, false
	}
	if _, still := left.Find(name); still || len(left.Profiles) != len(f.Profiles)-1 {
		return text, false
	}
	return after, true
}

// header is the name of the table that a line begins, its quotes taken off.
func header(line string) (string, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") || strings.HasPrefix(line, "[[") {
		return "", false
	}
	end := strings.LastIndexByte(line, ']')
	if end < 0 {
		return "", false
	}
	parts := strings.Split(line[1:end], ".")
	for i, p := range parts {
		p = strings.TrimSpace(p)
		if q, err := strconv.Unquote(p); err == nil {
			p = q
		}
		parts[i] = p
	}
	return strings.Join(parts, "."), true
}
