package runspace

import (
	"context"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// Call is one invocation of a cmdlet in a pipeline: its bound parameters, its
// input, and its ways out. It belongs to the goroutine that runs the pipeline.
type Call struct {
	// Cmdlet is what is being run.
	Cmdlet *Cmdlet
	// Input is the current pipeline object; $null where there is none.
	Input clixml.Value
	// State is what [Options].State was: the data the cmdlets work on.
	State any
	// Data is the cmdlet's own, kept between Begin, Run and End.
	Data any

	inv *invocation
}

// Write functions return an error once the pipeline is to end: it was stopped,
// its client is gone, or ErrorAction Stop applies. A cmdlet may return that
// error or go on to its end; nothing it writes any more is sent.

// Context is done when the pipeline is being stopped.
func (c *Call) Context() context.Context { return c.inv.ctx }

// Param returns the bound value of a parameter, converted to its type.
func (c *Call) Param(name string) (clixml.Value, bool) { return c.inv.param(name) }

// Has tells whether a parameter was given.
func (c *Call) Has(name string) bool {
	_, ok := c.inv.param(name)
	return ok
}

// String returns a parameter's text, or "".
func (c *Call) String(name string) string {
	v, ok := c.inv.param(name)
	if !ok || v.IsNull() {
		return ""
	}
	return v.String()
}

// Strings returns the texts of a list parameter (one text for a single value).
func (c *Call) Strings(name string) []string {
	v, ok := c.inv.param(name)
	if !ok || v.IsNull() {
		return nil
	}
	var texts []string
	for _, item := range listItems(v) {
		texts = append(texts, item.String())
	}
	return texts
}

// Secret returns the clear text of a SecureString parameter.
func (c *Call) Secret(name string) (string, error) {
	v, _ := c.inv.param(name)
	return c.Reveal(v)
}

// Reveal returns the clear text of a SecureString, such as the host answers with.
func (c *Call) Reveal(v clixml.Value) (string, error) {
	unseal := c.inv.ex.rs.opts.Unseal
	if v.Kind() != clixml.KindSecureString || unseal == nil {
		return "", ErrNoSecret
	}
	return unseal(v.Text())
}

// Int returns a parameter's number, or def where it was not given.
func (c *Call) Int(name string, def int) int {
	v, ok := c.inv.param(name)
	if !ok {
		return def
	}
	n, ok := v.Int()
	if !ok {
		return def
	}
	return int(n)
}

// Bool returns a parameter's truth: a switch or a Boolean that is $true.
func (c *Call) Bool(name string) bool {
	v, _ := c.inv.param(name)
	return v.True()
}

// WriteObject sends v to the next command, or out of the pipeline.
func (c *Call) WriteObject(v clixml.Value) error { return c.inv.writeObject(v) }

// WriteError writes a non-terminating error, as ErrorAction wants it: it is
// shown, dropped, or ends the pipeline. What the record leaves empty of its
// invocation (Activity, the command's name after the error id) is filled in.
func (c *Call) WriteError(e *psrp.ErrorRecord) error { return c.inv.writeError(e) }

// Warning writes to the warning stream.
func (c *Call) Warning(text string) error { return c.inv.informational(streamWarning, text) }

// Verbose writes to the verbose stream; only sent under -Verbose.
func (c *Call) Verbose(text string) error { return c.inv.informational(streamVerbose, text) }

// Debug writes to the debug stream; only sent under -Debug.
func (c *Call) Debug(text string) error { return c.inv.informational(streamDebug, text) }

// Progress writes a progress record.
func (c *Call) Progress(r psrp.ProgressRecord) error { return c.inv.progress(r) }

// Information writes to the information stream.
func (c *Call) Information(message clixml.Value, tags ...string) error {
	return c.inv.information(message, tags)
}

// ShouldProcess says whether to go on with a change. Under -WhatIf it prints
// "What if: …" and says no; a cmdlet of impact High, or -Confirm, asks the
// user, whose "Yes to All" and "No to All" hold for the rest of the call.
func (c *Call) ShouldProcess(target, action string) (bool, error) {
	return c.inv.shouldProcess(target, action)
}

// ShouldContinue asks the user a question of the cmdlet's own, yes or no; a
// cmdlet asks it where its -Force was not given.
func (c *Call) ShouldContinue(query, caption string) (bool, error) {
	n, err := c.inv.promptForChoice(caption, query, []psrp.Choice{
		{Label: "&Yes", Help: "Continue with only the next step of the operation."},
		{Label: "&No", Help: "Skip this operation and proceed with the next operation."},
	}, 0)
	return err == nil && n == 0, err
}

// ReadLine asks for a line of text, as Read-Host does.
func (c *Call) ReadLine(prompt string) (string, error) {
	v, err := c.inv.readHost(prompt, "String")
	return v.String(), err
}

// ReadSecret asks for a line that must not show, as Read-Host -AsSecureString
// does, and returns the SecureString.
func (c *Call) ReadSecret(prompt string) (clixml.Value, error) {
	return c.inv.readHost(prompt, "SecureString")
}

// PromptForChoice asks the user to pick one of the choices (labels with "&"
// before the key letter) and returns its index.
func (c *Call) PromptForChoice(caption, message string, choices []psrp.Choice, def int) (int, error) {
	return c.inv.promptForChoice(caption, message, choices, def)
}

// HostCall makes any other host call and, where the method answers, waits for it.
func (c *Call) HostCall(method psrp.HostMethod, parameters ...clixml.Value) (clixml.Value, error) {
	return c.inv.hostCall(method, parameters...)
}

// Sleep waits for d, or returns early with an error when the pipeline is stopped.
func (c *Call) Sleep(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.inv.ctx.Done():
		return ErrStopped
	}
}

// Stopped tells whether the pipeline is to end: a loop of a cmdlet asks it.
func (c *Call) Stopped() bool { return c.inv.ended() != nil }
