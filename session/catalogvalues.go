package session

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"psdeck/session/complete"
	"psdeck/session/psrp"
	"psdeck/session/safetext"
)

// lesson is which values a parameter takes, as the server said when it refused
// another. What was refused is not kept.
type lesson struct {
	Command   string    `json:"command"`
	Parameter string    `json:"parameter"`
	Type      string    `json:"type,omitempty"` // an enumeration: all parameters of it take these
	Values    []string  `json:"values"`
	Heard     time.Time `json:"heard"`
}

// Bounds of what is learned: values of one parameter, and parameters.
const valuesMost, lessonsMost = 256, 500

// lessonOf reads the values out of an error of PowerShell's binder: the set of
// a ValidateSet, the names of an enumeration.
func lessonOf(e *psrp.ErrorRecord) (lesson, bool) {
	id, _, _ := strings.Cut(e.FullyQualifiedErrorID, ",")
	l := lesson{Command: cleanName(e.Activity), Parameter: cleanName(parameterNamed(e.Message))}
	said := quotedPart.FindAllStringSubmatch(e.Message, -1)
	if l.Command == "" || l.Parameter == "" || len(said) < 2 || len(e.Message) > lessonText || strings.Count(e.Message, `"`)%2 != 0 {
		return l, false
	}
	last := said[len(said)-1][1]
	switch {
	case safetext.Redact("-"+l.Parameter+" x") != "-"+l.Parameter+" x": // nothing of a secret
	case id == "ParameterArgumentValidationError" && strings.Contains(e.Message, "ValidateSet") && len(said) == 2:
		// The separator is that of the server's culture.
		separator := ","
		if strings.Contains(last, ";") {
			separator = ";"
		}
		l.Values = strings.Split(last, separator)
	case len(said) != 3: // not value, type and reason: there are quotes in what was typed
	case id == "CannotConvertArgumentNoMessage", id == "ParameterArgumentTransformationError":
		l.Type = complete.ShortType(cleanName(said[1][1]))
		l.Values = strings.Split(last[strings.LastIndexByte(last, ':')+1:], ",")
	}
	for i, v := range l.Values {
		l.Values[i] = strings.TrimSpace(v)
		if cleanName(l.Values[i]) == "" || l.Type != "" && !identifier.MatchString(l.Values[i]) {
			return l, false
		}
	}
	return l, len(l.Values) > 0 && len(l.Values) <= valuesMost && (l.Type == "" || len(l.Values) > 1)
}

// lessonText is how long a text may be to be read, in bytes.
const lessonText = 16 << 10

var (
	quotedPart = regexp.MustCompile(`"([^"]*)"`)
	namedPart  = regexp.MustCompile(`'([^'\s]+)'`)
	identifier = regexp.MustCompile(`^[A-Za-z_]\w*$`)
)

// parameterNamed is the first name in single quotes, before anything that a
// person typed.
func parameterNamed(message string) string {
	message, _, _ = strings.Cut(message, `"`)
	if m := namedPart.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

// heed learns from an error which values a parameter takes, for completing it
// the next time, here and in later sessions.
func (s *Session) heed(e *psrp.ErrorRecord) {
	if e == nil || s.Catalog() == nil {
		return
	}
	l, ok := lessonOf(e)
	if !ok {
		return
	}
	l.Heard = s.now()
	k := &s.lessons
	k.mu.Lock()
	changed := k.add(l)
	if changed {
		s.catalog.Store(s.Catalog().Learn(l.Command, l.Parameter, l.Type, l.Values))
	}
	k.mu.Unlock()
	if changed {
		s.spawnOpen(s.keepCatalog)
	}
}

// lessons are what a session has learned, and where its catalog is kept.
type lessons struct {
	mu      sync.Mutex
	list    []lesson // the oldest first
	store   *Catalogs
	key     string
	asked   time.Time
	told    bool // the catalog is what this session's server has said
	writing sync.Mutex
}

// add takes a lesson in place of an older one of the same parameter; it tells
// whether there is something new in it.
func (k *lessons) add(l lesson) bool {
	i := slices.IndexFunc(k.list, func(o lesson) bool {
		return strings.EqualFold(o.Command, l.Command) && strings.EqualFold(o.Parameter, l.Parameter)
	})
	if i >= 0 {
		known := slices.Equal(k.list[i].Values, l.Values)
		if l.Heard.After(k.list[i].Heard) {
			k.list[i] = l
		}
		return !known
	}
	if len(k.list) == lessonsMost {
		k.list = slices.Delete(k.list, 0, 1)
	}
	k.list = append(k.list, l)
	return true
}

// remember takes what the cache holds of earlier sessions.
func (k *lessons) remember(list []lesson, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range list {
		if age := now.Sub(l.Heard); age >= 0 && age <= catalogAge {
			k.add(l)
		}
	}
}

// offer makes what the server has said the session's catalog. What it says of
// values itself counts more than what was learned before.
func (s *Session) offer(commands []*complete.Command) {
	k := &s.lessons
	k.mu.Lock()
	defer k.mu.Unlock()
	c := complete.NewCatalog(commands)
	for _, l := range k.list {
		if p := c.Find(l.Command).Named(l.Parameter); p != nil && len(p.Values) == 0 {
			c = c.Learn(l.Command, l.Parameter, l.Type, l.Values)
		}
	}
	k.asked, k.told = s.now(), true
	s.catalog.Store(c)
}

// keepCatalog writes the catalog to the cache, with what other sessions have
// learned meanwhile.
func (s *Session) keepCatalog() {
	k := &s.lessons
	if k.store == nil {
		return
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if file, _, ok := k.store.load(k.key); ok {
		k.remember(file.Learned, s.now())
	}
	k.mu.Lock()
	file := catalogFile{Version: catalogVersion, Asked: k.asked, Commands: s.Catalog().All(), Learned: slices.Clone(k.list)}
	k.mu.Unlock()
	k.store.save(k.key, file)
}
