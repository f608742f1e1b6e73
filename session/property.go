package session

import (
	"fmt"
	"strings"

	"psdeck/session/clixml"
)

// property is a property of PSSessionOption.
type property struct {
	name  string
	typ   string // of .NET, as PowerShell prints it
	alias string // the cmdlet's name for it, where it has another
	set   func(o *Options, v given) error
}

const (
	typeOption   = "System.Management.Automation.Remoting.PSSessionOption"
	typeAccess   = "System.Management.Automation.Remoting.ProxyAccessType"
	typeAuth     = "System.Management.Automation.Runspaces.AuthenticationMechanism"
	typeBuffer   = "System.Management.Automation.Runspaces.OutputBufferingMode"
	typeNullable = "System.Nullable`1[[System.Int32, System.Private.CoreLib, Version=10.0.0.0, Culture=neutral, PublicKeyToken=7cec85d7bea7798e]]"
)

// properties are all of them, in PowerShell's order.
func properties() []property {
	const boolean, number, span, culture = "System.Boolean", "System.Int32", "System.TimeSpan", "System.Globalization.CultureInfo"
	flag := func(at func(*Options) *bool) func(*Options, given) error {
		return func(o *Options, v given) (err error) { *at(o), err = v.bool(); return err }
	}
	return []property{
		{"MaximumConnectionRedirectionCount", number, "MaximumRedirection", (*Options).setRedirections},
		{"NoCompression", boolean, "", flag(func(o *Options) *bool { return &o.NoCompression })},
		{"NoMachineProfile", boolean, "", (*Options).setNoMachineProfile},
		{"ProxyAccessType", typeAccess, "", (*Options).setProxyAccess},
		{"ProxyAuthentication", typeAuth, "", (*Options).setProxyAuthentication},
		{"ProxyCredential", "System.Management.Automation.PSCredential", "", (*Options).setProxyCredential},
		{"SkipCACheck", boolean, "", flag(func(o *Options) *bool { return &o.SkipCACheck })},
		{"SkipCNCheck", boolean, "", flag(func(o *Options) *bool { return &o.SkipCNCheck })},
		{"SkipRevocationCheck", boolean, "", flag(func(o *Options) *bool { return &o.SkipRevocationCheck })},
		{"OperationTimeout", span, "OperationTimeoutMSec", func(o *Options, v given) error { return v.timeout(&o.OperationTimeout) }},
		{"NoEncryption", boolean, "", flag(func(o *Options) *bool { return &o.NoEncryption })},
		{"UseUTF16", boolean, "", flag(func(o *Options) *bool { return &o.UseUTF16 })},
		{"IncludePortInSPN", boolean, "", flag(func(o *Options) *bool { return &o.IncludePortInSPN })},
		{"OutputBufferingMode", typeBuffer, "", (*Options).setBuffering},
		{"MaxConnectionRetryCount", number, "", (*Options).setRetries},
		{"Culture", culture, "", func(o *Options, v given) (err error) { o.Culture, err = v.culture(); return err }},
		{"UICulture", culture, "", func(o *Options, v given) (err error) { o.UICulture, err = v.culture(); return err }},
		{"MaximumReceivedDataSizePerCommand", typeNullable, "", func(o *Options, v given) error {
			return v.size(&o.MaximumReceivedDataSizePerCommand, 0)
		}},
		{"MaximumReceivedObjectSize", typeNullable, "", func(o *Options, v given) error {
			return v.size(&o.MaximumReceivedObjectSize, NoSizeLimit)
		}},
		{"ApplicationArguments", "System.Management.Automation.PSPrimitiveDictionary", "", (*Options).setArguments},
		{"OpenTimeout", span, "OpenTimeoutMSec", func(o *Options, v given) error { return v.timeout(&o.OpenTimeout) }},
		{"CancelTimeout", span, "CancelTimeoutMSec", func(o *Options, v given) error { return v.timeout(&o.CancelTimeout) }},
		{"IdleTimeout", span, "IdleTimeoutMSec", (*Options).setIdleTimeout},
	}
}

func propertyNamed(name string) (property, bool) {
	for _, p := range properties() {
		if strings.EqualFold(p.name, name) || p.alias != "" && strings.EqualFold(p.alias, name) {
			return p, true
		}
	}
	return property{}, false
}

