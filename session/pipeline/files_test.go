package pipeline

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"psdeck/session/clixml"
)

// shelf is a scope with files in memory, and a clock that stands.
type shelf struct {
	settable
	files map[string]string
}

func newShelf() *shelf { return &shelf{settable{}, map[string]string{}} }

func (s *shelf) Files() Files   { return s }
func (s *shelf) Now() time.Time { return time.Date(2026, 3, 1, 14, 5, 6, 0, time.UTC) }
func (*shelf) NewLine() string  { return "\n" }

func (s *shelf) Open(path string) (io.ReadCloser, error) {
	text, ok := s.files[path]
	if !ok {
		return nil, &FileError{"FileOpenFailure", "Could not find file '" + path + "'."}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func (s *shelf) Match(string) ([]string, error) {
	var names []string
	for name := range s.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (s *shelf) Create(path string, o CreateOptions) (Output, error) {
	if _, ok := s.files[path]; ok && o.NoClobber && !o.Append {
		return nil, &FileError{"NoClobber", "File " + path + " already exists and NoClobber was specified."}
	}
	return &sheet{shelf: s, path: path, appended: o.Append}, nil
}

type sheet struct {
	bytes.Buffer
	shelf    *shelf
	path     string
	appended bool
}

func (s *sheet) Commit() error {
	if s.appended {
		s.shelf.files[s.path] += s.String()
		return nil
	}
	s.shelf.files[s.path] = s.String()
	return nil
}

func (*sheet) Discard() {}

// runOn runs a line on values, and gives what comes out and what is reported.
func runOn(t *testing.T, s *shelf, line string, values ...clixml.Value) ([]clixml.Value, error) {
	t.Helper()
	stage, err := chainIn(t, line, s)
	if err != nil {
		return nil, err
	}
	defer Close(stage)
	if err := Begin(stage); err != nil {
		return nil, err
	}
	var out []clixml.Value
	var failed error
	for _, v := range values {
		more, err := stage.Push(v)
		out, failed = append(out, more...), together(failed, err)
		if err != nil && !goesOn(err) {
			return out, failed
		}
	}
	more, err := stage.End()
	return append(out, more...), together(failed, err)
}

func people() []clixml.Value {
	return []clixml.Value{
		clixml.Obj(clixml.Custom(clixml.Prop("Name", "Ada"), clixml.Prop("Says", "a \"b\", c"), clixml.Prop("Age", nil))),
		clixml.Obj(clixml.Custom(clixml.Prop("Name", "Bob"), clixml.Prop("Says", "two\nlines"), clixml.Prop("Age", 0.30000000000000004))),
	}
}

// Recorded shapes of PowerShell 7.6: null is an empty field without quotes,
// numbers are written with the digits that tell them apart.
func TestFilesThatAreWritten(t *testing.T) {
	for _, tt := range []struct{ line, before, want string }{
		{"Export-Csv f", "old", "\"Name\",\"Says\",\"Age\"\n\"Ada\",\"a \"\"b\"\", c\",\n\"Bob\",\"two\nlines\",\"0.30000000000000004\"\n"},
		{"Export-Csv f -UseQuotes AsNeeded -Delimiter ';'", "", "Name;Says;Age\nAda;\"a \"\"b\"\", c\";\nBob;\"two\nlines\";0.30000000000000004\n"},
		{"select Name | Export-Csv f -NoTypeInformation -NoHeader -QuoteFields Nope", "", "Ada\nBob\n"},
		{"select Name | Export-Csv f -IncludeTypeInformation", "", "#TYPE Selected.System.Management.Automation.PSCustomObject\n\"Name\"\n\"Ada\"\n\"Bob\"\n"},
		{"select Name, Age | Export-Csv f -Append", "Age,Name\n1,Eve", "Age,Name\n1,Eve\n,\"Ada\"\n\"0.30000000000000004\",\"Bob\"\n"},
		{"select Name | Export-Csv f -Append -Force", "Age,Name\n", "Age,Name\n,\"Ada\"\n,\"Bob\"\n"},
		{"select Name | Export-Csv f -WhatIf", "old", "old"},
		{"% Name | Set-Content f", "old", "Ada\nBob\n"},
		{"% Name | Add-Content f -NoNewline", "old ", "old AdaBob"},
		{"% Name | Set-Content f -Encoding unicode", "", "\xff\xfeA\x00d\x00a\x00\n\x00B\x00o\x00b\x00\n\x00"},
		{"% Name | Add-Content f", "\xff\xfex\x00", "\xff\xfex\x00A\x00d\x00a\x00\n\x00B\x00o\x00b\x00\n\x00"},
		{"% Name | Out-File f -Encoding utf8BOM", "", "\xef\xbb\xbfAda\nBob\n"},
		{"Format-Table Name | Out-File f -Append", "top\n", "top\n\nName\n----\nAda\nBob\n\n"},
		{"Format-Table Name, Says -Wrap | Out-File f", "", "\nName Says\n---- ----\nAda  a \"b\", c\nBob  two\n     lines\n\n"},
		{"% Name | Tee-Object f", "", "Ada\nBob\n"},
		{"select Name | ConvertTo-Json -Compress | Set-Content f", "", "[{\"Name\":\"Ada\"},{\"Name\":\"Bob\"}]\n"},
		{"Set-Content f -Value 1, 'b'", "", "1\nb\n"},
	} {
		s := newShelf()
		if tt.before != "" {
			s.files["f"] = tt.before
		}
		input := people()
		if strings.HasPrefix(tt.line, "Set-Content") {
			input = nil
		}
		if _, err := runOn(t, s, tt.line, input...); Serious(err) != nil || s.files["f"] != tt.want {
			t.Errorf("%s: %q, want %q (%v)", tt.line, s.files["f"], tt.want, err)
		}
	}
}

// What PowerShell reports, with its ids; no file is touched.
func TestFilesThatAreNotWritten(t *testing.T) {
	for line, want := range map[string]string{
		"Export-Csv f -NoClobber":                            "NoClobber",
		"Export-Csv f -Append":                               "CannotAppendCsvWithMismatchedPropertyNames",
		"Export-Csv ''":                                      "ParameterArgumentValidationErrorEmptyStringNotAllowed",
		"Export-Csv \"a`0b\"":                                "ParameterArgumentTransformationError",
		"Export-Csv":                                         "CannotSpecifyPathAndLiteralPath",
		"Export-Csv f -LiteralPath g":                        "CannotSpecifyPathAndLiteralPath",
		"Export-Csv f -UseQuotes Never -QuoteFields Name":    "CannotSpecifyQuoteFieldsAndUseQuotes",
		"Export-Csv f -NoTypeInformation -IncludeType":       "CannotSpecifyIncludeTypeInformationAndNoTypeInformation",
		"Export-Csv f -Delimiter ';;'":                       "CannotConvertArgumentNoMessage",
		"Export-Csv f -Delimiter ';' -UseCulture":            "AmbiguousParameterSet",
		"Export-Csv f -Encoding klingon":                     "ParameterArgumentTransformationError",
		"Export-Csv f -UseQuotes Sometimes":                  "CannotConvertArgumentNoMessage",
		"Tee-Object f -Variable x":                           "AmbiguousParameterSet",
		"ConvertTo-Json -Depth 101":                          "ParameterArgumentValidationError",
		"Add-Member Name 5 -PassThru":                        "MemberAlreadyExists",
		"Compare-Object $null":                               "ParameterArgumentValidationErrorNullNotAllowed",
		"Select-String '('":                                  "InvalidRegex",
		"% { 'f' } | Get-Content":                            "InputObjectNotBound",
		"Import-Csv none":                                    "FileOpenFailure",
		"Get-Content none":                                   "PathNotFound",
		"% Name | ConvertFrom-Json":                          "System.ArgumentException",
		"ConvertTo-Json -InputObject 1 | Get-Member -Name x": "",
	} {
		s := newShelf()
		s.files["f"] = "Other\n1\n"
		input := people()
		if line == "Get-Content none" {
			input = nil
		}
		_, err := runOn(t, s, line, input...)
		if id := idOf(err); id != want {
			t.Errorf("%s: %s (%v), want %s", line, id, err, want)
		}
		if len(s.files) != 1 || s.files["f"] != "Other\n1\n" {
			t.Errorf("%s: %q", line, s.files)
		}
	}
}

func idOf(err error) string {
	var usage *UsageError
	var e *Error
	var last *ending
	switch {
	case errors.As(err, &usage):
		return usage.ID
	case errors.As(err, &last):
		return last.Report().ID
	case errors.As(err, &e):
		return e.ID
	}
	return ""
}

// What is written is read back the same.
func TestFilesThatAreReadBack(t *testing.T) {
	s := newShelf()
	if _, err := runOn(t, s, "Export-Csv f", people()...); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(s.files["f"])).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][1] != `a "b", c` || rows[2][1] != "two\nlines" {
		t.Errorf("%q, %v", rows, err)
	}
	for line, want := range map[string]string{
		"Import-Csv f | foreach Says | Join-String -Separator '|'":  "a \"b\", c|two\nlines",
		"Import-Csv f -Header a, b | select -First 1 | foreach b":   "Says",
		"Get-Content f -TotalCount 1":                               `"Name","Says","Age"`,
		"Get-Content f -Tail 1":                                     `lines","0.30000000000000004"`,
		"Get-Content f -Raw | Measure-Object -Line | foreach Lines": "4",
		"Get-Content * | Select-String Bob -Quiet":                  "True",
		"Get-Date -Format yyyy-MM-dd":                               "2026-03-01",
		"Get-Date -Day 5 -Hour 0 | foreach ToString s":              "2026-03-05T00:05:06",
		"Get-Date -Date 2024-02-29 -Format dddd":                    "Thursday",
		"Write-Output 1, 2 | Measure-Object -Sum | foreach Sum":     "3",
		"ConvertTo-Json -InputObject 1, 2 -Compress":                "[1,2]",
		"Compare-Object 1, 2 2, 3 | foreach { \"$($_.InputObject)$($_.SideIndicator)\" } | Join-String -Separator ' '": "3=> 1<=",
	} {
		out, err := runOn(t, s, line)
		if len(out) != 1 || out[0].String() != want || err != nil {
			t.Errorf("%s: %q, want %q (%v)", line, out, want, err)
		}
	}
}

// CLIXML as Export-Clixml writes it: indented, with texts for what lies deeper
// than -Depth, and read back as it was.
func TestCLIXMLFile(t *testing.T) {
	s := newShelf()
	deep := clixml.Obj(clixml.Custom(clixml.Prop("A", clixml.Custom(clixml.Prop("B", clixml.Custom(clixml.Prop("C", ""))))), clixml.Prop("L", []any{1, "x y"})))
	if _, err := runOn(t, s, "Export-Clixml f", deep); err != nil {
		t.Fatal(err)
	}
	want := `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0">
      <T>System.Management.Automation.PSCustomObject</T>
      <T>System.Object</T>
    </TN>
    <MS>
      <Obj N="A" RefId="1">
        <TNRef RefId="0" />
        <MS>
          <S N="B">@{C=}</S>
        </MS>
      </Obj>
`
	if got := s.files["f"]; !strings.HasPrefix(got, want) {
		t.Errorf("%s", got)
	}
	out, err := runOn(t, s, "Import-Clixml f | foreach { $_.A.B + $_.L[1] }")
	if err != nil || len(out) != 1 || out[0].String() != "@{C=}x y" {
		t.Errorf("%v, %v", out, err)
	}
}

// A SecureString comes out of nothing as a text.
func TestSecretsStaySecret(t *testing.T) {
	const secret = "cwBlAGMAcgBlAHQA" // UTF-16 of "secret", as protocol 2.4 carries it
	value := clixml.Of(clixml.SecureString(secret))
	credential := &clixml.Object{TypeNames: []string{"System.Management.Automation.PSCredential", "System.Object"}, Props: []clixml.Property{
		clixml.Prop("UserName", "ada"), {Name: "Password", Value: value},
	}}
	holder := clixml.Obj(clixml.Custom(clixml.Property{Name: "P", Value: value}, clixml.Prop("C", credential)))
	for _, line := range []string{
		"Export-Csv f", "Export-Clixml f -Depth 5", "Out-File f", "Set-Content f", "ConvertTo-Json -Depth 5 | Set-Content f", "ConvertTo-Csv | Set-Content f",
		"ConvertTo-Html | Set-Content f", "ConvertTo-Xml -As String -Depth 5 | Set-Content f", "Select-String . | Out-File f", "Join-String | Set-Content f",
		"Get-Member | Out-File f", "Tee-Object f", "% P | Export-Clixml f", "% P | ConvertTo-Json | Set-Content f", "% P | ForEach-Object ToString | Set-Content f",
		"Compare-Object 1 -PassThru | Out-File f", "Format-Custom | Out-File f", "Format-List * | Out-File f", "% C | Export-Csv f",
	} {
		s := newShelf()
		out, err := runOn(t, s, line, holder)
		if Serious(err) != nil || s.files["f"] == "" {
			t.Errorf("%s: %q, %v", line, s.files["f"], err)
		}
		for _, text := range append([]string{s.files["f"]}, textsOf(out)...) {
			if strings.Contains(text, secret) || strings.Contains(text, "secret") {
				t.Errorf("%s: %q", line, text)
			}
		}
	}
}

func textsOf(values []clixml.Value) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}
