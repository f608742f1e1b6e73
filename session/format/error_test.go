package format_test

import (
	"testing"

	"psdeck/session/format"
)

// An error without a command is told by its category, however the server writes
// what goes with that: psrpcore puts no colon behind it.
func TestErrorIsAboutItsCategory(t *testing.T) {
	for info, want := range map[string]string{
		"InvalidOperation: (all:String) [], InvalidOperationException": "InvalidOperation: no\n",
		"InvalidOperation (all:String) [], InvalidOperationException":  "InvalidOperation: no\n",
		"NotSpecified: (:) [], RuntimeException":                       "RuntimeException: no\n",
		"NotSpecified (:) [], RuntimeException":                        "RuntimeException: no\n",
		"NotSpecified (: ) [], ":                                       "Error: no\n",
		"":                                                             "Error: no\n",
	} {
		if got := format.Error(format.ErrorRecord{Message: "no", CategoryInfo: info}, format.ConciseView, format.Options{}); got != want {
			t.Errorf("%s: %q, want %q", info, got, want)
		}
	}
}
