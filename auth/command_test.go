//go:build unix

package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCommandToken(t *testing.T) {
	long := strings.Repeat("a.b-c_", 20)
	for name, tt := range map[string]struct{ command, token, want string }{
		"the token alone":          {"echo abc.def", "abc.def", ""},
		"as git's helpers answer":  {`printf 'username=oauth\npassword=abc.def=\n'`, "abc.def=", ""},
		"as az answers":            {`echo '{"accessToken":"abc.def","expiresOn":"2030"}'`, "abc.def", ""},
		"as an authority answers":  {`echo '{"token_type":"Bearer","access_token":"abc.def"}'`, "abc.def", ""},
		"standard input is empty":  {"cat; echo abc", "abc", ""},
		"it fails":                 {"echo not today >&2; exit 3", "", "it failed (exit status 3): not today"},
		"it tells a token":         {"echo no: " + long + " >&2; exit 1", "", "it failed (exit status 1): no: [redacted]"},
		"it is not there":          {"/no/such/command", "", "it failed (exit status 127)"},
		"nothing":                  {"true", "", "not an access token"},
		"words":                    {"echo please sign in first", "", "not an access token"},
		"another object":           {`echo '{"error":"x"}'`, "", "not an access token"},
		"half an object":           {`echo '{"accessToken":"abc'`, "", "not an access token"},
		"more than a token can be": {"head -c 2000000 /dev/zero", "", "printed more than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := CommandToken(tt.command)(t.Context())
			if tt.want == "" {
				if err != nil || got.Reveal() != tt.token {
					t.Errorf("got %q, %v", got.Reveal(), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), long) || HintOf(err) == "" {
				t.Errorf("error %v, want %s and a hint", err, tt.want)
			}
		})
	}
}

// A command that is given up goes with its children.
func TestCommandEndsWithItsChildren(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if data, err := os.ReadFile(pid); err == nil && len(data) > 1 {
				cancel()
			}
		}
	}()
	_, err := CommandToken("sleep 600 & echo $! > " + pid + "; wait")(ctx)
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindCanceled {
		t.Fatalf("error %v", err)
	}
	data, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(child) + "/stat")
		if syscall.Kill(child, 0) != nil || err == nil && strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the child is still there")
		}
	}
}

func TestFileToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	read := FileToken(path)
	for _, tt := range []struct{ content, token, want string }{
		{" abc.def\r\n", "abc.def", ""},
		{"ghi.jkl", "ghi.jkl", ""}, // it is read anew
		{"\n", "", "is empty"},
		{"two words", "", "is not an access token"},
	} {
		if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := read(t.Context())
		if tt.want == "" && (err != nil || got.Reveal() != tt.token) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: %q, %v", tt.content, got.Reveal(), err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context()); err == nil || HintOf(err) == "" {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A token that somebody else gets is asked for again before it ends, and when
// it is refused; one that is not this account's is not used.
func TestGivenSource(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := start
	token := func(n int, upn string) string {
		return jwt(map[string]any{"aud": resource, "tid": partnerTenant, "upn": upn, "exp": now.Add(time.Hour).Unix(), "n": n})
	}
	next, runs := "", 0
	var fails error
	src := GivenSource(token(1, admin), func(context.Context) (Secret, error) { runs++; return NewSecret(next), fails }, Binding{Resource: resource}, func() time.Time { return now })
	step := func(name string, wantRuns int, want string) Token {
		t.Helper()
		got, err := src.Token(t.Context())
		if runs != wantRuns || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Fatalf("%s: %d runs, error %v; want %d runs, error %q", name, runs, err, wantRuns, want)
		}
		return got
	}
	first := step("the first one serves", 0, "")
	now = start.Add(54 * time.Minute)
	step("still", 0, "")
	now = start.Add(56 * time.Minute)
	fails = &Error{Kind: KindSource, Msg: "not today"}
	step("the command fails, the token is still good", 1, "")
	fails, next = nil, token(2, admin)
	if got := step("a new one", 2, ""); got.Secret() == first.Secret() {
		t.Error("the old token came")
	}
	second := step("no more runs", 2, "")
	if _, err := src.Refresh(t.Context(), second); err == nil || !strings.Contains(err.Error(), "refused the access token") {
		t.Errorf("the same token after a refusal: %v", err)
	}
	next = token(3, admin)
	if got, err := src.Refresh(t.Context(), second); err != nil || got.Secret() != next {
		t.Errorf("after a refusal: %v", err)
	}
	now = now.Add(2 * time.Hour)
	next = token(4, other)
	step("another account's", 5, "signed in as "+other+", but "+admin+" was asked for")
}
