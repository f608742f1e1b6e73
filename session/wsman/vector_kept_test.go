package wsman

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
)

// kept makes the requests about shells that outlive a client: to leave one, to
// come back, to find and to join one.
func (p *player) kept(ctx context.Context, sh *Shell, req *node) (func(recording) error, error) {
	action, resource, body := req.find("Action").text, req.find("ResourceURI").text, req.find("Body")
	switch {
	case action == ActionDisconnect:
		var idle time.Duration
		mode := ""
		if n := body.find("IdleTimeOut"); n != nil {
			idle, _ = parseISODuration(n.text)
		}
		if n := body.find("BufferMode"); n != nil {
			mode = n.text
		}
		return noCheck, sh.Disconnect(ctx, idle, mode)
	case action == ActionReconnect && body.find("Reconnect") != nil:
		return noCheck, sh.ReconnectCommand(ctx, parseID(body.find("Reconnect").attrs["CommandId"]))
	case action == ActionReconnect:
		return noCheck, sh.Reconnect(ctx)
	case action == ActionConnect && body.find("connectXml") != nil:
		data, _ := base64.StdEncoding.DecodeString(body.find("connectXml").text)
		got, err := sh.Connect(ctx, data)
		return func(rec recording) error {
			return equal("connectResponseXml", mustTree(rec.RespBody).find("connectResponseXml").text, base64.StdEncoding.EncodeToString(got))
		}, err
	case action == ActionConnect:
		return noCheck, sh.ConnectCommand(ctx, parseID(body.find("Connect").attrs["CommandId"]))
	case action == ActionEnumerate && resource == resourceShells:
		got, err := p.c.Enumerate(ctx)
		return func(rec recording) error { return checkShells(rec, got) }, err
	case action == ActionEnumerate && resource == resourceCommands:
		s := body.find("Selector")
		sh.selectors = []Selector{{Name: s.attrs["Name"], Value: s.text}}
		got, err := sh.Commands(ctx)
		return func(rec recording) error { return checkCommands(rec, got) }, err
	case action == ActionGet && resource == resourceShells:
		got, err := sh.Describe(ctx)
		return func(rec recording) error { return checkShells(rec, []ShellInfo{got}) }, err
	case action == ActionGet && resource == resourceConfig:
		got, err := p.c.MaxEnvelope(ctx)
		return func(rec recording) error {
			return equal("envelope", mustTree(rec.RespBody).find("MaxEnvelopeSizekb").text+" KB", fmt.Sprintf("%d KB", got/1024))
		}, err
	}
	return nil, nil
}

func checkShells(rec recording, got []ShellInfo) error {
	var want []ShellInfo
	for _, n := range mustTree(rec.RespBody).all("Shell") {
		text := func(name string) string {
			if k := n.find(name); k != nil {
				return k.text
			}
			return ""
		}
		span := func(name string) time.Duration {
			d, _ := parseISODuration(text(name))
			return d
		}
		want = append(want, ShellInfo{
			ID: text("ShellId"), Name: text("Name"), Owner: text("Owner"), ClientIP: text("ClientIP"), State: text("State"),
			BufferMode: text("BufferMode"), ResourceURI: text("ResourceUri"), CompressionMode: text("CompressionMode"),
			IdleTimeout: span("IdleTimeOut"), MaxIdleTimeout: span("MaxIdleTimeOut"), RunTime: span("ShellRunTime"), Inactivity: span("ShellInactivity"),
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("shells differ (-recorded +ours):\n%s", diff)
	}
	return nil
}

func checkCommands(rec recording, got []CommandInfo) error {
	var want []CommandInfo
	for _, n := range mustTree(rec.RespBody).all("Command") {
		want = append(want, CommandInfo{ID: parseID(n.find("CommandId").text), State: n.find("CommandState").text})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("commands differ (-recorded +ours):\n%s", diff)
	}
	return nil
}
