package runspace

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// hasUI tells whether the client can be asked or written to.
func hasUI(pipeline, pool *psrp.HostInfo) bool {
	h := pipeline
	if h == nil || h.UsePools {
		h = pool
	}
	return h != nil && !h.IsNull && !h.NoUI
}

type confirmAnswer uint8

const (
	askEach confirmAnswer = iota
	yesToAll
	noToAll
)

// tellHost makes a host call that takes no answer.
func (i *invocation) tellHost(method psrp.HostMethod, parameters ...clixml.Value) error {
	_, err := i.ex.sink.HostCall(i.ctx, method, parameters)
	return err
}

func (i *invocation) hostCall(method psrp.HostMethod, parameters ...clixml.Value) (clixml.Value, error) {
	if err := i.ended(); err != nil {
		return clixml.Null(), err
	}
	if !i.ex.hasUI {
		return clixml.Null(), newError("System.Management.Automation.Host.HostException", "HostFunctionNotImplemented", "NotImplemented",
			"A command that prompts the user failed because the host program or the command type does not support user interaction. "+
				"The host was attempting to request confirmation with the following message: "+promptText(parameters), clixml.Null())
	}
	v, err := i.ex.sink.HostCall(i.ctx, method, parameters)
	if i.ctx.Err() != nil {
		return clixml.Null(), ErrStopped
	}
	return v, err
}

func promptText(parameters []clixml.Value) string {
	if len(parameters) > 1 && parameters[1].Kind() == clixml.KindString {
		return parameters[1].Text()
	}
	return ""
}

// arrayList is the list type that host call parameters use.
func arrayList(items ...clixml.Value) clixml.Value {
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Collections.ArrayList", "System.Object"}, Kind: clixml.List, Items: items,
	})
}

func (i *invocation) shouldProcess(target, action string) (bool, error) {
	operation := fmt.Sprintf("Performing the operation %q on target %q.", action, target)
	if i.isSet("WhatIf") {
		if i.ex.hasUI {
			return false, i.ex.sent(i.tellHost(psrp.MethodWriteLine2, clixml.Str("What if: "+operation)))
		}
		return false, nil
	}
	confirm, given := i.param("Confirm")
	ask := strings.EqualFold(i.cmdlet.ConfirmImpact, "High")
	if given {
		ask = confirm.True()
	}
	if !ask {
		return true, i.informational(streamVerbose, operation)
	}
	switch i.answer {
	case yesToAll:
		return true, nil
	case noToAll:
		return false, nil
	}
	n, err := i.promptForChoice("Confirm", "Are you sure you want to perform this action?\n"+operation, []psrp.Choice{
		{Label: "&Yes", Help: "Continue with only the next step of the operation."},
		{Label: "Yes to &All", Help: "Continue with all the steps of the operation."},
		{Label: "&No", Help: "Skip this operation and proceed with the next operation."},
		{Label: "No to A&ll", Help: "Skip this operation and all subsequent operations."},
	}, 0)
	switch n {
	case 1:
		i.answer = yesToAll
	case 3:
		i.answer = noToAll
	}
	return err == nil && n < 2, err
}

func (i *invocation) promptForChoice(caption, message string, choices []psrp.Choice, def int) (int, error) {
	items := make([]clixml.Value, len(choices))
	for n, c := range choices {
		items[n] = clixml.Obj(clixml.New(clixml.Prop("label", c.Label), clixml.Prop("helpMessage", c.Help)))
	}
	v, err := i.hostCall(psrp.MethodPromptForChoice, clixml.Str(caption), clixml.Str(message), arrayList(items...), clixml.Int32(int32(def)))
	if err != nil {
		return -1, err
	}
	n, ok := v.Int()
	if !ok || n < 0 || int(n) >= len(choices) {
		return -1, newError("System.ArgumentOutOfRangeException", "ArgumentOutOfRange", "InvalidArgument", "The host answered with no choice that was offered.", clixml.Null())
	}
	return int(n), nil
}

// readHost asks for one value, as Read-Host does: by the Prompt method.
func (i *invocation) readHost(prompt, typ string) (clixml.Value, error) {
	answers, err := i.promptFields("", "", []Parameter{{Name: prompt, Type: typ}}, false)
	if err != nil {
		return clixml.Null(), err
	}
	v, _ := answers.Lookup(prompt)
	return v, nil
}

func (i *invocation) promptFields(caption, message string, fields []Parameter, labels bool) (*clixml.Object, error) {
	items := make([]clixml.Value, len(fields))
	for n, f := range fields {
		full, label := dotNet(orObject(f.Type)), ""
		if labels {
			label = "&" + f.Name
		}
		items[n] = clixml.Obj(clixml.New(
			clixml.Prop("name", f.Name), clixml.Prop("label", label),
			clixml.Prop("parameterTypeName", shortType(full)), clixml.Prop("parameterTypeFullName", full),
			clixml.Prop("parameterAssemblyFullName", full+", System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e"),
			clixml.Prop("helpMessage", f.Help), clixml.Prop("isMandatory", true),
			clixml.Property{Name: "metadata", Value: arrayList()},
			clixml.Prop("modifiedByRemotingProtocol", false), clixml.Prop("isFromRemoteHost", false),
		))
	}
	v, err := i.hostCall(psrp.MethodPrompt, clixml.Str(caption), clixml.Str(message), arrayList(items...))
	return v.Object(), err
}

// askMissing asks for mandatory parameters, or refuses the command.
func (i *invocation) askMissing(missing []Parameter) error {
	if !i.ex.hasUI || !i.ex.rs.opts.PromptMandatory {
		return i.args.missingError(missing)
	}
	answers, err := i.promptFields(fmt.Sprintf("cmdlet %s at command pipeline position %d", i.cmdlet.Name, i.position),
		"Supply values for the following parameters:", missing, true)
	if err != nil {
		return err
	}
	for n := range missing {
		v, ok := answers.Lookup(missing[n].Name)
		if !ok {
			return i.args.missingError(missing[n : n+1])
		}
		if rec := i.args.bind(&missing[n], v); rec != nil {
			return rec
		}
	}
	return nil
}

// progressObject is a progress record as a parameter of a host call.
func progressObject(r psrp.ProgressRecord) *clixml.Object {
	kind := clixml.Enum("System.Management.Automation.ProgressRecordType", "Processing", 0)
	if r.Completed {
		kind = clixml.Enum("System.Management.Automation.ProgressRecordType", "Completed", 1)
	}
	current := clixml.Null()
	if r.CurrentOperation != "" {
		current = clixml.Str(r.CurrentOperation)
	}
	return clixml.New(
		clixml.Prop("Activity", r.Activity), clixml.Prop("ActivityId", r.ActivityID),
		clixml.Prop("StatusDescription", r.StatusDescription), clixml.Prop("CurrentOperation", current),
		clixml.Prop("ParentActivityId", r.ParentActivityID), clixml.Prop("PercentComplete", r.PercentComplete),
		clixml.Prop("Type", kind), clixml.Prop("SecondsRemaining", r.SecondsRemaining),
	)
}
