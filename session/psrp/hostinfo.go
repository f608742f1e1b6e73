package psrp

import "psdeck/session/clixml"

// HostInfo describes the client's host, so that the server knows what it may
// ask of it, and answers questions about sizes and colours without asking.
// [MS-PSRP] 2.2.3.14
type HostInfo struct {
	IsNull   bool // there is no host
	NoUI     bool // the host has no user interface
	NoRawUI  bool // the user interface has no screen
	UsePools bool // in a pipeline: use the pool's host
	Defaults *HostDefaults
}

// HostDefaults are the state of a host's screen. [MS-PSRP] 2.2.3.14
type HostDefaults struct {
	Foreground, Background ConsoleColor
	Cursor, Window         Coordinates
	CursorSize             int32 // percent of a cell
	Buffer, WindowSize     Size
	MaxWindow, MaxPhysical Size
	Title                  string
}

// Console describes a host with a screen of this many cells.
func Console(width, height int) *HostInfo {
	size := Size{int32(width), int32(height)}
	return &HostInfo{Defaults: &HostDefaults{
		Foreground: ColorGray, Background: ColorBlack, CursorSize: 25,
		Buffer: size, WindowSize: size, MaxWindow: size, MaxPhysical: size,
	}}
}

// ConsoleColor is a System.ConsoleColor. [MS-PSRP] 2.2.3.3
type ConsoleColor int32

// The colours.
const (
	ColorBlack ConsoleColor = iota
	ColorDarkBlue
	ColorDarkGreen
	ColorDarkCyan
	ColorDarkRed
	ColorDarkMagenta
	ColorDarkYellow
	ColorGray
	ColorDarkGray
	ColorBlue
	ColorGreen
	ColorCyan
	ColorRed
	ColorMagenta
	ColorYellow
	ColorWhite
)

// Coordinates is a cell's place on the screen, from 0. [MS-PSRP] 2.2.3.1
type Coordinates struct{ X, Y int32 }

// Size is a size in cells. [MS-PSRP] 2.2.3.2
type Size struct{ Width, Height int32 }

// Rectangle is a region of the screen; its borders belong to it. [MS-PSRP] 2.2.3.32
type Rectangle struct{ Left, Top, Right, Bottom int32 }

// BufferCell is one cell of the screen. [MS-PSRP] 2.2.3.28
type BufferCell struct {
	Character              clixml.Char
	Foreground, Background ConsoleColor
	Type                   int32 // 0 complete, 1 leading, 2 trailing
}

// KeyInfo is a key that was read. [MS-PSRP] 2.2.3.26
type KeyInfo struct {
	VirtualKeyCode int32
	Character      clixml.Char
	ControlState   int32
	KeyDown        bool
}

// The keys of the table of defaults. [MS-PSRP] 2.2.3.14
const (
	keyForeground = iota
	keyBackground
	keyCursor
	keyWindow
	keyCursorSize
	keyBuffer
	keyWindowSize
	keyMaxWindow
	keyMaxPhysical
	keyTitle
)

// Property answers a method that asks for the state of the screen; false where m
// is no such method, or nothing is known of the screen.
func (d *HostDefaults) Property(m HostMethod) (clixml.Value, bool) {
	if d == nil {
		return clixml.Null(), false
	}
	switch m {
	case MethodGetForegroundColor:
		return clixml.Int32(int32(d.Foreground)), true
	case MethodGetBackgroundColor:
		return clixml.Int32(int32(d.Background)), true
	case MethodGetCursorPosition:
		return d.Cursor.encode(), true
	case MethodGetWindowPosition:
		return d.Window.encode(), true
	case MethodGetCursorSize:
		return clixml.Int32(d.CursorSize), true
	case MethodGetBufferSize:
		return d.Buffer.encode(), true
	case MethodGetWindowSize:
		return d.WindowSize.encode(), true
	case MethodGetWindowTitle:
		return clixml.Str(d.Title), true
	case MethodGetMaxWindowSize:
		return d.MaxWindow.encode(), true
	case MethodGetMaxPhysicalWindowSize:
		return d.MaxPhysical.encode(), true
	}
	return clixml.Null(), false
}

