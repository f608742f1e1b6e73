//go:build linux

package auth

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
)

// desktop is what a person's desktop has: a bus, and GNOME's keyring on it.
type desktop struct {
	t   *testing.T
	dir string
	env []string
	bus *exec.Cmd
	// owners are who keeps the secrets, told at each change; "" is nobody.
	owners chan *dbus.Signal
}

// newDesktop starts a bus of the session with nobody on it.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	for _, name := range []string{"dbus-daemon", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%v; on Debian: apt-get install dbus-daemon gnome-keyring", err)
			}
			t.Skipf("%v; on Debian: apt-get install dbus-daemon gnome-keyring", err)
		}
	}
	d := &desktop{t: t, dir: t.TempDir()}
	for _, name := range []string{"run", "data", "state"} {
		if err := os.Mkdir(filepath.Join(d.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	d.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.dir, "XDG_RUNTIME_DIR=" + filepath.Join(d.dir, "run"),
		"XDG_DATA_HOME=" + filepath.Join(d.dir, "data"),
		"GORACE=atexit_sleep_ms=0", // the race detector would hold each process for a second
	}
	socket := filepath.Join(os.TempDir(), fmt.Sprintf("psdeck-test-%d", os.Getpid()))
	conf := filepath.Join(d.dir, "bus.conf")
	write(t, conf, fmt.Appendf(nil, `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`, socket))
	d.bus = exec.CommandContext(context.Background(), "dbus-daemon", "--config-file="+conf, "--nofork", "--print-address")
	out, err := d.bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.start(d.bus)
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // the address, once it listens
		t.Fatal(err)
	}
	address := "unix:path=" + socket
	d.env = append(d.env, "DBUS_SESSION_BUS_ADDRESS="+address)
	t.Cleanup(func() { _ = os.Remove(socket) })
	d.watch(address)
	return d
}

// watch follows who keeps the secrets.
func (d *desktop) watch(address string) {
	d.t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	d.owners = make(chan *dbus.Signal, 8)
	conn.Signal(d.owners)
	err = conn.AddMatchSignal(dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, secretsName))
	if err != nil {
		d.t.Fatal(err)
	}
}

// start runs a program of the desktop until the test ends or [desktop.stop].
func (d *desktop) start(cmd *exec.Cmd) {
	d.t.Helper()
	cmd.Env = d.env
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { d.stop(cmd) })
}

func (d *desktop) stop(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}
}

// until waits until somebody keeps the secrets, or nobody.
func (d *desktop) until(somebody bool) {
	d.t.Helper()
	for {
		select {
		case s := <-d.owners:
			if len(s.Body) < 3 {
				continue // not about names
			}
			if now, ok := s.Body[2].(string); ok && (now != "") == somebody {
				return
			}
		case <-time.After(time.Minute):
			d.t.Fatal("the keyring's service does not come or go")
		}
	}
}

// keyring starts GNOME's keyring; a password unlocks it, or makes it.
func (d *desktop) keyring(password string) *exec.Cmd {
	args := []string{"--foreground", "--components=secrets"}
	cmd := exec.CommandContext(context.Background(), "gnome-keyring-daemon", args...)
	if password != "" {
		cmd.Args = append(cmd.Args, "--unlock")
		cmd.Stdin = strings.NewReader(password)
	}
	d.start(cmd)
	d.until(true)
	return cmd
}

// restart ends the keyring's service and starts it again.
func (d *desktop) restart(service *exec.Cmd, password string) *exec.Cmd {
	d.t.Helper()
	d.stop(service)
	d.until(false)
	return d.keyring(password)
}

// said is what a process found, as it prints it.
type said struct {
	Value, Err, Hint, Where, Note string
	Missing                       bool // there is no keyring
}

// do lets another process work with the keyring, as psdeck would: a connection to
// a bus lasts as long as its process.
func (d *desktop) do(verb string) said {
	d.t.Helper()
	self, err := os.Executable()
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.CommandContext(d.t.Context(), self, "-test.run=^TestSecretServiceProcess$")
	cmd.Env = append([]string{"PSDECK_KEYRING=" + verb, "PSDECK_KEYRING_DIR=" + filepath.Join(d.dir, "state")}, d.env...)
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("%s: %v\n%s", verb, err, out)
	}
	var s said
	line, _, _ := strings.Cut(string(out), "\n")
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		d.t.Fatalf("%s: %v in %q", verb, err, out)
	}
	d.t.Logf("%s: %+v", verb, s)
	return s
}

