package pipeline

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// measure is Measure-Object.
type measure struct {
	running
	properties []property
	stats      []*statistics
	cmp        pslang.Comparer

	sum, average, minimum, maximum, deviation bool
	lines, words, characters, ignoreSpace     bool
}

// statistics are what is found of one property.
type statistics struct {
	name             string
	count            int
	sum, mean, m2    float64
	numbers          int
	minimum, maximum clixml.Value
	lowest, highest  float64

	lines, words, characters int
	failed                   bool
}

func newMeasure(a *arguments) (Stage, error) {
	all := a.flag("AllStats")
	m := &measure{
		sum: all || a.flag("Sum"), average: all || a.flag("Average"), minimum: all || a.flag("Minimum"), maximum: all || a.flag("Maximum"),
		deviation: all || a.flag("StandardDeviation"),
		lines:     a.flag("Line"), words: a.flag("Word"), characters: a.flag("Character"), ignoreSpace: a.flag("IgnoreWhiteSpace"),
	}
	var err error
	m.properties, err = a.properties("Property", "")
	if len(m.properties) == 0 {
		m.stats = []*statistics{{}}
	}
	return m, err
}

func (m *measure) text() bool { return m.lines || m.words || m.characters }

func (m *measure) numeric() bool { return m.sum || m.average || m.deviation }

func (m *measure) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	if len(m.properties) == 0 {
		return nil, m.add(m.stats[0], v)
	}
	var errs []error
	for i := range m.properties {
		cells, err := m.properties[i].resolve(v)
		if err != nil {
			errs = append(errs, &Error{Command: "Measure-Object", ID: "ExpressionFailed", Msg: err.Error(), Target: v})
		}
		for _, c := range cells {
			if c.exists {
				errs = append(errs, m.add(m.statisticsOf(c.name), c.value))
			}
		}
	}
	return nil, errors.Join(errs...)
}

func (m *measure) statisticsOf(name string) *statistics {
	for _, s := range m.stats {
		if strings.EqualFold(s.name, name) {
			return s
		}
	}
	s := &statistics{name: name}
	m.stats = append(m.stats, s)
	return s
}

func (m *measure) add(s *statistics, v clixml.Value) error {
	s.count++
	switch {
	case v.IsNull():
	case m.text():
		m.addText(s, v.String())
	case m.numeric():
		return m.addNumber(s, v)
	case m.minimum || m.maximum:
		m.addExtreme(s, v)
	}
	return nil
}

func (m *measure) addNumber(s *statistics, v clixml.Value) error {
	n, err := pslang.Convert(v, "double")
	if err != nil {
		s.failed = true
		return &Error{Command: "Measure-Object", ID: "NonNumericInputObject", Msg: fmt.Sprintf("Input object %q is not numeric.", v), Target: v}
	}
	f := pslang.Float(n)
	if s.numbers == 0 {
		s.lowest, s.highest = f, f
	}
	s.lowest, s.highest = math.Min(s.lowest, f), math.Max(s.highest, f)
	s.numbers++
	s.sum += f
	delta := f - s.mean
	s.mean += delta / float64(s.numbers)
	s.m2 += delta * (f - s.mean)
	return nil
}

func (m *measure) addExtreme(s *statistics, v clixml.Value) {
	if v.String() == "" {
		return // an empty text is neither the least nor the most
	}
	if s.minimum.IsNull() || m.less(v, s.minimum) {
		s.minimum = v
	}
	if s.maximum.IsNull() || m.less(s.maximum, v) {
		s.maximum = v
	}
}

func (m *measure) less(a, b clixml.Value) bool {
	n, err := m.cmp.Order(a, b, false)
	if err != nil {
		n = m.cmp.OrderText(a.String(), b.String(), false)
	}
	return n < 0
}

func (m *measure) addText(s *statistics, text string) {
	if text == "" {
		return
	}
	s.lines += strings.Count(text, "\n") + 1
	if strings.HasSuffix(text, "\n") {
		s.lines--
	}
	s.words += len(strings.Fields(text))
	for _, r := range text {
		if m.ignoreSpace && unicode.IsSpace(r) {
			continue
		}
		s.characters += pslang.Length(string(r))
	}
}

func (m *measure) End() ([]clixml.Value, error) {
	var out []clixml.Value
	var errs []error
	for _, s := range m.stats {
		if len(m.properties) > 0 || !s.failed || s.numbers > 0 {
			out = append(out, clixml.Obj(m.result(s)))
		}
	}
	for _, p := range m.properties {
		if p.pattern != nil || p.block != nil || m.found(p.name) {
			continue
		}
		errs = append(errs, &Error{
			Command: "Measure-Object", ID: "GenericMeasurePropertyNotFound",
			Msg: fmt.Sprintf("The property %q cannot be found in the input for any objects.", p.name), Target: clixml.Str(p.name),
		})
	}
	return out, errors.Join(errs...)
}

func (m *measure) found(name string) bool {
	for _, s := range m.stats {
		if strings.EqualFold(s.name, name) {
			return true
		}
	}
	return false
}

func (m *measure) result(s *statistics) *clixml.Object {
	if m.text() {
		return m.textResult(s)
	}
	kind := "GenericMeasureInfo"
	if !m.numeric() && (m.minimum || m.maximum) {
		if pslang.Numeric(s.minimum) && pslang.Numeric(s.maximum) {
			s.minimum, s.maximum = clixml.Double(pslang.Float(s.minimum)), clixml.Double(pslang.Float(s.maximum))
		} else {
			kind = "GenericObjectMeasureInfo"
		}
	}
	number := func(on bool, f float64) clixml.Value {
		if !on || s.numbers == 0 && m.numeric() {
			return clixml.Null()
		}
		return clixml.Double(f)
	}
	low, high := number(m.minimum, s.lowest), number(m.maximum, s.highest)
	if !m.numeric() {
		low, high = s.minimum, s.maximum
		if !m.minimum {
			low = clixml.Null()
		}
		if !m.maximum {
			high = clixml.Null()
		}
	}
	deviation := 0.0
	if s.numbers > 1 {
		deviation = math.Sqrt(s.m2 / float64(s.numbers-1))
	}
	return measured(kind, []clixml.Property{
		clixml.Prop("Count", s.count),
		clixml.Prop("Average", number(m.average, s.sum/float64(max(s.numbers, 1)))),
		clixml.Prop("Sum", number(m.sum, s.sum)),
		clixml.Prop("Maximum", high),
		clixml.Prop("Minimum", low),
		clixml.Prop("StandardDeviation", number(m.deviation, deviation)),
		clixml.Prop("Property", orNull(s.name)),
	})
}

func (m *measure) textResult(s *statistics) *clixml.Object {
	count := func(on bool, n int) any {
		if !on {
			return nil
		}
		return n
	}
	return measured("TextMeasureInfo", []clixml.Property{
		clixml.Prop("Lines", count(m.lines, s.lines)),
		clixml.Prop("Words", count(m.words, s.words)),
		clixml.Prop("Characters", count(m.characters, s.characters)),
		clixml.Prop("Property", orNull(s.name)),
	})
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func measured(kind string, props []clixml.Property) *clixml.Object {
	name := "Microsoft.PowerShell.Commands." + kind
	return &clixml.Object{
		TypeNames: []string{name, "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"},
		ToString:  name, HasToString: true, Props: props,
	}
}
