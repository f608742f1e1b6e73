package psrp_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/internal/vectors"
	"psdeck/session/psrp"
)

type exchange struct {
	Req    string `json:"req_body"`
	Res    string `json:"resp_body"`
	Cut    bool
	Status int
}

// TestVectorWSManMessages reads what a client nobody here wrote (pypsrp) sent,
// and what PowerShell answered behind WSMan: every fragment joins, every
// message is understood, and is the same value when it is written again. A case
// is one file of exchanges.
func TestVectorWSManMessages(t *testing.T) {
	score := vectors.Score{Family: "wsman-messages"}
	for _, file := range vectors.Files(t, vectors.Dir("wsman", filepath.Join("testdata", "wsman")), "*.jsonl") {
		score.Check(t, vectors.Name(file), readExchanges(t, file), "")
	}
	score.Report(t, os.Stdout)
}

func readExchanges(t *testing.T, file string) error {
	r := &exchangeReader{streams: map[string]*psrp.Reassembler{}, seen: map[string]bool{}}
	for _, e := range vectors.Records[exchange](t, file) {
		if e.Status != 200 {
			continue // refused, and often wrong on purpose
		}
		if err := r.request(e.Req); err != nil {
			return err
		}
		// An answer that was cut comes again whole, and so does one to the same
		// message id.
		if e.Cut || r.seen[e.Res] {
			continue
		}
		r.seen[e.Res] = true
		if err := r.answer(e.Res); err != nil {
			return err
		}
	}
	return nil
}

type exchangeReader struct {
	streams map[string]*psrp.Reassembler
	seen    map[string]bool
	ids     int
}

var (
	streamElement = regexp.MustCompile(`(?s)<rsp:Stream ([^>]*)>([^<]*)</rsp:Stream>`)
	commandID     = regexp.MustCompile(`CommandId="([^"]*)"`)
	streamName    = regexp.MustCompile(`Name="([^"]*)"`)
	argument      = regexp.MustCompile(`(?s)<rsp:CommandLine CommandId="([^"]*)".*?<rsp:Arguments>([^<]*)</rsp:Arguments>`)
	openingXML    = regexp.MustCompile(`(?s)<(?:[a-z]+:)?(?:creation|connect|connectResponse)Xml[^>]*>([^<]*)<`)
)

func (r *exchangeReader) request(body string) error {
	if r.seen[body] {
		return nil // the same bytes again
	}
	r.seen[body] = true
	for _, m := range openingXML.FindAllStringSubmatch(body, -1) {
		r.ids++
		if err := r.feed(fmt.Sprintf("new pool %d", r.ids), m[1]); err != nil {
			return err
		}
	}
	for _, m := range argument.FindAllStringSubmatch(body, -1) {
		if err := r.feed("c2s stdin "+m[1], m[2]); err != nil {
			return err
		}
	}
	return r.streamsOf("c2s", body)
}

func (r *exchangeReader) answer(body string) error {
	for _, m := range openingXML.FindAllStringSubmatch(body, -1) {
		r.ids++
		if err := r.feed(fmt.Sprintf("joined pool %d", r.ids), m[1]); err != nil {
			return err
		}
	}
	return r.streamsOf("s2c", body)
}

func (r *exchangeReader) streamsOf(direction, body string) error {
	for _, m := range streamElement.FindAllStringSubmatch(body, -1) {
		key := direction
		for _, re := range []*regexp.Regexp{streamName, commandID} {
			if sub := re.FindStringSubmatch(m[1]); sub != nil {
				key += " " + sub[1]
			}
		}
		if err := r.feed(key, m[2]); err != nil {
			return err
		}
	}
	return nil
}

func (r *exchangeReader) feed(key, text string) error {
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if r.streams[key] == nil {
		r.streams[key] = &psrp.Reassembler{Joined: true}
	}
	messages, err := r.streams[key].Feed(data)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	for i := range messages {
		if err := again(&messages[i]); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// again decodes a message, writes its typed body and decodes that.
func again(m *psrp.Message) error {
	body, err := m.Decode(clixml.Limits{})
	if err != nil {
		return err
	}
	if call, ok := body.(psrp.HostCall); ok {
		if _, err := call.Decode(); err != nil {
			return err
		}
	}
	made, err := psrp.NewMessage(m.Destination, uuid.Nil, m.PipelineID, body)
	if err != nil {
		return err
	}
	second, err := made.Decode(clixml.Limits{})
	if err != nil {
		return err
	}
	if m.Destination == psrp.ToClient {
		return same(&made, m)
	}
	return sameBody(second, body)
}
