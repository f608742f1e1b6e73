package session

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// actions are the common parameters that say what becomes of a stream.
var actions = [...]struct {
	parameter, preference string
	shown                 Stream
	stream                pslang.Stream
}{
	{"ErrorAction", "ErrorActionPreference", StreamError, pslang.ErrorStream},
	{"WarningAction", "WarningPreference", StreamWarning, pslang.WarningStream},
	{"InformationAction", "InformationPreference", StreamInformation, pslang.InformationStream},
}

// common takes the common parameters: variables that collect a stream, and
// streams that are not shown.
func (c *call) common() error {
	k := &c.step.keeps
	for _, p := range commonHere {
		if !c.has(p.name) {
			continue
		}
		if err := k.set(c.step.cmd.Extent, p.name, p.stream, c.value(p.name)); err != nil {
			return err
		}
	}
	for _, a := range actions {
		if !c.quiet(a.parameter) {
			continue
		}
		k.dropped[a.stream] = true
		if c.acts(a.parameter, "Ignore") {
			k.variables[a.stream] = kept{}
		}
	}
	return nil
}

// acts tells whether an action was asked for.
func (c *call) acts(parameter, action string) bool {
	return c.has(parameter) && strings.EqualFold(c.text(parameter), action)
}

func (c *call) quiet(parameter string) bool {
	return c.acts(parameter, "SilentlyContinue") || c.acts(parameter, "Ignore")
}

// hear takes a record that the cmdlet, or what it runs, has given: it is shown,
// kept and heeded as the common parameters say. Who calls it from several
// goroutines sees to their turns.
func (c *call) hear(rec Record) {
	if c.fatal != nil {
		return // what came after the end
	}
	switch rec.Stream {
	case StreamOutput:
		c.give(rec.Value)
	case StreamError:
		c.out.error(rec.Error, false)
	case StreamWarning:
		c.out.message(StreamWarning, pslang.WarningStream, psrp.InformationalRecord{Message: rec.Text}, psrp.WarningRecord)
	case StreamVerbose:
		c.out.message(StreamVerbose, pslang.VerboseStream, psrp.InformationalRecord{Message: rec.Text}, psrp.VerboseRecord)
	case StreamDebug:
		c.out.message(StreamDebug, pslang.DebugStream, psrp.InformationalRecord{Message: rec.Text}, psrp.DebugRecord)
	case StreamInformation:
		c.out.information(psrp.InformationRecord{MessageData: clixml.Str(rec.Text)})
	case StreamProgress:
		if c.quiet("ProgressAction") {
			return
		}
		fallthrough
	default:
		c.out.run.emit(c.ctx, rec)
	}
	c.heed(rec)
}

// heed ends the cmdlet where a stream's action is Stop.
func (c *call) heed(rec Record) {
	for _, a := range actions {
		if a.shown != rec.Stream || !c.acts(a.parameter, "Stop") {
			continue
		}
		if rec.Stream == StreamError {
			c.fatal = rec.Error
		} else {
			c.fatal = c.fail("ActionPreferenceStop", "The running command stopped because the preference variable %q or common parameter is set to Stop: %s", a.preference, rec.Text)
			c.out.error(cmdletError(c.fatal), true)
		}
		c.cancel()
	}
}
