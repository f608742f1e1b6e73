package pslang

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

func formatError(why string) error {
	return &conversionError{id: "FormatError", msg: "Error formatting a string: " + why + "."}
}

// composite is the operator -f: {index,width:format} in the left side stand
// for values of the right one, in the invariant culture.
func composite(left, right clixml.Value) (clixml.Value, error) {
	args, many := collection(right)
	if !many {
		args = []clixml.Value{right}
	}
	text := left.String()
	var b strings.Builder
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			b.WriteByte(c)
			i += 2
		case c == '}':
			return left, formatError(fmt.Sprintf("Input string was not in a correct format. Failure to parse near offset %d. Unexpected closing brace without a corresponding opening brace.", i+1))
		case c == '{':
			n, err := formatItem(&b, text, i+1, args)
			if err != nil {
				return left, err
			}
			i = n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return clixml.Str(b.String()), nil
}

// maxWidth bounds how wide an item is made.
const maxWidth = 1 << 16

// formatItem writes the item behind a brace and gives where the text goes on.
func formatItem(b *strings.Builder, text string, i int, args []clixml.Value) (int, error) {
	wrong := func(at int, why string) error {
		return formatError(fmt.Sprintf("Input string was not in a correct format. Failure to parse near offset %d. %s", at, why))
	}
	number := func() (n int, ok bool) {
		for i < len(text) && text[i] >= '0' && text[i] <= '9' && n < maxWidth {
			n, ok = n*10+int(text[i]-'0'), true
			i++
		}
		return n, ok
	}
	blanks := func() {
		for i < len(text) && text[i] == ' ' {
			i++
		}
	}
	index, ok := number()
	if !ok {
		return i, wrong(i, "Expected an ASCII digit.")
	}
	blanks()
	width, left := 0, false
	if i < len(text) && text[i] == ',' {
		i++
		blanks()
		if left = i < len(text) && text[i] == '-'; left {
			i++
		}
		if width, ok = number(); !ok {
			return i, wrong(i, "Expected an ASCII digit.")
		}
		blanks()
	}
	spec := ""
	if i < len(text) && text[i] == ':' {
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			return i, wrong(len(text), "Format item ends prematurely.")
		}
		spec = text[i+1 : i+end]
		i += end
	}
	if i >= len(text) || text[i] != '}' {
		return i, wrong(min(i, len(text)), "Format item ends prematurely.")
	}
	if index >= len(args) {
		return i, formatError("Index (zero based) must be greater than or equal to zero and less than the size of the argument list.")
	}
	s, err := formatValue(args[index], spec)
	if err != nil {
		return i, err
	}
	pad := strings.Repeat(" ", max(0, width-len(utf16.Encode([]rune(s)))))
	if left {
		b.WriteString(s + pad)
	} else {
		b.WriteString(pad + s)
	}
	return i + 1, nil
}

// formatValue writes a value as .NET's ToString(format) does.
func formatValue(v clixml.Value, spec string) (string, error) {
	v = base(v)
	if spec == "" {
		return v.String(), nil
	}
	switch x := v.Any().(type) {
	case clixml.DateTime:
		return formatDate(x, spec)
	case clixml.TimeSpan:
		return formatSpan(x, spec)
	case uuid.UUID:
		switch spec {
		case "N", "n":
			return strings.ReplaceAll(x.String(), "-", ""), nil
		case "B", "b":
			return "{" + x.String() + "}", nil
		case "P", "p":
			return "(" + x.String() + ")", nil
		case "D", "d":
			return x.String(), nil
		}
		return "", formatError("Format string can be only \"D\", \"d\", \"N\", \"n\", \"P\", \"p\", \"B\", \"b\", \"X\" or \"x\"")
	}
	if isNumeric(v) {
		return formatNumber(v, spec)
	}
	return v.String(), nil
}
