// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import "strings"

// Repository returns the name under which r keeps history of name: name itself,
// or, in a mirror, the name of what it is a copy of ([Rule.MirrorOf]). The
// literal prefix of the scope that matches is replaced by MirrorOf's; what the
// wildcard stands for stays.
func (r Rule) Repository(name string) string {
	if r.MirrorOf == "" {
		return name
	}
	best, matched := "", false
	for _, scope := range r.Scopes {
		if scopePattern(scope).MatchString(name) && (!matched || len(literalPrefix(scope)) > len(literalPrefix(best))) {
			best, matched = scope, true
		}
	}
	if !matched || wildcard(best) != wildcard(r.MirrorOf) {
		return name // a policy that Check refuses
	}
	return literalPrefix(r.MirrorOf) + strings.TrimPrefix(name, literalPrefix(best))
}

// wildcard returns a scope from its first wildcard on.
func wildcard(scope string) string { return scope[len(literalPrefix(scope)):] }
