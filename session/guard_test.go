package session

import (
	"testing"

	"psdeck/session/pslang"
)

func TestTheGuard(t *testing.T) {
	proved := Proof{Proved: true, Name: "Contoso"}
	for _, tt := range []struct {
		name  string
		rules rules
		line  string
		want  Decision
		typed string
	}{
		{"reading is always allowed", rules{env: Prod, readOnly: true}, "Get-CsUser | Where-Object Enabled -eq $true | Sort-Object Name", Allowed, ""},
		{"an alias is what it stands for", rules{readOnly: true}, "Get-CsUser | ? Enabled | select -First 2 | ft Name", Allowed, ""},
		{"a module qualifier does not hide a write", rules{readOnly: true}, `SkypeOnline\Set-CsUser -Identity x`, Refused, ""},
		{"a module qualifier on a read", rules{readOnly: true}, `SkypeOnline\Get-CsUser`, Allowed, ""},
		{"-WhatIf where things may change", rules{env: Prod, proof: proved}, "Remove-CsUser x -WhatIf", NeedsConfirmation, ""},
		{"-WhatIf:$true", rules{env: Prod, proof: proved}, "Get-CsUser | Remove-CsUser -whatif:$true", NeedsConfirmation, ""},
		{"-WhatIf in a test tenant", rules{env: Test, proof: proved}, "Remove-CsUser x -WhatIf", Allowed, ""},
		{"a server may take no notice of -WhatIf", rules{readOnly: true}, "Set-CsUser x -WhatIf", Refused, ""},
		{"-WhatIf:$false", rules{env: Prod, proof: proved}, "Remove-CsUser x -WhatIf:$false", NeedsConfirmation, "Contoso"},
		{"-WhatIf of a variable", rules{env: Prod, proof: proved}, "Remove-CsUser x -WhatIf:$x", NeedsConfirmation, "Contoso"},
		{"-WhatIf twice", rules{env: Prod, proof: proved}, "Remove-CsUser x -WhatIf -wi:$false", NeedsConfirmation, "Contoso"},
		{"-WhatIf cut short", rules{env: Prod, proof: proved}, "Remove-CsUser x -Wh", NeedsConfirmation, "Contoso"},
		{"-WhatIf beside what is splatted", rules{env: Prod, proof: proved}, "Remove-CsUser @p -WhatIf", NeedsConfirmation, "Contoso"},
		{"-WhatIf of another command", rules{env: Prod, proof: proved}, "Remove-CsUser x; Remove-CsUser y -WhatIf", NeedsConfirmation, "Contoso"},
		{"-WhatIf as a value", rules{env: Prod, proof: proved}, "Remove-CsUser '-WhatIf'", NeedsConfirmation, "Contoso"},
		{"-WhatIf behind --%", rules{env: Prod, proof: proved}, "Remove-CsUser x --% -WhatIf", NeedsConfirmation, "Contoso"},
		{"-WhatIf in a server's own language", rules{env: Prod, proof: proved, there: true}, "Remove-CsUser x -WhatIf", NeedsConfirmation, "Contoso"},
		{"writing in a read-only session", rules{readOnly: true}, "Set-CsUser x", Refused, ""},
		{"a write behind a read", rules{readOnly: true}, "Get-CsUser | Remove-CsUser", Refused, ""},
		{"a write in a second statement", rules{readOnly: true}, "Get-CsUser; Remove-CsUser x", Refused, ""},
		{"a write on an assignment's right side", rules{readOnly: true}, "$x = Remove-CsUser y", Refused, ""},
		{"a write in a script block", rules{readOnly: true}, "Get-CsUser | ForEach-Object { Remove-CsUser $_ }", Refused, ""},
		{"a call operator", rules{readOnly: true}, "& 'Get-CsUser'", Refused, ""},
		{"a dot", rules{readOnly: true}, ". Get-CsUser", Refused, ""},
		{"an unknown name", rules{readOnly: true}, "whatever", Refused, ""},
		{"Invoke-Expression", rules{readOnly: true}, "iex 'Get-CsUser'", Refused, ""},
		{"Invoke-Command", rules{readOnly: true}, "Invoke-Command { Get-CsUser }", Refused, ""},
		{"a look-alike letter in the verb", rules{readOnly: true}, "Gеt-CsUser", Refused, ""}, // Cyrillic е
		{"a method call", rules{readOnly: true}, "$x.Delete()", Refused, ""},
		{"a redirection to a file", rules{readOnly: true}, "Get-CsUser > x.txt", Refused, ""},
		{"splatted parameters", rules{readOnly: true}, "Get-CsUser @p", Refused, ""},
		{"what --% passes on", rules{readOnly: true}, "Get-CsUser --% | Remove-CsUser", Refused, ""},
		{"an assignment to a drive", rules{readOnly: true}, "${function:Get-CsUser} = { 1 }", Refused, ""},
		{"an assignment to the environment", rules{readOnly: true}, "$env:X = 1", Refused, ""},
		{"an assignment to the environment there", rules{readOnly: true, there: true}, "$env:X = 1", Refused, ""},
		{"assignments with a word for a scope", rules{readOnly: true}, "$global:x = 1; $script:x = 2; $Local:x = 3; $variable:x = 4; $private:x = 5", Allowed, ""},
		{"but not to what changes other commands", rules{readOnly: true}, "$global:PSDefaultParameterValues = @{ 'Get-CsUser:Filter' = 'x' }", Refused, ""},
		{"a write behind a scope's word", rules{readOnly: true}, "$global:x = Remove-CsUser y", Refused, ""},
		{"a subexpression in a string", rules{readOnly: true}, `Get-CsUser "a $(Remove-CsUser x)"`, Refused, ""},
		{"a subexpression in a word", rules{readOnly: true}, "Get-CsUser a$(Remove-CsUser x)", Refused, ""},
		{"a hashtable's value", rules{readOnly: true}, "Get-CsUser | select @{n='x';e={Remove-CsUser $_}}", Refused, ""},
		{"a write behind && here", rules{readOnly: true}, "Get-CsUser && Remove-CsUser x", Refused, ""},
		{"a write behind ||", rules{readOnly: true}, "Get-CsUser || Remove-CsUser x", Refused, ""},
		{"a write behind what runs here", rules{readOnly: true}, "Get-CsUser | Where-Object Enabled | Remove-CsUser", Refused, ""},
		{"a write of what a variable holds", rules{readOnly: true}, "$x | Set-CsUser -Enabled $false", Refused, ""},
		{"streams to nowhere, and secrets made here", rules{readOnly: true}, "Get-CsUser *>$null; $c = Get-Credential; $p = Read-Host -AsSecureString", Allowed, ""},
		{"a computed name", rules{readOnly: true}, "& $x", Refused, ""},
		{"a server's own language: reading", rules{readOnly: true, there: true}, "foreach ($u in Get-CsUser) { if ($u.Enabled) { $u.Name } }", Allowed, ""},
		{"a server's own language: streams", rules{readOnly: true, there: true}, "Get-CsUser 2>&1 | ? Enabled > $null", Allowed, ""},
		{"a server's own language: chains", rules{readOnly: true, there: true}, "Get-CsUser && Get-CsUser || Get-Date", Allowed, ""},
		{"a write in a loop", rules{readOnly: true, there: true}, "foreach ($u in Get-CsUser) { Remove-CsUser $u }", Refused, ""},
		{"a write in a condition", rules{readOnly: true, there: true}, "if (Set-CsUser x) { 1 }", Refused, ""},
		{"a write behind &&", rules{readOnly: true, there: true}, "Get-CsUser && Remove-CsUser x", Refused, ""},
		{"a write in a default value", rules{readOnly: true, there: true}, "{ param($x = (Remove-CsUser y)) }", Refused, ""},
		{"a method called by name", rules{readOnly: true, there: true}, "Get-CsUser | % Delete", Refused, ""},
		{"a method called by a loop's block", rules{readOnly: true, there: true}, "Get-CsUser | % { $_.Delete() }", Refused, ""},
		{"a static method", rules{readOnly: true, there: true}, "[IO.File]::Delete('x')", Refused, ""},
		{"a conversion that runs code", rules{readOnly: true, there: true}, "[My.Type]'x'", Refused, ""},
		{"-as a type that runs code", rules{readOnly: true, there: true}, "'x' -as [My.Type]", Refused, ""},
		{"a search that may delete", rules{readOnly: true}, "Search-Mailbox x -DeleteContent", Refused, ""},
		{"conversions to plain types", rules{readOnly: true, there: true}, "[int]'5' + ('6' -as [int])", Allowed, ""},
		{"a filter is text", rules{readOnly: true}, "Get-CsOnlineUser -Filter { Enabled -eq $true } -ResultSize 1", Allowed, ""},
		{"a filter of several terms", rules{readOnly: true}, "Get-Recipient -RecipientFilter:{ (Enabled -eq $true) -and (LineURI -like 'tel:*') } | Where-Object Name", Allowed, ""},
		{"a command in a filter", rules{readOnly: true}, "Get-CsOnlineUser -Filter { Remove-CsUser x }", Refused, ""},
		{"an alias in a filter", rules{readOnly: true}, "Get-CsOnlineUser -Filter { del -Force x }", Refused, ""},
		{"a command behind a filter's term", rules{readOnly: true}, "Get-CsOnlineUser -Filter { Enabled -eq (Remove-CsUser x) }", Refused, ""},
		{"a filter that the server's language runs", rules{readOnly: true, there: true}, "Get-CsOnlineUser -Filter { Enabled -eq $true }", Refused, ""},
		{"a block that is no filter", rules{readOnly: true}, "Get-CsOnlineUser -Anything { Enabled -eq $true }", Refused, ""},
		{"a block that runs here", rules{readOnly: true}, "Where-Object -Filter { Enabled -eq $true }", Refused, ""},
		{"a function that shadows a name", rules{readOnly: true, there: true}, "function Get-CsUser { 1 }; Get-CsUser", Refused, ""},
		{"a background job", rules{readOnly: true, there: true}, "Get-CsUser &", Refused, ""},
		{"a property that is set", rules{readOnly: true, there: true}, "$x.Enabled = $false", Refused, ""},
		{"a file that a cmdlet writes there", rules{readOnly: true, there: true}, "Get-CsUser | Export-Csv x.csv", Refused, ""},
		{"a file of this machine", rules{readOnly: true}, "Get-CsUser | Export-Csv x.csv; Get-CsUser | Tee-Object y | Out-File z; 'a' | Set-Content w", Allowed, ""},
		{"a file that is read here, and what is done with it", rules{readOnly: true}, "Import-Csv x.csv | Get-CsUser | ConvertTo-Json", Allowed, ""},
		{"a write of what a file holds", rules{readOnly: true}, "Import-Csv x.csv | Set-CsUser", Refused, ""},
		{"other files that cmdlets write there", rules{readOnly: true, there: true}, "Get-CsUser | Tee-Object y", Refused, ""},
		{"text that is written there", rules{readOnly: true, there: true}, "'a' | Set-Content w", Refused, ""},
		{"a redirection there", rules{readOnly: true, there: true}, "Get-CsUser >> x.txt", Refused, ""},
		{"conversions there", rules{readOnly: true, there: true}, "Import-Csv x | ConvertTo-Json | Select-String a | Get-Member; Get-CsUser | Join-String", Allowed, ""},
		{"a trap", rules{readOnly: true, there: true}, "trap { Remove-CsUser x } Get-CsUser", Refused, ""},
		{"taking away in production wants the tenant's name", rules{env: Prod, proof: proved}, "Remove-CsUser x", NeedsConfirmation, "Contoso"},
		{"changing in production wants a yes", rules{env: Prod, proof: proved}, "Set-CsUser x", NeedsConfirmation, ""},
		{"changing in a test tenant", rules{env: Test, proof: proved}, "Set-CsUser x", Allowed, ""},
		{"taking away in a test tenant wants a yes", rules{env: Test, proof: proved}, "Remove-CsUser x", NeedsConfirmation, ""},
		{"a development tenant asks nothing", rules{env: Dev, proof: proved}, "Remove-CsUser x", Allowed, ""},
		{"what is unproved is production", rules{}, "Set-CsUser x", NeedsConfirmation, ""},
		{"and its name is that word", rules{}, "Remove-CsUser x", NeedsConfirmation, "unproved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			script, err := pslang.Parse(tt.line)
			got, err := judge(tt.rules, script, err)
			if err != nil {
				t.Fatal(err)
			}
			if got.Decision != tt.want || got.Typed != tt.typed {
				t.Errorf("%s: %+v, want %v typed %q", tt.line, got, tt.want, tt.typed)
			}
			if got.Decision != Allowed && got.Reason == "" {
				t.Error("no reason given")
			}
		})
	}
}

