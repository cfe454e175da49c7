// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/scope"
)

// maxScopeWork bounds the comparing of scopes. A policy that people write
// needs a thousandth of it.
const maxScopeWork = 20_000_000

// checkScopes finds scopes of different rules that apply equally to some name.
func (c *checker) checkScopes(rules []Rule) {
	type owned struct {
		pattern  string
		rule, at int
	}
	seen := make(map[string]owned)
	byPrefix := make(map[string][]owned)
	work := 0
	for i, rule := range rules {
		for j, pattern := range rule.Scopes {
			pattern = scope.Portless(pattern)
			this := owned{pattern, i, j}
			pointer := fmt.Sprintf("/policies/%d/scopes/%d", i, j)
			if other, ok := seen[pattern]; ok {
				c.fail(pointer, codeScope, "keep one of them",
					"scope %q stands in rule %s and again in rule %s", pattern, rules[other.rule].place(), rule.place())
				continue
			}
			seen[pattern] = this
			prefix := scope.Prefix(pattern)
			for _, other := range byPrefix[prefix] {
				if other.rule == i {
					continue
				}
				if work > maxScopeWork {
					c.fail(pointer, codeScope, "give each rule a scope with a longer beginning of its own", "too many scopes begin with %q", prefix)
					return
				}
				both, steps := scope.Overlap(pattern[len(prefix):], other.pattern[len(prefix):])
				work += steps
				if both {
					c.fail(pointer, codeScope, "give one of them a longer beginning without *",
						"scopes %q of rule %s and %q of rule %s can match the same name, and are equally close", other.pattern, rules[other.rule].place(), pattern, rule.place())
				}
			}
			byPrefix[prefix] = append(byPrefix[prefix], this)
		}
	}
}

// Overridden returns the rules that would no longer apply to some names, or to
// the one name, that a new rule's scope matches: those with a shorter literal
// prefix. Of one name it is the rule that applies now.
func (p *Policy) Overridden(pattern string) []Rule {
	if !strings.Contains(pattern, "*") {
		rule, old, err := p.Match(pattern)
		if err != nil || scope.Portless(old) == scope.Portless(pattern) {
			return nil
		}
		return []Rule{rule}
	}
	var rules []Rule
	for _, rule := range p.Rules {
		for _, s := range rule.Scopes {
			if scope.Closeness(s) >= scope.Closeness(pattern) {
				continue
			}
			if both, _ := scope.Overlap(scope.Portless(s), scope.Portless(pattern)); both {
				rules = append(rules, rule)
				break
			}
		}
	}
	return rules
}
