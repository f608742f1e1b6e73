package ui

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"psdeck/session"
	"psdeck/session/pslang"
)

// style is how a piece of text looks: the sequence that turns it on. Made once
// for a theme, so that drawing costs no more than joining strings.
type style string

func (s style) text(t string) string {
	if s == "" || t == "" {
		return t
	}
	return string(s) + t + "\x1b[m"
}

// theme is the looks. Colour never says anything that no word says: with
// NO_COLOR the terminal layer takes the colours out and the words stay.
type theme struct {
	onDark            bool // the terminal's background
	plain, dim, bold  style
	accent            style // what has the focus, and nothing else
	prod, test, dev   style // the environment's bar and word
	err, warn, detail style
	head              style
	selected          style
	underline         style                          // what is wrong in a line being typed
	tokens            [pslang.NewlineToken + 1]style // the kinds of its tokens
}

// newTheme makes the looks for a dark or light background.
func newTheme(dark bool) *theme {
	pick := lipgloss.LightDark(dark)
	fg := func(light, dark string) ansi.Style {
		return ansi.NewStyle().ForegroundColor(pick(lipgloss.Color(light), lipgloss.Color(dark)))
	}
	on := func(s ansi.Style) style { return style(s.String()) }
	return &theme{
		onDark: dark,

		dim:      on(fg("#6b6b6b", "#8a8f98")),
		bold:     on(ansi.NewStyle().Bold()),
		accent:   on(fg("#0057b8", "#6cb6ff").Bold()),
		prod:     on(fg("#b3001b", "#ff6b6b").Bold()),
		test:     on(fg("#8a5a00", "#f5b83d").Bold()),
		dev:      on(fg("#1a7f37", "#57d38c").Bold()),
		err:      on(fg("#b3001b", "#ff7b72")),
		warn:     on(fg("#8a5a00", "#e3b341")),
		detail:   on(fg("#4b5563", "#9aa4b2")),
		head:     on(fg("#1a7f37", "#7ee0a8")),
		selected: on(ansi.NewStyle().Bold()),

		underline: on(ansi.NewStyle().Underline(true)),
		tokens: [pslang.NewlineToken + 1]style{
			pslang.UnknownToken:   on(fg("#b3001b", "#ff7b72")),
			pslang.CommandToken:   on(fg("#005a9e", "#79b8ff")),
			pslang.ParameterToken: on(fg("#4b5563", "#9aa4b2")),
			pslang.StringToken:    on(fg("#1a7f37", "#8fd6a3")),
			pslang.NumberToken:    on(fg("#8a5a00", "#e3b341")),
			pslang.VariableToken:  on(fg("#6639ba", "#d2a8ff")),
			pslang.KeywordToken:   on(fg("#99286e", "#ff9bce")),
			pslang.TypeToken:      on(fg("#0a6e78", "#7fd7e0")),
			pslang.CommentToken:   on(fg("#6b6b6b", "#8a8f98")),
		},
	}
}

func (th *theme) lineStyle(k kind) style {
	switch k {
	case kindCommand, kindEmph:
		return th.bold
	case kindHead, kindRule:
		return th.head
	case kindNote, kindDim, kindDebug:
		return th.dim
	case kindVerbose:
		return th.detail
	case kindError:
		return th.err
	case kindWarning:
		return th.warn
	default:
		return th.plain
	}
}

// env is the style and the word of an environment; one that is not known is
// handled, and so shown, as production.
func (th *theme) env(e session.Environment) (style, string) {
	switch e {
	case session.Dev:
		return th.dev, textDev
	case session.Test:
		return th.test, textTest
	default:
		return th.prod, textProd
	}
}

// dark tells whether a background asks for light text.
func dark(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return 299*r+587*g+114*b < 1000*0x8000
}
