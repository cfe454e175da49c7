// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// PushOptions are the options of [Push].
type PushOptions struct {
	// Bases are roots that the destination holds already, besides those that
	// the tags to be moved name: what they list is not sent. Default: the
	// highest version among the destination's tags, where no tag to be moved
	// exists.
	Bases []*artifact.Node

	// MountFrom names the repository, without host, that origin is, where it is
	// one of the destination's registry and the user named it: what members of
	// a pack have there is then taken over by the registry instead of being
	// fetched and sent. Origins are what was given to [artifact.OpenMember]; ""
	// means that nothing is mounted from one. It is called from several
	// goroutines at once. Default: nothing is mounted.
	MountFrom func(origin content.Fetcher) (repository string)

	// SkipUnchanged publishes nothing where all the tags name what g says
	// already: the same digest or, of a pack, the same members and metadata
	// under views that another release of recap derived. It isn't sealed again
	// either. What is to be sealed and is not signed or attested there is not taken
	// for it. Without tags the first of Bases is what is compared.
	SkipUnchanged bool

	// DryRun looks at the destination and changes nothing; the result says
	// what would be sent and which tags would move.
	DryRun bool

	// OnEvent is told of progress; see [Event].
	OnEvent func(Event)
}

// PushResult says what a push did, or with DryRun would do.
type PushResult struct {
	Digest       digest.Digest `json:"digest"`
	MediaType    string        `json:"mediaType"`
	ArtifactType string        `json:"artifactType,omitempty"`
	Size         int64         `json:"size"` // bytes of everything the root refers to, itself included

	Tags      []TagMove `json:"tags"`
	Uploaded  Tally     `json:"uploaded"`
	Mounted   Tally     `json:"mounted"`           // taken over from other repositories
	Reused    Tally     `json:"reused"`            // what the destination had
	Unchanged bool      `json:"unchanged"`         // nothing was sent and no tag moved
	Skipped   bool      `json:"skipped,omitempty"` // Unchanged by SkipUnchanged; Digest is what is published
	DryRun    bool      `json:"dryRun,omitempty"`

	Seal *trust.Report `json:"seal,omitempty"` // what sealing found or added; absent when unsigned
}

// Push stores g in dst and then lets tags name it, in this order: children,
// root by digest, seal, tags. So whoever finds a tag finds all that it names,
// signatures included, and a push that stops anywhere has moved no tag too
// early. Versions (1.2.3) move before other tags. With [Unsigned] the root goes
// up under the first of them in one request.
//
// Several tags are not one transaction: an error in the midst of them leaves
// some moved, says which, and the result lists them. Pushing again is safe at
// any time and sends only what is missing. Without tags the root is stored by
// digest alone.
//
// A tag that spells the version which the root states in its annotation
// org.opencontainers.image.version is not moved away from other content, and a tag
// not from what states the version that it spells or that the root states. Nor does
// another tag name that version then: who has pulled the one content would refuse the
// other as false.
//
// Errors: [recap.Usage] for a nil seal or something that is no tag,
// [recap.Stale] version-exists as said above, [recap.Stale] tag-moved when
// somebody else moved a tag meanwhile, [recap.Unavailable] not-stored when dst
// doesn't have what it said it stored; and whatever dst and seal return.
func Push(ctx context.Context, g *artifact.Graph, dst oras.GraphTarget, tags []string, seal Sealer, opts PushOptions) (PushResult, error) {
	if g == nil || dst == nil {
		return PushResult{}, recap.Errorf(recap.Usage, "nothing-to-push", "pushing needs a graph and a destination")
	}
	if seal == nil {
		return PushResult{}, recap.Errorf(recap.Usage, "no-seal", "pushing %s: nobody said whether to sign it", g.Root.Digest)
	}
	tags, err := uniqueTags(tags)
	if err != nil {
		return PushResult{}, err
	}
	p := &pusher{g: g, dst: dst, tags: tags, seal: seal, opts: opts, notify: opts.OnEvent}
	if err := p.push(ctx); err != nil {
		return p.result, fmt.Errorf("pushing %s: %w%s", short(g.Root.Digest), err, p.left())
	}
	return p.result, nil
}

// pusher is one push under way.
type pusher struct {
	g      *artifact.Graph
	dst    oras.GraphTarget
	tags   []string
	seal   Sealer
	opts   PushOptions
	notify notifier

	root   *artifact.Node
	held   *held
	beside []publishedAs // as the root's version, under tags that are not asked for
	up     *uploader
	stored bool // the root lies in the destination
	result PushResult
}

