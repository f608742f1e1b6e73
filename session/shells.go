package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"psdeck/session/safetext"
	"psdeck/session/wsman"
)

// Shells are the shells that an endpoint shows an account: those of live
// sessions, and those that were left behind and still count against its quota.
// A list that [Connector.Shells] gave has a connection to the server: close it.
type Shells struct {
	Host    string // the endpoint's
	Account string // who asked; "" where a token names nobody
	List    []wsman.ShellInfo

	client *wsman.Client
}

// Shells lists the shells on the endpoint of a target. It signs in as
// [Connector.Connect] does and reports to watch likewise, but opens no session.
// Its error is an *Error.
func (c *Connector) Shells(ctx context.Context, t Target, watch func(Event)) (*Shells, error) {
	if watch == nil {
		watch = func(Event) {}
	}
	cn := &connecting{Connector: c, target: t, watch: watch}
	if err := cn.findWay(ctx); err != nil {
		return nil, Explain("", err)
	}
	s := &Shells{Host: cn.endpoint.uri.Host, Account: cn.account.UserName}
	doing := "listing the sessions on " + s.Host
	var err error
	if s.client, err = cn.wsmanClient(); err != nil {
		return nil, Explain(doing, err)
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(t.Options.OperationTimeout, wsman.DefaultOperationTimeout))
	defer cancel()
	if s.List, err = s.client.Enumerate(ctx); err != nil {
		s.Close()
		return nil, explainListing(doing, err)
	}
	slices.SortStableFunc(s.List, func(a, b wsman.ShellInfo) int { return int(min(max(b.RunTime-a.RunTime, -1), 1)) })
	return s, nil
}

// explainListing explains a server that opens sessions but does not list them.
func explainListing(doing string, err error) error {
	var f *wsman.Fault
	if errors.As(err, &f) && (f.IsAccessDenied() || f.IsInvalidResource() || f.Subcode == "ActionNotSupported") {
		e := &Error{Doing: doing, Err: err, Hints: []string{
			"this server does not list sessions to this account; one that was left behind ends by itself after about fifteen minutes",
		}}
		if f.IsAccessDenied() {
			e.Class = ClassSignIn
		}
		return e
	}
	return Explain(doing, err)
}

// Mine tells whether a shell of the list belongs to the account. An
// administrator is shown the shells of others too. The server writes an owner
// as DOMAIN\name where the account is name@domain.
func (s *Shells) Mine(info wsman.ShellInfo) bool {
	_, short, _ := strings.Cut(info.Owner, `\`)
	name, _, _ := strings.Cut(s.Account, "@")
	return info.Owner == "" || strings.EqualFold(info.Owner, s.Account) || short != "" && strings.EqualFold(short, name)
}

// Find gives the shell of the list with this id.
func (s *Shells) Find(id string) (wsman.ShellInfo, bool) {
	i := slices.IndexFunc(s.List, func(info wsman.ShellInfo) bool { return strings.EqualFold(info.ID, strings.Trim(id, "{}")) })
	if i < 0 {
		return wsman.ShellInfo{}, false
	}
	return s.List[i], true
}

// Delete ends a shell of the list, whoever is connected to it, with everything
// that runs in it. One that is gone meanwhile is no error. Its error is an
// *Error.
func (s *Shells) Delete(ctx context.Context, id string) error {
	info, ok := s.Find(id)
	if !ok {
		return usageError("closing "+id, "there is no such session on "+s.Host, "psdeck sessions list shows those that are there")
	}
	ctx, cancel := context.WithTimeout(ctx, s.client.CancelTimeout()+time.Second)
	defer cancel()
	err := s.client.Attach(info).Delete(ctx)
	var f *wsman.Fault
	if err == nil || errors.As(err, &f) && f.IsShellNotFound() {
		return nil
	}
	return Explain(fmt.Sprintf("closing %s on %s", safetext.Clean(info.ID), s.Host), err)
}

// Close drops the connection; the shells stay as they are.
func (s *Shells) Close() {
	if s.client != nil {
		s.client.Close()
	}
}
