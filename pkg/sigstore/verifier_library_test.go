// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package sigstore_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	sigroot "github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore/internal/sigstoretest"
	"github.com/recap-oci/recap/pkg/trust"
)

// libraryAccepts asks sigstore-go alone, as its documentation says. The code
// under test makes the same steps one by one, to be able to say which failed;
// what it accepts has to be accepted by the whole.
func libraryAccepts(t testing.TB, raw, trustedRoot []byte, d digest.Digest) error {
	t.Helper()
	trusted, err := sigroot.NewTrustedRootFromJSON(trustedRoot)
	sigstoretest.Check(t, err)
	verifier, err := verify.NewVerifier(trusted, verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	sigstoretest.Check(t, err)
	b := new(bundle.Bundle)
	if err := b.UnmarshalJSON(raw); err != nil {
		return err
	}
	sum, err := hex.DecodeString(d.Encoded())
	sigstoretest.Check(t, err)
	_, err = verifier.Verify(b, verify.NewPolicy(verify.WithArtifactDigest("sha256", sum), verify.WithoutIdentitiesUnsafe()))
	return err
}

func TestLibraryAgrees(t *testing.T) {
	v := newVirtual(t)
	trustedRoot := v.trustedRoot(t)
	for name, o := range map[string]order{
		"version 1": v.onV1(), "version 2": v.onV2(),
		"both": v.onV2().with(func(o *order) { o.logs = append(o.logs, v.onV1().logs...) }),
	} {
		if err := libraryAccepts(t, o.sign(t), trustedRoot, root); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzVerifyKeyless holds that nothing is accepted but what was signed, that
// nothing makes the verifier stumble, and that it is at least as strict as the
// library.
func FuzzVerifyKeyless(f *testing.F) {
	v := newVirtual(f)
	trustedRoot := v.trustedRoot(f)
	verifier := verifierOf(f, trustedRoot)
	both := v.onV2().with(func(o *order) { o.logs = append(o.logs, v.onV1().logs...) })
	statements := make(map[string]bool)
	for _, o := range []order{v.onV1(), v.onV2(), both, v.onV2().with(func(o *order) { o.bare = true })} {
		raw := o.sign(f)
		f.Add(raw)
		// One entry's parts under the other's kind, and the like.
		f.Add(bytes.ReplaceAll(raw, []byte(`"kind":"dsse","version":"0.0.1"`), []byte(`"kind":"hashedrekord","version":"0.0.2"`)))
		f.Add(bytes.ReplaceAll(raw, []byte(`"inclusionProof"`), []byte(`"inclusionPromise"`)))
		f.Add(bytes.ReplaceAll(raw, []byte(`"treeSize":"1"`), []byte(`"treeSize":"-1"`)))
		f.Add(bytes.ReplaceAll(raw, []byte(`"hashes":[]`), []byte(`"hashes":["AAAA"]`)))
	}
	for _, body := range []string{
		`{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":null,"payloadHash":null,"signatures":[]}}`,
		`{"apiVersion":"0.0.1","kind":"dsse","spec":{"signatures":[{"signature":null,"verifier":null}]}}`,
		`{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{},"signature":{}}}`,
		`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"signatures":[]}}}}`,
		`{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{}}}`,
	} {
		f.Add(v.onV1().with(func(o *order) {
			o.logs[0].edit = func(e map[string]any) { e["canonicalizedBody"] = []byte(body) }
		}).sign(f))
	}
	statements[about(root)] = true
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := verifier.Verify(t.Context(), raw, root, anybody)
		var rejection *trust.Rejection
		switch {
		case err == nil:
			if !statements[string(got.Statement)] || got.Certificate == nil || got.Certificate.Subject != workflow {
				t.Errorf("forged: %+v", got)
			}
			if err := libraryAccepts(t, raw, trustedRoot, root); err != nil {
				t.Errorf("the library refuses what was accepted: %v", err)
			}
		case !errors.As(err, &rejection) || !errors.Is(err, recap.Untrusted):
			t.Errorf("an error that is no refusal: %v", err)
		}
	})
}

// FuzzVerifyLogEntry does the same to what is inside an entry, where random
// bytes in a bundle's base64 seldom get.
func FuzzVerifyLogEntry(f *testing.F) {
	v := newVirtual(f)
	trustedRoot := v.trustedRoot(f)
	verifier := verifierOf(f, trustedRoot)
	templates := [][]byte{v.onV1().sign(f), v.onV2().sign(f)}
	for i, raw := range templates {
		var b map[string]any
		sigstoretest.Check(f, json.Unmarshal(raw, &b))
		entry := firstEntry(b)
		body, err := base64.StdEncoding.DecodeString(entry["canonicalizedBody"].(string))
		sigstoretest.Check(f, err)
		kind := entry["kindVersion"].(map[string]any)
		checkpoint := field(entry, "inclusionProof", "checkpoint")["envelope"].(string)
		f.Add(i == 1, body, kind["kind"].(string), kind["version"].(string), checkpoint, int64(0), int64(1))
		f.Add(i == 0, body, kind["kind"].(string), kind["version"].(string), checkpoint, int64(1), int64(0))
	}
	for _, body := range []string{
		`{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":null,"payloadHash":null,"signatures":[]}}`,
		`{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":{"algorithm":"sha256","value":"00"},"payloadHash":{"algorithm":"sha256","value":"00"},"signatures":[]}}`,
		`{"apiVersion":"0.0.1","kind":"dsse","spec":{"signatures":[null]}}`,
		`{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{},"signature":{}}}`,
		`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":{"payloadType":"x","signatures":[]}}}}`,
		`{"apiVersion":"0.0.2","kind":"intoto","spec":{"content":{"envelope":null,"payloadHash":{"algorithm":"sha256","value":"00"}}}}`,
		`{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":null,"signature":{"verifier":{}}}}}`,
	} {
		for _, kind := range []string{"dsse", "hashedrekord", "intoto"} {
			f.Add(false, []byte(body), kind, body[15:20], "rekor1.test - 123\n1\nAAAA\n", int64(0), int64(1))
		}
	}
	f.Fuzz(func(t *testing.T, second bool, body []byte, kind, version, checkpoint string, index, size int64) {
		raw := templates[0]
		if second {
			raw = templates[1]
		}
		var b map[string]any
		sigstoretest.Check(t, json.Unmarshal(raw, &b))
		entry := firstEntry(b)
		entry["canonicalizedBody"], entry["kindVersion"], entry["logIndex"] = body, map[string]any{"kind": kind, "version": version}, fmt.Sprint(index)
		proof := field(entry, "inclusionProof")
		proof["logIndex"], proof["treeSize"], proof["checkpoint"] = fmt.Sprint(index), fmt.Sprint(size), map[string]any{"envelope": checkpoint}
		changed, err := json.Marshal(b)
		sigstoretest.Check(t, err)
		_, err = verifier.Verify(t.Context(), changed, root, anybody)
		var rejection *trust.Rejection
		switch {
		case err == nil:
			if err := libraryAccepts(t, changed, trustedRoot, root); err != nil {
				t.Errorf("the library refuses what was accepted: %v", err)
			}
		case !errors.As(err, &rejection):
			t.Errorf("an error that is no refusal: %v", err)
		}
	})
}

func firstEntry(b map[string]any) map[string]any {
	return field(b, "verificationMaterial")["tlogEntries"].([]any)[0].(map[string]any)
}
