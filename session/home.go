package session

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"psdeck/auth"
	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// Home is the session of this machine itself: a small language of values,
// variables and the commands that run here, in which New-CsOnlineSession can
// be typed. It has no server and no guard: nothing it runs changes anything
// elsewhere.
type Home struct {
	open  func(ctx context.Context, t Target) error
	scope *scope
	runs  atomic.Int64
	// sessions are those that Get-Command and Get-Help answer over; nil: none.
	sessions func() []*Session
}

// NewHome makes a home session; open is called for each New-CsOnlineSession.
func NewHome(open func(ctx context.Context, t Target) error) *Home {
	return &Home{open: open, scope: newScope()}
}

// Check implements [Runner].
func (h *Home) Check(line string) (Verdict, error) {
	_, err := pslang.Parse(line)
	return Verdict{}, err
}

// Run implements [Runner].
func (h *Home) Run(ctx context.Context, line string, o RunOptions) (*Run, error) {
	script, err := pslang.Parse(line)
	if err != nil {
		return nil, err
	}
	steps := make([]homeStep, len(script.Statements))
	for i := range script.Statements {
		s := &script.Statements[i]
		if steps[i], err = h.plan(s); err != nil {
			return nil, err
		}
		if i > 0 {
			steps[i].replan = func() (homeStep, error) { return h.plan(s) }
		}
	}
	run := newRun(fmt.Sprintf("home-%d", h.runs.Add(1)), line, time.Now)
	run.gather = o.Gather
	if len(steps) > 0 {
		run.view = steps[0].view
	}
	go func() {
		for i := range steps {
			if i > 0 {
				run.emit(ctx, Record{Stream: StreamView, View: steps[i].view})
			}
			if err := h.run(ctx, run, &steps[i]); err != nil {
				run.emit(ctx, Record{Stream: StreamError, Error: localError(err)})
				run.finish(Failed, err)
				return
			}
		}
		run.finish(Completed, nil)
	}()
	return run, nil
}

// homeStep is a statement of the home session: values through a local
// pipeline, or a session to open.
type homeStep struct {
	step
	target *Target
	replan func() (homeStep, error) // as step.again
}

func (h *Home) plan(s *pslang.Statement) (homeStep, error) {
	st := homeStep{step: step{assign: s.Assign}}
	if err := noChain(s); err != nil {
		return st, err
	}
	elements := s.Pipeline.Elements
	if len(elements) == 0 {
		return st, nil
	}
	first := elements[0]
	switch {
	case first.Command == nil:
		v, err := pslang.Eval(first.Expr, h.scope)
		if err != nil {
			return st, err
		}
		st.local, elements = unroll(v), elements[1:]
	case strings.EqualFold(commandName(first.Command.Name), "New-CsOnlineSession"):
		t, err := h.target(first.Command)
		if err != nil {
			return st, err
		}
		st.target, elements = t, elements[1:]
	case isLookup(first.Command.Name):
		found, err := lookup(first.Command, h.scope, h.offers())
		if err != nil {
			return st, err
		}
		st.local, elements = found, elements[1:]
	}
	p := planner{scope: h.scope}
	for _, e := range elements {
		if name := commandName(e.Command.Name); !pipeline.Known(name) {
			return st, &pslang.Error{
				Extent: e.Command.NameExtent, Construct: "a remote command",
				Msg: fmt.Sprintf("%s is not a command of this machine's home session; open a tenant first: New-CsOnlineSession -UserName admin@contoso.com", name),
			}
		}
	}
	return st, p.tail(&st.step, elements)
}

func (h *Home) run(ctx context.Context, run *Run, st *homeStep) error {
	if st.replan != nil {
		fresh, err := st.replan()
		if err != nil {
			return err
		}
		*st = fresh
	}
	out := &stepOutput{ctx: ctx, run: run, st: &st.step, stop: make(chan struct{})}
	if st.target != nil {
		run.emit(ctx, Record{Stream: StreamHost, Text: "opening " + st.target.Label()})
		if err := h.open(ctx, *st.target); err != nil {
			return err
		}
	}
	out.values(st.local)
	out.end()
	if st.assign != "" {
		h.scope.assign(st.assign, out.kept)
	}
	return out.err
}

// target reads the parameters of a typed New-CsOnlineSession.
func (h *Home) target(c *pslang.Command) (*Target, error) {
	t := &Target{}
	b := binder{cmd: c, scope: h.scope}
	for name, value := range b.each() {
		if err := setParameter(t, name, value); err != nil {
			return nil, &pslang.Error{Extent: c.Extent, Msg: err.Error()}
		}
	}
	if b.err != nil {
		return nil, b.err
	}
	return t, nil
}

// setParameter sets one parameter of New-CsOnlineSession.
func setParameter(t *Target, name string, v clixml.Value) error {
	text := v.String()
	switch name {
	case "UserName":
		t.UserName = text
	case "Credential":
		t.UserName, t.SignIn = text, auth.MethodPassword
	case "OAuthAccessToken":
		return fmt.Errorf("OAuthAccessToken wants a SecureString, and none can be made here without the token showing; give the token with psdeck exec --oauth-access-token-stdin or --oauth-access-token-env")
	case "OverrideAdminDomain":
		t.OverrideAdminDomain = text
	case "OverrideDiscoveryUri":
		t.OverrideDiscoveryURI = text
	case "OverridePowerShellUri":
		t.OverridePowerShellURI = text
	case "OverrideAccessTokenResourceUri":
		t.OverrideAccessTokenResourceURI = text
	case "SessionOption":
		return t.Options.setFromValue(v)
	}
	return nil
}
