package peers

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// python is the machine's own; without one there is nothing to test.
func python(t *testing.T) interpreter {
	t.Helper()
	base, err := basePython(t.Context())
	if err != nil {
		t.Skip(err)
	}
	return base
}

func TestOneEnvironmentForAllWhoAskAtOnce(t *testing.T) {
	base, root := python(t), t.TempDir()
	paths := make([]string, 3)
	var work sync.WaitGroup
	for i := range paths {
		work.Go(func() {
			path, err := environment(t.Context(), root, base, nil)
			if err != nil {
				t.Errorf("maker %d: %v", i, err)
			}
			paths[i] = path
		})
	}
	work.Wait()
	if paths[0] == "" || paths[1] != paths[0] || paths[2] != paths[0] {
		t.Fatalf("interpreters %q, want one", paths)
	}
	left, err := os.ReadDir(root)
	if err != nil || len(left) != 1 {
		t.Errorf("in the cache: %v, %v; want the one environment", left, err)
	}
	prefix, err := run(t.Context(), paths[0], "-c", "import sys; print(sys.prefix != sys.base_prefix, sys.prefix)")
	if err != nil {
		t.Fatal(err)
	}
	// The environment has moved, and its interpreter knows where it is.
	want, err := filepath.EvalSymlinks(filepath.Dir(filepath.Dir(paths[0])))
	if err != nil {
		t.Fatal(err)
	}
	inside, where, _ := strings.Cut(prefix, " ")
	if where, err = filepath.EvalSymlinks(where); err != nil || inside != "True" || where != want {
		t.Errorf("the interpreter says %q, %v; want an environment at %s", prefix, err, want)
	}
}

func TestAFailureLeavesNothingBehind(t *testing.T) {
	base, root := python(t), t.TempDir()
	_, err := environment(t.Context(), root, base, []string{"./no-such-directory==1"})
	if err == nil || !strings.Contains(err.Error(), "package registry") {
		t.Errorf("error %v, want one of the installation", err)
	}
	if left, err := os.ReadDir(root); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestRequirementsArePinned(t *testing.T) {
	_, err := environment(t.Context(), t.TempDir(), interpreter{}, []string{"pypsrp==0.9.1", "requests"})
	if !errors.Is(err, errNotPinned) || !strings.Contains(err.Error(), "requests") {
		t.Errorf("error %v", err)
	}
}

func TestNameFollowsRequirementsAndInterpreter(t *testing.T) {
	a, b := interpreter{identity: "3.11"}, interpreter{identity: "3.12"}
	if name(a, []string{"x==1", "y==2"}) != name(a, []string{"y==2", "x==1"}) {
		t.Error("the order of requirements counts")
	}
	if name(a, []string{"x==1"}) == name(a, []string{"x==2"}) {
		t.Error("the version does not count")
	}
	if name(a, []string{"x==1"}) == name(b, []string{"x==1"}) {
		t.Error("the interpreter does not count")
	}
}
