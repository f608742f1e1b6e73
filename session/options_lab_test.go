package session_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
	"psdeck/session/lab/endpoint"
)

const (
	oauthURI  = "https://" + lab.AdminHost + "/OcsPowershellOAuth"
	liveIDURI = "https://" + lab.AdminHost + "/OcsPowershellLiveId"
)

func byDevice() session.Target {
	return session.Target{UserName: partner, OverrideAdminDomain: "contoso.example", SignIn: auth.MethodDevice}
}

func byBasic(uri string) session.Target {
	asked := 0
	return session.Target{
		UserName: "admin@contoso.example", OverrideAdminDomain: "contoso.example", OverridePowerShellURI: uri, Authentication: "basic",
		Password: func(context.Context, string) (auth.Secret, error) {
			if asked++; asked > 1 {
				return auth.Secret{}, errors.New("asked twice")
			}
			return auth.NewSecret("Lab-admin-contoso-1!"), nil
		},
	}
}

func (w *world) notes() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var notes []string
	for _, ev := range w.events {
		if n, ok := ev.(session.Noted); ok {
			notes = append(notes, n.Text)
		}
	}
	return strings.Join(notes, "\n")
}

// refused connects and wants an error.
func (w *world) refused(target session.Target) *session.Error {
	w.t.Helper()
	s, err := w.connector.Connect(w.t.Context(), target, w.watch)
	if err == nil {
		_ = s.Close(context.Background())
		w.t.Fatal("connected")
	}
	var e *session.Error
	if !errors.As(err, &e) || len(e.Hints) == 0 {
		w.t.Fatalf("%v: no *session.Error with a hint", err)
	}
	return e
}

func TestASessionInUTF16(t *testing.T) {
	w := newWorld(t, lab.Options{})
	target := byDevice()
	target.Options.UseUTF16 = true
	s := w.connect(target)
	if out, _ := output(t, s, "Get-CsTenant | Select-Object -ExpandProperty DisplayName"); !slices.Equal(out, []string{"Contoso"}) {
		t.Errorf("%q", out)
	}
}

// What does nothing here is said, and refuses nothing.
func TestOptionsForKerberosAreNoted(t *testing.T) {
	w := newWorld(t, lab.Options{})
	target := byDevice()
	target.Options.IncludePortInSPN, target.Options.NoEncryption, target.Options.NoCompression = true, true, true
	w.connect(target)
	for _, want := range []string{"IncludePortInSPN changes nothing", "NoEncryption changes nothing"} {
		if !strings.Contains(w.notes(), want) {
			t.Errorf("no %q in %s", want, w.notes())
		}
	}
}

func TestOpeningIsTriedAgain(t *testing.T) {
	w := newWorld(t, lab.Options{Switches: endpoint.Switches{UnavailableTimes: 2}})
	s := w.connect(byDevice())
	if notes := w.notes(); strings.Count(notes, "trying again") != 2 || !strings.Contains(notes, "503") {
		t.Errorf("%s", notes)
	}
	if n := len(w.lab.Endpoint().Shells()); n != 1 || s.State() != session.Opened {
		t.Errorf("%d shells, %s", n, s.State())
	}
	w = newWorld(t, lab.Options{Switches: endpoint.Switches{UnavailableTimes: 1}})
	target := byDevice()
	target.Options.MaxConnectionRetryCount = new(int)
	if e := w.refused(target); !strings.Contains(e.Error(), "503") {
		t.Error(e)
	}
}

// What came before the limit is kept, and the session goes on.
func TestACommandThatSendsTooMuchEnds(t *testing.T) {
	w := newWorld(t, lab.Options{})
	target := byDevice()
	target.Options.MaximumReceivedDataSizePerCommand = 20_000
	s := w.connect(target)
	run, err := s.Run(t.Context(), "Get-CsOnlineUser", session.RunOptions{})
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	objects := 0
	for {
		records, err := run.Next(t.Context())
		if err != nil {
			break
		}
		for _, r := range records {
			switch r.Stream {
			case session.StreamOutput:
				objects++
			case session.StreamError:
				said = r.Error.Message
			}
		}
	}
	const want = "The total data received from the remote server exceeded the allowed maximum. The allowed maximum is 20000."
	if res := run.Result(); said != want || res.Outcome != session.Failed {
		t.Errorf("%q, %+v", said, res)
	}
	if objects == 0 {
		t.Error("nothing that came before is kept")
	}
	if out, _ := output(t, s, "Get-CsTenant | Select-Object -ExpandProperty DisplayName"); !slices.Equal(out, []string{"Contoso"}) {
		t.Errorf("afterwards: %q", out)
	}
}

