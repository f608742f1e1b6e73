package wsman

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
)

// take makes an error or a value of an answer. What the server says in SOAP
// counts before the status.
func (c *Client) take(res result, call *call, read func(*scanner) error) error {
	defer c.trace(res.event)
	body := bytes.TrimSpace(res.body)
	if isSOAP(res.header) && len(body) > 0 {
		fault, err := readEnvelope(toUTF8(body, charset(res.header)), call, read)
		switch {
		case fault != nil:
			fault.Action, fault.Status = call.action, res.status
			res.event.Fault = fault.Code
			return fault
		case res.status == http.StatusOK:
			return err
		}
	}
	if location := res.header.Get("Location"); res.status/100 == 3 && location != "" {
		return c.newRedirectError(res.status, location)
	}
	if res.status == http.StatusOK && len(body) == 0 {
		if call.emptyOK {
			return nil
		}
		return &SyntaxError{Msg: "an empty answer"}
	}
	return newHTTPError(res)
}

// readEnvelope walks through an answer. It returns its fault, or what read
// made of the body.
func readEnvelope(doc []byte, call *call, read func(*scanner) error) (*Fault, error) {
	s := &scanner{doc: doc}
	if t, err := s.next(); err != nil || t != tokenStart || string(s.local()) != "Envelope" {
		return nil, cmpError(err, s.fail("not a SOAP envelope"))
	}
	var fault *Fault
	var relatesTo string
	var body bool
	err := children(s, func(name string, s *scanner) error {
		switch name {
		case "Header":
			return children(s, func(name string, s *scanner) (err error) {
				if name == "RelatesTo" {
					relatesTo, err = s.content()
				}
				return err
			})
		case "Body":
			body = true
			return children(s, func(name string, s *scanner) (err error) {
				if name == "Fault" {
					fault, err = readFault(s)
					return err
				}
				if relatesTo != "" && call.messageID != "" && !strings.EqualFold(relatesTo, call.messageID) {
					return s.fail("an answer to another request")
				}
				if read == nil {
					return nil
				}
				return read(s)
			})
		}
		return nil
	})
	if err == nil {
		_, err = s.next() // nothing may follow
	}
	if err == nil && !body {
		err = s.fail("an envelope without a body")
	}
	if err == nil && fault == nil && call.keep {
		call.answer = bytes.Clone(doc)
	}
	if err != nil {
		return nil, err
	}
	return fault, nil
}

// readFault reads the Fault whose start tag is current.
func readFault(s *scanner) (*Fault, error) {
	r := faultReader{f: new(Fault)}
	depth := s.depth
	for {
		t, err := s.next()
		switch {
		case err != nil:
			return nil, err
		case t == tokenStart:
			r.start(s)
		case t == tokenText:
			r.text(s.text)
		case t == tokenEnd && s.depth < depth:
			return r.finish(), nil
		case t == tokenEnd:
			r.end()
		}
	}
}

func cmpError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func isSOAP(h http.Header) bool {
	switch mediaType(h) {
	case "application/soap+xml", "text/xml", "application/xml":
		return true
	}
	return false
}

// isEnvelope tells an answer that holds an envelope, in clear or sealed.
func isEnvelope(h http.Header) bool { return isSOAP(h) || mediaType(h) == typeSealed }

func mediaType(h http.Header) string {
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return t
}

func charset(h http.Header) string {
	_, params, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return params["charset"]
}
