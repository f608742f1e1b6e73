package discovery

import (
	"fmt"
	"slices"
	"strings"
)

// CloudCustom is the name of a cloud that is described by its authority and
// its hosts.
const CloudCustom = "custom"

// Cloud is one of the clouds: where its accounts sign in and which hosts are
// its own. A nil *Cloud is none in particular.
type Cloud struct {
	Name      string // as people read it: "GCC High"
	Flag      string // as --cloud takes it: "gcchigh"
	Authority string // of any work or school account there
	hosts     []string
	directory directory
}

// Clouds lists the clouds that --cloud knows by name.
func Clouds() []Cloud {
	const (
		public     = "https://login.microsoftonline.com/organizations"
		government = "https://login.microsoftonline.us/organizations"
	)
	return []Cloud{
		{Name: CloudWorldwide, Flag: "worldwide", Authority: public, directory: directory{".onmicrosoft.com", []string{"webdir.online.lync.com"}}},
		{Name: CloudGCC, Flag: "gcc", Authority: public, directory: directory{".onmicrosoft.com", []string{"webdir.online.lync.com"}}},
		{Name: CloudGCCHigh, Flag: "gcchigh", Authority: government, directory: directory{".onmicrosoft.us", []string{"webdir.online.gov.skypeforbusiness.us"}}},
		{Name: CloudDoD, Flag: "dod", Authority: government, directory: directory{".onmicrosoft.us", []string{"webdir.online.dod.skypeforbusiness.us"}}},
		{Name: CloudChina, Flag: "china", Authority: "https://login.chinacloudapi.cn/organizations", directory: directory{".partner.onmschina.cn", []string{"webdir.online.partner.lync.cn"}}},
		{Name: CloudGermany, Flag: "germany", Authority: "https://login.microsoftonline.de/organizations", directory: directory{".onmicrosoft.de", []string{"webdir.online.skype.de"}}},
	}
}

func worldwide() Cloud { return Clouds()[0] }

// CloudFlags are the values of --cloud.
func CloudFlags() []string {
	var list []string
	for _, c := range Clouds() {
		list = append(list, c.Flag)
	}
	return append(list, CloudCustom)
}

// ParseCloud finds the cloud that --cloud names, in any case and spelling:
// "GCC High" is gcchigh. A custom one has the authority and the hosts that are
// given; a host with a dot before it stands for all below it. An empty name is
// no cloud in particular.
func ParseCloud(name, authority string, hosts []string) (*Cloud, error) {
	plain := strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(name))
	switch {
	case plain == CloudCustom:
		if authority == "" || len(hosts) == 0 {
			return nil, &Error{Kind: KindURI, Msg: "a custom cloud needs its authority and its hosts", Hint: "give --authority URI and --cloud-host .example.com"}
		}
		return &Cloud{Name: CloudCustom, Flag: CloudCustom, Authority: authority, hosts: hosts}, nil
	case len(hosts) > 0:
		return nil, &Error{Kind: KindURI, Msg: "only a custom cloud has hosts of its own", Hint: "give --cloud custom with --cloud-host"}
	case plain == "":
		return nil, nil
	}
	for _, c := range Clouds() {
		if c.Flag == plain {
			return &c, nil
		}
	}
	return nil, &Error{Kind: KindURI, Msg: fmt.Sprintf("there is no cloud %q", clean(name, 40)), Hint: "--cloud takes " + strings.Join(CloudFlags(), ", ")}
}

// Has tells whether a host is one of the cloud's own.
func (c *Cloud) Has(host string) bool {
	if c == nil {
		return false
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, h := range c.hosts {
		h = strings.ToLower(h)
		if host == strings.TrimPrefix(h, ".") || strings.HasPrefix(h, ".") && strings.HasSuffix(host, h) {
			return true
		}
	}
	name, known := KnownCloud(host)
	return known && c.shares(name)
}

// shares tells whether a host of another cloud's name serves this one too: GCC
// is on the hosts of the worldwide cloud, and tools disagree about which of the
// two government clouds some hosts belong to.
func (c *Cloud) shares(name string) bool {
	for _, together := range [][]string{{CloudWorldwide, CloudGCC}, {CloudGCCHigh, CloudDoD}} {
		if slices.Contains(together, c.Name) && slices.Contains(together, name) {
			return true
		}
	}
	return c.Name == name
}

// CloudOfTenant tells where a tenant lives from what its OpenID configuration
// says: tenant_region_scope, tenant_region_sub_scope and cloud_instance_name.
func CloudOfTenant(scope, subScope, instance string) (Cloud, bool) {
	name := ""
	switch instance = strings.ToLower(instance); {
	case strings.EqualFold(subScope, "DODCON"):
		name = CloudGCCHigh
	case strings.EqualFold(subScope, "DOD"):
		name = CloudDoD
	case strings.EqualFold(subScope, "GCC"):
		name = CloudGCC
	case instance == "microsoftonline.us", strings.EqualFold(scope, "USGov") && instance != "microsoftonline.com":
		name = CloudGCCHigh
	case instance == "partner.microsoftonline.cn", instance == "chinacloudapi.cn":
		name = CloudChina
	case instance == "microsoftonline.de":
		name = CloudGermany
	case instance == "microsoftonline.com":
		name = CloudWorldwide
	}
	for _, c := range Clouds() {
		if c.Name == name {
			return c, true
		}
	}
	return Cloud{}, false
}
