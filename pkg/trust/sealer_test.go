// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/trust"
)

func newSealer(t testing.TB, signer trust.Signer) *trust.Sealer {
	t.Helper()
	sealer, err := trust.NewSealer(signer, sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.SignPredicate())
	if err != nil {
		t.Fatal(err)
	}
	sealer.Now = func() time.Time { return time.Date(2026, 11, 21, 3, 17, 50, 999, time.FixedZone("", 7200)) }
	return sealer
}

// The manifest is cosign's to the last field, but for a stray artifactType that
// cosign writes into the config's descriptor.
func TestSealWritesWhatCosignWrites(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	root.Annotations = map[string]string{"org.opencontainers.image.title": "not part of what is signed"}
	report, err := newSealer(t, newSigner(t, "alice")).Seal(t.Context(), s, root)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Signatures) != 1 || report.Verdict != trust.VerdictVerified || report.Digest != root.Digest {
		t.Fatalf("got %+v", report)
	}
	added := report.Signatures[0]
	if !added.Added || added.Outcome != trust.Verified || added.Authority != "env://alice" || added.PredicateType != signType {
		t.Errorf("got %+v", added)
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(s.blobs[added.Digest], &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Layers) != 1 {
		t.Fatalf("got %d layers", len(m.Layers))
	}
	bundle := m.Layers[0]
	want := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
		"config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
		"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","size":%d,"digest":%q}],
		"annotations":{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1","org.opencontainers.image.created":"2026-11-21T01:17:50Z"},
		"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":%d,"digest":%q},
		"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`, bundle.Size, bundle.Digest, root.Size, root.Digest)
	if diff := cmp.Diff(decode(t, []byte(want)), decode(t, s.blobs[added.Digest])); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if got := string(s.blobs[m.Config.Digest]); got != "{}" {
		t.Errorf("config is %q", got)
	}

	var b struct {
		DSSEEnvelope struct{ Payload []byte }
	}
	if err := json.Unmarshal(s.blobs[bundle.Digest], &b); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, []byte(about(root, signType))), decode(t, b.DSSEEnvelope.Payload)); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}

	if _, err := admit(t, s, root); err != nil {
		t.Errorf("not admitted: %v", err)
	}
}

func decode(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSealTwiceAddsOnce(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	first, err := newSealer(t, newSigner(t, "alice")).Seal(t.Context(), s, root)
	if err != nil {
		t.Fatal(err)
	}
	pushes := s.count("push")
	again, err := newSealer(t, newSigner(t, "alice")).Seal(t.Context(), s, root)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.count("push") - pushes; n != 0 {
		t.Errorf("%d pushes for what was there", n)
	}
	first.Signatures[0].Added = false
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("second report differs (-first +second):\n%s", diff)
	}
}

func TestSealAddsBesideOthers(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	alice, bob := newSigner(t, "alice"), newSigner(t, "bob")
	s.attach(t, root, sign(t, bob, about(root, signType)), nil)
	s.attach(t, root, sign(t, alice, about(root, slsaType)), nil)
	s.attach(t, root, []byte("garbage"), nil)
	report, err := newSealer(t, alice).Seal(t.Context(), s, root)
	if err != nil {
		t.Fatal(err)
	}
	want := []trust.Outcome{trust.Attestation, trust.BadSignature, trust.Verified, trust.WrongSigner}
	if diff := cmp.Diff(want, outcomes(report)); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"env://alice"}, report.Authorities); diff != "" {
		t.Errorf("authorities (-want +got):\n%s", diff)
	}
	believed := &policy.Policy{Rules: []policy.Rule{{Name: "both", Scopes: []string{"**"}, Threshold: 2, Authorities: []policy.Authority{authorityOf(t, alice), authorityOf(t, bob)}}}}
	if _, err := admitUnder(t, believed, s, root); err != nil {
		t.Errorf("not admitted: %v", err)
	}
}

// A registry that keeps the list under a tag may lose an entry to another writer.
func TestSealListsAgainWhatGotLost(t *testing.T) {
	for lost := range 4 {
		t.Run(fmt.Sprintf("%d times", lost), func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			s.forget = lost
			report, err := newSealer(t, newSigner(t, "alice")).Seal(t.Context(), s, root)
			if lost < 3 {
				if err != nil || len(report.Signatures) != 1 {
					t.Errorf("got %+v, error %v", report, err)
				}
				return
			}
			if !errors.Is(err, recap.Unavailable) || code(err) != "signature-not-listed" {
				t.Errorf("got error %v, want %v", err, recap.Unavailable)
			}
		})
	}
}

