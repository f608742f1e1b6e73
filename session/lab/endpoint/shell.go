package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/lab/runspace"
	"psdeck/session/psrp"
)

// shell is one runspace pool, or one command shell, of one user.
type shell struct {
	server *Server
	id     string
	name   string
	owner  Identity
	target *url.URL // of the request that created it
	cookie string
	uri    string // the resource URI, as the client wrote it

	ctx    context.Context
	cancel context.CancelFunc
	psrp   *psrp.Server
	out    *outbox // of the pool
	// console is not nil in a command shell: psrp and out are idle then.
	console *console
	// feeding keeps what one stream brings in its order.
	feeding sync.Mutex

	mu        sync.Mutex
	pool      *pool // nil until the client has asked to open
	tenant    string
	commands  map[string]*command // by upper-case id
	pipelines map[uuid.UUID]*command
	created   time.Time
	used      time.Time // of the last request
	received  time.Time // of the last Receive
	parked    int       // Receives that wait
	detached  bool      // Disconnected
	// link ends when the client leaves, and with it the Receives that wait.
	link       context.Context
	unlink     context.CancelFunc
	idle       time.Duration  // how long nobody need ask anything
	buffering  string         // Block or Drop
	private    *clixml.Object // ApplicationPrivateData, for clients that connect
	sessionKey []byte         // of SecureStrings, up to protocol 2.3
}

func (sh *shell) key() string { return strings.ToUpper(sh.id) }

// create opens a shell.
func (x *exchange) create() (*answer, *Fault) {
	s := x.server
	body := x.req.Body.Shell
	if body == nil {
		return nil, faultXML()
	}
	if !s.serves(x.req.Header.ResourceURI, x.http.URL) {
		return nil, faultResource(x.req.Header.ResourceURI)
	}
	if x.switches.QuotaFault {
		return nil, faultShellQuota(s.cfg.MaxShellsPerUser)
	}
	creation, fault := decodeBase64(body.CreationXML)
	if fault != nil {
		return nil, fault
	}
	sh, fault := s.newShell(x, body)
	if fault != nil {
		return nil, fault
	}
	if sh.console == nil {
		if fault := sh.feed(uuid.Nil, psrp.StreamStdin, creation); fault != nil {
			s.mu.Lock()
			delete(s.shells, sh.key())
			s.mu.Unlock()
			sh.close(fault)
			return nil, fault
		}
	}
	return x.req.reply(actionCreate+"Response", "<x:ResourceCreated><a:Address>"+escape(x.address())+"</a:Address><a:ReferenceParameters>"+
		"<w:ResourceURI>"+escape(sh.uri)+`</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">`+escape(sh.id)+"</w:Selector></w:SelectorSet>"+
		"</a:ReferenceParameters></x:ResourceCreated>"+sh.describe()), nil
}

// newShell puts a shell into the table, where the user's quota has room.
func (s *Server) newShell(x *exchange, body *shellBody) (*shell, *Fault) {
	id := body.ShellID
	if id == "" {
		id = strings.ToUpper(uuid.NewString())
	}
	x.entry.ShellID = strings.ToUpper(id)
	size := min(psrp.DefaultFragmentSize, (s.cfg.MaxEnvelopeSize-envelopeOverhead)*3/4)
	if n := x.switches.FragmentSize; n > 0 {
		size = min(size, n)
	}
	now := s.cfg.Now()
	sh := &shell{
		server: s, id: id, name: body.Name, owner: x.identity, target: x.http.URL, cookie: x.cookie, uri: x.req.Header.ResourceURI,
		psrp: psrp.NewServer(psrp.ServerConfig{Protocol: s.cfg.Protocol, FragmentSize: size}), out: newOutbox(),
		commands: map[string]*command{}, pipelines: map[uuid.UUID]*command{}, created: now, used: now, received: now,
		idle: s.cfg.IdleTimeout, buffering: bufferBlock,
	}
	sh.link, sh.unlink = context.WithCancel(context.Background())
	if strings.EqualFold(sh.uri, resourceCommand) {
		sh.console = newConsole(body)
	}
	sh.ctx, sh.cancel = context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, other := range s.shells {
		if other.owner.User == sh.owner.User {
			count++
		}
	}
	switch {
	case s.ctx.Err() != nil:
		return nil, faultAborted()
	case s.shells[sh.key()] != nil:
		return nil, faultShellExists()
	case count >= s.cfg.MaxShellsPerUser:
		return nil, faultShellQuota(s.cfg.MaxShellsPerUser)
	}
	s.shells[sh.key()] = sh
	return sh, nil
}

