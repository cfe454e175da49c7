// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

const simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"

// legacyStore is a store that knows cosign's older tags.
type legacyStore struct {
	*store
	desc ocispec.Descriptor
	err  error
}

func (s *legacyStore) LegacySignatures(context.Context, ocispec.Descriptor) (ocispec.Descriptor, error) {
	s.note("look up")
	return s.desc, s.err
}

func simple(root ocispec.Descriptor) string {
	return `{"critical":{"identity":{"docker-reference":"elsewhere.example.com/x"},"image":{"docker-manifest-digest":"` + root.Digest.String() +
		`"},"type":"cosign container image signature"},"optional":null}`
}

// sign adds a layer; edit changes it.
func (s *legacyStore) sign(t testing.TB, m *ocispec.Manifest, who any, payload string, edit func(*ocispec.Descriptor)) {
	t.Helper()
	layer := s.put(t, simpleSigning, []byte(payload))
	layer.Annotations = map[string]string{
		"dev.cosignproject.cosign/signature":    base64.StdEncoding.EncodeToString(by(t, who, payload)),
		"dev.sigstore.cosign/certificate":       "certificate",
		"dev.sigstore.cosign/chain":             "chain",
		"dev.sigstore.cosign/bundle":            "entry",
		"dev.sigstore.cosign/rfc3161timestamp":  "time",
		"dev.cosignproject.cosign/unrelated":    "x",
		"org.opencontainers.image.created/what": "y",
	}
	if edit != nil {
		edit(&layer)
	}
	m.Layers = append(m.Layers, layer)
}

func (s *legacyStore) finish(t testing.TB, m *ocispec.Manifest) {
	t.Helper()
	m.Versioned, m.MediaType = specs.Versioned{SchemaVersion: 2}, ocispec.MediaTypeImageManifest
	m.Config = s.put(t, ocispec.MediaTypeImageConfig, []byte("{}"))
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	s.desc = s.put(t, m.MediaType, raw)
}

