package runspace

import (
	"errors"
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// categories are the names of System.Management.Automation.ErrorCategory by
// number.
var categories = [...]string{
	"NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument",
	"InvalidData", "InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented",
	"NotInstalled", "ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError",
	"PermissionDenied", "ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError",
	"FromStdErr", "SecurityError", "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded",
	"QuotaExceeded", "NotEnabled",
}

const (
	parameterBinding  = "System.Management.Automation.ParameterBindingException"
	bindingValidation = "System.Management.Automation.ParameterBindingValidationException"
	runtimeException  = "System.Management.Automation.RuntimeException"
	parseException    = "System.Management.Automation.ParseException"
	commandNotFound   = "System.Management.Automation.CommandNotFoundException"
)

// NewError makes an error record. The id is the part of the fully qualified
// id before the comma (the command's name is added when it is written),
// category is a name of ErrorCategory, and target what the error is about.
// The exception's type is System.InvalidOperationException; change
// ExceptionType and Reason for another.
func NewError(id, category, message string, target clixml.Value) *psrp.ErrorRecord {
	return newError("System.InvalidOperationException", id, category, message, target)
}

func newError(exception, id, category, message string, target clixml.Value) *psrp.ErrorRecord {
	e := &psrp.ErrorRecord{
		Message:               message,
		ExceptionMessage:      message,
		ExceptionType:         exception,
		FullyQualifiedErrorID: id,
		Category:              category,
		Reason:                exception[strings.LastIndexByte(exception, '.')+1:],
		Target:                target,
	}
	for code, name := range categories {
		if strings.EqualFold(name, category) {
			e.Category, e.CategoryCode = name, int32(code)
		}
	}
	if !target.IsNull() {
		e.TargetName, e.TargetType = target.String(), shortType(TypeName(target))
	}
	return e
}

// bindError is a refusal of a command's arguments.
func bindError(c *Cmdlet, id, format string, args ...any) *psrp.ErrorRecord {
	exception, category := parameterBinding, "InvalidArgument"
	if strings.HasPrefix(id, "ParameterArgumentValidation") {
		exception, category = bindingValidation, "InvalidData"
	}
	e := newError(exception, id+","+c.Name, category, fmt.Sprintf(format, args...), clixml.Null())
	e.Activity = c.Name
	return e
}

func unknownCommand(name string) *psrp.ErrorRecord {
	return newError(commandNotFound, "CommandNotFoundException", "ObjectNotFound",
		fmt.Sprintf("The term '%s' is not recognized as a name of a cmdlet, function, script file, or executable program.\n"+
			"Check the spelling of the name, or if a path was included, verify that the path is correct and try again.", name),
		clixml.Str(name))
}

func scriptsNotAllowed(script string) *psrp.ErrorRecord {
	return newError(parseException, "ScriptsNotAllowed", "ParserError",
		"The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
		clixml.Str(script))
}

// StoppedError is the record of a pipeline that was stopped.
func StoppedError() *psrp.ErrorRecord {
	return newError("System.Management.Automation.PipelineStoppedException", "PipelineStopped", "OperationStopped",
		"The pipeline has been stopped.", clixml.Null())
}

// asRecord turns what a cmdlet returned into the record of a terminating error.
func asRecord(err error, activity string) *psrp.ErrorRecord {
	var e *psrp.ErrorRecord
	if errors.As(err, &e) {
		complete(e, activity)
		return e
	}
	if errors.Is(err, ErrStopped) {
		return StoppedError()
	}
	e = newError(runtimeException, "RuntimeException", "NotSpecified", err.Error(), clixml.Null())
	complete(e, activity)
	return e
}

// complete fills in what the writer of a record leaves to the runtime.
func complete(e *psrp.ErrorRecord, activity string) {
	if e.Message == "" {
		e.Message = e.ExceptionMessage
	}
	if e.ExceptionMessage == "" {
		e.ExceptionMessage = e.Message
	}
	if e.ExceptionType == "" {
		e.ExceptionType = "System.Exception"
	}
	if e.Reason == "" {
		e.Reason = e.ExceptionType[strings.LastIndexByte(e.ExceptionType, '.')+1:]
	}
	if activity == "" {
		return
	}
	if e.Activity == "" {
		e.Activity = activity
	}
	if e.FullyQualifiedErrorID == "" {
		e.FullyQualifiedErrorID = e.ExceptionType
	}
	if !strings.Contains(e.FullyQualifiedErrorID, ",") {
		e.FullyQualifiedErrorID += "," + activity
	}
}

// errorValue is a record as an object of the output, where errors are merged
// into it.
func errorValue(e *psrp.ErrorRecord) clixml.Value {
	if e.Object != nil {
		return clixml.Obj(e.Object)
	}
	exception := &clixml.Object{
		TypeNames: []string{e.ExceptionType, "System.Exception", "System.Object"},
		ToString:  e.ExceptionType + ": " + e.ExceptionMessage, HasToString: true,
		Props: []clixml.Property{clixml.Prop("Message", e.ExceptionMessage)},
	}
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Management.Automation.ErrorRecord", "System.Object"},
		ToString:  e.Message, HasToString: true,
		Members: []clixml.Property{
			clixml.Prop("Exception", exception), clixml.Prop("TargetObject", e.Target),
			clixml.Prop("FullyQualifiedErrorId", e.FullyQualifiedErrorID), clixml.Prop("InvocationInfo", nil),
			clixml.Prop("ErrorCategory_Category", e.CategoryCode), clixml.Prop("ErrorCategory_Activity", e.Activity),
			clixml.Prop("ErrorCategory_Reason", e.Reason), clixml.Prop("ErrorCategory_TargetName", e.TargetName),
			clixml.Prop("ErrorCategory_TargetType", e.TargetType), clixml.Prop("SerializeExtendedInfo", false),
		},
	})
}
