package session

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/session/clixml"
	"psdeck/session/pslang"
)

// opened runs a line in a home session and returns the target it opened.
func opened(t *testing.T, line string) (*Target, error) {
	t.Helper()
	deck := newFakeDeck(t)
	run, err := deck.cmdlets.Home().Run(t.Context(), line, RunOptions{})
	if err != nil {
		return nil, err
	}
	_, res := collect(t, run)
	if len(deck.opened) == 0 {
		return nil, res.Err
	}
	return &deck.opened[0], res.Err
}

// The examples of the cmdlet's documentation, and its parameters.
func TestNewCsOnlineSessionAsTyped(t *testing.T) {
	for _, tt := range []struct {
		line  string
		check func(Target) bool
	}{
		{"New-CsOnlineSession", func(t Target) bool { return t.UserName == "" && t.OverrideAdminDomain == "" }},
		{"New-CsOnlineSession -UserName admin@contoso.com", func(t Target) bool { return t.UserName == "admin@contoso.com" }},
		{"New-CsOnlineSession admin@contoso.com", func(t Target) bool { return t.UserName == "admin@contoso.com" }},
		{"new-csonlinesession -user admin@contoso.com -overrideadmin fabrikam.onmicrosoft.com", func(t Target) bool {
			return t.UserName == "admin@contoso.com" && t.OverrideAdminDomain == "fabrikam.onmicrosoft.com"
		}},
		{"New-CsOnlineSession -Credential admin@contoso.com", func(t Target) bool {
			return t.UserName == "admin@contoso.com" && t.SignIn == auth.MethodPassword
		}},
		{"New-CsOnlineSession -OverrideDiscoveryUri https://a/ -OverridePowerShellUri https://b/ -OverrideAccessTokenResourceUri https://c/", func(t Target) bool {
			return t.OverrideDiscoveryURI == "https://a/" && t.OverridePowerShellURI == "https://b/" && t.OverrideAccessTokenResourceURI == "https://c/"
		}},
		{"New-CsOnlineSession -SessionOption @{ IdleTimeout = '00:15:00'; OpenTimeout = 5000; NoMachineProfile = $false; ApplicationArguments = @{ 'X-MS-Client-Version' = '1.0' } }", func(t Target) bool {
			o := t.Options
			return o.IdleTimeout == 15*time.Minute && o.OpenTimeout == 5*time.Second && o.NoMachineProfile != nil && !*o.NoMachineProfile && o.ApplicationArguments["X-MS-Client-Version"].Text() == "1.0"
		}},
		{"$d = 'contoso.com'; New-CsOnlineSession -OverrideAdminDomain:$d", func(t Target) bool { return t.OverrideAdminDomain == "contoso.com" }},
	} {
		t.Run(tt.line, func(t *testing.T) {
			got, err := opened(t, tt.line)
			if err != nil || got == nil {
				t.Fatalf("%v, %v", got, err)
			}
			if !tt.check(*got) {
				t.Errorf("%+v", *got)
			}
		})
	}
}

func TestWhatTheHomeSessionRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"New-CsOnlineSession -Nonsense x":                            "A parameter cannot be found that matches parameter name 'Nonsense'",
		"New-CsOnlineSession -Override x":                            "ambiguous",
		"New-CsOnlineSession -UserName":                              "Missing an argument for parameter 'UserName'",
		"New-CsOnlineSession -UserName a@b -UserName c@d":            "specified more than once",
		"New-CsOnlineSession -UserName a@b -Credential c@d":          "Parameter set cannot be resolved",
		"New-CsOnlineSession a@b c@d":                                "positional parameter cannot be found that accepts argument 'c@d'",
		"New-CsOnlineSession -OAuthAccessToken secret":               "SecureString",
		"New-CsOnlineSession -SessionOption 5":                       "Cannot convert the \"5\" value of type \"System.Int32\" to type",
		"New-CsOnlineSession -SessionOption @{ IdleTimeout = 5000 }": "minimum allowed 60",
		"New-CsOnlineSession -SessionOption @{ Nothing = 1 }":        "The property 'Nothing' was not found",
		"Get-CsTenant": "open a tenant first",
	} {
		t.Run(line, func(t *testing.T) {
			got, err := opened(t, line)
			var pe *pslang.Error
			if got != nil || !errors.As(err, &pe) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, %v; want %q", got, err, want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the error shows the secret")
			}
		})
	}
}

func TestTheHomeSessionComputes(t *testing.T) {
	h := newFakeDeck(t).cmdlets.Home()
	for _, tt := range []struct {
		line string
		want []string
	}{
		{"'a', 'b'", []string{"a", "b"}},
		{"$x = 3, 1, 2", nil},
		{"$x | Sort-Object", []string{"1", "2", "3"}},
		{"$x | Select-Object -First 1", []string{"3"}},
	} {
		records, res := collect(t, mustRun(t, h, tt.line))
		if got := texts(records); !slices.Equal(got, tt.want) || res.Outcome != Completed {
			t.Errorf("%s: %q, %+v", tt.line, got, res)
		}
	}
}

func TestAFailureToOpenIsTheLinesError(t *testing.T) {
	deck := newFakeDeck(t)
	deck.refuse = &Error{Doing: "signing in", Err: errors.New("no"), Class: ClassSignIn}
	h := deck.cmdlets.Home()
	records, res := collect(t, mustRun(t, h, "New-CsOnlineSession -UserName a@b.example"))
	if got := texts(records); !slices.Equal(got, []string{"host: opening b.example", "error: signing in: no"}) || res.Outcome != Failed {
		t.Errorf("%q, %+v", got, res)
	}
}

func TestOptionTimes(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1500": 1500 * time.Millisecond, "15m": 15 * time.Minute, "00:15:00": 15 * time.Minute, "0": 0, "01:00:00": time.Hour,
	} {
		if got, err := (given{clixml.Str(text), true}).time(); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "-5", "-5m", "00:75:00"} {
		if got, err := (given{clixml.Str(text), true}).time(); err == nil {
			t.Errorf("%q was taken as %v", text, got)
		}
	}
}
