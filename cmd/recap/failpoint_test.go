// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/layout"
)

// TestFailpoints kills the real command, and fills its disk, at every durable
// step of a push into a layout and of a pull in turn. Whatever happened, what
// was there before is there still or the new is complete; the store checks
// clean; and the same command then succeeds.
func TestFailpoints(t *testing.T) {
	needPeers(t) // hundreds of processes take a minute
	dir := t.TempDir()
	bin := filepath.Join(dir, "recap")
	build := exec.Command("go", "build", "-tags", "recapfailpoint", "-o", bin, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building with failpoints: %v\n%s", err, out)
	}
	for _, action := range []string{"kill", "enospc"} {
		t.Run(action, func(t *testing.T) {
			sweepVerbs(t, bin, action)
			t.Run("push", func(t *testing.T) { sweepPush(t, bin, action) })
			t.Run("push to archive", func(t *testing.T) { sweepArchive(t, bin, action) })
			t.Run("pull", func(t *testing.T) { sweepPull(t, bin, action, "out") })
			t.Run("pull into the working directory", func(t *testing.T) { sweepPull(t, bin, action, ".") })
		})
	}
}

// sweepLimit is more steps than any of these commands takes.
const sweepLimit = 400

// sandbox runs the command in a directory of its own.
type sandbox struct {
	t   *testing.T
	bin string
	dir string // holds home, recaps and keys; the working directory is dir/work
}

func newSandbox(t *testing.T, bin string) *sandbox {
	t.Helper()
	s := &sandbox{t: t, bin: bin, dir: scratch(t)}
	s.write("v1/index.md", "---\ntitle: A trip\nrecap:\n  event: FOSDEM 2024\n---\nOld, with [notes](notes.txt).\n")
	s.write("v1/notes.txt", "old\n")
	s.write("v2/index.md", "---\ntitle: A trip\nrecap:\n  event: FOSDEM 2024\n---\nNew, with [figures](data/figures.csv).\n")
	s.write("v2/data/figures.csv", "what,how many\ntalks,800\n")
	s.keys()
	return s
}

// scratch returns a directory in memory where there is one with room: hundreds of
// runs wait for the disk otherwise, and that a disk keeps what was synced is not
// what is tested.
func scratch(t *testing.T) string {
	t.Helper()
	const memory = "/dev/shm"
	if !roomy(memory) {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "recap-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// keys makes a key pair without a password: unlocking one takes longer than
// everything else here.
func (s *sandbox) keys() {
	s.t.Helper()
	private, public, err := newKeyPair()
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("k.key", string(private))
	s.write("k.pub", string(public))
}

// newKeyPair returns a key pair in PEM that no password protects.
func newKeyPair() (private, public []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if private, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return nil, nil, err
	}
	if public, err = x509.MarshalPKIXPublicKey(key.Public()); err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), nil
}

func (s *sandbox) write(name, text string) {
	s.t.Helper()
	file := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		s.t.Fatal(err)
	}
}

