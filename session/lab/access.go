package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"psdeck/session/lab/authority"
)

// AccessEntry is one request that reached the lab. It never holds a token, a code or
// a password.
type AccessEntry struct {
	Seq  int       `json:"seq"` // counts arrivals from 1
	Time time.Time `json:"time"`

	// Kind: "discovery", "challenge" (an endpoint's 401 to a request without
	// credentials), "negotiate" (a leg of a handshake of NTLM), "wsman", "graph", the authority's kinds ("metadata", "userrealm",
	// "authorize", "devicecode", "approve", "token", "grant"), or "unknown".
	Kind   string            `json:"kind"`
	Method string            `json:"method"`
	Host   string            `json:"host"`
	Path   string            `json:"path"`
	Query  string            `json:"query,omitempty"`
	User   string            `json:"user,omitempty"`
	Detail map[string]string `json:"detail,omitempty"` // grant_type, resource, action, admin_domain, …
	Status int               `json:"status,omitempty"` // 0 while the request is not answered, and when its connection was cut
}

// accessLog keeps the entries and writes each to out once it is answered.
type accessLog struct {
	now func() time.Time

	mu   sync.Mutex
	list []*AccessEntry
	out  io.Writer
}

func newAccessLog(now func() time.Time, out io.Writer) *accessLog {
	return &accessLog{now: now, out: out}
}

// record is one entry being filled while its request is handled.
type record struct {
	log   *accessLog
	entry *AccessEntry
}

type recordKey struct{}

// recordOf returns the record of a request that came through accessLog.wrap.
func recordOf(ctx context.Context) *record {
	rec, _ := ctx.Value(recordKey{}).(*record)
	return rec
}

func (rec *record) set(kind, user string, detail map[string]string) {
	if rec == nil {
		return
	}
	rec.log.mu.Lock()
	defer rec.log.mu.Unlock()
	if kind != "" {
		rec.entry.Kind = kind
	}
	if user != "" {
		rec.entry.User = user
	}
	for key, value := range detail {
		if value == "" {
			continue
		}
		if rec.entry.Detail == nil {
			rec.entry.Detail = make(map[string]string)
		}
		rec.entry.Detail[key] = value
	}
}

// observe takes an event of the authority into the record of its request.
func (a *accessLog) observe(r *http.Request, event authority.Event) {
	recordOf(r.Context()).set(event.Kind, event.User, event.Detail)
}

// wrap makes an entry for each request.
func (a *accessLog) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := a.begin(r)
		status := &statusWriter{ResponseWriter: w}
		answered := 0 // stays so when the handler aborts
		defer func() { a.finish(rec, answered) }()
		next.ServeHTTP(status, r.WithContext(context.WithValue(r.Context(), recordKey{}, rec)))
		answered = status.code()
	})
}

func (a *accessLog) begin(r *http.Request) *record {
	a.mu.Lock()
	defer a.mu.Unlock()
	entry := &AccessEntry{
		Seq: len(a.list) + 1, Time: a.now(), Kind: "unknown",
		Method: r.Method, Host: r.Host, Path: r.URL.Path, Query: publicQuery(r.URL.RawQuery),
	}
	a.list = append(a.list, entry)
	return &record{log: a, entry: entry}
}

func (a *accessLog) finish(rec *record, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	rec.entry.Status = status
	if a.out == nil {
		return
	}
	line, err := json.Marshal(rec.entry)
	if err != nil { // an entry is strings and numbers
		return
	}
	_, _ = a.out.Write(append(line, '\n')) // a log that cannot be written stops nothing
}

func (a *accessLog) entries() []AccessEntry {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]AccessEntry, len(a.list))
	for i, e := range a.list {
		out[i] = *e
		out[i].Detail = maps.Clone(e.Detail)
	}
	return out
}

// publicNames are the query parameters that are shown; the value of any other is
// left out, for it may be a code or a password.
var publicNames = []string{
	"domain", "originaldomain", "sipuri", "hop", "admindomain", "delegatedorg", "basicauthtooauthconversion", "psversion", "api-version", "serializationlevel", "$select", "$skiptoken",
	"client_id", "response_type", "response_mode", "redirect_uri", "scope", "resource", "code_challenge_method",
	"prompt", "login_hint", "domain_hint", "user_code", "user_name", "action", "client_info",
}

// publicQuery returns a query that may be logged.
func publicQuery(raw string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('&')
		}
		name, _, found := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(name)
		if found && (err != nil || !slices.Contains(publicNames, strings.ToLower(plain))) {
			part = name + "=***"
		}
		out.WriteString(part)
	}
	return out.String()
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status   int
	hijacked bool
}

// Hijack notes that there will be no answer.
func (s *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(s.ResponseWriter).Hijack()
	s.hijacked = err == nil
	return conn, rw, err
}

func (s *statusWriter) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusWriter) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *statusWriter) code() int {
	if s.status == 0 && !s.hijacked {
		return http.StatusOK // what net/http sends for a handler that says nothing
	}
	return s.status
}
