// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

const emptyDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// forge takes the fixture's bundle apart, lets change break it, and puts it
// together again with digests that fit, as somebody can who may push.
func forge(t testing.TB, change func(manifest, config object)) (store, ocispec.Descriptor) {
	t.Helper()
	g := build(t)
	s := filled(t, g)
	was := g.Bundle().Node.Manifest.Config
	m := parseObject(t, s[g.Root.Digest])
	c := parseObject(t, s[was.Digest])
	change(m, c)
	if conf := m["config"].(object); conf["size"] == float64(was.Size) { // not forged itself
		desc := s.put(t, recap.MediaTypeConfig, c)
		conf["digest"], conf["size"] = string(desc.Digest), desc.Size
	}
	root := s.put(t, ocispec.MediaTypeImageManifest, m)
	root.ArtifactType = recap.ArtifactTypeBundle
	return s, root
}

func layer(m object, i int) object { return m["layers"].([]any)[i].(object) }
func row(c object, i int) object   { return c["files"].([]any)[i].(object) }
func retitle(m object, i int, s string) {
	layer(m, i)["annotations"] = object{ocispec.AnnotationTitle: s}
}

// swap exchanges two elements of a list.
func swap(o object, key string, i, j int) {
	l := o[key].([]any)
	l[i], l[j] = l[j], l[i]
}

// drop removes an element of a list.
func drop(o object, key string, i int) {
	o[key] = slices.Delete(o[key].([]any), i, i+1)
}

func TestOpen(t *testing.T) {
	g := build(t)
	s := filled(t, g)
	b, err := artifact.Open(t.Context(), s, g.Root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.Recap(), b.Recap); diff != "" {
		t.Errorf("recap (-built +opened):\n%s", diff)
	}
	for _, f := range b.Recap.Files {
		desc, ok := b.Layer(f)
		if ok != (f.Size > 0) || ok && (string(desc.Digest) != f.Digest || desc.Annotations[ocispec.AnnotationTitle] != "a-model-conference/"+f.Path) {
			t.Errorf("Layer(%s) = %v, %v", f.Path, desc, ok)
		}
	}
	if _, ok := b.Layer(recap.File{Path: "absent"}); ok {
		t.Error("there is a layer for a file that isn't there")
	}
	// Manifest and config are all that opening needs.
	for d := range s {
		if d != g.Root.Digest && d != b.Node.Manifest.Config.Digest {
			delete(s, d)
		}
	}
	if _, err := artifact.Open(t.Context(), s, g.Root); err != nil {
		t.Errorf("without layers: %v", err)
	}
}

