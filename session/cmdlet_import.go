package session

import (
	"fmt"
	"slices"
	"strings"

	"psdeck/session/clixml"
	"psdeck/session/format"
	"psdeck/session/pipeline"
	"psdeck/session/pslang"
	"psdeck/session/psrp"
)

// clientVersion is the PowerShell whose view definitions are asked for.
const clientVersion = clixml.Version("7.6.5")

// proxy is an imported command: it runs in the session that it came from.
type proxy struct {
	name, remote, prefix string
	entry                *entry
	module               *imported
	parameters           []parameter // without the common ones that act on this side
}

func importCmdlet() *cmdlet {
	return &cmdlet{
		name: "Import-PSSession", about: "Makes a session's commands usable where it is typed; they go on running there.", class: "Microsoft.PowerShell.Commands.ImportPSSessionCommand", aliases: "CommandName=Name ArgumentList=Args Module=PSSnapin CommandType=Type", pipe: "Session",
		sets: []string{"[-Session] <PSSession> [[-CommandName] <string[]>] [[-FormatTypeName] <string[]>] [-Prefix <string>] [-DisableNameChecking] [-AllowClobber] " +
			"[-ArgumentList <Object[]>] [-CommandType <CommandTypes>] [-Module <string[]>] [-FullyQualifiedModule <ModuleSpecification[]>] [-Certificate <X509Certificate2>]"},
		check: checkImport, run: importPSSession,
	}
}

// importPSSession makes commands of a session usable where it is typed, as
// PowerShell's own client asks for them: GET_COMMAND_METADATA, then the views.
func importPSSession(c *call) error {
	e := c.sessionsOf("Session")[0]
	if err := e.away(); err != nil {
		return err
	}
	if v := c.console.crossing(e.live, c.text("Prefix"), c.on("AllowClobber")); v.Decision != Allowed && !c.options.Confirmed {
		return &ConfirmationError{v.reaching(e.live)}
	}
	query := psrp.CommandMetadata{Names: c.texts("CommandName"), Types: c.commandTypes(), Namespace: c.modules()}
	if len(query.Names) == 0 {
		query.Names = []string{"*"}
	}
	if c.has("ArgumentList") {
		query.Arguments = c.list("ArgumentList")
	}
	c.out.run.reach(c.ctx, e.live)
	found, err := e.live.CommandMetadata(c.ctx, query)
	if err != nil {
		return err
	}
	views, err := c.askViews(e.live)
	if err != nil {
		return err
	}
	proxies := c.proxies(e, found)
	if len(proxies) == 0 {
		return c.fail("ErrorNoResultsFromRemoteEnd", "Running the Get-Command command in a remote session returned no results that can be used here.")
	}
	if !c.on("DisableNameChecking") {
		c.checkNames(proxies)
	}
	m := newImported(e)
	for _, p := range proxies {
		p.module = m
	}
	c.console.take(m, proxies, views)
	c.give(m.object(proxies))
	return nil
}

// checkImport refuses what no import can take.
func checkImport(b bound) (id, text string) {
	if b.has("Certificate") {
		return "CertificateNotUsable", "imported commands are not kept as a module here, so that nothing is there to be signed: leave -Certificate out"
	}
	for _, r := range b.text("Prefix") {
		if r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') {
			return "InvalidPrefix", fmt.Sprintf("the prefix %q cannot stand in a command's name: %q is in it; use letters, digits and underscores", b.text("Prefix"), r)
		}
	}
	return "", ""
}

// commandTypes are the kinds of command that are wanted.
func (c *call) commandTypes() psrp.CommandTypes {
	if !c.has("CommandType") {
		return psrp.CommandRemotable
	}
	return typesOf(c.text("CommandType"))
}

// typesOf reads the names of kinds of command.
func typesOf(names string) (types psrp.CommandTypes) {
	for name := range strings.SplitSeq(names, ",") {
		for _, e := range enumNames("CommandTypes") {
			if strings.EqualFold(strings.TrimSpace(name), e.name) {
				types |= psrp.CommandTypes(e.number)
			}
		}
	}
	return types
}

// modules are those whose commands are wanted; none: of all.
func (c *call) modules() []string {
	names := append([]string{}, c.texts("Module")...)
	for _, v := range c.list("FullyQualifiedModule") {
		if o := v.Object(); o != nil {
			v, _ = o.Lookup("ModuleName")
		}
		names = append(names, v.String())
	}
	return names
}

