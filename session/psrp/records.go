package psrp

import "psdeck/session/clixml"

// InformationalRecord is a debug, verbose or warning record. [MS-PSRP] 2.2.5.1.7
type InformationalRecord struct {
	Message string
	// Object is the record as it came, with the invocation that made it where
	// the pipeline asked for it; nil in a record made here.
	Object *clixml.Object
}

// ProgressRecord tells how far a task has come. [MS-PSRP] 2.2.5.1.25
type ProgressRecord struct {
	Activity          string
	ActivityID        int32
	ParentActivityID  int32 // -1: none
	StatusDescription string
	CurrentOperation  string
	PercentComplete   int32 // -1: unknown
	SecondsRemaining  int32 // -1: unknown
	Completed         bool
}

// InformationRecord is what Write-Information and Write-Host send. [MS-PSRP] 2.2.2.26
type InformationRecord struct {
	MessageData     clixml.Value
	Source          string
	TimeGenerated   clixml.DateTime
	Tags            []string
	User, Computer  string
	ProcessID       uint32
	NativeThreadID  uint32
	ManagedThreadID uint32
}

// MessageType tells which of the three messages carries the record.
func (s StreamRecord) MessageType() MessageType { return s.Type }

// MessageType tells which message carries the record.
func (ProgressRecord) MessageType() MessageType { return ProgressRecordMessage }

// MessageType tells which message carries the record.
func (InformationRecord) MessageType() MessageType { return InformationRecordMessage }

// Encode gives the record as CLIXML carries it: its Object where it is set.
func (s StreamRecord) Encode() clixml.Value {
	if s.Record.Object != nil {
		return clixml.Obj(s.Record.Object)
	}
	name := "WarningRecord"
	switch s.Type {
	case DebugRecord:
		name = "DebugRecord"
	case VerboseRecord:
		name = "VerboseRecord"
	}
	const ns = "System.Management.Automation."
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{ns + name, ns + "InformationalRecord", "System.Object"},
		ToString:  s.Record.Message, HasToString: true,
		Members: []clixml.Property{
			clixml.Prop("InformationalRecord_Message", s.Record.Message),
			clixml.Prop("InformationalRecord_SerializeInvocationInfo", false),
		},
	})
}

// Encode gives the record as CLIXML carries it.
func (p ProgressRecord) Encode() clixml.Value {
	kind := enumOf("System.Management.Automation.ProgressRecordType", []string{"Processing", "Completed"}, 0)
	if p.Completed {
		kind.ToString, kind.Base = "Completed", clixml.Int32(1)
	}
	return clixml.Obj(clixml.New(
		clixml.Prop("Activity", p.Activity),
		clixml.Prop("ActivityId", p.ActivityID),
		clixml.Prop("StatusDescription", p.StatusDescription),
		clixml.Prop("CurrentOperation", textOrNull(p.CurrentOperation)),
		clixml.Prop("ParentActivityId", p.ParentActivityID),
		clixml.Prop("PercentComplete", p.PercentComplete),
		clixml.Prop("Type", kind),
		clixml.Prop("SecondsRemaining", p.SecondsRemaining),
	))
}

func decodeProgress(r *reader) ProgressRecord {
	return ProgressRecord{
		Activity:          r.text("Activity"),
		ActivityID:        r.int32("ActivityId"),
		ParentActivityID:  r.int32("ParentActivityId"),
		StatusDescription: r.optionalText("StatusDescription"),
		CurrentOperation:  r.optionalText("CurrentOperation"),
		PercentComplete:   r.int32("PercentComplete"),
		SecondsRemaining:  r.int32("SecondsRemaining"),
		Completed:         r.int32("Type") == 1,
	}
}

const listOfString = "System.Collections.Generic.List`1[[System.String, System.Private.CoreLib, " +
	"Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e]]"

// Encode gives the record as CLIXML carries it.
func (i InformationRecord) Encode() clixml.Value {
	tags := stringArray(i.Tags)
	tags.TypeNames = []string{listOfString, "System.Object"}
	return clixml.Obj(clixml.New(
		clixml.Prop("MessageData", i.MessageData),
		clixml.Prop("Source", i.Source),
		clixml.Prop("TimeGenerated", i.TimeGenerated),
		clixml.Prop("Tags", tags),
		clixml.Prop("User", i.User),
		clixml.Prop("Computer", i.Computer),
		clixml.Prop("ProcessId", i.ProcessID),
		clixml.Prop("NativeThreadId", i.NativeThreadID),
		clixml.Prop("ManagedThreadId", i.ManagedThreadID),
	))
}

func decodeInformation(r *reader) InformationRecord {
	return InformationRecord{
		MessageData:     r.need("MessageData"),
		Source:          r.optionalText("Source"),
		TimeGenerated:   r.time("TimeGenerated"),
		Tags:            r.texts("Tags"),
		User:            r.optionalText("User"),
		Computer:        r.optionalText("Computer"),
		ProcessID:       r.optionalUint32("ProcessId"),
		NativeThreadID:  r.optionalUint32("NativeThreadId"),
		ManagedThreadID: r.optionalUint32("ManagedThreadId"),
	}
}

func (r *reader) optionalUint32(name string) uint32 {
	n, _ := r.value(name).Int()
	return uint32(n)
}
