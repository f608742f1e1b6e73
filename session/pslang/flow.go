package pslang

import (
	"regexp"
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

// Machine does what stands in control flow: the statements, wherever they run,
// and the variables.
type Machine interface {
	Scope
	// Assign sets a variable; "_" is the object at hand.
	Assign(name string, v clixml.Value)
	// Do runs a statement that is no control flow, its assignment included, and
	// gives what it puts out to out. Clean tells that nothing in it went wrong.
	Do(s *Statement, out func([]clixml.Value)) (clean bool, err error)
	// Turn is asked before each turn of a loop; its error ends what runs.
	Turn(loop Control) error
	// Caught gives an error as a catch block sees it, and the names of the types
	// that its exception is of; ok is false for what cannot be caught.
	Caught(err error) (record clixml.Value, types []string, ok bool)
	// GoesOn tells whether a chain may go on behind a statement that ended with
	// an error, which the machine shows then.
	GoesOn(err error) bool
}

// Flow runs control flow on a machine, by PowerShell's rules. It keeps no
// state between runs; it is not safe for concurrent use.
type Flow struct {
	machine Machine
	ev      evaluator
	tries   int     // how many try bodies stand around
	handled []error // the errors that catch blocks around are for
	keeping int     // how many assignments take the output of what runs
}

// NewFlow makes a Flow for a machine.
func NewFlow(m Machine) *Flow { return &Flow{machine: m, ev: evaluator{scope: m}} }

// discard takes what nobody wants.
func discard([]clixml.Value) {}

// Keeps tells whether what runs now gives its output to a variable.
func (f *Flow) Keeps() bool { return f.keeping > 0 }

// Run runs statements one after another. Word is what left them early:
// "break", "continue", "return", or "".
func (f *Flow) Run(list []Statement, out func([]clixml.Value)) (word string, err error) {
	clean := true
	for i := range list {
		st := &list[i]
		if st.After == "&&" && !clean || st.After == "||" && clean {
			continue
		}
		if st.Control == nil {
			clean, err = f.machine.Do(st, out)
		} else {
			clean = true
			word, err = f.assigned(st, out)
		}
		if err != nil && f.tries == 0 && fallsBack(list[i+1:]) && f.machine.GoesOn(err) {
			clean, err = false, nil
		}
		if err != nil || word != "" {
			return word, err
		}
	}
	return "", nil
}

// fallsBack tells whether the rest of a chain has a statement for failures.
func fallsBack(rest []Statement) bool {
	for i := range rest {
		if rest[i].After == "||" {
			return true
		}
		if rest[i].After == "" {
			return false
		}
	}
	return false
}

// assigned runs control flow, and keeps its output where a variable takes it.
// What is left early assigns nothing.
func (f *Flow) assigned(st *Statement, out func([]clixml.Value)) (string, error) {
	if st.Assign == "" {
		return f.Control(st.Control, out)
	}
	var kept []clixml.Value
	f.keeping++
	word, err := f.Control(st.Control, func(vs []clixml.Value) { kept = append(kept, vs...) })
	f.keeping--
	if err != nil || word != "" {
		return word, err
	}
	v := together(kept)
	if st.Op != "" {
		if v, err = Apply(st.Op, f.ev.variable(st.Assign), v); err != nil {
			return "", err
		}
	}
	f.machine.Assign(st.Assign, v)
	return "", nil
}

// together is output as one value: $null, the one, or an array.
func together(values []clixml.Value) clixml.Value {
	switch len(values) {
	case 0:
		return clixml.Null()
	case 1:
		return values[0]
	}
	return clixml.Obj(clixml.Array(values...))
}

// Apply gives what "$x op= v" makes of the old value. Its error is an *EvalError.
func Apply(op string, old, v clixml.Value) (clixml.Value, error) {
	var ev evaluator
	out, err := ev.apply(op, old, v)
	if err != nil {
		return out, &EvalError{ID: conversionID(err), Msg: err.Error()}
	}
	return out, nil
}

// Control runs control flow; word is as Run's.
func (f *Flow) Control(c Control, out func([]clixml.Value)) (word string, err error) {
	switch c := c.(type) {
	case *If:
		return f.branch(c, out)
	case *ForEach:
		return f.forEach(c, out)
	case *While:
		return f.while(c, out)
	case *Switch:
		return f.choose(c, out)
	case *Try:
		return f.try(c, out)
	case *Throw:
		return "", f.throw(c)
	case *Leave:
		if c.Value == nil {
			return c.Word, nil
		}
		v, _, err := f.value(c.Value)
		if err != nil {
			return "", err
		}
		out(Enumerate(v))
		return c.Word, nil
	}
	return "", nil
}

// body runs a body; there may be none.
func (f *Flow) body(s *Script, out func([]clixml.Value)) (string, error) {
	if s == nil {
		return "", nil
	}
	return f.Run(s.Statements, out)
}

// value works a term out; nothing tells that it is a command that gave nothing,
// which counts as no value where values are gone through, and as $null elsewhere.
func (f *Flow) value(t *Term) (v clixml.Value, nothing bool, err error) {
	if len(t.First) > 0 {
		f.keeping++
		_, err := f.Run(t.First, discard)
		f.keeping--
		if err != nil {
			return clixml.Null(), false, err
		}
	}
	v, err = f.ev.eval(t.X)
	if x, ok := t.X.(*Variable); ok && v.IsNull() {
		nothing = strings.HasPrefix(x.Name, NestedName)
	}
	return v, nothing, err
}

func (f *Flow) branch(c *If, out func([]clixml.Value)) (string, error) {
	for i := range c.Clauses {
		v, _, err := f.value(&c.Clauses[i].Condition)
		if err != nil {
			return "", err
		}
		if Truthy(v) {
			return f.body(c.Clauses[i].Body, out)
		}
	}
	return f.body(c.Else, out)
}

// turn runs a loop's body once; done tells that the loop is left.
func (f *Flow) turn(c Control, body *Script, out func([]clixml.Value)) (word string, done bool, err error) {
	if err := f.machine.Turn(c); err != nil {
		return "", true, err
	}
	word, err = f.body(body, out)
	switch word {
	case "break":
		return "", true, err
	case "continue":
		return "", err != nil, err
	}
	return word, word != "" || err != nil, err
}

func (f *Flow) forEach(c *ForEach, out func([]clixml.Value)) (string, error) {
	list, _, err := f.value(&c.Items)
	if err != nil {
		return "", err
	}
	for _, v := range Enumerate(list) {
		f.machine.Assign(c.Variable, v)
		if word, done, err := f.turn(c, c.Body, out); done {
			return word, err
		}
	}
	return "", nil
}

func (f *Flow) while(c *While, out func([]clixml.Value)) (string, error) {
	if _, err := f.body(c.Init, discard); err != nil {
		return "", err
	}
	for first := true; ; first = false {
		if c.Condition != nil && (!first || !c.After) {
			v, _, err := f.value(c.Condition)
			if err != nil {
				return "", err
			}
			if Truthy(v) == c.Until {
				return "", nil
			}
		}
		if word, done, err := f.turn(c, c.Body, out); done {
			return word, err
		}
		if _, err := f.body(c.Step, discard); err != nil {
			return "", err
		}
	}
}

// under runs something while $_ is v.
func (f *Flow) under(v clixml.Value, do func() (string, error)) (string, error) {
	held, _ := f.machine.Variable("_")
	f.machine.Assign("_", v)
	defer f.machine.Assign("_", held)
	return do()
}

func (f *Flow) choose(c *Switch, out func([]clixml.Value)) (string, error) {
	v, nothing, err := f.value(&c.Value)
	if err != nil || nothing {
		return "", err
	}
	items, many := collection(v)
	if !many {
		items = []clixml.Value{v} // $null too
	}
	for _, item := range items {
		if err := f.machine.Turn(c); err != nil {
			return "", err
		}
		word, err := f.under(item, func() (string, error) { return f.clauses(c, item, out) })
		switch {
		case err != nil:
			return "", err
		case word == "break":
			return "", nil
		case word != "" && word != "continue":
			return word, nil
		}
	}
	return "", nil
}

// clauses runs those of a switch that an item matches.
func (f *Flow) clauses(c *Switch, item clixml.Value, out func([]clixml.Value)) (string, error) {
	matched := false
	for i := range c.Clauses {
		ok, err := f.matches(c, &c.Clauses[i].Condition, item)
		if err != nil {
			return "", err
		}
		if !ok {
			continue
		}
		matched = true
		if word, err := f.body(c.Clauses[i].Body, out); err != nil || word != "" {
			return word, err
		}
	}
	if matched {
		return "", nil
	}
	return f.body(c.Default, out)
}

// matches compares an item with a clause of a switch: as texts, whatever their
// types are, but for a script block, which is asked, and for $null.
func (f *Flow) matches(c *Switch, t *Term, item clixml.Value) (bool, error) {
	if sb, ok := t.X.(*ScriptBlock); ok {
		var kept []clixml.Value
		_, err := f.body(sb.Body, func(vs []clixml.Value) { kept = append(kept, vs...) })
		return Truthy(together(kept)), err
	}
	v, _, err := f.value(t)
	if err != nil {
		return false, err
	}
	if v.IsNull() {
		return item.IsNull(), nil
	}
	want, text := v.String(), item.String()
	switch {
	case c.Regex:
		re, err := compileRegexp(want, c.CaseSensitive)
		if err != nil {
			return false, &EvalError{Extent: t.X.Span(), ID: conversionID(err), Msg: err.Error()}
		}
		found := re.FindStringSubmatch(text)
		if found != nil {
			f.machine.Assign("Matches", groupsOf(re, found))
		}
		return found != nil, nil
	case c.Wildcard:
		re, err := Wildcard(want, c.CaseSensitive)
		if err != nil {
			return false, &EvalError{Extent: t.X.Span(), ID: conversionID(err), Msg: err.Error()}
		}
		return re.MatchString(text), nil
	case c.CaseSensitive:
		return want == text, nil
	}
	return strings.EqualFold(want, text), nil
}

// groupsOf is $Matches: what the groups of a pattern took, by number or name.
func groupsOf(re *regexp.Regexp, found []string) clixml.Value {
	h := clixml.Hashtable()
	for i, name := range re.SubexpNames() {
		key := clixml.Int32(int32(i))
		if name != "" && name != strconv.Itoa(i) {
			key = clixml.Str(name)
		}
		h.Entries = append(h.Entries, clixml.Entry{Key: key, Value: clixml.Str(found[i])})
	}
	return clixml.Obj(h)
}
