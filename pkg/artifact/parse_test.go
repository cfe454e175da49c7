// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

const someDigest = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

// manifest is the smallest manifest of somebody else's, changed by each of changes.
func manifest(changes ...object) object {
	m := object{
		"schemaVersion": 2,
		"mediaType":     ocispec.MediaTypeImageManifest,
		"config":        object{"mediaType": "application/vnd.example.config", "digest": someDigest, "size": 3},
		"layers":        []any{object{"mediaType": "text/plain", "digest": someDigest, "size": 3}},
	}
	for _, c := range changes {
		maps.Copy(m, c)
	}
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == absent })
	return m
}

// index is the same of an index.
func index(changes ...object) object {
	return manifest(append([]object{{
		"mediaType": ocispec.MediaTypeImageIndex, "config": absent, "layers": absent,
		"manifests": []any{object{"mediaType": ocispec.MediaTypeImageManifest, "digest": someDigest, "size": 3}},
	}}, changes...)...)
}

const absent = "absent" // the value of a key that isn't there

func TestParse(t *testing.T) {
	empty := object{"mediaType": ocispec.MediaTypeEmptyJSON, "digest": ocispec.DescriptorEmptyJSON.Digest, "size": 2, "data": "e30="}
	subject := object{"mediaType": ocispec.MediaTypeImageManifest, "digest": string(digest.FromString("subject")), "size": 10 << 30}
	const exampleConfig = "application/vnd.example.config"
	tests := []struct {
		name         string
		mediaType    string
		in           object
		kind         artifact.Kind
		artifactType string
		children     int
	}{
		{"image", ocispec.MediaTypeImageManifest, manifest(), artifact.KindForeign, exampleConfig, 2},
		{"artifact", ocispec.MediaTypeImageManifest, manifest(object{"artifactType": "a/b", "config": empty}), artifact.KindForeign, "a/b", 2},
		{"no layers", ocispec.MediaTypeImageManifest, manifest(object{"layers": []any{}}), artifact.KindForeign, exampleConfig, 1},
		{"empty layer", ocispec.MediaTypeImageManifest, manifest(object{"layers": []any{empty}}), artifact.KindForeign, exampleConfig, 2},
		{"signature", ocispec.MediaTypeImageManifest, manifest(object{"artifactType": "a/b", "subject": subject}), artifact.KindReferrer, "a/b", 2},
		{"index", ocispec.MediaTypeImageIndex, index(), artifact.KindForeign, "", 1},
		{"index of nothing", ocispec.MediaTypeImageIndex, index(object{"manifests": []any{}}), artifact.KindForeign, "", 0},
		{"annotated index", ocispec.MediaTypeImageIndex, index(object{"annotations": map[string]string{"a": "b"}}), artifact.KindForeign, "", 1},
		{"annotated image", ocispec.MediaTypeImageManifest, manifest(object{"annotations": map[string]string{"a": "b"}}), artifact.KindForeign, exampleConfig, 2},
		{"index about something", ocispec.MediaTypeImageIndex, index(object{"subject": subject}), artifact.KindReferrer, "", 1},
		{"unknown keys", ocispec.MediaTypeImageManifest, manifest(object{"new": object{"a": []any{nil}}}), artifact.KindForeign, exampleConfig, 2},
		{
			"Docker image", "application/vnd.docker.distribution.manifest.v2+json",
			manifest(object{"mediaType": "application/vnd.docker.distribution.manifest.v2+json"}), artifact.KindForeign, exampleConfig, 2,
		},
		{
			"Docker manifest list", "application/vnd.docker.distribution.manifest.list.v2+json",
			index(object{"mediaType": "application/vnd.docker.distribution.manifest.list.v2+json"}), artifact.KindForeign, "", 1,
		},
		{
			"foreign layer of a Windows image", ocispec.MediaTypeImageManifest,
			manifest(object{"layers": []any{object{"mediaType": "x/y", "digest": someDigest, "size": 3, "urls": []any{"https://example.com"}}}}),
			artifact.KindForeign, exampleConfig, 2,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := store{}
			desc := s.put(t, tt.mediaType, tt.in)
			n, err := artifact.Parse(desc, s[desc.Digest])
			if err != nil {
				t.Fatal(err)
			}
			if (n.Manifest == nil) == (n.Index == nil) {
				t.Errorf("manifest %v, index %v", n.Manifest, n.Index)
			}
			if n.Kind() != tt.kind || n.ArtifactType() != tt.artifactType || len(n.Children()) != tt.children {
				t.Errorf("kind %s, type %s, %d children; want %s, %s, %d", n.Kind(), n.ArtifactType(), len(n.Children()), tt.kind, tt.artifactType, tt.children)
			}
			var annotations map[string]string
			if a, ok := tt.in["annotations"]; ok {
				annotations = a.(map[string]string)
			}
			if diff := cmp.Diff(annotations, n.Annotations()); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
			if !bytes.Equal(n.Raw, s[desc.Digest]) {
				t.Error("Raw is something else")
			}
			if fetched, err := artifact.FetchNode(t.Context(), s, desc); err != nil || !cmp.Equal(fetched, n) {
				t.Errorf("FetchNode: %v, %v", fetched, err)
			}
		})
	}
	// Registries are known to list others' artifacts by the type of their config.
	s := store{}
	desc := s.put(t, ocispec.MediaTypeImageManifest, manifest(object{"artifactType": "a/b"}))
	desc.ArtifactType = ocispec.MediaTypeEmptyJSON
	if _, err := artifact.Parse(desc, s[desc.Digest]); err != nil {
		t.Error(err)
	}
}

