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
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/tasks"
	"github.com/recap-oci/recap/pkg/recap"
)

// version returns the version that root states, without a leading v, or "" where it
// is nothing of recap's own: of that a version says nothing.
func version(root *artifact.Node) string {
	if kind := root.Kind(); kind != artifact.KindBundle && kind != artifact.KindPack {
		return ""
	}
	return strings.TrimPrefix(root.Annotations()[ocispec.AnnotationVersion], "v")
}

// statesVersion reports whether tag spells the version that root states.
func statesVersion(root *artifact.Node, tag string) bool {
	stated := version(root)
	return stated != "" && stated == strings.TrimPrefix(tag, "v")
}

// otherSpellings returns the tags beside tags that spell the version which root
// states. Whoever has seen other content there would refuse root under any tag, as
// two contents of one version.
func otherSpellings(root *artifact.Node, tags []string) []string {
	stated := version(root)
	if len(tags) == 0 || !isVersion(stated) || !recap.IsTag("v"+stated) {
		return nil
	}
	return slices.DeleteFunc([]string{stated, "v" + stated}, func(tag string) bool { return slices.Contains(tags, tag) })
}

// spelled reports whether one of tags spells the version that root states. What it
// names is looked at anyway, as what every tag that is to move names.
func spelled(root *artifact.Node, tags []string) bool {
	return slices.ContainsFunc(tags, func(tag string) bool { return statesVersion(root, tag) })
}

// publishedAs is what a tag names that spells a version.
type publishedAs struct {
	tag  string
	node *artifact.Node
}

// lookVersions reads what those of tags that exist name, all at once. What isn't
// recap's own is left out.
func lookVersions(ctx context.Context, dst resolver, tags []string) ([]publishedAs, error) {
	nodes := make([]*artifact.Node, len(tags))
	group, gctx := tasks.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, tag := range tags {
		group.Go(func() error {
			node, err := fetchReference(gctx, dst, tag)
			switch {
			case isNotFound(err), errors.Is(err, recap.Integrity), errors.Is(err, recap.Unsafe):
				return nil
			case err != nil:
				return err
			}
			nodes[i] = node
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var found []publishedAs
	for i, node := range nodes {
		if node != nil {
			found = append(found, publishedAs{tag: tags[i], node: node})
		}
	}
	return found, nil
}

// otherOf returns the first of found that is another content of root's version. Where
// all of tags name root by now there is nothing to prevent any more.
func otherOf(root *artifact.Node, found []publishedAs, tags []string, now map[string]digest.Digest) (publishedAs, bool) {
	if !slices.ContainsFunc(tags, func(tag string) bool { return now[tag] != root.Descriptor.Digest }) {
		return publishedAs{}, false
	}
	for _, there := range found {
		if there.node.Descriptor.Digest != root.Descriptor.Digest && version(there.node) == version(root) {
			return there, true
		}
	}
	return publishedAs{}, false
}

// isPublishedAs reports whether tag is a version that node, which it names, states. It
// then names nothing else, whether or not that states a version, too. node may be nil.
func isPublishedAs(node *artifact.Node, tag string) bool {
	return node != nil && isVersion(tag) && statesVersion(node, tag)
}

// isTaken returns the version that there, which tag names, publishes and that root,
// another content, must not take from it: the one that tag spells, or the one that
// both state, whatever the tag. there is nil where it is not known what tag names.
func isTaken(root *artifact.Node, tag string, there *artifact.Node) (taken string, ok bool) {
	switch stated := version(root); {
	case statesVersion(root, tag), isPublishedAs(there, tag):
		return tag, true
	case there != nil && stated != "" && stated == version(there):
		return stated, true
	}
	return "", false
}

// checkPublished refuses to take a version away from what is published as it, now or
// under a tag beside those that are to move: who has seen that would refuse root. node
// returns what is known of what a tag names, or nil.
func checkPublished(root *artifact.Node, beside []publishedAs, tags []string, now map[string]digest.Digest, node func(digest.Digest) *artifact.Node) error {
	for _, tag := range tags {
		there, ok := now[tag]
		if !ok || there == root.Descriptor.Digest {
			continue
		}
		if taken, ok := isTaken(root, tag, node(there)); ok {
			return versionExists(taken, tag, there)
		}
	}
	if there, ok := otherOf(root, beside, tags, now); ok {
		return versionExists(there.tag, there.tag, there.node.Descriptor.Digest)
	}
	return nil
}

func versionExists(taken, tag string, there digest.Digest) error {
	return recap.Errorf(recap.Stale, "version-exists", "%s", alreadyPublished(taken, tag, there)).
		WithHint("publish the change as a new version; or, if what is there is wrong, first: recap delete REF:%s", tag)
}

// alreadyPublished says that tag names another content of the version taken.
func alreadyPublished(taken, tag string, there digest.Digest) string {
	under := ""
	if tag != taken {
		under = ", under the tag " + tag
	}
	return fmt.Sprintf("the version %s is already published with other content, %s%s", taken, there, under)
}
