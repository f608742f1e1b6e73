package discovery

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Request says what to look for.
type Request struct {
	// Domain is the tenant's domain, such as contoso.example.
	Domain string
	// DiscoveryURI is where to start instead of lyncdiscover.<domain>
	// (OverrideDiscoveryUri). There are no fallbacks then.
	DiscoveryURI string
	// Cloud is where the domain is looked for; nil follows the domain's suffix.
	Cloud *Cloud
	// Client does the requests; its redirect policy and its cookies are not
	// used. Nil means one of the zero [Network].
	Client *http.Client
	// Timeout bounds each hop; zero means five seconds.
	Timeout time.Duration
	// OnHop is told of each hop as soon as its outcome is known; may be nil.
	OnHop func(Hop)
}

// Hop is one request on the way and what came of it.
type Hop struct {
	URL      string
	Status   int    // HTTP status, 0 when there was no answer
	Outcome  string // "redirect", "domain link", "no answer (1.2 s), trying http", …
	Err      error  // set when the hop led nowhere
	Duration time.Duration
}

const defaultTimeout = 5 * time.Second

// Discover finds the PowerShell endpoint of a domain. The error is an
// [*Error]; it wraps the context's error when that ended.
func Discover(ctx context.Context, r Request) (*Endpoint, error) {
	domain, err := checkDomain(r.Domain)
	if err != nil {
		return nil, err
	}
	starts := candidates(domain, r.Cloud)
	if r.DiscoveryURI != "" {
		start, err := overrideURI(r.DiscoveryURI, domain)
		if err != nil {
			err.Domain = domain
			return nil, err
		}
		starts = []candidate{{url: start}}
	}
	w := newWalker(r, domain)
	if r.Client == nil {
		defer w.client.CloseIdleConnections()
	}
	var best *failure
	for i, c := range starts {
		next := ""
		if i+1 < len(starts) {
			next = starts[i+1].name
		}
		ep, fail := w.walk(ctx, c.url, next)
		if fail == nil {
			ep.Hops = w.hops
			return ep, nil
		}
		if best == nil || fail.kind.rank() > best.kind.rank() {
			best = fail
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, &Error{
		Domain: domain, Kind: best.kind, Msg: best.msg, Err: best.err, Hops: w.hops,
		Hint: hint(best.kind, domain, r.DiscoveryURI != ""),
	}
}

// overrideURI is the URI given instead of lyncdiscover, with the domain in its
// query.
func overrideURI(given, domain string) (*url.URL, *Error) {
	u, err := url.Parse(strings.TrimSpace(given))
	switch {
	case err != nil, u.Host == "", u.Scheme != "https" && u.Scheme != "http", u.User != nil:
		return nil, &Error{
			Kind: KindURI, Msg: "the discovery URI " + clean(given, 200) + " is not an http or https URI",
			Hint: "give --override-discovery-uri an absolute URI without a user name",
		}
	}
	return withDomain(u, domain), nil
}

// withDomain adds ?Domain= to a URI that discovery starts at.
func withDomain(u *url.URL, domain string) *url.URL {
	v := *u
	v.Fragment, v.RawFragment = "", ""
	if queryValue(v.RawQuery, "Domain") == "" {
		v.RawQuery = appendQuery(v.RawQuery, "Domain", domain)
		v.ForceQuery = false
	}
	return &v
}

// hint is the next step after a failure.
func hint(kind Kind, domain string, overridden bool) string {
	const endpoint = "name the endpoint itself with --override-power-shell-uri"
	switch {
	case kind == KindCanceled:
		return ""
	case overridden:
		return "check --override-discovery-uri, or " + endpoint
	case kind == KindCertificate:
		return "give --ca-file when the certificate comes from an authority of your own, or " + endpoint
	case kind == KindLink, kind == KindInsecure, kind == KindLoop, kind == KindRedirects:
		return "try --override-discovery-uri, or " + endpoint
	case strings.HasSuffix(domain, directoryOf(domain).initial):
		return "check the name of the domain, or " + endpoint
	}
	return "check the name of the domain, try the tenant's initial domain with --override-admin-domain NAME" +
		directoryOf(domain).initial + ", or " + endpoint
}

// checkDomain returns the domain in lower case, or tells why it is none.
func checkDomain(domain string) (string, error) {
	bad := func(why, next string) (string, error) {
		return "", &Error{Kind: KindDomain, Msg: strconv.Quote(clean(domain, 100)) + " is not a domain name: " + why, Hint: next}
	}
	const form = "give a name such as contoso.onmicrosoft.com"
	d := strings.ToLower(strings.TrimSuffix(domain, "."))
	switch at := strings.LastIndexByte(d, '@'); {
	case d == "":
		return bad("it is empty", form)
	case at >= 0:
		return bad("it is a user name", "give the part after the '@'")
	case strings.Contains(d, "/"):
		return bad("it has a '/' in it", "give the domain alone, or a URI with --override-power-shell-uri")
	}
	if why := hostFault(d); why != "" {
		return bad(why, form)
	}
	last := d[strings.LastIndexByte(d, '.')+1:]
	switch {
	case len(last) == len(d):
		return bad("it has no dot", form)
	case strings.Trim(last, "0123456789") == "":
		return bad("its last part is a number", form)
	}
	return d, nil
}

// hostFault tells what keeps a text from being a host name in ASCII (RFC 1123
// 2.1, with the underscore that real names have).
func hostFault(host string) string {
	if len(host) > 253 {
		return "it is longer than 253 characters"
	}
	for label := range strings.SplitSeq(host, ".") {
		switch {
		case label == "":
			return "it has an empty part"
		case len(label) > 63:
			return "a part of it is longer than 63 characters"
		case label[0] == '-' || label[len(label)-1] == '-':
			return "a part of it begins or ends with '-'"
		}
		for _, r := range label {
			switch {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			case r > 0x7f:
				return "it has letters beyond ASCII (write it in its xn-- form)"
			default:
				return "it has a character that no name has"
			}
		}
	}
	return ""
}
