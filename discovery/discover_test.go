package discovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	// the documents and addresses are those of facts that were published:
	// [MS-OCDISCWS] 4 and the endpoint of the cmdlet's own error texts
	start     = "https://lyncdiscover.contoso.example?Domain=contoso.example"
	startHTTP = "http://lyncdiscover.contoso.example?Domain=contoso.example"
	webdir    = "https://webdir1e.online.lync.com/Autodiscover/AutodiscoverService.svc/root"
	domainURL = webdir + "/domain?originalDomain=contoso.example"
	liveID    = "https://admin1e.online.lync.com/OcsPowershellLiveId"
	oauth     = "https://admin1e.online.lync.com/OcsPowershellOAuth"
)

type pages map[string]http.HandlerFunc

func TestDiscover(t *testing.T) {
	tests := []struct {
		name     string
		site     *site
		domain   string // contoso.example when empty
		override string
		want     string // the endpoint
		found    string // as it stood in the document; liveID when empty
		hops     []string
		requests []string // what the servers saw; not checked when nil
	}{
		{
			name: "redirect link, domain link, endpoint",
			site: &site{pages: pages{
				start:     root("Redirect", webdir+"?originalDomain=contoso.example"),
				domainURL: domainDoc("External/RemotePowerShell", liveID),
				webdir + "?originalDomain=contoso.example": root("User", "https://x.example/", "Domain", domainURL),
			}},
			want: oauth,
			hops: []string{"redirect", "domain link", "External/RemotePowerShell"},
			requests: []string{
				"https://lyncdiscover.contoso.example/?Domain=contoso.example",
				webdir + "?originalDomain=contoso.example", domainURL,
			},
		},
		{
			name: "tokens and path in another case, path with more behind it",
			site: &site{pages: pages{
				start:     root("rEDIRECT", webdir),
				webdir:    root("domain", domainURL),
				domainURL: domainDoc("external/remotepowershell", "https://admin1e.online.lync.com/ocspowershellliveID/x?a=b"),
			}},
			want:  "https://admin1e.online.lync.com/OcsPowershellOAuth/x?a=b",
			found: "https://admin1e.online.lync.com/ocspowershellliveID/x?a=b",
			hops:  []string{"redirect", "domain link", "External/RemotePowerShell"},
		},
		{
			name: "the first document is the domain's; a path that is not LiveID stays",
			site: &site{pages: pages{start: domainDoc(
				"Internal/RemotePowerShell", "https://no.example/", "External/RemotePowerShell", "https://pool.contoso.example/OcsPowershell")}},
			want: "https://pool.contoso.example/OcsPowershell", found: "https://pool.contoso.example/OcsPowershell",
			hops: []string{"External/RemotePowerShell"},
		},
		{
			name: "https refuses, http answers",
			site: &site{
				dead:  []string{"lyncdiscover.contoso.example:443"},
				pages: pages{startHTTP: root("Redirect", webdir), webdir: root("Domain", domainURL), domainURL: domainDoc("External/RemotePowerShell", liveID)},
			},
			want: oauth,
			hops: []string{"connection refused (T), trying http", "redirect", "domain link", "External/RemotePowerShell"},
		},
		{
			name: "https has a certificate of another name, http answers",
			site: &site{
				mismatch: []string{"lyncdiscover.contoso.example"},
				pages:    pages{startHTTP: domainDoc("External/RemotePowerShell", liveID)},
			},
			want:     oauth,
			hops:     []string{"certificate refused: it is for another name (T), trying http", "External/RemotePowerShell"},
			requests: []string{"http://lyncdiscover.contoso.example/?Domain=contoso.example"},
		},
		{
			name: "https says nothing, http answers",
			site: &site{
				silent: []string{"lyncdiscover.contoso.example:443"},
				pages:  pages{startHTTP: domainDoc("External/RemotePowerShell", liveID)},
			},
			want: oauth,
			hops: []string{"no answer (T), trying http", "External/RemotePowerShell"},
		},
		{
			name: "https answers with a web page, http answers",
			site: &site{pages: pages{
				start:     text("<!DOCTYPE html><html><body>Welcome</body></html>"),
				startHTTP: domainDoc("External/RemotePowerShell", liveID),
			}},
			want: oauth,
			hops: []string{"not an autodiscover document: a web page (HTML) (T), trying http", "External/RemotePowerShell"},
		},
		{
			name: "HTTP redirects are followed, relative ones and from http to https too",
			site: &site{
				dead: []string{"lyncdiscover.contoso.example:443"},
				pages: pages{
					startHTTP: to(302, "/there"),
					"http://lyncdiscover.contoso.example/there": to(301, webdir),
					webdir: domainDoc("External/RemotePowerShell", liveID),
				},
			},
			want: oauth,
			hops: []string{"connection refused (T), trying http", "redirect (HTTP 302)", "redirect (HTTP 301)", "External/RemotePowerShell"},
		},
		{
			name: "hybrid starts again at its link",
			site: &site{pages: pages{
				start: root("Domain", "https://lyncdiscover.contoso.example/onprem"),
				"https://lyncdiscover.contoso.example/onprem": domainDoc("Hybrid", webdir+"?x=1", "External/Autodiscover", "https://x.example/"),
				webdir + "?x=1&Domain=contoso.example":        root("Domain", domainURL),
				domainURL:                                     domainDoc("External/RemotePowerShell", liveID),
			}},
			want: oauth,
			hops: []string{"domain link", "hybrid link", "domain link", "External/RemotePowerShell"},
		},
		{
			name: "the tenant's initial domain",
			site: &site{
				dead:  []string{"lyncdiscover.contoso.example:443", "lyncdiscover.contoso.example:80"},
				pages: pages{"https://lyncdiscover.contoso.onmicrosoft.com?Domain=contoso.onmicrosoft.com": domainDoc("External/RemotePowerShell", liveID)},
			},
			want: oauth,
			hops: []string{
				"connection refused (T), trying http", "connection refused (T), trying lyncdiscover.contoso.onmicrosoft.com",
				"External/RemotePowerShell",
			},
		},
		{
			name: "the cloud's directory",
			site: &site{pages: pages{
				"https://webdir.online.lync.com/Autodiscover/AutodiscoverService.svc/root?originalDomain=contoso.example": domainDoc("External/RemotePowerShell", liveID),
			}},
			want: oauth,
			hops: []string{
				"not on this machine (T), trying http", "not on this machine (T), trying lyncdiscover.contoso.onmicrosoft.com",
				"not on this machine (T), trying http", "not on this machine (T), trying webdir.online.lync.com", "External/RemotePowerShell",
			},
		},
		{
			name:   "the directory of another cloud; an initial domain has no other",
			domain: "Contoso.OnMicrosoft.US.",
			site: &site{pages: pages{
				"https://webdir.online.dod.skypeforbusiness.us/Autodiscover/AutodiscoverService.svc/root?originalDomain=contoso.onmicrosoft.us": domainDoc("External/RemotePowerShell", liveID),
			}},
			want: oauth,
			hops: []string{
				"not on this machine (T), trying http", "not on this machine (T), trying webdir.online.gov.skypeforbusiness.us",
				"not on this machine (T), trying webdir.online.dod.skypeforbusiness.us", "External/RemotePowerShell",
			},
		},
		{
			name: "a discovery URI with a query", override: "https://disco.example/auto?tenant=a%20b#part",
			site: &site{pages: pages{"https://disco.example/auto?tenant=a%20b&Domain=contoso.example": domainDoc("External/RemotePowerShell", liveID)}},
			want: oauth, hops: []string{"External/RemotePowerShell"},
		},
		{
			name: "a discovery URI without a query, over http", override: "http://disco.example/auto",
			site: &site{pages: pages{"http://disco.example/auto?Domain=contoso.example": domainDoc("External/RemotePowerShell", liveID)}},
			want: oauth, hops: []string{"External/RemotePowerShell"},
		},
		{
			name: "a discovery URI that names the domain already", override: "https://disco.example/auto?domain=other.example",
			site: &site{pages: pages{"https://disco.example/auto?domain=other.example": domainDoc("External/RemotePowerShell", liveID)}},
			want: oauth, hops: []string{"External/RemotePowerShell"},
		},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			reported, ep, err := run(t, t.Context(), tt.site, tt.domain, tt.override)
			if err != nil {
				t.Fatalf("Discover: %v (hops %q)", err, reported)
			}
			if got := ep.PowerShellURI.String(); got != tt.want {
				t.Errorf("endpoint %s, want %s", got, tt.want)
			}
			if tt.found == "" {
				tt.found = liveID
			}
			if ep.Found != tt.found {
				t.Errorf("found %s, want %s", ep.Found, tt.found)
			}
			if diff := cmp.Diff(tt.hops, reported); diff != "" {
				t.Errorf("hops (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.hops, outcomes(ep.Hops)); diff != "" {
				t.Errorf("hops of the endpoint (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.requests, tt.site.requests); tt.requests != nil && diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			for _, a := range tt.site.accepts {
				if a != "application/vnd.microsoft.rtc.autodiscover+xml;v=1" {
					t.Errorf("a request with Accept: %s", a)
				}
			}
		})
	}
}

