package pipeline

import (
	"strings"

	"psdeck/session/clixml"
)

// csvWriter writes objects as rows of CSV; the first one chooses the columns.
type csvWriter struct {
	delimiter string
	quotes    string          // Always, AsNeeded or Never
	fields    map[string]bool // the columns that are quoted, lower case; nil: by quotes
	noHeader  bool
	typed     bool     // a #TYPE line stands first
	names     []string // the columns, once they are known
	begun     bool
}

func newCSVWriter(a *arguments) (*csvWriter, error) {
	w := &csvWriter{noHeader: a.flag("NoHeader"), typed: a.flag("IncludeTypeInformation")}
	var err error
	if w.delimiter, err = a.delimiter(); err != nil {
		return nil, err
	}
	if w.quotes, err = a.oneOf("UseQuotes", "Always", "Never", "Always", "AsNeeded"); err != nil {
		return nil, err
	}
	fields, err := a.texts("QuoteFields")
	if err != nil {
		return nil, err
	}
	if a.has("QuoteFields") {
		w.fields = make(map[string]bool)
		for _, f := range fields {
			w.fields[strings.ToLower(f)] = true
		}
	}
	switch {
	case a.has("QuoteFields") && a.has("UseQuotes"):
		return nil, a.usage(a.cmd.Extent, "CannotSpecifyQuoteFieldsAndUseQuotes", "You must specify either the -UseQuotes or -QuoteFields parameters, but not both.")
	case a.flag("IncludeTypeInformation") && a.flag("NoTypeInformation"):
		return nil, a.usage(a.cmd.Extent, "CannotSpecifyIncludeTypeInformationAndNoTypeInformation",
			"You must specify either the -IncludeTypeInformation or -NoTypeInformation parameters, but not both.")
	}
	return w, nil
}

// delimiter is that of -Delimiter, or the list separator of the invariant
// culture, in which everything is written here.
func (a *arguments) delimiter() (string, error) {
	if a.flag("UseCulture") && a.has("Delimiter") {
		return "", a.usage(a.cmd.Extent, "AmbiguousParameterSet", "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be used together or an insufficient number of parameters were provided.")
	}
	return a.character("Delimiter", ",")
}

// lines gives what is written for the next object.
func (w *csvWriter) lines(v clixml.Value) []string {
	if v.IsNull() {
		return nil
	}
	row := columns(v)
	var out []string
	if !w.begun {
		w.begun = true
		if w.names == nil {
			for _, c := range row {
				w.names = append(w.names, c.Name)
			}
		}
		if w.typed {
			out = append(out, "#TYPE "+strings.TrimPrefix(receivedType(v), "CSV:"))
		}
		if header := w.header(); header != "" && !w.noHeader {
			out = append(out, header)
		}
	}
	if line := w.row(row); line != "" {
		out = append(out, line)
	}
	return out
}

func (w *csvWriter) header() string {
	var b strings.Builder
	for i, name := range w.names {
		if i > 0 {
			b.WriteString(w.delimiter)
		}
		w.field(&b, name, name)
	}
	return b.String()
}

func (w *csvWriter) row(cells []clixml.Property) string {
	var b strings.Builder
	for i, name := range w.names {
		if i > 0 {
			b.WriteString(w.delimiter)
		}
		at := i
		if at >= len(cells) || cells[at].Name != name {
			at = indexOf(cells, name)
		}
		if at >= 0 && !cells[at].Value.IsNull() {
			w.field(&b, name, cellText(cells[at].Value))
		}
	}
	return b.String()
}

func (w *csvWriter) field(b *strings.Builder, column, text string) {
	quoted := w.quotes == "Always"
	switch {
	case w.fields != nil:
		quoted = w.fields[strings.ToLower(column)]
	case w.quotes == "AsNeeded":
		quoted = strings.Contains(text, w.delimiter) || strings.ContainsAny(text, "\"\n")
	}
	if !quoted {
		b.WriteString(text)
		return
	}
	b.WriteByte('"')
	b.WriteString(strings.ReplaceAll(text, `"`, `""`))
	b.WriteByte('"')
}

// toCSV is ConvertTo-Csv.
type toCSV struct {
	running
	writer *csvWriter
}

func newToCSV(a *arguments) (Stage, error) {
	w, err := newCSVWriter(a)
	return &toCSV{writer: w}, err
}

func (c *toCSV) Push(v clixml.Value) ([]clixml.Value, error) {
	var out []clixml.Value
	for _, line := range c.writer.lines(v) {
		out = append(out, clixml.Str(line))
	}
	return out, nil
}
