package pipeline

import (
	"fmt"

	"psdeck/session/clixml"
)

// addMember is Add-Member. The object that comes in may be shown or kept
// elsewhere and stays as it is: a copy with the members goes on.
type addMember struct {
	running
	members  []clixml.Property
	typeName string
	force    bool
}

func newAddMember(a *arguments) (Stage, error) {
	m := &addMember{force: a.flag("Force")}
	if !a.flag("PassThru") {
		return nil, a.usage(a.cmd.Extent, "NotSupported", "Add-Member gives a changed copy here: write -PassThru and keep what comes")
	}
	if err := m.read(a); err != nil {
		return nil, err
	}
	var err error
	m.typeName, err = a.text("TypeName")
	return m, err
}

func (m *addMember) read(a *arguments) error {
	name, value := "NotePropertyName", "NotePropertyValue"
	first, err := a.value("NotePropertyName")
	if err != nil {
		return err
	}
	if o := first.Object(); o != nil && o.Kind == clixml.Dict { // by its position
		return m.dictionary(o)
	}
	members, err := a.value("NotePropertyMembers")
	if o := members.Object(); err != nil || o != nil && o.Kind == clixml.Dict {
		if err == nil {
			err = m.dictionary(o)
		}
		return err
	}
	if a.has("MemberType") || a.has("Name") {
		kind, err := a.oneOf("MemberType", "NoteProperty", "NoteProperty", "AliasProperty", "ScriptProperty", "ScriptMethod", "CodeProperty", "CodeMethod", "PropertySet", "MemberSet")
		if err != nil {
			return err
		}
		if kind != "NoteProperty" {
			return a.usage(a.exprs["MemberType"].Span(), "NotSupported", "only a NoteProperty is added here")
		}
		name, value = "Name", "Value"
	}
	if !a.has(name) {
		if m.typeName == "" && a.has("TypeName") {
			return nil
		}
		return a.usage(a.cmd.Extent, "MissingMandatoryParameter", "Cannot process command because of one or more missing mandatory parameters: %s.", name)
	}
	text, err := a.text(name)
	if err != nil {
		return err
	}
	v, err := a.value(value)
	m.members = []clixml.Property{{Name: text, Value: v}}
	return err
}

func (m *addMember) dictionary(o *clixml.Object) error {
	for _, e := range o.Entries {
		m.members = append(m.members, clixml.Property{Name: e.Key.String(), Value: e.Value})
	}
	return nil
}

func (m *addMember) Push(v clixml.Value) ([]clixml.Value, error) {
	for _, p := range m.members {
		if _, exists := v.Object().Get(p.Name); exists && !m.force {
			return nil, &Error{Command: "Add-Member", ID: "MemberAlreadyExists", Target: v, Msg: fmt.Sprintf(
				"Cannot add a member with the name %q because a member with that name already exists. To overwrite the member anyway, add the Force parameter to your command.", p.Name)}
		}
	}
	out := noted(v, m.members...)
	if m.typeName != "" {
		o := out.Object()
		o.TypeNames = append([]string{m.typeName}, o.TypeNames...)
	}
	return []clixml.Value{out}, nil
}
