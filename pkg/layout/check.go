// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/recap"
)

// Damage is one thing that Check found wrong.
type Damage struct {
	// Path is the file in the layout, /-separated.
	Path string `json:"path"`
	// Digest is that of the blob, when it is about one.
	Digest digest.Digest `json:"digest,omitempty"`
	// Code is stable: bad-layout, bad-index, bad-entry, digest-mismatch,
	// size-mismatch, missing, bad-manifest, not-a-regular-file, unexpected-file,
	// unreadable, or stale-temporary, which costs only space.
	Code string `json:"code"`
	// What says it for people.
	What string `json:"what"`
	// Tag is one that needs the blob, if that is known.
	Tag string `json:"tag,omitempty"`
	// MovedTo is where in the layout the file is now, when it was moved, or for a
	// bad-entry a copy of it as it was.
	MovedTo string `json:"movedTo,omitempty"`
	// Mended says that it is no damage any more; see [Store.Repair].
	Mended bool `json:"mended,omitempty"`
}

// Harmless reports whether it costs only space, or is somebody else's file, which
// nothing in the layout needs and [Store.Repair] leaves alone.
func (d Damage) Harmless() bool { return d.Code == "stale-temporary" || d.Code == "unexpected-file" }

func (d Damage) String() string { return d.Path + ": " + d.What }

// Check reads everything: oci-layout and index.json, every blob, which it
// hashes, and every manifest that index.json leads to, whose children must be
// there. A subject may be elsewhere, and so may a layer that has URLs. The error
// is only for a check that could not be finished.
//
// Nothing is changed. A damaged blob is replaced when it is pushed again: this
// store knows now that it isn't there (see Exists).
func (s *Store) Check(ctx context.Context) ([]Damage, error) {
	c := &checker{store: s, bad: make(map[digest.Digest]bool)}
	if err := c.files(); err != nil {
		return nil, err
	}
	if err := c.blobs(ctx); err != nil {
		return nil, err
	}
	if err := c.graph(ctx); err != nil {
		return nil, err
	}
	return c.found, nil
}

type checker struct {
	store *Store
	found []Damage
	bad   map[digest.Digest]bool // reported already
}

func (c *checker) report(path string, d digest.Digest, code, format string, args ...any) {
	if d != "" {
		if c.bad[d] {
			return
		}
		c.bad[d] = true
	}
	c.found = append(c.found, Damage{Path: path, Digest: d, Code: code, What: fmt.Sprintf(format, args...)})
}

// files checks oci-layout and index.json as they are by now, and lists what
// killed processes left. An archive's were checked when it was opened.
func (c *checker) files() error {
	s := c.store
	if _, err := s.places(); err != nil || s.archive {
		return err
	}
	if err := s.checkLayoutFile(s.dir); err != nil {
		c.report(ocispec.ImageLayoutFile, "", "bad-layout", "%v", err)
	}
	if _, err := s.readIndex(); err != nil {
		c.report(ocispec.ImageIndexFile, "", "bad-index", "%v", err)
	}
	stale, err := durable.Stale(s.dir.Root())
	if err != nil {
		return err
	}
	for _, path := range stale {
		c.report(filepath.Base(path), "", "stale-temporary", "left by a process that is gone; removed when the layout is opened next")
	}
	return nil
}

