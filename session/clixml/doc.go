// Package clixml reads and writes CLIXML, the XML in which PowerShell
// serializes its values: the payload of every message of the PowerShell
// Remoting Protocol ([MS-PSRP] 2.2.5) and of Export-Clixml files.
//
// A value is a [Value]: a small struct that holds any primitive of PowerShell
// with its exact .NET type, or a reference to an [Object]. An [Object] keeps
// what PowerShell keeps: type names, the text of ToString, a wrapped primitive
// (an enum's number, a string with note properties), the items of a list or
// the entries of a dictionary, and adapted (Props) and extended (MS) members
// apart and in order.
//
//	v, err := clixml.Decode(doc)          // one value; DecodeAll reads all of a file
//	name, ok := v.Object().Get("Name")    // a property, whichever kind of member it is
//	doc, err := clixml.Encode(v)          // written as PowerShell writes it
//
// [Of] makes a value of Go's own types; types that Go has not (Version,
// SecureString, ScriptBlock, TimeSpan, …) are types of this package.
//
// What comes from outside is bounded by [Limits]: its size, its depth, the
// number of its objects. A document type is refused, references are shared and
// never copied, and text that is made of a value has an end. Errors are
// [*SyntaxError], with the place, and [*LimitError].
//
// Strings are UTF-8. .NET strings may hold lone surrogates, which UTF-8 cannot
// say; such a code unit is kept as its three-byte generalized UTF-8 form
// (WTF-8), so that a value that is read and written again is the same value.
package clixml
