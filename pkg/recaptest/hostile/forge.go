// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package hostile

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// object is a JSON object in the making.
type object = map[string]any

// Artifact is an artifact that means harm: forged by hand, since recap's own
// builders would not make it.
type Artifact struct {
	Input
	Place string // layout, archive or registry, where it is something only there
	Forge func() *Graph
}

// forgery makes a bundle. Without changes it makes a good one, of a document and
// one text file; each change sees what was made so far, and digests are taken after
// it.
type forgery struct {
	slug     string                       // of titles and config; default: trap
	files    []forged                     // behind the document
	config   func(config object)          // the config, before it is encoded
	encode   func(config []byte) []byte   // the config, encoded
	manifest func(m object, layers []any) // the manifest, before it is encoded
	raw      func(manifest []byte) []byte // the manifest, encoded
	root     func(desc object)            // the descriptor of the manifest
	after    func(g *Graph)               // everything
	document string                       // its text; default: a good one
}

// forged is a file of a forgery.
type forged struct {
	path string
	data string
}

// document is the text of a document that nothing is wrong with.
const document = "---\ntitle: A trap\nrecap:\n  event: FOSDEM 2024\n---\nWhat I saw, with [notes](notes.txt).\n"

func (f forgery) forge() *Graph {
	g := &Graph{Blobs: map[digest.Digest][]byte{}, Types: map[digest.Digest]string{}}
	g.Root = f.add(g)
	if f.after != nil {
		f.after(g)
	}
	return g
}

// add adds the bundle to g and returns the descriptor of its manifest.
func (f forgery) add(g *Graph) object {
	slug, text, files := f.slug, f.document, f.files
	if slug == "" {
		slug = "trap"
	}
	if text == "" {
		text = document
	}
	if files == nil {
		files = []forged{{"notes.txt", "some notes\n"}}
	}
	var table, layers []any
	for i, file := range append([]forged{{recap.DocumentPath, text}}, files...) {
		role, mediaType := "attachment", "text/plain"
		if i == 0 {
			role, mediaType = "document", recap.MediaTypeDocument
		}
		layer := g.put(mediaType, []byte(file.data))
		table = append(table, object{"path": file.path, "mediaType": mediaType, "role": role, "digest": layer["digest"], "size": layer["size"]})
		layer["annotations"] = object{ocispec.AnnotationTitle: slug + "/" + file.path}
		layers = append(layers, layer)
	}
	config := object{"title": "A trap", "slug": slug, "recap": object{"apiVersion": recap.APIVersion, "event": object{"id": "fosdem-2024", "name": "FOSDEM 2024"}}, "files": table}
	if f.config != nil {
		f.config(config)
	}
	encoded := mustJSON(config)
	if f.encode != nil {
		encoded = f.encode(encoded)
	}
	m := object{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageManifest, "artifactType": recap.ArtifactTypeBundle,
		"config": g.put(recap.MediaTypeConfig, encoded), "layers": layers,
	}
	if f.manifest != nil {
		f.manifest(m, layers)
	}
	raw := mustJSON(m)
	if f.raw != nil {
		raw = f.raw(raw)
	}
	desc := g.put(ocispec.MediaTypeImageManifest, raw)
	if f.root != nil {
		f.root(desc)
	}
	return desc
}

// put adds a blob and returns its descriptor.
func (g *Graph) put(mediaType string, data []byte) object {
	d := digest.FromBytes(data)
	g.Blobs[d] = data
	return object{"mediaType": mediaType, "digest": string(d), "size": len(data)}
}

// forgedPack makes a pack of two good bundles, or of others.
type forgedPack struct {
	members []forgery                      // default: two good ones
	config  func(config object)            // of the catalog
	encode  func(config []byte) []byte     // the same, encoded
	catalog func(m object)                 // its manifest
	index   func(x object, children []any) // before it is encoded
	raw     func(index []byte) []byte      // the index, encoded
	root    func(desc object)
	after   func(g *Graph)
}

