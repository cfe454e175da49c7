// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/scope"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
)

// remember holds a root that the rule's authorities vouch for against what was
// admitted before, and remembers it. Of the root, which the source of a pull
// still has in hand, nothing more is fetched; of a pack the catalog's manifest
// and config are, since only they say what it is called.
//
// Nothing is remembered, and nothing refused, for a root that somebody named by
// its digest. Of layouts, and without a ratchet, nothing is remembered either,
// and refused only is a tag that spells another version. Under a rule that only
// warns, what would be refused is a warning. What isn't recap's has no version
// that counts. The error is a *[RefusedError] when the root is refused.
func (g *Gate) remember(ctx context.Context, sighted *sighting, rule policy.Rule, req Request, report *Report) error {
	repository := rule.Repository(req.Name)
	memory := g.remembering(repository)
	var s ratchet.Sighting // of which nothing is to be said
	if sighted.wanted {
		var err error
		if s, err = sighted.wait(ctx); err != nil {
			return err
		}
	}
	s.Repository, s.Tag = repository, req.Tag
	s.Authorities, s.Signers, s.SignedAt = report.Authorities, report.signers(), report.signedAt()
	var err error
	if rule.Mode == policy.Warn {
		report.Rollback, err = memory.Check(ctx, s)
		if err != nil {
			report.Rollback.State, report.Rollback.Warning = ratchet.Off, err.Error()
		}
		return ctx.Err()
	}
	if report.Rollback, err = memory.Advance(ctx, s); errors.Is(err, recap.Stale) {
		report.Rollback.State = ratchet.Refused
		return report.refuse(err)
	}
	return err
}

// remembering returns what remembers repository: nothing, in a ratchet of no
// files, where there is no ratchet and for layouts. What they hold is up to who
// owns the directory, and another may be called the same tomorrow.
func (g *Gate) remembering(repository string) *ratchet.Ratchet {
	if g.ratchet == nil || strings.HasPrefix(repository, scope.Layout) {
		return &ratchet.Ratchet{}
	}
	return g.ratchet
}

// sighting is what a root says it is, being read.
type sighting struct {
	wanted bool // by the ratchet, or by a tag that spells a version
	cancel context.CancelFunc
	task   *tasks.Task[seen] // nil: not wanted
}

type seen struct {
	s   ratchet.Sighting
	err error
}

// startSight begins to read what the ratchet will have to know of the root, so
// that it doesn't take longer than the signatures. Nothing is made of it, and
// no error either, before they count.
func (g *Gate) startSight(ctx context.Context, src content.Fetcher, rule policy.Rule, req Request) *sighting {
	ctx, cancel := context.WithCancel(ctx)
	t := &sighting{cancel: cancel, wanted: g.remembering(rule.Repository(req.Name)).Wants(req.Tag)}
	if t.wanted {
		t.task = tasks.Start(func() seen {
			s, err := sight(ctx, src, req.Root)
			return seen{s, err}
		})
	}
	return t
}

func (t *sighting) wait(ctx context.Context) (ratchet.Sighting, error) {
	select {
	case <-t.task.Done():
		found := t.task.Wait()
		return found.s, found.err
	case <-ctx.Done():
		return ratchet.Sighting{}, ctx.Err()
	}
}

// stop gives up what is still being read, and waits for its end: src is the
// caller's again.
func (t *sighting) stop() {
	t.cancel()
	if t.task != nil {
		<-t.task.Done()
	}
}

// sight reads what root says it is.
func sight(ctx context.Context, src content.Fetcher, root ocispec.Descriptor) (ratchet.Sighting, error) {
	node, err := artifact.FetchNode(ctx, src, root)
	if err != nil {
		return ratchet.Sighting{}, err
	}
	s := ratchet.Sighting{Kind: node.Kind(), Digest: root.Digest}
	switch version := node.Annotations()[ocispec.AnnotationVersion]; s.Kind {
	case artifact.KindBundle:
		// That the config calls it the same is seen to when it is opened.
		s.Name, _, _ = strings.Cut(node.Manifest.Layers[0].Annotations[ocispec.AnnotationTitle], "/")
		s.Version = version
	case artifact.KindPack:
		// The index is in hand; its catalog alone says what it is called.
		pack, err := artifact.OpenPack(ctx, src, root)
		if err != nil {
			return s, err
		}
		s.Name, s.Version = pack.Meta.Name, pack.Meta.Version
	}
	return s, nil
}

// signers says in words who made the signatures that count.
func (report *Report) signers() []string {
	var list []string
	for _, s := range report.Signatures {
		switch {
		case s.Outcome != Verified:
		case s.Certificate != nil:
			list = append(list, fmt.Sprintf("%.400s (%.400s)", s.Certificate.Subject, s.Certificate.Issuer))
		case s.KeyID != "":
			list = append(list, "key sha256:"+s.KeyID)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// signedAt returns the earliest time of a signature that counts and that
// somebody trusted attests.
func (report *Report) signedAt() time.Time {
	var first time.Time
	for _, s := range report.Signatures {
		for _, t := range s.Timestamps {
			if s.Outcome == Verified && (first.IsZero() || t.Time.Before(first)) {
				first = t.Time
			}
		}
	}
	return first
}
