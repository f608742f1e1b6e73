package lab

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Fault is a way in which the discovery service misbehaves.
type Fault string

// The faults. All but FaultHybrid concern the names lyncdiscover.<domain> alone, where
// the way to a tenant begins.
const (
	FaultNone        Fault = ""
	FaultBroken      Fault = "broken"            // 503 with a page for people
	FaultLoop        Fault = "loop"              // each answer redirects to another URL of the same host
	FaultNotXML      Fault = "not-xml"           // 200, but a web page
	FaultCertificate Fault = "wrong-certificate" // https has a certificate of another name
	FaultSilent      Fault = "silent"            // never answers
	FaultHybrid      Fault = "hybrid"            // the domain has no RemotePowerShell link but a Hybrid one, to HybridHost
)

func (f Fault) valid() bool {
	return slices.Contains([]Fault{FaultNone, FaultBroken, FaultLoop, FaultNotXML, FaultCertificate, FaultSilent, FaultHybrid}, f)
}

const (
	discoveryRoot = "/Autodiscover/AutodiscoverService.svc/root"
	xmlMedia      = "application/vnd.microsoft.rtc.autodiscover+xml"
	jsonMedia     = "application/json; charset=utf-8"
)

// autodiscoverResponse is the XML flavour ([MS-OCDISCWS] 2.2.4).
type autodiscoverResponse struct {
	XMLName        xml.Name    `xml:"AutodiscoverResponse"`
	AccessLocation string      `xml:"AccessLocation,attr"`
	Root           *linkedNode `xml:"Root,omitempty"`
	Domain         *linkedNode `xml:"Domain,omitempty"`
}

type linkedNode struct {
	Servers []sipServer `xml:",any"`
	Links   []link      `xml:"Link"`
}

type sipServer struct {
	XMLName xml.Name
	FQDN    string `xml:"fqdn,attr"`
	Port    int    `xml:"port,attr"`
}

type link struct {
	Token string `xml:"token,attr"`
	Href  string `xml:"href,attr"`
}

// serveDiscovery answers for lyncdiscover.<domain> and the webdir hosts.
func (l *Lab) serveDiscovery(w http.ResponseWriter, r *http.Request, name string, h host) {
	domain := requestedDomain(r, h)
	flavour := "json"
	if wantsXML(r) {
		flavour = "xml"
	}
	recordOf(r.Context()).set("discovery", "", map[string]string{"domain": domain, "flavour": flavour})

	fault := l.discoveryFault()
	if h.role == roleDiscover && l.misbehave(w, r, name, fault) {
		return
	}
	if _, ok := l.authority.TenantOf(domain); !ok {
		http.Error(w, "the domain is not known here", http.StatusNotFound)
		return
	}
	switch path := strings.TrimSuffix(strings.ToLower(r.URL.Path), "/"); {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.Error(w, "GET only", http.StatusMethodNotAllowed)
	case path == "" || path == strings.ToLower(discoveryRoot):
		l.serveRoot(w, r, name, domain)
	case path == strings.ToLower(discoveryRoot)+"/domain":
		serveDomain(w, r, name, domain, fault == FaultHybrid && name != HybridHost)
	case strings.HasPrefix(path, strings.ToLower(discoveryRoot)+"/"):
		// The user's own documents want a sign-in of the Skype service, which is not here.
		w.Header().Set("WWW-Authenticate", `Bearer trusted_issuers="", client_id="00000004-0000-0ff1-ce00-000000000000"`)
		http.Error(w, "sign-in required", http.StatusUnauthorized)
	default:
		http.NotFound(w, r)
	}
}

// requestedDomain is the domain asked for: by query in any of its spellings, else by
// the host name.
func requestedDomain(r *http.Request, h host) string {
	for key, values := range r.URL.Query() {
		switch strings.ToLower(key) {
		case "domain", "originaldomain":
			return strings.ToLower(values[0])
		case "sipuri":
			_, domain, _ := strings.Cut(values[0], "@")
			return strings.ToLower(domain)
		}
	}
	return h.domain
}

// wantsXML chooses the flavour by the Accept header; JSON is the default.
func wantsXML(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	return strings.Contains(accept, xmlMedia) || strings.Contains(accept, "application/xml") || strings.Contains(accept, "text/xml")
}

