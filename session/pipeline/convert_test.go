package pipeline

import (
	"strings"
	"testing"

	"psdeck/session/clixml"
)

func received() clixml.Value {
	plan := clixml.Obj(&clixml.Object{TypeNames: []string{"Contoso.Plan"}, Props: []clixml.Property{clixml.Prop("Name", "E5")}, Members: []clixml.Property{clixml.Prop("PSComputerName", "srv")}})
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"Contoso.User", "System.Object"},
		Props:     []clixml.Property{clixml.Prop("Name", `A "b" <c>`), clixml.Prop("Plans", []any{plan}), {Name: "Line"}, clixml.Prop("Since", clixml.TimeSpan(0))},
		Members:   []clixml.Property{clixml.Prop("RunspaceId", 7)},
	})
}

// What the conversions make of an object as a session gives it: its extended
// members, which the client adds, come before its own, as in PowerShell.
func TestConversions(t *testing.T) {
	for line, want := range map[string]string{
		"ConvertTo-Csv":                                                                        "\"RunspaceId\",\"Name\",\"Plans\",\"Line\",\"Since\"\n\"7\",\"A \"\"b\"\" <c>\",\"\",,\"00:00:00\"",
		"ConvertTo-Csv -ITI -UseQuotes N":                                                      "#TYPE Deserialized.Contoso.User\nRunspaceId,Name,Plans,Line,Since\n7,A \"b\" <c>,,,00:00:00",
		"select Name, Line | ConvertTo-Csv":                                                    "\"Name\",\"Line\"\n\"A \"\"b\"\" <c>\",",
		"select Plans, Line | ConvertTo-Json -Compress -Depth 2":                               `{"Plans":[{"PSComputerName":"srv","Name":"E5"}],"Line":null}`,
		"select Plans | ConvertTo-Json -Compress -Depth 1":                                     `{"Plans":["@{PSComputerName=srv; Name=E5}"]}`,
		"select Name | ConvertTo-Json -EscapeHandling EscapeHtml":                              "{\n  \"Name\": \"A \\u0022b\\u0022 \\u003cc\\u003e\"\n}",
		"select Name | ConvertTo-Json -AsArray":                                                "[\n  {\n    \"Name\": \"A \\\"b\\\" <c>\"\n  }\n]",
		"select Name, Line | ConvertTo-Html -Fragment":                                         "<table>\n<colgroup><col/><col/></colgroup>\n<tr><th>Name</th><th>Line</th></tr>\n<tr><td>A &quot;b&quot; &lt;c&gt;</td><td></td></tr>\n</table>",
		"select Name | ConvertTo-Html -As List -PreContent X | select -Index 2, 3, 4, 5, 6, 7": "<head>\n<title>HTML TABLE</title>\n</head><body>\nX\n<table>\n<tr><td>Name:</td><td>A &quot;b&quot; &lt;c&gt;</td></tr>",
		"select Name, Line | ConvertTo-Xml -As String":                                         "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Objects>\n  <Object Type=\"System.Management.Automation.PSCustomObject\">\n    <Property Name=\"Name\" Type=\"System.String\">A \"b\" &lt;c&gt;</Property>\n    <Property Name=\"Line\" />\n  </Object>\n</Objects>",
		"Get-Member -MemberType Properties | % Definition":                                     "int RunspaceId=7\n {get;set;}\nSystem.String {get;set;}\nDeserialized.System.Object[] {get;set;}\nSystem.TimeSpan {get;set;}",
		"Get-Member -Name R*, GetT* | % TypeName":                                              "Deserialized.Contoso.User\nDeserialized.Contoso.User",
		"Add-Member Kind guest -PassThru | % Kind":                                             "guest",
		"Add-Member -NotePropertyMembers @{ RunspaceId = 8 } -Force -PassThru | % RunspaceId":  "8",
		"Join-String -Property Name -OutputPrefix '[' -OutputSuffix ']' -DoubleQuote":          `["A "b" <c>"]`,
		"% Name | % Replace 'A' 'Z' | % ToUpper":                                               `Z "B" <C>`,
		"% RunspaceId | % ToString D3":                                                         "007",
		"% { '{\"a\":[1,{\"b\":null}],\"d\":\"2026-01-02T03:04:05Z\"}' } | ConvertFrom-Json | % { $_.a[0], $_.a.Count, $_.d.Year }": "1\n2\n2026",
		"% { '[1,2.5]' } | ConvertFrom-Json | Measure-Object -Sum | % Sum":                                                          "3.5",
		"% { '{', '\"A\":1}' } | ConvertFrom-Json -AsHashtable | % { $_.A }":                                                        "1",
		"% { 'a;b', '1;\"x;y\"' } | ConvertFrom-Csv -Delimiter ';' | % b":                                                           "x;y",
		"% { 'a,', '1,2' } | ConvertFrom-Csv -WarningAction Ignore | % H1":                                                          "2",
		"Select-String Nope -NotMatch -Raw | Measure-Object | % Count":                                                              "1",
	} {
		out, err := runOn(t, newShelf(), line, received())
		if got := strings.Join(textsOf(out), "\n"); got != want || Serious(err) != nil {
			t.Errorf("%s:\n%s\nwant\n%s\n(%v)", line, got, want, err)
		}
	}
}