func (p forgedPack) forge() *Graph {
	g := &Graph{Blobs: map[digest.Digest][]byte{}, Types: map[digest.Digest]string{}}
	members := p.members
	if members == nil {
		members = []forgery{{slug: "one"}, {slug: "two"}}
	}
	children, rows := []any{nil}, []any{}
	for _, f := range members {
		child := f.add(g)
		slug := f.slug
		rows = append(rows, object{"slug": slug, "title": "A trap", "event": "fosdem-2024", "digest": child["digest"], "size": child["size"]})
		child["artifactType"] = recap.ArtifactTypeBundle
		child["annotations"] = object{"io.github.recap-oci.title": "A trap", "io.github.recap-oci.slug": slug, "io.github.recap-oci.event": "fosdem-2024"}
		children = append(children, child)
	}
	config := object{"name": "traps", "version": "1.0.0", "members": rows}
	if p.config != nil {
		p.config(config)
	}
	encoded := mustJSON(config)
	if p.encode != nil {
		encoded = p.encode(encoded)
	}
	overview := g.put("text/markdown", []byte("# Traps\n\nTwo of them.\n"))
	overview["annotations"] = object{ocispec.AnnotationTitle: "catalog/llms.txt"}
	catalog := object{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageManifest, "artifactType": recap.ArtifactTypeCatalog,
		"config": g.put(recap.MediaTypePackConfig, encoded), "layers": []any{overview},
	}
	if p.catalog != nil {
		p.catalog(catalog)
	}
	first := g.put(ocispec.MediaTypeImageManifest, mustJSON(catalog))
	first["artifactType"] = recap.ArtifactTypeCatalog
	children[0] = first
	x := object{
		"schemaVersion": 2, "mediaType": ocispec.MediaTypeImageIndex, "artifactType": recap.ArtifactTypePack,
		"manifests": children, "annotations": object{ocispec.AnnotationVersion: "1.0.0"},
	}
	if p.index != nil {
		p.index(x, children)
	}
	raw := mustJSON(x)
	if p.raw != nil {
		raw = p.raw(raw)
	}
	g.Root = g.put(ocispec.MediaTypeImageIndex, raw)
	if p.root != nil {
		p.root(g.Root)
	}
	if p.after != nil {
		p.after(g)
	}
	return g
}

// Ways to change JSON.

// with returns a change that sets a field.
func with(key string, value any) func(object) { return func(o object) { o[key] = value } }

// without returns a change that drops a field.
func without(key string) func(object) { return func(o object) { delete(o, key) } }

// inManifest makes a change of the manifest's fields one of a forgery.
func inManifest(change func(object)) func(object, []any) {
	return func(m object, _ []any) { change(m) }
}

// inLayer returns a change of one layer.
func inLayer(i int, change func(object)) func(object, []any) {
	return func(_ object, layers []any) { change(layers[i].(object)) }
}

// inConfig returns a change of the descriptor of the config.
func inConfig(change func(object)) func(object, []any) {
	return func(m object, _ []any) { change(m["config"].(object)) }
}

// inFile returns a change of one row of a config's table.
func inFile(i int, change func(object)) func(object) {
	return func(config object) { change(config["files"].([]any)[i].(object)) }
}

// inFacts returns a change of what stands under recap in a config.
func inFacts(change func(object)) func(object) {
	return func(config object) { change(config["recap"].(object)) }
}

// copyOf returns a deep copy of what JSON has.
func copyOf(o object) object {
	var c object
	if err := json.Unmarshal(mustJSON(o), &c); err != nil {
		panic(err)
	}
	return c
}

// repeat returns n elements.
func repeat(n int, element func(i int) any) []any {
	list := slices.Grow([]any(nil), n)
	for i := range n {
		list = append(list, element(i))
	}
	return list
}

// merged returns a change that makes all of these.
func merged(fields object) func(object) { return func(o object) { maps.Copy(o, fields) } }

// Good returns an artifact of the kind of g that nothing is wrong with, to
// stand beside it: a bundle where there is no g.
func Good(g *Graph) *Graph {
	if g != nil && g.Root["mediaType"] == ocispec.MediaTypeImageIndex {
		return forgedPack{}.forge()
	}
	return forgery{}.forge()
}
