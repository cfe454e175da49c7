// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/pack/lock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// Resolve opens the bundle that ref leads to now, once somebody the caller trusts
// vouches for it. ref is as in pack.yaml without oci://. pin is what pack.lock
// says it led to before, empty where it says nothing or isn't asked: who can't
// find out where a tag leads, being offline, may return that bundle.
//
// It is called for several references at once. Its errors are passed on with the
// reference and its line.
type Resolve func(ctx context.Context, ref string, pin digest.Digest) (Resolved, error)

// Resolved is what a reference leads to.
type Resolved struct {
	Member  artifact.Member
	Signers []string // who vouched for it, in words, for pack.lock
}

// Options are the choices of [Build] and [Check].
type Options struct {
	// Version takes the place of pack.yaml's, without a leading v. Default: that
	// of pack.yaml, and without one nothing is built.
	Version string

	// Level is what findings are held to. Default: rule.LevelValid.
	Level rule.Level

	// Frozen refuses what differs from pack.lock, and a pack without one.
	Frozen bool

	// Renew takes references for what they lead to now, whatever pack.lock says.
	Renew bool

	// Draft takes members that say draft: true.
	Draft bool

	// MaxFileSize is the most bytes that one file may have. Default:
	// recap.MaxFileSize.
	MaxFileSize int64

	// Form is how the pack and its members write types down. The lock is the
	// same in all of them. Default: artifact.FormOCI.
	Form artifact.Form

	// Annotations of the index beside those that pack.yaml states; see
	// [artifact.CheckAnnotation]. Members get none of them.
	Annotations map[string]string

	// SourceDateEpoch is the creation time of members, and of a pack, that state
	// none.
	SourceDateEpoch *time.Time
}

// Built is what came of a pack.
type Built struct {
	File        *File           // nil where pack.yaml can't be understood
	Graph       *artifact.Graph // nil where the error isn't
	Lock        *lock.Lock      // what to write to pack.lock; nil with Graph
	LockChanged bool            // it says something else than the pack.lock that is there
	Problems    []recap.Problem // ordered by place; paths are relative to pack.yaml
}

// Build makes the graph of the pack in fsys, the directory of a pack.yaml, and its
// lock. fsys must keep to what [source.Load] asks of it. resolve may be nil where
// no member is a reference.
//
// Where it fails the result holds what was found until then, so that every problem
// can be shown; it is nil only where pack.yaml can't be read at all. Nothing is
// written.
//
// Errors: those of [Load] and [lock.Parse]; recap.Negative with code check-failed
// when problems count at the level; recap.Unsafe, with the code of [source.Load],
// for a member that must not be packed at any level; recap.Stale with codes
// lock-of-another-pack and reference-moved, and with Frozen no-lock and
// lock-drift; recap.Usage with codes no-version, no-resolver and
// frozen-and-renew, and other-form for a reference to what isn't in the form of the
// pack; those of
// resolve, nested-pack for a pack that it opens; and those of
// [artifact.BuildBundle] and [artifact.BuildPack].
func Build(ctx context.Context, fsys fs.FS, resolve Resolve, opts Options) (*Built, error) {
	b := &builder{fsys: fsys, resolve: resolve, opts: opts}
	if err := b.read(); err != nil {
		if b.file == nil && b.problems == nil {
			return nil, err
		}
		return b.result(), err
	}
	built, err := b.build(ctx)
	if built == nil {
		built = b.result()
	}
	return built, err
}

func (b *builder) build(ctx context.Context) (*Built, error) {
	pack := b.file.Pack
	switch {
	case b.opts.Frozen && b.opts.Renew:
		return nil, recap.Errorf(recap.Usage, "frozen-and-renew", "a frozen pack can't take references as they are now").WithHint("leave out --frozen or --renew")
	case pack.Version == "":
		return nil, recap.Errorf(recap.Usage, "no-version", "pack %s has no version", pack.Name).
			WithHint("add version: 1.0.0 to %s, or --version 1.0.0", FileName)
	case b.opts.Frozen && b.lock == nil:
		return nil, recap.Errorf(recap.Stale, "no-lock", "pack %s has no %s to be frozen by", pack.Name, lock.FileName).
			WithHint("build it without --frozen, and commit %s", lock.FileName)
	}
	if err := recap.CheckVersion(pack.Version); err != nil {
		return nil, err
	}
	for _, e := range b.file.Members {
		if e.Kind == EntryReference && b.resolve == nil {
			return nil, recap.Errorf(recap.Usage, "no-resolver", "member %q (%s:%d) can't be opened here", e.Text, FileName, e.Line)
		}
	}
	if err := b.loadMembers(ctx); err != nil {
		return nil, err
	}
	b.check()
	if err := b.moved(); err != nil {
		return nil, err
	}
	if err := b.stopped(); err != nil {
		return nil, err
	}
	now := b.newLock()
	if b.opts.Frozen {
		if err := b.lock.Drift(now); err != nil {
			return nil, err
		}
	}
	parts := b.parts()
	c, err := b.derive(ctx, parts)
	if err != nil {
		return nil, fmt.Errorf("pack %s: %w", pack.Name, err)
	}
	if err := b.stopped(); err != nil {
		return nil, err
	}
	graph, err := artifact.BuildPack(ctx, pack, parts, c.Views, artifact.PackOptions{
		SourceDateEpoch: b.opts.SourceDateEpoch, Form: b.opts.Form, Annotations: b.opts.Annotations,
	})
	if err != nil {
		return nil, err
	}
	if err := b.checkSize(graph); err != nil {
		return nil, err
	}
	built := b.result()
	built.Graph, built.Lock = graph, now
	built.LockChanged = b.lock == nil || !b.lock.Equal(now)
	return built, nil
}

// Check finds what is wrong with the pack in fsys and its members. Members by
// reference are not opened, and so nothing is said about them. The result has
// neither Graph nor Lock.
//
// Errors are about what can't be read; whether a problem counts is for the caller
// to see, with report.Of.
func Check(ctx context.Context, fsys fs.FS, opts Options) (*Built, error) {
	b := &builder{fsys: fsys, opts: opts}
	if err := b.read(); err != nil {
		if b.file == nil && b.problems != nil {
			return b.result(), nil
		}
		return nil, err
	}
	if err := b.loadMembers(ctx); err != nil {
		return nil, err
	}
	b.check()
	if _, err := b.derive(ctx, b.parts()); err != nil {
		return nil, fmt.Errorf("pack %s: %w", b.file.Pack.Name, err)
	}
	return b.result(), nil
}
