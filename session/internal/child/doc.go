// Package child runs a program that talks over its standard streams and makes
// sure that neither it nor what it starts is left when it is closed.
package child
