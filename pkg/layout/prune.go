// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/layout/internal/blob"
	"github.com/recap-oci/recap/pkg/layout/internal/index"
	"github.com/recap-oci/recap/pkg/recap"
)

// PruneOptions are the options of [Store.Prune]. The zero value removes all that
// nothing in index.json leads to.
type PruneOptions struct {
	// Before spares what was written or, in a cache, in use since then.
	Before time.Time

	// Untagged also lets go of manifests that index.json lists without a tag, with
	// all that only they need. It is right for a cache, where nothing has a tag.
	Untagged bool

	// DryRun finds out what would go and changes nothing.
	DryRun bool
}

// Removed is a file that went, or would.
type Removed struct {
	// Path is its name in the layout, /-separated.
	Path string `json:"path"`
	// Digest is that of the blob; none for what lay in the quarantine.
	Digest digest.Digest `json:"digest,omitempty"`
	// Size is how many bytes it had.
	Size int64 `json:"size"`
	// LastUsed is when it was written, in use, or moved to the quarantine.
	LastUsed time.Time `json:"lastUsed"`
}

// Amount is how much there is of something.
type Amount struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

func (a *Amount) add(size int64) {
	a.Files++
	a.Bytes += size
}

// Pruned says what a prune did, or would do.
type Pruned struct {
	// Unlisted are the manifests that index.json lists no longer.
	Unlisted []digest.Digest `json:"unlisted"`
	// Removed are the files that went.
	Removed []Removed `json:"removed"`
	// Freed is how much they were.
	Freed Amount `json:"freed"`
	// Spared is what nothing needs, and is too new.
	Spared Amount `json:"spared"`
	// Kept is what is needed.
	Kept Amount `json:"kept"`
}

// Prune removes the blobs that nobody needs. Needed is what tags lead to, and the
// manifests that index.json lists without one (see [PruneOptions]), and the
// referrers of what is needed; a referrer of something that isn't in the layout
// counts as a manifest without a tag. What is in the quarantine goes when it is
// old enough.
//
// It waits while others write to the layout (code busy) and they wait for it;
// entries go from index.json before blobs do, so that it may be killed at any
// moment. It refuses an archive (code is-an-archive), and where something that
// is needed can't be read (Integrity, code damaged, or bad-entry for an entry of
// index.json): what it needs in its turn can't be known.
func (s *Store) Prune(ctx context.Context, opts PruneOptions) (Pruned, error) {
	if opts.DryRun && !s.archive {
		return s.prune(ctx, opts)
	}
	release, err := s.alone(ctx)
	if err != nil {
		return Pruned{}, err
	}
	defer release()
	return s.prune(ctx, opts)
}

func (s *Store) prune(ctx context.Context, opts PruneOptions) (Pruned, error) {
	if _, err := s.places(); err != nil { // closed
		return Pruned{}, err
	}
	held, err := s.dir.Hold()
	if err != nil {
		return Pruned{}, s.wrap(err)
	}
	defer held.Close()
	if err := held.Check(); err != nil {
		return Pruned{}, err
	}
	p := &pruner{store: s, held: held, opts: opts, files: make(map[digest.Digest]Removed), needed: make(map[digest.Digest]bool), roles: make(map[digest.Digest]role)}
	if err := p.list(); err != nil {
		return Pruned{}, err
	}
	x, err := s.readIndex()
	if err != nil {
		return Pruned{}, err
	}
	if err := p.mark(ctx, x); err != nil {
		return Pruned{}, err
	}
	plan, unlisted, err := p.plan(x)
	if err != nil || opts.DryRun {
		return plan, err
	}
	return p.sweep(ctx, plan, unlisted)
}

// pruner is a prune under way.
type pruner struct {
	store  *Store
	held   *blob.Held
	opts   PruneOptions
	files  map[digest.Digest]Removed // every blob
	needed map[digest.Digest]bool
	roles  map[digest.Digest]role // in which each was followed
}

// list finds every blob. What is in the place of one and isn't is for Repair.
func (p *pruner) list() error {
	return p.held.Each(func(name string, d digest.Digest, info fs.FileInfo) error {
		if blob.CheckDigest(d) == nil && info.Mode().IsRegular() {
			p.files[d] = Removed{Path: name, Digest: d, Size: info.Size(), LastUsed: info.ModTime().UTC()}
		}
		return nil
	})
}

// recent reports whether the blob is spared for its age.
func (p *pruner) recent(d digest.Digest) bool {
	f, ok := p.files[d]
	return ok && !p.opts.Before.IsZero() && !f.LastUsed.Before(p.opts.Before)
}

