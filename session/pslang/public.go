package pslang

import (
	"regexp"

	"psdeck/session/clixml"
)

// Format is the operator -f: the items {index,width:format} of text stand for
// values, written in the invariant culture.
func Format(text string, values ...clixml.Value) (string, error) {
	v, err := composite(clixml.Str(text), clixml.Obj(clixml.Array(values...)))
	return v.String(), err
}

// Pattern makes a regular expression of one as -match takes it.
func Pattern(pattern string, sensitive bool) (*regexp.Regexp, error) {
	return compileRegexp(pattern, sensitive)
}

// Invoke calls a method of v, where it is one that is known here; the error
// says why not.
func Invoke(v clixml.Value, method string, args ...clixml.Value) (clixml.Value, error) {
	call := &Call{Member: &Member{Target: &Constant{Value: v}, Name: &Constant{Value: clixml.Str(method)}}}
	for _, a := range args {
		call.Args = append(call.Args, &Constant{Value: a})
	}
	return Eval(call, nil)
}

// KnownMethod tells whether a method of this name is called here.
func KnownMethod(name string) bool { return knownMethod(name) }
