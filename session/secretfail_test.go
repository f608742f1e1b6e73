package session

import (
	"errors"
	"strings"
	"testing"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// asking is a pipeline that asks for a secret and waits for the answer or for
// being stopped.
func asking(c *fakeCommand) {
	_, out, err := c.f.server.HostCall(c.ID, psrp.HostCall{Method: psrp.MethodReadLineAsSecureString})
	c.f.emit(out, err)
	<-c.stop
	c.end(psrp.PipelineStopped, nil)
}

func promptOf(t *testing.T, r *Run) *Prompt {
	t.Helper()
	batch, err := r.Next(t.Context())
	if err != nil || len(batch) != 1 || batch[0].Prompt == nil {
		t.Fatalf("%v, %v", texts(batch), err)
	}
	return batch[0].Prompt
}

// Where no key can be agreed on, the secret is not sent, no error tells it, and
// the command that waits for it is stopped.
func TestNoSecretWithoutAKey(t *testing.T) {
	for name, server := range map[string]func(f *fakeServer){
		"the key cannot be sent":     func(f *fakeServer) { f.unsent = errors.New("no route to host") },
		"the answer is damaged":      func(f *fakeServer) { f.onKey = func(string) { f.emit(f.server.SessionKey("AQIA")) } },
		"the server does not answer": func(*fakeServer) {},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := openFake(t, Target{Options: Options{CancelTimeout: 300 * time.Millisecond}}, asking)
			server(f)
			r := mustRun(t, s, "Get-Login")
			err := promptOf(t, r).Fill(t.Context(), []string{"hunter2"})
			if err == nil || !strings.Contains(err.Error(), "the command that asked was stopped") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
			if _, res := collect(t, r); res.Outcome != Stopped {
				t.Errorf("%+v", res)
			}
			if strings.Contains(f.log(), "answer") {
				t.Errorf("log %q", f.log())
			}
		})
	}
}

// A session that ends lets go of those who wait for its key.
func TestAnExchangeEndsWithItsSession(t *testing.T) {
	s, f := openFake(t, Target{}, asking)
	offered := make(chan struct{})
	f.onKey = func(string) { close(offered) }
	errs := make(chan error)
	go func() {
		_, err := s.Secret(t.Context(), "hunter2")
		errs <- err
	}()
	<-offered
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-errs; !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := s.Secret(t.Context(), "hunter2"); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// A command stopped while it waits for the key was not sent.
func TestStoppedWhileTheKeyIsExchanged(t *testing.T) {
	s, f := openFake(t, Target{}, asking)
	offered := make(chan struct{})
	f.onKey = func(string) { close(offered) }
	s.scope.assign("s", []clixml.Value{clixml.Of(clixml.SecureString("cAB3AA=="))})
	r := mustRun(t, s, "Get-Login -Secret $s")
	<-offered
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, res := collect(t, r); res.Outcome != Stopped {
		t.Errorf("%+v", res)
	}
	if f.log() != "" {
		t.Errorf("sent: %s", f.log())
	}
}

// A server that asks for the key gets it, as often as it asks.
func TestTheKeyIsOfferedOnRequest(t *testing.T) {
	s, f := openFake(t, Target{}, asking)
	offers := make(chan string)
	f.onKey = func(key string) { offers <- key }
	for range 2 {
		f.emit(f.server.RequestPublicKey())
		if key := <-offers; !strings.HasPrefix(key, "BgIAAACkAABSU0Ex") {
			t.Errorf("offered %s", key)
		}
		f.emit(f.server.SessionKey("AQIA")) // ends this exchange
		s.mu.Lock()
		x := s.keying
		s.mu.Unlock()
		if x != nil {
			<-x.done
		}
	}
}

// Protocol 2.4 exchanges nothing.
func TestNoKeyFromProtocol24(t *testing.T) {
	f := newFakeServer(t, asking)
	f.server = psrp.NewServer(psrp.ServerConfig{Protocol: psrp.Protocol24})
	f.onKey = func(string) { t.Error("a key was offered") }
	s := newSession("s1", "test", Target{}, time.Now, nil)
	s.transport, s.client = f, psrp.NewClient(psrp.ClientConfig{Protocol: psrp.Protocol24})
	if err := s.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	f.emit(f.server.RequestPublicKey())
	secret, err := s.Secret(t.Context(), "pä")
	if err != nil || secret.Text() != "cADkAA==" {
		t.Errorf("%s, %v", secret.Text(), err)
	}
	if text, err := s.Reveal(t.Context(), secret); err != nil || text != "pä" {
		t.Errorf("%q, %v", text, err)
	}
}

// A text-only session has no way to carry a secret.
func TestNoSecretInATextOnlySession(t *testing.T) {
	s := newSession("s1", "test", Target{}, time.Now, nil)
	if _, err := s.Secret(t.Context(), "hunter2"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	s.cancel()
}
