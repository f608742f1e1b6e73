package wsman

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Selector is a part of a resource's name: of a shell, its ShellId.
type Selector struct {
	Name, Value string
}

// Option is a switch of an operation ([DSP0226]). A server that does not
// know one with MustComply refuses the request.
type Option struct {
	Name, Value string
	MustComply  bool
}

// header is what a request says before its body.
type header struct {
	action    string
	resource  string
	selectors []Selector
	options   []Option
	timeout   time.Duration
	message   uuid.UUID
	operation uuid.UUID
}

const soapOpen = `<s:Envelope xmlns:s="` + nsSOAP + `" xmlns:a="` + nsAddressing + `" xmlns:w="` + nsWSMan +
	`" xmlns:p="` + nsMicrosoft + `" xmlns:rsp="` + nsShell + `"><s:Header>`

// openEnvelope appends everything up to the body's content ([MS-WSMV]).
func (c *Client) openEnvelope(dst []byte, h header) []byte {
	dst = append(dst, soapOpen...)
	dst = element(dst, `a:To`, ``, c.to)
	dst = append(dst, `<a:ReplyTo><a:Address s:mustUnderstand="true">`+addressAnonymous+`</a:Address></a:ReplyTo>`...)
	dst = element(dst, `w:ResourceURI`, ` s:mustUnderstand="true"`, h.resource)
	dst = element(dst, `a:Action`, ` s:mustUnderstand="true"`, h.action)
	dst = element(dst, `w:MaxEnvelopeSize`, ` s:mustUnderstand="true"`, strconv.Itoa(c.MaxEnvelopeSize()))
	dst = element(dst, `a:MessageID`, ``, uuidURI(h.message))
	dst = append(dst, `<w:Locale s:mustUnderstand="false"`...)
	dst = attribute(dst, "xml:lang", c.cfg.Locale)
	dst = append(dst, `/><p:DataLocale s:mustUnderstand="false"`...)
	dst = attribute(dst, "xml:lang", c.cfg.DataLocale)
	dst = append(dst, `/>`...)
	dst = element(dst, `p:SessionId`, ` s:mustUnderstand="false"`, c.sessionID)
	dst = element(dst, `p:OperationID`, ` s:mustUnderstand="false"`, uuidURI(h.operation))
	dst = element(dst, `p:SequenceId`, ` s:mustUnderstand="false"`, "1")
	if h.timeout > 0 {
		dst = element(dst, `w:OperationTimeout`, ``, isoDuration(h.timeout))
	}
	dst = appendOptions(dst, h.options)
	dst = appendSelectors(dst, h.selectors)
	return append(dst, `</s:Header><s:Body>`...)
}

func appendSelectors(dst []byte, selectors []Selector) []byte {
	if len(selectors) == 0 {
		return dst
	}
	dst = append(dst, `<w:SelectorSet>`...)
	for _, s := range selectors {
		dst = append(dst, `<w:Selector`...)
		dst = attribute(dst, "Name", s.Name)
		dst = append(dst, '>')
		dst = appendText(dst, s.Value)
		dst = append(dst, `</w:Selector>`...)
	}
	return append(dst, `</w:SelectorSet>`...)
}

func closeEnvelope(dst []byte) []byte { return append(dst, `</s:Body></s:Envelope>`...) }

func appendOptions(dst []byte, options []Option) []byte {
	if len(options) == 0 {
		return dst
	}
	dst = append(dst, `<w:OptionSet s:mustUnderstand="true">`...)
	for _, o := range options {
		dst = append(dst, `<w:Option`...)
		dst = attribute(dst, "Name", o.Name)
		if o.MustComply {
			dst = append(dst, ` MustComply="true"`...)
		}
		dst = append(dst, '>')
		dst = appendText(dst, o.Value)
		dst = append(dst, `</w:Option>`...)
	}
	return append(dst, `</w:OptionSet>`...)
}

