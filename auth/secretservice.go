//go:build linux || freebsd || netbsd || openbsd || dragonfly

package auth

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/godbus/dbus/v5"
)

// The Secret Service, and the keyring that a desktop opens with its user's
// password (Secret Service API 0.2).
const (
	secretsName  = "org.freedesktop.secrets"
	secretsPath  = "/org/freedesktop/secrets"
	secretsLogin = "/org/freedesktop/secrets/collection/login"
)

// findKeyring returns [ErrNoKeyring] where this user has no keyring: no bus of a
// session, nobody on it who keeps secrets, or nothing that they are kept in. A
// machine that is reached over SSH often has the service, and never had a desktop
// that would have made a keyring.
func findKeyring() error {
	if !hasBus() {
		return ErrNoKeyring // the library would start a bus, which would stay
	}
	conn, err := dbus.SessionBus()
	if err != nil {
		return ErrNoKeyring // it is gone, or it is somebody else's, as behind sudo
	}
	service := conn.Object(secretsName, secretsPath)
	var standard dbus.ObjectPath
	if err := service.Call("org.freedesktop.Secret.Service.ReadAlias", 0, "default").Store(&standard); err != nil {
		return err
	}
	if standard != "/" {
		return nil
	}
	v, err := service.GetProperty("org.freedesktop.Secret.Service.Collections")
	if err != nil {
		return err
	}
	if all, ok := v.Value().([]dbus.ObjectPath); ok && slices.Contains(all, secretsLogin) {
		return nil
	}
	return ErrNoKeyring
}

func hasBus() bool {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "bus"))
	return err == nil
}