// imports tells whether a command is of a kind and a module that are wanted:
// not every server heeds both.
func (c *call) imports(command *clixml.Object) bool {
	if kind, ok := command.Get("CommandType"); ok && !kind.IsNull() && typesOf(kind.String())&c.commandTypes() == 0 {
		return false
	}
	modules := c.modules()
	of, _ := command.Get("Namespace")
	return len(modules) == 0 || slices.ContainsFunc(modules, func(pattern string) bool { return matches(pattern, of.String()) })
}

// askViews asks for the server's views, unless only commands were named. They
// are asked for twice, first counted, as PowerShell does.
func (c *call) askViews(s *Session) (*format.Views, error) {
	types := c.texts("FormatTypeName")
	if len(types) == 0 && c.has("CommandName") {
		return nil, nil
	}
	if len(types) == 0 {
		types = []string{"*"}
	}
	get := psrp.Command{Name: "Get-FormatData", Parameters: []psrp.Parameter{
		{Name: "TypeName", Value: clixml.Obj(stringList(types))}, {Name: "PowerShellVersion", Value: clixml.Of(clientVersion)},
	}}
	var values []clixml.Value
	for _, p := range []psrp.Pipeline{psrp.Commands(get, psrp.Command{Name: "Measure-Object"}), psrp.Commands(get)} {
		var end pipelineEnd
		var err error
		if values, end, err = s.askInTurn(c.ctx, c.out.run, p); err != nil {
			return nil, err
		}
		if end.err != nil {
			c.warn("the server gives no views: " + end.err.Message)
			return nil, nil
		}
	}
	views, err := format.ReadViews(values, types...)
	if err != nil {
		c.warn("the server's views are left out: " + err.Error())
		return nil, nil
	}
	return views, nil
}

func stringList(texts []string) *clixml.Object {
	o := &clixml.Object{TypeNames: []string{"System.String[]", "System.Array", "System.Object"}, Kind: clixml.List}
	for _, t := range texts {
		o.Items = append(o.Items, clixml.Str(t))
	}
	return o
}

// proxies are the commands that can be used here, by name.
func (c *call) proxies(e *entry, found []clixml.Value) []*proxy {
	var out []*proxy
	var shadowing []string
	for _, v := range found {
		remote, _ := v.Object().Get("Name")
		if v.Object() == nil || slices.ContainsFunc(e.live.notImported(), func(name string) bool { return strings.EqualFold(name, remote.String()) }) || !c.imports(v.Object()) {
			continue
		}
		p := &proxy{name: prefixed(remote.String(), c.text("Prefix")), remote: remote.String(), prefix: c.text("Prefix"), entry: e, parameters: withCommon(metadataOf(v.Object()))}
		if !plainASCII(p.name) || c.console.cmdletOf(&pslang.Command{Name: p.name}, SendCommands) != nil {
			continue // it would pass for something else
		}
		if (pipeline.Known(p.name) || defaultFunctions[strings.ToLower(p.name)]) && !c.on("AllowClobber") {
			shadowing = append(shadowing, p.name)
			continue
		}
		out = append(out, p)
	}
	if len(shadowing) > 0 {
		c.warn(fmt.Sprintf("Proxy creation has been skipped for the following command: '%s', because it would shadow an existing local command. "+
			"Use the AllowClobber parameter if you want to shadow existing local commands.", strings.Join(shadowing, ", ")))
	}
	return out
}

// approvedVerbs are those of PowerShell's Get-Verb.
var approvedVerbs = verbSet("Add Clear Close Copy Enter Exit Find Format Get Hide Join Lock Move New Open Optimize Pop Push Redo Remove Rename Reset Resize Search Select Set Show Skip Split Step Switch Undo Unlock Watch " +
	"Connect Disconnect Read Receive Send Write " +
	"Backup Checkpoint Compare Compress Convert ConvertFrom ConvertTo Dismount Edit Expand Export Group Import Initialize Limit Merge Mount Out Publish Restore Save Sync Unpublish Update " +
	"Debug Measure Ping Repair Resolve Test Trace " +
	"Approve Assert Build Complete Confirm Deny Deploy Disable Enable Install Invoke Register Request Restart Resume Start Stop Submit Suspend Uninstall Unregister Wait " +
	"Use Block Grant Protect Revoke Unblock Unprotect")

