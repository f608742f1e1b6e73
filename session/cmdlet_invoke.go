package session

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/pslang/syntax"
	"psdeck/session/psrp"
)

func invokeCmdlet() *cmdlet {
	const common = " [-ThrottleLimit <int>] [-AsJob] [-HideComputerName] [-JobName <string>] [-RemoteDebug] [-InputObject <psobject>] [-ArgumentList <Object[]>]"
	const opened = " [-Credential <pscredential>] [-ConfigurationName <string>] [-InDisconnectedSession] [-SessionOption <PSSessionOption>] " +
		"[-Authentication <AuthenticationMechanism>] [-EnableNetworkAccess] [-CertificateThumbprint <string>]"
	return &cmdlet{
		name: "Invoke-Command", about: "Runs a script block in sessions, in all of them at once.", class: "Microsoft.PowerShell.Commands.InvokeCommandCommand", aliases: "ArgumentList=Args HideComputerName=HCN ScriptBlock=Command ComputerName=Cn ConnectionUri=URI ConnectionUri=CU KeyFilePath=IdentityFilePath InDisconnectedSession=Disconnected", pipe: "InputObject",
		sets: []string{
			"[-ScriptBlock] <scriptblock> [-NoNewScope] [-InputObject <psobject>] [-ArgumentList <Object[]>]",
			"[[-Session] <PSSession[]>] [-ScriptBlock] <scriptblock>" + common,
			"[[-ComputerName] <string[]>] [-ScriptBlock] <scriptblock> [-Port <int>] [-UseSSL] [-ApplicationName <string>] [-SessionName <string[]>]" + opened + common,
			"[[-ConnectionUri] <uri[]>] [-ScriptBlock] <scriptblock> [-AllowRedirection]" + opened + common,
			"[-ScriptBlock] <scriptblock> -HostName <string[]> [-Port <int>] [-UserName <string>] [-KeyFilePath <string>] [-Subsystem <string>] [-ConnectingTimeout <int>] " +
				"[-SSHTransport] [-Options <hashtable>]" + common,
		},
		run: invokeCommand,
	}
}

// defaultThrottle is how many sessions run a block at once.
const defaultThrottle = 32

// invokeCommand runs a script block in sessions at once, and gives what comes
// as it comes, each object with the computer that it comes from.
func invokeCommand(c *call) error {
	if c.has("ComputerName") || c.has("HostName") || c.has("ConnectionUri") {
		return c.fail("SessionRequired", "open a session first, and give it with -Session: $s = New-PSSession …; Invoke-Command $s { … }")
	}
	if c.on("AsJob") {
		return c.fail("AsJob", "there are no jobs here: the deck's other tabs go on while this line runs")
	}
	targets := c.console.invokeTargets(c.bound)
	if len(targets) == 0 {
		return c.fail("SessionRequired", "Invoke-Command here wants sessions to run in: Invoke-Command -Session $s { … }; Get-PSSession lists them")
	}
	block := textOf(c.value("ScriptBlock"))
	jobs := make([]*blockJob, len(targets))
	for i, s := range targets {
		var err error
		if jobs[i], err = c.job(s, block); err != nil {
			return err
		}
	}
	return c.runJobs(jobs)
}

// blockJob is a script block on its way through one session.
type blockJob struct {
	session *Session
	steps   []step
	scope   *scope
}

// job judges and plans a block for a session.
func (c *call) job(s *Session, block string) (*blockJob, error) {
	mode := c.options.Mode
	v := judgeBlock(s.rules(mode), block)
	switch {
	case v.Decision == Refused:
		_ = s.log("refused", c.out.run.line, StepRefused, nil, v.Reason)
		return nil, &RefusedError{v}
	case v.Decision == NeedsConfirmation && !c.options.Confirmed:
		return nil, &ConfirmationError{v}
	}
	if s.Capabilities().TextOnly {
		return &blockJob{session: s, steps: []step{{text: block, there: s}}}, nil
	}
	j := &blockJob{session: s, scope: newScope()}
	var err error
	if s.asScript(mode) {
		j.steps, err = c.asScript(s, block)
	} else {
		j.steps, err = c.asCommands(s, j.scope, block)
	}
	if err != nil {
		return nil, err
	}
	if c.has("InputObject") && len(j.steps) == 1 && j.steps[0].remote != nil {
		j.steps[0].input, j.steps[0].hasIn, j.steps[0].remote.NoInput = c.list("InputObject"), true, false
	}
	return j, nil
}

