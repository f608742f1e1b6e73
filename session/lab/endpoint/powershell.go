package endpoint

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// exitBadCommandLine is PowerShell's exit code for arguments it cannot use.
const exitBadCommandLine = -0x30000

const badEncoding = "Cannot process the command because the value specified with -EncodedCommand is not properly encoded. " +
	"The value must be Base64 encoded."

// powerShell runs powershell.exe: a script in a runspace of its own, of the
// same tenant as a runspace pool at the shell's URL would be.
func (p *process) powerShell(args []string) int {
	script, ok := scriptOf(args)
	if !ok {
		_ = p.complain(badEncoding)
		return exitBadCommandLine
	}
	p.entry.Commands[0].Name = script
	if strings.TrimSpace(script) == "" {
		return 0
	}
	sh := p.shell
	opts, err := sh.server.cfg.Open(sh.owner, sh.target, nil)
	if err != nil {
		p.entry.Error = "RunspaceOpenFailed"
		_ = p.complain(err.Error())
		return 1
	}
	sh.mu.Lock()
	sh.tenant = opts.Tenant
	sh.mu.Unlock()
	p.entry.Tenant = opts.Tenant
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	o := *opts
	o.Mode, o.Host, o.PromptMandatory, o.Unseal = runspace.FullLanguage, nil, false, nil
	if o.Now == nil {
		o.Now = sh.server.cfg.Now
	}
	code := 0
	natives := p.natives(func(n int) { code = n; cancel() })
	if o.Table != nil {
		o.Table = runspace.Builtins().With(o.Table).With(natives)
	} else {
		o.Table = runspace.Builtins().With(natives)
	}
	pipeline := psrp.Script(script)
	pipeline.RedirectErrors = true // an error ends its statement, not the script
	out := &textSink{process: p, asCLIXML: sh.server.misbehaviour().ErrorCLIXML}
	state, rec := runspace.NewRunspace(o).Execute(ctx, pipeline, nil, out)
	if state == psrp.PipelineFailed && rec != nil {
		_ = out.Error(rec)
	}
	out.end()
	switch {
	case ctx.Err() != nil: // exit was called; a process that is stopped has no code
		return code
	case state != psrp.PipelineCompleted || out.failed:
		p.entry.Error = out.lastError
		return 1
	}
	return 0
}

// scriptOf finds the script in the arguments of powershell.exe, which may be
// shortened; false where it is not encoded as it should be.
func scriptOf(args []string) (string, bool) {
	for i := 0; i < len(args); i++ {
		name, isName := strings.CutPrefix(strings.ToLower(strings.Replace(args[i], "/", "-", 1)), "-")
		is := func(full string) bool { return name != "" && strings.HasPrefix(full, name) }
		rest := args[i+1:]
		switch {
		case !isName:
			return strings.Join(args[i:], " "), true
		case is("encodedcommand"), name == "ec":
			if len(rest) == 0 {
				return "", false
			}
			return decodeScript(rest[0])
		case is("command"):
			return strings.Join(rest, " "), true
		case is("executionpolicy"), name == "ep", is("outputformat"), is("inputformat"), is("windowstyle"), is("version"):
			i++
		}
	}
	return "", true
}

// decodeScript reads base64 of UTF-16LE.
func decodeScript(text string) (string, bool) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(data)/2)
	for n := range units {
		units[n] = binary.LittleEndian.Uint16(data[2*n:])
	}
	return string(utf16.Decode(units)), true
}

// natives are the programs of a machine, and exit, as a script calls them.
func (p *process) natives(exit func(int)) *runspace.Table {
	text := func(line string) func(*runspace.Call) error {
		return func(c *runspace.Call) error { return c.WriteObject(clixml.Str(line)) }
	}
	t := runspace.NewTable(
		runspace.Cmdlet{Name: "hostname", Synopsis: "Prints the machine's name.", Run: text(p.hostName())},
		runspace.Cmdlet{Name: "whoami", Synopsis: "Prints the user's name.", Run: text(p.whoAmI())},
		runspace.Cmdlet{
			Name: "ping", Synopsis: "Asks a host whether it is there.",
			Parameters: []runspace.Parameter{
				{Name: "n", Type: "Int32", ValidateRange: &runspace.Range{Min: 1, Max: 1 << 31}},
				{Name: "t", Type: "SwitchParameter"},
				{Name: "TargetName", Type: "String", Mandatory: true, Position: 1},
			},
			Run: func(c *runspace.Call) error {
				count := c.Int("n", 4)
				if c.Bool("t") {
					count = -1
				}
				return pings(c.Context(), count, c.String("TargetName"), func(line string) error {
					return c.WriteObject(clixml.Str(line))
				})
			},
		},
		runspace.Cmdlet{
			Name: "exit", Synopsis: "Ends the process with an exit code.",
			Parameters: []runspace.Parameter{{Name: "Code", Type: "Int32", Position: 1}},
			Run: func(c *runspace.Call) error {
				exit(c.Int("Code", 0))
				return runspace.ErrStopped
			},
		},
	)
	t.Alias("echo", "Write-Output")
	t.Alias("sleep", "Start-Sleep")
	return t
}