// misbehave answers as fault says and reports whether it did.
func (l *Lab) misbehave(w http.ResponseWriter, r *http.Request, name string, fault Fault) bool {
	switch fault {
	case FaultBroken:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, "<html><body><h1>Service Unavailable</h1></body></html>")
	case FaultNotXML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!DOCTYPE html><html><body><p>Welcome to our new web site!</p></body></html>")
	case FaultSilent:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultLoop:
		hop, _ := strconv.Atoi(r.URL.Query().Get("hop"))
		query := r.URL.Query()
		query.Set("hop", strconv.Itoa(hop+1))
		scheme := "http"
		if r.TLS != nil {
			scheme = "https"
		}
		writeRoot(w, r, "", []link{{"Redirect", scheme + "://" + name + "/?" + query.Encode()}})
	default:
		return false
	}
	return true
}

// serveRoot answers the Root resource ([MS-OCDISCWS] 3.1.5.2): over http one Redirect
// link to https, over https the links to the documents.
func (l *Lab) serveRoot(w http.ResponseWriter, r *http.Request, name, domain string) {
	query := "?originalDomain=" + url.QueryEscape(domain)
	if r.TLS == nil {
		writeRoot(w, r, "http://"+name+r.URL.RequestURI(), []link{{"Redirect", "https://" + WebdirHost + discoveryRoot + query}})
		return
	}
	if name != HybridHost {
		name = WebdirHost
	}
	base := "https://" + name + discoveryRoot
	writeRoot(w, r, base+query, []link{
		{"Domain", base + "/domain" + query},
		{"User", base + "/user" + query},
		{"Self", base + query},
		{"OAuth", base + "/oauth/user" + query},
	})
}

// writeRoot writes links in the flavour the request asks for.
func writeRoot(w http.ResponseWriter, r *http.Request, self string, links []link) {
	if wantsXML(r) {
		writeXML(w, autodiscoverResponse{AccessLocation: "External", Root: &linkedNode{Links: links}})
		return
	}
	type href struct {
		Href string `json:"href"`
	}
	out := map[string]href{"self": {self}, "xframe": {"https://" + WebdirHost + "/Autodiscover/XFrame/XFrame.html"}}
	for _, l := range links {
		switch l.Token {
		case "Redirect":
			out["redirect"] = href{l.Href}
		case "OAuth":
			out["user"] = href{l.Href}
		}
	}
	w.Header().Set("Content-Type", jsonMedia)
	_ = json.NewEncoder(w).Encode(map[string]any{"_links": out})
}

// serveDomain answers the Domain resource. The link to PowerShell names the older
// path: the client changes it.
func serveDomain(w http.ResponseWriter, r *http.Request, name, domain string, hybrid bool) {
	base := "https://" + name + discoveryRoot
	links := []link{
		{"Internal/Autodiscover", base},
		{"External/Autodiscover", base},
		{"External/AuthBroker", "https://" + WebdirHost + "/Reach/sip.svc"},
		{"External/Ucwa", "https://" + WebdirHost + "/ucwa/v1/applications"},
	}
	if hybrid {
		links = append(links, link{"Hybrid", "https://" + HybridHost + "/"})
	} else {
		links = append(links, link{"External/RemotePowerShell", liveIDURI})
	}
	if !wantsXML(r) {
		writeRoot(w, r, base+"/domain?originalDomain="+url.QueryEscape(domain), nil)
		return
	}
	writeXML(w, autodiscoverResponse{AccessLocation: "External", Domain: &linkedNode{
		Servers: []sipServer{
			{xml.Name{Local: "SipServerExternalAccess"}, "sipdir.online.lync.example", 443},
			{xml.Name{Local: "SipClientExternalAccess"}, "sipdir.online.lync.example", 443},
		},
		Links: links,
	}})
}

func writeXML(w http.ResponseWriter, doc autodiscoverResponse) {
	body, err := xml.Marshal(doc)
	if err != nil { // the document is strings and numbers
		http.Error(w, "cannot write the answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", xmlMedia+";v=1; charset=utf-8")
	_, _ = w.Write(append([]byte(xml.Header), body...))
}
