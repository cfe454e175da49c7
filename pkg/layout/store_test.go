// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package layout_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
)

// places runs a test in a directory and in an archive, which is committed and
// opened again by reopen.
func places(t *testing.T, test func(t *testing.T, s *layout.Store, reopen func() *layout.Store)) {
	for _, name := range []string{"directory", "archive.tar"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			s := create(t, path)
			test(t, s, func() *layout.Store {
				commit(t, s)
				return open(t, path)
			})
		})
	}
}

func TestRoundTrip(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		layer, empty := newBlob("text/markdown", "# hello"), newBlob("text/plain", "")
		manifest := newManifest(t, nil, "one", layer, empty)
		push(t, s, layer, empty, emptyConfig, manifest)
		tag(t, s, manifest, "v1", "latest")
		want := manifest.Descriptor
		want.ArtifactType = artifactType
		for _, s := range []*layout.Store{s, reopen()} {
			for _, reference := range []string{"v1", "latest", manifest.Digest.String()} {
				if diff := cmp.Diff(want, mustResolve(t, s, reference)); diff != "" {
					t.Errorf("Resolve(%q) (-want +got):\n%s", reference, diff)
				}
			}
			if diff := cmp.Diff([]string{"latest", "v1"}, tags(t, s)); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
			for _, i := range []item{layer, empty, manifest, emptyConfig} {
				got, err := fetch(t, s, i.Descriptor)
				if err != nil || !bytes.Equal(got, i.data) {
					t.Errorf("Fetch(%s): got %q, %v; want %q", i.Digest, got, err, i.data)
				}
				if ok, err := s.Exists(t.Context(), i.Descriptor); !ok || err != nil {
					t.Errorf("Exists(%s): got %v, %v", i.Digest, ok, err)
				}
			}
			desc, r, err := s.FetchReference(t.Context(), "v1")
			if err != nil {
				t.Fatalf("FetchReference: %v", err)
			}
			if got, err := content.ReadAll(r, desc); err != nil || !bytes.Equal(got, manifest.data) {
				t.Errorf("FetchReference: got %q, %v", got, err)
			}
			r.Close()
			if d := check(t, s); len(d) != 0 {
				t.Errorf("Check: %v", d)
			}
		}
	})
}

func TestOrasCopiesBothWays(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		layer := newBlob("text/markdown", "# hello")
		a, b := newManifest(t, nil, "a", layer), newManifest(t, nil, "b")
		pack := newIndex(t, a, b)
		mem := memory.New()
		for _, i := range []item{layer, emptyConfig, a, b, pack} {
			if err := mem.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data)); err != nil {
				t.Fatal(err)
			}
		}
		if err := mem.Tag(t.Context(), pack.Descriptor, "v1"); err != nil {
			t.Fatal(err)
		}
		if _, err := oras.Copy(t.Context(), mem, "v1", s, "v1", oras.DefaultCopyOptions); err != nil {
			t.Fatalf("into the layout: %v", err)
		}
		back := memory.New()
		if _, err := oras.ExtendedCopy(t.Context(), reopen(), "v1", back, "v1", oras.DefaultExtendedCopyOptions); err != nil {
			t.Fatalf("out of the layout: %v", err)
		}
		for _, i := range []item{layer, emptyConfig, a, b, pack} {
			if got, err := content.FetchAll(t.Context(), back, i.Descriptor); err != nil || !bytes.Equal(got, i.data) {
				t.Errorf("%s came back as %q, %v", i.Digest, got, err)
			}
		}
	})
}

