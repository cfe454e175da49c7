// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/folder"
	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// under returns files as a pack holds them: below the slugs of its members.
func under(members map[string]contents) contents {
	all := contents{}
	for slug, files := range members {
		for path, text := range files {
			all[slug+"/"+path] = text
		}
	}
	return all
}

// Two versions of a pack: a member changes, one goes, one comes, one stays.
var (
	firstMembers  = map[string]contents{"an-event": first, "gone": {"index.md": "# Gone\n"}, "stays": {"index.md": "# Stays\n", "was/a/dir.txt": "x"}}
	secondMembers = map[string]contents{"an-event": second, "stays": {"index.md": "# Stays\n", "was/a/dir.txt": "x"}, "zeal": {"index.md": "# Zeal\n"}}
)

// packFrom makes a pack of members in byte order of their slugs.
func packFrom(t testing.TB, version string, members map[string]contents) *artifact.Graph {
	t.Helper()
	var bundles []*artifact.Graph
	for _, slug := range slices.Sorted(maps.Keys(members)) {
		bundles = append(bundles, buildAs(t, "About "+slug, slug, members[slug]))
	}
	return packOf(t, version, bundles...)
}

// storedPack returns a source that holds a pack.
func storedPack(t testing.TB, version string, members map[string]contents) *transfer.Pinned {
	t.Helper()
	src := memory.New()
	push(t, packFrom(t, version, members), src, version)
	return resolve(t, src, version)
}

func TestPullPack(t *testing.T) {
	src, dir := storedPack(t, "1.0.0", firstMembers), filepath.Join(t.TempDir(), "dir")
	result := mustPull(t, src, dir, transfer.PullOptions{})
	wantFiles(t, dir, under(firstMembers))
	if result.Slug != "all-recaps" || result.Title != "all-recaps" || result.Version != "1.0.0" || result.Digest != src.Root().Digest || result.MediaType != ocispec.MediaTypeImageIndex {
		t.Errorf("result %+v", result)
	}
	var slugs []string
	for i, m := range result.Members {
		slugs = append(slugs, m.Slug)
		if want := src.Node().Index.Manifests[i+1].Digest; m.Digest != want {
			t.Errorf("%s has digest %s, want %s", m.Slug, m.Digest, want)
		}
	}
	if diff := cmp.Diff([]string{"an-event", "gone", "stays"}, slugs); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	receipt, err := folder.ReadReceipt(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result.Members, receipt.Members); diff != "" {
		t.Errorf("members of the receipt (-result +receipt):\n%s", diff)
	}

	// Again: nothing happens. Then the next version takes its place.
	before := snapshot(t, dir)
	if again := mustPull(t, src, dir, transfer.PullOptions{}); !again.Unchanged || snapshot(t, dir) != before {
		t.Errorf("pulled again: %+v", again)
	}
	next := storedPack(t, "1.1.0", secondMembers)
	if replaced := mustPull(t, next, dir, transfer.PullOptions{}); !replaced.Replaced || replaced.Unchanged {
		t.Errorf("pulled the next version: %+v", replaced)
	}
	wantFiles(t, dir, under(secondMembers))

	status, err := folder.Status(t.Context(), dir, folder.StatusOptions{})
	if err != nil || status.State != folder.Unchanged || status.Receipt.Version != "1.1.0" {
		t.Errorf("status %+v, %v", status, err)
	}
	write(t, dir, contents{"zeal/index.md": "mine", "zeal/mine.md": "mine", "mine/index.md": "mine"})
	status, err = folder.Status(t.Context(), dir, folder.StatusOptions{})
	want := []folder.Change{
		{Path: "mine/", State: folder.FileAdded}, {Path: "zeal/index.md", State: folder.FileModified}, {Path: "zeal/mine.md", State: folder.FileAdded},
	}
	if err != nil || status.State != folder.Modified {
		t.Errorf("status %+v, %v", status, err)
	}
	if diff := cmp.Diff(want, status.Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	_, err = pullInto(t, src, dir, transfer.PullOptions{})
	wantError(t, err, recap.Local, "destination-modified", "zeal/index.md", "zeal/mine.md", "mine/")
	mustPull(t, src, dir, transfer.PullOptions{Force: true})
	forced := under(firstMembers)
	forced["zeal/mine.md"], forced["mine/index.md"] = "mine", "mine"
	wantFiles(t, dir, forced)
}

func TestPullPackDefaultDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	if result := mustPull(t, storedPack(t, "1.0.0", firstMembers), "", transfer.PullOptions{}); result.Dir != "all-recaps" {
		t.Errorf("dir %q, want the pack's name", result.Dir)
	}
	wantFiles(t, "all-recaps", under(firstMembers))
}

