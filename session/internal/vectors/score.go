package vectors

import (
	"fmt"
	"io"
	"testing"
)

// Score counts the cases of a family that are met, that are not, and that are
// known not to be.
type Score struct {
	Family                string
	passed, failed, known int
}

// Check counts a case. Err says what differs; reason says why it is known to,
// or is "". A case that differs without a reason fails the test, and so does one
// that has a reason and does not differ: it is to be taken off its list.
func (s *Score) Check(t testing.TB, name string, err error, reason string) {
	t.Helper()
	switch {
	case err == nil && reason != "":
		s.failed++
		t.Errorf("%s passes, but is known to differ: %s", name, reason)
	case err == nil:
		s.passed++
	case reason != "":
		s.known++
	default:
		s.failed++
		t.Errorf("%s: %v", name, err)
	}
}

// Report writes the counts. A family of which nothing passed fails the test: it
// would have shown nothing.
func (s *Score) Report(t testing.TB, out io.Writer) {
	t.Helper()
	fmt.Fprintf(out, "vectors %s: %d passed, %d failed, %d known\n", s.Family, s.passed, s.failed, s.known)
	if s.passed == 0 {
		t.Errorf("%s: no case passed", s.Family)
	}
}
