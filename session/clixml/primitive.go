package clixml

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// primitiveKind gives the kind of a primitive's element ([MS-PSRP] 2.2.5.1).
func primitiveKind(name string) Kind {
	switch name {
	case "S":
		return KindString
	case "C":
		return KindChar
	case "B":
		return KindBool
	case "DT":
		return KindDateTime
	case "TS":
		return KindTimeSpan
	case "By":
		return KindByte
	case "SB":
		return KindSByte
	case "U16":
		return KindUInt16
	case "I16":
		return KindInt16
	case "U32":
		return KindUInt32
	case "I32":
		return KindInt32
	case "U64":
		return KindUInt64
	case "I64":
		return KindInt64
	case "Sg":
		return KindSingle
	case "Db":
		return KindDouble
	case "D":
		return KindDecimal
	case "BA":
		return KindBytes
	case "G":
		return KindGUID
	case "URI":
		return KindURI
	case "XD":
		return KindXML
	case "SBK":
		return KindScriptBlock
	case "SS":
		return KindSecureString
	case "Version":
		return KindVersion
	case "SemanticVersion":
		return KindSemanticVersion
	}
	return KindNull
}

// primitive reads the primitive whose start tag t has been read.
func (d *Decoder) primitive(t *tag) (Value, error) {
	kind := primitiveKind(t.name)
	switch kind {
	case KindNull:
		return Value{}, d.fail(t.start, "unknown element "+quote(t.name))
	case KindString, KindURI, KindXML, KindScriptBlock, KindSecureString:
		s, err := d.content(t)
		return Value{kind: kind, str: s}, err
	}
	s, _, err := d.text(t)
	if err != nil {
		return Value{}, err
	}
	if v, ok := d.parse(kind, trim(s)); ok {
		return v, nil
	}
	if kind == KindBytes { // may be a secret
		return Value{}, d.fail(t.start, "malformed base64 in "+quote(t.name))
	}
	return Value{}, d.fail(t.start, "malformed value "+quote(s)+" in "+quote(t.name))
}

func trim(s string) string {
	if s != "" && (isSpace(s[0]) || isSpace(s[len(s)-1])) {
		return strings.Trim(s, " \t\r\n")
	}
	return s
}

// parse reads the text of a primitive that is no free text.
func (d *Decoder) parse(kind Kind, s string) (v Value, ok bool) {
	v.kind = kind
	switch kind {
	case KindBool:
		v.num, ok = parseBool(s)
	case KindDateTime:
		var t DateTime
		t, ok = parseDateTime(s)
		v.num, v.zone, v.offset = uint64(t.Ticks), t.Kind, t.Offset
	case KindTimeSpan:
		var t TimeSpan
		t, ok = parseTimeSpan(s)
		v.num = uint64(t)
	case KindSingle:
		var f float64
		f, ok = parseFloat(s, 32)
		v.num = uint64(math.Float32bits(float32(f)))
	case KindDouble:
		var f float64
		f, ok = parseFloat(s, 64)
		v.num = math.Float64bits(f)
	case KindDecimal:
		v.str, ok = parseDecimal(s)
	case KindBytes:
		v.str, ok = d.base64(s)
	case KindGUID:
		id, err := uuid.Parse(s)
		if ok = err == nil; ok {
			v.str = d.keep(id[:])
		}
	case KindVersion:
		v.str, ok = s, validVersion(s)
	case KindSemanticVersion:
		v.str, ok = s, s != ""
	default:
		v.num, ok = parseInteger(kind, s)
	}
	return v, ok
}

func parseBool(s string) (uint64, bool) {
	switch s {
	case "true", "1":
		return 1, true
	case "false", "0":
		return 0, true
	}
	return 0, false
}

// integerRange gives the largest magnitudes below and above zero of a kind.
func integerRange(kind Kind) (low, high uint64) {
	switch kind {
	case KindByte:
		return 0, math.MaxUint8
	case KindSByte:
		return 1 << 7, math.MaxInt8
	case KindUInt16, KindChar:
		return 0, math.MaxUint16
	case KindInt16:
		return 1 << 15, math.MaxInt16
	case KindUInt32:
		return 0, math.MaxUint32
	case KindInt32:
		return 1 << 31, math.MaxInt32
	case KindInt64:
		return 1 << 63, math.MaxInt64
	default:
		return 0, math.MaxUint64
	}
}

// parseInteger reads an integer of kind as .NET does: a sign and digits.
func parseInteger(kind Kind, s string) (uint64, bool) {
	low, high := integerRange(kind)
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" {
		return 0, false
	}
	var n uint64
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 || n > (math.MaxUint64-uint64(c))/10 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	if negative {
		return -n, n <= low
	}
	return n, n <= high
}

// parseFloat reads the text of XML Schema's or of .NET's floats. A number too
// large is infinite, as in .NET.
func parseFloat(s string, bits int) (float64, bool) {
	switch s {
	case "NaN":
		return math.NaN(), true
	case "INF", "Infinity", "+Infinity":
		return math.Inf(1), true
	case "-INF", "-Infinity":
		return math.Inf(-1), true
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, bits)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// validVersion tells whether s is two to four numbers of 31 bits.
func validVersion(s string) bool {
	parts := 0
	for more := true; more; parts++ {
		var part string
		part, s, more = strings.Cut(s, ".")
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil || n > math.MaxInt32 {
			return false
		}
	}
	return parts >= 2 && parts <= 4
}

// base64 reads the text of a BA element, white space anywhere.
func (d *Decoder) base64(s string) (string, bool) {
	b := d.scratch[:0]
	for i := range len(s) {
		if !isSpace(s[i]) {
			b = append(b, s[i])
		}
	}
	d.scratch = b
	n, err := base64.StdEncoding.Decode(b, b)
	if err != nil {
		return "", false
	}
	return d.keep(b[:n]), true
}
