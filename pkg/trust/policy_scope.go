// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

const (
	layoutScope = "oci-layout:" // begins the scopes of layouts on disk

	// maxScopeWork bounds the comparing of scopes. A policy that people write
	// needs a thousandth of it.
	maxScopeWork = 20_000_000
)

// scopePattern returns the regular expression of a scope, anchored.
func scopePattern(scope string) *regexp.Regexp {
	expr := regexp.QuoteMeta(scope)
	expr = strings.ReplaceAll(expr, `\*\*`, `.*`)
	expr = strings.ReplaceAll(expr, `\*`, `[^/]*`)
	return regexp.MustCompile(`\A(?s:` + expr + `)\z`)
}

// portless returns a name or scope without the port that a registry has when
// none is written, so that nobody gets round a rule, or what is remembered, by
// writing it. A scope whose host ends in a wildcard keeps it: what is left would
// match other ports.
func portless(name string) string {
	host, rest, slash := strings.Cut(name, "/")
	plain, ok := strings.CutSuffix(host, defaultPort)
	if !slash || !ok || plain == "" || strings.HasSuffix(plain, "*") || strings.HasPrefix(name, layoutScope) {
		return name
	}
	return plain + "/" + rest
}

const defaultPort = ":443"

// portful returns a name without a port as it is with the one that is meant.
func portful(name string) string {
	host, rest, slash := strings.Cut(name, "/")
	bare := host[strings.LastIndexByte(host, ']')+1:] // behind an IPv6 address
	if !slash || strings.Contains(bare, ":") || strings.HasPrefix(name, layoutScope) {
		return name
	}
	return host + defaultPort + "/" + rest
}

// matchesScope reports whether a scope matches a name. Most scopes of a long
// policy don't, which their literal prefix tells.
func matchesScope(scope, name string) bool {
	scope, name = portless(scope), portless(name)
	if host, _, _ := strings.Cut(scope, "/"); strings.HasSuffix(host, "*"+defaultPort) {
		name = portful(name)
	}
	return strings.HasPrefix(name, literalPrefix(scope)) && scopePattern(scope).MatchString(name)
}

// closeness is what a scope is chosen by among those that match.
func closeness(scope string) int { return len(literalPrefix(portless(scope))) }

func literalPrefix(scope string) string {
	prefix, _, _ := strings.Cut(scope, "*")
	return prefix
}

// scopeMistake says why a scope matches no name that anybody can type, and what
// was probably meant; nothing where it is fine.
func scopeMistake(scope string) (message, mend string) {
	host, rest, slash := strings.Cut(scope, "/")
	switch {
	case strings.Contains(scope, "***"):
		return "has more than two * in a row", "write ** for any text, * for any text without a slash"
	case strings.ContainsFunc(scope, func(r rune) bool { return !recap.IsPrintable(r) }):
		return "holds a character that doesn't show", "remove it"
	case strings.HasPrefix(scope, layoutScope):
		path := strings.TrimPrefix(scope, layoutScope)
		if !strings.HasPrefix(path, "*") && !strings.HasPrefix(path, "//") {
			return "matches no layout", fmt.Sprintf("write %s//%s", layoutScope, path)
		}
		return "", ""
	case strings.Contains(scope, "://"):
		_, after, _ := strings.Cut(scope, "://")
		return "begins as an address does", "write " + after
	case strings.ContainsAny(scope, " \t"):
		return "holds a space", "remove it"
	case strings.Contains(scope, "@"):
		before, _, _ := strings.Cut(scope, "@")
		return "names a digest; a rule is for repositories", "write " + before
	case strings.Contains(rest, ":"):
		return "names a tag; a rule is for repositories", "write " + scope[:strings.LastIndexByte(scope, ':')]
	case scope != strings.ToLower(scope):
		return "has capital letters, which no repository has", "write " + strings.ToLower(scope)
	case !slash && !strings.Contains(scope, "**"):
		return "names a registry and no repository", "write " + under(strings.TrimRight(scope, "*"), "**")
	case slash && !strings.ContainsAny(host, ".:*") && host != "localhost":
		return "doesn't begin with a registry", "write HOST/" + scope
	}
	return "", ""
}

// under returns the pattern of what is below a name.
func under(name, wildcard string) string {
	if name == "" || wildcard == "" || strings.HasSuffix(name, "/") {
		return name + wildcard
	}
	return name + "/" + wildcard
}

