package directory

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

const automation = "System.Management.Automation."

// column is a column of a table; width 0 is found.
type column struct {
	label, property, script string
	width                   int
	align                   string
}

// tables are the views of the service's types, as its format files define them.
func tables() []*clixml.Object {
	return []*clixml.Object{
		tableOf("ADConnect.Schema.OCSADUser", "CsOnlineUser",
			column{label: "User", property: "UserPrincipalName", width: 32},
			column{property: "DisplayName", width: 28},
			column{label: "Voice", property: "EnterpriseVoiceEnabled", width: 6},
			column{label: "Line", script: "if ($_.LineUri) { $_.LineUri -replace '^tel:' } else { '-' }", width: 16},
			column{property: "Enabled", align: "Right"}),
		tableOf("Policy.Voice.OnlineRoute", "CsOnlineVoiceRoute",
			column{property: "Priority", width: 8, align: "Right"},
			column{property: "Name", width: 16},
			column{property: "NumberPattern", width: 24},
			column{label: "Gateways", property: "OnlinePstnGatewayList"}),
		tableOf("Hosted.SipDomain", "CsOnlineSipDomain", column{label: "SIP domain", property: "Name", width: 32}, column{property: "Status"}),
	}
}

// Views answers Get-FormatData for a type name or a pattern.
func Views(typeName string) []clixml.Value {
	match, err := pslang.Wildcard(typeName, false)
	if err != nil {
		return nil
	}
	var out []clixml.Value
	for _, o := range tables() {
		if match.MatchString(o.ToString) {
			out = append(out, clixml.Obj(o))
		}
	}
	return out
}

// tableOf is the definition of a type's only view, a table, as PowerShell
// sends it.
func tableOf(typeName, name string, columns ...column) *clixml.Object {
	headers, cells := part("TableControlColumnHeader", nil), part("TableControlColumn", nil)
	for _, c := range columns {
		kind, text := "Property", c.property
		if c.script != "" {
			kind, text = "ScriptBlock", c.script
		}
		align := c.align
		if align == "" {
			align = "Undefined"
		}
		entry := made("DisplayEntry", strings.ToLower(kind[:1])+kind[1:]+": "+text, clixml.Prop("ValueType", kind), clixml.Prop("Value", text))
		headers.Items = append(headers.Items, clixml.Obj(made("TableControlColumnHeader", "", labelled(c.label), clixml.Prop("Alignment", align), clixml.Prop("Width", c.width))))
		cells.Items = append(cells.Items, clixml.Obj(made("TableControlColumn", text,
			clixml.Prop("Alignment", "Undefined"), clixml.Prop("DisplayEntry", entry), clixml.Prop("FormatString", nil))))
	}
	row := made("TableControlRow", "", clixml.Prop("Columns", cells), clixml.Prop("SelectedBy", nil), clixml.Prop("Wrap", false))
	control := made("TableControl", "",
		clixml.Prop("Headers", headers), clixml.Prop("Rows", part("TableControlRow", row)), clixml.Prop("AutoSize", false),
		clixml.Prop("HideTableHeaders", false), clixml.Prop("GroupBy", nil), clixml.Prop("OutOfBand", false))
	view := made("FormatViewDefinition", "", clixml.Prop("Name", name), clixml.Prop("Control", control))
	return made("ExtendedTypeDefinition", schema+typeName,
		clixml.Prop("TypeName", schema+typeName), clixml.Prop("TypeNames", []string{schema + typeName}),
		clixml.Prop("FormatViewDefinition", part("FormatViewDefinition", view)))
}

func labelled(label string) clixml.Property {
	if label == "" {
		return clixml.Prop("Label", nil)
	}
	return clixml.Prop("Label", label)
}

func made(typeName, text string, props ...clixml.Property) *clixml.Object {
	if text == "" {
		text = automation + typeName
	}
	return &clixml.Object{TypeNames: []string{automation + typeName, "System.Object"}, ToString: text, HasToString: true, Props: props}
}

// part is a list of a definition's parts.
func part(typeName string, one *clixml.Object) *clixml.Object {
	list := &clixml.Object{TypeNames: []string{"System.Collections.Generic.List`1[[" + automation + typeName + "]]", "System.Object"}, Kind: clixml.List}
	if one != nil {
		list.Items = []clixml.Value{clixml.Obj(one)}
	}
	return list
}
