package ui

import (
	"context"
	"time"

	"psdeck/discovery/managed"
	"psdeck/session"
)

// TenantSource is where lists of tenants come from.
type TenantSource interface {
	Kept() (list managed.List, ok bool, err error)
	Refresh(ctx context.Context, watch func(session.Event)) (managed.List, error)
	// Used tells when each tenant was last opened, by its key; Use that one is.
	Used() map[string]time.Time
	Use(managed.Tenant) error
}

// Tenants makes a [Managed] of a source. base is what holds for each tenant.
func Tenants(src TenantSource, base session.Target) *Managed {
	return &Managed{
		Kept: func() (ManagedList, error) {
			list, _, err := src.Kept()
			return managedPlaces(list, src.Used(), base), err
		},
		Refresh: func(ctx context.Context, watch func(session.Event)) (ManagedList, error) {
			list, err := src.Refresh(ctx, watch)
			return managedPlaces(list, src.Used(), base), err
		},
		Opened: func(p Place) {
			_ = src.Use(managed.Tenant{ID: p.Key}) // else it is listed further down
		},
	}
}

func managedPlaces(list managed.List, used map[string]time.Time, base session.Target) ManagedList {
	places := ManagedList{At: list.At, Source: list.Source, Problem: list.Problem, Hint: list.Hint}
	for _, t := range list.Tenants {
		target := session.ManagedTarget(base, list, t)
		detail := target.OverrideAdminDomain
		if target.Bootstrap != "" {
			detail += "   " + target.Bootstrap
		}
		places.Places = append(places.Places, Place{
			Name: t.Name, Detail: detail, Env: target.Env, Target: target, Last: used[t.Key()], Key: t.Key(),
		})
	}
	return places
}
