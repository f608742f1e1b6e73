package managed

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/sahilm/fuzzy"
)

// Store keeps lists, and when each tenant was last opened, in a file that only
// the user can read. It is safe for concurrent use, also by several processes.
type Store struct {
	path string
	mu   sync.Mutex
	lock *flock.Flock
}

// NewStore returns a store in a folder, which is made when something is kept.
func NewStore(dir string) *Store {
	path := filepath.Join(dir, "tenants.json")
	return &Store{path: path, lock: flock.New(path + ".lock")}
}

// kept is the file.
type kept struct {
	Lists map[string]List      `json:"lists"` // by source
	Used  map[string]time.Time `json:"used"`  // by [Tenant.Key]
}

// Load returns the list that a source gave last; ok is false where there is
// none. A file that cannot be read is as none: the source can be asked again.
func (s *Store) Load(source string) (list List, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.read()
	if err != nil {
		return List{}, false
	}
	list, ok = k.Lists[source]
	list.Tenants = slices.DeleteFunc(list.Tenants, func(t Tenant) bool { return t.tidy() != nil })
	return list, ok
}

// Save keeps the list of a source.
func (s *Store) Save(source string, list List) error {
	return s.change(func(k *kept) { k.Lists[source] = list })
}

// Use notes that a tenant was opened.
func (s *Store) Use(t Tenant, at time.Time) error {
	return s.change(func(k *kept) { k.Used[t.Key()] = at })
}

// Used tells when each tenant was last opened, by [Tenant.Key].
func (s *Store) Used() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.read()
	if err != nil {
		return nil
	}
	return k.Used
}

func (s *Store) read() (kept, error) {
	k := kept{}
	data, err := os.ReadFile(s.path)
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if k.Lists == nil {
		k.Lists = map[string]List{}
	}
	if k.Used == nil {
		k.Used = map[string]time.Time{}
	}
	return k, err
}

// change writes the file anew, whole or not at all.
func (s *Store) change(edit func(*kept)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir := filepath.Dir(s.path)
	fail := func(err error) error { return fmt.Errorf("keeping the list of tenants: %w", err) }
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fail(err)
	}
	if err := s.lock.Lock(); err != nil {
		return fail(err)
	}
	defer func() { _ = s.lock.Unlock() }()
	k, _ := s.read() // what cannot be read is replaced
	edit(&k)
	data, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(dir, "tenants-*") // for this user alone, 0600
	if err != nil {
		return fail(err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path)
	}
	if err != nil {
		return fail(errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// Sort orders tenants by when they were last opened, the latest first, the
// others by name.
func Sort(list []Tenant, used map[string]time.Time) {
	slices.SortStableFunc(list, func(a, b Tenant) int {
		if c := used[b.Key()].Compare(used[a.Key()]); c != 0 {
			return c
		}
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
}

// names is what a search looks at.
type names []Tenant

func (n names) Len() int            { return len(n) }
func (n names) String(i int) string { return n[i].Name + " " + n[i].Domain + " " + n[i].ID }

// Search returns the tenants whose name, domain or id have the letters of words
// in this order, the best match first; all of them for no words.
func Search(list []Tenant, words string) []Tenant {
	words = strings.TrimSpace(words)
	if words == "" {
		return list
	}
	var found []Tenant
	for _, m := range fuzzy.FindFrom(words, names(list)) {
		found = append(found, list[m.Index])
	}
	return found
}
