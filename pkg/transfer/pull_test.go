// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

func TestPull(t *testing.T) {
	src := stored(t, first)
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	now := time.Date(2024, 3, 28, 12, 0, 0, 5, time.FixedZone("", 3600))
	result := mustPull(t, src, dir, transfer.PullOptions{Now: func() time.Time { return now }})
	wantFiles(t, dir, first)
	if got := names(t, filepath.Dir(dir)); !slices.Equal(got, []string{"yet"}) {
		t.Errorf("beside the destination: %q", got)
	}
	if result.Title != "An event" || result.Slug != "an-event" || result.Digest != src.Root().Digest || result.Verified || result.Replaced || result.Unchanged {
		t.Errorf("result %+v", result)
	}
	if result.Fetched.Count != 7 { // config, document and five files with bytes
		t.Errorf("fetched %+v, want the config and six files", result.Fetched)
	}
	receipt, err := folder.ReadReceipt(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := now.UTC().Truncate(time.Second)
	want := &folder.Receipt{
		APIVersion: "recap/v1", Kind: "Receipt", Reference: repository + ":1.0.0", Repository: repository,
		Digest: src.Root().Digest, MediaType: ocispec.MediaTypeImageManifest, Title: "An event", Slug: "an-event",
		Report:   trust.Report{Digest: src.Root().Digest, Verdict: trust.VerdictUnverified, Signatures: []trust.SignatureReport{}},
		PulledAt: &at, Files: result.Files,
	}
	if diff := cmp.Diff(want, receipt); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
}

func TestPullDefaultDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	result := mustPull(t, stored(t, first), "", transfer.PullOptions{})
	if result.Dir != "an-event" {
		t.Errorf("dir %q, want the slug", result.Dir)
	}
	wantFiles(t, "an-event", first)
}

func TestPullRefusesWhatNobodyAdmitted(t *testing.T) {
	src := stored(t, first)
	for name, admitted := range map[string]*trust.Admitted{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			_, err := transfer.Pull(t.Context(), src, admitted, memory.New(), filepath.Join(parent, "dir"), transfer.PullOptions{})
			wantError(t, err, recap.Untrusted, "not-admitted")
			if got := names(t, parent); len(got) > 0 {
				t.Errorf("wrote %q", got)
			}
		})
	}
}

func TestPullAgainFetchesNothing(t *testing.T) {
	src, dir := stored(t, first), filepath.Join(t.TempDir(), "dir")
	mustPull(t, src, dir, transfer.PullOptions{})
	before := snapshot(t, dir)
	result := mustPull(t, src, dir, transfer.PullOptions{Now: time.Now})
	if !result.Unchanged || result.Fetched.Count != 1 {
		t.Errorf("%+v, want unchanged, and nothing fetched but the config", result)
	}
	if after := snapshot(t, dir); after != before {
		t.Error("the directory was written to")
	}
	// The receipt is a note, not evidence: a file and its row that were both
	// changed don't pass for the bundle's.
	write(t, dir, contents{"index.md": "# Forged\n"})
	forged := content.NewDescriptorFromBytes("", []byte("# Forged\n"))
	edit(t, dir+"/.recap/receipt.json", content.NewDescriptorFromBytes("", []byte(first["index.md"])).Digest.String(), forged.Digest.String())
	edit(t, dir+"/.recap/receipt.json", `"size": 8`, `"size": 9`)
	if status, err := folder.Status(t.Context(), dir, folder.StatusOptions{}); err != nil || status.State != folder.Unchanged {
		t.Fatalf("the forgery isn't one: %+v, %v", status, err)
	}
	result = mustPull(t, src, dir, transfer.PullOptions{})
	if result.Unchanged {
		t.Error("a forged receipt passes for the bundle")
	}
	wantFiles(t, dir, first)
}