// asScript sends the block's text; the values of $using: go with it under their
// texts in base64, as PowerShell 3 and later send them.
func (c *call) asScript(s *Session, block string) ([]step, error) {
	uses, err := c.uses(block)
	if err != nil {
		return nil, err
	}
	p := psrp.Script(block)
	for _, v := range c.list("ArgumentList") {
		p.Commands[0].Parameters = append(p.Commands[0].Parameters, psrp.Parameter{Value: v})
	}
	if len(uses) > 0 {
		table := &clixml.Object{Kind: clixml.Dict, TypeNames: []string{
			"System.Collections.Generic.Dictionary`2[[System.String, System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e]," +
				"[System.Object, System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e]]", "System.Object",
		}}
		for _, u := range uses {
			table.Entries = append(table.Entries, clixml.Entry{Key: clixml.Str(usingKey(u)), Value: u.value})
		}
		p.Commands[0].Parameters = append(p.Commands[0].Parameters, psrp.Parameter{Name: "--%", Value: clixml.Obj(table)})
	}
	return []step{{remote: &p, there: s}}, nil
}

// use is a $using: in a block.
type use struct {
	syntax.Extent
	text     string // as it stands there
	variable bool   // just a variable, no member of it
	value    clixml.Value
}

// uses are the different ones of a block with their values.
func (c *call) uses(block string) ([]use, error) {
	var out []use
	var failed error
	full := syntax.Parse(block)
	syntax.Inspect(full.Root, func(n *syntax.Node) bool {
		if n.Class != syntax.UsingExpressionAst || failed != nil {
			return true
		}
		u := use{Extent: n.Extent, text: block[n.Start:n.End], variable: n.Children[0].Class == syntax.VariableExpressionAst}
		if slices.ContainsFunc(out, func(have use) bool { return usingKey(have) == usingKey(u) }) {
			return true
		}
		if failed = c.usable(n); failed == nil {
			u.value, failed = c.valueOf(withoutUsing(u.text))
		}
		out = append(out, u)
		return true
	})
	return out, failed
}

// usable says why a $using: has no value here. What is not set would go out as
// $null, with which many a command means everything.
func (c *call) usable(n *syntax.Node) error {
	name := usedVariable(n).Text
	if qualifier, rest, ok := strings.Cut(name, ":"); ok {
		switch strings.ToLower(qualifier) {
		case "global", "script", "local", "private", "variable":
			name = rest
		default:
			return c.fail(usingUndefined, "'$using:%s' reads a drive of this machine, which is not done here: assign its value first: $x = '…'; then write $using:x", name)
		}
	}
	switch strings.ToLower(name) {
	case "true", "false", "null":
		return nil
	}
	if _, set := c.step.scope.Variable(name); !set {
		return c.fail(usingUndefined, "The value of the using variable '$using:%s' cannot be retrieved because it has not been set in the local session.", usedVariable(n).Text)
	}
	return nil
}

const usingUndefined = "UsingVariableIsUndefined"

// usedVariable is the variable that a $using: begins with.
func usedVariable(n *syntax.Node) *syntax.Node {
	for n.Class != syntax.VariableExpressionAst {
		n = n.Children[0]
	}
	return n
}

// withoutUsing is an expression with $using:x, or @using:x, as the variable $x.
func withoutUsing(text string) string {
	if rest, splat := strings.CutPrefix(text, "@"); splat {
		text = "$" + rest
	}
	if i := strings.Index(strings.ToLower(text), "using:"); i >= 0 {
		return text[:i] + text[i+len("using:"):]
	}
	return text
}

func (c *call) valueOf(expression string) (clixml.Value, error) {
	script, err := pslang.Parse(expression)
	if err != nil {
		return clixml.Null(), err
	}
	return pslang.Eval(script.Statements[0].Pipeline.Elements[0].Expr, c.step.scope)
}

