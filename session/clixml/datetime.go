package clixml

import "time"

// Units of .NET time.
const (
	ticksPerSecond = 10_000_000
	ticksPerMinute = 60 * ticksPerSecond
	ticksPerHour   = 60 * ticksPerMinute
	ticksPerDay    = 24 * ticksPerHour

	unixEpochTicks = 621_355_968_000_000_000   // 1970-01-01
	maxTicks       = 3_155_378_975_999_999_999 // the end of year 9999
)

// FromTime gives the DateTime of t: kind UTC for a UTC time, else Local with
// t's offset. A time outside of the years 1 to 9999 becomes the nearest
// DateTime; what is finer than 100 ns is cut off.
func FromTime(t time.Time) DateTime {
	d := DateTime{Kind: UTC}
	if t.Location() != time.UTC {
		_, seconds := t.Zone()
		d.Kind, d.Offset = Local, int16(seconds/60)
	}
	seconds := t.Unix() + int64(d.Offset)*60
	switch {
	case seconds < -unixEpochTicks/ticksPerSecond:
		d.Ticks = 0
	case seconds > (maxTicks-unixEpochTicks)/ticksPerSecond:
		d.Ticks = maxTicks
	default:
		d.Ticks = unixEpochTicks + seconds*ticksPerSecond + int64(t.Nanosecond()/100)
	}
	return d
}

// Time gives d as a time.Time: in UTC for kind UTC, in a zone of d's offset for
// kind Local. An Unspecified clock time comes back as if it were UTC.
func (d DateTime) Time() time.Time {
	ticks := d.Ticks - unixEpochTicks - int64(d.Offset)*ticksPerMinute
	seconds, rest := ticks/ticksPerSecond, ticks%ticksPerSecond
	t := time.Unix(seconds, rest*100)
	if d.Kind == Local {
		return t.In(time.FixedZone("", int(d.Offset)*60))
	}
	return t.UTC()
}

