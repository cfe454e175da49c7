// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/transfer"
)

// maxSteps bounds a sweep: a pull of six files has fewer durable steps.
const maxSteps = 200

// crasher builds the program that kills itself.
func crasher(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program and kills it at every durable step")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the sweep tells a kill by its signal")
	}
	bin := filepath.Join(t.TempDir(), "crash")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "recapfailpoint", "-o", bin, "./testdata/crash").CombinedOutput()
	if err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return bin
}

// crash runs the program in dir with a failpoint and reports whether it was
// killed there.
func crash(t *testing.T, bin, dir, failpoint string, args ...string) (killed bool, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bin, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RECAP_FAILPOINT="+failpoint)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			return true, nil
		}
		return false, fmt.Errorf("%w: %s", err, out)
	}
	return false, err
}

// A pull is killed at every durable step in turn. What is then in the
// destination is the old recap, the new one, or known to be incomplete; and the
// next run makes it the new one, whatever it finds, and leaves nothing behind.
func TestPullKilledAnywhere(t *testing.T) {
	t.Parallel()
	bin := crasher(t)
	path := filepath.Join(t.TempDir(), "layout")
	store := openLayout(t, path)
	push(t, build(t, first), store, "1.0.0")
	push(t, build(t, second), store, "2.0.0")
	push(t, packFrom(t, "1.0.0", firstMembers), store, "pack-1.0.0")
	push(t, packFrom(t, "1.1.0", secondMembers), store, "pack-2.0.0")
	for _, tt := range []sweep{
		{name: "absent", to: "dir", want: second},
		{name: "absent, and its parents", to: "a/b/dir", want: second},
		{name: "empty", to: "dir", made: true, want: second},
		{name: "earlier pull", to: "dir", old: first, want: second},
		{name: "earlier pull in the working directory", to: ".", old: first, want: second},
		{name: "pack, earlier pull", to: "dir", tag: "pack-", old: under(firstMembers), want: under(secondMembers)},
		{name: "pack, earlier pull in the working directory", to: ".", tag: "pack-", old: under(firstMembers), want: under(secondMembers)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, bin, path)
		})
	}
}

// sweep is one pull, to be killed everywhere.
type sweep struct {
	name string
	to   string   // the destination, from its own parent or from itself
	tag  string   // what the tags begin with
	old  contents // nil: absent
	made bool     // it is there and empty
	want contents
}

func (s sweep) run(t *testing.T, bin, path string) {
	steps := 0
	for at := 1; at <= maxSteps; at++ {
		parent := t.TempDir()
		dir, cwd := filepath.Join(parent, filepath.FromSlash(s.to)), parent
		if s.to == "." {
			dir = filepath.Join(parent, "dir")
			cwd = dir
		}
		if s.made || s.old != nil {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if s.old != nil {
			if _, err := crash(t, bin, cwd, "", "pull", path, s.tag+"1.0.0", s.to); err != nil {
				t.Fatal(err)
			}
		}
		killed, err := crash(t, bin, cwd, fmt.Sprintf("kill:%d", at), "pull", path, s.tag+"2.0.0", s.to)
		if err != nil {
			t.Fatalf("at step %d: %v", at, err)
		}
		steps = at
		checkKilled(t, at, dir, s.old, s.want)
		if _, err := crash(t, bin, cwd, "", "pull", path, s.tag+"2.0.0", s.to); err != nil {
			t.Fatalf("after a kill at step %d: %v", at, err)
		}
		wantFiles(t, dir, s.want)
		if got := names(t, filepath.Dir(dir)); !slices.Equal(got, []string{filepath.Base(dir)}) {
			t.Errorf("after a kill at step %d and another run: %q beside the destination", at, got)
		}
		if t.Failed() {
			return
		}
		if !killed {
			break
		}
	}
	if steps < 8 || steps == maxSteps {
		t.Errorf("%d steps: is anything swept?", steps)
	}
	t.Logf("killed at %d steps", steps-1)
}

// checkKilled looks at what a killed pull left.
func checkKilled(t *testing.T, at int, dir string, old, want contents) {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		if old != nil {
			t.Fatalf("killed at step %d: the destination is gone", at)
		}
		return
	}
	got := read(t, dir)
	status, err := folder.Status(t.Context(), dir, folder.StatusOptions{})
	switch {
	case err != nil && old == nil && len(got) == 0: // still empty
	case err != nil:
		t.Fatalf("killed at step %d: %v, with %v", at, err, keys(got))
	case status.State == folder.Incomplete: // and says so
	case cmp.Equal(got, want), old != nil && cmp.Equal(got, old):
	default:
		t.Fatalf("killed at step %d: neither old, nor new, nor known to be incomplete: %v", at, keys(got))
	}
}

