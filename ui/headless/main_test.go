package headless

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	os.Setenv("KRB5CCNAME", "/no/tickets") // whoever runs the tests may have some
	os.Exit(m.Run())
}
