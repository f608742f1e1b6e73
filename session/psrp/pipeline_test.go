package psrp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// What a client asks is what a server hears.
func TestPipelineArrivesAsItWasAsked(t *testing.T) {
	yes, no := true, false
	tests := map[string]psrp.Pipeline{
		"a script":      psrp.Script("Get-Date; 'two'"),
		"input and all": {Commands: []psrp.Command{{Name: "Sort-Object"}}, AddToHistory: true, Nested: true, History: "sort", StreamOptions: psrp.InvocationInAll, Apartment: psrp.ApartmentSTA},
		"parameters": psrp.Commands(psrp.Command{Name: "Get-CsOnlineUser", UseLocalScope: &no, Parameters: []psrp.Parameter{
			{Name: "Identity", Value: clixml.Str("anna@contoso.example")},
			{Name: "ResultSize", Value: clixml.Int32(5)},
			{Value: clixml.Str("positional")},
			{Name: "Confirm", Value: clixml.Bool(false)},
			{Name: "Filter", Value: clixml.Null()},
		}}),
		"a pipe": psrp.Commands(
			psrp.Command{Name: "1..3", IsScript: true, UseLocalScope: &yes},
			psrp.Command{Name: "Measure-Object"},
			psrp.Command{Name: "Out-Default", Merge: psrp.Merge{PreviousResults: psrp.ResultOutputAndError}},
		),
		"two statements": psrp.Commands(
			psrp.Command{Name: "$x = 1", IsScript: true, EndOfStatement: true},
			psrp.Command{Name: "$x", IsScript: true},
			psrp.Command{Name: "Out-String"},
		),
		"one statement that says so": psrp.Commands(psrp.Command{Name: "Get-Date", EndOfStatement: true}),
		"a host of its own":          {Commands: []psrp.Command{{Name: "x"}}, NoInput: true, Host: psrp.Console(100, 30)},
	}
	for name, asked := range tests {
		t.Run(name, func(t *testing.T) {
			p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
			id, out, err := p.c.CreatePipeline(asked)
			heard := one[psrp.PipelineRequested](t, p.toServer(out, err))
			if diff := cmp.Diff(asked, heard.Request, cmp.Comparer(clixml.Equal)); diff != "" || heard.ID != id {
				t.Errorf("-asked +heard\n%s", diff)
			}
		})
	}
}

func TestMergeErrorToOutput(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	_, out, err := p.c.CreatePipeline(psrp.Commands(psrp.Command{Name: "x", MergeErrorToOutput: true}))
	heard := one[psrp.PipelineRequested](t, p.toServer(out, err)).Request.Commands[0]
	// what PowerShell's MergeMyResults(Error, Output) sets
	want := psrp.Merge{MyResult: psrp.ResultError, ToResult: psrp.ResultOutput, Error: psrp.ResultOutput}
	if heard.Merge != want || !heard.MergeErrorToOutput {
		t.Errorf("merge is %+v", heard.Merge)
	}
}

// Servers before 2.2 know three merge fields, those of 2.2 seven.
func TestOlderServersGetFewerMergeFields(t *testing.T) {
	for protocol, want := range map[string]int{"2.0": 3, "2.1": 3, "2.2": 7, "2.3": 8, "2.4": 8} {
		p := opened(t, psrp.ClientConfig{Protocol: "2.4"}, psrp.ServerConfig{Protocol: protocol})
		_, out, err := p.c.CreatePipeline(psrp.Script("1"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(out.Bytes()), `N="Merge`); got != want {
			t.Errorf("protocol %s: %d merge fields, want %d", protocol, got, want)
		}
	}
}

func TestAPipelineNeedsACommand(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	if _, _, err := p.c.CreatePipeline(psrp.Pipeline{}); err == nil {
		t.Error("an empty pipeline is made")
	}
}

func TestCommandMetadataArrives(t *testing.T) {
	p := opened(t, psrp.ClientConfig{}, psrp.ServerConfig{})
	id, out, err := p.c.GetCommandMetadata([]string{"*-Cs*", "Get-Date"}, psrp.CommandRemotable, []string{"SkypeOnline"})
	if !strings.Contains(string(out.Bytes()), "<ToString>Alias, Function, Filter, Cmdlet, Configuration</ToString><I32>271</I32>") {
		t.Error("the kinds of command are not spelled as PowerShell spells them")
	}
	heard := one[psrp.CommandMetadataRequested](t, p.toServer(out, err))
	want := psrp.CommandMetadata{Names: []string{"*-Cs*", "Get-Date"}, Types: psrp.CommandRemotable, Namespace: []string{"SkypeOnline"}}
	if diff := cmp.Diff(want, heard.CommandMetadata, cmp.Comparer(clixml.Equal)); diff != "" || heard.Pipeline() != id {
		t.Errorf("-asked +heard\n%s", diff)
	}
	one[psrp.Output](t, p.toClient(p.s.Output(id, clixml.Int32(2))))
}
