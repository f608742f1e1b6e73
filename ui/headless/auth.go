package headless

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"psdeck/auth"
	"psdeck/session"
	"psdeck/session/safetext"
)

// AuthConfig is one call of auth.
type AuthConfig struct {
	Verb      string // list, login or logout
	Account   string // of logout: a user name; empty where only one is there
	All       bool   // of logout: every account
	Broker    *auth.Broker
	Connector *session.Connector
	Target    session.Target // of login; of logout, its Tenant
	JSON      bool           // of list
	Now       func() time.Time

	Stdout, Stderr io.Writer
	// Interactive tells that a person reads standard error.
	Interactive bool
}

// Auth lists the accounts that are signed in, signs one in, or drops what is
// kept of one, and returns the exit code.
func Auth(ctx context.Context, cfg AuthConfig) int {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Stderr = &sharedWriter{w: cfg.Stderr}
	run := map[string]func(context.Context) error{"list": cfg.list, "login": cfg.login, "logout": cfg.logout}[cfg.Verb]
	if run == nil {
		return Report(cfg.Stderr, usage(errors.New("auth wants list, login or logout"), "for example: psdeck auth login admin@contoso.com"))
	}
	err := run(ctx)
	where := cfg.Broker.Where()
	for _, note := range append(cfg.Broker.Notes(), where) {
		if note != "" && (note != where || cfg.Verb == "list") {
			say(cfg.Stderr, "psdeck: ", note)
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return ExitInterrupted
	case err != nil:
		return Report(cfg.Stderr, session.Explain("", err))
	}
	return ExitDone
}

func (cfg *AuthConfig) login(ctx context.Context) error {
	account, err := signingIn(ctx, narrator{cfg.Stderr, cfg.Interactive}, cfg.Target, cfg.Connector.SignIn)
	if err == nil {
		say(cfg.Stderr, "psdeck: signed in as ", account.Name())
	}
	return err
}

// keptLine is an account as auth list --output json prints it.
type keptLine struct {
	Account    string      `json:"account"`
	HomeTenant string      `json:"home_tenant,omitempty"`
	Authority  string      `json:"authority"`
	ClientID   string      `json:"client_id"`
	Renewable  bool        `json:"renewable"`
	Tokens     []tokenLine `json:"tokens"`
}

type tokenLine struct {
	Tenant      string    `json:"tenant"`
	Scopes      []string  `json:"scopes"`
	Expires     time.Time `json:"expires"`
	SecondsLeft int64     `json:"seconds_left"`
}

func (cfg *AuthConfig) list(ctx context.Context) error {
	kept, err := cfg.Broker.Kept(ctx)
	if err != nil {
		return err
	}
	if cfg.JSON {
		return cfg.listJSON(kept)
	}
	if len(kept) == 0 {
		say(cfg.Stderr, "psdeck: ", "nobody is signed in")
		return nil
	}
	w := tabwriter.NewWriter(cfg.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ACCOUNT\tTENANT\tSCOPES\tTIME LEFT\tAUTHORITY\tCLIENT")
	for _, k := range kept {
		for _, t := range append(k.Tokens, auth.KeptToken{})[:max(1, len(k.Tokens))] {
			cells := []string{k.Account.Name(), orDash(t.Tenant), orDash(strings.Join(t.Scopes, " ")), cfg.left(k, t), k.Authority, k.ClientID}
			for i, c := range cells {
				cells[i] = safetext.Clean(c)
			}
			fmt.Fprintln(w, strings.Join(cells, "\t"))
		}
	}
	return w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// left says how long a token is good, and what comes after it.
func (cfg *AuthConfig) left(k auth.Kept, t auth.KeptToken) string {
	text := "ended"
	if d := t.Expires.Sub(cfg.Now()); t.Expires.IsZero() {
		text = "-"
	} else if d > 0 {
		text = d.Truncate(time.Second).String()
	}
	if k.Renewable {
		text += ", renews"
	}
	return text
}

func (cfg *AuthConfig) listJSON(kept []auth.Kept) error {
	lines := make([]keptLine, len(kept))
	for i, k := range kept {
		_, home, _ := strings.Cut(k.Account.HomeAccountID, ".")
		lines[i] = keptLine{Account: k.Account.Name(), HomeTenant: home, Authority: k.Authority, ClientID: k.ClientID, Renewable: k.Renewable, Tokens: []tokenLine{}}
		for _, t := range k.Tokens {
			lines[i].Tokens = append(lines[i].Tokens, tokenLine{t.Tenant, t.Scopes, t.Expires.UTC(), max(0, int64(t.Expires.Sub(cfg.Now())/time.Second))})
		}
	}
	enc := json.NewEncoder(cfg.Stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(lines)
}

// logout drops an account, or what one tenant issued to it.
func (cfg *AuthConfig) logout(ctx context.Context) error {
	chosen, err := cfg.chosen(ctx)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, k := range chosen {
		if done[k.Account.HomeAccountID] {
			continue
		}
		done[k.Account.HomeAccountID] = true
		if cfg.Target.Tenant != "" {
			err = cfg.logoutTenant(ctx, k)
		} else if err = cfg.Broker.Forget(ctx, k.Account); err == nil {
			say(cfg.Stderr, "psdeck: signed out ", k.Account.Name())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (cfg *AuthConfig) logoutTenant(ctx context.Context, k auth.Kept) error {
	tenant, err := cfg.Connector.TenantID(ctx, k.Authority, cfg.Target.Tenant)
	if err != nil {
		return err
	}
	n, err := cfg.Broker.ForgetTenant(ctx, k.Account, tenant)
	if err != nil {
		return err
	}
	words := fmt.Sprintf("%d tokens", n)
	if n == 1 {
		words = "one token"
	}
	say(cfg.Stderr, "psdeck: ", fmt.Sprintf("dropped %s of tenant %s of %s; the sign-in itself stays", words, tenant, k.Account.Name()))
	return nil
}

// chosen are the accounts that logout means.
func (cfg *AuthConfig) chosen(ctx context.Context) ([]auth.Kept, error) {
	kept, err := cfg.Broker.Kept(ctx)
	if err != nil {
		return nil, err
	}
	var list []auth.Kept
	names := map[string]bool{}
	for _, k := range kept {
		names[k.Account.Name()] = true
		if cfg.All || cfg.Account == "" || strings.EqualFold(cfg.Account, k.Account.UserName) {
			list = append(list, k)
		}
	}
	const next = "psdeck auth list shows who is signed in"
	switch {
	case cfg.All && cfg.Account != "":
		return nil, usage(errors.New("--all and an account exclude each other"), "leave one of them out")
	case len(list) == 0 && cfg.Account != "":
		return nil, usage(fmt.Errorf("%s is not signed in", cfg.Account), next)
	case len(list) == 0:
		return nil, usage(errors.New("nobody is signed in"), "psdeck auth login signs in")
	case cfg.Account == "" && !cfg.All && len(names) > 1:
		return nil, usage(errors.New("several accounts are signed in"), "name one of them, or --all; "+next)
	}
	return list, nil
}
