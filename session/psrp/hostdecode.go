package psrp

import (
	"fmt"
	"math"

	"psdeck/session/clixml"
)

// Decode gives the parameters of a call by its method, as one of [ReadLine],
// [Prompt], [WriteLine] and their like. An unknown method, too few parameters,
// or one of the wrong type is an error.
func (h HostCall) Decode() (any, error) {
	p := params{items: h.Parameters}
	x := p.decode(h.Method)
	if p.err != nil {
		return nil, fmt.Errorf("host call %s: %w", h.Method, p.err)
	}
	return x, nil
}

func (p *params) decode(m HostMethod) any {
	switch m {
	case MethodGetName, MethodGetVersion, MethodGetInstanceID, MethodGetCurrentCulture, MethodGetCurrentUICulture,
		MethodGetForegroundColor, MethodGetBackgroundColor, MethodGetCursorPosition, MethodGetWindowPosition,
		MethodGetCursorSize, MethodGetBufferSize, MethodGetWindowSize, MethodGetWindowTitle, MethodGetMaxWindowSize,
		MethodGetMaxPhysicalWindowSize, MethodGetKeyAvailable, MethodGetIsRunspacePushed, MethodGetRunspace:
		return Getter{m}
	case MethodEnterNestedPrompt, MethodExitNestedPrompt, MethodNotifyBeginApplication,
		MethodNotifyEndApplication, MethodPushRunspace, MethodPopRunspace:
		return Notification{m}
	case MethodSetShouldExit:
		return SetShouldExit{p.int32(0)}
	case MethodReadLine:
		return ReadLine{}
	case MethodReadLineAsSecureString:
		return ReadLineAsSecureString{}
	case MethodPrompt:
		return Prompt{p.text(0), p.text(1), p.fields(2)}
	case MethodPromptForCredential1:
		return PromptForCredential{Caption: p.text(0), Message: p.text(1), UserName: p.text(2), TargetName: p.text(3)}
	case MethodPromptForCredential2:
		return PromptForCredential{p.text(0), p.text(1), p.text(2), p.text(3), p.int32(4), p.int32(5)}
	case MethodPromptForChoice:
		return PromptForChoice{p.text(0), p.text(1), p.choices(2), int(p.int32(3))}
	case MethodPromptForChoiceMultipleSelection:
		return PromptForChoices{p.text(0), p.text(1), p.choices(2), p.ints(3)}
	}
	if m >= MethodWrite1 && m <= MethodWriteWarningLine {
		return p.decodeWrite(m)
	}
	return p.decodeScreen(m)
}

func (p *params) decodeWrite(m HostMethod) any {
	switch m {
	case MethodWrite1:
		return Write{p.text(0)}
	case MethodWrite2:
		return WriteColor{p.color(0), p.color(1), p.text(2)}
	case MethodWriteLine1:
		return WriteLine{}
	case MethodWriteLine2:
		return WriteLine{p.text(0)}
	case MethodWriteLine3:
		return WriteLineColor{p.color(0), p.color(1), p.text(2)}
	case MethodWriteErrorLine:
		return WriteErrorLine{p.text(0)}
	case MethodWriteDebugLine:
		return WriteDebugLine{p.text(0)}
	case MethodWriteVerboseLine:
		return WriteVerboseLine{p.text(0)}
	case MethodWriteWarningLine:
		return WriteWarningLine{p.text(0)}
	default: // MethodWriteProgress
		return WriteProgress{p.int64(0), decodeAt(p, 1, decodeProgress)}
	}
}

func (p *params) decodeScreen(m HostMethod) any {
	switch m {
	case MethodSetForegroundColor, MethodSetBackgroundColor:
		return SetColor{m, p.color(0)}
	case MethodSetCursorPosition, MethodSetWindowPosition:
		return SetPosition{m, p.coordinates(0)}
	case MethodSetCursorSize:
		return SetCursorSize{p.int32(0)}
	case MethodSetBufferSize, MethodSetWindowSize:
		return SetSize{m, p.size(0)}
	case MethodSetWindowTitle:
		return SetWindowTitle{p.text(0)}
	case MethodReadKey:
		return ReadKey{p.int32(0)}
	case MethodFlushInputBuffer:
		return FlushInputBuffer{}
	case MethodSetBufferContents1:
		return FillBuffer{decodeAt(p, 0, decodeRectangle), decodeAt(p, 1, decodeCell)}
	case MethodSetBufferContents2:
		return SetBuffer{p.coordinates(0), decodeAt(p, 1, decodeGrid)}
	case MethodGetBufferContents:
		return GetBuffer{decodeAt(p, 0, decodeRectangle)}
	case MethodScrollBufferContents:
		return ScrollBuffer{
			decodeAt(p, 0, decodeRectangle), p.coordinates(1),
			decodeAt(p, 2, decodeRectangle), decodeAt(p, 3, decodeCell),
		}
	}
	p.fail("the method is not known")
	return nil
}

