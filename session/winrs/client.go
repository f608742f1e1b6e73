package winrs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"psdeck/session/wsman"
)

// MaxLine is the longest command line, in characters, that cmd.exe takes. A
// line of PowerShell grows to 8/3 of its length and a little more on its way.
const MaxLine = 8191

// LineError says that a line cannot be sent as it is.
type LineError struct {
	Msg string
}

func (e *LineError) Error() string { return "winrs: " + e.Msg }

// ErrStopped is what Wait returns for a process that Stop ended.
var ErrStopped = errors.New("winrs: the command was stopped")

// Command is what to run.
type Command struct {
	// Line is a command line of cmd.exe, or PowerShell's where PowerShell is set.
	Line       string
	PowerShell bool
	// Directory is where to run it; "" is the user's own.
	Directory string
	// Env is added to the user's environment.
	Env map[string]string
}

const replyTo = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

// Client runs commands on one host as one user.
type Client struct {
	ws *wsman.Client
}

// New makes a client over the connection of ws, which stays the caller's: closed
// before its processes have ended, it leaves their shells on the server.
func New(ws *wsman.Client) *Client { return &Client{ws: ws} }

// Run starts a command and returns when the server has started it. The process
// lives until it ends, Stop ends it, or ctx is done.
func (c *Client) Run(ctx context.Context, cmd Command) (*Process, error) {
	line, err := commandLine(cmd)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	p, err := c.start(ctx, cmd, line)
	if err != nil {
		cancel()
		return nil, err
	}
	p.cancel = cancel
	go p.supervise(ctx)
	return p, nil
}

func (c *Client) start(ctx context.Context, cmd Command, line string) (*Process, error) {
	t := &transport{ws: c.ws, ctx: ctx}
	u := c.ws.URL()
	params := winrm.NewParameters(isoDuration(c.ws.OperationTimeout()), escape(c.ws.Locale()), c.ws.MaxEnvelopeSize())
	params.TransportDecorator = func() winrm.Transporter { return t }
	client, err := winrm.NewClientWithParameters(&winrm.Endpoint{Host: u.Hostname(), HTTPS: u.Scheme == "https"}, "", "", params)
	if err != nil {
		return nil, fmt.Errorf("winrs: %w", err)
	}
	answer, err := t.Post(client, openShell(cmd, params))
	if err != nil {
		return nil, fmt.Errorf("winrs: create shell: %w", err)
	}
	id, err := winrm.ParseOpenShellResponse(answer)
	if err != nil {
		return nil, fmt.Errorf("winrs: create shell: %w", err)
	}
	shell := client.NewShell(strings.TrimSpace(id))
	// The process's own context would end the command behind the supervisor's back.
	command, err := shell.ExecuteWithContext(context.WithoutCancel(ctx), line)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("winrs: start command: %w", err), shell.Close())
	}
	return newProcess(shell, command), nil
}

// openShell is Create for a shell of cmd.exe, in a directory and with variables
// ([MS-WSMV]), which the library's own message leaves out.
func openShell(cmd Command, params *winrm.Parameters) *soap.SoapMessage {
	message := soap.NewMessage()
	message.Header().
		To("to").
		ReplyTo(replyTo).
		MaxEnvelopeSize(params.EnvelopeSize).
		Id("uuid:" + uuid.NewString()).
		Locale(params.Locale).
		Timeout(params.Timeout).
		Action(wsman.ActionCreate).
		ResourceURI(wsman.ResourceCommand).
		AddOption(soap.NewHeaderOption("WINRS_NOPROFILE", "FALSE")).
		AddOption(soap.NewHeaderOption("WINRS_CODEPAGE", "65001")).
		Build()
	shell := message.CreateBodyElement("Shell", soap.DOM_NS_WIN_SHELL)
	message.CreateElement(shell, "InputStreams", soap.DOM_NS_WIN_SHELL).SetContent("stdin")
	message.CreateElement(shell, "OutputStreams", soap.DOM_NS_WIN_SHELL).SetContent("stdout stderr")
	if cmd.Directory != "" {
		message.CreateElement(shell, "WorkingDirectory", soap.DOM_NS_WIN_SHELL).SetContent(escape(cmd.Directory))
	}
	if len(cmd.Env) > 0 {
		env := message.CreateElement(shell, "Environment", soap.DOM_NS_WIN_SHELL)
		for _, name := range slices.Sorted(maps.Keys(cmd.Env)) {
			variable := message.CreateElement(env, "Variable", soap.DOM_NS_WIN_SHELL)
			variable.SetAttr("Name", escape(name))
			variable.SetContent(escape(cmd.Env[name]))
		}
	}
	return message
}

// commandLine is what cmd.exe is given, in the form that the library's CDATA
// section takes.
func commandLine(cmd Command) (string, error) {
	line := cmd.Line
	if strings.TrimSpace(line) == "" {
		return "", &LineError{"an empty line"}
	}
	if !utf8.ValidString(line) {
		return "", &LineError{"the line is not UTF-8"}
	}
	if cmd.PowerShell {
		// A prompt would wait for ever: there is nobody to answer.
		encoded := strings.TrimPrefix(winrm.Powershell(line), "powershell.exe ")
		line = "powershell.exe -NoLogo -NonInteractive " + encoded
	}
	if n := utf8.RuneCountInString(line); n > MaxLine {
		return "", &LineError{fmt.Sprintf("a command line of %d characters; cmd.exe takes %d", n, MaxLine)}
	}
	if i := strings.IndexFunc(line, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	}); i >= 0 {
		return "", &LineError{fmt.Sprintf("character %q cannot be sent", line[i:i+1])}
	}
	return strings.ReplaceAll(line, "]]>", "]]]]><![CDATA[>"), nil
}

// isoDuration writes d as WinRM does; "" where it is without limit.
func isoDuration(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return fmt.Sprintf("PT%.3fS", d.Seconds())
}