func TestParseRefuses(t *testing.T) {
	const m, i = ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageIndex
	config := func(changes object) object {
		c := object{"mediaType": "x/y", "digest": someDigest, "size": 3}
		maps.Copy(c, changes)
		maps.DeleteFunc(c, func(_ string, v any) bool { return v == absent })
		return object{"config": c, "layers": []any{}}
	}
	other := string(digest.FromString("other"))
	type row struct {
		name string
		as   string // media type of the descriptor
		in   any
		code string
		want string
	}
	tests := []row{
		{"nothing", m, []byte{}, "bad-manifest", "ends early"},
		{"no JSON", m, []byte("<html>"), "bad-manifest", "unexpected"},
		{"a list", m, []byte("[]"), "bad-manifest", "invalid JSON"},
		{"null", m, []byte("null"), "bad-manifest", "null"},
		{"gzip", m, []byte("\x1f\x8b\x08\x00\x00"), "bad-manifest", "UTF-8"},
		{"too deep", m, []byte(strings.Repeat(`{"a":`, 100000)), "bad-manifest", "deeper"},
		{"schemaVersion 1", m, manifest(object{"schemaVersion": 1}), "bad-manifest", "schemaVersion"},
		{"schemaVersion 3", m, manifest(object{"schemaVersion": 3}), "bad-manifest", "schemaVersion"},
		{"schemaVersion as a string", m, manifest(object{"schemaVersion": "2"}), "bad-manifest", "schemaVersion"},
		{"no schemaVersion", m, manifest(object{"schemaVersion": absent}), "bad-manifest", "schemaVersion"},
		{"Docker schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws", manifest(), "not-a-recap", "manifest.v1+prettyjws"},
		{"a layer", "application/vnd.oci.image.layer.v1.tar", manifest(), "not-a-recap", "image.layer"},
		{"unprintable type", "\x1b]0;x\a", manifest(), "not-a-recap", `\x1b`},
		{"no type", "", manifest(), "bad-manifest", "no media type"},

		{"calls itself an index", m, manifest(object{"mediaType": i}), "ambiguous-manifest", "calls itself"},
		{"index that calls itself a manifest", i, index(object{"mediaType": m}), "ambiguous-manifest", "calls itself"},
		{"calls itself something unprintable", m, manifest(object{"mediaType": "\x1b[2J"}), "ambiguous-manifest", `\x1b`},
		{"calls itself nothing", m, manifest(object{"mediaType": absent}), "ambiguous-manifest", "no mediaType"},
		{"index that calls itself nothing", i, index(object{"mediaType": absent}), "ambiguous-manifest", "no mediaType"},
		{"pack that calls itself nothing", i, index(object{"mediaType": absent, "artifactType": recap.ArtifactTypePack}), "ambiguous-manifest", "no mediaType"},
		{"manifest and index", m, manifest(object{"manifests": []any{}}), "ambiguous-manifest", `"manifests"`},
		{"manifest and index of null", m, manifest(object{"manifests": nil}), "ambiguous-manifest", `"manifests"`},
		{"index and layers", i, index(object{"layers": []any{}}), "ambiguous-manifest", `"layers"`},
		{"index and config", i, index(object{"config": nil}), "ambiguous-manifest", `"config"`},
		{"manifest and blobs", m, manifest(object{"blobs": []any{}}), "ambiguous-manifest", `"blobs"`},
		{"manifest and fsLayers", m, manifest(object{"fsLayers": []any{}}), "ambiguous-manifest", `"fsLayers"`},
		{"duplicate key", m, []byte(`{"schemaVersion":2,"schemaVersion":2}`), "ambiguous-manifest", "given twice"},
		{"key in another case", m, manifest(object{"Layers": []any{}}), "ambiguous-manifest", "only by case"},
		{"index's key in another case", m, manifest(object{"Manifests": []any{}}), "ambiguous-manifest", "only by case"},
		{"descriptor's key in another case", m, manifest(config(object{"Digest": other})), "ambiguous-manifest", "only by case"},

		{"no config", m, manifest(object{"config": absent}), "bad-manifest", "no config"},
		{"config of null", m, manifest(object{"config": nil}), "bad-manifest", "no config"},
		{"config that is a list", m, manifest(object{"config": []any{}}), "bad-manifest", "config"},
		{"no layers", m, manifest(object{"layers": absent}), "bad-manifest", "no layers"},
		{"layers of null", m, manifest(object{"layers": nil}), "bad-manifest", "no layers"},
		{"a layer of null", m, manifest(object{"layers": []any{nil}}), "bad-manifest", "null"},
		{"a layer without anything", m, manifest(object{"layers": []any{object{}}}), "bad-manifest", "layer 0 has no media type"},
		{"no manifests", i, index(object{"manifests": nil}), "bad-manifest", "no manifests"},
		{"annotation that is no string", m, manifest(object{"annotations": object{"a": 1}}), "bad-manifest", "annotations"},
		{"annotations that are a list", m, manifest(object{"annotations": []any{}}), "bad-manifest", "annotations"},
		{"annotations that differ by case", m, manifest(object{"annotations": object{"a": "1", "A": "2"}}), "ambiguous-manifest", "only by case"},

		{"no digest", m, manifest(config(object{"digest": absent})), "bad-digest", "config has digest"},
		{"size -1", m, manifest(config(object{"size": -1})), "bad-size", "-1"},
		{"size 2^62", m, manifest(config(object{"size": int64(1) << 62})), "bad-size", "4611686018427387904"},
		{"largest size", m, manifest(config(object{"size": int64(math.MaxInt64)})), "bad-size", "9223372036854775807"},
		{"size beyond int64", m, []byte(`{"schemaVersion":2,"config":{"size":9223372036854775808}}`), "bad-manifest", "size"},
		{"size as a string", m, manifest(config(object{"size": "3"})), "bad-manifest", "size"},
		{"fractional size", m, []byte(`{"schemaVersion":2,"config":{"size":3.5}}`), "bad-manifest", "size"},
		{"index with a child of size -1", i, index(object{"manifests": []any{object{"mediaType": m, "digest": someDigest, "size": -1}}}), "bad-size", "manifest 0"},
		{
			"one digest, two sizes", m, manifest(object{"layers": []any{object{"mediaType": "x/y", "digest": someDigest, "size": 4}}}),
			"bad-size", "has size 4 and, elsewhere in the manifest, 3",
		},
		{"subject without digest", m, manifest(object{"subject": object{"mediaType": m, "size": 3}}), "bad-digest", "subject"},
		{"subject of a size that can't be", m, manifest(object{"subject": object{"mediaType": m, "digest": other, "size": -3}}), "bad-size", "subject"},
		{"embedded data of other content", m, manifest(config(object{"data": "YmFy"})), "digest-mismatch", "config"},
		{"embedded data of other size", m, manifest(config(object{"data": "Zm9vZm9v"})), "size-mismatch", "config"},

		{"bundle by its config only", m, manifest(config(object{"mediaType": recap.MediaTypeConfig})), "ambiguous-manifest", "artifactType nothing"},
		{"catalog by its config only", m, manifest(object{"artifactType": "a/b"}, config(object{"mediaType": recap.MediaTypePackConfig})), "ambiguous-manifest", "artifactType a/b"},
		{"bundle by its artifactType only", m, manifest(object{"artifactType": recap.ArtifactTypeBundle}), "ambiguous-manifest", "example.config"},
		{"catalog with a bundle's config", m, manifest(object{"artifactType": recap.ArtifactTypeCatalog}, config(object{"mediaType": recap.MediaTypeConfig})), "ambiguous-manifest", "bundle.config"},
		{"index that is a bundle", i, index(object{"artifactType": recap.ArtifactTypeBundle}), "ambiguous-manifest", "is " + i},
		{"index that is a catalog", i, index(object{"artifactType": recap.ArtifactTypeCatalog}), "ambiguous-manifest", "is " + i},
		{"manifest that is a pack", m, manifest(object{"artifactType": recap.ArtifactTypePack}), "ambiguous-manifest", "is " + m},
	}
	for _, d := range hostileDigests() {
		code := "bad-digest"
		tests = append(tests,
			row{fmt.Sprintf("layer of digest %.80q", d), m, manifest(object{"layers": []any{object{"mediaType": "x/y", "digest": d, "size": 3}}}), code, "layer 0 has digest"},
			row{fmt.Sprintf("child of digest %.80q", d), i, index(object{"manifests": []any{object{"mediaType": m, "digest": d, "size": 3}}}), code, "manifest 0 has digest"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := store{}
			desc := s.put(t, tt.as, tt.in)
			_, err := artifact.Parse(desc, s[desc.Digest])
			wantError(t, err, recap.Integrity, tt.code, tt.want)
			if _, err := artifact.FetchNode(t.Context(), s, desc); err == nil {
				t.Error("FetchNode accepts it")
			}
		})
	}
}

