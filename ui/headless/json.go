package headless

import (
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// maxJSONDepth bounds nesting; PowerShell's own objects end long before.
const maxJSONDepth = 50

// appendJSON writes v as JSON on one line: members in their order, numbers
// exact, dates, durations and XML as text, bytes in base64, enums by name. Whatever
// a terminal could act on is escaped.
func appendJSON(dst []byte, v clixml.Value) []byte {
	return (&jsonWriter{}).value(dst, v)
}

type jsonWriter struct {
	above  []*clixml.Object // the objects that are being written, to see a cycle
	values int              // written so far
}

// maxJSONValues bounds one object: a server may send few objects that hold each
// other in so many ways that their text would never end.
const maxJSONValues = 1 << 20

// decimal is what JSON takes for a number.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (w *jsonWriter) value(dst []byte, v clixml.Value) []byte {
	w.values++
	switch x := v.Any().(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, x)
	case *clixml.Object:
		return w.object(dst, x)
	case []byte:
		return appendText(dst, base64.StdEncoding.EncodeToString(x))
	case uuid.UUID:
		return appendText(dst, x.String())
	case clixml.Decimal:
		if !decimal.MatchString(string(x)) {
			return appendText(dst, string(x))
		}
		return append(dst, x...)
	case float32:
		return appendFloat(dst, float64(x), 32)
	case float64:
		return appendFloat(dst, x, 64)
	case clixml.DateTime:
		return appendText(dst, x.RoundTrip())
	case clixml.XML:
		return appendText(dst, string(x))
	case clixml.SecureString:
		return appendText(dst, "System.Security.SecureString")
	case uint8, int8, uint16, int16, uint32, int32, uint64, int64:
		return fmt.Appendf(dst, "%d", x)
	}
	return appendText(dst, v.String())
}

func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendText(dst, clixml.Double(f).String())
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

func (w *jsonWriter) object(dst []byte, o *clixml.Object) []byte {
	if slices.Contains(w.above, o) || len(w.above) == maxJSONDepth || w.values >= maxJSONValues {
		return appendText(dst, clixml.Obj(o).String())
	}
	w.above = append(w.above, o)
	defer func() { w.above = w.above[:len(w.above)-1] }()
	members := propertiesOf(o)
	switch {
	case o.Kind == clixml.Dict:
		return w.members(dst, len(o.Entries), func(i int) (string, clixml.Value) {
			return o.Entries[i].Key.String(), o.Entries[i].Value
		})
	case o.Kind != clixml.PlainObject:
		return w.list(dst, o.Items)
	case !o.Base.IsNull() && o.Is("System.Enum"):
		return appendText(dst, o.ToString)
	case !o.Base.IsNull() && len(members) == 0:
		return w.value(dst, o.Base)
	case len(members) == 0 && o.HasToString:
		return appendText(dst, o.ToString)
	}
	return w.members(dst, len(members), func(i int) (string, clixml.Value) { return members[i].Name, members[i].Value })
}

// propertiesOf is what an object shows: its adapted properties, then the
// extended ones; an extended one hides an adapted one of its name.
func propertiesOf(o *clixml.Object) []clixml.Property {
	switch {
	case len(o.Props) == 0:
		return o.Members
	case len(o.Members) == 0:
		return o.Props
	}
	all := make([]clixml.Property, 0, len(o.Props)+len(o.Members))
	for _, p := range o.Props {
		if !slices.ContainsFunc(o.Members, func(m clixml.Property) bool { return strings.EqualFold(m.Name, p.Name) }) {
			all = append(all, p)
		}
	}
	return append(all, o.Members...)
}

func (w *jsonWriter) list(dst []byte, items []clixml.Value) []byte {
	dst = append(dst, '[')
	for i, v := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.value(dst, v)
	}
	return append(dst, ']')
}

func (w *jsonWriter) members(dst []byte, n int, at func(int) (string, clixml.Value)) []byte {
	dst = append(dst, '{')
	for i := range n {
		name, v := at(i)
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, name), ':')
		dst = w.value(dst, v)
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// appendText writes a JSON string in which nothing but printable characters
// stands unescaped.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == utf8.RuneError && n == 1:
			var unit uint16
			unit, n = surrogateAt(s[i:])
			dst = appendUnit(dst, unit)
		case !unicode.IsPrint(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				dst = appendUnit(dst, unit)
			}
		default:
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return append(dst, '"')
}

// surrogateAt reads a lone surrogate as the value model keeps it, or one byte
// that is no text.
func surrogateAt(s string) (unit uint16, n int) {
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2]&0xc0 == 0x80 {
		return 0xd000 | uint16(s[1]&0x3f)<<6 | uint16(s[2]&0x3f), 3
	}
	return utf8.RuneError, 1
}

func appendUnit(dst []byte, u uint16) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}
