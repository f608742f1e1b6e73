package headless

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"psdeck/auth"
	"psdeck/session"
)

// home runs lines in the home session, without any server.
func home(t *testing.T, cfg Config) result {
	t.Helper()
	var out, errs bytes.Buffer
	cfg.Stdout, cfg.Stderr = &out, &errs
	if cfg.Connect == nil {
		cfg.Connect = func(context.Context, session.Target, func(session.Event)) (*session.Session, error) {
			t.Error("a connection was asked for")
			return nil, errors.New("no")
		}
	}
	code := Exec(t.Context(), cfg)
	return result{code, out.String(), errs.String()}
}

// An error of an expression ends its statement: it is marked, and the line goes
// on; the next line does not run.
func TestAnErrorOfAnExpression(t *testing.T) {
	r := home(t, Config{Lines: []string{`"a"; 10/0; "b"`, `"c"`}})
	r.want(t, ExitErrors, "RuntimeException: Attempted to divide by zero.\n  \"a\"; 10/0; \"b\"\n       ^\n")
	if r.out != "a\nb\n" {
		t.Errorf("output %q", r.out)
	}
	r = home(t, Config{Lines: []string{`$n[0]`}})
	r.want(t, ExitErrors, "InvalidOperation: Cannot index into a null array.\n  $n[0]\n  ^\n")
	r = home(t, Config{Lines: []string{`Get-PSSession -Id 77; "still here"`}})
	r.want(t, ExitErrors, "The remote session with the session ID 77 is not available.")
	if r.out != "still here\n" {
		t.Errorf("output %q", r.out)
	}
}

// What is wrong with the call itself is said before anything is started.
func TestUsage(t *testing.T) {
	for want, cfg := range map[string]Config{
		`output form "yaml" is none of auto, table, list, json, jsonl, csv, clixml, text`: {Form: "yaml", Lines: []string{"1"}},
		"there is nothing to run":                   {},
		"--timeout -1ns is negative":                {Lines: []string{"1"}, Timeout: -1},
		"--width -3 is negative":                    {Lines: []string{"1"}, Width: -3},
		"The string is missing the terminator: \".": {Lines: []string{"1", `"abc`}},
		"reading the line: ":                        {Lines: []string{"Get-A )"}},
	} {
		t.Run(want, func(t *testing.T) {
			cfg.Target = &session.Target{UserName: "a@b.example"}
			r := home(t, cfg)
			r.want(t, ExitUsage, want, "\nhint: ")
			if r.out != "" || !strings.HasPrefix(r.err, "psdeck: ") {
				t.Errorf("%q, %q", r.out, r.err)
			}
		})
	}
}

func TestTheMarkStandsUnderTheMistake(t *testing.T) {
	for line, want := range map[string]string{
		"Get-A 'b":          "\n  Get-A 'b\n        ^\n",
		"Get-A\tä 'b":       "\n  Get-A ä 'b\n          ^\n",
		"'x' |\n  Get-B \"": "\n    Get-B \"\n          ^\n",
	} {
		if r := home(t, Config{Lines: []string{line}}); !strings.Contains(r.err, want) {
			t.Errorf("%q gives\n%s", line, r.err)
		}
	}
	secret := `Set-Thing -Password 'hunter2' "`
	if r := home(t, Config{Lines: []string{secret}}); strings.Contains(r.err, "hunter2") {
		t.Errorf("%s", r.err)
	}
}

func TestHome(t *testing.T) {
	for _, c := range []struct {
		lines []string
		code  int
		out   string
		says  string
	}{
		{lines: []string{"1..3 | Select-Object -First 2"}, out: "1\n2\n"},
		{lines: []string{"$x = 'a','b'", "$x"}, out: "\"a\"\n\"b\"\n"},
		{lines: []string{"Get-CsTenant"}, code: ExitUsage, says: "open a tenant first: New-CsOnlineSession"},
		{lines: []string{"New-CsOnlineSession -Colour red"}, code: ExitUsage, says: "'Colour'"},
		{lines: []string{"New-CsOnlineSession -UserName a -UserName b"}, code: ExitUsage, says: "UserName"},
	} {
		r := home(t, Config{Lines: c.lines, Form: "jsonl"})
		if r.code != c.code || r.out != c.out || !strings.Contains(r.err, c.says) || strings.Contains(r.err, "\nError: ") {
			t.Errorf("%q: %d, %q, %q", c.lines, r.code, r.out, r.err)
		}
	}
}

// Each class of a failure to connect has its exit code.
func TestExitCodesOfConnecting(t *testing.T) {
	for code, err := range map[int]error{
		ExitErrors:  &session.Error{Doing: "doing it", Err: errors.New("why"), Hints: []string{"next", ""}, Class: session.ClassCommand},
		ExitUsage:   &session.Error{Doing: "doing it", Err: errors.New("why"), Hints: []string{"next"}, Class: session.ClassUsage},
		ExitConnect: fmt.Errorf("around: %w", &session.Error{Doing: "doing it", Err: errors.New("why"), Hints: []string{"next"}}),
		ExitSignIn:  &session.Error{Doing: "doing it", Err: errors.New("why"), Hints: []string{"next"}, Class: session.ClassSignIn},
		ExitSafety:  &session.Error{Doing: "doing it", Err: errors.New("why"), Hints: []string{"next"}, Class: session.ClassSafety},
	} {
		r := home(t, Config{
			Target: &session.Target{}, Lines: []string{"1"}, Form: "json",
			Connect: func(context.Context, session.Target, func(session.Event)) (*session.Session, error) { return nil, err },
		})
		r.want(t, code, "doing it: why\nhint: next\n")
		if r.out != "" || strings.Count(r.err, "hint: ") != 1 {
			t.Errorf("%q, %q", r.out, r.err)
		}
	}
	if code := Report(&bytes.Buffer{}, errors.New("anything else")); code != ExitConnect {
		t.Errorf("exit code %d", code)
	}
}

func TestNarrationWhileConnecting(t *testing.T) {
	r := home(t, Config{
		Target: &session.Target{}, Lines: []string{"1"}, Interactive: true,
		Connect: func(ctx context.Context, _ session.Target, watch func(session.Event)) (*session.Session, error) {
			watch(session.DeviceCodeShown{Code: auth.DeviceCode{URL: "https://login.example/device", UserCode: "ABCD\x1b[2J"}})
			watch(session.BrowserOpened{URL: "https://login.example/authorize"})
			watch(session.EndpointFound{URI: "https://odd.example/", Known: false})
			watch(session.EndpointFound{URI: "https://known.example/", Known: true})
			watch(session.Noted{Text: "by the way"})
			watch(session.Noted{Text: "the token is no JWT", Important: true})
			return nil, &session.Error{Err: errors.New("that is all"), Class: session.ClassSignIn}
		},
	})
	want := "psdeck: to sign in, open https://login.example/device and enter ABCD␛[2J\n" +
		"psdeck: to sign in, use the browser at https://login.example/authorize\n" +
		"psdeck: https://odd.example/ is outside the known clouds; what signs in there is sent to it\n" +
		"psdeck: the token is no JWT\n" +
		"psdeck: that is all\n"
	if r.err != want || r.code != ExitSignIn {
		t.Errorf("%d, %q", r.code, r.err)
	}
}

// A secret in a line does not show in what is said about the line.
func TestReportRedacts(t *testing.T) {
	var w bytes.Buffer
	Report(&w, errors.New(`running Set-Thing -Password "hunter2": refused; eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2ln`))
	if strings.Contains(w.String(), "hunter2") || strings.Contains(w.String(), "eyJ") {
		t.Errorf("%s", w.String())
	}
}
