// Package format prints objects as PowerShell prints them: tables, lists, wide
// and custom views and bare values, by the views that a server gives for its
// types, else by the rules that PowerShell uses where no view of a format file
// applies.
//
// A stream of objects is printed as Out-String prints it. Strings and numbers
// are lines of their own. The first other object chooses the shape for all
// that follow: four properties or fewer make a table, more a list. Two types
// that look alike in one stream share a table.
//
// Widths count cells as PowerShell counts them: by UTF-16 code unit, two for
// the wide characters of East Asia, without control sequences. An emoji counts
// two, but a joined or a flag emoji counts each of its parts.
package format

import (
	"math"

	"psdeck/session/clixml"
)

// Options say where the text is printed.
type Options struct {
	// Width is the number of columns; 0 means 120.
	Width int
	// Colour adds the control sequences that PowerShell adds on a terminal.
	Colour bool
	// EnumLimit is how many items of a collection are printed: 0 means
	// PowerShell's 4, negative means all, NoItems none.
	EnumLimit int
	// Culture is how dates, numbers and lines are written: "en-US", else
	// the invariant culture.
	Culture string
}

// NoItems is the EnumLimit that prints collections as {…}.
const NoItems = math.MinInt

// Shape tells which kind of view is wanted.
type Shape uint8

// The shapes. Default chooses by the object.
const (
	Default Shape = iota
	Table
	List
	Wide
	Custom
)

// View says how objects are shown.
type View struct {
	Shape      Shape
	Properties []Column // none: PowerShell chooses
	AutoSize   bool
	Wrap       bool
	HideHeader bool
	GroupBy    *Column
	Columns    int // of Format-Wide; 0 means PowerShell's 2
	Depth      int // of Format-Custom; 0 means PowerShell's 5
	// DisplayError writes #ERR where the computation of a column fails.
	DisplayError bool
	// Views are defined elsewhere; they show objects of their types where
	// Properties names none. Nil: none.
	Views *Views
	// Name is the one of Views that is wanted; "": the first that fits.
	Name string
}

// Column is one property of a table or list.
type Column struct {
	// Property is the property's name; it may hold wildcards.
	Property string
	// Value computes the column instead of Property.
	Value func(clixml.Value) (clixml.Value, error)
	// Label is the heading; "" means the property's name.
	Label string
	// Align is "left", "center" or "right"; "" follows the value.
	Align string
	// Width is the column's width; 0 means that it is found.
	Width int
	// Format is a .NET format string; "" for none.
	Format string
}
