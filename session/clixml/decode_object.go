package clixml

import "strings"

// object reads an Obj element: type names, ToString, the wrapped primitive, a
// container and members, in whatever order the sender wrote them.
func (d *Decoder) object(t *tag, level int) (Value, error) {
	o := d.newObject()
	if t.hasRef {
		d.objects.set(t.ref, o)
	}
	v := Value{kind: KindObject, obj: o}
	if t.empty {
		return v, nil
	}
	hasBase := false
	for {
		more, err := d.more("Obj")
		if err != nil {
			return v, err
		}
		if !more {
			return unwrapped(o), nil
		}
		if err := d.open(t); err != nil {
			return v, err
		}
		switch t.name {
		case "TN", "TNRef":
			o.TypeNames, err = d.typeNames(t)
		case "ToString":
			o.ToString, err = d.content(t)
			o.HasToString = true
		case "Props":
			o.Props, err = d.members(t, o, o.Props, level)
		case "MS":
			o.Members, err = d.members(t, o, o.Members, level)
		default:
			if hasBase {
				return v, d.fail(t.start, "second content "+quote(t.name)+" in an object")
			}
			hasBase = true
			err = d.body(t, o, level)
		}
		if err != nil {
			return v, err
		}
	}
}

// unwrapped gives the value of o: the primitive itself where o says nothing
// but that, as PowerShell's reader does.
func unwrapped(o *Object) Value {
	if o.Kind == PlainObject && !o.Base.IsNull() && o.Base.kind != KindObject && !o.HasToString &&
		len(o.TypeNames)+len(o.Props)+len(o.Members)+len(o.Sets) == 0 {
		return o.Base
	}
	return Value{kind: KindObject, obj: o}
}

// body reads an object's container or wrapped value.
func (d *Decoder) body(t *tag, o *Object, level int) (err error) {
	switch t.name {
	case "LST":
		o.Kind = List
	case "IE":
		o.Kind = Enumerable
	case "STK":
		o.Kind = Stack
	case "QUE":
		o.Kind = Queue
	case "DCT":
		o.Kind = Dict
		o.Entries, err = d.dictionary(t, level)
		return err
	default:
		o.Base, err = d.valueOf(t, level+1)
		return err
	}
	o.Items, err = d.items(t, level)
	return err
}

func (d *Decoder) newObject() *Object {
	if len(d.slab) == 0 {
		n := firstSlab
		switch {
		case d.count <= 1 || len(d.src)-d.pos < 64:
			n = 1 // most documents are one object without others in it
		case d.count > firstSlab*16:
			n = maxSlab
		}
		d.slab = make([]Object, n)
	}
	o := &d.slab[0]
	d.slab = d.slab[1:]
	return o
}

// members reads the Props or MS of o and appends to those that are there
// already. A named set of members goes to o's sets.
func (d *Decoder) members(t *tag, o *Object, have []Property, level int) ([]Property, error) {
	if t.empty {
		return have, nil
	}
	list := t.name
	base := len(d.properties)
	for {
		more, err := d.more(list)
		if err != nil {
			return have, err
		}
		if !more {
			break
		}
		if err := d.open(t); err != nil {
			return have, err
		}
		name, err := d.name(t)
		if err != nil {
			return have, err
		}
		if t.name == "MS" {
			set, err := d.memberSet(t, level+1)
			if err != nil {
				return have, err
			}
			o.Sets = append(o.Sets, Property{name, set})
			continue
		}
		v, err := d.valueOf(t, level+1)
		if err != nil {
			return have, err
		}
		d.properties = append(d.properties, Property{name, v})
	}
	all := taken(have, d.properties[base:])
	d.properties = d.properties[:base]
	return all, nil
}

// taken returns have and then a copy of part.
func taken[T any](have, part []T) []T {
	if len(part) == 0 {
		return have
	}
	if len(have) > 0 {
		return append(have, part...)
	}
	all := make([]T, len(part))
	copy(all, part)
	return all
}

// memberSet reads an MS element within MS.
func (d *Decoder) memberSet(t *tag, level int) (Value, error) {
	if level >= d.lim.Depth {
		return Value{}, &LimitError{What: "depth", Limit: d.lim.Depth}
	}
	if err := d.tally(); err != nil {
		return Value{}, err
	}
	o := d.newObject()
	var err error
	o.Members, err = d.members(t, o, nil, level)
	return Value{kind: KindObject, obj: o}, err
}

