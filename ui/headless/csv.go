package headless

import (
	"bufio"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/safetext"
)

// csvSink writes one table a line, as ConvertTo-Csv does: the columns are the
// properties of the first object, every cell is quoted but null, which is
// empty. Values that are no text of their own (lists, objects) are JSON. What
// a spreadsheet would take for a formula begins with an apostrophe.
type csvSink struct {
	out     *bufio.Writer
	notes   io.Writer // is told of properties that have no column
	columns []string
	missing []string
	row     []byte
}

// scalarColumn is the column of values that have no properties.
const scalarColumn = "Value"

func (s *csvSink) write(values []clixml.Value) error {
	for _, v := range values {
		names, cells := csvCells(v)
		if s.columns == nil {
			s.columns = names
			s.line(len(names), func(i int) clixml.Value { return clixml.Str(names[i]) })
		}
		for _, name := range names {
			if !s.has(name) && !slices.Contains(s.missing, name) {
				s.missing = append(s.missing, name)
			}
		}
		s.line(len(s.columns), func(i int) clixml.Value { return cellOf(names, cells, s.columns[i]) })
	}
	return s.out.Flush()
}

func (s *csvSink) close() error {
	if len(s.missing) > 0 {
		say(s.notes, "psdeck: ", "csv has the columns of the first object only; left out: "+strings.Join(s.missing, ", "))
	}
	return nil
}

func (s *csvSink) has(name string) bool {
	return slices.ContainsFunc(s.columns, func(c string) bool { return strings.EqualFold(c, name) })
}

func (s *csvSink) line(n int, cell func(int) clixml.Value) {
	s.row = s.row[:0]
	for i := range n {
		if i > 0 {
			s.row = append(s.row, ',')
		}
		s.row = appendCell(s.row, cell(i))
	}
	s.out.Write(append(s.row, '\n'))
}

func cellOf(names []string, cells []clixml.Value, column string) clixml.Value {
	i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, column) })
	if i < 0 {
		return clixml.Null()
	}
	return cells[i]
}

// csvCells is a value as names and cells.
func csvCells(v clixml.Value) (names []string, cells []clixml.Value) {
	o := v.Object()
	add := func(name string, cell clixml.Value) {
		names, cells = append(names, name), append(cells, cell)
	}
	switch {
	case o == nil, o.Kind != clixml.PlainObject && o.Kind != clixml.Dict, !o.Base.IsNull() && o.Is("System.Enum"):
	case o.Kind == clixml.Dict:
		for _, e := range o.Entries {
			add(e.Key.String(), e.Value)
		}
	default:
		for _, p := range propertiesOf(o) {
			add(p.Name, p.Value)
		}
	}
	if len(names) == 0 {
		add(scalarColumn, v)
	}
	return names, cells
}

func appendCell(dst []byte, v clixml.Value) []byte {
	if v.IsNull() {
		return dst
	}
	text := safetext.Clean(csvText(v))
	if isFormula(text) {
		text = "'" + text
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(text, `"`, `""`)...)
	return append(dst, '"')
}

// csvText is the text of a cell: what JSON says, without the quotes.
func csvText(v clixml.Value) string {
	if b, ok := v.Any().(bool); ok {
		return map[bool]string{true: "True", false: "False"}[b]
	}
	if v.Kind() == clixml.KindString {
		return v.Text()
	}
	text := string(appendJSON(nil, v))
	if plain, err := strconv.Unquote(text); err == nil && strings.HasPrefix(text, `"`) {
		return plain
	}
	return text
}

// number is a text that a spreadsheet reads as a number and nothing else.
var number = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// isFormula tells whether a spreadsheet would calculate with a text instead of
// showing it. The wide forms of the signs count: some programs take them too.
func isFormula(text string) bool {
	for _, first := range []string{"=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(text, first) {
			return !number.MatchString(text)
		}
	}
	return false
}
