package pslang

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

var multipliers = map[string]int64{"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50}

// numberText is a number split into its parts.
type numberText struct {
	negative   bool
	base       int    // 10, 16, 2
	digits     string // with point and exponent where real
	real       bool
	suffix     string // lower case: "", "l", "ul", "d", "n", "s", "us", "y", "uy", "u"
	multiplier int64
}

// number reads a number, or returns nil without moving where what stands here
// is a word. In a command a number must end where a token ends.
func (p *parser) number(inCommand bool) Expr {
	start := p.pos
	n, ok := p.scanNumber()
	if r := p.peek(); ok && !startsToken(r) && (inCommand || !startsTokenAfterNumber(r)) {
		ok = false
	}
	if !ok {
		p.pos = start
		return nil
	}
	v, ok := n.value()
	if !ok {
		p.fail("BadNumericConstant", start, p.pos, "Bad numeric constant: "+p.src[start:p.pos]+".")
	}
	p.token(NumberToken, start)
	return &Constant{Value: v, Text: p.src[start:p.pos], Extent: Extent{start, p.pos}}
}

func (p *parser) scanNumber() (numberText, bool) {
	n := numberText{base: 10, multiplier: 1}
	if r := p.peek(); isDash(r) || r == '+' {
		n.negative = isDash(r)
		p.next()
	}
	switch {
	case p.has("0x") || p.has("0X"):
		n.base = 16
		p.pos += 2
		n.digits = p.digits(isHexDigit)
	case p.has("0b") || p.has("0B"):
		n.base = 2
		p.pos += 2
		n.digits = p.digits(func(r rune) bool { return r == '0' || r == '1' })
	default:
		if !p.scanDecimal(&n) {
			return n, false
		}
	}
	if n.digits == "" {
		return n, false
	}
	n.suffix = strings.ToLower(p.suffix())
	if p.pos+2 <= p.end {
		if m, ok := multipliers[strings.ToLower(p.src[p.pos:p.pos+2])]; ok {
			n.multiplier = m
			p.pos += 2
		}
	}
	return n, true
}

func (p *parser) digits(is func(rune) bool) string {
	start := p.pos
	for is(p.peek()) {
		p.pos++
	}
	return p.src[start:p.pos]
}

func (p *parser) scanDecimal(n *numberText) bool {
	start := p.pos
	whole := p.digits(isDigit)
	fraction := ""
	if p.peek() == '.' && p.after() != '.' {
		p.pos++
		n.real = true
		fraction = p.digits(isDigit)
	}
	if whole == "" && fraction == "" {
		return false
	}
	if r := p.peek(); r == 'e' || r == 'E' {
		n.real = true
		p.pos++
		if r := p.peek(); r == '+' || isDash(r) {
			p.next()
		}
		if p.digits(isDigit) == "" {
			return false
		}
	}
	n.digits = strings.Map(func(r rune) rune {
		if isDash(r) {
			return '-'
		}
		return r
	}, p.src[start:p.pos])
	return true
}

func (p *parser) suffix() string {
	start := p.pos
	switch p.peek() {
	case 'u', 'U':
		p.pos++
		switch p.peek() {
		case 'l', 'L', 's', 'S', 'y', 'Y':
			p.pos++
		}
	case 'l', 'L', 's', 'S', 'y', 'Y', 'd', 'D', 'n', 'N':
		p.pos++
	}
	return p.src[start:p.pos]
}

func (n numberText) value() (clixml.Value, bool) {
	if n.suffix == "d" && n.base == 10 {
		return n.decimal()
	}
	if n.real {
		return n.realValue()
	}
	i, ok := n.integer()
	if !ok {
		return clixml.Value{}, false
	}
	i.Mul(i, big.NewInt(n.multiplier))
	if n.suffix == "d" {
		return decimalOf(new(big.Rat).SetInt(i), 0)
	}
	if n.suffix == "" && n.base != 10 && n.signBits() == 64 {
		return fitInteger(i, "l")
	}
	if v, ok := fitInteger(i, n.suffix); ok || n.suffix != "" || n.base != 10 {
		return v, ok
	}
	if v, ok := decimalOf(new(big.Rat).SetInt(i), 0); ok {
		return v, ok
	}
	f, _ := new(big.Float).SetInt(i).Float64()
	return clixml.Double(f), true
}

// integer gives the number before its multiplier. Hexadecimal and binary
// digits that fill a type carry its sign bit.
func (n numberText) integer() (*big.Int, bool) {
	i, ok := new(big.Int).SetString(n.digits, n.base)
	if !ok {
		return nil, false
	}
	if bits := n.signBits(); bits > 0 && i.Bit(bits-1) == 1 {
		i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	}
	if n.negative {
		i.Neg(i)
	}
	return i, true
}

// signBits is how many bits the digits fill, where their first is a sign; else 0.
func (n numberText) signBits() int {
	if strings.HasPrefix(n.suffix, "u") {
		return 0
	}
	switch l := len(n.digits); {
	case n.base == 16 && l == n.signedHexDigits():
		return 4 * l
	case n.base == 2 && (l == 8 || l == 16 || l == 32 || l == 64 || l == 96 || l >= 128):
		return l
	}
	return 0
}

func (n numberText) signedHexDigits() int {
	switch n.suffix {
	case "y":
		return 2
	case "s":
		return 4
	case "l":
		return 16
	}
	if len(n.digits)+1 < 16 {
		return 8
	}
	return 16
}

func fitInteger(i *big.Int, suffix string) (clixml.Value, bool) {
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

func (n numberText) realValue() (clixml.Value, bool) {
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
	return fitInteger(i, n.suffix)
}

func (n numberText) decimal() (clixml.Value, bool) {
	if len(n.digits) > 400 {
		return clixml.Value{}, false
	}
	mantissa, exp, _ := strings.Cut(strings.ToLower(n.digits), "e")
	e, err := strconv.Atoi("0" + strings.TrimPrefix(strings.TrimPrefix(exp, "-"), "+"))
	if err != nil || e > 400 {
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
	return decimalOf(r, max(scale, 0))
}

var maxDecimal, _ = new(big.Int).SetString("79228162514264337593543950335", 10)

// decimalOf makes a System.Decimal with this many digits behind the point, or
// fewer where the value would not fit 96 bits.
func decimalOf(r *big.Rat, scale int) (clixml.Value, bool) {
	for scale = min(scale, 28); scale >= 0; scale-- {
		s := r.FloatString(scale)
		digits, _ := new(big.Int).SetString(strings.NewReplacer(".", "", "-", "").Replace(s), 10)
		if digits.Cmp(maxDecimal) <= 0 {
			return clixml.Of(clixml.Decimal(s)), true
		}
	}
	return clixml.Value{}, false
}
