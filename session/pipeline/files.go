package pipeline

import (
	"errors"
	"io"
	"strings"
	"time"

	"psdeck/session/pslang"
)

// Files is where stages write and read files. A [pslang.Scope] that has a
// method Files() Files says where its commands do; without one they are refused.
//
// Errors are of type [*FileError], with the words and ids of PowerShell.
type Files interface {
	// Create begins a file that appears under its name when it is whole.
	Create(path string, o CreateOptions) (Output, error)
	// Open reads a file.
	Open(path string) (io.ReadCloser, error)
	// Match gives the files that a path with wildcards stands for.
	Match(pattern string) ([]string, error)
	// NewLine is what ends a line here.
	NewLine() string
}

// CreateOptions say what is done with a file that is there already.
type CreateOptions struct {
	Append    bool // what is written comes behind it
	NoClobber bool // it is an error
	Force     bool // it is replaced even where it is read-only
}

// Output is a file on its way.
type Output interface {
	io.Writer
	// Commit makes the file appear; without it nothing is left.
	Commit() error
	// Discard gives the file up; after Commit it does nothing.
	Discard()
}

// FileError is a failure of [Files].
type FileError struct {
	ID  string // PowerShell's error id: FileOpenFailure, NoClobber, …
	Msg string
}

func (e *FileError) Error() string { return e.Msg }

// Clock is a scope that knows the time.
type Clock interface{ Now() time.Time }

// filed is a failure of a file as the error of a command.
func filed(command string, err error) error {
	id := "FileOpenFailure"
	var f *FileError
	if errors.As(err, &f) {
		id = f.ID
	}
	return fatal(command, id, err.Error())
}

// filesOf finds the files of a scope.
func (a *arguments) files() (Files, error) {
	scope := a.scope
	for {
		if has, ok := scope.(interface{ Files() Files }); ok {
			if f := has.Files(); f != nil {
				return f, nil
			}
		}
		locals, ok := scope.(*pslang.Locals)
		if !ok {
			return nil, a.usage(a.cmd.NameExtent, "NotSupported", "%s is not run here: there are no files", a.name)
		}
		scope = locals.Outer
	}
}

// location is a path as it was given.
type location struct {
	text    string
	literal bool // wildcard characters mean themselves
}

// paths reads the path parameters of a command, of which one must be given.
func (a *arguments) paths(path string) ([]location, error) {
	if a.has(path) && a.has("LiteralPath") {
		return nil, a.usage(a.cmd.Extent, "CannotSpecifyPathAndLiteralPath", "You must specify either the -Path or -LiteralPath parameters, but not both.")
	}
	literal := a.has("LiteralPath")
	name := path
	if literal {
		name = "LiteralPath"
	}
	if !a.has(name) {
		return nil, nil
	}
	texts, err := a.texts(name)
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, a.usage(a.exprs[name].Span(), "ParameterArgumentValidationErrorNullNotAllowed", "Cannot bind argument to parameter '%s' because it is null.", name)
	}
	var out []location
	for _, t := range texts {
		if err := a.checkPath(name, t); err != nil {
			return nil, err
		}
		out = append(out, location{t, literal})
	}
	return out, nil
}

func (a *arguments) checkPath(name, text string) error {
	switch {
	case text == "":
		return a.usage(a.exprs[name].Span(), "ParameterArgumentValidationErrorEmptyStringNotAllowed", "Cannot bind argument to parameter '%s' because it is an empty string.", name)
	case strings.ContainsRune(text, 0):
		return a.usage(a.exprs[name].Span(), "ParameterArgumentTransformationError", "Cannot bind argument to parameter '%s': Null character in path.", name)
	}
	return nil
}

// onePath reads the path of a command that writes one file.
func (a *arguments) onePath(path string) (location, error) {
	list, err := a.paths(path)
	switch {
	case err != nil:
		return location{}, err
	case len(list) == 0:
		return location{}, a.usage(a.cmd.Extent, "CannotSpecifyPathAndLiteralPath", "You must specify either the -Path or -LiteralPath parameters, but not both.")
	case len(list) > 1:
		return location{}, a.usage(a.cmd.Extent, "CannotConvertArgument", "Cannot process argument transformation on parameter '%s'. Cannot convert value to type System.String.", path)
	}
	return list[0], nil
}

// target gives the file that a location names for writing.
func (l location) target(files Files) (string, error) {
	if l.literal || !pslang.HasWildcard(l.text) {
		return l.text, nil
	}
	found, err := files.Match(l.text)
	switch {
	case err != nil:
		return "", err
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return "", &FileError{"ReadWriteMultipleFilesNotSupported", "Cannot perform operation because the path resolved to more than one file. This command cannot operate on multiple files."}
	case strings.Contains(l.text, "`"):
		return strings.NewReplacer("`[", "[", "`]", "]", "`*", "*", "`?", "?", "``", "`").Replace(l.text), nil
	}
	return "", &FileError{"FileOpenFailure", "Cannot perform operation because the wildcard path " + l.text + " did not resolve to a file."}
}

// sources gives the files that a location names for reading.
func (l location) sources(files Files) ([]string, error) {
	if l.literal || !pslang.HasWildcard(l.text) {
		return []string{l.text}, nil
	}
	return files.Match(l.text)
}
