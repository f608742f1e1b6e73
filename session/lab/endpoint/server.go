package endpoint

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"psdeck/session/psrp"
)

// Server is the endpoint. Make one with [New]; close it to end its shells.
type Server struct {
	cfg Config

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu       sync.Mutex
	switches Switches
	shells   map[string]*shell // by upper-case id
	replays  replays

	objects atomic.Int64 // output objects written, for Switches.DieAfter
	refused atomic.Int64 // POSTs answered with 503, for Switches.UnavailableTimes
	broken  atomic.Int64 // answers cut, for Switches.BrokenAnswers
	dying   atomic.Bool  // the next answer with output is cut
	dead    atomic.Bool
}

// New makes a server.
func New(cfg Config) *Server {
	cfg.setDefaults()
	s := &Server{cfg: cfg, switches: cfg.Switches, shells: map[string]*shell{}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.replays.answers = map[string]*replay{}
	s.wg.Go(s.expire)
	return s
}

// Close ends all shells and everything that runs in them, and waits for it.
func (s *Server) Close() {
	s.cancel()
	s.mu.Lock()
	for id, sh := range s.shells {
		sh.close(faultAborted())
		delete(s.shells, id)
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// SetSwitches changes how the server misbehaves from now on.
func (s *Server) SetSwitches(w Switches) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches = w
	s.broken.Store(0)
	s.refused.Store(0)
}

// Shells lists the shells that are there, oldest first.
func (s *Server) Shells() []ShellInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]ShellInfo, 0, len(s.shells))
	for _, sh := range s.shells {
		list = append(list, sh.info())
	}
	slices.SortFunc(list, func(a, b ShellInfo) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Raise forwards an event of the engine to the client of a shell, as
// Register-EngineEvent -Forward does; it tells whether the shell was there.
func (s *Server) Raise(shellID string, e psrp.EngineEvent) bool {
	s.mu.Lock()
	sh := s.shells[strings.ToUpper(shellID)]
	s.mu.Unlock()
	if sh == nil {
		return false
	}
	out, err := sh.psrp.Event(e)
	if err == nil {
		sh.tell(out)
	}
	return err == nil
}

// Kill ends a shell as if its host process had died; requests for it find no
// such shell any more. It tells whether the shell was there.
func (s *Server) Kill(shellID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shells[strings.ToUpper(shellID)]
	if sh == nil {
		return false
	}
	delete(s.shells, sh.key())
	sh.close(faultNoShell())
	return true
}

// spawn runs f in a goroutine that Close waits for; not any more once it closes.
func (s *Server) spawn(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() == nil {
		s.wg.Go(f)
	}
}

func (s *Server) misbehaviour() Switches {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches
}

// count counts an output object; it holds back what comes after the last that
// DieAfter lets through.
func (s *Server) count(ctx context.Context) error {
	limit := s.misbehaviour().DieAfter
	if limit == 0 {
		return nil
	}
	switch n := s.objects.Add(1); {
	case n == int64(limit):
		s.dying.Store(true)
	case n > int64(limit):
		<-ctx.Done()
		return errOver
	}
	return nil
}

// expire ends shells that have been idle for too long.
func (s *Server) expire() {
	tick := time.NewTicker(max(min(s.cfg.IdleTimeout/4, 30*time.Second), 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		for id, sh := range s.shells {
			if sh.expired() {
				delete(s.shells, id)
				sh.close(faultNoShell())
			}
		}
		s.mu.Unlock()
	}
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.dead.Load() {
		drop(w)
		return
	}
	entry := &Entry{Time: s.cfg.Now(), Method: r.Method, Path: r.URL.Path, AdminDomain: adminDomain(r.URL)}
	if s.cfg.OnRequest != nil {
		defer func() { s.cfg.OnRequest(*entry) }()
	}
	sw := s.misbehaviour()
	switch {
	case sw.Redirect != "" && (sw.RedirectFrom == "" || strings.EqualFold(sw.RedirectFrom, r.URL.Path)):
		entry.Status = cmp.Or(sw.RedirectStatus, http.StatusFound)
		http.Redirect(w, r, sw.Redirect, entry.Status)
		return
	case sw.Unavailable, r.Method == http.MethodPost && s.refused.Load() < int64(sw.UnavailableTimes):
		s.refused.Add(1)
		entry.Status = http.StatusServiceUnavailable
		http.Error(w, "The service is unavailable.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Server", "Microsoft-HTTPAPI/2.0")
	identify := r.Header.Get("WSMANIDENTIFY") != ""
	id, err := s.cfg.Authenticate(r)
	anonymous := err != nil
	if anonymous && !identify {
		s.challenge(w, r)
		entry.Status = http.StatusUnauthorized
		return
	}
	entry.User = id.User
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		entry.Status = http.StatusMethodNotAllowed
		return
	}
	limit := s.cfg.MaxEnvelopeSize
	if sw.SmallEnvelope > 0 {
		limit = min(limit, sw.SmallEnvelope)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return
	}
	entry.Received = len(body)
	x := &exchange{server: s, http: r, identity: id, switches: sw, entry: entry, anonymous: anonymous}
	x.cookie = s.affinity(w, r)
	body, wide := plainBody(body)
	a := s.answer(x, body, limit)
	if wide {
		a = a.inUTF16()
	}
	entry.FaultCode = a.fault
	s.write(w, r, a, x)
}

// answer makes the answer to an authenticated request.
func (s *Server) answer(x *exchange, body []byte, limit int) *answer {
	if len(body) > limit {
		return (*request)(nil).refuse(faultTooLong(limit), s.cfg.Machine)
	}
	req, fault := parseRequest(body)
	if fault != nil {
		return req.refuse(fault, s.cfg.Machine)
	}
	x.req = req
	x.entry.MessageID = req.Header.MessageID
	return s.replays.once(x, func() *answer {
		a, fault := x.dispatch()
		if fault != nil {
			return req.refuse(fault, s.cfg.Machine)
		}
		return a
	})
}

func (s *Server) challenge(w http.ResponseWriter, r *http.Request) {
	// The body is read so that the connection can be used again.
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, int64(s.cfg.MaxEnvelopeSize)))
	if s.cfg.Challenge != nil {
		for _, c := range s.cfg.Challenge(r) {
			w.Header().Add("WWW-Authenticate", c)
		}
	} else {
		w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
	}
	w.WriteHeader(http.StatusUnauthorized)
}

const affinityCookie = "LabAffinity"

// affinity gives the client's affinity cookie, and sets one where there is none.
func (s *Server) affinity(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie(affinityCookie); err == nil {
		return c.Value
	}
	c := &http.Cookie{Name: affinityCookie, Value: rand.Text(), Path: "/", HttpOnly: true}
	http.SetCookie(w, c)
	return c.Value
}

// adminDomain reads AdminDomain of a query. A client of Windows may add
// ";PSVersion=…" to a query that is there, so a semicolon separates too.
func adminDomain(u *url.URL) string {
	for part := range strings.FieldsFuncSeq(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(value); err == nil && strings.EqualFold(name, "AdminDomain") {
			return strings.ToLower(plain)
		}
	}
	return ""
}
