package auth

import (
	"os/exec"
	"runtime"
)

// Browser returns what opens a URL in the browser of this machine, for
// [BrokerConfig.OpenBrowser]; nil, with the reason, where no browser can be
// opened in front of the person: over SSH, and without a screen. getenv is
// os.Getenv. The variable BROWSER says that there is one all the same.
func Browser(getenv func(string) string) (open func(url string) error, why string) {
	start := func(name string, args ...string) func(string) error {
		return func(url string) error { return exec.Command(name, append(args, url)...).Start() } //nolint:noctx // it outlives us
	}
	remote := getenv("SSH_CONNECTION") != "" || getenv("SSH_TTY") != "" || getenv("SSH_CLIENT") != ""
	switch own := getenv("BROWSER"); {
	case remote && own == "":
		return nil, "this is a remote session"
	case runtime.GOOS == "windows":
		return start("rundll32", "url.dll,FileProtocolHandler"), ""
	case runtime.GOOS == "darwin":
		return start("open"), ""
	case own == "" && getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "":
		return nil, "there is no screen to open it on"
	}
	for _, name := range []string{"xdg-open", "wslview", "gio", "sensible-browser"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if name == "gio" {
			return start(path, "open"), ""
		}
		return start(path), ""
	}
	return nil, "there is no program that opens one (xdg-open)"
}
