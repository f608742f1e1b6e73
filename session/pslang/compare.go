package pslang

import (
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"psdeck/session/clixml"
)

// Comparer compares values by PowerShell's rules. It keeps collation tables
// and compiled patterns; it is not safe for concurrent use. The zero value is
// ready.
type Comparer struct {
	collators [2]*collate.Collator
	pattern   string
	compiled  *regexp.Regexp
	isLike    bool
}

// caseOperators have forms with i and c before their names.
var caseOperators = []string{
	"eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch",
	"contains", "notcontains", "in", "notin", "replace", "split",
}

// IsComparison tells whether op ("-eq", "-cnotlike", …) is a comparison
// operator that Compare takes.
func IsComparison(op string) bool {
	name, _ := caseOf(op)
	switch name {
	case "eq", "ne", "gt", "ge", "lt", "le", "like", "notlike", "match", "notmatch", "contains", "notcontains", "in", "notin":
		return true
	}
	return false
}

// caseOf splits an operator into its name and whether it minds case.
func caseOf(op string) (name string, sensitive bool) {
	name = strings.TrimPrefix(strings.ToLower(op), "-")
	for _, known := range caseOperators {
		if name == known {
			return name, false
		}
		if len(name) == len(known)+1 && name[1:] == known && (name[0] == 'c' || name[0] == 'i') {
			return known, name[0] == 'c'
		}
	}
	return name, false
}

// Compare applies a comparison operator by the type of left; a collection on
// the left is filtered.
func Compare(op string, left, right clixml.Value) (clixml.Value, error) {
	return new(Comparer).Compare(op, left, right)
}

// Compare applies a comparison operator by the type of left; a collection on
// the left is filtered.
func (c *Comparer) Compare(op string, left, right clixml.Value) (clixml.Value, error) {
	name, sensitive := caseOf(op)
	switch name {
	case "contains", "notcontains":
		return clixml.Bool(c.contains(left, right, sensitive) == (name == "contains")), nil
	case "in", "notin":
		return clixml.Bool(c.contains(right, left, sensitive) == (name == "in")), nil
	}
	items, ok := collection(left)
	if !ok {
		b, err := c.test(name, left, right, sensitive)
		return clixml.Bool(b), err
	}
	var kept []clixml.Value
	for _, x := range items {
		b, err := c.test(name, x, right, sensitive)
		if err != nil {
			return clixml.Null(), err
		}
		if b {
			if name == "like" || name == "notlike" {
				x = clixml.Str(x.String())
			}
			kept = append(kept, x)
		}
	}
	return clixml.Obj(clixml.Array(kept...)), nil
}

func (c *Comparer) contains(list, v clixml.Value, sensitive bool) bool {
	items, ok := collection(list)
	if !ok {
		items = []clixml.Value{list}
	}
	for _, x := range items {
		if c.Equal(x, v, sensitive) {
			return true
		}
	}
	return false
}

func (c *Comparer) test(name string, left, right clixml.Value, sensitive bool) (bool, error) {
	switch name {
	case "eq":
		return c.Equal(left, right, sensitive), nil
	case "ne":
		return !c.Equal(left, right, sensitive), nil
	case "like", "notlike", "match", "notmatch":
		return c.matches(name, left, right, sensitive)
	}
	n, err := c.Order(left, right, sensitive)
	switch name {
	case "gt":
		return n > 0, err
	case "ge":
		return n >= 0, err
	case "lt":
		return n < 0, err
	case "le":
		return n <= 0, err
	}
	return false, fmt.Errorf("-%s is no comparison operator", name)
}

func (c *Comparer) matches(name string, left, right clixml.Value, sensitive bool) (bool, error) {
	like := strings.HasSuffix(name, "like")
	pattern := right.String()
	key := fmt.Sprint(sensitive, pattern)
	if c.compiled == nil || c.pattern != key || c.isLike != like {
		compile := compileRegexp
		if like {
			compile = Wildcard
		}
		re, err := compile(pattern, sensitive)
		if err != nil {
			return false, err
		}
		c.compiled, c.pattern, c.isLike = re, key, like
	}
	return c.compiled.MatchString(left.String()) == (name == "like" || name == "match"), nil
}

// compileRegexp compiles a .NET expression as far as Go's language goes.
func compileRegexp(pattern string, sensitive bool) (*regexp.Regexp, error) {
	flags := "(?i)"
	if sensitive {
		flags = ""
	}
	re, err := regexp.Compile(flags + strings.ReplaceAll(pattern, "(?<", "(?P<"))
	if err != nil {
		return nil, &conversionError{id: "InvalidRegularExpression", msg: fmt.Sprintf("The regular expression pattern %s is not valid here: %v", pattern, err)}
	}
	return re, nil
}

