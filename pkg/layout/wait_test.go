// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout"
)

// Whoever gives up doesn't wait until other processes have done.
func TestCreateGivesUpWithItsContext(t *testing.T) {
	for name, c := range map[string]struct {
		lock string
		made bool
	}{
		"made by another":   {".recap-lock", false},
		"pruned by another": {".recap-lock-use", true},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			if c.made {
				create(t, path).Close()
			}
			release, err := durable.Lock(t.Context(), filepath.Join(path, c.lock))
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			stopped := errors.New("stopped")
			ctx, stop := context.WithCancelCause(t.Context())
			stop(stopped)
			begun := time.Now()
			s, err := layout.CreateContext(ctx, path, layout.Options{LockTimeout: 20 * time.Second})
			if err == nil {
				s.Close()
			}
			if !errors.Is(err, stopped) || time.Since(begun) > 10*time.Second {
				t.Errorf("got %v after %s", err, time.Since(begun))
			}
		})
	}
}
