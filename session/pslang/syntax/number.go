package syntax

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

// literal is a number taken apart.
type literal struct {
	negative   bool
	base       int    // 10, 16 or 2
	digits     string // with point and exponent where real
	real       bool
	suffix     string // lower case: "", "l", "ul", "d", "n", "s", "us", "y", "uy", "u"
	multiplier int64
}

// ScanNumber reads a text that is a number and nothing else, with a sign. Plain
// tells that it is decimal and has no suffix.
func ScanNumber(text string) (v clixml.Value, plain, ok bool) {
	l := &lexer{input: text, src: text, errs: &errorList{}, mode: expressionMode}
	if text == "" || !isDigit(rune(text[0])) && text[0] != '.' && text[0] != '+' && !isDash(l.peek()) {
		return v, false, false
	}
	if (text[0] == '.' || text[0] == '+') && len(text) == 1 {
		return v, false, false
	}
	first := l.next()
	if isDash(first) || first == '+' {
		if r := l.peek(); !isDigit(r) && r != '.' {
			return v, false, false
		}
	}
	n, ok := l.numberText(first)
	if !ok || !l.ended() || n.digits == "." {
		return v, false, false
	}
	v, ok = n.value()
	return v, n.base == 10 && n.suffix == "", ok
}

func int32Value(n int32) clixml.Value { return clixml.Int32(n) }

func (l *lexer) numberToken(v clixml.Value) *Token {
	t := l.newToken(Number)
	t.Number = v
	return t
}

// scanNumber reads a number whose first character is taken; what only begins
// like one is a word.
func (l *lexer) scanNumber() *Token {
	l.pos = l.start
	first := l.next()
	n, ok := l.numberText(first)
	if !ok {
		return l.wordFromStart()
	}
	v, ok := n.value()
	if !ok {
		if l.mode != expressionMode {
			return l.wordFromStart()
		}
		l.errs.add(l.plain(l.start, l.pos), "BadNumericConstant", false, l.src[l.start:l.pos])
		v = clixml.Null()
	}
	return l.numberToken(v)
}

// numberText reads a number's characters behind the first, which is taken.
func (l *lexer) numberText(first rune) (n literal, ok bool) {
	n = literal{base: 10, multiplier: 1}
	if isDash(first) || first == '+' {
		n.negative = isDash(first)
		first = l.next()
	}
	ok = true
	switch r := l.peek() | 0x20; {
	case first == '.':
		ok = l.fraction(&n, l.pos-1)
	case first == '0' && r == 'x':
		l.pos++
		n.base = 16
		n.digits = l.run(isHexDigit)
	case first == '0' && r == 'b':
		l.pos++
		n.base = 2
		n.digits = l.run(isBinaryDigit)
		ok = n.digits != ""
	default:
		ok = l.decimal(&n, l.pos-1)
	}
	suffixed := l.suffix(&n)
	return n, suffixed && ok
}

func (l *lexer) run(is func(rune) bool) string {
	from := l.pos
	for is(l.peek()) {
		l.pos++
	}
	return l.src[from:l.pos]
}

func (l *lexer) decimal(n *literal, from int) bool {
	l.run(isDigit)
	switch r := l.peek(); {
	case r == '.' && l.at(l.pos+1) != '.':
		l.pos++
		return l.fraction(n, from)
	case r == 'e' || r == 'E':
		return l.fraction(n, from)
	}
	n.digits = l.src[from:l.pos]
	return true
}

// fraction reads digits and an exponent; the point before them is taken.
func (l *lexer) fraction(n *literal, from int) bool {
	n.real = true
	l.run(isDigit)
	if l.peek()|0x20 != 'e' {
		n.digits = l.src[from:l.pos]
		return true
	}
	l.pos++
	mantissa := l.src[from:l.pos]
	sign := ""
	if r := l.peek(); r == '+' || isDash(r) {
		if sign = "-"; r == '+' {
			sign = "+"
		}
		l.next()
	}
	digits := l.run(isDigit)
	n.digits = mantissa + sign + digits
	return digits != ""
}

