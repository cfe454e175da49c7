// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/semver"

	"github.com/recap-oci/recap/pkg/recap"
)

// digestTagPattern matches the tags that hold listings of referrers for
// registries without the API, and cosign's older signatures. They are named
// like tags but nobody means them as one.
//
// See https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
var digestTagPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+-[0-9a-f]{32,}(\.[a-z]+)?$`) })

// checkTag refuses what no registry takes for a tag, and tags that hold a
// registry's own listings: overwriting one would lose signatures.
func checkTag(tag string) error {
	if !recap.IsTag(tag) {
		return recap.Errorf(recap.Usage, "bad-tag", "%q is not a tag", tag).
			WithHint("a tag has up to 128 letters, digits, dots, dashes and underscores, and starts with none of the last three but the underscore")
	}
	if isDigestTag(tag) {
		return recap.Errorf(recap.Usage, "reserved-tag", "%q is where registries list the signatures of a digest, not a tag to set", tag)
	}
	return nil
}

func isDigestTag(tag string) bool { return digestTagPattern().MatchString(tag) }

// uniqueTags checks tags and returns each once, versions before the rest and
// otherwise in the order given. A version is meant to stay where it is; that it
// stands before a floating tag moves is what makes a half-done push harmless.
func uniqueTags(tags []string) ([]string, error) {
	var unique []string
	for _, tag := range tags {
		if err := checkTag(tag); err != nil {
			return nil, err
		}
		if !slices.Contains(unique, tag) {
			unique = append(unique, tag)
		}
	}
	slices.SortStableFunc(unique, func(a, b string) int {
		return cmp.Compare(rank(a), rank(b))
	})
	return unique, nil
}

func rank(tag string) int {
	if isVersion(tag) {
		return 0
	}
	return 1
}

// asSemver gives tag the leading v that semver wants.
func asSemver(tag string) string { return "v" + strings.TrimPrefix(tag, "v") }

// isVersion reports whether tag spells a whole version, 1.2.3 or v1.2.3. 1 and
// 1.2 don't: by custom they move.
func isVersion(tag string) bool {
	v := asSemver(tag)
	core, _, _ := strings.Cut(v, "-")
	return semver.IsValid(v) && strings.Count(core, ".") == 2
}

// compareTags orders tags for people: versions first, v2 and 1.2 among them, the
// newest at the top, then everything else by name.
func compareTags(a, b string) int {
	va, vb := semver.IsValid(asSemver(a)), semver.IsValid(asSemver(b))
	switch {
	case va && vb:
		// 1.2.0 stands before 1.2, which moves.
		return cmp.Or(semver.Compare(asSemver(b), asSemver(a)), cmp.Compare(strings.Count(b, "."), strings.Count(a, ".")), cmp.Compare(a, b))
	case va:
		return -1
	case vb:
		return 1
	}
	return cmp.Compare(a, b)
}

// highestVersion returns the tag that is most likely to name what the next
// version is made from: the highest version, whole or not. It returns "" where
// no tag is one.
func highestVersion(tags []string) string {
	best := ""
	for _, tag := range tags {
		v := asSemver(tag)
		if !semver.IsValid(v) || isDigestTag(tag) {
			continue
		}
		if best == "" || semver.Compare(v, asSemver(best)) > 0 {
			best = tag
		}
	}
	return best
}
