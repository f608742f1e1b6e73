package session

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// answering plays a server: Get-* gives two users, Fail-* an error, Warn-* a
// warning, and Set-* the names of what was piped into it, with its own before them.
func answering(c *fakeCommand) {
	last := c.Request.Commands[len(c.Request.Commands)-1]
	switch verb, _, _ := strings.Cut(last.Name, "-"); verb {
	case "Get":
		c.out(user(1), user(2))
	case "Fail":
		c.f.emit(c.f.server.Error(c.ID, &psrp.ErrorRecord{Message: "no", FullyQualifiedErrorID: "No"}))
	case "Die":
		x := &clixml.Object{TypeNames: []string{"Deserialized.Contoso.DeadException", "Deserialized.System.Exception"}, Props: []clixml.Property{clixml.Prop("Message", "died")}}
		rec := &clixml.Object{TypeNames: []string{"System.Management.Automation.ErrorRecord", "System.Object"}, ToString: "died", HasToString: true}
		rec.Members = []clixml.Property{clixml.Prop("Exception", x), clixml.Prop("FullyQualifiedErrorId", "Dead")}
		c.end(psrp.PipelineFailed, &psrp.ErrorRecord{Message: "died", FullyQualifiedErrorID: "Dead", Object: rec})
		return
	case "Warn":
		c.f.emit(c.f.server.Warning(c.ID, "look"))
		c.out("warned")
	case "Set":
		for !c.Request.NoInput {
			v, ok := <-c.input
			if !ok {
				break
			}
			c.out(last.Name + " " + nameOf(v))
		}
	}
	c.done()
}

// nameOf is a user's name, or the value as it is.
func nameOf(v clixml.Value) string {
	if name, ok := v.Object().Get("Name"); ok {
		return name.Text()
	}
	return v.String()
}

