package endpoint

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"psdeck/session/psrp"
)

// resourceCommand is the resource of the Windows Remote Shell: a shell in which
// command lines run and give text ([MS-WSMV] 3.1.4.1.31).
const resourceCommand = nsShell + "/cmd"

// Signals of the Windows Remote Shell; any other code terminates a command.
const (
	signalCtrlC     = nsShell + "/signal/ctrl_c"
	signalCtrlBreak = nsShell + "/signal/ctrl_break"
)

// console is what a command shell has in place of a runspace pool. Output is
// UTF-8 whichever code page a client asks for.
type console struct {
	directory   string
	environment map[string]string // by upper-case name
}

func newConsole(body *shellBody) *console {
	c := &console{directory: strings.TrimSpace(body.Directory), environment: map[string]string{}}
	if c.directory == "" {
		c.directory = `C:\Users\Lab`
	}
	for _, v := range body.Variables {
		c.environment[strings.ToUpper(v.Name)] = v.Value
	}
	return c
}

// The streams of a process. Each piece in the outbox of a command line begins
// with the byte of its stream.
const (
	stdout byte = 1
	stderr byte = 2
)

// writeText writes the streams of a command line and its state.
func writeText(b *bytes.Buffer, c *command, pieces [][]byte, done bool) {
	id := escape(c.id)
	for _, stream := range []struct {
		fd   byte
		name string
	}{{stdout, "stdout"}, {stderr, "stderr"}} {
		var text []byte
		for _, p := range pieces {
			if p[0] == stream.fd {
				text = append(text, p[1:]...)
			}
		}
		open := `<rsp:Stream Name="` + stream.name + `" CommandId="` + id + `"`
		if len(text) > 0 {
			b.WriteString(open + ">")
			b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), text))
			b.WriteString("</rsp:Stream>")
		}
		if done {
			b.WriteString(open + ` End="true"></rsp:Stream>`)
		}
	}
	state := `<rsp:CommandState CommandId="` + id + `" State="` + nsShell + `/CommandState/`
	if !done {
		b.WriteString(state + `Running"></rsp:CommandState>`)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b.WriteString(state + `Done"><rsp:ExitCode>` + strconv.Itoa(c.exit) + "</rsp:ExitCode></rsp:CommandState>")
}

// exitInterrupted is the exit code of a process that Ctrl-C ended
// (STATUS_CONTROL_C_EXIT).
const exitInterrupted = -0x3FFFFEC6

// process runs one command line. Its methods belong to one goroutine.
type process struct {
	*command
	entry *LedgerEntry
	// over says that exit was called: nothing more of the line runs.
	over bool
}

// start runs a command line.
func (c *command) start(line string) {
	server := c.shell.server
	p := &process{command: c, entry: &LedgerEntry{
		Time: server.cfg.Now(), ShellID: c.shell.id, CommandID: c.id, User: c.shell.owner.User,
		Commands: []LedgerCommand{{Name: line, IsScript: true}},
	}}
	server.spawn(func() { p.end(p.interpret(line)) })
}

// end tells how the process ended.
func (p *process) end(code int) {
	state := psrp.PipelineCompleted
	switch {
	case p.ctx.Err() != nil:
		state, code = psrp.PipelineStopped, exitInterrupted
	case code != 0:
		state = psrp.PipelineFailed
		if p.entry.Error == "" {
			p.entry.Error = "NativeCommandError"
		}
	}
	p.entry.State = state.String()
	if told := p.shell.server.cfg.OnCommand; told != nil {
		told(*p.entry)
	}
	p.mu.Lock()
	p.exit = code
	p.mu.Unlock()
	p.out.finish(nil)
}

// write writes a text, with line ends as Windows has them, and waits while too
// much of it is there.
func (p *process) write(stream byte, text string) error {
	text = strings.ReplaceAll(text, "\n", "\r\n")
	for len(text) > 0 {
		n := min(len(text), streamSize)
		if err := p.out.put(p.ctx, [][]byte{append([]byte{stream}, text[:n]...)}); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// print writes a line to the output, complain to the error output.
func (p *process) print(line string) error    { return p.write(stdout, line+"\n") }
func (p *process) complain(line string) error { return p.write(stderr, line+"\n") }