// Equal is -eq of two single values: the right one is taken as the left one's type.
func (c *Comparer) Equal(left, right clixml.Value, sensitive bool) bool {
	left, right = base(left), base(right)
	switch {
	case left.IsNull() || right.IsNull():
		return left.IsNull() && right.IsNull()
	case left.Kind() == clixml.KindString:
		if sensitive {
			return left.Text() == right.String()
		}
		return strings.EqualFold(left.Text(), right.String())
	case isNumeric(left) && isNumeric(right):
		n, ordered := numericOrder(left, right)
		return ordered && n == 0
	case left.Kind() == clixml.KindObject:
		return left.Object() == right.Object()
	}
	r, err := convertKind(right, left.Kind())
	if err != nil {
		return false
	}
	if left.Kind() == clixml.KindChar && !sensitive {
		return strings.EqualFold(left.String(), r.String())
	}
	n, err := c.sameKindOrder(left, r)
	return err == nil && n == 0
}

// Order compares two single values as -lt and -gt do: the right one is taken
// as the left one's type.
func (c *Comparer) Order(left, right clixml.Value, sensitive bool) (int, error) {
	left, right = base(left), base(right)
	switch {
	case left.IsNull():
		return orderOfNull(right), nil
	case right.IsNull():
		return -orderOfNull(left), nil
	case left.Kind() == clixml.KindString:
		return c.OrderText(left.Text(), right.String(), sensitive), nil
	case isNumeric(left) && isNumeric(right):
		n, _ := numericOrder(left, right)
		return n, nil
	case left.Kind() == clixml.KindObject:
		return 0, &conversionError{id: "NotIcomparable", msg: fmt.Sprintf("Cannot compare %q because it is not IComparable.", left)}
	}
	r, err := convertKind(right, left.Kind())
	if err != nil && isNumeric(left) {
		return 0, err
	}
	if err != nil {
		return 0, &conversionError{id: conversionID(err), msg: fmt.Sprintf("Could not compare %q to %q. Error: %q", left, right, err)}
	}
	return c.sameKindOrder(left, r)
}

// orderOfNull compares $null to a value that is not $null: it stands before
// everything but negative numbers.
func orderOfNull(v clixml.Value) int {
	if v.IsNull() {
		return 0
	}
	if isNumeric(v) {
		if n, _ := numericOrder(v, clixml.Int32(0)); n < 0 {
			return 1
		}
	}
	return -1
}

// OrderText compares strings as the invariant culture does.
func (c *Comparer) OrderText(a, b string, sensitive bool) int {
	if a == b {
		return 0
	}
	i := 0
	var opts []collate.Option
	if sensitive {
		i = 1
	} else {
		opts = []collate.Option{collate.IgnoreCase}
	}
	if c.collators[i] == nil {
		c.collators[i] = collate.New(language.Und, opts...)
	}
	return c.collators[i].CompareString(a, b)
}

func (c *Comparer) sameKindOrder(a, b clixml.Value) (int, error) {
	switch a.Kind() {
	case clixml.KindBool:
		return boolInt(a) - boolInt(b), nil
	case clixml.KindDateTime:
		return compareInt(a.Any().(clixml.DateTime).Ticks, b.Any().(clixml.DateTime).Ticks), nil
	case clixml.KindTimeSpan:
		return compareInt(int64(a.Any().(clixml.TimeSpan)), int64(b.Any().(clixml.TimeSpan))), nil
	case clixml.KindChar:
		return compareInt(int64(a.Any().(clixml.Char)), int64(b.Any().(clixml.Char))), nil
	case clixml.KindVersion, clixml.KindSemanticVersion:
		return compareVersions(a.Text(), b.Text()), nil
	case clixml.KindGUID:
		return strings.Compare(a.String(), b.String()), nil
	case clixml.KindURI, clixml.KindXML, clixml.KindScriptBlock:
		return strings.Compare(a.Text(), b.Text()), nil
	}
	if isNumeric(a) && isNumeric(b) {
		n, _ := numericOrder(a, b)
		return n, nil
	}
	return 0, &conversionError{id: "NotIcomparable", msg: fmt.Sprintf("Cannot compare %q because it is not IComparable.", a)}
}

func boolInt(v clixml.Value) int {
	if v.True() {
		return 1
	}
	return 0
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