func (s *Server) serves(uri string, at *url.URL) bool {
	if strings.EqualFold(uri, resourceCommand) {
		return s.cfg.CommandShells != nil && s.cfg.CommandShells(at)
	}
	for _, c := range s.cfg.Configurations {
		if strings.EqualFold(c, uri) {
			return true
		}
	}
	return len(s.cfg.Configurations) == 0 && strings.HasPrefix(strings.ToLower(uri), "http://schemas.microsoft.com/powershell/")
}

func (x *exchange) address() string {
	scheme := "http"
	if x.http.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + x.http.Host + x.http.URL.RequestURI()
}

// close ends the shell: pipelines are stopped, Receives get f.
func (sh *shell) close(f *Fault) {
	// Last, or a pipeline could still tell a parked Receive that it was stopped.
	defer sh.cancel()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, c := range sh.commands {
		c.close(f)
	}
	sh.out.end(f)
}

func (sh *shell) touch() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.used = sh.server.cfg.Now()
}

// expired tells that nobody has asked anything for too long; a parked Receive asks.
func (sh *shell) expired() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.parked == 0 && sh.server.cfg.Now().Sub(sh.used) > sh.idle
}

// disconnected tells whether the shell is, by request or by itself.
func (sh *shell) disconnected(auto time.Duration) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if auto > 0 && sh.parked == 0 && sh.server.cfg.Now().Sub(sh.received) > auto {
		sh.detached = true
	}
	return sh.detached
}

func (sh *shell) command(id string) *command {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.commands[strings.ToUpper(id)]
}

func (sh *shell) state() string {
	if sh.detached {
		return "Disconnected"
	}
	return "Connected"
}

func (sh *shell) info() ShellInfo {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return ShellInfo{
		ID: sh.id, Name: sh.name, User: sh.owner.User, Tenant: sh.tenant, AdminDomain: adminDomain(sh.target),
		State: sh.state(), Created: sh.created, Commands: len(sh.commands),
	}
}

// describe gives the rsp:Shell element ([MS-WSMV] 2.2.4.36).
func (sh *shell) describe() string {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	seconds := func(d time.Duration) string { return fmt.Sprintf("P0DT0H0M%dS", int(d.Seconds())) }
	now := sh.server.cfg.Now()
	name, streams := "", "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>"
	if sh.console != nil {
		streams = "<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams>"
	}
	if sh.name != "" {
		name = "<rsp:Name>" + escape(sh.name) + "</rsp:Name>"
	}
	return `<rsp:Shell xmlns:rsp="` + nsShell + `"><rsp:ShellId>` + escape(sh.id) + "</rsp:ShellId>" + name +
		"<rsp:ResourceUri>" + escape(sh.uri) + "</rsp:ResourceUri><rsp:Owner>" + escape(sh.owner.User) + "</rsp:Owner>" +
		"<rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:ProcessId>4711</rsp:ProcessId>" +
		fmt.Sprintf("<rsp:IdleTimeOut>PT%.3fS</rsp:IdleTimeOut>", sh.idle.Seconds()) +
		streams + "<rsp:MaxIdleTimeOut>PT2147483.647S</rsp:MaxIdleTimeOut><rsp:Locale>en-US</rsp:Locale><rsp:DataLocale>en-US</rsp:DataLocale>" +
		"<rsp:CompressionMode>NoCompression</rsp:CompressionMode><rsp:ProfileLoaded>Yes</rsp:ProfileLoaded><rsp:Encoding>UTF8</rsp:Encoding>" +
		"<rsp:BufferMode>" + sh.buffering + "</rsp:BufferMode><rsp:State>" + sh.state() + "</rsp:State>" +
		"<rsp:ShellRunTime>" + seconds(now.Sub(sh.created)) + "</rsp:ShellRunTime><rsp:ShellInactivity>" + seconds(now.Sub(sh.used)) + "</rsp:ShellInactivity></rsp:Shell>"
}

func (sh *shell) describeCommands() string {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	var b strings.Builder
	for _, c := range sh.commands {
		b.WriteString(`<rsp:Command xmlns:rsp="` + nsShell + `"><rsp:CommandId>` + escape(c.id) +
			"</rsp:CommandId><rsp:CommandLine></rsp:CommandLine><rsp:CommandState>Running</rsp:CommandState></rsp:Command>")
	}
	return b.String()
}

