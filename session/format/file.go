package format

import (
	"strings"

	"psdeck/session/clixml"
)

// fileView is the view that PowerShell brings for files and folders. The one of
// a server lacks the folder that stands above them: it is a control with a
// name, which is not sent.
func fileView(v clixml.Value, shape Shape, name string) *definition {
	o := v.Object()
	if o == nil || name != "" || distance(o.TypeNames[:min(1, len(o.TypeNames))], fileTypes()) > 0 {
		return nil
	}
	if _, ok := o.Get("NameString"); !ok {
		return nil // from an older PowerShell
	}
	d := &definition{types: fileTypes(), shape: shape, group: folder()}
	switch shape {
	case Default, Table:
		d.shape = Table
		columns := "Mode:ModeWithoutHardLink LastWriteTime:LastWriteTimeString Length:LengthString Name:NameString"
		d.headers = []header{{align: left, width: 7}, {align: right, width: 26}, {align: right, width: 14}, {align: left}}
		if _, unix := o.Get("UnixMode"); unix {
			columns = "UnixMode User Group LastWriteTime Size Name:NameString"
			d.headers = []header{{align: left, width: 10}, {align: right, width: 10}, {align: left, width: 10}, {align: right, width: 16}, {align: right, width: 12}, {align: left}}
		}
		row := entry{items: itemsOf(columns), wrap: true}
		if t := &row.items[3]; t.text == "LastWriteTime" {
			t.format = "{0:d} {0:HH}:{0:mm}"
		}
		d.entries = []entry{row}
	case List:
		d.entries = []entry{
			{items: itemsOf("Name CreationTime LastWriteTime LastAccessTime Mode LinkType Target")},
			{types: fileTypes()[1:], items: itemsOf("Name Length:LengthString CreationTime LastWriteTime LastAccessTime Mode LinkType Target VersionInfo")},
		}
	case Wide:
		d.entries = []entry{{items: itemsOf("Name")}}
	default:
		return nil
	}
	return d
}

func fileTypes() []string { return []string{"System.IO.DirectoryInfo", "System.IO.FileInfo"} }

// folder groups by where the files are.
func folder() *grouping {
	path := term{text: "$_.PSParentPath.Replace('Microsoft.PowerShell.Core\\FileSystem::', '')", script: true}
	body := []token{{text: "Directory: "}, {value: &path}, {newlines: 1}}
	return &grouping{term: term{text: "PSParentPath"}, body: []entry{{body: []token{{frame: &frame{left: 4, body: body}}}}}}
}

// itemsOf reads names, or labels with their names.
func itemsOf(text string) []item {
	var items []item
	for word := range strings.FieldsSeq(text) {
		label, name, ok := strings.Cut(word, ":")
		if !ok {
			name = label
		}
		items = append(items, item{label: label, term: term{text: name}})
	}
	return items
}
