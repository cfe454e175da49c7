// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/sigstore/trustroot"
	"github.com/recap-oci/recap/pkg/trust"
)

// What cosign itself wrote in its older form, with a real Sigstore.
func TestVerifyLegacyCosign(t *testing.T) {
	const dir = "cosign-v3.1.3-legacy"
	var manifest struct {
		Layers []struct{ Annotations map[string]string }
	}
	sigstoretest.Check(t, json.Unmarshal(read(t, dir, "signatures.json"), &manifest))
	annotations := manifest.Layers[0].Annotations
	sig, err := base64.StdEncoding.DecodeString(annotations["dev.cosignproject.cosign/signature"])
	sigstoretest.Check(t, err)
	signature := trust.LegacySignature{
		Payload:     read(t, dir, "payload.json"),
		Signature:   sig,
		Certificate: []byte(annotations["dev.sigstore.cosign/certificate"]),
		Chain:       []byte(annotations["dev.sigstore.cosign/chain"]),
		LogEntry:    []byte(annotations["dev.sigstore.cosign/bundle"]),
		Timestamp:   []byte(annotations["dev.sigstore.cosign/rfc3161timestamp"]),
	}
	d := digest.FromBytes(read(t, dir, "subject.json"))
	verifier := sigstore.NewVerifier(sigstore.VerifierOptions{Root: trustroot.New(trustroot.Options{
		Path: filepath.Join("testdata", dir, "trusted_root.json"), Offline: true, Transport: sigstoretest.Refuse{T: t},
	})})
	got, err := verifier.VerifyLegacy(t.Context(), signature, d, needing(1, 2, 1))
	sigstoretest.Check(t, err)
	if got.Certificate.Subject != "dev@example.com" || len(got.LogEntries) != 1 || len(got.Timestamps) != 2 || got.SCTs != 1 {
		t.Errorf("got %+v, want dev@example.com with all evidence", got)
	}
	if diff := cmp.Diff(string(signature.Payload), string(got.Statement)); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
	_, err = verifier.VerifyLegacy(t.Context(), signature, digest.FromString("another"), needing(1, 2, 1))
	wantRejection(t, err, trust.ErrBadSignature, "subject", "names")
}
