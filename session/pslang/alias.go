package pslang

import (
	"maps"
	"strings"
)

// aliases are PowerShell's own, those of its engine and modules that concern
// objects and sessions.
var aliases = map[string]string{
	"?": "Where-Object", "%": "ForEach-Object", "where": "Where-Object", "foreach": "ForEach-Object",
	"select": "Select-Object", "sort": "Sort-Object", "measure": "Measure-Object", "group": "Group-Object",
	"compare": "Compare-Object", "diff": "Compare-Object", "tee": "Tee-Object", "gu": "Get-Unique", "gm": "Get-Member",
	"ft": "Format-Table", "fl": "Format-List", "fw": "Format-Wide", "fc": "Format-Custom", "fhx": "Format-Hex",
	"oh": "Out-Host", "ogv": "Out-GridView", "sls": "Select-String", "epcsv": "Export-Csv", "ipcsv": "Import-Csv",
	"echo": "Write-Output", "write": "Write-Output",
	"nsn": "New-PSSession", "gsn": "Get-PSSession", "rsn": "Remove-PSSession", "etsn": "Enter-PSSession", "exsn": "Exit-PSSession",
	"cnsn": "Connect-PSSession", "dnsn": "Disconnect-PSSession", "rcsn": "Receive-PSSession", "ipsn": "Import-PSSession",
	"epsn": "Export-PSSession", "icm": "Invoke-Command", "iex": "Invoke-Expression",
	"gcm": "Get-Command", "gal": "Get-Alias", "nal": "New-Alias", "sal": "Set-Alias", "ipal": "Import-Alias", "epal": "Export-Alias",
	"gv": "Get-Variable", "sv": "Set-Variable", "nv": "New-Variable", "rv": "Remove-Variable", "clv": "Clear-Variable", "set": "Set-Variable",
	"gmo": "Get-Module", "ipmo": "Import-Module", "nmo": "New-Module", "rmo": "Remove-Module",
	"h": "Get-History", "ghy": "Get-History", "history": "Get-History", "clhy": "Clear-History", "r": "Invoke-History", "ihy": "Invoke-History",
	"gps": "Get-Process", "ps": "Get-Process", "saps": "Start-Process", "start": "Start-Process", "spps": "Stop-Process", "kill": "Stop-Process",
	"gsv": "Get-Service", "sasv": "Start-Service", "spsv": "Stop-Service",
	"gci": "Get-ChildItem", "dir": "Get-ChildItem", "ls": "Get-ChildItem", "gi": "Get-Item", "si": "Set-Item", "ni": "New-Item",
	"ri": "Remove-Item", "rm": "Remove-Item", "del": "Remove-Item", "erase": "Remove-Item", "rd": "Remove-Item", "rmdir": "Remove-Item",
	"cpi": "Copy-Item", "copy": "Copy-Item", "cp": "Copy-Item", "mi": "Move-Item", "move": "Move-Item", "mv": "Move-Item",
	"rni": "Rename-Item", "ren": "Rename-Item", "ii": "Invoke-Item", "cli": "Clear-Item",
	"gp": "Get-ItemProperty", "sp": "Set-ItemProperty", "cpp": "Copy-ItemProperty", "mp": "Move-ItemProperty", "rp": "Remove-ItemProperty",
	"rnp": "Rename-ItemProperty", "clp": "Clear-ItemProperty", "gpv": "Get-ItemPropertyValue",
	"gc": "Get-Content", "cat": "Get-Content", "type": "Get-Content", "ac": "Add-Content", "clc": "Clear-Content", "sc": "Set-Content",
	"gl": "Get-Location", "pwd": "Get-Location", "sl": "Set-Location", "cd": "Set-Location", "chdir": "Set-Location",
	"pushd": "Push-Location", "popd": "Pop-Location", "gdr": "Get-PSDrive", "ndr": "New-PSDrive", "mount": "New-PSDrive", "rdr": "Remove-PSDrive",
	"rvpa": "Resolve-Path", "cvpa": "Convert-Path", "irm": "Invoke-RestMethod", "iwr": "Invoke-WebRequest", "sleep": "Start-Sleep",
	"gjb": "Get-Job", "sajb": "Start-Job", "spjb": "Stop-Job", "rjb": "Remove-Job", "rcjb": "Receive-Job", "wjb": "Wait-Job",
	"cls": "Clear-Host", "clear": "Clear-Host", "md": "mkdir", "man": "help", "gcs": "Get-PSCallStack", "gerr": "Get-Error",
	"gbp": "Get-PSBreakpoint", "sbp": "Set-PSBreakpoint", "rbp": "Remove-PSBreakpoint", "ebp": "Enable-PSBreakpoint", "dbp": "Disable-PSBreakpoint",
	"gtz": "Get-TimeZone", "stz": "Set-TimeZone", "gin": "Get-ComputerInfo", "gcb": "Get-Clipboard", "scb": "Set-Clipboard",
	"shcm": "Show-Command",
}

// Aliases returns PowerShell's own aliases, lower case, and their commands.
func Aliases() map[string]string { return maps.Clone(aliases) }

// ResolveAlias returns the command that name is PowerShell's own alias of, or
// name itself. A module qualifier is kept: a qualified name is no alias.
func ResolveAlias(name string) string {
	if c, ok := aliases[strings.ToLower(name)]; ok {
		return c
	}
	return name
}
