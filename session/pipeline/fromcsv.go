package pipeline

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"psdeck/session/clixml"
)

// csvReader makes objects of rows of CSV.
type csvReader struct {
	command   string
	delimiter rune
	names     []string
	types     []string
}

func newCSVReader(a *arguments) (*csvReader, error) {
	delimiter, err := a.delimiter()
	if err != nil {
		return nil, err
	}
	header, err := a.texts("Header")
	r := &csvReader{command: a.name}
	if len(header) > 0 {
		r.names = header
	}
	r.delimiter = []rune(delimiter)[0]
	return r, err
}

// read makes objects of text; the first row that was ever read names the
// columns, where no -Header did.
func (r *csvReader) read(text io.Reader) ([]clixml.Value, error) {
	rows := csv.NewReader(text)
	rows.Comma, rows.LazyQuotes, rows.TrimLeadingSpace, rows.FieldsPerRecord = r.delimiter, true, r.delimiter != '\t', -1
	var out []clixml.Value
	var warning error
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return out, warning
		}
		if err != nil {
			return out, fatal(r.command, "ImportCsv", fmt.Sprintf("The CSV cannot be read: %v", err))
		}
		switch {
		case len(row) == 1 && row[0] == "":
		case r.names == nil && r.types == nil && strings.HasPrefix(row[0], "#TYPE"):
			name := strings.TrimSpace(strings.TrimPrefix(strings.Join(row, string(r.delimiter)), "#TYPE"))
			r.types = []string{name, "CSV:" + name}
		case r.names == nil && strings.HasPrefix(row[0], "#") && !strings.HasPrefix(row[0], "#Fields:"):
		case r.names == nil:
			warning = r.header(row)
		default:
			out = append(out, r.object(row))
		}
	}
}

// header takes the names of the columns; one without a name is H1, H2, ….
func (r *csvReader) header(row []string) error {
	row[0] = strings.TrimSpace(strings.TrimPrefix(row[0], "#Fields:"))
	r.names = row
	var warning error
	unnamed := 0
	for i, name := range row {
		if name != "" {
			continue
		}
		unnamed++
		row[i] = fmt.Sprintf("H%d", unnamed)
		warning = &Warning{r.command, `One or more headers were not specified. Default names starting with "H" have been used in place of any missing headers.`}
	}
	for i, name := range row {
		for _, other := range row[:i] {
			if strings.EqualFold(name, other) {
				return fatal(r.command, "AlreadyPresentPSMemberInfoInternalCollectionAdd", fmt.Sprintf("The member %q is already present.", name))
			}
		}
	}
	return warning
}

func (r *csvReader) object(row []string) clixml.Value {
	o := clixml.Custom()
	if len(r.types) > 0 {
		o.TypeNames = r.types[1:]
	}
	o.Members = make([]clixml.Property, len(r.names))
	for i, name := range r.names {
		o.Members[i].Name = name
		if i < len(row) {
			o.Members[i].Value = clixml.Str(row[i])
		}
	}
	return clixml.Obj(o)
}

// fromCSV is ConvertFrom-Csv.
type fromCSV struct {
	running
	reader *csvReader
}

func newFromCSV(a *arguments) (Stage, error) {
	r, err := newCSVReader(a)
	return &fromCSV{reader: r}, err
}

func (c *fromCSV) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	return c.reader.read(strings.NewReader(v.String()))
}
