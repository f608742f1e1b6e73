package managed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"psdeck/auth"
)

// maxList is how long a list in a file may be, in bytes.
const maxList = 4 << 20

// written is a list as people write it.
type written struct {
	Tenant map[string]struct {
		Name      string `toml:"name"`
		Domain    string `toml:"domain"`
		TenantID  string `toml:"tenant_id"`
		Env       string `toml:"env"`
		Bootstrap string `toml:"bootstrap"`
		ReadOnly  *bool  `toml:"read_only"`
	} `toml:"tenant"`
}

// ReadFile reads a list in TOML: a table [tenant.NAME] for each tenant, with
// domain, tenant_id (one of them has to be there), env, read_only, bootstrap, and a
// name where NAME is not it. A file that is not there is an error that is
// [os.ErrNotExist].
func ReadFile(path string) ([]Tenant, error) {
	bad := func(msg string, cause error) ([]Tenant, error) {
		return nil, &Error{Kind: KindSource, Op: "reading the tenants in " + clean(path, 200), Msg: msg, Hint: "each is a table: [tenant.fabrikam] with domain or tenant_id, and env", Err: cause}
	}
	f, err := os.Open(path)
	if err != nil {
		return bad(clean(withoutPath(err), 200), err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxList+1))
	switch {
	case err != nil:
		return bad(clean(withoutPath(err), 200), err)
	case len(data) > maxList:
		return bad(fmt.Sprintf("it is longer than %d bytes", maxList), nil)
	}
	list, err := parseTOML(data)
	if err != nil {
		return bad(clean(err.Error(), 300), nil)
	}
	return list, nil
}

func withoutPath(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

func parseTOML(data []byte) ([]Tenant, error) {
	var w written
	meta, err := toml.Decode(string(data), &w)
	if err != nil {
		return nil, err
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return nil, fmt.Errorf("there is no setting %s", extra[0])
	}
	var list []Tenant
	for _, name := range slices.Sorted(maps.Keys(w.Tenant)) {
		e := w.Tenant[name]
		t := Tenant{Name: e.Name, Domain: e.Domain, ID: e.TenantID, Env: e.Env, Bootstrap: e.Bootstrap, ReadOnly: e.ReadOnly}
		if t.Name == "" {
			t.Name = name
		}
		if err := t.tidy(); err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, nil
}

// RunCommand takes a list from what a command of the system's shell prints: a
// JSON array of objects, or one object a line, each with name, domain,
// tenant_id, env, read_only and bootstrap, or with the names that Microsoft Graph has for
// them.
func RunCommand(ctx context.Context, command string) ([]Tenant, error) {
	const (
		op   = "running the command of --tenants-command"
		hint = `run the command by itself: it must print JSON such as [{"name": "Fabrikam", "domain": "fabrikam.com", "env": "test"}]`
	)
	out, err := auth.CommandOutput(ctx, op, hint, command)
	if err != nil {
		return nil, err
	}
	list, err := parseJSON(out)
	if err != nil {
		return nil, &Error{Kind: KindSource, Op: op, Msg: "what it printed is no list of tenants: " + clean(err.Error(), 200), Hint: hint}
	}
	return list, nil
}

// printed is a tenant as commands print it.
type printed struct {
	Tenant
	DisplayName       string `json:"displayName"`
	DefaultDomainName string `json:"defaultDomainName"`
	DefaultDomain     string `json:"defaultDomain"`
	CustomerID        string `json:"customerId"`
	TenantID          string `json:"tenantId"`
}

func parseJSON(data []byte) ([]Tenant, error) {
	var all []printed
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '[' {
		if err := json.Unmarshal(text, &all); err != nil {
			return nil, err
		}
	} else {
		for dec := json.NewDecoder(bytes.NewReader(text)); ; {
			var p printed
			err := dec.Decode(&p)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
	}
	var list []Tenant
	for _, p := range all {
		t := p.Tenant
		t.Home = false
		t.Name = orElse(t.Name, p.DisplayName)
		t.Domain = orElse(t.Domain, p.DefaultDomainName, p.DefaultDomain)
		t.ID = orElse(t.ID, p.CustomerID, p.TenantID)
		if err := t.tidy(); err != nil {
			return nil, err
		}
		list = merge(list, t)
	}
	return list, nil
}

func orElse(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return v
		}
	}
	return ""
}