// mark finds out what is needed.
func (p *pruner) mark(ctx context.Context, x *index.Index) error {
	for _, bad := range x.Bad() {
		return recap.Errorf(recap.Integrity, "bad-entry", "layout %q: what an entry of index.json needs can't be known: %w", p.store.path, bad.Err).
			WithHint("recap store check --repair %s takes it off the list and keeps a copy of index.json", p.store.path)
	}
	var others []ocispec.Descriptor // listed without a tag
	for _, e := range x.Entries() {
		if e.Name() == "" {
			others = append(others, e.Descriptor)
		} else if err := p.need(ctx, e.Descriptor); err != nil {
			return err
		}
	}
	var referrers []*node
	for _, desc := range others {
		n, err := p.store.node(ctx, desc)
		stays := !p.opts.Untagged || p.recent(desc.Digest)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && n.subject != "" && (p.has(n.subject) || !stays):
			referrers = append(referrers, n)
		case stays && errors.Is(err, errdef.ErrNotFound), !stays:
		default: // also when it can't be read: need says so
			if err := p.need(ctx, desc); err != nil {
				return err
			}
		}
	}
	unlisted, err := p.unlistedReferrers(ctx, x)
	if err != nil {
		return err
	}
	return p.markReferrers(ctx, append(referrers, unlisted...))
}

func (p *pruner) has(d digest.Digest) bool {
	_, ok := p.files[d]
	return ok
}

// need marks a manifest and all that it leads to.
func (p *pruner) need(ctx context.Context, root ocispec.Descriptor) error {
	queue := []mention{{root, p.roleOf(root)}}
	for len(queue) > 0 {
		m := queue[0]
		queue = queue[1:]
		if err := ctx.Err(); err != nil {
			return err
		}
		if known := p.roles[m.Digest]; known&m.role != 0 {
			continue
		}
		p.roles[m.Digest] |= m.role
		p.needed[m.Digest] = true
		more, err := p.follow(ctx, m)
		if err != nil {
			return err
		}
		queue = append(queue, more...)
	}
	return nil
}

// mention is something that is needed, and as what.
type mention struct {
	ocispec.Descriptor
	role role
}

// role is what something is for who needs it. One blob may be more than one: a
// layer of one artifact, of which nothing is known, and the manifest of another.
type role int

const (
	blobRole     role = 1 << iota // a config or layer, which leads nowhere
	manifestRole                  // what recap can read
	unknownRole                   // stands where manifests do, and is of a type that recap can't read
)

func (p *pruner) roleOf(desc ocispec.Descriptor) role {
	if recap.IsManifest(desc.MediaType) {
		return manifestRole
	}
	return unknownRole
}

// follows reports whether what a manifest leads to is marked.
func (p *pruner) follows(d digest.Digest) bool { return p.roles[d]&manifestRole != 0 }

// follow returns what m leads to.
func (p *pruner) follow(ctx context.Context, m mention) ([]mention, error) {
	switch m.role {
	case unknownRole:
		return p.mentioned(ctx, m.Descriptor)
	case manifestRole:
	default:
		return nil, nil
	}
	exists, err := p.store.Exists(ctx, m.Descriptor)
	if err == nil && !exists {
		err = p.store.noBlob(m.Digest)
	}
	var n *node
	if err == nil {
		n, err = p.store.node(ctx, m.Descriptor)
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if _, e := os.Lstat(p.store.dir.File(blob.Name(m.Digest))); errors.Is(e, fs.ErrNotExist) {
			return nil, nil // nobody knows what hung on it
		}
		return nil, recap.Errorf(recap.Integrity, "damaged", "layout %q: what manifest %s needs can't be known: it is damaged: %w", p.store.path, m.Digest, err).
			WithHint("recap store check --repair %s moves it away; push or copy the artifact there again, or delete its tags", p.store.path)
	}
	var more []mention
	for _, desc := range n.blobs {
		role := blobRole
		if recap.IsManifest(desc.MediaType) {
			role = manifestRole
		}
		more = append(more, mention{desc, role})
	}
	for _, desc := range n.members {
		more = append(more, mention{desc, p.roleOf(desc)})
	}
	return more, nil
}

