package format

import (
	"fmt"
	"strings"
	"time"

	"psdeck/session/clixml"
)

// clock is d's clock time, which is what .NET formats.
func clock(d clixml.DateTime) time.Time {
	const perSecond = int64(10_000_000)
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	seconds, ticks := d.Ticks/perSecond, d.Ticks%perSecond
	return time.Unix(first.Unix()+seconds, ticks*100).UTC()
}

// dateFormat writes a date by a standard or a custom format.
func (c *culture) dateFormat(d clixml.DateTime, format string) (string, bool) {
	t := clock(d)
	if len(format) == 1 {
		if format == "o" || format == "O" {
			return d.RoundTrip(), true
		}
		layout := c.layout(format)
		return t.Format(layout), layout != ""
	}
	var b strings.Builder
	for i := 0; i < len(format); {
		n := 1
		for i+n < len(format) && format[i+n] == format[i] {
			n++
		}
		if quote := format[i]; quote == '\'' || quote == '"' {
			end := strings.IndexByte(format[i+1:], quote)
			if end < 0 {
				return "", false
			}
			b.WriteString(format[i+1 : i+1+end])
			i += end + 2
			continue
		}
		if format[i] == '\\' && i+1 < len(format) {
			b.WriteByte(format[i+1])
			i += 2
			continue
		}
		b.WriteString(datePart(t, d, format[i], n, format[i:i+n]))
		i += n
	}
	return b.String(), true
}

// datePart writes one run of equal letters of a custom date format.
func datePart(t time.Time, d clixml.DateTime, letter byte, n int, run string) string {
	number := func(x int) string { return fmt.Sprintf("%0*d", min(n, 2), x) }
	switch letter {
	case 'y':
		if n <= 2 {
			return number(t.Year() % 100)
		}
		return fmt.Sprintf("%0*d", n, t.Year())
	case 'M':
		return named(n, number(int(t.Month())), t.Format("Jan"), t.Format("January"))
	case 'd':
		return named(n, number(t.Day()), t.Format("Mon"), t.Format("Monday"))
	case 'H':
		return number(t.Hour())
	case 'h':
		return number((t.Hour()+11)%12 + 1)
	case 'm':
		return number(t.Minute())
	case 's':
		return number(t.Second())
	case 'f', 'F':
		s := fmt.Sprintf("%07d", t.Nanosecond()/100)[:min(n, 7)]
		if letter == 'F' {
			s = strings.TrimRight(s, "0")
		}
		return s
	case 't':
		return t.Format("PM")[:min(n, 2)]
	case 'z', 'K':
		return zone(d, letter, n)
	}
	return run
}

func named(n int, number, short, long string) string {
	switch {
	case n <= 2:
		return number
	case n == 3:
		return short
	}
	return long
}

// zone writes the offset of a local time.
func zone(d clixml.DateTime, letter byte, n int) string {
	if letter == 'K' {
		switch d.Kind {
		case clixml.UTC:
			return "Z"
		case clixml.Unspecified:
			return ""
		}
		n = 3
	}
	sign, minutes := "+", int(d.Offset)
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	if n >= 3 {
		return fmt.Sprintf("%s%02d:%02d", sign, minutes/60, minutes%60)
	}
	return fmt.Sprintf("%s%0*d", sign, n, minutes/60)
}

// spanFormat writes a duration by a standard format or a pattern like hh\:mm.
func spanFormat(t clixml.TimeSpan, format string) (string, bool) {
	if format == "c" || format == "t" || format == "T" {
		return t.String(), true
	}
	n := int64(t)
	if n < 0 {
		n = -n
	}
	parts := map[byte]int64{'d': n / perDay, 'h': n / perHour % 24, 'm': n / perMinute % 60, 's': n / perSecond % 60}
	var b strings.Builder
	for i := 0; i < len(format); {
		if format[i] == '\\' && i+1 < len(format) {
			b.WriteByte(format[i+1])
			i += 2
			continue
		}
		count := 1
		for i+count < len(format) && format[i+count] == format[i] {
			count++
		}
		switch x, ok := parts[format[i]]; {
		case ok:
			fmt.Fprintf(&b, "%0*d", count, x)
		case format[i] == 'f':
			b.WriteString(fmt.Sprintf("%07d", n%perSecond)[:min(count, 7)])
		default:
			return "", false
		}
		i += count
	}
	return b.String(), true
}

// dateProperties lists what System.DateTime says of itself.
func dateProperties(d clixml.DateTime) []clixml.Property {
	t := clock(d)
	kind := [...]string{"Unspecified", "Utc", "Local"}[min(d.Kind, clixml.Local)]
	long, _ := invariant().dateFormat(d, "F")
	day := d
	day.Ticks -= d.Ticks % perDay
	return []clixml.Property{
		clixml.Prop("Date", day), clixml.Prop("Day", t.Day()),
		{Name: "DayOfWeek", Value: clixml.Obj(clixml.Enum("System.DayOfWeek", t.Weekday().String(), int32(t.Weekday())))},
		clixml.Prop("DayOfYear", t.YearDay()), clixml.Prop("Hour", t.Hour()),
		{Name: "Kind", Value: clixml.Obj(clixml.Enum("System.DateTimeKind", kind, int32(d.Kind)))},
		clixml.Prop("Millisecond", t.Nanosecond()/1e6), clixml.Prop("Microsecond", t.Nanosecond()/1e3%1000),
		clixml.Prop("Nanosecond", t.Nanosecond()%1000), clixml.Prop("Minute", t.Minute()),
		clixml.Prop("Month", int(t.Month())), clixml.Prop("Second", t.Second()), clixml.Prop("Ticks", d.Ticks),
		clixml.Prop("TimeOfDay", clixml.TimeSpan(d.Ticks%perDay)), clixml.Prop("Year", t.Year()),
		clixml.Prop("DateTime", long),
	}
}
