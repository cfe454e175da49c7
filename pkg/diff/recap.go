// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"context"
	"errors"
	"slices"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// recaps compares two recaps whose digests differ.
func (d *differ) recaps(ctx context.Context, a, b *reader.Reader) (*RecapChange, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	was, is, err := configs(a, b)
	if err != nil {
		return nil, err
	}
	c := &RecapChange{
		Slug: b.Recap().Slug, Title: cut(b.Recap().Title),
		From: a.Root().Digest, To: b.Root().Digest,
		License: compareValue(a.Recap().Facts.License, b.Recap().Facts.License),
		Files:   compareFiles(a.Recap().Files, b.Recap().Files),
	}
	ofA, ofB := collect(a.Recap(), was), collect(b.Recap(), is)
	c.Metadata = compareMetadata(a, b, ofA, ofB)
	c.Facts = compareFacts(ofA, ofB)
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
func (d *differ) sections(ctx context.Context, a, b *reader.Reader, c *RecapChange) error {
	was, is, err := both(ctx, func(ctx context.Context, r *reader.Reader) (*document.Document, error) { return r.Parse(ctx) }, a, b)
	var refused *document.Error
	switch {
	case errors.As(err, &refused): // somebody's text is too much for a parser; it can be shown all the same
		c.Unparsed = cut(err.Error())
		return nil
	case err != nil:
		return err
	}
	c.Sections = compareSections(was, is, d.opts.Lines)
	return nil
}

// compareMetadata compares what a recap says of itself: not its facts, licence and
// files, which have lists of their own.
func compareMetadata(a, b *reader.Reader, was, is *collection) []FieldChange {
	changes := compareFields("", was.config, is.config, without("recap", "files"), was.name, is.name)
	if from, to := a.Version(), b.Version(); from != to && !unversioned(a) && !unversioned(b) {
		changes = append(changes, FieldChange{Field: "version", From: cut(from), To: cut(to)})
	}
	below, _ := was.config["recap"].(object)
	above, _ := is.config["recap"].(object)
	changes = append(changes, compareFields("/recap", below, above, without(append(factLists(), "license")...), was.name, is.name)...)
	return append(changes, compareAnnotations(a.Annotations(), b.Annotations())...)
}

// unversioned reports whether r was built here and has no version: one's own
// recap gets it when it is pushed.
func unversioned(r *reader.Reader) bool {
	return r.Version() == "" && r.Admitted().Report().Verdict == trust.VerdictOwnSource
}
