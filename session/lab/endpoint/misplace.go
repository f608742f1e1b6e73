package endpoint

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// misplace spoils the fragments of a message as the switches say; they count
// the fragments of a command from 1.
func (c *command) misplace(fragments [][]byte) [][]byte {
	w := c.shell.server.misbehaviour()
	if w.FragmentGap == 0 && w.FragmentTwice == 0 && w.WrongObject == 0 {
		return fragments
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// A fragment begins with the ids of its object and of itself ([MS-PSRP] 2.2.4).
	const object, id = 0, 8
	for i := 0; i < len(fragments); i++ {
		switch c.fragments++; c.fragments {
		case w.FragmentGap:
			increment(fragments[i][id:])
		case w.WrongObject:
			increment(fragments[i][object:])
		case w.FragmentTwice:
			fragments = slices.Insert(fragments, i+1, bytes.Clone(fragments[i]))
			i++
		}
	}
	return fragments
}

func increment(b []byte) { binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)+1) }
