package discovery

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseCloud(t *testing.T) {
	for _, tt := range []struct {
		name, authority string
		hosts           []string
		want            string // name of the cloud, or words of the error
		at              string // its authority
	}{
		{"", "", nil, "", ""},
		{"worldwide", "", nil, CloudWorldwide, "https://login.microsoftonline.com/organizations"},
		{"gcc", "", nil, CloudGCC, "https://login.microsoftonline.com/organizations"},
		{"GCC High", "", nil, CloudGCCHigh, "https://login.microsoftonline.us/organizations"},
		{"gcc-high", "", nil, CloudGCCHigh, "https://login.microsoftonline.us/organizations"},
		{"DoD", "", nil, CloudDoD, "https://login.microsoftonline.us/organizations"},
		{"china", "", nil, CloudChina, "https://login.chinacloudapi.cn/organizations"},
		{"custom", "https://login.own.example/x", []string{".own.example"}, "custom", "https://login.own.example/x"},
		{"custom", "", []string{".own.example"}, "needs its authority", ""},
		{"custom", "https://login.own.example/x", nil, "needs its authority", ""},
		{"china", "", []string{".own.example"}, "only a custom cloud has hosts", ""},
		{"mars", "", nil, `no cloud "mars"`, ""},
	} {
		c, err := ParseCloud(tt.name, tt.authority, tt.hosts)
		switch {
		case err != nil:
			if tt.want == "" || !strings.Contains(err.Error(), tt.want) || HintOf(err) == "" {
				t.Errorf("%q: %v, hint %q", tt.name, err, HintOf(err))
			}
		case c == nil:
			if tt.want != "" {
				t.Errorf("%q is no cloud", tt.name)
			}
		case c.Name != tt.want || c.Authority != tt.at:
			t.Errorf("%q is %s at %s, want %s", tt.name, c.Name, c.Authority, tt.want)
		}
	}
}

func TestCloudHas(t *testing.T) {
	own := []string{".own.example", "admin.other.example"}
	for _, tt := range []struct {
		cloud, host string
		want        bool
	}{
		{"worldwide", "admin1e.online.lync.com", true},
		{"gcc", "admin1e.online.lync.com", true},
		{"gcchigh", "admin1e.online.lync.com", false},
		{"gcchigh", "api.interfaces.records.gov.teams.microsoft.us", true},
		{"dod", "api.interfaces.records.gov.teams.microsoft.us", true}, // tools disagree
		{"china", "webdir.online.partner.lync.cn", true},
		{"china", "nowhere.example", false},
		{"custom", "admin.own.example", true},
		{"custom", "OWN.example.", true},
		{"custom", "admin.other.example", true},
		{"custom", "x.admin.other.example", false},
		{"custom", "notown.example", false},
		{"", "admin1e.online.lync.com", false},
	} {
		hosts, authority := []string(nil), ""
		if tt.cloud == "custom" {
			hosts, authority = own, "https://login.own.example/x"
		}
		c, err := ParseCloud(tt.cloud, authority, hosts)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Has(tt.host); got != tt.want {
			t.Errorf("%q has %s: %t, want %t", tt.cloud, tt.host, got, tt.want)
		}
	}
}

// What the authorities say of tenants of each cloud.
func TestCloudOfTenant(t *testing.T) {
	for _, tt := range []struct{ scope, sub, instance, want string }{
		{"NA", "", "microsoftonline.com", CloudWorldwide},
		{"EU", "", "microsoftonline.com", CloudWorldwide},
		{"NA", "GCC", "microsoftonline.com", CloudGCC},
		{"USGov", "DODCON", "microsoftonline.us", CloudGCCHigh},
		{"USGov", "DOD", "microsoftonline.us", CloudDoD},
		{"USGov", "", "microsoftonline.us", CloudGCCHigh},
		{"CN", "", "partner.microsoftonline.cn", CloudChina},
		{"LAB", "", "login.lab.example", ""},
		{"", "", "", ""},
	} {
		c, ok := CloudOfTenant(tt.scope, tt.sub, tt.instance)
		if c.Name != tt.want || ok != (tt.want != "") {
			t.Errorf("%+v: %q, %t", tt, c.Name, ok)
		}
	}
}

// A named cloud is looked through in its own directory, whatever the domain.
func TestCandidatesOfACloud(t *testing.T) {
	for cloud, want := range map[string]string{
		"":        "webdir.online.lync.com",
		"gcchigh": "webdir.online.gov.skypeforbusiness.us",
		"dod":     "webdir.online.dod.skypeforbusiness.us",
		"china":   "webdir.online.partner.lync.cn",
	} {
		c, err := ParseCloud(cloud, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		list := candidates("contoso.example", c)
		if got := list[len(list)-1].url.Host; got != want {
			t.Errorf("%q is looked for at %s, want %s", cloud, got, want)
		}
	}
	if hosts := directoryOf("contoso.onmicrosoft.us").hosts; len(hosts) != 2 {
		t.Errorf("a domain of the government is looked for at %q", hosts)
	}
}

func TestExchange(t *testing.T) {
	for uri, want := range map[string]bool{
		"https://outlook.office365.com/powershell-liveid/":                true,
		"https://outlook.office365.com/PowerShell-LiveID":                 true,
		"https://partner.outlook.cn/PowerShell":                           true,
		"https://ps.compliance.protection.outlook.com/powershell-liveid/": true,
		"https://exch.example/powershell?BasicAuthToOAuthConversion=true": true,
		"http://exch1.contoso.example/PowerShell/":                        false,
		"https://admin1e.online.lync.com/OcsPowershellOAuth":              false,
		"https://host.example:5986/wsman":                                 false,
	} {
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := IsExchange(u); got != want {
			t.Errorf("%s: %t", uri, got)
		}
	}
	u, err := url.Parse("https://outlook.office365.com/powershell-liveid/?x=1")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		u = WithTokenConversion(WithDelegatedOrg(u, "contoso.onmicrosoft.com"))
	}
	if got := u.String(); got != "https://outlook.office365.com/powershell-liveid/?x=1&DelegatedOrg=contoso.onmicrosoft.com&BasicAuthToOAuthConversion=true" {
		t.Errorf("%s", got)
	}
	if got := ResourceOf(u, ""); got != "https://outlook.office365.com" {
		t.Errorf("resource %s", got)
	}
}
