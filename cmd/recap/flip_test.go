// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/recaptest"
)

// runHere runs the command in this process, with home and cache in the sandbox.
func (s *sandbox) runHere(args ...string) (int, string) {
	s.t.Helper()
	var stderr bytes.Buffer
	now := time.Now()
	e := &env{
		stdin: bytes.NewReader(nil), stdout: &answer{w: io.Discard}, stderr: &stderr,
		// However slow the machine is: what takes long asks once more what its tag
		// names, and a registry that is silent for long is asked again.
		now: func() time.Time { return now }, clock: recaptest.NewClock(0),
		lookup: func(name string) (string, bool) {
			switch name {
			case "XDG_CACHE_HOME":
				return filepath.Join(s.dir, "cache"), true
			case "DOCKER_CONFIG":
				return filepath.Join(s.dir, "home"), true
			}
			return "", false
		},
	}
	return e.main(s.t.Context(), args), stderr.String()
}

// TestFlipEveryBit flips every bit of everything that a small signed bundle
// consists of, one at a time: manifest, config, document, signature and the
// signature's manifest. Verify never says yes, and pull writes nothing. Outside
// make e2e it flips one bit of each byte.
func TestFlipEveryBit(t *testing.T) {
	s := newSandbox(t, "")
	reg := filepath.Join(s.dir, "reg")
	ref := "oci-layout://" + reg + ":v1"
	key := filepath.Join(s.dir, "k.pub")
	if code, stderr := s.runHere("push", filepath.Join(s.dir, "v1"), ref, "--sign", "--key", filepath.Join(s.dir, "k.key")); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if code, stderr := s.runHere("verify", ref, "--key", key); code != 0 {
		t.Fatalf("unflipped: exit %d: %s", code, stderr)
	}
	stride := 1
	if endToEnd(t) == "" {
		stride = 9 // another bit of each byte
	}
	flips := 0
	err := filepath.WalkDir(filepath.Join(reg, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if string(text) == "{}" {
			return nil // the empty config of the signature's manifest: it says nothing, and nobody reads it
		}
		// The document and the other files are pull's to find: verify reads
		// what is signed and what describes it.
		verb := []string{"verify", ref, "--key", key}
		if bytes.HasPrefix(text, []byte("---\n")) || string(text) == "old\n" {
			verb = []string{"pull", ref, "--key", key, "-o", filepath.Join(s.dir, "out")}
		}
		for bit := 0; bit < 8*len(text); bit += stride {
			flipped := bytes.Clone(text)
			flipped[bit/8] ^= 1 << (bit % 8)
			if err := os.WriteFile(path, flipped, 0o600); err != nil {
				return err
			}
			flips++
			code, stderr := s.runHere(verb...)
			if code == 0 || code == exitBug {
				t.Errorf("bit %d of %s: %s exits %d: %s", bit, d.Name(), verb[0], code, stderr)
			}
			if _, err := os.Lstat(filepath.Join(s.dir, "out")); err == nil {
				t.Fatalf("bit %d of %s: pull wrote something", bit, d.Name())
			}
		}
		return os.WriteFile(path, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if flips < 2000 {
		t.Errorf("only %d bits were there to flip", flips)
	}
	t.Logf("%d bits", flips)
}
