package syntax

// Inspect visits a node and what is in it, in order; where f gives false, what
// is in that node is left out.
func Inspect(n *Node, f func(*Node) bool) {
	if n == nil || !f(n) {
		return
	}
	for _, c := range n.Children {
		Inspect(c, f)
	}
}

// Walk visits a node and what is in it, in order. Path are the nodes around
// the one visited, the outermost first; it is only good during the call.
func Walk(n *Node, f func(n *Node, path []*Node) bool) {
	walk(n, nil, f)
}

func walk(n *Node, path []*Node, f func(*Node, []*Node) bool) {
	if n == nil || !f(n, path) {
		return
	}
	path = append(path, n)
	for _, c := range n.Children {
		walk(c, path, f)
	}
}
