package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// fromJSON is ConvertFrom-Json.
type fromJSON struct {
	running
	hashtable, whole bool
	depth            int
	held             []string
}

func newFromJSON(a *arguments) (Stage, error) {
	depth, err := a.ranged("Depth", 1024, 1, 1<<30)
	return &fromJSON{hashtable: a.flag("AsHashtable"), whole: a.flag("NoEnumerate"), depth: depth}, err
}

func (j *fromJSON) Push(v clixml.Value) ([]clixml.Value, error) {
	j.held = append(j.held, v.String())
	return nil, nil
}

// End reads each input by itself where the first one is whole, and else all
// of them as the lines of one text.
func (j *fromJSON) End() ([]clixml.Value, error) {
	texts := j.held
	j.held = nil
	if len(texts) > 1 {
		if _, err := j.parse(texts[0]); err != nil {
			texts = []string{strings.Join(texts, "\n")}
		}
	}
	var out []clixml.Value
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		v, err := j.parse(text)
		if err != nil {
			return out, fatal("ConvertFrom-Json", "System.ArgumentException", "Conversion from JSON failed with error: "+err.Error())
		}
		if items, many := pslang.Collection(v); many && !j.whole {
			out = append(out, items...)
		} else {
			out = append(out, v)
		}
	}
	return out, nil
}

func (j *fromJSON) parse(text string) (clixml.Value, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := j.value(d, 0)
	if errors.Is(err, io.EOF) {
		err = errors.New("unexpected end when reading JSON")
	}
	if err != nil {
		return v, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return v, fmt.Errorf("additional text encountered after finished reading JSON content, at offset %d", d.InputOffset())
	}
	return v, nil
}

func (j *fromJSON) value(d *json.Decoder, depth int) (clixml.Value, error) {
	token, err := d.Token()
	if err != nil {
		return clixml.Null(), err
	}
	switch t := token.(type) {
	case json.Delim:
		if depth >= j.depth {
			return clixml.Null(), fmt.Errorf("the maximum depth of %d has been exceeded", j.depth)
		}
		if t == '[' {
			return j.list(d, depth)
		}
		return j.object(d, depth)
	case json.Number:
		return jsonNumber(string(t)), nil
	case string:
		if date, ok := jsonDate(t); ok {
			return clixml.Of(date), nil
		}
		return clixml.Str(t), nil
	case bool:
		return clixml.Bool(t), nil
	}
	return clixml.Null(), nil
}

func (j *fromJSON) list(d *json.Decoder, depth int) (clixml.Value, error) {
	list := clixml.Array()
	for d.More() {
		v, err := j.value(d, depth+1)
		if err != nil {
			return v, err
		}
		list.Items = append(list.Items, v)
	}
	_, err := d.Token()
	return clixml.Obj(list), err
}

func (j *fromJSON) object(d *json.Decoder, depth int) (clixml.Value, error) {
	o := clixml.Custom()
	if j.hashtable {
		o = clixml.Hashtable()
		o.TypeNames = append([]string{"System.Management.Automation.OrderedHashtable"}, o.TypeNames...)
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return clixml.Null(), err
		}
		name, _ := token.(string)
		v, err := j.value(d, depth+1)
		if err != nil {
			return v, err
		}
		if err := j.add(o, name, v); err != nil {
			return v, err
		}
	}
	_, err := d.Token()
	return clixml.Obj(o), err
}

// add puts a value into an object: of one name the last value counts, but
// properties must not differ by case only.
func (j *fromJSON) add(o *clixml.Object, name string, v clixml.Value) error {
	if j.hashtable {
		for i := range o.Entries {
			if o.Entries[i].Key.Text() == name {
				o.Entries[i].Value = v
				return nil
			}
		}
		o.Entries = append(o.Entries, clixml.Entry{Key: clixml.Str(name), Value: v})
		return nil
	}
	if name == "" {
		return errors.New("the provided JSON includes a property whose name is an empty string, this is only supported using the -AsHashTable switch")
	}
	for i := range o.Members {
		switch m := &o.Members[i]; {
		case m.Name == name:
			m.Value = v
			return nil
		case strings.EqualFold(m.Name, name):
			return fmt.Errorf("the JSON string contains keys with different casing: %q and %q; use the -AsHashTable switch", m.Name, name)
		}
	}
	o.Members = append(o.Members, clixml.Property{Name: name, Value: v})
	return nil
}

// jsonNumber is a long where that holds the number, else a double.
func jsonNumber(text string) clixml.Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return clixml.Int64(n)
	}
	if !strings.ContainsAny(text, ".eE") && len(text) <= 28 {
		return clixml.Of(clixml.Decimal(text))
	}
	f, _ := strconv.ParseFloat(text, 64)
	return clixml.Double(f)
}

// jsonDate takes a text that is a date of ISO 8601 with a time, as PowerShell does.
func jsonDate(text string) (clixml.DateTime, bool) {
	if len(text) < len("2006-01-02T15:04:05") || len(text) > 40 || text[10] != 'T' {
		return clixml.DateTime{}, false
	}
	for layout, kind := range map[string]clixml.DateTimeKind{
		"2006-01-02T15:04:05.9999999": clixml.Unspecified, "2006-01-02T15:04:05.9999999Z": clixml.UTC, "2006-01-02T15:04:05.9999999-07:00": clixml.Local,
	} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		_, offset := t.Zone()
		d := clixml.FromTime(t.Add(time.Duration(offset) * time.Second).UTC())
		d.Kind, d.Offset = kind, 0
		if kind == clixml.Local {
			d.Offset = int16(offset / 60)
		}
		return d, true
	}
	return clixml.DateTime{}, false
}
