package runspace

import (
	"errors"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// script runs a script of the subset that [FullLanguage] describes; put takes
// its output.
func (ex *execution) script(text string, put func(clixml.Value) error) error {
	statements, err := ex.parse(text)
	if err != nil {
		return err
	}
	for _, s := range statements {
		ex.failure = nil
		err := ex.scriptStatement(s, put)
		var rec *psrp.ErrorRecord
		switch {
		case err == nil || errors.Is(err, errEnough):
			continue
		case ex.redirect && !ex.thrown && !ex.stopAction && errors.As(err, &rec) && ex.ctx.Err() == nil:
			// The error ends its statement only.
			if err := ex.sent(ex.sink.Error(rec)); err != nil {
				return err
			}
		default:
			return err
		}
	}
	ex.failure = nil
	return nil
}

func (ex *execution) scriptStatement(s scriptStatement, put func(clixml.Value) error) error {
	if s.assign != "" {
		var values []clixml.Value
		err := ex.scriptWhole(s, func(v clixml.Value) error { values = append(values, v); return nil })
		switch len(values) {
		case 0:
			ex.rs.setVariable(s.assign, clixml.Null())
		case 1:
			ex.rs.setVariable(s.assign, values[0])
		default:
			ex.rs.setVariable(s.assign, clixml.Of(values))
		}
		return err
	}
	if s.throw {
		text := "ScriptHalted"
		var target clixml.Value
		if s.value != nil {
			target = ex.eval(*s.value)
			text = target.String()
		}
		ex.thrown = true
		return newError(runtimeException, text, "OperationStopped", text, target)
	}
	return ex.scriptWhole(s, put)
}

// scriptWhole runs the pipeline of a statement and its tail.
func (ex *execution) scriptWhole(s scriptStatement, put func(clixml.Value) error) error {
	if len(s.tail) == 0 {
		return ex.scriptPipeline(s, put)
	}
	return ex.shaped(s.tail, func(put func(clixml.Value) error) error { return ex.scriptPipeline(s, put) }, put)
}

func (ex *execution) scriptPipeline(s scriptStatement, put func(clixml.Value) error) error {
	var from source
	if s.value != nil {
		from = func(put func(clixml.Value) error) error { return ex.each(*s.value, put) }
		if len(s.commands) == 0 {
			return from(put)
		}
	}
	commands := make([]psrp.Command, len(s.commands))
	for n, c := range s.commands {
		commands[n].Name = c.name
		for _, a := range c.args {
			p := psrp.Parameter{Name: a.name}
			if a.value != nil {
				p.Value = ex.eval(*a.value)
			} else {
				p.Value = clixml.Bool(true)
			}
			commands[n].Parameters = append(commands[n].Parameters, p)
		}
		if err := ex.pairArguments(&commands[n], c.args); err != nil {
			return err
		}
	}
	return ex.pipe(commands, from, put)
}

// pairArguments joins "-Name value": whether a parameter without a colon takes
// the next argument depends on whether it is a switch of that command.
func (ex *execution) pairArguments(c *psrp.Command, args []scriptArgument) error {
	cmdlet := ex.rs.opts.Table.Lookup(c.Name)
	if cmdlet == nil {
		return unknownCommand(c.Name)
	}
	b := &binding{cmdlet: cmdlet, params: cmdlet.all()}
	var joined []psrp.Parameter
	for n := 0; n < len(c.Parameters); n++ {
		p := c.Parameters[n]
		if p.Name == "" || args[n].value != nil {
			joined = append(joined, p)
			continue
		}
		known, rec := b.find(p.Name)
		if rec != nil {
			return rec
		}
		if !known.IsSwitch() {
			if n+1 == len(c.Parameters) || c.Parameters[n+1].Name != "" {
				return bindError(cmdlet, "MissingArgument", "Missing an argument for parameter '%s'. Specify a parameter of type '%s' and try again.", known.Name, dotNet(orObject(known.Type)))
			}
			n++
			p.Value = c.Parameters[n].Value
		}
		joined = append(joined, p)
	}
	c.Parameters = joined
	return nil
}

// each puts a value's items one by one, as an expression's output goes.
func (ex *execution) each(v scriptValue, put func(clixml.Value) error) error {
	if v.kind == rangeValue {
		step := int64(1)
		if v.to < v.from {
			step = -1
		}
		for n := v.from; ; n += step {
			if ex.ctx.Err() != nil {
				return ErrStopped
			}
			if err := put(clixml.Of(int(n))); err != nil {
				return err
			}
			if n == v.to {
				return nil
			}
		}
	}
	value := ex.eval(v)
	if value.IsNull() {
		return nil
	}
	for _, item := range listItems(value) {
		if err := put(item); err != nil {
			return err
		}
	}
	return nil
}

// eval gives the value of an expression.
func (ex *execution) eval(v scriptValue) clixml.Value {
	switch v.kind {
	case variableValue:
		value := ex.lookup(v.text)
		for _, name := range v.members {
			value, _ = value.Object().Get(name)
		}
		return value
	case expandableValue:
		return clixml.Str(ex.expand(v.text))
	case listValue:
		items := make([]clixml.Value, len(v.items))
		for n := range v.items {
			items[n] = ex.eval(v.items[n])
		}
		return clixml.Of(items)
	case tableValue:
		t := clixml.Hashtable()
		for n := range v.items {
			t.Entries = append(t.Entries, clixml.Entry{Key: clixml.Str(v.keys[n]), Value: ex.eval(v.items[n])})
		}
		return clixml.Obj(t)
	case rangeValue:
		var items []clixml.Value
		_ = ex.each(v, func(item clixml.Value) error { items = append(items, item); return nil })
		return clixml.Of(items)
	default:
		return v.constant
	}
}

func (ex *execution) lookup(name string) clixml.Value {
	switch strings.ToLower(name) {
	case "true":
		return clixml.Bool(true)
	case "false":
		return clixml.Bool(false)
	case "null":
		return clixml.Null()
	case strings.ToLower(contextVariable):
		return executionContext()
	}
	v, _ := ex.rs.variable(name)
	return v
}

// executionContext says that scripts are welcome; it is not asked elsewhere.
func executionContext() clixml.Value {
	mode := clixml.Enum("System.Management.Automation.PSLanguageMode", "FullLanguage", 0)
	return clixml.Obj(clixml.Custom(clixml.Prop("SessionState", clixml.Custom(clixml.Prop("LanguageMode", mode)))))
}

// expand replaces $name in a double-quoted string.
func (ex *execution) expand(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '`' && i+1 < len(text):
			i++
			out.WriteByte(escaped(text[i]))
		case c == '$' && i+1 < len(text) && isNameByte(text[i+1]):
			end := i + 1
			for end < len(text) && isNameByte(text[end]) {
				end++
			}
			out.WriteString(ex.lookup(text[i+1 : end]).String())
			i = end - 1
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case '0':
		return 0
	case 'e':
		return 0x1B
	}
	return c
}

func isNameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
