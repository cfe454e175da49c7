// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"testing"

	"github.com/recap-oci/recap/pkg/policy"
)

func TestRuleRepository(t *testing.T) {
	tests := []struct {
		name     string
		scopes   []string
		mirrorOf string
		typed    string
		want     string
	}{
		{"no mirror", []string{"a.example/**"}, "", "a.example/x", "a.example/x"},
		{"everything below", []string{"a.example/team/**"}, "b.example/**", "a.example/team/x/y", "b.example/x/y"},
		{"one level", []string{"a.example/*"}, "b.example/team/*", "a.example/x", "b.example/team/x"},
		{"no wildcard", []string{"a.example/x"}, "b.example/y", "a.example/x", "b.example/y"},
		{"text after the wildcard", []string{"a.example/*/recaps"}, "b.example/*/recaps", "a.example/x/recaps", "b.example/x/recaps"},
		{"of two scopes the longer", []string{"a.example/**", "a.example/team/**"}, "b.example/**", "a.example/team/x", "b.example/x"},
		{"in any order", []string{"a.example/team/**", "a.example/**"}, "b.example/**", "a.example/team/x", "b.example/x"},
		{"a scope with another wildcard", []string{"a.example/**", "a.example/team/*"}, "b.example/**", "a.example/team/x", "b.example/team/x"},
		{"a layout", []string{"oci-layout:**"}, "b.example/**", "oci-layout:./x", "b.example/./x"},
		{"no scope fits", []string{"a.example/*"}, "b.example/**", "a.example/x", "a.example/x"},
		{"with the port that is meant without", []string{"a.example/**"}, "", "a.example:443/x", "a.example/x"},
		{"with another port", []string{"a.example:5000/**"}, "", "a.example:5000/x", "a.example:5000/x"},
		{"a mirror with the port", []string{"a.example:443/**"}, "b.example:443/team/**", "a.example/x", "b.example/team/x"},
		{"a layout in a directory of that name", []string{"**"}, "", "oci-layout:443/x", "oci-layout:443/x"},
		{"not in its scopes", []string{"a.example/**"}, "b.example/**", "c.example/x", "c.example/x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := (policy.Rule{Scopes: test.scopes, MirrorOf: test.mirrorOf}).Repository(test.typed); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
