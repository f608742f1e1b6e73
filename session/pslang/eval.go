package pslang

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang/syntax"
)

// Scope gives the values of variables.
type Scope interface {
	// Variable returns the value of $name. A scope qualifier (global:, script:,
	// local:, private:, variable:) is taken off; a drive such as env: is not.
	Variable(name string) (clixml.Value, bool)
}

// EvalError says why an expression has no value.
type EvalError struct {
	Extent
	ID  string // PowerShell's error id
	Msg string
}

func (e *EvalError) Error() string { return e.Msg }

// Eval gives the value of an expression. A variable that scope does not know
// is $null, as in PowerShell; scope may be nil. Its error is an *EvalError, or
// an *Error for an expression that is not run here.
func Eval(e Expr, scope Scope) (clixml.Value, error) {
	if err := checkExpr(e); err != nil {
		return clixml.Value{}, err
	}
	ev := &evaluator{scope: scope}
	return ev.eval(e)
}

// evaluator evaluates expressions; its Comparer is kept between comparisons.
type evaluator struct {
	scope Scope
	cmp   Comparer
	most  int  // how long a string or a list may become; 0: no bound but the operators' own
	turns *int // how often loops have turned, and what they gave; nil: there were none
}

func fault(e Expr, id, format string, args ...any) error {
	return &EvalError{Extent: e.Span(), ID: id, Msg: fmt.Sprintf(format, args...)}
}

func (ev *evaluator) eval(e Expr) (clixml.Value, error) {
	v, err := ev.evaluate(e)
	if err == nil && ev.most > 0 && ev.exceeds(v) {
		return clixml.Null(), fault(e, "ArgumentOutOfRange", "the value is too large to be worked out here")
	}
	return v, err
}

func (ev *evaluator) exceeds(v clixml.Value) bool {
	if v.Kind() == clixml.KindString {
		return len(v.Text()) > ev.most
	}
	o := v.Object()
	return o != nil && (len(o.Items) > ev.most || len(o.Entries) > ev.most)
}

func (ev *evaluator) evaluate(e Expr) (clixml.Value, error) {
	switch e := e.(type) {
	case *Constant:
		return e.Value, nil
	case *Variable:
		if e.Splat {
			return clixml.Null(), fault(e, "SplattingNotPermitted", "the splatted variable @%s is not taken here: write the parameters out", e.Name)
		}
		v, known := ev.lookup(e.Name)
		if !known {
			return v, unknownHere(e)
		}
		return v, nil
	case *Expandable:
		return ev.expandable(e)
	case *Array:
		return ev.array(e)
	case *Hashtable:
		return ev.hashtable(e)
	case *ScriptBlock:
		return clixml.Of(clixml.ScriptBlock(e.Text)), nil
	case *Paren:
		return ev.eval(e.Pipeline.Elements[0].Expr)
	case *SubExpression:
		return ev.subExpression(e)
	case *Cast:
		return ev.cast(e)
	case *Unary:
		return ev.unary(e)
	case *Binary:
		return ev.binary(e)
	case *Ternary:
		return ev.ternary(e)
	case *Member:
		return ev.member(e)
	case *Call:
		return ev.call(e)
	case *Index:
		return ev.index(e)
	}
	return clixml.Value{}, refusal(typeLiteral, e.Span())
}

// subExpression gives the output of $(…).
func (ev *evaluator) subExpression(e *SubExpression) (clixml.Value, error) {
	if list := e.Body.Statements; len(list) == 1 && list[0].Control == nil {
		return ev.eval(list[0].Pipeline.Elements[0].Expr)
	}
	if ev.turns == nil {
		ev.turns = new(int)
	}
	b := newBlock(e.Body, &Locals{Outer: ev.scope})
	b.flow.ev.turns = ev.turns // a loop within another's is bounded with it
	if ev.most > 0 {
		if err := b.Bound(ev.most); err != nil {
			return clixml.Null(), err
		}
	}
	return b.value(ev.variable("_"))
}

func (ev *evaluator) variable(name string) clixml.Value {
	v, _ := ev.lookup(name)
	return v
}

