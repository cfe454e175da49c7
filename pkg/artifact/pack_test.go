// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// small builds a bundle of one document and a file that all of them have.
func small(t testing.TB, slug, event, version string) *artifact.Graph {
	t.Helper()
	r := &recap.Recap{
		Title: "About " + slug, Slug: slug,
		Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Fact: recap.Fact{ID: event}, Name: strings.ToUpper(event)}},
		Files: []recap.File{
			{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument},
			{Path: "logo.png", MediaType: "image/png", Role: recap.RoleImage},
		},
	}
	files := fstest.MapFS{"index.md": {Data: []byte("# " + slug + "\n\nIt was.\n")}, "logo.png": {Data: []byte("\x89PNG\r\n\x1a\nlogo")}}
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// fixturePack is a pack of three members, one of which is the fixture bundle.
func fixturePack(t testing.TB) (*recap.Pack, []artifact.Member, []artifact.View) {
	t.Helper()
	p := &recap.Pack{
		Name: "kubecon-recaps", Version: "1.2.0", Title: "KubeCon, as told", Description: "Who was there & what they saw",
		License: "CC-BY-4.0", URL: "https://example.com/recaps", Authors: []recap.Agent{{Name: "The Editors"}},
		Defaults:  recap.PackDefaults{Language: "en"},
		Events:    map[string]recap.Event{"kubecon-na-2024": {Name: "KubeCon NA 2024"}},
		Aliases:   recap.Aliases{Events: map[string][]string{"kubecon-eu-2024": {"kubecon-paris"}}},
		Conflicts: recap.PackConflicts{Tolerance: map[string]float64{"attendance": 0.01}, Accepted: []recap.AcceptedConflict{{ID: "x", Note: "kept"}}},
	}
	members := []artifact.Member{
		build(t).Member(),
		small(t, "zulu", "kubecon-na-2024", "2.0.0").Member(),
		small(t, "alpha", "kubecon-paris", "").Member(),
	}
	views := []artifact.View{
		{Path: "chunks/a-model-conference.jsonl.zst", MediaType: recap.MediaTypeChunks, Raw: []byte("chunks")},
		{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte("# KubeCon, as told\n")},
	}
	return p, members, views
}

func buildPack(t testing.TB) *artifact.Graph {
	t.Helper()
	p, members, views := fixturePack(t)
	g, err := artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestBuildPackGolden(t *testing.T) {
	g := buildPack(t)
	pack := g.Pack()
	for _, golden := range []struct {
		file string
		desc ocispec.Descriptor
	}{
		{"testdata/pack.index.json", g.Root},
		{"testdata/pack.catalog.json", pack.Catalog.Descriptor},
		{"testdata/pack.config.json", pack.Catalog.Manifest.Config},
	} {
		got := fetch(t, g, golden.desc)
		want, err := os.ReadFile(golden.file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden.file, diff)
		}
	}
	if g.Root.Digest != goldenPack || g.Root.MediaType != ocispec.MediaTypeImageIndex || g.Root.ArtifactType != recap.ArtifactTypePack {
		t.Errorf("root is %+v, want %s", g.Root, goldenPack)
	}
	if g.Recap() != nil || g.Bundle() != nil || build(t).Pack() != nil {
		t.Error("a pack is no bundle, nor the other way round")
	}
}

// goldenPack is the digest of the fixture's index. If it has to change here, the
// format has changed.
const goldenPack = "sha256:498e304ff229f54546f14e27a00f8241a46605272971fa7e4df4884d2653bf00"

