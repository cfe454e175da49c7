// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/trust"
)

// Not having been told is never "unsigned", whatever the reason.
func TestAdmitCouldNotAsk(t *testing.T) {
	for name, cause := range map[string]error{
		"connection refused": errors.New("connection refused"),
		"404":                fmt.Errorf("listing: %w", errdef.ErrNotFound),
		"403":                recap.Errorf(recap.Denied, "denied", "403 Forbidden"),
		"429":                recap.Errorf(recap.Unavailable, "rate-limited", "429 Too Many Requests"),
		"truncated answer":   recap.Errorf(recap.Integrity, "bad-answer", "unexpected end of JSON input"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			s.list = func(func([]ocispec.Descriptor) error) error { return cause }
			_, err := admit(t, s, root)
			var refused *trust.RefusedError
			if !errors.As(err, &refused) || refused.Report.Code != "referrers-unavailable" || refused.Report.Verdict != trust.VerdictRefused {
				t.Errorf("got error %v", err)
			}
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != recap.Unavailable {
				t.Errorf("got error %v of kind %v, want %v", err, e.Kind, recap.Unavailable)
			}
		})
	}
}

func TestAdmitNeedsALister(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	plain := struct{ content.ReadOnlyGraphStorage }{s}
	if _, err := admit(t, plain, root); !errors.Is(err, recap.Unavailable) {
		t.Errorf("got error %v, want %v", err, recap.Unavailable)
	}
}