func TestRedirectionsAreFollowedWhereAllowed(t *testing.T) {
	w := newWorld(t, lab.Options{Switches: endpoint.Switches{Redirect: liveIDURI, RedirectFrom: "/OcsPowershellOAuth"}})
	target := byBasic(oauthURI)
	target.AllowRedirection = true
	s := w.connect(target)
	if want := liveIDURI + "?AdminDomain=contoso.example"; s.URI() != want {
		t.Errorf("at %s, want %s", s.URI(), want)
	}
	if !strings.Contains(w.notes(), "Your connection has been redirected to the following URI: \""+liveIDURI) {
		t.Error(w.notes())
	}
}

// The question how to sign in may be redirected too; the token is then asked
// for the URI where the session is.
func TestTheTokenIsForWhereTheSessionIs(t *testing.T) {
	w := newWorld(t, lab.Options{Switches: endpoint.Switches{Redirect: oauthURI, RedirectFrom: "/OcsPowershellLiveId"}})
	target := byDevice()
	target.OverridePowerShellURI, target.Authentication, target.AllowRedirection = liveIDURI, "oauth", true
	s := w.connect(target)
	if !strings.HasPrefix(s.URI(), oauthURI) {
		t.Errorf("at %s", s.URI())
	}
	if grants := strings.Join(w.kinds("grant"), "\n"); !strings.Contains(grants, oauthURI) || strings.Contains(grants, liveIDURI) {
		t.Errorf("%s", grants)
	}
}

func TestRedirectionsThatAreNotFollowed(t *testing.T) {
	one, none := 1, 0
	allowed := func(limit *int) func(*session.Target) {
		return func(t *session.Target) { t.AllowRedirection, t.Options.MaximumConnectionRedirectionCount = true, limit }
	}
	for _, tt := range []struct {
		name, to   string
		change     func(*session.Target)
		says, hint string
		class      session.Class
		creates    int
	}{
		{
			"not allowed", "https://elsewhere.example/", func(*session.Target) {},
			`Redirect location reported: https://elsewhere.example/. To automatically connect to the redirected URI, verify the "MaximumConnectionRedirectionCount" property of the session preference variable "PSSessionOption", and use the "AllowRedirection" parameter on the cmdlet.`,
			"--allow-redirection", session.ClassConnect, 1,
		},
		{"a loop, default limit", oauthURI, allowed(nil), "Redirect location reported: " + oauthURI, "5 redirections were followed", session.ClassConnect, 6},
		{"a loop, one", oauthURI, allowed(&one), "Redirect location reported: " + oauthURI, "1 redirections were followed", session.ClassConnect, 2},
		{"none", oauthURI, allowed(&none), "Redirect location reported: " + oauthURI, "0 redirections", session.ClassConnect, 1},
		{"another organisation", "https://elsewhere.example/x", allowed(nil), "redirects to elsewhere.example", "--override-power-shell-uri https://elsewhere.example/x", session.ClassSafety, 1},
		{"plain http", "http://" + lab.AdminHost + "/x", allowed(nil), "not https", "--override-power-shell-uri", session.ClassConnect, 1},
		{"a user name in it", "https://a@" + lab.AdminHost + "/x", allowed(nil), "user name in it", "--override-power-shell-uri", session.ClassConnect, 1},
		{"no host", "https:///x", allowed(nil), "is not a well formatted URI", "--override-power-shell-uri", session.ClassConnect, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, lab.Options{Switches: endpoint.Switches{Redirect: tt.to}})
			target := byBasic(oauthURI)
			tt.change(&target)
			e := w.refused(target)
			if !strings.Contains(e.Error(), tt.says) || e.Class != tt.class {
				t.Errorf("%v (class %d), want %s", e, e.Class, tt.says)
			}
			if hints := strings.Join(e.Hints, "\n"); !strings.Contains(hints, tt.hint) {
				t.Errorf("hints %q, want %s", hints, tt.hint)
			}
			posts := 0
			for _, a := range w.lab.Access() {
				if a.Kind == "wsman" || a.Kind == "challenge" {
					posts++
				}
			}
			if posts != tt.creates {
				t.Errorf("%d requests, want %d", posts, tt.creates)
			}
		})
	}
}

