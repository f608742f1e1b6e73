package pslang

import (
	"strings"
	"time"

	"psdeck/session/clixml"
)

// dateFormats are the standard formats of the invariant culture.
var dateFormats = map[string]string{
	"d": "MM/dd/yyyy", "D": "dddd, dd MMMM yyyy", "t": "HH:mm", "T": "HH:mm:ss", "f": "dddd, dd MMMM yyyy HH:mm", "F": "dddd, dd MMMM yyyy HH:mm:ss",
	"g": "MM/dd/yyyy HH:mm", "G": "MM/dd/yyyy HH:mm:ss", "M": "MMMM dd", "m": "MMMM dd", "y": "yyyy MMMM", "Y": "yyyy MMMM",
	"s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss", "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'", "r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'", "R": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
}

func formatDate(d clixml.DateTime, spec string) (string, error) {
	if spec == "o" || spec == "O" {
		return d.RoundTrip(), nil
	}
	if len(spec) == 1 {
		custom, ok := dateFormats[spec]
		if !ok {
			return "", formatError("Input string was not in a correct format")
		}
		spec = custom
	}
	return customDate(d, strings.TrimPrefix(spec, "%"))
}

// customDate writes a date by letters: a run of one is one field.
func customDate(d clixml.DateTime, spec string) (string, error) {
	t := d.Time()
	var b strings.Builder
	var run []byte
	var failed error
	flush := func() {
		if len(run) > 0 && failed == nil {
			failed = dateField(&b, d, t, run[0], len(run))
		}
		run = run[:0]
	}
	last := -2
	walkFormat(spec, func(i int, c byte, literal bool) {
		if len(run) > 0 && (literal || c != run[0] || i != last+1) {
			flush()
		}
		last = i
		switch {
		case literal, strings.IndexByte("dfFgHhKmMstyz", c) < 0:
			if c != '%' || literal {
				b.WriteByte(c)
			}
		default:
			run = append(run, c)
		}
	})
	flush()
	return b.String(), failed
}

func dateField(b *strings.Builder, d clixml.DateTime, t time.Time, c byte, n int) error {
	number := func(v int) { b.WriteString(fixedDigits(v, min(n, 2))) }
	switch c {
	case 'd':
		switch {
		case n == 3:
			b.WriteString(t.Format("Mon"))
		case n > 3:
			b.WriteString(t.Format("Monday"))
		default:
			number(t.Day())
		}
	case 'M':
		switch {
		case n == 3:
			b.WriteString(t.Format("Jan"))
		case n > 3:
			b.WriteString(t.Format("January"))
		default:
			number(int(t.Month()))
		}
	case 'y':
		if n <= 2 {
			number(t.Year() % 100)
		} else {
			b.WriteString(fixedDigits(t.Year(), n))
		}
	case 'H':
		number(t.Hour())
	case 'h':
		number((t.Hour()+11)%12 + 1)
	case 'm':
		number(t.Minute())
	case 's':
		number(t.Second())
	case 't':
		b.WriteString(t.Format("PM")[:min(n, 2)])
	case 'g':
		b.WriteString("A.D.")
	case 'f', 'F':
		const ticksPerSecond, digits = 10_000_000, 7
		if n > digits {
			return formatError("Input string was not in a correct format")
		}
		text := fixedDigits(int(d.Ticks%ticksPerSecond), digits)[:n]
		if c == 'F' {
			text = strings.TrimRight(text, "0")
		}
		b.WriteString(text)
	case 'K':
		if d.Kind == clixml.UTC {
			b.WriteByte('Z')
		} else if d.Kind == clixml.Local {
			b.WriteString(offset(int(d.Offset), 3))
		}
	case 'z':
		b.WriteString(offset(int(d.Offset), n))
	}
	return nil
}

func offset(minutes, n int) string {
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	text := sign + fixedDigits(minutes/60, min(n, 2))
	if n > 2 {
		text += ":" + fixedDigits(minutes%60, 2)
	}
	return text
}

// formatSpan writes a duration.
func formatSpan(t clixml.TimeSpan, spec string) (string, error) {
	const second = 10_000_000
	ticks := int64(t)
	sign := ""
	if ticks < 0 {
		sign, ticks = "-", -ticks
	}
	days, hours, minutes := ticks/(86400*second), ticks/(3600*second)%24, ticks/(60*second)%60
	seconds, rest := ticks/second%60, fixedDigits(int(ticks%second), 7)
	switch spec {
	case "c", "t", "T":
		return t.String(), nil
	case "g":
		text := ""
		if days > 0 {
			text = fixedDigits(int(days), 1) + ":"
		}
		text += fixedDigits(int(hours), 1) + ":" + fixedDigits(int(minutes), 2) + ":" + fixedDigits(int(seconds), 2)
		if rest = strings.TrimRight(rest, "0"); rest != "" {
			text += "." + rest
		}
		return sign + text, nil
	case "G":
		return sign + fixedDigits(int(days), 1) + ":" + fixedDigits(int(hours), 2) + ":" + fixedDigits(int(minutes), 2) + ":" + fixedDigits(int(seconds), 2) + "." + rest, nil
	}
	var b strings.Builder
	var failed error
	fields := map[byte]int64{'d': days, 'h': hours, 'm': minutes, 's': seconds}
	spec = strings.TrimPrefix(spec, "%")
	skip := -1
	walkFormat(spec, func(i int, c byte, literal bool) {
		v, ok := fields[c]
		switch {
		case i < skip:
		case literal:
			b.WriteByte(c)
		case ok || c == 'f' || c == 'F':
			n := len(spec[i:]) - len(strings.TrimLeft(spec[i:], string(c)))
			skip = i + n
			if ok {
				b.WriteString(fixedDigits(int(v), n))
			} else {
				b.WriteString(rest[:min(n, len(rest))])
			}
		default:
			failed = formatError("Input string was not in a correct format")
		}
	})
	return b.String(), failed
}