// digestPattern matches what may be the name of a blob.
var digestPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}`) })

// mentioned returns the blobs whose digests stand somewhere in what recap can't
// read. They may mention more in their turn.
func (p *pruner) mentioned(ctx context.Context, desc ocispec.Descriptor) ([]mention, error) {
	file, ok := p.files[desc.Digest]
	if !ok || file.Size > recap.MaxManifestSize {
		return nil, nil
	}
	desc.Size = file.Size
	raw, err := p.store.readBlob(ctx, desc)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, recap.Errorf(recap.Integrity, "damaged", "layout %q: what %s needs can't be known: it is damaged: %w", p.store.path, desc.Digest, err).
			WithHint("recap store check --repair %s moves it away; push or copy the artifact there again, or delete its tags", p.store.path)
	}
	var more []mention
	for _, d := range digestPattern().FindAllString(string(raw), -1) {
		if found, ok := p.files[digest.Digest(d)]; ok {
			more = append(more, mention{ocispec.Descriptor{Digest: found.Digest, Size: found.Size}, unknownRole})
		}
	}
	return more, nil
}

// markReferrers marks the referrers of what is needed, until no more come.
func (p *pruner) markReferrers(ctx context.Context, referrers []*node) error {
	for more := true; more; {
		more = false
		for _, n := range referrers {
			if p.follows(n.desc.Digest) || !p.needed[n.subject] {
				continue
			}
			if err := p.need(ctx, n.desc); err != nil {
				return err
			}
			more = true
		}
	}
	return nil
}

// unlistedReferrers returns the manifests that [Store.Referrers] finds though
// nothing lists them.
func (p *pruner) unlistedReferrers(ctx context.Context, x *index.Index) ([]*node, error) {
	if len(p.files) > maxScanBlobs {
		return nil, nil
	}
	var found []*node
	for d, f := range p.files {
		if p.follows(d) || f.Size > maxScanSize || x.Lists(d) {
			continue
		}
		desc := ocispec.Descriptor{Digest: d, Size: f.Size}
		raw, err := p.store.readBlob(ctx, desc)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || !bytes.Contains(raw, []byte(`"subject"`)) {
			continue
		}
		desc.MediaType = sniffManifest(raw)
		if n, err := parseNode(desc, raw); err == nil && desc.MediaType != "" && n.subject != "" {
			found = append(found, n)
		}
	}
	return found, nil
}

// plan makes a list of what goes, manifests that are listed first.
func (p *pruner) plan(x *index.Index) (Pruned, map[digest.Digest]bool, error) {
	result := Pruned{Unlisted: []digest.Digest{}, Removed: []Removed{}}
	unlisted := make(map[digest.Digest]bool)
	for _, e := range x.Entries() {
		goes := e.Name() == "" && !p.needed[e.Digest] && !p.recent(e.Digest) && (p.opts.Untagged || p.has(e.Digest))
		if goes && !unlisted[e.Digest] {
			unlisted[e.Digest] = true
			result.Unlisted = append(result.Unlisted, e.Digest)
		}
	}
	for d, f := range p.files {
		switch {
		case p.needed[d]:
			result.Kept.add(f.Size)
		case p.recent(d):
			result.Spared.add(f.Size)
		default:
			result.Removed = append(result.Removed, f)
			result.Freed.add(f.Size)
		}
	}
	aside, err := p.held.Quarantined(p.opts.Before)
	if err != nil {
		return Pruned{}, nil, p.store.wrap(err)
	}
	for _, f := range aside {
		result.Removed = append(result.Removed, Removed{Path: f.Path, Size: f.Size, LastUsed: f.Since})
		result.Freed.add(f.Size)
	}
	order := func(f Removed) int {
		if unlisted[f.Digest] {
			return 0
		}
		return 1
	}
	slices.SortFunc(result.Removed, func(a, b Removed) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Path, b.Path))
	})
	slices.Sort(result.Unlisted)
	return result, unlisted, nil
}

// sweep does what plan says, and returns what was done.
func (p *pruner) sweep(ctx context.Context, plan Pruned, unlisted map[digest.Digest]bool) (result Pruned, err error) {
	s := p.store
	if len(unlisted) > 0 {
		if err := s.update(ctx, func(x *index.Index) (bool, error) { return x.Unlist(unlisted), nil }); err != nil {
			return Pruned{Unlisted: []digest.Digest{}, Removed: []Removed{}}, err
		}
	}
	result = plan
	result.Removed, result.Freed = []Removed{}, Amount{}
	dirs := make(map[string]bool)
	defer func() {
		for dir := range dirs {
			err = errors.Join(err, p.held.Sync(dir))
		}
	}()
	for _, f := range plan.Removed {
		if err := ctx.Err(); err != nil {
			return result, err
		}
		// Another tool, which knows no lock of ours, may have written it again.
		if info, err := p.held.Lstat(f.Path); f.Digest != "" && (err != nil || !info.ModTime().UTC().Equal(f.LastUsed)) {
			continue
		}
		if err := p.held.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return result, fmt.Errorf("pruning layout %q: %w", s.path, durable.Explain(err))
		}
		dirs[path.Dir(f.Path)] = true
		result.Removed = append(result.Removed, f)
		result.Freed.add(f.Size)
	}
	return result, nil
}
