package endpoint

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// command is one command of a shell: one pipeline, or one command line.
type command struct {
	shell *shell
	id    string
	uid   uuid.UUID // of id; names its streams
	ctx   context.Context
	stop  context.CancelFunc
	out   *outbox
	input *inputQueue

	mu       sync.Mutex
	pipeline uuid.UUID
	answers  map[int64]chan psrp.HostResponse
	// Counters of Receives and fragments, for the switches.
	timeouts, empties, bodiless, fragments int
	saidDone, split                        bool
	exit                                   int // of a command line that has ended
}

// command starts a command; its pipeline starts once it is known whole.
func (x *exchange) command(sh *shell) (*answer, *Fault) {
	body := x.req.Body.Command
	if body == nil {
		return nil, faultXML()
	}
	id := body.CommandID
	if id == "" {
		id = strings.ToUpper(uuid.NewString())
	}
	uid, err := uuid.Parse(id)
	if err != nil {
		return nil, faultXML()
	}
	var data []byte
	if sh.console == nil {
		var fault *Fault
		if data, fault = decodeBase64(strings.Join(body.Arguments, "")); fault != nil {
			return nil, fault
		}
	}
	x.entry.CommandID = strings.ToUpper(id)
	if x.switches.CommandQuotaFault {
		return nil, faultCommandQuota(x.server.cfg.MaxCommandsPerShell)
	}
	c := &command{shell: sh, id: id, uid: uid, out: newOutbox(), input: newInputQueue(), answers: map[int64]chan psrp.HostResponse{}}
	c.ctx, c.stop = context.WithCancel(sh.ctx)
	if fault := sh.addCommand(c); fault != nil {
		c.stop()
		return nil, fault
	}
	if sh.console != nil {
		c.start(strings.Join(append([]string{body.Command}, body.Arguments...), " "))
	} else if fault := sh.feed(uid, psrp.StreamStdin, data); fault != nil {
		sh.terminate(c, fault)
		return nil, fault
	}
	return x.req.reply(actionCommand+"Response", "<rsp:CommandResponse><rsp:CommandId>"+escape(id)+"</rsp:CommandId></rsp:CommandResponse>"), nil
}

func (sh *shell) addCommand(c *command) *Fault {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	key := strings.ToUpper(c.id)
	switch limit := sh.server.cfg.MaxCommandsPerShell; {
	case sh.ctx.Err() != nil:
		return faultNoShell()
	case sh.commands[key] != nil:
		return faultCommandExists()
	case len(sh.commands) >= limit:
		return faultCommandQuota(limit)
	}
	sh.commands[key] = c
	// Until the pipeline is known its id is taken to be the command's, as all
	// clients have it.
	sh.pipelines[c.uid] = c
	return nil
}

// terminate closes a command at once; Receives for it get f.
func (sh *shell) terminate(c *command, f *Fault) {
	sh.mu.Lock()
	delete(sh.commands, strings.ToUpper(c.id))
	delete(sh.pipelines, c.uid)
	c.mu.Lock()
	delete(sh.pipelines, c.pipeline)
	c.mu.Unlock()
	sh.mu.Unlock()
	c.close(f)
	sh.psrp.Forget(c.uid)
}

func (c *command) close(f *Fault) {
	c.out.end(f)
	c.stop()
	c.input.close()
}

// begin binds a pipeline that was asked for to its command, and gives the pool.
func (sh *shell) begin(pipeline uuid.UUID) (*command, *pool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	c := sh.pipelines[pipeline]
	if c == nil {
		return nil, nil
	}
	c.mu.Lock()
	c.pipeline = pipeline
	c.mu.Unlock()
	return c, sh.pool
}

// run starts the pipeline of a command.
func (sh *shell) run(e psrp.PipelineRequested) {
	c, p := sh.begin(e.ID)
	if c == nil {
		return
	}
	entry := LedgerEntry{
		Time: sh.server.cfg.Now(), ShellID: sh.id, CommandID: c.id, PipelineID: e.ID.String(), User: sh.owner.User,
		Commands: ledger(e.Request.Commands),
	}
	if p == nil {
		c.finish(&entry, psrp.PipelineFailed, runspace.NewError("RunspacePoolNotOpened", "InvalidOperation",
			"Cannot perform the operation because the runspace pool is not in the 'Opened' state.", clixml.Null()))
		return
	}
	sh.server.spawn(func() {
		input := make(chan clixml.Value)
		feeding, fed := context.WithCancel(c.ctx)
		defer fed()
		if !e.Request.NoInput {
			sh.server.spawn(func() { c.input.pump(feeding, input) })
		}
		entry.Tenant = p.opts.Tenant
		r, err := p.acquire(c.ctx)
		if err != nil {
			c.finish(&entry, psrp.PipelineStopped, runspace.StoppedError())
			return
		}
		out := &sink{command: c, entry: &entry}
		state, rec := r.Execute(c.ctx, e.Request, input, out)
		p.release(r)
		c.finish(&entry, state, rec)
	})
}

