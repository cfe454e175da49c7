// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

// Repository returns the name under which what happens to name is remembered:
// name itself, without the port 443, or, in a mirror, that of the original ([Rule.MirrorOf]). The
// literal prefix of the longest scope that matches and ends in the same
// wildcard is replaced by MirrorOf's; what the wildcard stands for stays.
func (r Rule) Repository(name string) string {
	name = portless(name)
	original := portless(r.MirrorOf)
	if original == "" {
		return name
	}
	best, found := "", false
	for _, scope := range r.Scopes {
		scope = portless(scope)
		if wildcard(scope) == wildcard(original) && scopePattern(scope).MatchString(name) && (!found || len(scope) > len(best)) {
			best, found = scope, true
		}
	}
	if !found {
		return name
	}
	return literalPrefix(original) + name[len(literalPrefix(best)):]
}

// wildcard returns a scope from its first wildcard on.
func wildcard(scope string) string { return scope[len(literalPrefix(scope)):] }
