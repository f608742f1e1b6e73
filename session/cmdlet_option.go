package session

import (
	"maps"
	"slices"
	"time"

	"psdeck/session/clixml"
)

// optionCmdlet makes a PSSessionOption.
func optionCmdlet() *cmdlet {
	return &cmdlet{
		name: "New-PSSessionOption", about: "Makes the options of a session.", class: "Microsoft.PowerShell.Commands.NewPSSessionOptionCommand",
		sets: []string{"[-MaximumRedirection <int>] [-NoCompression] [-NoMachineProfile] [-Culture <CultureInfo>] [-UICulture <CultureInfo>] " +
			"[-MaximumReceivedDataSizePerCommand <int>] [-MaximumReceivedObjectSize <int>] [-OutputBufferingMode <OutputBufferingMode>] " +
			"[-MaxConnectionRetryCount <int>] [-ApplicationArguments <PSPrimitiveDictionary>] [-OpenTimeout <int>] [-CancelTimeout <int>] [-IdleTimeout <int>] " +
			"[-ProxyAccessType <ProxyAccessType>] [-ProxyAuthentication <AuthenticationMechanism>] [-ProxyCredential <pscredential>] " +
			"[-SkipCACheck] [-SkipCNCheck] [-SkipRevocationCheck] [-OperationTimeout <int>] [-NoEncryption] [-UseUTF16] [-IncludePortInSPN]"},
		aliases: "OpenTimeout=OpenTimeoutMSec CancelTimeout=CancelTimeoutMSec IdleTimeout=IdleTimeoutMSec OperationTimeout=OperationTimeoutMSec",
		run:     newPSSessionOption,
	}
}

func newPSSessionOption(c *call) error {
	var o Options
	for _, p := range properties() {
		name := p.name
		if name == "MaximumConnectionRedirectionCount" {
			name = "MaximumRedirection"
		}
		if !c.has(name) {
			continue
		}
		if err := p.set(&o, given{c.value(name), false}); err != nil {
			return c.fail("CannotConvertArgumentNoMessage", "%v", err)
		}
	}
	if err := o.Check(); err != nil {
		return c.fail("NewPSSessionOption", "%v", err)
	}
	c.give(c.desk().keepOptions(o))
	return nil
}

// keepOptions makes the PSSessionOption object of options, and remembers which
// they are: what was not given is for others to fill in.
func (d *Cmdlets) keepOptions(o Options) clixml.Value {
	object := &clixml.Object{TypeNames: []string{typeOption, "System.Object"}, ToString: typeOption, HasToString: true}
	for _, p := range properties() {
		object.Props = append(object.Props, clixml.Property{Name: p.name, Value: o.property(p.name)})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.options == nil {
		d.options = make(map[*clixml.Object]Options)
	}
	d.options[object] = o
	return clixml.Obj(object)
}

// optionsOf are the options that a value says: a PSSessionOption, or a
// hashtable of its properties.
func (d *Cmdlets) optionsOf(v clixml.Value) (Options, error) {
	if object := v.Object(); object != nil {
		d.mu.Lock()
		o, ok := d.options[object]
		d.mu.Unlock()
		if ok {
			return o, nil
		}
	}
	var o Options
	err := o.setFromValue(v)
	return o, err
}

// property is the value of a property as PowerShell shows it.
func (o *Options) property(name string) clixml.Value {
	span := func(d, fallback time.Duration) clixml.Value {
		return clixml.Of(clixml.TimeSpan(orDefault(d, fallback) / 100))
	}
	number := func(n *int, fallback int) clixml.Value {
		if n == nil {
			return clixml.Of(fallback)
		}
		return clixml.Of(*n)
	}
	bytes := func(n int) clixml.Value {
		if n <= 0 {
			return clixml.Null()
		}
		return clixml.Of(n)
	}
	text := func(s string) clixml.Value {
		if s == "" {
			return clixml.Null()
		}
		return clixml.Str(s)
	}
	switch name {
	case "MaximumConnectionRedirectionCount":
		return number(o.MaximumConnectionRedirectionCount, DefaultRedirections)
	case "MaxConnectionRetryCount":
		return number(o.MaxConnectionRetryCount, 0)
	case "NoMachineProfile":
		return clixml.Bool(o.NoMachineProfile != nil && *o.NoMachineProfile)
	case "ProxyAccessType":
		return clixml.Str(o.ProxyAccessType.String())
	case "ProxyAuthentication":
		return clixml.Str(orElse(o.ProxyAuthentication, "Negotiate"))
	case "ProxyCredential":
		return text(o.ProxyCredential)
	case "OutputBufferingMode":
		return clixml.Str(orElse(o.OutputBufferingMode, "None"))
	case "Culture":
		return text(o.Culture)
	case "UICulture":
		return text(o.UICulture)
	case "MaximumReceivedDataSizePerCommand":
		return bytes(o.MaximumReceivedDataSizePerCommand)
	case "MaximumReceivedObjectSize":
		return bytes(o.MaximumReceivedObjectSize)
	case "ApplicationArguments":
		return o.argumentsValue()
	case "OperationTimeout":
		return span(o.OperationTimeout, 3*time.Minute)
	case "OpenTimeout":
		return span(o.OpenTimeout, 3*time.Minute)
	case "CancelTimeout":
		return span(o.CancelTimeout, time.Minute)
	case "IdleTimeout":
		return span(o.IdleTimeout, -time.Millisecond)
	}
	flags := map[string]bool{
		"NoCompression": o.NoCompression, "SkipCACheck": o.SkipCACheck, "SkipCNCheck": o.SkipCNCheck, "SkipRevocationCheck": o.SkipRevocationCheck,
		"NoEncryption": o.NoEncryption, "UseUTF16": o.UseUTF16, "IncludePortInSPN": o.IncludePortInSPN,
	}
	return clixml.Bool(flags[name])
}

func (o *Options) argumentsValue() clixml.Value {
	if len(o.ApplicationArguments) == 0 {
		return clixml.Null()
	}
	d := clixml.PrimitiveDictionary()
	for _, name := range slices.Sorted(maps.Keys(o.ApplicationArguments)) {
		d.Entries = append(d.Entries, clixml.Entry{Key: clixml.Str(name), Value: o.ApplicationArguments[name]})
	}
	return clixml.Obj(d)
}