// Set sets a property by its name in PowerShell or the cmdlet's name for it,
// compared without case, from text as it stands in an argument. Times are whole
// milliseconds, or a Go duration ("15m"), or hours, minutes and seconds
// ("00:15:00"). "ApplicationArguments.Name" sets one argument.
func (o *Options) Set(name, value string) error {
	if key, ok := cutPrefixFold(name, "ApplicationArguments."); ok && key != "" {
		o.setArgument(key, clixml.Str(value))
		return nil
	}
	p, ok := propertyNamed(name)
	if !ok {
		var names []string
		for _, p := range properties() {
			names = append(names, p.name)
		}
		return fmt.Errorf("session option %q is not one that can be set; there are %s", name, strings.Join(names, ", "))
	}
	if err := p.set(o, given{clixml.Str(value), true}); err != nil {
		return fmt.Errorf("session option %s: %w", p.name, err)
	}
	return nil
}

// SetValue sets a property from a value, with PowerShell's conversions. One
// differs: a bare number for a time counts milliseconds, as it does for the
// cmdlet, where a cast counts ticks.
func (o *Options) SetValue(name string, v clixml.Value) error {
	p, ok := propertyNamed(name)
	if !ok {
		return castf("The property '%s' was not found for the '%s' object. The settable properties are: %s.", name, typeOption, settable())
	}
	return p.set(o, given{v, false})
}

// settable lists the properties as PowerShell does.
func settable() string {
	var list []string
	for _, p := range properties() {
		list = append(list, fmt.Sprintf("[%s <%s>]", p.name, p.typ))
	}
	return strings.Join(list, ", ")
}

// setFromValue is the cast of a typed -SessionOption.
func (o *Options) setFromValue(v clixml.Value) error {
	if v.IsNull() {
		return nil
	}
	h := v.Object()
	if h == nil || h.Kind != clixml.Dict {
		return castf("%s Give a hashtable such as @{ IdleTimeout = '00:15:00' }.", notConvertible(v, typeOption))
	}
	for _, e := range h.Entries {
		if err := o.SetValue(e.Key.String(), e.Value); err != nil {
			return castf("Cannot create object of type %q. %v", typeOption, err)
		}
	}
	return o.Check()
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return "", false
}

func (o *Options) setRedirections(v given) error {
	n, err := v.int()
	if err == nil {
		o.MaximumConnectionRedirectionCount = &n
	}
	return err
}

func (o *Options) setRetries(v given) error {
	n, err := v.int()
	if err == nil {
		err = notBelow("MaxConnectionRetryCount", n, 0)
	}
	if err == nil {
		o.MaxConnectionRetryCount = &n
	}
	return err
}

func (o *Options) setNoMachineProfile(v given) error {
	b, err := v.bool()
	if err == nil {
		o.NoMachineProfile = &b
	}
	return err
}

func (o *Options) setBuffering(v given) error {
	name, err := v.enum(typeBuffer, []enumName{{"None", 0}, {"Drop", 1}, {"Block", 2}})
	if name == "None" {
		name = ""
	}
	if err == nil {
		o.OutputBufferingMode = name
	}
	return err
}

func (o *Options) setProxyAccess(v given) error {
	name, err := v.enum(typeAccess, []enumName{{"None", 0}, {"IEConfig", 1}, {"WinHttpConfig", 2}, {"AutoDetect", 4}, {"NoProxyServer", 8}})
	if err == nil {
		o.ProxyAccessType = ProxyAccessType(name)
	}
	if o.ProxyAccessType == "None" {
		o.ProxyAccessType = ProxyNone
	}
	return err
}

func (o *Options) setProxyAuthentication(v given) error {
	name, err := v.enum(typeAuth, []enumName{
		{"Default", 0}, {"Basic", 1}, {"Negotiate", 2}, {"NegotiateWithImplicitCredential", 3}, {"Credssp", 4}, {"Digest", 5}, {"Kerberos", 6},
	})
	switch name {
	case "Basic", "Negotiate", "Digest":
		o.ProxyAuthentication = name
	case "":
		return err
	default:
		return castf("%s cannot be specified as a proxy authentication mechanism. Only Basic,Negotiate or Digest are supported for proxy authentication.", name)
	}
	return err
}

// setProxyCredential takes a user name; its password is asked for.
func (o *Options) setProxyCredential(v given) error {
	if v.Object() != nil {
		if name, ok := v.Object().Get("UserName"); ok {
			v.Value = name
		}
	}
	if v.Kind() != clixml.KindString && !v.IsNull() {
		return castf("%s", notConvertible(v.Value, "System.Management.Automation.PSCredential"))
	}
	o.ProxyCredential = v.Text()
	return nil
}
