// Package syntax is the front end of PowerShell's language: its lexer, its
// parser and its tree, with PowerShell's names for kinds of tokens ([Kind]),
// classes of nodes ([NodeClass]) and errors ([Error]).
//
// [Parse] reads any input. It gives all tokens, a tree, and every error that
// PowerShell reports, in its words; [Script.Incomplete] tells input that is
// right so far from input that is wrong. Nothing is run or looked up: whether
// a type, a command or a file exists is not known here.
//
// The lexer depends on the grammar: a word in a command is an operator in an
// expression. So the parser asks for one token at a time, and may go back to
// have the same characters read in another way.
//
// Offsets are bytes of the input, which is UTF-8; [Offsets] turns them into
// the UTF-16 code units that PowerShell counts.
package syntax
