//go:build !windows

package sspi

// System is the provider of this system: nil, for there is none.
func System() Provider { return nil }
