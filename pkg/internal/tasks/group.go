// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tasks

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// errPanicked ends the others when one panicked. Nobody sees it.
var errPanicked = errors.New("a task panicked")

// Group is a collection of tasks that are parts of one task. The zero value is
// one that no error cancels.
type Group struct {
	group    errgroup.Group
	of       *errgroup.Group // nil: group
	panicked atomic.Pointer[Panic]
}

// WithContext returns a group, and a context that the first error or panic of a
// task cancels, and the end of Wait.
func WithContext(ctx context.Context) (*Group, context.Context) {
	group, ctx := errgroup.WithContext(ctx)
	return &Group{of: group}, ctx
}

func (g *Group) errgroup() *errgroup.Group {
	if g.of != nil {
		return g.of
	}
	return &g.group
}

// SetLimit lets at most n tasks run at once. It is called before Go.
func (g *Group) SetLimit(n int) { g.errgroup().SetLimit(n) }

// Go runs a task, when there is room for one more.
func (g *Group) Go(task func() error) {
	g.errgroup().Go(func() (err error) {
		defer func() {
			if p := caught(recover()); p != nil {
				g.panicked.CompareAndSwap(nil, p)
				err = errPanicked
			}
		}()
		return task()
	})
}

// Wait waits for all tasks and returns the first error. It panics with a
// *[Panic] when a task did.
func (g *Group) Wait() error {
	err := g.errgroup().Wait()
	if p := g.panicked.Load(); p != nil {
		panic(p)
	}
	return err
}