func TestSealFails(t *testing.T) {
	alice := newSigner(t, "alice")
	isBundle := func(desc ocispec.Descriptor) bool { return desc.MediaType == bundleType }
	isManifest := func(desc ocispec.Descriptor) bool { return desc.MediaType == ocispec.MediaTypeImageManifest }
	failing := func(is func(ocispec.Descriptor) bool) func(ocispec.Descriptor, []byte) error {
		return func(desc ocispec.Descriptor, _ []byte) error {
			if is(desc) {
				return recap.Errorf(recap.Unavailable, "registry-error", "503 Service Unavailable")
			}
			return nil
		}
	}
	tests := []struct {
		name   string
		signer trust.Signer
		setup  func(s *store, root ocispec.Descriptor)
		kind   error
		text   string // what lies in the registry
		pushes int
	}{
		{"listing fails", alice, func(s *store, _ ocispec.Descriptor) {
			s.list = func(func([]ocispec.Descriptor) error) error { return errors.New("connection refused") }
		}, recap.Unavailable, "nothing was added", 0},
		{"the bundle is not taken", alice, func(s *store, _ ocispec.Descriptor) { s.accept = failing(isBundle) }, recap.Unavailable, "nothing refers to it yet", -1},
		{"the manifest is not taken", alice, func(s *store, _ ocispec.Descriptor) { s.accept = failing(isManifest) }, recap.Unavailable, "it is unknown whether signature sha256:", 2},
		{"listing fails afterwards", alice, func(s *store, _ ocispec.Descriptor) {
			calls := 0
			s.list = func(fn func([]ocispec.Descriptor) error) error {
				if calls++; calls == 1 {
					return fn(nil)
				}
				return errors.New("connection refused")
			}
		}, recap.Unavailable, "was pushed, but could not be read back", 3},
		{"the bundle comes back changed", alice, func(s *store, _ ocispec.Descriptor) {
			s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
				if isBundle(desc) {
					data = append([]byte(" "), data[1:]...)
				}
				return data, nil
			}
		}, recap.Integrity, "was pushed, and came back as bad-signature", 3},
		{"the bundle doesn't come back", alice, func(s *store, _ ocispec.Descriptor) {
			s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
				if isBundle(desc) {
					return nil, errors.New("connection refused")
				}
				return data, nil
			}
		}, recap.Unavailable, "was pushed, but could not be read back", 3},
		{"a signer that doesn't know its own key", liar{alice, authorityOf(t, newSigner(t, "bob"))}, nil, recap.Untrusted, "nothing was added", 0},
		{"a signer that fails", broken{alice}, nil, errBroken, "nothing was added", 0},
		{"canceled", canceling{alice}, nil, context.Canceled, "nothing was added", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			s.log = nil
			if test.setup != nil {
				test.setup(s, root)
			}
			report, err := newSealer(t, test.signer).Seal(t.Context(), s, root)
			if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) || !strings.Contains(err.Error(), root.Digest.String()) {
				t.Errorf("got error %v, want %v with %q and the root in it", err, test.kind, test.text)
			}
			if report.Verdict != "" {
				t.Errorf("a report beside an error: %+v", report)
			}
			if n := s.count("push"); test.pushes >= 0 && n != test.pushes {
				t.Errorf("%d pushes, want %d: %q", n, test.pushes, s.log)
			}
			if test.pushes == -1 && len(s.listed) != 0 {
				t.Error("a manifest was pushed before its bundle")
			}
		})
	}
}

// One referrer more than are examined, and no signature of the root counts.
func TestSealLimit(t *testing.T) {
	for existing, want := range map[int]error{recap.MaxReferrers - 1: nil, recap.MaxReferrers: recap.Unsafe, recap.MaxReferrers + 1: recap.Unsafe} {
		t.Run(fmt.Sprint(existing), func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			for i := range existing {
				s.attach(t, root, []byte("x"), func(m *ocispec.Manifest) { m.Annotations["n"] = fmt.Sprint(i) })
			}
			s.log = nil
			_, err := newSealer(t, newSigner(t, "alice")).Seal(t.Context(), s, root)
			if !errors.Is(err, want) {
				t.Errorf("got error %v, want %v", err, want)
			}
			if want == nil {
				_, err := admit(t, s, root)
				if err != nil {
					t.Errorf("not admitted: %v", err)
				}
			} else if n := s.count("push"); n != 0 {
				t.Errorf("%d pushes", n)
			}
		})
	}
}

func TestSealRefuses(t *testing.T) {
	alice := newSigner(t, "alice")
	if _, err := trust.NewSealer(nil, sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.SignPredicate()); !errors.Is(err, recap.Usage) {
		t.Errorf("no signer: got error %v, want %v", err, recap.Usage)
	}
	if _, err := trust.NewSealer(alice, nil, trust.SignPredicate()); !errors.Is(err, recap.Usage) {
		t.Errorf("no verifier: got error %v, want %v", err, recap.Usage)
	}
	if _, err := trust.NewSealer(alice, sigstore.NewVerifier(sigstore.VerifierOptions{})); !errors.Is(err, recap.Usage) {
		t.Errorf("nothing to say: got error %v, want %v", err, recap.Usage)
	}
	blob := ocispec.Descriptor{MediaType: "text/markdown", Digest: digest.FromString("x"), Size: 1}
	if _, err := newSealer(t, alice).Seal(t.Context(), newStore(), blob); !errors.Is(err, recap.Usage) {
		t.Errorf("a blob: got error %v, want %v", err, recap.Usage)
	}
	s := newStore()
	root := s.newRoot(t)
	s.log = nil
	if _, err := newSealer(t, alice).Seal(t.Context(), struct{ content.GraphStorage }{s}, root); !errors.Is(err, recap.Unavailable) || s.count("push") != 0 {
		t.Errorf("no lister: got error %v after %q, want %v", err, s.log, recap.Unavailable)
	}
}

// liar signs with one key and claims another.
type liar struct {
	trust.Signer
	authority policy.Authority
}

func (l liar) Authority(context.Context) (policy.Authority, error) { return l.authority, nil }

var errBroken = errors.New("the token was pulled out")

type broken struct{ trust.Signer }

func (broken) Sign(context.Context, []byte) ([]byte, error) { return nil, errBroken }

type canceling struct{ trust.Signer }

func (canceling) Sign(context.Context, []byte) ([]byte, error) { return nil, context.Canceled }
