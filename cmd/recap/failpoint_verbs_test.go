// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust/material"
)

// crash is a verb that writes, with where it starts from.
type crash struct {
	name  string
	setup [][]string // commands, once
	files map[string]string
	aged  string // a directory, all of which was last in use 60 days ago
	args  []string
	// prepare, where the arguments aren't known before, makes what setup can't.
	prepare func(s *sandbox) (args []string)
	// once says that each run writes something else, so that its result can't be
	// compared: random numbers of a signature, the time.
	once bool
	// holds are commands that succeed after the fault, done those that succeed
	// after another run.
	holds, done [][]string
	layouts     []string // that are sound in between
	atLeast     int      // steps
	twice       int      // exit code of another run when the one that was killed had finished
}

const (
	lv1 = "oci-layout://../reg:v1"
	key = "../k.key"
	pub = "../k.pub"
)

// writers are the verbs that write, but for push and pull, which have sweeps of
// their own.
func writers() []crash {
	const text = "---\ntitle: Day %[1]s\nslug: day-%[1]s\ndate: 2024-03-20\nrecap:\n  license: CC-BY-4.0\n  event: Day %[1]s\n---\nText.\n"
	pack := map[string]string{
		"team/pack.yaml":    "apiVersion: recap/v1\nkind: Pack\nname: trips\nversion: 1.0.0\nlicense: CC-BY-4.0\nmembers: [./*/]\n",
		"team/one/index.md": fmt.Sprintf(text, "one"),
		"team/two/index.md": fmt.Sprintf(text, "two"),
	}
	push1 := []string{"push", "../v1", "oci-layout://../reg:v1,latest", "--sign", "--key", key}
	push2 := []string{"push", "../v2", "oci-layout://../reg:v2", "--sign", "--key", key}
	verify1 := []string{"verify", lv1, "--key", pub}
	return []crash{
		{
			name: "copy into a layout", setup: [][]string{push1, push2, {"copy", lv1, "oci-layout://../copy:latest"}},
			args:  []string{"copy", "oci-layout://../reg:v2", "oci-layout://../copy:v2,latest"},
			holds: [][]string{{"verify", "oci-layout://../copy:latest", "--key", pub}},
			done:  [][]string{{"verify", "oci-layout://../copy:v2", "--key", pub}}, layouts: []string{"copy", "reg"}, atLeast: 25,
		},
		{
			name: "copy into an archive", setup: [][]string{push1, push2, {"copy", lv1, "oci-layout://../copy.tar:latest"}},
			args:  []string{"copy", "oci-layout://../reg:v2", "oci-layout://../copy.tar:latest"},
			holds: [][]string{{"verify", "oci-layout://../copy.tar:latest", "--key", pub}}, layouts: []string{"copy.tar", "reg"}, atLeast: 25,
		},
		{
			name: "sign", setup: [][]string{{"push", "../v1", lv1}}, args: []string{"sign", lv1, "--key", key}, once: true,
			holds: [][]string{{"inspect", lv1}}, done: [][]string{verify1}, layouts: []string{"reg"}, atLeast: 15,
		},
		{
			name: "attest", setup: [][]string{push1}, args: []string{"attest", lv1, "--key", key, "--type", "https://example.com/x", "--predicate", "../predicate.json"}, once: true,
			files: map[string]string{"predicate.json": "{}"},
			holds: [][]string{verify1}, done: [][]string{append(verify1, "--attestation", "https://example.com/x")}, layouts: []string{"reg"}, atLeast: 15,
		},
		{
			name: "tag", setup: [][]string{push1, push2}, args: []string{"tag", "oci-layout://../reg:v2", "latest", "stable"},
			holds: [][]string{{"verify", "oci-layout://../reg:latest", "--key", pub}}, layouts: []string{"reg"}, atLeast: 5,
		},
		{
			name: "delete a tag", setup: [][]string{push1, push2}, args: []string{"delete", "oci-layout://../reg:v2", "--force"},
			holds: [][]string{verify1}, layouts: []string{"reg"}, atLeast: 5, twice: 3,
		},
		{
			name: "prune a layout", setup: [][]string{push1, {"push", "../v2", "oci-layout://../reg:v1,latest"}}, aged: "reg/blobs",
			args:  []string{"store", "prune", "../reg", "--untagged", "--yes"},
			holds: [][]string{{"inspect", lv1}}, done: [][]string{{"pull", lv1, "--unverified", "-o", "../out"}}, layouts: []string{"reg"}, atLeast: 10,
		},
		{
			name: "repair a layout", setup: [][]string{push1}, files: map[string]string{"reg/blobs/sha256/" + strings.Repeat("a", 64): "damaged", "reg/blobs/sha256/" + strings.Repeat("b", 64): "this too"},
			args: []string{"store", "check", "../reg", "--repair"}, once: true,
			holds: [][]string{verify1}, done: [][]string{{"store", "check", "../reg"}}, atLeast: 5,
		},
		{
			name: "init", args: []string{"init", "../new"}, done: [][]string{{"check", "../new", "--level", "valid"}}, atLeast: 4, twice: 10,
		},
		{
			name: "init a pack", args: []string{"init", "--pack", "../new"}, atLeast: 4, twice: 10,
		},
		{
			name: "fmt", files: map[string]string{"v1/index.md": "---\nrecap:\n  event: FOSDEM 2024\ntitle: A trip\n---\nOld, with [notes](notes.txt).\n"},
			args: []string{"fmt", "../v1"}, holds: [][]string{{"check", "../v1", "--level", "valid"}}, atLeast: 4,
		},
		{
			name: "build a pack", files: pack,
			args: []string{"build", "../team", "-o", "../packed:1.0.0"},
			done: [][]string{{"build", "../team", "-o", "../again", "--frozen"}}, layouts: []string{"packed"}, atLeast: 25,
		},
		{
			name: "policy init", setup: [][]string{push1, push2, {"policy", "init", "oci-layout://../reg:v2", "--key", pub, "--as", "example.com/other/trip", "--yes"}},
			args: []string{"policy", "init", lv1, "--key", pub, "--as", "example.com/team/trip", "--yes"},
			done: [][]string{{"verify", lv1, "--as", "example.com/team/trip", "--no-state"}, {"policy", "check"}}, atLeast: 4,
		},
		{
			name: "what is remembered", files: pack, setup: [][]string{{"push", "../team", "oci-layout://../reg:latest", "--sign", "--key", key}},
			args: []string{"verify", "oci-layout://../reg:latest", "--key", pub, "--as", "example.com/team/trips", "--lock", "../recap.lock"}, once: true,
			done: [][]string{{"verify", "oci-layout://../reg:latest", "--key", pub, "--as", "example.com/team/trips", "--lock", "../recap.lock"}}, atLeast: 8,
		},
		{
			name: "trust import", setup: [][]string{push1, {"policy", "init", lv1, "--key", pub, "--as", "example.com/team/trip", "--yes"}},
			prepare: (*sandbox).stick, done: [][]string{{"policy", "check"}}, atLeast: 8,
		},
	}
}

