package session

import (
	"context"
	"errors"

	"psdeck/session/clixml"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
)

// errStopped ends a command of this side's own that was stopped while it waited.
var errStopped = errors.New("stopped")

// heads are the commands of this side's own that a session has: they make the
// secrets that its commands take.
func (s *Session) heads(server *commandList) []head {
	list := []head{
		{"Get-Credential", s.planGetCredential},
		{"ConvertTo-SecureString", s.planSecureString},
	}
	if !server.offers("Read-Host") { // a server that has one asks by itself
		list = append(list, head{"Read-Host", s.planReadHost})
	}
	return list
}

// planGetCredential asks for a password, and for a user name where none is given.
func (s *Session) planGetCredential(c *pslang.Command) (producer, error) {
	args, err := pipeline.Bind("Get-Credential", c, s.scope, "Credential:1 UserName Message Title", "")
	if err != nil {
		return nil, err
	}
	if known := args["Credential"]; known.Object() != nil {
		return func(context.Context, *Run) ([]clixml.Value, error) { return []clixml.Value{known}, nil }, nil
	}
	p := Prompt{
		Kind:     PromptCredential,
		Caption:  orElse(args["Title"].String(), "PowerShell credential request"),
		Message:  orElse(args["Message"].String(), "Enter your credentials."),
		userName: orElse(args["Credential"].String(), args["UserName"].String()),
	}
	p.Fields = []Field{
		{Name: "UserName", Label: "User name", Help: p.userName},
		{Name: "Password", Label: "Password", Secret: true},
	}
	return func(ctx context.Context, run *Run) ([]clixml.Value, error) {
		answers, err := run.ask(ctx, s, p)
		if err != nil {
			return nil, err
		}
		v, err := s.Credential(ctx, orElse(answers[0], p.userName), answers[1])
		return []clixml.Value{v}, err
	}, nil
}

// planSecureString makes a SecureString of text.
func (s *Session) planSecureString(c *pslang.Command) (producer, error) {
	args, err := pipeline.Bind("ConvertTo-SecureString", c, s.scope, "String:1 SecureKey:2 Key", "AsPlainText Force")
	if err != nil {
		return nil, err
	}
	if !args["AsPlainText"].True() {
		return nil, &pslang.Error{
			Extent: c.Extent, Construct: "an encrypted standard string",
			Msg: "ConvertTo-SecureString reads no encrypted text here: add -AsPlainText, or let Read-Host -AsSecureString ask for the secret",
		}
	}
	text := args["String"].String()
	return func(ctx context.Context, _ *Run) ([]clixml.Value, error) {
		v, err := s.Secret(ctx, text)
		return []clixml.Value{v}, err
	}, nil
}

// planReadHost asks a person.
func (s *Session) planReadHost(c *pslang.Command) (producer, error) {
	args, err := pipeline.Bind("Read-Host", c, s.scope, "Prompt:1", "AsSecureString MaskInput")
	if err != nil {
		return nil, err
	}
	secure := args["AsSecureString"].True()
	p := Prompt{Kind: PromptLine, Message: args["Prompt"].String()}
	if secure || args["MaskInput"].True() {
		p.Kind = PromptSecret
	}
	return func(ctx context.Context, run *Run) ([]clixml.Value, error) {
		answers, err := run.ask(ctx, s, p)
		if err != nil {
			return nil, err
		}
		if !secure {
			return []clixml.Value{clixml.Str(answers[0])}, nil
		}
		v, err := s.Secret(ctx, answers[0])
		return []clixml.Value{v}, err
	}, nil
}

// ask puts a question of this side's own to a person and waits for the answers.
func (r *Run) ask(ctx context.Context, s *Session, p Prompt) ([]string, error) {
	p.session, p.run, p.answers = s, r, make(chan []string, 1)
	r.emit(ctx, Record{Stream: StreamPrompt, Prompt: &p})
	select {
	case answers := <-p.answers:
		return answers, nil
	case <-r.stopping:
	case <-ctx.Done():
	}
	return nil, errStopped
}

// fillHere answers a question of this side's own.
func (p *Prompt) fillHere(answers []string) {
	select {
	case p.answers <- answers:
	default: // it has its answers
	}
}
