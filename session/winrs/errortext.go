package winrs

import (
	"bytes"
	"io"

	"psdeck/session/clixml"
)

// errorText turns PowerShell's error output into plain text. Without a console
// PowerShell writes the line "#< CLIXML" and then documents with a root called
// Objs, whose strings carry the name of a stream in an attribute S. What is no
// such document goes through as it is.
type errorText struct {
	to      io.Writer
	pending []byte
	inLine  bool // the last byte written was within a line
	clixml  bool // after the mark
}

const (
	mark         = "#< CLIXML"
	rootStart    = "<Objs"
	rootEnd      = "</Objs>"
	maxErrorText = 8 << 20 // bytes of one document
)

// Write takes output as it arrives, cut anywhere.
func (e *errorText) Write(p []byte) (int, error) {
	e.pending = append(e.pending, p...)
	for len(e.pending) > 0 && e.step(false) {
	}
	return len(p), nil
}

// Close writes what is left, a document without its end too.
func (e *errorText) Close() error {
	for len(e.pending) > 0 && e.step(true) {
	}
	e.pass(len(e.pending))
	return nil
}

// step handles one piece of what is pending; false means that more is needed.
func (e *errorText) step(last bool) bool {
	if e.clixml {
		return e.document(last)
	}
	if !e.inLine {
		switch {
		case bytes.HasPrefix(e.pending, []byte(mark)):
			end := bytes.IndexByte(e.pending, '\n')
			if end < 0 && !last {
				return false
			}
			if end < 0 {
				end = len(e.pending) - 1
			}
			e.pending, e.clixml = e.pending[end+1:], true
			return true
		case !last && isPrefix(e.pending, mark):
			return false
		}
	}
	end := bytes.IndexByte(e.pending, '\n') + 1
	if end == 0 {
		end = len(e.pending)
	}
	e.pass(end)
	return true
}

// document handles what follows the mark: documents, and after them plain text.
func (e *errorText) document(last bool) bool {
	e.pending = bytes.TrimLeft(e.pending, " \t\r\n\ufeff")
	switch {
	case len(e.pending) == 0:
		return false
	case bytes.HasPrefix(e.pending, []byte(rootStart)):
		end := bytes.Index(e.pending, []byte(rootEnd))
		if end < 0 && !last && len(e.pending) <= maxErrorText {
			return false
		}
		if end < 0 {
			end = len(e.pending)
		} else {
			end += len(rootEnd)
		}
		e.strings(e.pending[:end])
		e.pending = e.pending[end:]
	case !last && isPrefix(e.pending, rootStart):
		return false
	default:
		e.clixml = false
	}
	return true
}

// strings writes the strings of a document. Objects in it, such as progress
// records, are no text.
func (e *errorText) strings(doc []byte) {
	for {
		start := bytes.Index(doc, []byte(`<S S="`))
		if start < 0 {
			return
		}
		doc = doc[start+len(`<S S="`):]
		stream, rest, ok := bytes.Cut(doc, []byte(`">`))
		text, after, complete := bytes.Cut(rest, []byte("</S>"))
		if !ok || !complete {
			return
		}
		doc = after
		v, err := clixml.Decode(append(append([]byte("<S>"), text...), "</S>"...))
		if err != nil {
			continue
		}
		e.write([]byte(prefixOf(string(stream)) + v.Text()))
	}
}

// prefixOf is what a console puts before a line of this stream.
func prefixOf(stream string) string {
	switch stream {
	case "warning", "Warning":
		return "WARNING: "
	case "verbose", "Verbose":
		return "VERBOSE: "
	case "debug", "Debug":
		return "DEBUG: "
	}
	return ""
}

func (e *errorText) pass(n int) {
	e.write(e.pending[:n])
	e.pending = e.pending[n:]
}

func (e *errorText) write(text []byte) {
	if len(text) == 0 {
		return
	}
	e.inLine = text[len(text)-1] != '\n'
	_, _ = e.to.Write(text) // a buffer takes everything
}

func isPrefix(b []byte, s string) bool {
	return len(b) < len(s) && string(b) == s[:len(b)]
}
