// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestReferrers(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		subject, other := newManifest(t, nil, "subject"), newManifest(t, nil, "other")
		push(t, s, emptyConfig, subject, other)
		tag(t, s, subject, "v1")
		if got := referrers(t, s, subject.Descriptor); got != nil {
			t.Errorf("got %v before there are any", got)
		}
		payload := newBlob("application/json", `{"a":1}`)
		one := newManifest(t, &subject.Descriptor, "one", payload)
		two := newManifest(t, &other.Descriptor, "two")
		push(t, s, payload, one, two)
		for _, s := range []*layout.Store{s, reopen()} {
			want := one.Descriptor
			want.ArtifactType, want.Annotations = artifactType, map[string]string{"note": "one"}
			if diff := cmp.Diff([]ocispec.Descriptor{want}, referrers(t, s, subject.Descriptor)); diff != "" {
				t.Errorf("referrers (-want +got):\n%s", diff)
			}
			byType, err := registry.Referrers(t.Context(), s, subject.Descriptor, "application/other")
			if err != nil || len(byType) != 0 {
				t.Errorf("of another type: got %v, %v", byType, err)
			}
			predecessors, err := s.Predecessors(t.Context(), payload.Descriptor)
			if err != nil || len(predecessors) != 1 || predecessors[0].Digest != one.Digest {
				t.Errorf("predecessors of the payload: got %v, %v", predecessors, err)
			}
			predecessors, err = s.Predecessors(t.Context(), subject.Descriptor)
			if err != nil || len(predecessors) != 1 || predecessors[0].Digest != one.Digest {
				t.Errorf("predecessors of the subject: got %v, %v", predecessors, err)
			}
		}
	})
}

func TestReferrersThatOthersLeave(t *testing.T) {
	subject := newManifest(t, nil, "subject")
	sig := newManifest(t, &subject.Descriptor, "signature")
	t.Run("unlisted, as cosign save writes", func(t *testing.T) {
		s := create(t, filepath.Join(t.TempDir(), "l"))
		push(t, s, emptyConfig, subject, sig)
		tag(t, s, subject, "v1")
		write(t, filepath.Join(s.Path(), "index.json"), `{"schemaVersion":2,"manifests":[{"mediaType":"`+subject.MediaType+`","digest":"`+
			subject.Digest.String()+`","size":`+jsonNumber(subject.Size)+`}]}`)
		if got := referrers(t, open(t, s.Path()), subject.Descriptor); len(got) != 1 || got[0].Digest != sig.Digest {
			t.Errorf("got %v", got)
		}
	})
	t.Run("under the referrers tag", func(t *testing.T) {
		s := create(t, filepath.Join(t.TempDir(), "l"))
		gone := newManifest(t, &subject.Descriptor, "deleted since")
		foreign := newManifest(t, nil, "no referrer at all")
		list := newIndex(t, sig, gone, foreign)
		push(t, s, emptyConfig, subject, sig, gone, foreign, list)
		tag(t, s, subject, "v1")
		if err := s.Delete(t.Context(), gone.Descriptor); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(blobPath(s.Path(), gone.Digest)); err != nil {
			t.Fatal(err)
		}
		tag(t, s, list, strings.Replace(subject.Digest.String(), ":", "-", 1))
		if got := referrers(t, s, subject.Descriptor); len(got) != 1 || got[0].Digest != sig.Digest {
			t.Errorf("got %v", got)
		}
	})
	t.Run("with a hint that lies", func(t *testing.T) {
		s := create(t, filepath.Join(t.TempDir(), "l"))
		foreign := newManifest(t, nil, "no referrer at all")
		push(t, s, emptyConfig, subject, foreign)
		foreign.Annotations = map[string]string{"io.github.recap-oci.subject": subject.Digest.String()}
		writeIndex(t, s.Path(), foreign.Descriptor)
		if got := referrers(t, open(t, s.Path()), subject.Descriptor); got != nil {
			t.Errorf("got %v", got)
		}
	})
}

func jsonNumber(n int64) string {
	data, _ := json.Marshal(n)
	return string(data)
}

func writeIndex(t *testing.T, path string, entries ...ocispec.Descriptor) {
	t.Helper()
	x := newJSON(t, "", ocispec.Index{Manifests: entries})
	data := strings.Replace(string(x.data), `"schemaVersion":0`, `"schemaVersion":2`, 1)
	write(t, filepath.Join(path, "index.json"), data)
}

// An unreadable signature must not look like none.
func TestReferrersOfDamagedLayout(t *testing.T) {
	for name, c := range map[string]struct {
		damage  func(subject, sig, other item) item
		refused bool
	}{
		"signature":              {func(_, sig, _ item) item { return sig }, true},
		"a tagged manifest":      {func(subject, _, _ item) item { return subject }, false},
		"a signature of another": {func(_, _, other item) item { return other }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := create(t, filepath.Join(t.TempDir(), "l"))
			subject := newManifest(t, nil, "subject")
			another := newManifest(t, nil, "another")
			sig, other := newManifest(t, &subject.Descriptor, "sig"), newManifest(t, &another.Descriptor, "other")
			push(t, s, emptyConfig, subject, another, sig, other)
			tag(t, s, subject, "v1")
			write(t, blobPath(s.Path(), c.damage(subject, sig, other).Digest), "")
			err := open(t, s.Path()).Referrers(t.Context(), subject.Descriptor, "", func([]ocispec.Descriptor) error { return nil })
			if !c.refused {
				if err != nil {
					t.Errorf("got error %v", err)
				}
				return
			}
			wantError(t, err, recap.Integrity, "referrers-unavailable", sig.Digest.String(), subject.Digest.String())
		})
	}
}

// cosign verify --local-image takes no tag, so it may only find what is alone.
func TestMarkForCosign(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		kinds := func(s *layout.Store) map[string]string {
			commit(t, s)
			m := make(map[string]string)
			for _, e := range listedIn(t, s.Path()) {
				m[e.Annotations["org.opencontainers.image.ref.name"]] = e.Annotations["kind"]
			}
			return m
		}
		a := newManifest(t, nil, "a")
		pack, sig := newIndex(t, a), newManifest(t, &a.Descriptor, "sig")
		const image, index = "dev.cosignproject.cosign/image", "dev.cosignproject.cosign/imageIndex"
		push(t, s, emptyConfig, a, sig)
		tag(t, s, a, "v1", "latest")
		if diff := cmp.Diff(map[string]string{"v1": image, "latest": image, "": ""}, kinds(s)); diff != "" {
			t.Errorf("one artifact (-want +got):\n%s", diff)
		}
		push(t, s, pack)
		tag(t, s, pack, "pack")
		if diff := cmp.Diff(map[string]string{"v1": "", "latest": "", "": "", "pack": ""}, kinds(s)); diff != "" {
			t.Errorf("two artifacts (-want +got):\n%s", diff)
		}
		for _, name := range []string{"v1", "latest"} {
			if err := s.Untag(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(map[string]string{"": "", "pack": index}, kinds(reopen())); diff != "" {
			t.Errorf("one pack (-want +got):\n%s", diff)
		}
	})
}
