package auth

import "time"

// Unchecked makes a broker give out tokens as they come, to see whether a test
// notices that.
func Unchecked(b *Broker) { b.check = func(Binding, Token, time.Time) error { return nil } }
