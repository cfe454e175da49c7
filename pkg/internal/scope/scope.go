// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scope has the patterns by which a policy names repositories: in a
// scope, ** stands for any text and * for any text without a slash, and the port
// that is meant when none is written is as good as none.
package scope

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// Layout begins the names, and the scopes, of layouts on disk.
const Layout = "oci-layout:"

// Pattern returns the regular expression of a scope, anchored.
func Pattern(scope string) *regexp.Regexp {
	expr := regexp.QuoteMeta(scope)
	expr = strings.ReplaceAll(expr, `\*\*`, `.*`)
	expr = strings.ReplaceAll(expr, `\*`, `[^/]*`)
	return regexp.MustCompile(`\A(?s:` + expr + `)\z`)
}

// Portless returns a name or scope without the port that a registry has when
// none is written, so that nobody gets round a rule, or what is remembered, by
// writing it. A scope whose host ends in a wildcard keeps it: what is left would
// match other ports.
func Portless(name string) string {
	host, rest, slash := strings.Cut(name, "/")
	plain, ok := strings.CutSuffix(host, defaultPort)
	if !slash || !ok || plain == "" || strings.HasSuffix(plain, "*") || strings.HasPrefix(name, Layout) {
		return name
	}
	return plain + "/" + rest
}

const defaultPort = ":443"

// portful returns a name without a port as it is with the one that is meant.
func portful(name string) string {
	host, rest, slash := strings.Cut(name, "/")
	bare := host[strings.LastIndexByte(host, ']')+1:] // behind an IPv6 address
	if !slash || strings.Contains(bare, ":") || strings.HasPrefix(name, Layout) {
		return name
	}
	return host + defaultPort + "/" + rest
}

// Match reports whether a scope matches a name. Most scopes of a long
// policy don't, which their literal prefix tells.
func Match(scope, name string) bool {
	scope, name = Portless(scope), Portless(name)
	if host, _, _ := strings.Cut(scope, "/"); strings.HasSuffix(host, "*"+defaultPort) {
		name = portful(name)
	}
	return strings.HasPrefix(name, Prefix(scope)) && Pattern(scope).MatchString(name)
}

// Closeness is what a scope is chosen by among those that match.
func Closeness(scope string) int { return len(Prefix(Portless(scope))) }

// Prefix returns a scope up to its first wildcard.
func Prefix(scope string) string {
	prefix, _, _ := strings.Cut(scope, "*")
	return prefix
}

// Wildcard returns a scope from its first wildcard on.
func Wildcard(scope string) string { return scope[len(Prefix(scope)):] }

// Mistake says why a scope matches no name that anybody can type, and what
// was probably meant; nothing where it is fine.
func Mistake(scope string) (message, mend string) {
	host, rest, slash := strings.Cut(scope, "/")
	switch {
	case strings.Contains(scope, "***"):
		return "has more than two * in a row", "write ** for any text, * for any text without a slash"
	case strings.ContainsFunc(scope, func(r rune) bool { return !recap.IsPrintable(r) }):
		return "holds a character that doesn't show", "remove it"
	case strings.HasPrefix(scope, Layout):
		path := strings.TrimPrefix(scope, Layout)
		if !strings.HasPrefix(path, "*") && !strings.HasPrefix(path, "//") {
			return "matches no layout", fmt.Sprintf("write %s//%s", Layout, path)
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
		return "names a registry and no repository", "write " + Under(strings.TrimRight(scope, "*"), "**")
	case slash && !strings.ContainsAny(host, ".:*") && host != "localhost":
		return "doesn't begin with a registry", "write HOST/" + scope
	}
	return "", ""
}

// Under returns the pattern of what is below a name.
func Under(name, wildcard string) string {
	if name == "" || wildcard == "" || strings.HasSuffix(name, "/") {
		return name + wildcard
	}
	return name + "/" + wildcard
}

// Warning says what a scope matches besides what it seems to.
func Warning(scope string) (message, mend string) {
	if strings.HasPrefix(scope, Layout) {
		return "", ""
	}
	prefix := Prefix(scope)
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
