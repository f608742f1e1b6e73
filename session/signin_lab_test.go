package session_test

import (
	"context"
	"sync"
	"testing"

	"psdeck/auth"
	"psdeck/discovery"
	"psdeck/session"
	"psdeck/session/lab"
)

// keptTokens is a cache that outlives its broker.
type keptTokens struct {
	mu   sync.Mutex
	data map[auth.CacheKey][]byte
}

func (k *keptTokens) Load(_ context.Context, key auth.CacheKey) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data[key], nil
}

func (k *keptTokens) Store(_ context.Context, key auth.CacheKey, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.data[key] = data
	return nil
}

func (k *keptTokens) Keys(context.Context) (keys []auth.CacheKey, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for key := range k.data {
		keys = append(keys, key)
	}
	return keys, nil
}

func (*keptTokens) Lock(context.Context, auth.CacheKey) (func(), error) { return func() {}, nil }

// keeping has a new process use the tokens that an earlier one kept.
func (w *world) keeping(k *keptTokens) *world {
	n := &discovery.Network{Dial: w.lab.Dial, RootCAs: w.lab.CAPool()}
	client := n.HTTPClient()
	w.t.Cleanup(client.CloseIdleConnections)
	w.connector = session.NewConnector(session.ConnectorConfig{
		Network: n, Authority: w.lab.Tenants()[0].Authority, Broker: auth.NewBroker(auth.BrokerConfig{HTTP: client, Cache: k}),
	})
	w.events = nil
	return w
}

func (w *world) codesShown() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ev := range w.events {
		if _, ok := ev.(session.DeviceCodeShown); ok {
			n++
		}
	}
	return n
}

// A sign-in that was kept, and that the authority or the server takes no more,
// is asked for anew: it is not the end.
func TestAKeptSignInThatIsDead(t *testing.T) {
	targets := map[string]session.Target{
		"a name and a domain": byDevice(),
		"a name alone":        {UserName: partner, SignIn: auth.MethodDevice},
		"another domain":      {UserName: partner, OverrideAdminDomain: "fabrikam.example", SignIn: auth.MethodDevice},
		"an issuing tenant":   {UserName: partner, OverrideAdminDomain: "contoso.example", Tenant: lab.PartnerID, SignIn: auth.MethodDevice},
	}
	for name, target := range targets {
		t.Run("another authority, "+name, func(t *testing.T) {
			kept := &keptTokens{data: make(map[auth.CacheKey][]byte)}
			newWorld(t, lab.Options{}).keeping(kept).connect(byDevice())
			w := newWorld(t, lab.Options{}).keeping(kept)
			if s := w.connect(target); !s.Proof().Proved || w.codesShown() != 1 {
				t.Errorf("%+v, %d codes shown", s.Proof(), w.codesShown())
			}
		})
		t.Run("taken back, "+name, func(t *testing.T) {
			kept := &keptTokens{data: make(map[auth.CacheKey][]byte)}
			w := newWorld(t, lab.Options{}).keeping(kept)
			w.connect(byDevice())
			w.lab.Authority().RevokeUser(partner)
			if s := w.keeping(kept).connect(target); !s.Proof().Proved || w.codesShown() > 1 {
				t.Errorf("%+v, %d codes shown", s.Proof(), w.codesShown())
			}
		})
	}
}
