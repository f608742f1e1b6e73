package pipeline

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// reader is a command that gives what files hold: Import-Csv, Import-Clixml
// and Get-Content.
type reader struct {
	running
	command   string
	files     Files
	locations []location
	read      func(path string) ([]clixml.Value, error)
}

func newReader(a *arguments) (*reader, error) {
	r := &reader{command: a.name}
	var err error
	if r.locations, err = a.paths("Path"); err != nil {
		return nil, err
	}
	r.files, err = a.files()
	return r, err
}

// Push refuses what comes through the pipeline: it may be a server's word, and
// no path that a server names is followed here.
func (r *reader) Push(v clixml.Value) ([]clixml.Value, error) {
	return nil, &Error{Command: r.command, ID: "InputObjectNotBound", Msg: "a path is not taken from the pipeline here: write it behind -Path", Target: v}
}

func (r *reader) End() ([]clixml.Value, error) {
	var out []clixml.Value
	var failed error
	for _, l := range r.locations {
		more, err := r.all(l)
		out, failed = append(out, more...), together(failed, err)
		if err != nil && !goesOn(err) {
			break
		}
	}
	r.locations = nil
	return out, failed
}

func (r *reader) all(l location) ([]clixml.Value, error) {
	paths, err := l.sources(r.files)
	if err != nil {
		return nil, filed(r.command, err)
	}
	var out []clixml.Value
	var failed error
	for _, p := range paths {
		more, err := r.read(p)
		out, failed = append(out, more...), together(failed, err)
		if err != nil && !goesOn(err) {
			break
		}
	}
	return out, failed
}

func newImportCSV(a *arguments) (Stage, error) {
	r, err := newReader(a)
	if err != nil {
		return nil, err
	}
	enc, err := a.encoding()
	if err != nil {
		return nil, err
	}
	if _, err := newCSVReader(a); err != nil {
		return nil, err
	}
	r.read = func(path string) ([]clixml.Value, error) {
		text, err := readText(r.files, path, enc)
		if err != nil {
			return nil, filed(r.command, err)
		}
		rows, err := newCSVReader(a)
		if err != nil {
			return nil, err
		}
		return rows.read(strings.NewReader(text))
	}
	return r, nil
}

func newImportCLIXML(a *arguments) (Stage, error) {
	r, err := newReader(a)
	if err != nil {
		return nil, err
	}
	s, err := newSelect(&arguments{cmd: a.cmd, name: a.name, scope: a.scope, exprs: only(a.exprs, "First", "Skip"), flags: map[string]bool{}})
	if err != nil {
		return nil, err
	}
	cut := s.(*selection)
	r.read = func(path string) ([]clixml.Value, error) {
		text, err := readText(r.files, path, encodings()[0])
		if err != nil {
			return nil, filed(r.command, err)
		}
		values, err := clixml.DecodeAll([]byte(text))
		if err != nil {
			return nil, fatal(r.command, "XmlException", fmt.Sprintf("%s is not CLIXML: %v", path, err))
		}
		values = values[min(cut.skip, len(values)):]
		if cut.first >= 0 {
			values = values[:min(cut.first, len(values))]
		}
		return values, nil
	}
	return r, nil
}

func only(exprs map[string]pslang.Expr, names ...string) map[string]pslang.Expr {
	out := map[string]pslang.Expr{}
	for _, n := range names {
		if e := exprs[n]; e != nil {
			out[n] = e
		}
	}
	return out
}

// newGetContent makes Get-Content, for text.
func newGetContent(a *arguments) (Stage, error) {
	r, err := newReader(a)
	if err != nil {
		return nil, err
	}
	enc, err := a.encoding()
	if err != nil {
		return nil, err
	}
	first, err := a.number("TotalCount", -1)
	if err != nil {
		return nil, err
	}
	last, err := a.number("Tail", -1)
	if err != nil {
		return nil, err
	}
	delimiter, err := a.text("Delimiter")
	if err != nil {
		return nil, err
	}
	if first >= 0 && last >= 0 {
		return nil, a.usage(a.cmd.Extent, "InvalidOperation", "The parameters TotalCount and Tail cannot be used together. Please specify only one parameter.")
	}
	r.read = func(path string) ([]clixml.Value, error) {
		text, err := readText(r.files, path, enc)
		if err != nil {
			return nil, r.missing(path, err)
		}
		if a.flag("Raw") {
			return []clixml.Value{clixml.Str(text)}, nil
		}
		lines := linesOf(text, delimiter)
		if first >= 0 {
			lines = lines[:min(first, len(lines))]
		}
		if last >= 0 {
			lines = lines[max(0, len(lines)-last):]
		}
		return textValues(lines), nil
	}
	return r, nil
}

// missing is the error of a file that cannot be read, after which Get-Content
// goes on with the next.
func (r *reader) missing(path string, err error) error {
	id, text := "GetContentReaderIOError", err.Error()
	if strings.HasPrefix(text, "Could not find") {
		id, text = "PathNotFound", fmt.Sprintf("Cannot find path '%s' because it does not exist.", path)
	}
	return &Error{Command: r.command, ID: id, Msg: text, Target: clixml.Str(path)}
}

func linesOf(text, delimiter string) []string {
	if text == "" {
		return nil
	}
	if delimiter == "" {
		text, delimiter = strings.ReplaceAll(text, "\r\n", "\n"), "\n"
	}
	return strings.Split(strings.TrimSuffix(text, delimiter), delimiter)
}
