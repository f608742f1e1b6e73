package session_test

import (
	"slices"
	"strings"
	"testing"

	"psdeck/session"
	"psdeck/session/lab"
)

// answered runs a line and answers its questions one after another.
func answered(t *testing.T, s session.Runner, line string, answers ...[]string) (out, asked []string, res session.Result) {
	t.Helper()
	res = ended(t, s, line, func(r session.Record) {
		switch r.Stream {
		case session.StreamOutput:
			out = append(out, r.Value.String())
		case session.StreamPrompt:
			asked = append(asked, r.Prompt.Message)
			var err error
			if len(answers) == 0 {
				err = r.Prompt.Refuse(t.Context())
			} else {
				err = r.Prompt.Fill(t.Context(), answers[0])
				answers = answers[1:]
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	return out, asked, res
}

// Secrets are asked for and made here, and travel encrypted: no text of them
// arrives where it could be read, and none is shown.
func TestSecretsOfTypedLines(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"})
	before := len(w.lab.Ledger())
	out, asked, _ := answered(t, s, "$c = Get-Credential -Message 'Whose?'; $c; Get-LabEcho -Credential $c", []string{"anna", "p4ss-word"})
	if got := strings.Join(asked, ","); got != "Whose?" || len(out) != 2 || !strings.Contains(out[1], "Type=System.Management.Automation.PSCredential") {
		t.Errorf("asked %q, %q", got, out)
	}
	more, _, _ := answered(t, s, "$p = ConvertTo-SecureString 'p4ss-word' -AsPlainText -Force; $p; $d = @{ Secret = $p }; Get-LabEcho @d")
	if len(more) != 2 || more[0] != "System.Security.SecureString" || !strings.Contains(more[1], "Type=System.Security.SecureString") {
		t.Errorf("%q", more)
	}
	if all := strings.Join(slices.Concat(out, more), " "); strings.Contains(all, "p4ss") {
		t.Errorf("shown: %q", all)
	}
	var got []string
	for _, e := range w.lab.Ledger()[before:] {
		got = append(got, sent(e))
	}
	want := []string{"Get-LabEcho -Credential [Management.Automation.PSCredential]", "Get-LabEcho Secret [Security.SecureString]"}
	if !slices.Equal(got, want) {
		t.Errorf("arrived %q, want %q", got, want)
	}
}

// A question that nobody answers stops the line: nothing behind it is sent.
func TestARefusedQuestionOfThisSideStopsTheLine(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"})
	before := len(w.lab.Ledger())
	_, asked, res := answered(t, s, "$c = Get-Credential anna; Get-LabEcho -Credential $c")
	if len(asked) != 1 || res.Outcome != session.Stopped || len(w.lab.Ledger()) != before {
		t.Errorf("asked %q, %+v, %d commands sent", asked, res, len(w.lab.Ledger())-before)
	}
}

// Read-Host asks here where the server is known to have none of its own.
func TestReadHostIsTheServersOrHere(t *testing.T) {
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example"})
	before := len(w.lab.Ledger())
	out, _, _ := answered(t, s, "Read-Host 'Name'", []string{"anna"})
	if len(w.lab.Ledger()) != before+1 || !slices.Equal(out, []string{"anna"}) {
		t.Errorf("%q, sent %v", out, w.lab.Ledger()[before:])
	}
}
