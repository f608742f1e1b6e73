package pipeline

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// setContent is Set-Content and Add-Content, for text.
type setContent struct {
	running
	files     []*textFile
	values    []clixml.Value // of -Value
	pass      bool
	noNewLine bool
}

func newSetContent(a *arguments) (Stage, error) {
	locations, err := a.paths("Path")
	if err != nil {
		return nil, err
	}
	if len(locations) == 0 {
		return nil, a.usage(a.cmd.Extent, "MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters: Path.")
	}
	files, err := a.files()
	if err != nil {
		return nil, err
	}
	enc, err := a.encoding()
	if err != nil {
		return nil, err
	}
	s := &setContent{pass: a.flag("PassThru"), noNewLine: a.flag("NoNewline")}
	for _, l := range locations {
		s.files = append(s.files, &textFile{
			command: a.name, files: files, location: l, encoding: enc, encoded: a.has("Encoding"), whatIf: a.flag("WhatIf"),
			options: CreateOptions{Append: strings.EqualFold(a.name, "Add-Content"), Force: a.flag("Force")},
		})
	}
	v, err := a.value("Value")
	s.values = pslang.Enumerate(v)
	return s, err
}

func (s *setContent) open() error {
	for _, f := range s.files {
		if err := f.open(); err != nil {
			return err
		}
	}
	return nil
}

func (s *setContent) close() {
	for _, f := range s.files {
		f.close()
	}
}

func (s *setContent) Push(v clixml.Value) ([]clixml.Value, error) {
	for _, item := range pslang.Enumerate(v) {
		text := item.String()
		for _, f := range s.files {
			end := f.files.NewLine()
			if s.noNewLine {
				end = ""
			}
			if err := f.write(text + end); err != nil {
				return nil, err
			}
		}
	}
	if s.pass {
		return []clixml.Value{v}, nil
	}
	return nil, nil
}

func (s *setContent) End() ([]clixml.Value, error) {
	var out []clixml.Value
	for _, v := range s.values {
		more, err := s.Push(v)
		out = append(out, more...)
		if err != nil {
			return out, err
		}
	}
	s.values = nil
	if err := s.open(); err != nil {
		return out, err
	}
	var last error
	for _, f := range s.files {
		last = together(last, f.finish())
	}
	return out, last
}