// params takes typed parameters out of a list and keeps the first error.
type params struct {
	items []clixml.Value
	err   error
}

func (p *params) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *params) at(i int) clixml.Value {
	if i >= len(p.items) {
		p.fail("parameter %d is missing", i+1)
		return clixml.Null()
	}
	return p.items[i]
}

func (p *params) text(i int) string {
	s, ok := textOf(p.at(i))
	if !ok {
		p.fail("parameter %d is no text", i+1)
	}
	return s
}

func (p *params) int64(i int) int64 {
	n, ok := p.at(i).Int()
	if !ok {
		p.fail("parameter %d is no integer", i+1)
	}
	return n
}

func (p *params) int32(i int) int32 {
	n := p.int64(i)
	if n < math.MinInt32 || n > math.MaxInt32 {
		p.fail("parameter %d is out of range", i+1)
		return 0
	}
	return int32(n)
}

func (p *params) color(i int) ConsoleColor { return ConsoleColor(p.int32(i)) }

func (p *params) coordinates(i int) Coordinates { return decodeAt(p, i, decodeCoordinates) }

func (p *params) size(i int) Size { return decodeAt(p, i, decodeSize) }

// decodeAt reads parameter i as an object.
func decodeAt[T any](p *params, i int, decode func(*reader) T) T {
	var zero T
	r := newReader(p.at(i))
	if r.err != nil {
		p.fail("parameter %d: %w", i+1, r.err)
		return zero
	}
	x := decode(r)
	if r.err != nil {
		p.fail("parameter %d: %w", i+1, r.err)
		return zero
	}
	return x
}

func (p *params) list(i int) []clixml.Value {
	o := p.at(i).Object()
	if o == nil || o.Kind != clixml.List {
		p.fail("parameter %d is no list", i+1)
		return nil
	}
	return o.Items
}

// ints reads numbers: a list, or an array's elements and lengths. Null is none.
func (p *params) ints(i int) []int {
	v := p.at(i)
	if v.IsNull() {
		return nil
	}
	items := []clixml.Value{}
	if elements, ok := v.Object().Get("mae"); ok {
		if o := elements.Object(); o != nil {
			items = o.Items
		}
	} else {
		items = p.list(i)
	}
	out := make([]int, len(items))
	for n, item := range items {
		x, ok := item.Int()
		if !ok || x < math.MinInt32 || x > math.MaxInt32 {
			p.fail("parameter %d, element %d is no number", i+1, n+1)
			return nil
		}
		out[n] = int(x)
	}
	return out
}

func (p *params) choices(i int) []Choice {
	items := p.list(i)
	out := make([]Choice, len(items))
	for n := range items {
		q := params{items: items}
		out[n] = decodeAt(&q, n, func(r *reader) Choice {
			return Choice{r.text("label"), r.optionalText("helpMessage")}
		})
		if q.err != nil {
			p.fail("choices: %w", q.err)
		}
	}
	return out
}

func (p *params) fields(i int) []FieldDescription {
	items := p.list(i)
	out := make([]FieldDescription, len(items))
	for n := range items {
		q := params{items: items}
		out[n] = decodeAt(&q, n, decodeField)
		if q.err != nil {
			p.fail("fields: %w", q.err)
		}
	}
	return out
}

func decodeField(r *reader) FieldDescription {
	return FieldDescription{
		Name:               r.text("name"),
		Label:              r.optionalText("label"),
		Help:               r.optionalText("helpMessage"),
		TypeName:           r.optionalText("parameterTypeName"),
		FullType:           r.optionalText("parameterTypeFullName"),
		AssemblyType:       r.optionalText("parameterAssemblyFullName"),
		Mandatory:          r.optionalBool("isMandatory"),
		Default:            r.value("defaultValue"),
		Metadata:           r.optionalList("metadata"),
		ModifiedByProtocol: r.optionalBool("modifiedByRemotingProtocol"),
		FromRemoteHost:     r.optionalBool("isFromRemoteHost"),
	}
}
