package pslang

import (
	"math"
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

// places are a number's decimal digits: 0.d × 10^point.
type places struct {
	negative bool
	d        string
	point    int
}

func placesOf(v clixml.Value) places {
	text := v.String()
	if isReal(v) {
		text = strconv.FormatFloat(Float(v), 'e', 14, 64) // .NET writes custom formats from 15 digits
	}
	p := places{}
	text, p.negative = strings.CutPrefix(text, "-")
	mantissa, exp, _ := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	e, _ := strconv.Atoi(exp)
	p.d, p.point = whole+fraction, len(whole)+e
	return p.trimmed()
}

func (p places) trimmed() places {
	n := len(p.d) - len(strings.TrimLeft(p.d, "0"))
	p.d, p.point = p.d[n:], p.point-n
	p.d = strings.TrimRight(p.d, "0")
	if p.d == "" {
		p.point = 0
	}
	return p
}

// rounded keeps this many digits behind the point; halves go away from zero.
func (p places) rounded(decimals int) places {
	keep := p.point + decimals
	if keep >= len(p.d) {
		return p
	}
	if keep < 0 {
		p.d, p.point = "", 0
		return p
	}
	up := p.d[keep] >= '5'
	d := []byte("0" + p.d[:keep])
	for i := len(d) - 1; up && i >= 0; i-- {
		if up = d[i] == '9'; up {
			d[i] = '0'
		} else {
			d[i]++
		}
	}
	p.d, p.point = string(d), p.point+1
	return p.trimmed()
}

// fixed gives the digits before and behind the point.
func (p places) fixed(decimals int) (whole, fraction string) {
	d := p.d
	if p.point <= 0 {
		d = strings.Repeat("0", -p.point) + d
	} else {
		if p.point > len(d) {
			d += strings.Repeat("0", p.point-len(d))
		}
		whole, d = d[:p.point], d[p.point:]
	}
	if len(d) < decimals {
		d += strings.Repeat("0", decimals-len(d))
	}
	return whole, d[:decimals]
}

func grouped(whole string) string {
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole
}

// fixedPoint writes a number with this many decimals. A double is rounded from
// its exact value, other numbers from their digits.
func fixedPoint(v clixml.Value, decimals int, groups bool) (text string, negative bool) {
	var whole, fraction string
	if isReal(v) {
		text, negative = strings.CutPrefix(strconv.FormatFloat(Float(v), 'f', decimals, 64), "-")
		whole, fraction, _ = strings.Cut(text, ".")
	} else {
		p := placesOf(v).rounded(decimals)
		whole, fraction = p.fixed(decimals)
		negative = p.negative
		if whole == "" {
			whole = "0"
		}
	}
	if groups {
		whole = grouped(whole)
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole, negative
}

func signed(text string, negative bool) string {
	if negative {
		return "-" + text
	}
	return text
}

const maxPrecision = 99

// formatNumber writes a number by a standard or a custom format.
func formatNumber(v clixml.Value, spec string) (string, error) {
	if f := Float(v); isReal(v) && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return v.String(), nil
	}
	precision := -1
	if n, err := strconv.Atoi(spec[1:]); err == nil && n >= 0 && spec[1] != '+' {
		precision = n
	}
	letter := spec[0] | 0x20
	if letter < 'a' || letter > 'z' || len(spec) > 1 && precision < 0 {
		return customNumber(v, spec)
	}
	if precision > maxPrecision {
		return "", formatError("Format specifier was invalid")
	}
	or := func(n int) int {
		if precision >= 0 {
			return precision
		}
		return n
	}
	switch letter {
	case 'n':
		return signed(fixedPoint(v, or(2), true)), nil
	case 'f':
		return signed(fixedPoint(v, or(2), false)), nil
	case 'c':
		text, negative := fixedPoint(v, or(2), true)
		if text = "¤" + text; negative {
			return "(" + text + ")", nil
		}
		return text, nil
	case 'p':
		hundred, err := arithmetic("*", v, clixml.Int32(100))
		if err != nil {
			return "", err
		}
		text, negative := fixedPoint(hundred, or(2), true)
		return signed(text+" %", negative), nil
	case 'e':
		return exponential(Float(v), spec[0], or(6), 3), nil
	case 'g', 'r':
		if letter == 'r' || precision <= 0 {
			return v.String(), nil
		}
		return general(Float(v), spec[0]-'G'+'E', precision), nil
	case 'd', 'x', 'b':
		return integerFormat(v, spec[0], precision)
	}
	return "", formatError("Format specifier was invalid")
}

func exponential(f float64, letter byte, precision, digits int) string {
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', precision, 64), "e")
	sign, exp := exp[:1], strings.TrimLeft(exp[1:], "0")
	return mantissa + string(letter) + sign + strings.Repeat("0", max(0, digits-len(exp))) + exp
}

func general(f float64, letter byte, precision int) string {
	text := exponential(f, letter, precision-1, 2)
	mantissa, exp, _ := strings.Cut(text, string(letter))
	e, _ := strconv.Atoi(exp)
	if e >= precision || e < -5 {
		if strings.Contains(mantissa, ".") {
			mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
		}
		return mantissa + string(letter) + exp
	}
	text = strconv.FormatFloat(f, 'f', max(0, precision-1-e), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

var integerBits = map[clixml.Kind]int{
	clixml.KindSByte: 8, clixml.KindByte: 8, clixml.KindInt16: 16, clixml.KindUInt16: 16, clixml.KindInt32: 32, clixml.KindUInt32: 32, clixml.KindInt64: 64, clixml.KindUInt64: 64,
}

func integerFormat(v clixml.Value, letter byte, precision int) (string, error) {
	bits, ok := integerBits[v.Kind()]
	if !ok {
		return "", formatError("Format specifier was invalid")
	}
	text, negative := "", false
	if letter|0x20 == 'd' {
		text, negative = strings.CutPrefix(v.String(), "-")
	} else {
		n, _ := v.Int()
		u := uint64(n)
		if bits < 64 {
			u &= 1<<bits - 1
		}
		text = strconv.FormatUint(u, map[byte]int{'x': 16, 'b': 2}[letter|0x20])
		if letter == 'X' {
			text = strings.ToUpper(text)
		}
	}
	return signed(strings.Repeat("0", max(0, precision-len(text)))+text, negative), nil
}
