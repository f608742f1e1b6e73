package psrp

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"psdeck/session/clixml"
)

// ErrorRecord is an error as PowerShell reports it. [MS-PSRP] 2.2.3.15
type ErrorRecord struct {
	Message               string // what a person reads: the details if there are any, else the exception's message
	ExceptionType         string
	ExceptionMessage      string
	FullyQualifiedErrorID string
	Category              string // such as ObjectNotFound
	CategoryCode          int32
	CategoryMessage       string // the category line as the server made it, if it did
	Activity              string
	Reason                string
	TargetName            string
	TargetType            string
	DetailsMessage        string
	RecommendedAction     string
	ScriptStackTrace      string
	PositionMessage       string
	Target                clixml.Value
	Object                *clixml.Object // as it came; nil in a record made here
}

// Error gives the message that a person reads.
func (e *ErrorRecord) Error() string { return e.Message }

// MessageType tells which message carries the record.
func (e *ErrorRecord) MessageType() MessageType { return ErrorRecordMessage }

// CategoryInfo is the line that PowerShell prints of the error's category, such
// as "ObjectNotFound: (x:String) [Get-X], ItemNotFoundException".
func (e *ErrorRecord) CategoryInfo() string {
	if e.CategoryMessage != "" {
		return e.CategoryMessage
	}
	return fmt.Sprintf("%s: (%s:%s) [%s], %s", e.category(),
		ellipsize(e.TargetName), ellipsize(e.TargetType), ellipsize(e.Activity), ellipsize(e.Reason))
}

// ellipsize cuts the middle out of a text of more than 40 characters.
func ellipsize(s string) string {
	const half = 19
	units := utf16.Encode([]rune(s))
	if len(units) <= 2*half+2 {
		return s
	}
	return string(utf16.Decode(units[:half])) + "…" + string(utf16.Decode(units[len(units)-half:]))
}

func (e *ErrorRecord) category() string {
	if e.Category != "" {
		return e.Category
	}
	return categoryName(e.CategoryCode)
}

// categories are the names of System.Management.Automation.ErrorCategory.
func categories() []string {
	return []string{
		"NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument",
		"InvalidData", "InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented",
		"NotInstalled", "ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError",
		"PermissionDenied", "ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError",
		"FromStdErr", "SecurityError", "ProtocolError", "ConnectionError", "AuthenticationError",
		"LimitsExceeded", "QuotaExceeded", "NotEnabled",
	}
}

func categoryName(code int32) string {
	names := categories()
	if code < 0 || int(code) >= len(names) {
		return fmt.Sprintf("ErrorCategory(%d)", code)
	}
	return names[code]
}

func (e *ErrorRecord) code() int32 {
	if e.CategoryCode == 0 && e.Category != "" {
		return int32(max(0, slices.Index(categories(), e.Category)))
	}
	return e.CategoryCode
}

// Encode gives the record as CLIXML carries it: Object where it is set, else an
// object made of the other fields.
func (e *ErrorRecord) Encode() clixml.Value { return clixml.Obj(e.object()) }

func (e *ErrorRecord) object() *clixml.Object {
	if e.Object != nil {
		return e.Object
	}
	message := e.Message
	if message == "" {
		message = e.ExceptionMessage
	}
	o := &clixml.Object{
		TypeNames: []string{"System.Management.Automation.ErrorRecord", "System.Object"},
		ToString:  message, HasToString: true,
	}
	add := func(name string, x any) { o.Members = append(o.Members, clixml.Prop(name, x)) }
	add("Exception", e.exception())
	add("TargetObject", e.Target)
	add("FullyQualifiedErrorId", e.FullyQualifiedErrorID)
	add("InvocationInfo", nil)
	add("ErrorCategory_Category", e.code())
	add("ErrorCategory_Activity", e.Activity)
	add("ErrorCategory_Reason", e.Reason)
	add("ErrorCategory_TargetName", e.TargetName)
	add("ErrorCategory_TargetType", e.TargetType)
	add("ErrorCategory_Message", e.CategoryInfo())
	if e.DetailsMessage != "" || e.RecommendedAction != "" {
		add("ErrorDetails_Message", e.DetailsMessage)
		add("ErrorDetails_RecommendedAction", e.RecommendedAction)
	}
	add("SerializeExtendedInfo", false)
	if e.ScriptStackTrace != "" {
		add("ErrorDetails_ScriptStackTrace", e.ScriptStackTrace)
	}
	return o
}

func (e *ErrorRecord) exception() *clixml.Object {
	message := e.ExceptionMessage
	if message == "" {
		message = e.Message
	}
	types := []string{"System.Exception", "System.Object"}
	if e.ExceptionType != "" && e.ExceptionType != types[0] {
		types = append([]string{e.ExceptionType}, types...)
	}
	data := &clixml.Object{
		TypeNames: []string{"System.Collections.ListDictionaryInternal", "System.Object"},
		Kind:      clixml.Dict,
	}
	return &clixml.Object{
		TypeNames: types,
		ToString:  types[0] + ": " + message, HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("Message", message),
			clixml.Prop("Data", data),
			clixml.Prop("InnerException", nil),
			clixml.Prop("HelpLink", nil),
			clixml.Prop("Source", nil),
			clixml.Prop("HResult", int32(-2146233088)),
			clixml.Prop("StackTrace", nil),
		},
	}
}

// errorRecord reads a member that may be absent.
func (r *reader) errorRecord(name string) *ErrorRecord {
	v := r.value(name)
	if v.IsNull() {
		return nil
	}
	s := r.sub(name)
	e := decodeErrorRecord(s)
	r.adopt(s)
	return e
}

// decodeErrorRecord takes what is there: an error half understood says more
// than one that is dropped.
func decodeErrorRecord(r *reader) *ErrorRecord {
	e := &ErrorRecord{
		FullyQualifiedErrorID: r.optionalText("FullyQualifiedErrorId"),
		CategoryMessage:       r.optionalText("ErrorCategory_Message"),
		Activity:              r.optionalText("ErrorCategory_Activity"),
		Reason:                r.optionalText("ErrorCategory_Reason"),
		TargetName:            r.optionalText("ErrorCategory_TargetName"),
		TargetType:            r.optionalText("ErrorCategory_TargetType"),
		DetailsMessage:        r.optionalText("ErrorDetails_Message"),
		RecommendedAction:     r.optionalText("ErrorDetails_RecommendedAction"),
		ScriptStackTrace:      r.optionalText("ErrorDetails_ScriptStackTrace"),
		PositionMessage:       r.optionalText("InvocationInfo_PositionMessage"),
		Target:                r.value("TargetObject"),
		Object:                r.o,
	}
	if code, ok := r.value("ErrorCategory_Category").Int(); ok {
		e.CategoryCode = r.narrow("ErrorCategory_Category", code)
	}
	e.Category = categoryName(e.CategoryCode)
	if x := r.value("Exception").Object(); x != nil {
		if len(x.TypeNames) > 0 {
			e.ExceptionType = strings.TrimPrefix(x.TypeNames[0], "Deserialized.")
		}
		message, _ := x.Get("Message")
		e.ExceptionMessage, _ = textOf(message)
	}
	for _, s := range []string{e.DetailsMessage, e.ExceptionMessage, r.o.ToString, e.FullyQualifiedErrorID} {
		if e.Message = s; s != "" {
			break
		}
	}
	return e
}
