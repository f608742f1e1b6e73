package session

import (
	"slices"
	"testing"
)

// Clear-Host is the host's: nothing is sent, nothing is asked, in any tab.
func TestClearHostIsOfThisSide(t *testing.T) {
	d, c, f := twoTenants(t, Target{Env: Prod, ReadOnly: true})
	f.mu.Lock()
	f.caps.LanguageMode = "FullLanguage"
	f.mu.Unlock()
	for name, runner := range map[string]Runner{"read-only": c, "with a language": f, "home": d.cmdlets.Home()} {
		for _, line := range []string{"cls", "clear", "Clear-Host", "CLS", "1; cls"} {
			before := d.servers[0].log() + d.servers[1].log()
			if v, err := runner.Check(line); err != nil || v.Decision != Allowed && line != "1; cls" {
				t.Errorf("%s, %s: %+v, %v", name, line, v, err)
			}
			records, res := collect(t, mustRun(t, runner, line))
			if res.Outcome != Completed || !slices.ContainsFunc(records, func(r Record) bool { return r.Stream == StreamClear }) {
				t.Errorf("%s, %s: %+v", name, line, res)
			}
			if line != "1; cls" && d.servers[0].log()+d.servers[1].log() != before {
				t.Errorf("%s, %s: something was sent", name, line)
			}
		}
	}
	s := d.session(Target{})
	if _, res := collect(t, mustRun(t, s, "cls")); res.Outcome != Completed || d.servers[2].log() != "" {
		t.Errorf("without a deck: %+v", res)
	}
}
