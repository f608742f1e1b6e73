package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"psdeck/session/complete"
)

// commandList is what a server offers: names in lower case.
type commandList struct{ names map[string]string }

// movable are the commands that do the same here and on a server that offers
// them. Select-Object and Measure-Object are not: a restricted server has
// proxies of these names that refuse ordinary use. Neither is ForEach-Object,
// which could call a method of a live object there.
var movable = verbSet("Where-Object Sort-Object Get-Unique")

// placed are the commands that read, and mean the place where they run: its
// files, its clock. A server that is known to offer them runs them.
var placed = verbSet("Get-Content Get-Date Import-Csv Import-Clixml Write-Output")

// means tells whether a typed name is the server's own rather than this side's.
// Until it is known what the server offers, files and the clock are those here,
// which a restricted endpoint hardly shows; Write-Output does the same in both
// places, and goes with the commands around it.
func (l *commandList) means(name string) bool {
	name = strings.ToLower(commandName(name))
	if l == nil {
		return name == "write-output"
	}
	return placed[name] && l.names[name] != ""
}

// runs tells whether the server is known to run a command that could run here too.
func (l *commandList) runs(name string) bool {
	if l == nil {
		return false
	}
	name = strings.ToLower(commandName(name))
	return movable[name] && l.names[name] != ""
}

// offers tells whether the server may run a command. One of a module by name,
// and one that the list cannot show, is left to the server to judge.
func (l *commandList) offers(name string) bool {
	if l == nil || strings.ContainsAny(name, `\/.`) || !strings.Contains(name, "-") {
		return true
	}
	return l.names[strings.ToLower(name)] != ""
}

func (l *commandList) sorted() []string {
	var names []string
	for _, name := range l.names {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return names
}

// Commands lists the commands that the server offers. Where completion has not
// been told yet, it asks once and waits for its turn as a line does; from then
// on a line with a command that runs in neither place is refused before
// anything is sent.
func (s *Session) Commands(ctx context.Context) ([]string, error) {
	if l := s.knownCommands(); l != nil {
		return l.sorted(), nil
	}
	if s.Capabilities().TextOnly {
		return nil, fmt.Errorf("listing the server's commands: %w", errTextOnly)
	}
	var l *commandList
	err := s.between(ctx, func() (err error) {
		l, err = s.listCommands(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the server's commands: %w", err)
	}
	return l.sorted(), nil
}

// between does something in a turn of its own, between two lines.
func (s *Session) between(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	began := s.begin(func(t *turn) {
		select {
		case <-t.ready:
			done <- do()
		case <-ctx.Done():
			done <- ctx.Err()
		case <-s.ended:
			done <- ErrClosed
		}
	})
	if !began {
		return s.gone(s.State())
	}
	return <-done
}

// listCommands takes the list from what completion has been told, or asks and
// lets completion know where that knows nothing.
func (s *Session) listCommands(ctx context.Context) (*commandList, error) {
	commands := s.told().All()
	if len(commands) == 0 {
		var err error
		if commands, err = s.askNames(ctx); err != nil {
			return nil, err
		}
		if s.Catalog() == nil {
			s.offer(commands)
		}
	}
	l := &commandList{names: make(map[string]string)}
	for _, c := range commands {
		l.names[strings.ToLower(c.Name)] = c.Name
	}
	s.mu.Lock()
	s.commands = l
	s.mu.Unlock()
	return l, nil
}

func (s *Session) askNames(ctx context.Context) ([]*complete.Command, error) {
	values, end, err := s.ask(ctx, describeCommands())
	switch {
	case err != nil:
		return nil, err
	case end.err != nil:
		return nil, end.err
	}
	var commands []*complete.Command
	for _, v := range values {
		if c := commandOf(v); c != nil {
			commands = append(commands, c)
		}
	}
	if len(commands) == 0 {
		return nil, errors.New("the server lists none")
	}
	return commands, nil
}

// told is the catalog once this session's server has said it; a cache may be
// of yesterday, and a line must not be refused for that.
func (s *Session) told() *complete.Catalog {
	s.lessons.mu.Lock()
	defer s.lessons.mu.Unlock()
	if !s.lessons.told {
		return nil
	}
	return s.Catalog()
}

func (s *Session) knownCommands() *commandList {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commands
}