func (p *pusher) push(ctx context.Context) error {
	if err := p.prepare(ctx); err != nil {
		return err
	}
	if p.result.Skipped {
		return nil
	}
	if p.opts.DryRun {
		p.plan()
		return nil
	}
	together := isUnsigned(p.seal) && len(p.tags) > 0
	if !p.stored {
		if err := p.store(ctx, together); err != nil {
			return err
		}
	}
	if err := p.sealRoot(ctx); err != nil {
		return err
	}
	if err := p.moveTags(ctx); err != nil {
		return err
	}
	p.result.Unchanged = p.result.unchanged()
	return commit(ctx, p.dst)
}

// prepare finds out what there is to do, without changing anything.
func (p *pusher) prepare(ctx context.Context) error {
	root, err := artifact.FetchNode(ctx, p.g, p.g.Root)
	if err != nil {
		return err
	}
	p.root = root
	p.result = PushResult{
		Digest: root.Descriptor.Digest, MediaType: root.Descriptor.MediaType, ArtifactType: root.ArtifactType(),
		Tags: []TagMove{}, DryRun: p.opts.DryRun,
	}
	for _, desc := range p.g.Nodes() {
		p.result.Size += desc.Size
	}
	if err := p.look(ctx); err != nil {
		return err
	}
	for _, base := range p.opts.Bases {
		p.held.add(base)
	}
	if p.opts.SkipUnchanged {
		if skip, err := p.skip(ctx); err != nil || skip {
			return err
		}
	}
	for _, tag := range p.tags {
		now, ok := p.held.tags[tag]
		if ok && now == root.Descriptor.Digest {
			p.stored = p.held.bases[thingOf(root.Descriptor)] // something of it may have got lost
		} else if taken, is := isTaken(root, tag, p.held.node(now)); ok && is {
			return p.versionExists(taken, tag, now)
		}
	}
	if there, ok := otherOf(root, p.beside, p.tags, p.held.tags); ok {
		return p.versionExists(there.tag, there.tag, there.node.Descriptor.Digest)
	}
	if !p.stored {
		if err := p.held.deepen(ctx, p.dst, root); err != nil {
			return err
		}
	}
	if p.up, err = newUploader(ctx, p.g, p.dst, root, p.held, p.notify); err != nil {
		return err
	}
	p.up.mountFrom = p.opts.MountFrom
	return nil
}

