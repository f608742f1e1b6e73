package session

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/complete"
	"psdeck/session/psrp"
)

// What an error of the binder says of a parameter's values. The messages are
// those of PowerShell 7.6; the German one has its culture's separator.
func TestLessonOf(t *testing.T) {
	const set = `Cannot validate argument on parameter 'Policy'. The argument "%" does not belong to the set "Global,RestrictedAnonymous" specified by the ValidateSet attribute. Supply an argument that is in the set and then try the command again.`
	const enum = "Cannot bind parameter 'UseQuotes'. Cannot convert value \"%\" to type \"Microsoft.PowerShell.Commands.BaseCsvWritingCommand+QuoteKind\". Error: \"Unable to match the identifier name % to a valid enumerator name. Specify one of the following enumerator names and try again:\nNever, Always, AsNeeded\""
	for _, tt := range []struct{ name, id, message, want string }{
		{"a set", "ParameterArgumentValidationError", set, "Policy  Global|RestrictedAnonymous"},
		{
			"in another language", "ParameterArgumentValidationError",
			`Das Argument für den Parameter 'Policy' kann nicht überprüft werden. Das Argument "x" gehört nicht zu dem Satz "A;B, C", der durch das ValidateSet-Attribut angegeben wird.`,
			"Policy  A|B, C",
		},
		{"an enumeration", "CannotConvertArgumentNoMessage", enum, "UseQuotes BaseCsvWritingCommand+QuoteKind Never|Always|AsNeeded"},
		{"of a function", "ParameterArgumentTransformationError", strings.Replace(enum, "Cannot bind parameter", "Cannot process argument transformation on parameter", 1), "UseQuotes BaseCsvWritingCommand+QuoteKind Never|Always|AsNeeded"},
		{"a pattern", "ParameterArgumentValidationError", `Cannot validate argument on parameter 'LineUri'. The argument "+49" does not match the "^tel:" pattern. Supply an argument that matches "^tel:" and try the command again.`, ""},
		{"a number", "CannotConvertArgumentNoMessage", `Cannot bind parameter 'Year'. Cannot convert value "abc" to type "System.Int32". Error: "The input string 'abc' was not in a correct format."`, ""},
		{"of a secret", "ParameterArgumentValidationError", strings.Replace(set, "Policy", "AdminPassword", 1), ""},
		{"another error", "ItemNotFound", set, ""},
		{"a set with control characters", "ParameterArgumentValidationError", strings.Replace(set, "Global", "Glo\x1b[2Jbal", 1), ""},
	} {
		for _, typed := range []string{"x", "secret, 'Other': a, b", `a" b: c, d "e`, `5"`} {
			e := &psrp.ErrorRecord{FullyQualifiedErrorID: tt.id + ",Set-X", Activity: "Set-X", Message: strings.ReplaceAll(tt.message, "%", typed)}
			l, ok := lessonOf(e)
			got := ""
			if ok {
				got = l.Parameter + " " + l.Type + " " + strings.Join(l.Values, "|")
			}
			if got != tt.want && (got != "" || !strings.Contains(typed, `"`)) {
				t.Errorf("%s, typed %s: %q, want %q", tt.name, typed, got, tt.want)
			}
		}
	}
}

// heeding is a session that is known to offer Set-X.
func heeding(t *testing.T, dir string) *Session {
	s := newSession("x", "x", Target{}, nil, nil)
	s.now = time.Now
	s.state = Opened
	t.Cleanup(s.work.Wait)
	s.lessons.store, s.lessons.key = OpenCatalogs(dir, nil), "key"
	c := &complete.Command{Name: "Set-X"}
	c.Describe("[-Policy <string>] [-Kind <Colour[]>] [-Other <Colour>]")
	if file, _, ok := s.lessons.store.load("key"); ok {
		s.lessons.remember(file.Learned, time.Now())
	}
	s.offer([]*complete.Command{c})
	return s
}

