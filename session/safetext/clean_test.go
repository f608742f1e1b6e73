package safetext

import "testing"

func TestClean(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain text is untouched", "User 0001\tEnabled\n", "User 0001\tEnabled\n"},
		{"other scripts are untouched", "Zoë 日本語 🇩🇪 👩‍💻", "Zoë 日本語 🇩🇪 👩‍💻"},
		{"an escape sequence shows instead of acting", "\x1b[2J\x1b]0;owned\x07", "␛[2J␛]0;owned␇"},
		{"a C1 control sequence introducer", "a\u009b31mb", "a�31mb"},
		{"a raw C1 byte is no rune", "a\x9b31mb", "a�31mb"},
		{"a clipboard write", "\x1b]52;c;cm0gLXJm\x1b\\", "␛]52;c;cm0gLXJm␛\\"},
		{"backspaces cannot overwrite", "Get\b\b\bDel", "Get␈␈␈Del"},
		{"bidirectional overrides cannot reorder", "user\u202egnp.exe", "user�gnp.exe"},
		{"a Windows line end is one line end", "a\r\nb", "a\nb"},
		{"a lone carriage return cannot overwrite", "safe\rEVIL", "safe␍EVIL"},
		{"a line separator is a newline", "a\u2028b", "a\nb"},
		{"delete", "a\x7fb", "a␡b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCleanPlainTextCostsNothing(t *testing.T) {
	s := "a line of ordinary output\n"
	if n := testing.AllocsPerRun(100, func() { Clean(s) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