// What a later version adds is no reason to refuse, and isn't lost.
func TestOpenTolerates(t *testing.T) {
	tests := []struct {
		name   string
		change func(m, c object)
	}{
		{"unknown fields", func(_, c object) {
			c["mood"] = object{"of": []any{"the", nil, 1.5}}
			row(c, 1)["width"] = 640
		}},
		{"null for what is absent", func(m, c object) { m["subject"] = nil; c["lastmod"] = nil; c["tags"] = nil; row(c, 1)["license"] = nil }},
		{"a role of a later version", func(_, c object) { row(c, 1)["role"] = "hologram" }},
		{"annotations of others", func(m, _ object) {
			m["annotations"].(object)["com.example"] = "x"
			layer(m, 1)["annotations"].(object)["com.example"] = "x"
		}},
		{"no annotations", func(m, _ object) { delete(m, "annotations") }},
		{"no mediaType, as OCI allows", func(m, _ object) { delete(m, "mediaType") }},
		{"a subject", func(m, _ object) {
			m["subject"] = object{"mediaType": ocispec.MediaTypeImageManifest, "digest": someDigest, "size": 1 << 30}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, root := forge(t, tt.change)
			b, err := artifact.Open(t.Context(), s, root)
			if err != nil {
				t.Fatal(err)
			}
			if b.Recap.Title != "A Model Conference" || b.Node.Kind() != artifact.KindBundle {
				t.Errorf("read as %s %q", b.Node.Kind(), b.Recap.Title)
			}
			if want := s[b.Node.Manifest.Config.Digest]; string(b.Config) != string(want) {
				t.Errorf("config %s, want %s", b.Config, want)
			}
		})
	}
	t.Run("no artifactType in the descriptor", func(t *testing.T) {
		s, root := forge(t, func(object, object) {})
		root.ArtifactType = ""
		if _, err := artifact.Open(t.Context(), s, root); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	other := string(digest.FromString("other"))
	const slug = "a-model-conference/"
	tests := []struct {
		name   string
		change func(m, c object)
		kind   recap.Kind
		code   string
		want   string
	}{
		// The manifest by itself.
		{"no layers", func(m, _ object) { m["layers"] = []any{} }, recap.Integrity, "bad-manifest", "without layers"},
		{"no title", func(m, _ object) { delete(layer(m, 1), "annotations") }, recap.Integrity, "bad-manifest", "layer 1 has no title"},
		{"title without slug", func(m, _ object) { retitle(m, 1, "Zebra.png") }, recap.Integrity, "bad-manifest", "not <slug>/<path>"},
		{"two slugs", func(m, _ object) { retitle(m, 1, "other/Zebra.png") }, recap.Integrity, "bad-manifest", "both"},
		{"bad slug", func(m, c object) { retitle(m, 0, "Bad Slug/index.md") }, recap.Integrity, "bad-manifest", "slug"},
		{"slug of the catalog", func(m, c object) { retitle(m, 0, "catalog/index.md") }, recap.Integrity, "bad-manifest", "catalog"},
		{"document elsewhere", func(m, _ object) { retitle(m, 0, slug+"main.md") }, recap.Integrity, "bad-manifest", "first layer"},
		{"document not first", func(m, _ object) { swap(m, "layers", 0, 1) }, recap.Integrity, "bad-manifest", "first layer"},
		{"document of another type", func(m, _ object) { layer(m, 0)["mediaType"] = "text/html" }, recap.Integrity, "bad-manifest", "text/html"},
		{"layers out of order", func(m, _ object) { swap(m, "layers", 1, 3) }, recap.Integrity, "bad-manifest", "stands before"},
		{"title twice", func(m, _ object) { retitle(m, 2, slug+"Zebra.png") }, recap.Unsafe, "path-collision", "twice"},
		{"document twice", func(m, _ object) { retitle(m, 3, slug+"index.md") }, recap.Unsafe, "path-collision", "twice"},
		{"titles that differ by case", func(m, _ object) { retitle(m, 3, slug+"zebra.png") }, recap.Unsafe, "path-collision", "case"},
		{"title that is another's directory", func(m, _ object) { retitle(m, 3, slug+"images.csv/x") }, recap.Unsafe, "path-collision", "directory"},
		{"empty layer", func(m, _ object) { layer(m, 1)["size"] = 0; layer(m, 1)["digest"] = emptyDigest }, recap.Integrity, "bad-manifest", "is empty"},
		{"media type with a parameter", func(m, _ object) { layer(m, 1)["mediaType"] = "image/png; x=y" }, recap.Integrity, "bad-manifest", "media type"},
		{"layer elsewhere", func(m, _ object) { layer(m, 1)["urls"] = []any{"http://169.254.169.254/"} }, recap.Integrity, "ambiguous-manifest", "169.254"},
		{"config elsewhere", func(m, _ object) { m["config"].(object)["urls"] = []any{"http://x/"} }, recap.Integrity, "ambiguous-manifest", "config"},
		{"layer that oras unpacks", func(m, _ object) {
			layer(m, 1)["annotations"].(object)["io.deis.oras.content.unpack"] = "true"
		}, recap.Integrity, "ambiguous-manifest", "content.unpack"},
		{"config that oras unpacks", func(m, _ object) {
			m["config"].(object)["annotations"] = object{"io.deis.oras.content.digest": other}
		}, recap.Integrity, "ambiguous-manifest", "content.digest"},
		{"config that oras restores as a file", func(m, _ object) {
			m["config"].(object)["annotations"] = object{ocispec.AnnotationTitle: slug + "more.md"}
		}, recap.Integrity, "ambiguous-manifest", "more.md"},
		{"config as a layer", func(m, _ object) {
			layer(m, 1)["digest"], layer(m, 1)["size"] = m["config"].(object)["digest"], m["config"].(object)["size"]
		}, recap.Integrity, "ambiguous-manifest", "is the config"},
		{"policy", func(m, _ object) { retitle(m, 3, slug+"recap.policy.yaml") }, recap.Unsafe, "reserved-name", "recap.policy.yaml"},
		{"lock file deep down", func(m, _ object) { retitle(m, 3, slug+"x/RECAP.LOCK") }, recap.Unsafe, "reserved-name", "LOCK"},
		{"receipt", func(m, _ object) { retitle(m, 1, slug+".recap/receipt.json") }, recap.Unsafe, "reserved-name", "receipt"},
		{"large config", func(m, _ object) { m["config"].(object)["size"] = recap.MaxConfigSize + 1 }, recap.Unsafe, "too-large", "config"},
		{"too many layers", func(m, _ object) { m["layers"] = manyLayers(recap.MaxLayers + 1) }, recap.Unsafe, "too-large", "1001 layers"},
		{"as many layers as may be", func(m, _ object) { m["layers"] = manyLayers(recap.MaxLayers) }, recap.Integrity, "table-mismatch", ""},

		// The config by itself.
		{"no title in the config", func(_, c object) { delete(c, "title") }, recap.Integrity, "bad-config", "no title"},
		{"empty title in the config", func(_, c object) { c["title"] = "" }, recap.Integrity, "bad-config", "no title"},
		{"title of null", func(_, c object) { c["title"] = nil }, recap.Integrity, "bad-config", "no title"},
		{"title that is a list", func(_, c object) { c["title"] = []any{} }, recap.Integrity, "bad-config", "title"},
		{"number for text", func(_, c object) { c["description"] = 1 }, recap.Integrity, "bad-config", "description"},
		{"text for a number", func(_, c object) { row(c, 0)["size"] = "42" }, recap.Integrity, "bad-config", "size"},
		{"facts that are a list", func(_, c object) { c["recap"] = []any{} }, recap.Integrity, "bad-config", "recap"},
		{"key in another case", func(_, c object) { c["Title"] = "Another Title" }, recap.Integrity, "ambiguous-config", "Title"},
		{"key of a row in another case", func(_, c object) { row(c, 1)["Digest"] = other }, recap.Integrity, "ambiguous-config", "Digest"},
		{"no slug", func(_, c object) { delete(c, "slug") }, recap.Integrity, "bad-config", "slug"},
		{"slug that climbs", func(_, c object) { c["slug"] = ".." }, recap.Integrity, "bad-config", ".."},
		{"slug with a slash", func(_, c object) { c["slug"] = "a/b" }, recap.Integrity, "bad-config", "a/b"},
		{"slug that is a device", func(_, c object) { c["slug"] = "con" }, recap.Integrity, "bad-config", "con"},
		{"slug with a backslash", func(_, c object) { c["slug"] = `a\b` }, recap.Integrity, "bad-config", `a\\b`},
		{"path that climbs", func(_, c object) { row(c, 4)["path"] = "../../etc/cron.d/x" }, recap.Unsafe, "unsafe-path", "cron.d"},
		{"path that collides", func(_, c object) { row(c, 4)["path"] = "IMAGES.csv" }, recap.Unsafe, "path-collision", "IMAGES"},
		{"reserved path", func(_, c object) { row(c, 4)["path"] = "trusted_root.json" }, recap.Unsafe, "reserved-name", "trusted_root"},
		{"no media type", func(_, c object) { delete(row(c, 4), "mediaType") }, recap.Integrity, "bad-config", "media type"},
		{"no role", func(_, c object) { delete(row(c, 1), "role") }, recap.Integrity, "bad-config", "role"},
		{"role with a control character", func(_, c object) { row(c, 1)["role"] = "im\x1bage" }, recap.Integrity, "bad-config", `\x1b`},
		{"second document", func(_, c object) { row(c, 1)["role"] = "document" }, recap.Integrity, "bad-config", "alone"},
		{"no digest", func(_, c object) { delete(row(c, 1), "digest") }, recap.Integrity, "bad-digest", "Zebra"},
		{"digest that climbs", func(_, c object) { row(c, 1)["digest"] = "sha256:../../x" }, recap.Integrity, "bad-digest", "../../x"},
		{"no size", func(_, c object) { delete(row(c, 4), "size") }, recap.Integrity, "bad-config", "no size"},
		{"size of null", func(_, c object) { row(c, 4)["size"] = nil }, recap.Integrity, "bad-config", "no size"},
		{"size -1", func(_, c object) { row(c, 1)["size"] = -1 }, recap.Integrity, "bad-size", "-1"},
		{"size 2^62", func(_, c object) { row(c, 1)["size"] = int64(1) << 62 }, recap.Integrity, "bad-size", "4611686018427387904"},
		{"empty file of a digest", func(_, c object) { row(c, 4)["digest"] = other }, recap.Integrity, "digest-mismatch", "empty.txt"},
		{"too many files", func(_, c object) { c["files"] = manyRows(recap.MaxLayers + 1) }, recap.Unsafe, "too-large", "1001 files"},

		// The two against each other.
		{"slug differs", func(_, c object) { c["slug"] = "other" }, recap.Integrity, "table-mismatch", "other/index.md"},
		{"no table", func(_, c object) { delete(c, "files") }, recap.Integrity, "table-mismatch", "index.md"},
		{"table of null", func(_, c object) { c["files"] = nil }, recap.Integrity, "table-mismatch", "index.md"},
		{"table without the document", func(_, c object) { drop(c, "files", 0) }, recap.Integrity, "table-mismatch", "index.md"},
		{"table out of order", func(_, c object) { swap(c, "files", 1, 2) }, recap.Integrity, "table-mismatch", "stands before"},
		{"document not first in the table", func(_, c object) { swap(c, "files", 0, 1) }, recap.Integrity, "table-mismatch", "index.md"},
		{"empty file out of order", func(_, c object) { swap(c, "files", 3, 4) }, recap.Integrity, "table-mismatch", "stands before"},
		{"row without layer", func(m, _ object) { drop(m, "layers", 3) }, recap.Integrity, "table-mismatch", "no layer"},
		{"row without layer in the middle", func(m, _ object) { drop(m, "layers", 2) }, recap.Integrity, "table-mismatch", "images.csv"},
		{"layer without row", func(_, c object) { drop(c, "files", 3) }, recap.Integrity, "table-mismatch", "stage.png"},
		{"layer without row at the end", func(_, c object) { drop(c, "files", 4); drop(c, "files", 3) }, recap.Integrity, "table-mismatch", "not in the table"},
		{"other digest", func(_, c object) { row(c, 1)["digest"] = other }, recap.Integrity, "table-mismatch", other},
		{"other digest of the document", func(m, _ object) { layer(m, 0)["digest"] = other }, recap.Integrity, "table-mismatch", other},
		{"other size", func(_, c object) { row(c, 1)["size"] = 14 }, recap.Integrity, "table-mismatch", "14 bytes"},
		{"other type", func(_, c object) { row(c, 1)["mediaType"] = "image/svg+xml" }, recap.Integrity, "table-mismatch", "image/svg+xml"},
		{"other path", func(_, c object) { row(c, 1)["path"] = "Zebra.jpg" }, recap.Integrity, "table-mismatch", "Zebra.jpg"},
		{"file said to be empty", func(_, c object) { row(c, 1)["size"] = 0; row(c, 1)["digest"] = emptyDigest }, recap.Integrity, "table-mismatch", "Zebra.png"},
		{"document said to be empty", func(_, c object) { row(c, 0)["size"] = 0; row(c, 0)["digest"] = emptyDigest }, recap.Integrity, "table-mismatch", "index.md"},
		{"large document", func(m, c object) {
			row(c, 0)["size"] = recap.MaxDocumentSize + 1
			layer(m, 0)["size"] = recap.MaxDocumentSize + 1
		}, recap.Unsafe, "too-large", "the document"},
	}
	for _, path := range []string{
		"..", "../x", "/etc/x", "a/../../b", "./x", "a//b", `C:\x`, "C:x", `\\srv\share`, "x.", "x ", "a:stream", "a\x00b", "a\nb",
		"a\x1b[2Jb", "a\u202eb", "a\u200bb", "e\u0301.md", "nul.txt", "COM¹", "-rf", "~", "$HOME", ".git/config", "RECAP~1",
		strings.Repeat("x", 256), strings.Repeat("x/", 32) + "x", strings.Repeat("x", 4097), "", ".",
	} {
		tests = append(tests, struct {
			name   string
			change func(m, c object)
			kind   recap.Kind
			code   string
			want   string
		}{fmt.Sprintf("layer titled %.40q", path), func(m, c object) {
			retitle(m, 1, slug+path)
			row(c, 1)["path"] = path
		}, recap.Unsafe, "unsafe-path", "path"})
	}
	tests = append(tests, struct {
		name   string
		change func(m, c object)
		kind   recap.Kind
		code   string
		want   string
	}{"layer titled as the directory above", func(m, _ object) { retitle(m, 1, "..") }, recap.Unsafe, "unsafe-path", `".."`})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, root := forge(t, tt.change)
			_, err := artifact.Open(t.Context(), s, root)
			wantError(t, err, tt.kind, tt.code, tt.want)
		})
	}
}

