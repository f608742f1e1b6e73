package runspace

import (
	"strings"

	"psdeck/session/clixml"
)

// dotNet maps PowerShell's short type names to those of .NET.
func dotNet(short string) string {
	if elem, ok := strings.CutSuffix(short, "[]"); ok {
		return dotNet(elem) + "[]"
	}
	switch strings.ToLower(short) {
	case "", "object", "psobject":
		return "System.Object"
	case "switch", "switchparameter":
		return "System.Management.Automation.SwitchParameter"
	case "bool", "boolean":
		return "System.Boolean"
	case "int", "int32":
		return "System.Int32"
	case "long", "int64":
		return "System.Int64"
	case "hashtable":
		return "System.Collections.Hashtable"
	case "scriptblock":
		return "System.Management.Automation.ScriptBlock"
	case "pscredential":
		return "System.Management.Automation.PSCredential"
	case "securestring":
		return "System.Security.SecureString"
	case "actionpreference":
		return "System.Management.Automation.ActionPreference"
	case "version":
		return "System.Version"
	}
	if strings.Contains(short, ".") {
		return short
	}
	return "System." + strings.ToUpper(short[:1]) + short[1:]
}

// TypeName is the .NET type of a value: "" for $null.
func TypeName(v clixml.Value) string {
	if o := v.Object(); o != nil {
		if len(o.TypeNames) > 0 {
			return strings.TrimPrefix(o.TypeNames[0], "Deserialized.")
		}
		if o.Base.Kind() != clixml.KindNull {
			return TypeName(o.Base)
		}
		return "System.Object"
	}
	return v.Kind().TypeName()
}

func shortType(full string) string { return full[strings.LastIndexByte(full, '.')+1:] }

// bare takes the wrapping object off a primitive; a list or a real object
// stays as it is.
func bare(v clixml.Value) clixml.Value {
	if o := v.Object(); o != nil && o.Kind == clixml.PlainObject && !o.Base.IsNull() {
		return o.Base
	}
	return v
}

// listItems gives the items of a list value, or v itself as the only item.
func listItems(v clixml.Value) []clixml.Value {
	if isList(v) {
		return v.Object().Items
	}
	return []clixml.Value{v}
}

func isList(v clixml.Value) bool {
	o := v.Object()
	return o != nil && o.Kind != clixml.PlainObject && o.Kind != clixml.Dict
}

// Like compares a text with a pattern of PowerShell's -like: "*", "?" and
// "[a-c]" are wildcards, a backquote takes their meaning away, and letter case
// is ignored.
func Like(text, pattern string) bool {
	return like([]rune(strings.ToLower(text)), []rune(strings.ToLower(pattern)))
}

func like(text, pattern []rune) bool {
	for len(pattern) > 0 {
		if pattern[0] == '*' {
			for j := 0; j <= len(text); j++ {
				if like(text[j:], pattern[1:]) {
					return true
				}
			}
			return false
		}
		if len(text) == 0 {
			return false
		}
		n, ok := likeOne(text[0], pattern)
		if !ok {
			return false
		}
		text, pattern = text[1:], pattern[n:]
	}
	return len(text) == 0
}

// likeOne matches one character; n is how much of the pattern that took.
func likeOne(r rune, pattern []rune) (n int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '`':
		if len(pattern) > 1 {
			return 2, pattern[1] == r
		}
	case '[':
		end := 1
		for end < len(pattern) && pattern[end] != ']' {
			end++
		}
		if end == len(pattern) {
			break
		}
		set := pattern[1:end]
		for i := 0; i < len(set); i++ {
			if i+2 < len(set) && set[i+1] == '-' {
				ok = ok || set[i] <= r && r <= set[i+2]
				i += 2
				continue
			}
			ok = ok || set[i] == r
		}
		return end + 1, ok
	}
	return 1, pattern[0] == r
}
