package ui

import (
	"context"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"psdeck/session"
)

// benchDeck is a deck with one tab that has n lines of output, without a program around it.
func benchDeck(n int) *App {
	srv := newFakeServer()
	a := New(Config{Connector: srv, Places: srv.places()})
	a.Update(tea.WindowSizeMsg{Width: 160, Height: 50})
	t := a.newTab(session.Target{Name: "contoso", Env: session.Prod})
	live, _ := srv.Connect(context.Background(), session.Target{OverrideAdminDomain: "contoso.example"}, nil)
	t.live, t.runner = live, live
	b := &block{command: "Get-Everyone", state: blockDone, took: time.Second, objects: n}
	t.begin(b)
	lines := make([]line, n)
	for i := range lines {
		lines[i].text = fmt.Sprintf("User %05d    tel:+49301%05d    True    user%05d@contoso.example", i, i, i)
	}
	t.say(lines...)
	a.activate(0)
	a.View()
	return a
}

// keyToFrame is what happens between a key and the frame that shows it.
func keyToFrame(a *App) {
	a.Update(tea.KeyPressMsg{Code: 'x', Text: "x"})
	a.View()
	a.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
	a.View()
}

// TestKeyToFrameIsCheap gates what a key costs by counts, which do not depend
// on the machine's load.
func TestKeyToFrameIsCheap(t *testing.T) {
	for _, n := range []int{100, 10_000, 100_000} {
		a := benchDeck(n)
		allocs := testing.AllocsPerRun(50, func() { keyToFrame(a) }) / 2
		if allocs > 80 {
			t.Errorf("with %d lines of output a key makes %.0f allocations", n, allocs)
		}
	}
}

// TestKeyToFrameInAFieldIsCheap: the same for a field of the wizard and the search.
func TestKeyToFrameInAFieldIsCheap(t *testing.T) {
	for _, page := range []string{"f2", "f3"} {
		a := benchDeck(100)
		a.Update(keyPress(page))
		allocs := testing.AllocsPerRun(50, func() { keyToFrame(a) }) / 2
		if allocs > 120 {
			t.Errorf("after %s a key makes %.0f allocations", page, allocs)
		}
	}
}

// TestBatchOfAnotherTabMakesNoFrame: output in the background costs no drawing.
func TestBatchOfAnotherTabMakesNoFrame(t *testing.T) {
	a := benchDeck(10)
	other := a.newTab(session.Target{Name: "fabrikam"})
	other.unread = true
	other.current = &running{seq: 1, block: &block{}, ctx: other.ctx}
	views := a.views
	for range 100 {
		a.Update(batchMsg{other.id, 1, batch{lines: []line{{text: "x"}}}})
		a.View()
	}
	if a.views != views {
		t.Errorf("%d frames", a.views-views)
	}
}

func BenchmarkKeyToFrame(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("lines=%d", n), func(b *testing.B) {
			a := benchDeck(n)
			b.ReportAllocs()
			for b.Loop() {
				keyToFrame(a)
			}
		})
	}
}

func BenchmarkFirstFrame(b *testing.B) {
	srv := newFakeServer()
	b.ReportAllocs()
	for b.Loop() {
		a := New(Config{Connector: srv, Places: srv.places()})
		a.Update(tea.WindowSizeMsg{Width: 160, Height: 50})
		a.View()
	}
}

// BenchmarkBatch is 1,000 lines to the frame that shows the last of them.
func BenchmarkBatch(b *testing.B) {
	a := benchDeck(10)
	t := a.tab()
	t.current = &running{seq: 1, block: &block{state: blockRunning}, ctx: t.ctx}
	lines := make([]line, 1000)
	for i := range lines {
		lines[i].text = fmt.Sprintf("User %05d    tel:+49301%05d    True", i, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		a.Update(batchMsg{t.id, 1, batch{lines: lines, objects: len(lines)}})
		a.View()
	}
}

// BenchmarkResize is one step of a resize with 100,000 lines of output.
func BenchmarkResize(b *testing.B) {
	a := benchDeck(100_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		a.Update(tea.WindowSizeMsg{Width: 100 + i%60, Height: 40})
		a.View()
	}
}

// BenchmarkScroll is a page key in the middle of 100,000 lines.
func BenchmarkScroll(b *testing.B) {
	a := benchDeck(100_000)
	a.tab().scroll.scroll(-50_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		key := tea.KeyPressMsg{Code: tea.KeyPgUp}
		if i%2 == 0 {
			key.Code = tea.KeyPgDown
		}
		a.Update(key)
		a.View()
	}
}
