// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

// buildWorker builds testdata/worker with failpoints, once.
var buildWorker = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(workerDir, "worker")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.Command("go", "build", "-tags", "recapfailpoint", "-o", path, "./testdata/worker").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return path, err
})

// workerDir is where it is built; TestMain makes and removes it.
var workerDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "recap-worker")
	if err != nil {
		panic(err)
	}
	workerDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func worker(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs a program")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go to build a program with:", err)
	}
	path, err := buildWorker()
	if err != nil {
		t.Fatalf("building the worker: %v", err)
	}
	return path
}

func work(failpoint, worker string, args ...string) (output string, exit int) {
	cmd := exec.Command(worker, args...)
	cmd.Env = append(os.Environ(), "RECAP_FAILPOINT="+failpoint)
	out, err := cmd.CombinedOutput()
	var status *exec.ExitError
	if errors.As(err, &status) {
		return string(out), status.ExitCode() // -1 when it was killed
	}
	if err != nil {
		return err.Error(), 99
	}
	return string(out), 0
}

// sweep lets the worker do its work with a fault at its first, second … step,
// until it gets through, and calls after with what it left behind.
func sweep(t *testing.T, fault, task string, setup func(t *testing.T, path string), name string, after func(t *testing.T, path, output string, exit int)) {
	program := worker(t)
	const limit = 2000
	root := memoryDir(t)
	for n := 1; ; n++ {
		if n > limit {
			t.Fatalf("still not through after %d steps", limit)
		}
		dir, err := os.MkdirTemp(root, "")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		setup(t, path)
		output, exit := work(fmt.Sprintf("%s:%d", fault, n), program, task, path)
		if exit == 0 {
			if n < 10 {
				t.Errorf("only %d steps: the failpoints are not at work", n)
			}
			t.Logf("%d steps", n-1)
			return
		}
		if fault == "kill" && exit != -1 && runtime.GOOS != "windows" {
			t.Fatalf("step %d: exit %d instead of a kill: %s", n, exit, output)
		}
		after(t, path, output, exit)
		if t.Failed() {
			t.Fatalf("at step %d", n)
		}
		os.RemoveAll(dir)
	}
}

// memoryDir returns a directory in memory where there is one: a killed process
// loses nothing that it wrote, so the disk adds only time.
func memoryDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "recap")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// states are the layouts that the sweeps start from.
var states = map[string]struct {
	name  string
	setup func(t *testing.T, path string)
}{
	"new directory":      {"l", func(*testing.T, string) {}},
	"new archive":        {"l.tar", func(*testing.T, string) {}},
	"existing archive":   {"l.tar", before},
	"existing directory": {"l", before},
}

// before is a layout with one tag, old, which must survive everything.
func before(t *testing.T, path string) {
	t.Helper()
	s, err := layout.Create(path, layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := newManifest(t, nil, "from before")
	push(t, s, emptyConfig, m)
	tag(t, s, m, "old")
	commit(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestKilledAtEveryStep(t *testing.T) {
	for title, state := range states {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			sweep(t, "kill", "push", state.setup, state.name, func(t *testing.T, path, _ string, _ int) {
				oldOrComplete(t, path, strings.HasPrefix(title, "existing"))
			})
		})
	}
}

func TestDiskFullAtEveryStep(t *testing.T) {
	for title, state := range states {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			sweep(t, "enospc", "push", state.setup, state.name, func(t *testing.T, path, output string, exit int) {
				if exit != 10 || !strings.Contains(output, "no space left") {
					t.Errorf("exit %d: %s", exit, output)
				}
				for name := range tree(t, filepath.Dir(path)) {
					if strings.Contains(name, "tmp") || strings.Contains(name, "lock") {
						t.Errorf("left behind: %s", name)
					}
				}
				oldOrComplete(t, path, strings.HasPrefix(title, "existing"))
			})
		})
	}
}

