// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"github.com/recap-oci/recap/pkg/internal/scope"
)

// Repository returns the name under which what happens to name is remembered:
// name itself, without the port 443, or, in a mirror, that of the original ([Rule.MirrorOf]). The
// literal prefix of the longest scope that matches and ends in the same
// wildcard is replaced by MirrorOf's; what the wildcard stands for stays.
func (r Rule) Repository(name string) string {
	name = scope.Portless(name)
	original := scope.Portless(r.MirrorOf)
	if original == "" {
		return name
	}
	best, found := "", false
	for _, pattern := range r.Scopes {
		pattern = scope.Portless(pattern)
		if scope.Wildcard(pattern) == scope.Wildcard(original) && scope.Pattern(pattern).MatchString(name) && (!found || len(pattern) > len(best)) {
			best, found = pattern, true
		}
	}
	if !found {
		return name
	}
	return scope.Prefix(original) + name[len(scope.Prefix(best)):]
}