// A disk that fills up at any durable step is an error, changes nothing that a
// journal doesn't finish, and leaves no litter.
func TestPullDiskFullAnywhere(t *testing.T) {
	t.Parallel()
	bin := crasher(t)
	path := filepath.Join(t.TempDir(), "layout")
	store := openLayout(t, path)
	push(t, build(t, first), store, "1.0.0")
	push(t, build(t, second), store, "2.0.0")
	for at := 1; at <= maxSteps; at++ {
		parent := t.TempDir()
		dir := filepath.Join(parent, "dir")
		if _, err := crash(t, bin, parent, "", "pull", path, "1.0.0", dir); err != nil {
			t.Fatal(err)
		}
		_, err := crash(t, bin, parent, fmt.Sprintf("enospc:%d", at), "pull", path, "2.0.0", dir)
		if err != nil && !strings.Contains(err.Error(), "no space left") {
			t.Fatalf("at step %d: %v", at, err)
		}
		if got := names(t, parent); !slices.Equal(got, []string{"dir"}) {
			t.Fatalf("at step %d: %q was left", at, got)
		}
		checkKilled(t, at, dir, first, second)
		if err == nil && cmp.Equal(read(t, dir), second) && at > 8 {
			return
		}
	}
	t.Error("the sweep has no end")
}

// A push into a layout is killed at every durable step: no tag names what isn't
// whole, and the next run succeeds.
func TestPushKilledAnywhere(t *testing.T) {
	t.Parallel()
	bin := crasher(t)
	for _, tt := range []struct{ verb, name string }{{"push", "layout"}, {"push", "layout.tar"}, {"pack", "layout"}} {
		t.Run(tt.verb+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			for at := 1; at <= maxSteps; at++ {
				dir := t.TempDir()
				path := filepath.Join(dir, tt.name)
				if _, err := crash(t, bin, dir, "", tt.verb, path, "1.0.0", "# One\n"); err != nil {
					t.Fatal(err)
				}
				killed, err := crash(t, bin, dir, fmt.Sprintf("kill:%d", at), tt.verb, path, "2.0.0", "# Two\n")
				if err != nil {
					t.Fatalf("at step %d: %v", at, err)
				}
				checkLayout(t, at, path, false)
				if _, err := crash(t, bin, dir, "", tt.verb, path, "2.0.0", "# Two\n"); err != nil {
					t.Fatalf("after a kill at step %d: %v", at, err)
				}
				checkLayout(t, at, path, true)
				if !killed {
					if at < 8 {
						t.Errorf("%d steps: is anything swept?", at)
					}
					t.Logf("killed at %d steps", at-1)
					return
				}
			}
			t.Error("the sweep has no end")
		})
	}
}

func checkLayout(t *testing.T, at int, path string, done bool) {
	t.Helper()
	store, err := layout.Open(path, layout.Options{})
	if err != nil {
		t.Fatalf("killed at step %d: %v", at, err)
	}
	defer store.Close()
	for _, tag := range []string{"1.0.0", "2.0.0", "latest"} {
		pinned, err := transfer.Resolve(t.Context(), store, tag)
		if err != nil && tag == "2.0.0" && !done {
			continue
		}
		if err != nil {
			t.Fatalf("killed at step %d: %v", at, err)
		}
		dir := filepath.Join(t.TempDir(), "dir")
		mustPull(t, pinned, dir, transfer.PullOptions{})
		// A pull leaves out the views of a pack.
		err = artifact.Walk(t.Context(), store, pinned.Root(), func(desc ocispec.Descriptor, _ *artifact.Node) error {
			if _, err := artifact.ReadBlob(t.Context(), store, desc, 1<<20); err != nil {
				t.Errorf("killed at step %d: %s: %v", at, tag, err)
			}
			return nil
		})
		if err != nil {
			t.Errorf("killed at step %d: %s: %v", at, tag, err)
		}
	}
}
