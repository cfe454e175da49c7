// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package target

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

// gates are those of one host, by scope.
type gates struct {
	mu      sync.Mutex
	byScope map[string]*gate
}

// get returns the gate for a scope, and whether the caller is the one to go
// first.
func (gs *gates) get(scope string) (g *gate, first bool) {
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

// gatedCache opens the gate once the token is where the others will find it.
type gatedCache struct{ auth.Cache }

func (c gatedCache) Set(ctx context.Context, registry string, scheme auth.Scheme, key string, fetch func(context.Context) (string, error)) (string, error) {
	token, err := c.Cache.Set(ctx, registry, scheme, key, fetch)
	gateOf(ctx).open()
	return token, err
}
