package session

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"psdeck/session/clixml"
)

// optionSetters are the PSSessionOption properties by their names in lower
// case. Those that change nothing here say why.
func (o *Options) setters() map[string]func(string) error {
	return map[string]func(string) error{
		"opentimeout":      func(v string) error { return setTime(&o.OpenTimeout, v) },
		"operationtimeout": func(v string) error { return setTime(&o.OperationTimeout, v) },
		"canceltimeout":    func(v string) error { return setTime(&o.CancelTimeout, v) },
		"idletimeout":      o.setIdleTimeout,
		"culture":          func(v string) error { o.Culture = v; return nil },
		"uiculture":        func(v string) error { o.UICulture = v; return nil },
		"nomachineprofile": o.setNoMachineProfile,
		"skipcacheck":      func(v string) error { return setBool(&o.SkipCACheck, v) },
		"skipcncheck":      func(v string) error { return setBool(&o.SkipCNCheck, v) },
		// Certificates are never looked up in revocation lists here, and data
		// always goes uncompressed: both values mean the same.
		"skiprevocationcheck": func(v string) error { return setBool(new(bool), v) },
		"nocompression":       func(v string) error { return setBool(new(bool), v) },
		"maximumreceivedobjectsize": func(v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n <= 0 {
				return fmt.Errorf("%q is not a number of bytes", v)
			}
			o.MaximumReceivedObjectSize = n
			return nil
		},
	}
}

// Set sets a PSSessionOption property by name, compared without case. Times
// are whole milliseconds, or a Go duration ("15m"), or hours, minutes and
// seconds ("00:15:00"). "ApplicationArguments.Name" sets one argument.
func (o *Options) Set(name, value string) error {
	if key, ok := cutPrefixFold(name, "ApplicationArguments."); ok && key != "" {
		if o.ApplicationArguments == nil {
			o.ApplicationArguments = make(map[string]string)
		}
		o.ApplicationArguments[key] = value
		return nil
	}
	set, ok := o.setters()[strings.ToLower(name)]
	if !ok {
		return fmt.Errorf("session option %q is not one that can be set", name)
	}
	if err := set(value); err != nil {
		return fmt.Errorf("session option %s: %w", name, err)
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return "", false
}

// setFromHashtable sets every entry of a hashtable as typed at a prompt.
func (o *Options) setFromHashtable(h *clixml.Object) error {
	for _, e := range h.Entries {
		name := e.Key.String()
		if strings.EqualFold(name, "ApplicationArguments") {
			args := e.Value.Object()
			if args == nil || args.Kind != clixml.Dict {
				return fmt.Errorf("session option %s wants a hashtable", name)
			}
			for _, a := range args.Entries {
				if err := o.Set("ApplicationArguments."+a.Key.String(), a.Value.String()); err != nil {
					return err
				}
			}
			continue
		}
		if err := o.Set(name, e.Value.String()); err != nil {
			return err
		}
	}
	return nil
}

func (o *Options) setIdleTimeout(v string) error {
	var d time.Duration
	if err := setTime(&d, v); err != nil {
		return err
	}
	if d < time.Minute {
		return fmt.Errorf("the specified IdleTimeout session option %d (seconds) is not a valid period. Specify an IdleTimeout value that is greater than or equal to the minimum allowed 60 (seconds)", int(d.Seconds()))
	}
	o.IdleTimeout = d
	return nil
}

func (o *Options) setNoMachineProfile(v string) error {
	var b bool
	if err := setBool(&b, v); err != nil {
		return err
	}
	o.NoMachineProfile = &b
	return nil
}

func setBool(dst *bool, v string) error {
	b, err := strconv.ParseBool(strings.TrimPrefix(strings.ToLower(v), "$"))
	if err != nil {
		return fmt.Errorf("%q is neither true nor false", v)
	}
	*dst = b
	return nil
}

func setTime(dst *time.Duration, v string) error {
	d, err := parseTime(v)
	if err != nil {
		return err
	}
	*dst = d
	return nil
}

func parseTime(v string) (time.Duration, error) {
	if ms, err := strconv.ParseInt(v, 10, 64); err == nil && ms >= 0 {
		return time.Duration(ms) * time.Millisecond, nil
	}
	if d, err := time.ParseDuration(v); err == nil && d >= 0 {
		return d, nil
	}
	var h, m, s int
	if n, err := fmt.Sscanf(v, "%d:%d:%d", &h, &m, &s); err == nil && n == 3 && h >= 0 && m >= 0 && m < 60 && s >= 0 && s < 60 {
		return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second, nil
	}
	return 0, fmt.Errorf("%q is not a time: give whole milliseconds, or a form like 15m or 00:15:00", v)
}