// suffix reads a type, a multiplier, and checks that the number ends there.
func (l *lexer) suffix(n *literal) bool {
	ok := true
	from := l.pos
	if isTypeSuffix(l.peek()) {
		unsigned := l.peek()|0x20 == 'u'
		l.pos++
		if isTypeSuffix(l.peek()) {
			second := l.peek() | 0x20
			l.pos++
			ok = unsigned && (second == 'l' || second == 's' || second == 'y')
		}
	}
	n.suffix = strings.ToLower(l.src[from:l.pos])
	if m := multiplier(l.peek()); m != 0 {
		n.multiplier = m
		l.pos++
		if l.peek()|0x20 == 'b' {
			l.pos++
		} else {
			ok = false
		}
	}
	r := l.peek()
	return ok && (endsToken(r) || l.mode == expressionMode && endsNumber(r, l.ternaryNumbers))
}

// value gives the number its type: the smallest that fits, or the suffix's.
func (n literal) value() (clixml.Value, bool) {
	if n.real {
		return n.realValue()
	}
	if n.base == 10 && n.suffix == "" && len(n.digits) < 10 {
		i, _ := strconv.ParseInt(n.digits, 10, 64)
		if n.negative {
			i = -i
		}
		if i *= n.multiplier; i == int64(int32(i)) {
			return clixml.Int32(int32(i)), true
		}
	}
	i, suffix, ok := n.integer()
	if !ok {
		return clixml.Value{}, false
	}
	i.Mul(i, big.NewInt(n.multiplier))
	if suffix == "d" {
		return DecimalOf(new(big.Rat).SetInt(i), 0)
	}
	if v, ok := FitInteger(i, suffix); ok || suffix != "" || n.base != 10 {
		return v, ok
	}
	if v, ok := DecimalOf(new(big.Rat).SetInt(i), 0); ok {
		return v, ok
	}
	f, _ := new(big.Float).SetInt(i).Float64()
	return clixml.Double(f), true
}

// integer gives the number before its multiplier, and the suffix it counts
// for: as many digits as a type has carry its sign, and mean that type.
func (n literal) integer() (*big.Int, string, bool) {
	digits, suffix := n.digits, n.suffix
	if n.base == 16 {
		digits = "0" + digits
	}
	i, ok := new(big.Int).SetString(digits, n.base)
	if !ok {
		return nil, "", false
	}
	length := len(digits)
	if n.base == 16 && n.hexIsSigned(length) {
		length--
		if i.Bit(4*length-1) == 1 {
			i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(4*length)))
		}
	}
	if n.base == 2 && n.binaryIsSigned(length) {
		i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(length)))
	}
	if wide := map[int]int{16: 16, 2: 64}[n.base]; length == wide && (suffix == "" || suffix == "u") {
		suffix += "l"
	}
	if n.negative {
		i.Neg(i)
	}
	return i, suffix, true
}

// hexIsSigned tells whether digits, of this length with a zero before them, fill a type.
func (n literal) hexIsSigned(length int) bool {
	if strings.HasPrefix(n.suffix, "u") {
		return false
	}
	want := 8
	switch {
	case n.suffix == "y":
		want = 2
	case n.suffix == "s":
		want = 4
	case n.suffix == "l", length >= 16:
		want = 16
	}
	return length == want+1
}

func (n literal) binaryIsSigned(length int) bool {
	if strings.HasPrefix(n.suffix, "u") || n.digits[0] == '0' {
		return false
	}
	return length == 8 || length == 16 || length == 32 || length == 64 || length == 96 || length >= 128 && length%8 == 0
}