// look finds out what the tags name and, where none of them spells the version of
// the root, what is published as that.
func (p *pusher) look(ctx context.Context) error {
	group, gctx := tasks.WithContext(ctx)
	group.Go(func() (err error) {
		p.held, err = look(gctx, p.dst, p.tags)
		return err
	})
	others, asked := otherSpellings(p.root, p.tags), spelled(p.root, p.tags)
	if !asked {
		group.Go(func() (err error) {
			p.beside, err = lookVersions(gctx, p.dst, others)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if asked {
		// The tag that is asked for answers for its version. The same with a v, or
		// without, is looked at where it is known to be there.
		others = slices.DeleteFunc(others, func(tag string) bool { return !slices.Contains(p.held.listed, tag) })
		var err error
		if p.beside, err = lookVersions(ctx, p.dst, others); err != nil {
			return err
		}
	}
	for _, there := range p.beside {
		p.held.add(there.node)
	}
	return nil
}

// versionExists says why a version that tag publishes as now stays as it is.
func (p *pusher) versionExists(taken, tag string, now digest.Digest) error {
	there := p.held.node(now)
	if there == nil || there.Form == p.root.Form || there.Kind() != p.root.Kind() || version(there) != version(p.root) {
		return recap.Errorf(recap.Stale, "version-exists", "%s", alreadyPublished(taken, tag, now)).
			WithHint("publish the change as a new version")
	}
	form, keep := "as OCI has it", "leave out --compat"
	if there.Form != artifact.FormOCI {
		form, keep = "written as an "+string(there.Form), "add --compat "+string(there.Form)
	}
	return recap.Errorf(recap.Stale, "version-exists", "the version %s is already published %s, %s", taken, form, now).
		WithHint("%s; or publish it as a new version", keep)
}

// store sends the children and then the root, under the first tag if together.
// Where the destination turns out not to have a child that a base lists, the
// child is sent after all.
func (p *pusher) store(ctx context.Context, together bool) error {
	p.notify.planned(p.up.missing())
	if err := p.up.children(ctx); err != nil {
		return err
	}
	err := p.storeRoot(ctx, together)
	if isMissingChild(err) && p.up.trusted() {
		if err := p.up.everything(ctx); err != nil {
			return err
		}
		err = p.storeRoot(ctx, together)
	}
	var known *recap.Error
	if errors.As(err, &known) && known.Code == "child-missing" {
		err = recap.Errorf(recap.Unavailable, "not-stored", "the destination took everything and does not have it: %w", err).
			WithHint("try again; if it stays so, ask the registry's operator")
	}
	p.up.tallies(&p.result)
	return err
}

func (p *pusher) storeRoot(ctx context.Context, together bool) error {
	if together {
		move := TagMove{Tag: p.tags[0], Previous: p.held.tags[p.tags[0]]}
		p.notify.emit(EventStarted, p.root.Descriptor)
		if err := pushTag(ctx, p.dst, p.root, move.Tag); err != nil {
			return err
		}
		p.notify.emit(EventDone, p.root.Descriptor)
		p.stored = true
		p.up.rootStored()
		p.result.Tags = append(p.result.Tags, move.moved())
		p.notify.named(EventTagged, move.Tag, p.root.Descriptor)
		return nil
	}
	if err := p.up.root(ctx); err != nil {
		return err
	}
	p.stored = true
	return nil
}

func (p *pusher) sealRoot(ctx context.Context) error {
	if isUnsigned(p.seal) {
		return nil
	}
	p.notify.emit(EventSealing, p.root.Descriptor)
	report, err := p.seal.Seal(ctx, &sealStore{dst: p.dst}, p.root.Descriptor)
	if err != nil {
		return fmt.Errorf("sealing: %w", err)
	}
	p.result.Seal = &report
	return nil
}

// moveTags lets the tags name the root that do not yet, and looks at all of
// them again. What goes up under its only tag is answered for in one request.
func (p *pusher) moveTags(ctx context.Context) error {
	t := &tagger{dst: p.dst, root: p.root, now: p.held.tags, notify: p.notify}
	// The registry may have swept children away that nothing referred to
	// while the root was being sealed.
	t.onMissing = p.up.everything
	var pending []string
	for _, tag := range p.tags {
		if !p.result.has(tag) {
			pending = append(pending, tag)
		}
	}
	err := t.move(ctx, pending, false)
	if answered := isUnsigned(p.seal) && len(p.tags) == 1; err == nil && !answered {
		err = t.each(ctx, p.tags, t.check)
	}
	p.result.Tags = append(p.result.Tags, t.moves...)
	p.up.tallies(&p.result)
	return err
}

// plan fills the result with what a push would do.
func (p *pusher) plan() {
	for _, tag := range p.tags {
		move := TagMove{Tag: tag, Previous: p.held.tags[tag]}
		if move.Previous != p.root.Descriptor.Digest {
			move = move.moved()
		}
		p.result.Tags = append(p.result.Tags, move)
	}
	if !p.stored {
		p.result.Uploaded = tally(p.up.missing())
		p.result.Reused = tally(p.up.skipped)
	} else {
		p.result.Reused = tally(p.g.Nodes())
	}
	p.result.Unchanged = p.result.unchanged()
}

// left says what a failed push leaves behind.
func (p *pusher) left() string {
	if p.held == nil || p.opts.DryRun {
		return ""
	}
	var moved []string
	for _, move := range p.result.Tags {
		if move.Moved {
			moved = append(moved, move.Tag)
		}
	}
	switch {
	case len(moved) > 0:
		return fmt.Sprintf("; moved already: %s", strings.Join(moved, ", "))
	case p.stored:
		return "; no tag was moved, the destination holds the content by its digest"
	}
	return "; no tag was moved"
}

func (r *PushResult) has(tag string) bool {
	for _, move := range r.Tags {
		if move.Tag == tag {
			return true
		}
	}
	return false
}

func (r *PushResult) unchanged() bool {
	for _, move := range r.Tags {
		if move.Moved {
			return false
		}
	}
	if r.Seal != nil {
		for _, s := range r.Seal.Signatures {
			if s.Added {
				return false
			}
		}
	}
	return r.Uploaded.Count == 0 && r.Mounted.Count == 0
}

// commit finishes what a destination only keeps when told to, as an archive.
func commit(ctx context.Context, dst any) error {
	c, ok := dst.(interface {
		Commit(ctx context.Context) error
	})
	if !ok {
		return nil
	}
	if err := c.Commit(ctx); err != nil {
		return fmt.Errorf("writing the archive: %w", err)
	}
	return nil
}

// short returns enough of d for a person to recognise it.
func short(d digest.Digest) string {
	const shown = len("sha256:") + 12
	if len(d) <= shown {
		return string(d)
	}
	return string(d[:shown])
}
