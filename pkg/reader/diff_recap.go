// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"context"
	"errors"
	"slices"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// recaps compares two recaps whose digests differ.
func (d *differ) recaps(ctx context.Context, a, b *Reader) (*RecapChange, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	was, is, err := configs(a, b)
	if err != nil {
		return nil, err
	}
	c := &RecapChange{
		Slug: b.bundle.Recap.Slug, Title: cut(b.bundle.Recap.Title),
		From: a.Root().Digest, To: b.Root().Digest,
		License: diffValue(a.bundle.Recap.Facts.License, b.bundle.Recap.Facts.License),
		Files:   diffFiles(a.bundle.Recap.Files, b.bundle.Recap.Files),
	}
	ofA, ofB := collect(a.bundle.Recap, was), collect(b.bundle.Recap, is)
	c.Metadata = diffMetadata(a, b, ofA, ofB)
	c.Facts = diffFacts(ofA, ofB)
	if slices.ContainsFunc(c.Files, isDocument) {
		if err := d.sections(ctx, a, b, c); err != nil {
			return nil, err
		}
	}
	lines := 0
	for _, s := range c.Sections {
		lines += len(s.Lines)
	}
	return c, d.count(len(c.Metadata) + len(c.Facts) + len(c.Files) + len(c.Sections) + lines)
}

func isDocument(f FileChange) bool { return f.Path == recap.DocumentPath }

// sections compares the texts of two recaps, which differ.
func (d *differ) sections(ctx context.Context, a, b *Reader, c *RecapChange) error {
	was, is, err := both(ctx, func(ctx context.Context, r *Reader) (*document.Document, error) { return r.Parse(ctx) }, a, b)
	var refused *document.Error
	switch {
	case errors.As(err, &refused): // somebody's text is too much for a parser; it can be shown all the same
		c.Unparsed = cut(err.Error())
		return nil
	case err != nil:
		return err
	}
	c.Sections = diffSections(was, is, d.opts.Lines)
	return nil
}

// diffMetadata compares what a recap says of itself: not its facts, licence and
// files, which have lists of their own.
func diffMetadata(a, b *Reader, was, is *collection) []FieldChange {
	changes := diffFields("", was.config, is.config, without("recap", "files"), was.name, is.name)
	if from, to := a.Version(), b.Version(); from != to && !a.unversioned() && !b.unversioned() {
		changes = append(changes, FieldChange{Field: "version", From: cut(from), To: cut(to)})
	}
	below, _ := was.config["recap"].(object)
	above, _ := is.config["recap"].(object)
	changes = append(changes, diffFields("/recap", below, above, without(append(factLists(), "license")...), was.name, is.name)...)
	return append(changes, diffAnnotations(a.node(), b.node())...)
}

// unversioned reports whether r was built here and has no version: one's own
// recap gets it when it is pushed.
func (r *Reader) unversioned() bool {
	return r.Version() == "" && r.admitted.Report().Verdict == trust.VerdictOwnSource
}
