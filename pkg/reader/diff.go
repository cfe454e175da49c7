// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"context"
	"sync/atomic"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// Changes says what it takes to get from A to B. Its JSON is described by the
// schema "diff". Every text in it is somebody else's, cut where it is long.
type Changes struct {
	// Same is true when they say the same: nothing below differs. The digests
	// may differ all the same, when one content was packaged in two ways.
	Same bool `json:"same"`

	A Side `json:"a"`
	B Side `json:"b"`

	Signers *SignerChange `json:"signers,omitempty"`

	// Of two packs.
	License  *ValueChange   `json:"license,omitempty"`
	Metadata []FieldChange  `json:"metadata,omitempty"`
	Members  *MemberChanges `json:"members,omitempty"`

	// Of two recaps; nil where they have the same digest.
	Recap *RecapChange `json:"recap,omitempty"`
}

// Side is one of the two that are compared.
type Side struct {
	Reference string        `json:"reference,omitempty"` // for whoever knows it to set
	Kind      artifact.Kind `json:"kind"`
	Name      string        `json:"name"` // of a pack; the slug of a recap
	Title     string        `json:"title,omitempty"`
	Version   string        `json:"version,omitempty"`
	Digest    digest.Digest `json:"digest"`
	Verdict   trust.Verdict `json:"verdict"`           // on what was admitted
	Signers   []Signer      `json:"signers,omitempty"` // whose signatures were found good
}

// Change is what became of something.
type Change string

// The changes.
const (
	Added   Change = "added"   // it is in B alone
	Removed Change = "removed" // it is in A alone
	Changed Change = "changed" // it is in both, and says something else
	Renamed Change = "renamed" // what it says is the same under another name
	Moved   Change = "moved"   // it is the same at another place among the others
)

// ValueChange is one value that is another now; empty where there is none.
type ValueChange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// FieldChange is one field of something that has another value now, written as
// people write values. It is empty where the field is absent.
type FieldChange struct {
	Field   string `json:"field"`             // its name, dotted where it lies within others
	Pointer string `json:"pointer,omitempty"` // JSON Pointer into the config of B, of A where B hasn't it
	From    string `json:"from"`
	To      string `json:"to"`
}

// MemberChanges are the changes to the recaps of a pack, each list in reading
// order: of B, and of A for those that B hasn't.
type MemberChanges struct {
	Added     []recap.PackMember `json:"added"`
	Removed   []recap.PackMember `json:"removed"`
	Changed   []RecapChange      `json:"changed"`
	Moved     []recap.PackMember `json:"moved,omitempty"` // read before or after others now
	Unchanged int                `json:"unchanged"`       // those with the same digest
}

// RecapChange is what changed within a recap. Nothing but From and To is set
// where one content was packaged in two ways.
type RecapChange struct {
	Slug  string        `json:"slug"`
	Title string        `json:"title"`
	From  digest.Digest `json:"from"` // of the bundle's manifest
	To    digest.Digest `json:"to"`

	License  *ValueChange    `json:"license,omitempty"`
	Metadata []FieldChange   `json:"metadata,omitempty"` // title, version, date, authors … and of its source
	Sections []SectionChange `json:"sections,omitempty"`
	Facts    []FactChange    `json:"facts,omitempty"`
	Files    []FileChange    `json:"files,omitempty"`

	// Unparsed says why the texts couldn't be compared section by section; that
	// they differ is in Files.
	Unparsed string `json:"unparsed,omitempty"`
}

// same reports whether nothing but the packaging changed.
func (c *RecapChange) same() bool {
	return c.License == nil && len(c.Metadata)+len(c.Sections)+len(c.Facts)+len(c.Files) == 0
}

// DiffOptions are the options of [Diff].
type DiffOptions struct {
	// Lines adds to each section that changed the lines that did.
	Lines bool
}

// maxChanges is how many changes are listed: configs are small, but five thousand
// members of somebody else's making have five thousand of them.
const maxChanges = 200_000

// diffAtOnce is how many members are compared side by side. Each holds two
// configs and two documents, which may be 4 MiB each.
const diffAtOnce = 8

// Diff returns what changed from a to b. Members of packs are told apart by their
// slugs; of those that have one digest, nothing is fetched, and neither is any file
// but the documents that differ. A recap beside a pack is compared with the
// pack's recap of its slug.
//
// The same two give the same answer, whatever order things arrive in.
//
// Errors are those of [Reader.Member] and [Reader.Document], and [recap.Unsafe]
// too-large for more changes than anybody could read.
func Diff(ctx context.Context, a, b *Reader, opts DiffOptions) (*Changes, error) {
	var err error
	switch {
	case a.pack != nil && b.pack == nil:
		a, err = a.Member(ctx, b.bundle.Recap.Slug)
	case a.pack == nil && b.pack != nil:
		b, err = b.Member(ctx, a.bundle.Recap.Slug)
	}
	if err != nil {
		return nil, err
	}
	d := &differ{opts: opts}
	c := &Changes{A: a.side(), B: b.side(), Signers: diffSigners(a.admitted.Report(), b.admitted.Report())}
	if a.pack != nil {
		err = d.packs(ctx, a, b, c)
	} else if a.Root().Digest != b.Root().Digest {
		c.Recap, err = d.recaps(ctx, a, b)
	}
	if err != nil {
		return nil, err
	}
	c.Same = c.Signers == nil && c.License == nil && len(c.Metadata) == 0 &&
		(c.Members == nil || c.Members.same()) && (c.Recap == nil || c.Recap.same())
	return c, nil
}

