package format

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"psdeck/session/clixml"
)

// primitiveProperties lists the properties that .NET gives a value which
// CLIXML carries as one text.
func primitiveProperties(v clixml.Value) []clixml.Property {
	switch x := v.Any().(type) {
	case *clixml.Object:
		return []clixml.Property{{Name: "Value", Value: clixml.Str(v.String())}}
	case clixml.TimeSpan:
		return timeSpanProperties(x)
	case clixml.Version:
		return versionProperties(string(x))
	case clixml.URI:
		return uriProperties(string(x))
	case clixml.DateTime:
		return dateProperties(x)
	case clixml.XML:
		return xmlProperties(string(x))
	case clixml.SemanticVersion:
		return semanticProperties(string(x))
	case string:
		return []clixml.Property{clixml.Prop("Length", len(x))}
	}
	if v.Kind() == clixml.KindGUID {
		return []clixml.Property{{Name: "Guid", Value: clixml.Str(v.String())}}
	}
	return nil
}

func primitiveProperty(v clixml.Value, name string) (clixml.Value, bool) {
	for _, p := range primitiveProperties(v) {
		if strings.EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return clixml.Value{}, false
}

const (
	perMillisecond = 10_000
	perSecond      = 1000 * perMillisecond
	perMinute      = 60 * perSecond
	perHour        = 60 * perMinute
	perDay         = 24 * perHour
)

func timeSpanProperties(t clixml.TimeSpan) []clixml.Property {
	n := int64(t)
	return []clixml.Property{
		clixml.Prop("Days", int(n/perDay)),
		clixml.Prop("Hours", int(n/perHour%24)),
		clixml.Prop("Minutes", int(n/perMinute%60)),
		clixml.Prop("Seconds", int(n/perSecond%60)),
		clixml.Prop("Milliseconds", int(n/perMillisecond%1000)),
		clixml.Prop("Ticks", n),
		clixml.Prop("TotalDays", float64(n)/perDay),
		clixml.Prop("TotalHours", float64(n)/perHour),
		clixml.Prop("TotalMinutes", float64(n)/perMinute),
		clixml.Prop("TotalSeconds", float64(n)/perSecond),
		clixml.Prop("TotalMilliseconds", math.Round(float64(n)/perMillisecond*1e6)/1e6),
	}
}

func versionProperties(s string) []clixml.Property {
	parts := strings.Split(s, ".")
	number := func(i int) int {
		if i >= len(parts) {
			return -1
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return -1
		}
		return n
	}
	revision := number(3)
	major, minor := -1, -1
	if revision >= 0 {
		major, minor = revision>>16, revision&0xFFFF
	}
	return []clixml.Property{
		clixml.Prop("Major", number(0)), clixml.Prop("Minor", number(1)),
		clixml.Prop("Build", number(2)), clixml.Prop("Revision", revision),
		clixml.Prop("MajorRevision", major), clixml.Prop("MinorRevision", minor),
	}
}

func semanticProperties(s string) []clixml.Property {
	core, build, _ := strings.Cut(s, "+")
	core, label, _ := strings.Cut(core, "-")
	props := versionProperties(core)[:2]
	patch := 0
	if parts := strings.Split(core, "."); len(parts) > 2 {
		patch, _ = strconv.Atoi(parts[2])
	}
	text := func(s string) clixml.Value {
		if s == "" {
			return clixml.Value{}
		}
		return clixml.Str(s)
	}
	return append(props, clixml.Prop("Patch", patch),
		clixml.Prop("PreReleaseLabel", text(label)), clixml.Prop("BuildLabel", text(build)))
}

func xmlProperties(s string) []clixml.Property {
	i := strings.IndexByte(s, '<')
	for i >= 0 && i+1 < len(s) && (s[i+1] == '?' || s[i+1] == '!') {
		next := strings.IndexByte(s[i+1:], '<')
		if next < 0 {
			return nil
		}
		i += 1 + next
	}
	if i < 0 {
		return nil
	}
	name := s[i+1:]
	if end := strings.IndexAny(name, " \t\r\n/>"); end >= 0 {
		name = name[:end]
	}
	return []clixml.Property{clixml.Prop(name, name)}
}

// uriProperties lists what System.Uri says of an absolute address.
func uriProperties(s string) []clixml.Property {
	u, err := url.Parse(s)
	if err != nil || !u.IsAbs() {
		return []clixml.Property{clixml.Prop("OriginalString", s), clixml.Prop("IsAbsoluteUri", false), clixml.Prop("UserEscaped", false)}
	}
	path, query, fragment := u.EscapedPath(), "", ""
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		query = "?" + u.RawQuery
	}
	if u.Fragment != "" {
		fragment = "#" + u.EscapedFragment()
	}
	port, usual := portOf(u)
	authority := u.Hostname()
	if !usual {
		authority += ":" + strconv.Itoa(port)
	}
	user := ""
	if u.User != nil {
		user = u.User.String()
	}
	local := u.Path
	if local == "" {
		local = "/"
	}
	host := strings.ToLower(u.Hostname())
	return []clixml.Property{
		clixml.Prop("AbsolutePath", path),
		clixml.Prop("AbsoluteUri", u.Scheme+"://"+strings.ToLower(authority)+path+query+fragment),
		clixml.Prop("LocalPath", local), clixml.Prop("Authority", strings.ToLower(authority)),
		clixml.Prop("HostNameType", hostType(host)), clixml.Prop("IsDefaultPort", usual),
		clixml.Prop("IsFile", u.Scheme == "file"), clixml.Prop("IsLoopback", host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"),
		clixml.Prop("PathAndQuery", path+query), clixml.Prop("Segments", segments(path)),
		clixml.Prop("IsUnc", false), clixml.Prop("Host", host), clixml.Prop("Port", port),
		clixml.Prop("Query", query), clixml.Prop("Fragment", fragment), clixml.Prop("Scheme", u.Scheme),
		clixml.Prop("OriginalString", s), clixml.Prop("DnsSafeHost", host), clixml.Prop("IdnHost", host),
		clixml.Prop("IsAbsoluteUri", true), clixml.Prop("UserEscaped", false), clixml.Prop("UserInfo", user),
	}
}

func portOf(u *url.URL) (port int, usual bool) {
	standard := map[string]int{"http": 80, "https": 443, "ftp": 21, "ws": 80, "wss": 443, "ldap": 389}[u.Scheme]
	if standard == 0 {
		standard = -1
	}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		return p, p == standard
	}
	return standard, true
}

func hostType(host string) string {
	switch {
	case host == "":
		return "Basic"
	case strings.Contains(host, ":"):
		return "IPv6"
	case strings.Trim(host, "0123456789.") == "":
		return "IPv4"
	}
	return "Dns"
}

// segments cuts a path after each slash.
func segments(path string) []string {
	parts := strings.SplitAfter(path, "/")
	if parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}