// manyLayers are n layers as a bundle may have them.
func manyLayers(n int) []any {
	layers := []any{object{"mediaType": "text/markdown", "digest": someDigest, "size": 3, "annotations": object{ocispec.AnnotationTitle: "x/index.md"}}}
	for i := range n - 1 {
		layers = append(layers, object{
			"mediaType": "text/plain", "digest": someDigest, "size": 3,
			"annotations": object{ocispec.AnnotationTitle: fmt.Sprintf("x/%04d", i)},
		})
	}
	return layers
}

func manyRows(n int) []any {
	rows := make([]any, n)
	for i := range rows {
		rows[i] = object{"path": fmt.Sprint(i), "mediaType": "text/plain", "role": "attachment", "digest": emptyDigest, "size": 0}
	}
	return rows
}

// A bundle is opened as a bundle, and nothing else is.
func TestOpenKinds(t *testing.T) {
	g := build(t)
	s := filled(t, g)
	image := s.put(t, ocispec.MediaTypeImageManifest, manifest(object{"artifactType": "application/vnd.example"}))
	_, err := artifact.Open(t.Context(), s, image)
	wantError(t, err, recap.Integrity, "not-a-recap", "application/vnd.example")
	images := s.put(t, ocispec.MediaTypeImageIndex, index())
	_, err = artifact.Open(t.Context(), s, images)
	wantError(t, err, recap.Integrity, "not-a-recap", "nothing")
	signature := s.put(t, ocispec.MediaTypeImageManifest, manifest(object{
		"artifactType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"subject":      object{"mediaType": ocispec.MediaTypeImageManifest, "digest": string(g.Root.Digest), "size": g.Root.Size},
	}))
	_, err = artifact.Open(t.Context(), s, signature)
	wantError(t, err, recap.Integrity, "wrong-kind", "is a referrer")
	catalog := s.put(t, ocispec.MediaTypeImageManifest, manifest(object{
		"artifactType": recap.ArtifactTypeCatalog,
		"config":       object{"mediaType": recap.MediaTypePackConfig, "digest": someDigest, "size": 3},
		"layers":       []any{},
	}))
	_, err = artifact.Open(t.Context(), s, catalog)
	wantError(t, err, recap.Integrity, "wrong-kind", "is a catalog")

	// The descriptor of a parent has a say in what it is.
	root := g.Root
	root.ArtifactType = recap.ArtifactTypeCatalog
	_, err = artifact.Open(t.Context(), s, root)
	wantError(t, err, recap.Integrity, "ambiguous-manifest", recap.ArtifactTypeCatalog)
	image.ArtifactType = recap.ArtifactTypeBundle
	_, err = artifact.Open(t.Context(), s, image)
	wantError(t, err, recap.Integrity, "ambiguous-manifest", "application/vnd.example")

	// A config that is missing or isn't what the manifest says.
	config := g.Bundle().Node.Manifest.Config
	good := s[config.Digest]
	s[config.Digest] = []byte(strings.Replace(string(good), "Model", "modeL", 1))
	_, err = artifact.Open(t.Context(), s, g.Root)
	wantError(t, err, recap.Integrity, "digest-mismatch", string(config.Digest))
	delete(s, config.Digest)
	_, err = artifact.Open(t.Context(), s, g.Root)
	wantError(t, err, recap.NotFound, "not-found", string(config.Digest))
}

