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
		{"ForEach-Object", values("Process:1 MemberName Begin End ArgumentList:2+|Args InputObject", ""), newForEach},
		{"Get-Unique", values("InputObject", "AsString OnType CaseInsensitive"), newGetUnique},
		{"Format-Table", values("Property:1 GroupBy View Expand InputObject", "AutoSize Wrap HideTableHeaders ShowError DisplayError Force RepeatHeader"), newView},
		{"Format-List", values("Property:1 GroupBy View Expand InputObject", "ShowError DisplayError Force"), newView},
		{"Format-Wide", values("Property:1 Column GroupBy View Expand InputObject", "AutoSize ShowError DisplayError Force"), newView},
		{"Format-Custom", values("Property:1 Depth GroupBy View Expand InputObject", "ShowError DisplayError Force"), newView},
		{"Out-String", values("Width InputObject", "Stream NoNewline"), newOutString},
		{"Out-Default", values("InputObject", "Transcript"), newPass},
		{"Out-Host", values("InputObject", "Paging"), newPass},
		{"Out-Null", values("InputObject", ""), newNull},
		{"ConvertTo-Json", values("InputObject:1 Depth EscapeHandling", "Compress EnumsAsStrings AsArray"), newToJSON},
		{"ConvertFrom-Json", values("InputObject:1 Depth DateKind", "AsHashtable NoEnumerate"), newFromJSON},
		{"ConvertTo-Csv", values("InputObject:1 Delimiter:2 QuoteFields|QF UseQuotes|UQ", "UseCulture|UC IncludeTypeInformation|ITI NoTypeInformation|NTI NoHeader"), newToCSV},
		{"ConvertFrom-Csv", values("InputObject:1 Delimiter:2 Header", "UseCulture|UC"), newFromCSV},
		{"ConvertTo-Html", values("Property:1 Head:2 Title:3 Body As CssUri|cu|uri PostContent PreContent Charset InputObject", "Fragment Transitional"), newToHTML},
		{"ConvertTo-Xml", values("InputObject:1 Depth As", "NoTypeInformation|NTI"), newToXML},
		{"Select-String", values("Pattern:1 Context InputObject", "SimpleMatch CaseSensitive Quiet List NoEmphasis NotMatch AllMatches Raw"), newSelectString},
		{"Compare-Object", values("ReferenceObject:1 DifferenceObject:2 SyncWindow Property Culture", "ExcludeDifferent IncludeEqual PassThru CaseSensitive"), newCompare},
		{"Join-String", values("Property:1 Separator:2 OutputPrefix|op OutputSuffix|os FormatString InputObject", "SingleQuote DoubleQuote UseCulture"), newJoin},
		{"Get-Member", values("Name:1 MemberType|Type View InputObject", "Static Force"), newGetMember},
		{"Add-Member", values("NotePropertyName:1 NotePropertyValue:2 NotePropertyMembers MemberType|Type Name Value TypeName InputObject", "Force PassThru"), newAddMember},
		{"Tee-Object", values("FilePath:1|Path Variable LiteralPath|PSPath|LP Encoding InputObject", "Append"), newTee},
		{"Write-Output", values("InputObject:1+", "NoEnumerate"), newWriteOutput},
		{"Get-Date", values("Date:1|LastWriteTime Year Month Day Hour Minute Second Millisecond Format DisplayHint", "AsUTC"), newGetDate},
		{"Export-Csv", values("Path:1 Delimiter:2 QuoteFields|QF UseQuotes|UQ"+fileParams, "Append NoClobber|NoOverwrite Force UseCulture IncludeTypeInformation|ITI NoTypeInformation|NTI NoHeader WhatIf|wi"), newExportCSV},
		{"Export-Clixml", values("Path:1 Depth"+fileParams, "NoClobber|NoOverwrite Force WhatIf|wi"), newExportCLIXML},
		{"Out-File", values("FilePath:1|Path Encoding:2 Width LiteralPath|PSPath|LP InputObject", "Append NoClobber|NoOverwrite Force NoNewline WhatIf|wi"), newOutFile},
		{"Set-Content", values("Path:1 Value:2 LiteralPath|PSPath|LP Encoding", "Force NoNewline PassThru WhatIf|wi"), newSetContent},
		{"Add-Content", values("Path:1 Value:2 LiteralPath|PSPath|LP Encoding", "Force NoNewline PassThru WhatIf|wi"), newSetContent},
		{"Import-Csv", values("Path:1 Delimiter:2 LiteralPath|PSPath|LP Header Encoding", "UseCulture"), newImportCSV},
		{"Import-Clixml", values("Path:1 LiteralPath|PSPath|LP First Skip", ""), newImportCLIXML},
		{"Get-Content", values("Path:1 LiteralPath|PSPath|LP Encoding TotalCount|First|Head Tail|Last Delimiter ReadCount", "Raw Force"), newGetContent},
	}
}

// values makes parameters of two lists of names: those that take a value, with
// their position behind a colon, and switches; aliases stand behind a stroke.
func values(valued, switches string) []param {
	var out []param
	for _, f := range strings.Fields(valued) {
		f, aliases := aliased(f)
		name, position, _ := strings.Cut(f, ":")
		p := param{name: name, kind: aValue, aliases: aliases}
		if position != "" {
			position, p.rest = strings.CutSuffix(position, "+")
			p.position = int(position[0] - '0')
		}
		out = append(out, p)
	}
	for _, name := range strings.Fields(switches) {
		name, aliases := aliased(name)
		out = append(out, param{name: name, aliases: aliases})
	}
	return out
}

// aliased takes the aliases off a name: "LiteralPath|PSPath|LP".
func aliased(f string) (name, aliases string) {
	name, aliases, _ = strings.Cut(f, "|")
	return name, strings.ReplaceAll(aliases, "|", " ")
}
