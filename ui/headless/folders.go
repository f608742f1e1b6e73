package headless

import (
	"os"
	"path/filepath"

	"psdeck/session"
)

// StateDir is where journal, tokens and lists are kept.
func StateDir() (string, error) {
	if dir := os.Getenv("PSDECK_STATE_DIR"); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "psdeck"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &session.Error{
			Doing: "finding a place for the journal", Err: err, Class: session.ClassUsage,
			Hints: []string{"set PSDECK_STATE_DIR"},
		}
	}
	return filepath.Join(home, ".local", "state", "psdeck"), nil
}

// ConfigDir is where the profiles are.
func ConfigDir() (string, error) {
	if dir := os.Getenv("PSDECK_CONFIG_DIR"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", &session.Error{
			Doing: "finding the profiles", Err: err, Class: session.ClassUsage,
			Hints: []string{"set PSDECK_CONFIG_DIR"},
		}
	}
	return filepath.Join(dir, "psdeck"), nil
}
