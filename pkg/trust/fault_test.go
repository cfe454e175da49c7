// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/trust"
)

// A hint blames nobody who can't have done it, and names who can.
func TestBadSignatureBlames(t *testing.T) {
	const changed, lacking, another, anybody = "not by its publisher", "what it doesn't hold", "what it isn't about", "everybody who may write there"
	alice := newSigner(t, "alice")
	statement := func(root ocispec.Descriptor) []byte { return sign(t, alice, about(root, signType)) }
	signed := func(s *store, root ocispec.Descriptor) ocispec.Descriptor {
		return s.attach(t, root, statement(root), nil)
	}
	flipped := func(s *store, which digest.Digest, by func([]byte) []byte) {
		s.answer = func(desc ocispec.Descriptor, data []byte) ([]byte, error) {
			if desc.Digest == which {
				return by([]byte(string(data))), nil
			}
			return data, nil
		}
	}
	bit := func(data []byte) []byte { data[len(data)/2] ^= 1; return data }
	half := func(data []byte) []byte { return data[:len(data)/2] }
	garbage := func(s *store, root ocispec.Descriptor) { s.attach(t, root, []byte("garbage"), nil) }
	for _, tt := range []struct {
		name   string
		setup  func(*store, ocispec.Descriptor)
		want   string
		reason string
	}{
		{"a bit of its bundle", func(s *store, root ocispec.Descriptor) {
			signed(s, root)
			flipped(s, digest.FromBytes(statement(root)), bit)
		}, changed, "its Sigstore bundle isn't what it should be: "},
		{"half of its bundle", func(s *store, root ocispec.Descriptor) {
			signed(s, root)
			flipped(s, digest.FromBytes(statement(root)), half)
		}, changed, "its Sigstore bundle isn't what it should be: "},
		{"a bit of its manifest", func(s *store, root ocispec.Descriptor) { flipped(s, signed(s, root).Digest, bit) }, changed, "its manifest isn't what it should be: "},
		{"its bundle is gone", func(s *store, root ocispec.Descriptor) {
			signed(s, root)
			delete(s.blobs, digest.FromBytes(statement(root)))
		}, lacking, "its Sigstore bundle is listed but missing"},
		{"its manifest is gone", func(s *store, root ocispec.Descriptor) { delete(s.blobs, signed(s, root).Digest) }, lacking, "its manifest is listed but missing"},
		{"listed for nothing", func(s *store, root ocispec.Descriptor) {
			s.attach(t, root, statement(root), func(m *ocispec.Manifest) { m.Subject = nil })
		}, another, "refers to nothing"},
		{"listed for another", func(s *store, root ocispec.Descriptor) {
			s.attach(t, root, statement(root), func(m *ocispec.Manifest) { m.Subject.Digest = digest.FromString("x") })
		}, another, "refers to sha256:"},
		{"garbage", garbage, anybody, ""},
		{"a manifest that says two things", func(s *store, _ ocispec.Descriptor) {
			s.listed = append(s.listed, s.put(t, ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,"schemaVersion":2}`)))
		}, anybody, "its manifest can't be read: "},
		{"too large", func(s *store, root ocispec.Descriptor) {
			s.attach(t, root, statement(root), func(m *ocispec.Manifest) { m.Layers[0].Size = 100 << 20 })
		}, anybody, "too much to read"},
		{"garbage beside many that were changed", func(s *store, root ocispec.Descriptor) {
			// Some of them come before it, in order of digest, and some after.
			for i := range 8 {
				s.attach(t, root, statement(root), func(m *ocispec.Manifest) { m.Annotations["n"] = fmt.Sprint(i) })
			}
			garbage(s, root)
			flipped(s, digest.FromBytes(statement(root)), bit)
		}, anybody, ""},
	} {
		for _, at := range []struct{ name, where string }{
			{"registry.example.com:5000/team/x", "registry.example.com:5000"}, {"oci-layout:///media/x", "the layout"}, {"", "the registry"},
		} {
			t.Run(tt.name+" at "+at.where, func(t *testing.T) {
				s := newStore()
				root := s.newRoot(t)
				tt.setup(s, root)
				gate, err := trust.NewGate(policy.ForKeys(authorityOf(t, alice)), sigstore.NewVerifier(sigstore.VerifierOptions{}), trust.GateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = gate.Admit(t.Context(), s, trust.Request{Name: at.name, Root: root})
				var known *recap.Error
				if !errors.Is(err, trust.ErrBadSignature) || !errors.As(err, &known) {
					t.Fatalf("got %v, want %v", err, trust.ErrBadSignature)
				}
				if !strings.Contains(known.Hint, tt.want) || !strings.Contains(err.Error(), tt.reason) {
					t.Errorf("got %v\nhint: %s\nwant %q and %q", err, known.Hint, tt.reason, tt.want)
				}
				if tt.want != anybody && (!strings.Contains(known.Hint, at.where) || strings.Contains(known.Hint, anybody)) {
					t.Errorf("hint %q says whose doing it is, and not that of %s alone", known.Hint, at.where)
				}
				if !strings.Contains(known.Hint, "recap verify ") {
					t.Errorf("hint %q has nothing to type", known.Hint)
				}
			})
		}
	}
}
