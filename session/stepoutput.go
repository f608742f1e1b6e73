package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// stepOutput takes what a part of a statement gives through the local part of
// its pipeline, and keeps what the command's common parameters ask for.
type stepOutput struct {
	ctx    context.Context
	run    *Run
	st     *step
	scope  *scope
	sink   func([]clixml.Value) // takes the output in place of the run; nil: the run
	kept   []clixml.Value       // what a variable takes, or the next part
	one    clixml.Value         // the first object that came from the server
	caught caught
	err    error
	within bool          // of control flow: what takes the error that ends the statement is not known yet
	left   string        // the word that control flow was left by
	failed bool          // there was an error
	full   bool          // the tail wants no more
	stop   chan struct{} // closed: the server shall stop
	once   sync.Once
}

// caught is what the variables of common parameters take, by stream.
type caught [pslang.InformationStream + 1][]clixml.Value

// halt asks the server to stop; asking twice is asking once.
func (o *stepOutput) halt() { o.once.Do(func() { close(o.stop) }) }

func (o *stepOutput) satisfied() bool { return o.full }

func (o *stepOutput) values(vs []clixml.Value) {
	if o.one.IsNull() && len(vs) > 0 && o.st.remote != nil {
		o.one = vs[0]
	}
	k := &o.st.keeps
	if k.variables[pslang.OutputStream].name != "" {
		o.caught[pslang.OutputStream] = append(o.caught[pslang.OutputStream], vs...)
	}
	if k.dropped[pslang.OutputStream] {
		return
	}
	if o.st.tail == nil {
		o.give(vs)
		return
	}
	for _, v := range vs {
		if o.full || o.err != nil {
			return
		}
		if k.pipeline != "" {
			o.scope.assign(k.pipeline, []clixml.Value{v})
		}
		got, err := o.st.tail.Push(v)
		o.give(got)
		o.report(err)
		o.full = o.st.tail.Done()
	}
	if o.full || o.err != nil {
		o.halt()
	}
}

func (o *stepOutput) give(vs []clixml.Value) {
	if len(vs) == 0 {
		return
	}
	if o.st.assign != "" || o.st.then != nil {
		o.kept = append(o.kept, vs...)
		return
	}
	if o.sink != nil {
		o.sink(vs)
		return
	}
	o.run.emitValues(o.ctx, vs)
}

// report shows the errors after which the local part goes on, and keeps the
// one that ends it.
func (o *stepOutput) report(err error) {
	for _, e := range pipeline.Apart(err) {
		var goesOn *pipeline.Error
		var warning *pipeline.Warning
		switch {
		case errors.As(e, &warning):
			o.run.emit(o.ctx, Record{Stream: StreamWarning, Text: warning.Msg})
		case errors.As(e, &goesOn):
			o.failed = true
			o.run.emit(o.ctx, Record{Stream: StreamError, Error: localError(e)})
		case o.err == nil:
			o.err = e
		}
	}
}

func (o *stepOutput) end() {
	if o.st.tail == nil || o.err != nil {
		return
	}
	got, err := o.st.tail.End()
	o.give(got)
	o.report(err)
	if o.err != nil {
		o.err = fmt.Errorf("running the local part of the pipeline: %w", o.err)
	}
}

// error takes an error record; last is the one that ended the command, which
// is shown in any case.
func (o *stepOutput) error(rec *psrp.ErrorRecord, last bool) {
	o.failed = true
	if o.catch(pslang.ErrorStream, rec.Encode) && !last {
		o.scope.remember(rec)
		return
	}
	if o.within && last {
		return
	}
	o.run.emit(o.ctx, Record{Stream: StreamError, Error: rec})
}

// message takes a warning, a verbose or a debug record.
func (o *stepOutput) message(to Stream, from pslang.Stream, rec psrp.InformationalRecord, kind psrp.MessageType) {
	if !o.catch(from, psrp.StreamRecord{Type: kind, Record: rec}.Encode) {
		o.run.emit(o.ctx, Record{Stream: to, Text: rec.Message})
	}
}

func (o *stepOutput) information(rec psrp.InformationRecord) {
	// Write-Host comes twice: as a record with this tag, and as a host call.
	if !o.catch(pslang.InformationStream, rec.Encode) && !slices.Contains(rec.Tags, "PSHOST") {
		o.run.emit(o.ctx, Record{Stream: StreamInformation, Text: rec.MessageData.String()})
	}
}

// catch keeps a record for the variable of its stream, and tells whether the
// stream goes to nowhere.
func (o *stepOutput) catch(from pslang.Stream, encode func() clixml.Value) (dropped bool) {
	k := &o.st.keeps
	if k.variables[from].name != "" {
		o.caught[from] = append(o.caught[from], encode())
	}
	return k.dropped[from]
}

// store sets the variables of common parameters.
func (o *stepOutput) store() {
	for from, v := range o.st.keeps.variables {
		if v.name != "" {
			o.scope.Collect(v.name, o.caught[from], v.add)
		}
	}
	if name := o.st.keeps.pipeline; name != "" {
		o.scope.assign(name, nil)
	}
}

// localError is an error of this side as a record.
func localError(err error) *psrp.ErrorRecord {
	var rec *psrp.ErrorRecord
	if errors.As(err, &rec) {
		return rec
	}
	var thrown *pslang.Thrown
	if errors.As(err, &thrown) {
		return thrownRecord(thrown)
	}
	var value *pslang.EvalError
	if errors.As(err, &value) {
		return valueRecord(value)
	}
	var stage *pipeline.Error
	var ending interface{ Report() *pipeline.Error }
	if errors.As(err, &ending) {
		stage = ending.Report()
	}
	if stage != nil || errors.As(err, &stage) {
		return &psrp.ErrorRecord{Message: stage.Error(), FullyQualifiedErrorID: stage.ID + "," + stage.Command, Target: stage.Target}
	}
	return &psrp.ErrorRecord{Message: err.Error(), FullyQualifiedErrorID: "LocalPipeline"}
}
