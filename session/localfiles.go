package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"psdeck/session/pipeline"
)

// localFiles are this machine's files, for the commands that run here. A file
// is written beside its place and takes it when it is whole.
type localFiles struct{}

func (localFiles) NewLine() string {
	if runtime.GOOS == "windows" {
		return "\r\n"
	}
	return "\n"
}

// localPath is a typed path as the system takes it: ~ is the home folder, and
// either slash parts folders, as in PowerShell.
func localPath(path string) (string, error) {
	switch {
	case path == "":
		return "", &pipeline.FileError{ID: "FileOpenFailure", Msg: "The path is empty."}
	case strings.ContainsRune(path, 0):
		return "", &pipeline.FileError{ID: "FileOpenFailure", Msg: "Null character in path."}
	}
	if rest, ok := cutPrefixFold(path, "FileSystem::"); ok {
		path = rest
	}
	if drive, _, ok := strings.Cut(path, ":"); ok && !strings.ContainsAny(drive, `/\.~`) && filepath.VolumeName(path) == "" {
		return "", &pipeline.FileError{ID: "DriveNotFound", Msg: fmt.Sprintf("Cannot find drive. A drive with the name '%s' does not exist.", drive)}
	}
	path = strings.ReplaceAll(path, `\`, "/")
	if path == "~" || strings.HasPrefix(path, "~/") {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding the home folder: %w", err)
		}
		path = home + path[1:]
	}
	full, err := filepath.Abs(filepath.FromSlash(path))
	if err != nil {
		return "", fmt.Errorf("finding the present folder: %w", err)
	}
	return full, nil
}

// fileError tells a failure in .NET's words.
func fileError(path string, err error) error {
	text := err.Error()
	switch info, lost := os.Stat(filepath.Dir(path)); {
	case errors.Is(err, fs.ErrNotExist) && (lost != nil || !info.IsDir()):
		text = fmt.Sprintf("Could not find a part of the path '%s'.", path)
	case errors.Is(err, fs.ErrNotExist):
		text = fmt.Sprintf("Could not find file '%s'.", path)
	case errors.Is(err, fs.ErrPermission):
		text = denied(path)
	}
	return &pipeline.FileError{ID: "FileOpenFailure", Msg: text}
}

func denied(path string) string { return fmt.Sprintf("Access to the path '%s' is denied.", path) }

func (localFiles) Open(path string) (io.ReadCloser, error) {
	full, err := localPath(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(full); err == nil && info.IsDir() {
		return nil, &pipeline.FileError{ID: "FileOpenFailure", Msg: denied(full)}
	}
	f, err := os.Open(full)
	if err != nil {
		return nil, fileError(full, err)
	}
	return f, nil
}

func (localFiles) Match(pattern string) ([]string, error) {
	full, err := localPath(strings.NewReplacer("`[", "[[]", "`*", "[*]", "`?", "[?]", "`", "").Replace(pattern))
	if err != nil {
		return nil, err
	}
	found, err := filepath.Glob(full)
	if err != nil {
		return nil, &pipeline.FileError{ID: "FileOpenFailure", Msg: fmt.Sprintf("The wildcard character pattern is not valid: %s", pattern)}
	}
	return found, nil
}

func (localFiles) Create(path string, o pipeline.CreateOptions) (pipeline.Output, error) {
	full, err := localPath(path)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(full); err == nil {
		full = real // what a link names is replaced, not the link
	}
	info, err := os.Stat(full)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fileError(full, err)
	case err != nil:
		return newLocalFile(full, nil, false)
	case o.NoClobber && !o.Append:
		return nil, &pipeline.FileError{ID: "NoClobber", Msg: fmt.Sprintf("File %s already exists and NoClobber was specified.", full)}
	case info.IsDir(), info.Mode().Perm()&0o222 == 0 && !o.Force:
		return nil, &pipeline.FileError{ID: "FileOpenFailure", Msg: denied(full)}
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(full, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return nil, fileError(full, err)
		}
		return &device{f}, nil
	}
	return newLocalFile(full, info, o.Append)
}

// localFile is a file that is written beside the one that it will be.
type localFile struct {
	*os.File
	path     string
	appended bool
	done     bool
}

func newLocalFile(path string, there fs.FileInfo, appended bool) (pipeline.Output, error) {
	for n := 0; ; n++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d-%d.tmp", filepath.Base(path), os.Getpid(), n))
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) && n < 1000 {
			continue
		}
		if err != nil {
			return nil, fileError(path, err)
		}
		if there != nil {
			_ = f.Chmod(there.Mode().Perm()) // as the one that it replaces, where the system lets us
		}
		return &localFile{File: f, path: path, appended: appended}, nil
	}
}

// Commit puts the file into its place, or what is in it behind the file there.
func (f *localFile) Commit() error {
	defer f.Discard()
	if f.appended {
		return f.append()
	}
	if err := f.Close(); err != nil {
		return fileError(f.path, err)
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return fileError(f.path, err)
	}
	f.done = true
	return nil
}

func (f *localFile) append() error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fileError(f.path, err)
	}
	to, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fileError(f.path, err)
	}
	_, err = io.Copy(to, f.File)
	if closed := to.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fileError(f.path, err)
	}
	return nil
}

// Discard removes what was written beside; there is nothing else to undo.
func (f *localFile) Discard() {
	if f.done {
		return
	}
	f.done = true
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// device is something that is no plain file: what is written is gone at once.
type device struct{ *os.File }

func (d *device) Commit() error { return d.Close() }

func (d *device) Discard() { _ = d.Close() }