// FitInteger makes an integer of the type that a suffix names ("l", "ul",
// "s", …), or without one of the smallest of Int32 and Int64 that holds it.
func FitInteger(i *big.Int, suffix string) (clixml.Value, bool) {
	in := func(lo int64, hi uint64) bool {
		return i.Cmp(big.NewInt(lo)) >= 0 && i.Cmp(new(big.Int).SetUint64(hi)) <= 0
	}
	switch suffix {
	case "n":
		return BigInteger(i), true
	case "y":
		return clixml.Of(int8(i.Int64())), in(math.MinInt8, math.MaxInt8)
	case "s":
		return clixml.Of(int16(i.Int64())), in(math.MinInt16, math.MaxInt16)
	case "uy":
		return clixml.Of(uint8(i.Uint64())), in(0, math.MaxUint8)
	case "us":
		return clixml.Of(uint16(i.Uint64())), in(0, math.MaxUint16)
	case "ul":
		return clixml.Of(i.Uint64()), in(0, math.MaxUint64)
	case "l":
		return clixml.Int64(i.Int64()), in(math.MinInt64, math.MaxInt64)
	case "u":
		if in(0, math.MaxUint32) {
			return clixml.Of(uint32(i.Uint64())), true
		}
		return clixml.Of(i.Uint64()), in(0, math.MaxUint64)
	}
	if in(math.MinInt32, math.MaxInt32) {
		return clixml.Int32(int32(i.Int64())), true
	}
	return clixml.Int64(i.Int64()), in(math.MinInt64, math.MaxInt64)
}

// BigInteger makes a System.Numerics.BigInteger as CLIXML carries it.
func BigInteger(i *big.Int) clixml.Value {
	o := &clixml.Object{
		TypeNames: []string{"System.Numerics.BigInteger", "System.ValueType", "System.Object"},
		ToString:  i.String(), HasToString: true,
	}
	o.Props = []clixml.Property{
		clixml.Prop("IsPowerOfTwo", i.Sign() > 0 && new(big.Int).And(i, new(big.Int).Sub(i, big.NewInt(1))).Sign() == 0),
		clixml.Prop("IsZero", i.Sign() == 0),
		clixml.Prop("IsOne", i.Cmp(big.NewInt(1)) == 0),
		clixml.Prop("IsEven", i.Bit(0) == 0),
		clixml.Prop("Sign", i.Sign()),
	}
	return clixml.Obj(o)
}

func (n literal) realValue() (clixml.Value, bool) {
	if n.suffix == "d" {
		return n.decimalValue()
	}
	f, err := strconv.ParseFloat(n.digits, 64)
	if err != nil && !math.IsInf(f, 0) {
		return clixml.Value{}, false
	}
	if n.negative {
		f = -f
	}
	f *= float64(n.multiplier)
	if n.suffix == "" {
		return clixml.Double(f), true
	}
	if math.IsInf(f, 0) {
		return clixml.Value{}, false
	}
	i, _ := big.NewFloat(math.RoundToEven(f)).Int(nil)
	return FitInteger(i, n.suffix)
}

// maxDigits bounds what is worked out digit by digit.
const maxDigits = 400

func (n literal) decimalValue() (clixml.Value, bool) {
	if len(n.digits) > maxDigits {
		return clixml.Value{}, false
	}
	mantissa, exp, _ := strings.Cut(strings.ToLower(n.digits), "e")
	e, err := strconv.Atoi("0" + strings.TrimPrefix(strings.TrimPrefix(exp, "-"), "+"))
	if err != nil || e > maxDigits {
		return clixml.Value{}, false
	}
	r, ok := new(big.Rat).SetString(n.digits)
	if !ok {
		return clixml.Value{}, false
	}
	if n.negative {
		r.Neg(r)
	}
	_, fraction, _ := strings.Cut(mantissa, ".")
	scale := len(fraction)
	if strings.HasPrefix(exp, "-") {
		scale += e
	} else {
		scale -= e
	}
	r.Mul(r, new(big.Rat).SetInt64(n.multiplier))
	return DecimalOf(r, max(scale, 0))
}

// decimalBits is how many bits a System.Decimal's digits have.
const decimalBits = 96

// DecimalOf makes a System.Decimal with this many digits behind the point, or
// fewer where the value would not fit 96 bits.
func DecimalOf(r *big.Rat, scale int) (clixml.Value, bool) {
	for scale = min(scale, 28); scale >= 0; scale-- {
		s := r.FloatString(scale)
		digits, _ := new(big.Int).SetString(strings.NewReplacer(".", "", "-", "").Replace(s), 10)
		if digits.BitLen() <= decimalBits {
			return clixml.Of(clixml.Decimal(s)), true
		}
	}
	return clixml.Value{}, false
}
