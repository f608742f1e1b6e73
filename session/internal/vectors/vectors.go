// Package vectors reads the recordings that tests are held against, and counts
// how many of a family's cases are met.
//
// Recordings lie in the folder that the environment variable PSDECK_VECTORS
// names, laid out as they were made, else in a package's testdata. A file of
// JSON lines may be gzipped, its name then ending in ".gz".
package vectors

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// variable is the environment variable with the folder of the recordings.
const variable = "PSDECK_VECTORS"

// Given tells whether a folder of recordings is named by the environment.
func Given() bool { return os.Getenv(variable) != "" }

// Dir returns the folder sub of the recordings where they are given, else home,
// a folder of the package under test.
func Dir(sub, home string) string {
	if root := os.Getenv(variable); root != "" {
		return filepath.Join(root, sub)
	}
	return home
}

// Find returns the files of dir whose names match pattern, or match it but for
// ".gz" behind, in order of name. There may be none.
func Find(t testing.TB, dir, pattern string) []string {
	t.Helper()
	var files []string
	for _, p := range []string{pattern, pattern + ".gz"} {
		found, err := filepath.Glob(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	return files
}

// Files is Find for a test that cannot do without: where there are none it fails.
func Files(t testing.TB, dir, pattern string) []string {
	t.Helper()
	files := Find(t, dir, pattern)
	if len(files) == 0 {
		t.Fatalf("no recordings %s in %s", pattern, dir)
	}
	return files
}

// Name is a file's name without folder and endings: what a list of known cases
// calls it.
func Name(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".json")
	return name
}

// Read returns what a file holds, unpacked.
func Read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(file, ".gz") {
		return data
	}
	packed, err := gzip.NewReader(bytes.NewReader(data))
	if err == nil {
		data, err = io.ReadAll(packed)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return data
}

// Lines returns the lines of a file, unpacked, but for blank ones.
func Lines(t testing.TB, file string) [][]byte {
	t.Helper()
	var lines [][]byte
	for line := range bytes.Lines(Read(t, file)) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

// Records returns the lines of a file as values.
func Records[T any](t testing.TB, file string) []T {
	t.Helper()
	var list []T
	for n, line := range Lines(t, file) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("%s, line %d: %v", file, n+1, err)
		}
		list = append(list, v)
	}
	return list
}

// Family returns the lines of all files of JSON lines, in whatever folder of
// the recordings or else of testdata, whose names begin with stem. Where there
// is no line the test fails.
func Family(t testing.TB, stem string) [][]byte {
	t.Helper()
	var lines [][]byte
	root := Dir("", "testdata")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), stem) || !strings.Contains(d.Name(), ".jsonl") {
			return err
		}
		lines = append(lines, Lines(t, path)...)
		return nil
	})
	if err != nil || len(lines) == 0 {
		t.Fatalf("no %s vectors in %s: %v", stem, root, err)
	}
	return lines
}
