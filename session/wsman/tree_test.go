package wsman

import (
	"encoding/xml"
	"io"
	"maps"
	"slices"
	"strings"
)

// meaning is what a request says: its action, resource, selectors, options and
// body, without ids of messages, locales, sizes and times.
func meaning(req *node) map[string]any {
	out := map[string]any{"action": req.find("Action").text, "resource": req.find("ResourceURI").text}
	for _, n := range req.all("Selector") {
		out["selector "+n.attrs["Name"]] = n.text
	}
	for _, n := range req.all("Option") {
		out["option "+n.attrs["Name"]] = strings.ToLower(n.text) + "," + n.attrs["MustComply"]
	}
	out["body"] = req.find("Body").flat()
	return out
}

// node is an element as encoding/xml sees it.
type node struct {
	name  string
	attrs map[string]string
	text  string
	kids  []*node
}

func parseTree(doc string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(doc))
	root := &node{}
	stack := []*node{root}
	for {
		tok, err := d.Token()
		if err == io.EOF && len(root.kids) == 1 {
			return root.kids[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &node{name: tok.Name.Local, attrs: map[string]string{}}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					n.attrs[a.Name.Local] = a.Value
				}
			}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
}

func mustTree(doc string) *node {
	n, err := parseTree(doc)
	if err != nil {
		panic(err)
	}
	return n
}

func (n *node) all(name string) (found []*node) {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			found = append(found, k)
		}
		found = append(found, k.all(name)...)
	}
	return found
}

func (n *node) find(name string) *node {
	if found := n.all(name); len(found) > 0 {
		return found[0]
	}
	return nil
}

func (n *node) flat() []string {
	var out []string
	for _, k := range n.kids {
		line := k.name
		for _, a := range slices.Sorted(maps.Keys(k.attrs)) {
			line += " " + a + "=" + k.attrs[a]
		}
		out = append(out, line+": "+strings.TrimSpace(k.text))
		for _, f := range k.flat() {
			out = append(out, "  "+f)
		}
	}
	return out
}
