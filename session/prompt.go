package session

import (
	"context"
	"fmt"
	"strconv"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// PromptKind says what a server asks for.
type PromptKind uint8

// The kinds of prompts.
const (
	PromptChoice     PromptKind = iota // one of Choices
	PromptFields                       // a value for each of Fields
	PromptLine                         // a line of text
	PromptSecret                       // a line of text that must not show
	PromptCredential                   // a user name and a password
)

// Choice is one answer of a PromptChoice; an ampersand in the label stands
// before its hot key.
type Choice struct{ Label, Help string }

// Field is one value that is asked for.
type Field struct {
	Name, Label, Help, Type string
	Secret, Mandatory       bool
}

// Prompt is a question of the server that holds up its command until it is
// answered or refused. Its texts are remote: they must be cleaned and shown
// inside a frame that names the session.
type Prompt struct {
	Kind             PromptKind
	Caption, Message string
	Choices          []Choice
	Default          []int
	Fields           []Field

	session *Session
	run     *Run
	call    psrp.HostCall
	asked   []psrp.FieldDescription
}

// newPrompt makes the prompt of a decoded host call, nil where it is none.
func newPrompt(s *Session, run *Run, call psrp.HostCall, m any) *Prompt {
	p := &Prompt{session: s, run: run, call: call}
	switch m := m.(type) {
	case psrp.PromptForChoice:
		p.Caption, p.Message, p.Choices = m.Caption, m.Message, choices(m.Choices)
		if m.Default >= 0 {
			p.Default = []int{m.Default}
		}
	case psrp.PromptForChoices:
		p.Caption, p.Message, p.Choices, p.Default = m.Caption, m.Message, choices(m.Choices), m.Defaults
	case psrp.Prompt:
		p.Kind, p.Caption, p.Message, p.asked = PromptFields, m.Caption, m.Message, m.Fields
		for _, f := range m.Fields {
			p.Fields = append(p.Fields, Field{f.Name, f.Label, f.Help, f.TypeName, f.Secret(), f.Mandatory})
		}
	case psrp.PromptForCredential:
		p.Kind, p.Caption, p.Message = PromptCredential, m.Caption, m.Message
		p.Fields = []Field{{Name: "UserName", Label: "User name"}, {Name: "Password", Label: "Password", Secret: true}}
	case psrp.ReadLine:
		p.Kind = PromptLine
	case psrp.ReadLineAsSecureString:
		p.Kind = PromptSecret
	default:
		return nil
	}
	return p
}

func choices(in []psrp.Choice) []Choice {
	out := make([]Choice, len(in))
	for i, c := range in {
		out[i] = Choice(c)
	}
	return out
}

// Choose answers a PromptChoice.
func (p *Prompt) Choose(ctx context.Context, choice int) error {
	if p.Kind != PromptChoice || choice < 0 || choice >= len(p.Choices) {
		return fmt.Errorf("answering a prompt: there is no choice %d", choice)
	}
	if p.call.Method == psrp.MethodPromptForChoiceMultipleSelection {
		return p.answer(ctx, psrp.ChoicesAnswer(p.call, []int{choice}))
	}
	return p.answer(ctx, psrp.ChoiceAnswer(p.call, choice))
}

// Fill answers the other kinds: one text for each field, for a line or a
// secret one text. An answer that is not of the field's type is an error here:
// a server hangs without a word when it gets one.
func (p *Prompt) Fill(ctx context.Context, answers []string) error {
	switch {
	case p.Kind == PromptLine && len(answers) == 1:
		return p.answer(ctx, psrp.StringAnswer(p.call, answers[0]))
	case p.Kind == PromptFields && len(answers) == len(p.Fields):
		return p.fillFields(ctx, answers)
	case p.Kind == PromptSecret, p.Kind == PromptCredential:
		return p.refuseSecret(ctx)
	}
	return fmt.Errorf("answering a prompt: %d answers for %d fields", len(answers), len(p.Fields))
}

func (p *Prompt) fillFields(ctx context.Context, answers []string) error {
	entries := make([]clixml.Entry, len(answers))
	for i, text := range answers {
		if p.Fields[i].Secret {
			return p.refuseSecret(ctx)
		}
		v, err := fieldValue(p.asked[i], text)
		if err != nil {
			return err
		}
		entries[i] = clixml.Entry{Key: clixml.Str(p.Fields[i].Name), Value: v}
	}
	return p.answer(ctx, psrp.PromptAnswer(p.call, entries))
}

// refuseSecret stops a command that asks for a secret: a secret is only sent
// encrypted with the session's key, and this session has none.
func (p *Prompt) refuseSecret(ctx context.Context) error {
	if err := p.Refuse(ctx); err != nil {
		return err
	}
	return fmt.Errorf("the command asked for a secret, and secrets are not sent over this session; it was stopped")
}

// fieldValue is text as the type that the field asks for.
func fieldValue(f psrp.FieldDescription, text string) (clixml.Value, error) {
	switch f.FullType {
	case "System.Int32":
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return clixml.Value{}, fmt.Errorf("answering %s: %q is not a whole number", f.Name, text)
		}
		return clixml.Int32(int32(n)), nil
	case "System.Boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return clixml.Value{}, fmt.Errorf("answering %s: %q is neither true nor false", f.Name, text)
		}
		return clixml.Bool(b), nil
	}
	return clixml.Str(text), nil
}

func (p *Prompt) answer(ctx context.Context, r psrp.HostResponse) error {
	if err := p.session.sendResponse(ctx, r); err != nil {
		return fmt.Errorf("answering the server's prompt: %w", err)
	}
	return nil
}

// Refuse answers nothing and stops the command that asked.
func (p *Prompt) Refuse(ctx context.Context) error { return p.run.Stop(ctx) }
