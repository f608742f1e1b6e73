package pslang

import (
	"testing"

	"psdeck/session/clixml"
)

// FuzzComposite checks that no format makes the operator -f fail in another
// way than by an error.
func FuzzComposite(f *testing.F) {
	for _, s := range []string{"{0:N2}", "{0,-10:#,##0.00;(0);-}", "{0:yyyy-MM-dd 'x' fff %d}", "{0:E+00##.0%}", "{{{0}}}", "{0:hh\\:mm}", "{0:X8}", "{1}", "{0:'"} {
		f.Add(s, int64(-1234567), 12.345)
	}
	f.Fuzz(func(t *testing.T, spec string, n int64, x float64) {
		if len(spec) > 100 {
			return
		}
		for _, v := range []any{n, int32(n), x, clixml.Decimal("-12.3450"), clixml.DateTime{Ticks: n & (1<<61 - 1)}, clixml.TimeSpan(n), "text"} {
			_, _ = composite(clixml.Str(spec), clixml.Of(v))
		}
	})
}

// Values not in the recordings that .NET's documentation gives.
func TestComposite(t *testing.T) {
	for _, tt := range []struct {
		format string
		value  any
		want   string
	}{
		{"{0:#,##0,}", int32(1234567), "1,235"},
		{"{0:0.0##}", 1.23456, "1.235"},
		{"{0:#.##}", 0.0, ""},
		{"{0:000.00}", -1.5, "-001.50"},
		{"{0:N0}", int64(1234567), "1,234,567"},
		{"{0:P1}", 0.1234, "12.3 %"},
		{"{0:X2}", int32(10), "0A"},
		{"{0:##0 'units'}", int32(7), "7 units"},
		{"{{{0}}}", "x", "{x}"},
		{"{0:#,#}", int32(999999), "999,999"},
		{"{0:(###) ###-####}", int64(5551234567), "(555) 123-4567"},
	} {
		v, err := composite(clixml.Str(tt.format), clixml.Of(tt.value))
		if err != nil || v.Text() != tt.want {
			t.Errorf("%s of %v: %q, want %q (%v)", tt.format, tt.value, v.Text(), tt.want, err)
		}
	}
}
