package ui

import "time"

// scrollMost bounds the lines that a tab keeps.
const scrollMost = 100_000

// kind tells what a line of the scrollback is, and so how it is drawn.
type kind uint8

const (
	kindText    kind = iota // output, as the server or the formatter gave it
	kindCommand             // a line that was typed; the first one has the block's state at its right
	kindRule                // the dashes under a table's heading
	kindHead                // a table's heading
	kindNote                // what the deck itself says
	kindDim                 // details of an error, a way out
	kindError
	kindWarning
	kindVerbose
	kindDebug
	kindBlank
	kindEmph // what a person has to do now
)

// words tells whether lines of this kind break at words.
func (k kind) words() bool { return k != kindText && k != kindRule && k != kindHead }

// line is one line of the scrollback, clean and without styles.
type line struct {
	text  string
	block *block
	kind  kind
	first bool // the first line of its block: the state goes here
	wide  bool // not all of it is ASCII
}

// block is a line that was run with what came of it.
type block struct {
	command string
	state   blockState
	started time.Time
	took    time.Duration
	objects int
	errors  int
	reached []string // tenants that the line reached from elsewhere
	word    string   // in place of the usual words, e.g. "refused: read-only"
}

type blockState uint8

const (
	blockQuiet   blockState = iota // says nothing at the right
	blockRunning                   // from Enter to the end
	blockStopping
	blockDone
	blockFailed
	blockStopped
	blockRefused
	blockLost
)

// position is a row of the scrollback: a line by its number since the tab was
// opened, and a row within it.
type position struct{ line, row int }

// scrollback keeps the last lines of a tab and where the screen stands in them.
// Nothing is indexed ahead: a line is wrapped when it is drawn, so a new width
// costs a screenful and not the whole of it.
type scrollback struct {
	lines   []line
	dropped int // lines that fell off the front
	follow  bool
	top     position // of the screen, when it does not follow
	w, h    int
	live    int // rows at the bottom that are taken by what moves
	version int
	cache   drawnCache
	missed  int // lines that came while it did not follow
}

func newScrollback() *scrollback { return &scrollback{follow: true} }

func (s *scrollback) append(l ...line) {
	if len(l) == 0 {
		return
	}
	s.version++
	for i := range l {
		l[i].wide = !isASCII(l[i].text)
	}
	s.lines = append(s.lines, l...)
	if !s.follow {
		s.missed += len(l)
	}
	// The front is cut in large pieces, so that each line is moved only a
	// few times in its life.
	if over := len(s.lines) - scrollMost; over > scrollMost/8 {
		n := copy(s.lines, s.lines[over:])
		clear(s.lines[n:])
		s.lines = s.lines[:n]
		s.dropped += over
		if s.top.line < s.dropped {
			s.top = position{s.dropped, 0}
		}
	}
}

// touch says that a block's state has changed.
func (s *scrollback) touch() { s.version++ }

// clear forgets all lines.
func (s *scrollback) clear() {
	s.dropped += len(s.lines)
	s.lines = nil
	s.toEnd()
}

// resize sets the size of the pane; live is what is kept free at the bottom.
func (s *scrollback) resize(w, h, live int) {
	if w != s.w || h != s.h || live != s.live {
		if w != s.w {
			s.top.row = 0
		}
		s.w, s.h, s.live = w, h, live
		s.version++
	}
}

func (s *scrollback) end() int { return s.dropped + len(s.lines) }

func (s *scrollback) at(i int) *line { return &s.lines[i-s.dropped] }

// rowsOf is how many rows the line takes.
func (s *scrollback) rowsOf(i int) int {
	l := s.at(i)
	if !l.wide && len(l.text) <= s.roomOf(l) {
		return 1
	}
	return len(s.wrap(l))
}

// bottomTop is the top of the screen that shows the last line at its bottom.
func (s *scrollback) bottomTop() position {
	return s.up(position{s.end(), 0}, max(1, s.h-s.live))
}

// up goes n rows up from p, at most to the first row.
func (s *scrollback) up(p position, n int) position {
	for n > 0 {
		if p.row >= n {
			return position{p.line, p.row - n}
		}
		if p.line == s.dropped {
			return position{s.dropped, 0}
		}
		n -= p.row
		p.line--
		p.row = s.rowsOf(p.line)
	}
	return p
}

// down goes n rows down from p, at most to the end.
func (s *scrollback) down(p position, n int) position {
	for p.line < s.end() {
		left := s.rowsOf(p.line) - p.row
		if n < left {
			return position{p.line, p.row + n}
		}
		n -= left
		p = position{p.line + 1, 0}
	}
	return p
}

func (p position) before(q position) bool {
	return p.line < q.line || p.line == q.line && p.row < q.row
}

// scroll moves the screen by n rows; at the last line it follows again.
func (s *scrollback) scroll(n int) {
	s.version++
	bottom := s.bottomTop()
	if s.follow {
		s.top = bottom
	}
	if n < 0 {
		s.top = s.up(s.top, -n)
	} else {
		s.top = s.down(s.top, n)
	}
	s.follow = !s.top.before(bottom)
	if s.follow {
		s.missed = 0
	}
}

// page is how far a page key goes: a screen but for two rows.
func (s *scrollback) page() int { return max(1, s.h-2) }

func (s *scrollback) toEnd() { s.follow, s.missed = true, 0; s.version++ }

func (s *scrollback) toStart() {
	s.version++
	s.top = position{s.dropped, 0}
	s.follow = !s.top.before(s.bottomTop())
}
