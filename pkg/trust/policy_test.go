// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

func TestRuleFor(t *testing.T) {
	policy := &trust.Policy{Source: "policy.yaml", Rules: []trust.Rule{
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
		{"axb/c", "", trust.ErrNoRule},
		{"evil.example/registry.example.com/team/x", "", trust.ErrNoRule},
		{"registry.example.com.evil.example/x", "", trust.ErrNoRule},
		{"mirror.example.org/teams", "", trust.ErrNoRule},
		{"", "", trust.ErrNoRule},
		{"tie.example.com/y", "", recap.Usage},
		{"tie.example.com/x", "untied", nil},
		{"twice.example.com/x", "tie a", nil},
		{"tie.example.com/x/y", "tie b", nil},
		{"registry.example.com:443/team/x", "team", nil},
		{"registry.example.com:443/team/one", "one", nil},
		{"registry.example.com:5000/team/one", "", trust.ErrNoRule},
		{"registry.example.com:4430/team/one", "", trust.ErrNoRule},
		{"ported.example.com/x", "ported", nil},
		{"ported.example.com:443/x", "ported", nil},
		{"ported.example.com/closer/x", "closer", nil},
		{"ported.example.com:443/closer/x", "closer", nil},
		{":443/x", "", trust.ErrNoRule},
		{"wild.example.com/x", "wild", nil},
		{"wild.example.com:443/x", "wild", nil},
		{"wild.example.com:5000/x", "", trust.ErrNoRule},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rule, err := policy.RuleFor(test.name)
			if rule.Name != test.want || !errors.Is(err, test.err) {
				t.Errorf("got rule %q, error %v, want %q, %v", rule.Name, err, test.want, test.err)
			}
		})
	}
	if rule, err := trust.KeyPolicy(authorityOf(t, newSigner(t, "alice"))).RuleFor("anything/at:all"); err != nil || rule.Name != "--key" {
		t.Errorf("--key: got rule %q, error %v", rule.Name, err)
	}
}

func TestPolicyCheck(t *testing.T) {
	alice, bob := authorityOf(t, newSigner(t, "alice")), authorityOf(t, newSigner(t, "bob"))
	again := trust.Authority{Name: "alice again", Key: &trust.Key{PEM: append([]byte("her key, once more\n"), alice.Key.PEM...)}}
	tests := []struct {
		name string
		edit func(*trust.Policy)
		want string // empty: accepted
	}{
		{"as it is", func(*trust.Policy) {}, ""},
		{"no rules", func(p *trust.Policy) { p.Rules = nil }, ""},
		{"threshold of all", func(p *trust.Policy) { p.Rules[0].Threshold = 2 }, ""},
		{"warn", func(p *trust.Policy) { p.Rules[0].Mode = trust.Warn }, ""},
		{"threshold of more", func(p *trust.Policy) { p.Rules[0].Threshold = 3 }, "threshold 3"},
		{"negative threshold", func(p *trust.Policy) { p.Rules[0].Threshold = -1 }, "threshold -1"},
		{"unknown mode", func(p *trust.Policy) { p.Rules[0].Mode = "audit" }, `mode "audit"`},
		{"no name", func(p *trust.Policy) { p.Rules[0].Name = "" }, "no name"},
		{"no scope", func(p *trust.Policy) { p.Rules[0].Scopes = nil }, "no scope"},
		{"empty scope", func(p *trust.Policy) { p.Rules[0].Scopes = []string{""} }, "empty scope"},
		{"two rules for one scope", func(p *trust.Policy) { p.Rules = append(p.Rules, p.Rules[0]) }, "again in rule"},
		{"nobody", func(p *trust.Policy) { p.Rules[0].Authorities = nil }, "names nobody"},
		{"authority without name", func(p *trust.Policy) { p.Rules[0].Authorities[0].Name = "" }, "authority 1 has no name"},
		{"authority without key", func(p *trust.Policy) { p.Rules[0].Authorities[1].Key = nil }, "needs a key or identities"},
		{"28: one name twice", func(p *trust.Policy) { p.Rules[0].Authorities[1].Name = alice.Name }, "twice"},
		{"28: one key under two names", func(p *trust.Policy) { p.Rules[0].Authorities[1] = again }, "the same key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policy := &trust.Policy{Source: "policy.yaml", Rules: []trust.Rule{{
				Name: "team", Scopes: []string{"registry.example.com/**"}, Authorities: []trust.Authority{alice, bob},
			}}}
			test.edit(policy)
			err := policy.Check()
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