// A pipeline is cut into what the server runs and what runs here, as often as
// the places change; what a command's own parameters keep here is not sent.
func TestSplitting(t *testing.T) {
	for _, tt := range []struct{ line, sent, shown string }{
		{"Get-User | Set-User", "Get-User | Set-User", ""},
		{"Get-User | where Number -gt 1 | Set-User", "Get-User\nSet-User", "Set-User user2"},
		{"Get-User | sort Number -Descending | Set-A | Set-B | select -First 1", "Get-User\nSet-A | Set-B", "Set-B user2"},
		{"$u = Get-User; $u | where Number -eq 2 | Set-User", "Get-User\nSet-User", "Set-User user2"},
		{"'a', 'b' | Set-User", "Set-User", "Set-User a, Set-User b"},
		{"'a', 'b' | where { $_ -eq 'c' } | Set-User", "Set-User", ""},
		{"$h = @{ Identity = 'a'; Force = $true; Number = 5 }; Set-User @h -Verbose", "Set-User Identity a Force True Number 5[int] -Verbose", ""},
		{"$a = 'a', 7; Set-User @a", "Set-User a 7[int]", ""},
		{"Set-User @nothing", "Set-User", ""},
		{"$p = @{ Property = 'Name'; First = 1 }; Get-User | select @p", "Get-User", "user1"},
		{"$p = , 'Number'; Get-User | sort @p -Descending", "Get-User", "user2, user1"},
		{"Set-User -ErrorAction Stop -wa Ignore -infa Ignore -proga Ignore -Confirm:$false -WhatIf", "Set-User -ErrorAction Stop -wa Ignore -infa Ignore -proga Ignore -Confirm: False -WhatIf", ""},
		{"Get-User -OutVariable u; $u | select -ExpandProperty Number", "Get-User", "user1, user2, 1, 2"},
		{"Get-User -ov u | Set-User | Out-Null; $u.Count", "Get-User\nSet-User", "2"},
		{"Get-User -ov u | Out-Null; Get-User -ov +u | Out-Null; $u.Count", "Get-User\nGet-User", "4"},
		{"Get-User -PipelineVariable p | select -ExpandProperty Name | foreach { \"$_ $($p.Number)\" }", "Get-User", "user1 1, user2 2"},
		{"Get-User -pv p | select -ExpandProperty Name -pv q | foreach { \"$q $($p.Number)\" }", "Get-User", "user1 1, user2 2"},
		{"Fail-User -ErrorVariable e; $e.Count; $e[0].FullyQualifiedErrorId", "Fail-User", "error: no, 1, No"},
		{"Fail-User -ea 0 -ErrorVariable e; $e.Count", "Fail-User -ea Continue", "1"},
		{"Fail-User -ErrorAction:SilentlyContinue -ev e; $e.Count", "Fail-User -ErrorAction: Continue", "1"},
		{"Warn-User -WarningV w 3>$null | Out-Null; \"$w\"", "Warn-User", "look"},
		{"Get-User | Warn-User 3>$null", "Get-User\nWarn-User", "warned"},
		{"Fail-User 2>$null", "Fail-User", ""},
		{"Get-User > $null", "Get-User", ""},
		{"Warn-User *>$null", "Warn-User", ""},
		{"Get-User -OutBuffer 10 -iv i -ev e | select -First 1", "Get-User", "user1"},
		{"$h = @{ ErrorVariable = 'e' }; Fail-User @h; $e.Count", "Fail-User", "error: no, 1"},
		{"Set-User -OutFile x -Out y -Pin 5", "Set-User -OutFile x -Out y -Pin 5[int]", ""},
		{"Get-User | select -ExpandProperty Nope -ev e -ea 0; $e.Count", "Get-User", "2"},
		{"Get-User | select -ExpandProperty Nope 2>$null", "Get-User", ""},
		{"Get-User | select -ExpandProperty Name -ov n | Out-Null; $n.Count", "Get-User", "2"},
		{"Get-User | ForEach-Object { Set-User -Identity $_.Name -N $_.Number }", "Get-User\nSet-User -Identity user1 -N 1[int]\nSet-User -Identity user2 -N 2[int]", ""},
		{"'a', 'b' | % { $_ | Set-User } | where { $_ -like '*b' }", "Set-User\nSet-User", "Set-User b"},
		{"$n = 'a', 'b' | % -Process { $PSItem | Set-User | where { $_ }; 'x' }; $n.Count", "Set-User\nSet-User", "4"},
		{"Get-User | where Number -eq 1 | % { Get-Other $_.Name | select -ExpandProperty Number } | Set-User", "Get-User\nGet-Other user1\nSet-User", "Set-User 1, Set-User 2"},
		{"'a', 'b', 'c' | % { $_ | Set-User } | select -First 1", "Set-User", "Set-User a"},
		{"% { Get-User }", "Get-User", "user1, user2"},
		{"'a', 'b' | % { Fail-User $_ }", "Fail-User a\nFail-User b", "error: no, error: no"},
		{"(Get-User).Number", "Get-User", "1, 2"},
		{"Set-User -Identity (Get-User | select -First 1).Name -Both (Get-Other).Count", "Get-User\nGet-Other\nSet-User -Identity user1 -Both 2[int]", ""},
		{"Set-User \"$((Get-User).Count) users\"", "Get-User\nSet-User 2 users", ""},
		{"@(Set-None).Count; $(Get-User).Count", "Set-None\nGet-User", "0, 2"},
		{"Set-User (Get-A (Get-B).Number[0]).Count", "Get-B\nGet-A 1[int]\nSet-User 2[int]", ""},
		{"$all = @(Get-User); 1 | Set-User -N $all.Count", "Get-User\nSet-User -N 2[int]", "Set-User 1"},
		{"(Get-User) | Set-User", "Get-User\nSet-User", "Set-User user1, Set-User user2"},
		{"(Fail-User).Name.Trim(); 'end'", "Fail-User", "error: no, error: You cannot call a method on a null-valued expression., end"},
		{"foreach ($u in Get-User) { Set-User -Identity $u.Name -N $u.Number }", "Get-User\nSet-User -Identity user1 -N 1[int]\nSet-User -Identity user2 -N 2[int]", ""},
		{"foreach ($u in Get-User) { $u | Set-User }", "Get-User\nSet-User\nSet-User", "Set-User user1, Set-User user2"},
		{"if (Get-User) { Set-A } else { Set-B }", "Get-User\nSet-A", ""},
		{"if (Set-None) { Set-A } elseif (Get-User) { Set-B } else { Set-C }", "Set-None\nGet-User\nSet-B", ""},
		{"if ((Get-User | where Number -gt 1).Count -eq 1) { 'one' }", "Get-User", "one"},
		{"try { Set-A; Fail-User; Set-B } catch { \"caught $_\"; Set-C } finally { Set-D }", "Set-A\nFail-User\nSet-B\nSet-D", "error: no"},
		{"try { Set-A; Die-User x; Set-B } catch { \"$_ $($_.Exception.Message)\"; Set-C $_.FullyQualifiedErrorId } finally { Set-D }", "Set-A\nDie-User x\nSet-C Dead\nSet-D", "died died"},
		{"Die-User; Set-A", "Die-User\nSet-A", "error: died"},
		{"foreach ($i in 1..3) { Die-User $i; Set-A }; Set-B", "Die-User 1[int]\nSet-B", "error: died"},
		{"foreach ($i in 1..2) { try { Die-User $i } catch { \"$i $_\" } }; Set-B", "Die-User 1[int]\nDie-User 2[int]\nSet-B", "1 died, 2 died"},
		{"try { Die-User } catch [System.Management.Automation.RemoteException] { 'remote' }", "Die-User", "remote"},
		{"try { Die-User } catch [Contoso.DeadException] { 'dead' } catch { 'other' }", "Die-User", "dead"},
		{"try { Die-User } catch [Other] { 1 } finally { Set-A }; Set-B", "Die-User\nSet-A\nSet-B", "error: died"},
		{"try { Get-User | ForEach-Object { Die-User $_.Name } } catch { \"$_\" }", "Get-User\nDie-User user1", "died"},
		{"try { throw \"no\" } catch { throw }; Set-A", "", "error: no"},
		{"throw 'no'; Set-A", "", "error: no"},
		{"Get-User | ForEach-Object { if ($_.Number -gt 1) { Set-User $_.Name } else { \"not $($_.Name)\" } }", "Get-User\nSet-User user2", "not user1"},
		{"Get-User | % { if ($_.Number -eq 1) { return }; Set-User (Get-Other).Count $x }", "Get-User\nGet-Other\nSet-User 2[int]", ""},
		{"Get-User | % { $n += $_.Number; Set-User -N $n }; $n", "Get-User\nSet-User -N 1[int]\nSet-User -N 3[int]", "3"},
		{"Get-User | % { try { Die-User } catch { \"$_\" }; $_.Name }", "Get-User\nDie-User\nDie-User", "died, user1, died, user2"},
		{"switch ((Get-User).Name) { user1 { Set-A $_ } *2 { Set-B } default { Set-C $_ } }", "Get-User\nSet-A user1\nSet-C user2", ""},
		{"switch -Wildcard ((Get-User).Name) { *1 { Set-A $_ } user* { Set-B $_ } }", "Get-User\nSet-A user1\nSet-B user1\nSet-B user2", ""},
		{"switch (1) { { Get-User } { Set-A } }", "Get-User\nSet-A", ""},
		{"for ($i = 0; $i -lt 2; $i++) { Set-A $i }; $i", "Set-A 0[int]\nSet-A 1[int]", "2"},
		{"$i = 3; while ($i -gt 1) { $i--; Get-User | select -First $i | Set-User }", "Get-User\nSet-User\nGet-User\nSet-User", "Set-User user1, Set-User user2, Set-User user1"},
		{"do { $n++; Set-A $n } until ($n -ge 2)", "Set-A 1[int]\nSet-A 2[int]", ""},
		{"$x = foreach ($u in Get-User) { $u.Name }; Set-A $x[1]; $x.Count", "Get-User\nSet-A user2", "2"},
		{"$x = if (Set-None) { 1 } else { Get-User }; $x.Count", "Set-None\nGet-User", "2"},
		{"$x = try { Die-User } catch { 'none' }; Set-A $x", "Die-User\nSet-A none", ""},
		{"$global:x = 1; if ($true) { $script:x += 4 }; Set-A $x", "Set-A 5[int]", ""},
		{"$all = @(); foreach ($u in Get-User) { $all += $u.Name }; Set-A $all.Count", "Get-User\nSet-A 2[int]", ""},
		{"$x = 2; foreach ($u in 'a') { 1 | % { Set-A $x $u } }", "Set-A 2[int] a", ""},
		{"foreach ($u in Get-User) { Get-Other $u.Name | select -First $u.Number | Set-User }", "Get-User\nGet-Other user1\nSet-User\nGet-Other user2\nSet-User", "Set-User user1, Set-User user1, Set-User user2"},
		{"foreach ($u in Get-User) { if ($u.Number -eq 2) { break }; Set-A $u.Name }; Set-B", "Get-User\nSet-A user1\nSet-B", ""},
		{"Set-A; return; Set-B", "Set-A", ""},
		{"foreach ($u in Get-User) { return $u.Name }; Set-B", "Get-User", "user1"},
		{"1..9 | % { if ($true) { Set-A $_; $_ } } | select -First 2", "Set-A 1[int]\nSet-A 2[int]", "1, 2"},
		{"if ($true) { Fail-A && Set-B; Fail-A || Set-C }", "Fail-A\nFail-A\nSet-C", "error: no, error: no"},
		{"if ($true) { Die-A || Set-C }; try { Die-A || Set-C } catch { 'c' }", "Die-A\nSet-C\nDie-A", "error: died, c"},
		{"$h = @{ Identity = 'a' }; foreach ($n in 1, 2) { $h = @{ N = $n }; Set-User @h }", "Set-User N 1[int]\nSet-User N 2[int]", ""},
		{"$null -ne (Get-A) -and (Set-None)", "Get-A\nSet-None", "False"},
		{"if ((Get-A).Count -gt 1 -and !(Set-None)) { Set-B }", "Get-A\nSet-None\nSet-B", ""},
		{"$n = 1; Get-User | select -First $n", "Get-User", "user1"},
		{"Get-A && Get-B > $null", "Get-A\nGet-B", "user1, user2"},
		{"Fail-A && Get-B", "Fail-A", "error: no"},
		{"Fail-A || Get-B", "Fail-A\nGet-B", "error: no, user1, user2"},
		{"Get-A > $null || Get-B", "Get-A", ""},
		{"Fail-A && Get-B || Get-C; 'end'", "Fail-A\nGet-C", "error: no, user1, user2, end"},
	} {
		s, f := openFake(t, Target{}, answering)
		records, _ := collect(t, mustRun(t, s, tt.line))
		records = slices.DeleteFunc(records, func(r Record) bool { return r.Stream == StreamView })
		for i := range records {
			records[i].Value = clixml.Str(nameOf(records[i].Value))
		}
		if got := strings.Join(texts(records), ", "); got != tt.shown {
			t.Errorf("%s shows %q, want %q", tt.line, got, tt.shown)
		}
		if got := f.log(); got != tt.sent {
			t.Errorf("%s sends %q, want %q", tt.line, got, tt.sent)
		}
	}
}

