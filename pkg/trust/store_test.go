// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/policy"
	"github.com/recap-oci/recap/pkg/sigstore"
	"github.com/recap-oci/recap/pkg/trust"
)

// store is a registry's repository in memory, which can be told to misbehave.
type store struct {
	mu     sync.Mutex
	blobs  map[digest.Digest][]byte
	listed []ocispec.Descriptor

	list   func(fn func([]ocispec.Descriptor) error) error            // instead of listing
	answer func(desc ocispec.Descriptor, data []byte) ([]byte, error) // what a fetch returns
	accept func(desc ocispec.Descriptor, data []byte) error           // before a push
	forget int                                                        // pushed referrers to leave out of the list
	log    []string
}

var (
	_ content.GraphStorage    = (*store)(nil)
	_ registry.ReferrerLister = (*store)(nil)
)

func newStore() *store { return &store{blobs: make(map[digest.Digest][]byte)} }

func (s *store) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *store) count(verb string) int {
	n := 0
	for _, line := range s.log {
		if strings.HasPrefix(line, verb) {
			n++
		}
	}
	return n
}

func (s *store) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	s.note("fetch %s", desc.MediaType)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	data, ok := s.blobs[desc.Digest]
	s.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("%s: %w", desc.Digest, errdef.ErrNotFound)
	}
	if s.answer != nil {
		var err error
		if data, err = s.answer(desc, data); err != nil {
			return nil, err
		}
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (s *store) Exists(_ context.Context, desc ocispec.Descriptor) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.blobs[desc.Digest]
	return ok, nil
}

func (s *store) Push(_ context.Context, desc ocispec.Descriptor, r io.Reader) error {
	data, err := content.ReadAll(r, desc)
	if err != nil {
		return err
	}
	if s.accept != nil {
		if err := s.accept(desc, data); err != nil {
			return err
		}
	}
	s.note("push %s", desc.MediaType)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.blobs[desc.Digest]
	s.blobs[desc.Digest] = data
	if desc.MediaType == ocispec.MediaTypeImageManifest {
		var m ocispec.Manifest
		if err := json.Unmarshal(data, &m); err != nil {
			return err
		}
		if m.Subject != nil {
			if s.forget--; s.forget < 0 {
				desc.ArtifactType, desc.Annotations = m.ArtifactType, m.Annotations
				s.listed = append(s.listed, desc)
			}
			return nil // as a registry, which takes a manifest again
		}
	}
	if known {
		return errdef.ErrAlreadyExists
	}
	return nil
}

func (s *store) Predecessors(context.Context, ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	return nil, errors.New("predecessors are not referrers")
}

func (s *store) Referrers(ctx context.Context, _ ocispec.Descriptor, _ string, fn func([]ocispec.Descriptor) error) error {
	s.note("list")
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.list != nil {
		return s.list(fn)
	}
	s.mu.Lock()
	listed := slices.Clone(s.listed)
	s.mu.Unlock()
	return fn(listed)
}

// put stores data and returns its descriptor.
func (s *store) put(t testing.TB, mediaType string, data []byte) ocispec.Descriptor {
	t.Helper()
	desc := content.NewDescriptorFromBytes(mediaType, data)
	if err := s.Push(t.Context(), desc, bytes.NewReader(data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		t.Fatal(err)
	}
	return desc
}

const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// attach stores a referrer of root with one layer, in cosign's shape but for
// what edit changes, and returns its descriptor.
func (s *store) attach(t testing.TB, root ocispec.Descriptor, bundle []byte, edit func(*ocispec.Manifest)) ocispec.Descriptor {
	t.Helper()
	m := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: bundleType,
		Config:       s.put(t, ocispec.MediaTypeEmptyJSON, []byte("{}")),
		Layers:       []ocispec.Descriptor{s.put(t, bundleType, bundle)},
		Subject:      &root,
		Annotations: map[string]string{
			"dev.sigstore.bundle.content":       "dsse-envelope",
			"dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
		},
	}
	if edit != nil {
		edit(&m)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	desc := s.put(t, m.MediaType, raw)
	if m.Subject == nil { // which no registry would list, but a hostile one
		s.listed = append(s.listed, desc)
	}
	return desc
}

// newRoot stores a manifest that is to be signed.
func (s *store) newRoot(t testing.TB) ocispec.Descriptor {
	t.Helper()
	return s.put(t, ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}`))
}

// newSigner returns a signer named env://NAME with a key that depends on the
// name alone.
func newSigner(t testing.TB, name string) trust.Signer {
	t.Helper()
	seed := digest.FromString(name).Encoded()[:ed25519.SeedSize]
	der, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed([]byte(seed)))
	if err != nil {
		t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	signer, err := sigstore.LoadSigner(t.Context(), "env://"+name, sigstore.KeyOptions{Getenv: func(string) string { return private }})
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func authorityOf(t testing.TB, signer trust.Signer) policy.Authority {
	t.Helper()
	authority, err := signer.Authority(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return authority
}

func sign(t testing.TB, signer trust.Signer, statement string) []byte {
	t.Helper()
	bundle, err := signer.Sign(t.Context(), []byte(statement))
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

const (
	signType = "https://sigstore.dev/cosign/sign/v1"
	slsaType = "https://slsa.dev/provenance/v1"
)

// about returns an in-toto statement as cosign makes it.
func about(root ocispec.Descriptor, predicateType string) string {
	return `{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"` + root.Digest.Encoded() +
		`"},"annotations":{}}],"predicateType":"` + predicateType + `","predicate":{}}`
}
