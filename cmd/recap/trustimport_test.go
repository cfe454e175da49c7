// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/trust/material"
)

// Whoever is asked to trust a policy without a trusted root is told whose root it
// goes by: keys need none, people do.
func TestImportWithoutRoot(t *testing.T) {
	const start = "apiVersion: recap/v1\nkind: TrustPolicy\npolicies:\n- name: team\n  scopes: [\"registry.example.com/team/**\"]\n  authorities:\n  - name: one\n"
	for name, tt := range map[string]struct{ authority, want string }{
		"a key":       {"    key: {kms: \"awskms:///alias/recap\"}\n", "no trusted root: the policy's keys need none\n"},
		"an identity": {"    keyless: {identities: [{issuer: \"https://i.example\", subject: a@example.com}]}\n", "no trusted root: the policy goes by that of Sigstore's public instance\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "layout")
			store, err := layout.Create(path, layout.Options{})
			if err != nil {
				t.Fatal(err)
			}
			desc, err := material.Push(t.Context(), store, material.Material{Policy: []byte(start + tt.authority)})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			e := &env{stdin: bytes.NewReader(nil), stdout: &answer{w: &stdout}, stderr: &stderr, now: time.Now, lookup: func(name string) (string, bool) {
				return filepath.Join(dir, "home"), strings.HasPrefix(name, "XDG_")
			}}
			if code := e.main(t.Context(), []string{"trust", "import", path, "--digest", desc.Digest.String(), "--dry-run"}); code != 0 {
				t.Fatalf("exit %d: %s", code, &stderr)
			}
			if !strings.HasPrefix(stdout.String(), tt.want) {
				t.Errorf("it says %q, want %q", &stdout, tt.want)
			}
		})
	}
}