// blobs hashes every blob.
func (c *checker) blobs(ctx context.Context) error {
	places, err := c.store.places()
	if err != nil {
		return err
	}
	for i, p := range places {
		err := p.Each(func(name string, d digest.Digest) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if i > 0 {
				if _, err := places[0].Stat(d); err == nil {
					return nil // pushed again, and not committed yet
				}
			}
			if blob.CheckDigest(d) == nil {
				return c.blob(ctx, p, name, d)
			}
			c.report(name, "", "unexpected-file", "it is no blob, as its name is no digest: it stays, and nothing here needs it")
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) blob(ctx context.Context, p blob.Place, name string, d digest.Digest) error {
	content, _, err := p.Open(d)
	switch {
	case errors.Is(err, fs.ErrNotExist): // deleted meanwhile
		return nil
	case errors.Is(err, blob.ErrIrregular):
		c.report(name, d, "not-a-regular-file", "%v", err)
		return nil
	case err != nil:
		c.report(name, d, "unreadable", "%v", err)
		return nil
	}
	defer content.Close()
	hash := d.Algorithm().Hash()
	if _, err := blob.Copy(ctx, hash, content); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.report(name, d, "unreadable", "%v", err)
		return nil
	}
	if got := digest.NewDigest(d.Algorithm(), hash); got != d {
		c.store.damaged.add(d)
		c.report(name, d, "digest-mismatch", "its content has the digest %s", got)
	}
	return nil
}

// graph follows every manifest from index.json to what it needs.
func (c *checker) graph(ctx context.Context) error {
	x, err := c.store.view()
	if err != nil {
		if c.found != nil {
			return nil // index.json was reported
		}
		return err
	}
	for _, bad := range x.Bad() {
		c.report(ocispec.ImageIndexFile, "", "bad-entry", "%v", bad.Err)
	}
	type link struct {
		ocispec.Descriptor
		from string
		tag  string
	}
	var queue, untagged []link
	for _, e := range x.Entries() {
		if tag := e.Name(); recap.IsTag(tag) && !strings.HasPrefix(tag, "sha256-") { // that of signatures
			queue = append(queue, link{e.Descriptor, ocispec.ImageIndexFile, tag})
		} else {
			untagged = append(untagged, link{e.Descriptor, ocispec.ImageIndexFile, ""})
		}
	}
	queue = append(queue, untagged...)
	tags := make(map[digest.Digest]string) // that lead there, one each
	defer func() {
		for i, damage := range c.found {
			c.found[i].Tag = tags[damage.Digest]
		}
	}()
	// Not by digest alone: two may disagree about the size of one blob.
	type claim struct {
		d         digest.Digest
		size      int64
		mediaType string
	}
	seen := make(map[claim]bool)
	for len(queue) > 0 {
		l := queue[0]
		queue = queue[1:]
		tags[l.Digest] = cmp.Or(tags[l.Digest], l.tag)
		if id := (claim{l.Digest, l.Size, l.MediaType}); seen[id] {
			continue
		} else {
			seen[id] = true
		}
		if len(seen) > maxWalk*20 {
			return recap.Errorf(recap.Unsafe, "too-many-manifests", "layout %q: more than %d blobs to check", c.store.path, maxWalk*20).
				WithHint("split the layout: copy what you need into another one")
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !c.present(l.Descriptor, l.from) || !recap.IsManifest(l.MediaType) {
			continue
		}
		n, err := c.store.node(ctx, l.Descriptor)
		if err != nil {
			c.report(blob.Name(l.Digest), l.Digest, "bad-manifest", "%v", err)
			continue
		}
		for _, child := range append(n.blobs[:len(n.blobs):len(n.blobs)], n.members...) {
			queue = append(queue, link{child, "manifest " + l.Digest.String(), l.tag})
		}
	}
	return nil
}

// present reports whether the blob can be followed, and says why not.
func (c *checker) present(desc ocispec.Descriptor, from string) bool {
	size, err := c.store.size(desc.Digest)
	name := blob.Name(desc.Digest)
	switch {
	case c.bad[desc.Digest]:
		return false
	case err == nil && size == desc.Size:
		return true
	case err == nil:
		c.report(name, desc.Digest, "size-mismatch", "it has %d bytes, %s says %d", size, from, desc.Size)
	case errors.Is(err, recap.NotFound):
		if len(desc.URLs) == 0 {
			c.report(name, desc.Digest, "missing", "%s needs it", from)
		}
	default:
		c.report(name, desc.Digest, "unreadable", "%v", err)
	}
	return false
}