func (d *Decoder) items(t *tag, level int) ([]Value, error) {
	if t.empty {
		return nil, nil
	}
	list := t.name
	base := len(d.values)
	for {
		more, err := d.more(list)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		v, err := d.value(t, level+1)
		if err != nil {
			return nil, err
		}
		d.values = append(d.values, v)
	}
	all := taken(nil, d.values[base:])
	d.values = d.values[:base]
	return all, nil
}

func (d *Decoder) dictionary(t *tag, level int) ([]Entry, error) {
	if t.empty {
		return nil, nil
	}
	base := len(d.entries)
	for {
		more, err := d.more("DCT")
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if err := d.open(t); err != nil {
			return nil, err
		}
		if t.name != "En" || t.empty {
			return nil, d.fail(t.start, "unexpected element "+quote(t.name)+" in a dictionary")
		}
		e, err := d.entry(t, level)
		if err != nil {
			return nil, err
		}
		d.entries = append(d.entries, e)
	}
	all := taken(nil, d.entries[base:])
	d.entries = d.entries[:base]
	return all, nil
}

// entry reads the content of an En element: a value named Key and one named Value.
func (d *Decoder) entry(t *tag, level int) (Entry, error) {
	var e Entry
	var seen [2]bool
	for {
		more, err := d.more("En")
		if err != nil {
			return e, err
		}
		if !more {
			break
		}
		if err := d.open(t); err != nil {
			return e, err
		}
		part, v := 0, &e.Key
		switch t.n {
		case "Key":
		case "Value":
			part, v = 1, &e.Value
		default:
			return e, d.fail(t.start, "entry of a dictionary with neither Key nor Value")
		}
		if seen[part] {
			return e, d.fail(t.start, "entry of a dictionary with a second "+t.n)
		}
		seen[part] = true
		if *v, err = d.valueOf(t, level+1); err != nil {
			return e, err
		}
	}
	if !seen[0] || !seen[1] {
		return e, d.fail(d.pos, "entry of a dictionary without Key or Value")
	}
	if e.Key.IsNull() {
		return e, d.fail(d.pos, "dictionary key is null")
	}
	return e, nil
}

// typeNames reads TN or TNRef.
func (d *Decoder) typeNames(t *tag) ([]string, error) {
	ref, hasRef := t.ref, t.hasRef
	if t.name == "TNRef" {
		if err := d.nothing(t); err != nil {
			return nil, err
		}
		if names, ok := d.types.lookup(ref); ok && hasRef {
			return names, nil
		}
		return nil, d.fail(t.start, "reference to unknown type names "+quote(ref))
	}
	var names []string
	if !t.empty {
		var err error
		if names, err = d.typeList(t); err != nil {
			return nil, err
		}
	}
	if hasRef {
		d.types.set(ref, names)
	}
	return names, nil
}

// typeList reads the content of a TN element. A content that was there before
// gives the same slice.
func (d *Decoder) typeList(t *tag) ([]string, error) {
	start := d.pos
	size := strings.Index(d.src[start:min(len(d.src), start+maxTypesSize)], "</TN>")
	if size >= 0 {
		if names, ok := d.typeLists[d.src[start:start+size]]; ok {
			d.pos = start + size + len("</TN>")
			d.count += len(names)
			return names, nil
		}
	}
	base := len(d.strings)
	for {
		more, err := d.more("TN")
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if err := d.open(t); err != nil {
			return nil, err
		}
		if t.name != "T" {
			return nil, d.fail(t.start, "unexpected element "+quote(t.name)+" in type names")
		}
		if err := d.tally(); err != nil {
			return nil, err
		}
		name, err := d.content(t)
		if err != nil {
			return nil, err
		}
		d.strings = append(d.strings, name)
	}
	names := taken(nil, d.strings[base:])
	d.strings = d.strings[:base]
	if size >= 0 && d.pos == start+size+len("</TN>") {
		if len(d.typeLists) == maxTypeLists {
			clear(d.typeLists)
		}
		for i := range names {
			names[i] = strings.Clone(names[i])
		}
		d.typeLists[strings.Clone(d.src[start:start+size])] = names
	}
	return names, nil
}
