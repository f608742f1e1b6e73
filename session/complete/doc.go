// Package complete says what can be written at a place of a PowerShell line:
// commands, parameters and their values, variables, members, paths, types,
// operators and keys of hashtables, by the rules of PowerShell's TabExpansion2.
//
// It looks up nothing itself: an [Env] holds what is known of a session, and
// what is not known is left out. So a completion is a matter of microseconds,
// whatever the session's server does.
package complete

// Kind is what an item is; the names are those of .NET's CompletionResultType.
type Kind uint8

// The kinds.
const (
	Text Kind = iota
	CommandName
	ProviderItem
	ProviderContainer
	PropertyName
	MethodName
	ParameterName
	ParameterValue
	VariableName
	TypeName
	Keyword
	History
)

func (k Kind) String() string {
	return [...]string{
		"Text", "Command", "ProviderItem", "ProviderContainer", "Property", "Method",
		"ParameterName", "ParameterValue", "Variable", "Type", "Keyword", "History",
	}[k]
}

// Item is one thing that can be written.
type Item struct {
	// Text is what takes the place of the word, quotes included.
	Text string
	// List is how a list shows it.
	List string
	Kind Kind
	// Tip says more: a command's syntax, a parameter's type. It may be empty.
	Tip string
	// Command is what an item of kind CommandName stands for (an alias: the
	// command that it means), or the command whose parameter or value the item
	// is; nil: it is not known.
	Command *Command
}

// Result are the items for one place of a line.
type Result struct {
	// Start and End are the bytes of the line that an item replaces.
	Start, End int
	Items      []Item
}

// Env is what is known of where a line will run. Its zero value knows the
// language alone.
type Env struct {
	// Commands are the catalogs of the session, the most telling first.
	Commands []*Catalog
	// Variables are those that have a value.
	Variables []Variable
	// Files lists a directory, "" being the current one; nil: paths cannot be
	// completed, as on a server.
	Files func(dir string) []File
	// Local tells the commands that run where Files are: only their parameters
	// for paths are completed with files. nil: all commands do, and files
	// complete whatever nothing else does, as in PowerShell's own console.
	Local func(command string) bool
	// History gives the lines that ran before, the oldest first; nil: there is none.
	History func() []string
	// Directory is the full name of the current directory.
	Directory string
	// Values gives what a parameter could be given that only the session knows;
	// nil: nothing.
	Values func(q Question) []Item
	// Output gives an object as a command has last given it.
	Output func(command string) (Variable, bool)
}

// Question asks which values a parameter could be given.
type Question struct {
	Command, Parameter string
	// Positional tells that the parameter is the first one that a value without
	// a name could be for.
	Positional bool
	// Given is what the line gives another parameter, as it is written; "" where
	// it gives nothing.
	Given func(parameter string) string
}

// Complete gives what can be written at a byte offset of a line.
func Complete(line string, cursor int, env *Env) Result {
	cursor = max(0, min(cursor, len(line)))
	c := newContext(line, cursor, env)
	c.complete()
	c.Start = max(0, min(c.Start, len(line)))
	c.End = max(c.Start, min(c.End, len(line)))
	return c.Result
}

// KindNamed gives a kind by its name; Text where it has none here.
func KindNamed(name string) Kind {
	for k := Text; k <= History; k++ {
		if k.String() == name {
			return k
		}
	}
	return Text
}
