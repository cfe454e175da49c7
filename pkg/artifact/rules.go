// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/safepath"
	"github.com/recap-oci/recap/pkg/recap"
)

// checkBundle holds the manifest of a bundle to the rules of the format that
// need no config, so that a copy, too, refuses what could never be opened.
func checkBundle(n *Node) error {
	m := n.Manifest
	if m.Config.Size > recap.MaxConfigSize {
		return recap.Errorf(recap.Unsafe, "too-large", "config %s has %d bytes, more than the %d allowed", m.Config.Digest, m.Config.Size, recap.MaxConfigSize)
	}
	if len(m.Layers) == 0 {
		return malformed("a bundle without layers")
	}
	if len(m.Layers) > recap.MaxLayers {
		return recap.Errorf(recap.Unsafe, "too-large", "%d layers, more than the %d allowed", len(m.Layers), recap.MaxLayers)
	}
	if err := checkUntitled("the config", m.Config); err != nil {
		return err
	}
	var slug string
	paths := make([]string, len(m.Layers))
	for i, layer := range m.Layers {
		title := layer.Annotations[ocispec.AnnotationTitle]
		dir, path, ok := strings.Cut(title, "/")
		switch {
		case title == "":
			return malformed("layer %d has no title", i)
		case !ok:
			// Judged as a path first: ".." alone is worse than misplaced.
			if err := safepath.Check(title); err != nil {
				return err
			}
			return malformed("layer %d is titled %.120q, not <slug>/<path>", i, title)
		}
		if err := safepath.Check(dir); err != nil {
			return err
		}
		if i == 0 {
			slug = dir
			if err := recap.CheckSlug(slug); err != nil {
				return malformed("layer 0: %s", err.Error())
			}
		}
		if err := checkPlain("layer "+path, layer); err != nil {
			return err
		}
		if err := safepath.Check(path); err != nil {
			return err
		}
		switch {
		case dir != slug:
			return malformed("layers are titled both %.80q and %.80q", slug, dir)
		case i == 0 && (path != recap.DocumentPath || layer.MediaType != recap.MediaTypeDocument):
			return malformed("the first layer is %.120q of %s, not the document", path, printable(layer.MediaType))
		case !validMediaType(layer.MediaType):
			return malformed("layer %.120q has media type %.100q", path, layer.MediaType)
		case layer.Size == 0:
			return malformed("layer %.120q is empty", path)
		case layer.Digest == m.Config.Digest:
			return ambiguous("layer %.120q is the config", path)
		case i > 1 && paths[i-1] > path:
			return malformed("layer %.120q stands before %.120q", paths[i-1], path)
		}
		paths[i] = path
	}
	return checkPaths(paths)
}

// checkPack holds an index to what of the format makes it a pack: the catalog
// once and first, then bundles, each once, no index within the index.
func checkPack(n *Node) error {
	children := n.Index.Manifests
	if len(children) == 0 {
		return malformed("a pack without a catalog")
	}
	if len(children) > recap.MaxMembers+1 {
		return recap.Errorf(recap.Unsafe, "too-large", "%d bundles, more than the %d allowed", len(children)-1, recap.MaxMembers)
	}
	seen := map[digest.Digest]bool{}
	for i, child := range children {
		want := recap.ArtifactTypeBundle
		if i == 0 {
			want = recap.ArtifactTypeCatalog
		}
		switch {
		case child.MediaType != ocispec.MediaTypeImageManifest:
			return malformed("child %d of a pack is %s", i, printable(child.MediaType))
		case child.ArtifactType != want:
			return malformed("child %d of a pack has artifactType %s, not %s", i, printable(child.ArtifactType), want)
		case child.Size > recap.MaxManifestSize:
			return recap.Errorf(recap.Unsafe, "too-large", "manifest %s has %d bytes, more than the %d allowed", child.Digest, child.Size, recap.MaxManifestSize)
		case seen[child.Digest]:
			return malformed("child %s is listed twice", child.Digest)
		case annotationsSize(child.Annotations) > recap.MaxChildAnnotations:
			return recap.Errorf(recap.Unsafe, "too-large", "child %s has annotations of %d bytes, more than the %d allowed", child.Digest, annotationsSize(child.Annotations), recap.MaxChildAnnotations)
		}
		if err := checkUntitled("a child of a pack", child); err != nil {
			return err
		}
		seen[child.Digest] = true
	}
	return nil
}

// annotationsOfORAS is what those annotations start with by which oras takes the
// content of a descriptor for something else, such as an archive to be unpacked in
// the place of the file:
// https://github.com/oras-project/oras-go/blob/v2.6.4/content/file/file.go
const annotationsOfORAS = "io.deis.oras.content."

// checkPlain refuses a descriptor by which two readers of one digest could go two
// ways: it offers its content from elsewhere, or tells oras to make of it what
// nobody else does.
func checkPlain(what string, desc ocispec.Descriptor) error {
	if len(desc.URLs) > 0 {
		return ambiguous("%.120q offers its content from %.100q", what, desc.URLs[0])
	}
	for _, key := range slices.Sorted(maps.Keys(desc.Annotations)) {
		if strings.HasPrefix(key, annotationsOfORAS) {
			return ambiguous("%.120q has the annotation %.100q, by which oras alone reads it as something else", what, key)
		}
	}
	return nil
}

// checkUntitled is checkPlain of what is no file: oras restores whatever has a
// title, and files are what the table lists.
func checkUntitled(what string, desc ocispec.Descriptor) error {
	if title, ok := desc.Annotations[ocispec.AnnotationTitle]; ok {
		return ambiguous("%s is no file and is titled %.120q as one", what, title)
	}
	return checkPlain(what, desc)
}

// annotationsSize returns how many bytes annotations have as canonical JSON.
func annotationsSize(a map[string]string) int {
	if len(a) == 0 {
		return 0
	}
	size := len("{}") + len(a) - 1
	for key, value := range a {
		size += escapedSize(key) + escapedSize(value) + len(`"":""`)
	}
	return size
}

// escapedSize returns how many bytes s has between the quotes of canonical JSON.
func escapedSize(s string) int {
	size := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\b', c == '\t', c == '\n', c == '\f', c == '\r':
			size++
		case c < 0x20:
			size += len(`\u0000`) - 1
		}
	}
	return size
}
