package clixml_test

import (
	"errors"
	"fmt"
	"strings"

	"psdeck/session/clixml"
)

// What PowerShell sent is read, its properties by name without regard to case.
func Example() {
	v, err := clixml.Decode([]byte(`<Obj RefId="0"><TN RefId="0"><T>Selected.User</T><T>System.Object</T></TN>` +
		`<MS><S N="DisplayName">Ada</S><I32 N="Age">36</I32><B N="Enabled">true</B></MS></Obj>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	user := v.Object()
	name, _ := user.Get("displayname")
	age, _ := user.Get("Age")
	fmt.Println(user.TypeNames[0], name.Text(), age.Any())
	fmt.Println(v)
	// Output:
	// Selected.User Ada 36
	// @{DisplayName=Ada; Age=36; Enabled=True}
}

// A value is made of Go's own types, and of this package's where Go has none.
func ExampleEncode() {
	table := clixml.Hashtable(clixml.Entry{Key: clixml.Str("Limit"), Value: clixml.Int64(10)})
	doc, err := clixml.Encode(clixml.Of([]any{"text", 7, true, clixml.Version("7.4"), table}))
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := clixml.Decode(doc)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range back.Object().Items {
		fmt.Printf("%T %v\n", item.Any(), item)
	}
	// Output:
	// string text
	// int32 7
	// bool True
	// clixml.Version 7.4
	// *clixml.Object System.Collections.Hashtable
}

// Members keep their order and their exact types; a second value that is equal
// is Equal whatever its reference numbers are.
func ExampleNew() {
	o := clixml.Custom(clixml.Prop("Name", "Ada"), clixml.Prop("Born", 1815))
	o.Set("Born", clixml.Int64(1815))
	again := clixml.Custom(clixml.Prop("Name", "Ada"), clixml.Prop("Born", int64(1815)))
	fmt.Println(clixml.Obj(o), clixml.Equal(clixml.Obj(o), clixml.Obj(again)))
	// Output: @{Name=Ada; Born=1815} true
}

// What an attacker sends is an error of one of two types, and costs no more
// memory than the limits allow.
func ExampleDecodeLimits() {
	_, err := clixml.DecodeLimits([]byte(strings.Repeat("<Obj><LST>", 1000)), clixml.Limits{Depth: 20})
	var limit *clixml.LimitError
	fmt.Println(errors.As(err, &limit), err)

	_, err = clixml.Decode([]byte(`<!DOCTYPE x [<!ENTITY a "b">]><S>&a;</S>`))
	var syntax *clixml.SyntaxError
	fmt.Println(errors.As(err, &syntax))
	// Output:
	// true clixml: values are nested 20 levels or deeper
	// true
}
