package psrp

import (
	"strings"

	"psdeck/session/clixml"
)

// MessageType tells which message carries the body.
func (Capability) MessageType() MessageType { return SessionCapability }

// MessageType tells which message carries the body.
func (PoolOpen) MessageType() MessageType { return InitRunspacePool }

// MessageType tells which message carries the body.
func (KeyOffer) MessageType() MessageType { return PublicKey }

// MessageType tells which message carries the body.
func (KeyAnswer) MessageType() MessageType { return EncryptedSessionKey }

// MessageType tells which message carries the body.
func (KeyDemand) MessageType() MessageType { return PublicKeyRequest }

// MessageType tells which message carries the body.
func (PoolJoin) MessageType() MessageType { return ConnectRunspacePool }

// MessageType tells which message carries the body.
func (PoolLimits) MessageType() MessageType { return RunspacePoolInitData }

// MessageType tells which message carries the body.
func (PoolReset) MessageType() MessageType { return ResetRunspaceState }

// MessageType tells which message carries the body.
func (PoolMax) MessageType() MessageType { return SetMaxRunspaces }

// MessageType tells which message carries the body.
func (PoolMin) MessageType() MessageType { return SetMinRunspaces }

// MessageType tells which message carries the body.
func (PoolAvailable) MessageType() MessageType { return GetAvailableRunspaces }

// MessageType tells which message carries the body.
func (PoolAnswer) MessageType() MessageType { return RunspaceAvailability }

// MessageType tells which message carries the body.
func (PoolStatus) MessageType() MessageType { return RunspacePoolState }

// MessageType tells which message carries the body.
func (EngineEvent) MessageType() MessageType { return UserEvent }

// MessageType tells which message carries the body.
func (PrivateData) MessageType() MessageType { return ApplicationPrivateData }

// Encode gives the body as CLIXML carries it.
func (c Capability) Encode() clixml.Value {
	o := clixml.New(
		clixml.Prop("protocolversion", clixml.Version(c.Protocol)),
		clixml.Prop("PSVersion", clixml.Version(c.PSVersion)),
		clixml.Prop("SerializationVersion", clixml.Version(c.SerializationVersion)),
	)
	if c.TimeZone != nil {
		o.Set("TimeZone", clixml.Bytes(c.TimeZone))
	}
	return clixml.Obj(o)
}

func decodeCapability(r *reader) Capability {
	c := Capability{
		Protocol:             r.text("protocolversion"),
		PSVersion:            r.text("PSVersion"),
		SerializationVersion: r.text("SerializationVersion"),
	}
	c.TimeZone, _ = r.value("TimeZone").Any().([]byte)
	return c
}

// Encode gives the body as CLIXML carries it.
func (p PoolOpen) Encode() clixml.Value {
	host := p.Host
	if host == nil {
		host = &HostInfo{IsNull: true, NoUI: true, NoRawUI: true}
	}
	return clixml.Obj(clixml.New(
		clixml.Prop("MinRunspaces", int32(p.Min)),
		clixml.Prop("MaxRunspaces", int32(p.Max)),
		clixml.Prop("PSThreadOptions", p.ThreadOptions.enum()),
		clixml.Prop("ApartmentState", p.Apartment.enum()),
		clixml.Prop("ApplicationArguments", clixml.Obj(p.ApplicationArguments)),
		clixml.Prop("HostInfo", host.encode()),
	))
}

func decodeOpening(r *reader) PoolOpen {
	p := PoolOpen{
		Min:                  int(r.int32("MinRunspaces")),
		Max:                  int(r.int32("MaxRunspaces")),
		ThreadOptions:        ThreadOptions(r.optionalInt("PSThreadOptions")),
		Apartment:            decodeApartment(r),
		ApplicationArguments: r.value("ApplicationArguments").Object(),
		Host:                 decodeHostInfo(r),
	}
	if p.Host != nil && p.Host.IsNull && !p.Host.UsePools {
		p.Host = nil
	}
	return p
}

// applicationArguments adds the table of versions that servers look for: without
// it Get-FormatData fails on them.
func applicationArguments(entries []clixml.Entry, protocol string) *clixml.Object {
	for _, e := range entries {
		if name, _ := textOf(e.Key); strings.EqualFold(name, "PSVersionTable") {
			return clixml.PrimitiveDictionary(entries...)
		}
	}
	entry := func(key string, x any) clixml.Entry {
		return clixml.Entry{Key: clixml.Str(key), Value: clixml.Of(x)}
	}
	compatible := &clixml.Object{TypeNames: []string{"System.Version[]", "System.Array", "System.Object"}, Kind: clixml.List}
	for _, v := range []clixml.Version{"1.0", "2.0", "3.0", "4.0", "5.0", "5.1", "6.0", "7.0"} {
		compatible.Items = append(compatible.Items, clixml.Of(v))
	}
	table := clixml.PrimitiveDictionary(
		entry("PSVersion", clixml.Version("7.4.0")),
		entry("PSEdition", "Core"),
		entry("PSCompatibleVersions", compatible),
		entry("PSRemotingProtocolVersion", clixml.Version(protocol)),
		entry("SerializationVersion", clixml.Version(SerializationVersion)),
		entry("WSManStackVersion", clixml.Version("3.0")),
	)
	all := append(entries[:len(entries):len(entries)], entry("PSVersionTable", table))
	return clixml.PrimitiveDictionary(all...)
}

