package psrp_test

import (
	"encoding/json"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// observedError is what PowerShell's client made of an error, as the recorder
// wrote it down.
type observedError struct {
	Script, Message, ID, Category, Details, Action string
	Serialized                                     string
	Position                                       *string
}

// TestVectorErrors compares every error of the recording of errors with what
// PowerShell's own client said of it.
func TestVectorErrors(t *testing.T) {
	compared := 0
	for _, r := range recordings(t) {
		if !strings.HasPrefix(r.name, "04a-") {
			continue
		}
		var got []*psrp.ErrorRecord
		var want []observedError
		streams := map[wireKey]*psrp.Reassembler{}
		for i := range r.lines {
			l := &r.lines[i]
			if l.Observed != nil && (l.Observed.What == "error" || l.Observed.What == "exception") {
				var o observedError
				if err := json.Unmarshal(l.Observed.Value, &o); err != nil {
					t.Fatal(err)
				}
				want = append(want, o)
			}
			if data := l.data(); data != nil && l.Dir == "s2c" {
				key := wireKey{l.Dir, l.stream(), l.PSGuid}
				if streams[key] == nil {
					streams[key] = &psrp.Reassembler{}
				}
				got = append(got, errorsIn(t, streams[key], data)...)
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d errors, observed %d", r.name, len(got), len(want))
		}
		for i, e := range got {
			compareError(t, e, want[i])
			compared++
		}
	}
	if compared == 0 {
		t.Skip("there is no recording of errors")
	}
}

func errorsIn(t *testing.T, r *psrp.Reassembler, data []byte) []*psrp.ErrorRecord {
	t.Helper()
	messages, err := r.Feed(data)
	if err != nil {
		t.Fatal(err)
	}
	var all []*psrp.ErrorRecord
	for i := range messages {
		body, err := messages[i].Decode(clixml.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		switch b := body.(type) {
		case *psrp.ErrorRecord:
			all = append(all, b)
		case psrp.PipelineStatus:
			if b.Error != nil {
				all = append(all, b.Error)
			}
		}
	}
	return all
}

func compareError(t *testing.T, e *psrp.ErrorRecord, want observedError) {
	t.Helper()
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s is %q, observed %q", want, what, got, want)
		}
	}
	same("message", e.Error(), want.Message)
	same("id", e.FullyQualifiedErrorID, want.ID)
	same("category", e.CategoryInfo(), want.Category)
	same("details", e.DetailsMessage, want.Details)
	same("action", e.RecommendedAction, want.Action)
	if want.Serialized != "" {
		same("exception", "Deserialized."+e.ExceptionType, want.Serialized)
	}
	if want.Position != nil {
		// PowerShell's client draws the underline anew, to the end of the line;
		// ours keeps the server's, which ends with the word.
		same("position", strings.TrimRight(e.PositionMessage, "~"), strings.TrimRight(*want.Position, "~"))
	}
	if word, _, _ := strings.Cut(want.Category, ":"); e.Category != word {
		t.Errorf("category is %s, observed %s", e.Category, word)
	}
}

func TestCategoryInfo(t *testing.T) {
	// The lines are PowerShell's own, of recordings.
	tests := []struct {
		record psrp.ErrorRecord
		want   string
	}{
		{psrp.ErrorRecord{}, "NotSpecified: (:) [], "},
		{
			psrp.ErrorRecord{CategoryCode: 13, TargetName: "nowhere", TargetType: "String", Activity: "Get-Item", Reason: "DriveNotFoundException"},
			"ObjectNotFound: (nowhere:String) [Get-Item], DriveNotFoundException",
		},
		{
			psrp.ErrorRecord{Category: "ResourceUnavailable", TargetName: "tn", TargetType: "tt", Activity: "Licensing", Reason: "Throttled"},
			"ResourceUnavailable: (tn:tt) [Licensing], Throttled",
		},
		{
			psrp.ErrorRecord{Category: "ParserError", TargetName: "Get-CsOnlineUser | Select-Object -First 1", TargetType: "String", Reason: "ParseException"},
			"ParserError: (Get-CsOnlineUser | …ect-Object -First 1:String) [], ParseException",
		},
		{psrp.ErrorRecord{Category: "OpenError", CategoryMessage: "as the server said"}, "as the server said"},
		{psrp.ErrorRecord{CategoryCode: 99}, "ErrorCategory(99): (:) [], "},
	}
	for _, test := range tests {
		if got := test.record.CategoryInfo(); got != test.want {
			t.Errorf("%+v:\n got  %q\n want %q", test.record, got, test.want)
		}
	}
}

// A server may leave out what it likes: what is left is still an error that a
// person can read.
func TestErrorRecordOfLittle(t *testing.T) {
	tests := []struct {
		name, xml, want string
	}{
		{"nothing", `<Obj RefId="0"><MS/></Obj>`, ""},
		{"a text", `<Obj RefId="0"><ToString>it broke</ToString><MS/></Obj>`, "it broke"},
		{"an id", `<Obj RefId="0"><MS><S N="FullyQualifiedErrorId">Broke</S></MS></Obj>`, "Broke"},
		{"an exception", `<Obj RefId="0"><ToString>t</ToString><MS><Obj N="Exception" RefId="1"><Props><S N="Message">why</S></Props></Obj></MS></Obj>`, "why"},
		{"details", `<Obj RefId="0"><MS><Obj N="Exception" RefId="1"><Props><S N="Message">why</S></Props></Obj><S N="ErrorDetails_Message">in short</S></MS></Obj>`, "in short"},
		{"members of other types", `<Obj RefId="0"><ToString>t</ToString><MS><I32 N="Exception">1</I32><Nil N="ErrorCategory_Category"/><B N="ErrorCategory_Message">true</B></MS></Obj>`, "t"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v, err := clixml.Decode([]byte(test.xml))
			if err != nil {
				t.Fatal(err)
			}
			body, err := psrp.DecodeBody(psrp.ErrorRecordMessage, v)
			if err != nil {
				t.Fatal(err)
			}
			if got := body.(*psrp.ErrorRecord).Error(); got != test.want {
				t.Errorf("message is %q, want %q", got, test.want)
			}
		})
	}
}
