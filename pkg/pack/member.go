// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/pack/internal/near"
	"github.com/recap-oci/recap/pkg/pack/lock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
	"github.com/recap-oci/recap/pkg/spdx"
)

// member is what is kept of a member: not the text, not the facts.
type member struct {
	found
	slug     string
	document string // where problems with it are, below pack.yaml; FileName for a reference
	bundle   artifact.Member
	built    bool // bundle can be a part of the pack
	skipped  bool // a reference that nobody opened
	moved    digest.Digest
	names    near.Names
	ids      []string // of the things that aliases name
	locked   lock.Member
	problems []recap.Problem
	refusal  error // why it must not be packed at any level
}

// maxMemberProblems is how many errors and how many warnings of one member are
// kept: a pack has thousands of members.
const maxMemberProblems = 100

// fail adds an error about the member as a whole.
func (m *member) fail(rule, mend, format string, args ...any) {
	p := recap.Problem{Path: m.document, Severity: recap.SeverityError, Rule: rule, Message: fmt.Sprintf(format, args...), Mend: mend}
	if m.entry.Kind == EntryReference {
		p.Line, p.Col = m.entry.Line, m.entry.Col
	}
	m.problems = append(m.problems, p)
}

// load reads and builds a member that is a path.
func (b *builder) load(ctx context.Context, f found) (*member, error) {
	m := &member{found: f, document: f.name}
	src, problems, err := source.Load(b.fsys, f.name, source.Options{
		MaxFileSize: b.opts.MaxFileSize, Originals: b.fsys, Names: b.knows,
	})
	if err != nil {
		return m, m.unreadable(err)
	}
	if !isDocument(b.fsys, f.name) {
		m.document = path.Join(f.name, recap.DocumentPath)
	}
	m.problems = b.mind(problems)
	m.slug = src.Recap.Slug
	m.refusal = refusal(src)
	if src.Recap.Draft && !b.opts.Draft {
		m.fail(rule.Member, "finish it, take it out of members, or add --draft", "%s says draft: true", m.slug)
	}
	b.require(m, src.Recap)
	b.note(m, src.Recap)
	if len(rule.Counted(m.problems, rule.LevelValid)) > 0 {
		return m, nil
	}
	graph, err := artifact.BuildBundle(ctx, src.Recap, src.Files, artifact.BuildOptions{
		MaxFileSize: b.opts.MaxFileSize, SourceDateEpoch: b.opts.SourceDateEpoch, Form: b.opts.Form,
	})
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", f.name, err)
	}
	m.keep(graph.Member(), graph.Recap())
	return m, nil
}

// refusal returns why a member must not be packed at any level, or nil.
func refusal(src *source.Source) error {
	err := src.Err(rule.LevelValid)
	if errors.Is(err, recap.Unsafe) {
		return err
	}
	return nil
}

// unreadable makes a problem of what stops a member from being read, if the author
// can mend it; otherwise it returns err.
func (m *member) unreadable(err error) error {
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind == recap.Local {
		return err
	}
	mend := e.Hint
	if mend == "" {
		mend = "mend the entry under members, or take it out"
	}
	m.fail(rule.Member, mend, "%s", e.Error())
	return nil
}

// keep makes the member a part of the pack, and notes what the lock says of it.
func (m *member) keep(bundle artifact.Member, r *recap.Recap) {
	m.bundle, m.built, m.slug = bundle, true, r.Slug
	root := bundle.Native() // files are the same in every form, and so is their lock
	m.locked = lock.Member{
		Name: r.Slug, Ref: m.name, Digest: root.Digest.String(), Size: root.Size, MediaType: root.MediaType,
		License: r.Facts.License, Files: make([]lock.File, 0, len(r.Files)),
	}
	if s := r.Facts.Source; s != nil && s.Digest != "" {
		m.locked.Source = &lock.Source{Digest: s.Digest}
	}
	for _, f := range r.Files {
		m.locked.Files = append(m.locked.Files, lock.File{Path: f.Path, Digest: f.Digest, Size: f.Size})
	}
}