func values(s *Session, name string) string {
	return strings.Join(s.Catalog().Find("Set-X").Named(name).Values, " ")
}

// What one session learns is offered in it at once, and in the next one though
// the server was asked anew; the cache holds nothing of what was typed.
func TestHeed(t *testing.T) {
	dir := t.TempDir()
	s := heeding(t, dir)
	s.heed(&psrp.ErrorRecord{
		FullyQualifiedErrorID: "ParameterArgumentValidationError,Set-X", Activity: "Set-X",
		Message: `Cannot validate argument on parameter 'Policy'. The argument "pa55word" does not belong to the set "One,Two" specified by the ValidateSet attribute.`,
	})
	s.heed(&psrp.ErrorRecord{
		FullyQualifiedErrorID: "CannotConvertArgumentNoMessage,Set-X", Activity: "Set-X",
		Message: "Cannot bind parameter 'Kind'. Cannot convert value \"pa55word\" to type \"Lab.Colour\". Error: \"Unable to match the identifier name pa55word to a valid enumerator name. Specify one of the following enumerator names and try again:\nRed, Green\"",
	})
	s.work.Wait()
	for _, s := range []*Session{s, heeding(t, dir)} {
		if got := values(s, "Policy") + "; " + values(s, "Kind") + "; " + values(s, "Other"); got != "One Two; Red Green; Red Green" {
			t.Errorf("learned %s", got)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "key.json"))
	if err != nil || strings.Contains(string(data), "pa55word") {
		t.Errorf("%v %s", err, data)
	}
}

// What was learned long ago is not believed, and what the server says itself
// counts more.
func TestOldLessons(t *testing.T) {
	dir := t.TempDir()
	old := lesson{Command: "Set-X", Parameter: "Policy", Values: []string{"Old"}, Heard: time.Now().Add(-2 * catalogAge)}
	data, err := json.Marshal(catalogFile{Version: catalogVersion, Asked: time.Now(), Learned: []lesson{old}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := heeding(t, dir)
	if got := values(s, "Policy"); got != "" {
		t.Errorf("old: %s", got)
	}
	s.lessons.add(lesson{Command: "Set-X", Parameter: "Policy", Values: []string{"Learned"}, Heard: time.Now()})
	c := &complete.Command{Name: "Set-X"}
	c.Describe("[-Policy <string>]")
	c.Named("Policy").Values = []string{"Told"}
	s.offer([]*complete.Command{c})
	if got := values(s, "Policy"); got != "Told" {
		t.Errorf("not what the server says: %s", got)
	}
}

// A function is sent with its text, recorded from PowerShell 7.6: it names the
// values and other names of parameters.
func TestCommandOfFunction(t *testing.T) {
	f := clixml.New(
		clixml.Prop("Name", "Set-CsUser"), clixml.Prop("CommandType", "Function"),
		clixml.Prop("Definition", "\n<#\n.SYNOPSIS\n  Changes a user.\n.EXAMPLE\n#>\n[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]\n"+
			"param([Parameter(Mandatory = $true, Position = 0)][Alias('UserPrincipalName')][string]$Identity, [ValidateSet('Global', \"RestrictedAnonymous\", 'a\x1bb', IgnoreCase = $false)][string]$Policy)\nprocess { }"),
		clixml.Prop("ParameterSets", clixml.Obj(clixml.Array(clixml.Str("[-Identity] <string> [-Policy <string>] [<CommonParameters>]")))),
	)
	c := commandOf(clixml.Obj(f))
	if got := strings.Join(c.Named("Policy").Values, " "); got != "Global RestrictedAnonymous" {
		t.Errorf("values %q", got)
	}
	if got := strings.Join(c.Named("Identity").Aliases, " "); got != "UserPrincipalName" || c.Synopsis != "Changes a user." {
		t.Errorf("aliases %q, synopsis %q", got, c.Synopsis)
	}
}