// Whoever flips a bit is found out by the digest. Whoever flips it and then makes
// the digests fit has a bundle that is refused or says something else: no bit of
// manifest or config is one that nobody looks at.
func TestFlipEveryBit(t *testing.T) {
	small := func(t *testing.T) (*artifact.Graph, store) {
		r, files := fixture()
		r.Authors, r.Facts.Entities, r.Facts.Observations, r.Facts.Source = nil, nil, nil, nil
		r.Files = []recap.File{r.Files[0], r.Files[2], r.Files[3]} // an image, the empty one, the document
		g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return g, filled(t, g)
	}
	flip := func(raw []byte, bit int) []byte {
		flipped := slices.Clone(raw)
		flipped[bit/8] ^= 1 << (bit % 8)
		return flipped
	}
	around := func(raw []byte, bit int) []byte {
		return raw[max(0, bit/8-20):min(len(raw), bit/8+20)]
	}
	t.Run("manifest", func(t *testing.T) {
		t.Parallel()
		g, s := small(t)
		raw := s[g.Root.Digest]
		for bit := range len(raw) * 8 {
			flipped := flip(raw, bit)
			_, err := artifact.Parse(g.Root, flipped)
			wantError(t, err, recap.Integrity, "digest-mismatch", string(g.Root.Digest))
			s[g.Root.Digest] = flipped
			_, err = artifact.Open(t.Context(), s, g.Root)
			wantError(t, err, recap.Integrity, "digest-mismatch", string(g.Root.Digest))

			forged := s.put(t, ocispec.MediaTypeImageManifest, flipped)
			if b, err := artifact.Open(t.Context(), s, forged); err == nil && cmp.Equal(b.Node.Manifest, g.Bundle().Node.Manifest) {
				t.Errorf("bit %d makes no difference: …%q…", bit, around(flipped, bit))
			}
			delete(s, forged.Digest)
		}
	})
	t.Run("config", func(t *testing.T) {
		t.Parallel()
		g, s := small(t)
		config := g.Bundle().Node.Manifest.Config
		raw := s[config.Digest]
		for bit := range len(raw) * 8 {
			flipped := flip(raw, bit)
			s[config.Digest] = flipped
			_, err := artifact.Open(t.Context(), s, g.Root)
			wantError(t, err, recap.Integrity, "digest-mismatch", string(config.Digest))

			forged := s.put(t, recap.MediaTypeConfig, flipped)
			m := *g.Bundle().Node.Manifest
			m.Config = forged
			root := s.put(t, ocispec.MediaTypeImageManifest, m)
			if b, err := artifact.Open(t.Context(), s, root); err == nil && cmp.Equal(b.Recap, g.Recap()) {
				t.Errorf("bit %d makes no difference: …%q…", bit, around(flipped, bit))
			}
			delete(s, forged.Digest)
			delete(s, root.Digest)
		}
	})
}
