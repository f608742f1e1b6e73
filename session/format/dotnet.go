package format

import (
	"math/big"
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

// formatted applies a .NET format string to v, in the culture; ok is
// false where the string does not fit the value, and the value is then printed
// as without it.
func (c *culture) formatted(v clixml.Value, format string) (string, bool) {
	if o := v.Object(); o != nil && !o.Base.IsNull() {
		v = o.Base
	}
	if strings.Contains(format, "{0") || strings.Contains(format, "}") {
		return c.composite(v, format)
	}
	return c.apply(v, format)
}

// composite fills v into a string like "{0,10:N2} MB".
func (c *culture) composite(v clixml.Value, format string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		x := format[i]
		if (x == '{' || x == '}') && i+1 < len(format) && format[i+1] == x {
			b.WriteByte(x)
			i++
			continue
		}
		if x == '}' {
			return "", false
		}
		if x != '{' {
			b.WriteByte(x)
			continue
		}
		end := strings.IndexByte(format[i:], '}')
		if end < 0 {
			return "", false
		}
		s, ok := c.hole(v, format[i+1:i+end])
		if !ok {
			return "", false
		}
		b.WriteString(s)
		i += end
	}
	return b.String(), true
}

// hole writes v for the inside of one pair of braces: index,width:format.
func (c *culture) hole(v clixml.Value, inside string) (string, bool) {
	inside, format, _ := strings.Cut(inside, ":")
	index, width, hasWidth := strings.Cut(inside, ",")
	if strings.TrimSpace(index) != "0" {
		return "", false
	}
	s, ok := c.apply(v, format)
	if !ok || !hasWidth {
		return s, ok
	}
	n, err := strconv.Atoi(strings.TrimSpace(width))
	if err != nil || n > 10000 || n < -10000 {
		return "", false
	}
	if n < 0 {
		return s + pad(-n-len([]rune(s))), true
	}
	return pad(n-len([]rune(s))) + s, true
}

// apply is ToString(format) of a number, a date or a duration; other types
// pay no attention to a format.
func (c *culture) apply(v clixml.Value, format string) (string, bool) {
	if format == "" {
		return c.text(v), true
	}
	switch x := v.Any().(type) {
	case clixml.DateTime:
		return c.dateFormat(x, format)
	case clixml.TimeSpan:
		return spanFormat(x, format)
	case string, bool, nil, clixml.Char, *clixml.Object, clixml.URI, clixml.XML, clixml.ScriptBlock, clixml.SecureString, []byte, clixml.SemanticVersion, clixml.Version:
		return v.String(), true
	}
	if v.Kind() == clixml.KindGUID {
		return guidFormat(v.String(), format)
	}
	letter := format[0]
	if letter|0x20 >= 'a' && letter|0x20 <= 'z' && strings.Trim(format[1:], "0123456789") == "" && len(format) <= 3 {
		digits := -1
		if len(format) > 1 {
			digits, _ = strconv.Atoi(format[1:])
		}
		return c.numberFormat(v, letter, digits)
	}
	return pictureFormat(v, format)
}

// numberFormat writes a number by one of .NET's standard formats. digits is
// the precision, negative for the culture's.
func (c *culture) numberFormat(v clixml.Value, letter byte, digits int) (string, bool) {
	switch letter {
	case 'G', 'g', 'R', 'r':
		return v.String(), true
	case 'D', 'd':
		return wholeFormat(v, digits)
	case 'X', 'x':
		return hexFormat(v, letter, digits)
	}
	if digits < 0 {
		digits = c.decimals
		if letter|0x20 == 'e' {
			digits = 6
		}
	}
	switch letter {
	case 'F', 'f':
		return fixed(v, digits, 0)
	case 'N', 'n':
		s, ok := fixed(v, digits, 0)
		return thousands(s), ok
	case 'P', 'p':
		s, ok := fixed(v, digits, 2)
		return thousands(s) + c.percent, ok
	case 'C', 'c':
		s, ok := fixed(v, digits, 0)
		if rest, minus := strings.CutPrefix(s, "-"); minus {
			return c.money[0] + thousands(rest) + c.money[1], ok
		}
		return strings.TrimLeft(c.money[0], "(-") + thousands(s), ok
	case 'E', 'e':
		return exponent(v, letter, digits)
	}
	return "", false
}

// fixed writes v times ten to the power of shift with so many decimals.
func fixed(v clixml.Value, digits, shift int) (string, bool) {
	var s string
	switch x := v.Any().(type) {
	case float64:
		s = fixedFloat(x, digits, shift)
	case float32:
		s = fixedFloat(float64(x), digits, shift)
	default:
		var ok bool
		if s, ok = fixedDecimal(v.String(), digits, shift); !ok {
			return "", false
		}
	}
	return s, true
}