// textSink prints what a script writes, as powershell.exe does without a
// console: warnings and the like on the output, errors on the error output.
type textSink struct {
	*process
	asCLIXML  bool
	errors    []byte // CLIXML so far
	failed    bool   // the last thing that was written is an error
	lastError string
}

func (k *textSink) Output(v clixml.Value) error {
	if err := k.shell.server.count(k.ctx); err != nil {
		return err
	}
	k.failed = false
	k.entry.Objects++
	return k.write(stdout, textOf(v))
}

func (k *textSink) Error(e *psrp.ErrorRecord) error {
	k.failed, k.lastError = true, e.FullyQualifiedErrorID
	k.entry.Errors++
	message := e.Message
	if e.Activity != "" {
		message = e.Activity + " : " + message
	}
	text := message + "\n    + CategoryInfo          : " + e.CategoryInfo() + "\n    + FullyQualifiedErrorId : " + e.FullyQualifiedErrorID + "\n"
	if k.asCLIXML {
		k.addCLIXML(text)
		return nil
	}
	return k.write(stderr, text)
}

const (
	clixmlOpen  = "#< CLIXML\n" + `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">`
	clixmlClose = "</Objs>"
)

// addCLIXML adds each line of a text as a string of the stream Error.
func (k *textSink) addCLIXML(text string) {
	for line := range strings.Lines(text) {
		element, err := clixml.Encode(clixml.Str(strings.TrimSuffix(line, "\n") + "\r\n"))
		if err != nil {
			continue
		}
		if k.errors == nil {
			k.errors = []byte(clixmlOpen)
		}
		k.errors = append(k.errors, `<S S="Error"`...)
		k.errors = append(k.errors, element[len("<S"):]...)
	}
}

// end writes what is due at the end of the script.
func (k *textSink) end() {
	if k.errors == nil {
		return
	}
	_ = k.write(stderr, string(k.errors)+clixmlClose)
}

func (k *textSink) Warning(text string) error { return k.print("WARNING: " + text) }
func (k *textSink) Verbose(text string) error { return k.print("VERBOSE: " + text) }
func (k *textSink) Debug(text string) error   { return k.print("DEBUG: " + text) }

func (k *textSink) Progress(psrp.ProgressRecord) error { return nil }

// Information prints what Write-Host wrote; other information is not shown.
func (k *textSink) Information(r psrp.InformationRecord) error {
	for _, tag := range r.Tags {
		if tag != "PSHOST" {
			continue
		}
		if message, ok := r.MessageData.Object().Get("Message"); ok {
			return k.print(message.String())
		}
		return k.print(r.MessageData.String())
	}
	return nil
}

func (k *textSink) HostCall(context.Context, psrp.HostMethod, []clixml.Value) (clixml.Value, error) {
	return clixml.Null(), runspace.NewError("InvalidOperation", "InvalidOperation",
		"Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.", clixml.Null())
}

// textOf prints a value: a line, or the properties of an object as a list.
func textOf(v clixml.Value) string {
	o := v.Object()
	if o == nil || !o.Base.IsNull() {
		if v.IsNull() {
			return ""
		}
		return v.String() + "\n"
	}
	var properties []clixml.Property
	for _, e := range o.Entries {
		properties = append(properties, clixml.Property{Name: e.Key.String(), Value: e.Value})
	}
	properties = append(append(properties, o.Props...), o.Members...)
	if len(properties) == 0 {
		return v.String() + "\n"
	}
	width := 0
	for _, p := range properties {
		width = max(width, len(p.Name))
	}
	var b strings.Builder
	for _, p := range properties {
		text := ""
		if !p.Value.IsNull() {
			text = p.Value.String()
		}
		b.WriteString(p.Name + strings.Repeat(" ", width-len(p.Name)) + " : " + text + "\n")
	}
	return b.String() + "\n"
}
