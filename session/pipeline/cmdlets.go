package pipeline

import "strings"

// cmdlets are the commands that run here, with the parameters they take
// ([PowerShell's own declarations] less those that make no sense here).
func cmdlets() []cmdlet {
	return []cmdlet{
		{"Where-Object", whereParams(), newWhere},
		{"Select-Object", values("Property:1 ExcludeProperty ExpandProperty First Last Skip SkipLast Index SkipIndex InputObject", "Unique CaseInsensitive Wait"), newSelect},
		{"Sort-Object", values("Property:1 Top Bottom Culture InputObject", "Descending Unique CaseSensitive Stable"), newSort},
		{"Measure-Object", values("Property:1 InputObject", "Sum Average Minimum Maximum StandardDeviation AllStats Line Word Character IgnoreWhiteSpace"), newMeasure},
		{"Group-Object", values("Property:1 Culture InputObject", "NoElement CaseSensitive AsHashTable AsString"), newGroup},
		{"ForEach-Object", values("Process:1 MemberName Begin End ArgumentList InputObject", ""), newForEach},
		{"Get-Unique", values("InputObject", "AsString OnType CaseInsensitive"), newGetUnique},
		{"Format-Table", values("Property:1 GroupBy View Expand InputObject", "AutoSize Wrap HideTableHeaders ShowError DisplayError Force RepeatHeader"), newView},
		{"Format-List", values("Property:1 GroupBy View Expand InputObject", "ShowError DisplayError Force"), newView},
		{"Format-Wide", values("Property:1 Column GroupBy View Expand InputObject", "AutoSize ShowError DisplayError Force"), newView},
		{"Format-Custom", values("Property:1 Depth GroupBy View Expand InputObject", "ShowError DisplayError Force"), newView},
		{"Out-String", values("Width InputObject", "Stream NoNewline"), newOutString},
		{"Out-Default", values("InputObject", "Transcript"), newPass},
		{"Out-Host", values("InputObject", "Paging"), newPass},
		{"Out-Null", values("InputObject", ""), newNull},
	}
}

// values makes parameters of two lists of names: those that take a value, with
// their position behind a colon, and switches.
func values(valued, switches string) []param {
	var out []param
	for _, f := range strings.Fields(valued) {
		name, position, _ := strings.Cut(f, ":")
		p := param{name: name, kind: aValue}
		if position != "" {
			p.position = int(position[0] - '0')
		}
		out = append(out, p)
	}
	for _, name := range strings.Fields(switches) {
		out = append(out, param{name: name})
	}
	return out
}
