// Package directory holds what the lab's tenants consist of (users, policies,
// voice routes, numbers) and the cmdlets that read and change it, in the
// names, types and error texts of the service that the lab stands for.
package directory

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"psdeck/session/clixml"
	"psdeck/session/psrp"
)

// Info says which tenant to make up.
type Info struct {
	ID      string // a GUID
	Name    string // its display name
	Domains []string
	Users   int // how many users; the same number gives the same users
}

// Tenant is one tenant's data. It is safe for concurrent use: a record is
// never changed, only replaced.
type Tenant struct {
	Info
	id uuid.UUID

	mu     sync.Mutex
	tables map[string][]*clixml.Object // by noun
}

const schema = "Microsoft.Rtc.Management."

// New makes up a tenant.
func New(info Info) (*Tenant, error) {
	id, err := uuid.Parse(info.ID)
	if err != nil {
		return nil, fmt.Errorf("making up tenant %s: %w", info.Name, err)
	}
	t := &Tenant{Info: info, id: id, tables: make(map[string][]*clixml.Object)}
	t.tables[nounUser] = t.makeUsers()
	for _, k := range policyKinds {
		t.tables[k.noun] = k.make()
	}
	t.makeVoice()
	return t, nil
}

// rows returns the records of a noun; the slice may be kept.
func (t *Tenant) rows(noun string) []*clixml.Object {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.tables[noun])
}

// find returns the record whose identity is text, by any of its names.
func (t *Tenant) find(noun, text string) (*clixml.Object, bool) {
	for _, r := range t.rows(noun) {
		if answersTo(r, text) {
			return r, true
		}
	}
	return nil, false
}

// The members by which a record can be named.
var identities = []string{"Identity", "UserPrincipalName", "SipAddress", "ObjectId", "Name", "DisplayName", "TelephoneNumber"}

func answersTo(r *clixml.Object, text string) bool {
	for _, name := range identities {
		v, ok := r.Get(name)
		if !ok || v.IsNull() {
			continue
		}
		s := memberText(v)
		if strings.EqualFold(s, text) || strings.EqualFold(s, "Tag:"+text) || strings.EqualFold(s, "sip:"+text) {
			return true
		}
	}
	return false
}

func memberText(v clixml.Value) string {
	if id, ok := v.Any().(uuid.UUID); ok {
		return id.String()
	}
	return v.String()
}

// change replaces the record old by a copy on which edit was done.
func (t *Tenant) change(noun string, old *clixml.Object, edit func(*clixml.Object)) *clixml.Object {
	fresh := *old
	fresh.Members = slices.Clone(old.Members)
	edit(&fresh)
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.tables[noun], old); i >= 0 {
		t.tables[noun][i] = &fresh
	}
	return &fresh
}

func (t *Tenant) add(noun string, r *clixml.Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tables[noun] = append(t.tables[noun], r)
}

func (t *Tenant) remove(noun string, r *clixml.Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tables[noun] = slices.DeleteFunc(t.tables[noun], func(x *clixml.Object) bool { return x == r })
}

// record makes a record of a type of the service.
func record(typeName string, members ...clixml.Property) *clixml.Object {
	return &clixml.Object{
		TypeNames: []string{schema + typeName, "System.Management.Automation.PSCustomObject", "System.Object"},
		Members:   members,
	}
}

// stringArray is a String[], as properties with several values are.
func stringArray(texts ...string) clixml.Value {
	items := make([]clixml.Value, len(texts))
	for i, s := range texts {
		items[i] = clixml.Str(s)
	}
	return clixml.Obj(&clixml.Object{
		TypeNames: []string{"System.String[]", "System.Array", "System.Object"},
		Kind:      clixml.List, Items: items,
	})
}

// notFound is the error for an identity that nothing answers to.
func notFound(identity string) *psrp.ErrorRecord {
	msg := fmt.Sprintf("Management object not found for identity \"%s\".", identity)
	return &psrp.ErrorRecord{
		Message: msg, ExceptionType: "System.InvalidOperationException", ExceptionMessage: msg,
		FullyQualifiedErrorID: schema + "AD.ManagementException",
		Category:              "ObjectNotFound", CategoryCode: 13, Reason: "InvalidOperationException",
		TargetName: identity, TargetType: "String", Target: clixml.Str(identity),
	}
}

// invalid is the error for a value that the service does not take.
func invalid(identity, format string, args ...any) *psrp.ErrorRecord {
	msg := fmt.Sprintf(format, args...)
	return &psrp.ErrorRecord{
		Message: msg, ExceptionType: "System.ArgumentException", ExceptionMessage: msg,
		FullyQualifiedErrorID: schema + "AD.ManagementException",
		Category:              "InvalidArgument", CategoryCode: 5, Reason: "ArgumentException",
		TargetName: identity, TargetType: "String", Target: clixml.Str(identity),
	}
}