// In place, a pack and a bundle take each other's place without a trace.
func TestPullPackInPlace(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, step := range []struct {
		src  *transfer.Pinned
		want contents
	}{
		{storedPack(t, "1.0.0", firstMembers), under(firstMembers)},
		{storedPack(t, "1.1.0", secondMembers), under(secondMembers)},
		{stored(t, first), first},
		{storedPack(t, "1.0.0", firstMembers), under(firstMembers)},
	} {
		mustPull(t, step.src, ".", transfer.PullOptions{})
		wantFiles(t, dir, step.want)
	}
}

func TestPullPackSelection(t *testing.T) {
	src := storedPack(t, "1.0.0", firstMembers)
	for _, tt := range []struct {
		name      string
		selection artifact.Selection
		want      []string
		fetched   int // objects, the index and the catalog not among them
		members   int
		whole     bool // the members are kept
	}{
		{"one recap", artifact.Selection{Recaps: []string{"gone"}}, []string{"gone/index.md"}, 3, 1, true},
		{"two recaps, in reading order", artifact.Selection{Recaps: []string{"stays", "gone"}}, []string{"gone/index.md", "stays/index.md", "stays/was/a/dir.txt"}, 7, 2, true},
		{"an event", artifact.Selection{Events: []string{"About gone"}}, []string{"gone/index.md"}, 3, 1, true},
		{"a role", artifact.Selection{Roles: []string{"document"}}, []string{"an-event/index.md", "gone/index.md", "stays/index.md"}, 9, 3, false},
		{"a glob", artifact.Selection{Include: []string{"was/**"}}, []string{"an-event/was/a/dir.txt", "stays/was/a/dir.txt"}, 8, 3, false},
		{"a glob in a recap", artifact.Selection{Recaps: []string{"stays"}, Include: []string{"was/**"}}, []string{"stays/was/a/dir.txt"}, 3, 1, false},
		{"metadata only", artifact.Selection{MetadataOnly: true}, []string{"an-event/recap.json", "gone/recap.json", "pack.json", "stays/recap.json"}, 7, 3, false},
		{"metadata of a recap", artifact.Selection{Recaps: []string{"gone"}, MetadataOnly: true}, []string{"gone/recap.json", "pack.json"}, 3, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, store := filepath.Join(t.TempDir(), "dir"), openLayout(t, filepath.Join(t.TempDir(), "store"))
			opts := transfer.PullOptions{Selection: tt.selection, Repository: repository}
			result, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(src.Root()), store, dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, keys(read(t, dir))); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if result.Fetched.Count != tt.fetched || len(result.Members) != tt.members {
				t.Errorf("fetched %d objects of %d recaps, want %d of %d", result.Fetched.Count, len(result.Members), tt.fetched, tt.members)
			}
			if ok, _ := store.Exists(t.Context(), src.Root()); ok {
				t.Error("the store has the index, which it can't keep the promise of")
			}
			for _, m := range result.Members {
				desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: m.Digest}
				for _, child := range src.Node().Index.Manifests {
					if child.Digest == m.Digest {
						desc.Size = child.Size
					}
				}
				if ok, _ := store.Exists(t.Context(), desc); ok != tt.whole {
					t.Errorf("%s: the store has the manifest: %v, want %v", m.Slug, ok, tt.whole)
				}
			}
			if damage, err := store.Check(t.Context()); err != nil || len(damage) > 0 {
				t.Errorf("the store: %v, %v", damage, err)
			}
			receipt, err := folder.ReadReceipt(dir)
			if err != nil || receipt.Selection == nil || !slices.Equal(receipt.Selection.Recaps, tt.selection.Recaps) || !slices.Equal(receipt.Selection.Events, tt.selection.Events) {
				t.Errorf("receipt %+v, %v", receipt, err)
			}
			// The same again is found to be there; all of it replaces a part.
			again, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(src.Root()), store, dir, opts)
			if err != nil || !again.Unchanged {
				t.Errorf("again: %+v, %v", again, err)
			}
			mustPull(t, src, dir, transfer.PullOptions{})
			wantFiles(t, dir, under(firstMembers))
		})
	}
	for _, tt := range []struct {
		name      string
		selection artifact.Selection
		kind      recap.Kind
		code      string
		hint      string
	}{
		{"no such recap", artifact.Selection{Recaps: []string{"stayz"}}, recap.NotFound, "no-such-recap", ""},
		{"no such event", artifact.Selection{Events: []string{"Elsewhere"}}, recap.NotFound, "no-such-event", ""},
		{"no such file", artifact.Selection{Include: []string{"*.mp4"}}, recap.NotFound, "nothing-selected", "without its slug"},
		{"a path with a slug", artifact.Selection{Include: []string{"stays/index.md"}}, recap.NotFound, "nothing-selected", "without its slug"},
		{"a recap of another event", artifact.Selection{Recaps: []string{"stays"}, Events: []string{"About gone"}}, recap.NotFound, "nothing-selected", ""},
		{"no slug", artifact.Selection{Recaps: []string{"../x"}}, recap.Usage, "bad-slug", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			_, err := pullInto(t, src, filepath.Join(parent, "dir"), transfer.PullOptions{Selection: tt.selection})
			wantError(t, err, tt.kind, tt.code)
			if known := new(recap.Error); errors.As(err, &known) && !strings.Contains(known.Hint, tt.hint) {
				t.Errorf("hint %q, want %q", known.Hint, tt.hint)
			}
			if got := names(t, parent); len(got) > 0 {
				t.Errorf("wrote %q", got)
			}
		})
	}
	t.Run("a recap of a bundle", func(t *testing.T) {
		_, err := pullInto(t, stored(t, first), filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{Selection: artifact.Selection{Recaps: []string{"an-event"}}})
		wantError(t, err, recap.Usage, "not-a-pack")
	})
}