// Whatever moment a prune ends at, what is needed is there, nothing is listed
// that is not whole, and another prune does the rest.
func TestPruneFailsAtEveryStep(t *testing.T) {
	setup := func(t *testing.T, path string) {
		before(t, path)
		s := create(t, path)
		defer s.Close()
		for _, name := range []string{"a", "b", "c"} {
			layer := newBlob("text/plain", "layer of "+name)
			m := newManifest(t, nil, name, layer)
			push(t, s, layer, m, newManifest(t, &m.Descriptor, "signature of "+name))
		}
		commit(t, s)
	}
	for _, fault := range []string{"kill", "enospc"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			sweep(t, fault, "prune", setup, "l", func(t *testing.T, path, output string, exit int) {
				if fault == "enospc" && exit != 10 {
					t.Errorf("exit %d: %s", exit, output)
				}
				s := open(t, path)
				defer s.Close()
				if d := check(t, s); len(d) != 0 {
					t.Errorf("Check: %v", d)
				}
				if _, err := s.Prune(t.Context(), layout.PruneOptions{Untagged: true}); err != nil {
					t.Error(err)
				}
				if _, err := fetch(t, s, mustResolve(t, s, "old")); err != nil {
					t.Error(err)
				}
				// oci-layout, index.json, and the one manifest with its config
				files := tree(t, path)
				delete(files, ".recap-lock") // whoever locks next takes it away
				if len(files) != 4 {
					t.Errorf("left: %v", files)
				}
			})
		})
	}
}

// Who writes finds there what it found there before, whatever is pruned beside it.
func TestPruneBesideWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	cache(t, path).Close()
	layer := newBlob("text/plain", strings.Repeat("shared", 1000))
	write := func(m item) error {
		s, err := layout.Create(path, layout.Options{Cache: true})
		if err != nil {
			return err
		}
		defer s.Close()
		for _, i := range []item{layer, emptyConfig} {
			if exists, err := s.Exists(t.Context(), i.Descriptor); err != nil || exists {
				continue
			}
			if err := ignoreExists(s.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data))); err != nil {
				return err
			}
		}
		if err := ignoreExists(s.Push(t.Context(), m.Descriptor, bytes.NewReader(m.data))); err != nil {
			return err
		}
		if err := s.Commit(t.Context()); err != nil {
			return err
		}
		_, err = fetch(t, s, layer.Descriptor)
		return err
	}
	var writers sync.WaitGroup
	for w := range 4 {
		m := newManifest(t, nil, fmt.Sprint(w), layer)
		writers.Go(func() {
			for range 25 {
				if err := write(m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	stop, pruned := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { pruned <- n }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			s, err := layout.Open(path, layout.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			result, err := s.Prune(t.Context(), layout.PruneOptions{Untagged: true})
			s.Close()
			if err != nil {
				t.Error(err)
				return
			}
			n += len(result.Removed)
		}
	}()
	writers.Wait()
	close(stop)
	if n := <-pruned; n < 4 {
		t.Errorf("only %d files were pruned meanwhile", n)
	}
	if d := check(t, open(t, path)); len(d) != 0 {
		t.Errorf("Check: %v", d)
	}
}

// oldOrComplete holds what must be true of a layout whatever happened to who
// wrote it: it opens, it is sound, what it had it has, and the work can be done
// again to its end.
func oldOrComplete(t *testing.T, path string, existed bool) {
	t.Helper()
	s, err := layout.Open(path, layout.Options{})
	switch {
	case err == nil:
		if d := check(t, s); len(d) != 0 {
			t.Errorf("Check: %v", d)
		}
		if existed {
			mustResolve(t, s, "old")
		}
		for _, name := range tags(t, s) {
			if _, err := fetch(t, s, mustResolve(t, s, name)); err != nil {
				t.Errorf("tag %s: %v", name, err)
			}
		}
		s.Close()
	case existed || !errors.Is(err, recap.NotFound):
		t.Errorf("Open: %v", err)
	}
	s, err = layout.Create(path, layout.Options{})
	if err != nil {
		t.Errorf("Create: %v", err)
		return
	}
	defer s.Close()
	// The same as the worker does, in this process, to save time.
	want := []string{"latest", "v1"}
	if existed {
		want = []string{"latest", "old", "v1"}
	}
	if err := again(t, s); err != nil {
		t.Errorf("doing it again: %v", err)
	}
	if diff := cmp.Diff(want, tags(t, s)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if d := check(t, s); len(d) != 0 {
		t.Errorf("Check after doing it again: %v", d)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the layout: %v, %v", entries, err)
	}
}

func again(t *testing.T, s *layout.Store) error {
	layer := newBlob("text/plain", strings.Repeat("0123456789abcdef", 20_000))
	m := newManifest(t, nil, "again", layer)
	sig := newManifest(t, &m.Descriptor, "signature")
	push(t, s, layer, emptyConfig, m, sig)
	tag(t, s, m, "v1", "latest")
	if got := referrers(t, s, m.Descriptor); len(got) != 1 {
		return fmt.Errorf("referrers: %v", got)
	}
	return s.Commit(t.Context())
}

// Many processes, each with its own tags, on one layout: none is lost.
func TestManyProcesses(t *testing.T) {
	program := worker(t)
	for _, c := range []struct {
		name      string
		processes int
		each      int
	}{{"directory", 8, 50}, {"archive.tar", 4, 5}} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.name)
			done := make(chan string, c.processes)
			for p := range c.processes {
				go func() {
					out, exit := work("", program, "add", path, fmt.Sprintf("p%d", p), fmt.Sprint(c.each))
					if exit != 0 {
						done <- fmt.Sprintf("process %d: exit %d: %s", p, exit, out)
						return
					}
					done <- ""
				}()
			}
			for range c.processes {
				if failure := <-done; failure != "" {
					t.Error(failure)
				}
			}
			s := open(t, path)
			if got, want := len(tags(t, s)), c.processes*c.each; got != want {
				t.Errorf("got %d tags, want %d", got, want)
			}
			if d := check(t, s); len(d) != 0 {
				t.Errorf("Check: %v", d)
			}
		})
	}
}