// Encode gives the body as CLIXML carries it.
func (k KeyOffer) Encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("PublicKey", k.PublicKey)))
}

// Encode gives the body as CLIXML carries it.
func (k KeyAnswer) Encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("EncryptedSessionKey", k.EncryptedSessionKey)))
}

// Encode gives the body as CLIXML carries it.
func (KeyDemand) Encode() clixml.Value { return clixml.Str("") }

// Encode gives the body as CLIXML carries it.
func (p PoolJoin) Encode() clixml.Value {
	if p == (PoolJoin{}) {
		return clixml.Str("")
	}
	return PoolLimits(p).Encode()
}

// Encode gives the body as CLIXML carries it.
func (p PoolLimits) Encode() clixml.Value {
	return clixml.Obj(clixml.New(
		clixml.Prop("MinRunspaces", int32(p.Min)),
		clixml.Prop("MaxRunspaces", int32(p.Max)),
	))
}

// Encode gives the body as CLIXML carries it.
func (p PoolReset) Encode() clixml.Value { return clixml.Obj(clixml.New(clixml.Prop("ci", p.CallID))) }

// Encode gives the body as CLIXML carries it.
func (p PoolMax) Encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("MaxRunspaces", int32(p.Max)), clixml.Prop("ci", p.CallID)))
}

// Encode gives the body as CLIXML carries it.
func (p PoolMin) Encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("MinRunspaces", int32(p.Min)), clixml.Prop("ci", p.CallID)))
}

// Encode gives the body as CLIXML carries it.
func (p PoolAvailable) Encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("ci", p.CallID)))
}

// Encode gives the body as CLIXML carries it.
func (p PoolAnswer) Encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("SetMinMaxRunspacesResponse", p.Response), clixml.Prop("ci", p.CallID)))
}

// Encode gives the body as CLIXML carries it.
func (p PoolStatus) Encode() clixml.Value {
	o := clixml.New(clixml.Prop("RunspaceState", int32(p.State)))
	if p.Error != nil {
		o.Set("ExceptionAsErrorRecord", p.Error.Encode())
	}
	return clixml.Obj(o)
}

// Encode gives the body as CLIXML carries it.
func (p PrivateData) Encode() clixml.Value {
	return clixml.Obj(clixml.New(clixml.Prop("ApplicationPrivateData", clixml.Obj(p.Data))))
}

// Encode gives the body as CLIXML carries it.
func (e EngineEvent) Encode() clixml.Value {
	var arguments *clixml.Object
	if e.SourceArgs != nil {
		arguments = clixml.Array(e.SourceArgs...)
	}
	return clixml.Obj(clixml.New(
		clixml.Prop("PSEventArgs.EventIdentifier", e.Identifier),
		clixml.Prop("PSEventArgs.SourceIdentifier", e.SourceIdentifier),
		clixml.Prop("PSEventArgs.TimeGenerated", e.TimeGenerated),
		clixml.Prop("PSEventArgs.Sender", e.Sender),
		clixml.Prop("PSEventArgs.SourceArgs", clixml.Obj(arguments)),
		clixml.Prop("PSEventArgs.MessageData", e.MessageData),
		clixml.Prop("PSEventArgs.ComputerName", e.ComputerName),
		clixml.Prop("PSEventArgs.RunspaceId", e.RunspaceID),
	))
}

func decodeEvent(r *reader) EngineEvent {
	return EngineEvent{
		Identifier:       r.int32("PSEventArgs.EventIdentifier"),
		SourceIdentifier: r.optionalText("PSEventArgs.SourceIdentifier"),
		TimeGenerated:    r.time("PSEventArgs.TimeGenerated"),
		Sender:           r.value("PSEventArgs.Sender"),
		SourceArgs:       r.optionalList("PSEventArgs.SourceArgs"),
		MessageData:      r.value("PSEventArgs.MessageData"),
		ComputerName:     r.value("PSEventArgs.ComputerName"),
		RunspaceID:       r.guid("PSEventArgs.RunspaceId"),
	}
}
