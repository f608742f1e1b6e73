// Package safetext makes text safe to show and safe to keep.
//
// Whatever a server sends may hold escape sequences, bidirectional controls or
// characters that cannot be seen: [Clean] is what stands between remote text
// and a terminal, and every text that did not originate here passes it once,
// where it comes in or where it is shown. A line that a person typed may hold a
// password or a token: [Redact] takes those out before the line is written to
// the journal, the history or an error.
//
// Both work on what is there and know nothing of sessions: no state, no files,
// no clock.
package safetext
