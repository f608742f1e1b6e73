package oneline

import "testing"

func TestClean(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"Contoso GmbH & Co. KG", 40, "Contoso GmbH & Co. KG"},
		{"  two\r\n\tlines  ", 40, "two lines"},
		{"\x1b[31mred\x1b[0m", 40, "[31mred [0m"},                // a terminal's colours
		{"\x1b]0;title\a", 40, "]0;title"},                       // and its title
		{"a\u202eb\u2066c\u200bd", 40, "a b c d"},                // text that would run backwards, or hide
		{"a\u009b31mb", 40, "a 31mb"},                            // an escape of one byte in Latin-1
		{"caf\u00e9 \u65e5\u672c", 40, "caf\u00e9 \u65e5\u672c"}, // printable is what Unicode says is
		{"\xff\xfe", 40, ""},                                     // no UTF-8
		{"abcdef", 6, "abcdef"},                                  // the limit is in bytes
		{"abcdefg", 6, "abcdef…"},                                // and what is cut says so
		{"\u65e5\u672c\u8a9e", 7, "\u65e5\u672c…"},               // between runes
		{"a                    b", 3, "a b"},                     // counted as shown
		{"ab cd", 3, "ab…"},                                      // without the space before it
		{"", 3, ""},
	} {
		if got := Clean(c.text, c.limit); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.text, c.limit, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[1m\u202e b", 5)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = max(limit, 0) % 1000
		got := Clean(s, limit)
		if len(got) > limit+len("…") {
			t.Errorf("%d bytes, where %d may be", len(got), limit)
		}
		if again := Clean(got, len(got)); again != got {
			t.Errorf("%q, cleaned again %q", got, again)
		}
	})
}
