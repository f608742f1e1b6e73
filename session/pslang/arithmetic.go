package pslang

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// Add is the operator +.
func Add(left, right clixml.Value) (clixml.Value, error) { return arithmetic("+", left, right) }

// arithmetic applies + - * / % by the type of left.
func arithmetic(op string, left, right clixml.Value) (clixml.Value, error) {
	if items, ok := collection(left); ok && (op == "+" || op == "*") {
		return arrayArithmetic(op, items, right)
	}
	left, right = base(left), base(right)
	if op == "+" && left.IsNull() {
		return right, nil
	}
	if op == "*" && left.IsNull() {
		return left, nil
	}
	switch k := left.Kind(); {
	case (k == clixml.KindString || k == clixml.KindChar) && op == "+":
		return clixml.Str(left.String() + right.String()), nil
	case k == clixml.KindString && op == "*":
		return repeat(left.Text(), right)
	case k == clixml.KindDateTime || k == clixml.KindTimeSpan:
		return timeArithmetic(op, left, right)
	}
	a, err := operand(left)
	if err != nil {
		return a, err
	}
	b, err := operand(right)
	if err != nil {
		return b, err
	}
	switch {
	case a.Kind() == clixml.KindDecimal || b.Kind() == clixml.KindDecimal:
		return decimalArithmetic(op, a, b)
	case isReal(a) || isReal(b):
		return clixml.Double(realArithmetic(op, Float(a), Float(b))), nil
	}
	return integerArithmetic(op, a, b)
}

// operand makes a number of what stands in arithmetic.
func operand(v clixml.Value) (clixml.Value, error) {
	switch {
	case v.IsNull():
		return clixml.Int32(0), nil
	case isNumeric(v):
		return v, nil
	case v.Kind() == clixml.KindBool:
		return clixml.Int32(int32(boolInt(v))), nil
	case v.Kind() == clixml.KindChar:
		return clixml.Int32(int32(v.Any().(clixml.Char))), nil
	case v.Kind() == clixml.KindString:
		return parseNumber(v.Text(), "System.Int32")
	}
	return v, &conversionError{id: "MethodNotFound", msg: fmt.Sprintf("Method invocation failed: %q takes no part in arithmetic.", v)}
}

func arrayArithmetic(op string, items []clixml.Value, right clixml.Value) (clixml.Value, error) {
	if op == "+" {
		all := append([]clixml.Value(nil), items...)
		if more, ok := collection(right); ok {
			all = append(all, more...)
		} else {
			all = append(all, right)
		}
		return clixml.Obj(clixml.Array(all...)), nil
	}
	n, err := Convert(right, "int")
	if err != nil {
		return n, err
	}
	times, _ := n.Int()
	if times < 0 || times*int64(len(items)) > 1<<20 {
		return n, &conversionError{id: "ArgumentOutOfRange", msg: "The array would be too large."}
	}
	var all []clixml.Value
	for range times {
		all = append(all, items...)
	}
	return clixml.Obj(clixml.Array(all...)), nil
}

func repeat(s string, right clixml.Value) (clixml.Value, error) {
	n, err := Convert(right, "int")
	if err != nil {
		return n, err
	}
	times, _ := n.Int()
	if times < 0 || times*int64(len(s)) > 1<<26 {
		return n, &conversionError{id: "ArgumentOutOfRange", msg: "The string would be too long."}
	}
	return clixml.Str(strings.Repeat(s, int(times))), nil
}

func timeArithmetic(op string, left, right clixml.Value) (clixml.Value, error) {
	bad := &conversionError{id: "MethodNotFound", msg: fmt.Sprintf("The operator %s does not work on %q and %q.", op, left, right)}
	if op != "+" && op != "-" {
		return left, bad
	}
	if d, ok := left.Any().(clixml.DateTime); ok && op == "-" {
		if e, ok := right.Any().(clixml.DateTime); ok {
			return clixml.Of(clixml.TimeSpan(d.Ticks - e.Ticks)), nil
		}
	}
	span, err := convertKind(right, clixml.KindTimeSpan)
	if err != nil {
		return left, bad
	}
	t := int64(span.Any().(clixml.TimeSpan))
	if op == "-" {
		t = -t
	}
	if d, ok := left.Any().(clixml.DateTime); ok {
		d.Ticks += t
		return clixml.Of(d), nil
	}
	return clixml.Of(left.Any().(clixml.TimeSpan) + clixml.TimeSpan(t)), nil
}

func realArithmetic(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	}
	return math.Mod(a, b)
}

var errDivide = &conversionError{id: "RuntimeException", msg: "Attempted to divide by zero."}

func integerArithmetic(op string, a, b clixml.Value) (clixml.Value, error) {
	x, y := rational(a).Num(), rational(b).Num()
	out := new(big.Int)
	switch op {
	case "+":
		out.Add(x, y)
	case "-":
		out.Sub(x, y)
	case "*":
		out.Mul(x, y)
	default:
		if y.Sign() == 0 {
			return a, errDivide
		}
		rest := new(big.Int)
		out.QuoRem(x, y, rest)
		if op == "%" {
			out = rest
		} else if rest.Sign() != 0 {
			return clixml.Double(Float(a) / Float(b)), nil
		}
	}
	return integerResult(out, wide(a) || wide(b)), nil
}

func wide(v clixml.Value) bool {
	switch v.Kind() {
	case clixml.KindInt64, clixml.KindUInt64, clixml.KindUInt32:
		return true
	}
	return false
}

// integerResult keeps the operands' width; what does not fit becomes a double.
func integerResult(n *big.Int, wide bool) clixml.Value {
	if n.IsInt64() {
		i := n.Int64()
		if wide {
			return clixml.Int64(i)
		}
		if i == int64(int32(i)) {
			return clixml.Int32(int32(i))
		}
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return clixml.Double(f)
}

func decimalArithmetic(op string, a, b clixml.Value) (clixml.Value, error) {
	x, y := rational(a), rational(b)
	out := new(big.Rat)
	scale := max(decimalScale(a), decimalScale(b))
	switch op {
	case "+":
		out.Add(x, y)
	case "-":
		out.Sub(x, y)
	case "*":
		out.Mul(x, y)
		scale = decimalScale(a) + decimalScale(b)
	case "/":
		if y.Sign() == 0 {
			return a, errDivide
		}
		out.Quo(x, y)
		scale = exactScale(out)
	default:
		if y.Sign() == 0 {
			return a, errDivide
		}
		q := new(big.Rat).Quo(x, y)
		whole := new(big.Int).Quo(q.Num(), q.Denom())
		out.Sub(x, new(big.Rat).Mul(y, new(big.Rat).SetInt(whole)))
	}
	if isReal(a) || isReal(b) {
		scale = max(scale, exactScale(out))
	}
	v, ok := syntax.DecimalOf(out, scale)
	if !ok {
		return a, &conversionError{id: "RuntimeException", msg: "Value was either too large or too small for a Decimal."}
	}
	return v, nil
}

// exactScale is how many digits behind the point r needs, at most 28.
func exactScale(r *big.Rat) int {
	n, exact := r.FloatPrec()
	if !exact {
		return 28
	}
	return min(n, 28)
}

// roundEven rounds to the nearest integer, halves to the even one.
func roundEven(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(r.Num(), 1)
	twice.Add(twice, r.Denom())
	half := new(big.Int).Lsh(r.Denom(), 1)
	out, rest := new(big.Int).DivMod(twice, half, new(big.Int))
	if rest.Sign() == 0 && out.Bit(0) == 1 {
		out.Sub(out, big.NewInt(1))
	}
	return out
}
