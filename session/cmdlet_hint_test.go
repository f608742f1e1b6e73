package session

import (
	"errors"
	"slices"
	"testing"
)

// What a person has typed is answered in the words of what can be typed.
func TestHintsForTypedCmdlets(t *testing.T) {
	err := AsTyped(&Error{Doing: "x", Err: errors.New("y"), Class: ClassConnect, Hints: []string{
		"give the tenant's domain with --override-admin-domain", "or an account as name@domain with --user-name",
		"a slow server may want --session-option OpenTimeout=300000", "use --authentication basic, or --override-access-token-resource-uri", "use --sign-in device",
	}})
	want := []string{
		"give the tenant's domain with -OverrideAdminDomain", "or an account as name@domain with -UserName",
		"a slow server may want -SessionOption @{ OpenTimeout = 300000 }", "use -Authentication basic, or -OverrideAccessTokenResourceUri", "use --sign-in device",
	}
	if got := HintsOf(err); !slices.Equal(got, want) || err.Error() != "x: y" {
		t.Errorf("%q", got)
	}
}
