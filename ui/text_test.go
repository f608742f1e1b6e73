package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"psdeck/session"
)

func TestLayoutFillsTheScreen(t *testing.T) {
	for h := 1; h <= 60; h++ {
		for prompt := 1; prompt <= 12; prompt++ {
			l := layOut(80, h, prompt)
			used := 0
			for _, r := range []rect{l.tabs, l.tabsRule, l.body, l.promptRule, l.prompt, l.endRule, l.status} {
				if r.h > 0 && r.y != used {
					t.Fatalf("h %d, prompt %d: a part begins at %d, not %d: %+v", h, prompt, r.y, used, l)
				}
				used += r.h
			}
			if used != h || l.prompt.h < 1 {
				t.Fatalf("h %d, prompt %d: %d rows are used, the prompt has %d", h, prompt, used, l.prompt.h)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	tests := []struct{ name, got, want string }{
		{"one line", oneLine(" a\n\tb  c "), "a b c"},
		{"one line shows an escape and does not send it", oneLine("a\x1b[2Jb"), "a␛[2Jb"},
		{"fit cuts with an ellipsis", fit("contoso", 4), "con…"},
		{"fit counts cells", fit("日本語", 5), "日本…"},
		{"pad", pad("ab", 4), "ab  "},
		{"split", split("left", "right", 12), "left   right"},
		{"split cuts the left", split("left left", "right", 10), "lef… right"},
		{"tabs", expandTabs("a\tb"), "a       b"},
		{"thousands", thousands(1234567), "1,234,567"},
		{"few", thousands(999), "999"},
		{"took a little", took(400 * time.Millisecond), "0.4 s"},
		{"took minutes", took(125 * time.Second), "2 min 05 s"},
		{"clock", clock(41 * time.Second), "00:41"},
		{"long clock", clock(3723 * time.Second), "1:02:03"},
		{"never", ago(time.Time{}, now), "never"},
		{"hours ago", ago(now.Add(-2*time.Hour), now), "2 h ago"},
		{"yesterday", ago(now.Add(-30*time.Hour), now), "yesterday"},
		{"short URL", shortURL("https://webdir.example/a/b/root?x=1"), "https webdir.example/…/root"},
		{"URL with one part", shortURL("http://pool.example/OcsPowershell?AdminDomain=x"), "http  pool.example/OcsPowershell"},
		{"bar", bar(61, 20), strings.Repeat("█", 12) + strings.Repeat("░", 8)},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestRemoteTextIsCleaned(t *testing.T) {
	for _, s := range []string{"\x1b]0;pwned\x07", "\u009b31m", "a\rb", "\u202eabc", "\x1b[2J"} {
		for _, l := range remoteLines(s) {
			if strings.ContainsAny(l, "\x1b\x07\r\u009b\u202e") {
				t.Errorf("%q is drawn as %q", s, l)
			}
		}
	}
}

func TestChoiceLabels(t *testing.T) {
	tests := []struct{ in, label, key string }{
		{"&Yes", "Yes", "Y"}, {"Yes to &All", "Yes to All", "A"}, {"Plain", "Plain", ""}, {"R & D", "R & D", ""}, {"end&", "end&", ""},
	}
	for _, tt := range tests {
		if label, key := choiceLabel(tt.in); label != tt.label || key != tt.key {
			t.Errorf("%q: got %q, %q", tt.in, label, key)
		}
	}
}

func TestBindings(t *testing.T) {
	seen := map[scope]map[string]string{}
	for _, ac := range actions() {
		help := ac.key.Help()
		if help.Desc == "" || help.Key != strings.Join(ac.key.Keys(), ", ") || !ac.key.Enabled() {
			t.Errorf("action %q has no keys or no words", ac.id)
		}
		if (ac.do != nil) != (ac.scope != editing && ac.scope != inDialog) || (ac.edit != nil) != (ac.scope == editing) {
			t.Errorf("action %q is not complete", ac.id)
		}
		for _, s := range []scope{ac.scope, everywhere} {
			for _, key := range ac.key.Keys() {
				if other, ok := seen[s][key]; ok && other != ac.id {
					t.Errorf("%s is both %s and %s", key, other, ac.id)
				}
			}
		}
		if seen[ac.scope] == nil {
			seen[ac.scope] = map[string]string{}
		}
		for _, key := range ac.key.Keys() {
			seen[ac.scope][key] = ac.id
		}
	}
	for _, key := range []string{"left", "right", "ctrl+w", "ctrl+y"} {
		if id, ok := seen[onDeck][key]; ok {
			t.Errorf("%s is %s on the deck and also edits", key, id)
		}
	}
}

func TestEnvironmentsHaveWords(t *testing.T) {
	for _, dark := range []bool{true, false} {
		th := newTheme(dark)
		for env, want := range map[string]string{"prod": "PROD", "test": "TEST", "dev": "DEV", "": "PROD", "other": "PROD"} {
			if _, word := th.env(session.Environment(env)); word != want {
				t.Errorf("%q: %s", env, word)
			}
		}
	}
}

func TestKeysListsEveryAction(t *testing.T) {
	doc := Keys()
	path := filepath.Join("..", "docs", "keys.md")
	if *update {
		if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != doc {
		t.Errorf("%s is not what Keys gives: run this test with -update", path)
	}
	for _, ac := range actions() {
		for _, key := range ac.key.Keys() {
			if !strings.Contains(doc, "`"+key+"`") {
				t.Errorf("%s is not listed", key)
			}
		}
	}
}
