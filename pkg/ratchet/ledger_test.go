// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package ratchet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

// newRatchet returns a ratchet with a state file, a lock, or both.
func newRatchet(t testing.TB, where string) (r *ratchet.Ratchet, state, lock string) {
	t.Helper()
	dir := t.TempDir()
	opts := ratchet.Options{Now: clock}
	if where != "lock" {
		opts.Path = filepath.Join(dir, "made", "recap", "state.json")
	}
	if where != "state" {
		opts.LockPath = filepath.Join(dir, "recap.lock")
	}
	return ratchet.New(opts), opts.Path, opts.LockPath
}

func contentOf(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	r, state, lock := newRatchet(t, "both")
	for _, s := range []string{"latest 1.0.0", "latest 1.1.0", "v1.1.0 1.1.0"} {
		if _, err := r.Advance(t.Context(), seen(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	want := `{
  "apiVersion": "recap/v1",
  "kind": "Lock",
  "releases": [
    {
      "repository": "registry.example.com/team/pack",
      "tags": [
        "latest",
        "v1.1.0"
      ],
      "kind": "pack",
      "name": "talks",
      "version": "1.1.0",
      "digest": "` + string(seen(t, "latest 1.1.0").Digest) + `",
      "authorities": [
        "ci"
      ],
      "signers": [
        "key of ci"
      ]
    }
  ]
}
`
	if diff := cmp.Diff(want, contentOf(t, lock)); diff != "" {
		t.Errorf("recap.lock (-want +got):\n%s", diff)
	}
	if _, err := r.Reset(t.Context(), team, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Releases []ratchet.Release
		Resets   []struct {
			At, Tag   string
			Forgotten []ratchet.Release
		}
	}
	if err := json.Unmarshal([]byte(contentOf(t, state)), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Releases) != 1 || got.Releases[0].FirstSeen.Format("2006-01-02T15:04:05Z07:00") != "2026-03-04T06:06:07Z" {
		t.Errorf("state %+v", got)
	}
	if len(got.Resets) != 1 || got.Resets[0].Tag != "1.0.0" || got.Resets[0].At != "2026-03-04T06:06:07Z" || len(got.Resets[0].Forgotten) != 1 {
		t.Errorf("the reset isn't noted: %+v", got.Resets)
	}
	for path, name := range map[string]string{state: "state", lock: "lock"} {
		schema := jsonschema.NewCompiler()
		raw, err := schemas.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.AddResource(schemas.URL(name), doc); err != nil {
			t.Fatal(err)
		}
		written, err := jsonschema.UnmarshalJSON(strings.NewReader(contentOf(t, path)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.MustCompile(schemas.URL(name)).Validate(written); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); runtime.GOOS != "windows" && name == "state" && mode&0o077 != 0 {
			t.Errorf("others may read %s: %v", path, mode)
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// A file is replaced in one step: who looks sees the old content or the new.
func TestReplaces(t *testing.T) {
	r, state, _ := newRatchet(t, "state")
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.0.0")); err != nil {
		t.Fatal(err)
	}
	old, other := contentOf(t, state), filepath.Join(t.TempDir(), "other name")
	if err := os.Link(state, other); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.1.0")); err != nil {
		t.Fatal(err)
	}
	if contentOf(t, other) != old || contentOf(t, state) == old {
		t.Error("the file was written over")
	}
}

// What is the same is neither written nor locked.
func TestSameWritesNothing(t *testing.T) {
	r, state, lock := newRatchet(t, "both")
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.0.0")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{state, lock} {
		// Nobody can take the lock now.
		dir, name := filepath.Split(path)
		if err := os.MkdirAll(filepath.Join(dir, "."+name+".lock", "x"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []string{"latest 1.0.0", "- 2.0.0", "other -"} {
		if _, err := r.Advance(t.Context(), seen(t, s)); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	_, err := r.Advance(t.Context(), seen(t, "latest 1.1.0"))
	if got := errorCode(err); got != "local state-unwritable" {
		t.Errorf("got %s (%v)", got, err)
	}
	var e *recap.Error
	if errors.As(err, &e); !strings.Contains(e.Hint, "--no-state") {
		t.Errorf("hint %q", e.Hint)
	}
	if entries, err := r.Entries(t.Context()); err != nil || len(entries) != 1 || entries[0].Version != "1.0.0" {
		t.Errorf("%+v, %v", entries, err)
	}
}

// A file that can't be understood is never taken for none.
func TestDamagedFiles(t *testing.T) {
	r, good, _ := newRatchet(t, "state")
	for _, s := range []string{"latest 1.0.0", "latest 1.1.0"} {
		if _, err := r.Advance(t.Context(), seen(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	sound := contentOf(t, good)
	edit := func(old, other string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("%q is not in %s", old, sound)
		}
		return strings.Replace(sound, old, other, 1)
	}
	release := `{"repository":"r/x","tags":["a"],"kind":"pack","name":"n","version":"1.0.0","digest":"sha256:` + strings.Repeat("a", 64) + `","authorities":["ci"]}`
	damaged := map[string]string{
		"empty":             "",
		"zeros":             strings.Repeat("\x00", len(sound)),
		"cut":               sound[:len(sound)/2],
		"not JSON":          "apiVersion: recap/v1",
		"two documents":     sound + sound,
		"null":              "null",
		"a list":            "[]",
		"nothing stated":    "{}",
		"no releases":       `{"apiVersion":"recap/v1","kind":"RollbackState"}`,
		"another version":   edit("recap/v1", "recap/v2"),
		"another kind":      edit("RollbackState", "Receipt"),
		"a key twice":       edit(`"kind": "RollbackState"`, `"kind": "RollbackState", "kind": "RollbackState"`),
		"a key by case":     edit(`"version"`, `"Version"`),
		"a short digest":    edit(`"digest": "sha256:`, `"digest": "sha256:0`),
		"no version":        edit(`"version": "1.1.0"`, `"version": ""`),
		"half a version":    edit(`"version": "1.1.0"`, `"version": "1.1"`),
		"a v":               edit(`"version": "1.1.0"`, `"version": "v1.1.0"`),
		"no name":           edit(`"name": "talks"`, `"name": ""`),
		"no repository":     edit(`"repository": "`+team+`"`, `"repository": ""`),
		"no such kind":      edit(`"kind": "pack"`, `"kind": "foreign"`),
		"no tag":            edit(`"latest"`, `"la test"`),
		"a version twice":   edit(`"version": "1.1.0"`, `"version": "1.0.0"`),
		"a tag twice":       `{"apiVersion":"recap/v1","kind":"RollbackState","releases":[` + release + `,` + strings.Replace(release, "1.0.0", "1.1.0", 1) + `]}`,
		"releases by name":  `{"apiVersion":"recap/v1","kind":"RollbackState","releases":{}}`,
		"a number for text": edit(`"version": "1.1.0"`, `"version": 1.1`),
		"too large":         sound + strings.Repeat(" ", 16<<20),
	}
	for name, text := range damaged {
		t.Run(name, func(t *testing.T) {
			r, state, _ := newRatchet(t, "state")
			put(t, state, text)
			wantDamaged := func(err error, code string) {
				t.Helper()
				var e *recap.Error
				if got := errorCode(err); got != code || !strings.Contains(err.Error(), state) && !strings.Contains(err.Error(), "recap.lock") {
					t.Fatalf("got %s (%v), want %s", got, err, code)
				}
				if errors.As(err, &e); e.Hint == "" {
					t.Errorf("no hint: %v", err)
				}
			}
			for _, s := range []string{"latest 1.0.0", "latest 9.0.0", "other - in=r/other"} {
				_, err := r.Advance(t.Context(), seen(t, s))
				wantDamaged(err, "stale bad-state")
			}
			_, err := r.Check(t.Context(), seen(t, "latest 9.0.0"))
			wantDamaged(err, "stale bad-state")
			_, err = r.Reset(t.Context(), team, "")
			wantDamaged(err, "stale bad-state")
			_, err = r.Entries(t.Context())
			wantDamaged(err, "stale bad-state")
			if contentOf(t, state) != text {
				t.Error("the file was changed")
			}
			// By digest, what is remembered has no say.
			if _, err := r.Advance(t.Context(), seen(t, "- 1.0.0")); err != nil {
				t.Errorf("by digest: %v", err)
			}

			r, state, lock := newRatchet(t, "both")
			put(t, lock, strings.Replace(text, "RollbackState", "Lock", 1))
			_, err = r.Advance(t.Context(), seen(t, "latest 9.0.0"))
			if name == "a key twice" || name == "another kind" {
				put(t, lock, text)
			}
			wantDamaged(err, "stale bad-lock")
			if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the state was written: %v", err)
			}
		})
	}

	// Fields of a later version are no damage.
	r, state, _ := newRatchet(t, "state")
	put(t, state, edit(`"apiVersion"`, `"later": {"a": 1}, "apiVersion"`))
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.0.0")); errorCode(err) != "stale rollback" {
		t.Errorf("got %v", err)
	}
}

// Deleted state is first use, and said to be.
func TestDeleted(t *testing.T) {
	r, state, _ := newRatchet(t, "state")
	if _, err := r.Advance(t.Context(), seen(t, "latest 2.0.0")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Dir(state)); err != nil {
		t.Fatal(err)
	}
	if report, err := r.Advance(t.Context(), seen(t, "latest 1.0.0")); err != nil || report.State != ratchet.FirstUse {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestNotAFile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	put(t, outside, `{"apiVersion":"recap/v1","kind":"RollbackState","releases":[]}`)
	for name, make := range map[string]func(path string) error{
		"symlink":          func(path string) error { return os.Symlink(outside, path) },
		"dangling symlink": func(path string) error { return os.Symlink(outside+"-not", path) },
		"directory":        func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(name, func(t *testing.T) {
			r, state, _ := newRatchet(t, "state")
			put(t, filepath.Join(filepath.Dir(state), "x"), "")
			if err := make(state); err != nil {
				if runtime.GOOS == "windows" && strings.Contains(name, "symlink") {
					return // links take a privilege there
				}
				t.Fatal(err)
			}
			_, err := r.Advance(t.Context(), seen(t, "latest 1.0.0"))
			if got := errorCode(err); got != "local state-not-a-file" {
				t.Errorf("got %s (%v)", got, err)
			}
			if strings.Contains(contentOf(t, outside), "talks") {
				t.Error("the link was followed")
			}
		})
	}
	r, state, _ := newRatchet(t, "state")
	put(t, filepath.Dir(state), "a file where the directory should be")
	_, err := r.Advance(t.Context(), seen(t, "latest 1.0.0"))
	if !errors.Is(err, recap.Local) || !strings.Contains(errorCode(err), "state-un") {
		t.Errorf("got %v", err)
	}
}

// Both files count, whichever is stricter.
func TestFilesDisagree(t *testing.T) {
	for _, stricter := range []string{"state", "lock"} {
		t.Run(stricter, func(t *testing.T) {
			r, state, lock := newRatchet(t, "both")
			ahead, behind := ratchet.Options{Path: state}, ratchet.Options{LockPath: lock}
			if stricter == "lock" {
				ahead, behind = behind, ahead
			}
			for opts, s := range map[*ratchet.Options]string{&ahead: "latest 1.3.0", &behind: "latest 1.2.0"} {
				if _, err := ratchet.New(*opts).Advance(t.Context(), seen(t, s)); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range []string{"latest 1.2.5", "latest 1.2.0", "latest 1.3.0 content=x", "latest 2.0.0 name=other"} {
				report, err := r.Advance(t.Context(), seen(t, s))
				if !errors.Is(err, recap.Stale) || !strings.Contains(err.Error(), ahead.Path+ahead.LockPath) && !strings.Contains(s, "other") {
					t.Errorf("%s: %+v, %v; want it refused for what %s knows", s, report, err, stricter)
				}
			}
			report, err := r.Advance(t.Context(), seen(t, "latest 1.3.0"))
			if err != nil || report.State != ratchet.Same || report.KnownVersion != "1.3.0" {
				t.Errorf("%+v, %v", report, err)
			}
			// Now both know.
			_, err = ratchet.New(behind).Advance(t.Context(), seen(t, "latest 1.2.5"))
			if errorCode(err) != "stale rollback" {
				t.Errorf("the other file wasn't brought up to date: %v", err)
			}
		})
	}
}

// A file from when 1.0.0 and v1.0.0 were two tags may hold a release under each. It
// is no damage, and both go on as they did.
func TestTwoSpellings(t *testing.T) {
	r, state, _ := newRatchet(t, "state")
	var entries []string
	for _, s := range []string{"v1.0.0 1.0.0 name=aaa", "1.0.0 1.0.0 name=bbb"} {
		s := seen(t, s)
		entries = append(entries, fmt.Sprintf(`{"repository": %q, "tags": [%q], "kind": %q, "name": %q, "version": %q, "digest": %q, "authorities": []}`,
			s.Repository, s.Tag, s.Kind, s.Name, s.Version, s.Digest))
	}
	put(t, state, `{"apiVersion": "recap/v1", "kind": "RollbackState", "releases": [`+strings.Join(entries, ",")+`]}`)
	for _, s := range []string{"1.0.0 1.0.0 name=bbb", "v1.0.0 1.0.0 name=aaa"} {
		if _, err := r.Advance(t.Context(), seen(t, s)); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for s, want := range map[string]string{
		"1.0.0 1.0.0 name=bbb": "<nil>", "v1.0.0 1.0.0 name=aaa": "<nil>",
		"1.0.0 1.0.0 name=aaa": "stale mix-and-match", "v1.0.0 1.0.0 name=bbb": "stale mix-and-match", "1.0.0 1.0.0 name=ccc": "stale mix-and-match",
	} {
		if report, err := r.Check(t.Context(), seen(t, s)); errorCode(err) != want {
			t.Errorf("%s: got %v (%+v), want %s", s, err, report, want)
		}
	}
	gone, err := r.Reset(t.Context(), team, "1.0.0")
	if diff := cmp.Diff([]string{"1.0.0 v1.0.0", "1.0.0 1.0.0"}, inShort(gone.Forgotten)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	// What was forgotten under one spelling alone can be under the other.
	put(t, state, `{"apiVersion": "recap/v1", "kind": "RollbackState", "releases": [`+strings.Replace(entries[0], `"authorities"`, `"anyContent": true, "authorities"`, 1)+`]}`)
	gone, err = r.Reset(t.Context(), team, "1.0.0")
	if diff := cmp.Diff([]string{"1.0.0 v1.0.0 any content"}, inShort(gone.Forgotten)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// Of many that race, the highest version stays, whoever comes last.
func TestRace(t *testing.T) {
	const racers = 16
	_, state, lock := newRatchet(t, "both")
	if spec := os.Getenv("RECAP_TEST_RATCHET"); spec != "" {
		paths := strings.Split(spec, "|")
		_, err := ratchet.New(ratchet.Options{Path: paths[0], LockPath: paths[1], Now: clock}).Advance(t.Context(), seen(t, "latest "+paths[2]))
		if err != nil && errorCode(err) != "stale rollback" {
			t.Fatal(err)
		}
		return
	}
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRatchetRace$", "-test.count=1")
			cmd.Env = append(os.Environ(), fmt.Sprintf("RECAP_TEST_RATCHET=%s|%s|1.%d.0", state, lock, i))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
		wg.Go(func() {
			r := ratchet.New(ratchet.Options{Path: state, LockPath: lock, Now: clock})
			_, err := r.Advance(t.Context(), seen(t, fmt.Sprintf("latest 1.%d.0", racers+i)))
			if err != nil && errorCode(err) != "stale rollback" {
				t.Errorf("goroutine %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	for _, opts := range []ratchet.Options{{Path: state}, {LockPath: lock}} {
		entries, err := ratchet.New(opts).Entries(t.Context())
		if err != nil || len(entries) == 0 || entries[0].Version != fmt.Sprintf("1.%d.0", 2*racers-1) || len(entries[0].Tags) != 1 {
			t.Errorf("%v: %+v, %v", opts, entries, err)
		}
	}
}

// A process that hangs with the lock is not waited for beyond ctx.
func TestBusy(t *testing.T) {
	r, state, _ := newRatchet(t, "state")
	put(t, filepath.Join(filepath.Dir(state), "x"), "")
	dir, name := filepath.Split(state)
	release, err := durable.Lock(t.Context(), dir+"."+name+".lock")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Advance(ctx, seen(t, "latest 1.0.0"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.0.0")); err != nil {
		t.Errorf("after it was freed: %v", err)
	}
}

// What is written is made from what is there when it is written, not from what
// was there before waiting for the lock.
func TestLooksAgain(t *testing.T) {
	_, state, lock := newRatchet(t, "both")
	later := ratchet.New(ratchet.Options{Path: state})
	if _, err := later.Advance(t.Context(), seen(t, "latest 2.0.0")); err != nil {
		t.Fatal(err)
	}
	newer := contentOf(t, state)
	if err := os.Remove(state); err != nil {
		t.Fatal(err)
	}
	dir, name := filepath.Split(state)
	release, err := durable.Lock(t.Context(), dir+"."+name+".lock")
	if err != nil {
		t.Fatal(err)
	}
	looked := make(chan struct{})
	var once sync.Once
	r := ratchet.New(ratchet.Options{Path: state, LockPath: lock, Now: func() time.Time {
		once.Do(func() { close(looked) })
		return clock()
	}})
	answer := make(chan error)
	go func() {
		_, err := r.Advance(t.Context(), seen(t, "latest 1.0.0"))
		answer <- err
	}()
	<-looked // it is about to wait for the lock
	put(t, state, newer)
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; errorCode(err) != "stale rollback" {
		t.Errorf("got %v", err)
	}
	if got := contentOf(t, state); got != newer {
		t.Errorf("a newer version was overwritten: %s", got)
	}
}

// However many versions a publisher makes, the file stays small.
func TestBounded(t *testing.T) {
	_, state, _ := newRatchet(t, "state")
	past := func(repository string, i int) string {
		return fmt.Sprintf(`{"repository":%q,"tags":[],"kind":"pack","name":"talks","version":"0.%d.0","digest":"sha256:%064d","authorities":["ci"]}`, repository, i, i)
	}
	var releases, resets []string
	for i := range 1200 {
		releases = append(releases, past(team, i))
	}
	releases = append(releases, past("z/other", 1), past("z/other", 2))
	for range 100 {
		resets = append(resets, `{"repository":"z/gone","tag":"x","forgotten":[]}`)
	}
	put(t, state, `{"apiVersion":"recap/v1","kind":"RollbackState","releases":[`+strings.Join(releases, ",")+`],"resets":[`+strings.Join(resets, ",")+`]}`)
	r := ratchet.New(ratchet.Options{Path: state})
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.0.0")); err != nil {
		t.Fatal(err)
	}
	entries, err := r.Entries(t.Context())
	if err != nil || len(entries) != 1003 || entries[0].Version != "1.0.0" || entries[1].Version != "0.1199.0" || entries[1000].Version != "0.200.0" || entries[1002].Repository != "z/other" {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	if _, err := r.Reset(t.Context(), team, "latest"); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Resets []struct{ Repository string }
	}
	if err := json.Unmarshal([]byte(contentOf(t, state)), &got); err != nil {
		t.Fatal(err)
	}
	if n := len(got.Resets); n != 100 || got.Resets[99].Repository != team {
		t.Errorf("%d notes of resets, want the last 100: %+v", n, got.Resets)
	}
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"apiVersion":"recap/v1","kind":"RollbackState","releases":[]}`))
	f.Add([]byte(`{"apiVersion":"recap/v1","kind":"RollbackState","releases":[{"repository":"` + team + `","tags":["latest"],"kind":"pack","name":"talks","version":"2.0.0","digest":"sha256:` + strings.Repeat("a", 64) + `","authorities":["ci"]}]}`))
	f.Add([]byte(`{"apiVersion":"recap/v1"`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, state, _ := newRatchet(t, "state")
		put(t, state, string(raw))
		_, err := r.Advance(t.Context(), seen(t, "latest 1.0.0"))
		switch {
		case err == nil:
			// What was written can be read, and holds what was seen.
			if _, err := r.Advance(t.Context(), seen(t, "latest 0.9.0")); errorCode(err) != "stale rollback" {
				t.Errorf("%q was taken, and then: %v", raw, err)
			}
		case !errors.Is(err, recap.Stale):
			t.Errorf("%q: %v", raw, err)
		case contentOf(t, state) != string(raw):
			t.Errorf("%q was refused and changed", raw)
		}
	})
}