func TestDiscoverFails(t *testing.T) {
	many := pages{}
	for i := range 12 {
		many[fmt.Sprintf("https://disco.example/%d?Domain=contoso.example", i)] = root("Redirect", fmt.Sprintf("https://disco.example/%d?Domain=contoso.example", i+1))
	}
	at := func(h http.HandlerFunc) *site {
		return &site{pages: pages{"https://disco.example/?Domain=contoso.example": h}}
	}
	const disco = "https://disco.example/"
	tests := []struct {
		name     string
		site     *site
		domain   string
		override string
		kind     Kind
		msg      string // part of the sentence
		hint     string // part of the next step
		hops     int
	}{
		{name: "no such domain", kind: KindNoAnswer, hops: 5, msg: "no answer from lyncdiscover.contoso.example: not on this machine", hint: "--override-admin-domain NAME.onmicrosoft.com"},
		{name: "no such initial domain", domain: "nobody.onmicrosoft.com", kind: KindNoAnswer, hops: 3, msg: "lyncdiscover.nobody.onmicrosoft.com", hint: "check the name of the domain, or name the endpoint"},
		{
			name: "a host that does not answer", override: disco, site: &site{silent: []string{"disco.example:443"}},
			kind: KindNoAnswer, hops: 1, msg: "disco.example did not answer within", hint: "--override-discovery-uri",
		},
		{
			name: "the domain is not known there: what answered counts, not what did not",
			site: &site{mismatch: []string{"lyncdiscover.contoso.example"}, pages: pages{startHTTP: status(404)}},
			kind: KindStatus, hops: 5, msg: "http://lyncdiscover.contoso.example?Domain=contoso.example does not know the domain (HTTP 404)", hint: "--override-admin-domain",
		},
		{name: "a server that fails", override: disco, site: at(status(503)), kind: KindStatus, hops: 1, msg: "answered with HTTP 503", hint: "--override-discovery-uri"},
		{name: "a web page", override: disco, site: at(text("  <html><p>Hello</html>")), kind: KindNotXML, hops: 1, msg: "a web page (HTML)"},
		{name: "the JSON flavour", override: disco, site: at(text(`{"_links":{}}`)), kind: KindNotXML, hops: 1, msg: "but with JSON"},
		{name: "text", override: disco, site: at(text("it works")), kind: KindNotXML, hops: 1, msg: "text that is no XML"},
		{name: "nothing", override: disco, site: at(text("")), kind: KindNotXML, hops: 1, msg: "but with nothing"},
		{name: "half a document", override: disco, site: at(text(`<AutodiscoverResponse><Root><Link token="Domain"`)), kind: KindNotXML, hops: 1, msg: "no well-formed XML"},
		{name: "another document", override: disco, site: at(text(`<Autodiscover/>`)), kind: KindNotXML, hops: 1, msg: "XML of another kind (Autodiscover)"},
		{
			name: "a document type declaration", override: disco,
			site: at(text(`<!DOCTYPE a [<!ENTITY e "x">]><AutodiscoverResponse><Root/></AutodiscoverResponse>`)),
			kind: KindNotXML, hops: 1, msg: "a document type declaration",
		},
		{
			name: "too large a document", override: disco,
			site: at(text("<AutodiscoverResponse>" + strings.Repeat(" ", maxDocument) + "</AutodiscoverResponse>")),
			kind: KindTooLarge, hops: 1, msg: "larger than 1024 KB",
		},
		{
			name: "nested too deeply", override: disco,
			site: at(text("<AutodiscoverResponse>" + strings.Repeat("<a>", 1000))), kind: KindNotXML, hops: 1, msg: "nested too deeply",
		},
		{
			name: "a loop of Redirect links", override: disco,
			site: &site{pages: pages{
				"https://disco.example/?Domain=contoso.example": root("Redirect", "https://disco.example/b"),
				"https://disco.example/b":                       root("Redirect", "https://disco.example/?Domain=contoso.example"),
			}},
			kind: KindLoop, hops: 2, msg: "go round in a loop: they lead back to https://disco.example/?Domain=contoso.example", hint: "--override-power-shell-uri",
		},
		{
			name: "a loop of HTTP redirects over both schemes",
			site: &site{pages: pages{start: to(302, startHTTP), startHTTP: to(302, start)}},
			kind: KindLoop, hops: 7, msg: "loop", hint: "--override-power-shell-uri",
		},
		{name: "too many redirects", override: "https://disco.example/0", site: &site{pages: many}, kind: KindRedirects, hops: 11, msg: "more than 10 redirects"},
		{name: "a document without links", override: disco, site: at(root("User", "https://x.example/")), kind: KindLink, hops: 1, msg: "has not got a Redirect or a Domain link"},
		{
			name: "a domain without PowerShell", override: disco,
			site: at(domainDoc("External/Autodiscover", "https://x.example/")),
			kind: KindLink, hops: 1, msg: "has not got an External/RemotePowerShell link", hint: "--override-discovery-uri",
		},
		{name: "an endpoint over http", override: disco, site: at(domainDoc("External/RemotePowerShell", "http://127.0.0.1/OcsPowershellLiveId")), kind: KindInsecure, hops: 1, msg: "which is not https"},
		{name: "a link to a file", override: disco, site: at(root("Redirect", "file:///etc/passwd")), kind: KindLink, hops: 1, msg: "which is not an address"},
		{name: "a link of another scheme", override: disco, site: at(root("Redirect", "gopher://x.example/")), kind: KindLink, hops: 1, msg: "neither https nor http"},
		{name: "a link with a user name", override: disco, site: at(root("Redirect", "https://a:b@x.example/")), kind: KindLink, hops: 1, msg: "user name"},
		{name: "a link too long", override: disco, site: at(to(302, "https://x.example/"+strings.Repeat("a", 3000))), kind: KindLink, hops: 1, msg: "too long"},
		{name: "a redirect to nowhere", override: disco, site: at(status(302)), kind: KindStatus, hops: 1, msg: "HTTP 302"},
		{name: "an unusable discovery URI", override: "lyncdiscover.contoso.example", kind: KindURI, msg: "not an http or https URI"},
		{name: "no domain", domain: " ", kind: KindDomain, msg: "is not a domain name", hint: "contoso.onmicrosoft.com"},
		{name: "a user name", domain: "admin@contoso.example", kind: KindDomain, msg: "it is a user name", hint: "after the '@'"},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			if tt.site == nil {
				tt.site = new(site)
			}
			reported, _, err := run(t, t.Context(), tt.site, tt.domain, tt.override)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("Discover: %v, want an *Error", err)
			}
			if e.Kind != tt.kind || !strings.Contains(e.Error(), tt.msg) {
				t.Errorf("%s: %v\nwant %s: …%s…", e.Kind, e, tt.kind, tt.msg)
			}
			if HintOf(err) == "" || !strings.Contains(HintOf(err), tt.hint) {
				t.Errorf("hint %q, want …%s…", HintOf(err), tt.hint)
			}
			if strings.ContainsAny(e.Error(), "\n\r\x1b") {
				t.Errorf("more than one line: %q", e.Error())
			}
			if len(e.Hops) != tt.hops || len(reported) != tt.hops {
				t.Errorf("hops %q, want %d", reported, tt.hops)
			}
			if n := len(e.Hops); n > 0 && e.Hops[n-1].Err == nil {
				t.Errorf("the last hop %+v has no error", e.Hops[n-1])
			}
		})
	}
}

