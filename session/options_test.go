package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"psdeck/session/clixml"
	"psdeck/session/pslang"
	"psdeck/session/wsman"
)

// optionFacts is what PowerShell says of PSSessionOption: the properties of a
// new one, and what becomes of hashtables that are cast to it.
type optionFacts struct {
	NewObject []struct {
		Name, Type string
		Default    json.RawMessage
	} `json:"new_object"`
	Casts []struct {
		Expr    string
		Changed map[string]json.RawMessage
		Error   *struct{ Message string }
	} `json:"hashtable_casts"`
}

func readOptionFacts(t *testing.T) optionFacts {
	t.Helper()
	root := os.Getenv("PSDECK_VECTORS")
	if root == "" {
		root = "testdata"
	}
	var facts optionFacts
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" || facts.NewObject != nil {
			return err
		}
		data, err := os.ReadFile(path)
		var all struct {
			PSSessionOption *optionFacts
		}
		if err == nil && json.Unmarshal(data, &all) == nil && all.PSSessionOption != nil {
			facts = *all.PSSessionOption
		}
		return err
	})
	if err != nil || facts.NewObject == nil {
		t.Fatalf("no facts about session options in %s: %v", root, err)
	}
	return facts
}

// text is a recorded value as its text.
func text(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var v *struct {
		Value, ToString string
		Entries         [][2]json.RawMessage
		Items           []json.RawMessage
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if v == nil {
		return ""
	}
	var parts []string
	for _, e := range v.Entries {
		parts = append(parts, text(t, e[0])+"="+text(t, e[1]))
	}
	for _, i := range v.Items {
		parts = append(parts, text(t, i))
	}
	if parts != nil {
		slices.Sort(parts)
		return strings.Join(parts, " ")
	}
	return v.ToString + v.Value
}

// shown is every property of o by name, as its text in PowerShell.
func shown(o Options) map[string]string {
	span := func(d, fallback time.Duration) string {
		switch {
		case d == 0:
			d = fallback
		case d < 0:
			d = 0
		}
		return clixml.Of(clixml.TimeSpan(d / 100)).String()
	}
	size := func(n, fallback int) string {
		if n == 0 {
			n = fallback
		}
		if n == 0 || n == NoSizeLimit {
			return ""
		}
		return fmt.Sprint(n)
	}
	var args []string
	for k, v := range o.ApplicationArguments {
		args = append(args, k+"="+v.String())
	}
	slices.Sort(args)
	return map[string]string{
		"MaximumConnectionRedirectionCount": fmt.Sprint(o.redirections()), "MaxConnectionRetryCount": fmt.Sprint(o.retries()),
		"NoCompression": fmt.Sprint(o.NoCompression), "NoMachineProfile": fmt.Sprint(o.NoMachineProfile != nil && *o.NoMachineProfile),
		"ProxyAccessType": o.ProxyAccessType.String(), "ProxyAuthentication": orElse(o.ProxyAuthentication, "Negotiate"), "ProxyCredential": o.ProxyCredential,
		"SkipCACheck": fmt.Sprint(o.SkipCACheck), "SkipCNCheck": fmt.Sprint(o.SkipCNCheck), "SkipRevocationCheck": fmt.Sprint(o.SkipRevocationCheck),
		"NoEncryption": fmt.Sprint(o.NoEncryption), "UseUTF16": fmt.Sprint(o.UseUTF16), "IncludePortInSPN": fmt.Sprint(o.IncludePortInSPN),
		"OutputBufferingMode": orElse(o.OutputBufferingMode, "None"), "Culture": o.Culture, "UICulture": o.UICulture,
		"MaximumReceivedDataSizePerCommand": size(o.MaximumReceivedDataSizePerCommand, 0), "MaximumReceivedObjectSize": size(o.MaximumReceivedObjectSize, 200<<20),
		"ApplicationArguments": strings.Join(args, " "),
		"OpenTimeout":          span(o.OpenTimeout, wsman.DefaultOpenTimeout), "OperationTimeout": span(o.OperationTimeout, wsman.DefaultOperationTimeout),
		"CancelTimeout": span(o.CancelTimeout, wsman.DefaultCancelTimeout), "IdleTimeout": span(o.IdleTimeout, -time.Millisecond),
	}
}

// evaluate gives the value of an expression as it can be typed.
func evaluate(t *testing.T, expr string) clixml.Value {
	t.Helper()
	script, err := pslang.Parse("$x = " + expr)
	if err != nil {
		t.Fatal(err)
	}
	v, err := pslang.Eval(script.Statements[0].Pipeline.Elements[0].Expr, newScope())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// knownOptionCasts are read otherwise on purpose.
var knownOptionCasts = map[string]string{
	"[ordered]@{ OperationTimeout = 7 }":          "a bare number counts milliseconds, as the cmdlet has it, not ticks",
	"@{ OperationTimeout = 5000 }":                "a bare number counts milliseconds, as the cmdlet has it, not ticks",
	"@{ CancelTimeout = 100; OpenTimeout = 200 }": "a bare number counts milliseconds, as the cmdlet has it, not ticks",
}

func TestVectorSessionOptions(t *testing.T) {
	facts := readOptionFacts(t)
	passed, failed, known := 0, 0, 0
	check := func(name string, ok bool, format string, args ...any) {
		why := knownOptionCasts[name]
		switch {
		case ok && why == "":
			passed++
		case !ok && why != "":
			known++
		default:
			failed++
			t.Errorf("%s: %s (known: %q)", name, fmt.Sprintf(format, args...), why)
		}
	}
	fresh := shown(Options{})
	for i, p := range facts.NewObject {
		mine := properties()
		check(p.Name, i < len(mine) && mine[i].name == p.Name && mine[i].typ == p.Type, "is not property %d", i)
		want := text(t, p.Default)
		check(p.Name, fresh[p.Name] == want, "default %q, want %q", fresh[p.Name], want)
	}
	for _, c := range facts.Casts {
		expr := strings.TrimPrefix(c.Expr, "["+typeOption+"]")
		var o Options
		err := o.setFromValue(evaluate(t, expr))
		if c.Error != nil {
			check(expr, err != nil && strings.HasPrefix(err.Error(), c.Error.Message), "%v, want %s", err, c.Error.Message)
			continue
		}
		want := shown(Options{})
		for name, raw := range c.Changed {
			want[name] = text(t, raw)
		}
		got := shown(o)
		var differ []string
		for name := range want {
			if got[name] != want[name] {
				differ = append(differ, fmt.Sprintf("%s is %q, want %q", name, got[name], want[name]))
			}
		}
		check(expr, err == nil && differ == nil, "%v %s", err, strings.Join(differ, ", "))
	}
	t.Logf("vectors sessionoption: %d passed, %d failed, %d known", passed, failed, known)
}

// What stands in an argument is read by what it says; a hashtable is cast.
func TestOptionsByName(t *testing.T) {
	for _, tt := range []struct {
		name, value string // "@" before the value: as an expression
		shown, want string
		err         string
	}{
		{"maximumredirection", "3", "MaximumConnectionRedirectionCount", "3", ""},
		{"MaximumRedirection", "@0", "MaximumConnectionRedirectionCount", "0", ""},
		{"OpenTimeoutMSec", "1500", "OpenTimeout", "00:00:01.5000000", ""},
		{"OperationTimeoutMSec", "@2000", "OperationTimeout", "00:00:02", ""},
		{"CancelTimeout", "@'00:15:00'", "CancelTimeout", "00:15:00", ""},
		{"CancelTimeout", "1.00:00:00", "CancelTimeout", "1.00:00:00", ""},
		{"CancelTimeout", "15m", "CancelTimeout", "00:15:00", ""},
		{"OpenTimeout", "0", "OpenTimeout", "00:00:00", ""},
		{"IdleTimeoutMSec", "60000", "IdleTimeout", "00:01:00", ""},
		{"IdleTimeout", "-1", "IdleTimeout", "-00:00:00.0010000", ""},
		{"IdleTimeout", "@59999", "", "", "The specified IdleTimeout session option 59 (seconds) is not a valid period. Specify an IdleTimeout value that is greater than or equal to the minimum allowed 60 (seconds)."},
		{"SkipCNCheck", "$true", "SkipCNCheck", "true", ""},
		{"SkipCNCheck", "false", "SkipCNCheck", "false", ""},
		{"SkipCNCheck", "maybe", "", "", `"maybe" is neither true nor false`},
		{"OutputBufferingMode", "block", "OutputBufferingMode", "Block", ""},
		{"OutputBufferingMode", "@1", "OutputBufferingMode", "Drop", ""},
		{"OutputBufferingMode", "@7", "", "", `The possible enumeration values are "None,Drop,Block".`},
		{"ProxyAccessType", "Auto", "ProxyAccessType", "AutoDetect", ""},
		{"ProxyAccessType", "No", "", "", "Unable to match the identifier name No"},
		{"ProxyAuthentication", "Digest", "ProxyAuthentication", "Digest", ""},
		{"ProxyAuthentication", "Kerberos", "", "", "Kerberos cannot be specified as a proxy authentication mechanism. Only Basic,Negotiate or Digest are supported for proxy authentication."},
		{"MaxConnectionRetryCount", "0", "MaxConnectionRetryCount", "0", ""},
		{"MaxConnectionRetryCount", "-1", "", "", "The -1 argument is less than the minimum allowed range of 0."},
		{"MaximumReceivedDataSizePerCommand", "@2mb", "MaximumReceivedDataSizePerCommand", "2097152", ""},
		{"MaximumReceivedObjectSize", "$null", "MaximumReceivedObjectSize", "", ""},
		{"MaximumReceivedObjectSize", "0", "", "", "0 is not a number of bytes"},
		{"Culture", "de-DE", "Culture", "de-DE", ""},
		{"UICulture", "de_DE\r\nX: y", "", "", "Culture is not supported."},
		{"UseUTF16", "@1", "UseUTF16", "true", ""},
		{"ApplicationArguments.x", "y", "ApplicationArguments", "x=y", ""},
		{"ApplicationArguments", "@@{ 1 = 2 }", "", "", "The key type System.Int32 is not valid."},
		{"ApplicationArguments", "@@{ a = {x} }", "", "", "The type of the value System.Management.Automation.ScriptBlock is not valid."},
		{"Nope", "1", "", "", `session option "Nope" is not one that can be set; there are MaximumConnectionRedirectionCount, NoCompression`},
	} {
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			var o Options
			var err error
			if expr, ok := strings.CutPrefix(tt.value, "@"); ok {
				err = o.SetValue(tt.name, evaluate(t, expr))
			} else {
				err = o.Set(tt.name, tt.value)
			}
			switch {
			case tt.err != "":
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("%v, want %s", err, tt.err)
				}
			case err != nil:
				t.Error(err)
			default:
				if got := shown(o)[tt.shown]; got != tt.want {
					t.Errorf("%s is %q, want %q", tt.shown, got, tt.want)
				}
			}
		})
	}
}

