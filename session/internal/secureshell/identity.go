package secureshell

import (
	"context"
	"errors"
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
