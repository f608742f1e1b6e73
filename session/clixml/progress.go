package clixml

import "strconv"

// progress reads a PR element, a progress record outside of a message.
func (d *Decoder) progress(t *tag, level int) (Value, error) {
	o := d.newObject()
	o.TypeNames = []string{progressType, "System.Object"}
	v := Value{kind: KindObject, obj: o}
	if t.empty {
		return v, nil
	}
	for {
		more, err := d.more("PR")
		if err != nil || !more {
			return v, err
		}
		if err := d.open(t); err != nil {
			return v, err
		}
		name, kind := progressMember(t.name)
		if name == "" {
			// Between the numbers PowerShell writes a bare Nil or S: the current operation.
			name, kind = "CurrentOperation", primitiveKind(t.name)
		}
		if err := d.progressValue(t, o, name, kind); err != nil {
			return v, err
		}
	}
}

func (d *Decoder) progressValue(t *tag, o *Object, name string, kind Kind) error {
	if err := d.tally(); err != nil {
		return err
	}
	var v Value
	var err error
	switch {
	case t.name == "Nil":
		err = d.nothing(t)
	case kind == KindString:
		v.kind = kind
		v.str, err = d.content(t)
	case kind == KindInt32:
		start := t.start
		var s string
		if s, _, err = d.text(t); err != nil {
			return err
		}
		if s = trim(s); s == "" { // psrpcore's form of "none"
			return nil
		}
		v.kind = kind
		var ok bool
		if v.num, ok = parseInteger(kind, s); !ok {
			return d.fail(start, "malformed value "+quote(s)+" in "+quote(t.name))
		}
	default:
		return d.fail(t.start, "unknown element "+quote(t.name)+" in a progress record")
	}
	o.Props = append(o.Props, Property{name, v})
	return err
}

const progressType = "System.Management.Automation.ProgressRecord"

// progressElements are the elements of PR and the members they stand for.
var progressElements = [...]struct {
	element, member string
	kind            Kind
}{
	{"AV", "Activity", KindString},
	{"AI", "ActivityId", KindInt32},
	{"CO", "CurrentOperation", KindString},
	{"PI", "ParentActivityId", KindInt32},
	{"PC", "PercentComplete", KindInt32},
	{"T", "RecordType", KindString},
	{"SR", "SecondsRemaining", KindInt32},
	{"SD", "StatusDescription", KindString},
}

func progressMember(element string) (string, Kind) {
	for _, e := range progressElements {
		if e.element == element {
			return e.member, e.kind
		}
	}
	return "", KindNull
}

// isProgress tells whether o is what a PR element becomes.
func isProgress(o *Object) bool {
	if len(o.TypeNames) != 2 || o.TypeNames[0] != progressType || o.TypeNames[1] != "System.Object" ||
		o.HasToString || o.Kind != PlainObject || !o.Base.IsNull() || len(o.Members)+len(o.Sets) > 0 {
		return false
	}
	for i := range o.Props {
		p := &o.Props[i]
		element, kind := progressElement(p.Name)
		if element == "" || p.Value.kind != kind && (element != "CO" || !p.Value.IsNull()) {
			return false
		}
	}
	return true
}

func progressElement(member string) (string, Kind) {
	for _, e := range progressElements {
		if e.member == member {
			return e.element, e.kind
		}
	}
	return "", KindNull
}

func (e *encoder) progress(name string, o *Object) {
	e.open("PR", name)
	e.buf = append(e.buf, '>')
	for i := range o.Props {
		v := o.Props[i].Value
		element, _ := progressElement(o.Props[i].Name)
		switch {
		case v.IsNull():
			e.buf = append(e.buf, "<Nil />"...)
		case v.kind == KindInt32:
			e.open(element, "")
			e.buf = strconv.AppendInt(append(e.buf, '>'), int64(v.num), 10)
			e.close(element)
		case element == "CO":
			e.text("S", "", v.str)
		default:
			e.text(element, "", v.str)
		}
	}
	e.close("PR")
}
