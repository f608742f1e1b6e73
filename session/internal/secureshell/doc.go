// Package secureshell opens a subsystem of an SSH server as a stream in both
// directions. It signs in with the keys of the agent and of ~/.ssh, or with a
// password, and talks only to hosts whose key is known: the files known_hosts
// decide, and nothing is added to them.
package secureshell
