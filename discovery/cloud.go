package discovery

import (
	"net"
	"net/url"
	"strings"
)

// The clouds that offered the service, each with names, directory and tenants
// of its own.
const (
	CloudWorldwide = "Worldwide"
	CloudGCC       = "GCC"
	CloudGCCHigh   = "GCC High"
	CloudDoD       = "DoD"
	CloudChina     = "China"
	CloudGermany   = "Germany"
	CloudBleu      = "Bleu"
	CloudDelos     = "Delos"
)

// knownHost is a host, or every host below it when it starts with a dot.
type knownHost struct{ suffix, cloud string }

// knownHosts lists who serves PowerShell remoting in each cloud: the Skype for
// Business and Teams administration hosts, Exchange and compliance.
func knownHosts() []knownHost {
	return []knownHost{
		{".online.lync.com", CloudWorldwide},
		{".lync.com", CloudWorldwide},
		{"api.interfaces.records.teams.microsoft.com", CloudWorldwide},
		{".teams.microsoft.com", CloudWorldwide},
		{"outlook.office365.com", CloudWorldwide},
		{".protection.outlook.com", CloudWorldwide},
		{"ps.outlook.com", CloudWorldwide},
		{".gov.skypeforbusiness.us", CloudGCCHigh},
		{".gov.teams.microsoft.us", CloudGCCHigh},
		{"outlook.office365.us", CloudGCCHigh},
		{"l5.ps.compliance.protection.office365.us", CloudDoD},
		{".protection.office365.us", CloudGCCHigh},
		{".dod.skypeforbusiness.us", CloudDoD},
		{".dod.teams.microsoft.us", CloudDoD},
		{"webmail.apps.mil", CloudDoD},
		{".skypeforbusiness.us", CloudGCCHigh},
		{".lync.cn", CloudChina},
		{".teams.microsoftonline.cn", CloudChina},
		{"partner.outlook.cn", CloudChina},
		{".protection.partner.outlook.cn", CloudChina},
		{".online.lync.de", CloudGermany},
		{".online.skype.de", CloudGermany},
		{"outlook.office.de", CloudGermany},
		{".protection.outlook.de", CloudGermany},
		{".communications.svc.sovcloud.fr", CloudBleu},
		{".communications.svc.sovcloud.de", CloudDelos},
	}
}

// KnownCloud tells which cloud a host (with or without a port) belongs to. A
// host outside all of them is not wrong, but the person is told its name
// before a token is sent there.
func KnownCloud(host string) (cloud string, ok bool) {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, k := range knownHosts() {
		if host == k.suffix || strings.HasPrefix(k.suffix, ".") && strings.HasSuffix(host, k.suffix) {
			return k.cloud, true
		}
	}
	return "", false
}

// directory is where a cloud keeps its list of domains.
type directory struct {
	initial string   // the suffix of every tenant's initial domain
	hosts   []string // the directory hosts that lyncdiscover.<domain> is an alias of
}

// directoryOf picks the cloud's directory by the domain's suffix; a domain of
// the tenant's own says nothing about the cloud and is looked for worldwide.
func directoryOf(domain string) directory {
	for _, suffix := range []string{".onmicrosoft.us", ".partner.onmschina.cn", ".onmicrosoft.de"} {
		if !strings.HasSuffix(domain, suffix) {
			continue
		}
		d := directory{initial: suffix}
		for _, c := range Clouds() {
			if c.directory.initial == suffix {
				d.hosts = append(d.hosts, c.directory.hosts...)
			}
		}
		return d
	}
	return worldwide().directory
}

// candidate is one place where discovery may start.
type candidate struct {
	url  *url.URL
	name string // how it is named in "trying …"
}

// candidates lists where to look for a domain, best first: its own
// lyncdiscover name over https and over http, the same of the tenant's initial
// domain, and the cloud's directory itself.
func candidates(domain string, cloud *Cloud) []candidate {
	dir := directoryOf(domain)
	if cloud != nil {
		dir = cloud.directory
	}
	list := lyncdiscover(domain)
	list[0].name = "lyncdiscover." + domain
	if dir.initial != "" && !strings.HasSuffix(domain, dir.initial) {
		label, _, _ := strings.Cut(domain, ".")
		list = append(list, lyncdiscover(label+dir.initial)...)
	}
	for _, host := range dir.hosts {
		list = append(list, candidate{
			url: &url.URL{
				Scheme: "https", Host: host, Path: "/Autodiscover/AutodiscoverService.svc/root",
				RawQuery: "originalDomain=" + url.QueryEscape(domain),
			},
			name: host,
		})
	}
	return list
}

func lyncdiscover(domain string) []candidate {
	host, query := "lyncdiscover."+domain, "Domain="+url.QueryEscape(domain)
	return []candidate{
		{&url.URL{Scheme: "https", Host: host, RawQuery: query}, host},
		{&url.URL{Scheme: "http", Host: host, RawQuery: query}, "http"},
	}
}
