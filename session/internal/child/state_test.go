//go:build unix

package child

import (
	"os"
	"strconv"
	"strings"
)

// stateOf is the letter by which Linux names the state of a process, "" elsewhere.
func stateOf(pid int) string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	_, after, _ := strings.Cut(string(data), ") ")
	state, _, _ := strings.Cut(after, " ")
	return state
}
