package session

import (
	"context"
	"errors"
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
	PromptCredential                   // a password, and the user name where it is not known
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

	userName string // whose password a PromptCredential asks for

	// answers are those to a question that this side asks itself; the number of
	// a choice is one text.
	answers chan []string
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
			p.Fields = append(p.Fields, fieldsOf(f)...)
		}
	case psrp.PromptForCredential:
		p.Kind, p.Caption, p.Message, p.userName = PromptCredential, m.Caption, m.Message, m.UserName
		p.Fields = credentialFields(m.UserName)
	case psrp.ReadLine:
		p.Kind = PromptLine
	case psrp.ReadLineAsSecureString:
		p.Kind = PromptSecret
	default:
		return nil
	}
	return p
}

// credentialFields are what a credential is asked for by: where the user name
// is known, the password alone.
func credentialFields(userName string) []Field {
	if userName != "" {
		return []Field{{Name: "Password", Label: "Password for user " + userName, Secret: true}}
	}
	return []Field{{Name: "UserName", Label: "User name"}, {Name: "Password", Label: "Password", Secret: true}}
}

// credentialOf is who a credential is of, and the password, as filled in.
func credentialOf(userName string, answers []string) (name, password string) {
	if userName != "" {
		return userName, answers[0]
	}
	return answers[0], answers[1]
}

// fieldsOf is what a person fills in for a field: a credential is two texts.
func fieldsOf(f psrp.FieldDescription) []Field {
	if !isCredential(f) {
		return []Field{{f.Name, f.Label, f.Help, f.TypeName, f.Secret(), f.Mandatory}}
	}
	label := orElse(f.Label, f.Name)
	return []Field{
		{f.Name + ".UserName", label + ": user name", f.Help, "String", false, f.Mandatory},
		{f.Name + ".Password", label + ": password", f.Help, "SecureString", true, f.Mandatory},
	}
}

func isCredential(f psrp.FieldDescription) bool {
	return f.FullType == "System.Management.Automation.PSCredential"
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
	if p.answers != nil {
		p.fillHere([]string{strconv.Itoa(choice)})
		return nil
	}
	if p.call.Method == psrp.MethodPromptForChoiceMultipleSelection {
		return p.answer(ctx, psrp.ChoicesAnswer(p.call, []int{choice}))
	}
	return p.answer(ctx, psrp.ChoiceAnswer(p.call, choice))
}

// Fill answers the other kinds: one text for each of Fields, for a line or a
// secret one text. An answer that is not of the field's type is an error here:
// a server hangs without a word when it gets one. Secrets travel encrypted with
// the session's key; where there can be none, the command is stopped.
func (p *Prompt) Fill(ctx context.Context, answers []string) error {
	switch {
	case p.answers != nil && len(answers) == max(1, len(p.Fields)):
		p.fillHere(answers)
		return nil
	case p.Kind == PromptLine && len(answers) == 1:
		return p.answer(ctx, psrp.StringAnswer(p.call, answers[0]))
	case p.Kind == PromptSecret && len(answers) == 1:
		secret, err := p.seal(ctx, answers[0])
		if err != nil {
			return err
		}
		return p.answer(ctx, psrp.SecureStringAnswer(p.call, secret))
	case p.Kind == PromptCredential && len(answers) == len(p.Fields):
		name, password := credentialOf(p.userName, answers)
		secret, err := p.seal(ctx, password)
		if err != nil {
			return err
		}
		return p.answer(ctx, psrp.CredentialAnswer(p.call, name, secret))
	case p.Kind == PromptFields && len(answers) == len(p.Fields):
		return p.fillFields(ctx, answers)
	}
	return fmt.Errorf("answering a prompt: %d answers for %d fields", len(answers), len(p.Fields))
}

func (p *Prompt) fillFields(ctx context.Context, answers []string) error {
	entries := make([]clixml.Entry, len(p.asked))
	for i, f := range p.asked {
		n := len(fieldsOf(f))
		v, err := p.fieldValue(ctx, f, answers[:n])
		if err != nil {
			return err
		}
		answers = answers[n:]
		entries[i] = clixml.Entry{Key: clixml.Str(f.Name), Value: v}
	}
	return p.answer(ctx, psrp.PromptAnswer(p.call, entries))
}

// fieldValue is what was filled in for a field as the type that it asks for.
func (p *Prompt) fieldValue(ctx context.Context, f psrp.FieldDescription, texts []string) (clixml.Value, error) {
	if !f.Secret() {
		return plainValue(f, texts[0])
	}
	secret, err := p.seal(ctx, texts[len(texts)-1])
	if err != nil {
		return clixml.Null(), err
	}
	if isCredential(f) {
		return psrp.Credential(texts[0], secret), nil
	}
	return clixml.Of(secret), nil
}

// seal encrypts a secret, or stops the command that asked for it: no answer
// would come any more.
func (p *Prompt) seal(ctx context.Context, text string) (clixml.SecureString, error) {
	secret, err := p.session.seal(ctx, text)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w; the command that asked was stopped", errors.Join(err, p.Refuse(ctx)))
	}
	return secret, err
}

// plainValue is text as the type that the field asks for.
func plainValue(f psrp.FieldDescription, text string) (clixml.Value, error) {
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