// Context is what stands around a match; between two matches a line is shown
// once, with the first of them.
func TestContextOfMatches(t *testing.T) {
	lines := []clixml.Value{clixml.Str("a"), clixml.Str("X1"), clixml.Str("b"), clixml.Str("X2"), clixml.Str("c"), clixml.Str("d")}
	for line, want := range map[string]string{
		"Select-String X -Context 1":                                "  a\n> X1\n  b|> X2\n  c",
		"Select-String X -Context 0, 2":                             "> X1\n  b|> X2\n  c\n  d",
		"Select-String X -Context 2, 0":                             "  a\n> X1|  b\n> X2",
		"Select-String X -Context 1 | % { $_.Context.PreContext }":  "a|b",
		"Select-String X -Context 1 | Out-String":                   "\n  a\n> X1\n  b\n> X2\n  c\n\n",
		"Select-String x -CaseSensitive -Context 1":                 "",
		"Select-String (1|2) | % { $_.Matches[0].Groups[1].Value }": "1|2",
		"Select-String X -AllMatches | % LineNumber":                "2|4",
	} {
		line = strings.Replace(line, "(1|2)", "'(1|2)'", 1)
		out, err := runOn(t, newShelf(), line, lines...)
		if got := strings.Join(textsOf(out), "|"); got != want || err != nil {
			t.Errorf("%s: %q, want %q (%v)", line, got, want, err)
		}
	}
}

// The window says how far apart equal objects may stand.
func TestCompareObject(t *testing.T) {
	for line, want := range map[string]string{
		"Compare-Object b, c, a":                            "",
		"Compare-Object b, c, a -IncludeEqual":              "c== b== a==",
		"Compare-Object b, c, a -SyncWindow 0":              "c=> b<= a=> c<= b=> a<=",
		"Compare-Object a, x":                               "b=> c=> x<=",
		"Compare-Object A -CaseSensitive -ExcludeDifferent": "",
		"Compare-Object A -ExcludeDifferent":                "A==",
	} {
		input := []clixml.Value{clixml.Str("a"), clixml.Str("b"), clixml.Str("c")}
		if strings.Contains(line, "b, c, a") {
			input = []clixml.Value{clixml.Str("c"), clixml.Str("a"), clixml.Str("b")}
		}
		out, err := runOn(t, newShelf(), line+" | % { \"$($_.InputObject)$($_.SideIndicator)\" }", input...)
		if got := strings.Join(textsOf(out), " "); got != want || err != nil {
			t.Errorf("%s: %q, want %q (%v)", line, got, want, err)
		}
	}
}
