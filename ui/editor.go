package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"psdeck/session/pslang"
)

// editor is the prompt's line that is being typed: text, a cursor, undo and a kill
// buffer. The cursor always stands between two grapheme clusters.
type editor struct {
	text string
	at   int // byte offset of the cursor

	killed  string
	lastOp  editOp
	undone  []edit
	done    []edit
	version int // grows with each change of text or cursor
	goal    int // column that up and down aim at, -1: the cursor's own

	read     *pslang.Reading // of readText
	readText string
}

// edit is a state to go back to.
type edit struct {
	text string
	at   int
}

type editOp uint8

const (
	opNone editOp = iota
	opInsert
	opKill
	opDelete
)

// undoMost bounds the undo stack.
const undoMost = 200

// set replaces all text and puts the cursor at its end.
func (e *editor) set(s string) {
	if s == e.text && e.at == len(s) {
		return
	}
	e.save(opNone)
	e.text, e.at = e.filter(s), 0
	e.at = len(e.text)
	e.moved()
}

// clear empties the editor and forgets what could be undone.
func (e *editor) clear() {
	e.text, e.at = "", 0
	e.done, e.undone, e.lastOp = nil, nil, opNone
	e.moved()
}

func (e *editor) insert(s string) {
	s = e.filter(s)
	if s == "" {
		return
	}
	op := opInsert
	if len(s) > 1 && !isASCII(s) || strings.ContainsAny(s, " \n") {
		op = opNone // a word is undone at once
	}
	e.save(op)
	e.text = e.text[:e.at] + s + e.text[e.at:]
	e.at = e.snap(e.at + len(s))
	e.moved()
}

// filter drops control characters but newlines.
func (e *editor) filter(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.ReplaceAll(s, "\t", "    ")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r), r == utf8.RuneError, unicode.Is(unicode.Bidi_Control, r):
			return -1 // what is not seen, or makes the line read otherwise than it runs
		}
		return r
	}, s)
}

// replace puts a text in the place of another, and the cursor behind it.
func (e *editor) replace(from, to int, s string) {
	from, to = max(0, min(from, len(e.text))), max(0, min(to, len(e.text)))
	s = e.filter(s)
	e.save(opNone)
	e.text = e.text[:from] + s + e.text[max(from, to):]
	e.at = e.snap(from + len(s))
	e.moved()
}

func (e *editor) backspace() { e.cut(e.left(e.at), e.at, opDelete) }
func (e *editor) delete()    { e.cut(e.at, e.right(e.at), opDelete) }

func (e *editor) moveLeft()      { e.move(e.left(e.at)) }
func (e *editor) moveRight()     { e.move(e.right(e.at)) }
func (e *editor) moveWordLeft()  { e.move(e.wordLeft()) }
func (e *editor) moveWordRight() { e.move(e.wordRight()) }
func (e *editor) moveHome()      { e.move(e.lineStart(e.at)) }
func (e *editor) moveEnd()       { e.move(e.lineEnd(e.at)) }

func (e *editor) killWordLeft()  { e.kill(e.wordLeft(), e.at, true) }
func (e *editor) killWordRight() { e.kill(e.at, e.wordRight(), false) }
func (e *editor) killHome()      { e.kill(e.lineStart(e.at), e.at, true) }

// killEnd kills to the end of the line, or joins the next line to this one.
func (e *editor) killEnd() {
	end := e.lineEnd(e.at)
	if end == e.at {
		end = e.right(e.at)
	}
	e.kill(e.at, end, false)
}

func (e *editor) yank() { e.insert(e.killed) }

func (e *editor) undo() { e.travel(&e.done, &e.undone) }
func (e *editor) redo() { e.travel(&e.undone, &e.done) }

func (e *editor) travel(from, to *[]edit) {
	n := len(*from)
	if n == 0 {
		return
	}
	*to = append(*to, edit{e.text, e.at})
	last := (*from)[n-1]
	*from = (*from)[:n-1]
	e.text, e.at = last.text, last.at
	e.lastOp = opNone
	e.moved()
}

