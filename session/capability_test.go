package session_test

import (
	"net/url"
	"testing"

	"psdeck/session/clixml"
	"psdeck/session/lab/endpoint"
	"psdeck/session/lab/runspace"
)

// Application arguments arrive as the values that they are.
func TestApplicationArgumentsArrive(t *testing.T) {
	overBoth(t, func(t *testing.T, scheme string) {
		var got *clixml.Object
		st := newStand(t, scheme, endpoint.Config{Open: func(_ endpoint.Identity, _ *url.URL, args *clixml.Object) (*runspace.Options, error) {
			got = args
			return &runspace.Options{}, nil
		}})
		target := st.target()
		target.Options.ApplicationArguments = map[string]clixml.Value{"Ticket": clixml.Int32(4711), "Team": clixml.Str("helpdesk")}
		st.connectTo(target)
		ticket, _ := got.Lookup("Ticket")
		team, _ := got.Lookup("Team")
		if ticket.Any() != int32(4711) || team.Text() != "helpdesk" {
			t.Errorf("%v", clixml.Obj(got))
		}
	})
}
