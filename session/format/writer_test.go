package format_test

import (
	"strings"
	"testing"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/format"
)

func user(name string, n any) clixml.Value {
	return clixml.Obj(clixml.Custom(clixml.Prop("Name", name), clixml.Prop("N", n)))
}

// Columns fit the first batch; what comes later is cut to them, on the side
// that its alignment leaves ragged. The header is printed once.
func TestWriterSizesColumnsOnTheFirstBatch(t *testing.T) {
	w := format.NewWriter(format.View{}, format.Options{Width: 80})
	first := w.Write([]clixml.Value{user("ann", 1), user("berta", 22)})
	expectLines(t, "first batch", first, "", "Name   N", "----   -", "ann    1", "berta 22")
	expectLines(t, "second batch", w.Write([]clixml.Value{user("alexandra", 12345)}), "alex… …5")
	expectLines(t, "close", w.Close(), "")
}

// With -AutoSize nothing is printed before the last object is known.
func TestWriterAutoSizeWaitsForAll(t *testing.T) {
	w := format.NewWriter(format.View{Shape: format.Table, AutoSize: true}, format.Options{Width: 80})
	expectLines(t, "batch", w.Write([]clixml.Value{user("ann", 1)}), "")
	expectLines(t, "batch", w.Write([]clixml.Value{user("alexandra", 12345)}))
	expectLines(t, "close", w.Close(), "Name          N", "----          -", "ann           1", "alexandra 12345", "")
}