func fixedFloat(f float64, digits, shift int) string {
	if f != f || f-f != 0 {
		return clixml.Double(f).String()
	}
	if shift == 0 {
		return strconv.FormatFloat(f, 'f', digits, 64)
	}
	s, _ := fixedDecimal(strconv.FormatFloat(f, 'f', 15, 64), digits, shift)
	return s
}

// fixedDecimal rounds the decimal text s half away from zero.
func fixedDecimal(s string, digits, shift int) (string, bool) {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return "", false
	}
	if shift != 0 {
		r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil)))
	}
	return r.FloatString(digits), true
}

// thousands puts a comma after each three digits.
func thousands(s string) string {
	rest, minus := strings.CutPrefix(s, "-")
	whole, fraction, has := strings.Cut(rest, ".")
	if strings.Trim(whole, "0123456789") != "" {
		return s
	}
	var b strings.Builder
	if minus {
		b.WriteByte('-')
	}
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if has {
		b.WriteString("." + fraction)
	}
	return b.String()
}

func wholeFormat(v clixml.Value, digits int) (string, bool) {
	switch v.Kind() {
	case clixml.KindSingle, clixml.KindDouble, clixml.KindDecimal:
		return "", false
	}
	s, minus := strings.CutPrefix(v.String(), "-")
	if len(s) < digits {
		s = strings.Repeat("0", digits-len(s)) + s
	}
	if minus {
		s = "-" + s
	}
	return s, true
}

func hexFormat(v clixml.Value, letter byte, digits int) (string, bool) {
	var s string
	switch x := v.Any().(type) {
	case uint64:
		s = strconv.FormatUint(x, 16)
	case int64:
		s = strconv.FormatUint(uint64(x), 16)
	case int32:
		s = strconv.FormatUint(uint64(uint32(x)), 16)
	case int16:
		s = strconv.FormatUint(uint64(uint16(x)), 16)
	case int8:
		s = strconv.FormatUint(uint64(uint8(x)), 16)
	default:
		n, ok := v.Int()
		if !ok {
			return "", false
		}
		s = strconv.FormatInt(n, 16)
	}
	if len(s) < digits {
		s = strings.Repeat("0", digits-len(s)) + s
	}
	if letter == 'X' {
		s = strings.ToUpper(s)
	}
	return s, true
}

// exponent writes 1.234560E+004: .NET's exponent has three digits.
func exponent(v clixml.Value, letter byte, digits int) (string, bool) {
	f, err := strconv.ParseFloat(v.String(), 64)
	if err != nil {
		return "", false
	}
	s := strconv.FormatFloat(f, letter, digits, 64)
	i := strings.IndexByte(s, letter)
	if i < 0 {
		return v.String(), true
	}
	power := s[i+2:]
	return s[:i+2] + strings.Repeat("0", max(0, 3-len(power))) + power, true
}

func guidFormat(s, format string) (string, bool) {
	switch format {
	case "D", "d":
		return s, true
	case "N", "n":
		return strings.ReplaceAll(s, "-", ""), true
	case "B", "b":
		return "{" + s + "}", true
	case "P", "p":
		return "(" + s + ")", true
	}
	return "", false
}

// pictureFormat writes a number by a picture like #,##0.00.
func pictureFormat(v clixml.Value, format string) (string, bool) {
	if _, err := strconv.ParseFloat(v.String(), 64); err != nil {
		return "", false
	}
	first := strings.IndexAny(format, "0#")
	last := strings.LastIndexAny(format, "0#")
	if first < 0 || strings.ContainsAny(format, ";'\"\\") {
		return "", false
	}
	picture, shift := format[first:last+1], 0
	if strings.Contains(format, "%") {
		shift = 2
	}
	whole, fraction, _ := strings.Cut(picture, ".")
	s, ok := fixed(v, strings.Count(fraction, "0")+strings.Count(fraction, "#"), shift)
	if !ok {
		return "", false
	}
	for range strings.Count(fraction, "#") {
		s = strings.TrimSuffix(s, "0")
	}
	s = strings.TrimSuffix(s, ".")
	minus := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	n, _, _ := strings.Cut(s, ".")
	if need := strings.Count(whole, "0"); len(n) < need {
		s = strings.Repeat("0", need-len(n)) + s
	}
	if strings.Contains(whole, ",") {
		s = thousands(s)
	}
	if minus {
		s = "-" + s
	}
	return format[:first] + s + format[last+1:], true
}
