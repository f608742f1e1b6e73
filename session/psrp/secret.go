package psrp

import "psdeck/session/clixml"

// canSeal tells whether secure strings may go out: from protocol 2.4 on the
// transport keeps them, before that a session key does. c.mu is held.
func (c *Client) canSeal() bool {
	version, err := parseVersion(c.protocol)
	return c.haveKey || (err == nil && version >= 2_004)
}

func pipelineHasSecret(p *Pipeline) bool {
	for i := range p.Commands {
		for _, a := range p.Commands[i].Parameters {
			if hasSecret(a.Value) {
				return true
			}
		}
	}
	return false
}

// hasSecret tells whether a SecureString is anywhere in v.
func hasSecret(v clixml.Value) bool {
	if v.Object() == nil {
		return v.Kind() == clixml.KindSecureString
	}
	seen := map[*clixml.Object]bool{}
	queue := []clixml.Value{v}
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		o := v.Object()
		if v.Kind() == clixml.KindSecureString {
			return true
		}
		if o == nil || seen[o] {
			continue
		}
		seen[o] = true
		queue = append(append(queue, o.Base), o.Items...)
		for _, e := range o.Entries {
			queue = append(queue, e.Key, e.Value)
		}
		for _, p := range o.Props {
			queue = append(queue, p.Value)
		}
		for _, p := range o.Members {
			queue = append(queue, p.Value)
		}
	}
	return false
}
