// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"fmt"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

// forged is a pack taken apart.
type forged struct{ index, catalog, config object }

func (f forged) child(i int) object  { return f.index["manifests"].([]any)[i].(object) }
func (f forged) member(i int) object { return f.config["members"].([]any)[i].(object) }
func (f forged) note(i int, key, value string) {
	f.child(i)["annotations"].(object)[key] = value
}

// forgePack takes the fixture pack apart, lets change break it, and puts it
// together again with digests that fit, as somebody can who may push.
func forgePack(t testing.TB, change func(f forged)) (store, ocispec.Descriptor) {
	t.Helper()
	g := buildPack(t)
	s := filled(t, g)
	catalog := g.Pack().Catalog
	f := forged{parseObject(t, s[g.Root.Digest]), parseObject(t, s[catalog.Descriptor.Digest]), parseObject(t, s[catalog.Manifest.Config.Digest])}
	change(f)
	refer := func(to object, was ocispec.Descriptor, v any) {
		if to["digest"] != string(was.Digest) || to["size"] != float64(was.Size) {
			return // forged itself
		}
		desc := s.put(t, was.MediaType, v)
		to["digest"], to["size"] = string(desc.Digest), desc.Size
	}
	if c, ok := f.catalog["config"].(object); ok {
		refer(c, catalog.Manifest.Config, f.config)
	}
	for _, child := range f.index["manifests"].([]any) {
		refer(child.(object), catalog.Descriptor, f.catalog)
	}
	root := s.put(t, ocispec.MediaTypeImageIndex, f.index)
	root.ArtifactType = recap.ArtifactTypePack
	return s, root
}

// What a later version adds is no reason to refuse, and isn't lost.
func TestOpenPackTolerates(t *testing.T) {
	tests := []struct {
		name   string
		change func(f forged)
	}{
		{"nothing", func(forged) {}},
		{"unknown fields", func(f forged) { f.config["mood"] = object{"of": []any{1, nil}}; f.member(0)["stars"] = 5 }},
		{"null for what is absent", func(f forged) { f.config["extensions"] = nil; f.member(0)["version"] = nil; f.index["subject"] = nil }},
		{"a view of a later version", func(f forged) { layer(f.catalog, 0)["mediaType"] = "application/vnd.recap.graph.v1+json" }},
		{"no views", func(f forged) { f.catalog["layers"] = []any{} }},
		{"annotations of others", func(f forged) { f.note(1, "com.example", "x"); f.index["annotations"].(object)["com.example"] = "x" }},
		{"a title cut shorter", func(f forged) { f.note(1, artifact.AnnotationTitle, "A Mod…") }},
		{"a title that ends so", func(f forged) {
			f.member(1)["title"] = "And then…"
			f.note(2, artifact.AnnotationTitle, "And then…")
		}},
		{"a subject", func(f forged) {
			f.index["subject"] = object{"mediaType": ocispec.MediaTypeImageManifest, "digest": someDigest, "size": 1}
		}},
		{"no members", func(f forged) {
			f.config["members"] = []any{}
			f.index["manifests"] = f.index["manifests"].([]any)[:1]
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, root := forgePack(t, tt.change)
			p, err := artifact.OpenPack(t.Context(), s, root)
			if err != nil {
				t.Fatal(err)
			}
			if p.Meta.Name != "kubecon-recaps" || p.Node.Kind() != artifact.KindPack || p.Catalog.Kind() != artifact.KindCatalog {
				t.Errorf("read as %s %q", p.Node.Kind(), p.Meta.Name)
			}
			if want := s[p.Catalog.Manifest.Config.Digest]; string(p.Config) != string(want) {
				t.Errorf("config %s, want %s", p.Config, want)
			}
		})
	}
}

