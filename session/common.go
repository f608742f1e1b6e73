package session

import (
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// keeps is what is done here with what a remote command gives: the variables
// of its common parameters take some, and redirections send some to nowhere.
type keeps struct {
	variables [pslang.InformationStream + 1]kept // by stream
	dropped   [pslang.InformationStream + 1]bool
	pipeline  string // -PipelineVariable
}

// kept is a variable that a common parameter names; add is the "+" before it.
type kept struct {
	name string
	add  bool
}

// ends tells whether the objects are needed here, so that the next command
// cannot take them from this one on the server.
func (k *keeps) ends() bool {
	return k.variables[pslang.OutputStream].name != "" || k.pipeline != "" || k.dropped[pslang.OutputStream] || k.alone()
}

// alone tells whether the command's own records are needed here: those of
// commands that run together on the server cannot be told apart.
func (k *keeps) alone() bool {
	for from := pslang.ErrorStream; from <= pslang.InformationStream; from++ {
		if k.variables[from].name != "" || k.dropped[from] {
			return true
		}
	}
	return false
}

// commonHere are the common parameters that act here and not on the server. A
// shortened name counts from stem on: a shorter one may be the server's own.
var commonHere = [...]struct {
	name, alias, stem string
	stream            pslang.Stream // AllStreams for the two that name none
}{
	{"OutVariable", "ov", "OutV", pslang.OutputStream},
	{"ErrorVariable", "ev", "ErrorV", pslang.ErrorStream},
	{"WarningVariable", "wv", "WarningV", pslang.WarningStream},
	{"InformationVariable", "iv", "InformationV", pslang.InformationStream},
	{"PipelineVariable", "pv", "PipelineV", pslang.AllStreams},
	{"OutBuffer", "ob", "OutB", pslang.AllStreams},
}

// takeCommon keeps the common parameters that act here and returns the others.
func (k *keeps) takeCommon(at pslang.Extent, params []psrp.Parameter) ([]psrp.Parameter, error) {
	rest := params[:0]
	for i := 0; i < len(params); i++ {
		name, bound := strings.CutSuffix(strings.TrimRight(params[i].Name, " "), ":")
		typed := strings.HasPrefix(name, "-")
		full, stream := commonNamed(strings.TrimPrefix(name, "-"))
		if full == "" {
			rest = append(rest, params[i])
			continue
		}
		value := params[i].Value
		if typed && !bound {
			if i+1 == len(params) || params[i+1].Name != "" {
				return nil, missingArgument(at, full)
			}
			i++
			value = params[i].Value
		}
		if err := k.set(at, full, stream, value); err != nil {
			return nil, err
		}
	}
	k.keepSilenced(rest)
	return rest, nil
}

// keepSilenced has the server send what a variable here takes though it shall
// not be shown: -ErrorAction SilentlyContinue -ErrorVariable e.
func (k *keeps) keepSilenced(params []psrp.Parameter) {
	for _, p := range [...]struct {
		name, alias, stem string
		stream            pslang.Stream
	}{
		{"ErrorAction", "ea", "ErrorA", pslang.ErrorStream},
		{"WarningAction", "wa", "WarningA", pslang.WarningStream},
		{"InformationAction", "infa", "InformationA", pslang.InformationStream},
	} {
		for i := range params {
			name := strings.Trim(params[i].Name, "-: ")
			_, shortened := cutPrefixFold(p.name, name)
			if k.variables[p.stream].name == "" || !strings.EqualFold(name, p.alias) && (!shortened || len(name) < len(p.stem)) {
				continue
			}
			at := i
			if params[at].Value.IsNull() && at+1 < len(params) && params[at+1].Name == "" {
				at++
			}
			if v := params[at].Value.String(); strings.EqualFold(v, "SilentlyContinue") || v == "0" {
				params[at].Value, k.dropped[p.stream] = clixml.Str("Continue"), true
			}
		}
	}
}

func commonNamed(name string) (full string, stream pslang.Stream) {
	for _, p := range commonHere {
		_, shortened := cutPrefixFold(p.name, name)
		if strings.EqualFold(name, p.alias) || shortened && len(name) >= len(p.stem) {
			return p.name, p.stream
		}
	}
	return "", 0
}

func missingArgument(at pslang.Extent, name string) error {
	return &pslang.Error{Extent: at, ID: "MissingArgument", Msg: "Missing an argument for parameter '" + name + "'. Specify a parameter of type 'System.String' and try again."}
}

func (k *keeps) set(at pslang.Extent, full string, stream pslang.Stream, value clixml.Value) error {
	if full == "OutBuffer" { // objects are handed on as they come
		n, err := pslang.Convert(value, "int")
		if i, _ := n.Int(); err != nil || i < 0 {
			return &pslang.Error{Extent: at, ID: "ParameterArgumentValidationError", Msg: "Cannot validate argument on parameter 'OutBuffer'. It takes a number of objects, 0 or more."}
		}
		return nil
	}
	name, add := strings.CutPrefix(value.String(), "+")
	if name == "" {
		return missingArgument(at, full)
	}
	if full == "PipelineVariable" {
		k.pipeline = name
		return nil
	}
	k.variables[stream] = kept{name, add}
	return nil
}

// redirect sends streams into the output, where the server does it as
// PowerShell's client asks, or to nowhere, which is done here.
func (k *keeps) redirect(cmd *psrp.Command, list []pslang.Redirection) {
	for _, r := range list {
		for from := pslang.OutputStream; from <= pslang.InformationStream; from++ {
			switch {
			case r.From != pslang.AllStreams && r.From != from:
			case r.Null:
				k.dropped[from] = true
			default:
				merge(cmd, from)
			}
		}
	}
}

func merge(cmd *psrp.Command, from pslang.Stream) {
	switch from {
	case pslang.ErrorStream:
		cmd.MergeErrorToOutput = true
	case pslang.WarningStream:
		cmd.Merge.Warning = psrp.ResultOutput
	case pslang.VerboseStream:
		cmd.Merge.Verbose = psrp.ResultOutput
	case pslang.DebugStream:
		cmd.Merge.Debug = psrp.ResultOutput
	case pslang.InformationStream:
		cmd.Merge.Information = psrp.ResultOutput
	}
}