// Arguments of a hashtable travel with their types; hashtables in it and in its
// arrays become dictionaries of the kind that travels.
func TestArgumentsKeepTheirTypes(t *testing.T) {
	var o Options
	v := evaluate(t, "@{ ApplicationArguments = @{ n = 1; b = $true; s = 'x'; a = @(1, @{ in = 2.5 }); h = @{ deep = @{ er = 'y' } } } }")
	if err := o.setFromValue(v); err != nil {
		t.Fatal(err)
	}
	cn := connectingTo(t, "https://server.example/wsman", o)
	encoded, err := clixml.Encode(clixml.Obj(clixml.PrimitiveDictionary(cn.applicationArguments()...)))
	if err != nil {
		t.Fatal(err)
	}
	xml := string(encoded)
	for _, want := range []string{
		`<S N="Key">n</S><I32 N="Value">1</I32>`, `<S N="Key">b</S><B N="Value">true</B>`, `<S N="Key">s</S><S N="Value">x</S>`,
		`<S N="Key">in</S><Db N="Value">2.5</Db>`, `<S N="Key">er</S><S N="Value">y</S>`,
	} {
		if !strings.Contains(xml, want) {
			t.Errorf("no %s in %s", want, xml)
		}
	}
	if n := strings.Count(xml, "<DCT>"); n != 4 || strings.Count(xml, "System.Management.Automation.PSPrimitiveDictionary") != 1 {
		t.Errorf("%d dictionaries in %s", n, xml)
	}
}

