package complete_test

import (
	"strings"
	"testing"

	"psdeck/session/complete"
)

// Rules that the recordings show for other commands and values, or that
// PowerShell documents: about_Tab_Expansion, the pages of the cmdlets (what
// their parameters take) and of .NET's types (their members). The cursor
// stands at the bar.
func TestRules(t *testing.T) {
	const common = "-Verbose -Debug -ErrorAction -WarningAction -InformationAction -ProgressAction -ErrorVariable -WarningVariable -InformationVariable -OutVariable -OutBuffer -PipelineVariable"
	for rule, cases := range map[string][][2]string{
		"a parameter that is there is not offered again": {
			{"Sort-Object -Descending -S|", "-Stable"},
			{"Read-Host -Prompt x -|", "-AsSecureString -MaskInput " + common},
		},
		"one of another set is not offered": {
			{"ForEach-Object -Parallel { 1 } -T|", "-ThrottleLimit -TimeoutSeconds"},
			{"Measure-Object -Line -A|", ""},
		},
		"in the order of their declaration": {
			{"Select-Object -Ex|", "-ExcludeProperty -ExpandProperty"},
			{"Write-Error -C|", "-Category -CategoryActivity -CategoryReason -CategoryTargetName -CategoryTargetType"},
			{"New-Item -|", "-Path -Name -ItemType -Value -Force -Credential -WhatIf -Confirm " + common},
		},
		"through aliases": {{"gm -M|", "-MemberType"}, {"gcm -All|", "-All"}, {"irm -SkipC|", "-SkipCertificateCheck"}, {"% -Mem|", "-MemberName"}},
		"values sorted, the whole word first": {
			{"Write-Host -BackgroundColor b|", "Black Blue"},
			{"Get-Member -MemberType method|", "Method Methods"},
			{"New-PSSession -Authentication N|", "Negotiate NegotiateWithImplicitCredential"},
			{"Get-FileHash -Algorithm |", "MD5 SHA1 SHA256 SHA384 SHA512"},
			{"Invoke-RestMethod -Method p|", "Patch Post Put"},
			{"Set-ExecutionPolicy r|", "RemoteSigned Restricted"},
			{"New-Variable -Option R|", "ReadOnly"},
			{"Write-Error -Category Invalid|", "InvalidArgument InvalidData InvalidOperation InvalidResult InvalidType"},
			{"ConvertTo-Json -EscapeHandling |", "Default EscapeHtml EscapeNonAscii"},
			{"Get-PSSession -State |", "All Broken Closed Disconnected Opened"},
		},
		"but those that are only good to know in their own order": {{"Out-File -Encoding utf8|", "utf8 utf8BOM utf8NoBOM"}, {"Clear-Variable -Scope |", "Global Local Script"}},
		"in the quotes of the word":                               {{"Get-GoldenThing -Mode 't|", "'Three' 'Two'"}, {`Get-GoldenThing -Day "Sa|`, `"Saturday"`}},
		"none of a set fits, and files do not either":             {{"Get-GoldenThing -Mode X|", ""}},
		"a list's last value":                                     {{"Get-GoldenThing -Mode One,T|", "Three Two"}},
		"a switch's two values":                                   {{"Get-GoldenThing -Flag:|", "$true $false"}, {"Get-GoldenThing -Flag:$|", "$true $false"}},
		"values by place, and what takes the rest last":           {{"Get-GoldenThing One M|", "Monday"}, {"Get-Command Get-Da|", "Get-Date"}},
		"properties of what comes through the pipeline": {
			{"$obj1 | ForEach-Object L|", "LineUri"},
			{"$obj1 | Where-Object D|", "DisplayName"},
			{"$obj1 | Group-Object -Property L|", "LineUri"},
			{"$obj1 | Select-Object -ExpandProperty D|", "DisplayName"},
			{"$obj1 | Format-List DisplayName, L|", "LineUri"},
			{"$obj1 | Sort-Object LineUri | Format-Table D|", "DisplayName"},
			{"Get-ChildItem | Measure-Object -Property Len|", "Length LengthString"},
		},
		"members of $_": {
			{"$obj1 | ForEach-Object { $_.L|", "LineUri"},
			{"$obj1 | Where-Object { $PSItem.D|", "DisplayName"},
			{"$obj1 | ? { $_.DisplayName -like 'x*' -and -not $_.L| }", "LineUri"},
			{"$obj1 | Select-Object @{ Name = 'x'; Expression = { $_.D|", "DisplayName"},
			{"Get-ChildItem | % { $_.Fu|", "FullName"},
			{"1 | % { if ($true) { $_.GetTypeC|", "GetTypeCode("},
			{"$_.L|", ""},
		},
		"what Select-Object leaves": {
			{"$obj1 | Select-Object LineUri | Where-Object |", "LineUri"},
			{"$obj1 | Select-Object -First 1 | Sort-Object L|", "LineUri"},
			{"$obj1 | Select-Object Line* | Sort-Object D|", "DisplayName"},
		},
		"elements": {{"($obj1 | Sort-Object LineUri)[0].D|", "DisplayName"}, {"$hash1['Alpha'].CompareT|", "CompareTo("}, {"$hash1['No'].|", ""}},
		"what the line assigned": {
			{"$x = $obj1; $x.L|", "LineUri"},
			{"$x = @{ Name = 1 }; $x.N|", "Name"},
			{"$x = [pscustomobject]@{ Alpha = 1 }; $x.A|", "Alpha"},
			{"$x = Get-Date; $x.Yea|", "Year"},
			{"$x = 1; $x = $obj1 | Select-Object LineUri; $x.Line|", "LineUri"},
			{"$x = $x.y; $x.|", ""},
		},
		"members of values and types": {
			{"'abc'.Sub|", "Substring("},
			{"[string]::IsNull|", "IsNullOrEmpty( IsNullOrWhiteSpace("},
			{"[math]::P|", "PI Pow("},
			{"[int]::MaxV|", "MaxValue"},
			{"$MyVar1.ToS|", "ToSByte( ToSingle( ToString("},
			{"(Get-Date).DayO|", "DayOfWeek DayOfYear"},
			{"@{ abc = 1 }.ab|", "abc"},
		},
		"operators": {
			{"1 -b|", "-band -bnot -bor -bxor"}, {"'a' -re|", "-replace"}, {"$x -is|", "-is -isnot -isplit"}, {"$true -a|", "-and -as"},
		},
		"variables": {
			{"if ($MyVar|", "$MyVar1 $MyVar2"},
			{"foreach ($i in $MyV|", "$MyVar1 $MyVar2"},
			{"\"text $($MyV|", "$MyVar1 $MyVar2"},
			{"'text $MyV|", ""},
			{"Remove-Variable obj|", "obj1"},
		},
		"paths": {
			{`.\t|`, "./t.csv"}, {"Get-Item *.t|", "./a.txt"}, {"gci w|", "'./with space'"}, {"Get-Date > a|", "./a.txt"}, {"Get-Content 'w|", "'./with space'"},
		},
		"commands": {
			{"*-Csv|", "ConvertFrom-Csv ConvertTo-Csv Export-Csv Import-Csv"},
			{"g-ghi|", ""},
			{"e-pss|", "Enter-PSSession Exit-PSSession Export-PSSession"},
			{"gET-uNIQ|", "Get-Unique"},
			{"1 | out-n|", "Out-Null"},
		},
		"keys that are not given": {
			{"Format-Table @{ Label = 'a'; |", "Expression FormatString Width Alignment"}, {"Group-Object @{ |", "Expression"},
		},
	} {
		t.Run(rule, func(t *testing.T) {
			for _, tt := range cases {
				if got := strings.Join(texts(atBar(tt[0], recordedEnv())), " "); got != tt[1] {
					t.Errorf("%s: got %s, want %s", tt[0], got, tt[1])
				}
			}
		})
	}
}

// A word that stands for a command's parameter or value names the command.
func TestItemsKnowTheirCommand(t *testing.T) {
	for line, want := range map[string]string{"sort-object -Desc|": "Sort-Object", "Get-GoldenThing -Mode T|": "Get-GoldenThing", "Get-Da|": "Get-Date"} {
		for _, it := range atBar(line, recordedEnv()).Items {
			if it.Command == nil || it.Command.Name != want {
				t.Errorf("%s: %+v", line, it.Command)
			}
		}
	}
	if p, _ := complete.PowerShell().Find("Write-Host").Parameter("ForegroundColor"); len(p.Choices()) != 16 {
		t.Errorf("%v", p.Choices())
	}
}