func TestAdmitLegacy(t *testing.T) {
	ann, alice := mail("ann", "ann@example.com"), holder(t, "alice")
	type out = []trust.Outcome
	const good, bad, wrong, other = trust.Verified, trust.BadSignature, trust.WrongSigner, trust.NotASignature
	layers := func(add func(*legacyStore, *ocispec.Manifest, ocispec.Descriptor)) func(*legacyStore, ocispec.Descriptor) {
		return func(s *legacyStore, root ocispec.Descriptor) {
			var m ocispec.Manifest
			add(s, &m, root)
			s.finish(t, &m)
		}
	}
	one := func(who any, payload func(ocispec.Descriptor) string, edit func(*ocispec.Descriptor)) func(*legacyStore, ocispec.Descriptor) {
		return layers(func(s *legacyStore, m *ocispec.Manifest, root ocispec.Descriptor) {
			s.sign(t, m, who, payload(root), edit)
		})
	}
	replacing := func(old, other string) func(ocispec.Descriptor) string {
		return func(root ocispec.Descriptor) string {
			if !strings.Contains(simple(root), old) {
				t.Fatalf("%q is not in the payload", old)
			}
			return strings.Replace(simple(root), old, other, 1)
		}
	}
	absent := func(s *legacyStore, _ ocispec.Descriptor) {
		s.err = fmt.Errorf("sha256-x.sig: %w", errdef.ErrNotFound)
	}
	tests := []struct {
		name  string
		setup func(*legacyStore, ocispec.Descriptor)
		want  error
		found out
	}{
		{"by identity", one("ann@example.com", simple, nil), nil, out{good}},
		{"by key", one(alice.Key, simple, nil), nil, out{good}},
		{"with other JSON around", one("ann@example.com", replacing(`"optional":null`, `"optional":{"a":[1,"b"]},"more":1`), nil), nil, out{good}},
		{"two of one text", layers(func(s *legacyStore, m *ocispec.Manifest, root ocispec.Descriptor) {
			s.sign(t, m, "mallory@example.com", simple(root), nil)
			s.sign(t, m, "ann@example.com", simple(root), nil)
		}), nil, out{good, wrong}},
		{"case 38: bad ones don't hide a good one", layers(func(s *legacyStore, m *ocispec.Manifest, root ocispec.Descriptor) {
			s.sign(t, m, "ann@example.com", "garbage", nil)
			s.sign(t, m, "ann@example.com", simple(root), func(d *ocispec.Descriptor) { d.MediaType = "text/plain" })
			s.sign(t, m, "ann@example.com", simple(root), nil)
		}), nil, out{bad, other, good}},

		{"none", absent, trust.ErrNoSignature, nil},
		{"none, in recap's words", func(s *legacyStore, _ ocispec.Descriptor) { s.err = recap.Errorf(recap.NotFound, "not-found", "no") }, trust.ErrNoSignature, nil},
		{"could not ask", func(s *legacyStore, _ ocispec.Descriptor) { s.err = errors.New("connection refused") }, recap.Unavailable, nil},
		{"not allowed to ask", func(s *legacyStore, _ ocispec.Descriptor) { s.err = recap.Errorf(recap.Denied, "denied", "403") }, recap.Unavailable, nil},
		{"what lies there is damaged", func(s *legacyStore, _ ocispec.Descriptor) {
			s.err = recap.Errorf(recap.Integrity, "digest-mismatch", "other bytes")
		}, recap.Integrity, nil},
		{"an empty image", layers(func(_ *legacyStore, m *ocispec.Manifest, _ ocispec.Descriptor) { m.Layers = []ocispec.Descriptor{} }), trust.ErrNoSignature, nil},
		{"wrong signer", one("mallory@example.com", simple, nil), trust.ErrWrongSigner, out{wrong}},
		{"case 5: about another digest", one("ann@example.com", replacing("sha256:", "sha256:00"), nil), trust.ErrBadSignature, out{bad}},
		{"of another type", one("ann@example.com", replacing("cosign container", "atomic container"), nil), trust.ErrBadSignature, out{bad}},
		{"case 27: not JSON", one("ann@example.com", func(ocispec.Descriptor) string { return "text" }, nil), trust.ErrBadSignature, out{bad}},
		{"case 27: two readings", one("ann@example.com", replacing(`"critical":`, `"critical":{},"critical":`), nil), trust.ErrBadSignature, out{bad}},
		{"a statement in the place of a payload", one("ann@example.com", func(root ocispec.Descriptor) string { return about(root, signType) }, nil), trust.ErrBadSignature, out{bad}},
		{"no signature", one("ann@example.com", simple, func(d *ocispec.Descriptor) { delete(d.Annotations, "dev.cosignproject.cosign/signature") }), trust.ErrBadSignature, out{bad}},
		{"a signature that isn't base64", one("ann@example.com", simple, func(d *ocispec.Descriptor) { d.Annotations["dev.cosignproject.cosign/signature"] = "~" }), trust.ErrBadSignature, out{bad}},
		{"another image", one("ann@example.com", simple, func(d *ocispec.Descriptor) { d.MediaType = ocispec.MediaTypeImageLayer }), trust.ErrNoSignature, out{other}},
		{"case 30: a payload of 64 KiB + 1", one("ann@example.com", func(root ocispec.Descriptor) string {
			return simple(root) + strings.Repeat(" ", 64<<10+1-len(simple(root)))
		}, nil), trust.ErrBadSignature, out{bad}},
		{"case 30: a payload of 64 KiB", one("ann@example.com", func(root ocispec.Descriptor) string {
			return simple(root) + strings.Repeat(" ", 64<<10-len(simple(root)))
		}, nil), nil, out{good}},
		{"case 30: a manifest of more than 1 MiB", layers(func(s *legacyStore, m *ocispec.Manifest, root ocispec.Descriptor) {
			s.sign(t, m, "ann@example.com", simple(root), nil)
			m.Annotations = map[string]string{"pad": strings.Repeat("x", 1<<20)}
		}), trust.ErrBadSignature, out{bad}},
		{"case 30: 101 signatures", layers(func(s *legacyStore, m *ocispec.Manifest, root ocispec.Descriptor) {
			for range recap.MaxReferrers + 1 {
				s.sign(t, m, "ann@example.com", simple(root), nil)
			}
		}), recap.Unsafe, nil},
		{"an index", func(s *legacyStore, _ ocispec.Descriptor) {
			s.desc = s.put(t, ocispec.MediaTypeImageIndex, []byte(`{"schemaVersion":2,"manifests":[]}`))
		}, trust.ErrBadSignature, out{bad}},
		{"the manifest is missing", func(s *legacyStore, root ocispec.Descriptor) {
			one("ann@example.com", simple, nil)(s, root)
			delete(s.blobs, s.desc.Digest)
		}, trust.ErrBadSignature, out{bad}},
		{"the payload can't be fetched", func(s *legacyStore, root ocispec.Descriptor) {
			one("ann@example.com", simple, nil)(s, root)
			s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
				if desc.MediaType == simpleSigning {
					return nil, errors.New("connection refused")
				}
				return data, nil
			}
		}, recap.Unavailable, out{trust.Unreachable}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &legacyStore{store: newStore()}
			root := s.newRoot(t)
			test.setup(s, root)
			rule := policy.Rule{Authorities: []policy.Authority{ann, alice}, LegacySignatures: true}
			report, err := judged(t, &notary{}, rule, s, root)
			if !errors.Is(err, test.want) {
				t.Fatalf("got error %v, want %v", err, test.want)
			}
			if n := s.count("look up"); n != 1 {
				t.Errorf("looked up %d times", n)
			}
			if diff := cmp.Diff(test.found, outcomes(report), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			for _, sig := range report.Signatures {
				if !sig.Legacy || sig.Digest != s.desc.Digest || (sig.Outcome == good) != (sig.Reason == "") {
					t.Errorf("got %+v", sig)
				}
			}

			// Nobody looks at them unless the rule says so; the refusal
			// says that they are there.
			rule.LegacySignatures = false
			s.log = nil
			_, err = judged(t, &notary{}, rule, s, root)
			if !errors.Is(err, trust.ErrNoSignature) || s.count("fetch") != 0 || s.count("look up") != 1 {
				t.Errorf("case 25: got error %v after %q, want %v", err, s.log, trust.ErrNoSignature)
			}
			var e *recap.Error
			if !errors.As(err, &e) || strings.Contains(e.Hint, "legacySignatures: true in the rule reads it") != (s.err == nil) || e.Hint == "" {
				t.Errorf("hint %q of %v", e.Hint, err)
			}

			// Nor does anything about them hide a good bundle.
			rule.LegacySignatures = true
			attachAll(t, s.store, root, by(t, "ann@example.com", about(root, signType)))
			if _, err := judged(t, &notary{}, rule, s, root); err != nil {
				t.Errorf("a good signature was hidden: %v", err)
			}
		})
	}
}

