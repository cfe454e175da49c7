// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestRuleFor(t *testing.T) {
	believed := &policy.Policy{Source: "policy.yaml", Rules: []policy.Rule{
		{Name: "host", Scopes: []string{"registry.example.com/**"}},
		{Name: "team", Scopes: []string{"registry.example.com/team/**", "mirror.example.org/team/**"}},
		{Name: "one", Scopes: []string{"registry.example.com/team/one"}},
		{Name: "flat", Scopes: []string{"registry.example.com/flat/*"}},
		{Name: "dots", Scopes: []string{"a.b/c"}},
		{Name: "layouts", Scopes: []string{"oci-layout:**"}},
		{Name: "tie a", Scopes: []string{"tie.example.com/*", "twice.example.com/*", "twice.example.com/**"}},
		{Name: "tie b", Scopes: []string{"tie.example.com/**"}},
		{Name: "ported", Scopes: []string{"ported.example.com:443/**"}},
		{Name: "closer", Scopes: []string{"ported.example.com/c**"}},
		{Name: "untied", Scopes: []string{"tie.example.com/x*"}},
		{Name: "wild", Scopes: []string{"wild*:443/**"}},
	}}
	tests := []struct {
		name string
		want string // empty: none
		err  error
	}{
		{"registry.example.com/x", "host", nil},
		{"registry.example.com/team/x", "team", nil},
		{"registry.example.com/team/x/y", "team", nil},
		{"mirror.example.org/team/x", "team", nil},
		{"registry.example.com/team/one", "one", nil},
		{"registry.example.com/team/one/more", "team", nil},
		{"registry.example.com/flat/x", "flat", nil},
		{"registry.example.com/flat/x/y", "host", nil},
		{"a.b/c", "dots", nil},
		{"oci-layout:./dir", "layouts", nil},
		{"oci-layout:", "layouts", nil},
		{"oci-layout:two\nlines", "layouts", nil},
		{"axb/c", "", policy.ErrNoRule},
		{"evil.example/registry.example.com/team/x", "", policy.ErrNoRule},
		{"registry.example.com.evil.example/x", "", policy.ErrNoRule},
		{"mirror.example.org/teams", "", policy.ErrNoRule},
		{"", "", policy.ErrNoRule},
		{"tie.example.com/y", "", recap.Usage},
		{"tie.example.com/x", "untied", nil},
		{"twice.example.com/x", "tie a", nil},
		{"tie.example.com/x/y", "tie b", nil},
		{"registry.example.com:443/team/x", "team", nil},
		{"registry.example.com:443/team/one", "one", nil},
		{"registry.example.com:5000/team/one", "", policy.ErrNoRule},
		{"registry.example.com:4430/team/one", "", policy.ErrNoRule},
		{"ported.example.com/x", "ported", nil},
		{"ported.example.com:443/x", "ported", nil},
		{"ported.example.com/closer/x", "closer", nil},
		{"ported.example.com:443/closer/x", "closer", nil},
		{":443/x", "", policy.ErrNoRule},
		{"wild.example.com/x", "wild", nil},
		{"wild.example.com:443/x", "wild", nil},
		{"wild.example.com:5000/x", "", policy.ErrNoRule},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rule, err := believed.RuleFor(test.name)
			if rule.Name != test.want || !errors.Is(err, test.err) {
				t.Errorf("got rule %q, error %v, want %q, %v", rule.Name, err, test.want, test.err)
			}
		})
	}
	if rule, err := policy.ForKeys(holder(t, "alice")).RuleFor("anything/at:all"); err != nil || rule.Name != "--key" {
		t.Errorf("--key: got rule %q, error %v", rule.Name, err)
	}
}

// holder is an authority that is a key of its own, which depends on its name
// alone.
func holder(t testing.TB, name string) policy.Authority {
	t.Helper()
	seed := digest.FromString(name).Encoded()[:ed25519.SeedSize]
	der, err := x509.MarshalPKIXPublicKey(ed25519.NewKeyFromSeed([]byte(seed)).Public())
	if err != nil {
		t.Fatal(err)
	}
	return policy.Authority{Name: name, Key: &policy.Key{PEM: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})}}
}

// code returns the code of an error.
func code(err error) string {
	var e *recap.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func TestCheck(t *testing.T) {
	alice, bob := holder(t, "alice"), holder(t, "bob")
	again := policy.Authority{Name: "alice again", Key: &policy.Key{PEM: append([]byte("her key, once more\n"), alice.Key.PEM...)}}
	tests := []struct {
		name string
		edit func(*policy.Policy)
		want string // empty: accepted
	}{
		{"as it is", func(*policy.Policy) {}, ""},
		{"no rules", func(p *policy.Policy) { p.Rules = nil }, ""},
		{"threshold of all", func(p *policy.Policy) { p.Rules[0].Threshold = 2 }, ""},
		{"warn", func(p *policy.Policy) { p.Rules[0].Mode = policy.Warn }, ""},
		{"threshold of more", func(p *policy.Policy) { p.Rules[0].Threshold = 3 }, "threshold 3"},
		{"negative threshold", func(p *policy.Policy) { p.Rules[0].Threshold = -1 }, "threshold -1"},
		{"unknown mode", func(p *policy.Policy) { p.Rules[0].Mode = "audit" }, `mode "audit"`},
		{"no name", func(p *policy.Policy) { p.Rules[0].Name = "" }, "no name"},
		{"no scope", func(p *policy.Policy) { p.Rules[0].Scopes = nil }, "no scope"},
		{"empty scope", func(p *policy.Policy) { p.Rules[0].Scopes = []string{""} }, "empty scope"},
		{"two rules for one scope", func(p *policy.Policy) { p.Rules = append(p.Rules, p.Rules[0]) }, "again in rule"},
		{"nobody", func(p *policy.Policy) { p.Rules[0].Authorities = nil }, "names nobody"},
		{"authority without name", func(p *policy.Policy) { p.Rules[0].Authorities[0].Name = "" }, "authority 1 has no name"},
		{"authority without key", func(p *policy.Policy) { p.Rules[0].Authorities[1].Key = nil }, "needs a key or identities"},
		{"28: one name twice", func(p *policy.Policy) { p.Rules[0].Authorities[1].Name = alice.Name }, "twice"},
		{"28: one key under two names", func(p *policy.Policy) { p.Rules[0].Authorities[1] = again }, "the same key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			believed := &policy.Policy{Source: "policy.yaml", Rules: []policy.Rule{{
				Name: "team", Scopes: []string{"registry.example.com/**"}, Authorities: []policy.Authority{alice, bob},
			}}}
			test.edit(believed)
			err := believed.Check()
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, recap.Usage) || code(err) != "bad-policy" || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "policy.yaml") {
				t.Errorf("got error %v, want %v with %q in it", err, recap.Usage, test.want)
			}
		})
	}
}