// lookup gives a variable's value; known is false for one that nobody set.
func (ev *evaluator) lookup(name string) (v clixml.Value, known bool) {
	if _, drive, rest := syntax.SplitVariable(name); drive == "" {
		name = rest
	}
	switch strings.ToLower(name) {
	case "true":
		return clixml.Bool(true), true
	case "false":
		return clixml.Bool(false), true
	case "null":
		return clixml.Null(), true
	}
	if ev.scope == nil {
		return clixml.Null(), true
	}
	return ev.scope.Variable(name)
}

func (ev *evaluator) expandable(e *Expandable) (clixml.Value, error) {
	var b strings.Builder
	for _, part := range e.Parts {
		v, err := ev.eval(part)
		if err != nil {
			return v, err
		}
		b.WriteString(v.String())
	}
	return clixml.Str(b.String()), nil
}

func (ev *evaluator) array(e *Array) (clixml.Value, error) {
	items := make([]clixml.Value, 0, len(e.Items))
	for _, x := range e.Items {
		v, err := ev.eval(x)
		if err != nil {
			return v, err
		}
		if nested, ok := x.(*Variable); e.Sub && ok && v.IsNull() && strings.HasPrefix(nested.Name, NestedName) {
			continue // the command gave nothing
		}
		if e.Sub && !v.IsNull() { // a statement's output is enumerated
			items = append(items, Enumerate(v)...)
			continue
		}
		items = append(items, v)
	}
	return clixml.Obj(clixml.Array(items...)), nil
}

func (ev *evaluator) hashtable(e *Hashtable) (clixml.Value, error) {
	h := clixml.Hashtable()
	for _, entry := range e.Entries {
		k, err := ev.eval(entry.Key)
		if err != nil {
			return k, err
		}
		v, err := ev.eval(entry.Value)
		if err != nil {
			return v, err
		}
		for _, old := range h.Entries {
			if sameKey(old.Key, k) {
				return v, fault(entry.Key, "DuplicateKeyInHashLiteral", "Duplicate keys '%s' are not allowed in hash literals.", k)
			}
		}
		h.Entries = append(h.Entries, clixml.Entry{Key: k, Value: v})
	}
	return clixml.Obj(h), nil
}

func sameKey(a, b clixml.Value) bool {
	if a.Kind() == clixml.KindString && b.Kind() == clixml.KindString {
		return strings.EqualFold(a.Text(), b.Text())
	}
	x, okx := a.Int()
	y, oky := b.Int()
	return a.Kind() == b.Kind() && okx && oky && x == y
}

func (ev *evaluator) cast(e *Cast) (clixml.Value, error) {
	v, err := ev.eval(e.X)
	if err != nil {
		return v, err
	}
	out, err := Convert(v, e.Type)
	if err != nil {
		return out, &EvalError{Extent: e.Extent, ID: conversionID(err), Msg: err.Error()}
	}
	return out, nil
}

func (ev *evaluator) unary(e *Unary) (clixml.Value, error) {
	v, err := ev.eval(e.X)
	if err != nil {
		return v, err
	}
	switch e.Op {
	case "!", "-not":
		return clixml.Bool(!Truthy(v)), nil
	case "-join":
		return joined(v, ""), nil
	case "-split", "-csplit":
		return splitWords(v), nil
	case "-bnot":
		n, err := Convert(v, "long")
		if err != nil {
			return v, err
		}
		i, _ := n.Int()
		if i == int64(int32(i)) {
			return clixml.Int32(^int32(i)), nil
		}
		return clixml.Int64(^i), nil
	case "-", "+":
		out, err := arithmetic(e.Op, clixml.Int32(0), v)
		if err != nil {
			return out, fault(e, "BadOperatorArgument", "%v", err)
		}
		return out, nil
	}
	return v, refusal(construct{"the unary operator " + e.Op, otherOperator.advice}, e.Extent)
}

// evaluates tells whether a binary operator is run here.
func evaluates(op string) bool {
	switch op {
	case "-and", "-or", "-xor", "+", "-", "*", "/", "%", "..", "-join", "??", "-band", "-bor", "-bxor", "-replace", "-ireplace", "-creplace",
		"-split", "-csplit", "-shl", "-shr", "-f":
		return true
	}
	return IsComparison(op)
}

