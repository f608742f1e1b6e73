package endpoint

import (
	"cmp"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// write sends an answer, whole or as the switches spoil it.
func (s *Server) write(w http.ResponseWriter, r *http.Request, a *answer, x *exchange) {
	if a.none {
		drop(w)
		return
	}
	w.Header().Set("Content-Type", "application/soap+xml;charset="+a.charset())
	broken := s.breaks(x)
	if a.cut || broken {
		cut(w, a, x.switches.BreakBy)
		return
	}
	x.entry.Status, x.entry.Sent = a.status, len(a.body)
	var err error
	switch {
	case x.compresses(a):
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(a.status)
		z := gzip.NewWriter(w)
		_, err = z.Write(a.body)
		err = cmp.Or(err, z.Close())
	case x.switches.SlowBody > 0:
		err = trickle(w, r, a, x.switches.SlowBody)
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		_, err = w.Write(a.body)
	}
	if (err != nil || r.Context().Err() != nil) && a.undo != nil {
		a.undo()
	}
}

// compresses tells whether the answer goes out as gzip: a long one to who takes
// it, and under the switch Compress each one to who does not refuse it.
func (x *exchange) compresses(a *answer) bool {
	takes := x.http.Header.Get("Accept-Encoding")
	if x.switches.Compress {
		return !strings.Contains(takes, "identity")
	}
	return strings.Contains(takes, "gzip") && len(a.body) > 1024
}

// breaks tells whether this answer is one of those that are cut.
func (s *Server) breaks(x *exchange) bool {
	n := x.switches.BrokenAnswers
	return n > 0 && x.entry.Action == cmp.Or(x.switches.BreakAction, "Receive") && s.broken.Add(1) <= int64(n)
}

// Break is how an answer is cut.
type Break uint8

// The ways.
const (
	// BreakClose announces a length, sends half of it and closes the connection.
	BreakClose Break = iota
	// BreakChunk closes the connection in the middle of a chunk.
	BreakChunk
	// BreakReset resets the connection after half of the body.
	BreakReset
	// BreakSilent closes the connection before a byte of the answer.
	BreakSilent
)

// cut sends the first half of an answer and ends the connection.
func cut(w http.ResponseWriter, a *answer, how Break) {
	half := a.body[:len(a.body)/2]
	switch how {
	case BreakSilent:
	case BreakChunk:
		// By hand, as net/http finishes the chunk that it writes.
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(buf, "HTTP/1.1 "+strconv.Itoa(a.status)+" "+http.StatusText(a.status)+
			"\r\nContent-Type: "+w.Header().Get("Content-Type")+"\r\nTransfer-Encoding: chunked\r\n\r\n"+
			strconv.FormatInt(int64(len(a.body)), 16)+"\r\n")
		_, _ = buf.Write(half)
		_ = buf.Flush()
		_ = conn.Close()
		return
	default:
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		_, _ = w.Write(half)
		_ = http.NewResponseController(w).Flush()
	}
	hangUp(w, how == BreakReset)
}

// trickle sends the answer in pieces of an eighth, with a pause after each.
func trickle(w http.ResponseWriter, r *http.Request, a *answer, pause time.Duration) error {
	w.WriteHeader(a.status)
	flush := http.NewResponseController(w)
	for rest := a.body; len(rest) > 0; {
		n := min(len(a.body)/8+1, len(rest))
		if _, err := w.Write(rest[:n]); err != nil {
			return err
		}
		if err := flush.Flush(); err != nil {
			return err
		}
		rest = rest[n:]
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
	return nil
}

// drop ends the connection without another word.
func drop(w http.ResponseWriter) { hangUp(w, false) }

// hangUp closes the connection, by a reset where TCP carries it.
func hangUp(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if over, ok := conn.(interface{ NetConn() net.Conn }); ok && reset {
		conn = over.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
