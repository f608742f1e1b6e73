// Package peers sets up programs that nobody here wrote, so that tests can
// hold what they say against what this program says.
//
// A peer is a Python library of one exact version in a virtual environment of
// its own. Environments lie in the user's cache directory and are made once; on
// a machine without Python or without a package registry the tests that need
// them are skipped, except in CI, where that is a failure.
package peers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience is how long making an environment may take, downloads included.
const patience = 5 * time.Minute

// Python returns the path of a Python interpreter that has these requirements,
// each pinned as "name==version". The first call for a set of requirements
// makes its environment; a test that cannot have it is skipped, or fails where
// the environment variable CI is "true".
func Python(t testing.TB, requirements ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	python, err := find(ctx, requirements)
	if err == nil {
		return python
	}
	if errors.Is(err, errNotPinned) || os.Getenv("CI") == "true" {
		t.Fatalf("no Python with %s: %v", strings.Join(requirements, ", "), err)
	}
	t.Skipf("no Python with %s: %v", strings.Join(requirements, ", "), err)
	return ""
}

func find(ctx context.Context, requirements []string) (string, error) {
	base, err := basePython(ctx)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return environment(ctx, filepath.Join(cache, "psdeck-peers"), base, requirements)
}

// interpreter is a Python to make environments with. Its identity is part of
// an environment's name: one made by a Python that was replaced is of no use.
type interpreter struct{ path, identity string }

func basePython(ctx context.Context) (interpreter, error) {
	name := "python3"
	if runtime.GOOS == "windows" {
		name = "python"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return interpreter{}, fmt.Errorf("%w; install Python 3 (on Debian: apt-get install python3-venv)", err)
	}
	identity, err := run(ctx, path, "-c", "import sys; print(sys.version, sys.base_prefix)")
	if err != nil {
		return interpreter{}, fmt.Errorf("asking %s for its version: %w", path, err)
	}
	return interpreter{path, identity}, nil
}

var errNotPinned = errors.New("not pinned to a version")

// environment returns the interpreter of the environment for these
// requirements below root. A new one is made under a name of its own and moved
// to its place when it is complete: whoever finds one finds all of it, and of
// two that make the same the slower one takes the other's.
func environment(ctx context.Context, root string, base interpreter, requirements []string) (string, error) {
	for _, r := range requirements {
		if !strings.Contains(r, "==") {
			return "", fmt.Errorf("requirement %s: %w", r, errNotPinned)
		}
	}
	dir := filepath.Join(root, name(base, requirements))
	if _, err := os.Stat(dir); err == nil {
		return within(dir), nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(root, "making-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	if err := build(ctx, base, fresh, requirements); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, dir); err != nil {
		if _, statErr := os.Stat(dir); errors.Is(statErr, fs.ErrNotExist) {
			return "", err
		}
	}
	return within(dir), nil
}

// build makes a virtual environment. The interpreter of one can be moved with
// it; its scripts cannot, so pip runs as a module here and never later.
func build(ctx context.Context, base interpreter, dir string, requirements []string) error {
	venv := []string{"-m", "venv", dir}
	if len(requirements) == 0 {
		venv = append(venv, "--without-pip")
	}
	if _, err := run(ctx, base.path, venv...); err != nil {
		return fmt.Errorf("making a virtual environment (on Debian it takes apt-get install python3-venv): %w", err)
	}
	if len(requirements) == 0 {
		return nil
	}
	pip := append([]string{"-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"}, requirements...)
	if _, err := run(ctx, within(dir), pip...); err != nil {
		return fmt.Errorf("installing from the package registry: %w", err)
	}
	return nil
}

// name identifies a set of requirements under an interpreter.
func name(base interpreter, requirements []string) string {
	sorted := slices.Sorted(slices.Values(requirements))
	sum := sha256.Sum256([]byte(base.identity + "\n" + strings.Join(sorted, "\n")))
	return hex.EncodeToString(sum[:8])
}

// within is where the interpreter of an environment lies.
func within(dir string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", "python.exe")
	}
	return filepath.Join(dir, "bin", "python")
}

// run returns what a program writes; its error holds that too.
func run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, text)
	}
	return text, nil
}
