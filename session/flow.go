package session

import (
	"context"
	"errors"
	"slices"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// lineFlow runs the statements of control flow: each is planned when its turn
// comes, with what those before it have left in the variables.
type lineFlow struct {
	typedLine
	ctx     context.Context // pslang's machine has none of its own
	planner planner
	out     *stepOutput // of the statement that they stand in
	flow    *pslang.Flow
}

// early ends control flow with something that no catch block takes: it was
// stopped, or nobody knows what became of a command.
type early struct {
	outcome Outcome
	err     error
}

func (e *early) Error() string { return e.outcome.String() }

// errEnough ends control flow whose output nobody wants any more.
var errEnough = errors.New("enough")

// flow runs control flow that stands in a statement, whose output is out. An
// error that nothing took is shown, and ends the statement.
func (x *typedLine) flow(ctx context.Context, p planner, out *stepOutput, do func(*pslang.Flow) (string, error)) (Outcome, error) {
	m := &lineFlow{typedLine: *x, ctx: ctx, planner: p, out: out}
	m.within = true
	m.kept = x.kept || out.st.assign != "" || out.st.tail != nil || out.st.then != nil
	m.flow = pslang.NewFlow(m)
	_, err := do(m.flow)
	var end *early
	switch {
	case err == nil, errors.Is(err, errEnough):
		return Completed, nil
	case errors.As(err, &end):
		return end.outcome, end.err
	}
	if !errors.Is(err, errSaid) {
		out.error(cmdletError(err), true)
	}
	return Failed, err
}

// Variable implements [pslang.Scope].
func (m *lineFlow) Variable(name string) (clixml.Value, bool) { return m.planner.scope.Variable(name) }

// Assign implements [pslang.Machine].
func (m *lineFlow) Assign(name string, v clixml.Value) { m.planner.scope.Assign(name, v) }

// Turn implements [pslang.Machine]: Ctrl-C ends a loop that sends nothing too.
func (m *lineFlow) Turn(pslang.Control) error {
	switch {
	case m.run.stopped() || m.ctx.Err() != nil:
		return &early{outcome: Stopped}
	case m.out.satisfied() || m.out.err != nil:
		return errEnough
	}
	return nil
}

// Do implements [pslang.Machine].
func (m *lineFlow) Do(s *pslang.Statement, out func([]clixml.Value)) (clean bool, err error) {
	if err := m.Turn(nil); err != nil {
		return false, err
	}
	one, err := m.planner.statement(s)
	if err != nil {
		return false, err
	}
	x := m.typedLine
	x.sink, x.kept = out, m.kept || m.flow.Keeps()
	around := m.out.st.view
	if (one.formats || one.view.Views != nil && one.view.Views != around.Views) && !x.kept {
		m.run.emit(m.ctx, Record{Stream: StreamView, View: one.view})
		defer m.run.emit(m.ctx, Record{Stream: StreamView, View: around})
	}
	e := x.step(m.ctx, &one)
	m.out.failed = m.out.failed || !e.clean
	m.console.scope.own.ended(e.outcome == Completed && e.clean)
	switch {
	case e.outcome == Failed:
		return false, e.err
	case e.outcome != Completed:
		return false, &early{e.outcome, e.err}
	}
	return e.clean, nil
}

// Caught implements [pslang.Machine].
func (m *lineFlow) Caught(err error) (record clixml.Value, types []string, ok bool) {
	if errors.As(err, new(*early)) || errors.Is(err, errEnough) {
		return record, nil, false
	}
	rec := cmdletError(err)
	return caughtRecord(rec), exceptionTypes(err, rec), true
}

// GoesOn implements [pslang.Machine].
func (m *lineFlow) GoesOn(err error) bool {
	if _, _, ok := m.Caught(err); !ok {
		return false
	}
	if !errors.Is(err, errSaid) {
		m.run.emit(m.ctx, Record{Stream: StreamError, Error: cmdletError(err)})
	}
	return true
}

// caughtRecord is a record as a catch block sees it: with the members of the
// live one that PowerShell makes of what a server sends.
func caughtRecord(rec *psrp.ErrorRecord) clixml.Value {
	o := *rec.Encode().Object()
	o.Members = slices.Clone(o.Members)
	category := &clixml.Object{
		TypeNames: []string{"System.Management.Automation.ErrorCategoryInfo", "System.Object"}, ToString: rec.CategoryInfo(), HasToString: true,
		Props: []clixml.Property{
			clixml.Prop("Category", orElse(rec.Category, "NotSpecified")), clixml.Prop("Activity", rec.Activity), clixml.Prop("Reason", rec.Reason),
			clixml.Prop("TargetName", rec.TargetName), clixml.Prop("TargetType", rec.TargetType),
		},
	}
	o.Set("CategoryInfo", clixml.Of(category))
	if rec.DetailsMessage != "" {
		o.Set("ErrorDetails", clixml.Of(&clixml.Object{
			TypeNames: []string{"System.Management.Automation.ErrorDetails", "System.Object"}, ToString: rec.DetailsMessage, HasToString: true,
			Props: []clixml.Property{clixml.Prop("Message", rec.DetailsMessage), clixml.Prop("RecommendedAction", rec.RecommendedAction)},
		}))
	}
	return clixml.Obj(&o)
}

// exceptionTypes are the types that catch blocks ask an error for: of one that
// came from a server, those of the exception there and of the one that
// PowerShell's client makes of it.
func exceptionTypes(err error, rec *psrp.ErrorRecord) []string {
	types := pslang.ErrorTypes(err)
	if rec.ExceptionType != "" {
		types = append([]string{rec.ExceptionType}, types...)
	}
	if x, ok := rec.Encode().Object().Get("Exception"); ok && x.Object() != nil {
		types = append(types, x.Object().TypeNames...)
	}
	if rec.Object != nil {
		types = append(types, "System.Management.Automation.RemoteException")
	}
	return types
}

// thrownRecord is what a throw statement threw as a record.
func thrownRecord(e *pslang.Thrown) *psrp.ErrorRecord {
	rec := &psrp.ErrorRecord{
		Message: e.Error(), FullyQualifiedErrorID: e.ID(), ExceptionType: "System.Management.Automation.RuntimeException",
		Category: "OperationStopped", TargetName: e.Error(), TargetType: "String", Reason: "RuntimeException", Target: e.Value,
	}
	if e.IsRecord() {
		rec.Object = e.Value.Object()
	}
	return rec
}
