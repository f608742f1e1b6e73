package endpoint

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// exchange is one request and what its answer needs.
type exchange struct {
	server    *Server
	http      *http.Request
	identity  Identity
	anonymous bool // only Identify is answered
	switches  Switches
	cookie    string
	entry     *Entry
	req       *request
}

const (
	nsTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
	nsEnum     = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"

	actionCreate     = nsTransfer + "Create"
	actionDelete     = nsTransfer + "Delete"
	actionGet        = nsTransfer + "Get"
	actionEnumerate  = nsEnum + "Enumerate"
	actionCommand    = nsShell + "/Command"
	actionSend       = nsShell + "/Send"
	actionReceive    = nsShell + "/Receive"
	actionSignal     = nsShell + "/Signal"
	actionDisconnect = nsShell + "/Disconnect"
	actionReconnect  = nsShell + "/Reconnect"
	actionConnect    = nsShell + "/Connect"
)

// dispatch answers by action.
func (x *exchange) dispatch() (*answer, *Fault) {
	if x.req.Body.Identify != nil {
		x.entry.Action = "Identify"
		return x.identify(), nil
	}
	action := x.req.Header.Action
	x.entry.Action = action[strings.LastIndexByte(action, '/')+1:]
	if x.switches.Silent != "" && x.switches.Silent == x.entry.Action {
		select {
		case <-x.http.Context().Done():
		case <-x.server.ctx.Done():
		}
		return &answer{none: true}, nil
	}
	if x.anonymous {
		return nil, faultAccessDenied()
	}
	switch action {
	case actionCreate:
		return x.create()
	case actionEnumerate:
		return x.enumerate()
	case actionGet:
		if strings.HasPrefix(x.req.Header.ResourceURI, nsConfig) {
			return nil, faultAccessDenied()
		}
	}
	sh, fault := x.shell()
	if fault != nil {
		return nil, fault
	}
	sh.touch()
	switch action {
	case actionGet:
		sh.disconnected(x.switches.AutoDisconnect)
		return x.req.reply(action+"Response", sh.describe()), nil
	case actionDelete:
		return x.delete(sh), nil
	case actionReconnect:
		return x.reconnect(sh)
	case actionConnect:
		return x.connect(sh)
	}
	if sh.disconnected(x.switches.AutoDisconnect) {
		return nil, faultDisconnected()
	}
	switch action {
	case actionCommand:
		return x.command(sh)
	case actionSend:
		return x.send(sh)
	case actionReceive:
		return x.receive(sh)
	case actionSignal:
		return x.signal(sh)
	case actionDisconnect:
		return x.disconnect(sh)
	}
	return nil, faultAction(action)
}

// shell finds the shell that the request is for.
func (x *exchange) shell() (*shell, *Fault) {
	id := strings.ToUpper(findSelector(x.req.Header.Selectors, "ShellId"))
	x.entry.ShellID = id
	x.server.mu.Lock()
	sh := x.server.shells[id]
	x.server.mu.Unlock()
	switch {
	case sh == nil || x.switches.RequireCookie && sh.cookie != x.cookie:
		return nil, faultNoShell()
	case sh.owner.User != x.identity.User:
		return nil, faultAccessDenied()
	}
	return sh, nil
}

func (x *exchange) identify() *answer {
	return &answer{status: http.StatusOK, body: []byte(`<s:Envelope xml:lang="en-US" xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>` +
		`<wsmid:IdentifyResponse xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">` +
		`<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>` +
		`<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>` +
		`<wsmid:ProductVersion>OS: 0.0.0 SP: 0.0 Stack: 3.0</wsmid:ProductVersion></wsmid:IdentifyResponse></s:Body></s:Envelope>`)}
}

func (x *exchange) delete(sh *shell) *answer {
	x.server.mu.Lock()
	delete(x.server.shells, sh.key())
	x.server.mu.Unlock()
	sh.close(faultAborted())
	return x.req.reply(actionDelete+"Response", "")
}

// find gives the command of a shell.
func (x *exchange) find(sh *shell, id string) (*command, *Fault) {
	x.entry.CommandID = strings.ToUpper(id)
	if c := sh.command(id); c != nil {
		return c, nil
	}
	return nil, faultNoCommand()
}

// enumerate lists the user's shells, or the commands of one of them.
func (x *exchange) enumerate() (*answer, *Fault) {
	var items strings.Builder
	of := ""
	if x.req.Body.Enumerate != nil {
		of = strings.ToUpper(findSelector(x.req.Body.Enumerate.Selectors, "ShellId"))
	}
	x.server.mu.Lock()
	shells := slices.SortedFunc(maps.Values(x.server.shells), func(a, b *shell) int {
		return cmp.Or(a.created.Compare(b.created), strings.Compare(a.id, b.id))
	})
	x.server.mu.Unlock()
	for _, sh := range shells {
		sh.disconnected(x.switches.AutoDisconnect)
		switch {
		case sh.owner.User != x.identity.User || of != "" && of != sh.key():
		case of != "" || strings.HasSuffix(strings.ToLower(x.req.Header.ResourceURI), "/command"):
			items.WriteString(sh.describeCommands())
		default:
			items.WriteString(sh.describe())
		}
	}
	return x.req.reply(actionEnumerate+"Response", "<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext><w:Items>"+
		items.String()+"</w:Items><w:EndOfSequence/></n:EnumerateResponse>"), nil
}
