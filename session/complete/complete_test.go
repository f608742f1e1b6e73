package complete_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/complete"
)

// texts are what the items would write.
func texts(r complete.Result) []string {
	var list []string
	for _, it := range r.Items {
		list = append(list, it.Text)
	}
	return list
}

// The cursor stands at the bar.
func TestComplete(t *testing.T) {
	user := &complete.Command{Name: "Set-CsUser", Module: "SfB", Default: true}
	user.Describe("[-Identity] <string> [-Enabled <bool>] [-Policy <string>] [-WhatIf] [<CommonParameters>]", "-All [-Force] [<CommonParameters>]")
	user.Parameters[2].Values = []string{"Tag One", "Base", "O'Neil"}
	get := &complete.Command{Name: "Get-CsUser", Module: "SfB"}
	get.Describe("[[-Identity] <string>] [<CommonParameters>]")
	alias := &complete.Command{Name: "scu", Target: "Set-CsUser"}
	env := recordedEnv()
	env.Commands = append([]*complete.Catalog{complete.NewCatalog([]*complete.Command{user, get, alias})}, env.Commands...)
	env.Output = func(command string) (complete.Variable, bool) {
		o := clixml.New(clixml.Prop("LineUri", "tel:+1"), clixml.Prop("Display Name", "x"))
		return complete.Variable{Value: clixml.Obj(o)}, command == "Get-CsUser"
	}
	env.Variables = append(env.Variables, complete.Variable{Name: "users", Value: clixml.Obj(clixml.Array(
		clixml.Obj(clixml.Custom(clixml.Prop("LineUri", "tel:+1"), clixml.Prop("Plan", clixml.Obj(clixml.Custom(clixml.Prop("Zone", "x"))))))))})
	tests := []struct{ name, line, want string }{
		{"a list's elements", "$users.L|", "LineUri Length"},
		{"piped", "$users | Sort-Object L|", "LineUri"},
		{"selected of them", "$users | Select-Object LineUri | Sort-Object |", "LineUri"},
		{"through them", "$users.Plan.Z|", "Zone"},
		{"one of them", "$users[0].L|", "LineUri"},
		{"a command by its beginning, in any case", "set-csu|", "Set-CsUser"},
		{"by a wildcard", "*-CsUser|", "Get-CsUser Set-CsUser"},
		{"by its capitals", "s-cu|", "Set-CsUser"},
		{"with its module", `SfB\Get|`, `SfB\Get-CsUser`},
		{"in quotes", "& 'Get-Cs|", "'Get-CsUser'"},
		{"in a script block", "1 | % { get-csu| }", "Get-CsUser"},
		{"in a string's subexpression", `"$(get-csu|)"`, "Get-CsUser"},
		{"a parameter", "Set-CsUser -Id|", "-Identity"},
		{"of the sets that are left", "Set-CsUser -All -|", "-Force -Verbose -Debug -ErrorAction -WarningAction -InformationAction -ProgressAction -ErrorVariable -WarningVariable -InformationVariable -OutVariable -OutBuffer -PipelineVariable"},
		{"through an alias", "scu -Pol|", "-Policy"},
		{"by its alias", "Get-Content -Hea|", "-Head"},
		{"given twice", "Set-CsUser -Policy x -Pol|", "-Policy"},
		{"a value in its quotes", "Set-CsUser -Policy 'T|", "'Tag One'"},
		{"that needs quotes", "Set-CsUser -Policy |", "Base 'O''Neil' 'Tag One'"},
		{"in double quotes", `Set-CsUser -Policy "O|`, `"O'Neil"`},
		{"behind a colon", "Set-CsUser -Policy:B|", "Base"},
		{"in a list", "ConvertTo-Csv -UseQuotes Always,N|", "Never"},
		{"of a switch", "Set-CsUser -WhatIf:|", "$true $false"},
		{"of a common parameter", "Set-CsUser -ErrorAction S|", "SilentlyContinue Stop Suspend"},
		{"by its place", "Get-GoldenThing T|", "Three Two"},
		{"by the second place", "Get-GoldenThing One T|", "Thursday Tuesday"},
		{"before what is there", "Get-GoldenThing | Sunday", "One Three Two"},
		{"a property of what the last command gave", "Get-CsUser | Where-Object L|", "LineUri"},
		{"also behind others", "Get-CsUser | ? LineUri | Select-Object |", "'Display Name' LineUri"},
		{"in a list of properties", "Get-CsUser | Select-Object LineUri, D|", "'Display Name'"},
		{"a member in braces", "$obj1.Line|", "LineUri"},
		{"in a string", `"x $MyV| y"`, "$MyVar1 $MyVar2"},
		{"with a scope", "$global:MyV|", "$global:MyVar1 $global:MyVar2"},
		{"scopes and drives", "$S|", "$ShellId $StackTrace $Script:"},
		{"in braces", "${MyV|", "${MyVar1} ${MyVar2}"},
		{"splatted", "foo @MyV|", "@MyVar1 @MyVar2"},
		{"assigned in the line", "$fresh = 1; $fre|", "$fresh"},
		{"a variable's name", "Clear-Variable MyV|", "MyVar1 MyVar2"},
		{"a file", "Get-Item ./b|", "./big.log"},
		{"a key not given yet", "Sort-Object @{ Expression = 1; |", "Ascending Descending"},
		{"an argument of an attribute", "param([Parameter(Man|", "Mandatory"},
		{"an operator", "if ($x -ma|", "-match"},
		{"nothing in a comment", "# Get-Cs|", ""},
		{"nothing at the start", "|", ""},
		{"nothing of a command that is not known", "No-Such -|", ""},
		{"a method of a result", "(Get-Date).AddD|", "AddDays("},
		{"through a property", "$hash1.Alpha.CompareT|", "CompareTo("},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := strings.IndexByte(tt.line, '|')
			if n := strings.Count(tt.line, "|"); n > 1 {
				at = lastBar(tt.line)
			}
			line := tt.line[:at] + tt.line[at+1:]
			r := complete.Complete(line, at, env)
			if got := strings.Join(texts(r), " "); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.line, got, tt.want)
			}
			if r.Start > at || r.End < at {
				t.Errorf("%s: replaces %d-%d", tt.line, r.Start, r.End)
			}
		})
	}
}

