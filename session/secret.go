package session

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// Secret makes a SecureString of text that this session's server, and no other,
// can read: the value of a parameter, an input object or a member of one. The
// first one exchanges a key with the server, which takes a round trip.
func (s *Session) Secret(ctx context.Context, text string) (clixml.Value, error) {
	secret, err := s.seal(ctx, text)
	if err != nil {
		return clixml.Null(), err
	}
	return clixml.Of(secret), nil
}

// Credential makes a PSCredential, as Secret makes its password.
func (s *Session) Credential(ctx context.Context, userName, password string) (clixml.Value, error) {
	secret, err := s.seal(ctx, password)
	if err != nil {
		return clixml.Null(), err
	}
	return psrp.Credential(userName, secret), nil
}

// Reveal reads a SecureString that the server sent. Everything else that gets
// one shows it as "System.Security.SecureString".
func (s *Session) Reveal(ctx context.Context, v clixml.Value) (string, error) {
	secret, ok := v.Any().(clixml.SecureString)
	if !ok {
		return "", errors.New("reading a secret: the value is no SecureString")
	}
	if err := s.exchangeKey(ctx, nil); err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	return s.client.Unseal(secret)
}

func (s *Session) seal(ctx context.Context, text string) (clixml.SecureString, error) {
	if err := s.exchangeKey(ctx, nil); err != nil {
		return "", fmt.Errorf("encrypting a secret: %w", err)
	}
	return s.client.Seal(text)
}

// keyExchange is an exchange of the session key on its way. There is one at a
// time: whoever needs the key waits for the same.
type keyExchange struct {
	answer chan error    // what became of the offer
	done   chan struct{} // closed when the exchange is over
	err    error         // of the exchange, once done is closed
}

// exchangeKey makes sure that there is a session key, where the protocol has
// one ([MS-PSRP] 3.1.5.4.3). Closing stop gives up waiting, as ctx does.
//
// The answer comes by the pool's own Receive, which nobody holds up: those who
// read a pipeline must not wait here.
func (s *Session) exchangeKey(ctx context.Context, stop <-chan struct{}) error {
	if s.client == nil {
		return errors.New("this session carries text only, and no secrets")
	}
	if !s.client.NeedsKey() {
		return nil
	}
	x := s.beginKeyExchange()
	if x == nil {
		return ErrClosed
	}
	select {
	case <-x.done:
		return x.err
	case <-stop:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
		return ErrClosed
	}
}

// withKey does what may want the session key, and where it is missing gets it
// first.
func (s *Session) withKey(ctx context.Context, stop <-chan struct{}, do func() error) error {
	err := do()
	if !errors.Is(err, psrp.ErrNoSessionKey) {
		return err
	}
	if err := s.exchangeKey(ctx, stop); err != nil {
		return fmt.Errorf("exchanging a key for secrets: %w", err)
	}
	return do()
}

// beginKeyExchange joins the exchange on its way or begins one; nil where the
// session is over. A server that asks for our key again gets it again.
func (s *Session) beginKeyExchange() *keyExchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Opened {
		return nil
	}
	if s.keying == nil {
		x := &keyExchange{answer: make(chan error, 1), done: make(chan struct{})}
		s.keying = x
		s.spawn(func() {
			err := s.offerKey(x)
			s.mu.Lock()
			x.err, s.keying = err, nil
			s.mu.Unlock()
			close(x.done)
		})
	}
	return s.keying
}

// offerKey sends our public key and waits for the answer.
func (s *Session) offerKey(x *keyExchange) error {
	key, err := s.publicKey()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.cancelTimeout())
	defer cancel()
	out, err := s.client.OfferKey(key)
	if err != nil {
		return err
	}
	if err := s.transport.Send(ctx, out); err != nil {
		return err
	}
	select {
	case err := <-x.answer:
		return err
	case <-ctx.Done():
		if s.ctx.Err() != nil {
			return ErrClosed
		}
		return errors.New("the server did not answer with the session's key")
	}
}

// publicKey makes the session's key pair when it is first needed. Only the one
// exchange on its way calls it.
func (s *Session) publicKey() (*rsa.PrivateKey, error) {
	if s.keyPair == nil {
		key, err := psrp.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		s.keyPair = key
	}
	return s.keyPair, nil
}

// keyAnswered hands the server's answer to the exchange that waits for it.
func (s *Session) keyAnswered(err error) {
	s.mu.Lock()
	x := s.keying
	s.mu.Unlock()
	if x == nil {
		return
	}
	select {
	case x.answer <- err:
	default: // it has one
	}
}