// stick copies an artifact into a layout with what is trusted, forgets that, and
// returns the command that trusts it again.
func (s *sandbox) stick() []string {
	s.t.Helper()
	root, err := filepath.Abs("testdata/signed/trusted_root.json")
	if err != nil {
		s.t.Fatal(err)
	}
	s.must("copy", lv1, "oci-layout://../stick:v1", "--with-trust", "--trusted-root", root)
	var index ocispec.Index
	text, err := os.ReadFile(filepath.Join(s.dir, "stick", "index.json"))
	if err := errors.Join(err, json.Unmarshal(text, &index), os.RemoveAll(filepath.Join(s.dir, "config"))); err != nil {
		s.t.Fatal(err)
	}
	for _, desc := range index.Manifests {
		if desc.ArtifactType == material.ArtifactType {
			return []string{"trust", "import", "../stick", "--digest", desc.Digest.String(), "--yes"}
		}
	}
	s.t.Fatalf("there is no trust material in %s", text)
	return nil
}

// sweepVerbs does with every verb that writes what [TestFailpoints] does: it fails
// at each step in turn. Then every file is what it was or what it becomes, and
// after another run all is as if nothing had happened.
func sweepVerbs(t *testing.T, bin, action string) {
	for _, c := range writers() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sweepVerb(t, bin, action, c)
		})
	}
}

