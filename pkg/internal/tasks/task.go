// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tasks

// Task is a function that runs beside its caller.
type Task[T any] struct {
	done     chan struct{}
	result   T
	panicked *Panic
}

// Start runs a function beside its caller.
func Start[T any](f func() T) *Task[T] {
	t := &Task[T]{done: make(chan struct{})}
	go func() {
		defer close(t.done)
		defer func() { t.panicked = caught(recover()) }()
		t.result = f()
	}()
	return t
}

// Done is closed when the function has ended, for those who can't wait for ever.
func (t *Task[T]) Done() <-chan struct{} { return t.done }

// Wait waits for the function and returns its result. It panics with a *[Panic]
// when the function did.
func (t *Task[T]) Wait() T {
	<-t.done
	if t.panicked != nil {
		panic(t.panicked)
	}
	return t.result
}
