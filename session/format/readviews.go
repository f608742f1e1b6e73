package format

import (
	"errors"
	"fmt"
	"slices"

	"psdeck/session/clixml"
)

// What a server may define. PowerShell's own views stay far below.
const (
	maxViews    = 20_000
	maxTypes    = 1000 // of one view
	maxEntries  = 1000
	maxItems    = 200 // columns, lines or parts
	maxNesting  = 20
	maxViewText = 1 << 16
	maxParts    = 1 << 20 // in all
)

// ErrViews is the error of view definitions that cannot be read.
var ErrViews = errors.New("the view definitions cannot be read")

// viewReader reads definitions and counts what they hold. The first thing that
// is wrong ends it.
type viewReader struct {
	wanted []func(string) bool // type names; none: all
	parts  int
	err    error
}

// ReadViews reads the answer to Get-FormatData: ExtendedTypeDefinition objects,
// also as a list. What is not one is left out, and so are those for other types
// than the ones named, which may hold wildcards; none stands for all. A
// definition beyond all measure is an error that wraps [ErrViews]. Scripts in it
// are not run before an object is shown, and then by psdeck itself.
func ReadViews(values []clixml.Value, types ...string) (*Views, error) {
	r := &viewReader{}
	for _, t := range types {
		r.wanted = append(r.wanted, matcher(t))
	}
	views := &Views{}
	for _, v := range values {
		list := []clixml.Value{v}
		if o := v.Object(); o != nil && o.Kind != clixml.PlainObject {
			list = o.Items
		}
		for _, d := range list {
			if o := d.Object(); o.Is("System.Management.Automation.ExtendedTypeDefinition") {
				views.list = append(views.list, r.typeDefinition(o)...)
			}
		}
		if len(views.list) > maxViews {
			r.fail("more than %d views", maxViews)
		}
		if r.err != nil {
			return nil, r.err
		}
	}
	return views, nil
}

func (r *viewReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrViews, fmt.Sprintf(format, args...))
	}
}

func (r *viewReader) typeDefinition(o *clixml.Object) []definition {
	types := r.texts(o, "TypeNames")
	if name := r.text(o, "TypeName"); len(types) == 0 && name != "" {
		types = []string{name}
	}
	matches := func(name string) bool {
		return slices.ContainsFunc(r.wanted, func(match func(string) bool) bool { return match(name) })
	}
	if len(r.wanted) > 0 && !slices.ContainsFunc(types, matches) {
		return nil
	}
	var out []definition
	for _, v := range r.items(o, "FormatViewDefinition", maxEntries) {
		if outOfBand, _ := v.Get("OutOfBand"); outOfBand.True() {
			continue // for what is printed between others, as errors are
		}
		d := definition{name: r.text(v, "Name"), types: types}
		control := r.object(v, "Control")
		switch {
		case control.Is(controlType + "TableControl"):
			d.shape = Table
			r.table(&d, control)
		case control.Is(controlType + "ListControl"):
			d.shape = List
			d.entries = r.entries(control, "Entries", "Items", 0)
		case control.Is(controlType + "WideControl"):
			d.shape = Wide
			r.wide(&d, control)
		case control.Is(controlType + "CustomControl"):
			d.shape = Custom
			d.entries = r.entries(control, "Entries", "CustomItems", 0)
		default:
			continue
		}
		if by := r.object(control, "GroupBy"); by != nil {
			if t, ok := r.term(r.object(by, "Expression")); ok {
				d.group = &grouping{term: t, label: r.text(by, "Label"), body: r.entries(r.object(by, "CustomControl"), "Entries", "CustomItems", 0)}
			}
		}
		if len(d.entries) > 0 {
			out = append(out, d)
		}
	}
	return out
}

const controlType = "System.Management.Automation."

func (r *viewReader) table(d *definition, control *clixml.Object) {
	for _, h := range r.items(control, "Headers", maxItems) {
		d.headers = append(d.headers, header{label: r.text(h, "Label"), align: alignmentOf(r.text(h, "Alignment")), width: r.number(h, "Width")})
	}
	d.entries = r.entries(control, "Rows", "Columns", 0)
	d.autoSize, d.noHeader = r.flag(control, "AutoSize"), r.flag(control, "HideTableHeaders")
}

// wide reads a wide view, whose entries are their only item themselves.
func (r *viewReader) wide(d *definition, control *clixml.Object) {
	for _, e := range r.items(control, "Entries", maxEntries) {
		one := r.selection(e)
		if it, ok := r.item(e); ok {
			one.items = []item{it}
			d.entries = append(d.entries, one)
		}
	}
	d.autoSize, d.columns = r.flag(control, "AutoSize"), r.number(control, "Columns")
}

// entries reads the rows of a table or the entries of a list or a custom view.
func (r *viewReader) entries(control *clixml.Object, name, items string, level int) []entry {
	var out []entry
	for _, o := range r.items(control, name, maxEntries) {
		e := r.selection(o)
		e.wrap = r.flag(o, "Wrap")
		if items == "CustomItems" {
			e.body = r.tokens(o, level+1)
		} else {
			for _, x := range r.items(o, items, maxItems) {
				it, _ := r.item(x)
				e.items = append(e.items, it)
			}
		}
		out = append(out, e)
	}
	return out
}

// selection reads what an entry is chosen by.
func (r *viewReader) selection(o *clixml.Object) entry {
	by := r.object(o, "EntrySelectedBy")
	if by == nil {
		by = r.object(o, "SelectedBy")
	}
	if by == nil {
		return entry{}
	}
	if by.Kind != clixml.PlainObject {
		return entry{types: r.texts(o, "SelectedBy")}
	}
	e := entry{types: r.texts(by, "TypeNames")}
	for _, x := range r.items(by, "SelectionCondition", maxItems) {
		if t, ok := r.term(x); ok {
			e.when = append(e.when, t)
		}
	}
	return e
}

// item reads a column of a row, a line of a list or the entry of a wide view;
// ok is false where it says no value.
func (r *viewReader) item(o *clixml.Object) (item, bool) {
	it := item{label: r.text(o, "Label"), align: alignmentOf(r.text(o, "Alignment")), format: r.text(o, "FormatString")}
	if t, ok := r.term(r.object(o, "ItemSelectionCondition")); ok {
		it.when = &t
	}
	var ok bool
	it.term, ok = r.term(r.object(o, "DisplayEntry"))
	return it, ok
}

// term reads a DisplayEntry.
func (r *viewReader) term(o *clixml.Object) (term, bool) {
	if o == nil {
		return term{}, false
	}
	t := term{text: r.text(o, "Value"), script: r.text(o, "ValueType") == "ScriptBlock"}
	return t, t.text != ""
}