// usingKey is the name of a value: the expression in base64 of UTF-16, without
// case where it is just a variable.
func usingKey(u use) string {
	text := u.text
	if u.variable {
		text = strings.ToLower(text)
	}
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// asCommands plans a block for a server without a language: its commands travel
// with typed parameters, and what is given to the block is put in here.
func (c *call) asCommands(s *Session, sc *scope, block string) ([]step, error) {
	args := c.list("ArgumentList")
	sc.assign("args", args)
	text := []byte(block)
	full := syntax.Parse(block)
	n := 0
	var renames []*syntax.Node
	syntax.Inspect(full.Root, func(node *syntax.Node) bool {
		switch node.Class {
		case syntax.ParamBlockAst:
			for i := node.Start; i < node.End; i++ {
				text[i] = ' '
			}
		case syntax.ParameterAst:
			value := clixml.Null()
			if n < len(args) {
				value = args[n]
			}
			n++
			for _, child := range node.Children {
				if child.Role == syntax.VariableRole {
					sc.assign(child.Text, []clixml.Value{value})
				}
			}
		case syntax.UsingExpressionAst:
			renames = append(renames, node)
		}
		return true
	})
	slices.SortFunc(renames, func(x, y *syntax.Node) int { return y.Start - x.Start })
	planned := string(text)
	for i, node := range renames {
		if err := c.usable(node); err != nil {
			return nil, err
		}
		variable := usedVariable(node)
		value, err := c.valueOf("${" + variable.Text + "}")
		if err != nil {
			return nil, err
		}
		name := "__using" + strings.Repeat("_", i)
		sc.assign(name, unroll(value))
		written := "${" + name + "}"
		if variable.Splatted {
			written = "@" + name
		}
		planned = planned[:variable.Start] + written + planned[variable.End:]
	}
	script, err := pslang.Parse(planned)
	if err != nil {
		return nil, err
	}
	return planner{scope: sc.line(), own: s, server: s.knownCommands()}.planCommands(script)
}

// runJobs runs the jobs at once, as many as -ThrottleLimit lets.
func (c *call) runJobs(jobs []*blockJob) error {
	limit := defaultThrottle
	if n := c.number("ThrottleLimit"); n > 0 {
		limit = n
	}
	slots := make(chan struct{}, limit)
	var giving sync.Mutex
	var all sync.WaitGroup
	errs := make([]error, len(jobs))
	for i, j := range jobs {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = c.runJob(j, func(rec Record) {
				giving.Lock()
				defer giving.Unlock()
				if rec.Stream == StreamOutput {
					rec.Value = c.labelled(rec.Value, j.session)
				}
				c.hear(rec)
				if c.out.full {
					c.cancel() // the rest of the pipeline has seen enough
				}
			})
		})
	}
	all.Wait()
	if c.out.full {
		return nil
	}
	return errors.Join(errs...)
}

// runJob runs a block in its session.
func (c *call) runJob(j *blockJob, take func(Record)) error {
	var said *psrp.ErrorRecord // the last error
	run := c.out.run.part(func(_ context.Context, rec Record) {
		if rec.Stream == StreamError {
			said = rec.Error
		}
		take(rec)
	})
	outcome, err := Failed, c.desk().away(j.session)
	if err == nil {
		if j.session != c.console.own {
			c.out.run.reach(c.ctx, j.session)
		}
		x := &typedLine{console: j.session.console.Load(), run: run, options: c.options, holds: j.session, within: c.out.within, kept: true}
		outcome, err = j.session.serve(c.ctx, run, func(ctx context.Context) (Outcome, error) { return x.steps(ctx, j.steps) })
	}
	switch {
	case outcome == Completed:
		return nil
	case outcome == Stopped && err == nil:
		return context.Canceled
	case outcome == Lost:
		return err
	}
	if c.out.within {
		return err
	}
	// The other sessions go on: this one's error is said now.
	if rec := cmdletError(err); said == nil || said.Message != rec.Message {
		take(Record{Stream: StreamError, Error: rec})
	}
	return saidError{err}
}

// saidError is an error whose record the run has given already.
type saidError struct{ error }

func (saidError) Is(target error) bool { return target == errSaid }
func (e saidError) Unwrap() error      { return e.error }

// labelled is an object with the session that it comes from, as PowerShell
// notes it.
func (c *call) labelled(v clixml.Value, s *Session) clixml.Value {
	host, _ := hostAndTransport(s)
	notes := []clixml.Property{
		clixml.Prop("PSComputerName", host), clixml.Prop("RunspaceId", s.ID()), clixml.Prop("PSShowComputerName", !c.on("HideComputerName")),
	}
	o := &clixml.Object{Base: v}
	if own := v.Object(); own != nil {
		flat := *own
		o = &flat
		o.Members = slices.Clone(own.Members)
	} else if v.IsNull() {
		return v
	} else {
		o.TypeNames = []string{typeNameOf(v), "System.Object"}
	}
	for _, note := range notes {
		o.Set(note.Name, note.Value)
	}
	return clixml.Obj(o)
}