// moveLine moves the cursor up (-1) or down (+1) a line of text; it tells
// whether there was one.
func (e *editor) moveLine(by int) bool {
	start := e.lineStart(e.at)
	if e.goal < 0 {
		e.goal = width(e.text[start:e.at])
	}
	goal := e.goal
	switch {
	case by < 0 && start > 0:
		e.move(e.columnIn(e.lineStart(start-1), goal))
	case by > 0 && e.lineEnd(e.at) < len(e.text):
		e.move(e.columnIn(e.lineEnd(e.at)+1, goal))
	default:
		return false
	}
	e.goal = goal
	return true
}

// columnIn is the offset nearest to a column of the line that begins at start.
func (e *editor) columnIn(start, column int) int {
	at, used := start, 0
	for at < len(e.text) && e.text[at] != '\n' {
		c, w := cluster(e.text[at:])
		if used+w > column {
			break
		}
		at, used = at+len(c), used+w
	}
	return at
}

func (e *editor) move(to int) {
	if to != e.at {
		e.at = to
		e.lastOp = opNone
	}
	e.moved()
}

func (e *editor) moved() { e.version++; e.goal = -1 }

// save keeps the state before a change; changes of one kind in a row are
// undone together.
func (e *editor) save(op editOp) {
	if op == opNone || op != e.lastOp || op == opKill {
		e.done = append(e.done, edit{e.text, e.at})
		if len(e.done) > undoMost {
			e.done = append(e.done[:0], e.done[len(e.done)-undoMost:]...)
		}
	}
	e.undone = nil
	e.lastOp = op
}

func (e *editor) cut(from, to int, op editOp) {
	if from >= to {
		return
	}
	e.save(op)
	e.text = e.text[:from] + e.text[to:]
	e.at = e.snap(from)
	e.moved()
}

// kill removes text into the kill buffer; kills in a row are kept together.
func (e *editor) kill(from, to int, before bool) {
	if from >= to {
		return
	}
	gone := e.text[from:to]
	switch {
	case e.lastOp != opKill:
		e.killed = gone
	case before:
		e.killed = gone + e.killed
	default:
		e.killed += gone
	}
	e.cut(from, to, opKill)
}

// snap moves an offset to the next boundary of grapheme clusters: what was
// typed may have joined with what stands beside it.
func (e *editor) snap(at int) int {
	start := e.lineStart(at)
	for start < at {
		c, _ := cluster(e.text[start:])
		start += len(c)
	}
	return start
}

func (e *editor) left(at int) int {
	if at == 0 {
		return 0
	}
	if e.text[at-1] < 0x80 && (at == 1 || e.text[at-2] < 0x80) {
		return at - 1
	}
	start := e.lineStart(at)
	if start == at {
		return at - 1
	}
	for {
		c, _ := cluster(e.text[start:])
		if start+len(c) >= at {
			return start
		}
		start += len(c)
	}
}

func (e *editor) right(at int) int {
	if at >= len(e.text) {
		return len(e.text)
	}
	c, _ := cluster(e.text[at:])
	return at + len(c)
}

func (e *editor) lineStart(at int) int { return strings.LastIndexByte(e.text[:at], '\n') + 1 }

func (e *editor) lineEnd(at int) int {
	if n := strings.IndexByte(e.text[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(e.text)
}

func wordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}

func (e *editor) wordLeft() int {
	at := e.at
	for inWord := false; at > 0; {
		r, n := utf8.DecodeLastRuneInString(e.text[:at])
		if wordRune(r) {
			inWord = true
		} else if inWord {
			break
		}
		at -= n
	}
	return e.snap(at)
}

func (e *editor) wordRight() int {
	at := e.at
	for inWord := false; at < len(e.text); {
		r, n := utf8.DecodeRuneInString(e.text[at:])
		if wordRune(r) {
			inWord = true
		} else if inWord {
			break
		}
		at += n
	}
	return e.snap(at)
}
