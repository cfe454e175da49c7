// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// counting is a store that counts what is asked of it.
type counting struct {
	*memory.Store
	mu     sync.Mutex
	asked  map[digest.Digest]int
	answer func(desc ocispec.Descriptor, nth int) (io.ReadCloser, error) // nil, nil: as it is
}

func newCounting() *counting {
	return &counting{Store: memory.New(), asked: map[digest.Digest]int{}}
}

func (c *counting) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	c.mu.Lock()
	c.asked[desc.Digest]++
	nth := c.asked[desc.Digest]
	c.mu.Unlock()
	if c.answer != nil {
		if rc, err := c.answer(desc, nth); rc != nil || err != nil {
			return rc, err
		}
	}
	return c.Store.Fetch(ctx, desc)
}

// put stores text as content of a type and returns its descriptor.
func (c *counting) put(t testing.TB, mediaType string, raw []byte) ocispec.Descriptor {
	t.Helper()
	desc := content.NewDescriptorFromBytes(mediaType, raw)
	pushIfAbsent(t, c, desc, raw)
	return desc
}

// pinnedIn returns a bundle in src, resolved; what resolving asked is forgotten.
func pinnedIn(t testing.TB, src *counting) *transfer.Pinned {
	t.Helper()
	push(t, build(t, first), src, "1.0.0")
	pinned := resolve(t, src, "1.0.0")
	clear(src.asked)
	return pinned
}

func fetched(t testing.TB, src content.Fetcher, desc ocispec.Descriptor) {
	t.Helper()
	rc, err := src.Fetch(t.Context(), desc)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	raw, err := io.ReadAll(rc)
	if err != nil || int64(len(raw)) != desc.Size || digest.FromBytes(raw) != desc.Digest {
		t.Fatalf("%d bytes of %s, %v; want %d of %s", len(raw), digest.FromBytes(raw), err, desc.Size, desc.Digest)
	}
}

func TestPinnedAsksOnce(t *testing.T) {
	src := newCounting()
	pinned := pinnedIn(t, src)
	manifest := pinned.Node().Manifest
	referrer := refer(t, src, pinned.Root(), "a signature")
	for _, tt := range []struct {
		name string
		desc ocispec.Descriptor
		want int // requests for three fetches
	}{
		{"root", pinned.Root(), 0},
		{"config", manifest.Config, 1},
		{"manifest of a referrer", referrer, 1},
		{"config of a pack", src.put(t, recap.MediaTypePackConfig, []byte(`{"name":"x"}`)), 1},
		{"layer", manifest.Layers[0], 3},
		{"somebody else's config", src.put(t, "application/json", []byte(`{"x":1}`)), 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 3 {
				fetched(t, pinned, tt.desc)
			}
			if got := src.asked[tt.desc.Digest]; got != tt.want {
				t.Errorf("asked for it %d times, want %d", got, tt.want)
			}
		})
	}
}

// What is remembered is what the whole descriptor describes.
func TestPinnedRemembersNothingElse(t *testing.T) {
	src := newCounting()
	pinned := pinnedIn(t, src)
	config := pinned.Node().Manifest.Config
	fetched(t, pinned, config)
	for name, change := range map[string]func(*ocispec.Descriptor){
		"size":       func(d *ocispec.Descriptor) { d.Size++ },
		"media type": func(d *ocispec.Descriptor) { d.MediaType = ocispec.MediaTypeImageManifest },
		"no size":    func(d *ocispec.Descriptor) { d.Size = -1 },
	} {
		clear(src.asked)
		desc := config
		change(&desc)
		if rc, err := pinned.Fetch(t.Context(), desc); err == nil {
			rc.Close()
		}
		if src.asked[config.Digest] != 1 {
			t.Errorf("%s: served from memory", name)
		}
	}
}

