package pipeline

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

// outFile is Out-File: what the screen would show, in a file. The columns of a
// table are as wide as all of its rows want.
type outFile struct {
	*textFile
	options   format.Options
	view      format.View
	noNewLine bool
	held      []clixml.Value
}

func newOutFile(a *arguments) (Stage, error) {
	width, err := a.number("Width", 120)
	if err != nil {
		return nil, err
	}
	t, err := newTextFile(a, "FilePath")
	return &outFile{textFile: t, options: format.Options{Width: width}, noNewLine: a.flag("NoNewline")}, err
}

func (*outFile) Done() bool { return false }

func (o *outFile) shown(view format.View) { o.view = view }

func (o *outFile) Push(v clixml.Value) ([]clixml.Value, error) {
	o.held = append(o.held, v)
	return nil, nil
}

func (o *outFile) lines(lines []string) error {
	end := o.files.NewLine()
	if o.noNewLine {
		end = ""
	}
	for _, l := range lines {
		if err := o.write(l + end); err != nil {
			return err
		}
	}
	return nil
}

func (o *outFile) End() ([]clixml.Value, error) {
	if len(o.held) > 0 {
		w := format.NewWriter(o.view, o.options)
		lines := w.Write(o.held)
		o.held = nil
		if err := o.lines(append(lines, w.Close()...)); err != nil {
			return nil, err
		}
	}
	return nil, o.finish()
}

// tee is Tee-Object: what goes through it is kept in a variable or a file too.
type tee struct {
	file     *outFile // nil: a variable
	vars     Variables
	variable string
	kept     []clixml.Value
	view     format.View
	viewed   bool
}

func newTee(a *arguments) (Stage, error) {
	t := &tee{}
	if !a.has("Variable") {
		file, err := newOutFile(a)
		t.file, _ = file.(*outFile)
		return t, err
	}
	if a.has("FilePath") || a.has("LiteralPath") {
		return nil, a.usage(a.cmd.Extent, "AmbiguousParameterSet", "Parameter set cannot be resolved using the specified named parameters. One or more parameters issued cannot be used together or an insufficient number of parameters were provided.")
	}
	var err error
	t.variable, err = a.text("Variable")
	t.vars, _ = a.scope.(Variables)
	if err == nil && (t.vars == nil || strings.TrimSpace(t.variable) == "") {
		err = a.usage(a.exprs["Variable"].Span(), "MissingArgument", "-Variable wants the name of a variable")
	}
	return t, err
}

func (*tee) Done() bool { return false }

func (t *tee) shown(view format.View) {
	t.view, t.viewed = view, true
	if t.file != nil {
		t.file.shown(view)
	}
}

func (t *tee) open() error {
	if t.file == nil {
		return nil
	}
	return t.file.open()
}

func (t *tee) close() {
	if t.file != nil {
		t.file.close()
	}
}

func (t *tee) Push(v clixml.Value) ([]clixml.Value, error) {
	out := []clixml.Value{v}
	if t.file != nil {
		_, err := t.file.Push(v)
		return out, err
	}
	t.kept = append(t.kept, v)
	return out, nil
}

func (t *tee) End() ([]clixml.Value, error) {
	if t.file != nil {
		return t.file.End()
	}
	switch len(t.kept) {
	case 0:
		t.vars.Assign(t.variable, clixml.Null())
	case 1:
		t.vars.Assign(t.variable, t.kept[0])
	default:
		t.vars.Assign(t.variable, clixml.Obj(clixml.Array(t.kept...)))
	}
	return nil, nil
}
