// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"context"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// TagOptions are the options of [Tag].
type TagOptions struct {
	// OnEvent is told of progress; see [Event].
	OnEvent func(Event)
}

// TagResult says what tagging did.
type TagResult struct {
	Digest    digest.Digest `json:"digest"`
	MediaType string        `json:"mediaType"`
	Tags      []TagMove     `json:"tags"`
}

// Tag lets tags name what reference, a tag or a digest, names in dst now: the
// reference is resolved once, versions move before other tags, and all of them
// are looked at again. An error in the midst of it leaves some moved; the
// result lists them.
//
// Errors: [recap.NotFound] without such a reference, [recap.Usage] without
// tags, for something that is no tag and for a tag that spells another version
// than is stated, which every reader would refuse; [recap.Stale] version-exists where
// the tag of the version which is stated names other content already, asked for
// or not, and tag-moved when somebody else moved a tag meanwhile.
func Tag(ctx context.Context, dst oras.GraphTarget, reference string, tags []string, opts TagOptions) (TagResult, error) {
	tags, err := uniqueTags(tags)
	if err != nil {
		return TagResult{}, err
	}
	if len(tags) == 0 {
		return TagResult{}, recap.Errorf(recap.Usage, "no-tag", "tagging %s: no tag is given", reference)
	}
	pinned, err := Resolve(ctx, dst, reference)
	if err != nil {
		return TagResult{}, err
	}
	root := pinned.Node()
	if err := checkVersion(root, tags); err != nil {
		return TagResult{}, err
	}
	result := TagResult{Digest: root.Descriptor.Digest, MediaType: root.Descriptor.MediaType, Tags: []TagMove{}}
	now, err := lookForTag(ctx, dst, root, tags)
	if err != nil {
		return result, err
	}
	t := &tagger{dst: dst, root: root, now: now, notify: opts.OnEvent}
	err = t.move(ctx, tags, true)
	result.Tags = append(result.Tags, t.moves...)
	if err != nil {
		return result, err
	}
	return result, commit(ctx, dst)
}

// checkVersion refuses tags that spell another version than root states.
func checkVersion(root *artifact.Node, tags []string) error {
	stated := version(root)
	if !recap.IsVersion(stated) {
		return nil
	}
	for _, tag := range tags {
		if tagged := strings.TrimPrefix(tag, "v"); recap.IsVersion(tagged) && tagged != stated {
			return recap.Errorf(recap.Usage, "version-differs", "%s states version %s, and the tag would be %s", root.Descriptor.Digest, stated, tag).
				WithHint("its readers would refuse it under that tag; another version is another push: recap push … --version %s", tagged)
		}
	}
	return nil
}

// lookForTag returns what those of tags that exist name, and refuses to publish
// root where its version is other content.
func lookForTag(ctx context.Context, dst oras.GraphTarget, root *artifact.Node, tags []string) (map[string]digest.Digest, error) {
	var (
		now    map[string]digest.Digest
		beside []publishedAs
		named  []publishedAs // by tags that spell no version which root states
	)
	group, gctx := tasks.WithContext(ctx)
	group.Go(func() (err error) {
		now, err = resolveTags(gctx, dst, tags)
		return err
	})
	if !spelled(root, tags) {
		group.Go(func() (err error) {
			beside, err = lookVersions(gctx, dst, otherSpellings(root, tags))
			return err
		})
	}
	group.Go(func() (err error) {
		named, err = lookVersions(gctx, dst, slices.DeleteFunc(slices.Clone(tags), func(tag string) bool {
			return statesVersion(root, tag) || !isVersion(tag) && version(root) == ""
		}))
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return now, checkPublished(root, beside, tags, now, func(d digest.Digest) *artifact.Node {
		for _, there := range named {
			if there.node.Descriptor.Digest == d {
				return there.node
			}
		}
		return nil
	})
}

// resolveTags returns what those of tags that exist name.
func resolveTags(ctx context.Context, src oras.GraphTarget, tags []string) (map[string]digest.Digest, error) {
	found := make([]digest.Digest, len(tags))
	group, gctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, tag := range tags {
		group.Go(func() error {
			desc, err := src.Resolve(gctx, tag)
			if isNotFound(err) {
				return nil
			}
			if err != nil {
				return err
			}
			found[i] = desc.Digest
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	now := map[string]digest.Digest{}
	for i, tag := range tags {
		if found[i] != "" {
			now[tag] = found[i]
		}
	}
	return now, nil
}
