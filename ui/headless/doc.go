// Package headless runs lines in a session without a screen: standard output
// is data, standard error is narration.
//
// The rules of its output: data goes to standard output in one of the forms
// of [Formats] and nothing else does; progress, warnings, device codes and
// errors go to standard error, errors as "psdeck: what was being done: why"
// followed by "hint: …" lines; the exit code says how it went. A stream that
// nobody can read a prompt on never gets one.
package headless
