// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package tasks

import (
	"fmt"
	"runtime/debug"
)

// Panic is a panic of another goroutine, as a value to panic with.
type Panic struct {
	Value any // what it panicked with
	stack []byte
}

// String says what it was.
func (p *Panic) String() string { return fmt.Sprint(p.Value) }

// Stack says where it was.
func (p *Panic) Stack() []byte { return p.stack }

// caught returns what was recovered, with the stack of the goroutine that
// panicked first; nil for nothing. It is called in a deferred function.
func caught(recovered any) *Panic {
	if recovered == nil {
		return nil
	}
	if p, ok := recovered.(*Panic); ok {
		return p // of a task of the task
	}
	return &Panic{Value: recovered, stack: debug.Stack()}
}
