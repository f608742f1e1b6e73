package format_test

import (
	"fmt"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

// users makes objects of twenty properties.
func users(n int) []clixml.Value {
	out := make([]clixml.Value, n)
	for i := range out {
		o := clixml.Custom(
			clixml.Prop("Identity", fmt.Sprintf("%08d-0007-0009-0102-030405060708", i)),
			clixml.Prop("UserPrincipalName", fmt.Sprintf("user%05d@contoso.example", i)),
			clixml.Prop("Enabled", i%3 != 0), clixml.Prop("QuotaGB", float64(i)/8), clixml.Prop("Cost", clixml.Decimal("12.50")),
			clixml.Prop("WhenCreated", clixml.DateTime{Ticks: 637134336000000000 + int64(i)}),
			clixml.Prop("ProxyAddresses", []string{"SMTP:a@contoso.example", "sip:a@contoso.example"}),
			clixml.Prop("Notes", "日本語 text"),
		)
		for k := len(o.Members); k < 20; k++ {
			o.Members = append(o.Members, clixml.Prop(fmt.Sprintf("Property%d", k), k*i))
		}
		out[i] = clixml.Obj(o)
	}
	return out
}

// BenchmarkWriter prints 10,000 objects of twenty properties in batches of 100.
func BenchmarkWriter(b *testing.B) {
	objects := users(10_000)
	for _, bench := range []struct {
		name string
		view format.View
	}{{"list", format.View{}}, {"table", format.View{Shape: format.Table}}, {"autosize", format.View{Shape: format.Table, AutoSize: true}}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			lines := 0
			for b.Loop() {
				w := format.NewWriter(bench.view, format.Options{Width: 200})
				for i := 0; i < len(objects); i += 100 {
					lines += len(w.Write(objects[i : i+100]))
				}
				lines += len(w.Close())
			}
			b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
