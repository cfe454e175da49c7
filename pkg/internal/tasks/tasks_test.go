// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tasks_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/recap-oci/recap/pkg/internal/tasks"
)

// panicOf returns what f panics with.
func panicOf(f func()) (p any) {
	defer func() { p = recover() }()
	f()
	return nil
}

func explode() { panic("boom") }

// wantPanic checks that f panics as explode does, and says where.
func wantPanic(t *testing.T, f func()) {
	t.Helper()
	p, ok := panicOf(f).(*tasks.Panic)
	switch {
	case !ok:
		t.Fatal("no panic came up")
	case p.String() != "boom" || p.Value != "boom":
		t.Errorf("it says %q", p)
	case !strings.Contains(string(p.Stack()), "tasks_test.explode"):
		t.Errorf("the stack isn't that of the panic:\n%s", p.Stack())
	}
}

func TestGroup(t *testing.T) {
	bad := errors.New("bad")
	for name, tt := range map[string]struct {
		tasks []func() error
		want  error
	}{
		"nothing":      {nil, nil},
		"good":         {[]func() error{func() error { return nil }}, nil},
		"good and bad": {[]func() error{func() error { return nil }, func() error { return bad }}, bad},
	} {
		t.Run(name, func(t *testing.T) {
			var plain tasks.Group
			with, ctx := tasks.WithContext(t.Context())
			for _, group := range []*tasks.Group{&plain, with} {
				for _, task := range tt.tasks {
					group.Go(task)
				}
				if err := group.Wait(); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			}
			if ctx.Err() == nil {
				t.Error("the context outlives the group")
			}
		})
	}
}

// A panic comes up in whoever waits, after the others have ended; they are told
// to.
func TestGroupPanics(t *testing.T) {
	group, ctx := tasks.WithContext(t.Context())
	var ended atomic.Bool
	group.Go(func() error {
		<-ctx.Done()
		ended.Store(true)
		return ctx.Err()
	})
	group.Go(func() error {
		explode()
		return nil
	})
	wantPanic(t, func() { _ = group.Wait() })
	if !ended.Load() {
		t.Error("Wait didn't wait")
	}
}

// A panic of a task's task is the innermost one's.
func TestNestedPanics(t *testing.T) {
	var outer tasks.Group
	outer.Go(func() error {
		var inner tasks.Group
		inner.Go(func() error {
			tasks.Start(func() int { explode(); return 1 }).Wait()
			return nil
		})
		return inner.Wait()
	})
	wantPanic(t, func() { _ = outer.Wait() })
}

func TestGroupLimit(t *testing.T) {
	var group tasks.Group
	group.SetLimit(2)
	var now, most atomic.Int32
	for range 20 {
		group.Go(func() error {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			now.Add(-1)
			return nil
		})
	}
	if err := group.Wait(); err != nil || most.Load() > 2 {
		t.Errorf("%d at once, %v", most.Load(), err)
	}
}

func TestStart(t *testing.T) {
	if got := tasks.Start(func() string { return "done" }).Wait(); got != "done" {
		t.Errorf("got %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	task := tasks.Start(func() error { <-ctx.Done(); return ctx.Err() })
	select {
	case <-task.Done():
		t.Error("it ended before it was told to")
	default:
	}
	cancel()
	<-task.Done()
	if err := task.Wait(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wantPanic(t, func() { tasks.Start(func() int { explode(); return 1 }).Wait() })
}
