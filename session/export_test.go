package session_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"testing"

	"psdeck/session"
	"psdeck/session/lab"
)

// Users of a tenant in a file, as an administrator writes them there, and what
// another program reads in it. The tenant is read-only: nothing changes there.
func TestExportOfATenantsUsers(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t, lab.Options{})
	s := w.connect(session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", ReadOnly: true})
	for _, line := range []string{
		"Get-CsOnlineUser -ResultSize 20 -wa 0 | Export-Csv -Path ./users.csv -NoTypeInformation",
		"Get-CsOnlineUser -ResultSize 5 -wa 0 | Select-Object UserPrincipalName, City | Export-Csv ./some.csv; Get-CsTenant | Select-Object Name | ConvertTo-Json | Out-File ./tenant.json",
		"Get-CsTenant | Select-Object @{ n = 'UserPrincipalName'; e = { 'x' } }, @{ n = 'City'; e = { 'Ulm; \"Old\"' } } | Export-Csv ./some.csv -Append",
	} {
		if out, res := output(t, s, line); res.Outcome != session.Completed || res.Errors > 0 || len(out) > 0 {
			t.Fatalf("%s: %q, %+v", line, out, res)
		}
	}
	users, some := rowsOf(t, "users.csv"), rowsOf(t, "some.csv")
	names, _ := output(t, s, "Get-CsOnlineUser -ResultSize 20 -wa 0 | foreach UserPrincipalName")
	if len(users) != 21 || len(names) != 20 {
		t.Fatalf("%d rows, %d users", len(users), len(names))
	}
	column := -1
	for i, name := range users[0] {
		if name == "UserPrincipalName" {
			column = i
		}
	}
	for i, name := range names {
		if column < 0 || users[i+1][column] != name {
			t.Errorf("row %d: %v, want %s", i+1, users[i+1], name)
		}
	}
	if len(some) != 7 || some[6][1] != `Ulm; "Old"` || some[0][0] != "UserPrincipalName" {
		t.Errorf("%q", some)
	}
	var tenant struct{ Name string }
	data, err := os.ReadFile("tenant.json")
	if err == nil {
		err = json.Unmarshal(data, &tenant)
	}
	if err != nil || tenant.Name == "" {
		t.Errorf("%s, %v", data, err)
	}
	back, _ := output(t, s, "Import-Csv ./some.csv | select -First 2 | Get-CsOnlineUser | foreach City")
	if len(back) != 2 || back[0] != some[1][1] || back[1] != some[2][1] {
		t.Errorf("%q, want those of %q", back, some[1:3])
	}
}

func rowsOf(t *testing.T, file string) [][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
