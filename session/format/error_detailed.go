package format

import (
	"strings"
	"unicode/utf8"
)

const (
	// A client that receives an error makes it a RemoteException, whose own
	// record is the one that it belongs to: PowerShell goes round ten times.
	detailedDepth   = 10
	remoteException = "System.Management.Automation.RemoteException"
	remoteResult    = "-2146233087" // HRESULT of a RuntimeException, 0x80131501
)

// detail is a property of an error or an exception; inner is what stands
// below it.
type detail struct {
	name, value string
	inner       func() []detail
}

// detailedError lists all properties of an error record and of what it holds.
func detailedError(e ErrorRecord) string {
	var b strings.Builder
	b.WriteByte('\n')
	appendDetails(&b, append([]detail{{name: "OriginInfo", value: e.Origin}}, e.details()...), 0, 1)
	b.WriteString("\n")
	return b.String()
}

func (e *ErrorRecord) details() []detail {
	return []detail{
		{name: "Exception", inner: e.exception},
		{name: "TargetObject", value: e.Target},
		{name: "CategoryInfo", value: e.CategoryInfo},
		{name: "FullyQualifiedErrorId", value: e.FullyQualifiedErrorID},
		{name: "ErrorDetails", value: e.Details},
		{name: "ScriptStackTrace", value: e.ScriptStackTrace},
	}
}

func (e *ErrorRecord) exception() []detail {
	message := e.ExceptionMessage
	if message == "" {
		message = e.Message
	}
	return []detail{
		{name: "Type", value: remoteException},
		{name: "SerializedRemoteException", value: e.Exception},
		{name: "SerializedRemoteInvocationInfo", value: e.Invocation},
		{name: "ErrorRecord", inner: e.details},
		{name: "Message", value: message},
		{name: "HResult", value: remoteResult},
	}
}

// appendDetails writes properties below each other; those that say nothing are
// left out.
func appendDetails(b *strings.Builder, list []detail, indent, depth int) {
	longest := 0
	for _, d := range list {
		if d.value != "" || d.inner != nil {
			longest = max(longest, utf8.RuneCountInString(d.name))
		}
	}
	below := "\n" + pad(indent+longest+len(separator))
	for _, d := range list {
		if d.value == "" && d.inner == nil {
			continue
		}
		b.WriteString(pad(indent) + d.name + pad(longest-len(d.name)) + separator)
		switch {
		case d.inner == nil:
			for i, line := range strings.Split(d.value, "\n") {
				if i > 0 {
					b.WriteString(below)
				}
				if i > 0 || strings.Contains(d.value, "\n") {
					line = strings.TrimSpace(line)
				}
				b.WriteString(line)
			}
			b.WriteByte('\n')
		case depth >= detailedDepth:
			b.WriteString(ellipsis + "\n")
		default:
			b.WriteByte('\n')
			appendDetails(b, d.inner(), indent+4, depth+1)
		}
	}
}
