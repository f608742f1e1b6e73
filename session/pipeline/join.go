package pipeline

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// join is Join-String.
type join struct {
	running
	property                 *property
	separator, format, quote string
	prefix, suffix           string
	texts                    []string
}

func newJoin(a *arguments) (Stage, error) {
	j := &join{}
	for name, dst := range map[string]*string{"Separator": &j.separator, "FormatString": &j.format, "OutputPrefix": &j.prefix, "OutputSuffix": &j.suffix} {
		var err error
		if *dst, err = a.text(name); err != nil {
			return nil, err
		}
	}
	if !a.has("Separator") && a.scope != nil {
		if ofs, ok := a.scope.Variable("OFS"); ok {
			j.separator = ofs.String()
		}
	}
	switch {
	case a.flag("SingleQuote"):
		j.quote = "'"
	case a.flag("DoubleQuote"):
		j.quote = `"`
	}
	props, err := a.properties("Property", "")
	if len(props) > 0 {
		j.property = &props[0]
	}
	return j, err
}

func (j *join) Push(v clixml.Value) ([]clixml.Value, error) {
	if v.IsNull() {
		return nil, nil
	}
	if j.property != nil {
		cells, err := j.property.resolve(v)
		if err != nil {
			return nil, &Error{Command: "Join-String", ID: "ExpressionFailed", Msg: err.Error(), Target: v}
		}
		v = clixml.Null()
		if len(cells) > 0 {
			v = cells[0].value
		}
	}
	text := j.quote + v.String() + j.quote
	if j.quote == "" && j.format != "" {
		var err error
		if text, err = pslang.Format(j.format, v); err != nil {
			return nil, fatal("Join-String", "FormatError", err.Error())
		}
	}
	j.texts = append(j.texts, text)
	return nil, nil
}

func (j *join) End() ([]clixml.Value, error) {
	return []clixml.Value{clixml.Str(j.prefix + strings.Join(j.texts, j.separator) + j.suffix)}, nil
}
