// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// home is a directory to run the command in, in processes of its own.
type home struct {
	t   *testing.T
	reg *recaptest.Registry
	bin string // this program, which is the command under its name
	dir string
}

func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{t: t, reg: recaptest.NewRegistry(t, recaptest.RegistryOptions{}), dir: t.TempDir()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.bin = filepath.Join(t.TempDir(), "recap")
	if err := os.Symlink(self, h.bin); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		h.write(fmt.Sprintf("trip%d/index.md", i), fmt.Sprintf("---\ntitle: Trip %d\nslug: trip\nrecap:\n  event: FOSDEM 2024\n---\nNo. %[1]d, with [notes](notes.txt).\n", i))
		h.write(fmt.Sprintf("trip%d/notes.txt", i), strings.Repeat("notes\n", 2000))
	}
	private, public, err := newKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	h.write("k.key", string(private))
	h.write("k.pub", string(public))
	return h
}

func (h *home) path(name string) string { return filepath.Join(h.dir, filepath.FromSlash(name)) }

func (h *home) write(name, text string) {
	h.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(h.path(name)), 0o755), os.WriteFile(h.path(name), []byte(text), 0o600)); err != nil {
		h.t.Fatal(err)
	}
}

// command is recap with args, in which $REG is the registry. It may take a minute.
func (h *home) command(args ...string) *exec.Cmd {
	return h.program(h.bin, args...)
}

func (h *home) program(name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	h.t.Cleanup(cancel)
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "$REG", h.reg.Host())
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + filepath.Dir(h.bin) + ":" + os.Getenv("PATH"), "HOME=" + h.path("home"), "TMPDIR=" + h.path("tmp")}
	if dir := os.Getenv("GOCOVERDIR"); dir != "" {
		cmd.Env = append(cmd.Env, "GOCOVERDIR="+dir)
	}
	return cmd
}

// run runs recap and returns its exit code, or -1 when a signal ended it, and what
// it wrote to standard error.
func (h *home) run(args ...string) (int, string) {
	h.t.Helper()
	return h.wait(h.command(args...))
}

func (h *home) wait(cmd *exec.Cmd) (int, string) {
	h.t.Helper()
	return h.end(cmd, func() {})
}

// end is wait that says when the process is there.
func (h *home) end(cmd *exec.Cmd, started func()) (int, string) {
	h.t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	started()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

func (h *home) must(args ...string) {
	h.t.Helper()
	if code, stderr := h.run(args...); code != 0 {
		h.t.Fatalf("recap %s: exit %d: %s", strings.Join(args, " "), code, stderr)
	}
}

// strangers lists what lies in the directory and is none of these.
func (h *home) strangers(known ...string) []string {
	h.t.Helper()
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, "trip") && !strings.HasPrefix(name, "k.") && name != "home" && !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	return names
}

