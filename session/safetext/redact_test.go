package safetext

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Get-CsOnlineUser -ResultSize 5", "Get-CsOnlineUser -ResultSize 5"},
		{"New-CsUser -Password 'hunter 2' -Name x", "New-CsUser -Password *** -Name x"},
		{`Set-Thing -ClientSecret:"a b"`, `Set-Thing -ClientSecret:***`},
		{"ConvertTo-SecureString hunter2 -AsPlainText -Force", "ConvertTo-SecureString *** -AsPlainText -Force"},
		{"ConvertTo-SecureString -String 'x' -AsPlainText", "ConvertTo-SecureString -String *** -AsPlainText"},
		{"ConvertTo-SecureString -AsPlainText -Force 'hunter 2'", "ConvertTo-SecureString -AsPlainText -Force ***"},
		{"ConvertTo-SecureString -AsPlainText hunter2 -Force", "ConvertTo-SecureString -AsPlainText *** -Force"},
		{"New-X -OAuthAccessToken (ConvertTo-SecureString hunter2 -AsPlainText -Force)", "New-X -OAuthAccessToken (ConvertTo-SecureString *** -AsPlainText -Force)"},
		{`New-X -Password ("hunter 2")`, "New-X -Password ***)"},
		{"New-X -Password (Read-Host -AsSecureString)", "New-X -Password (Read-Host -AsSecureString)"},
		{"New-X -Password (hunter2)", "New-X -Password ***"},
		{"$password = 'hunter2'", "$password = ***"},
		{"Connect -Header eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc", "Connect -Header ***"},
	} {
		if got := Redact(tt.in); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// A place in a line is found again in what is left of it.
func TestRedactAt(t *testing.T) {
	for _, tt := range []struct{ line, at, want string }{
		{"New-X -OAuthAccessToken abcdef", "abc", "New-X -OAuthAccessToken ^***"},
		{"New-X -OAuthAccessToken abcdef", "def", "New-X -OAuthAccessToken ^***"},
		{"New-X -Password 'a long one' -Name y", "-Name", "New-X -Password *** ^-Name y"},
		{"New-X -Name y -Password x", "-Name", "New-X ^-Name y -Password ***"},
		{"$password = 'x'; New-X -Secret abcdef -Nope", "-Nope", "$password = ***; New-X -Secret *** ^-Nope"},
	} {
		got, at := RedactAt(tt.line, strings.Index(tt.line, tt.at))
		if marked := got[:at] + "^" + got[at:]; marked != tt.want {
			t.Errorf("%s: %s, want %s", tt.line, marked, tt.want)
		}
	}
}
