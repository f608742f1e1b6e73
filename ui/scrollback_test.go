package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
)

func filled(n int) *scrollback {
	s := newScrollback()
	for i := range n {
		s.append(line{text: fmt.Sprintf("line %d", i)})
	}
	s.resize(80, 10, 0)
	return s
}

// seen is the first and the last row on screen.
func seen(s *scrollback) (first, last string) {
	rows := s.draw(newTheme(true), time.Time{}, true)
	if len(rows) == 0 {
		return "", ""
	}
	return strings.TrimSpace(ansi.Strip(rows[0])), strings.TrimSpace(ansi.Strip(rows[len(rows)-1]))
}

func TestScrollbackFollowsAndScrolls(t *testing.T) {
	tests := []struct {
		name        string
		do          func(s *scrollback)
		first, last string
		follow      bool
	}{
		{"at the end", func(*scrollback) {}, "line 90", "line 99", true},
		{"a page up", func(s *scrollback) { s.scroll(-s.page()) }, "line 82", "line 91", false},
		{"up and down again", func(s *scrollback) { s.scroll(-5); s.scroll(5) }, "line 90", "line 99", true},
		{"far up stops at the first line", func(s *scrollback) { s.scroll(-500) }, "line 0", "line 9", false},
		{"the beginning", (*scrollback).toStart, "line 0", "line 9", false},
		{"the end", func(s *scrollback) { s.toStart(); s.toEnd() }, "line 90", "line 99", true},
		{"new lines do not move what is read", func(s *scrollback) { s.scroll(-10); s.append(line{text: "new"}) }, "line 80", "line 89", false},
		{"new lines are followed", func(s *scrollback) { s.append(line{text: "new"}) }, "line 91", "new", true},
		{"rows kept free below", func(s *scrollback) { s.resize(80, 10, 2) }, "line 92", "line 99", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := filled(100)
			tt.do(s)
			first, last := seen(s)
			if first != tt.first || last != tt.last || s.follow != tt.follow {
				t.Errorf("got %q to %q, follow %v; want %q to %q, %v", first, last, s.follow, tt.first, tt.last, tt.follow)
			}
		})
	}
}

func TestScrollbackCountsWhatWasMissed(t *testing.T) {
	s := filled(100)
	s.scroll(-10)
	s.append(line{text: "a"}, line{text: "b"})
	if got := s.missedWords(); !strings.Contains(got, "2 new lines") {
		t.Errorf("got %q", got)
	}
}

func TestScrollbackIsBounded(t *testing.T) {
	s := newScrollback()
	s.resize(80, 10, 0)
	const n = 3 * scrollMost
	for i := 0; i < n; i += 1000 {
		lines := make([]line, 1000)
		for k := range lines {
			lines[k].text = fmt.Sprintf("line %d", i+k)
		}
		s.append(lines...)
		if i == scrollMost {
			s.toStart() // reading the oldest lines while they fall off
		}
	}
	if len(s.lines) > scrollMost+scrollMost/4 {
		t.Errorf("%d lines are kept", len(s.lines))
	}
	if s.top.line < s.dropped {
		t.Error("the screen stands before the first line that is kept")
	}
	s.toEnd()
	if _, last := seen(s); last != fmt.Sprintf("line %d", n-1) {
		t.Errorf("the last line is %q", last)
	}
}

func TestScrollbackWraps(t *testing.T) {
	tests := []struct {
		name string
		line line
		w    int
		want string
	}{
		{"output breaks anywhere", line{text: "abcdefghij"}, 6, "abcde/fghij"},
		{"words of our own break between words", line{text: "one two three", kind: kindNote}, 9, "one two/three"},
		{"wide characters", line{text: "日本語"}, 5, "日本/語"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScrollback()
			s.append(tt.line)
			s.resize(tt.w, 5, 0)
			var rows []string
			for _, row := range s.draw(newTheme(true), time.Time{}, true) {
				if width(row) > tt.w {
					t.Errorf("row %q is too wide", row)
				}
				rows = append(rows, strings.TrimSpace(ansi.Strip(row)))
			}
			if got := strings.Join(rows, "/"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestScrollbackKeepsItsPlaceOnResize(t *testing.T) {
	s := filled(1000)
	s.scroll(-300)
	before, _ := seen(s)
	s.resize(40, 20, 0)
	if after, _ := seen(s); after != before {
		t.Errorf("the first line was %q, is %q", before, after)
	}
}

func TestBlockStatus(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		block block
		still bool
		want  string
	}{
		{block{state: blockDone, took: 400 * time.Millisecond, objects: 5}, false, "0.4 s · 5 objects"},
		{block{state: blockDone, took: 2 * time.Second, objects: 1, errors: 2}, false, "2.0 s · 1 object · 2 errors"},
		{block{state: blockRunning, started: now.Add(-41 * time.Second), objects: 1204}, false, "▸ running 00:41 · 1,204 objects"},
		{block{state: blockRunning, started: now.Add(-41 * time.Second)}, true, "▸ running"},
		{block{state: blockStopped, took: time.Second}, false, "stopped · 1.0 s"},
		{block{state: blockRefused, word: "refused: read-only"}, false, "refused: read-only"},
		{block{state: blockLost}, false, "lost"},
	}
	for _, tt := range tests {
		if got, _ := tt.block.status(newTheme(true), now, tt.still, 40); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

// FuzzScroll checks that scrolling back what was scrolled comes to the same
// place, and that no row is wider than the pane.
func FuzzScroll(f *testing.F) {
	f.Add("one\ntwo 日本語\nthree three three", 7, 3, 5)
	f.Fuzz(func(t *testing.T, text string, w, h, by int) {
		if w < 1 || w > 200 || h < 1 || h > 100 || by < 0 || by > 1000 || len(text) > 2000 {
			return
		}
		s := newScrollback()
		for _, l := range remoteLines(text) {
			s.append(line{text: l})
		}
		s.resize(w, h, 0)
		for _, row := range s.draw(newTheme(true), time.Time{}, true) {
			if n := width(row); n > max(w, 3) {
				t.Fatalf("row of %d cells in %d: %q", n, w, row)
			}
		}
		end := position{s.end(), 0}
		up := s.up(end, by)
		if back := s.down(up, by); back.before(end) && up != (position{s.dropped, 0}) {
			t.Fatalf("up %d from the end and down again: %v, not %v", by, back, end)
		}
	})
}