func TestPinnedNeverRemembersDamage(t *testing.T) {
	src := newCounting()
	pinned := pinnedIn(t, src)
	config := pinned.Node().Manifest.Config
	broken := errors.New("broken")
	for i, answer := range []func() (io.ReadCloser, error){
		func() (io.ReadCloser, error) { return nil, broken },
		func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(strings.Repeat("x", int(config.Size)))), nil
		},
		func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("{")), nil },
	} {
		src.answer = func(ocispec.Descriptor, int) (io.ReadCloser, error) { return answer() }
		rc, err := pinned.Fetch(t.Context(), config)
		if err == nil {
			rc.Close()
			t.Fatalf("answer %d was taken", i)
		}
		if i == 0 != errors.Is(err, broken) || i > 0 != errors.Is(err, recap.Integrity) {
			t.Errorf("answer %d: %v", i, err)
		}
	}
	src.answer = nil
	clear(src.asked)
	fetched(t, pinned, config)
	fetched(t, pinned, config)
	if got := src.asked[config.Digest]; got != 1 {
		t.Errorf("asked for it %d times after the damage, want once", got)
	}
}

// However much is fetched, and failed to be, 8 MiB are kept.
func TestPinnedBoundsWhatItRemembers(t *testing.T) {
	src := newCounting()
	pinned := pinnedIn(t, src)
	const size = 3 << 20
	var manifests []ocispec.Descriptor
	for i := range 4 {
		raw := bytes.Repeat([]byte{byte('a' + i)}, size)
		desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, raw)
		src.answer = func(d ocispec.Descriptor, _ int) (io.ReadCloser, error) { return nil, errors.New("not now") }
		for range 5 { // failures take no room
			if _, err := pinned.Fetch(t.Context(), desc); err == nil {
				t.Fatal("fetched what failed")
			}
		}
		manifests = append(manifests, desc)
	}
	src.answer = func(d ocispec.Descriptor, _ int) (io.ReadCloser, error) {
		for i, desc := range manifests {
			if d.Digest == desc.Digest {
				return io.NopCloser(bytes.NewReader(bytes.Repeat([]byte{byte('a' + i)}, size))), nil
			}
		}
		return nil, nil
	}
	clear(src.asked)
	var wg sync.WaitGroup
	for range 8 {
		for _, desc := range manifests {
			wg.Go(func() { fetched(t, pinned, desc) })
		}
	}
	wg.Wait()
	clear(src.asked)
	kept := 0
	for _, desc := range manifests {
		fetched(t, pinned, desc)
		if src.asked[desc.Digest] == 0 {
			kept++
		}
	}
	if kept > 2 {
		t.Errorf("%d manifests of 3 MiB are kept, in 8 MiB", kept)
	}
}

// Room that two took for one manifest is given back.
func TestPinnedCountsOnce(t *testing.T) {
	src := newCounting()
	pinned := pinnedIn(t, src)
	const size = 3 << 20
	manifest := func(letter byte) ocispec.Descriptor {
		return content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, bytes.Repeat([]byte{letter}, size))
	}
	a, b := manifest('a'), manifest('b')
	var both sync.WaitGroup
	both.Add(2)
	src.answer = func(d ocispec.Descriptor, nth int) (io.ReadCloser, error) {
		letter := "b"
		if d.Digest == a.Digest {
			letter = "a"
			if nth <= 2 { // until two ask at once
				both.Done()
				both.Wait()
			}
		}
		return io.NopCloser(strings.NewReader(strings.Repeat(letter, size))), nil
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { fetched(t, pinned, a) })
	}
	wg.Wait()
	fetched(t, pinned, b)
	clear(src.asked)
	fetched(t, pinned, a)
	fetched(t, pinned, b)
	if len(src.asked) > 0 {
		t.Errorf("two manifests of 3 MiB don't fit into 8 MiB: asked again for %v", src.asked)
	}
}

