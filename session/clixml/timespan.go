package clixml

import (
	"strconv"
	"time"
)

// Duration gives t as a time.Duration; what that type cannot hold (more than
// 292 years) becomes its nearest.
func (t TimeSpan) Duration() time.Duration {
	const limit = 1<<63/100 - 1
	switch {
	case t > limit:
		return 1<<63 - 1
	case t < -limit:
		return -1 << 63
	}
	return time.Duration(t) * 100
}

// magnitude splits t into its sign and its size, which for the least TimeSpan
// is no int64.
func (t TimeSpan) magnitude() (negative bool, ticks uint64) {
	if t < 0 {
		return true, -uint64(t)
	}
	return false, uint64(t)
}

// String gives .NET's format "c": [-][d.]hh:mm:ss[.fffffff].
func (t TimeSpan) String() string { return string(t.appendText(nil)) }

func (t TimeSpan) appendText(b []byte) []byte {
	negative, n := t.magnitude()
	if negative {
		b = append(b, '-')
	}
	if days := n / ticksPerDay; days > 0 {
		b = append(strconv.AppendUint(b, days, 10), '.')
	}
	b = DateTime{Ticks: int64(n % ticksPerDay)}.appendClock(b)
	if fraction := n % ticksPerSecond; fraction != 0 {
		b = appendFraction(b, int64(fraction), true)
	}
	return b
}

// appendISO writes t as XML Schema's duration, as XmlConvert does.
func (t TimeSpan) appendISO(b []byte) []byte {
	negative, n := t.magnitude()
	if negative {
		b = append(b, '-')
	}
	b = append(b, 'P')
	if n == 0 {
		return append(b, "T0S"...)
	}
	if days := n / ticksPerDay; days > 0 {
		b = append(strconv.AppendUint(b, days, 10), 'D')
	}
	if n %= ticksPerDay; n == 0 {
		return b
	}
	b = append(b, 'T')
	if hours := n / ticksPerHour; hours > 0 {
		b = append(strconv.AppendUint(b, hours, 10), 'H')
	}
	if minutes := n % ticksPerHour / ticksPerMinute; minutes > 0 {
		b = append(strconv.AppendUint(b, minutes, 10), 'M')
	}
	if n %= ticksPerMinute; n > 0 {
		b = strconv.AppendUint(b, n/ticksPerSecond, 10)
		b = append(appendFraction(b, int64(n%ticksPerSecond), false), 'S')
	}
	return b
}

// parseTimeSpan reads XML Schema's duration. As in .NET a year is 365 days and
// a month 30.
func parseTimeSpan(s string) (TimeSpan, bool) {
	negative := s != "" && s[0] == '-'
	if negative {
		s = s[1:]
	}
	if len(s) < 2 || s[0] != 'P' {
		return 0, false
	}
	s = s[1:]
	var total uint64
	clock, parts, last := false, 0, -1
	for s != "" {
		if s[0] == 'T' {
			if clock || len(s) == 1 {
				return 0, false
			}
			clock = true
			s = s[1:]
			continue
		}
		ticks, order, rest, ok := durationPart(s, clock)
		if !ok || order <= last || total+ticks < total || total+ticks > 1<<63 {
			return 0, false
		}
		total, s, last = total+ticks, rest, order
		parts++
	}
	if parts == 0 || !negative && total == 1<<63 {
		return 0, false
	}
	if negative {
		return TimeSpan(-total), true
	}
	return TimeSpan(total), true
}

// durationPart reads a number and its unit; order is the unit's place.
func durationPart(s string, clock bool) (ticks uint64, order int, rest string, ok bool) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	n, err := strconv.ParseUint(s[:i], 10, 64)
	if err != nil {
		return 0, 0, "", false
	}
	s = s[i:]
	var fraction int64
	if s != "" && s[0] == '.' {
		if fraction, s, ok = parseFraction(s[1:]); !ok || s == "" || s[0] != 'S' {
			return 0, 0, "", false
		}
	}
	if s == "" {
		return 0, 0, "", false
	}
	var unit uint64
	switch c := s[0]; {
	case !clock && c == 'Y':
		unit, order = 365*ticksPerDay, 0
	case !clock && c == 'M':
		unit, order = 30*ticksPerDay, 1
	case !clock && c == 'D':
		unit, order = ticksPerDay, 2
	case clock && c == 'H':
		unit, order = ticksPerHour, 3
	case clock && c == 'M':
		unit, order = ticksPerMinute, 4
	case clock && c == 'S':
		unit, order = ticksPerSecond, 5
	default:
		return 0, 0, "", false
	}
	if n > 1<<63/unit {
		return 0, 0, "", false
	}
	return n*unit + uint64(fraction), order, s[1:], true
}
