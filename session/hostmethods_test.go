package session_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// hostCalls are calls of all methods with what a session does about each: the
// text of the value that it answers, "!" and the error, or "" where no answer
// is wanted.
func hostCalls() []struct {
	call any
	want string
} {
	cell := psrp.BufferCell{Character: 'x'}
	fields := []psrp.FieldDescription{{Name: "Name", FullType: "System.String", Mandatory: true}}
	choices := []psrp.Choice{{Label: "&Yes"}, {Label: "&No"}}
	const no = "!this host does not offer "
	return []struct {
		call any
		want string
	}{
		{psrp.Getter{Method: psrp.MethodGetName}, "psdeck"},
		{psrp.Getter{Method: psrp.MethodGetVersion}, "1.0"},
		{psrp.Getter{Method: psrp.MethodGetInstanceID}, "a guid"},
		{psrp.Getter{Method: psrp.MethodGetCurrentCulture}, "de-CH"},
		{psrp.Getter{Method: psrp.MethodGetCurrentUICulture}, "en-GB"},
		{psrp.SetShouldExit{Code: 3}, ""},
		{psrp.Notification{Method: psrp.MethodEnterNestedPrompt}, ""},
		{psrp.Notification{Method: psrp.MethodExitNestedPrompt}, ""},
		{psrp.Notification{Method: psrp.MethodNotifyBeginApplication}, ""},
		{psrp.Notification{Method: psrp.MethodNotifyEndApplication}, ""},
		{psrp.ReadLine{}, "typed"},
		{psrp.ReadLineAsSecureString{}, "System.Security.SecureString"},
		{write(psrp.MethodWrite1, "part "), ""},
		{psrp.WriteColor{Foreground: psrp.ColorRed, Text: "of "}, ""},
		{write(psrp.MethodWriteLine1), ""},
		{psrp.WriteLine{Text: "a line"}, ""},
		{psrp.WriteLineColor{Foreground: psrp.ColorRed, Text: "a red line"}, ""},
		{psrp.WriteErrorLine{Text: "x"}, ""},
		{psrp.WriteDebugLine{Text: "x"}, ""},
		{psrp.WriteProgress{Record: psrp.ProgressRecord{Activity: "x"}}, ""},
		{psrp.WriteVerboseLine{Text: "x"}, ""},
		{psrp.WriteWarningLine{Text: "x"}, ""},
		{psrp.Prompt{Caption: "c", Message: "m", Fields: fields}, "typed"},
		{write(psrp.MethodPromptForCredential1, "c", "m", "u", "t"), "u"},
		{psrp.PromptForCredential{Caption: "c", Message: "m", UserName: "u"}, "u"},
		{psrp.PromptForChoice{Caption: "c", Message: "m", Choices: choices}, "1"},
		{psrp.Getter{Method: psrp.MethodGetForegroundColor}, "7"},
		{psrp.SetColor{Method: psrp.MethodSetForegroundColor}, ""},
		{psrp.Getter{Method: psrp.MethodGetBackgroundColor}, "0"},
		{psrp.SetColor{Method: psrp.MethodSetBackgroundColor}, ""},
		{psrp.Getter{Method: psrp.MethodGetCursorPosition}, "x=0 y=0"},
		{psrp.SetPosition{Method: psrp.MethodSetCursorPosition}, ""},
		{psrp.Getter{Method: psrp.MethodGetWindowPosition}, "x=0 y=0"},
		{psrp.SetPosition{Method: psrp.MethodSetWindowPosition}, ""},
		{psrp.Getter{Method: psrp.MethodGetCursorSize}, "25"},
		{psrp.SetCursorSize{Percent: 50}, ""},
		{psrp.Getter{Method: psrp.MethodGetBufferSize}, "width=120 height=30"},
		{psrp.SetSize{Method: psrp.MethodSetBufferSize}, ""},
		{psrp.Getter{Method: psrp.MethodGetWindowSize}, "width=120 height=30"},
		{psrp.SetSize{Method: psrp.MethodSetWindowSize}, ""},
		{psrp.Getter{Method: psrp.MethodGetWindowTitle}, ""},
		{psrp.SetWindowTitle{Title: "x"}, ""},
		{psrp.Getter{Method: psrp.MethodGetMaxWindowSize}, "width=120 height=30"},
		{psrp.Getter{Method: psrp.MethodGetMaxPhysicalWindowSize}, "width=120 height=30"},
		{psrp.Getter{Method: psrp.MethodGetKeyAvailable}, "False"},
		{psrp.ReadKey{}, no + "ReadKey"},
		{psrp.FlushInputBuffer{}, ""},
		{psrp.FillBuffer{Cell: cell}, ""},
		{psrp.SetBuffer{Cells: [][]psrp.BufferCell{{cell}}}, ""},
		{psrp.GetBuffer{}, no + "GetBufferContents"},
		{psrp.ScrollBuffer{Fill: cell}, ""},
		{psrp.Notification{Method: psrp.MethodPushRunspace}, ""},
		{psrp.Notification{Method: psrp.MethodPopRunspace}, ""},
		{psrp.Getter{Method: psrp.MethodGetIsRunspacePushed}, "False"},
		{psrp.Getter{Method: psrp.MethodGetRunspace}, no + "GetRunspace"},
		{psrp.PromptForChoices{Caption: "c", Message: "m", Choices: choices, Defaults: []int{0}}, "1"},
	}
}