// createBody is the body of Create ([MS-WSMV]).
func createBody(dst []byte, r *ShellRequest) []byte {
	dst = append(dst, `<rsp:Shell`...)
	if r.ShellID != uuid.Nil {
		dst = attribute(dst, "ShellId", upperUUID(r.ShellID))
	}
	if r.Name != "" {
		dst = attribute(dst, "Name", r.Name)
	}
	dst = append(dst, '>')
	if r.IdleTimeout > 0 {
		dst = element(dst, `rsp:IdleTimeOut`, ``, isoDuration(r.IdleTimeout))
	}
	if r.BufferMode != "" {
		dst = element(dst, `rsp:BufferMode`, ``, r.BufferMode)
	}
	dst = element(dst, `rsp:InputStreams`, ``, r.InputStreams)
	dst = element(dst, `rsp:OutputStreams`, ``, r.OutputStreams)
	if len(r.CreationXML) > 0 {
		dst = append(dst, `<creationXml xmlns="`+nsPowerShell+`">`...)
		dst = base64.StdEncoding.AppendEncode(dst, r.CreationXML)
		dst = append(dst, `</creationXml>`...)
	}
	return append(dst, `</rsp:Shell>`...)
}

// commandBody is the body of Command ([MS-WSMV]).
func commandBody(dst []byte, id uuid.UUID, command string, arguments []byte) []byte {
	dst = append(dst, `<rsp:CommandLine`...)
	if id != uuid.Nil {
		dst = attribute(dst, "CommandId", upperUUID(id))
	}
	dst = append(dst, '>')
	dst = element(dst, `rsp:Command`, ``, command)
	if len(arguments) > 0 {
		dst = append(dst, `<rsp:Arguments>`...)
		dst = base64.StdEncoding.AppendEncode(dst, arguments)
		dst = append(dst, `</rsp:Arguments>`...)
	}
	return append(dst, `</rsp:CommandLine>`...)
}

// sendBody is the body of Send ([MS-WSMV]).
func sendBody(dst []byte, command uuid.UUID, stream string, data []byte, end bool) []byte {
	dst = append(dst, `<rsp:Send><rsp:Stream`...)
	dst = attribute(dst, "Name", stream)
	if command != uuid.Nil {
		dst = attribute(dst, "CommandId", upperUUID(command))
	}
	if end {
		dst = append(dst, ` End="true"`...)
	}
	dst = append(dst, '>')
	dst = base64.StdEncoding.AppendEncode(dst, data)
	return append(dst, `</rsp:Stream></rsp:Send>`...)
}

// receiveBody is the body of Receive ([MS-WSMV]).
func receiveBody(dst []byte, command uuid.UUID, streams []string) []byte {
	dst = append(dst, `<rsp:Receive><rsp:DesiredStream`...)
	if command != uuid.Nil {
		dst = attribute(dst, "CommandId", upperUUID(command))
	}
	dst = append(dst, '>')
	dst = appendText(dst, strings.Join(streams, " "))
	return append(dst, `</rsp:DesiredStream></rsp:Receive>`...)
}

// signalBody is the body of Signal ([MS-WSMV]).
func signalBody(dst []byte, command uuid.UUID, code string) []byte {
	dst = append(dst, `<rsp:Signal`...)
	if command != uuid.Nil {
		dst = attribute(dst, "CommandId", upperUUID(command))
	}
	dst = append(dst, '>')
	dst = element(dst, `rsp:Code`, ``, code)
	return append(dst, `</rsp:Signal>`...)
}

// disconnectBody is the body of Disconnect ([MS-WSMV] 3.1.4.15).
func disconnectBody(dst []byte, idle time.Duration, bufferMode string) []byte {
	dst = append(dst, `<rsp:Disconnect>`...)
	if idle > 0 {
		dst = element(dst, `rsp:IdleTimeOut`, ``, isoDuration(idle))
	}
	if bufferMode != "" {
		dst = element(dst, `rsp:BufferMode`, ``, bufferMode)
	}
	return append(dst, `</rsp:Disconnect>`...)
}

// reconnectBody is the body of a command's Reconnect; a shell's has none
// ([MS-WSMV] 3.1.4.16, [MS-PSRP] 3.1.5.3.18).
func reconnectBody(dst []byte, command uuid.UUID) []byte {
	if command == uuid.Nil {
		return dst
	}
	dst = attribute(append(dst, `<rsp:Reconnect`...), "CommandId", upperUUID(command))
	return append(dst, `/>`...)
}

