package complete

import (
	"slices"
	"strings"

	"psdeck/session/clixml"
)

// accelerators are PowerShell's short names of types.
func accelerators() map[string]string {
	return map[string]string{
		"bool": "System.Boolean", "byte": "System.Byte", "char": "System.Char", "datetime": "System.DateTime", "decimal": "System.Decimal",
		"double": "System.Double", "float": "System.Single", "guid": "System.Guid", "hashtable": "System.Collections.Hashtable",
		"int": "System.Int32", "long": "System.Int64", "mailaddress": "System.Net.Mail.MailAddress", "pscredential": "System.Management.Automation.PSCredential",
		"pscustomobject": "System.Management.Automation.PSCustomObject", "psobject": "System.Management.Automation.PSObject", "regex": "System.Text.RegularExpressions.Regex",
		"sbyte": "System.SByte", "scriptblock": "System.Management.Automation.ScriptBlock", "securestring": "System.Security.SecureString",
		"semver": "System.Management.Automation.SemanticVersion", "short": "System.Int16", "string": "System.String", "switch": "System.Management.Automation.SwitchParameter",
		"timespan": "System.TimeSpan", "type": "System.Type", "uint": "System.UInt32", "ulong": "System.UInt64", "uri": "System.Uri",
		"ushort": "System.UInt16", "version": "System.Version", "xml": "System.Xml.XmlDocument", "cultureinfo": "System.Globalization.CultureInfo",
	}
}

// ShortType writes a type as PowerShell does in a syntax: by its short name,
// or without its namespace.
func ShortType(name string) string {
	name = strings.TrimPrefix(name, "Deserialized.")
	if inner, ok := strings.CutPrefix(name, "System.Nullable`1[["); ok {
		name, _, _ = strings.Cut(inner, ",")
	}
	base, array := strings.CutSuffix(name, "[]")
	for short, long := range accelerators() {
		if strings.EqualFold(long, base) {
			base = short
			break
		}
	}
	if !strings.Contains(base, "[") {
		base = base[strings.LastIndexByte(base, '.')+1:]
	}
	if array {
		return base + "[]"
	}
	return base
}

// valueType is the .NET type of a value.
func valueType(v clixml.Value) string {
	switch v.Kind() {
	case clixml.KindNull:
		return ""
	case clixml.KindObject:
		if names := v.Object().TypeNames; len(names) > 0 {
			return strings.TrimPrefix(names[0], "Deserialized.")
		}
		if v.Object().Kind == clixml.Dict {
			return "System.Collections.Hashtable"
		}
		return "System.Management.Automation.PSCustomObject"
	}
	return v.Kind().TypeName()
}

// typeName completes a type by its short name. Which types a session's .NET
// has is not known.
func (c *context) typeName(word string) {
	var names []string
	for short := range accelerators() {
		if hasPrefixFold(short, word) {
			names = append(names, short)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		long := accelerators()[n]
		c.add(Item{Text: n, List: long[strings.LastIndexByte(long, '.')+1:], Kind: TypeName})
	}
}
