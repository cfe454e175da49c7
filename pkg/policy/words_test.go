// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/policy"
)

func TestRuleFrom(t *testing.T) {
	const workflow = "https://github.com/acme/talks/.github/workflows/release.yml@"
	reusable := observed("https://github.com/acme/shared/.github/workflows/release.yml@refs/heads/main")
	reusable.Claims["sourceRepositoryURI"] = "https://github.com/acme/talks"
	tests := []struct {
		name string
		from policy.Identity
		want string // in plain words
	}{
		{"a version", observed(workflow + "refs/tags/v1.2.3"), "the GitHub workflow release.yml of acme/talks, on tags v*"},
		{"a version to come", observed(workflow + "refs/tags/v2.0.0-rc.1"), "the GitHub workflow release.yml of acme/talks, on tags v*"},
		{"a version without v", observed(workflow + "refs/tags/1.2"), "the GitHub workflow release.yml of acme/talks, on any tag"},
		{"another tag", observed(workflow + "refs/tags/vnext"), "the GitHub workflow release.yml of acme/talks, on the tag vnext"},
		{"a floating tag", observed(workflow + "refs/tags/v1"), "the GitHub workflow release.yml of acme/talks, on the tag v1"},
		{"a tag of a part", observed(workflow + "refs/tags/cli/v1.2.3"), "the GitHub workflow release.yml of acme/talks, on the tag cli/v1.2.3"},
		{"a branch", observed(workflow + "refs/heads/main"), "the GitHub workflow release.yml of acme/talks, on the branch main"},
		{"a branch that looks like a version", observed(workflow + "refs/heads/v1.2.3"), "the GitHub workflow release.yml of acme/talks, on the branch v1.2.3"},
		{"a pull request", observed(workflow + "refs/pull/7/merge"), "the GitHub workflow release.yml of acme/talks, on refs/pull/7/merge"},
		{"a workflow of another repository", reusable, "https://github.com/acme/shared/.github/workflows/release.yml@refs/heads/main, by the word of https://token.actions.githubusercontent.com, from the repository https://github.com/acme/talks"},
		{"a workflow with an odd name", observed("https://github.com/acme/talks/.github/workflows/a b.yml@refs/heads/main"), "the GitHub workflow a b.yml of acme/talks, on the branch main"},
		{"a version by one", observed("https://github.com/acme/talks/.github/workflows/a b.yml@refs/tags/v1.2.3"), "the GitHub workflow a b.yml of acme/talks, on the tag v1.2.3"},
		{"a workflow by another's word", policy.Identity{Issuer: "https://evil.example", Subject: workflow + "refs/tags/v1.2.3", Claims: map[string]string{"sourceRepositoryURI": "https://github.com/acme/talks"}}, workflow + "refs/tags/v1.2.3, by the word of https://evil.example, from the repository https://github.com/acme/talks"},
		{"a workflow of no known source", policy.Identity{Issuer: "https://token.actions.githubusercontent.com", Subject: workflow + "refs/tags/v1.2.3"}, workflow + "refs/tags/v1.2.3, by the word of https://token.actions.githubusercontent.com"},
		{"a person", policy.Identity{Issuer: "https://accounts.google.com", Subject: "dana@example.com"}, "dana@example.com, by the word of https://accounts.google.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule := policy.RuleFrom(tt.from, "registry.example.com/acme/talks")
			if diff := cmp.Diff([]string{tt.want}, rule.Plain()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if rule.Name != "registry.example.com/acme/talks" || len(rule.Scopes) != 1 || rule.Scopes[0] != rule.Name || rule.Mode != policy.Enforce {
				t.Errorf("got %+v", rule)
			}
			path := filepath.Join(t.TempDir(), "policy.yaml")
			if err := policy.AddRule(path, rule, policy.TrustedRoot{}); err != nil {
				t.Fatal(err)
			}
			believed, err := policy.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rule.Plain(), believed.Rules[0].Plain()); diff != "" {
				t.Errorf("written and read again (-want +got)\n%s", diff)
			}
		})
	}
}

// TestPlain says whole rules.
func TestPlain(t *testing.T) {
	const text = head + ci + security + dana + `  - name: any
    keyless: {identities: [{issuerRegExp: 'https://\w+\.example\.com', subjectRegExp: 'ci-\d+', claims: {runnerEnvironment: hosted}}, {issuer: i, subject: s}]}
    require: {tlog: 2, timestamps: 1, sct: 0}
  - name: vault
    key: {kms: "awskms://k", validFrom: 2026-01-01, validUntil: "2027-01-01T10:00:00Z"}
    require: {timestamps: 2}
  - name: branches
    github: {repository: acme/recaps, workflow: publish.yml, ref: "refs/heads/release/*"}
  threshold: 2
  mode: warn
  legacySignatures: true
  mirrorOf: registry.example.org/team/**
  attestations: [{predicateType: https://slsa.dev/provenance/v1, authorities: [ci, dana]}]
- name: one
  scopes: [registry.example.com/one]
  authorities:
  - name: dana
    keyless: {identities: [{issuer: https://issuer.example.com, subject: dana@example.com}]}
    require: {tlog: 1}
  attestations: [{predicateType: https://slsa.dev/provenance/v1, authorities: [dana]}]
- name: two
  scopes: [registry.example.com/two]
  authorities:
  - {name: a, key: {path: keys/ed25519.pub}}
  - {name: b, key: {kms: "awskms://b"}}
`
	believed, problems := policy.Parse(policyPath, []byte(text), newPEMs(t).read)
	if believed == nil {
		t.Fatal(problems)
	}
	want := [][]string{
		{
			"ci: the GitHub workflow publish.yml of acme/recaps, on tags v*",
			"security: whoever holds the ECDSA P-256 key with SHA-256 …",
			"dana: dana@example.com, by the word of https://issuer.example.com",
			`any: everybody whose name matches ci-\d+, by the word of any issuer that matches https://\w+\.example\.com, with runnerEnvironment hosted, or s, by the word of i, with 2 log entries, 1 time of signing`,
			"vault: whoever holds the key awskms://k, for what was signed from 2026-01-01 until 2027-01-01T10:00:00Z, with 2 times of signing",
			"branches: the GitHub workflow publish.yml of acme/recaps, on branches release/*",
			"2 of these 6 must sign, each a different signer",
			"there must be a statement of type https://slsa.dev/provenance/v1 by ci or dana",
			"signatures of cosign before version 3 count too",
			"these are copies of registry.example.org/team/**",
			"what doesn't satisfy this is used all the same, with a warning",
		},
		{"dana@example.com, by the word of https://issuer.example.com", "there must be a statement of type https://slsa.dev/provenance/v1"},
		{"a: whoever holds the Ed25519 key with SHA-256 …", "b: whoever holds the key awskms://b", "any one of these 2 is enough"},
	}
	for i, rule := range believed.Rules {
		got := rule.Plain()
		for j, line := range got {
			if before, digest, ok := strings.Cut(line, "SHA-256 "); ok && len(digest) == 64 {
				got[j] = before + "SHA-256 …"
			}
		}
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", rule.Name, diff)
		}
	}
}