// The end of the caller's context ends the search: no fallback is tried.
func TestDiscoverStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := site{pages: pages{start: func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}}}
	reported, _, err := run(t, ctx, &s, "", "")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled in it", err)
	}
	if diff := cmp.Diff([]string{"stopped (T)"}, reported); diff != "" {
		t.Errorf("hops (-want +got):\n%s", diff)
	}
}

// What a server says never reaches the terminal as control characters.
func TestDiscoverCleansRemoteText(t *testing.T) {
	s := site{pages: pages{"https://disco.example/?Domain=contoso.example": root("Redirect", "https://x.example:99999999/\u009b31m\u202e&#x85;evil")}}
	_, _, err := run(t, t.Context(), &s, "", "https://disco.example/")
	if err == nil || strings.ContainsAny(err.Error(), "\u009b\u202e\u0085") {
		t.Errorf("error %q", err)
	}
}

func run(t *testing.T, ctx context.Context, s *site, domain, override string) (reported []string, ep *Endpoint, err error) {
	t.Helper()
	if domain == "" {
		domain = "contoso.example"
	}
	timeout := 5 * time.Second
	if s.silent != nil {
		timeout = 200 * time.Millisecond
	}
	client := s.network(t).HTTPClient()
	defer client.CloseIdleConnections()
	ep, err = Discover(ctx, Request{
		Domain: domain, DiscoveryURI: override, Client: client, Timeout: timeout,
		OnHop: func(h Hop) { reported = append(reported, outcomes([]Hop{h})...) },
	})
	return reported, ep, err
}

// outcomes are the outcomes of hops with T for the time.
func outcomes(hops []Hop) []string {
	var list []string
	for _, h := range hops {
		list = append(list, strings.ReplaceAll(h.Outcome, fmt.Sprintf("(%.1f s)", h.Duration.Seconds()), "(T)"))
	}
	return list
}
