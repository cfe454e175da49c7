// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transport

import (
	"context"
	"sync"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// gate lets one request find out how a registry authenticates while the others
// wait, so that a crowd of first requests isn't refused one by one: Basic then
// costs one request more, Bearer two, however many goroutines start at once.
type gate struct {
	once   sync.Once
	opened chan struct{}
}

func newGate() *gate { return &gate{opened: make(chan struct{})} }

// open lets everybody through. It may be called on nil, and again.
func (g *gate) open() {
	if g != nil {
		g.once.Do(func() { close(g.opened) })
	}
}

func (g *gate) wait(ctx context.Context) error {
	select {
	case <-g.opened:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

type gateKey struct{}

// gateOf returns the gate that the request with this context holds shut.
func gateOf(ctx context.Context) *gate {
	g, _ := ctx.Value(gateKey{}).(*gate)
	return g
}

// Gates hold a crowd of first requests back at one host, by scope, until one of
// them has found out how to authenticate. The zero value is ready.
type Gates struct {
	mu      sync.Mutex
	byScope map[string]*gate
}

// get returns the gate for a scope, and whether the caller is the one to go
// first.
func (gs *Gates) get(scope string) (g *gate, first bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	if g, ok := gs.byScope[scope]; ok {
		return g, false
	}
	if gs.byScope == nil {
		gs.byScope = map[string]*gate{}
	}
	g = newGate()
	gs.byScope[scope] = g
	return g, true
}

// Pass lets the first request of a scope through, and holds all others until it
// was answered or leave is called. The request is made with the context returned.
func (gs *Gates) Pass(ctx context.Context, scope string) (_ context.Context, leave func(), err error) {
	g, first := gs.get(scope)
	if !first {
		return ctx, func() {}, g.wait(ctx)
	}
	return context.WithValue(ctx, gateKey{}, g), g.open, nil
}

type gatedCache struct{ auth.Cache }

// NewCache returns a cache of tokens that opens the gate of [Gates.Pass] for
// whoever waits, once a token is in it.
func NewCache() auth.Cache { return gatedCache{auth.NewCache()} }

// Set is auth.Cache's.
func (c gatedCache) Set(ctx context.Context, registry string, scheme auth.Scheme, key string, fetch func(context.Context) (string, error)) (string, error) {
	token, err := c.Cache.Set(ctx, registry, scheme, key, fetch)
	gateOf(ctx).open()
	return token, err
}
