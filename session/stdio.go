package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strings"

	"psdeck/auth"
	"psdeck/session/internal/child"
	"psdeck/session/internal/secureshell"
	"psdeck/session/outproc"
)

// The schemes of PowerShell URIs that are not of WSMan: a process of this
// machine (local:), and the subsystem of an SSH server (ssh://user@host:port).
const (
	schemeLocal = "local"
	schemeSSH   = "ssh"
)

// subsystemName is what PowerShell's documentation has administrators call it.
const subsystemName = "powershell"

// LocalProgram is the environment variable that names the PowerShell which
// local: starts, in place of pwsh on the path.
const LocalProgram = "PSDECK_PWSH"

// isStdio tells whether sessions at u speak over standard streams.
func isStdio(u *url.URL) bool { return u.Scheme == schemeLocal || u.Scheme == schemeSSH }

// settleTransport settles which transport a target wants: what it says, or what the
// scheme of its URI means.
func (t *Target) settleTransport() error {
	if err := t.settleBootstrap(); err != nil {
		return err
	}
	scheme, _, _ := strings.Cut(strings.ToLower(t.OverridePowerShellURI), ":")
	stdio := scheme == schemeLocal || scheme == schemeSSH
	switch {
	case t.Transport == schemeLocal && t.OverridePowerShellURI == "":
		t.OverridePowerShellURI = schemeLocal + ":"
	case t.Transport == "" && stdio:
		t.Transport = scheme
	case (t.Transport == schemeLocal || t.Transport == schemeSSH) && scheme != t.Transport:
		return usageError("choosing the transport", fmt.Sprintf("the transport %s does not lead to the PowerShell URI %q", t.Transport, t.OverridePowerShellURI),
			"a local session wants no URI, or local:", "one over SSH wants --override-power-shell-uri ssh://user@host")
	case stdio && scheme != t.Transport:
		return usageError("choosing the transport", fmt.Sprintf("the transport %s does not lead to %s:", t.Transport, scheme),
			"leave --transport out; the URI says it")
	}
	return nil
}

// stdioEndpoint checks a local: or ssh:// URI and takes it as it is.
func (cn *connecting) stdioEndpoint(u *url.URL) error {
	bad := func(why, hint string) error { return usageError("reading the PowerShell URI", why, hint) }
	_, password := u.User.Password()
	switch {
	case u.Scheme == schemeLocal && (u.Host != "" || strings.Trim(u.Path+u.Opaque, "/") != "" || u.RawQuery != ""):
		return bad("local: takes nothing behind it", LocalProgram+" names another program than pwsh")
	case u.Scheme == schemeSSH && (u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(u.User.Username(), "-")):
		return bad("it names no host to connect to by SSH", "write it as ssh://user@host or ssh://user@host:port")
	case u.Scheme == schemeSSH && password:
		return bad("it has a password in it", "leave it out: it is read with --password-stdin, or asked for")
	case u.Scheme == schemeSSH && (strings.Trim(u.Path, "/") != "" || u.RawQuery != ""):
		return bad("ssh://user@host takes no path", "the server's subsystem powershell is what is opened")
	}
	cn.endpoint = &endpoint{uri: u}
	if u.Scheme == schemeSSH && cn.target.SSHProgram == "" {
		cn.account = auth.Account{UserName: cn.sshUser() + "@" + u.Host}
	}
	cn.watch(EndpointFound{URI: u.String(), Known: true})
	return nil
}

// stdioTransport is the transport of the endpoint.
func (cn *connecting) stdioTransport() *overStdio {
	t := &overStdio{patience: orDefault(cn.target.Options.OperationTimeout, defaultPatience)}
	switch {
	case cn.endpoint.uri.Scheme == schemeLocal:
		t.start = cn.local
	case cn.target.SSHProgram != "":
		t.start = cn.startSSHProgram
	default:
		t.start = cn.openSSH
	}
	return t
}

