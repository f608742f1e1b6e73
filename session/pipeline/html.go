package pipeline

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
)

// toHTML is ConvertTo-Html: the lines of a page, or with -Fragment of its table.
type toHTML struct {
	running
	properties     []property
	list, fragment bool
	top, bottom    []string // what stands before and behind the table
	names          []string // the columns
	begun, any     bool
}

func newToHTML(a *arguments) (Stage, error) {
	as, err := a.oneOf("As", "Table", "Table", "List")
	if err != nil {
		return nil, err
	}
	h := &toHTML{list: as == "List", fragment: a.flag("Fragment")}
	if h.properties, err = a.properties("Property", ""); err != nil {
		return nil, err
	}
	part := func(name string) []string {
		if err != nil {
			return nil
		}
		var texts []string
		texts, err = a.texts(name)
		return texts
	}
	if !h.fragment {
		h.top = page(part, a.flag("Transitional"))
	}
	h.top = append(h.top, part("PreContent")...)
	h.bottom = part("PostContent")
	return h, err
}

// page is the head of a page, down to its body.
func page(part func(string) []string, transitional bool) []string {
	kind, file := "Strict", "strict"
	if transitional {
		kind, file = "Transitional", "transitional"
	}
	head := part("Head")
	if len(head) == 0 {
		title := "HTML TABLE"
		if given := part("Title"); len(given) > 0 {
			title = strings.Join(given, " ")
		}
		head = []string{"<title>" + title + "</title>"}
	}
	out := []string{
		`<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 ` + kind + `//EN"  "http://www.w3.org/TR/xhtml1/DTD/xhtml1-` + file + `.dtd">`,
		`<html xmlns="http://www.w3.org/1999/xhtml">`, "<head>",
	}
	for _, set := range part("Charset") {
		out = append(out, `<meta charset="`+set+`">`)
	}
	out = append(out, head...)
	for _, uri := range part("CssUri") {
		out = append(out, `<link rel="stylesheet" type="text/css" href="`+uri+`" />`)
	}
	out = append(out, "</head><body>")
	return append(out, part("Body")...)
}

func (h *toHTML) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	lines := h.begin(v)
	cells := h.cells(v)
	if h.list {
		if h.any {
			lines = append(lines, "<tr><td><hr></td></tr>")
		}
		for i, name := range h.names {
			lines = append(lines, "<tr><td>"+escapeHTML(name)+":</td><td>"+escapeHTML(cells[i])+"</td></tr>")
		}
	} else {
		row := "<tr>"
		for _, c := range cells {
			row += "<td>" + escapeHTML(c) + "</td>"
		}
		lines = append(lines, row+"</tr>")
	}
	h.any = true
	return textValues(lines), nil
}

// begin writes what stands before the first row, and chooses the columns.
func (h *toHTML) begin(v clixml.Value) []string {
	if h.begun {
		return nil
	}
	h.begun = true
	lines := append(h.top, "<table>")
	if v.IsNull() {
		return lines
	}
	if h.names = h.columnNames(v); len(h.names) == 0 {
		h.names = []string{"*"}
	}
	if !h.list {
		header := "<tr>"
		for _, name := range h.names {
			header += "<th>" + escapeHTML(name) + "</th>"
		}
		lines = append(lines, "<colgroup>"+strings.Repeat("<col/>", len(h.names))+"</colgroup>", header+"</tr>")
	}
	return lines
}

func (h *toHTML) columnNames(v clixml.Value) []string {
	var names []string
	if len(h.properties) == 0 {
		for _, c := range columns(v) {
			names = append(names, c.Name)
		}
		return names
	}
	for i := range h.properties {
		p := &h.properties[i]
		if p.pattern == nil && p.block == nil {
			names = append(names, p.labelled(p.name))
			continue
		}
		cells, _ := p.resolve(v)
		for _, c := range cells {
			names = append(names, c.name)
		}
	}
	return names
}

// cells are the texts of an object's row.
func (h *toHTML) cells(v clixml.Value) []string {
	var have []clixml.Property
	if len(h.properties) == 0 {
		have = columns(v)
	}
	for i := range h.properties {
		cells, _ := h.properties[i].resolve(v)
		for _, c := range cells {
			have = append(have, clixml.Property{Name: c.name, Value: c.value})
		}
	}
	out := make([]string, len(h.names))
	for i, name := range h.names {
		if at := indexOf(have, name); at >= 0 && !have[at].Value.IsNull() {
			out[i] = cellText(have[at].Value)
		}
	}
	return out
}

func (h *toHTML) End() ([]clixml.Value, error) {
	lines := append(h.begin(clixml.Null()), "</table>")
	lines = append(lines, h.bottom...)
	if !h.fragment {
		lines = append(lines, "</body></html>")
	}
	return textValues(lines), nil
}

func textValues(lines []string) []clixml.Value {
	out := make([]clixml.Value, len(lines))
	for i, l := range lines {
		out[i] = clixml.Str(l)
	}
	return out
}

// escapeHTML writes a text as .NET's WebUtility.HtmlEncode does.
func escapeHTML(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\'', r >= 160 && r < 256, r > 0xFFFF:
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