// lastBar is the bar that is not a pipe: it has no space on both sides, or ends the line.
func lastBar(line string) int {
	for i := len(line) - 1; i >= 0; i-- {
		if line[i] == '|' && (i == len(line)-1 || line[i+1] != ' ' || line[i-1] != ' ') {
			return i
		}
	}
	return 0
}

func TestCommandParameter(t *testing.T) {
	cmd := complete.PowerShell().Find("get-content")
	for name, want := range map[string]string{"Path": "Path", "pa": "Path", "head": "TotalCount", "T": "", "nothing": "", "ea": "ErrorAction"} {
		p, ambiguous := cmd.Parameter(name)
		switch {
		case want == "" && p != nil, want != "" && (p == nil || p.Name != want):
			t.Errorf("%s is %v, want %s", name, p, want)
		case ambiguous != (name == "T"):
			t.Errorf("%s: ambiguous %v", name, ambiguous)
		}
	}
}

// A syntax is read into types and places.
func TestDescribe(t *testing.T) {
	c := &complete.Command{Name: "X"}
	c.Describe("[-A] <string> [[-B] <int[]>] -C <Nullable[int]> [-D] [<CommonParameters>]", "-D -C <Nullable[int]>")
	want := "A string {0 0 true}|B int[] {0 1 false}|C Nullable[int] {0 -1 true} {1 -1 true}|D switch {0 -1 false} {1 -1 false}"
	var got []string
	for _, p := range c.Parameters {
		s := p.Name + " " + p.Type
		for _, at := range p.Places {
			s += fmt.Sprint(" ", at)
		}
		got = append(got, s)
	}
	if strings.Join(got, "|") != want || !c.Common {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
}

// The data of PowerShell's own commands is whole.
func TestPowerShell(t *testing.T) {
	all := complete.PowerShell().All()
	if len(all) < 300 {
		t.Errorf("%d commands", len(all))
	}
	for _, c := range all {
		if c.Name == "" || c.Target == "" && strings.ContainsAny(c.Name, " \t") {
			t.Errorf("%+v", c)
		}
		names := map[string]bool{}
		for _, p := range c.Parameters {
			if names[p.Name] || p.Type == "" {
				t.Errorf("%s -%s %q", c.Name, p.Name, p.Type)
			}
			names[p.Name] = true
		}
	}
	if !slices.IsSortedFunc(all, func(a, b *complete.Command) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	}) {
		t.Error("not sorted")
	}
}

// FuzzComplete checks that no line makes it fail, and that what is replaced
// lies within the line.
func FuzzComplete(f *testing.F) {
	for _, s := range []string{
		"Get-CsUser -Filter {a -eq 1} | ? b -like 'tel:*' | select |", `"a $x ${y} $(1) ""b`, "@{a=1;b=", "Sort-Object @{ ", "[Parameter(", "$x.y[0]?.",
		"Get-Item -Path:", "-", "a,", "& ", "@x", "–Path", "'", "“", "Get-Date -Format ", "x:y\\z", "$global:", "Get-Content \"", "*-[", "ü -ö",
	} {
		f.Add(s, len(s))
	}
	env := recordedEnv()
	f.Fuzz(func(t *testing.T, line string, cursor int) {
		r := complete.Complete(line, cursor, env)
		if r.Start < 0 || r.End < r.Start || r.End > len(line) {
			t.Fatalf("%q at %d: replaces %d-%d", line, cursor, r.Start, r.End)
		}
		for _, it := range r.Items {
			if it.Text == "" || it.List == "" {
				t.Fatalf("%q at %d: %+v", line, cursor, it)
			}
		}
	})
}

// manyCommands is a server that offers 3,000 commands.
func manyCommands() *complete.Env {
	var list []*complete.Command
	for i := range 3000 {
		c := &complete.Command{Name: fmt.Sprintf("Get-CsThing%04d", i)}
		c.Describe("[[-Identity] <string>] [-Filter <string>] [<CommonParameters>]")
		list = append(list, c)
	}
	return &complete.Env{Commands: []*complete.Catalog{complete.NewCatalog(list), complete.PowerShell()}}
}

func BenchmarkComplete(b *testing.B) {
	env := manyCommands()
	for _, line := range []string{"Get-Cs", "Get-CsThing0001 -Fi", "Get-CsThing0001 | Where-Object { $_.Enabled -eq $true } | Set-CsThing -Identity $_"} {
		b.Run(line, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				complete.Complete(line, len(line), env)
			}
		})
	}
}

// TestCompleteIsCheap gates by counts what a key costs where 3,000 commands
// are offered.
func TestCompleteIsCheap(t *testing.T) {
	env := manyCommands()
	for line, most := range map[string]float64{"Get-Cs": 40, "Get-CsThing0001 -Fi": 60, "$x | Get-CsThing0001 | Where-Object { $_.Enabled": 80} {
		if n := testing.AllocsPerRun(20, func() { complete.Complete(line, len(line), env) }); n > most {
			t.Errorf("%s: %.0f allocations, at most %.0f", line, n, most)
		}
	}
}
