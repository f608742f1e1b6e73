package session

import (
	"slices"
	"strings"
	"testing"

	"psdeck/session/psrp"
)

// complaining answers with an error, a warning and an object, and ends when it
// is stopped or has said them all.
func complaining(c *fakeCommand) {
	if c.query != nil {
		commandsOffered("Get-CsUser")(c)
		return
	}
	c.f.emit(c.f.server.Error(c.ID, &psrp.ErrorRecord{Message: "no such user", FullyQualifiedErrorID: "NoUser"}))
	c.f.emit(c.f.server.Warning(c.ID, "careful"))
	c.out("user")
	c.done()
}

// The common parameters of Invoke-Command are its own: they hold for what the
// block gives in every session.
func TestCommonParametersOfInvokeCommand(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		want       []string // shown
		outcome    Outcome
		vars       map[string]string
	}{
		{"by default all is shown", "Invoke-Command $c { Get-CsUser }", []string{"error: no such user", "warning: careful", "user"}, Completed, nil},
		{"the first error ends the line", "Invoke-Command $c { Get-CsUser } -ErrorAction Stop; 'on'", []string{"error: no such user"}, Failed, nil},
		{"and || behind it too", "Invoke-Command $c { Get-CsUser } -ea Stop || 'else'", []string{"error: no such user"}, Failed, nil},
		{"errors hidden", "Invoke-Command $c { Get-CsUser } -ErrorAction SilentlyContinue", []string{"warning: careful", "user"}, Completed, nil},
		{"errors hidden and kept", "Invoke-Command $c { Get-CsUser } -ErrorAction SilentlyContinue -ErrorVariable e", []string{"warning: careful", "user"}, Completed, map[string]string{"e": "no such user"}},
		{"errors shown and kept", "Invoke-Command $c { Get-CsUser } -ev e", []string{"error: no such user", "warning: careful", "user"}, Completed, map[string]string{"e": "no such user"}},
		{"errors put behind others", "$e = 'old'; Invoke-Command $c { Get-CsUser } -ev +e -ea 0", []string{"warning: careful", "user"}, Completed, map[string]string{"e": "old no such user"}},
		{"errors ignored", "Invoke-Command $c { Get-CsUser } -ErrorAction Ignore -ErrorVariable e", []string{"warning: careful", "user"}, Completed, map[string]string{"e": ""}},
		{"of two sessions", "Invoke-Command $c,$f { Get-CsUser } -ErrorVariable e -ErrorAction SilentlyContinue -WarningAction Ignore", []string{"user", "user"}, Completed, map[string]string{"e": "no such user no such user"}},
		{"warnings hidden and kept", "Invoke-Command $c { Get-CsUser } -WarningAction SilentlyContinue -WarningVariable w", []string{"error: no such user", "user"}, Completed, map[string]string{"w": "careful"}},
		{"the first warning ends the line", "Invoke-Command $c { Get-CsUser } -ea 0 -WarningAction Stop; 'on'", []string{"warning: careful", `error: The running command stopped because the preference variable "WarningPreference" or common parameter is set to Stop: careful`}, Failed, nil},
		{"objects kept", "Invoke-Command $c { Get-CsUser } -ea 0 -wa 0 -OutVariable o", []string{"user"}, Completed, map[string]string{"o": "user"}},
		{"objects in a pipeline variable", "Invoke-Command $c { Get-CsUser } -ea 0 -wa 0 -PipelineVariable p | Where-Object { $p -eq 'user' }", []string{"user"}, Completed, nil},
		{"a buffer", "Invoke-Command $c { Get-CsUser } -ea 0 -wa 0 -OutBuffer 10", []string{"user"}, Completed, nil},
		{"redirections", "Invoke-Command $c { Get-CsUser } 2>$null 3>$null", []string{"user"}, Completed, nil},
	} {
		for _, language := range []string{"NoLanguage", "FullLanguage"} {
			t.Run(language+", "+tt.name, func(t *testing.T) {
				d, c, f := twoTenants(t, Target{Env: Dev})
				d.answer = complaining
				c.caps.LanguageMode, f.caps.LanguageMode = language, language
				records, res := collect(t, mustRun(t, d.cmdlets.Home(), tt.line))
				records = slices.DeleteFunc(records, func(r Record) bool { return r.Stream == StreamReached || r.Stream == StreamView })
				if got := texts(records); !slices.Equal(got, tt.want) || res.Outcome != tt.outcome {
					t.Errorf("%q %+v, want %q", got, res, tt.want)
				}
				for name, want := range tt.vars {
					var got []string
					for _, v := range unroll(d.value(name)) {
						got = append(got, v.String())
					}
					if strings.Join(got, " ") != want {
						t.Errorf("$%s holds %q, want %q", name, got, want)
					}
				}
			})
		}
	}
}

func TestOutBufferIsANumberOfObjects(t *testing.T) {
	d, _, _ := twoTenants(t, Target{Env: Dev})
	_, err := d.cmdlets.Home().Run(t.Context(), "Invoke-Command $c { Get-CsUser } -OutBuffer -1", RunOptions{})
	if err == nil || !strings.HasPrefix(err.Error(), "Cannot validate argument on parameter 'OutBuffer'. The -1 argument is less than the minimum allowed range of 0.") {
		t.Errorf("%v", err)
	}
}
