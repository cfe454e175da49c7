// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/scope"
	"github.com/recap-oci/recap/pkg/recap"
)

// The codes of what can be wrong with a policy, which a recap.Problem has as
// its rule.
const (
	codeText        = "P001" // not readable as UTF-8 or YAML
	codeTwice       = "P002" // a key twice, an anchor, an alias
	codeValue       = "P003" // a value that doesn't fit its field
	codeUnknown     = "P004" // a field that there isn't
	codeScope       = "P005" // scopes and mirrors
	codeAuthority   = "P006" // names, and signers that would count twice
	codeKey         = "P007" // no public key, or its time
	codeIdentity    = "P008" // an identity that anybody has, or nobody
	codeEvidence    = "P009" // evidence that is too little, or makes no sense
	codeThreshold   = "P010" // out of reach
	codeAttestation = "P011" // by nobody
	codeRoot        = "P012" // the trusted root
	codeWritable    = "P013" // a file that everybody may change
)

// finding is something wrong with a policy, at a place that a JSON Pointer into
// its file names.
type finding struct {
	pointer  string
	severity recap.Severity
	code     string
	message  string
	mend     string
}

// checker collects findings.
type checker struct{ found []finding }

func (c *checker) fail(pointer, code, mend, format string, args ...any) {
	c.found = append(c.found, finding{pointer, recap.SeverityError, code, fmt.Sprintf(format, args...), mend})
}

func (c *checker) warn(pointer, code, mend, format string, args ...any) {
	c.found = append(c.found, finding{pointer, recap.SeverityWarning, code, fmt.Sprintf(format, args...), mend})
}

// Check refuses, with recap.Usage and code bad-policy, a policy that makes no
// sense: one rule without name, scope or authority, rules that collide, an
// authority without means, a signer that would count twice, identities that
// anybody has, evidence that proves no time, a threshold that can't be reached,
// an attestation by nobody. A policy that [Load] returned passes.
func (p *Policy) Check() error {
	var first *recap.Error
	more := 0
	for _, f := range p.findings() {
		switch {
		case f.severity != recap.SeverityError:
		case first == nil:
			first = p.errorf("%s", f.message)
			if f.mend != "" {
				first = first.WithHint("%s", f.mend)
			}
		default:
			more++
		}
	}
	if first == nil {
		return nil
	}
	if more > 0 {
		first.Err = fmt.Errorf("%w (and %d more)", first.Err, more)
	}
	return first
}

// findings returns everything that is wrong with p.
func (p *Policy) findings() []finding {
	var c checker
	c.checkRoot(p.TrustedRoot)
	names := make(map[string]bool)
	for i, rule := range p.Rules {
		at := fmt.Sprintf("/policies/%d", i)
		switch {
		case rule.Name == "":
			c.fail(at, codeValue, "give it a name", "rule %d has no name", i+1)
		case names[rule.Name]:
			c.warn(at+"/name", codeAuthority, "give each its own", "two rules are called %q; reports won't tell them apart", rule.Name)
		}
		names[rule.Name] = true
		if rule.mode() != Enforce && rule.mode() != Warn {
			c.fail(at+"/mode", codeValue, "write enforce or warn", "rule %q has mode %q, not enforce or warn", rule.Name, rule.Mode)
		}
		c.checkRuleScopes(at, rule)
		c.checkAuthorities(at, rule)
		c.checkAttestations(at, rule)
	}
	c.checkScopes(p.Rules)
	return c.found
}

func (c *checker) checkRoot(root TrustedRoot) {
	if root.Path != "" && root.TUFMirror+root.TUFRoot != "" {
		c.fail("/trustedRoot", codeRoot, "keep one of them", "the trusted root is both a file and a TUF repository")
	}
	if root.TUFMirror == "" {
		return
	}
	u, err := url.Parse(root.TUFMirror)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		c.fail("/trustedRoot/tuf/mirror", codeRoot, "write a whole address, such as https://tuf.example.com", "the mirror %q is no address", root.TUFMirror)
	case u.User != nil:
		c.fail("/trustedRoot/tuf/mirror", codeRoot, "leave them out", "the address of the mirror holds a user name or password")
	}
}

func (c *checker) checkRuleScopes(at string, rule Rule) {
	if len(rule.Scopes) == 0 {
		c.fail(at, codeScope, "add scopes: the repositories it is for", "rule %q has no scope, so it never applies", rule.Name)
	}
	for j, pattern := range rule.Scopes {
		pointer := fmt.Sprintf("%s/scopes/%d", at, j)
		if pattern == "" {
			c.fail(pointer, codeScope, "write which repositories it is for", "rule %q has an empty scope", rule.Name)
			continue
		}
		if message, mend := scope.Mistake(pattern); message != "" {
			c.fail(pointer, codeScope, mend, "rule %q: the scope %q %s", rule.Name, pattern, message)
		} else if message, mend := scope.Warning(pattern); message != "" {
			c.warn(pointer, codeScope, mend, "rule %q: the scope %q %s", rule.Name, pattern, message)
		}
	}
	c.checkMirror(at+"/mirrorOf", rule)
}