// A path may be as deep and as long in a pack as it may be in a recap.
func TestPullPackDeepPaths(t *testing.T) {
	deep := strings.Repeat("d/", recap.MaxPathDepth-1) + "f.txt"
	members := map[string]contents{"deep": {"index.md": "# Deep\n", deep: "deep"}}
	dir := t.TempDir()
	t.Chdir(dir)
	for _, version := range []string{"1.0.0", "1.1.0"} {
		mustPull(t, storedPack(t, version, members), ".", transfer.PullOptions{})
		wantFiles(t, dir, under(members))
	}
}

// Fail at the N-th call of the source or the store, for every N.
func TestPullPackFailsAnywhere(t *testing.T) {
	for _, side := range []string{"source", "store"} {
		t.Run(side, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "dir")
			mustPull(t, storedPack(t, "1.0.0", firstMembers), dir, transfer.PullOptions{})
			old := snapshot(t, parent)
			mem := &failing{Store: memory.New()}
			push(t, packFrom(t, "1.1.0", secondMembers), mem, "1.1.0")
			for at := 1; ; at++ {
				src, store := &failing{Store: mem.Store}, &failing{Store: memory.New()}
				pinned := resolve(t, src, "1.1.0")
				src.calls = 0
				if side == "source" {
					src.at = at
				} else {
					store.at = at
				}
				_, err := transfer.Pull(t.Context(), pinned, trust.UnverifiedUnsafe(pinned.Root()), store, dir, transfer.PullOptions{Repository: repository})
				if err == nil {
					if at < 15 {
						t.Errorf("only %d calls could fail", at-1)
					}
					wantFiles(t, dir, under(secondMembers))
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

// A layout or an archive is source and store at once.
func TestPullPackFromALayout(t *testing.T) {
	for _, name := range []string{"layout", "layout.tar"} {
		path := filepath.Join(t.TempDir(), name)
		push(t, packFrom(t, "1.0.0", firstMembers), openLayout(t, path), "1.0.0")
		before := snapshot(t, filepath.Dir(path))
		for _, s := range []artifact.Selection{{}, {Recaps: []string{"stays"}}, {MetadataOnly: true}} {
			store, err := layout.Open(path, layout.Options{})
			if err != nil {
				t.Fatal(err)
			}
			pinned := resolve(t, store, "1.0.0")
			result, err := transfer.Pull(t.Context(), pinned, trust.UnverifiedUnsafe(pinned.Root()), store, filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{Selection: s})
			if err != nil || result.Fetched.Count != 0 || len(result.Files) == 0 {
				t.Errorf("%s: %+v, %v", name, result.Fetched, err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}
		if snapshot(t, filepath.Dir(path)) != before {
			t.Errorf("%s was written to", name)
		}
	}
}

// What the store has that isn't sound, manifests included, is fetched again.
func TestPullPackMendsTheStore(t *testing.T) {
	src := storedPack(t, "1.0.0", firstMembers)
	path := filepath.Join(t.TempDir(), "store")
	pull := func() (transfer.PullResult, error) {
		store := openLayout(t, path)
		dir := filepath.Join(t.TempDir(), "dir")
		result, err := transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(src.Root()), store, dir, transfer.PullOptions{})
		if err == nil {
			wantFiles(t, dir, under(firstMembers))
			err = store.Commit(t.Context())
		}
		return result, err
	}
	if _, err := pull(); err != nil {
		t.Fatal(err)
	}
	warm, err := pull()
	if err != nil || warm.Fetched.Count != 0 {
		t.Fatalf("a second pull fetched %+v, %v", warm.Fetched, err)
	}
	blobs := names(t, filepath.Join(path, "blobs", "sha256"))
	if len(blobs) < 10 {
		t.Fatalf("the store holds %d blobs", len(blobs))
	}
	for _, blob := range blobs {
		file := filepath.Join(path, "blobs", "sha256", blob)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bad := append([]byte{good[0] ^ 1}, good[1:]...)
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		result, err := pull()
		if err != nil || result.Fetched.Count != 1 {
			t.Fatalf("with %s damaged: fetched %+v, %v", blob, result.Fetched, err)
		}
		if now, _ := os.ReadFile(file); string(now) != string(good) {
			t.Errorf("%s is damaged still", blob)
		}
	}
}

// The next version of a pack costs what changed, verified and remembered.
func TestPullPackBudgets(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand recaps, measured without the race detector")
	}
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	const members = 1000
	seal, authority := sealing(t)
	one, two := packOf(t, "1.0.0", many(t, members, -1)...), packOf(t, "1.1.0", many(t, members, 500)...)
	if _, err := transfer.Push(t.Context(), two, open(t, reg, "team/pack"), []string{"1.1.0"}, seal, transfer.PushOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		ratchet bool
		dir     string
	}{
		{"remembered", true, ""},
		{"not remembered", false, "dir"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			gateOptions := trust.GateOptions{}
			if test.ratchet {
				gateOptions.Ratchet = ratchet.New(ratchet.Options{Path: filepath.Join(t.TempDir(), "state.json")})
			}
			gate := admitting(t, authority, gateOptions)
			// A store that a pull of 1.0.0 has left.
			store := memory.New()
			push(t, one, store)
			reg.Reset()
			pinned := resolve(t, open(t, reg, "team/pack"), "1.1.0")
			admitted, err := gate.Admit(t.Context(), pinned, trust.Request{Name: reg.Host() + "/team/pack", Tag: "1.1.0", Root: pinned.Root()})
			if err != nil {
				t.Fatal(err)
			}
			result, err := transfer.Pull(t.Context(), pinned, admitted, store, test.dir, transfer.PullOptions{Repository: repository})
			if err != nil {
				t.Fatal(err)
			}
			budget(t, reg, 20, 6)
			if result.Fetched.Count != 3 { // manifest, config, document
				t.Errorf("fetched %+v", result.Fetched)
			}
			for _, r := range reg.Journal() {
				for _, view := range two.Pack().Catalog.Manifest.Layers {
					if strings.HasSuffix(r.Path, view.Digest.String()) {
						t.Errorf("asked for a view, %s", r.Path)
					}
				}
			}
			got, err := os.ReadFile(filepath.Join(result.Dir, "recap-0500", "index.md"))
			if err != nil || !strings.Contains(string(got), "Edited") {
				t.Errorf("the edited recap says %q, %v", got, err)
			}
		})
	}
}
