// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/safepath"
	"github.com/recap-oci/recap/pkg/recap"
)

// Bundle is a bundle whose manifest and config say the same.
type Bundle struct {
	Node   *Node
	Recap  *recap.Recap // the config decoded; fields that this version doesn't know are left out
	Config []byte       // recap's own config as it is, unknown fields included, without what [FormImage] has around it
}

// Open fetches manifest and config of the bundle at root, no more, and compares
// the config's file table with the layers: path, order, digest, size, media type.
//
// Errors are those of [FetchNode] and [ReadBlob], and [recap.Integrity]
// not-a-recap for an artifact of somebody else's, wrong-kind for a pack, catalog
// or signature, bad-config, ambiguous-config and table-mismatch.
func Open(ctx context.Context, src content.Fetcher, root ocispec.Descriptor) (*Bundle, error) {
	node, err := FetchNode(ctx, src, root)
	if err != nil {
		return nil, err
	}
	if err := node.expect(KindBundle); err != nil {
		return nil, err
	}
	config, err := ReadConfig(ctx, src, node)
	if err != nil {
		return nil, fmt.Errorf("fetching the config of bundle %s: %w", root.Digest, err)
	}
	bundle, err := newBundle(node, config)
	if err != nil {
		return nil, fmt.Errorf("bundle %s: %w", root.Digest, err)
	}
	return bundle, nil
}

// Layer returns the descriptor of the layer that holds file f of the bundle; ok
// is false for an empty file, which has none, and for one that isn't in it.
func (b *Bundle) Layer(f recap.File) (layer ocispec.Descriptor, ok bool) {
	title := b.Recap.Slug + "/" + f.Path
	for _, layer := range b.Node.Manifest.Layers {
		if layer.Annotations[ocispec.AnnotationTitle] == title {
			return layer, true
		}
	}
	return ocispec.Descriptor{}, false
}

// Version returns the version that the manifest states, empty where it states
// none. It is as its publisher wrote it; [recap.IsVersion] says whether it can be
// compared.
func (b *Bundle) Version() string { return b.Node.Annotations()[ocispec.AnnotationVersion] }

// newBundle decodes config and holds it against the manifest.
func newBundle(node *Node, config []byte) (*Bundle, error) {
	if err := checkValues(config); err != nil {
		return nil, err
	}
	r := new(recap.Recap)
	if err := canonical.Unmarshal(config, r); err != nil {
		if errors.Is(err, canonical.ErrAmbiguous) {
			return nil, recap.Errorf(recap.Integrity, "ambiguous-config", "config: %w", err)
		}
		return nil, badConfig("%w", err)
	}
	if err := checkSizes(config); err != nil {
		return nil, err
	}
	if r.Title == "" {
		return nil, badConfig("has no title")
	}
	if err := recap.CheckSlug(r.Slug); err != nil {
		return nil, badConfig("%s", err.Error())
	}
	if err := checkTable(r.Files); err != nil {
		return nil, err
	}
	if err := compareTable(r, node.Manifest.Layers); err != nil {
		return nil, err
	}
	return &Bundle{Node: node, Recap: r, Config: config}, nil
}

// checkSizes refuses a row without a size, which would read as that of an empty
// file.
func checkSizes(config []byte) error {
	var table struct {
		Files []struct {
			Path string `json:"path"`
			Size *int64 `json:"size"`
		} `json:"files"`
	}
	if err := json.Unmarshal(config, &table); err != nil { // no longer ambiguous
		return badConfig("%w", err)
	}
	for _, f := range table.Files {
		if f.Size == nil {
			return badConfig("file %.120q has no size", f.Path)
		}
	}
	return nil
}

// checkTable looks at the rows by themselves. CheckSet makes them distinct.
func checkTable(files []recap.File) error {
	if len(files) > recap.MaxLayers {
		return recap.Errorf(recap.Unsafe, "too-large", "config: %d files, more than the %d allowed", len(files), recap.MaxLayers)
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
		if err := checkRow(f); err != nil {
			return badConfig("file %.120q: %w", f.Path, err)
		}
		if f.Size < 0 || f.Size > maxBlobSize {
			return recap.Errorf(recap.Integrity, "bad-size", "config: file %.120q has size %d", f.Path, f.Size)
		}
		d := digest.Digest(f.Digest)
		if err := checkDigest(fmt.Sprintf("config: file %.120q", f.Path), d); err != nil {
			return err
		}
		if f.Size == 0 && d != emptyDigest {
			return recap.Errorf(recap.Integrity, "digest-mismatch", "config: file %.120q is empty and has digest %s", f.Path, d)
		}
	}
	return checkPaths(paths)
}