// date splits a day number (days since 0001-01-01) into a civil date.
func date(days int64) (year, month, day int) {
	// Days are counted from 0000-03-01, so that a leap day ends a year.
	n := days + 306
	era := n / 146097
	n -= era * 146097
	yoe := (n - n/1460 + n/36524 - n/146096) / 365
	doy := n - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy-(153*mp+2)/5) + 1
	month = int(mp) + 3
	year = int(yoe + era*400)
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// dayNumber is the inverse of date.
func dayNumber(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yoe := year - era*400
	doy := (153*(month-3)+2)/5 + day - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 306
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func appendDigits(b []byte, n, width int) []byte {
	for div := [...]int{1, 10, 100, 1000}[width-1]; div > 0; div /= 10 {
		b = append(b, byte('0'+n/div%10))
	}
	return b
}

func (d DateTime) appendClock(b []byte) []byte {
	s := int(d.Ticks % ticksPerDay / ticksPerSecond)
	b = append(appendDigits(b, s/3600, 2), ':')
	b = append(appendDigits(b, s/60%60, 2), ':')
	return appendDigits(b, s%60, 2)
}

// appendFraction writes the fraction of a second with its point, all seven
// digits or only those that say something.
func appendFraction(b []byte, ticks int64, all bool) []byte {
	if ticks == 0 && !all {
		return b
	}
	b = append(b, '.')
	for div := int64(ticksPerSecond / 10); div > 0; div /= 10 {
		b = append(b, byte('0'+ticks/div%10))
	}
	for !all && b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// appendISO writes d as XML Schema's dateTime, which is also .NET's format "o"
// when the fraction is written in full.
func (d DateTime) appendISO(b []byte, full bool) []byte {
	year, month, day := date(d.Ticks / ticksPerDay)
	b = append(appendDigits(b, year, 4), '-')
	b = append(appendDigits(b, month, 2), '-')
	b = append(appendDigits(b, day, 2), 'T')
	b = appendFraction(d.appendClock(b), d.Ticks%ticksPerSecond, full)
	switch d.Kind {
	case UTC:
		return append(b, 'Z')
	case Local:
		sign, offset := byte('+'), int(d.Offset)
		if offset < 0 {
			sign, offset = '-', -offset
		}
		b = appendDigits(append(b, sign), offset/60, 2)
		return appendDigits(append(b, ':'), offset%60, 2)
	}
	return b
}

// RoundTrip gives .NET's round-trip format "o".
func (d DateTime) RoundTrip() string { return string(d.appendISO(nil, true)) }

// String gives the text of PowerShell's conversion to string, which is of the
// invariant culture: MM/dd/yyyy HH:mm:ss.
func (d DateTime) String() string { return string(d.appendInvariant(nil)) }

func (d DateTime) appendInvariant(b []byte) []byte {
	year, month, day := date(d.Ticks / ticksPerDay)
	b = append(appendDigits(b, month, 2), '/')
	b = append(appendDigits(b, day, 2), '/')
	b = append(appendDigits(b, year, 4), ' ')
	return d.appendClock(b)
}

// digits reads exactly n decimal digits at the start of s.
func digits(s string, n int) (int, bool) {
	if len(s) < n {
		return 0, false
	}
	x := 0
	for i := range n {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		x = x*10 + int(c)
	}
	return x, true
}

// parseDateTime reads XML Schema's dateTime, or a date alone. The kind is in
// the zone: Z for UTC, an offset for Local, none for Unspecified.
func parseDateTime(s string) (d DateTime, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return d, false
	}
	year, ok1 := digits(s, 4)
	month, ok2 := digits(s[5:], 2)
	day, ok3 := digits(s[8:], 2)
	if !ok1 || !ok2 || !ok3 || year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return d, false
	}
	d.Ticks = dayNumber(year, month, day) * ticksPerDay
	s = s[10:]
	if s != "" && s[0] == 'T' {
		clock, rest, ok := parseClock(s[1:])
		if !ok {
			return d, false
		}
		d.Ticks += clock
		s = rest
	}
	if !d.parseZone(s) {
		return d, false
	}
	return d, d.Ticks <= maxTicks
}

// parseClock reads HH:mm:ss with any fraction; 24:00:00 is the day's end.
func parseClock(s string) (ticks int64, rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, "", false
	}
	hour, ok1 := digits(s, 2)
	minute, ok2 := digits(s[3:], 2)
	second, ok3 := digits(s[6:], 2)
	if !ok1 || !ok2 || !ok3 || minute > 59 || second > 59 {
		return 0, "", false
	}
	ticks = int64(hour)*ticksPerHour + int64(minute)*ticksPerMinute + int64(second)*ticksPerSecond
	s = s[8:]
	if s != "" && s[0] == '.' {
		var fraction int64
		if fraction, s, ok = parseFraction(s[1:]); !ok {
			return 0, "", false
		}
		ticks += fraction
	}
	return ticks, s, hour < 24 || ticks == ticksPerDay
}

// parseFraction reads the digits after a decimal point as ticks, rounded to
// the nearest.
func parseFraction(s string) (ticks int64, rest string, ok bool) {
	i, unit := 0, int64(ticksPerSecond/10)
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		ticks += int64(s[i]-'0') * unit
		if i == 7 && s[i] >= '5' {
			ticks++
		}
		unit /= 10
	}
	return ticks, s[i:], i > 0
}

func (d *DateTime) parseZone(s string) bool {
	switch {
	case s == "":
		return true
	case s == "Z":
		d.Kind = UTC
		return true
	case len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':':
		return false
	}
	hours, ok1 := digits(s[1:], 2)
	minutes, ok2 := digits(s[4:], 2)
	if !ok1 || !ok2 || minutes > 59 || hours*60+minutes > 14*60 {
		return false
	}
	d.Kind, d.Offset = Local, int16(hours*60+minutes)
	if s[0] == '-' {
		d.Offset = -d.Offset
	}
	return true
}
