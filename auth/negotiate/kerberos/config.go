package kerberos

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/jcmturner/gokrb5/v8/config"
)

// DefaultConfig is where krb5.conf is where nothing else says so.
const DefaultConfig = "/etc/krb5.conf"

const (
	maxIncludes = 100 // files of one configuration
	alwaysTCP   = 1   // for the library: tickets of Windows do not fit in a datagram
	defaultUDP  = 1465
)

// loadConfig reads krb5.conf, which may be a list of files, and what it
// includes. No file at all is a configuration too: KDCs are looked up in DNS
// then.
func loadConfig(path string) (*config.Config, error) {
	text, files := "", 0
	for _, p := range filepath.SplitList(path) {
		t, err := readConfig(p, &files)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, errorf(NoCredentials, "reading %s: %v", p, err)
		}
		text += t + "\n"
	}
	cfg, err := config.NewFromString(text)
	if err != nil && !errors.As(err, new(config.UnsupportedDirective)) {
		return nil, errorf(NoCredentials, "reading %s: %v", path, err)
	}
	d := &cfg.LibDefaults
	if !mentions(text, "dns_lookup_kdc") {
		d.DNSLookupKDC = true
	}
	if d.UDPPreferenceLimit == defaultUDP {
		d.UDPPreferenceLimit = alwaysTCP
	}
	// rc4-hmac is asked for to be told of a service that has no other key.
	both := []int32{18, 17, 20, 19, 23}
	if !mentions(text, "default_tgs_enctypes") && !mentions(text, "permitted_enctypes") {
		d.DefaultTGSEnctypeIDs = both
	}
	if !mentions(text, "default_tkt_enctypes") && !mentions(text, "permitted_enctypes") {
		d.DefaultTktEnctypeIDs = both
	}
	return cfg, nil
}

// mentions tells whether a relation is set in a configuration.
func mentions(text, name string) bool {
	return slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool {
		key, _, ok := strings.Cut(line, "=")
		return ok && strings.TrimSpace(key) == name
	})
}

// included are the names that includedir takes.
var included = regexp.MustCompile(`^(?:[A-Za-z0-9_-]+|[^.].*\.conf)$`)

// readConfig gives the text of a configuration with its includes in place.
func readConfig(path string, files *int) (string, error) {
	if *files++; *files > maxIncludes {
		return "", errors.New("too many files are included")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var paths []string
		switch rest = strings.TrimSpace(rest); word {
		case "module":
			continue
		case "include":
			paths = []string{rest}
		case "includedir":
			paths = inDirectory(rest)
		default:
			out.WriteString(line)
			continue
		}
		for _, p := range paths {
			text, err := readConfig(p, files)
			if err != nil {
				return "", err
			}
			out.WriteString(text + "\n")
		}
	}
	return out.String(), nil
}

// inDirectory lists the files of a directory that belong to a configuration.
func inDirectory(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // as others do with a directory that is not there
	}
	var paths []string
	for _, e := range entries {
		if !e.IsDir() && included.MatchString(e.Name()) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}