func TestOpenPackRefuses(t *testing.T) {
	catalogType := recap.ArtifactTypeCatalog
	tests := []struct {
		name   string
		change func(f forged)
		kind   recap.Kind
		code   string
		want   string
	}{
		// The index.
		{"no catalog", func(f forged) { drop(f.index, "manifests", 0) }, recap.Integrity, "bad-manifest", catalogType},
		{"nothing at all", func(f forged) { f.index["manifests"] = []any{} }, recap.Integrity, "bad-manifest", "without a catalog"},
		{"catalog second", func(f forged) { swap(f.index, "manifests", 0, 1) }, recap.Integrity, "bad-manifest", "child 0"},
		{"catalog last", func(f forged) { swap(f.index, "manifests", 0, 3) }, recap.Integrity, "bad-manifest", "child 0"},
		{"catalog twice", func(f forged) { f.index["manifests"] = append(f.index["manifests"].([]any), f.child(0)) }, recap.Integrity, "bad-manifest", "child 4"},
		{"another catalog", func(f forged) { f.child(2)["artifactType"] = catalogType }, recap.Integrity, "bad-manifest", "child 2"},
		{"member twice", func(f forged) { f.index["manifests"].([]any)[2] = f.child(1) }, recap.Integrity, "bad-manifest", "listed twice"},
		{"nested index", func(f forged) { f.child(1)["mediaType"] = ocispec.MediaTypeImageIndex }, recap.Integrity, "bad-manifest", "child 1"},
		{"nested pack", func(f forged) { f.child(1)["artifactType"] = recap.ArtifactTypePack }, recap.Integrity, "bad-manifest", "child 1"},
		{"foreign child", func(f forged) { f.child(1)["artifactType"] = "a/b" }, recap.Integrity, "bad-manifest", "a/b"},
		{"child elsewhere", func(f forged) { f.child(1)["urls"] = []any{"https://example.com/x"} }, recap.Integrity, "ambiguous-manifest", "example.com"},
		{"child that oras restores as a file", func(f forged) { f.note(1, ocispec.AnnotationTitle, "zulu/more.md") }, recap.Integrity, "ambiguous-manifest", "zulu/more.md"},
		{"child that oras unpacks", func(f forged) { f.note(1, "io.deis.oras.content.unpack", "true") }, recap.Integrity, "ambiguous-manifest", "content.unpack"},
		{"child with data", func(f forged) { f.child(1)["data"] = "e30=" }, recap.Integrity, "size-mismatch", "2 bytes"},
		{"many annotations", func(f forged) { f.note(1, "com.example", strings.Repeat("x", 400)) }, recap.Unsafe, "too-large", "more than the 512"},
		{"another artifactType", func(f forged) { f.index["artifactType"] = recap.ArtifactTypeBundle }, recap.Integrity, "ambiguous-manifest", "artifactType"},
		{"no artifactType", func(f forged) { delete(f.index, "artifactType") }, recap.Integrity, "ambiguous-manifest", "artifactType"},
		{"a config in the index", func(f forged) { f.index["config"] = f.catalog["config"] }, recap.Integrity, "ambiguous-manifest", `"config"`},
		{"5,001 members", func(f forged) {
			for i := range recap.MaxMembers - 2 {
				f.index["manifests"] = append(f.index["manifests"].([]any), object{
					"mediaType": ocispec.MediaTypeImageManifest, "artifactType": recap.ArtifactTypeBundle, "size": 1,
					"digest": fmt.Sprintf("sha256:%064x", i),
				})
			}
		}, recap.Unsafe, "too-large", "5001 bundles"},

		// The catalog.
		{"catalog is a bundle", func(f forged) { f.catalog["artifactType"] = recap.ArtifactTypeBundle }, recap.Integrity, "ambiguous-manifest", "artifactType"},
		{"catalog of nobody", func(f forged) { delete(f.catalog, "artifactType") }, recap.Integrity, "ambiguous-manifest", "artifactType"},
		{"config of a bundle", func(f forged) { f.catalog["config"].(object)["mediaType"] = recap.MediaTypeConfig }, recap.Integrity, "ambiguous-manifest", recap.MediaTypeConfig},
		{"large config", func(f forged) { f.catalog["config"].(object)["size"] = recap.MaxConfigSize + 1 }, recap.Unsafe, "too-large", "4194305"},
		{"missing config", func(f forged) { f.catalog["config"].(object)["digest"] = someDigest }, recap.NotFound, "not-found", someDigest},
		{"view untitled", func(f forged) { delete(layer(f.catalog, 0), "annotations") }, recap.Integrity, "bad-manifest", "layer 0"},
		{"view among the recaps", func(f forged) { retitle(f.catalog, 0, "zulu/index.md") }, recap.Integrity, "bad-manifest", "zulu/index.md"},
		{"view that is the directory", func(f forged) { retitle(f.catalog, 0, "catalog") }, recap.Integrity, "bad-manifest", `"catalog"`},
		{"view outside", func(f forged) { retitle(f.catalog, 0, "catalog/../../x") }, recap.Unsafe, "unsafe-path", "x"},
		{"view at the root", func(f forged) { retitle(f.catalog, 0, "/etc/passwd") }, recap.Unsafe, "unsafe-path", "passwd"},
		{"views in one place", func(f forged) { retitle(f.catalog, 0, "catalog/LLMS.txt") }, recap.Unsafe, "path-collision", "LLMS.txt"},
		{"policy as a view", func(f forged) { retitle(f.catalog, 0, "catalog/recap.policy.yaml") }, recap.Unsafe, "reserved-name", "policy"},
		{"empty view", func(f forged) { layer(f.catalog, 0)["size"] = 0 }, recap.Integrity, "bad-manifest", "empty"},
		{"view elsewhere", func(f forged) { layer(f.catalog, 0)["urls"] = []any{"https://example.com/x"} }, recap.Integrity, "ambiguous-manifest", "example.com"},
		{"view that oras unpacks", func(f forged) {
			layer(f.catalog, 0)["annotations"].(object)["io.deis.oras.content.unpack"] = "true"
		}, recap.Integrity, "ambiguous-manifest", "content.unpack"},
		{"config that oras restores as a file", func(f forged) {
			f.catalog["config"].(object)["annotations"] = object{ocispec.AnnotationTitle: "zulu/more.md"}
		}, recap.Integrity, "ambiguous-manifest", "zulu/more.md"},
		{"type of a view", func(f forged) { layer(f.catalog, 0)["mediaType"] = "text/html; charset=x" }, recap.Integrity, "bad-manifest", "media type"},
		{"config as a view", func(f forged) {
			for _, desc := range []object{layer(f.catalog, 0), f.catalog["config"].(object)} {
				desc["digest"], desc["size"] = someDigest, 3
			}
		}, recap.Integrity, "ambiguous-manifest", "is the config"},

		// The config.
		{"no name", func(f forged) { delete(f.config, "name") }, recap.Integrity, "bad-config", "empty"},
		{"path as a name", func(f forged) { f.config["name"] = "../x" }, recap.Integrity, "bad-config", "slug"},
		{"no version", func(f forged) { delete(f.config, "version") }, recap.Integrity, "bad-config", "version"},
		{"build metadata", func(f forged) { f.config["version"] = "1.2.0+1" }, recap.Integrity, "bad-config", "1.2.0+1"},
		{"another version", func(f forged) { f.config["version"] = "1.3.0" }, recap.Integrity, "table-mismatch", "1.2.0"},
		{"the index states no version", func(f forged) { delete(f.index["annotations"].(object), ocispec.AnnotationVersion) }, recap.Integrity, "table-mismatch", "1.2.0"},
		{"Name", func(f forged) { f.config["Name"] = f.config["name"]; delete(f.config, "name") }, recap.Integrity, "ambiguous-config", "Name"},
		{"members are text", func(f forged) { f.config["members"] = "all" }, recap.Integrity, "bad-config", "members"},
		{"no members", func(f forged) { delete(f.config, "members") }, recap.Integrity, "table-mismatch", "lists 3 bundles, the config 0"},
		{"one less", func(f forged) { drop(f.config, "members", 2) }, recap.Integrity, "table-mismatch", "3 bundles"},
		{"one more", func(f forged) {
			f.config["members"] = append(f.config["members"].([]any), object{"slug": "more", "title": "More", "digest": someDigest, "size": 3})
		}, recap.Integrity, "table-mismatch", "the config 4"},
		{"other order", func(f forged) { swap(f.config, "members", 0, 1) }, recap.Integrity, "table-mismatch", "zulu"},
		{"another digest", func(f forged) { f.member(0)["digest"] = someDigest }, recap.Integrity, "table-mismatch", someDigest},
		{"another size", func(f forged) { f.member(0)["size"] = 1 }, recap.Integrity, "table-mismatch", "of 1 bytes"},
		{"no size", func(f forged) { delete(f.member(0), "size") }, recap.Integrity, "table-mismatch", "of 0 bytes"},
		{"null for a member", func(f forged) { f.config["members"].([]any)[0] = nil }, recap.Integrity, "bad-config", "null"},
		{"duplicate slugs", func(f forged) { f.member(1)["slug"] = "alpha"; f.note(2, artifact.AnnotationSlug, "alpha") }, recap.Integrity, "bad-config", "alpha"},
		{"reserved slug", func(f forged) { f.member(1)["slug"] = "catalog"; f.note(2, artifact.AnnotationSlug, "catalog") }, recap.Integrity, "bad-config", "reserved"},
		{"no title", func(f forged) { delete(f.member(1), "title") }, recap.Integrity, "bad-config", "no title"},
		{"long title", func(f forged) { f.member(1)["title"] = strings.Repeat("x", 301) }, recap.Integrity, "bad-config", "300"},
		{"text as an event", func(f forged) { f.member(1)["event"] = "a b"; f.note(2, artifact.AnnotationEvent, "a b") }, recap.Integrity, "bad-config", "no id"},
		{"tolerance", func(f forged) { f.config["conflicts"].(object)["tolerance"].(object)["attendance"] = -1 }, recap.Integrity, "bad-config", "tolerance"},

		// Annotations that say something else.
		{"slug", func(f forged) { f.note(2, artifact.AnnotationSlug, "alpha") }, recap.Integrity, "table-mismatch", "alpha"},
		{"no slug", func(f forged) { delete(f.child(2)["annotations"].(object), artifact.AnnotationSlug) }, recap.Integrity, "table-mismatch", `""`},
		{"no annotations", func(f forged) { delete(f.child(2), "annotations") }, recap.Integrity, "table-mismatch", "zulu"},
		{"version", func(f forged) { f.note(2, artifact.AnnotationVersion, "9.0.0") }, recap.Integrity, "table-mismatch", "9.0.0"},
		{"a version of none", func(f forged) { f.note(1, artifact.AnnotationVersion, "9.0.0") }, recap.Integrity, "table-mismatch", "9.0.0"},
		{"event", func(f forged) { f.note(2, artifact.AnnotationEvent, "fosdem") }, recap.Integrity, "table-mismatch", "fosdem"},
		{"title", func(f forged) { f.note(2, artifact.AnnotationTitle, "Free money") }, recap.Integrity, "table-mismatch", "Free money"},
		{"title cut to nothing", func(f forged) { f.note(2, artifact.AnnotationTitle, "…") }, recap.Integrity, "table-mismatch", "…"},
		{"title cut to another", func(f forged) { f.note(2, artifact.AnnotationTitle, "Free…") }, recap.Integrity, "table-mismatch", "Free"},
		{"escape in a title", func(f forged) { f.note(2, artifact.AnnotationTitle, "\x1b[2J") }, recap.Integrity, "table-mismatch", `\x1b[2J`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, root := forgePack(t, tt.change)
			_, err := artifact.OpenPack(t.Context(), s, root)
			wantError(t, err, tt.kind, tt.code, tt.want)
		})
	}
}

