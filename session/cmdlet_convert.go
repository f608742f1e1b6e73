package session

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// The .NET types of what the cmdlets take and give.
const (
	typeSession      = "System.Management.Automation.Runspaces.PSSession"
	typeCredential   = "System.Management.Automation.PSCredential"
	typeSecureString = "System.Security.SecureString"
)

// dotNetTypes are the types of parameters by the short names of their syntax.
func dotNetType(short string) string {
	item, list := strings.CutSuffix(short, "[]")
	full := map[string]string{
		"string": "System.String", "int": "System.Int32", "uri": "System.Uri", "guid": "System.Guid", "Object": "System.Object", "psobject": "System.Management.Automation.PSObject",
		"scriptblock": "System.Management.Automation.ScriptBlock", "pscredential": typeCredential, "securestring": typeSecureString, "PSSession": typeSession,
		"PSSessionOption": typeOption, "hashtable": "System.Collections.Hashtable", "AuthenticationMechanism": typeAuth, "ActionPreference": "System.Management.Automation.ActionPreference",
		"SessionFilterState": "Microsoft.PowerShell.Commands.SessionFilterState", "OutputBufferingMode": typeBuffer, "ProxyAccessType": typeAccess,
		"CultureInfo": "System.Globalization.CultureInfo", "PSPrimitiveDictionary": "System.Management.Automation.PSPrimitiveDictionary",
		"OutTarget": "Microsoft.PowerShell.Commands.OutTarget", "CommandTypes": "System.Management.Automation.CommandTypes", "": "System.Management.Automation.SwitchParameter",
	}[item]
	if full == "" {
		full = item
	}
	if list {
		full += "[]"
	}
	return full
}

// enumNames are the values of enums that parameters take.
func enumNames(typ string) []enumName {
	switch typ {
	case "AuthenticationMechanism":
		return []enumName{{"Default", 0}, {"Basic", 1}, {"Negotiate", 2}, {"NegotiateWithImplicitCredential", 3}, {"Credssp", 4}, {"Digest", 5}, {"Kerberos", 6}}
	case "ActionPreference":
		return []enumName{{"SilentlyContinue", 0}, {"Stop", 1}, {"Continue", 2}, {"Inquire", 3}, {"Ignore", 4}, {"Suspend", 5}, {"Break", 6}}
	case "SessionFilterState":
		return []enumName{{"All", 0}, {"Opened", 1}, {"Disconnected", 2}, {"Closed", 3}, {"Broken", 4}}
	case "OutputBufferingMode":
		return []enumName{{"None", 0}, {"Drop", 1}, {"Block", 2}}
	case "CommandTypes":
		return []enumName{{"Alias", 1}, {"Function", 2}, {"Filter", 4}, {"Cmdlet", 8}, {"ExternalScript", 16}, {"Application", 32}, {"Script", 64}, {"Configuration", 256}, {"All", 383}}
	case "OutTarget":
		return []enumName{{"Default", 0}, {"Host", 1}, {"Job", 2}}
	}
	return nil
}

// isType tells whether a value is of a parameter's type as it is.
func isType(v clixml.Value, typ string) bool {
	item, list := strings.CutSuffix(typ, "[]")
	o := v.Object()
	if list && o != nil && o.Kind == clixml.List {
		for _, one := range o.Items {
			if !isType(one, item) {
				return false
			}
		}
		return true
	}
	switch item {
	case "string":
		return v.Kind() == clixml.KindString
	case "int":
		return v.Kind() == clixml.KindInt32
	case "uri":
		return v.Kind() == clixml.KindURI
	case "guid":
		return v.Kind() == clixml.KindGUID
	case "scriptblock":
		return v.Kind() == clixml.KindScriptBlock
	case "Object", "psobject":
		return true
	case "hashtable":
		return o != nil && o.Kind == clixml.Dict
	}
	return o != nil && o.Is(dotNetType(item))
}

// convert makes a value one of a parameter's type.
func (d *Cmdlets) convert(p parameter, v clixml.Value) (clixml.Value, error) {
	item, list := strings.CutSuffix(p.typ, "[]")
	if !list {
		if o := v.Object(); o != nil && o.Kind == clixml.List && len(o.Items) == 1 && item != "Object" {
			v = o.Items[0] // piped, or @(x)
		}
		return d.convertOne(parameter{name: p.name, typ: item}, v)
	}
	items := unroll(v)
	if v.IsNull() {
		return v, castf("Cannot bind argument to parameter '%s' because it is null.", p.name)
	}
	out := make([]clixml.Value, len(items))
	for i, one := range items {
		c, err := d.convertOne(parameter{name: p.name, typ: item}, one)
		if err != nil {
			return v, err
		}
		out[i] = c
	}
	return clixml.Obj(clixml.Array(out...)), nil
}