func TestPushRefuses(t *testing.T) {
	good := newBlob("text/plain", "content")
	manifest := newManifest(t, nil, "x")
	with := func(change func(*ocispec.Descriptor)) ocispec.Descriptor {
		d := good.Descriptor
		change(&d)
		return d
	}
	ambiguous := newBlob(ocispec.MediaTypeImageManifest, `{"schemaVersion":2,"schemaVersion":2}`)
	both := newBlob(ocispec.MediaTypeImageManifest, `{"schemaVersion":2,"layers":[],"manifests":[]}`)
	other := newBlob(ocispec.MediaTypeImageManifest, `{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)
	escape := newBlob(ocispec.MediaTypeImageIndex, `{"manifests":[{"mediaType":"`+ocispec.MediaTypeImageManifest+`","digest":"sha256:../../x","size":1}]}`)
	for name, c := range map[string]struct {
		desc    ocispec.Descriptor
		content string
		code    string
	}{
		"too short":             {good.Descriptor, "conten", "size-mismatch"},
		"too long":              {good.Descriptor, "content!", "size-mismatch"},
		"other content":         {good.Descriptor, "CONTENT", "digest-mismatch"},
		"negative size":         {with(func(d *ocispec.Descriptor) { d.Size = -1 }), "content", "bad-size"},
		"path for a digest":     {with(func(d *ocispec.Descriptor) { d.Digest = "sha256:../../../etc/passwd" }), "content", "bad-digest"},
		"upper-case digest":     {with(func(d *ocispec.Descriptor) { d.Digest = digest.Digest(strings.ToUpper(string(d.Digest))) }), "content", "bad-digest"},
		"md5":                   {with(func(d *ocispec.Descriptor) { d.Digest = "md5:9a0364b9e99bb480dd25e1f0284c8555" }), "content", "bad-digest"},
		"empty digest":          {with(func(d *ocispec.Descriptor) { d.Digest = "" }), "content", "bad-digest"},
		"manifest cut off":      {manifest.Descriptor, string(manifest.data[1:]), "size-mismatch"},
		"manifest too large":    {ocispec.Descriptor{MediaType: manifest.MediaType, Digest: manifest.Digest, Size: recap.MaxManifestSize + 1}, "", "too-large"},
		"ambiguous manifest":    {ambiguous.Descriptor, string(ambiguous.data), "bad-manifest"},
		"manifest and index":    {both.Descriptor, string(both.data), "bad-manifest"},
		"another media type":    {other.Descriptor, string(other.data), "bad-manifest"},
		"child with bad digest": {escape.Descriptor, string(escape.data), "bad-manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			places(t, func(t *testing.T, s *layout.Store, _ func() *layout.Store) {
				err := s.Push(t.Context(), c.desc, strings.NewReader(c.content))
				kind := recap.Integrity
				if c.code == "too-large" {
					kind = recap.Unsafe
				}
				wantError(t, err, kind, c.code, s.Path())
				for name := range tree(t, filepath.Dir(s.Path())) {
					if strings.Contains(name, "sha256"+string(filepath.Separator)) || strings.Contains(name, "tmp") {
						t.Errorf("something was left: %s", name)
					}
				}
			})
		})
	}
}

// Nothing that leads nowhere is ever stored, and pushing again mends what does.
func TestPushWantsChildrenFirst(t *testing.T) {
	layer := newBlob("text/plain", "layer")
	elsewhere := newBlob("text/plain", "elsewhere")
	elsewhere.URLs = []string{"https://example.com/blob"}
	m := newManifest(t, nil, "x", layer, elsewhere)
	pack := newIndex(t, m)
	places(t, func(t *testing.T, s *layout.Store, _ func() *layout.Store) {
		push(t, s, emptyConfig)
		for i, child := range map[*item]item{&m: layer, &pack: m} {
			err := s.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data))
			wantError(t, err, recap.NotFound, "child-missing", i.Digest.String(), child.Digest.String(), s.Path())
			if !errors.Is(err, errdef.ErrNotFound) {
				t.Errorf("got error %v, want errdef.ErrNotFound", err)
			}
			if ok, _ := s.Exists(t.Context(), i.Descriptor); ok {
				t.Error("it was stored")
			}
		}
		push(t, s, layer, m, pack)
		if strings.HasSuffix(s.Path(), ".tar") {
			return
		}
		write(t, blobPath(s.Path(), layer.Digest), "")
		err := s.Push(t.Context(), m.Descriptor, bytes.NewReader(m.data))
		wantError(t, err, recap.NotFound, "child-missing", layer.Digest.String())
		push(t, s, layer, m)
		if d := check(t, s); len(d) != 0 {
			t.Errorf("Check: %v", d)
		}
	})
}

func TestPushOfBrokenSourceStoresNothing(t *testing.T) {
	broken := errors.New("the line was cut")
	i := newBlob("text/plain", "content")
	places(t, func(t *testing.T, s *layout.Store, _ func() *layout.Store) {
		err := s.Push(t.Context(), i.Descriptor, io.MultiReader(strings.NewReader("con"), iotestErrReader{broken}))
		if !errors.Is(err, broken) {
			t.Errorf("got error %v, want %v in it", err, broken)
		}
		if ok, _ := s.Exists(t.Context(), i.Descriptor); ok {
			t.Error("the blob exists")
		}
	})
}

type iotestErrReader struct{ err error }

func (r iotestErrReader) Read([]byte) (int, error) { return 0, r.err }

func TestCancelledContextModifiesNothing(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, _ func() *layout.Store) {
		manifest := newManifest(t, nil, "x")
		push(t, s, emptyConfig, manifest)
		before := tree(t, filepath.Dir(s.Path()))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		other := newBlob("text/plain", "other")
		for name, err := range map[string]error{
			"Push":   s.Push(ctx, other.Descriptor, bytes.NewReader(other.data)),
			"Tag":    s.Tag(ctx, manifest.Descriptor, "v1"),
			"Delete": s.Delete(ctx, manifest.Descriptor),
			"Commit": s.Commit(ctx),
		} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got error %v, want context.Canceled", name, err)
			}
		}
		if diff := cmp.Diff(before, tree(t, filepath.Dir(s.Path()))); diff != "" {
			t.Errorf("files (-before +after):\n%s", diff)
		}
	})
}

func TestPushOfWhatIsThere(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, _ func() *layout.Store) {
		blob, manifest := newBlob("text/plain", "content"), newManifest(t, nil, "x")
		push(t, s, blob, emptyConfig, manifest)
		for _, i := range []item{blob, manifest} {
			unread := strings.NewReader("not looked at")
			if err := s.Push(t.Context(), i.Descriptor, unread); !errors.Is(err, errdef.ErrAlreadyExists) {
				t.Errorf("got error %v, want ErrAlreadyExists", err)
			}
			if unread.Len() != len("not looked at") {
				t.Error("content was read")
			}
		}
		if err := s.PushReference(t.Context(), manifest.Descriptor, bytes.NewReader(manifest.data), "v1"); err != nil {
			t.Errorf("PushReference: %v", err)
		}
		mustResolve(t, s, "v1")
	})
}

func TestTagMovesAndWhatHadItStaysListed(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		a, b := newManifest(t, nil, "a"), newManifest(t, nil, "b")
		push(t, s, emptyConfig, a, b)
		tag(t, s, a, "latest", "v1")
		tag(t, s, b, "latest", "v2")
		tag(t, s, b, "latest")
		if err := s.Untag(t.Context(), "v2"); err != nil {
			t.Fatal(err)
		}
		if err := s.Untag(t.Context(), "v1"); err != nil {
			t.Fatal(err)
		}
		wantError(t, s.Untag(t.Context(), "v1"), recap.NotFound, "not-found", "v1", s.Path())
		s = reopen()
		if got := mustResolve(t, s, "latest").Digest; got != b.Digest {
			t.Errorf("latest is %s, want %s", got, b.Digest)
		}
		if diff := cmp.Diff([]string{"latest"}, tags(t, s)); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		if got := mustResolve(t, s, a.Digest.String()).Digest; got != a.Digest {
			t.Errorf("the old one is %s", got)
		}
		if d := check(t, s); len(d) != 0 {
			t.Errorf("Check: %v", d)
		}
	})
}

func TestTagRefuses(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, _ func() *layout.Store) {
		manifest, blob := newManifest(t, nil, "a"), newBlob("text/plain", "x")
		push(t, s, emptyConfig, manifest, blob)
		for name, bad := range map[string]string{
			"empty": "", "space": "a b", "slash": "a/b", "colon": "a:b", "leading dot": ".a", "leading hyphen": "-a",
			"escape": "a\x1b[2J", "129 bytes": strings.Repeat("a", 129), "other digest": blob.Digest.String(),
		} {
			t.Run(name, func(t *testing.T) {
				wantError(t, s.Tag(t.Context(), manifest.Descriptor, bad), recap.Usage, "bad-tag", s.Path())
			})
		}
		tag(t, s, manifest, strings.Repeat("a", 128))
		wantError(t, s.Tag(t.Context(), blob.Descriptor, "v1"), recap.Usage, "not-a-manifest", blob.Digest.String())
		absent := newManifest(t, nil, "absent")
		err := s.Tag(t.Context(), absent.Descriptor, "v1")
		wantError(t, err, recap.NotFound, "not-found", absent.Digest.String(), s.Path())
		if !errors.Is(err, errdef.ErrNotFound) {
			t.Errorf("got error %v, want errdef.ErrNotFound", err)
		}
		_, err = s.Resolve(t.Context(), "v1")
		wantError(t, err, recap.NotFound, "not-found", "v1", s.Path())
		_, err = s.Resolve(t.Context(), "")
		wantError(t, err, recap.Usage, "bad-tag", s.Path())
		_, err = s.Resolve(t.Context(), absent.Digest.String())
		wantError(t, err, recap.NotFound, "not-found", absent.Digest.String())
		_, err = s.Resolve(t.Context(), blob.Digest.String())
		wantError(t, err, recap.NotFound, "not-found", blob.Digest.String(), "not a manifest")
		_, err = s.Resolve(t.Context(), "sha256:../../x")
		wantError(t, err, recap.Integrity, "bad-digest")
	})
}

func TestMembersAreFoundAndNotListed(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		a, b := newManifest(t, nil, "a"), newManifest(t, nil, "b")
		pack, lone := newIndex(t, a, b), newManifest(t, nil, "lone")
		push(t, s, emptyConfig, a, b, pack, lone)
		tag(t, s, pack, "v1")
		s = reopen()
		want := a.Descriptor
		want.ArtifactType = artifactType
		if diff := cmp.Diff(want, mustResolve(t, s, a.Digest.String())); diff != "" {
			t.Errorf("member (-want +got):\n%s", diff)
		}
		var listed []digest.Digest
		for _, e := range listedIn(t, s.Path()) {
			listed = append(listed, e.Digest)
		}
		if diff := cmp.Diff([]digest.Digest{pack.Digest, lone.Digest}, listed); diff != "" {
			t.Errorf("index.json lists (-want +got):\n%s", diff)
		}
	})
}

// listedIn reads index.json as any tool would.
func listedIn(t *testing.T, path string) []ocispec.Descriptor {
	t.Helper()
	data := memberOf(t, path, "index.json")
	var x ocispec.Index
	if err := json.Unmarshal(data, &x); err != nil {
		t.Fatal(err)
	}
	return x.Manifests
}

func TestDelete(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		layer := newBlob("text/plain", "layer")
		a, b := newManifest(t, nil, "a", layer), newManifest(t, nil, "b", layer)
		pack := newIndex(t, b)
		push(t, s, layer, emptyConfig, a, b, pack)
		tag(t, s, a, "v1", "latest")
		tag(t, s, b, "v2")
		tag(t, s, pack, "pack")
		if err := s.Delete(t.Context(), a.Descriptor); err != nil {
			t.Fatalf("Delete: %v", err)
		}
		if err := s.Delete(t.Context(), b.Descriptor); err != nil {
			t.Fatalf("Delete of a member: %v", err)
		}
		absent := newManifest(t, nil, "absent")
		wantError(t, s.Delete(t.Context(), absent.Descriptor), recap.NotFound, "not-found", absent.Digest.String())
		s = reopen()
		if diff := cmp.Diff([]string{"pack"}, tags(t, s)); diff != "" {
			t.Errorf("tags (-want +got):\n%s", diff)
		}
		if d := check(t, s); len(d) != 0 {
			t.Errorf("Check after Delete: %v", d)
		}
		if ok, _ := s.Exists(t.Context(), layer.Descriptor); !ok {
			t.Error("a shared layer is gone")
		}
	})
	t.Run("blob of a directory", func(t *testing.T) {
		s := create(t, filepath.Join(t.TempDir(), "l"))
		a := newManifest(t, nil, "a")
		push(t, s, emptyConfig, a)
		tag(t, s, a, "v1")
		if err := s.Delete(t.Context(), a.Descriptor); err != nil {
			t.Fatal(err)
		}
		if ok, _ := s.Exists(t.Context(), a.Descriptor); ok {
			t.Error("its blob is still there")
		}
		wantError(t, s.Delete(t.Context(), a.Descriptor), recap.NotFound, "not-found", a.Digest.String())
	})
}

func TestSeek(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, reopen func() *layout.Store) {
		i := newBlob("text/plain", "some content")
		push(t, s, i)
		r, err := reopen().Fetch(t.Context(), i.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		seeker := r.(io.Seeker)
		for range 2 {
			if got, err := io.ReadAll(r); err != nil || string(got) != "some content" {
				t.Errorf("got %q, %v", got, err)
			}
			if at, err := seeker.Seek(0, io.SeekCurrent); at != i.Size || err != nil {
				t.Errorf("position: got %d, %v", at, err)
			}
			if at, err := seeker.Seek(0, io.SeekStart); at != 0 || err != nil {
				t.Errorf("to the start: got %d, %v", at, err)
			}
			io.CopyN(io.Discard, r, 3)
			seeker.Seek(0, io.SeekStart)
		}
		if _, err := seeker.Seek(1, io.SeekStart); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("elsewhere: got error %v, want ErrUnsupported", err)
		}
	})
}

func TestClosedStore(t *testing.T) {
	places(t, func(t *testing.T, s *layout.Store, _ func() *layout.Store) {
		i := newBlob("text/plain", "content")
		push(t, s, i)
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if _, err := s.Fetch(t.Context(), i.Descriptor); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Fetch: got error %v", err)
		}
		if err := s.Push(t.Context(), i.Descriptor, bytes.NewReader(i.data)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Push: got error %v", err)
		}
	})
}

// A push of any size costs the same memory.
func TestPushStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 256 MiB")
	}
	const size = 256 << 20
	verifier := digest.Canonical.Digester()
	if _, err := io.CopyN(verifier.Hash(), endless{}, size); err != nil {
		t.Fatal(err)
	}
	desc := ocispec.Descriptor{MediaType: "application/octet-stream", Digest: verifier.Digest(), Size: size}
	s := create(t, filepath.Join(t.TempDir(), "l"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := s.Push(t.Context(), desc, io.LimitReader(endless{}, size)); err != nil {
		t.Fatal(err)
	}
	r, err := s.Fetch(t.Context(), desc)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, r); n != size || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("allocated %d bytes for a blob of %d", used, size)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
