package session

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"psdeck/session/pslang"
)

// There is one scope at the prompt: a word for a scope in front of a name
// changes nothing.
func TestScopesOfVariables(t *testing.T) {
	for _, tt := range []struct{ line, shown string }{
		{`$global:x = 5; $script:y = 6; $local:z = 1; $private:w = 2; $x; $y; $z; $w`, "5, 6, 1, 2"},
		{`$x = 5; $global:x; $Script:X; $variable:x; ${variable:x}; "$global:x"`, "5, 5, 5, 5, 5"},
		{`$variable:x = 5; $x; $X = 6; $global:x`, "5, 6"},
		{`$global:u = Get-User; $u.Count`, "2"},
		{`Get-User -OutVariable global:u > $null; $u.Count`, "2"},
		{`$global:true; $variable:null; $script:PID -eq $PID`, "True, True"},
	} {
		s, _ := openFake(t, Target{}, answering)
		if got := shownBy(t, s, tt.line); got != tt.shown {
			t.Errorf("%s shows %q, want %q", tt.line, got, tt.shown)
		}
	}
}

// PowerShell's own variables have what can truthfully be said here.
func TestAutomaticVariables(t *testing.T) {
	t.Setenv("PSDECK_TRIAL", "from outside")
	t.Setenv("HOME", t.TempDir())
	home, err := os.UserHomeDir()
	if err != nil {
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ line, shown string }{
		{`$env:PSDECK_TRIAL; "$env:psdeck_trial".Length -in 0, 12; $null -eq $env:PSDECK_NOT_SET`, "from outside, True, True"},
		{`'from outside', 'x' | where { $_ -eq $env:PSDECK_TRIAL }`, "from outside"},
		{`$HOME; "$PWD"; $PWD.Path`, home + ", " + here + ", " + here},
		{`$PID; $pid -is [int]`, fmt.Sprint(os.Getpid()) + ", True"},
		{`$Host.Name; "$($Host.Version)"`, "psdeck, dev"},
		{`$PSVersionTable.psdeck; "$($PSVersionTable.PSRemotingProtocolVersion) $($PSVersionTable.SerializationVersion)"; $null -eq $PSVersionTable.PSVersion`, "dev, 2.4 1.1.0.1, True"},
		{`$true; $FALSE; $null -eq $Null`, "True, False, True"},
	} {
		s, f := openFake(t, Target{}, answering)
		if got := shownBy(t, s, tt.line); got != tt.shown {
			t.Errorf("%s shows %q, want %q", tt.line, got, tt.shown)
		}
		if sent := f.log(); sent != "" {
			t.Errorf("%s sends %q", tt.line, sent)
		}
	}
}

// $? tells of the last statement, $Error of the last errors, newest first.
func TestWhatWentWrong(t *testing.T) {
	for _, tt := range []struct{ lines, shown string }{
		{`$?`, "True"},
		{`Get-User > $null; $?`, "True"},
		{`Fail-User; $?; $?`, "error: no, False, True"},
		{"Fail-User\n$?\n$?", "error: no, False, True"},
		{`Fail-User 2>$null; $?`, "False"},
		{`$Error.Count; $null -eq $Error[0]`, "0, True"},
		{`Fail-User; $Error.Count; $Error[0].FullyQualifiedErrorId; "$($error[0])"`, "error: no, 1, No, no"},
		{
			"Fail-User 2>$null\nGet-User | select -ExpandProperty Nope -First 1\n$Error.Count; $Error[1].FullyQualifiedErrorId",
			"error: Select-Object: Property \"Nope\" cannot be found., 2, No",
		},
		{`Fail-User -ErrorAction SilentlyContinue -ErrorVariable e; $Error.Count`, "1"},
		{strings.Repeat("Fail-User 2>$null; ", 258) + `$Error.Count`, "256"},
	} {
		s, _ := openFake(t, Target{}, answering)
		if got := shownBy(t, s, strings.Split(tt.lines, "\n")...); got != tt.shown {
			t.Errorf("%s shows %q, want %q", tt.lines, got, tt.shown)
		}
	}
}

// What is not known here is refused by its name, before anything is sent; a
// name of PowerShell's own that somebody gave a value is a variable like others.
func TestVariablesThatAreNotKnownHere(t *testing.T) {
	for _, tt := range []struct{ line, at string }{
		{`Get-User; $function:prompt`, "$function:prompt"},
		{`Set-User "$cert:x"`, "$cert:x"},
		{`$x = ${C:\file}`, `${C:\file}`},
		{`Get-User | where { $_.Name -eq $alias:gm }`, "$alias:gm"},
		{`Get-User; $PROFILE`, "$PROFILE"},
		{`Set-User $global:PSHOME`, "$global:PSHOME"},
		{`Get-User; $x = "in $PSCulture"`, "$PSCulture"},
		{`Get-User; $env:X = "1"`, "$env:X"},
		{`$function:f = { 1 }`, "$function:f"},
		{`Get-User; $PID = 5`, "$PID"},
		{`$global:Error = @()`, "$global:Error"},
		{`$true = Get-User`, "$true"},
	} {
		s, f := openFake(t, Target{}, answering)
		_, err := s.Run(t.Context(), tt.line, RunOptions{Confirmed: true})
		var refused *pslang.Error
		if !errors.As(err, &refused) || !refused.Refused() || !strings.HasPrefix(tt.line[refused.Start:], tt.at) || !strings.Contains(refused.Msg+refused.Construct, strings.Trim(tt.at, "${}")) {
			t.Errorf("%s: %#v", tt.line, err)
		}
		if sent := f.log(); sent != "" {
			t.Errorf("%s sends %q", tt.line, sent)
		}
	}
	for _, tt := range []struct{ lines, shown string }{
		{`$profile = "a"; $profile`, "a"},
		{"$profile = 'a'\n$PROFILE", "a"},
		{`$global:profile = Get-User; $profile.Count`, "2"},
		{`$null = Get-User; $nobody; 1`, "1"},
	} {
		s, _ := openFake(t, Target{}, answering)
		if got := shownBy(t, s, strings.Split(tt.lines, "\n")...); got != tt.shown {
			t.Errorf("%s shows %q, want %q", tt.lines, got, tt.shown)
		}
	}
}