// checkNames warns of verbs that nobody would look for.
func (c *call) checkNames(proxies []*proxy) {
	var odd []string
	for _, p := range proxies {
		if verb, _, ok := strings.Cut(strings.ToLower(p.name), "-"); ok && !approvedVerbs[verb] {
			odd = append(odd, p.name)
		}
	}
	if len(odd) > 0 {
		slices.Sort(odd)
		c.warn("Get-Verb does not list the verbs of some imported commands: " + strings.Join(odd, ", "))
	}
}

// defaultFunctions are what every PowerShell has of its own.
var defaultFunctions = verbSet("cd.. cd\\ Clear-Host exec help oss mkdir Pause prompt TabExpansion2")

// notImported are the commands that a server offers only so that it can be
// asked: its own list, or PowerShell's.
func (s *Session) notImported() []string {
	if private := s.PrivateData(); private != nil {
		if remoting, ok := private.Lookup("ImplicitRemoting"); ok {
			if skip, ok := remoting.Object().Lookup("CommandsToSkip"); ok {
				var names []string
				for _, v := range unroll(skip) {
					names = append(names, v.String())
				}
				return names
			}
		}
	}
	return []string{"Get-Command", "Get-FormatData", "Get-Help", "Select-Object", "Measure-Object", "Exit-PSSession", "Out-Default"}
}

// prefixed puts a prefix before the noun of a name.
func prefixed(name, prefix string) string {
	verb, noun, ok := strings.Cut(name, "-")
	if !ok {
		return prefix + name
	}
	return verb + "-" + prefix + noun
}

// metadataOf are the parameters of a command as the server describes them.
func metadataOf(o *clixml.Object) []parameter {
	table, _ := o.Get("Parameters")
	if table.Object() == nil {
		return nil
	}
	var out []parameter
	for _, entry := range table.Object().Entries {
		p := parameter{name: entry.Key.String(), typ: "Object"}
		if about := entry.Value.Object(); about != nil {
			if isSwitch, _ := about.Get("SwitchParameter"); isSwitch.True() {
				p.typ = ""
			}
			aliases, _ := about.Get("Aliases")
			for _, a := range unroll(aliases) {
				p.aliases = append(p.aliases, a.String())
			}
		}
		out = append(out, p)
	}
	return out
}

// command is the command as a proxy function sends it: parameters by their full
// names with a colon, switches as SwitchParameter, then the values without a
// name.
func (p *proxy) command(cmd *pslang.Command, scope pslang.Scope) (psrp.Command, error) {
	b := &binder{cmdlet: &cmdlet{class: p.name}, sig: signature{parameters: p.parameters}, cmd: cmd, scope: scope, named: make(map[string]argument)}
	if err := b.read(); err != nil {
		return psrp.Command{}, err
	}
	out := psrp.Command{Name: p.remote}
	given := make([]parameter, 0, len(b.named))
	for name := range b.named {
		given = append(given, b.parameter(name))
	}
	slices.SortFunc(given, func(x, y parameter) int { return b.named[x.name].at.Start - b.named[y.name].at.Start })
	for _, q := range given {
		arg := b.named[q.name]
		if q.name == "AsJob" {
			return out, b.fail(arg.at.Extent, "ParameterNotUsable", "there are no jobs here: the deck's other tabs go on while this line runs")
		}
		v := parameterValue(arg.value)
		if q.typ == "" {
			v = switchParameter(pslang.Truthy(arg.value))
		}
		out.Parameters = append(out.Parameters, psrp.Parameter{Name: "-" + q.name + ":", Value: v})
	}
	for _, arg := range b.unnamed {
		out.Parameters = append(out.Parameters, psrp.Parameter{Value: parameterValue(arg.value)})
	}
	return out, nil
}

func switchParameter(on bool) clixml.Value {
	text := map[bool]string{true: "True", false: "False"}[on]
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.Management.Automation.SwitchParameter", "System.ValueType", "System.Object"},
		ToString:  text, HasToString: true, Props: []clixml.Property{clixml.Prop("IsPresent", on)},
	})
}