// run runs recap with a failpoint, or none, and returns its exit code (-1 when
// it was killed) and what it wrote to standard error.
func (s *sandbox) run(failpoint string, args ...string) (int, string) {
	s.t.Helper()
	work := filepath.Join(s.dir, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(s.bin, args...)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "RECAP_FAILPOINT="+failpoint,
		"HOME="+filepath.Join(s.dir, "home"), "XDG_CACHE_HOME="+filepath.Join(s.dir, "cache"),
		"XDG_CONFIG_HOME="+filepath.Join(s.dir, "config"), "XDG_STATE_HOME="+filepath.Join(s.dir, "state"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stderr.String()
}

func (s *sandbox) must(args ...string) {
	s.t.Helper()
	if code, stderr := s.run("", args...); code != 0 {
		s.t.Fatalf("recap %s: exit %d: %s", strings.Join(args, " "), code, stderr)
	}
}

// failed checks that a run ended as the failpoint asks: killed, or with the
// exit code of a full disk.
func (s *sandbox) failed(action string, code int, stderr string) {
	s.t.Helper()
	want := map[string]int{"kill": -1, "enospc": 10}[action]
	if code != want {
		s.t.Fatalf("exit code %d, want %d: %s", code, want, stderr)
	}
}

// sweep calls attempt for every step until one is not reached any more.
func sweep(t *testing.T, action string, attempt func(failpoint string) (reached bool)) {
	t.Helper()
	for n := 1; n < sweepLimit; n++ {
		if !attempt(fmt.Sprintf("%s:%d", action, n)) {
			if n < 4 {
				t.Fatalf("only %d steps are durable: the failpoints are not where the writes are", n-1)
			}
			t.Logf("%d steps", n-1)
			return
		}
	}
	t.Fatalf("no end after %d steps", sweepLimit)
}

func sweepPush(t *testing.T, bin, action string) {
	t.Parallel()
	s := newSandbox(t, bin)
	sweep(t, action, func(failpoint string) bool {
		reg := filepath.Join(s.dir, "reg")
		if err := os.RemoveAll(reg); err != nil {
			t.Fatal(err)
		}
		s.must("push", "../v1", "oci-layout://../reg:v1,latest", "--sign", "--key", "../k.key")
		push := []string{"push", "../v2", "oci-layout://../reg:v2,latest", "--sign", "--key", "../k.key"}
		code, stderr := s.run(failpoint, push...)
		reached := code != 0
		if reached {
			s.failed(action, code, stderr)
		}
		// Whatever a tag names is complete and signed.
		s.clean(reg)
		s.must("verify", "oci-layout://../reg:latest", "--key", "../k.pub")
		s.must(push...)
		s.must("verify", "oci-layout://../reg:v2", "--key", "../k.pub")
		s.clean(reg)
		return reached
	})
}

// clean checks every byte of the store.
func (s *sandbox) clean(path string) {
	s.t.Helper()
	store, err := layout.Open(path, layout.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	damage, err := store.Check(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range damage {
		if d.Code != "stale-temporary" {
			s.t.Errorf("damage: %s", d)
		}
	}
}

func sweepArchive(t *testing.T, bin, action string) {
	t.Parallel()
	s := newSandbox(t, bin)
	sweep(t, action, func(failpoint string) bool {
		archive := filepath.Join(s.dir, "a.tar")
		if err := os.RemoveAll(archive); err != nil {
			t.Fatal(err)
		}
		s.must("build", "../v1", "-o", "../a.tar:v1")
		code, stderr := s.run(failpoint, "build", "../v2", "-o", "../a.tar:v2")
		reached := code != 0
		if reached {
			s.failed(action, code, stderr)
		}
		s.must("inspect", "oci-layout://../a.tar:v1")
		s.must("build", "../v2", "-o", "../a.tar:v2")
		s.must("inspect", "oci-layout://../a.tar:v1")
		s.must("inspect", "oci-layout://../a.tar:v2")
		// A killed process can't take its lock away; whoever locks next does.
		s.left("a.tar", ".a.tar.recap-lock", "k.key", "k.pub", "v1", "v2", "work", "home", "cache")
		return reached
	})
}

// left checks that nothing but these lies in the sandbox.
func (s *sandbox) left(names ...string) {
	s.t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, entry := range entries {
		known := false
		for _, name := range names {
			known = known || entry.Name() == name
		}
		if !known {
			s.t.Errorf("left behind: %s", entry.Name())
		}
	}
}

func sweepPull(t *testing.T, bin, action, dest string) {
	t.Parallel()
	s := newSandbox(t, bin)
	s.must("push", "../v1", "oci-layout://../reg:v1", "--sign", "--key", "../k.key")
	s.must("push", "../v2", "oci-layout://../reg:v2", "--sign", "--key", "../k.key")
	v1, v2 := tree(t, filepath.Join(s.dir, "v1")), tree(t, filepath.Join(s.dir, "v2"))
	for _, earlier := range []bool{false, true} {
		t.Run(fmt.Sprintf("earlier pull %t", earlier), func(t *testing.T) {
			sweep(t, action, func(failpoint string) bool {
				work := filepath.Join(s.dir, "work")
				if err := os.RemoveAll(work); err != nil {
					t.Fatal(err)
				}
				old := ""
				if earlier {
					s.must("pull", "oci-layout://../reg:v1", "--key", "../k.pub", "-o", dest)
					old = v1
				}
				code, stderr := s.run(failpoint, "pull", "oci-layout://../reg:v2", "--key", "../k.pub", "-o", dest)
				reached := code != 0
				if reached {
					s.failed(action, code, stderr)
				}
				got := tree(t, filepath.Join(work, dest))
				_, err := os.Lstat(filepath.Join(work, dest, ".recap", "incomplete"))
				switch {
				case got == old, got == v2:
				case err == nil && dest == ".":
					// Where one rename is impossible the journal says what is
					// left to do, and the next run does it.
				default:
					t.Fatalf("%s: neither old nor complete:\n%s", failpoint, got)
				}
				s.must("pull", "oci-layout://../reg:v2", "--key", "../k.pub", "-o", dest)
				if got := tree(t, filepath.Join(work, dest)); got != v2 {
					t.Fatalf("%s: after another run:\n%s", failpoint, got)
				}
				s.must("status", dest, "--offline")
				return reached
			})
		})
	}
}

// tree lists the files below dir with their contents, recap's own left out.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if d.Name() == ".recap" {
			return fs.SkipDir
		}
		if d.Type().IsRegular() {
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			fmt.Fprintf(&b, "%s: %q\n", filepath.ToSlash(rel), text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
