// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// Exceptions of packs, as of bundles.
var (
	atCatalog     = but("inspect, list, tags, tag, attest, sign, push, delete", "0", "verify, policy, verified", "7 unsigned")
	atPackConfig  = over(atCatalog, "copy", "0")
	atMember      = over(atCatalog, "show", "0")
	nowhereInPack = but("verify, policy, verified", "7 unsigned")
)

// packs are indexes that aren't what they say of themselves.
func packs() []Artifact {
	pack := func(name, want string, p forgedPack) Artifact {
		return Artifact{Input: Input{Name: "pack, " + name, Want: want, But: atRoot}, Forge: p.forge}
	}
	behind := func(exceptions map[string]string, row Artifact) Artifact {
		row.But = exceptions
		return row
	}
	config := func(name, want string, change func(object)) Artifact {
		row := pack(name, want, forgedPack{config: change})
		row.But = atPackConfig
		return row
	}
	index := func(change func(x object, children []any)) forgedPack { return forgedPack{index: change} }
	child := func(i int, change func(object)) forgedPack {
		return index(func(_ object, children []any) { change(children[i].(object)) })
	}
	member := func(i int, change func(object)) func(object) {
		return func(c object) { change(c["members"].([]any)[i].(object)) }
	}
	const bad, ambiguous, config6, differs = "6 bad-manifest", "6 ambiguous-manifest", "6 bad-config", "6 table-mismatch"
	return []Artifact{
		pack("layers too", ambiguous, index(func(x object, _ []any) { x["layers"] = []any{} })),
		pack("a config too", ambiguous, index(func(x object, children []any) { x["config"] = children[0] })),
		pack("no mediaType", ambiguous, index(func(x object, _ []any) { delete(x, "mediaType") })),
		pack("says it is a manifest", ambiguous, index(func(x object, _ []any) { x["mediaType"] = ocispec.MediaTypeImageManifest })),
		pack("whose descriptor says manifest", ambiguous, forgedPack{root: with("mediaType", ocispec.MediaTypeImageManifest)}),
		pack("a bundle's artifactType", ambiguous, index(func(x object, _ []any) { x["artifactType"] = recap.ArtifactTypeBundle })),
		pack("no manifests", bad, index(func(x object, _ []any) { delete(x, "manifests") })),
		pack("empty", bad, index(func(x object, _ []any) { x["manifests"] = []any{} })),
		pack("no catalog", bad, index(func(x object, children []any) { x["manifests"] = children[1:] })),
		pack("the catalog last", bad, index(func(_ object, children []any) { slices.Reverse(children) })),
		pack("two catalogs", bad, index(func(x object, children []any) { x["manifests"] = append(children, children[0]) })),
		pack("a member twice", bad, index(func(x object, children []any) { x["manifests"] = append(children, children[1]) })),
		pack("an index within", bad, child(1, with("mediaType", ocispec.MediaTypeImageIndex))),
		pack("an image within", bad, child(1, with("artifactType", "application/vnd.example"))),
		behind(nowhereInPack, pack("a member per platform", "0", child(1, with("platform", object{"os": "windows", "architecture": "amd64"})))),
		pack("a member from elsewhere", ambiguous, child(1, with("urls", []any{"https://evil.example"}))),
		pack("a member of 5 MiB", "8 too-large", child(1, with("size", 5<<20))),
		pack("a member of size -1", "6 bad-size", child(1, with("size", -1))),
		pack("a member of a digest that leads out", "6 bad-digest", child(1, with("digest", "sha256:../../../../etc/passwd"))),
		pack("a member with annotations of 600 bytes", "8 too-large", child(1, with("annotations", object{"x": strings.Repeat("x", 600)}))),
		config("a member of another size", differs, member(0, with("size", 3))),
		behind(atPackConfig, pack("another version", differs, index(func(x object, _ []any) { x["annotations"] = object{ocispec.AnnotationVersion: "2.0.0"} }))),
		behind(atPackConfig, pack("another slug in the index", differs, child(1, func(o object) { o["annotations"].(object)["io.github.recap-oci.slug"] = "two" }))),
		behind(atPackConfig, pack("a title that isn't the member's", differs, child(1, func(o object) { o["annotations"].(object)["io.github.recap-oci.title"] = "Safe" }))),
		behind(atPackConfig, pack("a title cut to nothing", differs, child(1, func(o object) { o["annotations"].(object)["io.github.recap-oci.title"] = "…" }))),
		behind(atPackConfig, pack("a member less in the index", differs, index(func(x object, children []any) { x["manifests"] = children[:2] }))),
		config("a member less in the config", differs, func(c object) { c["members"] = c["members"].([]any)[:1] }),
		config("members in another order", differs, func(c object) { slices.Reverse(c["members"].([]any)) }),
		config("two members of one slug", config6, member(1, with("slug", "one"))),
		config("a member called as the catalog", config6, member(1, with("slug", "catalog"))),
		config("a member whose slug leads out", config6, member(1, with("slug", ".."))),
		config("a name that leads out", config6, with("name", "../x")),
		config("a name that is none", config6, with("name", "")),
		config("a version with build metadata", config6, with("version", "1.0.0+x")),
		config("a version that is none", config6, with("version", "latest")),
		config("a version as a number", config6, with("version", 1.1)),
		config("members null", differs, with("members", nil)),
		config("a member of another title", differs, member(0, with("title", "Another"))),
		config("a member of another digest", differs, member(0, with("digest", string(digest.FromString("x"))))),
		behind(over(atMember, "copy", "0"), pack("a member of another slug", "6 member-mismatch", forgedPack{members: []forgery{{slug: "one"}, {slug: "two", config: with("title", "Another")}}})),
		behind(atPackConfig, pack("a config with a key twice", "6 ambiguous-config", forgedPack{encode: func(c []byte) []byte {
			return bytes.Replace(c, []byte(`"name":`), []byte(`"name":"x","name":`), 1)
		}})),
		behind(over(atCatalog, "layout tag, archive tag", "3 child-missing"), pack("a catalog that isn't there", "3 not-found", forgedPack{after: func(g *Graph) { forget(g, `"artifactType":"`+recap.ArtifactTypeCatalog) }})),
		behind(over(atMember, "diff", "0", "layout tag, archive tag", "3 child-missing"), pack("a member that isn't there", "3 not-found", forgedPack{after: func(g *Graph) { forget(g, `trap/index.md`) }, members: []forgery{{slug: "trap"}, {slug: "two"}}})),
		behind(atCatalog, pack("a config that isn't there", "3 not-found", forgedPack{after: func(g *Graph) { forget(g, `"members":`) }})),
		behind(atCatalog, pack("a catalog that is a bundle", ambiguous, forgedPack{catalog: with("artifactType", recap.ArtifactTypeBundle)})),
		pack("a member that is the catalog's", bad, index(func(x object, children []any) {
			c := copyOf(children[0].(object))
			c["artifactType"] = recap.ArtifactTypeBundle
			x["manifests"] = append(children[:2], c)
		})),
		heavy(pack("5,001 members", "8 too-large", index(func(x object, children []any) {
			x["manifests"] = append(children[:1], repeat(5001, func(i int) any { return merged2(descriptor(i), "artifactType", recap.ArtifactTypeBundle) })...)
		}))),
		heavy(behind(over(atCatalog, "copy", "3 not-found", "pull", "-" /* what is seen first */), pack("5,000 members that aren't there", differs, index(func(x object, children []any) {
			x["manifests"] = append(children[:1], repeat(5000, func(i int) any { return merged2(descriptor(i), "artifactType", recap.ArtifactTypeBundle) })...)
		})))),
		heavy(behind(over(atRoot, "layout tags, archive tags", "8 too-large"), pack("4 MiB and a byte", "8 too-large", forgedPack{raw: padded(recap.MaxManifestSize + 1)}))),
		heavy(Artifact{Input: Input{Name: "an index of 10,000 indexes", Want: "6 not-a-recap", But: over(nowhere, "inspect, tags, copy, tag, attest, sign, push, delete", "0")}, Forge: func() *Graph {
			g := &Graph{Blobs: map[digest.Digest][]byte{}, Types: map[digest.Digest]string{}}
			leaf := func(i int) any {
				d := g.put(ocispec.MediaTypeImageIndex, fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"manifests":[],"annotations":{"n":"%d"}}`, ocispec.MediaTypeImageIndex, i))
				g.Types[digest.Digest(d["digest"].(string))] = ocispec.MediaTypeImageIndex
				return d
			}
			g.Root = g.put(ocispec.MediaTypeImageIndex, mustJSON(object{"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "manifests": repeat(10_000, leaf)}))
			return g
		}}),
		heavy(Artifact{Input: Input{Name: "indexes 1,000 within each other", Want: "6 not-a-recap", But: over(nowhere, "inspect, tags, sign", "0", "copy", "8 too-large")}, Forge: func() *Graph {
			g := &Graph{Blobs: map[digest.Digest][]byte{}, Types: map[digest.Digest]string{}}
			below := []any{}
			for range 1000 {
				g.Root = g.put(ocispec.MediaTypeImageIndex, mustJSON(object{"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "manifests": below}))
				g.Types[digest.Digest(g.Root["digest"].(string))] = ocispec.MediaTypeImageIndex
				below = []any{g.Root}
			}
			return g
		}}),
		heavy(Artifact{Input: Input{Name: "1,000 subjects in a chain", Want: "0", But: nowhere}, Forge: func() *Graph {
			g := &Graph{Blobs: map[digest.Digest][]byte{}, Types: map[digest.Digest]string{}}
			last := forgery{}.add(g)
			for i := range 1000 {
				g.Root = forgery{manifest: func(m object, _ []any) {
					m["subject"] = object{"mediaType": last["mediaType"], "digest": last["digest"], "size": last["size"]}
					m["annotations"] = object{"n": fmt.Sprint(i)}
				}}.add(g)
				last = g.Root
			}
			return g
		}}),
		heavy(Artifact{Input: Input{Name: "2^30 paths through 31 indexes", Want: "6 not-a-recap", But: over(nowhere, "inspect, tags, sign", "0", "copy", "8 too-large")}, Forge: func() *Graph {
			g := &Graph{Blobs: map[digest.Digest][]byte{}, Types: map[digest.Digest]string{}}
			below := []any{}
			for range 31 {
				g.Root = g.put(ocispec.MediaTypeImageIndex, mustJSON(object{"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "manifests": below}))
				g.Types[digest.Digest(g.Root["digest"].(string))] = ocispec.MediaTypeImageIndex
				other := copyOf(g.Root)
				other["annotations"] = object{"n": "2"}
				below = []any{g.Root, other}
			}
			return g
		}}),
	}
}

// forget drops the blobs that hold a text.
func forget(g *Graph, text string) {
	for d, data := range g.Blobs {
		if bytes.Contains(data, []byte(text)) && bytes.HasPrefix(data, []byte("{")) && string(d) != g.Root["digest"] {
			delete(g.Blobs, d)
		}
	}
}