func TestPullSelection(t *testing.T) {
	src := stored(t, first)
	for _, tt := range []struct {
		name      string
		selection artifact.Selection
		want      []string
		fetched   int // config included
	}{
		{"by glob", artifact.Selection{Include: []string{"images/*.png"}}, []string{"images/a.png", "images/b.png"}, 3},
		{"by role", artifact.Selection{Roles: []string{"document"}}, []string{"index.md"}, 2},
		{"an empty file", artifact.Selection{Include: []string{"empty.txt"}}, []string{"empty.txt"}, 1},
		{"metadata only", artifact.Selection{MetadataOnly: true}, []string{"recap.json"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, store := filepath.Join(t.TempDir(), "dir"), memory.New()
			result, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(src.Root()), store, dir, transfer.PullOptions{Selection: tt.selection, Repository: repository})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, keys(read(t, dir))); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if result.Fetched.Count != tt.fetched {
				t.Errorf("fetched %d blobs, want %d", result.Fetched.Count, tt.fetched)
			}
			if ok, _ := store.Exists(t.Context(), src.Root()); ok {
				t.Error("a partial pull leaves a root in the store, which can't keep what it promises")
			}
			// The whole of it replaces a part of it.
			mustPull(t, src, dir, transfer.PullOptions{})
			wantFiles(t, dir, first)
		})
	}
	t.Run("nothing", func(t *testing.T) {
		_, err := pullInto(t, src, filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{Selection: artifact.Selection{Include: []string{"*.mp4"}}})
		wantError(t, err, recap.NotFound, "nothing-selected")
	})
	t.Run("nonsense", func(t *testing.T) {
		_, err := pullInto(t, src, filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{Selection: artifact.Selection{Include: []string{"["}}})
		wantError(t, err, recap.Usage, "bad-glob")
	})
}

func TestPullFileSize(t *testing.T) {
	src := stored(t, contents{"index.md": "# A\n", "big.bin": strings.Repeat("x", 1000)})
	dir := filepath.Join(t.TempDir(), "dir")
	_, err := pullInto(t, src, dir, transfer.PullOptions{MaxFileSize: 999})
	wantError(t, err, recap.Unsafe, "too-large", "1000")
	mustPull(t, src, dir, transfer.PullOptions{MaxFileSize: 1000})
}

// Fail at the N-th fetch, for every N: the destination is what it was and
// nothing lies beside it.
func TestPullFailsAnywhere(t *testing.T) {
	for _, before := range []string{"absent", "earlier", "in place"} {
		t.Run(before, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "dir")
			switch before {
			case "earlier":
				mustPull(t, stored(t, first), dir, transfer.PullOptions{})
			case "in place":
				mustPull(t, stored(t, first), dir, transfer.PullOptions{})
				t.Chdir(dir)
			}
			old := snapshot(t, parent)
			mem := &failing{Store: memory.New()}
			push(t, build(t, second), mem, "1.0.0")
			for at := 1; ; at++ {
				src := resolve(t, mem.Store, "1.0.0")
				store := &failing{Store: memory.New(), at: at}
				_, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(src.Root()), store, dir, transfer.PullOptions{Repository: repository})
				if err == nil {
					if at < 15 {
						t.Errorf("only %d calls of the store could fail", at-1)
					}
					wantFiles(t, dir, second)
					return
				}
				if !errors.Is(err, errInjected) {
					t.Fatalf("at call %d: %v", at, err)
				}
				if snapshot(t, parent) != old {
					t.Fatalf("at call %d: something was left: %q, %v", at, names(t, parent), read(t, parent))
				}
			}
		})
	}
}

func TestPullCancelled(t *testing.T) {
	parent := t.TempDir()
	for at := 1; at < 20; at++ {
		src := stored(t, second)
		ctx, cancel := context.WithCancel(t.Context())
		store := &failing{Store: memory.New(), at: at, then: cancel}
		_, err := transfer.Pull(ctx, src, trust.UnverifiedUnsafe(src.Root()), store, filepath.Join(parent, "made", "dir"), transfer.PullOptions{})
		cancel()
		if err == nil {
			return
		}
		if got := names(t, parent); len(got) > 0 {
			t.Fatalf("cancelled at call %d, %q was left", at, got)
		}
	}
}

// spoiling gives other bytes than asked for, the first times that each blob is
// fetched.
type spoiling struct {
	content.ReadOnlyStorage
	times int

	mu   sync.Mutex
	seen map[string]int
}

func (s *spoiling) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	rc, err := s.ReadOnlyStorage.Fetch(ctx, desc)
	if err != nil || desc.MediaType == ocispec.MediaTypeImageManifest {
		return rc, err
	}
	s.mu.Lock()
	s.seen[desc.Digest.String()]++
	honest := s.seen[desc.Digest.String()] > s.times
	s.mu.Unlock()
	if honest {
		return rc, nil
	}
	defer rc.Close()
	raw, err := io.ReadAll(rc)
	if err != nil {
		return nil, err
	}
	raw[0] ^= 1
	return io.NopCloser(strings.NewReader(string(raw))), nil
}

