package format_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

const control = "System.Management.Automation."

// ofType makes an object as a server sends it.
func ofType(name string, props ...clixml.Property) *clixml.Object {
	return &clixml.Object{TypeNames: []string{name, "System.Object"}, Props: props}
}

func script(text string) *clixml.Object {
	return ofType(control+"DisplayEntry", clixml.Prop("ValueType", "ScriptBlock"), clixml.Prop("Value", text))
}

func property(name string) *clixml.Object {
	return ofType(control+"DisplayEntry", clixml.Prop("ValueType", "Property"), clixml.Prop("Value", name))
}

func objects(list ...*clixml.Object) *clixml.Object {
	a := clixml.Array()
	for _, o := range list {
		a.Items = append(a.Items, clixml.Obj(o))
	}
	return a
}

// defined makes the definition of one view of a type.
func defined(typeName, name string, body *clixml.Object) clixml.Value {
	view := ofType(control+"FormatViewDefinition", clixml.Prop("Name", name), clixml.Prop("Control", body))
	return clixml.Obj(ofType(control+"ExtendedTypeDefinition", clixml.Prop("TypeName", typeName), clixml.Prop("FormatViewDefinition", objects(view))))
}

func table(columns ...*clixml.Object) *clixml.Object {
	row := ofType(control + "TableControlRow")
	var cells []*clixml.Object
	for _, c := range columns {
		cells = append(cells, ofType(control+"TableControlColumn", clixml.Prop("DisplayEntry", c)))
	}
	row.Props = append(row.Props, clixml.Prop("Columns", objects(cells...)))
	return ofType(control+"TableControl", clixml.Prop("Rows", objects(row)))
}

func lab(props ...clixml.Property) clixml.Value {
	return clixml.Obj(ofType("Deserialized.Lab.User", props...))
}

func readOne(t *testing.T, definitions ...clixml.Value) *format.Views {
	t.Helper()
	views, err := format.ReadViews(definitions)
	if err != nil || views.Len() != len(definitions) {
		t.Fatalf("%d views, %v", views.Len(), err)
	}
	return views
}

// A view is for its type as it comes over the wire; where the line names
// properties or another shape, it does not count. One whose type is the
// object's own goes before one of a type that it derives from.
func TestViewsChoose(t *testing.T) {
	views := readOne(t, defined("System.Object", "all", table(property("Other"))), defined("Lab.User", "users", table(property("Name"))), defined("Lab.User", "second", table(script("$_.Name.ToUpper()"))))
	v := []clixml.Value{lab(clixml.Prop("Name", "ann"), clixml.Prop("Other", 1))}
	for _, tt := range []struct {
		view format.View
		want string
	}{
		{format.View{}, "\nName\n----\nann\n\n"},
		{format.View{Shape: format.Table}, "\nName\n----\nann\n\n"},
		{format.View{Shape: format.List}, "\nName  : ann\nOther : 1\n\n"},
		{format.View{Shape: format.Table, Properties: []format.Column{{Property: "Other"}}}, "\nOther\n-----\n    1\n\n"},
		{format.View{Shape: format.Table, Name: "SECOND"}, "\n$_.Name.ToUpper()\n-----------------\nANN\n\n"},
	} {
		tt.view.Views = views
		if got := format.Render(v, tt.view, format.Options{}); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.view, got, tt.want)
		}
	}
	w := format.NewWriter(format.View{Name: "third", Views: views}, format.Options{})
	var missing *format.NoViewError
	if out := append(w.Write(v), w.Close()...); len(out) > 0 || !errors.As(w.Err(), &missing) {
		t.Errorf("a view that is not there printed %q, error %v", out, w.Err())
	}
}