// open opens a member that is a reference.
func (b *builder) open(ctx context.Context, f found) (*member, error) {
	m := &member{found: f, document: FileName}
	if b.resolve == nil {
		m.skipped = true
		return m, nil
	}
	pin := b.pins[f.name]
	if b.opts.Renew {
		pin = ""
	}
	fail := func(err error) (*member, error) {
		if e := (*recap.Error)(nil); errors.As(err, &e) && e.Code == "wrong-kind" {
			return nil, recap.Errorf(e.Kind, "nested-pack", "member %q (%s:%d): %w", f.entry.Text, FileName, f.entry.Line, err).
				WithHint("a pack holds recaps only: list those of that pack")
		}
		return nil, fmt.Errorf("member %q (%s:%d): %w", f.entry.Text, FileName, f.entry.Line, err)
	}
	resolved, err := b.resolve(ctx, f.name, pin)
	if err != nil {
		return fail(err)
	}
	root := resolved.Member.Root()
	if root.Digest == "" {
		return fail(recap.Errorf(recap.Usage, "bad-member", "nothing was opened"))
	}
	if _, want, ok := strings.Cut(f.name, "@"); ok && want != root.Digest.String() {
		return fail(recap.Errorf(recap.Integrity, "digest-mismatch", "what was opened is %s", root.Digest))
	}
	if pin != "" && root.Digest != pin {
		m.moved = root.Digest
		return m, nil
	}
	if err := resolved.Member.CheckForm(b.opts.Form); err != nil {
		return fail(err)
	}
	bundle, err := resolved.Member.Open(ctx)
	if err != nil {
		return fail(err)
	}
	r := bundle.Recap
	m.slug = r.Slug
	if r.Draft && !b.opts.Draft {
		m.fail(rule.Member, "take it out of members, or add --draft", "%s says draft: true", m.slug)
	}
	b.require(m, r)
	if b.file.Checks.RequireAlt {
		if err := b.requireAlt(ctx, m, resolved.Member, bundle); err != nil {
			return fail(err)
		}
	}
	b.note(m, r)
	m.keep(resolved.Member, r)
	m.locked.Signers = resolved.Signers
	return m, nil
}

// note keeps what the member calls things.
func (b *builder) note(m *member, r *recap.Recap) {
	m.names = near.NamesOf(r, b.names)
	for _, id := range b.asked[r.Slug] {
		if target, ok := r.Resolve(id); ok && target.ID == id {
			m.ids = append(m.ids, id)
		}
	}
}

// has reports whether something in the member has an id that an alias names.
func (m *member) has(id string) bool { return slices.Contains(m.ids, id) }

// mind adapts what was found in a member to what the pack says.
func (b *builder) mind(problems []recap.Problem) []recap.Problem {
	var kept []recap.Problem
	count := map[recap.Severity]int{}
	for _, p := range problems {
		switch {
		case p.Rule == rule.NoLicense && b.file.Pack.Defaults.License != "":
			continue // it has that one
		case p.Rule == rule.Alt && b.file.Checks.RequireAlt:
			p.Rule, p.Severity = rule.PackCheck, recap.SeverityError
			p.Message += "; " + FileName + " requires one"
		}
		if count[p.Severity]++; count[p.Severity] <= maxMemberProblems {
			kept = append(kept, p)
		}
	}
	return kept
}

// require applies the checks of the pack that the metadata answers.
func (b *builder) require(m *member, r *recap.Recap) {
	if !b.file.Checks.RequireLicense {
		return
	}
	expr := r.Facts.License
	if expr == "" {
		expr = b.file.Pack.Defaults.License
	}
	license, err := spdx.Parse(expr)
	switch {
	case expr == "":
		m.fail(rule.PackCheck, "add license: with an SPDX id", "%s has no licence; %s requires one", m.slug, FileName)
	case err == nil && (license.NoAssertion || license.None):
		m.fail(rule.PackCheck, "name the licence under which others may use the text",
			"the licence of %s is %s, which allows nobody to use it; %s requires one", m.slug, license.Expression, FileName)
	}
}

// requireAlt looks for images without alternative text in a bundle that is
// there already.
func (b *builder) requireAlt(ctx context.Context, m *member, src artifact.Member, bundle *artifact.Bundle) error {
	described := map[string]bool{}
	for _, media := range bundle.Recap.Facts.Media {
		described[media.Src] = media.Alt != ""
	}
	for _, f := range rule.Check(bundle.Recap) {
		if f.Rule == rule.Alt {
			m.fail(rule.PackCheck, "mend it where it is published", "%s: %s; %s requires one", m.slug, f.Message, FileName)
		}
	}
	read, err := catalog.ReadSource(ctx, src, bundle, b.file.Pack, b.names)
	if err != nil {
		return err
	}
	for _, link := range read.Document.Links {
		if link.Image && strings.TrimSpace(link.Text) == "" && !described[path.Clean(link.Dest)] {
			m.fail(rule.PackCheck, "mend it where it is published",
				"%s: the image %q in line %d has no alternative text; %s requires one", m.slug, recap.Printable(link.Dest), link.Line, FileName)
		}
	}
	return nil
}
