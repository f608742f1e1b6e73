package session

import (
	"context"
	"slices"

	"psdeck/auth"
	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// secretCmdlets make SecureStrings and credentials of this side: their text is
// kept here, apart from the objects that stand for it, and is shown nowhere.
func secretCmdlets() []*cmdlet {
	return []*cmdlet{
		{
			name: "ConvertTo-SecureString", about: "Makes a secret of text.", class: "Microsoft.PowerShell.Commands.ConvertToSecureStringCommand", pipe: "String",
			sets: []string{"[-String] <string> [-AsPlainText] [-Force]"},
			check: func(b bound) (id, text string) {
				if b.on("AsPlainText") {
					return "", ""
				}
				return "ImportSecureString_InvalidArgument", "ConvertTo-SecureString reads no encrypted text here: add -AsPlainText, or let Read-Host -AsSecureString ask for the secret"
			},
			run: func(c *call) error {
				c.give(c.desk().keepSecret(auth.NewSecret(c.text("String"))))
				return nil
			},
		},
		{
			name: "Read-Host", about: "Asks for a line of text, or for a secret.", class: "Microsoft.PowerShell.Commands.ReadHostCommand",
			sets: []string{"[[-Prompt] <Object>] [-MaskInput]", "[[-Prompt] <Object>] [-AsSecureString]"},
			run:  readHost,
		},
		{
			name: "Get-Credential", about: "Asks for a user name and a password.", class: "Microsoft.PowerShell.Commands.GetCredentialCommand",
			sets: []string{"[[-Credential] <pscredential>]", "[[-UserName] <string>] [-Message <string>] [-Title <string>]"},
			run:  getCredential,
		},
		{
			name: "New-Object", about: "Makes a credential of a user name and a SecureString.", class: "Microsoft.PowerShell.Commands.NewObjectCommand", aliases: "ArgumentList=Args",
			sets: []string{"[-TypeName] <string> [[-ArgumentList] <Object[]>] [-Property <IDictionary>]"},
			check: func(b bound) (id, text string) {
				switch {
				case !pslang.IsCredentialType(b.text("TypeName")):
					return "TypeNotAllowed", "New-Object makes PSCredential objects only here: New-Object PSCredential ($name, $secureString)"
				case b.has("Property"):
					return "PropertyNotAllowed", "New-Object sets no properties here: leave -Property out"
				}
				return "", ""
			},
			run: newObject,
		},
	}
}

func readHost(c *call) error {
	p := Prompt{Kind: PromptLine, Message: c.text("Prompt")}
	if c.on("AsSecureString") || c.on("MaskInput") {
		p.Kind = PromptSecret
	}
	answers, err := c.ask(p)
	if err != nil {
		return err
	}
	if c.on("AsSecureString") {
		c.give(c.desk().keepSecret(auth.NewSecret(answers[0])))
		return nil
	}
	c.give(clixml.Str(answers[0]))
	return nil
}

func getCredential(c *call) error {
	name := c.text("UserName")
	if v := c.value("Credential"); v.Object() != nil {
		c.give(v)
		return nil
	} else if !v.IsNull() {
		name = v.String()
	}
	p := Prompt{
		Kind: PromptCredential, Caption: orElse(c.text("Title"), "PowerShell credential request"), Message: orElse(c.text("Message"), "Enter your credentials."),
		Fields: credentialFields(name),
	}
	answers, err := c.ask(p)
	if err != nil {
		return err
	}
	name, password := credentialOf(name, answers)
	c.give(pslang.NewCredential(name, c.desk().keepSecret(auth.NewSecret(password))))
	return nil
}

// newObject makes a PSCredential of a user name and a SecureString.
func newObject(c *call) error {
	args := c.list("ArgumentList")
	if len(args) != 2 || args[1].Object() == nil || !args[1].Object().Is(typeSecureString) || args[0].String() == "" {
		return c.fail("CannotFindAppropriateCtor", "A constructor was not found. Cannot find an appropriate constructor for type %s: "+
			"it takes a user name and a SecureString", c.text("TypeName"))
	}
	c.give(pslang.NewCredential(args[0].String(), args[1]))
	return nil
}

func (c *call) ask(p Prompt) ([]string, error) { return c.out.run.ask(c.ctx, p) }

// keepSecret makes the SecureString object of a secret.
func (d *Cmdlets) keepSecret(s auth.Secret) clixml.Value {
	o := &clixml.Object{TypeNames: []string{typeSecureString, "System.Object"}, ToString: typeSecureString, HasToString: true}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.secrets == nil {
		d.secrets = make(map[*clixml.Object]auth.Secret)
	}
	d.secrets[o] = s
	return clixml.Obj(o)
}

// secretOf is the secret that a SecureString object stands for.
func (d *Cmdlets) secretOf(v clixml.Value) (auth.Secret, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.secrets[v.Object()]
	return s, ok && v.Object() != nil
}

// seal puts the secrets among what a step sends into the form that the
// session's server, and no other, can read.
func (d *Cmdlets) seal(ctx context.Context, s *Session, st *step) error {
	d.mu.Lock()
	none := len(d.secrets) == 0
	d.mu.Unlock()
	if none {
		return nil
	}
	var err error
	for i := range st.remote.Commands {
		params := st.remote.Commands[i].Parameters
		for j := range params {
			if params[j].Value, err = d.sealed(ctx, s, params[j].Value, 0); err != nil {
				return err
			}
		}
	}
	for i := range st.input {
		if st.input[i], err = d.sealed(ctx, s, st.input[i], 0); err != nil {
			return err
		}
	}
	return nil
}

// sealed is a value with its secrets sealed; those in lists and hashtables too.
func (d *Cmdlets) sealed(ctx context.Context, s *Session, v clixml.Value, depth int) (clixml.Value, error) {
	o := v.Object()
	if o == nil || depth > maxArgumentDepth {
		return v, nil
	}
	if secret, ok := d.secretOf(v); ok {
		return s.Secret(ctx, secret.Reveal())
	}
	if o.Is(typeCredential) {
		name, _ := o.Get("UserName")
		password, _ := o.Get("Password")
		if secret, ok := d.secretOf(password); ok {
			return s.Credential(ctx, name.String(), secret.Reveal())
		}
		return v, nil
	}
	if len(o.Items) == 0 && len(o.Entries) == 0 {
		return v, nil
	}
	flat, err := *o, error(nil)
	flat.Items, flat.Entries = slices.Clone(o.Items), slices.Clone(o.Entries)
	for i := range flat.Items {
		if flat.Items[i], err = d.sealed(ctx, s, flat.Items[i], depth+1); err != nil {
			return v, err
		}
	}
	for i := range flat.Entries {
		if flat.Entries[i].Value, err = d.sealed(ctx, s, flat.Entries[i].Value, depth+1); err != nil {
			return v, err
		}
	}
	return clixml.Obj(&flat), nil
}

// ask puts a question of this side's own to a person and waits for the answers.
func (r *Run) ask(ctx context.Context, p Prompt) ([]string, error) {
	p.run, p.answers = r, make(chan []string, 1)
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