func TestTheGuardLeavesWrongLinesToTheParser(t *testing.T) {
	script, err := pslang.Parse("Get-CsUser 'open")
	if _, got := judge(rules{readOnly: true}, script, err); got == nil {
		t.Error("a line that does not parse was judged")
	}
}

func TestProofAgainstWhatWasAskedFor(t *testing.T) {
	p := Proof{Proved: true, Name: "Contoso", TenantID: "T-1", Domain: "contoso.example", Domains: []string{"contoso.example", "contoso.com"}}
	for _, tt := range []struct {
		name, domain, expect string
		proof                Proof
		ok                   bool
	}{
		{"nothing expected", "", "", p, true},
		{"another name of the same tenant", "CONTOSO.com", "", p, true},
		{"the id that a profile expects", "", "t-1", p, true},
		{"a domain that a profile expects", "", "contoso.com", p, true},
		{"another tenant than asked for", "fabrikam.example", "", p, false},
		{"another tenant than expected", "contoso.com", "t-2", p, false},
		{"unproved where a tenant is expected", "", "t-1", Proof{}, false},
		{"unproved where none is", "contoso.com", "", Proof{}, true},
		{"a server that names no domains cannot be held against one", "fabrikam.example", "", Proof{Proved: true, Name: "X"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.proof.check(wanted{domain: tt.domain}, tt.expect); (err == nil) != tt.ok {
				t.Errorf("check: %v", err)
			}
		})
	}
}
