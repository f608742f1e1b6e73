package pslang

import (
	"strings"

	"psdeck/session/clixml"
)

// section is a custom numeric format taken apart.
type section struct {
	before, behind int // digits asked for: up to the first 0 before the point, to the last behind it
	whole, decimal int // places for digits
	groups         bool
	scale          int // how many times a thousandth, and a hundred for %
	percent        int
	exponent       string // "E+00"
}

// customNumber writes a number by 0, #, point, comma, % and text.
func customNumber(v clixml.Value, spec string) (string, error) {
	sections := splitSections(spec)
	p := placesOf(v)
	text := sections[0]
	switch {
	case p.d == "" && len(sections) > 2:
		text = sections[2]
	case p.negative && len(sections) > 1 && sections[1] != "":
		text, p.negative = sections[1], false
	}
	s := parseSection(text)
	p.point += 2*s.percent - 3*s.scale
	if p.d == "" {
		p.point = 0
	}
	exponent := 0
	if s.exponent != "" && p.d != "" {
		exponent = p.point - s.whole
		p.point = s.whole
	}
	point := p.point
	p = p.rounded(s.decimal)
	if s.exponent != "" && p.point > point {
		exponent++
		p.point--
	}
	whole, fraction := p.fixed(s.decimal)
	whole = strings.Repeat("0", max(0, s.before-len(whole))) + whole
	keep := len(strings.TrimRight(fraction, "0"))
	fraction = fraction[:max(keep, s.behind)]
	return signed(s.fill(text, whole, fraction, exponent), p.negative && p.d != ""), nil
}

// splitSections cuts at semicolons outside quotes.
func splitSections(spec string) []string {
	var out []string
	last := 0
	walkFormat(spec, func(i int, c byte, literal bool) {
		if c == ';' && !literal {
			out = append(out, spec[last:i])
			last = i + 1
		}
	})
	return append(out, spec[last:])
}

// walkFormat visits the characters of a format; literal tells those that are
// quoted or escaped. The quotes and backslashes themselves are not visited.
func walkFormat(spec string, f func(i int, c byte, literal bool)) {
	quote := byte(0)
	for i := 0; i < len(spec); i++ {
		switch c := spec[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			f(i, c, true)
		case c == '\'' || c == '"':
			quote = c
		case c == '\\' && i+1 < len(spec):
			i++
			f(i, spec[i], true)
		default:
			f(i, c, false)
		}
	}
}

func parseSection(text string) section {
	s := section{}
	behind := false
	commas := 0
	skip := -1
	first := -1
	walkFormat(text, func(i int, c byte, literal bool) {
		if literal || i < skip {
			return
		}
		switch c {
		case '0', '#':
			if commas > 0 && !behind {
				s.groups = true
			}
			commas = 0
			if behind {
				s.decimal++
				if c == '0' {
					s.behind = s.decimal
				}
				return
			}
			if c == '0' && first < 0 {
				first = s.whole
			}
			s.whole++
		case '.':
			behind = true
			s.scale += commas
			commas = 0
		case ',':
			if s.whole > 0 && !behind {
				commas++
			}
		case '%':
			s.percent++
		case 'E', 'e':
			if n := exponentLength(text[i:]); n > 0 {
				s.exponent = text[i : i+n]
				skip = i + n
			}
		}
	})
	if !behind {
		s.scale += commas
	}
	if first >= 0 {
		s.before = s.whole - first
	}
	return s
}

// exponentLength tells the length of E0, E+0 or E-0 that a text begins with.
func exponentLength(text string) int {
	i := 1
	if i < len(text) && (text[i] == '+' || text[i] == '-') {
		i++
	}
	from := i
	for i < len(text) && text[i] == '0' {
		i++
	}
	if i == from {
		return 0
	}
	return i
}

// fill puts the digits into their places.
func (s section) fill(text, whole, fraction string, exponent int) string {
	var b strings.Builder
	places, written, behind, skip := s.whole, 0, false, -1
	digit := func() {
		b.WriteByte(whole[written])
		written++
		if left := len(whole) - written; s.groups && left > 0 && left%3 == 0 {
			b.WriteByte(',')
		}
	}
	walkFormat(text, func(i int, c byte, literal bool) {
		switch {
		case i < skip:
		case literal:
			b.WriteByte(c)
		case (c == '0' || c == '#') && !behind:
			for len(whole)-written > places {
				digit() // the first place takes all digits that have none
			}
			if len(whole)-written == places && written < len(whole) {
				digit()
			}
			places--
		case c == '0' || c == '#':
			if fraction != "" {
				b.WriteByte(fraction[0])
				fraction = fraction[1:]
			}
		case c == '.':
			behind = true
			if fraction != "" {
				b.WriteByte('.')
			}
		case c == ',':
		case (c == 'E' || c == 'e') && s.exponent != "" && exponentLength(text[i:]) > 0:
			skip = i + len(s.exponent)
			b.WriteString(exponentText(s.exponent, exponent))
		default:
			b.WriteByte(c)
		}
	})
	return b.String()
}

func exponentText(form string, exponent int) string {
	sign := ""
	if exponent < 0 {
		sign, exponent = "-", -exponent
	} else if strings.Contains(form, "+") {
		sign = "+"
	}
	text := fixedDigits(exponent, strings.Count(form, "0"))
	return form[:1] + sign + text
}

func fixedDigits(n, width int) string {
	text := ""
	for ; n > 0 || text == ""; n /= 10 {
		text = string(rune('0'+n%10)) + text
	}
	return strings.Repeat("0", max(0, width-len(text))) + text
}
