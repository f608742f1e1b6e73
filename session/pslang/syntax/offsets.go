package syntax

import "unicode/utf8"

// Offsets turns offsets in bytes, which Go counts, into UTF-16 code units,
// which .NET counts.
type Offsets struct {
	input string
	wide  []shift
}

// shift is a character of several bytes: what stands behind it is nearer.
type shift struct {
	end  int // behind the character
	less int // bytes minus code units up to there
}

// NewOffsets prepares the offsets of a text.
func NewOffsets(input string) *Offsets {
	o := &Offsets{input: input}
	less := 0
	for i := 0; i < len(input); {
		r, n := utf8.DecodeRuneInString(input[i:])
		i += n
		units := 1
		if r > basicPlane {
			units = 2
		}
		if n != units {
			less += n - units
			o.wide = append(o.wide, shift{i, less})
		}
	}
	return o
}

// UTF16 gives the offset in code units. Offsets behind the text count on.
func (o *Offsets) UTF16(offset int) int {
	lo, hi := 0, len(o.wide)
	for lo < hi {
		if mid := (lo + hi) / 2; o.wide[mid].end <= offset {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return offset
	}
	return offset - o.wide[lo-1].less
}
