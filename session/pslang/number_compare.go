package pslang

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

// base takes the primitive out of an object that wraps one.
func base(v clixml.Value) clixml.Value {
	if o := v.Object(); o != nil && !o.Base.IsNull() {
		return base(o.Base)
	}
	return v
}

func isNumeric(v clixml.Value) bool {
	switch v.Kind() {
	case clixml.KindByte, clixml.KindSByte, clixml.KindUInt16, clixml.KindInt16, clixml.KindUInt32, clixml.KindInt32,
		clixml.KindUInt64, clixml.KindInt64, clixml.KindSingle, clixml.KindDouble, clixml.KindDecimal:
		return true
	}
	return false
}

// Numeric tells whether v is a number, also one that an object wraps.
func Numeric(v clixml.Value) bool { return isNumeric(base(v)) }

func isReal(v clixml.Value) bool {
	return v.Kind() == clixml.KindSingle || v.Kind() == clixml.KindDouble
}

// Float gives a number, a boolean or a character as a float64.
func Float(v clixml.Value) float64 {
	switch x := base(v).Any().(type) {
	case float64:
		return x
	case float32:
		return float64(x)
	case uint64:
		return float64(x)
	case clixml.Decimal:
		f, _ := strconv.ParseFloat(string(x), 64)
		return f
	case bool:
		if x {
			return 1
		}
		return 0
	case clixml.Char:
		return float64(x)
	}
	i, _ := base(v).Int()
	return float64(i)
}

// rational gives a finite number exactly; a real one as .NET's cast to decimal
// takes it, with 15 digits.
func rational(v clixml.Value) *big.Rat {
	r := new(big.Rat)
	switch x := v.Any().(type) {
	case uint64:
		return r.SetInt(new(big.Int).SetUint64(x))
	case float64:
		r.SetString(strconv.FormatFloat(x, 'g', 15, 64))
		return r
	case float32:
		r.SetString(strconv.FormatFloat(float64(x), 'g', 7, 32))
		return r
	case clixml.Decimal:
		r.SetString(string(x))
		return r
	}
	i, _ := v.Int()
	return r.SetInt64(i)
}

func decimalScale(v clixml.Value) int {
	_, fraction, _ := strings.Cut(v.Text(), ".")
	return len(fraction)
}

// numericOrder compares two numbers; ordered is false where one is NaN.
func numericOrder(a, b clixml.Value) (n int, ordered bool) {
	if a.Kind() == clixml.KindDecimal || b.Kind() == clixml.KindDecimal || !isReal(a) && !isReal(b) {
		if f := Float(a); math.IsInf(f, 0) || math.IsNaN(f) {
			return floatOrder(f, Float(b))
		}
		if f := Float(b); math.IsInf(f, 0) || math.IsNaN(f) {
			return floatOrder(Float(a), f)
		}
		x, okx := a.Int()
		y, oky := b.Int()
		if okx && oky {
			return compareInt(x, y), true
		}
		return rational(a).Cmp(rational(b)), true
	}
	return floatOrder(Float(a), Float(b))
}

func floatOrder(x, y float64) (int, bool) {
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	case x == y:
		return 0, true
	case math.IsNaN(x) && math.IsNaN(y):
		return 0, false
	case math.IsNaN(x):
		return -1, false
	}
	return 1, false
}

func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range 4 {
		p, q := int64(-1), int64(-1)
		if i < len(x) {
			p, _ = strconv.ParseInt(x[i], 10, 64)
		}
		if i < len(y) {
			q, _ = strconv.ParseInt(y[i], 10, 64)
		}
		if n := compareInt(p, q); n != 0 {
			return n
		}
	}
	return 0
}