// What isn't refused as unsigned costs no look at the older form, nor does a rule
// that only warns.
func TestAdmitLegacyNotLookedUp(t *testing.T) {
	ann := mail("ann", "ann@example.com")
	for name, tt := range map[string]struct {
		signer string
		mode   policy.Mode
		want   error
	}{
		"signed":         {"ann@example.com", policy.Enforce, nil},
		"by a stranger":  {"eve@example.com", policy.Enforce, trust.ErrWrongSigner},
		"only warned of": {"", policy.Warn, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &legacyStore{store: newStore()}
			root := s.newRoot(t)
			if tt.signer != "" {
				attachAll(t, s.store, root, by(t, tt.signer, about(root, signType)))
			}
			if _, err := judged(t, &notary{}, policy.Rule{Authorities: []policy.Authority{ann}, Mode: tt.mode}, s, root); !errors.Is(err, tt.want) || s.count("look up") != 0 {
				t.Errorf("got error %v after %q, want %v", err, s.log, tt.want)
			}
		})
	}
}

// A policy made of flags has no rule to write it in.
func TestAdmitLegacyHintWithoutPolicy(t *testing.T) {
	s := &legacyStore{store: newStore()}
	root := s.newRoot(t)
	rule := policy.Rule{Name: "--key", Scopes: []string{"**"}, Authorities: []policy.Authority{mail("ann", "ann@example.com")}}
	_, err := admitUnder(t, &policy.Policy{Source: "--key", Rules: []policy.Rule{rule}}, s, root)
	var e *recap.Error
	if !errors.As(err, &e) || !strings.HasSuffix(e.Hint, "legacySignatures: true in the rule of a policy reads it") {
		t.Errorf("hint %q of %v", e.Hint, err)
	}
}

// A signature in the older form and one in the newer, by one signer, are one;
// of two signers they are two.
func TestAdmitLegacyBesideBundles(t *testing.T) {
	rule := policy.Rule{Authorities: []policy.Authority{mail("ann", "ann@example.com"), mail("ben", "ben@example.com")}, Threshold: 2, LegacySignatures: true}
	for who, want := range map[string]error{"ann@example.com": trust.ErrThreshold, "ben@example.com": nil} {
		s := &legacyStore{store: newStore()}
		root := s.newRoot(t)
		var m ocispec.Manifest
		s.sign(t, &m, "ann@example.com", simple(root), nil)
		s.finish(t, &m)
		attachAll(t, s.store, root, by(t, who, about(root, signType)))
		if _, err := judged(t, &notary{}, rule, s, root); !errors.Is(err, want) {
			t.Errorf("case 28: %s: got error %v, want %v", who, err, want)
		}
	}
}

// One text signed many times is fetched once.
func TestAdmitLegacyRequests(t *testing.T) {
	s := &legacyStore{store: newStore()}
	root := s.newRoot(t)
	var m ocispec.Manifest
	for _, who := range []string{"a@example.com", "b@example.com", "ann@example.com"} {
		s.sign(t, &m, who, simple(root), nil)
	}
	s.finish(t, &m)
	s.log = nil
	if _, err := judged(t, &notary{}, policy.Rule{Authorities: []policy.Authority{mail("ann", "ann@example.com")}, LegacySignatures: true}, s, root); err != nil {
		t.Fatal(err)
	}
	if n := s.count("fetch"); n != 2 || s.count("list") != 1 || s.count("look up") != 1 {
		t.Errorf("requests: %q", s.log)
	}
}

func TestAdmitLegacyNeedsASource(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	rule := policy.Rule{Authorities: []policy.Authority{mail("ann", "ann@example.com")}, LegacySignatures: true}
	if _, err := judged(t, &notary{}, rule, s, root); !errors.Is(err, recap.Unavailable) {
		t.Errorf("got error %v, want %v", err, recap.Unavailable)
	}
}
