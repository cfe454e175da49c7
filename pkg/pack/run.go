// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/pack/internal/near"
	"github.com/recap-oci/recap/pkg/pack/lock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// builder is one run of Build or Check.
type builder struct {
	fsys    fs.FS
	resolve Resolve
	opts    Options

	file     *File
	root     *tree.Node // of pack.yaml
	names    *recap.Glossary
	knows    func(ref string) bool
	asked    map[string][]string // ids that aliases name, by slug
	lock     *lock.Lock          // that is there; nil for none
	pins     map[string]digest.Digest
	members  []*member
	problems []recap.Problem
}

// read reads pack.yaml and pack.lock.
func (b *builder) read() error {
	if b.opts.Level == "" {
		b.opts.Level = rule.LevelValid
	}
	file, root, problems, err := load(b.fsys)
	if err != nil {
		return err
	}
	b.problems = problems
	if file == nil {
		return b.stopped()
	}
	pack := *file.Pack
	if b.opts.Version != "" {
		pack.Version = b.opts.Version
	}
	file.Pack = &pack
	b.file, b.root, b.names, b.knows = file, root, pack.Glossary(), knows(&pack)
	b.asked = map[string][]string{}
	for _, kind := range kindsOfAliases(&pack.Aliases) {
		for _, others := range *kind.to {
			for _, alias := range others {
				if slug, id, ok := strings.Cut(alias, "#"); ok {
					b.asked[slug] = append(b.asked[slug], id)
				}
			}
		}
	}
	return b.readLock()
}

// readLock reads the pack.lock that is there.
func (b *builder) readLock() error {
	raw, err := readFile(b.fsys, lock.FileName, lock.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if b.lock, err = lock.Parse(raw); err != nil {
		return err
	}
	if b.lock.Pack.Name != b.file.Pack.Name {
		return recap.Errorf(recap.Stale, "lock-of-another-pack", "%s is that of pack %s, not of %s", lock.FileName, b.lock.Pack.Name, b.file.Pack.Name).
			WithHint("restore the right one; or, if the pack was renamed, delete %s and build again", lock.FileName)
	}
	b.pins = map[string]digest.Digest{}
	for _, m := range b.lock.Members {
		b.pins[m.Ref] = digest.Digest(m.Digest)
	}
	return nil
}

// loadMembers finds and reads the members, several at a time, in reading order.
func (b *builder) loadMembers(ctx context.Context) error {
	list, problems, err := find(b.fsys, b.file.Members)
	if err != nil {
		return err
	}
	b.problems = append(b.problems, problems...)
	members, failed := make([]*member, len(list)), make([]error, len(list))
	group, ctx := tasks.WithContext(ctx)
	group.SetLimit(min(max(runtime.GOMAXPROCS(0), 4), 8)) // documents are held in memory meanwhile
	for i, f := range list {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				failed[i] = err
				return err
			}
			read := b.load
			if f.entry.Kind == EntryReference {
				read = b.open
			}
			members[i], failed[i] = read(ctx, f)
			return failed[i]
		})
	}
	if err := group.Wait(); err != nil {
		// The first in reading order, not by the clock; and no cancelled neighbour.
		for _, f := range failed {
			if f != nil && !errors.Is(f, context.Canceled) {
				return f
			}
		}
		return err
	}
	b.members = members
	return nil
}

// check looks at the members beside one another.
func (b *builder) check() {
	b.checkSlugs()
	b.checkAliases()
	for _, m := range b.members {
		b.problems = append(b.problems, m.problems...)
	}
	b.problems = append(b.problems, near.Find(b.named())...)
}

// stopped returns nil when no problem counts.
func (b *builder) stopped() error {
	for _, m := range b.members {
		if m.refusal != nil {
			return fmt.Errorf("member %s: %w", m.name, m.refusal)
		}
	}
	n := len(rule.Counted(b.problems, b.opts.Level))
	if n == 0 {
		return nil
	}
	return recap.Errorf(recap.Negative, "check-failed", "%d of the %d problems of the pack count at level %s", n, len(b.problems), b.opts.Level).
		WithHint("mend what recap check lists")
}

// result returns what was found so far.
func (b *builder) result() *Built {
	recap.SortProblems(b.problems)
	b.problems = slices.Compact(b.problems)
	// What counts comes first into what is listed.
	counted, listed := 0, b.problems
	if len(listed) > 2*maxProblems {
		listed = nil
		rest := 0
		for _, p := range b.problems {
			switch {
			case isError(p) && counted < maxProblems:
				counted++
				listed = append(listed, p)
			case !isError(p) && rest < maxProblems:
				rest++
				listed = append(listed, p)
			}
		}
	}
	return &Built{File: b.file, Problems: listed}
}

// moved returns an error when references no longer lead to what the lock says.
func (b *builder) moved() error {
	var named []string
	var first string // of them, before and now
	for _, m := range b.members {
		if m.moved != "" {
			if first == "" {
				first = fmt.Sprintf("%s@%s %s", m.name, b.pins[m.name], m.name)
			}
			named = append(named, fmt.Sprintf("%s is %s now, and %s in %s", m.name, m.moved, b.pins[m.name], lock.FileName))
		}
	}
	if len(named) == 0 {
		return nil
	}
	return recap.Errorf(recap.Stale, "reference-moved", "%s", words.Several(named)).
		WithHint("look at what changed: recap diff %s; then take it as it is now with --renew, or name the digest in %s", first, FileName)
}

// parts returns the members that can be a part of the pack.
func (b *builder) parts() []artifact.Member {
	var parts []artifact.Member
	for _, m := range b.members {
		if m.built {
			parts = append(parts, m.bundle)
		}
	}
	return parts
}

// derive makes the catalog, and checks what it shows.
func (b *builder) derive(ctx context.Context, parts []artifact.Member) (*catalog.Catalog, error) {
	c, err := catalog.Build(ctx, b.file.Pack, parts)
	if err != nil {
		return nil, err
	}
	b.checkConflicts(c.Conflicts)
	return c, nil
}

// isDocument reports whether a member is a single file.
func isDocument(fsys fs.FS, name string) bool {
	info, err := fs.Lstat(fsys, name)
	return err == nil && !info.IsDir() && path.Ext(name) != ""
}

// named returns what the members name.
func (b *builder) named() []near.Member {
	list := make([]near.Member, len(b.members))
	for i, m := range b.members {
		list[i] = near.Member{Document: m.document, Names: m.names}
	}
	return list
}

// newLock returns what the pack is made from.
func (b *builder) newLock() *lock.Lock {
	l := &lock.Lock{
		LockVersion: lock.Version,
		Pack:        lock.Pack{Name: b.file.Pack.Name, Digest: b.file.Digest.String()},
		Members:     make([]lock.Member, 0, len(b.members)),
	}
	for _, m := range b.members {
		l.Members = append(l.Members, m.locked)
	}
	return l
}
