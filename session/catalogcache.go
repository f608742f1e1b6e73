package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"psdeck/session/complete"
)

// Catalogs keeps on disk what sessions have offered, one file for each server,
// tenant and account, so that a new session completes at its first key. The
// files hold names and syntaxes of commands and values of their parameters, and
// nothing that was typed or answered; they can be deleted at any time.
type Catalogs struct {
	dir string
	now func() time.Time
}

// Bounds of the cache.
const (
	catalogAge   = 30 * 24 * time.Hour // older ones are not believed
	catalogSize  = 16 << 20            // bytes of one file
	catalogFiles = 200
)

// OpenCatalogs keeps catalogs in a directory, which is made at the first one;
// "" keeps none, and every session is asked.
// now is the clock; nil means time.Now.
func OpenCatalogs(dir string, now func() time.Time) *Catalogs {
	if now == nil {
		now = time.Now
	}
	return &Catalogs{dir, now}
}

// catalogFile is one file; another Version is not read.
type catalogFile struct {
	Version  int                 `json:"version"`
	Asked    time.Time           `json:"asked"`
	Commands []*complete.Command `json:"commands"`
	Learned  []lesson            `json:"learned,omitempty"`
}

const catalogVersion = 2

// joinKey names a catalog by what decides what is in it.
func joinKey(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.Join(parts, "\x00"))))
	return hex.EncodeToString(sum[:16])
}

func (c *Catalogs) path(key string) string { return filepath.Join(c.dir, key+".json") }

// load reads a catalog and says how old it is. One that cannot be read is none.
func (c *Catalogs) load(key string) (f catalogFile, age time.Duration, ok bool) {
	if c.dir == "" {
		return f, 0, false
	}
	info, err := os.Stat(c.path(key))
	if err != nil || info.Size() > catalogSize {
		return f, 0, false
	}
	data, err := os.ReadFile(c.path(key))
	if err != nil {
		return f, 0, false
	}
	if err := json.Unmarshal(data, &f); err != nil || f.Version != catalogVersion || slices.Contains(f.Commands, nil) {
		return f, 0, false
	}
	age = c.now().Sub(f.Asked)
	if age < 0 || age > catalogAge {
		return f, 0, false
	}
	return f, age, true
}

// save writes a catalog in place of the one before. Without a cache the next
// session asks again: that it cannot be written is no one's concern.
func (c *Catalogs) save(key string, file catalogFile) {
	if c.dir == "" {
		return
	}
	data, err := json.Marshal(file)
	if err != nil || len(data) > catalogSize || os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(c.dir, "new-*") // 0600
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err != nil || closeErr != nil || os.Rename(f.Name(), c.path(key)) != nil {
		_ = os.Remove(f.Name())
		return
	}
	c.prune()
}

// prune deletes the oldest files beyond the bound.
func (c *Catalogs) prune() {
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) <= catalogFiles {
		return
	}
	written := func(e os.DirEntry) time.Time {
		if info, err := e.Info(); err == nil {
			return info.ModTime()
		}
		return time.Time{}
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return written(a).Compare(written(b)) })
	for _, e := range entries[:len(entries)-catalogFiles] {
		_ = os.Remove(filepath.Join(c.dir, e.Name()))
	}
}
