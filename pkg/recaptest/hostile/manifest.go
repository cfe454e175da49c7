// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// Artifacts returns artifacts that mean harm: manifests, indexes, titles,
// configs, and registries that say one thing of them and mean another.
func Artifacts() []Artifact {
	return slices.Concat(manifests(), descriptors(), answers(), titles(), configs(), packs())
}

// How far an entry point gets with an artifact depends on what it reads of it. These
// are the exceptions of those that get further than to what is wrong, by where that
// is. Whatever a tag stands on, it can be listed, moved to something better, and
// deleted.
var (
	atRoot  = but("tags, push, delete", "0")
	nowhere = but("list", "2 not-a-pack", "verify, policy, verified", "7 unsigned")

	atConfig   = over(nowhere, "inspect, tags, copy, tag, attest, sign, push, delete", "0")
	atFile     = over(nowhere, "inspect, tags, show, diff, metadata, tag, attest, sign, push, delete", "0")
	atDocument = over(nowhere, "inspect, tags, diff, part, metadata, tag, attest, sign, push, delete", "0")
)

// over adds exceptions to others.
func over(exceptions map[string]string, pairs ...string) map[string]string {
	m := maps.Clone(exceptions)
	maps.Copy(m, but(pairs...))
	return m
}

// damaged adds that an archive with a damaged blob is not written anew.
func damaged(exceptions map[string]string) map[string]string {
	return over(exceptions, "archive tag, archive attest, archive sign, archive push, archive delete", "6 digest-mismatch")
}

// bundle is a row about a bundle. Without exceptions what is wrong with it shows in
// its manifest or, where the outcome is 0, nowhere.
func bundle(name, want string, exceptions map[string]string, f forgery) Artifact {
	if exceptions == nil && want == "0" {
		exceptions = nowhere
	} else if exceptions == nil {
		exceptions = atRoot
	}
	return Artifact{Input: Input{Name: name, Want: want, But: exceptions}, Forge: f.forge}
}

func heavy(a Artifact) Artifact {
	a.Heavy = true
	return a
}

