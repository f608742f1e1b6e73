package pipeline

import (
	"encoding/csv"
	"fmt"
	"strings"

	"psdeck/session/clixml"
)

// exportCSV is Export-Csv.
type exportCSV struct {
	*textFile
	writer  *csvWriter
	force   bool
	matched bool // the columns of the file were compared with an object's
}

func newExportCSV(a *arguments) (Stage, error) {
	w, err := newCSVWriter(a)
	if err != nil {
		return nil, err
	}
	t, err := newTextFile(a, "Path")
	return &exportCSV{textFile: t, writer: w, force: a.flag("Force")}, err
}

func (*exportCSV) Done() bool { return false }

// open begins the file. One that is appended to says which columns there are.
func (e *exportCSV) open() error {
	if e.opened {
		return e.failed
	}
	if err := e.textFile.open(); err != nil || e.before == "" {
		return err
	}
	e.writer.begun = true
	r := csv.NewReader(strings.NewReader(e.before))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = []rune(e.writer.delimiter)[0], true, -1
	for {
		row, err := r.Read()
		if err != nil {
			break
		}
		if !strings.HasPrefix(row[0], "#") {
			e.writer.names = row
			break
		}
	}
	if !strings.HasSuffix(e.before, "\n") {
		return e.write(e.files.NewLine())
	}
	return nil
}

func (e *exportCSV) Push(v clixml.Value) ([]clixml.Value, error) {
	if err := e.open(); err != nil || v.IsNull() {
		return nil, err
	}
	if e.before != "" && !e.matched && !e.force {
		e.matched = true
		have := columns(v)
		for _, name := range e.writer.names {
			if indexOf(have, name) < 0 {
				return nil, fatal(e.command, "CannotAppendCsvWithMismatchedPropertyNames", fmt.Sprintf(
					"Cannot append CSV content to the following file: %s. The appended object does not have a property that corresponds to the following column: %s. To continue with mismatched properties, add the -Force parameter, and then retry the command.",
					e.location.text, name))
			}
		}
	}
	for _, line := range e.writer.lines(v) {
		if err := e.write(line + e.files.NewLine()); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (e *exportCSV) End() ([]clixml.Value, error) {
	if err := e.open(); err != nil {
		return nil, err
	}
	return nil, e.finish()
}