// What a pack was built from makes no difference to it: bundles built here, the
// same ones in a source, their metadata's Members.
func TestBuildPackSame(t *testing.T) {
	p, members, views := fixturePack(t)
	want := buildPack(t)
	s := filled(t, want)
	var lying []artifact.Member
	for _, m := range members {
		root := m.Root()
		root.Annotations = map[string]string{"com.example": "x"}
		root.ArtifactType = ""
		there, err := artifact.OpenMember(t.Context(), s, root)
		if err != nil {
			t.Fatal(err)
		}
		lying = append(lying, there)
	}
	p.Members = []recap.PackMember{{Slug: "stale"}}
	for name, members := range map[string][]artifact.Member{"built": members, "lying": lying, "mixed": {members[0], lying[1], members[2]}} {
		g, err := artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if g.Root.Digest != want.Root.Digest {
			t.Errorf("%s: root is %s, want %s", name, g.Root.Digest, want.Root.Digest)
		}
		if diff := cmp.Diff(want.Nodes(), g.Nodes()); diff != "" {
			t.Errorf("%s: nodes (-want +got):\n%s", name, diff)
		}
		for _, desc := range g.Nodes() {
			if got := digest.FromBytes(fetch(t, g, desc)); got != desc.Digest {
				t.Errorf("%s: %s holds %s", name, desc.Digest, got)
			}
		}
	}
	if len(p.Members) != 1 || p.Members[0].Slug != "stale" {
		t.Error("the metadata was changed")
	}
	epoch := time.Unix(0, 0)
	g, err := artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{SourceDateEpoch: &epoch})
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Pack().Node.Annotations()[ocispec.AnnotationCreated]; got != "1970-01-01T00:00:00Z" {
		t.Errorf("created %q", got)
	}
	if !g.Pack().Same(want.Pack()) {
		t.Error("a time of creation makes another pack")
	}
}

// Children stand before their parents, each content once, and all of it can be
// fetched, again and again.
func TestPackGraph(t *testing.T) {
	g := buildPack(t)
	seen := map[digest.Digest]bool{}
	for _, desc := range g.Nodes() {
		if seen[desc.Digest] {
			t.Errorf("%s is there twice", desc.Digest)
		}
		seen[desc.Digest] = true
		if ok, err := g.Exists(t.Context(), desc); !ok || err != nil {
			t.Errorf("Exists(%s) = %v, %v", desc.Digest, ok, err)
		}
	}
	if last := g.Nodes()[len(g.Nodes())-1]; last.Digest != g.Root.Digest {
		t.Errorf("the last node is %s", last.Digest)
	}
	met := map[digest.Digest]bool{}
	err := artifact.Walk(t.Context(), g, g.Root, func(desc ocispec.Descriptor, n *artifact.Node) error {
		met[desc.Digest] = true
		if n != nil {
			for _, child := range n.Children() {
				if !seen[child.Digest] {
					t.Errorf("%s is not among the nodes", child.Digest)
				}
			}
		}
		return nil
	})
	if err != nil || len(met) != len(seen) {
		t.Errorf("walked %d of %d: %v", len(met), len(seen), err)
	}
	_, err = g.Fetch(t.Context(), ocispec.Descriptor{Digest: someDigest, Size: 3})
	wantError(t, err, recap.NotFound, "not-found", someDigest)
}

func TestOpenPack(t *testing.T) {
	g := buildPack(t)
	s := filled(t, g)
	p, err := artifact.OpenPack(t.Context(), s, g.Root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.Pack(), p); diff != "" {
		t.Errorf("pack (-built +opened):\n%s", diff)
	}
	want := []recap.PackMember{
		{Slug: "a-model-conference", Title: "A Model Conference", Event: "kubecon-eu-2024"},
		{Slug: "zulu", Title: "About zulu", Version: "2.0.0", Event: "kubecon-na-2024"},
		{Slug: "alpha", Title: "About alpha", Event: "kubecon-eu-2024"},
	}
	for i, row := range p.Meta.Members {
		child := p.Node.Index.Manifests[i+1]
		want[i].Digest, want[i].Size = string(child.Digest), child.Size
		if diff := cmp.Diff(want[i], row); diff != "" {
			t.Errorf("member %d (-want +got):\n%s", i, diff)
		}
		b, err := p.Open(t.Context(), s, row.Slug)
		if err != nil || b.Recap.Slug != row.Slug {
			t.Errorf("Open(%s) = %v, %v", row.Slug, b, err)
		}
	}
	if got := p.Views(recap.MediaTypeChunks); len(got) != 1 || got[0].Digest != digest.FromString("chunks") {
		t.Errorf("views %v", got)
	}
	_, err = p.Open(t.Context(), s, "zulo")
	wantError(t, err, recap.NotFound, "no-such-recap", `"zulo"`)
	var e *recap.Error
	if errors.As(err, &e); !strings.Contains(e.Hint, "zulu") {
		t.Errorf("hint %q", e.Hint)
	}
	// Index, catalog and config are all that opening needs.
	for d := range s {
		if d != g.Root.Digest && d != p.Catalog.Descriptor.Digest && d != p.Catalog.Manifest.Config.Digest {
			delete(s, d)
		}
	}
	if _, err := artifact.OpenPack(t.Context(), s, g.Root); err != nil {
		t.Errorf("without members: %v", err)
	}
	for _, d := range []digest.Digest{p.Catalog.Manifest.Config.Digest, p.Catalog.Descriptor.Digest, g.Root.Digest} {
		delete(s, d)
		_, err := artifact.OpenPack(t.Context(), s, g.Root)
		wantError(t, err, recap.NotFound, "not-found", string(d))
	}
}