// Bytes are compared with their descriptor before anything parses them.
func TestParseComparesFirst(t *testing.T) {
	raw := []byte("no manifest at all")
	good := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	with := func(change func(*ocispec.Descriptor)) ocispec.Descriptor {
		desc := good
		change(&desc)
		return desc
	}
	_, err := artifact.Parse(with(func(d *ocispec.Descriptor) { d.Digest = digest.FromString("x") }), raw)
	wantError(t, err, recap.Integrity, "digest-mismatch", string(good.Digest))
	for _, size := range []int64{good.Size - 1, good.Size + 1} {
		_, err = artifact.Parse(with(func(d *ocispec.Descriptor) { d.Size = size }), raw)
		wantError(t, err, recap.Integrity, "size-mismatch", "18 bytes")
	}
	_, err = artifact.Parse(with(func(d *ocispec.Descriptor) { d.Size = -1 }), raw)
	wantError(t, err, recap.Integrity, "bad-size", "-1")
	for _, d := range hostileDigests() {
		_, err = artifact.Parse(with(func(desc *ocispec.Descriptor) { desc.Digest = digest.Digest(d) }), raw)
		wantError(t, err, recap.Integrity, "bad-digest", "")
	}
}

func TestParseManifestSize(t *testing.T) {
	padded := func(size int) []byte {
		raw := []byte(`{"schemaVersion":2,"mediaType":"` + ocispec.MediaTypeImageIndex + `","manifests":[]}`)
		return append(raw, bytes.Repeat([]byte{' '}, size-len(raw))...)
	}
	s := store{}
	desc := s.put(t, ocispec.MediaTypeImageIndex, padded(recap.MaxManifestSize))
	if _, err := artifact.FetchNode(t.Context(), s, desc); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	desc = s.put(t, ocispec.MediaTypeImageIndex, padded(recap.MaxManifestSize+1))
	_, err := artifact.FetchNode(t.Context(), s, desc)
	wantError(t, err, recap.Unsafe, "too-large", "4194305 bytes")
	_, err = artifact.Parse(desc, s[desc.Digest])
	wantError(t, err, recap.Unsafe, "too-large", "4194305 bytes")
}

