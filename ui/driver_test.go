package ui

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/vt"
)

// driver is a person at a terminal in memory: it types, looks, and waits until
// nothing happens any more. Time is the bubble's.
type driver struct {
	t     *testing.T
	term  *vt.SafeEmulator
	app   *App
	prog  *tea.Program
	out   *counting
	done  chan struct{}
	title string
}

// counting writes to the terminal, with the line ends that a real one makes,
// and counts.
type counting struct {
	to    io.Writer
	mu    *sync.Mutex
	bytes int
	raw   bytes.Buffer
}

func (c *counting) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += len(p)
	c.raw.Write(p)
	_, err := c.to.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	return len(p), err
}

// onScreen runs the deck in a terminal of w by h cells.
func onScreen(t *testing.T, w, h int, cfg Config, play func(d *driver)) {
	t.Helper()
	onTerminal(t, w, h, cfg, []string{"TERM=xterm-256color", "COLORTERM=truecolor"}, play)
}

func onTerminal(t *testing.T, w, h int, cfg Config, env []string, play func(d *driver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &driver{t: t, term: vt.NewSafeEmulator(w, h), app: New(cfg), done: make(chan struct{})}
		d.term.SetCallbacks(vt.Callbacks{Title: func(s string) { d.title = s }})
		d.out = &counting{to: d.term, mu: new(sync.Mutex)}
		d.prog = tea.NewProgram(watched{d.app, d.out.mu}, tea.WithInput(d.term), tea.WithOutput(d.out), tea.WithWindowSize(w, h),
			tea.WithFPS(fps), tea.WithoutSignalHandler(), tea.WithEnvironment(env))
		go func() {
			defer close(d.done)
			if _, err := d.prog.Run(); err != nil {
				t.Error(err)
			}
		}()
		d.settle()
		play(d)
		d.prog.Quit()
		<-d.done
		time.Sleep(2 * time.Second) // a tick that was asked for may be on its way
		_ = d.app.closeEverything()
		d.app.cancel()
		_ = d.term.InputPipe().(io.Closer).Close()
		synctest.Wait()
	})
}

// settle waits until everything that was begun is on screen.
func (d *driver) settle() { d.pass(50 * time.Millisecond) }

// order tells the race detector that what was written came before what follows.
func (c *counting) order() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += 0
}

// watched is the deck under a lock, so that the race detector knows that what
// the person looked at was looked at before the next message came.
type watched struct {
	*App
	mu *sync.Mutex
}

func (w watched) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, cmd := w.App.Update(msg)
	return w, cmd
}

func (w watched) View() tea.View {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.App.View()
}

// pass lets time pass.
func (d *driver) pass(dt time.Duration) {
	d.out.order()
	time.Sleep(dt)
	synctest.Wait()
}

func (d *driver) Type(s string) {
	d.term.SendText(s)
	d.settle()
}

// Press presses keys by the names that the table of actions has.
func (d *driver) Press(names ...string) {
	for _, name := range names {
		d.prog.Send(keyPress(name))
		d.settle()
	}
}

func keyPress(name string) tea.KeyPressMsg {
	var k tea.KeyPressMsg
	for {
		mod, rest, found := strings.Cut(name, "+")
		if !found || rest == "" {
			break
		}
		k.Mod |= map[string]tea.KeyMod{"ctrl": tea.ModCtrl, "alt": tea.ModAlt, "shift": tea.ModShift}[mod]
		name = rest
	}
	named := map[string]rune{
		"enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete,
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "space": tea.KeySpace,
	}
	if code, ok := named[name]; ok {
		k.Code = code
	} else if n := 0; len(name) > 1 && name[0] == 'f' {
		if _, err := fmt.Sscanf(name, "f%d", &n); err == nil {
			k.Code = tea.KeyF1 + rune(n-1)
		}
	} else {
		k.Code = []rune(name)[0]
		if k.Mod == 0 {
			k.Text = name
		}
	}
	if k.Code == tea.KeySpace {
		k.Text = " "
	}
	return k
}

func (d *driver) Paste(s string) {
	d.prog.Send(tea.PasteMsg{Content: s})
	d.settle()
}

func (d *driver) Click(x, y int) {
	d.term.SendMouse(uv.MouseClickEvent{X: x, Y: y, Button: uv.MouseLeft})
	d.term.SendMouse(uv.MouseReleaseEvent{X: x, Y: y, Button: uv.MouseLeft})
	d.settle()
}

func (d *driver) Wheel(up bool) {
	b := uv.MouseWheelDown
	if up {
		b = uv.MouseWheelUp
	}
	d.term.SendMouse(uv.MouseWheelEvent{X: 5, Y: 5, Button: b})
	d.pass(100 * time.Millisecond)
}

func (d *driver) Resize(w, h int) {
	d.term.Resize(w, h)
	d.prog.Send(tea.WindowSizeMsg{Width: w, Height: h})
	d.settle()
}

// Lines are the rows of the screen without blanks at the end.
func (d *driver) Lines() []string {
	w, h := d.term.Width(), d.term.Height()
	rows := make([]string, h)
	for y := range h {
		var b strings.Builder
		for x := 0; x < w; x++ {
			c := d.term.CellAt(x, y)
			if c == nil || c.Content == "" {
				b.WriteByte(' ')
				continue
			}
			b.WriteString(c.Content)
			if c.Width > 1 {
				x += c.Width - 1
			}
		}
		rows[y] = strings.TrimRight(b.String(), " ")
	}
	return rows
}

func (d *driver) Screen() string { return strings.Join(d.Lines(), "\n") }

// Has wants texts on the screen.
func (d *driver) Has(texts ...string) {
	d.t.Helper()
	screen := d.Screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.t.Errorf("not on the screen: %q\n%s", text, screen)
		}
	}
}

// HasNot wants texts not to be on the screen.
func (d *driver) HasNot(texts ...string) {
	d.t.Helper()
	screen := d.Screen()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			d.t.Errorf("on the screen: %q\n%s", text, screen)
		}
	}
}

// Row is the first row that holds a text.
func (d *driver) Row(text string) string {
	d.t.Helper()
	for _, row := range d.Lines() {
		if strings.Contains(row, text) {
			return row
		}
	}
	d.t.Errorf("no row with %q\n%s", text, d.Screen())
	return ""
}

// Find is where a text stands.
func (d *driver) Find(text string) (x, y int) {
	d.t.Helper()
	for y, row := range d.Lines() {
		if i := strings.Index(row, text); i >= 0 {
			return width(row[:i]), y
		}
	}
	d.t.Errorf("no %q\n%s", text, d.Screen())
	return 0, 0
}

// Prompt is the row of the prompt.
func (d *driver) Prompt() string { d.t.Helper(); return d.Row(" ›") }

// Run types a line and presses Enter.
func (d *driver) Run(line string) {
	d.Type(line)
	d.Press("enter")
}
