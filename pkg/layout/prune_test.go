// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

// age makes every blob of a layout as if it had last been in use that long ago.
func age(t testing.TB, path string, by time.Duration, items ...item) {
	t.Helper()
	then := time.Now().Add(-by)
	for _, i := range items {
		if err := os.Chtimes(blobPath(path, i.Digest), then, then); err != nil {
			t.Fatal(err)
		}
	}
}

const day = 24 * time.Hour

// graph is a layout with something of every kind.
type graph struct {
	path                                   string
	layer, oldLayer, packed, loose         item
	tagged, moved, member, pack, sig, sig2 item
	legacy, elsewhere, oldsSigned          item
}

func newGraph(t testing.TB) graph {
	t.Helper()
	g := graph{path: filepath.Join(t.TempDir(), "l")}
	g.layer, g.oldLayer = newBlob("text/plain", "layer"), newBlob("text/plain", "old layer")
	g.packed, g.loose = newBlob("text/plain", "of a member"), newBlob("text/plain", "loose")
	g.tagged, g.moved = newManifest(t, nil, "tagged", g.layer), newManifest(t, nil, "moved", g.oldLayer)
	g.member = newManifest(t, nil, "member", g.packed)
	g.pack = newIndex(t, g.member)
	g.sig = newManifest(t, &g.tagged.Descriptor, "signature")
	g.sig2 = newManifest(t, &g.sig.Descriptor, "signature of the signature")
	g.oldsSigned = newManifest(t, &g.moved.Descriptor, "signature of what was moved from")
	g.legacy = newManifest(t, &g.member.Descriptor, "listed nowhere")
	gone := newManifest(t, nil, "gone")
	g.elsewhere = newManifest(t, &gone.Descriptor, "signature of what isn't here")
	s := create(t, g.path)
	push(t, s, emptyConfig, g.layer, g.oldLayer, g.packed, g.loose, g.moved)
	tag(t, s, g.moved, "latest")
	push(t, s, g.tagged, g.member, g.pack, g.sig, g.sig2, g.oldsSigned, g.elsewhere)
	tag(t, s, g.tagged, "latest") // what had it before stays listed
	tag(t, s, g.pack, "pack")
	commit(t, s)
	s.Close()
	write(t, blobPath(g.path, g.legacy.Digest), string(g.legacy.data)) // as another tool leaves it
	return g
}

func (g graph) all() []item {
	return []item{emptyConfig, g.layer, g.oldLayer, g.packed, g.loose, g.tagged, g.moved, g.member, g.pack, g.sig, g.sig2, g.legacy, g.elsewhere, g.oldsSigned}
}