// Interrupted or terminated at any request, the command ends soon, leaves nothing
// behind, moves no tag to what isn't complete and signed, and may be run again.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name  string
		setup [][]string
		args  []string
		made  string // what it makes, once it ends well
		tag   string // what it may have tagged
	}{
		{"push", nil, []string{"push", "trip0", "$REG/team/trip:v1,latest", "--sign", "--key", "k.key"}, "", "$REG/team/trip:latest"},
		{"pull", [][]string{{"push", "trip0", "$REG/team/trip:v1", "--sign", "--key", "k.key"}},
			[]string{"pull", "$REG/team/trip:v1", "--key", "k.pub", "-o", "out"}, "out", ""},
		{"copy", [][]string{{"push", "trip0", "$REG/team/trip:v1", "--sign", "--key", "k.key"}},
			[]string{"copy", "$REG/team/trip:v1", "oci-layout://copy.tar:v1"}, "copy.tar", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				h := newHome(t)
				for _, command := range c.setup {
					h.must(command...)
				}
				signal, code := syscall.SIGINT, 130
				if n%2 == 0 {
					signal, code = syscall.SIGTERM, 143
				}
				cmd := h.command(c.args...)
				var reached atomic.Bool
				started := make(chan struct{}) // it may ask before it is known here as a process
				h.reg.Inject(recaptest.Fault{Nth: n, Action: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
					reached.Store(true)
					<-started
					if err := cmd.Process.Signal(signal); err != nil {
						t.Error(err)
					}
					<-r.Context().Done()
				}})
				got, stderr := h.end(cmd, func() { close(started) })
				if !reached.Load() {
					if got != 0 || n < 4 {
						t.Errorf("request %d: exit %d: %s", n, got, stderr)
					}
					t.Logf("%d requests", n-1)
					return
				}
				if got != code || !strings.HasPrefix(stderr[strings.LastIndex(strings.TrimSpace(stderr), "\n")+1:], "error[interrupted]: ") {
					t.Errorf("request %d: exit %d, want %d: %s", n, got, code, stderr)
				}
				if names := h.strangers(); len(names) > 0 {
					t.Errorf("request %d: left behind: %q", n, names)
				}
				if c.tag != "" {
					if got, stderr := h.run("verify", c.tag, "--key", "k.pub"); got != 0 && got != 3 {
						t.Errorf("request %d: the tag names what is not signed: exit %d: %s", n, got, stderr)
					}
				}
				h.must(c.args...)
				if c.made != "" && len(h.strangers(c.made)) > 0 || c.made != "" && !exists(h.path(c.made)) {
					t.Errorf("request %d: after another run: %q", n, h.strangers())
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// An answer that doesn't arrive is no success; a reader that went away is nobody to
// tell.
func TestStdoutFails(t *testing.T) {
	h := newHome(t)
	h.must("build", "trip0", "-o", "l:v1")
	for _, args := range [][]string{
		{"version"}, {"schema", "recap"}, {"inspect", "oci-layout://l:v1"}, {"list", "oci-layout://l"}, {"show", "trip0"}, {"store", "check", "l", "--format", "json"},
		{"store", "prune", "l"}, {"check", "trip0"}, {"pull", "oci-layout://l:v1", "--unverified", "-o", "out"}, {"tag", "oci-layout://l:v1", "v2"},
	} {
		t.Run(args[0], func(t *testing.T) {
			if full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
				defer full.Close()
				cmd := h.command(args...)
				cmd.Stdout = full
				if code, stderr := h.wait(cmd); code != 10 || !strings.Contains(stderr, "error[stdout]: ") || !strings.Contains(stderr, "no space left") {
					t.Errorf("no room: exit %d: %s", code, stderr)
				}
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			cmd := h.command(args...)
			cmd.Stdout = w
			code, stderr := h.wait(cmd)
			status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if code != -1 || !ok || status.Signal() != syscall.SIGPIPE || strings.Contains(stderr, "error") {
				t.Errorf("nobody reads: exit %d, %v: %s", code, cmd.ProcessState, stderr)
			}
		})
	}
}

// What can be known not to work is refused before anything is fetched.
func TestPlacesThatAreNone(t *testing.T) {
	h := newHome(t)
	h.must("push", "trip0", "$REG/team/trip:v1", "--sign", "--key", "k.key")
	h.write("file", "mine")
	long := strings.Repeat("x", 300)
	for _, c := range []struct{ place, code string }{
		{long, "name-too-long"}, {"a/b/" + long + "/c", "name-too-long"}, {"file/below", "not-a-directory"}, {"/dev/null/x", "not-a-directory"},
	} {
		for _, verb := range []string{"pull", "copy", "build"} {
			args := map[string][]string{
				"pull":  {"pull", "$REG/team/trip:v1", "--key", "k.pub", "-o", c.place},
				"copy":  {"copy", "$REG/team/trip:v1", "oci-layout://" + c.place + ":v1"},
				"build": {"build", "trip0", "-o", c.place},
			}[verb]
			h.reg.Reset()
			code, stderr := h.run(args...)
			if code != 10 || !strings.Contains(stderr, "error["+c.code+"]: ") {
				t.Errorf("%s to %.10s: exit %d, want 10 and %s: %s", verb, c.place, code, c.code, stderr)
			}
			if n := h.reg.Count(recaptest.Blob, http.MethodGet); verb == "copy" && n > 0 || n > 2 {
				t.Errorf("%s to %.10s: %d blobs were fetched first", verb, c.place, n)
			}
			if names := h.strangers("file"); len(names) > 0 {
				t.Errorf("%s to %.10s: left behind: %q", verb, c.place, names)
			}
		}
	}
}

// With too few file handles the command says so, whatever it wanted one for, and
// leaves nothing half done.
func TestTooFewHandles(t *testing.T) {
	h := newHome(t)
	h.must("push", "trip0", "$REG/team/trip:v1", "--sign", "--key", "k.key")
	h.write("tmp/x", "") // where things may be put
	enough := false
	for n := 9; n <= 60 && !enough; n += 3 { // with fewer, no program of Go starts
		cmd := h.program("sh", "-c", fmt.Sprintf("ulimit -n %d && exec recap pull $REG/team/trip:v1 --key k.pub -o out", n))
		code, stderr := h.wait(cmd)
		switch {
		case code == 0:
			enough = true
			h.must("status", "out", "--offline")
		case code != 10 || !strings.Contains(stderr, "too many open files"):
			t.Errorf("%d handles: exit %d: %s", n, code, stderr)
		case exists(h.path("out")) || slices.ContainsFunc(h.strangers("tmp"), func(name string) bool {
			return !strings.HasPrefix(name, ".recap-tmp-") // removing a directory takes a handle, too
		}):
			t.Errorf("%d handles: left behind: %q", n, h.strangers("tmp"))
		}
	}
	if !enough {
		t.Error("60 handles were not enough")
	}
	if names := h.strangers("tmp", "out"); len(names) > 0 {
		t.Errorf("the next run left %q", names)
	}
}

// at once runs commands side by side and returns their exit codes.
func (h *home) atOnce(commands ...[]string) []int {
	h.t.Helper()
	codes := make([]int, len(commands))
	var group sync.WaitGroup
	for i, args := range commands {
		group.Go(func() {
			code, stderr := h.run(args...)
			codes[i] = code
			refused := code == 10 && (strings.Contains(stderr, "error[busy]: ") || strings.Contains(stderr, "error[exists]: ")) ||
				code == 9 && strings.Contains(stderr, "error[tag-moved]: ")
			if code != 0 && !refused {
				h.t.Errorf("recap %s: exit %d: %s", strings.Join(args, " "), code, stderr)
			}
		})
	}
	group.Wait()
	return codes
}

// Eight processes at one place don't spoil each other's work.
func TestEightProcesses(t *testing.T) {
	const n = 8
	eight := func(args func(i int) []string) [][]string {
		var list [][]string
		for i := range n {
			list = append(list, args(i))
		}
		return list
	}
	all := func(t *testing.T, codes []int) {
		t.Helper()
		if slices.Max(codes) != 0 {
			t.Errorf("exit codes %v", codes)
		}
	}
	pushed := func(t *testing.T) *home {
		h := newHome(t)
		h.must("push", "trip0", "$REG/team/trip:v1", "--sign", "--key", "k.key")
		return h
	}
	complete := func(t *testing.T, h *home, dir string) {
		t.Helper()
		h.must("status", dir, "--offline")
		if got, want := tree(t, h.path(dir)), tree(t, h.path("trip0")); got != want {
			t.Errorf("%s: %.200s", dir, got)
		}
	}
	t.Run("one destination", func(t *testing.T) {
		h := pushed(t)
		codes := h.atOnce(eight(func(int) []string { return []string{"pull", "$REG/team/trip:v1", "--key", "k.pub", "-o", "out"} })...)
		all(t, codes)
		complete(t, h, "out")
		if names := h.strangers("out"); len(names) > 0 {
			t.Errorf("left behind: %q", names)
		}
	})
	t.Run("one store", func(t *testing.T) {
		h := pushed(t)
		codes := h.atOnce(eight(func(i int) []string {
			return []string{"pull", "$REG/team/trip:v1", "--key", "k.pub", "-o", fmt.Sprintf("trip-out%d", i)}
		})...)
		all(t, codes)
		for i := range n {
			complete(t, h, fmt.Sprintf("trip-out%d", i))
		}
		h.must("store", "check")
	})
	t.Run("one store that is pruned", func(t *testing.T) {
		h := pushed(t)
		codes := h.atOnce(eight(func(i int) []string {
			if i%2 == 0 {
				return []string{"store", "prune", "--yes", "--older-than", "0"}
			}
			return []string{"pull", "$REG/team/trip:v1", "--key", "k.pub", "-o", fmt.Sprintf("trip-out%d", i)}
		})...)
		all(t, codes)
		for i := 1; i < n; i += 2 {
			complete(t, h, fmt.Sprintf("trip-out%d", i))
		}
		h.must("store", "check")
	})
	for name, place := range map[string]string{"one tag of a layout": "oci-layout://l", "one tag of an archive": "oci-layout://l.tar", "one tag of a registry": "$REG/team/other"} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			codes := h.atOnce(eight(func(i int) []string {
				return []string{"push", fmt.Sprintf("trip%d", i), fmt.Sprintf("%s:t%d,latest", place, i)}
			})...)
			for _, code := range codes {
				if code != 0 && code != 9 { // moved by one of the others before it was looked at again
					t.Errorf("exit codes %v", codes)
					break
				}
			}
			h.must("pull", place+":latest", "--unverified", "-o", "out")
			is := ""
			for i := range n {
				if codes[i] == 0 {
					h.must("inspect", fmt.Sprintf("%s:t%d", place, i))
				}
				if tree(t, h.path(fmt.Sprintf("trip%d", i))) == tree(t, h.path("out")) {
					is = fmt.Sprint(i)
				}
			}
			if is == "" {
				t.Error("the tag names what nobody pushed")
			}
			if names := h.strangers("out", "l", "l.tar"); len(names) > 0 {
				t.Errorf("left behind: %q", names)
			}
		})
	}
	t.Run("one new recap", func(t *testing.T) {
		h := newHome(t)
		codes := h.atOnce(eight(func(int) []string { return []string{"init", "new"} })...)
		if slices.Min(codes) != 0 {
			t.Errorf("exit codes %v", codes)
		}
		h.must("check", "new", "--level", "valid")
	})
}