// finish tells how the pipeline ended.
func (c *command) finish(entry *LedgerEntry, state psrp.PipelineState, rec *psrp.ErrorRecord) {
	entry.State = state.String()
	if rec != nil {
		entry.Error = rec.FullyQualifiedErrorID
	}
	// Told before the client can know, so that a reader of the ledger finds
	// every pipeline whose end it has seen.
	if told := c.shell.server.cfg.OnCommand; told != nil {
		told(*entry)
	}
	c.mu.Lock()
	id := c.pipeline
	c.mu.Unlock()
	out, err := c.shell.psrp.PipelineState(id, state, rec)
	if err != nil {
		out, _ = c.shell.psrp.PipelineState(id, psrp.PipelineFailed, nil)
	}
	c.out.finish(out.Fragments)
}

// metadata answers GET_COMMAND_METADATA.
func (sh *shell) metadata(e psrp.CommandMetadataRequested) {
	c, p := sh.begin(e.ID)
	if c == nil || p == nil {
		return
	}
	table := p.opts.Table
	if table == nil {
		table = runspace.Builtins()
	}
	entry := LedgerEntry{
		Time: sh.server.cfg.Now(), ShellID: sh.id, CommandID: c.id, PipelineID: e.ID.String(), User: sh.owner.User, Tenant: p.opts.Tenant,
		Commands: []LedgerCommand{{Name: "Get-Command", Parameters: []LedgerParameter{{Name: "Name", Type: "System.String[]", Text: strings.Join(e.Names, ",")}}}},
	}
	sh.server.spawn(func() {
		out := &sink{command: c, entry: &entry}
		for _, v := range table.Metadata(e.CommandMetadata) {
			if out.Output(v) != nil {
				break
			}
		}
		c.finish(&entry, psrp.PipelineCompleted, nil)
	})
}

// undecodable ends a command whose message could not be understood.
func (c *command) undecodable(e psrp.DecodeFailed) {
	c.mu.Lock()
	started := c.pipeline != uuid.Nil
	c.pipeline = e.Pipeline()
	c.mu.Unlock()
	if started {
		c.stop()
		return
	}
	entry := LedgerEntry{Time: c.shell.server.cfg.Now(), ShellID: c.shell.id, CommandID: c.id, User: c.shell.owner.User}
	c.finish(&entry, psrp.PipelineFailed, runspace.NewError("PSRemotingDataStructureException", "NotSpecified", e.Err.Error(), clixml.Null()))
}

// answered gives a host call its answer.
func (c *command) answered(r psrp.HostResponse) {
	c.mu.Lock()
	waiting := c.answers[r.CallID]
	delete(c.answers, r.CallID)
	c.mu.Unlock()
	if waiting != nil {
		waiting <- r
	}
}

// ledger notes commands as they arrived, secrets left out.
func ledger(commands []psrp.Command) []LedgerCommand {
	list := make([]LedgerCommand, len(commands))
	for n, c := range commands {
		list[n] = LedgerCommand{Name: c.Name, IsScript: c.IsScript}
		for _, p := range c.Parameters {
			typ, text := runspace.TypeName(p.Value), ""
			if p.Value.Kind() != clixml.KindSecureString && !p.Value.Object().Is("System.Management.Automation.PSCredential") {
				text = p.Value.String()
			}
			list[n].Parameters = append(list[n].Parameters, LedgerParameter{Name: p.Name, Type: typ, Text: text})
		}
	}
	return list
}

