package secureshell

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// identity is what there is to sign in with.
type identity struct {
	methods []ssh.AuthMethod
	tried   []string // for people
	agent   net.Conn
}

// newIdentity gathers the keys of the agent and of files, and the password.
func newIdentity(ctx context.Context, cfg Config) *identity {
	id := &identity{}
	signers := id.agentKeys(ctx, cfg.AgentSocket)
	for _, file := range cfg.KeyFiles {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		name := filepath.Base(file)
		signer, err := ssh.ParsePrivateKey(data)
		var locked *ssh.PassphraseMissingError
		switch {
		case errors.As(err, &locked) && cfg.Passphrase != nil && locked.PublicKey != nil:
			id.tried = append(id.tried, name)
			signers = append(signers, &lockedKey{public: locked.PublicKey, unlock: func() (ssh.Signer, error) {
				phrase, err := cfg.Passphrase(ctx, file)
				if err != nil {
					return nil, err
				}
				return ssh.ParsePrivateKeyWithPassphrase(data, []byte(phrase))
			}})
		case errors.As(err, &locked):
			id.tried = append(id.tried, name+" (passed over: it has a passphrase and is not in the agent)")
		case err == nil:
			id.tried = append(id.tried, name)
			signers = append(signers, signer)
		}
	}
	if len(signers) > 0 {
		id.methods = append(id.methods, ssh.PublicKeys(signers...))
	}
	if cfg.Password != nil {
		id.tried = append(id.tried, "the password")
		ask := func() (string, error) { return cfg.Password(ctx) }
		id.methods = append(id.methods, ssh.PasswordCallback(ask), ssh.KeyboardInteractive(answerWith(ask)))
	}
	return id
}

func (id *identity) agentKeys(ctx context.Context, socket string) []ssh.Signer {
	if socket == "" {
		return nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil
	}
	id.agent = conn
	signers, err := agent.NewClient(conn).Signers()
	if err != nil || len(signers) == 0 {
		return nil
	}
	id.tried = append(id.tried, "the agent's keys")
	return signers
}

// answerWith answers the one hidden question that a server may ask in place of
// taking a password; anything else is not for a password.
func answerWith(ask func() (string, error)) ssh.KeyboardInteractiveChallenge {
	return func(_, _ string, questions []string, echos []bool) ([]string, error) {
		switch {
		case len(questions) == 0:
			return nil, nil
		case len(questions) > 1 || echos[0]:
			return nil, errors.New("the server asks for more than a password")
		}
		answer, err := ask()
		return []string{answer}, err
	}
}

// close lets the agent go.
func (id *identity) close() {
	if id.agent != nil {
		_ = id.agent.Close()
	}
}

// lockedKey is a key that a passphrase protects: it is asked for only when the
// server would take the key.
type lockedKey struct {
	public ssh.PublicKey
	unlock func() (ssh.Signer, error)
	open   ssh.Signer
}

// PublicKey implements [ssh.Signer].
func (k *lockedKey) PublicKey() ssh.PublicKey { return k.public }

// Sign implements [ssh.Signer].
func (k *lockedKey) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return k.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm implements [ssh.AlgorithmSigner].
func (k *lockedKey) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	if k.open == nil {
		signer, err := k.unlock()
		if err != nil {
			return nil, err
		}
		k.open = signer
	}
	if with, ok := k.open.(ssh.AlgorithmSigner); ok && algorithm != "" {
		return with.SignWithAlgorithm(rand, data, algorithm)
	}
	return k.open.Sign(rand, data)
}