// Admitting and pulling ask a registry for each manifest once.
func TestPinnedAdmitAndPull(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	seal, gate := signer(t)
	if _, err := transfer.Push(t.Context(), build(t, first), open(t, reg, "team/event"), []string{"latest"}, seal, transfer.PushOptions{}); err != nil {
		t.Fatal(err)
	}
	reg.Reset()
	pinned := resolve(t, open(t, reg, "team/event"), "latest")
	for range 2 {
		admitted, err := gate.Admit(t.Context(), pinned, trust.Request{Name: "x/y", Tag: "latest", Root: pinned.Root()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := transfer.Pull(t.Context(), pinned, admitted, memory.New(), filepath.Join(t.TempDir(), "dir"), transfer.PullOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	asked := map[string]int{}
	for _, r := range reg.Journal() {
		asked[r.Path]++
	}
	config := "/v2/team/event/blobs/" + string(pinned.Node().Manifest.Config.Digest)
	for path, n := range asked {
		if strings.Contains(path, "/manifests/sha256-") {
			continue // the listing of referrers, which may have changed
		}
		if n > 1 && (strings.Contains(path, "/manifests/") || path == config) {
			t.Errorf("%s was asked for %d times", path, n)
		}
	}
	if asked[config] != 1 {
		t.Errorf("the config was asked for %d times", asked[config])
	}
}

func TestLegacySignatures(t *testing.T) {
	src := newCounting()
	pinned := pinnedIn(t, src)
	root := pinned.Root()
	tag := "sha256-" + root.Digest.Encoded() + ".sig"

	_, err := pinned.LegacySignatures(t.Context(), root)
	wantError(t, err, recap.NotFound, "not-found")
	for _, d := range []digest.Digest{"", "sha256:abc", digest.Digest("sha512:" + strings.Repeat("a", 128)), "sha256:" + digest.Digest(strings.Repeat("A", 64))} {
		_, err := pinned.LegacySignatures(t.Context(), ocispec.Descriptor{Digest: d})
		wantError(t, err, recap.Usage, "bad-digest")
	}

	config := src.put(t, ocispec.MediaTypeImageConfig, []byte(`{"rootfs":{"type":"layers"}}`))
	layer := src.put(t, "application/vnd.dev.cosign.simplesigning.v1+json", []byte(`{"critical":{}}`))
	image := src.put(t, ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",`+
		`"config":{"mediaType":"`+config.MediaType+`","digest":"`+string(config.Digest)+`","size":28},`+
		`"layers":[{"mediaType":"`+layer.MediaType+`","digest":"`+string(layer.Digest)+`","size":15,"annotations":{"dev.cosignproject.cosign/signature":"MEU="}}]}`))
	if err := src.Tag(t.Context(), image, tag); err != nil {
		t.Fatal(err)
	}
	clear(src.asked)
	desc, err := pinned.LegacySignatures(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if !content.Equal(desc, image) {
		t.Errorf("got %v, want %v", desc, image)
	}
	fetched(t, pinned, desc)
	if got := src.asked[image.Digest]; got != 1 {
		t.Errorf("asked for the manifest %d times, want once", got)
	}
	fetched(t, pinned, layer)

	// What stands under the tag is held to the same rules as any manifest.
	bad := src.put(t, ocispec.MediaTypeImageManifest, []byte(`{"schemaVersion":2,"schemaVersion":2}`))
	if err := src.Tag(t.Context(), bad, tag); err != nil {
		t.Fatal(err)
	}
	if _, err := pinned.LegacySignatures(t.Context(), root); !errors.Is(err, recap.Integrity) {
		t.Errorf("got %v, want it refused", err)
	}
}

// A registry that can't be asked isn't one without older signatures.
func TestLegacySignaturesCouldNotAsk(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	push(t, build(t, first), open(t, reg, "team/event"), "1.0.0")
	pinned := resolve(t, open(t, reg, "team/event"), "1.0.0")
	_, err := pinned.LegacySignatures(t.Context(), pinned.Root())
	wantError(t, err, recap.NotFound, "not-found")
	reg.Inject(recaptest.Fault{Match: recaptest.Match{Path: "*.sig"}, Times: recaptest.Always, Action: recaptest.Status(403)})
	if _, err := pinned.LegacySignatures(t.Context(), pinned.Root()); err == nil || errors.Is(err, recap.NotFound) {
		t.Errorf("got %v, want that it could not be asked", err)
	}
}
