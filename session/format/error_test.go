package format_test

import (
	"strings"
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

// DetailedView lists what the record and its exception hold, goes round as
// often as PowerShell does, and puts the lines of a text below each other.
func TestDetailedError(t *testing.T) {
	e := format.ErrorRecord{Message: "no", Exception: "X: no\n   at Y\n", CategoryInfo: "NotSpecified: (:) [], X", Origin: "server01"}
	got := format.Error(e, format.DetailedView, format.Options{})
	want := "\nOriginInfo   : server01\nException    : \n    Type                      : System.Management.Automation.RemoteException\n" +
		"    SerializedRemoteException : X: no\n                                at Y\n                                \n    ErrorRecord               : \n        Exception    : \n"
	if !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got[:min(len(got), len(want)+40)], want)
	}
	if n := strings.Count(got, "Type  "); n != 5 || strings.Count(got, "…") != 1 || strings.Count(got, "OriginInfo") != 1 {
		t.Errorf("%d exceptions in %q", n, got)
	}
}
