package format

import (
	"fmt"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// Writer prints a stream of objects in batches. A table's columns are sized
// on the first batch of its rows (PowerShell collects for 300 ms), with
// View.AutoSize on all rows. A Writer is not safe for concurrent use.
type Writer struct{ s *state }

// state is what a Writer knows of the document it is printing.
type state struct {
	*printer
	view View
	out  []string

	shape     Shape // Default: no object has been printed in a shape yet
	known     *knownView
	given     *given // the view of the server's that shows the objects; nil: none
	scripts   map[string]*pslang.Block
	grouped   bool
	groupOf   string
	groupBody []entry // how the view writes a group's head; nil: label and value

	fields []field
	labels []string
	table  *grid
	held   []heldRow // rows that wait for their columns to be sized
	wide   []string  // the row of a wide view that is not full yet
	line   []byte
	err    error
	row    []string
}

// heldRow is a row, or lines that stand between rows.
type heldRow struct {
	cells  []string
	lines  []string
	wrap   bool
	aligns []alignment // of the cells; nil: as the columns
}

// NewWriter makes a writer for one pipeline's output.
func NewWriter(view View, o Options) *Writer {
	s := &state{printer: newPrinter(o), view: view}
	if view.DisplayError {
		s.failed = "#ERR"
	}
	return &Writer{s}
}

// Write takes a batch and returns the lines that are ready, without line ends.
func (w *Writer) Write(batch []clixml.Value) []string {
	for _, v := range batch {
		w.s.value(v)
	}
	if !w.s.view.AutoSize {
		w.s.size()
	}
	return w.s.take()
}

// Close returns the last lines.
func (w *Writer) Close() []string {
	s := w.s
	s.size()
	if s.shape == Wide {
		s.flushWide()
	}
	if s.shape == Table || s.shape == Wide || s.shape == Custom {
		s.emit("")
	}
	s.shape = Default
	return s.take()
}

// Err says why nothing is printed: there is no view of the name that was asked
// for, a *NoViewError.
func (w *Writer) Err() error { return w.s.err }

// NoViewError says that a view does not exist for a type.
type NoViewError struct{ Name, Type string }

func (e *NoViewError) Error() string {
	return fmt.Sprintf("there is no view %q for objects of the type %s", e.Name, e.Type)
}

func (s *state) take() []string {
	out := s.out
	s.out = nil
	return out
}

// emit prints lines after the rows that wait.
func (s *state) emit(lines ...string) {
	if len(s.held) > 0 {
		s.held = append(s.held, heldRow{lines: lines})
		return
	}
	s.out = append(s.out, lines...)
}

// value prints one object of the pipeline; a collection stands for its items.
func (s *state) value(v clixml.Value) {
	if v.IsNull() {
		return
	}
	items, ok := collection(v)
	if !ok {
		s.object(v)
		return
	}
	for i := range items.len() {
		s.object(items.at(i))
	}
}

// object prints one object: a word as it is, else in the document's shape.
func (s *state) object(v clixml.Value) {
	if v.IsNull() {
		s.emit("")
		return
	}
	if s.view.Shape == Default || len(s.view.Properties) == 0 {
		if isWord(v) {
			s.emit(rawLines(v)...)
			return
		}
	}
	if s.err != nil {
		return
	}
	if s.shape == Default {
		if s.begin(v); s.err != nil {
			return
		}
	}
	if s.known != nil && !s.known.shows(v) || s.given != nil && !s.given.shows(v) {
		// PowerShell prints what its view does not know as a list between.
		s.emit("")
		s.emit(s.list(nil, defaultFields(v), v)...)
		s.emit("")
		return
	}
	s.enterGroup(v)
	switch s.shape {
	case Table:
		s.addRow(v)
	case Wide:
		s.addWide(v)
	case Custom:
		s.custom(v)
	default:
		s.addList(v)
	}
}
