package headless

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/safetext"
)

// Formats are the forms in which data is written.
var Formats = []string{"auto", "table", "list", "json", "jsonl", "csv", "clixml", "text"}

// sink takes the objects of one run and writes them in one form.
type sink interface {
	write(values []clixml.Value) error
	close() error
}

// output makes the sinks of one call. The forms that are one document (json,
// clixml) take the objects of all lines, the others start anew with each line.
type output struct {
	form     string
	out      *bufio.Writer
	notes    io.Writer
	width    int
	document sink // nil for other forms
	begun    bool
}

// newOutput makes the output of a call in one of [Formats]; notes is told what
// a form cannot hold.
func newOutput(form string, w, notes io.Writer, width int) output {
	o := output{form: form, out: bufio.NewWriter(w), notes: notes, width: width}
	switch form {
	case "json":
		o.document = &jsonSink{out: o.out}
	case "clixml":
		o.document = &clixmlSink{out: o.out}
	}
	return o
}

// forLine is the sink of one line; view is what the line itself asked for.
func (o *output) forLine(view format.View) sink {
	o.begun = true
	switch o.form {
	case "json", "clixml":
		return part{o.document}
	case "table":
		view.Shape = format.Table
	case "list":
		view.Shape = format.List
	case "text":
		return &eachSink{out: o.out, append: func(dst []byte, v clixml.Value) []byte { return append(dst, safetext.Clean(v.String())...) }}
	case "jsonl":
		return &eachSink{out: o.out, append: appendJSON}
	case "csv":
		return &csvSink{out: o.out, notes: o.notes}
	}
	return &formatSink{out: o.out, w: format.NewWriter(view, format.Options{Width: o.width})}
}

// close ends the document; nothing is written where no line was begun.
func (o *output) close() error {
	if o.document == nil || !o.begun {
		return nil
	}
	return o.document.close()
}

// part is a line's share of a document that goes on after it.
type part struct{ sink }

func (part) close() error { return nil }

// validForm tells whether form is one of [Formats].
func validForm(form string) bool { return form == "" || slices.Contains(Formats, form) }

// formatSink prints as PowerShell does.
type formatSink struct {
	out *bufio.Writer
	w   *format.Writer
}

func (s *formatSink) write(values []clixml.Value) error { return s.lines(s.w.Write(values)) }
func (s *formatSink) close() error                      { return errors.Join(s.lines(s.w.Close()), s.w.Err()) }

func (s *formatSink) lines(lines []string) error {
	for _, line := range lines {
		s.out.WriteString(safetext.Clean(line))
		s.out.WriteByte('\n')
	}
	return s.out.Flush()
}

// eachSink writes one line an object, as it arrives.
type eachSink struct {
	out    *bufio.Writer
	append func([]byte, clixml.Value) []byte
	buf    []byte
}

func (s *eachSink) write(values []clixml.Value) error {
	for _, v := range values {
		s.buf = append(s.append(s.buf[:0], v), '\n')
		s.out.Write(s.buf)
	}
	return s.out.Flush()
}

func (s *eachSink) close() error { return nil }

// jsonSink writes one array.
type jsonSink struct {
	out *bufio.Writer
	buf []byte
	n   int
}

func (s *jsonSink) write(values []clixml.Value) error {
	for _, v := range values {
		sep := ",\n  "
		if s.n == 0 {
			sep = "[\n  "
		}
		s.n++
		s.buf = appendJSON(append(s.buf[:0], sep...), v)
		s.out.Write(s.buf)
	}
	return s.out.Flush()
}

func (s *jsonSink) close() error {
	if s.n == 0 {
		s.out.WriteString("[]\n")
	} else {
		s.out.WriteString("\n]\n")
	}
	return s.out.Flush()
}

// clixmlSink writes one document, as Export-Clixml does, at the end.
type clixmlSink struct {
	out    *bufio.Writer
	values []clixml.Value
}

func (s *clixmlSink) write(values []clixml.Value) error {
	s.values = append(s.values, values...)
	return nil
}

func (s *clixmlSink) close() error {
	b, err := clixml.EncodeAll(s.values)
	if err != nil {
		return fmt.Errorf("writing the objects as CLIXML: %w", err)
	}
	s.out.Write(b)
	s.out.WriteByte('\n')
	return s.out.Flush()
}
