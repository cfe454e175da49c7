// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package durable

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recap"
)

// gone is a context whose time is up.
func gone() (context.Context, context.CancelFunc) {
	return context.WithDeadline(context.Background(), time.Unix(0, 0))
}

func TestLockExcludes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	for name, hold := range map[string]func(t *testing.T) (release func()){
		"this process": func(t *testing.T) func() {
			release, err := Lock(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := release(); err != nil {
					t.Error(err)
				}
			}
		},
		"another process, killed": func(t *testing.T) func() {
			line, kill := start(t, "lock", path)
			if line != "locked" {
				t.Fatal(line)
			}
			return kill
		},
	} {
		t.Run(name, func(t *testing.T) {
			release := hold(t)
			ctx, cancel := gone()
			defer cancel()
			_, err := Lock(ctx, path)
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != recap.Local || e.Code != "busy" || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, want busy", err)
			}
			if !strings.Contains(fmt.Sprint(err), "process ") {
				t.Errorf("error %q doesn't say who holds it", err)
			}
			cancelled, cancel2 := context.WithCancel(t.Context())
			cancel2()
			if _, err := Lock(cancelled, path); !errors.Is(err, context.Canceled) || errors.Is(err, recap.Local) {
				t.Errorf("cancelled: got error %v", err)
			}
			release()
			again, err := Lock(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := again(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file is still there: %v", err)
			}
		})
	}
}

// count adds one to the number in a file many times, under the lock.
func count(dir string) error {
	path := filepath.Join(dir, "number")
	for range counts {
		release, err := Lock(context.Background(), filepath.Join(dir, "lock"))
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(data))
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(strconv.Itoa(n+1)), 0o644); err != nil {
			return err
		}
		if err := release(); err != nil {
			return err
		}
	}
	return nil
}

const counts = 100

func TestLockBetweenProcessesAndGoroutines(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "number"), []byte("0"), 0o644); err != nil {
		t.Fatal(err)
	}
	const each = 4
	done := make(chan error, 2*each)
	for range each {
		go func() { done <- count(dir) }()
		go func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "DURABLE_TEST_WORK=count "+dir)
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			done <- err
		}()
	}
	for range 2 * each {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got, want := read(t, filepath.Join(dir, "number")), strconv.Itoa(2*each*counts); got != want {
		t.Errorf("counted to %s, want %s", got, want)
	}
}

// The lock of file systems that have none.
func TestHold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock.held")
	release, _, err := tryHold(path)
	if err != nil || release == nil {
		t.Fatalf("got %v", err)
	}
	second, holder, err := tryHold(path)
	if err != nil || second != nil || !strings.Contains(holder, fmt.Sprintf("process %d ", os.Getpid())) || !strings.Contains(holder, path) {
		t.Errorf("a second one: held %v, by %q, %v", second != nil, holder, err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	third, _, err := tryHold(path)
	if err != nil || third == nil {
		t.Fatalf("after release: %v", err)
	}
	if err := third(); err != nil {
		t.Error(err)
	}
}
