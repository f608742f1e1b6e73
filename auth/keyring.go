package auth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/zalando/go-keyring"
)

// Keyring is where the operating system keeps secrets for its user. Get
// returns [ErrNoEntry] for a secret that is not there, and both return
// [ErrNoKeyring] where there is no keyring.
type Keyring interface {
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
}

// Errors of a [Keyring].
var (
	ErrNoEntry   = errors.New("the keyring has no such entry")
	ErrNoKeyring = errors.New("there is no keyring")

	errKeyringLocked = errors.New("it is locked, and nobody unlocked it")
)

// SystemKeyring returns the keyring of this user: the Secret Service, the
// Keychain, or the Credential Manager.
func SystemKeyring() Keyring { return systemKeyring{} }

type systemKeyring struct{}

func (systemKeyring) Get(service, user string) (string, error) {
	secret, err := bounded(func() (string, error) {
		if err := findKeyring(); err != nil {
			return "", err
		}
		return keyring.Get(service, user)
	})
	return secret, keyringError(err)
}

// Set reads the secret back: where the person dismisses the prompt of a Secret
// Service, the library reports no error.
func (systemKeyring) Set(service, user, secret string) error {
	kept, err := bounded(func() (string, error) {
		err := findKeyring()
		if err == nil {
			err = keyring.Set(service, user, secret)
		}
		if err != nil {
			return "", err
		}
		return keyring.Get(service, user)
	})
	if err == nil && kept != secret || errors.Is(err, keyring.ErrNotFound) {
		return errors.New("it did not keep what it was given")
	}
	return keyringError(err)
}

// keyringTime is how long the person has to unlock the keyring.
const keyringTime = time.Minute

// bounded ends the wait for a keyring, which knows no contexts, after a while.
// The call itself goes on until the keyring answers.
func bounded(call func() (string, error)) (string, error) {
	type answer struct {
		secret string
		err    error
	}
	done := make(chan answer, 1)
	go func() {
		secret, err := call()
		done <- answer{secret, err}
	}()
	timer := time.NewTimer(keyringTime)
	defer timer.Stop()
	select {
	case a := <-done:
		return a.secret, a.err
	case <-timer.C:
		return "", errors.New("it did not answer")
	}
}

// keyringError tells a keyring that is not there from one that does not open.
// The library has no errors of its own for it: what cannot be reached over
// D-Bus is not there.
func keyringError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNoEntry
	}
	text := strings.ToLower(err.Error())
	for _, sign := range []string{
		"dbus-launch", "couldn't determine address of session bus", "dbus_session_bus_address", "the name org.freedesktop.secrets was not provided", "serviceunknown",
		"no such file or directory", "connection refused", "executable file not found", "unsupported platform",
		"process org.freedesktop.secrets exited", "process org.freedesktop.secrets received", "failed to activate service", "failed to execute program",
	} {
		if strings.Contains(text, sign) {
			return ErrNoKeyring
		}
	}
	if strings.Contains(text, "failed to unlock") {
		return errKeyringLocked
	}
	return err
}

const (
	keyringService = "psdeck"
	keyringUser    = "token cache"
)

// key gets the key of the vault, or makes it.
func (v *Vault) key() ([]byte, error) {
	unlock, err := v.lockKey()
	if err != nil {
		return nil, err
	}
	defer unlock()
	err = ErrNoKeyring
	var text string
	if v.ring != nil {
		text, err = v.ring.Get(keyringService, keyringUser)
	}
	switch {
	case err == nil:
		if key, ok := decodeKey(text); ok {
			return key, nil
		}
		return nil, lockedKeyring("its entry is not a key")
	case errors.Is(err, ErrNoEntry):
		key := newKey()
		if err := v.ring.Set(keyringService, keyringUser, encodeKey(key)); err != nil {
			return nil, lockedKeyring(clean(err.Error(), 120))
		}
		return key, nil
	case errors.Is(err, ErrNoKeyring):
		v.where = "there is no keyring here: the key of the token cache lies in " + filepath.Join(v.dir, keyFile) + ", which only you may read"
		return v.fileKey()
	}
	return nil, lockedKeyring(clean(err.Error(), 120))
}

func lockedKeyring(why string) error {
	return &Error{
		Kind: KindStore, Msg: "the keyring does not open: " + why,
		Hint: "unlock the keyring, so that a sign-in is kept for the next time",
	}
}

// fileKey is the key where there is no keyring.
func (v *Vault) fileKey() ([]byte, error) {
	path := filepath.Join(v.dir, keyFile)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		key := newKey()
		v.note = v.where
		return key, replaceFile(path, []byte(encodeKey(key)+"\n"))
	}
	if err != nil {
		return nil, err
	}
	if open := info.Mode().Perm() & 0o077; open != 0 && runtime.GOOS != "windows" {
		return nil, &Error{
			Kind: KindStore, Msg: "others may read the key of the token cache, " + path,
			Hint: "remove that file and the " + vaultExt + " files beside it, then sign in again",
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	key, ok := decodeKey(string(data))
	if !ok {
		return nil, &Error{Kind: KindStore, Msg: "the key of the token cache, " + path + ", is not one", Hint: "remove that file, then sign in again"}
	}
	return key, nil
}

// lockKey lets one process at a time make the key.
func (v *Vault) lockKey() (func(), error) {
	if err := os.MkdirAll(v.dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(v.dir, keyFile+".lock"), flock.SetPermissions(vaultMode))
	if err := lock.Lock(); err != nil {
		return nil, err
	}
	return func() { _ = lock.Close() }, nil
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: crypto/rand.Read ends the program instead
	return key
}

func encodeKey(key []byte) string { return base64.StdEncoding.EncodeToString(key) }

func decodeKey(text string) ([]byte, bool) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	return key, err == nil && len(key) == 32
}
