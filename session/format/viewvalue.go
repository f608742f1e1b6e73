package format

import (
	"strconv"

	"psdeck/session/clixml"
)

// object is the object that a property holds, or nil.
func (r *viewReader) object(o *clixml.Object, name string) *clixml.Object {
	if o == nil || r.err != nil {
		return nil
	}
	v, _ := o.Get(name)
	return v.Object()
}

// items are the objects of a list that a property holds.
func (r *viewReader) items(o *clixml.Object, name string, most int) []*clixml.Object {
	list := r.object(o, name)
	if list == nil {
		return nil
	}
	if len(list.Items) > most {
		r.fail("%s has more than %d items", name, most)
		return nil
	}
	if r.parts += len(list.Items); r.parts > maxParts {
		r.fail("more than %d parts", maxParts)
		return nil
	}
	out := make([]*clixml.Object, 0, len(list.Items))
	for _, v := range list.Items {
		if x := v.Object(); x != nil {
			out = append(out, x)
		}
	}
	return out
}

func (r *viewReader) texts(o *clixml.Object, name string) []string {
	list := r.object(o, name)
	if list == nil {
		return nil
	}
	if len(list.Items) > maxTypes {
		r.fail("%s has more than %d items", name, maxTypes)
		return nil
	}
	if r.parts += len(list.Items); r.parts > maxParts {
		r.fail("more than %d parts", maxParts)
	}
	var out []string
	for _, v := range list.Items {
		if s := r.short(v, name); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// text is a text or the name of an enum's value.
func (r *viewReader) text(o *clixml.Object, name string) string {
	if o == nil || r.err != nil {
		return ""
	}
	v, _ := o.Get(name)
	return r.short(v, name)
}

func (r *viewReader) short(v clixml.Value, name string) string {
	if v.IsNull() {
		return ""
	}
	s := v.String()
	if len(s) > maxViewText {
		r.fail("%s has more than %d characters", name, maxViewText)
		return ""
	}
	return s
}

// number is a number that is no larger than a screen can be.
func (r *viewReader) number(o *clixml.Object, name string) int {
	n, err := strconv.Atoi(r.text(o, name))
	if err != nil {
		return 0
	}
	return max(0, min(n, 1<<15))
}

func (r *viewReader) flag(o *clixml.Object, name string) bool {
	if o == nil {
		return false
	}
	v, _ := o.Get(name)
	return v.True()
}
