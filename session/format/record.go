package format

import (
	"strings"

	"psdeck/session/clixml"
)

const (
	errorRecord       = "System.Management.Automation.ErrorRecord"
	informationRecord = "System.Management.Automation.InformationRecord"
)

// recordText is what PowerShell prints of a record of another stream that was
// merged into the output, or kept in a variable: an error as on its own stream,
// the others as their message.
func recordText(o *clixml.Object) (string, bool) {
	if o == nil || o.Kind != clixml.PlainObject || len(o.TypeNames) == 0 {
		return "", false
	}
	switch name := strings.TrimPrefix(o.TypeNames[0], deserialized); name {
	case errorRecord, "System.Management.Automation.RemotingErrorRecord", "System.Management.Automation.Runspaces.RemotingErrorRecord":
		return strings.TrimSuffix(Error(errorOf(o), ConciseView, Options{}), "\n"), true
	case "System.Management.Automation.WarningRecord", "System.Management.Automation.VerboseRecord", "System.Management.Automation.DebugRecord":
		if text := firstText(o, "Message", "InformationalRecord_Message"); text != "" {
			return text, true
		}
		return o.ToString, o.HasToString
	case informationRecord:
		return firstText(o, "MessageData"), true
	}
	return "", false
}

// errorOf reads an error record that came as an object.
func errorOf(o *clixml.Object) ErrorRecord {
	e := ErrorRecord{
		FullyQualifiedErrorID: firstText(o, "FullyQualifiedErrorId"),
		CategoryInfo:          firstText(o, "ErrorCategory_Message", "CategoryInfo"),
		Activity:              firstText(o, "ErrorCategory_Activity"),
		Message:               firstText(o, "ErrorDetails_Message"),
		RecommendedAction:     firstText(o, "ErrorDetails_RecommendedAction"),
	}
	if details, _ := o.Get("ErrorDetails"); e.Message == "" {
		e.Message = firstText(details.Object(), "Message")
	}
	exception, _ := o.Get("Exception")
	if x := exception.Object(); x != nil {
		e.ExceptionMessage = firstText(x, "Message")
		if len(x.TypeNames) > 0 {
			e.ExceptionType = strings.TrimPrefix(x.TypeNames[0], deserialized)
		}
	}
	for _, text := range []string{e.ExceptionMessage, o.ToString, e.FullyQualifiedErrorID} {
		if e.Message == "" {
			e.Message = text
		}
	}
	return e
}

// firstText is the first of some members that has a text.
func firstText(o *clixml.Object, names ...string) string {
	for _, name := range names {
		if v, ok := o.Get(name); ok && !v.IsNull() {
			if text := v.String(); text != "" {
				return text
			}
		}
	}
	return ""
}
