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
	"sync"
	"sync/atomic"
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
	release, _, err := tryHold(path, exclusive)
	if err != nil || release == nil {
		t.Fatalf("got %v", err)
	}
	second, holder, err := tryHold(path, exclusive)
	if err != nil || second != nil || !strings.Contains(holder, fmt.Sprintf("process %d ", os.Getpid())) || !strings.Contains(holder, path) {
		t.Errorf("a second one: held %v, by %q, %v", second != nil, holder, err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	third, _, err := tryHold(path, exclusive)
	if err != nil || third == nil {
		t.Fatalf("after release: %v", err)
	}
	if err := third(); err != nil {
		t.Error(err)
	}
}

// Whoever shares a lock keeps out who wants it alone, and the other way round;
// the last one takes the file along.
func TestLockShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	busy := func(take func(context.Context, string) (func() error, error)) {
		t.Helper()
		ctx, cancel := gone()
		defer cancel()
		_, err := take(ctx, path)
		var e *recap.Error
		if !errors.As(err, &e) || e.Code != "busy" {
			t.Errorf("got error %v, want busy", err)
		}
	}
	must := func(release func() error, err error) func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return func() {
			t.Helper()
			if err := release(); err != nil {
				t.Error(err)
			}
		}
	}
	first := must(LockShared(t.Context(), path))
	second := must(LockShared(t.Context(), path))
	busy(Lock)
	first()
	busy(Lock)
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file went while the lock was held: %v", err)
	}
	second()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	only := must(Lock(t.Context(), path))
	busy(LockShared)
	only()
	line, kill := start(t, "share", path)
	if line != "locked" {
		t.Fatal(line)
	}
	busy(Lock)
	kill()
	must(Lock(t.Context(), path))()
}

// Many share and release at once while others want it alone: never both.
func TestLockSharedAndAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var sharing, alone atomic.Int32
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range counts {
				release, err := LockShared(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				sharing.Add(1)
				if alone.Load() != 0 {
					t.Error("shared while another had it alone")
				}
				sharing.Add(-1)
				if err := release(); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range counts / 10 {
				release, err := Lock(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if alone.Add(1) != 1 || sharing.Load() != 0 {
					t.Error("not alone")
				}
				alone.Add(-1)
				if err := release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// Where there are no locks, sharing waits for a holder and holds nobody up.
func TestHoldShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock.held")
	release, _, err := tryHold(path, exclusive)
	if err != nil {
		t.Fatal(err)
	}
	if got, holder, err := tryHold(path, shared); got != nil || err != nil || holder == "" {
		t.Errorf("while it is held: got %v, by %q, %v", got != nil, holder, err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	if got, _, err := tryHold(path, shared); got == nil || err != nil {
		t.Errorf("when it is free: got %v, %v", got != nil, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sharing left a file: %v", err)
	}
}

// A lock's name may be a hard link to a file that is no lock.
func TestLockWritesOverNothing(t *testing.T) {
	dir := t.TempDir()
	for name, lock := range map[string]func(context.Context, string) (func() error, error){"alone": Lock, "shared": LockShared} {
		for _, content := range []string{"precious\n", strings.Repeat("\n", 200), "process\x00 1", strings.Repeat("process ", 30)} {
			precious, path := filepath.Join(dir, "precious"), filepath.Join(dir, "lock")
			if err := errors.Join(os.WriteFile(precious, []byte(content), 0o644), os.Link(precious, path)); err != nil {
				t.Fatal(err)
			}
			release, err := lock(t.Context(), path)
			if err != nil {
				t.Fatalf("%s, %q: %v", name, content, err)
			}
			if err := release(); err != nil {
				t.Errorf("%s, %q: %v", name, content, err)
			}
			if got, err := os.ReadFile(precious); err != nil || string(got) != content {
				t.Errorf("%s: %q became %q, %v", name, content, got, err)
			}
			if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s, %q: the lock file stayed: %v", name, content, err)
			}
		}
	}
}

// One that a killed process left says who holds it now.
func TestLockSignsOverAnotherHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("process 123456789 on a-host-with-a-long-name\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	release, err := Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	host, _ := os.Hostname()
	if got, err := os.ReadFile(path); err != nil || string(got) != fmt.Sprintf("process %d on %s\n", os.Getpid(), host) {
		t.Errorf("it says %q, %v", got, err)
	}
}