func (c *checker) checkMirror(at string, rule Rule) {
	if rule.MirrorOf == "" {
		return
	}
	if message, mend := scope.Mistake(rule.MirrorOf); message != "" {
		c.fail(at, codeScope, mend, "rule %q: mirrorOf %q %s", rule.Name, rule.MirrorOf, message)
		return
	}
	for _, pattern := range rule.Scopes {
		switch {
		case scope.Portless(pattern) == scope.Portless(rule.MirrorOf):
			c.fail(at, codeScope, "write what these repositories are copies of, or remove it", "rule %q: mirrorOf %q is its own scope", rule.Name, rule.MirrorOf)
		case scope.Wildcard(pattern) != scope.Wildcard(rule.MirrorOf):
			c.fail(at, codeScope, "end both with the same: "+scope.Under(scope.Prefix(rule.MirrorOf), scope.Wildcard(pattern)),
				"rule %q: mirrorOf %q and the scope %q don't have the same wildcard", rule.Name, rule.MirrorOf, pattern)
		}
	}
}

func (c *checker) checkAuthorities(at string, rule Rule) {
	if len(rule.Authorities) == 0 {
		c.fail(at, codeAuthority, "add authorities: who may vouch", "rule %q names nobody", rule.Name)
		return
	}
	if rule.Threshold < 0 || rule.Required() > len(rule.Authorities) {
		c.fail(at+"/threshold", codeThreshold, fmt.Sprintf("name more authorities, or write threshold: %d or less", len(rule.Authorities)),
			"rule %q has threshold %d and names %d %s", rule.Name, rule.Threshold, len(rule.Authorities), plural(len(rule.Authorities), "authority", "authorities"))
	}
	for i, authority := range rule.Authorities {
		pointer := fmt.Sprintf("%s/authorities/%d", at, i)
		if authority.Name == "" {
			c.fail(pointer, codeAuthority, "give it a name", "rule %q: authority %d has no name", rule.Name, i+1)
		}
		who := fmt.Sprintf("rule %q: authority %q", rule.Name, authority.Name)
		switch {
		case (authority.Key == nil) == (authority.Keyless == nil):
			c.fail(pointer, codeAuthority, "write one of them", "%s needs a key or identities, one of them", who)
		case authority.Key != nil:
			c.checkKey(pointer, who, authority)
		default:
			c.checkIdentities(pointer, who, authority)
		}
		for _, other := range rule.Authorities[:i] {
			c.checkDistinct(pointer, rule.Name, other, authority)
		}
	}
}

// checkDistinct refuses two authorities of a rule that one signer could be
// meant by: a threshold counts signers, and a report names them.
func (c *checker) checkDistinct(pointer, rule string, a, b Authority) {
	if a.Name == b.Name && b.Name != "" {
		c.fail(pointer+"/name", codeAuthority, "give each its own name", "rule %q names authority %q twice", rule, b.Name)
	}
	if a.Key != nil && b.Key != nil && a.Key.equal(b.Key) {
		c.fail(pointer+"/key", codeAuthority, "keep one of them", "rule %q: authorities %q and %q have the same key", rule, a.Name, b.Name)
	}
	if a.Keyless == nil || b.Keyless == nil {
		return
	}
	for j, identity := range b.Keyless.Identities {
		if slices.ContainsFunc(a.Keyless.Identities, identity.equal) {
			c.fail(fmt.Sprintf("%s/keyless/identities/%d", pointer, j), codeAuthority, "keep one of them",
				"rule %q: authorities %q and %q have the same identity", rule, a.Name, b.Name)
		}
	}
}

func (c *checker) checkAttestations(at string, rule Rule) {
	for i, a := range rule.Attestations {
		pointer := fmt.Sprintf("%s/attestations/%d", at, i)
		switch {
		case predicateType(a.PredicateType) != "":
			c.fail(pointer+"/predicateType", codeAttestation, "write "+predicateType(a.PredicateType), "rule %q: the predicate type %q is no address", rule.Name, a.PredicateType)
		case !strings.Contains(a.PredicateType, ":"):
			c.fail(pointer+"/predicateType", codeAttestation, "write its whole type, such as https://slsa.dev/provenance/v1", "rule %q: the predicate type %q is no address", rule.Name, a.PredicateType)
		case a.PredicateType == SignatureType:
			c.fail(pointer+"/predicateType", codeAttestation, "remove it: signatures are asked for anyway, by authorities and threshold", "rule %q: %s is a signature's type, not an attestation's", rule.Name, a.PredicateType)
		}
		for j, name := range a.Authorities {
			if name == "" || len(rule.Authorities) == 0 || slices.ContainsFunc(rule.Authorities, func(nameless Authority) bool { return nameless.Name == "" }) {
				continue // reported
			}
			if slices.ContainsFunc(rule.Authorities, func(known Authority) bool { return known.Name == name }) {
				continue
			}
			c.fail(fmt.Sprintf("%s/authorities/%d", pointer, j), codeAttestation, rule.suggest(name),
				"rule %q: the attestation %s names the authority %q, which the rule doesn't have", rule.Name, a.PredicateType, name)
		}
	}
}

// predicateType returns the type that other tools have a short name for, or
// nothing.
func predicateType(short string) string {
	switch strings.ToLower(short) {
	case "provenance", "slsaprovenance", "slsaprovenance1":
		return "https://slsa.dev/provenance/v1"
	case "sbom", "cyclonedx":
		return "https://cyclonedx.org/bom"
	case "spdx", "spdxjson":
		return "https://spdx.dev/Document"
	case "vuln":
		return "https://cosign.sigstore.dev/attestation/vuln/v1"
	case "openvex":
		return "https://openvex.dev/ns"
	}
	return ""
}

// suggest says which authority of the rule was probably meant by a name.
func (r Rule) suggest(name string) string {
	var known []string
	for _, a := range r.Authorities {
		known = append(known, a.Name)
	}
	if s := fit.Nearest(name, known); s != "" {
		return fmt.Sprintf("did you mean %s?", s)
	}
	return "use one of " + strings.Join(known, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
