package psrp

import (
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

func enumOf(typeName string, names []string, n int32) *clixml.Object {
	name := strconv.Itoa(int(n))
	if n >= 0 && int(n) < len(names) {
		name = names[n]
	}
	return clixml.Enum(typeName, name, n)
}

func (t ResultType) enum() *clixml.Object {
	return enumOf("System.Management.Automation.Runspaces.PipelineResultTypes",
		[]string{"None", "Output", "Error", "Warning", "Verbose", "Debug", "Information", "All", "Null"}, int32(t))
}

func (t ThreadOptions) enum() *clixml.Object {
	return enumOf("System.Management.Automation.Runspaces.PSThreadOptions",
		[]string{"Default", "UseNewThread", "ReuseThread", "UseCurrentThread"}, int32(t))
}

func (a ApartmentState) enum() *clixml.Object {
	n := int32(2)
	switch a {
	case ApartmentSTA:
		n = 0
	case ApartmentMTA:
		n = 1
	}
	return enumOf("System.Threading.ApartmentState", []string{"STA", "MTA", "Unknown"}, n)
}

func decodeApartment(r *reader) ApartmentState {
	if r.value("ApartmentState").IsNull() {
		return ApartmentUnknown
	}
	switch r.int32("ApartmentState") {
	case 0:
		return ApartmentSTA
	case 1:
		return ApartmentMTA
	default:
		return ApartmentUnknown
	}
}

func (o StreamOptions) enum() *clixml.Object {
	const name = "System.Management.Automation.RemoteStreamOptions"
	if o == InvocationInAll {
		return clixml.Enum(name, "AddInvocationInfo", int32(o))
	}
	return clixml.Enum(name, flagNames(int32(o), []flagName{
		{1, "AddInvocationInfoToErrorRecord"},
		{2, "AddInvocationInfoToWarningRecord"},
		{4, "AddInvocationInfoToDebugRecord"},
		{8, "AddInvocationInfoToVerboseRecord"},
	}), int32(o))
}

func (t CommandTypes) enum() *clixml.Object {
	const name = "System.Management.Automation.CommandTypes"
	if t == 0x1FF {
		return clixml.Enum(name, "All", int32(t))
	}
	return clixml.Enum(name, flagNames(int32(t), []flagName{
		{0x001, "Alias"},
		{0x002, "Function"},
		{0x004, "Filter"},
		{0x008, "Cmdlet"},
		{0x010, "ExternalScript"},
		{0x020, "Application"},
		{0x040, "Script"},
		{0x100, "Configuration"},
	}), int32(t))
}

type flagName struct {
	bit  int32
	name string
}

// flagNames writes a set of flags as .NET does: the names, or the number where
// a bit has none.
func flagNames(n int32, flags []flagName) string {
	var names []string
	rest := n
	for _, f := range flags {
		if n&f.bit != 0 {
			names = append(names, f.name)
			rest &^= f.bit
		}
	}
	if rest != 0 || len(names) == 0 {
		return strconv.Itoa(int(n))
	}
	return strings.Join(names, ", ")
}

func (m HostMethod) enum() *clixml.Object {
	name := m.String()
	if m < 1 || m > MethodPromptForChoiceMultipleSelection {
		name = strconv.Itoa(int(m))
	}
	return clixml.Enum("System.Management.Automation.Remoting.RemoteHostMethodId", name, int32(m))
}