func (d *Cmdlets) convertOne(p parameter, v clixml.Value) (clixml.Value, error) {
	switch p.typ {
	case "":
		return toSwitch(p, v)
	case "string":
		return clixml.Str(v.String()), nil
	case "int":
		n, err := pslang.Convert(v, "System.Int32")
		if err != nil {
			return n, err
		}
		return n, inRange(p.name, n)
	case "guid":
		id, err := uuid.Parse(v.String())
		if err != nil {
			return v, castf(`Cannot convert value "%s" to type "System.Guid". Error: "Unrecognized Guid format."`, v)
		}
		return clixml.GUID(id), nil
	case "uri":
		if _, err := url.Parse(v.String()); err != nil {
			return v, castf(`Cannot convert value "%s" to type "System.Uri". Error: "Invalid URI: The hostname could not be parsed."`, v)
		}
		return clixml.Str(v.String()), nil
	case "PSSession":
		if _, ok := d.sessionOf(v); !ok {
			return v, notOf(v, typeSession)
		}
		return v, nil
	case "pscredential":
		if o := v.Object(); v.Kind() != clixml.KindString && (o == nil || !o.Is(typeCredential)) {
			return v, notOf(v, typeCredential)
		}
		return v, nil
	case "securestring":
		if o := v.Object(); o == nil || !o.Is(typeSecureString) {
			// Not with the value: it may well be the secret.
			return v, castf(`Cannot convert the value of type "%s" to type "System.Security.SecureString". Make one with Read-Host -AsSecureString.`, typeNameOf(v))
		}
		return v, nil
	case "scriptblock":
		if v.Kind() != clixml.KindScriptBlock {
			return v, notOf(v, "System.Management.Automation.ScriptBlock")
		}
		return v, nil
	case "PSSessionOption":
		_, err := d.optionsOf(v)
		return v, err
	case "hashtable":
		if o := v.Object(); o == nil || o.Kind != clixml.Dict {
			return v, notOf(v, "System.Collections.Hashtable")
		}
		return v, nil
	}
	if p.typ == "CommandTypes" {
		return commandTypes(v)
	}
	if names := enumNames(p.typ); names != nil {
		name, err := given{v, false}.enum(dotNetType(p.typ), names)
		return clixml.Str(name), err
	}
	return v, nil
}

// commandTypes are flags: several names, in a list or with commas.
func commandTypes(v clixml.Value) (clixml.Value, error) {
	var names []string
	for _, one := range unroll(v) {
		list := []clixml.Value{one}
		if one.Kind() == clixml.KindString {
			list = nil
			for part := range strings.SplitSeq(one.Text(), ",") {
				list = append(list, clixml.Str(strings.TrimSpace(part)))
			}
		}
		for _, part := range list {
			name, err := given{part, false}.enum(dotNetType("CommandTypes"), enumNames("CommandTypes"))
			if err != nil {
				return v, err
			}
			names = append(names, name)
		}
	}
	return clixml.Str(strings.Join(names, ", ")), nil
}

func notOf(v clixml.Value, typ string) error { return castError(notConvertible(v, typ)) }

func toSwitch(p parameter, v clixml.Value) (clixml.Value, error) {
	if v.Kind() == clixml.KindString || v.IsNull() {
		typ := "null"
		if !v.IsNull() {
			typ = "System.String"
		}
		return v, castError(fmt.Sprintf("Cannot convert '%s' to the type 'System.Management.Automation.SwitchParameter' required by parameter '%s'. ", typ, p.name))
	}
	return clixml.Bool(pslang.Truthy(v)), nil
}

// inRange is the cmdlets' check of numbers.
func inRange(name string, v clixml.Value) error {
	n, _ := v.Int()
	switch {
	case name == "OutBuffer", name == "IdleTimeoutSec":
		return notBelow(name, int(n), 0)
	case name != "Port":
		return nil
	case n > 65535:
		return castf("Cannot validate argument on parameter 'Port'. The %d argument is greater than the maximum allowed range of 65535. "+
			"Supply an argument that is less than or equal to 65535 and then try the command again.", n)
	}
	return notBelow("Port", int(n), 1)
}