// A merge is the server's: it travels as PowerShell's client sends it.
func TestMergesTravel(t *testing.T) {
	var got []psrp.Command
	s, _ := openFake(t, Target{}, func(c *fakeCommand) { got = c.Request.Commands; c.done() })
	collect(t, mustRun(t, s, "Get-User 2>&1 | Set-User *>&1"))
	if len(got) != 2 || !got[0].MergeErrorToOutput || got[0].Merge.Warning != psrp.ResultNone || got[0].Merge.MyResult != psrp.ResultError {
		t.Fatalf("%+v", got)
	}
	if m := got[1].Merge; !got[1].MergeErrorToOutput || m.Warning != psrp.ResultOutput || m.Verbose != psrp.ResultOutput || m.Debug != psrp.ResultOutput || m.Information != psrp.ResultOutput {
		t.Errorf("%+v", got[1])
	}
}

// An object of an earlier command travels as it came, a hashtable as one, and a
// script block as its text: an endpoint without a language runs none.
func TestValuesOfParametersTravel(t *testing.T) {
	var got []psrp.Parameter
	s, _ := openFake(t, Target{}, func(c *fakeCommand) {
		got = c.Request.Commands[0].Parameters
		answering(c)
	})
	collect(t, mustRun(t, s, "$u = Get-User; Set-User $u[0] @{ A = 1; B = 'x', 'y' } { Name -eq 'x' } $u $null -Flag:$false"))
	if len(got) != 6 {
		t.Fatalf("%+v", got)
	}
	table, list := got[1].Value.Object(), got[3].Value.Object()
	if nameOf(got[0].Value) != "user1" || table == nil || table.Kind != clixml.Dict || len(table.Entries) != 2 || list == nil || list.Kind != clixml.List || len(list.Items) != 2 {
		t.Errorf("%+v", got)
	}
	if got[2].Value.Text() != " Name -eq 'x' " || !got[4].Value.IsNull() || got[5].Name != "-Flag:" || got[5].Value.Kind() != clixml.KindBool {
		t.Errorf("%+v", got)
	}
}