// write is a call by its method, for forms of which NewHostCall knows a fuller one.
func write(m psrp.HostMethod, texts ...string) psrp.HostCall {
	call := psrp.HostCall{Method: m}
	for _, text := range texts {
		call.Parameters = append(call.Parameters, clixml.Str(text))
	}
	return call
}

// caller calls every method and writes what it is answered.
func caller(t *testing.T) runspace.Cmdlet {
	return runspace.Cmdlet{Name: "Test-Host", Run: func(c *runspace.Call) error {
		for i, h := range hostCalls() {
			call, ok := h.call.(psrp.HostCall)
			if !ok {
				var err error
				if call, err = psrp.NewHostCall(h.call); err != nil {
					t.Errorf("%T: %v", h.call, err)
					continue
				}
			}
			if int(call.Method) != i+1 {
				t.Errorf("%s stands at %d", call.Method, i+1)
			}
			v, err := c.HostCall(call.Method, call.Parameters...)
			var said *psrp.ErrorRecord
			text := plainly(v)
			if errors.As(err, &said) {
				text = "!" + said.Message + " " + said.FullyQualifiedErrorID
			} else if err != nil {
				return err
			}
			if !call.Method.Void() {
				text = call.Method.String() + "=" + text
				if err := c.WriteObject(clixml.Str(text)); err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

func plainly(v clixml.Value) string {
	o := v.Object()
	switch {
	case v.Kind() == clixml.KindGUID:
		return "a guid"
	case o == nil:
		return v.String()
	case len(o.Entries) == 1:
		return o.Entries[0].Value.String()
	case o.Kind == clixml.List && len(o.Items) == 1:
		return o.Items[0].String()
	case len(o.Props) > 0:
		return o.Props[0].Value.String() // the user name of a credential
	}
	var parts []string
	for _, m := range o.Members {
		parts = append(parts, m.Name+"="+m.Value.String())
	}
	return strings.Join(parts, " ")
}

// All 56 methods: what wants an answer gets one, a value or the error that says
// that there is none, and what wants none ends nothing.
func TestEveryHostMethodIsAnswered(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		st := newStand(t, scheme, endpoint.Config{Open: ofCommands(caller(t))})
		target := st.target()
		target.Options.Culture, target.Options.UICulture = "de-CH", "en-GB"
		s := st.connectTo(target)
		run, err := s.Run(t.Context(), "Test-Host", session.RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var got, host, warnings []string
		for {
			records, err := run.Next(t.Context())
			if err != nil {
				break
			}
			for _, r := range records {
				switch r.Stream {
				case session.StreamOutput:
					got = append(got, r.Value.String())
				case session.StreamHost:
					host = append(host, r.Text)
				case session.StreamWarning:
					warnings = append(warnings, r.Text)
				case session.StreamPrompt:
					answerPrompt(t, r.Prompt)
				}
			}
		}
		var want []string
		for i, h := range hostCalls() {
			if m := psrp.HostMethod(i + 1); !m.Void() {
				text := m.String() + "=" + h.want
				if strings.HasPrefix(h.want, "!") {
					text += " HostFunctionNotImplemented"
				}
				want = append(want, text)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("answers\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if !slices.Equal(host, []string{"part of ", "a line", "a red line"}) {
			t.Errorf("written to the host: %q", host)
		}
		if len(warnings) != 1 || !strings.Contains(warnings[0], "what stands on this screen") {
			t.Errorf("warnings %q", warnings)
		}
		if res := run.Result(); res.Outcome != session.Completed || s.State() != session.Opened {
			t.Errorf("%+v, the session is %v", res, s.State())
		}
	})
}

func answerPrompt(t *testing.T, p *session.Prompt) {
	t.Helper()
	var err error
	switch p.Kind {
	case session.PromptChoice:
		err = p.Choose(t.Context(), 1)
	case session.PromptCredential:
		err = p.Fill(t.Context(), []string{"secret"}) // who it is, is known
	default:
		err = p.Fill(t.Context(), []string{"typed"})
	}
	if err != nil {
		t.Error(err)
	}
}
