// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// counted is a source that tells what was asked of it.
type counted struct {
	store
	asked map[digest.Digest]int
	open  int
}

func (c *counted) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	c.asked[desc.Digest]++
	rc, err := c.store.Fetch(ctx, desc)
	if err == nil {
		c.open++
		rc = closer{rc, func() { c.open-- }}
	}
	return rc, err
}

type closer struct {
	io.Reader
	close func()
}

func (c closer) Close() error { c.close(); return nil }

func TestOpenMember(t *testing.T) {
	b := build(t)
	src := &counted{filled(t, b), map[digest.Digest]int{}, 0}
	m, err := artifact.OpenMember(t.Context(), src, b.Root)
	if err != nil {
		t.Fatal(err)
	}
	if len(src.asked) != 2 {
		t.Errorf("asked for %v, not manifest and config alone", src.asked)
	}
	if m.Slug() != "a-model-conference" || m.Root().Digest != b.Root.Digest {
		t.Errorf("member %s %v", m.Slug(), m.Root())
	}
	_, _, views := fixturePack(t)
	clear(src.asked)
	g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "p", Version: "1.0.0"}, []artifact.Member{m}, views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(src.asked) != 0 {
		t.Errorf("building asked for %v", src.asked)
	}
	// Its own manifest is at hand, all else comes from the source.
	for _, desc := range g.Nodes() {
		_, member := src.store[desc.Digest]
		if origin := g.Origin(desc.Digest); (origin == nil) == (member && desc.Digest != b.Root.Digest) {
			t.Errorf("origin of %s is %v", desc.Digest, origin)
		}
		if !member {
			continue
		}
		raw := fetch(t, g, desc)
		if digest.FromBytes(raw) != desc.Digest {
			t.Errorf("%s holds %q", desc.Digest, raw)
		}
	}
	if src.asked[b.Root.Digest] != 0 || src.open != 0 {
		t.Errorf("the manifest was asked for %d times, %d readers are open", src.asked[b.Root.Digest], src.open)
	}
	opened, err := m.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.Recap(), opened.Recap); diff != "" {
		t.Errorf("recap (-built +opened):\n%s", diff)
	}
	if g.Origin(someDigest) != nil || build(t).Origin(b.Root.Digest) != nil {
		t.Error("what isn't fetched has an origin")
	}
}

func TestOpenMemberRefuses(t *testing.T) {
	g := buildPack(t)
	s := filled(t, g)
	_, err := artifact.OpenMember(t.Context(), s, g.Root)
	wantError(t, err, recap.Integrity, "wrong-kind", "is a pack")
	_, err = artifact.OpenMember(t.Context(), s, g.Pack().Catalog.Descriptor)
	wantError(t, err, recap.Integrity, "wrong-kind", "is a catalog")
	delete(s, build(t).Root.Digest)
	_, err = artifact.OpenMember(t.Context(), s, build(t).Root)
	wantError(t, err, recap.NotFound, "not-found", "")
	_, err = artifact.Member{}.Open(t.Context())
	wantError(t, err, recap.Usage, "bad-member", "no bundle")
	_, err = artifact.Member{}.Fetch(t.Context(), g.Root)
	wantError(t, err, recap.Usage, "bad-member", "no bundle")
	if (artifact.Member{}).Root().Digest != "" {
		t.Error("nothing has a root")
	}
}

// Content of a source is verified on its way, and can be read once more.
func TestMemberFetch(t *testing.T) {
	b := build(t)
	src := &counted{filled(t, b), map[digest.Digest]int{}, 0}
	m, err := artifact.OpenMember(t.Context(), src, b.Root)
	if err != nil {
		t.Fatal(err)
	}
	doc := b.Bundle().Node.Manifest.Layers[0]
	want := src.store[doc.Digest]
	rc, err := m.Fetch(t.Context(), doc)
	if err != nil {
		t.Fatal(err)
	}
	seeker := rc.(io.Seeker)
	for range 3 {
		if at, err := seeker.Seek(0, io.SeekStart); at != 0 || err != nil {
			t.Fatal(at, err)
		}
		got, err := io.ReadAll(rc)
		if err != nil || string(got) != string(want) {
			t.Fatalf("read %q, %v", got, err)
		}
		if at, err := seeker.Seek(0, io.SeekCurrent); at != doc.Size || err != nil {
			t.Errorf("at %d, %v", at, err)
		}
	}
	if _, err := seeker.Seek(1, io.SeekStart); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("seeking into the middle: %v", err)
	}
	if src.open != 1 {
		t.Errorf("%d readers are open", src.open)
	}
	for range 2 {
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := rc.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("reading what is closed: %v", err)
	}
	if _, err := seeker.Seek(0, io.SeekStart); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("seeking in what is closed: %v", err)
	}
	if src.open != 0 {
		t.Errorf("%d readers are open", src.open)
	}

	for name, tt := range map[string]struct {
		raw  []byte
		code string
	}{
		"other bytes":  {[]byte(strings.Repeat("x", len(want))), "digest-mismatch"},
		"less of them": {want[:len(want)-1], "size-mismatch"},
		"more of them": {append(append([]byte(nil), want...), 'x'), "size-mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			src.store[doc.Digest] = tt.raw
			rc, err := m.Fetch(t.Context(), doc)
			if err != nil {
				t.Fatal(err)
			}
			defer rc.Close()
			got, err := io.ReadAll(rc)
			wantError(t, err, recap.Integrity, tt.code, string(doc.Digest))
			if len(got) >= len(want) {
				t.Errorf("all %d bytes were handed out", len(got))
			}
		})
	}
	delete(src.store, doc.Digest)
	_, err = m.Fetch(t.Context(), doc)
	wantError(t, err, recap.NotFound, "not-found", string(doc.Digest))
	wrong := doc
	wrong.Size++
	_, err = m.Fetch(t.Context(), wrong)
	wantError(t, err, recap.Integrity, "size-mismatch", "")
}

