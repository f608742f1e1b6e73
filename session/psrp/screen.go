package psrp

import "psdeck/session/clixml"

func (c Coordinates) encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("x", c.X), clixml.Prop("y", c.Y)))
}

func (s Size) encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("width", s.Width), clixml.Prop("height", s.Height)))
}

func (r Rectangle) encode() clixml.Value {
	return clixml.Obj(clixml.New(
		clixml.Prop("left", r.Left), clixml.Prop("top", r.Top),
		clixml.Prop("right", r.Right), clixml.Prop("bottom", r.Bottom),
	))
}

func (c BufferCell) encode() clixml.Value {
	return clixml.Obj(clixml.New(
		clixml.Prop("character", c.Character),
		clixml.Prop("foregroundColor", int32(c.Foreground)),
		clixml.Prop("backgroundColor", int32(c.Background)),
		clixml.Prop("bufferCellType", c.Type),
	))
}

func (k KeyInfo) encode() clixml.Value {
	return clixml.Obj(clixml.New(
		clixml.Prop("virtualKeyCode", k.VirtualKeyCode),
		clixml.Prop("character", k.Character),
		clixml.Prop("controlKeyState", k.ControlState),
		clixml.Prop("keyDown", k.KeyDown),
	))
}

func decodeCoordinates(r *reader) Coordinates { return Coordinates{r.int32("x"), r.int32("y")} }

func decodeSize(r *reader) Size { return Size{r.int32("width"), r.int32("height")} }

func decodeRectangle(r *reader) Rectangle {
	return Rectangle{r.int32("left"), r.int32("top"), r.int32("right"), r.int32("bottom")}
}

func decodeCell(r *reader) BufferCell {
	return BufferCell{
		Character:  r.char("character"),
		Foreground: ConsoleColor(r.int32("foregroundColor")),
		Background: ConsoleColor(r.int32("backgroundColor")),
		Type:       r.int32("bufferCellType"),
	}
}

// DecodeKeyInfo reads the answer to ReadKey.
func DecodeKeyInfo(v clixml.Value) (KeyInfo, error) {
	r := newReader(v)
	if r.err != nil {
		return KeyInfo{}, r.err
	}
	k := KeyInfo{r.int32("virtualKeyCode"), r.char("character"), r.int32("controlKeyState"), r.bool("keyDown")}
	return k, r.err
}

func (r *reader) char(name string) clixml.Char {
	c, ok := r.need(name).Any().(clixml.Char)
	if !ok {
		r.fail("member %s is no character", name)
	}
	return c
}

// grid reads a two-dimensional array of cells: its elements in one list, row by
// row, and its lengths in another. [MS-PSRP] 2.2.6.1.4
func decodeGrid(r *reader) [][]BufferCell {
	elements, lengths := r.list("mae"), r.list("mal")
	if r.err != nil {
		return nil
	}
	if len(lengths) != 2 {
		r.fail("an array of cells has two dimensions, not %d", len(lengths))
		return nil
	}
	rows, okRows := lengths[0].Int()
	columns, okColumns := lengths[1].Int()
	n := int64(len(elements))
	if !okRows || !okColumns || rows < 0 || columns < 0 || rows > n || columns > n || rows*columns != n {
		r.fail("an array of %d cells does not have the lengths it says", n)
		return nil
	}
	grid := make([][]BufferCell, rows)
	for i := range grid {
		grid[i] = make([]BufferCell, columns)
		for j := range grid[i] {
			c := newReader(elements[int64(i)*columns+int64(j)])
			if c.err == nil {
				grid[i][j] = decodeCell(c)
			}
			r.adopt(c)
		}
	}
	return grid
}
