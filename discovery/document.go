package discovery

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The tokens of the links that matter here; they are compared without regard
// to case. RemotePowerShell and Hybrid are in no published list.
const (
	tokenRedirect   = "Redirect"
	tokenDomain     = "Domain"
	tokenPowerShell = "External/RemotePowerShell"
	tokenHybrid     = "Hybrid"
)

// maxDepth bounds the nesting of a document: a real one has four levels.
const maxDepth = 32

// document is an autodiscover response.
//
// [MS-OCDISCWS] 2.2.3: AutodiscoverResponse holds Root, Domain or User, and
// each of these holds Link elements.
type document struct {
	root     []link // links in Root
	domain   []link // links in Domain
	isDomain bool   // there is a Domain element, with or without links
}

type link struct{ token, href string }

// find returns the href of the first link with the token that has one.
func find(links []link, token string) string {
	for _, l := range links {
		if strings.EqualFold(l.token, token) && l.href != "" {
			return l.href
		}
	}
	return ""
}

// parseDocument reads the XML flavour of an autodiscover response.
func parseDocument(data []byte) (*document, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	doc := new(document)
	var path []string
	found := false
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.New("text that is no well-formed XML")
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, errors.New("XML with a document type declaration, which is refused")
		case xml.StartElement:
			if len(path) == 0 && (found || t.Name.Local != "AutodiscoverResponse") {
				return nil, fmt.Errorf("XML of another kind (%s)", clean(t.Name.Local, 40))
			}
			found = true
			if path = append(path, t.Name.Local); len(path) > maxDepth {
				return nil, errors.New("XML nested too deeply")
			}
			doc.isDomain = doc.isDomain || len(path) == 2 && path[1] == "Domain"
			doc.add(path, t.Attr)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) == 0 && len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("text that is no XML")
			}
		}
	}
	if !found {
		return nil, errors.New("text that is no XML")
	}
	return doc, nil
}

// add keeps an element when it is a link of the root or of the domain.
func (d *document) add(path []string, attrs []xml.Attr) {
	if len(path) != 3 || path[2] != "Link" {
		return
	}
	var l link
	for _, a := range attrs {
		switch strings.ToLower(a.Name.Local) {
		case "token":
			l.token = strings.TrimSpace(a.Value)
		case "href":
			l.href = strings.TrimSpace(a.Value)
		}
	}
	switch path[1] {
	case "Root":
		d.root = append(d.root, l)
	case "Domain":
		d.domain = append(d.domain, l)
	}
}