func (h *HostInfo) encode() clixml.Value {
	o := clixml.New(
		clixml.Prop("_isHostUINull", h.NoUI),
		clixml.Prop("_isHostRawUINull", h.NoRawUI),
		clixml.Prop("_isHostNull", h.IsNull),
	)
	if h.Defaults != nil {
		o.Set("_hostDefaultData", clixml.Obj(clixml.New(clixml.Prop("data", h.Defaults.table()))))
	}
	o.Set("_useRunspaceHost", clixml.Bool(h.UsePools))
	return clixml.Obj(o)
}

func (d *HostDefaults) table() *clixml.Object {
	const ns = "System.Management.Automation.Host."
	entry := func(key int, typeName string, v clixml.Value) clixml.Entry {
		return clixml.Entry{
			Key:   clixml.Int32(int32(key)),
			Value: clixml.Obj(clixml.New(clixml.Prop("T", typeName), clixml.Prop("V", v))),
		}
	}
	return clixml.Hashtable(
		entry(keyTitle, "System.String", clixml.Str(d.Title)),
		entry(keyMaxPhysical, ns+"Size", d.MaxPhysical.encode()),
		entry(keyMaxWindow, ns+"Size", d.MaxWindow.encode()),
		entry(keyWindowSize, ns+"Size", d.WindowSize.encode()),
		entry(keyBuffer, ns+"Size", d.Buffer.encode()),
		entry(keyCursorSize, "System.Int32", clixml.Int32(d.CursorSize)),
		entry(keyWindow, ns+"Coordinates", d.Window.encode()),
		entry(keyCursor, ns+"Coordinates", d.Cursor.encode()),
		entry(keyBackground, "System.ConsoleColor", clixml.Int32(int32(d.Background))),
		entry(keyForeground, "System.ConsoleColor", clixml.Int32(int32(d.Foreground))),
	)
}

// decodeHostInfo reads the member HostInfo; nil where there is none.
func decodeHostInfo(r *reader) *HostInfo {
	if r.value("HostInfo").IsNull() {
		return nil
	}
	s := r.sub("HostInfo")
	h := &HostInfo{
		NoUI:     s.bool("_isHostUINull"),
		NoRawUI:  s.bool("_isHostRawUINull"),
		IsNull:   s.bool("_isHostNull"),
		UsePools: s.bool("_useRunspaceHost"),
	}
	if data := s.value("_hostDefaultData").Object(); data != nil {
		h.Defaults = decodeHostDefaults(s, data)
	}
	r.adopt(s)
	return h
}

func decodeHostDefaults(r *reader, data *clixml.Object) *HostDefaults {
	d := &HostDefaults{}
	table, _ := data.Get("data")
	if table.Object() == nil {
		r.fail("the host's defaults have no data")
		return d
	}
	for _, e := range table.Object().Entries {
		key, _ := e.Key.Int()
		v, _ := e.Value.Object().Get("V")
		p := params{items: []clixml.Value{v}}
		switch key {
		case keyForeground:
			d.Foreground = ConsoleColor(p.int32(0))
		case keyBackground:
			d.Background = ConsoleColor(p.int32(0))
		case keyCursor:
			d.Cursor = p.coordinates(0)
		case keyWindow:
			d.Window = p.coordinates(0)
		case keyCursorSize:
			d.CursorSize = p.int32(0)
		case keyBuffer:
			d.Buffer = p.size(0)
		case keyWindowSize:
			d.WindowSize = p.size(0)
		case keyMaxWindow:
			d.MaxWindow = p.size(0)
		case keyMaxPhysical:
			d.MaxPhysical = p.size(0)
		case keyTitle:
			d.Title = p.text(0)
		}
		if p.err != nil {
			r.fail("the host's defaults, key %d: %w", key, p.err)
		}
	}
	return d
}