func sweepVerb(t *testing.T, bin, action string, c crash) {
	s := newSandbox(t, bin)
	for name, text := range c.files {
		if !strings.HasPrefix(name, "reg/") {
			s.write(name, text)
		}
	}
	for _, command := range c.setup {
		s.must(command...)
	}
	for name, text := range c.files {
		s.write(name, text)
	}
	if c.prepare != nil {
		c.args = c.prepare(s)
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "work"), 0o755); err != nil {
		t.Fatal(err)
	}
	start, run := s.dir, filepath.Join(scratch(t), "run")
	again := func() {
		s.dir = run
		if err := errors.Join(os.RemoveAll(s.dir), os.CopyFS(s.dir, os.DirFS(start))); err != nil {
			t.Fatal(err)
		}
		if c.aged != "" {
			age60(t, filepath.Join(s.dir, c.aged))
		}
	}
	again()
	tagsBefore, tagsAfter := make(map[string]map[string]string), make(map[string]map[string]string)
	for _, path := range c.layouts {
		tagsBefore[path] = s.tags(path)
	}
	before := s.files()
	s.must(c.args...)
	want := s.files()
	for _, path := range c.layouts {
		tagsAfter[path] = s.tags(path)
	}
	if cmp.Equal(before, want) && c.atLeast > 0 {
		t.Fatal("the command writes nothing: there is nothing to sweep")
	}
	for n := 1; ; n++ {
		if n > sweepLimit {
			t.Fatalf("no end after %d steps", sweepLimit)
		}
		again()
		failpoint := fmt.Sprintf("%s:%d", action, n)
		code, stderr := s.run(failpoint, c.args...)
		if code == 0 {
			if n-1 < c.atLeast {
				t.Errorf("only %d steps are durable: the failpoints are not where the writes are", n-1)
			}
			t.Logf("%d steps", n-1)
			return
		}
		s.failed(action, code, stderr)
		for name, text := range s.files() {
			old, was := before[name]
			now, is := want[name]
			known := was && text == old || is && text == now
			left := isLeft(name)
			if left && action == "enospc" && !was {
				t.Errorf("%s: left behind: %s", failpoint, name)
			}
			// A blob is what its name says, which the layouts are checked for; and
			// index.json changes more than once where several tags move.
			inLayout := strings.Contains(name, "/blobs/") || strings.HasSuffix(name, "/index.json")
			if !known && !left && !inLayout && !c.once {
				t.Errorf("%s: %s is neither old nor new: %.200q", failpoint, name, text)
			}
		}
		for name := range before {
			if _, stays := want[name]; stays && !exists(filepath.Join(s.dir, name)) {
				t.Errorf("%s: %s is gone", failpoint, name)
			}
		}
		for _, path := range c.layouts {
			if _, was := tagsBefore[path]["latest"]; !was && !exists(filepath.Join(s.dir, path, "oci-layout")) && !strings.HasSuffix(path, ".tar") {
				continue // no layout yet
			}
			s.clean(filepath.Join(s.dir, path))
			for tag, digest := range s.tags(path) {
				if digest != tagsBefore[path][tag] && digest != tagsAfter[path][tag] {
					t.Errorf("%s: %s:%s is neither old nor new, but %s", failpoint, path, tag, digest)
				}
			}
		}
		for _, command := range c.holds {
			s.must(command...)
		}
		if again, stderr := s.run("", c.args...); again != 0 && (again != c.twice || !cmp.Equal(want, withoutLocks(s.files()))) {
			t.Fatalf("%s: another run: exit %d: %s", failpoint, again, stderr)
		}
		for name := range s.files() {
			if isLeft(name) && !strings.Contains(name, "lock") {
				t.Errorf("%s: left behind after another run: %s", failpoint, name)
			}
		}
		if !c.once {
			if diff := cmp.Diff(want, withoutLocks(s.files())); diff != "" {
				t.Errorf("%s: after another run (-without the fault +with):\n%.2000s", failpoint, diff)
			}
		}
		for _, path := range c.layouts {
			s.clean(filepath.Join(s.dir, path))
		}
		for _, command := range c.done {
			s.must(command...)
		}
		if t.Failed() {
			return
		}
	}
}

// files returns every file in the sandbox with its content.
func (s *sandbox) files() map[string]string {
	s.t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(s.dir, path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// tags returns the digest that each tag of a layout names; none of one that isn't
// there.
func (s *sandbox) tags(path string) map[string]string {
	s.t.Helper()
	tags := make(map[string]string)
	store, err := layout.Open(filepath.Join(s.dir, path), layout.Options{})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, recap.NotFound) {
		return tags
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	err = store.Tags(s.t.Context(), "", func(page []string) error {
		for _, tag := range page {
			desc, err := store.Resolve(s.t.Context(), tag)
			if err != nil {
				return err
			}
			tags[tag] = desc.Digest.String()
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return tags
}

// isLeft reports whether the name is one of what a killed process leaves, and
// somebody else takes away.
func isLeft(name string) bool {
	return strings.Contains(name, ".recap-tmp-") || strings.Contains(name, "recap-lock") || strings.HasSuffix(name, ".yaml.lock") ||
		strings.HasSuffix(name, ".json.lock") || strings.HasSuffix(name, ".lock.lock")
}

func withoutLocks(files map[string]string) map[string]string {
	for name := range files {
		if isLeft(name) {
			delete(files, name)
		}
	}
	return files
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func age60(t *testing.T, dir string) {
	t.Helper()
	then := time.Now().Add(-60 * dayLong)
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, then, then))
	})
	if err != nil {
		t.Fatal(err)
	}
}
