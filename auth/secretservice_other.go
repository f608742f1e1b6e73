//go:build !linux && !freebsd && !netbsd && !openbsd && !dragonfly

package auth

// findKeyring finds the keyring that is a part of the system.
func findKeyring() error { return nil }