// checkRow looks at what of a row is known before its file is read.
func checkRow(f recap.File) error {
	switch isDocument := f.Path == recap.DocumentPath; {
	case !validMediaType(f.MediaType):
		return fmt.Errorf("media type %.100q is not lower-case type/subtype without parameters", f.MediaType)
	case !validRole(f.Role):
		return fmt.Errorf("role %.40q is not a lower-case word", string(f.Role))
	case isDocument != (f.Role == recap.RoleDocument):
		return fmt.Errorf("role %s: %s alone is the document", f.Role, recap.DocumentPath)
	case isDocument && f.MediaType != recap.MediaTypeDocument:
		return fmt.Errorf("the document is %s, not %s", f.MediaType, recap.MediaTypeDocument)
	}
	return nil
}

// compareTable sees to it that table and layers are two spellings of one list.
func compareTable(r *recap.Recap, layers []ocispec.Descriptor) error {
	if len(r.Files) == 0 || r.Files[0].Path != recap.DocumentPath || r.Files[0].Size == 0 {
		return tableMismatch("the table doesn't begin with %s", recap.DocumentPath)
	}
	if size := r.Files[0].Size; size > recap.MaxDocumentSize {
		return recap.Errorf(recap.Unsafe, "too-large", "the document has %d bytes, more than the %d allowed", size, recap.MaxDocumentSize)
	}
	for i := 2; i < len(r.Files); i++ {
		if before, f := r.Files[i-1].Path, r.Files[i].Path; before >= f {
			return tableMismatch("file %.120q stands before %.120q", before, f)
		}
	}
	rest := layers
	for _, f := range r.Files {
		if f.Size == 0 {
			continue // registries refuse blobs of no bytes
		}
		if len(rest) == 0 {
			return tableMismatch("file %.120q has no layer", f.Path)
		}
		layer := rest[0]
		rest = rest[1:]
		switch title := layer.Annotations[ocispec.AnnotationTitle]; {
		case title != r.Slug+"/"+f.Path:
			return tableMismatch("layer %.120q stands where %.120q belongs", title, r.Slug+"/"+f.Path)
		case string(layer.Digest) != f.Digest:
			return tableMismatch("file %.120q is %s, its layer %s", f.Path, f.Digest, layer.Digest)
		case layer.Size != f.Size:
			return tableMismatch("file %.120q has %d bytes, its layer %d", f.Path, f.Size, layer.Size)
		case layer.MediaType != f.MediaType:
			return tableMismatch("file %.120q is %s, its layer %s", f.Path, f.MediaType, printable(layer.MediaType))
		}
	}
	if len(rest) > 0 {
		return tableMismatch("layer %.120q is not in the table", rest[0].Annotations[ocispec.AnnotationTitle])
	}
	return nil
}

// checkPaths refuses paths that can't lie in one directory everywhere, and
// names that decide whom a reader trusts.
func checkPaths(paths []string) error {
	if err := safepath.CheckSet(paths); err != nil {
		return err
	}
	for _, p := range paths {
		if safepath.Reserved(p) {
			return recap.Errorf(recap.Unsafe, "reserved-name", "file %.120q has a name that is reserved: no bundle may hold it", p).
				WithHint("keep it outside the recap, or rename it")
		}
	}
	return nil
}

// validMediaType reports whether t is a media type as the format spells them:
// RFC 6838 §4.2 names in lower case, without parameters.
func validMediaType(t string) bool {
	main, sub, ok := strings.Cut(t, "/")
	return ok && restrictedName(main) && restrictedName(sub)
}

func restrictedName(s string) bool {
	if s == "" || len(s) > 127 || strings.IndexByte("!#$&-^_.+", s[0]) >= 0 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('0' > c || c > '9') && strings.IndexByte("!#$&-^_.+", c) < 0 {
			return false
		}
	}
	return true
}

// validRole reports whether r could be a role of this or a later version.
func validRole(r recap.Role) bool {
	if r == "" || len(r) > 40 {
		return false
	}
	for i := range len(r) {
		if c := r[i]; ('a' > c || c > 'z') && c != '-' {
			return false
		}
	}
	return true
}

func badConfig(format string, args ...any) error {
	return recap.Errorf(recap.Integrity, "bad-config", "config: %w", fmt.Errorf(format, args...))
}

func tableMismatch(format string, args ...any) error {
	return recap.Errorf(recap.Integrity, "table-mismatch", "the file table and the layers differ: %w", fmt.Errorf(format, args...))
}

// emptyDigest is that of a file of no bytes.
const emptyDigest = digest.Digest("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