// Two members that call one digest two things can't lie in one pack.
func TestBuildPackAmbiguous(t *testing.T) {
	_, _, views := fixturePack(t)
	a := small(t, "alpha", "e", "")
	raw := fetch(t, a, a.Root)
	r := &recap.Recap{Title: "B", Slug: "bravo", Files: []recap.File{
		{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument},
		{Path: "manifest.json", MediaType: "application/json", Role: recap.RoleDataset},
	}}
	b, err := artifact.BuildBundle(t.Context(), r, fstest.MapFS{"index.md": {Data: []byte("x")}, "manifest.json": {Data: raw}}, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, members := range [][]artifact.Member{{a.Member(), b.Member()}, {b.Member(), a.Member()}} {
		_, err = artifact.BuildPack(t.Context(), &recap.Pack{Name: "p", Version: "1.0.0"}, members, views, artifact.PackOptions{})
		wantError(t, err, recap.Integrity, "ambiguous-manifest", "elsewhere, a file")
	}
	// A source may lie about the size of what nobody fetched.
	s, root := forge(t, func(m, c object) {
		logo := a.Bundle().Node.Manifest.Layers[1]
		for _, o := range []object{layer(m, 1), row(c, 1)} {
			o["digest"], o["size"] = string(logo.Digest), logo.Size+1
		}
	})
	liar, err := artifact.OpenMember(t.Context(), s, root)
	if err != nil {
		t.Fatal(err)
	}
	_, err = artifact.BuildPack(t.Context(), &recap.Pack{Name: "p", Version: "1.0.0"}, []artifact.Member{a.Member(), liar}, views, artifact.PackOptions{})
	wantError(t, err, recap.Integrity, "bad-size", "sizes")
}

// many returns n members of some twenty kilobytes of facts each, as they are made
// one after the other.
func many(t testing.TB, n int, member func(g *artifact.Graph) artifact.Member) []artifact.Member {
	t.Helper()
	members := make([]artifact.Member, n)
	for i := range n {
		r, files := fixture()
		r.Slug = fmt.Sprintf("recap-%d", i)
		for j := range 100 {
			r.Facts.Sessions = append(r.Facts.Sessions, recap.Session{
				Fact: recap.Fact{ID: fmt.Sprintf("session-%d", j), Text: strings.Repeat("What it was about. ", 5)}, Title: fmt.Sprintf("Session %d", j),
				Speakers: []recap.Agent{{Name: "Somebody", Affiliation: "Some company"}},
			})
		}
		g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		members[i] = member(g)
	}
	return members
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A member costs its config, where it was built here, and little else; the graph
// of a thousand is far below what building a pack may take.
func TestMemberMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand recaps, measured without the race detector")
	}
	const n = 1000
	_, _, views := fixturePack(t)
	for name, tt := range map[string]struct {
		member func(g *artifact.Graph) artifact.Member
		limit  uint64 // bytes a member
	}{
		"built here": {(*artifact.Graph).Member, 50 << 10},
		"in a source": {func(g *artifact.Graph) artifact.Member {
			root, src := g.Root, &counted{filled(t, g), map[digest.Digest]int{}, 0}
			m, err := artifact.OpenMember(t.Context(), src, root)
			if err != nil {
				t.Fatal(err)
			}
			clear(src.store) // lies elsewhere
			return m
		}, 20 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			before := heap()
			members := many(t, n, tt.member)
			g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "p", Version: "1.0.0"}, members, views, artifact.PackOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if cost := (heap() - before) / n; cost > tt.limit {
				t.Errorf("a member costs %d bytes, more than %d", cost, tt.limit)
			} else {
				t.Logf("a member costs %d bytes", cost)
			}
			runtime.KeepAlive(g)
			runtime.KeepAlive(members)
		})
	}
}

func BenchmarkBuildPack(b *testing.B) {
	members := many(b, 1000, (*artifact.Graph).Member)
	_, _, views := fixturePack(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := artifact.BuildPack(b.Context(), &recap.Pack{Name: "p", Version: "1.0.0"}, members, views, artifact.PackOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heap())/(1<<20), "MiB-held")
	runtime.KeepAlive(members)
}
