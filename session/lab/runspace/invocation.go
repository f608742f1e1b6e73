package runspace

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// invocation is the runtime's side of a [Call]: one command of a pipeline.
type invocation struct {
	ex       *execution
	ctx      context.Context
	cmdlet   *Cmdlet
	call     *Call
	args     *binding
	position int                      // 1-based, in its pipeline
	next     *invocation              // nil: the last one
	put      func(clixml.Value) error // of the last one: where its output goes
	// merge sends other streams where output goes.
	merge psrp.Merge
	// full is set once this command wants no more input.
	full bool
	// answer is what "Yes to All" or "No to All" decided.
	answer confirmAnswer
}

type stream uint8

const (
	streamWarning stream = iota
	streamVerbose
	streamDebug
)

// errEnough ends what comes before a command that wants no more input.
var errEnough = errors.New("no more input is wanted")

func (i *invocation) param(name string) (clixml.Value, bool) {
	v, ok := i.args.values[strings.ToLower(name)]
	return v, ok
}

// preference returns the value of a common preference parameter.
func (i *invocation) preference(name string) string {
	v, ok := i.param(name)
	if !ok {
		return "Continue"
	}
	return v.String()
}

func (i *invocation) isSet(name string) bool { v, _ := i.param(name); return v.True() }

func (i *invocation) ended() error {
	if i.ex.failure != nil {
		return i.ex.failure
	}
	if i.ctx.Err() != nil {
		return ErrStopped
	}
	return nil
}

// begin runs the cmdlet's Begin.
func (i *invocation) begin() error {
	if i.cmdlet.Begin == nil {
		return nil
	}
	return i.guard(i.cmdlet.Begin)
}

// process runs the cmdlet for one input object, or once without any.
func (i *invocation) process(input clixml.Value, hasInput bool) error {
	if hasInput {
		if rec := i.args.bindInput(input); rec != nil {
			return i.writeError(rec)
		}
		if missing := i.args.missing(false); len(missing) > 0 {
			return i.writeError(i.args.missingError(missing))
		}
	}
	if i.cmdlet.Run == nil {
		return nil
	}
	i.call.Input = input
	return i.guard(i.cmdlet.Run)
}

func (i *invocation) end() error {
	if i.cmdlet.End == nil {
		return nil
	}
	return i.guard(i.cmdlet.End)
}

// guard runs a function of the cmdlet and turns what it returns, or a panic
// of it, into the end of the pipeline.
func (i *invocation) guard(f func(*Call) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = i.fail(newError("System.Exception", "InternalError", "NotSpecified", fmt.Sprintf("the command %s failed: %v", i.cmdlet.Name, p), clixml.Null()))
		}
	}()
	if err := i.ended(); err != nil {
		return err
	}
	err = f(i.call)
	switch {
	case errors.Is(err, errEnough):
		i.full = true
		return errEnough
	case i.ended() != nil:
		return i.ended()
	case err != nil:
		return i.fail(err)
	}
	return nil
}

// fail makes err the reason for which the pipeline ends.
func (i *invocation) fail(err error) error {
	if i.ex.failure == nil {
		i.ex.failure = asRecord(err, i.cmdlet.Name)
	}
	return i.ex.failure
}

func (i *invocation) writeObject(v clixml.Value) error {
	if err := i.ended(); err != nil {
		return err
	}
	if i.next == nil {
		return i.put(v)
	}
	if i.next.full {
		return errEnough
	}
	err := i.next.process(v, true)
	if errors.Is(err, errEnough) && i.next.full {
		return errEnough
	}
	return err
}

func (i *invocation) writeError(e *psrp.ErrorRecord) error {
	if err := i.ended(); err != nil {
		return err
	}
	complete(e, i.cmdlet.Name)
	return i.writeRecord(e)
}

// writeRecord writes a record as it is, as ErrorAction wants it.
func (i *invocation) writeRecord(e *psrp.ErrorRecord) error {
	if err := i.ended(); err != nil {
		return err
	}
	switch i.preference("ErrorAction") {
	case "SilentlyContinue", "Ignore":
		return nil
	case "Stop":
		i.ex.stopAction = true
		return i.fail(e)
	}
	if i.merge.Error == psrp.ResultOutput {
		return i.writeObject(errorValue(e))
	}
	return i.ex.sent(i.ex.sink.Error(e))
}

func (i *invocation) informational(s stream, text string) error {
	if err := i.ended(); err != nil {
		return err
	}
	method, send, merged, kind := psrp.MethodWriteWarningLine, i.ex.sink.Warning, i.merge.Warning, "Warning"
	switch s {
	case streamWarning:
		switch i.preference("WarningAction") {
		case "SilentlyContinue", "Ignore":
			return nil
		case "Stop":
			return i.fail(newError("System.Management.Automation.ActionPreferenceStopException", "ActionPreferenceStop", "OperationStopped",
				"The running command stopped because the preference variable \"WarningPreference\" or common parameter is set to Stop: "+text, clixml.Null()))
		}
	case streamVerbose:
		if !i.isSet("Verbose") {
			return nil
		}
		method, send, merged, kind = psrp.MethodWriteVerboseLine, i.ex.sink.Verbose, i.merge.Verbose, "Verbose"
	case streamDebug:
		if !i.isSet("Debug") {
			return nil
		}
		method, send, merged, kind = psrp.MethodWriteDebugLine, i.ex.sink.Debug, i.merge.Debug, "Debug"
	}
	if merged == psrp.ResultOutput {
		return i.writeObject(recordValue(kind, text))
	}
	err := send(text)
	if err == nil && i.ex.hasUI {
		err = i.tellHost(method, clixml.Str(text))
	}
	return i.ex.sent(err)
}

// recordValue is a record of another stream as output carries it.
func recordValue(kind, text string) clixml.Value {
	const ns = "System.Management.Automation."
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{ns + kind + "Record", ns + "InformationalRecord", "System.Object"},
		ToString:  text, HasToString: true, Props: []clixml.Property{clixml.Prop("Message", text)},
	})
}

func (i *invocation) progress(r psrp.ProgressRecord) error {
	if err := i.ended(); err != nil {
		return err
	}
	if p := i.preference("ProgressAction"); p == "SilentlyContinue" || p == "Ignore" {
		return nil
	}
	err := i.ex.sink.Progress(r)
	if err == nil && i.ex.hasUI {
		err = i.tellHost(psrp.MethodWriteProgress, clixml.Int64(0), clixml.Obj(progressObject(r)))
	}
	return i.ex.sent(err)
}

func (i *invocation) information(message clixml.Value, tags []string) error {
	if err := i.ended(); err != nil {
		return err
	}
	if i.merge.Information == psrp.ResultOutput {
		return i.writeObject(message)
	}
	return i.ex.sent(i.ex.sink.Information(psrp.InformationRecord{
		MessageData: message, Source: i.cmdlet.Name, Tags: tags, TimeGenerated: i.ex.rs.now(),
	}))
}