// What cannot run is refused as a whole, by name, at its place; nothing is sent.
func TestWhatIsRefusedBeforeAnythingIsSent(t *testing.T) {
	s, f := openFake(t, Target{}, answering)
	s.commands = &commandList{names: map[string]string{"get-user": "Get-User", "set-user": "Set-User", "sort-object": "Sort-Object", "select-object": "Select-Object"}}
	for line, want := range map[string]string{
		"Get-User; Get-User | Export-Alias x.csv":                      "Export-Alias is offered by neither",
		"Get-User | Sort-Object Name | Get-Other":                      "Get-Other is offered by neither",
		"Get-User | Get-Credential":                                    "Get-Credential takes no input",
		"Get-User; if ($true) { Nope-User }":                           "Nope-User is offered by neither",
		"Get-User; if ($false) { 1 } else { Nope-User }":               "Nope-User is offered by neither",
		"foreach ($u in Get-User) { Nope-User $u }":                    "Nope-User is offered by neither",
		"foreach ($u in Nope-User) { 1 }":                              "Nope-User is offered by neither",
		"while (Nope-User) { Get-User }":                               "Nope-User is offered by neither",
		"switch (Get-User) { { Nope-User $_ } { 1 } }":                 "Nope-User is offered by neither",
		"try { Get-User } catch { Nope-User }":                         "Nope-User is offered by neither",
		"try { Get-User } finally { Get-User | Export-Alias x }":       "Export-Alias is offered by neither",
		"foreach ($u in Get-User) { Get-User | select -No $u }":        "cannot be found that matches parameter name 'No'",
		"foreach ($u in Get-User) { Get-User && Set-User (Get-User) }": "run it first: $x = …",
		"if (Get-User) { Get-User > users.txt }":                       "redirection to a file",
		"Get-User; function f { 1 }":                                   "a function definition",
		"try { Get-User } catch { trap { 1 } }":                        "a trap statement",
		":all foreach ($u in 1) { Get-User; break all }":               "a label",
		"Get-User | ForEach-Object { if ($_) { Nope-User } }":          "Nope-User is offered by neither",
		"Get-User | ForEach-Object { Set-User (Get-Other) }":           "Get-Other is offered by neither",
		"Get-User | ForEach-Object { if ($_) { break } }":              "a break statement",
		"Get-User > users.txt":                                         "redirection to a file",
		"Get-User 2>> errors.txt":                                      "redirection to a file",
		"Get-User -OutVariable":                                        "Missing an argument for parameter 'OutVariable'",
		"Get-User -ErrorVariable -Verbose":                             "Missing an argument for parameter 'ErrorVariable'",
		"Get-User -OutBuffer -1":                                       "parameter 'OutBuffer'",
		"Get-User | Select-Object -Nope":                               "cannot be found that matches parameter name 'Nope'",
		"ConvertTo-SecureString 'x'":                                   "add -AsPlainText",
		"Get-Credential 2>&1":                                          "the output of Get-Credential, which runs here, takes no other streams",
		"Get-User -Identity 'a' | & { Set-User $_ }":                   "the call operator",
		"Get-User | ForEach-Object -Begin { Get-User }":                "a command",
		"Get-User | ForEach-Object { Nope-User $_ }":                   "Nope-User is offered by neither",
		"Get-User | Where-Object { Get-User $_ }":                      "a command",
		"Get-User &":                "a background job",
		"$x = Get-User && Set-User": "a pipeline chain",
	} {
		_, err := s.Run(t.Context(), line, RunOptions{Confirmed: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
			continue
		}
		if _, checked := s.Check(line); checked == nil || checked.Error() != err.Error() {
			t.Errorf("%s: Check says %v", line, checked)
		}
		if e := (*pslang.Error)(nil); errors.As(err, &e) && (e.Start >= e.End || e.End > len(line)) {
			t.Errorf("%s: the error is at %v", line, e.Extent)
		}
	}
	if f.log() != "" {
		t.Errorf("sent %q", f.log())
	}
}

// What the server is known to run goes there, but for the names that are only
// proxies for importing.
func TestWhatTheServerOffers(t *testing.T) {
	s, f := openFake(t, Target{}, func(c *fakeCommand) {
		if c.Request.Commands[0].Name == "Get-Command" {
			for _, name := range []string{"Get-User", "Sort-Object", "Where-Object", "ForEach-Object", "Select-Object", "Measure-Object"} {
				c.out(clixml.Obj(clixml.Custom(clixml.Prop("Name", name))))
			}
		}
		c.done()
	})
	for range 2 {
		names, err := s.Commands(t.Context())
		if got := strings.Join(names, " "); err != nil || got != "ForEach-Object Get-User Measure-Object Select-Object Sort-Object Where-Object" {
			t.Fatalf("%s, %v", got, err)
		}
	}
	for _, line := range []string{
		"Get-User | sort Name | select -First 1 | Measure-Object", "Get-User | where Name -eq x | % Delete",
		"Get-User | where { $_.Name }", "Get-User | sort $p | sort { $_ }",
	} {
		collect(t, mustRun(t, s, line))
	}
	if got, want := f.log(), "Get-Command\nGet-User | sort Name\nGet-User | where Name -eq x\nGet-User\nGet-User"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}
