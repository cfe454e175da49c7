// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/trust"
)

// TestConformance verifies bundles of Sigstore's conformance suite.
func TestConformance(t *testing.T) {
	const artifact = digest.Digest("sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf") // a.txt
	dirs, err := os.ReadDir(filepath.Join("testdata", "conformance"))
	sigstoretest.Check(t, err)
	n := 0
	for _, dir := range dirs {
		if !dir.IsDir() {
			continue
		}
		n++
		t.Run(dir.Name(), func(t *testing.T) {
			a := policy.Authority{Name: "suite", Key: &policy.Key{PEM: read(t, "conformance", dir.Name(), "key.pub")}}
			raw := read(t, "conformance", dir.Name(), "bundle.sigstore.json")
			_, err := sigstore.NewVerifier(sigstore.VerifierOptions{}).Verify(t.Context(), raw, artifact, a)
			if strings.HasSuffix(dir.Name(), "_fail") {
				// The signature is good: it fails for what it says.
				wantRejection(t, err, trust.ErrBadSignature, "subject", "a statement of type")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	if n != 3 {
		t.Errorf("got %d bundles, want 3", n)
	}
}
