package clixml

import (
	"math"
	"testing"
	"time"
)

// Dates by this package's arithmetic are those of package time.
func TestCalendar(t *testing.T) {
	for day, when := int64(0), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); when.Year() < 10000; day, when = day+1, when.AddDate(0, 0, 1) {
		year, month, d := date(day)
		if year != when.Year() || month != int(when.Month()) || d != when.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %v", day, year, month, d, when)
		}
		if n := dayNumber(year, month, d); n != day {
			t.Fatalf("%v is day %d, want %d", when, n, day)
		}
	}
}

func TestDateTimeOfTime(t *testing.T) {
	east := time.FixedZone("", 5*3600+30*60)
	for _, test := range []struct {
		in   time.Time
		want string
	}{
		{time.Date(2026, 1, 15, 10, 20, 30, 123456789, time.UTC), "2026-01-15T10:20:30.1234567Z"},
		{time.Date(2026, 1, 15, 10, 20, 30, 0, east), "2026-01-15T10:20:30.0000000+05:30"},
		{time.Date(2026, 1, 15, 10, 20, 30, 0, time.FixedZone("", -3600)), "2026-01-15T10:20:30.0000000-01:00"},
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "0001-01-01T00:00:00.0000000Z"},
		{time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), "0001-01-01T00:00:00.0000000Z"},
		{time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC), "9999-12-31T23:59:59.9999999Z"},
	} {
		d := FromTime(test.in)
		if got := d.RoundTrip(); got != test.want {
			t.Errorf("%v: got %s, want %s", test.in, got, test.want)
		}
		if year := test.in.Year(); year > 0 && year < 10000 && !d.Time().Equal(test.in.Truncate(100)) {
			t.Errorf("%v comes back as %v", test.in, d.Time())
		}
	}
	unspecified := DateTime{Ticks: unixEpochTicks}
	if got := unspecified.Time(); !got.Equal(time.Unix(0, 0)) {
		t.Errorf("got %v", got)
	}
	if got := unspecified.String(); got != "01/01/1970 00:00:00" {
		t.Errorf("got %s", got)
	}
}

func TestTimeSpanDuration(t *testing.T) {
	for _, test := range []struct {
		in   TimeSpan
		want time.Duration
	}{
		{0, 0},
		{ticksPerSecond, time.Second},
		{-1, -100},
		{math.MaxInt64, math.MaxInt64},
		{math.MinInt64, math.MinInt64},
	} {
		if got := test.in.Duration(); got != test.want {
			t.Errorf("%d: got %d, want %d", test.in, got, test.want)
		}
	}
	if got := TimeSpan(math.MinInt64).String(); got != "-10675199.02:48:05.4775808" {
		t.Errorf("got %s", got)
	}
}

// Decimals keep their scale, within what 96 bits hold.
func TestParseDecimal(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"0", "0"},
		{"-1.500", "-1.500"},
		{"+1", "1"},
		{".5", "0.5"},
		{"5.", "5"},
		{"00012", "12"},
		{"79228162514264337593543950335", "79228162514264337593543950335"},
		{"79228162514264337593543950335.4", "79228162514264337593543950335"},
		{"0.00000000000000000000000000005", "0.0000000000000000000000000000"},
		{"0.00000000000000000000000000015", "0.0000000000000000000000000002"},
		{"0.0000000000000000000000000000500000000000000000000000000000000000000000000000000001", "0.0000000000000000000000000001"},
		{"1.23456789012345678901234567890", "1.2345678901234567890123456789"},
		{"79228162514264337593543950335.5", ""},
		{"1e5", ""},
		{"", ""},
		{".", ""},
		{"-", ""},
		{"1.2.3", ""},
	} {
		got, ok := parseDecimal(test.in)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("%q: got %q %v, want %q", test.in, got, ok, test.want)
		}
	}
	for _, test := range []struct {
		a, b Decimal
		want int
	}{{"1.0", "1.00", 0}, {"-2", "1", -1}, {"0.1", "0.09", 1}, {"x", "0", 0}} {
		if got := test.a.Compare(test.b); got != test.want {
			t.Errorf("%s, %s: got %d", test.a, test.b, got)
		}
	}
}
