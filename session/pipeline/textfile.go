package pipeline

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// encoding is how a text lies in a file.
type encoding struct {
	name  string
	mark  string // what the file begins with
	unit  int    // bytes of a unit
	order binary.AppendByteOrder
	ascii bool
}

func encodings() []encoding {
	return []encoding{
		{name: "utf8NoBOM", unit: 1},
		{name: "utf8", unit: 1},
		{name: "utf8BOM", mark: "\xEF\xBB\xBF", unit: 1},
		{name: "ascii", unit: 1, ascii: true},
		{name: "utf32", mark: "\xFF\xFE\x00\x00", unit: 4, order: binary.LittleEndian},
		{name: "bigendianutf32", mark: "\x00\x00\xFE\xFF", unit: 4, order: binary.BigEndian},
		{name: "unicode", mark: "\xFF\xFE", unit: 2, order: binary.LittleEndian},
		{name: "bigendianunicode", mark: "\xFE\xFF", unit: 2, order: binary.BigEndian},
	}
}

// encoding reads the parameter -Encoding.
func (a *arguments) encoding() (encoding, error) {
	if !a.has("Encoding") {
		return encodings()[0], nil
	}
	text, err := a.text("Encoding")
	if err != nil {
		return encoding{}, err
	}
	aliases := map[string]string{"utf-8": "utf8", "default": "utf8", "us-ascii": "ascii", "utf-16": "unicode", "utf-16be": "bigendianunicode", "utf-32": "utf32", "string": "unicode"}
	name := strings.ToLower(text)
	if full, ok := aliases[name]; ok {
		name = full
	}
	var names []string
	for _, e := range encodings() {
		if strings.EqualFold(e.name, name) {
			return e, nil
		}
		names = append(names, e.name)
	}
	return encoding{}, a.usage(a.exprs["Encoding"].Span(), "ParameterArgumentTransformationError",
		"Cannot process argument transformation on parameter 'Encoding'. '%s' is not a supported encoding name here: %s.", text, strings.Join(names, ", "))
}

// bytes is a text in the encoding.
func (e *encoding) bytes(s string) []byte {
	switch {
	case e.ascii:
		return []byte(strings.Map(func(r rune) rune {
			if r >= utf8.RuneSelf {
				return '?'
			}
			return r
		}, s))
	case e.unit == 2:
		var out []byte
		for _, u := range utf16.Encode([]rune(s)) {
			out = e.order.AppendUint16(out, u)
		}
		return out
	case e.unit == 4:
		var out []byte
		for _, r := range s {
			out = e.order.AppendUint32(out, uint32(r))
		}
		return out
	}
	return []byte(strings.ToValidUTF8(s, "\uFFFD"))
}

// encodingOf finds the encoding that a file says of itself.
func encodingOf(data []byte) (encoding, bool) {
	for _, e := range encodings() {
		if e.mark != "" && bytes.HasPrefix(data, []byte(e.mark)) {
			return e, true
		}
	}
	return encoding{}, false
}

// text reads what lies in a file; the mark at its beginning decides before e.
func (e encoding) text(data []byte) string {
	if own, ok := encodingOf(data); ok {
		e, data = own, data[len(own.mark):]
	}
	var order binary.ByteOrder = binary.LittleEndian
	if strings.HasPrefix(e.name, "big") {
		order = binary.BigEndian
	}
	switch e.unit {
	case 2:
		units := make([]uint16, len(data)/2)
		for i := range units {
			units[i] = order.Uint16(data[2*i:])
		}
		return string(utf16.Decode(units))
	case 4:
		runes := make([]rune, len(data)/4)
		for i := range runes {
			runes[i] = rune(order.Uint32(data[4*i:]))
		}
		return string(runes)
	}
	return strings.ToValidUTF8(string(data), "\uFFFD")
}

// textLimit bounds what is read of a file.
const textLimit = 256 << 20

// readText reads a file as a text.
func readText(files Files, path string, e encoding) (string, error) {
	f, err := files.Open(path)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, textLimit+1))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	if len(data) > textLimit {
		return "", &FileError{"FileTooLarge", fmt.Sprintf("The file %s is larger than %d bytes.", path, textLimit)}
	}
	return e.text(data), nil
}

// textFile is a file of text that a stage writes.
type textFile struct {
	command  string
	files    Files
	location location
	encoding encoding
	encoded  bool // -Encoding was given
	options  CreateOptions
	whatIf   bool

	out    Output
	opened bool
	before string // what an appended file held
	failed error
}

// fileParams are what the commands that write a file share; the name of the
// path parameter differs.
const fileParams = " LiteralPath|PSPath|LP Encoding InputObject"

func newTextFile(a *arguments, path string) (*textFile, error) {
	t := &textFile{command: a.name, encoded: a.has("Encoding"), whatIf: a.flag("WhatIf")}
	t.options = CreateOptions{Append: a.flag("Append"), NoClobber: a.flag("NoClobber"), Force: a.flag("Force")}
	var err error
	if t.location, err = a.onePath(path); err != nil {
		return nil, err
	}
	if t.encoding, err = a.encoding(); err != nil {
		return nil, err
	}
	t.files, err = a.files()
	return t, err
}

// open begins the file; doing so twice is doing so once.
func (t *textFile) open() error {
	if t.opened {
		return t.failed
	}
	t.opened = true
	if t.whatIf {
		return nil
	}
	if err := t.begin(); err != nil {
		t.failed = filed(t.command, err)
	}
	return t.failed
}

func (t *textFile) begin() error {
	path, err := t.location.target(t.files)
	if err != nil {
		return err
	}
	there := false
	if t.options.Append {
		if there, err = t.readBefore(path); err != nil {
			return err
		}
	}
	if t.out, err = t.files.Create(path, t.options); err != nil || there {
		return err
	}
	_, err = t.out.Write([]byte(t.encoding.mark))
	return err
}

// readBefore reads a file that is appended to: its encoding is kept.
func (t *textFile) readBefore(path string) (there bool, err error) {
	f, err := t.files.Open(path)
	if err != nil {
		return false, nil //nolint:nilerr // a file that is not there yet is created; any other failure shows then
	}
	data, err := io.ReadAll(io.LimitReader(f, textLimit))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if own, marked := encodingOf(data); marked && !t.encoded {
		t.encoding = own
	}
	t.before = t.encoding.text(data)
	return len(data) > 0, err
}

// write adds text to the file.
func (t *textFile) write(text string) error {
	if err := t.open(); err != nil || t.out == nil {
		return err
	}
	if _, err := t.out.Write(t.encoding.bytes(text)); err != nil {
		return filed(t.command, err)
	}
	return nil
}

// finish makes the file appear.
func (t *textFile) finish() error {
	if err := t.open(); err != nil {
		return err
	}
	if t.whatIf {
		return &Warning{t.command, fmt.Sprintf("What if: Performing the operation %q on target %q.", t.command, t.location.text)}
	}
	if t.out == nil {
		return nil
	}
	if err := t.out.Commit(); err != nil {
		return filed(t.command, err)
	}
	return nil
}

func (t *textFile) close() {
	if t.out != nil {
		t.out.Discard()
	}
}
