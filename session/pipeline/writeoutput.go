package pipeline

import (
	"strings"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// writeOutput is Write-Output.
type writeOutput struct {
	running
	values []clixml.Value
}

func newWriteOutput(a *arguments) (Stage, error) {
	v, err := a.value("InputObject")
	if !a.has("InputObject") {
		return &writeOutput{}, err
	}
	w := &writeOutput{values: []clixml.Value{v}}
	if !a.flag("NoEnumerate") {
		w.values = pslang.Enumerate(v)
	}
	delete(a.exprs, "InputObject") // it is no input here
	return w, err
}

func (w *writeOutput) Push(v clixml.Value) ([]clixml.Value, error) { return []clixml.Value{v}, nil }

func (w *writeOutput) End() ([]clixml.Value, error) {
	out := w.values
	w.values = nil
	return out, nil
}

// getDate is Get-Date.
type getDate struct {
	running
	clock  Clock
	given  clixml.Value // of -Date; $null: now
	parts  map[string]int
	utc    bool
	format string
}

func newGetDate(a *arguments) (Stage, error) {
	g := &getDate{parts: map[string]int{}, utc: a.flag("AsUTC")}
	g.clock, _ = a.scope.(Clock)
	if a.has("Date") {
		v, err := a.value("Date")
		if err == nil {
			g.given, err = pslang.Convert(v, "datetime")
		}
		if err != nil {
			return nil, a.usage(a.exprs["Date"].Span(), "CannotConvertArgumentNoMessage", "Cannot bind parameter 'Date'. %v", err)
		}
	} else if g.clock == nil {
		return nil, a.usage(a.cmd.NameExtent, "NotSupported", "Get-Date is not run here: there is no clock")
	}
	for _, name := range strings.Fields("Year Month Day Hour Minute Second Millisecond") {
		if a.has(name) {
			n, err := a.ranged(name, 0, 0, 9999)
			if err != nil {
				return nil, err
			}
			g.parts[name] = n
		}
	}
	var err error
	g.format, err = a.text("Format")
	switch strings.ToLower(g.format) {
	case "filedate":
		g.format = "yyyyMMdd"
	case "filedatetime":
		g.format = "yyyyMMddTHHmmssffff"
	case "filedateuniversal":
		g.format, g.utc = "yyyyMMddZ", true
	case "filedatetimeuniversal":
		g.format, g.utc = "yyyyMMddTHHmmssffffZ", true
	}
	return g, err
}

func (g *getDate) End() ([]clixml.Value, error) {
	v := g.given
	if v.IsNull() {
		v = clixml.Of(clixml.FromTime(g.clock.Now()))
	}
	d, _ := v.Any().(clixml.DateTime)
	if len(g.parts) > 0 {
		d = g.changed(d)
	}
	if g.utc && d.Kind != clixml.UTC {
		d = clixml.FromTime(d.Time().UTC())
		d.Kind, d.Offset = clixml.UTC, 0
	}
	v = clixml.Of(d)
	if g.format == "" {
		return []clixml.Value{v}, nil
	}
	text, err := pslang.Format("{0:"+g.format+"}", v)
	if err != nil {
		return nil, fatal("Get-Date", "FormatError", err.Error())
	}
	return []clixml.Value{clixml.Str(text)}, nil
}

// changed puts the parts that were given into a date.
func (g *getDate) changed(d clixml.DateTime) clixml.DateTime {
	t := d.Time()
	part := func(name string, now int) int {
		if n, ok := g.parts[name]; ok {
			return n
		}
		return now
	}
	t = time.Date(part("Year", t.Year()), time.Month(part("Month", int(t.Month()))), part("Day", t.Day()),
		part("Hour", t.Hour()), part("Minute", t.Minute()), part("Second", t.Second()), part("Millisecond", t.Nanosecond()/1e6)*1e6, t.Location())
	kind := d.Kind
	d = clixml.FromTime(t)
	d.Kind = kind
	return d
}

// Push takes a date that comes through the pipeline.
func (g *getDate) Push(v clixml.Value) ([]clixml.Value, error) {
	d, err := pslang.Convert(v, "datetime")
	if err != nil {
		return nil, &Error{Command: "Get-Date", ID: "CannotConvertArgumentNoMessage", Msg: err.Error(), Target: v}
	}
	g.given = d
	return nil, nil
}
