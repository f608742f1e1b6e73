package endpoint

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// interpret runs a command line as a very small cmd.exe: commands joined by &,
// && and ||, with %NAME% replaced. It returns the exit code.
func (p *process) interpret(line string) int {
	parts, ok := splitLine(line)
	if !ok {
		_ = p.complain("The syntax of the command is incorrect.")
		return 1
	}
	code := 0
	for _, part := range parts {
		if part.after == "&&" && code != 0 || part.after == "||" && code == 0 {
			continue
		}
		code = p.call(part.text)
		if p.over || p.ctx.Err() != nil {
			break
		}
	}
	return code
}

// part is one command of a line, and the operator before it.
type part struct{ after, text string }

// splitLine cuts a line at its operators, outside of quotes; false for pipes
// and redirections, which are not offered.
func splitLine(line string) ([]part, bool) {
	var parts []part
	after, start, quoted := "", 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<' || c == '>' || c == '|' && !strings.HasPrefix(line[i:], "||"):
			return nil, false
		case c == '&' || c == '|':
			parts = append(parts, part{after, line[start:i]})
			after = line[i : i+1]
			if strings.HasPrefix(line[i+1:], after) {
				i++
				after += after
			}
			start = i + 1
		}
	}
	return append(parts, part{after, line[start:]}), true
}

// word cuts the first word off a line; quotes keep blanks in it.
func word(line string) (first, rest string) {
	line = strings.TrimLeft(line, " \t\r\n")
	var b strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(" \t\r\n", c) >= 0:
			return b.String(), line[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

func words(line string) []string {
	var all []string
	for strings.TrimSpace(line) != "" {
		var w string
		w, line = word(line)
		all = append(all, w)
	}
	return all
}

// expand replaces %NAME% by the shell's variables; others stay as they are.
func (p *process) expand(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "%")
		value, known := p.shell.console.environment[strings.ToUpper(name)]
		if strings.EqualFold(name, "COMPUTERNAME") {
			value, known = strings.ToUpper(p.hostName()), true
		}
		if closed && known {
			b.WriteString(value)
			text = after
		} else {
			b.WriteByte('%')
			text = rest
		}
	}
}

// call runs one command and returns its exit code.
func (p *process) call(text string) int {
	name, args := word(p.expand(strings.TrimLeft(text, "@ \t")))
	switch strings.TrimSuffix(strings.ToLower(name), ".exe") {
	case "":
		return 0
	case "echo":
		return p.echo(args)
	case "exit":
		return p.exitWith(words(args))
	case "hostname":
		return p.lines(p.hostName())
	case "whoami":
		return p.lines(p.whoAmI())
	case "cd":
		return p.lines(p.shell.console.directory)
	case "type":
		return p.typeFile(words(args))
	case "ping":
		return p.ping(words(args))
	case "cmd":
		_, line := word(args)
		return p.interpret(line)
	case "powershell":
		return p.powerShell(words(args))
	}
	_ = p.complain(fmt.Sprintf("'%s' is not recognized as an internal or external command,\noperable program or batch file.", name))
	return 1
}

// lines prints lines and succeeds.
func (p *process) lines(lines ...string) int {
	for _, line := range lines {
		if p.print(line) != nil {
			return 1
		}
	}
	return 0
}

func (p *process) echo(text string) int {
	if strings.TrimSpace(text) == "" {
		text = "ECHO is on."
	}
	return p.lines(text)
}

// exitWith ends the whole line: exit, exit N or exit /b N.
func (p *process) exitWith(args []string) int {
	p.over = true
	if len(args) > 0 && strings.EqualFold(args[0], "/b") {
		args = args[1:]
	}
	if len(args) == 0 {
		return 0
	}
	code, err := strconv.ParseInt(args[0], 10, 32)
	if err != nil {
		return 0
	}
	return int(code)
}

// typeFile prints a file: there is only nul, which is empty.
func (p *process) typeFile(args []string) int {
	switch {
	case len(args) == 0:
		_ = p.complain("The syntax of the command is incorrect.")
	case strings.EqualFold(args[0], "nul"):
		return 0
	default:
		_ = p.complain("The system cannot find the file specified.")
	}
	return 1
}

// hostName is the machine's name without its domain.
func (p *process) hostName() string {
	name, _, _ := strings.Cut(p.shell.server.cfg.Machine, ".")
	return name
}

// whoAmI is the user as domain\name.
func (p *process) whoAmI() string {
	name, domain, found := strings.Cut(strings.ToLower(p.shell.owner.User), "@")
	if !found {
		return p.hostName() + `\` + name
	}
	domain, _, _ = strings.Cut(domain, ".")
	return domain + `\` + name
}

// ping prints the answers of a host that is always there.
func (p *process) ping(args []string) int {
	count, host := 4, ""
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-t":
			count = -1
		case args[i] == "-n" && i+1 < len(args):
			i++
			n, err := strconv.Atoi(args[i])
			if err != nil || n < 1 {
				_ = p.print("Bad value for option -n, valid range is from 1 to 4294967295.")
				return 1
			}
			count = n
		case !strings.HasPrefix(args[i], "-"):
			host = args[i]
		}
	}
	if host == "" {
		_ = p.print("IP address must be specified.")
		return 1
	}
	if pings(p.ctx, count, host, p.print) != nil {
		return 1
	}
	return 0
}

// pingPause is the time between two answers.
const pingPause = 20 * time.Millisecond

// pings gives the lines of a ping; without end where count is negative.
func pings(ctx context.Context, count int, host string, give func(string) error) error {
	if err := give("\nPinging " + host + " with 32 bytes of data:"); err != nil {
		return err
	}
	pause := time.NewTicker(pingPause)
	defer pause.Stop()
	for n := 0; n != count; n++ {
		if err := give("Reply from " + host + ": bytes=32 time<1ms TTL=128"); err != nil {
			return err
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return give(fmt.Sprintf("\nPing statistics for %s:\n    Packets: Sent = %d, Received = %[2]d, Lost = 0 (0%% loss),", host, count))
}