// manifests are documents that have no meaning or two.
func manifests() []Artifact {
	replace := func(old, new string) func([]byte) []byte {
		return func(raw []byte) []byte { return bytes.Replace(raw, []byte(old), []byte(new), 1) }
	}
	raw := func(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }
	foreignBut := over(nowhere, "inspect, tags, copy, tag, attest, sign, push, delete", "0")
	const ambiguous, bad, foreign = "6 ambiguous-manifest", "6 bad-manifest", "6 not-a-recap"
	return []Artifact{
		bundle("layers and manifests", ambiguous, nil, forgery{manifest: inManifest(with("manifests", []any{}))}),
		bundle("layers and manifests that are null", ambiguous, nil, forgery{manifest: inManifest(with("manifests", nil))}),
		bundle("fsLayers beside layers", ambiguous, nil, forgery{manifest: inManifest(with("fsLayers", []any{}))}),
		bundle("blobs beside layers", ambiguous, nil, forgery{manifest: inManifest(with("blobs", []any{}))}),
		bundle("a manifest that says it is an index", ambiguous, nil, forgery{manifest: inManifest(with("mediaType", ocispec.MediaTypeImageIndex))}),
		bundle("a manifest whose descriptor says index", ambiguous, nil, forgery{root: with("mediaType", ocispec.MediaTypeImageIndex)}),
		bundle("a manifest that says it is Docker's", ambiguous, nil, forgery{manifest: inManifest(with("mediaType", "application/vnd.docker.distribution.manifest.v2+json"))}),
		bundle("layers twice", ambiguous, nil, forgery{raw: replace(`"layers":`, `"layers":[],"layers":`)}),
		bundle("layers in two cases", ambiguous, nil, forgery{raw: replace(`"layers":`, `"Layers":[],"layers":`)}),
		bundle("layers in another case", ambiguous, nil, forgery{raw: replace(`"layers":`, `"LAYERS":`)}),
		bundle("layers spelled with a long s", ambiguous, nil, forgery{raw: replace(`"layers":`, `"layerſ":[],"layers":`)}),
		bundle("digest twice in a layer", ambiguous, nil, forgery{raw: replace(`"digest":`, `"digest":"sha256:`+strings.Repeat("0", 64)+`","digest":`)}),
		bundle("artifactType and an escaped artifactType", ambiguous, nil, forgery{raw: replace(`"artifactType":`, `"artifact\u0054ype":"application/vnd.example","artifactType":`)}),
		bundle("something behind the end", bad, nil, forgery{raw: func(m []byte) []byte { return append(slices.Clone(m), `{"x":1}`...) }}),
		bundle("a byte order mark", bad, nil, forgery{raw: func(m []byte) []byte { return append([]byte("\xef\xbb\xbf"), m...) }}),
		bundle("invalid UTF-8", bad, nil, forgery{raw: replace(`trap/notes`, "trap/\xffnotes")}),
		bundle("half a surrogate", bad, nil, forgery{raw: replace(`trap/notes`, `trap/\ud800notes`)}),
		bundle("no bytes", bad, nil, forgery{raw: raw("")}),
		bundle("null", bad, nil, forgery{raw: raw("null")}),
		bundle("a list", bad, nil, forgery{raw: raw("[]")}),
		bundle("a number", bad, nil, forgery{raw: raw("1e999")}),
		bundle("cut off", bad, nil, forgery{raw: func(m []byte) []byte { return m[:len(m)/2] }}),
		bundle("HTML", bad, nil, forgery{raw: raw("<!DOCTYPE html><title>Log in</title>")}),
		bundle("schemaVersion 1", bad, nil, forgery{manifest: inManifest(with("schemaVersion", 1))}),
		bundle("schemaVersion 3", bad, nil, forgery{manifest: inManifest(with("schemaVersion", 3))}),
		bundle("schemaVersion a text", bad, nil, forgery{manifest: inManifest(with("schemaVersion", "2"))}),
		bundle("schemaVersion 2.0000000000000001", bad, nil, forgery{raw: replace(`"schemaVersion":2`, `"schemaVersion":2.0000000000000001`)}),
		bundle("no schemaVersion", bad, nil, forgery{manifest: inManifest(without("schemaVersion"))}),
		bundle("no config", bad, nil, forgery{manifest: inManifest(without("config"))}),
		bundle("config null", bad, nil, forgery{manifest: inManifest(with("config", nil))}),
		bundle("config a list", bad, nil, forgery{manifest: inManifest(with("config", []any{}))}),
		bundle("no layers", bad, nil, forgery{manifest: inManifest(without("layers"))}),
		bundle("layers null", bad, nil, forgery{manifest: inManifest(with("layers", nil))}),
		bundle("zero layers", bad, nil, forgery{manifest: inManifest(with("layers", []any{}))}),
		bundle("a layer that is null", bad, nil, forgery{manifest: func(m object, layers []any) { m["layers"] = append(layers, nil) }}),
		bundle("annotations that are no texts", bad, nil, forgery{manifest: inManifest(with("annotations", object{"a": 1}))}),
		bundle("an annotation of a megabyte", "0", nil, forgery{manifest: inManifest(with("annotations", object{"a": strings.Repeat("x", 1<<20)}))}),
		bundle("a text in place of a descriptor", bad, nil, forgery{manifest: inManifest(with("layers", []any{"sha256:" + strings.Repeat("0", 64)}))}),
		bundle("the empty config", ambiguous, nil, forgery{manifest: inConfig(with("mediaType", ocispec.MediaTypeEmptyJSON))}),
		bundle("a config of an unknown type", ambiguous, nil, forgery{manifest: inConfig(with("mediaType", "application/vnd.example.config.v1+json"))}),
		bundle("a catalog's config", ambiguous, nil, forgery{manifest: inConfig(with("mediaType", recap.MediaTypePackConfig))}),
		bundle("a config type in capitals", ambiguous, nil, forgery{manifest: inConfig(with("mediaType", strings.ToUpper(recap.MediaTypeConfig)))}),
		bundle("another's artifactType over our config", ambiguous, nil, forgery{manifest: inManifest(with("artifactType", "application/vnd.example.thing"))}),
		bundle("our artifactType in capitals", ambiguous, nil, forgery{manifest: inManifest(with("artifactType", strings.ToUpper(recap.ArtifactTypeBundle)))}),
		bundle("a pack's artifactType on a manifest", ambiguous, nil, forgery{manifest: inManifest(with("artifactType", recap.ArtifactTypePack))}),
		bundle("both forms at once", ambiguous, nil, forgery{manifest: inManifest(with("annotations", object{"io.github.recap-oci.artifactType": recap.ArtifactTypeBundle}))}),
		bundle("a type in an annotation of a layer", ambiguous, nil, forgery{manifest: inLayer(1, func(l object) {
			l["annotations"].(object)["io.github.recap-oci.mediaType"] = "text/html"
		})}),
		bundle("an image", foreign, foreignBut, forgery{manifest: func(m object, _ []any) {
			delete(m, "artifactType")
			m["config"].(object)["mediaType"] = ocispec.MediaTypeImageConfig
		}}),
		bundle("a thing of somebody else's", foreign, foreignBut, forgery{manifest: func(m object, _ []any) {
			m["artifactType"] = "application/vnd.example.thing"
			m["config"].(object)["mediaType"] = ocispec.MediaTypeEmptyJSON
		}}),
		bundle("Docker's manifest", ambiguous, nil, forgery{
			manifest: inManifest(with("mediaType", "application/vnd.docker.distribution.manifest.v2+json")),
			root:     with("mediaType", "application/vnd.docker.distribution.manifest.v2+json"),
		}),
		bundle("Docker's first manifest", foreign, nil, forgery{
			raw:  raw(`{"schemaVersion":1,"name":"x","tag":"v1","architecture":"amd64","fsLayers":[],"history":[]}`),
			root: with("mediaType", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
		}),
		heavy(bundle("a layer short of 4 MiB of layers", "8 too-large", nil, forgery{manifest: func(m object, layers []any) {
			m["layers"] = repeat(18_000, func(int) any { return layers[1] })
		}})),
		heavy(bundle("one file under 1,001 titles", "8 too-large", nil, forgery{manifest: func(m object, layers []any) {
			m["layers"] = append([]any{layers[0]}, repeat(1000, func(i int) any {
				l := copyOf(layers[1].(object))
				l["annotations"] = object{ocispec.AnnotationTitle: fmt.Sprintf("trap/%04d", i)}
				return l
			})...)
		}})),
		heavy(bundle("4 MiB and a byte", "8 too-large", over(atRoot, "layout tags, archive tags", "8 too-large"), forgery{raw: padded(recap.MaxManifestSize + 1)})),
		heavy(bundle("4 MiB exactly", "0", nil, forgery{raw: padded(recap.MaxManifestSize)})),
		heavy(bundle("64 MiB", "8 too-large", over(atRoot, "layout tags, archive tags", "8 too-large"), forgery{raw: padded(64 << 20)})),
		heavy(bundle("brackets 2 million deep", bad, nil, forgery{raw: func(m []byte) []byte {
			return fmt.Appendf(nil, `{"x":%s%s,%s`, strings.Repeat("[", 1<<21-1000), strings.Repeat("]", 1<<21-1000), m[1:])
		}})),
		heavy(bundle("100,000 annotations", "0", nil, forgery{manifest: inManifest(func(m object) {
			annotations := object{}
			for i := range 100_000 {
				annotations[fmt.Sprintf("k%05d", i)] = ""
			}
			m["annotations"] = annotations
		})})),
		heavy(bundle("100,000 keys of one hash and case", ambiguous, nil, forgery{manifest: inManifest(func(m object) {
			for i := range 100_000 {
				m[fmt.Sprintf("K%05d", i/2)+strings.Repeat("k", i%2)] = nil
			}
			m["k00000"] = nil
		})})),
		bundle("a subject", "0", nil, forgery{manifest: inManifest(with("subject", descriptor(1)))}),
		bundle("a subject of 9 EB", "6 bad-size", nil, forgery{manifest: inManifest(with("subject", merged2(descriptor(1), "size", math.MaxInt64)))}),
		bundle("a subject that leads out", "6 bad-digest", nil, forgery{manifest: inManifest(with("subject", merged2(descriptor(1), "digest", "sha256:../../../../etc/passwd")))}),
	}
}

// padded returns a change that makes a document this long.
func padded(size int) func([]byte) []byte {
	return func(raw []byte) []byte {
		return append(bytes.Clone(raw), bytes.Repeat([]byte(" "), size-len(raw))...)
	}
}

// descriptor returns the descriptor of a manifest that isn't there.
func descriptor(n int) object {
	return object{"mediaType": ocispec.MediaTypeImageManifest, "digest": string(digest.FromString(fmt.Sprint(n))), "size": 1000}
}

func merged2(o object, key string, value any) object {
	o[key] = value
	return o
}

// descriptors say of a blob what it isn't.
func descriptors() []Artifact {
	var rows []Artifact
	for _, d := range []struct{ name, digest string }{
		{"that leads out", "sha256:../../../../../../etc/passwd"},
		{"that leads out escaped", "sha256:%2e%2e%2f%2e%2e%2fetc%2fpasswd"},
		{"in capitals", "sha256:" + strings.ToUpper(digest.FromString("x").Encoded())},
		{"of 63 digits", "sha256:" + digest.FromString("x").Encoded()[1:]},
		{"of 65 digits", string(digest.FromString("x")) + "0"},
		{"of MD5", "md5:d41d8cd98f00b204e9800998ecf8427e"},
		{"of SHA-512", string(digest.SHA512.FromString("x"))},
		{"of nothing", ""},
		{"without a name", ":" + digest.FromString("x").Encoded()},
		{"with a line feed", string(digest.FromString("x")) + "\n"},
		{"of a terminal's", "sha256:\x1b[2J" + digest.FromString("x").Encoded()},
		{"with a query", string(digest.FromString("x")) + "?x=1"},
	} {
		rows = append(rows,
			bundle("a layer with a digest "+d.name, "6 bad-digest", nil, forgery{manifest: inLayer(1, with("digest", d.digest))}),
			bundle("a config with a digest "+d.name, "6 bad-digest", nil, forgery{manifest: inConfig(with("digest", d.digest))}),
		)
	}
	for _, s := range []struct {
		name string
		size any
		want string
	}{
		{"-1", -1, "6 bad-size"},
		{"2^62", int64(1) << 62, "6 bad-size"},
		{"2^63-1", int64(math.MaxInt64), "6 bad-size"},
		{"2^64", 1.8446744073709552e19, "6 bad-manifest"},
		{"1e400", jsonNumber("1e400"), "6 bad-manifest"},
		{"half a byte", 0.5, "6 bad-manifest"},
		{"a text", "12", "6 bad-manifest"},
	} {
		rows = append(rows,
			bundle("a layer of size "+s.name, s.want, nil, forgery{manifest: inLayer(1, with("size", s.size))}),
			bundle("a config of size "+s.name, s.want, nil, forgery{manifest: inConfig(with("size", s.size))}),
		)
	}
	const differs = "6 table-mismatch"
	return append(rows,
		bundle("an empty layer", "6 bad-manifest", nil, forgery{files: []forged{{"notes.txt", ""}}}),
		bundle("a layer that is the config", "6 ambiguous-manifest", nil, forgery{manifest: func(m object, layers []any) {
			layers[1].(object)["digest"], layers[1].(object)["size"] = m["config"].(object)["digest"], m["config"].(object)["size"]
		}}),
		bundle("one digest, two sizes", "6 bad-size", nil, forgery{manifest: func(m object, layers []any) {
			l := copyOf(layers[1].(object))
			l["size"], l["annotations"] = 3, object{ocispec.AnnotationTitle: "trap/other.txt"}
			m["layers"] = append(layers, l)
		}}),
		bundle("a layer from another address", "6 ambiguous-manifest", nil, forgery{manifest: inLayer(1, with("urls", []any{"https://evil.example/x"}))}),
		bundle("a config from another address", "6 ambiguous-manifest", nil, forgery{manifest: inConfig(with("urls", []any{"http://169.254.169.254/latest"}))}),
		bundle("embedded data that is other", "6 size-mismatch", nil, forgery{manifest: inLayer(1, with("data", "ZXZpbA=="))}),
		bundle("a layer's type with a parameter", "6 bad-manifest", nil, forgery{manifest: inLayer(1, with("mediaType", "text/plain; charset=utf-8"))}),
		bundle("a layer's type with a line feed", "6 bad-manifest", nil, forgery{manifest: inLayer(1, with("mediaType", "text/plain\nx: y"))}),
		bundle("a layer without a type", "6 bad-manifest", nil, forgery{manifest: inLayer(1, without("mediaType"))}),
		bundle("a document of another type", "6 bad-manifest", nil, forgery{manifest: inLayer(0, with("mediaType", "text/html"))}),
		bundle("a layer smaller than it is", "6 size-mismatch", over(atFile, "layout tag, archive tag", "3 child-missing"), forgery{manifest: inLayer(1, with("size", 3)), config: inFile(1, with("size", 3))}),
		bundle("a layer that is another file", differs, atConfig, forgery{manifest: func(_ object, layers []any) {
			layers[1].(object)["digest"], layers[1].(object)["size"] = layers[0].(object)["digest"], layers[0].(object)["size"]
		}}),
		bundle("a layer that isn't there", "3 not-found", over(atFile, "layout tag, archive tag", "3 child-missing"), forgery{after: func(g *Graph) { delete(g.Blobs, digest.FromString("some notes\n")) }}),
		bundle("a document that isn't there", "3 not-found", over(atDocument, "layout tag, archive tag", "3 child-missing"), forgery{after: func(g *Graph) { delete(g.Blobs, digest.FromString(document)) }}),
		bundle("a layer of other bytes", "6 digest-mismatch", damaged(atFile), forgery{after: func(g *Graph) { g.Blobs[digest.FromString("some notes\n")] = []byte("same length") }}),
		bundle("a layer cut off", "6 size-mismatch", over(damaged(atFile), "layout tag, archive tag", "3 child-missing"), forgery{after: func(g *Graph) { g.Blobs[digest.FromString("some notes\n")] = []byte("some") }}),
		bundle("a layer that goes on", "6 size-mismatch", over(damaged(atFile), "layout tag, archive tag", "3 child-missing"), forgery{after: func(g *Graph) {
			g.Blobs[digest.FromString("some notes\n")] = []byte("some notes\nand more")
		}}),
		bundle("a document of other bytes", "6 digest-mismatch", damaged(atDocument), forgery{after: func(g *Graph) {
			g.Blobs[digest.FromString(document)] = bytes.ToUpper([]byte(document))
		}}),
		bundle("a config of other bytes", "6 digest-mismatch", over(damaged(atConfig), "copy", "6 digest-mismatch"), forgery{after: spoil(recap.MediaTypeConfig)}),
		bundle("a manifest of other bytes", "6 digest-mismatch", over(damaged(atRoot), "layout push, registry push", "6 digest-mismatch"), forgery{after: spoil(ocispec.MediaTypeImageManifest)}),
		heavy(bundle("a layer of 3 GiB", "8 too-large", over(atFile, "copy", "-"), forgery{
			manifest: func(m object, layers []any) {
				layers[1].(object)["size"], layers[1].(object)["digest"] = 3<<30, string(digest.FromString("hole"))
			},
			after:  func(g *Graph) { g.Holes = map[digest.Digest]int64{digest.FromString("hole"): 3 << 30} },
			config: inFile(1, merged(object{"size": 3 << 30, "digest": string(digest.FromString("hole"))})),
		})),
		heavy(bundle("a document of 3 GiB", "8 too-large", over(atConfig, "copy", "-"), forgery{
			manifest: func(m object, layers []any) {
				layers[0].(object)["size"], layers[0].(object)["digest"] = 3<<30, string(digest.FromString("hole"))
			},
			after:  func(g *Graph) { g.Holes = map[digest.Digest]int64{digest.FromString("hole"): 3 << 30} },
			config: inFile(0, merged(object{"size": 3 << 30, "digest": string(digest.FromString("hole"))})),
		})),
		heavy(bundle("a config of 3 GiB", "8 too-large", nil, forgery{
			manifest: inConfig(merged(object{"size": 3 << 30, "digest": string(digest.FromString("hole"))})),
			after:    func(g *Graph) { g.Holes = map[digest.Digest]int64{digest.FromString("hole"): 3 << 30} },
		})),
		heavy(bundle("a file of 11 bytes that is 3 GiB", "6 size-mismatch", over(atFile, "archive pull, archive copy", "3 not-found"), forgery{after: func(g *Graph) {
			delete(g.Blobs, digest.FromString("some notes\n"))
			g.Holes = map[digest.Digest]int64{digest.FromString("some notes\n"): 3 << 30}
		}})),
		bundle("a root that isn't there", "3 not-found", over(atRoot, "registry delete", "3 not-found"), forgery{root: with("digest", string(digest.FromString("x")))}),
	)
}

// jsonNumber is a number that Go has no value for.
type jsonNumber string

// MarshalJSON implements json.Marshaler.
func (n jsonNumber) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// spoil returns a change that turns a bit of the root or of its config.
func spoil(mediaType string) func(g *Graph) {
	return func(g *Graph) {
		for d, data := range g.Blobs {
			isManifest := string(d) == g.Root["digest"]
			isConfig := bytes.HasPrefix(data, []byte(`{"files"`))
			if isManifest && mediaType == ocispec.MediaTypeImageManifest || isConfig && mediaType == recap.MediaTypeConfig {
				data = bytes.Clone(data)
				data[len(data)-3] ^= 1
				g.Blobs[d] = data
			}
		}
	}
}