// A token that was given is for one audience and goes to no other.
func TestAGivenTokenDoesNotFollow(t *testing.T) {
	w := newWorld(t, lab.Options{Switches: endpoint.Switches{Redirect: liveIDURI, RedirectFrom: "/OcsPowershellOAuth"}})
	e := w.refused(session.Target{
		AccessToken: auth.NewSecret(jwt(t, map[string]any{
			"aud": oauthURI, "upn": partner, "tid": "x", "exp": time.Now().Add(time.Hour).Unix(),
		})),
		OverrideAdminDomain: "contoso.example", OverridePowerShellURI: oauthURI, AllowRedirection: true,
	})
	var audience *auth.AudienceError
	if !errors.As(e, &audience) || !strings.Contains(e.Error(), liveIDURI) {
		t.Error(e)
	}
}

func jwt(t *testing.T, claims map[string]any) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"none"}`)) + "." + b64(body) + "." + b64([]byte("x"))
}

// proxy is an HTTP proxy in memory that wants a name and a password.
type proxy struct {
	lab *lab.Lab
	mu  sync.Mutex
	log []string
}

func (p *proxy) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr != "proxy.example:3128" {
		return p.lab.Dial(ctx, network, addr)
	}
	here, there := net.Pipe()
	go p.serve(there)
	return here, nil
}

func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return
	}
	user, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(req.Header.Get("Proxy-Authorization"), "Basic "))
	p.mu.Lock()
	p.log = append(p.log, fmt.Sprintf("%s %s %s", req.Method, req.Host, user))
	p.mu.Unlock()
	if string(user) != "me:let me" {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
		return
	}
	far, err := p.lab.Dial(context.Background(), "tcp", req.Host)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(far, c); _ = far.Close() })
	both.Go(func() { _, _ = io.Copy(c, far); _ = c.Close() })
	both.Wait()
}

func TestASessionThroughAProxy(t *testing.T) {
	password := func(context.Context, string) (auth.Secret, error) { return auth.NewSecret("let me"), nil }
	for _, tt := range []struct {
		name       string
		options    session.Options
		through    bool
		says, hint string // "" connects
	}{
		{"none", session.Options{}, false, "", ""},
		{"no proxy server", session.Options{ProxyAccessType: session.ProxyNoServer}, false, "", ""},
		{"with a password", session.Options{ProxyAccessType: session.ProxyIEConfig, ProxyAuthentication: "Basic", ProxyCredential: "me", ProxyPassword: password}, true, "", ""},
		{"a wrong name", session.Options{ProxyAccessType: session.ProxyAutoDetect, ProxyAuthentication: "Basic", ProxyCredential: "you", ProxyPassword: password}, true, "does not accept the credentials (HTTP 407)", "ProxyCredential"},
		{"no name", session.Options{ProxyAccessType: session.ProxyWinHTTPConfig}, true, "HTTP 407", "ProxyAuthentication=Basic"},
		{"not by Basic", session.Options{ProxyAccessType: session.ProxyIEConfig, ProxyCredential: "me", ProxyPassword: password}, false, "Negotiate is not offered here for a proxy", "ProxyAuthentication=Basic"},
		{"nobody to ask", session.Options{ProxyAccessType: session.ProxyIEConfig, ProxyAuthentication: "Basic", ProxyCredential: "me"}, false, "nobody to ask", "--proxy-password-env"},
		{"a name for no proxy", session.Options{ProxyCredential: "me"}, false, "Proxy credentials cannot be specified when using the following proxy access type: None.", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, lab.Options{})
			p := &proxy{lab: w.lab}
			n := &discovery.Network{Dial: p.dial, RootCAs: w.lab.CAPool()}
			w.connector = session.NewConnector(session.ConnectorConfig{
				Network: n, Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example:3128"}),
			})
			target := byBasic(liveIDURI)
			target.Options = tt.options
			if tt.says == "" {
				s := w.connect(target)
				if out, _ := output(t, s, "Get-CsTenant | Select-Object -ExpandProperty DisplayName"); !slices.Equal(out, []string{"Contoso"}) {
					t.Errorf("%q", out)
				}
				_ = s.Close(t.Context())
			} else {
				e := w.refused(target)
				if hints := strings.Join(e.Hints, "\n"); !strings.Contains(e.Error(), tt.says) || !strings.Contains(hints, tt.hint) {
					t.Errorf("%v (%s), want %s (%s)", e, hints, tt.says, tt.hint)
				}
				if strings.Contains(e.Error(), "let me") {
					t.Error("the error shows the password")
				}
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if through := len(p.log) > 0; through != tt.through {
				t.Errorf("%q", p.log)
			}
			for _, line := range p.log {
				if !strings.HasPrefix(line, "CONNECT "+lab.AdminHost+":443 ") {
					t.Errorf("%q", line)
				}
			}
		})
	}
}
