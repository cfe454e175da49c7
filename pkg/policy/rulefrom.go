// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strings"

	"github.com/recap-oci/recap/pkg/recap"
)

// RuleFrom returns a rule that trusts holder, whom a certificate names, for
// exactly the repository name. A workflow of GitHub is recognised by repository,
// file and ref; when the ref is the tag of a version, by any tag that begins the
// same, so that the next version is trusted too. Everybody else is recognised by
// exactly what the certificate says. For an empty holder the rule trusts
// nobody, and [AddRule] refuses it.
func RuleFrom(holder Identity, name string) Rule {
	rule := Rule{Name: clipName(name), Mode: Enforce, Threshold: 1}
	if !strings.Contains(name, "*") { // else it would be more than that name
		rule.Scopes = []string{name}
	}
	if holder.Issuer == "" && holder.Subject == "" {
		return rule
	}
	id := recognised(holder)
	who := id.Subject
	if g, ok := githubOf(id); ok {
		who = g.Repository + " " + g.Workflow
	}
	rule.Authorities = []Authority{{Name: clipName(who), Keyless: &Keyless{Identities: []Identity{id}}}}
	return rule
}

// recognised returns the identity that a certificate's holder is to be recognised
// by: exact, but for the version in a tag, so that the next release is theirs
// too. What the certificate says about its source repository belongs to it.
func recognised(holder Identity) Identity {
	if g, ok := parseWorkflow(holder.Subject); ok && holder.Issuer == githubIssuer && holder.Claims[sourceRepository] == githubAddress+g.Repository {
		if tag, ok := strings.CutPrefix(g.Ref, "refs/tags/"); ok && isVersionTag(tag) {
			g.Ref = "refs/tags/" + tag[:strings.IndexAny(tag, "0123456789")] + "*"
		}
		if g.canBeWritten() && !strings.Contains(holder.Subject, "*") {
			return g.identity()
		}
	}
	id := Identity{Issuer: holder.Issuer, Subject: holder.Subject, Claims: map[string]string{}}
	if repository := holder.Claims[sourceRepository]; repository != "" {
		id.Claims[sourceRepository] = repository
	}
	if len(id.Claims) == 0 {
		id.Claims = nil
	}
	return id
}

// isVersionTag reports whether a git tag is a version with at most a v before
// it, so that releases differ by what follows.
func isVersionTag(tag string) bool {
	number := strings.TrimPrefix(tag, "v")
	major, rest, ok := strings.Cut(number, ".")
	return ok && major != "" && strings.Trim(major, "0123456789") == "" && rest != "" && rest[0] >= '0' && rest[0] <= '9' && !strings.Contains(tag, "/")
}

// clipName makes a name of at most a hundred characters that all show.
func clipName(s string) string {
	const most = 100
	r := []rune(recap.Printable(s))
	if len(r) > most {
		r = append(r[:most-1], '…')
	}
	return string(r)
}