func (m *MemberChanges) same() bool {
	for i := range m.Changed {
		if !m.Changed[i].same() {
			return false
		}
	}
	return len(m.Added)+len(m.Removed)+len(m.Moved) == 0
}

func (r *Reader) side() Side {
	report := r.admitted.Report()
	s := Side{Kind: r.Kind(), Version: cut(r.Version()), Digest: r.Root().Digest, Verdict: report.Verdict, Signers: signers(report)}
	if r.pack != nil {
		s.Name, s.Title = r.pack.Meta.Name, cut(r.pack.Meta.Title)
	} else {
		s.Name, s.Title = r.bundle.Recap.Slug, cut(r.bundle.Recap.Title)
	}
	return s
}

// differ compares two readers.
type differ struct {
	opts  DiffOptions
	found atomic.Int64 // changes
}

// count refuses to go on past [maxChanges].
func (d *differ) count(n int) error {
	if d.found.Add(int64(n)) > maxChanges {
		return recap.Errorf(recap.Unsafe, "too-large", "comparing: more than %d changes, which nobody will read", maxChanges).
			WithHint("compare single recaps: recap show tells them apart")
	}
	return nil
}

// packs compares two packs.
func (d *differ) packs(ctx context.Context, a, b *Reader, c *Changes) error {
	c.Members = &MemberChanges{Added: []recap.PackMember{}, Removed: []recap.PackMember{}, Changed: []RecapChange{}}
	if a.Root().Digest == b.Root().Digest {
		c.Members.Unchanged = len(b.pack.Meta.Members)
		return nil
	}
	was, is, err := configs(a, b)
	if err != nil {
		return err
	}
	c.License = diffValue(a.pack.Meta.License, b.pack.Meta.License)
	c.Metadata = append(diffFields("", was, is, without("license", "members"), nil, nil),
		diffAnnotations(a.node(), b.node())...)
	if err := d.count(len(c.Metadata)); err != nil {
		return err
	}
	return d.members(ctx, a, b, c.Members)
}

// members tells the members of two packs apart and compares those that differ.
func (d *differ) members(ctx context.Context, a, b *Reader, m *MemberChanges) error {
	before := map[string]int{} // slug to place in a
	for i, row := range a.pack.Meta.Members {
		before[row.Slug] = i
	}
	var changed []recap.PackMember
	var kept []recap.PackMember // in both, in the order of b
	var places []int            // of those in a
	for _, row := range b.pack.Meta.Members {
		i, ok := before[row.Slug]
		if !ok {
			m.Added = append(m.Added, row)
			continue
		}
		kept, places = append(kept, row), append(places, i)
		if a.pack.Meta.Members[i].Digest == row.Digest {
			m.Unchanged++
		} else {
			changed = append(changed, row)
		}
		delete(before, row.Slug)
	}
	for _, row := range a.pack.Meta.Members {
		if _, gone := before[row.Slug]; gone {
			m.Removed = append(m.Removed, row)
		}
	}
	for _, i := range outOfOrder(places) {
		m.Moved = append(m.Moved, kept[i])
	}
	if err := d.count(len(m.Added) + len(m.Removed) + len(m.Moved) + len(changed)); err != nil {
		return err
	}
	m.Changed = make([]RecapChange, len(changed))
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(diffAtOnce)
	for i, row := range changed {
		group.Go(func() error {
			was, is, err := both(ctx, func(ctx context.Context, r *Reader) (*Reader, error) { return r.Member(ctx, row.Slug) }, a, b)
			if err != nil {
				return err
			}
			c, err := d.recaps(ctx, was, is)
			if err == nil {
				m.Changed[i] = *c
			}
			return err
		})
	}
	return group.Wait()
}

// both asks two readers the same, side by side.
func both[T any](ctx context.Context, ask func(context.Context, *Reader) (T, error), a, b *Reader) (ofA, ofB T, err error) {
	group, ctx := tasks.WithContext(ctx)
	group.Go(func() (err error) {
		ofA, err = ask(ctx, a)
		return err
	})
	group.Go(func() (err error) {
		ofB, err = ask(ctx, b)
		return err
	})
	err = group.Wait()
	return ofA, ofB, err
}