func TestPrune(t *testing.T) {
	for name, c := range map[string]struct {
		opts     layout.PruneOptions
		recent   func(g graph) []item // the rest is sixty days old
		removed  func(g graph) []item
		unlisted func(g graph) []item
		spared   int
	}{
		"what nothing leads to": {
			removed: func(g graph) []item { return []item{g.loose} },
		},
		"what has no tag": {
			opts: layout.PruneOptions{Untagged: true},
			removed: func(g graph) []item {
				return []item{g.loose, g.moved, g.oldLayer, g.elsewhere, g.oldsSigned}
			},
			unlisted: func(g graph) []item { return []item{g.moved, g.elsewhere, g.oldsSigned} },
		},
		"nothing is old enough": {
			opts:   layout.PruneOptions{Untagged: true, Before: time.Now().Add(-90 * day)},
			spared: 1, // the loose one; what is listed is needed
		},
		"all is old enough": {
			opts:    layout.PruneOptions{Before: time.Now().Add(-30 * day)},
			removed: func(g graph) []item { return []item{g.loose} },
		},
		"a manifest was in use": { // and with it what it needs, however old
			opts:     layout.PruneOptions{Untagged: true, Before: time.Now().Add(-30 * day)},
			recent:   func(g graph) []item { return []item{g.moved} },
			removed:  func(g graph) []item { return []item{g.loose, g.elsewhere} },
			unlisted: func(g graph) []item { return []item{g.elsewhere} },
		},
		"a blob was in use": {
			opts:   layout.PruneOptions{Before: time.Now().Add(-30 * day)},
			recent: func(g graph) []item { return []item{g.loose} },
			spared: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			age(t, g.path, 60*day, g.all()...)
			if c.recent != nil {
				age(t, g.path, 0, c.recent(g)...)
			}
			var want, unlisted []string
			if c.removed != nil {
				want = digests(c.removed(g))
			}
			if c.unlisted != nil {
				unlisted = digests(c.unlisted(g))
			}
			before := tree(t, g.path)
			s := open(t, g.path)
			dry := c.opts
			dry.DryRun = true
			plan, err := s.Prune(t.Context(), dry)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, tree(t, g.path)); diff != "" {
				t.Errorf("a dry run changed files (-before +after):\n%s", diff)
			}
			got, err := s.Prune(t.Context(), c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plan, got); diff != "" {
				t.Errorf("planned and done differ (-planned +done):\n%s", diff)
			}
			var removed []string
			var bytes int64
			for _, f := range got.Removed {
				removed = append(removed, f.Digest.String())
				bytes += f.Size
			}
			slices.Sort(removed)
			if diff := cmp.Diff(want, removed); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			var gone []string
			for _, d := range got.Unlisted {
				gone = append(gone, d.String())
			}
			if diff := cmp.Diff(unlisted, gone); diff != "" {
				t.Errorf("unlisted (-want +got):\n%s", diff)
			}
			if got.Freed.Bytes != bytes || got.Freed.Files != len(removed) || got.Spared.Files != c.spared ||
				got.Kept.Files+got.Spared.Files+got.Freed.Files != len(g.all()) {
				t.Errorf("freed %v, spared %v, kept %v", got.Freed, got.Spared, got.Kept)
			}
			after := tree(t, g.path)
			for name := range before {
				_, there := after[name]
				if gone := slices.Contains(want, "sha256:"+filepath.Base(name)); there == gone {
					t.Errorf("%s: there %v, want %v", name, there, !gone)
				}
			}
			s = open(t, g.path)
			if d := check(t, s); len(d) != 0 {
				t.Errorf("Check: %v", d)
			}
			if diff := cmp.Diff([]string{"latest", "pack"}, tags(t, s)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			for i, n := range map[*item]int{&g.tagged: 1, &g.sig: 1, &g.member: 1} {
				if got := referrers(t, s, i.Descriptor); len(got) != n {
					t.Errorf("referrers of %s: got %d, want %d", i.Digest, len(got), n)
				}
			}
			if again, err := s.Prune(t.Context(), c.opts); err != nil || len(again.Removed)+len(again.Unlisted) != 0 {
				t.Errorf("once more: %v, %v", again, err)
			}
		})
	}
}

func digests(items []item) []string {
	var list []string
	for _, i := range items {
		list = append(list, i.Digest.String())
	}
	slices.Sort(list)
	return list
}

// What can't be read may need anything: nothing goes.
func TestPruneRefusesDamage(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, g graph, path string){
		"flipped":   func(t *testing.T, g graph, p string) { write(t, p, strings.Replace(string(g.pack.data), "2", "3", 1)) },
		"cut off":   func(t *testing.T, g graph, p string) { write(t, p, string(g.pack.data[:20])) },
		"empty":     func(t *testing.T, _ graph, p string) { write(t, p, "") },
		"a pipe":    func(t *testing.T, _ graph, p string) { replaceByPipe(t, p) },
		"untagged?": func(t *testing.T, g graph, _ string) { write(t, blobPath(g.path, g.moved.Digest), "x") },
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			damage(t, g, blobPath(g.path, g.pack.Digest))
			before := slices.Sorted(maps.Keys(tree(t, g.path)))
			_, err := open(t, g.path).Prune(t.Context(), layout.PruneOptions{})
			wantError(t, err, recap.Integrity, "damaged", g.path)
			if diff := cmp.Diff(before, slices.Sorted(maps.Keys(tree(t, g.path)))); diff != "" {
				t.Errorf("files (-before +after):\n%s", diff)
			}
		})
	}
	// Missing, there is nothing that it could need.
	g := newGraph(t)
	remove(t, blobPath(g.path, g.pack.Digest))
	if _, err := open(t, g.path).Prune(t.Context(), layout.PruneOptions{}); err != nil {
		t.Error(err)
	}
	// Without its tag nothing needs it.
	g = newGraph(t)
	write(t, blobPath(g.path, g.moved.Digest), "x")
	if _, err := open(t, g.path).Prune(t.Context(), layout.PruneOptions{Untagged: true}); err != nil {
		t.Error(err)
	}
}