// connectBody is the body of Connect, of a shell with its connectXml, of a
// command with its id ([MS-WSMV], [MS-PSRP] 3.1.5.3.14).
func connectBody(dst []byte, command uuid.UUID, connectXML []byte) []byte {
	dst = append(dst, `<rsp:Connect`...)
	if command != uuid.Nil {
		dst = attribute(dst, "CommandId", upperUUID(command))
	}
	dst = append(dst, '>')
	if len(connectXML) > 0 {
		dst = append(dst, `<connectXml xmlns="`+nsPowerShell+`">`...)
		dst = base64.StdEncoding.AppendEncode(dst, connectXML)
		dst = append(dst, `</connectXml>`...)
	}
	return append(dst, `</rsp:Connect>`...)
}

// enumerateBody is the body of Enumerate ([DSP0226]): the first items ride in
// the answer. of filters by selectors.
func enumerateBody(dst []byte, of []Selector) []byte {
	dst = append(dst, `<n:Enumerate xmlns:n="`+nsEnumeration+`"><w:OptimizeEnumeration/>`...)
	dst = element(dst, `w:MaxElements`, ``, pageSize)
	if len(of) > 0 {
		dst = append(dst, `<w:Filter Dialect="`+selectorDialect+`">`...)
		dst = append(appendSelectors(dst, of), `</w:Filter>`...)
	}
	return append(dst, `</n:Enumerate>`...)
}

// pullBody is the body of Pull ([DSP0226]).
func pullBody(dst []byte, context string) []byte {
	dst = append(dst, `<n:Pull xmlns:n="`+nsEnumeration+`">`...)
	dst = element(dst, `n:EnumerationContext`, ``, context)
	dst = element(dst, `n:MaxElements`, ``, pageSize)
	return append(dst, `</n:Pull>`...)
}

const identifyEnvelope = `<s:Envelope xmlns:s="` + nsSOAP + `" xmlns:wsmid="` + nsIdentity +
	`"><s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>`

func element(dst []byte, name, attrs, text string) []byte {
	dst = append(dst, '<')
	dst = append(dst, name...)
	dst = append(dst, attrs...)
	dst = append(dst, '>')
	dst = appendText(dst, text)
	dst = append(dst, '<', '/')
	dst = append(dst, name...)
	return append(dst, '>')
}

func attribute(dst []byte, name, value string) []byte {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, '=', '"')
	dst = appendText(dst, value)
	return append(dst, '"')
}

// appendText appends s so that it reads as itself in character data and in
// an attribute. What XML cannot say becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&quot;"...)
		case r == '\'':
			dst = append(dst, "&#39;"...)
		case r == '\t' || r == '\n' || r == '\r':
			dst = append(dst, '&', '#')
			dst = strconv.AppendInt(dst, int64(r), 10)
			dst = append(dst, ';')
		case r < ' ' || r == 0xFFFE || r == 0xFFFF:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

func upperUUID(id uuid.UUID) string { return strings.ToUpper(id.String()) }

func uuidURI(id uuid.UUID) string { return "uuid:" + upperUUID(id) }

// isoDuration writes d as WinRM does: PT180.000S.
func isoDuration(d time.Duration) string {
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', 3, 64) + "S"
}

// parseISODuration reads an xs:dayTimeDuration: PT7200.000S, P0DT0H0M2S.
func parseISODuration(s string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok || rest == "" {
		return 0, false
	}
	var total float64
	unit := map[byte]float64{'D': 86400, 'H': 3600, 'M': 60, 'S': 1}
	for rest != "" {
		if rest[0] == 'T' {
			rest = rest[1:]
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if n < 0 || unit[rest[n]] == 0 {
			return 0, false
		}
		v, err := strconv.ParseFloat(rest[:n], 64)
		if err != nil {
			return 0, false
		}
		total += v * unit[rest[n]]
		rest = rest[n+1:]
	}
	const most = float64(1<<63-1) / float64(time.Second)
	return time.Duration(min(total, most-1) * float64(time.Second)), true
}
