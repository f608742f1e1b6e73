package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// Vault is a [Cache] in a directory: one file for each account, encrypted with
// AES-256-GCM under a key that the system's keyring keeps. Where there is no
// keyring the key lies in a file beside, which only its owner may read; [Vault.Where]
// says so. A keyring that is there but locked is not gone around: nothing is
// kept then.
//
// Nothing is opened before the first use.
type Vault struct {
	dir  string
	ring Keyring

	mu   sync.Mutex
	aead cipher.AEAD
	err  error // why there is no key; kept, so that the person is asked once
	note string
	// where says that the key is not in a keyring.
	where string
}

// NewVault returns a vault in dir, which is made when needed. ring may be nil:
// there is no keyring then.
func NewVault(dir string, ring Keyring) *Vault { return &Vault{dir: dir, ring: ring} }

// Where says where the key is if that is not a keyring, else "". It is known
// after the first use.
func (v *Vault) Where() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.where
}

// Note returns what happened that should be said, or "": that the key was
// laid in a file, or that something kept does not open.
func (v *Vault) Note() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.note
}

const (
	vaultExt  = ".tokens"
	keyFile   = "key"
	vaultMode = 0o600
	lockWait  = 50 * time.Millisecond // between two looks at another process's lock
)

// sealed is what is encrypted: the name of the account goes with it, so that
// what is kept can be listed.
type sealed struct {
	Key  CacheKey
	Data []byte
}

// path is the file of a key. Its name says nothing to who sees it.
func (v *Vault) path(key CacheKey) string {
	sum := sha256.Sum256([]byte(key.Authority + "\x00" + key.ClientID + "\x00" + key.HomeAccountID))
	return filepath.Join(v.dir, hex.EncodeToString(sum[:16])+vaultExt)
}

// Load implements [Cache]. What another key encrypted is as good as nothing.
func (v *Vault) Load(_ context.Context, key CacheKey) ([]byte, error) {
	path := v.path(key)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, nil // the keyring need not be asked
	}
	s, err := v.read(path)
	return s.Data, err
}

// Store implements [Cache].
func (v *Vault) Store(_ context.Context, key CacheKey, data []byte) error {
	if data == nil {
		if err := os.Remove(v.path(key)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	aead, err := v.open()
	if err != nil {
		return err
	}
	plain, err := json.Marshal(sealed{key, data})
	if err != nil {
		return err
	}
	path := v.path(key)
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	return replaceFile(path, aead.Seal(nonce, nonce, plain, []byte(filepath.Base(path))))
}

// Keys implements [Cache].
func (v *Vault) Keys(context.Context) ([]CacheKey, error) {
	files, err := os.ReadDir(v.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var keys []CacheKey
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), vaultExt) {
			continue
		}
		s, err := v.read(filepath.Join(v.dir, f.Name()))
		if err != nil {
			return nil, err
		}
		if s.Key != (CacheKey{}) {
			keys = append(keys, s.Key)
		}
	}
	return keys, nil
}

// Lock implements [Cache].
func (v *Vault) Lock(ctx context.Context, key CacheKey) (func(), error) {
	if err := os.MkdirAll(v.dir, 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(strings.TrimSuffix(v.path(key), vaultExt)+".lock", flock.SetPermissions(vaultMode))
	if _, err := lock.TryLockContext(ctx, lockWait); err != nil {
		return nil, fmt.Errorf("waiting for another psdeck: %w", err)
	}
	return func() { _ = lock.Close() }, nil
}

// read decrypts a file; the zero value is one that this key does not open.
func (v *Vault) read(path string) (sealed, error) {
	var s sealed
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	aead, err := v.open()
	if err != nil {
		return s, err
	}
	if len(data) < aead.NonceSize() {
		return s, nil
	}
	plain, err := aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], []byte(filepath.Base(path)))
	if err != nil {
		v.remark("a sign-in that was kept does not open with the key of the token cache; sign in again")
		return sealed{}, nil //nolint:nilerr // another key, or tampered with: the person signs in
	}
	if json.Unmarshal(plain, &s) != nil {
		return sealed{}, nil
	}
	return s, nil
}

func (v *Vault) remark(note string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.note == "" {
		v.note = note
	}
}

// open gets the key, once.
func (v *Vault) open() (cipher.AEAD, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.aead != nil || v.err != nil {
		return v.aead, v.err
	}
	key, err := v.key()
	if err == nil {
		var block cipher.Block
		if block, err = aes.NewCipher(key); err == nil {
			v.aead, err = cipher.NewGCM(block)
		}
	}
	v.err = err
	return v.aead, err
}

// replaceFile writes a file that only its owner may read, whole or not at all.
func replaceFile(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it has its name
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
