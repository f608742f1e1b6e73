package pipeline

import (
	"errors"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
)

// viewer is Format-Table, Format-List, Format-Wide and Format-Custom: the
// objects go through, the view is for whoever prints them.
type viewer struct {
	running
	view format.View
}

func newView(a *arguments) (Stage, error) {
	v := &viewer{view: format.View{AutoSize: a.flag("AutoSize"), Wrap: a.flag("Wrap"), HideHeader: a.flag("HideTableHeaders"), DisplayError: a.flag("DisplayError")}}
	switch strings.ToLower(a.name) {
	case "format-table":
		v.view.Shape = format.Table
	case "format-list":
		v.view.Shape = format.List
	case "format-wide":
		v.view.Shape = format.Wide
	default:
		v.view.Shape = format.Custom
	}
	var errs [5]error
	var props, group []property
	props, errs[0] = a.properties("Property", "width alignment formatstring depth")
	group, errs[1] = a.properties("GroupBy", "formatstring")
	v.view.Columns, errs[2] = a.number("Column", 0)
	v.view.Depth, errs[4] = a.number("Depth", 0)
	if v.view.Name, errs[3] = a.text("View"); a.has("View") && a.has("Property") {
		errs[3] = a.usage(a.exprs["View"].Span(), "FormatCannotSpecifyViewAndProperty", "-View and -Property cannot be used together")
	}
	for i := range props {
		v.view.Properties = append(v.view.Properties, props[i].column())
	}
	if len(group) > 0 {
		c := group[0].column()
		v.view.GroupBy = &c
	}
	return v, errors.Join(errs[:]...)
}

// column makes a column of a property.
func (p *property) column() format.Column {
	c := format.Column{Property: p.name, Label: p.label, Align: strings.ToLower(p.keys["alignment"].String()), Format: p.keys["formatstring"].String()}
	if w, ok := p.keys["width"]; ok {
		n, _ := pslang.Convert(w, "int")
		i, _ := n.Int()
		c.Width = int(i)
	}
	if p.block != nil {
		block := p.block
		c.Value = block.Value
		if c.Label == "" {
			c.Label = p.source
		}
	}
	return c
}

func (v *viewer) Push(x clixml.Value) ([]clixml.Value, error) { return []clixml.Value{x}, nil }

func (v *viewer) View() format.View { return v.view }

// pass is Out-Default and Out-Host: whoever reads the pipeline prints it.
type pass struct{ running }

func newPass(*arguments) (Stage, error) { return &pass{}, nil }

func (*pass) Push(v clixml.Value) ([]clixml.Value, error) { return []clixml.Value{v}, nil }

// null is Out-Null.
type null struct{ running }

func newNull(*arguments) (Stage, error) { return &null{}, nil }

func (*null) Push(clixml.Value) ([]clixml.Value, error) { return nil, nil }

// outString is Out-String.
type outString struct {
	running
	stream, noNewline bool
	view              format.View
	options           format.Options
	held              []clixml.Value
}

func newOutString(a *arguments) (Stage, error) {
	width, err := a.number("Width", 120)
	return &outString{stream: a.flag("Stream"), noNewline: a.flag("NoNewline"), options: format.Options{Width: width}}, err
}

func (o *outString) shown(view format.View) { o.view = view }

func (o *outString) Push(v clixml.Value) ([]clixml.Value, error) {
	o.held = append(o.held, v)
	return nil, nil
}

func (o *outString) End() ([]clixml.Value, error) {
	text := format.Render(o.held, o.view, o.options)
	o.held = nil
	if o.noNewline {
		text = strings.ReplaceAll(text, "\n", "")
	}
	if !o.stream {
		return []clixml.Value{clixml.Str(text)}, nil
	}
	var out []clixml.Value
	for line := range strings.Lines(text) {
		out = append(out, clixml.Str(strings.TrimSuffix(line, "\n")))
	}
	return out, nil
}
