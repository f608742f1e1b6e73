package session

import (
	"maps"
	"slices"
	"strings"

	"psdeck/session/clixml"
)

// setArgument sets one application argument; names are compared without case.
func (o *Options) setArgument(name string, v clixml.Value) {
	all := maps.Clone(o.ApplicationArguments)
	if all == nil {
		all = make(map[string]clixml.Value)
	}
	maps.DeleteFunc(all, func(have string, _ clixml.Value) bool { return strings.EqualFold(have, name) })
	all[name] = v
	o.ApplicationArguments = all
}

// setArguments is the cast to PSPrimitiveDictionary.
func (o *Options) setArguments(v given) error {
	if v.IsNull() {
		o.ApplicationArguments = nil
		return nil
	}
	h := v.Object()
	if h == nil || h.Kind != clixml.Dict {
		return castf("%s", notConvertible(v.Value, "System.Management.Automation.PSPrimitiveDictionary"))
	}
	d, err := primitiveDictionary(h, 0)
	if err != nil {
		return castf("Cannot convert the \"%s\" value of type \"%s\" to type \"System.Management.Automation.PSPrimitiveDictionary\". %v", v.String(), typeNameOf(v.Value), err)
	}
	o.ApplicationArguments = make(map[string]clixml.Value)
	for _, e := range d.Entries {
		o.setArgument(e.Key.Text(), e.Value)
	}
	return nil
}

// maxArgumentDepth bounds hashtables in hashtables: a variable can hold one
// that holds itself.
const maxArgumentDepth = 32

// primitiveDictionary makes a PSPrimitiveDictionary of a hashtable and those in
// it: text keys, and values that are the same on the other side.
func primitiveDictionary(h *clixml.Object, depth int) (*clixml.Object, error) {
	d := clixml.PrimitiveDictionary()
	for _, e := range h.Entries {
		if e.Key.Kind() != clixml.KindString {
			return nil, castf("The key type %s is not valid. The PSPrimitiveDictionary class accepts only keys of the type System.String.", typeNameOf(e.Key))
		}
		v, err := primitive(e.Value, depth)
		if err != nil {
			return nil, err
		}
		d.Entries = append(d.Entries, clixml.Entry{Key: e.Key, Value: v})
	}
	return d, nil
}

func primitive(v clixml.Value, depth int) (clixml.Value, error) {
	o := v.Object()
	switch {
	case o == nil && v.Kind() != clixml.KindScriptBlock && v.Kind() != clixml.KindSecureString:
		return v, nil
	case depth >= maxArgumentDepth:
	case o != nil && o.Kind == clixml.Dict:
		d, err := primitiveDictionary(o, depth+1)
		return clixml.Obj(d), err
	case o != nil && o.Kind == clixml.List:
		list := &clixml.Object{TypeNames: o.TypeNames, Kind: clixml.List, Items: make([]clixml.Value, len(o.Items))}
		for i, item := range o.Items {
			var err error
			if list.Items[i], err = primitive(item, depth+1); err != nil {
				return v, err
			}
		}
		return clixml.Obj(list), nil
	case o != nil && !o.Base.IsNull() && len(o.Members) == 0:
		return primitive(o.Base, depth+1)
	}
	return v, castf("The type of the value %s is not valid. The PSPrimitiveDictionary class accepts only values of types that are fully serializable over PowerShell remoting. "+
		"See the Help topic about_Remoting for a list of fully-serializable types.", typeNameOf(v))
}

// completeArguments is mine and what only others has, key by key without case.
func completeArguments(mine, others map[string]clixml.Value) map[string]clixml.Value {
	if len(others) == 0 {
		return mine
	}
	o := Options{ApplicationArguments: maps.Clone(others)}
	for name, v := range mine {
		o.setArgument(name, v)
	}
	return o.ApplicationArguments
}

// applicationArguments are the user's and, for Ocs endpoints, the client
// version that they expect; the user's own value of a key wins.
func (cn *connecting) applicationArguments() []clixml.Entry {
	var ours map[string]clixml.Value
	if cn.endpoint.isOcs() {
		ours = map[string]clixml.Value{"X-MS-Client-Version": clixml.Str(cn.cfg.ClientVersion)}
	}
	args := completeArguments(cn.target.Options.ApplicationArguments, ours)
	entries := make([]clixml.Entry, 0, len(args))
	for _, name := range slices.Sorted(maps.Keys(args)) {
		entries = append(entries, clixml.Entry{Key: clixml.Str(name), Value: args[name]})
	}
	return entries
}