// feed takes bytes of a stream, of the pool or of a command, and acts on what
// they say.
func (sh *shell) feed(id uuid.UUID, stream string, data []byte) *Fault {
	sh.feeding.Lock()
	defer sh.feeding.Unlock()
	events, err := sh.psrp.Feed(id, stream, data)
	for _, e := range events {
		if fault := sh.handle(e); fault != nil {
			return fault
		}
	}
	return feedFault(err)
}

func feedFault(err error) *Fault {
	var version *psrp.VersionError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &version):
		return sender(codeProtocolVersion, "w:InternalError", "The remote session could not be started: "+err.Error()+" ")
	}
	return sender(codeInvalidXML, "w:InternalError", "The WSMan provider host process did not return a proper response: "+err.Error()+" ")
}

func (sh *shell) handle(e psrp.Event) *Fault {
	switch e := e.(type) {
	case psrp.OpenRequested:
		return sh.open(e)
	case psrp.PipelineRequested:
		sh.run(e)
	case psrp.CommandMetadataRequested:
		sh.metadata(e)
	case psrp.InputReceived:
		sh.withPipeline(e.Pipeline(), func(c *command) { c.input.put(e.Value) })
	case psrp.InputEnded:
		sh.withPipeline(e.Pipeline(), func(c *command) { c.input.close() })
	case psrp.HostResponded:
		sh.withPipeline(e.PipelineID, func(c *command) { c.answered(e.HostResponse) })
	case psrp.PoolRequest:
		sh.poolRequest(e)
	case psrp.PublicKeyReceived:
		sh.exchangeKey(e.Key)
	case psrp.DecodeFailed:
		sh.withPipeline(e.Pipeline(), func(c *command) { c.undecodable(e) })
	}
	return nil
}

func (sh *shell) withPipeline(id uuid.UUID, do func(*command)) {
	sh.mu.Lock()
	c := sh.pipelines[id]
	sh.mu.Unlock()
	if c != nil {
		do(c)
	}
}

// open answers INIT_RUNSPACEPOOL.
func (sh *shell) open(e psrp.OpenRequested) *Fault {
	opts, err := sh.server.cfg.Open(sh.owner, sh.target, e.ApplicationArguments)
	var fault *Fault
	if errors.As(err, &fault) {
		return fault
	}
	if err != nil {
		sh.refuse(err)
		return nil
	}
	o := *opts
	o.Host, o.Unseal = e.Host, sh.unseal
	if o.Now == nil {
		o.Now = sh.server.cfg.Now
	}
	private := clixml.PrimitiveDictionary(append([]clixml.Entry{{Key: clixml.Str("PSVersionTable"), Value: clixml.Obj(versionTable(sh.psrp.Protocol()))}}, o.PrivateData...)...)
	sh.mu.Lock()
	sh.pool, sh.tenant, sh.private = newPool(o, e.Max), o.Tenant, private
	sh.mu.Unlock()
	out, err := sh.psrp.Opened(private)
	if err != nil {
		sh.refuse(err)
		return nil
	}
	sh.tell(out)
	return nil
}

// refuse opens the conversation only to say that the pool is broken.
func (sh *shell) refuse(err error) {
	var rec *psrp.ErrorRecord
	if !errors.As(err, &rec) {
		rec = runspace.NewError("RunspacePoolOpenFailed", "OpenError", err.Error(), clixml.Null())
	}
	if out, err := sh.psrp.Capability(); err == nil {
		sh.tell(out)
	}
	sh.tell(sh.psrp.PoolState(psrp.PoolBroken, rec))
}

// tell sends fragments of the pool.
func (sh *shell) tell(out psrp.Outgoing) { _ = sh.out.put(sh.ctx, out.Fragments) }

// versionTable describes the PowerShell that the lab says it is.
func versionTable(protocol string) *clixml.Object {
	version := func(s string) clixml.Value { return clixml.Of(clixml.Version(s)) }
	entry := func(name string, v clixml.Value) clixml.Entry { return clixml.Entry{Key: clixml.Str(name), Value: v} }
	compatible := clixml.Array(version("1.0"), version("2.0"), version("3.0"), version("4.0"), version("5.0"), version("5.1.14393.5066"))
	compatible.TypeNames[0] = "System.Version[]"
	return clixml.PrimitiveDictionary(
		entry("PSVersion", version("5.1.14393.5066")), entry("PSEdition", clixml.Str("Desktop")),
		entry("PSCompatibleVersions", clixml.Obj(compatible)), entry("CLRVersion", version("4.0.30319.42000")),
		entry("BuildVersion", version("10.0.14393.5066")), entry("WSManStackVersion", version("3.0")),
		entry("PSRemotingProtocolVersion", version(protocol)), entry("SerializationVersion", version("1.1.0.1")),
	)
}
