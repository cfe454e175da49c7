// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package credential

import (
	"context"
	"errors"
	"time"

	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/credentials/trace"

	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/target/internal/printable"
)

// HelperTimeout is how long a credential helper may take. One that waits for
// somebody to unlock a key ring in a CI job would wait for ever.
const HelperTimeout = 10 * time.Second

var errHelperTimeout = errors.New("it took too long")

// help calls fn, which may run a credential helper, and gives up on it after
// HelperTimeout. It does not wait for fn then: a helper's own children can hold
// its output open long after it was killed.
func (s *Store) help(ctx context.Context, host string, fn func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := s.clock.After(HelperTimeout, func() { cancel(errHelperTimeout) })
	defer t.Stop()
	helper := make(chan string, 1)
	ctx = trace.WithExecutableTrace(ctx, &trace.ExecutableTrace{
		ExecuteStart: func(name, _ string) {
			select {
			case helper <- name:
			default:
			}
		},
	})
	task := tasks.Start(func() error { return fn(ctx) })
	var err error
	select {
	case <-task.Done():
		err = task.Wait()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err == nil || errors.Is(err, credentials.ErrPlaintextPutDisabled) {
		return err
	}
	if errors.Is(context.Cause(ctx), errHelperTimeout) {
		err = errHelperTimeout
	} else if ctx.Err() != nil {
		return err // the caller gave up
	}
	select {
	case name := <-helper:
		return recap.Errorf(recap.Denied, "credential-helper", "credentials of %s: helper %s: %s", host, name, printable.Line(err.Error())).
			WithHint("try it by hand: echo %s | %s get", address(host), name)
	default:
		return recap.Errorf(recap.Local, "credentials", "credentials of %s: %s", host, printable.Line(err.Error()))
	}
}
