package format_test

import (
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/psrp"
)

// An enum that was made here prints as its name; one that came over the wire as
// the recordings have it.
func TestEnums(t *testing.T) {
	live := clixml.Obj(clixml.Enum("System.DayOfWeek", "Monday", 1))
	if got := format.Render([]clixml.Value{live, clixml.Str("x")}, format.View{}, format.Options{Width: 80}); got != "Monday\nx\n" {
		t.Errorf("live: %q", got)
	}
	data, err := clixml.Encode(live)
	if err != nil {
		t.Fatal(err)
	}
	received, err := clixml.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := format.Render([]clixml.Value{received}, format.View{}, format.Options{Width: 80}); got != "\nValue\n-----\nMonday\n\n" {
		t.Errorf("received: %q", got)
	}
}

// Records of other streams among the output print as on their own streams.
func TestRecordsAmongTheOutput(t *testing.T) {
	failed := &psrp.ErrorRecord{Message: "no such user", FullyQualifiedErrorID: "NotFound,Get-X", Category: "ObjectNotFound", Activity: "Get-X", TargetName: "nobody"}
	values := []clixml.Value{
		clixml.Obj(clixml.Custom(clixml.Prop("Name", "ann"))),
		failed.Encode(),
		psrp.StreamRecord{Type: psrp.WarningRecord, Record: psrp.InformationalRecord{Message: "careful"}}.Encode(),
		clixml.Obj(&clixml.Object{
			TypeNames: []string{"System.Management.Automation.InformationRecord", "System.Object"}, ToString: "told", HasToString: true,
			Props: []clixml.Property{clixml.Prop("MessageData", "told"), clixml.Prop("Source", "x"), clixml.Prop("ProcessId", 5)},
		}),
	}
	if got, want := format.Render(values, format.View{}, format.Options{Width: 80}), "\nName\n----\nann\nGet-X: no such user\ncareful\ntold\n\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := format.Render(values[1:2], format.View{}, format.Options{Width: 80}), "Get-X: no such user\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