// A broken index.json names what is needed: nothing goes.
func TestPruneRefusesABrokenIndex(t *testing.T) {
	g := newGraph(t)
	s := open(t, g.path)
	write(t, filepath.Join(g.path, "index.json"), `{"schemaVersion":2,"manif`)
	before := tree(t, g.path)
	_, err := s.Prune(t.Context(), layout.PruneOptions{Untagged: true})
	wantError(t, err, recap.Integrity, "bad-index", g.path)
	if diff := cmp.Diff(before, tree(t, g.path)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

// The quarantine is emptied of what is old, and of nothing that others put there.
func TestPruneTheQuarantine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	create(t, path).Close()
	aside := filepath.Join(path, ".recap-quarantine")
	old, now := "20200101T000000Z-blobs-sha256-abc", time.Now().UTC().Format("20060102T150405Z")+"-index.json"
	if err := os.MkdirAll(filepath.Join(aside, old, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(aside, old, "sub", "file"), "x")
	write(t, filepath.Join(aside, now), "{")
	write(t, filepath.Join(aside, "mine.txt"), "not recap's")
	s := open(t, path)
	for _, c := range []struct {
		before time.Time
		want   []string
	}{{time.Now().Add(-30 * day), []string{now, "mine.txt"}}, {time.Time{}, []string{"mine.txt"}}} {
		if _, err := s.Prune(t.Context(), layout.PruneOptions{Before: c.before}); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(aside)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if diff := cmp.Diff(c.want, left); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
	}
}

// A cache knows when a blob was last in use, and a prune is no use of it. Other
// layouts are left as they are by who reads them.
func TestLastUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	i, other := newBlob("text/plain", "used"), newBlob("text/plain", "unused")
	m := newManifest(t, nil, "m", i)
	s := cache(t, path)
	push(t, s, emptyConfig, i, other, m)
	commit(t, s)
	s.Close()
	lastUse := func(i item) time.Duration {
		t.Helper()
		info, err := os.Stat(blobPath(path, i.Digest))
		if err != nil {
			t.Fatal(err)
		}
		return time.Since(info.ModTime()).Abs()
	}
	uses := map[string]func(t *testing.T, s *layout.Store){
		"Fetch": func(t *testing.T, s *layout.Store) {
			if _, err := fetch(t, s, i.Descriptor); err != nil {
				t.Fatal(err)
			}
		},
		"Exists": func(t *testing.T, s *layout.Store) {
			if exists, err := s.Exists(t.Context(), i.Descriptor); !exists || err != nil {
				t.Fatal(exists, err)
			}
		},
		"Push": func(t *testing.T, s *layout.Store) { push(t, s, i) },
	}
	for name, use := range uses {
		for _, old := range []time.Duration{60 * day, -60 * day} { // or a clock that was wrong
			t.Run(name, func(t *testing.T) {
				age(t, path, old, i, other)
				s := cache(t, path)
				use(t, s)
				s.Close()
				if lastUse(i) > time.Minute || lastUse(other) < 59*day {
					t.Errorf("last use of what was in use %s ago, of the other %s ago", lastUse(i), lastUse(other))
				}
				age(t, path, old, i)
				s = create(t, path)
				use(t, s)
				s.Close()
				if lastUse(i) < 59*day {
					t.Error("a layout that is no cache was touched by who reads it")
				}
			})
		}
	}
	age(t, path, 60*day, i, other, m, emptyConfig)
	s, err := layout.Open(path, layout.Options{Cache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	opts := layout.PruneOptions{Untagged: true, Before: time.Now().Add(-90 * day), DryRun: true}
	if _, err := s.Prune(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	if lastUse(m) < 59*day || lastUse(i) < 59*day {
		t.Error("a prune counted as a use")
	}
}

// Whoever may put something into a layout can name the manifests of others as its
// layers. What these lead to stays needed all the same.
func TestPruneKeepsWhatAManifestNamedAsALayerNeeds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	layer, bundle := newBlob("text/plain", "layer"), newBlob("text/plain", "signature")
	victim := newManifest(t, nil, "victim", layer)
	signature := newManifest(t, &victim.Descriptor, "signature", bundle)
	asLayers := []item{newBlob("text/plain", string(victim.data)), newBlob("text/plain", string(signature.data))}
	hostile := newManifest(t, nil, "hostile", asLayers...)
	push(t, s, emptyConfig, layer, bundle, victim, signature, hostile)
	tag(t, s, hostile, "a")
	tag(t, s, victim, "b")
	s.Close()
	pruned, err := open(t, path).Prune(t.Context(), layout.PruneOptions{Untagged: true})
	if err != nil || len(pruned.Removed) > 0 || len(pruned.Unlisted) > 0 {
		t.Errorf("removed %v, unlisted %v, %v", pruned.Removed, pruned.Unlisted, err)
	}
}

// Of what is of a type that recap can't read, all stays that it mentions.
func TestPruneKeepsWhatOthersTypesMention(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	s := create(t, path)
	layer, inner, deep, loose := newBlob("text/plain", "layer"), newBlob("text/plain", "inner layer"), newBlob("text/plain", "deep"), newBlob("text/plain", "loose")
	nested := newBlob("application/json", `{"blobSum": "`+string(deep.Digest)+`"}`)
	old := newBlob("application/vnd.docker.distribution.manifest.v1+prettyjws", `{"fsLayers": [{"blobSum": "`+string(layer.Digest)+`"}, {"blobSum": "`+string(nested.Digest)+`"}]}`)
	member := newBlob("application/vnd.example.manifest.v9+json", `{"parts": ["`+string(inner.Digest)+`"]}`)
	pack := newIndex(t, member)
	push(t, s, layer, inner, deep, nested, loose, old, member, pack)
	tag(t, s, pack, "pack")
	s.Close()
	index := filepath.Join(path, "index.json")
	data, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	const before = `"manifests":[`
	entry := `{"mediaType":"` + old.MediaType + `","digest":"` + string(old.Digest) + `","size":` + strconv.Itoa(len(old.data)) +
		`,"annotations":{"org.opencontainers.image.ref.name":"old"}},`
	write(t, index, strings.Replace(string(data), before, before+entry, 1)) // as another tool does
	pruned, err := open(t, path).Prune(t.Context(), layout.PruneOptions{Untagged: true})
	if err != nil || len(pruned.Removed) != 1 || pruned.Removed[0].Digest != loose.Digest {
		t.Errorf("removed %v, %v; want %s", pruned.Removed, err, loose.Digest)
	}
}

// A link that somebody puts in the place of the blobs after the layout was opened
// leads a prune, a repair and a delete nowhere.
func TestPruneOfALink(t *testing.T) {
	path, outside := filepath.Join(t.TempDir(), "l"), filepath.Join(t.TempDir(), "outside")
	s := create(t, path)
	i, m := newBlob("text/plain", "nobody needs it"), newManifest(t, nil, "m")
	push(t, s, emptyConfig, i, m)
	s.Close()
	s = open(t, path)
	blobs := filepath.Join(path, "blobs", "sha256")
	if err := os.Rename(blobs, outside); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(outside, i.Digest.Encoded()), "not any more")
	replaceBySymlink(t, outside, blobs)
	before := tree(t, outside)
	_, err := s.Prune(t.Context(), layout.PruneOptions{})
	wantError(t, err, recap.Unsafe, "not-a-directory", path, "blobs/sha256")
	if _, err := s.Repair(t.Context()); err == nil {
		t.Error("repaired through a link")
	}
	if err := s.Delete(t.Context(), m.Descriptor); err == nil {
		t.Error("deleted through a link")
	}
	if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
		t.Errorf("outside (-before +after):\n%s", diff)
	}
}