// A title that is too long for the annotations of a child is cut there, and
// nowhere else.
func TestPackTitles(t *testing.T) {
	for name, title := range map[string]string{
		"ascii":   strings.Repeat("A long title. ", 21),
		"quotes":  strings.Repeat(`"\`, 150),
		"emoji":   strings.Repeat("🚢", 300),
		"control": strings.Repeat("\x01", 300),
		"exact":   strings.Repeat("x", 300),
		"short":   "x",
	} {
		t.Run(name, func(t *testing.T) {
			r, files := fixture()
			r.Title, r.Slug = title, strings.Repeat("s", recap.MaxSlugLength)
			r.Facts.Event.ID = strings.Repeat("e", recap.MaxSlugLength)
			b, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Version: "1.0.0-" + strings.Repeat("v", 122)})
			if err != nil {
				t.Fatal(err)
			}
			_, _, views := fixturePack(t)
			g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "p", Version: "1.0.0"}, []artifact.Member{b.Member()}, views, artifact.PackOptions{})
			if err != nil {
				t.Fatal(err)
			}
			child := g.Pack().Node.Index.Manifests[1]
			raw := fetch(t, g, g.Root)
			at := strings.Index(string(raw), `{"io.github.recap-oci.event`)
			size := strings.Index(string(raw[at:]), "}") + 1
			if size > recap.MaxChildAnnotations {
				t.Errorf("annotations of %d bytes", size)
			}
			got := child.Annotations[artifact.AnnotationTitle]
			if start, isCut := strings.CutSuffix(got, "…"); isCut {
				if !strings.HasPrefix(title, start) || size < recap.MaxChildAnnotations-6 {
					t.Errorf("cut to %q, %d bytes in all", got, size)
				}
			} else if got != title {
				t.Errorf("title %q", got)
			}
			if g.Pack().Meta.Members[0].Title != title {
				t.Error("the config's title is cut")
			}
		})
	}
}

func TestBuildPackRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, p *recap.Pack, members *[]artifact.Member, views *[]artifact.View)
		kind   recap.Kind
		code   string
		want   string
	}{
		{"no name", func(_ *testing.T, p *recap.Pack, _ *[]artifact.Member, _ *[]artifact.View) { p.Name = "" }, recap.Usage, "bad-slug", "empty"},
		{"no version", func(_ *testing.T, p *recap.Pack, _ *[]artifact.Member, _ *[]artifact.View) { p.Version = "" }, recap.Usage, "bad-version", `""`},
		{"leading v", func(_ *testing.T, p *recap.Pack, _ *[]artifact.Member, _ *[]artifact.View) { p.Version = "v1.0.0" }, recap.Usage, "bad-version", "v1.0.0"},
		{"tolerance", func(_ *testing.T, p *recap.Pack, _ *[]artifact.Member, _ *[]artifact.View) {
			p.Conflicts.Tolerance["x"] = 1.5
		}, recap.Usage, "bad-pack", "1.5"},
		{"long title", func(_ *testing.T, p *recap.Pack, _ *[]artifact.Member, _ *[]artifact.View) {
			p.Title = strings.Repeat("é", 301)
		}, recap.Usage, "bad-pack", "300"},
		{"zero member", func(_ *testing.T, _ *recap.Pack, m *[]artifact.Member, _ *[]artifact.View) {
			*m = append(*m, artifact.Member{})
		}, recap.Usage, "bad-member", "member 4"},
		{"pack as a member", func(t *testing.T, _ *recap.Pack, m *[]artifact.Member, _ *[]artifact.View) {
			*m = append(*m, buildPack(t).Member())
		}, recap.Usage, "bad-member", "no bundle"},
		{"member twice", func(_ *testing.T, _ *recap.Pack, m *[]artifact.Member, _ *[]artifact.View) { *m = append(*m, (*m)[0]) }, recap.Usage, "duplicate-slug", "a-model-conference"},
		{"two of one slug", func(t *testing.T, _ *recap.Pack, m *[]artifact.Member, _ *[]artifact.View) {
			*m = append(*m, small(t, "zulu", "e", "").Member())
		}, recap.Usage, "duplicate-slug", "zulu"},
		{"no views", func(_ *testing.T, _ *recap.Pack, _ *[]artifact.Member, v *[]artifact.View) { *v = nil }, recap.Usage, "bad-view", "no views"},
		{"empty view", func(_ *testing.T, _ *recap.Pack, _ *[]artifact.Member, v *[]artifact.View) { (*v)[0].Raw = nil }, recap.Usage, "bad-view", "0 bytes"},
		{"type of a view", func(_ *testing.T, _ *recap.Pack, _ *[]artifact.Member, v *[]artifact.View) {
			(*v)[0].MediaType = "Text"
		}, recap.Usage, "bad-view", `"Text"`},
		{"path of a view", func(_ *testing.T, _ *recap.Pack, _ *[]artifact.Member, v *[]artifact.View) {
			(*v)[0].Path = "../zulu/index.md"
		}, recap.Unsafe, "unsafe-path", "zulu"},
		{"views in one place", func(_ *testing.T, _ *recap.Pack, _ *[]artifact.Member, v *[]artifact.View) { (*v)[0].Path = "LLMS.txt" }, recap.Unsafe, "path-collision", "LLMS.txt"},
		{"too many views", func(_ *testing.T, _ *recap.Pack, _ *[]artifact.Member, v *[]artifact.View) {
			for i := range recap.MaxLayers {
				*v = append(*v, artifact.View{Path: fmt.Sprint(i), MediaType: "text/plain", Raw: []byte{1}})
			}
		}, recap.Unsafe, "too-large", "1002 layers"},
		{"large metadata", func(_ *testing.T, p *recap.Pack, _ *[]artifact.Member, _ *[]artifact.View) {
			p.Description = strings.Repeat("x", recap.MaxConfigSize)
		}, recap.Unsafe, "too-large", "metadata"},
		{"a member's manifest as a view", func(t *testing.T, _ *recap.Pack, m *[]artifact.Member, v *[]artifact.View) {
			rc, err := (*m)[0].Fetch(t.Context(), (*m)[0].Root())
			if err != nil {
				t.Fatal(err)
			}
			defer rc.Close()
			(*v)[0].Raw, _ = io.ReadAll(rc)
		}, recap.Integrity, "ambiguous-manifest", "a manifest and, elsewhere, a file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, members, views := fixturePack(t)
			tt.change(t, p, &members, &views)
			_, err := artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{})
			wantError(t, err, tt.kind, tt.code, tt.want)
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p, members, views := fixturePack(t)
		if _, err := artifact.BuildPack(ctx, p, members, views, artifact.PackOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// As many members as a pack may have are built and opened, one more aren't.
func TestPackLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand recaps, measured without the race detector")
	}
	_, _, views := fixturePack(t)
	var members []artifact.Member
	for i := range recap.MaxMembers + 1 {
		r := &recap.Recap{
			Title: strings.Repeat("t", 300), Slug: fmt.Sprintf("%s-%d", strings.Repeat("s", 75), i)[:recap.MaxSlugLength-5] + fmt.Sprintf("-%04d", i),
			Facts: recap.Facts{Event: recap.Event{Fact: recap.Fact{ID: strings.Repeat("e", 80)}}},
			Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}},
		}
		g, err := artifact.BuildBundle(t.Context(), r, fstest.MapFS{"index.md": {Data: []byte("x")}}, artifact.BuildOptions{Version: "1.0.0"})
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, g.Member())
	}
	p := &recap.Pack{Name: "p", Version: "1.0.0"}
	_, err := artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{})
	wantError(t, err, recap.Usage, "too-many-members", "5001 recaps")
	g, err := artifact.BuildPack(t.Context(), p, members[:recap.MaxMembers], views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if g.Root.Size > recap.MaxManifestSize {
		t.Errorf("an index of %d bytes", g.Root.Size)
	}
	if _, err := artifact.OpenPack(t.Context(), g, g.Root); err != nil {
		t.Error(err)
	}
}