// Many goroutines on one store and on two, with the same blobs.
func TestManyGoroutines(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		stores := []*layout.Store{s, s}
		if !strings.HasSuffix(s.Path(), ".tar") {
			stores[1] = open(t, s.Path())
		}
		shared := newBlob("text/plain", strings.Repeat("shared", 50_000))
		subject := newManifest(t, nil, "subject")
		push(t, s, emptyConfig, subject)
		tag(t, s, subject, "subject")
		const workers = 8
		done := make(chan error, workers)
		for w := range workers {
			go func() {
				s := stores[w%2]
				var err error
				for i := range 6 {
					m := newManifest(t, &subject.Descriptor, fmt.Sprintf("%d-%d", w, i), shared)
					err = errors.Join(err, ignoreExists(s.Push(t.Context(), shared.Descriptor, bytes.NewReader(shared.data))),
						ignoreExists(s.Push(t.Context(), m.Descriptor, bytes.NewReader(m.data))),
						s.Tag(t.Context(), m.Descriptor, fmt.Sprintf("t%d-%d", w, i)))
					_, e := fetch(t, s, shared.Descriptor)
					_, e2 := s.Resolve(t.Context(), "subject")
					err = errors.Join(err, e, e2)
				}
				done <- err
			}()
		}
		for range workers {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		s = reopen()
		if got := len(tags(t, s)); got != workers*6+1 {
			t.Errorf("got %d tags, want %d", got, workers*6+1)
		}
		if got := len(referrers(t, s, subject.Descriptor)); got != workers*6 {
			t.Errorf("got %d referrers, want %d", got, workers*6)
		}
		if d := check(t, s); len(d) != 0 {
			t.Errorf("Check: %v", d)
		}
	})
}