func TestAHashtableInItselfIsRefused(t *testing.T) {
	loop := clixml.Hashtable()
	loop.Entries = []clixml.Entry{{Key: clixml.Str("x"), Value: clixml.Obj(loop)}}
	var o Options
	if err := o.SetValue("ApplicationArguments", clixml.Obj(loop)); err == nil {
		t.Error("taken")
	}
}

// Every option reaches the place where it acts.
func TestOptionsReachTheTransport(t *testing.T) {
	retries := 2
	cn := connectingTo(t, "https://server.example/wsman", Options{
		OpenTimeout: time.Second, OperationTimeout: 2 * time.Second, CancelTimeout: NoTimeout, IdleTimeout: time.Hour,
		Culture: "de-DE", UICulture: "fr-FR", UseUTF16: true, OutputBufferingMode: "Drop", SkipCNCheck: true, MaxConnectionRetryCount: &retries,
	})
	cfg := cn.wsmanConfig()
	if cfg.OpenTimeout != time.Second || cfg.OperationTimeout != 2*time.Second || cfg.CancelTimeout >= 0 {
		t.Errorf("%v %v %v", cfg.OpenTimeout, cfg.OperationTimeout, cfg.CancelTimeout)
	}
	if cfg.DataLocale != "de-DE" || cfg.Locale != "fr-FR" || !cfg.UTF16 || !cfg.TLS.InsecureSkipVerify || cfg.Proxy != nil {
		t.Errorf("%+v", cfg)
	}
	if r := cn.shellRequest(&Session{name: "n"}, [16]byte{1}); r.IdleTimeout != time.Hour || r.BufferMode != "Drop" {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsWorthRetrying(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{&wsman.TransportError{Err: errors.New("connection refused")}, true},
		{&wsman.TransportError{Err: errors.New("reset"), MaybeReceived: true}, false},
		{&wsman.TransportError{Err: &wsman.ProxyError{Status: 407}}, false},
		{&wsman.TransportError{Err: &wsman.ProxyError{Status: 502}}, true},
		{&wsman.HTTPError{Status: 503}, true},
		{&wsman.HTTPError{Status: 500}, false},
		{&wsman.Fault{Code: 1}, false},
		{&wsman.AuthError{Status: 401}, false},
	} {
		if got := worthRetrying(fmt.Errorf("opening: %w", tt.err)); got != tt.want {
			t.Errorf("%v: %v", tt.err, got)
		}
	}
	if got := pauseBefore(1, &wsman.HTTPError{Status: 503, RetryAfter: "3600"}); got != longPause {
		t.Errorf("a server's word is heeded for %s", got)
	}
}

// Credentials follow a redirection only within one organisation or cloud.
func TestWhereCredentialsMayFollow(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"ps.outlook.com", "ps.outlook.com", true},
		{"ps.outlook.com", "pod51043psh.outlook.com", true},
		{"outlook.office365.com", "admin1e.online.lync.com", true},
		{"outlook.office365.com", "outlook.office365.us", false},
		{"admin1e.online.lync.com", "admin.online.lync.cn", false},
		{"a.contoso.co.uk", "b.contoso.co.uk", true},
		{"a.contoso.co.uk", "b.fabrikam.co.uk", false},
		{"a.azurewebsites.net", "b.azurewebsites.net", false},
		{"Server.Contoso.Example.", "other.contoso.example", true},
		{"contoso.example", "contoso.example.evil.example", false},
		{"notcontoso.example", "contoso.example", false},
		{"10.0.0.1", "10.1.0.1", false},
		{"localhost", "localhost", true},
		{"localhost", "127.0.0.1", false},
		{"server", "other", false},
	} {
		if got := sameHands(tt.from, tt.to); got != tt.want {
			t.Errorf("%s to %s: %v", tt.from, tt.to, got)
		}
	}
}