func TestPullFetchesSpoiltBytesOnceMore(t *testing.T) {
	for times, code := range []string{"", "", "digest-mismatch"} {
		parent := t.TempDir()
		dir := filepath.Join(parent, "dir")
		honest := stored(t, contents{"index.md": "# A\n"})
		src := &spoiling{ReadOnlyStorage: honest, times: times, seen: map[string]int{}}
		store := memory.New()
		_, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(honest.Root()), store, dir, transfer.PullOptions{Repository: repository})
		if code == "" {
			if err != nil {
				t.Fatalf("spoilt %d times: %v", times, err)
			}
			wantFiles(t, dir, contents{"index.md": "# A\n"})
			continue
		}
		wantError(t, err, recap.Integrity, code)
		if got := names(t, parent); len(got) > 0 {
			t.Errorf("wrote %q", got)
		}
		if ok, _ := store.Exists(t.Context(), honest.Root()); ok {
			t.Error("the store has a root without what it refers to")
		}
	}
}

// A store that was damaged since it was filled is found out and mended.
func TestPullMendsTheStore(t *testing.T) {
	src := stored(t, first)
	path := filepath.Join(t.TempDir(), "store")
	store := openLayout(t, path)
	admitted := trust.UnverifiedUnsafe(src.Root())
	if _, err := transfer.Pull(t.Context(), src, admitted, store, filepath.Join(t.TempDir(), "a"), transfer.PullOptions{}); err != nil {
		t.Fatal(err)
	}
	damaged := 0
	for _, desc := range build(t, first).Nodes() {
		blob := filepath.Join(path, "blobs", "sha256", desc.Digest.Encoded())
		raw, err := os.ReadFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/2] ^= 1
		if err := os.Chmod(blob, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(blob, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		damaged++
	}
	dir := filepath.Join(t.TempDir(), "b")
	if _, err := transfer.Pull(t.Context(), src, admitted, openLayout(t, path), dir, transfer.PullOptions{}); err != nil {
		t.Fatalf("with %d damaged blobs: %v", damaged, err)
	}
	wantFiles(t, dir, first)
	if damage, err := openLayout(t, path).Check(t.Context()); err != nil || len(damage) > 0 {
		t.Errorf("the store is still damaged: %v, %v", damage, err)
	}
}

func TestPullWaitsForAnother(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	src := stored(t, first)
	holding, release := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		_, err := pullInto(t, src, dir, transfer.PullOptions{OnEvent: func(e transfer.Event) {
			if e.Kind == transfer.EventInstall {
				close(holding)
				<-release
			}
		}})
		done <- err
	}()
	<-holding
	_, err := pullInto(t, stored(t, second), dir, transfer.PullOptions{Wait: time.Millisecond})
	wantError(t, err, recap.Local, "busy", dir)
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantFiles(t, dir, first)
	mustPull(t, stored(t, second), dir, transfer.PullOptions{Wait: time.Millisecond})
	wantFiles(t, dir, second)
}

// Many pulls into one directory come one after the other, whatever they find.
func TestPullManyIntoOne(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "dir")
	errs := make(chan error)
	const pulls = 12
	for i := range pulls {
		src := stored(t, []contents{first, second}[i%2])
		go func() {
			_, err := pullInto(t, src, dir, transfer.PullOptions{Wait: time.Minute})
			errs <- err
		}()
	}
	for range pulls {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	got := read(t, dir)
	if !cmp.Equal(got, first) && !cmp.Equal(got, second) {
		t.Errorf("neither version: %v", got)
	}
	if got := names(t, parent); !slices.Equal(got, []string{"dir"}) {
		t.Errorf("beside the destination: %q", got)
	}
}

// A parent that can't be written to leaves only the directory itself, as with
// many mounts in containers.
func TestPullWithoutWritableParent(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere; the mount point's test has this case for root")
	}
	parent := t.TempDir()
	dir := filepath.Join(parent, "dir")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(parent, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(parent, 0o755) })
	for _, files := range []contents{first, second} {
		mustPull(t, stored(t, files), dir, transfer.PullOptions{})
		wantFiles(t, dir, files)
	}
	_, err := pullInto(t, stored(t, first), filepath.Join(parent, "other"), transfer.PullOptions{})
	wantError(t, err, recap.Local, "permission")
}