// What a script cannot do here leaves its cell empty: so do loops, values
// beyond measure and what is no expression.
func TestViewsScripts(t *testing.T) {
	for text, want := range map[string]string{
		"$_.N * 2":                       "42",
		"if ($_.N -gt 20) { 'big' }":     "big",
		"while ($true) { 1 }":            "",
		"if (1) { while ($true) { 1 } }": "",
		"('x' * 20000).Length":           "",
		"(1..20000).Count":               "",
		"$a = 'x' * 9000; \"$a$a\"":      "",
		"Get-Process":                    "",
		"$_.Delete()":                    "",
		"[IO.File]::ReadAllText('/x')":   "",
		"throw 'bad'":                    "",
		"} ; { 1":                        "",
		strings.Repeat("(", 5000):        "",
	} {
		body := table(script(text))
		body.Props = append(body.Props, clixml.Prop("HideTableHeaders", true))
		view := format.View{Views: readOne(t, defined("Lab.User", "v", body))}
		got := format.Render([]clixml.Value{lab(clixml.Prop("N", 21))}, view, format.Options{})
		if strings.TrimSpace(got) != want {
			t.Errorf("%.40s: got %q, want %q", text, got, want)
		}
	}
}

// Definitions beyond all measure are refused; what is none is left out.
func TestReadViewsRefuses(t *testing.T) {
	var columns []*clixml.Object
	for range 1000 {
		columns = append(columns, property("Name"))
	}
	frame := ofType(control+"CustomItemFrame", clixml.Prop("CustomItems", objects()))
	for range 100 {
		frame = ofType(control+"CustomItemFrame", clixml.Prop("CustomItems", objects(frame)))
	}
	nested := ofType(control+"CustomControl", clixml.Prop("Entries", objects(ofType(control+"CustomControlEntry", clixml.Prop("CustomItems", objects(frame))))))
	loop := ofType(control + "CustomItemExpression")
	entries := objects(ofType(control+"CustomControlEntry", clixml.Prop("CustomItems", objects(loop))))
	loop.Props = append(loop.Props, clixml.Prop("CustomControl", ofType(control+"CustomControl", clixml.Prop("Entries", entries))))
	for name, body := range map[string]*clixml.Object{
		"columns": table(columns...),
		"nested":  nested,
		"a loop":  ofType(control+"CustomControl", clixml.Prop("Entries", entries)),
		"text":    table(property(strings.Repeat("x", 1<<20))),
	} {
		if _, err := format.ReadViews([]clixml.Value{defined("Lab.User", "v", body)}); !errors.Is(err, format.ErrViews) {
			t.Errorf("%s: %v", name, err)
		}
	}
	views, err := format.ReadViews([]clixml.Value{clixml.Null(), clixml.Str("x"), clixml.Obj(clixml.Custom()), defined("Lab.User", "v", ofType(control+"OtherControl")), defined("Lab.User", "v", nil)})
	if err != nil || views.Len() != 0 {
		t.Errorf("%d views, %v", views.Len(), err)
	}
}

// FuzzReadViews reads hostile definitions and prints by them: nothing panics,
// and a few small objects make no endless text.
func FuzzReadViews(f *testing.F) {
	for _, d := range readLines[struct{ Name, CLIXML string }](f, "formatdata.jsonl") {
		if len(d.CLIXML) < 9000 { // small ones are changed faster
			f.Add([]byte(d.CLIXML), "Name", uint8(80), uint8(0))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, name string, width, shape uint8) {
		values, err := clixml.DecodeAll(data)
		if err != nil {
			return
		}
		views, err := format.ReadViews(values)
		if err != nil {
			return
		}
		items := []clixml.Value{
			clixml.Obj(ofType("Golden.User", clixml.Prop(name, "a\x1bb"), clixml.Prop("Name", "n"), clixml.Prop("Subs", []any{1, 2}))),
			clixml.Obj(ofType("Golden.Custom", clixml.Prop(name, 1))), clixml.Of(clixml.DateTime{Ticks: 5}), clixml.Str("word"),
		}
		for i := range items {
			out := format.Render(items[i:], format.View{Shape: format.Shape(shape % 5), Views: views}, format.Options{Width: int(width)})
			if len(out) > 64<<20 {
				t.Errorf("%d bytes are printed", len(out))
			}
		}
	})
}

func ExampleReadViews() {
	views, err := format.ReadViews([]clixml.Value{defined("Lab.User", "users", table(property("Name"), property("City")))})
	if err != nil {
		return
	}
	ann := lab(clixml.Prop("Name", "ann"), clixml.Prop("Id", 17), clixml.Prop("City", "Oslo"))
	fmt.Print(format.Render([]clixml.Value{ann}, format.View{Views: views}, format.Options{}))
	// Output:
	//
	// Name City
	// ---- ----
	// ann  Oslo
}