// send takes what a client sends to a shell or a command.
func (x *exchange) send(sh *shell) (*answer, *Fault) {
	if x.req.Body.Send == nil {
		return nil, faultXML()
	}
	for _, s := range x.req.Body.Send.Streams {
		id := uuid.Nil
		if s.CommandID != "" {
			c, fault := x.find(sh, s.CommandID)
			if fault != nil {
				return nil, fault
			}
			id = c.uid
		}
		data, fault := decodeBase64(s.Data)
		if fault != nil {
			return nil, fault
		}
		if sh.console != nil {
			continue // no program here reads what is typed
		}
		if fault := sh.feed(id, s.Name, data); fault != nil {
			return nil, fault
		}
	}
	return x.req.reply(actionSend+"Response", "<rsp:SendResponse/>"), nil
}

// signalStop is the code that stops a pipeline; its spelling is the protocol's.
const signalStop = "powershell/signal/crtl_c"

// signal stops a pipeline, or closes its command by any other code.
func (x *exchange) signal(sh *shell) (*answer, *Fault) {
	body := x.req.Body.Signal
	if body == nil {
		return nil, faultXML()
	}
	c, fault := x.find(sh, body.CommandID)
	if fault != nil {
		return nil, fault
	}
	switch code := strings.TrimSpace(body.Code); {
	case sh.console != nil && (code == signalCtrlC || code == signalCtrlBreak), code == signalStop:
		c.stop()
	case sh.console != nil:
		sh.terminate(c, faultAborted())
	default:
		sh.terminate(c, faultNoCommand())
	}
	return x.req.reply(actionSignal+"Response", "<rsp:SignalResponse/>"), nil
}

// sink sends what a pipeline writes.
type sink struct {
	command *command
	entry   *LedgerEntry
}

func (k *sink) pipeline() uuid.UUID {
	k.command.mu.Lock()
	defer k.command.mu.Unlock()
	return k.command.pipeline
}

func (k *sink) put(out psrp.Outgoing, err error) error {
	if err != nil {
		return err
	}
	if k.command.shell.server.misbehaviour().HoldOutput {
		if err := k.command.out.awaited(k.command.ctx); err != nil {
			return err
		}
	}
	return k.command.out.put(k.command.ctx, k.command.misplace(out.Fragments))
}

func (k *sink) Output(v clixml.Value) error {
	server := k.command.shell.server
	out, err := k.command.shell.psrp.Output(k.pipeline(), v)
	if err != nil {
		return fmt.Errorf("write an object: %w", err)
	}
	if err := server.count(k.command.ctx); err != nil {
		return err
	}
	k.entry.Objects++
	return k.put(out, nil)
}

func (k *sink) Error(e *psrp.ErrorRecord) error {
	k.entry.Errors++
	return k.put(k.command.shell.psrp.Error(k.pipeline(), e))
}

func (k *sink) Warning(text string) error {
	return k.put(k.command.shell.psrp.Warning(k.pipeline(), text))
}

func (k *sink) Verbose(text string) error {
	return k.put(k.command.shell.psrp.Verbose(k.pipeline(), text))
}

func (k *sink) Debug(text string) error {
	return k.put(k.command.shell.psrp.Debug(k.pipeline(), text))
}

func (k *sink) Progress(r psrp.ProgressRecord) error {
	return k.put(k.command.shell.psrp.Progress(k.pipeline(), r))
}

func (k *sink) Information(r psrp.InformationRecord) error {
	r.User, r.Computer = k.entry.User, k.command.shell.server.cfg.Machine
	return k.put(k.command.shell.psrp.Information(k.pipeline(), r))
}

// HostCall asks the client's host and waits for its answer where one comes.
func (k *sink) HostCall(ctx context.Context, method psrp.HostMethod, parameters []clixml.Value) (clixml.Value, error) {
	c := k.command
	// Held until the call is noted: the answer cannot overtake it, as it takes
	// the same lock.
	c.mu.Lock()
	id, out, err := c.shell.psrp.HostCall(c.pipeline, psrp.HostCall{Method: method, Parameters: parameters})
	waiting := make(chan psrp.HostResponse, 1)
	if id != psrp.NoAnswer {
		c.answers[id] = waiting
	}
	c.mu.Unlock()
	if err := k.put(out, err); err != nil || id == psrp.NoAnswer {
		return clixml.Null(), err
	}
	select {
	case r := <-waiting:
		if r.Err != nil {
			return clixml.Null(), r.Err
		}
		return r.Value, nil
	case <-ctx.Done():
		return clixml.Null(), ctx.Err()
	}
}