// scopeWarning says what a scope matches besides what it seems to.
func scopeWarning(scope string) (message, mend string) {
	if strings.HasPrefix(scope, layoutScope) {
		return "", ""
	}
	prefix := literalPrefix(scope)
	last := byte('/')
	if prefix != "" {
		last = prefix[len(prefix)-1]
	}
	switch {
	case prefix != "" && !strings.Contains(prefix, "/"):
		return fmt.Sprintf("matches other registries too: %s.example", prefix), fmt.Sprintf("write %s/**", prefix)
	case strings.HasPrefix(scope[len(prefix):], "**") && last != '/':
		return fmt.Sprintf("matches %s-other too", prefix), fmt.Sprintf("write %s/**", prefix)
	}
	return "", ""
}

// checkScopes finds scopes of different rules that apply equally to some name.
func (c *checker) checkScopes(rules []Rule) {
	type owned struct {
		scope    string
		rule, at int
	}
	seen := make(map[string]owned)
	byPrefix := make(map[string][]owned)
	work := 0
	for i, rule := range rules {
		for j, scope := range rule.Scopes {
			scope = portless(scope)
			this := owned{scope, i, j}
			pointer := fmt.Sprintf("/policies/%d/scopes/%d", i, j)
			if other, ok := seen[scope]; ok {
				c.fail(pointer, codeScope, "keep one of them",
					"scope %q stands in rule %s and again in rule %s", scope, rules[other.rule].place(), rule.place())
				continue
			}
			seen[scope] = this
			prefix := literalPrefix(scope)
			for _, other := range byPrefix[prefix] {
				if other.rule == i {
					continue
				}
				if work > maxScopeWork {
					c.fail(pointer, codeScope, "give each rule a scope with a longer beginning of its own", "too many scopes begin with %q", prefix)
					return
				}
				both, steps := overlap(scope[len(prefix):], other.scope[len(prefix):])
				work += steps
				if both {
					c.fail(pointer, codeScope, "give one of them a longer beginning without *",
						"scopes %q of rule %s and %q of rule %s can match the same name, and are equally close", other.scope, rules[other.rule].place(), scope, rule.place())
				}
			}
			byPrefix[prefix] = append(byPrefix[prefix], this)
		}
	}
}

// Overridden returns the rules that would no longer apply to some names, or to
// the one name, that a new rule's scope matches: those with a shorter literal
// prefix. Of one name it is the rule that applies now.
func (p *Policy) Overridden(scope string) []Rule {
	if !strings.Contains(scope, "*") {
		rule, old, err := p.Match(scope)
		if err != nil || portless(old) == portless(scope) {
			return nil
		}
		return []Rule{rule}
	}
	var rules []Rule
	for _, rule := range p.Rules {
		for _, s := range rule.Scopes {
			if closeness(s) >= closeness(scope) {
				continue
			}
			if both, _ := overlap(portless(s), portless(scope)); both {
				rules = append(rules, rule)
				break
			}
		}
	}
	return rules
}

// overlap reports whether some text matches both patterns, and in how many
// steps it found out.
func overlap(a, b string) (both bool, steps int) {
	x, y := tokensOf(a), tokensOf(b)
	type state struct{ i, j int }
	seen := make([]bool, (len(x)+1)*(len(y)+1))
	queue := []state{{0, 0}}
	visit := func(i, j int) {
		if at := i*(len(y)+1) + j; !seen[at] {
			seen[at] = true
			queue = append(queue, state{i, j})
		}
	}
	for len(queue) > 0 {
		s := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		steps++
		if s.i == len(x) && s.j == len(y) {
			return true, steps
		}
		if s.i < len(x) && x[s.i].wild() {
			visit(s.i+1, s.j)
		}
		if s.j < len(y) && y[s.j].wild() {
			visit(s.i, s.j+1)
		}
		if s.i == len(x) || s.j == len(y) {
			continue
		}
		// One letter, which both sides take. Where both are wild, it leads
		// nowhere new.
		switch p, q := x[s.i], y[s.j]; {
		case !p.wild() && !q.wild() && p == q:
			visit(s.i+1, s.j+1)
		case !p.wild() && q.takes(p):
			visit(s.i+1, s.j)
		case !q.wild() && p.takes(q):
			visit(s.i, s.j+1)
		}
	}
	return false, steps
}

// token is a letter of a pattern, or one of its wildcards.
type token rune

const (
	within token = -1 // *
	across token = -2 // **
)

func (t token) wild() bool { return t < 0 }

// takes reports whether a wildcard stands for a letter.
func (t token) takes(letter token) bool { return t == across || t == within && letter != '/' }

func tokensOf(pattern string) []token {
	var list []token
	for i := 0; i < len(pattern); i++ {
		switch {
		case strings.HasPrefix(pattern[i:], "**"):
			list = append(list, across)
			i++
		case pattern[i] == '*':
			list = append(list, within)
		default:
			list = append(list, token(pattern[i]))
		}
	}
	return list
}