// TestSecretServiceProcess is the other process of [desktop.do].
func TestSecretServiceProcess(t *testing.T) {
	v := NewVault(os.Getenv("PSDECK_KEYRING_DIR"), SystemKeyring())
	var s said
	var err error
	switch os.Getenv("PSDECK_KEYRING") {
	case "":
		return
	case "store":
		err = v.Store(t.Context(), aKey, []byte("very secret"))
	case "load":
		var data []byte
		data, err = v.Load(t.Context(), aKey)
		s.Value = string(data)
	case "delete":
		err = keyring.Delete(keyringService, keyringUser)
	case "get":
		s.Value, err = SystemKeyring().Get(keyringService, keyringUser)
	}
	if err != nil {
		s.Err, s.Hint, s.Missing = err.Error(), HintOf(err), errors.Is(err, ErrNoKeyring)
	}
	s.Where, s.Note = v.Where(), v.Note()
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		t.Fatal(err)
	}
}

func (d *desktop) keyFile() bool {
	_, err := os.Stat(filepath.Join(d.dir, "state", keyFile))
	return err == nil
}

// TestSecretService keeps the key of the token cache in GNOME's keyring, and meets
// it locked, emptied, and gone.
func TestSecretService(t *testing.T) {
	d := newDesktop(t)
	service := d.keyring("the person's password")
	if s := d.do("get"); s.Err != ErrNoEntry.Error() {
		t.Errorf("a new keyring: %+v", s)
	}
	if s := d.do("store"); s.Err != "" || s.Where != "" || s.Note != "" {
		t.Errorf("store: %+v", s)
	}
	if s := d.do("load"); s.Value != "very secret" || s.Where != "" {
		t.Errorf("load: %+v", s)
	}
	key := d.do("get").Value
	if _, ok := decodeKey(key); !ok || d.keyFile() {
		t.Errorf("the key is not in the keyring, or beside it too (%t)", d.keyFile())
	}

	service = d.restart(service, "")
	for _, verb := range []string{"load", "store"} {
		if s := d.do(verb); s.Err != "the keyring does not open: it is locked, and nobody unlocked it" || !strings.HasPrefix(s.Hint, "unlock the keyring") || s.Value != "" {
			t.Errorf("%s with a locked keyring: %+v", verb, s)
		}
	}
	if d.keyFile() {
		t.Error("the locked keyring was gone around")
	}

	d.restart(service, "the person's password")
	if s := d.do("load"); s.Value != "very secret" {
		t.Errorf("unlocked again: %+v", s)
	}
	if s := d.do("delete"); s.Err != "" {
		t.Errorf("delete: %+v", s)
	}
	if s := d.do("load"); s.Value != "" || s.Err != "" || !strings.Contains(s.Note, "sign in again") {
		t.Errorf("after the key was deleted: %+v", s)
	}
	if now := d.do("get").Value; now == key || now == "" {
		t.Error("the key was not made anew")
	}
	for _, text := range files(t, filepath.Join(d.dir, "state")) {
		if strings.Contains(text, "very secret") || strings.Contains(text, key) {
			t.Error("a secret lies in a file in clear")
		}
	}
}

// TestNoSecretService: nobody who keeps secrets, nothing to keep them in, and no
// bus: the key lies in a file of its owner's, and that is said when it is made.
func TestNoSecretService(t *testing.T) {
	for name, prepare := range map[string]func(*desktop){
		"nobody on the bus":     func(*desktop) {},
		"never had a desktop":   func(d *desktop) { d.keyring("") },
		"the bus is gone":       func(d *desktop) { d.stop(d.bus) },
		"no bus in the session": func(d *desktop) { d.env = d.env[:len(d.env)-1] },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesktop(t)
			prepare(d)
			if s := d.do("get"); !s.Missing {
				t.Errorf("get: %+v", s)
			}
			s := d.do("store")
			if s.Err != "" || !strings.Contains(s.Note, "there is no keyring here: the key of the token cache lies in "+filepath.Join(d.dir, "state", keyFile)) {
				t.Errorf("store: %+v", s)
			}
			if s = d.do("load"); s.Value != "very secret" || s.Where == "" || s.Note != "" {
				t.Errorf("load: %+v", s)
			}
			files(t, filepath.Join(d.dir, "state")) // each 0600
		})
	}
}

// TestKeyringDoesNotAnswer: a prompt that nobody sees does not hold the program up
// for ever.
func TestKeyringDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		start := time.Now()
		_, err := bounded(func() (string, error) { <-release; return "", nil })
		if err == nil || time.Since(start) != keyringTime {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		close(release)
	})
}