// pack is an index of a catalog and n bundles, changed by change.
func pack(n int, change func(children []object) []object) object {
	children := []object{{"mediaType": ocispec.MediaTypeImageManifest, "artifactType": recap.ArtifactTypeCatalog, "digest": string(digest.FromString("catalog")), "size": 7}}
	for i := range n {
		children = append(children, object{
			"mediaType": ocispec.MediaTypeImageManifest, "artifactType": recap.ArtifactTypeBundle,
			"digest": string(digest.FromString(fmt.Sprint(i))), "size": 3,
		})
	}
	if change != nil {
		children = change(children)
	}
	list := make([]any, len(children))
	for i, c := range children {
		list[i] = c
	}
	return index(object{"artifactType": recap.ArtifactTypePack, "manifests": list})
}

func TestParsePack(t *testing.T) {
	set := func(i int, key string, v any) func([]object) []object {
		return func(c []object) []object { c[i][key] = v; return c }
	}
	tests := []struct {
		name string
		in   object
		kind recap.Kind
		code string
		want string // empty where it is a pack
	}{
		{"two bundles", pack(2, nil), "", "", ""},
		{"no bundles", pack(0, nil), "", "", ""},
		{"as many as may be", pack(recap.MaxMembers, nil), "", "", ""},
		{"one more", pack(recap.MaxMembers+1, nil), recap.Unsafe, "too-large", "5001 bundles"},
		{"no catalog", pack(0, func([]object) []object { return nil }), recap.Integrity, "bad-manifest", "without a catalog"},
		{"catalog last", pack(1, func(c []object) []object { return []object{c[1], c[0]} }), recap.Integrity, "bad-manifest", "child 0"},
		{"two catalogs", pack(1, set(1, "artifactType", recap.ArtifactTypeCatalog)), recap.Integrity, "bad-manifest", "child 1"},
		{"image among bundles", pack(1, set(1, "artifactType", "a/b")), recap.Integrity, "bad-manifest", "a/b"},
		{"untyped child", pack(1, func(c []object) []object { delete(c[1], "artifactType"); return c }), recap.Integrity, "bad-manifest", "nothing"},
		{"pack in a pack", pack(1, set(1, "mediaType", ocispec.MediaTypeImageIndex)), recap.Integrity, "bad-manifest", "child 1"},
		{"bundle twice", pack(2, func(c []object) []object { c[2]["digest"] = c[1]["digest"]; return c }), recap.Integrity, "bad-manifest", "listed twice"},
		{"child elsewhere", pack(1, set(1, "urls", []any{"https://example.com"})), recap.Integrity, "ambiguous-manifest", "https://example.com"},
		{"large child", pack(1, set(1, "size", recap.MaxManifestSize+1)), recap.Unsafe, "too-large", "4194305"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := store{}
			desc := s.put(t, ocispec.MediaTypeImageIndex, tt.in)
			n, err := artifact.Parse(desc, s[desc.Digest])
			if tt.want != "" {
				wantError(t, err, tt.kind, tt.code, tt.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n.Kind() != artifact.KindPack {
				t.Errorf("kind %s", n.Kind())
			}
			_, err = artifact.Open(t.Context(), s, desc)
			wantError(t, err, recap.Integrity, "wrong-kind", "is a pack")
		})
	}
}
