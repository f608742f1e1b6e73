package auth

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestBrowserIsOfferedWhereOneCanOpen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the rules of a screen are Linux's")
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		env  map[string]string
		path string
		why  string
	}{
		"a desktop":                     {map[string]string{"DISPLAY": ":0"}, bin, ""},
		"wayland":                       {map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, bin, ""},
		"ssh":                           {map[string]string{"SSH_CONNECTION": "1 2 3 4"}, bin, "remote session"},
		"ssh with a forwarded screen":   {map[string]string{"SSH_TTY": "/dev/pts/1", "DISPLAY": "localhost:10"}, bin, "remote session"},
		"ssh, and BROWSER says there's": {map[string]string{"SSH_TTY": "/dev/pts/1", "BROWSER": "w3m"}, bin, ""},
		"a console":                     {nil, bin, "no screen"},
		"nothing opens one":             {map[string]string{"DISPLAY": ":0"}, t.TempDir(), "xdg-open"},
	} {
		t.Setenv("PATH", tt.path)
		open, why := Browser(func(name string) string { return tt.env[name] })
		if (open == nil) != (tt.why != "") || !strings.Contains(why, tt.why) {
			t.Errorf("%s: open %t, %q; want %q", name, open != nil, why, tt.why)
		}
	}
}
