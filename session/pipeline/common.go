package pipeline

import (
	"errors"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pslang"
)

// Variables is a Scope whose variables commands set: -OutVariable and the like.
type Variables interface {
	pslang.Scope
	// Assign sets a variable to one value.
	Assign(name string, v clixml.Value)
	// Collect sets a variable to a list, behind what it holds where add is set.
	Collect(name string, values []clixml.Value, add bool)
}

// common are the parameters that every cmdlet has.
func common() []param {
	return []param{
		{name: "ErrorAction", kind: aValue, aliases: "ea"},
		{name: "WarningAction", kind: aValue, aliases: "wa"},
		{name: "InformationAction", kind: aValue, aliases: "infa"},
		{name: "ProgressAction", kind: aValue, aliases: "proga"},
		{name: "Verbose", aliases: "vb"},
		{name: "Debug", aliases: "db"},
		{name: "OutBuffer", kind: aValue, aliases: "ob"},
		{name: "ErrorVariable", kind: aValue, aliases: "ev"},
		{name: "WarningVariable", kind: aValue, aliases: "wv"},
		{name: "InformationVariable", kind: aValue, aliases: "iv"},
		{name: "OutVariable", kind: aValue, aliases: "ov"},
		{name: "PipelineVariable", kind: aValue, aliases: "pv"},
	}
}

// actions are what the common parameters and the redirections of a command ask for.
type actions struct {
	vars                         Variables
	out, errs, warnings, infos   string // variables, with the "+" that may stand before a name
	pipeline                     string
	stop, quiet, merge, noOutput bool
	noWarnings, mergeWarnings    bool
}

// any tells whether the command is more than its stage.
func (a *actions) any() bool {
	return a.out+a.errs+a.warnings+a.infos+a.pipeline != "" || a.stop || a.quiet || a.merge || a.noOutput || a.noWarnings || a.mergeWarnings
}

// commonActions reads the common parameters; what travels with a remote
// command and changes nothing here is taken and left.
func (a *arguments) commonActions() error {
	act := &a.acts
	act.vars, _ = a.scope.(Variables)
	for name, dst := range map[string]*string{
		"OutVariable": &act.out, "ErrorVariable": &act.errs, "WarningVariable": &act.warnings, "InformationVariable": &act.infos, "PipelineVariable": &act.pipeline,
	} {
		if !a.has(name) {
			continue
		}
		v, err := a.text(name)
		if err != nil {
			return err
		}
		if act.vars == nil || strings.TrimPrefix(v, "+") == "" {
			return a.usage(a.exprs[name].Span(), "MissingArgument", "-%s wants the name of a variable", name)
		}
		*dst = v
	}
	if _, err := a.number("OutBuffer", 0); err != nil {
		return err
	}
	action, err := a.text("ErrorAction")
	switch strings.ToLower(action) {
	case "silentlycontinue", "ignore", "0", "4":
		act.quiet = true
	case "stop", "1":
		act.stop = true
	}
	warnings, warned := a.text("WarningAction")
	switch strings.ToLower(warnings) {
	case "silentlycontinue", "ignore", "0", "4":
		act.noWarnings = true
	}
	for _, r := range a.cmd.Redirections {
		act.redirect(r)
	}
	return together(err, warned)
}

func (a *actions) redirect(r pslang.Redirection) {
	all := r.From == pslang.AllStreams
	if all || r.From == pslang.ErrorStream {
		a.merge, a.quiet = !r.Null, a.quiet || r.Null
	}
	if all || r.From == pslang.WarningStream {
		a.mergeWarnings, a.noWarnings = !r.Null, a.noWarnings || r.Null
	}
	if r.Null && (all || r.From == pslang.OutputStream) {
		a.noOutput = true
	}
}

// acting is a stage with what its common parameters and redirections ask for.
type acting struct {
	Stage
	acts                actions
	out, errs, warnings []clixml.Value
}

func (s *acting) Push(v clixml.Value) ([]clixml.Value, error) { return s.took(s.Stage.Push(v)) }

func (s *acting) End() ([]clixml.Value, error) {
	out, err := s.took(s.Stage.End())
	s.collect(s.acts.out, s.out)
	s.collect(s.acts.errs, s.errs)
	s.collect(s.acts.warnings, s.warnings)
	s.collect(s.acts.infos, nil)
	return out, err
}

// View is the view that the stage asks for.
func (s *acting) View() format.View {
	view, _ := ViewOf(s.Stage)
	return view
}

func (s *acting) collect(name string, values []clixml.Value) {
	if name != "" {
		plain, add := strings.CutPrefix(name, "+")
		s.acts.vars.Collect(plain, values, add)
	}
}

// took does with output and errors what was asked for.
func (s *acting) took(out []clixml.Value, err error) ([]clixml.Value, error) {
	var left []error
	for _, one := range Apart(err) {
		var e *Error
		var w *Warning
		switch {
		case errors.As(one, &e):
			one = s.tookError(e, &out)
		case errors.As(one, &w):
			one = s.tookWarning(w, &out)
		}
		if one != nil {
			left = append(left, one)
		}
	}
	if s.acts.out != "" {
		s.out = append(s.out, out...)
	}
	if s.acts.noOutput {
		out = nil
	}
	return out, errors.Join(left...)
}

func (s *acting) tookError(e *Error, out *[]clixml.Value) error {
	if s.acts.errs != "" {
		s.errs = append(s.errs, e.Record())
	}
	switch {
	case s.acts.stop:
		return &ending{e}
	case s.acts.quiet:
		return nil
	case s.acts.merge:
		*out = append(*out, e.Record())
		return nil
	}
	return e
}

func (s *acting) tookWarning(w *Warning, out *[]clixml.Value) error {
	if s.acts.warnings != "" {
		s.warnings = append(s.warnings, w.Record())
	}
	switch {
	case s.acts.noWarnings:
		return nil
	case s.acts.mergeWarnings:
		*out = append(*out, w.Record())
		return nil
	}
	return w
}

// Record is the warning as PowerShell keeps it in a variable.
func (w *Warning) Record() clixml.Value {
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Management.Automation.WarningRecord", "System.Management.Automation.InformationalRecord", "System.Object"},
		ToString:  w.Msg, HasToString: true, Props: []clixml.Property{clixml.Prop("Message", w.Msg)},
	})
}

// Record is the error as PowerShell keeps it in a variable.
func (e *Error) Record() clixml.Value {
	exception := clixml.New(clixml.Prop("Message", e.Msg))
	exception.TypeNames = []string{"System.Exception", "System.Object"}
	exception.ToString, exception.HasToString = e.Msg, true
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Management.Automation.ErrorRecord", "System.Object"},
		ToString:  e.Msg, HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("Exception", exception),
			{Name: "TargetObject", Value: e.Target},
			clixml.Prop("FullyQualifiedErrorId", e.ID+","+e.Command),
		},
	})
}

// Bind gives the arguments of a command of this side's own to its parameters,
// and returns their values by the parameters' names, $true for a switch.
// Valued and switches list the names, a position behind a colon.
func Bind(name string, cmd *pslang.Command, scope pslang.Scope, valued, switches string) (map[string]clixml.Value, error) {
	a, err := bind(cmdlet{name: name, params: values(valued, switches)}, cmd, scope)
	if err != nil {
		return nil, err
	}
	given := make(map[string]clixml.Value)
	for p, on := range a.flags {
		given[p] = clixml.Bool(on)
	}
	for p := range a.exprs {
		if given[p], err = a.value(p); err != nil {
			return nil, err
		}
	}
	return given, nil
}
