package psrp

import (
	"fmt"
	"math"

	"github.com/google/uuid"

	"psdeck/session/clixml"
)

// reader takes typed members out of an object and keeps the first error.
type reader struct {
	o    *clixml.Object
	err  error
	left *int // items that lists may still give, where lists nest
}

func newReader(v clixml.Value) *reader {
	r := &reader{o: v.Object()}
	if r.o == nil {
		r.o = &clixml.Object{}
		r.fail("an object is needed")
	}
	return r
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// value is a member that may be absent or null.
func (r *reader) value(name string) clixml.Value {
	v, _ := r.o.Get(name)
	return v
}

// need is a member that must be there.
func (r *reader) need(name string) clixml.Value {
	v, ok := r.o.Get(name)
	if !ok {
		r.fail("member %s is missing", name)
	}
	return v
}

// sub reads an object that must be there.
func (r *reader) sub(name string) *reader {
	v := r.need(name)
	if v.Object() == nil {
		r.fail("member %s is no object", name)
		return &reader{o: &clixml.Object{}, err: r.err, left: r.left}
	}
	return &reader{o: v.Object(), left: r.left}
}

// item reads an element of a list that nests in others. References let a small
// document repeat a list in a list in a list, so their sum is bounded.
func (r *reader) item(v clixml.Value) *reader {
	s := newReader(v)
	s.left = r.left
	if *r.left--; *r.left < 0 {
		s.fail("there are more commands and parameters than %d", maxPipelineItems)
	}
	return s
}

// adopt takes over the error of a reader that sub gave.
func (r *reader) adopt(s *reader) {
	if r.err == nil {
		r.err = s.err
	}
}

func (r *reader) int64(name string) int64 {
	n, ok := r.need(name).Int()
	if !ok {
		r.fail("member %s is no integer", name)
	}
	return n
}

func (r *reader) int32(name string) int32 { return r.narrow(name, r.int64(name)) }

func (r *reader) narrow(name string, n int64) int32 {
	if n < math.MinInt32 || n > math.MaxInt32 {
		r.fail("member %s is out of range", name)
		return 0
	}
	return int32(n)
}

func (r *reader) optionalInt(name string) int {
	if r.value(name).IsNull() {
		return 0
	}
	return int(r.int32(name))
}

func (r *reader) text(name string) string {
	s, ok := textOf(r.need(name))
	if !ok {
		r.fail("member %s is no text", name)
	}
	return s
}

// optionalText is "" where the member is absent, null or no text.
func (r *reader) optionalText(name string) string {
	s, _ := textOf(r.value(name))
	return s
}

func (r *reader) bool(name string) bool {
	v := r.need(name)
	if v.Kind() != clixml.KindBool {
		r.fail("member %s is no boolean", name)
	}
	return v.True()
}

// optionalBool is false where the member is absent or null.
func (r *reader) optionalBool(name string) bool {
	return !r.value(name).IsNull() && r.bool(name)
}

func (r *reader) guid(name string) uuid.UUID {
	id, _ := r.value(name).Any().(uuid.UUID)
	return id
}

func (r *reader) time(name string) clixml.DateTime {
	t, _ := r.value(name).Any().(clixml.DateTime)
	return t
}

// list reads a list that must be there.
func (r *reader) list(name string) []clixml.Value {
	o := r.need(name).Object()
	if o == nil || (o.Kind != clixml.List && o.Kind != clixml.Enumerable) {
		r.fail("member %s is no list", name)
		return nil
	}
	return o.Items
}

// optionalList is nil where the member is absent or null, else not nil.
func (r *reader) optionalList(name string) []clixml.Value {
	if r.value(name).IsNull() {
		return nil
	}
	if items := r.list(name); items != nil {
		return items
	}
	return []clixml.Value{}
}

func (r *reader) texts(name string) []string {
	items := r.optionalList(name)
	if items == nil {
		return nil
	}
	out := make([]string, len(items))
	for i, v := range items {
		s, ok := textOf(v)
		if !ok {
			r.fail("an element of %s is no text", name)
		}
		out[i] = s
	}
	return out
}

// textOf gives the text of a string or of an object that wraps one; null is "".
func textOf(v clixml.Value) (string, bool) {
	if o := v.Object(); o != nil {
		if o.Base.IsNull() || o.Base.Object() != nil {
			return "", false
		}
		v = o.Base
	}
	switch v.Kind() {
	case clixml.KindNull:
		return "", true
	case clixml.KindString, clixml.KindURI, clixml.KindXML, clixml.KindScriptBlock,
		clixml.KindVersion, clixml.KindSemanticVersion, clixml.KindDecimal:
		return v.Text(), true
	}
	return "", false
}

// textOrNull is $null for "".
func textOrNull(s string) clixml.Value {
	if s == "" {
		return clixml.Null()
	}
	return clixml.Str(s)
}