// startLocal starts PowerShell as a server on its standard streams.
func startLocal(context.Context) (stdioServer, error) {
	name := cmp.Or(os.Getenv(LocalProgram), "pwsh")
	p, err := child.Start(name, "-s", "-NoLogo", "-NoProfile")
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		return nil, &Error{
			Doing: "starting a session on this machine", Err: err, Class: ClassConnect,
			Hints: []string{"install PowerShell 7 so that pwsh is on the path, or name it with " + LocalProgram},
		}
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// startSSHProgram lets the system's ssh make the connection. It has no terminal
// to ask on: what it would ask, it refuses.
func (cn *connecting) startSSHProgram(context.Context) (stdioServer, error) {
	u := cn.endpoint.uri
	args := []string{"-o", "BatchMode=yes", "-T"}
	if port := u.Port(); port != "" {
		args = append(args, "-p", port)
	}
	if name := cmp.Or(u.User.Username(), cn.target.UserName); name != "" {
		args = append(args, "-l", name)
	}
	p, err := child.Start(cn.target.SSHProgram, append(args, "-s", "--", u.Hostname(), subsystemName)...)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// openSSH makes the connection itself.
func (cn *connecting) openSSH(ctx context.Context) (stdioServer, error) {
	u := cn.endpoint.uri
	cfg := secureshell.Config{
		Host: u.Hostname(), Port: cmp.Or(u.Port(), "22"), Subsystem: subsystemName,
		User: cn.sshUser(), Dial: cn.cfg.Network.DialContext,
		KnownHosts: []string{"/etc/ssh/ssh_known_hosts"}, AgentSocket: os.Getenv("SSH_AUTH_SOCK"),
	}
	if ask := cn.target.HostKey; ask != nil {
		cfg.NewHost = func(ctx context.Context, k secureshell.HostKeyError) (bool, error) {
			return ask(ctx, HostKey{k.Host, k.Type, k.Fingerprint})
		}
	}
	if ask := cn.target.Passphrase; ask != nil {
		cfg.Passphrase = func(ctx context.Context, file string) (string, error) {
			secret, err := ask(ctx, file)
			return secret.Reveal(), err
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		folder := filepath.Join(home, ".ssh")
		cfg.Remember = filepath.Join(folder, "known_hosts")
		cfg.KnownHosts = append(cfg.KnownHosts, cfg.Remember)
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			cfg.KeyFiles = append(cfg.KeyFiles, filepath.Join(folder, name))
		}
	}
	if ask := cn.target.Password; ask != nil {
		cfg.Password = func(ctx context.Context) (string, error) {
			secret, err := ask(ctx, cfg.User)
			return secret.Reveal(), err
		}
	}
	c, err := secureshell.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// sshUser is who signs in: of the URI, of the target, or of this machine, which
// is what ssh itself would take.
func (cn *connecting) sshUser() string {
	name := cmp.Or(cn.endpoint.uri.User.Username(), cn.target.UserName)
	if who, err := osuser.Current(); name == "" && err == nil {
		name = who.Username[strings.LastIndexByte(who.Username, '\\')+1:] // without the Windows domain
	}
	return name
}

// explainStdio says what to do about a server at the other end of two streams.
func explainStdio(e *Error) bool {
	var (
		key      *secureshell.HostKeyError
		refused  *secureshell.AuthError
		missing  *secureshell.SubsystemError
		greeting *outproc.LineError
		ended    *child.Error
	)
	switch {
	case errors.As(e.Err, &key) && (key.Changed || key.Revoked):
		return e.hint("somebody may be between you and this host; ask its administrator for the fingerprint before you change known_hosts")
	case errors.As(e.Err, &key):
		return e.hint("if the administrator of " + key.Host + " names the same fingerprint, let it into known_hosts: ssh " + key.Host + " asks, and then connect again")
	case errors.As(e.Err, &refused):
		e.Class = ClassSignIn
		return e.hint("put a key that the server takes into the agent (ssh-add) or ~/.ssh, or give a password with --credential")
	case errors.As(e.Err, &missing):
		return e.hint("PowerShell has to be a subsystem of that server: in sshd_config, Subsystem powershell /usr/bin/pwsh -sshs -NoLogo")
	case errors.As(e.Err, &greeting):
		return e.hint("something else than PowerShell writes to that stream, such as a login shell's greeting; take it out of what runs there before PowerShell")
	case errors.As(e.Err, &ended):
		return e.hint("the program's own words are above")
	}
	return false
}
