package secureshell

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// HostKeyError is a host that shows a key which known_hosts does not hold for
// it. Nothing was sent to it.
type HostKeyError struct {
	Host        string
	Type        string // of the key, such as ssh-ed25519
	Fingerprint string // as ssh prints it: SHA256:…
	// Changed tells that known_hosts has another key for the host.
	Changed bool
	// Revoked tells that known_hosts takes the key back.
	Revoked bool
}

func (e *HostKeyError) Error() string {
	what := "is not known"
	switch {
	case e.Revoked:
		what = "was revoked"
	case e.Changed:
		what = "is not the one that is known"
	}
	return fmt.Sprintf("the host key of %s %s: it shows %s %s", e.Host, what, e.Type, e.Fingerprint)
}

// hostKeys checks the keys of hosts against known_hosts files.
type hostKeys struct {
	known    ssh.HostKeyCallback
	ask      func(HostKeyError) (bool, error) // nil: nobody can be asked
	remember string                           // "": what was answered is forgotten
}

// readHostKeys reads those of the files that are there; without any, no host is known.
func readHostKeys(files []string) (*hostKeys, error) {
	files = slices.DeleteFunc(slices.Clone(files), func(f string) bool {
		_, err := os.Stat(f)
		return errors.Is(err, os.ErrNotExist)
	})
	known, err := knownhosts.New(files...)
	if err != nil {
		return nil, fmt.Errorf("reading the known hosts: %w", err)
	}
	return &hostKeys{known: known}, nil
}

// check is a [ssh.HostKeyCallback].
func (h *hostKeys) check(addr string, remote net.Addr, key ssh.PublicKey) error {
	err := h.known(addr, remote, key)
	if err == nil {
		return nil
	}
	e := &HostKeyError{Host: knownhosts.Normalize(addr), Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key)}
	var other *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case errors.As(err, &revoked):
		e.Revoked = true
	case errors.As(err, &other):
		e.Changed = len(other.Want) > 0
	default:
		return err
	}
	if e.Changed || e.Revoked || h.ask == nil {
		return e
	}
	if yes, err := h.ask(*e); err != nil || !yes {
		return first(err, e)
	}
	return h.add(addr, key)
}

// add writes a key that was let in to the file that remembers it.
func (h *hostKeys) add(addr string, key ssh.PublicKey) error {
	if h.remember == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.remember), 0o700); err != nil {
		return fmt.Errorf("remembering the host key: %w", err)
	}
	f, err := os.OpenFile(h.remember, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, knownhosts.Line([]string{knownhosts.Normalize(addr)}, key))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("remembering the host key: %w", err)
	}
	return nil
}

// algorithms are those of the keys that are known for addr, so that the host
// shows one of them where it has several; nil, which means all, where none is.
func (h *hostKeys) algorithms(addr string) []string {
	nobody, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		return nil
	}
	var other *knownhosts.KeyError
	if !errors.As(h.known(addr, &net.TCPAddr{IP: net.IPv4zero}, nobody), &other) {
		return nil
	}
	var list []string
	for _, k := range other.Want {
		switch t := k.Key.Type(); t {
		case ssh.KeyAlgoRSA:
			list = append(list, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			list = append(list, t)
		}
	}
	return list
}