// The first object that is no plain word chooses the shape of all that follow.
func TestRenderFirstObjectChooses(t *testing.T) {
	other := clixml.Obj(clixml.Custom(clixml.Prop("Other", 1)))
	for _, tt := range []struct {
		name   string
		values []clixml.Value
		want   string
	}{
		{"nothing", nil, ""},
		{"null", []clixml.Value{clixml.Null()}, ""},
		{"null in a list is a blank line", []clixml.Value{clixml.Of([]any{nil, 1})}, "\n1\n"},
		{"words", []clixml.Value{clixml.Str("a"), clixml.Int32(5), clixml.Bool(true), clixml.Double(2.5)}, "a\n5\nTrue\n2.5\n"},
		{"a list is its items", []clixml.Value{clixml.Of([]any{1, "x"})}, "1\nx\n"},
		{"a word stands between rows", []clixml.Value{user("a", 1), clixml.Str("tail"), user("b", 2)}, "\nName N\n---- -\na    1\ntail\nb    2\n\n"},
		{"another type shares the table", []clixml.Value{user("a", 1), other}, "\nName N\n---- -\na    1\n      \n\n"},
		{"a date", []clixml.Value{clixml.Of(clixml.FromTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))}, "\nFriday, 02 January 2026 03:04:05\n\n"},
		{"a version", []clixml.Value{clixml.Of(clixml.Version("1.2.0"))}, "\nMajor  Minor  Build  Revision\n-----  -----  -----  --------\n1      2      0      -1\n\n"},
	} {
		if got := format.Render(tt.values, format.View{}, format.Options{Width: 80}); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// More than four properties make a list.
func TestRenderList(t *testing.T) {
	o := clixml.Custom(clixml.Prop("Identity", "x"), clixml.Prop("B", 2.5), clixml.Prop("C", nil), clixml.Prop("D", []any{1, 2, 3, 4, 5}), clixml.Prop("E", "two\nlines"))
	want := "\nIdentity : x\nB        : 2.5\nC        : \nD        : {1, 2, 3, 4…}\nE        : two\n           lines\n\n"
	if got := format.Render([]clixml.Value{clixml.Obj(o)}, format.View{}, format.Options{}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a type names for display is shown instead of all, and counts for the shape.
func TestRenderDisplayPropertySet(t *testing.T) {
	o := clixml.Custom(clixml.Prop("A", 1), clixml.Prop("B", 2), clixml.Prop("C", 3), clixml.Prop("D", 4), clixml.Prop("E", 5))
	names := clixml.New(clixml.Prop("ReferencedPropertyNames", []string{"B", "D"}))
	o.Sets = []clixml.Property{clixml.Prop("PSStandardMembers", clixml.New(clixml.Prop("DefaultDisplayPropertySet", names)))}
	want := "\nB D\n- -\n2 4\n\n"
	if got := format.Render([]clixml.Value{clixml.Obj(o)}, format.View{}, format.Options{}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The notes that say where an object came from are shown only where it asks.
func TestRenderHidesOrigin(t *testing.T) {
	for _, tt := range []struct {
		show bool
		want string
	}{
		{false, "\nA\n-\n1\n\n"},
		{true, "\nA PSComputerName\n- --------------\n1 server01\n\n"},
	} {
		o := clixml.Custom(clixml.Prop("A", 1), clixml.Prop("PSComputerName", "server01"), clixml.Prop("PSShowComputerName", tt.show))
		if got := format.Render([]clixml.Value{clixml.Obj(o)}, format.View{}, format.Options{}); got != tt.want {
			t.Errorf("show %v: got %q, want %q", tt.show, got, tt.want)
		}
	}
}

// Columns that do not fit are narrowed from the right, then left out; headings
// wrap where cells are cut.
func TestRenderNarrowScreen(t *testing.T) {
	v := clixml.Obj(clixml.Custom(clixml.Prop("Name", "a long name"), clixml.Prop("Department", "Sales"), clixml.Prop("Third", "x")))
	want := "\nName        Depart\n            ment\n----        ------\na long name Sales \n\n"
	if got := format.Render([]clixml.Value{v}, format.View{}, format.Options{Width: 18}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A control sequence in a value is taken out; it takes no cells.
func TestRenderControlSequences(t *testing.T) {
	got := format.Render([]clixml.Value{user("\x1b[31mred\x1b[0m", 1)}, format.View{}, format.Options{})
	if want := "\nName N\n---- -\nred  1\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRenderColour(t *testing.T) {
	got := format.Render([]clixml.Value{user("a", 1)}, format.View{}, format.Options{Colour: true})
	want := "\n\x1b[32;1mName\x1b[0m\x1b[32;1m N\x1b[0m\n\x1b[32;1m----\x1b[0m \x1b[32;1m-\x1b[0m\na    1\n\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Format strings are those of .NET in the invariant culture; one that does not
// fit its value is left out of account.
func TestColumnFormat(t *testing.T) {
	date := clixml.FromTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	for _, tt := range []struct {
		value  any
		format string
		want   string
	}{
		{1234.5, "N1", "1,234.5"},
		{1234.5, "{0:N2} MB", "1,234.50 MB"},
		{0.5, "P0", "50 %"},
		{255, "X4", "00FF"},
		{7, "D3", "007"},
		{-1234567, "N0", "-1,234,567"},
		{clixml.Decimal("2.50"), "F1", "2.5"},
		{12.345, "0.0", "12.3"},
		{1234567, "#,##0", "1,234,567"},
		{date, "yyyy-MM-dd HH:mm", "2026-01-02 03:04"},
		{date, "d", "01/02/2026"},
		{"text", "N2", "text"},
		{2.5, "D2", "2.5"},
		{5, "{0,4}", "   5"},
		{5, "{1}", "5"},
	} {
		o := clixml.Obj(clixml.Custom(clixml.Prop("V", tt.value)))
		view := format.View{Shape: format.List, Properties: []format.Column{{Property: "V", Format: tt.format}}}
		if got, want := format.Render([]clixml.Value{o}, view, format.Options{}), "\nV : "+tt.want+"\n\n"; got != want {
			t.Errorf("%v with %q: got %q, want %q", tt.value, tt.format, got, want)
		}
	}
}

// An error begins with what it is about: the command, else the category, else
// the exception.
func TestError(t *testing.T) {
	e := format.ErrorRecord{
		Message: "no such user", FullyQualifiedErrorID: "NotFound,Get-CsUser", Activity: "Get-CsUser",
		CategoryInfo: "ObjectNotFound: (x:String) [Get-CsUser], ItemNotFoundException", Origin: "server01",
	}
	noCommand := e
	noCommand.Activity = ""
	unsaid := noCommand
	unsaid.CategoryInfo = "NotSpecified: (:) [], RuntimeException"
	for _, tt := range []struct {
		e    format.ErrorRecord
		view format.ErrorView
		want string
	}{
		{e, format.ConciseView, "Get-CsUser: no such user\n"},
		{noCommand, format.ConciseView, "ObjectNotFound: no such user\n"},
		{unsaid, format.ConciseView, "RuntimeException: no such user\n"},
		{format.ErrorRecord{Message: "x"}, format.ConciseView, "Error: x\n"},
		{e, format.CategoryView, "ObjectNotFound: (x:String) [Get-CsUser], ItemNotFoundException\n"},
		{e, format.NormalView, "no such user\n+ CategoryInfo          : ObjectNotFound: (x:String) [Get-CsUser], ItemNotFoundException\n+ FullyQualifiedErrorId : NotFound,Get-CsUser\n+ PSComputerName        : server01\n"},
	} {
		if got := format.Error(tt.e, tt.view, format.Options{}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func expectLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// Sessions whose tenant is noted are told apart by it, also where the screen is
// narrow; a session without that note is printed as PowerShell prints it.
func TestSessionsAreToldApartByTheirTenant(t *testing.T) {
	object := func(tenant string) *clixml.Object {
		o := ofType(control+"Runspaces.PSSession",
			clixml.Prop("Id", 1), clixml.Prop("Name", "SfBPowerShellSession_3f2a11d5-0000-4000-8000-1234567890ab"), clixml.Prop("Transport", "WSMan"),
			clixml.Prop("ComputerName", "admin1e.online.lync.com"), clixml.Prop("ComputerType", "RemoteMachine"), clixml.Prop("State", "Opened"),
			clixml.Prop("ConfigurationName", "Microsoft.PowerShell"), clixml.Prop("Availability", "Available"))
		if tenant != "" {
			o.Members = []clixml.Property{clixml.Prop("Tenant", tenant)}
		}
		return o
	}
	for _, tt := range []struct {
		tenant string
		width  int
		head   string
	}{
		{"Contoso", 135, " Id Name            Tenant           State        Availability ComputerName      ConfigurationName         Transport ComputerType"},
		{"Contoso", 106, " Id Name            Tenant           State        Availability ComputerName      ConfigurationName"},
		{"Contoso", 80, " Id Name            Tenant           State        Availability ComputerName"},
		{"Contoso", 76, " Id Name            Tenant           State        Availability ComputerName"},
		{"", 120, " Id Name            Transport ComputerName    ComputerType    State         ConfigurationName     Availability"},
	} {
		got := strings.Split(format.Render([]clixml.Value{clixml.Obj(object(tt.tenant))}, format.View{}, format.Options{Width: tt.width}), "\n")
		if strings.TrimRight(got[1], " ") != tt.head || !strings.Contains(got[2], "--") || !strings.Contains(got[3], tt.tenant) {
			t.Errorf("%d: %q", tt.width, got)
		}
	}
}
