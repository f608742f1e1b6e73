package pslang

import (
	"fmt"
	"strings"
	"testing"

	"psdeck/session/clixml"
)

func runBlock(t *testing.T, text string, items ...any) (string, error) {
	t.Helper()
	b, err := BlockOf(text, nil)
	if err != nil {
		return "", err
	}
	var out []string
	for _, x := range items {
		values, err := b.Run(clixml.Of(x))
		if err != nil {
			return "", err
		}
		for _, v := range values {
			out = append(out, fmt.Sprint(v))
		}
	}
	return strings.Join(out, " "), nil
}

// A block may hold statements; what it assigns stays for the next object.
func TestBlockStatements(t *testing.T) {
	for text, want := range map[string]string{
		"if ($_ -gt 1) { 'big' } else { 'small' }":        "small big big",
		"if ($_ -eq 1) { 'a' } elseif ($_ -eq 2) { 'b' }": "a b",
		"$x += $_; $x":                                               "1 3 6",
		"$i++; $i * 10":                                              "10 20 30",
		"foreach ($n in 1..$_) { $n }":                               "1 1 2 1 2 3",
		"$n = 0; while ($n -lt $_) { $n++ }; $n":                     "1 2 3",
		"$n = 0; do { $n++ } until ($n -ge 2); $n":                   "2 2 2",
		"foreach ($n in 1..9) { if ($n -gt $_) { break }; $n }":      "1 1 2 1 2 3",
		"foreach ($n in 1..3) { if ($n -eq $_) { continue }; $n }":   "2 3 1 3 1 2",
		"if ($_ -eq 2) { return 'two' }; 'other'":                    "other two other",
		"$_ -eq 2 ? 'y' : 'n'":                                       "n y n",
		"$y = $_ * 2; $y; $y + 1":                                    "2 3 4 5 6 7",
		"$s = @(); foreach ($n in 1..$_) { $s += $n }; $s -join '-'": "1 1-2 1-2-3",
	} {
		got, err := runBlock(t, text, int32(1), int32(2), int32(3))
		if err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", text, got, want, err)
		}
	}
}

// What would reach out of the block, or never end, is refused.
func TestBlockRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"break":                       "a break statement",
		"continue":                    "a continue statement",
		"switch ($_) { 1 { Get-X } }": "a command within an expression",
		"$_ -and (Get-X)":             "a command within an expression",
		"foreach ($x in Get-X) { 1 }": "a command within an expression",
		"try { Get-X } catch { 1 }":   "a command within an expression",
		"1 && 2":                      "a pipeline chain",
		"trap { 1 }":                  "a trap statement",
		"$env:X = 1":                  "an assignment",
		"if (Get-User) { 1 }":         "a command within an expression",
		"if ($_) { Remove-User }":     "a command within an expression",
		"while ($true) { }":           "turns too often",
		"while ($true) { \"$(while ($true) { })\" }": "turns too often",
		"while ($true) { 1..1000000 }":               "turns too often",
		"try { while ($true) { } } catch { 1 }":      "turns too often",
		":a foreach ($x in 1) { $x }":                "a label",
		"} { 1":                                      "Unexpected token",
	} {
		if _, err := runBlock(t, text, int32(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A block that somebody else wrote runs no loops and makes nothing large.
func TestBlockBound(t *testing.T) {
	for text, want := range map[string]string{
		"if ($_) { 'x' * 100 }": "",
		"'x' * 101":             "too large",
		"(1..101).Count":        "too large",
		"while ($true) { 1 }":   "a loop",
		"if ($_) { 1 } else { foreach ($i in 1) { 2 } }": "a loop",
		"switch (1, 2) { 1 { 2 } }":                      "a loop",
		"try { while ($true) { 1 } } catch { 2 }":        "a loop",
		"\"$(foreach ($i in 1..9) { $i })\"":             "a loop",
		"\"$(if ($_) { 'x' * 101 })\"":                   "too large",
		"'x'.PadLeft(50, ('y' * 90))":                    "exactly one character",
	} {
		b, err := BlockOf(text, nil)
		if err == nil {
			err = b.Bound(100)
		}
		if err == nil {
			_, err = b.Value(clixml.Of(1))
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
