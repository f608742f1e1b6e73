package session

import "testing"

func TestRedact(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Get-CsOnlineUser -ResultSize 5", "Get-CsOnlineUser -ResultSize 5"},
		{"New-CsUser -Password 'hunter 2' -Name x", "New-CsUser -Password *** -Name x"},
		{`Set-Thing -ClientSecret:"a b"`, `Set-Thing -ClientSecret:***`},
		{"ConvertTo-SecureString hunter2 -AsPlainText -Force", "ConvertTo-SecureString *** -AsPlainText -Force"},
		{"ConvertTo-SecureString -String 'x' -AsPlainText", "ConvertTo-SecureString -String *** -AsPlainText"},
		{"$password = 'hunter2'", "$password = ***"},
		{"Connect -Header eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.abc", "Connect -Header ***"},
	} {
		if got := Redact(tt.in); got != tt.want {
			t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
