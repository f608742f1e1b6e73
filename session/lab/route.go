package lab

import (
	"net"
	"net/http"
)

// handler serves all host names of the lab by the Host header. A name that is not
// the lab's gets 421, so that a page of another site cannot reach the lab through a
// browser by pointing its own name at loopback.
func (l *Lab) handler() http.Handler {
	wsman := l.logged(l.endpoint)
	loopback := http.NewServeMux()
	loopback.Handle(wsmanPath, l.negotiating(wsman))
	loopback.Handle("/device", l.authority)
	admin := http.NewServeMux()
	for _, path := range []string{oauthPath, liveIDPath, exchangePath, gatewayPath} {
		admin.Handle(path, wsman)
	}
	return l.log.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Host
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		h, _ := l.names.lookup(name)
		switch {
		case h.role == roleLoopback:
			loopback.ServeHTTP(w, r)
		case h.role == roleDiscover || h.role == roleWebdir:
			l.serveDiscovery(w, r, name, h)
		case h.role == roleLogin && r.TLS != nil:
			l.authority.ServeHTTP(w, r)
		case h.role == roleGraph && r.TLS != nil:
			l.graph.ServeHTTP(w, r)
		case h.role == roleAdmin && r.TLS != nil:
			admin.ServeHTTP(w, r)
		default:
			http.Error(w, "this host is not served here", http.StatusMisdirectedRequest)
		}
	}))
}
