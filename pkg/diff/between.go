// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"context"
	"sync/atomic"

	"github.com/recap-oci/recap/pkg/diff/internal/align"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
)

// Options are the options of [Between].
type Options struct {
	// Lines adds to each section that changed the lines that did.
	Lines bool
}

// maxChanges is how many changes are listed: configs are small, but five thousand
// members of somebody else's making have five thousand of them.
const maxChanges = 200_000

// atOnce is how many members are compared side by side. Each holds two
// configs and two documents, which may be 4 MiB each.
const atOnce = 8

// Between returns what changed from a to b. Members of packs are told apart by their
// slugs; of those that have one digest, nothing is fetched, and neither is any file
// but the documents that differ. A recap beside a pack is compared with the
// pack's recap of its slug.
//
// The same two give the same answer, whatever order things arrive in.
//
// Errors are those of [reader.Reader.Member] and [reader.Reader.Document], and [recap.Unsafe]
// too-large for more changes than anybody could read.
func Between(ctx context.Context, a, b *reader.Reader, opts Options) (*Changes, error) {
	var err error
	switch {
	case a.Pack() != nil && b.Pack() == nil:
		a, err = a.Member(ctx, b.Recap().Slug)
	case a.Pack() == nil && b.Pack() != nil:
		b, err = b.Member(ctx, a.Recap().Slug)
	}
	if err != nil {
		return nil, err
	}
	d := &differ{opts: opts}
	c := &Changes{A: side(a), B: side(b), Signers: compareSigners(a.Admitted().Report(), b.Admitted().Report())}
	if a.Pack() != nil {
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

func side(r *reader.Reader) Side {
	report := r.Admitted().Report()
	s := Side{Kind: r.Kind(), Version: cut(r.Version()), Digest: r.Root().Digest, Verdict: report.Verdict, Signers: signers(report)}
	if r.Pack() != nil {
		s.Name, s.Title = r.Pack().Name, cut(r.Pack().Title)
	} else {
		s.Name, s.Title = r.Recap().Slug, cut(r.Recap().Title)
	}
	return s
}

// differ compares two readers.
type differ struct {
	opts  Options
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
func (d *differ) packs(ctx context.Context, a, b *reader.Reader, c *Changes) error {
	c.Members = &MemberChanges{Added: []recap.PackMember{}, Removed: []recap.PackMember{}, Changed: []RecapChange{}}
	if a.Root().Digest == b.Root().Digest {
		c.Members.Unchanged = len(b.Pack().Members)
		return nil
	}
	was, is, err := configs(a, b)
	if err != nil {
		return err
	}
	c.License = compareValue(a.Pack().License, b.Pack().License)
	c.Metadata = append(compareFields("", was, is, without("license", "members"), nil, nil),
		compareAnnotations(a.Annotations(), b.Annotations())...)
	if err := d.count(len(c.Metadata)); err != nil {
		return err
	}
	return d.members(ctx, a, b, c.Members)
}

// members tells the members of two packs apart and compares those that differ.
func (d *differ) members(ctx context.Context, a, b *reader.Reader, m *MemberChanges) error {
	before := map[string]int{} // slug to place in a
	for i, row := range a.Pack().Members {
		before[row.Slug] = i
	}
	var changed []recap.PackMember
	var kept []recap.PackMember // in both, in the order of b
	var places []int            // of those in a
	for _, row := range b.Pack().Members {
		i, ok := before[row.Slug]
		if !ok {
			m.Added = append(m.Added, row)
			continue
		}
		kept, places = append(kept, row), append(places, i)
		if a.Pack().Members[i].Digest == row.Digest {
			m.Unchanged++
		} else {
			changed = append(changed, row)
		}
		delete(before, row.Slug)
	}
	for _, row := range a.Pack().Members {
		if _, gone := before[row.Slug]; gone {
			m.Removed = append(m.Removed, row)
		}
	}
	for _, i := range align.OutOfOrder(places) {
		m.Moved = append(m.Moved, kept[i])
	}
	if err := d.count(len(m.Added) + len(m.Removed) + len(m.Moved) + len(changed)); err != nil {
		return err
	}
	m.Changed = make([]RecapChange, len(changed))
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, row := range changed {
		group.Go(func() error {
			was, is, err := both(ctx, func(ctx context.Context, r *reader.Reader) (*reader.Reader, error) { return r.Member(ctx, row.Slug) }, a, b)
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
func both[T any](ctx context.Context, ask func(context.Context, *reader.Reader) (T, error), a, b *reader.Reader) (ofA, ofB T, err error) {
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