func (ev *evaluator) binary(e *Binary) (clixml.Value, error) {
	left, err := ev.eval(e.Left)
	if err != nil {
		return left, err
	}
	switch e.Op {
	case "-and":
		if !Truthy(left) {
			return clixml.Bool(false), nil
		}
	case "-or":
		if Truthy(left) {
			return clixml.Bool(true), nil
		}
	case "??":
		if !left.IsNull() {
			return left, nil
		}
		return ev.eval(e.Right)
	case "-is", "-isnot", "-as":
		if t, ok := e.Right.(*TypeLiteral); ok {
			return typeOperator(e.Op, left, t.Name)
		}
	}
	right, err := ev.eval(e.Right)
	if err != nil {
		return right, err
	}
	out, err := ev.apply(e.Op, left, right)
	if err != nil {
		return out, &EvalError{Extent: e.Extent, ID: conversionID(err), Msg: err.Error()}
	}
	if name, _ := caseOf(e.Op); name == "match" {
		ev.matched(left, out)
	}
	return out, nil
}

// matched sets $Matches behind a -match of one value that held.
func (ev *evaluator) matched(left, held clixml.Value) {
	s, ok := ev.scope.(interface {
		Assign(name string, v clixml.Value)
	})
	if ok && held.Kind() == clixml.KindBool && held.True() {
		s.Assign("Matches", groupsOf(ev.cmp.compiled, ev.cmp.compiled.FindStringSubmatch(left.String())))
	}
}

func (ev *evaluator) apply(op string, left, right clixml.Value) (clixml.Value, error) {
	switch op {
	case "-and", "-or":
		return clixml.Bool(Truthy(right)), nil
	case "-xor":
		return clixml.Bool(Truthy(left) != Truthy(right)), nil
	case "-join":
		return joined(left, right.String()), nil
	case "-replace", "-ireplace", "-creplace":
		return replace(op, left, right)
	case "-split", "-csplit":
		return split(left, right, op == "-csplit")
	case "-f":
		return composite(left, right)
	case "-shl", "-shr":
		return shift(op, left, right)
	case "..":
		return span(left, right)
	case "-band", "-bor", "-bxor":
		return bitwise(op, left, right)
	case "+", "-", "*", "/", "%":
		return arithmetic(op, left, right)
	}
	return ev.cmp.Compare(op, left, right)
}

func typeOperator(op string, v clixml.Value, name string) (clixml.Value, error) {
	if op == "-as" {
		out, err := Convert(v, name)
		if err != nil {
			return clixml.Null(), nil
		}
		return out, nil
	}
	return clixml.Bool(isType(v, name) == (op == "-is")), nil
}

func joined(v clixml.Value, sep string) clixml.Value {
	items := Enumerate(v)
	list := make([]string, len(items))
	for i, x := range items {
		list[i] = x.String()
	}
	return clixml.Str(strings.Join(list, sep))
}

// span is the operator a..b.
func span(left, right clixml.Value) (clixml.Value, error) {
	a, err := Convert(left, "int")
	if err != nil {
		return a, err
	}
	b, err := Convert(right, "int")
	if err != nil {
		return b, err
	}
	from, _ := a.Int()
	to, _ := b.Int()
	step := int64(1)
	if to < from {
		step = -1
	}
	const most = 1 << 20
	if (to-from)*step > most {
		return a, &conversionError{id: "RangeTooLarge", msg: "The range is too large."}
	}
	items := make([]clixml.Value, 0, (to-from)*step+1)
	for n := from; ; n += step {
		items = append(items, clixml.Int32(int32(n)))
		if n == to {
			return clixml.Obj(clixml.Array(items...)), nil
		}
	}
}

func bitwise(op string, left, right clixml.Value) (clixml.Value, error) {
	a, err := Convert(left, "long")
	if err != nil {
		return a, err
	}
	b, err := Convert(right, "long")
	if err != nil {
		return b, err
	}
	x, _ := a.Int()
	y, _ := b.Int()
	switch op {
	case "-band":
		x &= y
	case "-bor":
		x |= y
	default:
		x ^= y
	}
	if x == int64(int32(x)) {
		return clixml.Int32(int32(x)), nil
	}
	return clixml.Int64(x), nil
}

// IsType is the operator -is; known is false for a type that is not known here.
func IsType(v clixml.Value, name string) (is, known bool) {
	return isType(v, name), knownType(name)
}