// A pack is opened as a pack, and nothing else is.
func TestOpenPackKinds(t *testing.T) {
	g := buildPack(t)
	s := filled(t, g)
	_, err := artifact.OpenPack(t.Context(), s, build(t).Root)
	wantError(t, err, recap.Integrity, "wrong-kind", "is a bundle")
	_, err = artifact.OpenPack(t.Context(), s, g.Pack().Catalog.Descriptor)
	wantError(t, err, recap.Integrity, "wrong-kind", "is a catalog")
	_, err = artifact.OpenPack(t.Context(), s, s.put(t, ocispec.MediaTypeImageIndex, index()))
	wantError(t, err, recap.Integrity, "not-a-recap", "nothing")
	_, err = artifact.Open(t.Context(), s, g.Root)
	wantError(t, err, recap.Integrity, "wrong-kind", "is a pack")
}

// A member that isn't what the pack says of it is refused when it is opened.
func TestPackOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(f forged)
		slug   string
		want   string
	}{
		{"slug", func(f forged) { f.member(1)["slug"] = "x"; f.note(2, artifact.AnnotationSlug, "x") }, "x", `"zulu"`},
		{"title", func(f forged) { f.member(1)["title"] = "x"; f.note(2, artifact.AnnotationTitle, "x") }, "zulu", `"About zulu"`},
		{"version", func(f forged) { f.member(1)["version"] = "9.0.0"; f.note(2, artifact.AnnotationVersion, "9.0.0") }, "zulu", `"2.0.0"`},
		{"event", func(f forged) { f.member(1)["event"] = "fosdem"; f.note(2, artifact.AnnotationEvent, "fosdem") }, "zulu", `"kubecon-na-2024"`},
		{"aliases say otherwise", func(f forged) { delete(f.config, "aliases") }, "alpha", `"kubecon-paris"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, root := forgePack(t, tt.change)
			p, err := artifact.OpenPack(t.Context(), s, root)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Open(t.Context(), s, tt.slug)
			wantError(t, err, recap.Integrity, "member-mismatch", tt.want)
		})
	}
}

// What can never be opened isn't copied either.
func TestParseCatalogRefuses(t *testing.T) {
	catalog := func(changes ...object) object {
		return manifest(append([]object{{
			"artifactType": recap.ArtifactTypeCatalog, "layers": []any{},
			"config": object{"mediaType": recap.MediaTypePackConfig, "digest": someDigest, "size": recap.MaxConfigSize},
		}}, changes...)...)
	}
	s := store{}
	largest := s.put(t, ocispec.MediaTypeImageManifest, catalog())
	if _, err := artifact.FetchNode(t.Context(), s, largest); err != nil {
		t.Error(err)
	}
	larger := s.put(t, ocispec.MediaTypeImageManifest, catalog(object{"config": object{"mediaType": recap.MediaTypePackConfig, "digest": someDigest, "size": recap.MaxConfigSize + 1}}))
	_, err := artifact.FetchNode(t.Context(), s, larger)
	wantError(t, err, recap.Unsafe, "too-large", "4194305")
}