func TestAdmitLimits(t *testing.T) {
	alice := newSigner(t, "alice")
	fill := func(s *store, root ocispec.Descriptor, n int) {
		for i := range n {
			s.attach(t, root, []byte("x"), func(m *ocispec.Manifest) { m.Annotations["n"] = fmt.Sprint(i) })
		}
	}
	t.Run("100 referrers, the good one last", func(t *testing.T) {
		s := newStore()
		root := s.newRoot(t)
		fill(s, root, recap.MaxReferrers-1)
		s.attach(t, root, sign(t, alice, about(root, signType)), nil)
		s.listed = append(s.listed, s.listed...) // once by API, once by tag
		admitted, err := admit(t, s, root)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(admitted.Report().Signatures); n != recap.MaxReferrers {
			t.Errorf("%d referrers reported, want %d", n, recap.MaxReferrers)
		}
	})
	t.Run("101 referrers, the good one first", func(t *testing.T) {
		s := newStore()
		root := s.newRoot(t)
		s.attach(t, root, sign(t, alice, about(root, signType)), nil)
		fill(s, root, recap.MaxReferrers)
		_, err := admit(t, s, root)
		var refused *trust.RefusedError
		if !errors.As(err, &refused) || !errors.Is(err, recap.Unsafe) || refused.Report.Code != "too-many-referrers" {
			t.Errorf("got error %v, want %v", err, recap.Unsafe)
		}
		if n := s.count("fetch"); n != 0 {
			t.Errorf("%d fetches for nothing", n)
		}
	})
	t.Run("pages without end", func(t *testing.T) {
		s := newStore()
		root := s.newRoot(t)
		s.attach(t, root, sign(t, alice, about(root, signType)), nil)
		s.list = func(fn func([]ocispec.Descriptor) error) error {
			for {
				if err := fn(s.listed); err != nil {
					return err
				}
			}
		}
		if _, err := admit(t, s, root); !errors.Is(err, recap.Unsafe) {
			t.Errorf("got error %v, want %v", err, recap.Unsafe)
		}
	})
	for _, extra := range []int{0, 1} {
		t.Run(fmt.Sprintf("bundle of 1 MiB + %d", extra), func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			bundle := sign(t, alice, about(root, signType))
			s.attach(t, root, append(bundle, bytes.Repeat([]byte(" "), recap.MaxSigstoreBundle+extra-len(bundle))...), nil)
			if _, err := admit(t, s, root); (err == nil) != (extra == 0) {
				t.Errorf("got error %v", err)
			}
		})
		t.Run(fmt.Sprintf("manifest of 64 KiB + %d", extra), func(t *testing.T) {
			s := newStore()
			root := s.newRoot(t)
			bundle := sign(t, alice, about(root, signType))
			pad := func(n int) func(*ocispec.Manifest) {
				return func(m *ocispec.Manifest) { m.Annotations["pad"] = strings.Repeat("x", n) }
			}
			size := int(s.attach(t, root, bundle, pad(0)).Size)
			s.listed = nil
			s.attach(t, root, bundle, pad(64<<10-size+extra))
			if _, err := admit(t, s, root); (err == nil) != (extra == 0) {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// Whatever bit flips in what a store serves, nothing is admitted by it; and
// whatever the listing says beside the digest, nothing changes.
func TestAdmitEveryBit(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	bundle := sign(t, newSigner(t, "alice"), about(root, signType))
	manifest := s.attach(t, root, bundle, nil)
	gate, err := trust.NewGate(policy.ForKeys(authorityOf(t, newSigner(t, "alice"))), sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]digest.Digest{"manifest": manifest.Digest, "bundle": digest.FromBytes(bundle)} {
		t.Run(name, func(t *testing.T) {
			for i := range s.blobs[target] {
				for bit := range 8 {
					if testing.Short() && bit != i%8 {
						continue
					}
					s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
						if desc.Digest == target {
							data = bytes.Clone(data)
							data[i] ^= 1 << bit
						}
						return data, nil
					}
					admitted, err := gate.Admit(t.Context(), s, trust.Request{Name: "x", Root: root})
					if admitted != nil || !errors.Is(err, trust.ErrBadSignature) {
						t.Fatalf("byte %d bit %d: got %v, error %v, want %v", i, bit, admitted, err, trust.ErrBadSignature)
					}
				}
			}
		})
	}
	s.answer = nil
	s.listed[0].ArtifactType = recap.ArtifactTypeBundle
	s.listed[0].Annotations = map[string]string{"dev.sigstore.bundle.predicateType": slsaType}
	s.listed[0].Data = []byte("other")
	if _, err := gate.Admit(t.Context(), s, trust.Request{Name: "x", Root: root}); err != nil {
		t.Errorf("a listing that lies about type and annotations hides a signature: %v", err)
	}
	s.listed[0].Size++
	if _, err := gate.Admit(t.Context(), s, trust.Request{Name: "x", Root: root}); !errors.Is(err, recap.Untrusted) {
		t.Errorf("got error %v, want %v", err, recap.Untrusted)
	}
	s.listed[0].Digest = "sha256:../../x"
	if _, err := gate.Admit(t.Context(), s, trust.Request{Name: "x", Root: root}); !errors.Is(err, recap.Untrusted) {
		t.Errorf("got error %v, want %v", err, recap.Untrusted)
	}
}

// panicking is a verifier with a bug.
type panicking struct{ trust.Verifier }

func (panicking) Verify(context.Context, []byte, digest.Digest, policy.Authority) (trust.Evidence, error) {
	panic("index out of range")
}

// T23: a verifier that panics beside the caller panics in the caller, where the
// command says that it is a bug: it is no answer, and doesn't end the process.
func TestAdmitPanics(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.attach(t, root, sign(t, newSigner(t, "alice"), about(root, signType)), nil)
	gate, err := trust.NewGate(policy.ForKeys(authorityOf(t, newSigner(t, "alice"))), panicking{}, trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); fmt.Sprint(p) != "index out of range" {
			t.Errorf("what comes up is %v", p)
		}
	}()
	admitted, err := gate.Admit(t.Context(), s, trust.Request{Name: "x", Root: root})
	t.Errorf("Admit returns %v, %v", admitted, err)
}

func TestAdmitCanceled(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.attach(t, root, sign(t, newSigner(t, "alice"), about(root, signType)), nil)
	gate, err := trust.NewGate(policy.ForKeys(authorityOf(t, newSigner(t, "alice"))), sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, when := range []string{"list", "fetch"} {
		ctx, cancel := context.WithCancel(t.Context())
		if when == "list" {
			cancel()
		}
		s.answer = func(ocispec.Descriptor, []byte) ([]byte, error) {
			cancel()
			return nil, ctx.Err()
		}
		_, err := gate.Admit(ctx, s, trust.Request{Name: "x", Root: root})
		var refused *trust.RefusedError
		if !errors.Is(err, context.Canceled) || errors.As(err, &refused) || errors.Is(err, recap.Unavailable) {
			t.Errorf("canceled at %s: got error %v, want %v alone", when, err, context.Canceled)
		}
	}
}

func TestAdmitRefusesRootsNobodySigns(t *testing.T) {
	good := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("x"), Size: 1}
	for name, edit := range map[string]func(*ocispec.Descriptor){
		"no digest":         func(d *ocispec.Descriptor) { d.Digest = "" },
		"upper-case digest": func(d *ocispec.Descriptor) { d.Digest = digest.Digest("sha256:" + strings.ToUpper(d.Digest.Encoded())) },
		"SHA-512":           func(d *ocispec.Descriptor) { d.Digest = digest.SHA512.FromString("x") },
		"not a manifest":    func(d *ocispec.Descriptor) { d.MediaType = "text/markdown" },
		"no size":           func(d *ocispec.Descriptor) { d.Size = 0 },
		"negative size":     func(d *ocispec.Descriptor) { d.Size = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			root := good
			edit(&root)
			if _, err := admit(t, newStore(), root); !errors.Is(err, recap.Usage) {
				t.Errorf("got error %v, want %v", err, recap.Usage)
			}
		})
	}
}

// Candidates are examined side by side: with n of them, all manifests are asked
// for before one is answered, then all bundles.
func TestAdmitRounds(t *testing.T) {
	const n = 8
	s := newStore()
	root := s.newRoot(t)
	for i := range n {
		s.attach(t, root, sign(t, newSigner(t, fmt.Sprint("signer", i)), about(root, signType)), nil)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // instead of hanging
	defer cancel()
	var mu sync.Mutex
	waiting := make(map[string]int)
	arrived := map[string]chan struct{}{ocispec.MediaTypeImageManifest: make(chan struct{}), bundleType: make(chan struct{})}
	s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
		mu.Lock()
		if waiting[desc.MediaType]++; waiting[desc.MediaType] == n {
			close(arrived[desc.MediaType])
		}
		mu.Unlock()
		select {
		case <-arrived[desc.MediaType]:
			return data, nil
		case <-ctx.Done():
			return nil, errors.New("others weren't asked for at the same time")
		}
	}
	gate, err := trust.NewGate(policy.ForKeys(authorityOf(t, newSigner(t, "signer3"))), sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	admitted, err := gate.Admit(ctx, s, trust.Request{Name: "x", Root: root})
	if err != nil {
		t.Fatal(err)
	}
	if s.count("list") != 1 || s.count("fetch") != 2*n {
		t.Errorf("requests: %q, want one list and %d fetches", s.log, 2*n)
	}
	if !slices.IsSortedFunc(admitted.Report().Signatures, func(a, b trust.SignatureReport) int { return strings.Compare(string(a.Digest), string(b.Digest)) }) {
		t.Error("signatures aren't in order of digest")
	}
}

// One referrer costs one listing, its manifest and its bundle.
func TestAdmitRequests(t *testing.T) {
	s := newStore()
	root := s.newRoot(t)
	s.attach(t, root, sign(t, newSigner(t, "alice"), about(root, signType)), nil)
	s.log = nil
	if _, err := admit(t, s, root); err != nil {
		t.Fatal(err)
	}
	want := []string{"list", "fetch " + ocispec.MediaTypeImageManifest, "fetch " + bundleType}
	if diff := cmp.Diff(want, s.log); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
