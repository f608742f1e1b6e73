package session

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
	"psdeck/session/wsman"
)

// hear feeds the client and holds its events against the recorded messages.
func (p *replay) hear(c *psrp.Client, id uuid.UUID, key string, data [][]byte, recorded [][]string) error {
	var got []psrp.Event
	for _, chunk := range data {
		events, err := c.Feed(id, chunk)
		if err != nil {
			return err
		}
		got = append(got, events...)
	}
	if p.expect[key] == nil {
		p.expect[key] = &psrp.Reassembler{Joined: true}
	}
	var want []psrp.Message
	for _, element := range recorded {
		bytes, err := base64.StdEncoding.DecodeString(strings.TrimSpace(element[2]))
		if err != nil {
			return err
		}
		messages, err := p.expect[key].Feed(bytes)
		if err != nil {
			return err
		}
		want = append(want, messages...)
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d events of %d messages", len(got), len(want))
	}
	p.heard += len(want)
	for i := range want {
		if err := sameAs(&want[i], got[i]); err != nil {
			return err
		}
	}
	return nil
}

// sameAs compares an event with the recorded message that should have made it,
// by what both are as CLIXML.
func sameAs(want *psrp.Message, got psrp.Event) error {
	wanted, err := want.Decode(clixml.Limits{})
	if err != nil {
		return err
	}
	body := replayedBody(got)
	if key, ok := got.(psrp.SessionKeyReceived); ok && key.Err == nil {
		body = wanted // another key for another client
	}
	if body == nil || body.MessageType() != want.Type {
		return fmt.Errorf("%s gives %#v", want.Type, got)
	}
	a, err := clixml.Encode(wanted.Encode())
	if err != nil {
		return err
	}
	b, err := clixml.Encode(body.Encode())
	if err != nil || !bytes.Equal(a, b) {
		return fmt.Errorf("%s gives %.300s, want %.300s: %w", want.Type, b, a, err)
	}
	return nil
}

func replayedBody(ev psrp.Event) psrp.Body {
	switch ev := ev.(type) {
	case psrp.CapabilityReceived:
		return ev.Capability
	case psrp.PoolStateChanged:
		return psrp.PoolStatus{State: ev.State, Error: ev.Error}
	case psrp.PrivateDataReceived:
		return psrp.PrivateData{Data: ev.Data}
	case psrp.PoolLimitsReceived:
		return ev.PoolLimits
	case psrp.Availability:
		return psrp.PoolAnswer{CallID: ev.CallID, Response: ev.Value}
	case psrp.UserEventReceived:
		return ev.EngineEvent
	case psrp.KeyRequested:
		return psrp.KeyDemand{}
	case psrp.Output:
		return psrp.OutputObject{Value: ev.Value}
	case psrp.ErrorReceived:
		return ev.Record
	case psrp.DebugReceived:
		return psrp.StreamRecord{Type: psrp.DebugRecord, Record: ev.Record}
	case psrp.VerboseReceived:
		return psrp.StreamRecord{Type: psrp.VerboseRecord, Record: ev.Record}
	case psrp.WarningReceived:
		return psrp.StreamRecord{Type: psrp.WarningRecord, Record: ev.Record}
	case psrp.ProgressReceived:
		return ev.Record
	case psrp.InformationReceived:
		return ev.Record
	case psrp.HostCallReceived:
		return ev.Call
	case psrp.PipelineStateChanged:
		return psrp.PipelineStatus{State: ev.State, Error: ev.Error}
	}
	return nil
}

// check holds how a request ended against how the recorded one did.
func (p *replay) check(e *recordedExchange, err error) error {
	var fault *wsman.Fault
	var page *wsman.HTTPError
	var moved *wsman.RedirectError
	code := e.fault()
	switch {
	case code == fmt.Sprint(wsman.CodeTimeout), code != "" && e.command() != uuid.Nil && err == nil && p.gone(e):
		return err
	case code != "" && (!errors.As(err, &fault) || fmt.Sprint(fault.Code) != code):
		return fmt.Errorf("got %w, want fault %s", err, code)
	case code != "":
		return nil
	case e.Status/100 == 3 && (!errors.As(err, &moved) || moved.Status != e.Status):
		return fmt.Errorf("got %w, want a redirection", err)
	case e.Status/100 != 3 && (e.Status != http.StatusOK || strings.HasPrefix(e.Answer, "<!DOCTYPE")) &&
		(!errors.As(err, &page) || page.Status != e.Status):
		return fmt.Errorf("got %w, want an error of HTTP %d", err, e.Status)
	case e.Status == http.StatusOK && !strings.HasPrefix(e.Answer, "<!DOCTYPE"):
		return err
	}
	return nil
}

// gone tells that the fault says no more than that a command is over.
func (p *replay) gone(e *recordedExchange) bool {
	return e.fault() == fmt.Sprint(wsman.CodeNotFound) && e.action() != "Command"
}
