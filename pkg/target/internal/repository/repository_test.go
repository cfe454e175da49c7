// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/target/internal/host"
)

func TestPushAndFetch(t *testing.T) {
	for _, opts := range []recaptest.RegistryOptions{
		{},
		{TLS: true},
		{NoReferrers: true},
		{Dir: t.TempDir()},
	} {
		t.Run(fmt.Sprintf("%+v", opts), func(t *testing.T) {
			r := recaptest.NewRegistry(t, opts)
			dst, _ := create(t, r)
			layer := []byte("hello, world")
			manifest, data := recaptest.ManifestOf(t, "one", nil, recaptest.BlobOf(layer))

			if err := dst.Push(t.Context(), recaptest.BlobOf(layer), bytes.NewReader(layer)); err != nil {
				t.Fatal(err)
			}
			pushAll(t, dst, manifest, data)
			if err := dst.PushReference(t.Context(), manifest, bytes.NewReader(data), "v1"); err != nil {
				t.Fatal(err)
			}
			if err := dst.Tag(t.Context(), manifest, "latest"); err != nil {
				t.Fatal(err)
			}
			want := map[string]int{"POST upload": 2, "PUT upload": 2, "PUT manifest": 3}
			if diff := cmp.Diff(want, r.Counts()); diff != "" {
				t.Errorf("requests of a push (-want +got)\n%s", diff)
			}

			r.Reset()
			got, rc, err := dst.FetchReference(t.Context(), "latest")
			if err != nil {
				t.Fatal(err)
			}
			bytesGot, err := io.ReadAll(rc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(manifest, got); diff != "" || !bytes.Equal(bytesGot, data) {
				t.Errorf("FetchReference: %s %s", diff, bytesGot)
			}
			if got, err := read(t.Context(), dst, recaptest.BlobOf(layer)); err != nil || !bytes.Equal(got, layer) {
				t.Errorf("blob %q, %v", got, err)
			}
			if got, err := read(t.Context(), dst, manifest); err != nil || !bytes.Equal(got, data) {
				t.Errorf("manifest %q, %v", got, err)
			}
			want = map[string]int{"GET blob": 1, "GET manifest": 2}
			if diff := cmp.Diff(want, r.Counts()); diff != "" {
				t.Errorf("requests of a fetch (-want +got)\n%s", diff)
			}

			r.Reset()
			for _, reference := range []string{"v1", manifest.Digest.String()} {
				got, err := dst.Resolve(t.Context(), reference)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(manifest, got); diff != "" {
					t.Errorf("Resolve(%s): %s", reference, diff)
				}
			}
			for _, desc := range []ocispec.Descriptor{manifest, recaptest.BlobOf(layer)} {
				if ok, err := dst.Exists(t.Context(), desc); !ok || err != nil {
					t.Errorf("Exists: %v, %v", ok, err)
				}
			}
			if ok, err := dst.Exists(t.Context(), recaptest.BlobOf([]byte("other"))); ok || err != nil {
				t.Errorf("Exists of what is not there: %v, %v", ok, err)
			}
			want = map[string]int{"HEAD blob": 2, "HEAD manifest": 3}
			if diff := cmp.Diff(want, r.Counts()); diff != "" {
				t.Errorf("requests of looking (-want +got)\n%s", diff)
			}
			var tags []string
			if err := dst.Tags(t.Context(), "", func(page []string) error {
				tags = append(tags, page...)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"latest", "v1"}, tags); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A Client that never saw a manifest needs its bytes to tag it.
func TestTagUnseen(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r)
	desc, data := recaptest.ManifestOf(t, "one", nil)
	pushAll(t, dst, desc, data)
	r.Reset()
	other, _ := create(t, r)
	if err := other.Tag(t.Context(), desc, "v1"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"GET manifest": 1, "PUT manifest": 1}, r.Counts()); diff != "" {
		t.Error(diff)
	}
}

func TestNotFound(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r)
	absent := recaptest.BlobOf([]byte("absent"))
	manifest, data := recaptest.ManifestOf(t, "absent", nil)
	check := func(name string, err error) {
		t.Helper()
		recaptest.WantError(t, err, recap.NotFound, "not-found")
		if !errors.Is(err, errdef.ErrNotFound) {
			t.Errorf("%s: not errdef.ErrNotFound: %v", name, err)
		}
	}
	_, err := src.Fetch(t.Context(), absent)
	check("Fetch of a blob", err)
	_, err = src.Fetch(t.Context(), manifest)
	check("Fetch of a manifest", err)
	_, _, err = src.FetchReference(t.Context(), "v1")
	check("FetchReference", err)
	_, err = src.Resolve(t.Context(), "v1")
	check("Resolve", err)
	check("Tag", src.Tag(t.Context(), manifest, "v1"))
	check("Delete", src.Delete(t.Context(), manifest))
	check("Untag", src.Untag(t.Context(), "v1"))
	// What a descriptor names was known to be there, and is asked for twice.
	if n := len(r.Journal()); n != 7+3 {
		t.Errorf("%d requests for 7 things that are not there", n)
	}
	// The config is missing: the registry says so, and it can be told apart.
	recaptest.WantError(t, src.Push(t.Context(), manifest, bytes.NewReader(data)), recap.NotFound, "child-missing")
}

// What no registry may see is refused before it is asked.
func TestRefusedBeforeAsking(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r)
	for _, d := range []string{
		"", "sha256:", "sha256:../../../x", "sha256:%2e%2e", "sha256:ABC", "md5:d41d8cd98f00b204e9800998ecf8427e",
		"sha256:" + string(bytes.Repeat([]byte("a"), 63)), "sha256:" + string(bytes.Repeat([]byte("a"), 65)),
		"sha256:" + string(bytes.Repeat([]byte("A"), 64)),
	} {
		desc := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.Digest(d), Size: 1}
		_, err := dst.Fetch(t.Context(), desc)
		recaptest.WantError(t, err, recap.Integrity, "bad-digest")
		_, err = dst.Exists(t.Context(), desc)
		recaptest.WantError(t, err, recap.Integrity, "bad-digest")
		recaptest.WantError(t, dst.Push(t.Context(), desc, bytes.NewReader(nil)), recap.Integrity, "bad-digest")
		recaptest.WantError(t, dst.Delete(t.Context(), desc), recap.Integrity, "bad-digest")
		recaptest.WantError(t, dst.Referrers(t.Context(), desc, "", nil), recap.Integrity, "bad-digest")
		recaptest.WantError(t, dst.Mount(t.Context(), desc, "a", nil), recap.Integrity, "bad-digest")
	}
	negative := recaptest.BlobOf(nil)
	negative.Size = -1
	_, err := dst.Fetch(t.Context(), negative)
	recaptest.WantError(t, err, recap.Integrity, "bad-size")
	for _, tag := range []string{"", "a/b", "../x", "a b", "-a", ".a", "a\n", string(bytes.Repeat([]byte("a"), 129))} {
		_, _, err := dst.FetchReference(t.Context(), tag)
		recaptest.WantError(t, err, recap.Usage, "bad-reference")
		recaptest.WantError(t, dst.Untag(t.Context(), tag), recap.Usage, "bad-reference")
	}
	recaptest.WantError(t, dst.Mount(t.Context(), recaptest.BlobOf(nil), "../x", nil), recap.Usage, "bad-reference")
	if n := len(r.Journal()); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

// Uploads of one recap need two rounds however many blobs there are, and the
// manifest a third.
func TestDepthOfPush(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	dst, _ := create(t, r)
	var wg sync.WaitGroup
	var layers []ocispec.Descriptor
	for i := range 6 {
		data := bytes.Repeat([]byte{byte('a' + i)}, 100<<10)
		layers = append(layers, recaptest.BlobOf(data))
		wg.Go(func() {
			if err := dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		if err := dst.Push(t.Context(), ocispec.DescriptorEmptyJSON, bytes.NewReader([]byte("{}"))); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	desc, data := recaptest.ManifestOf(t, "one", nil, layers...)
	if err := dst.PushReference(t.Context(), desc, bytes.NewReader(data), "v1"); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Journal()); n != 15 || r.Depth() != 3 {
		t.Errorf("%d requests in %d rounds, want 15 in 3", n, r.Depth())
	}
}

// A large blob that is there is not sent, and asking costs no round.
func TestPushLarge(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	dst, _ := create(t, r)
	data := bytes.Repeat([]byte("0123456789abcdef"), (askFirst+16)/16)
	for i, want := range []struct {
		counts map[string]int
		depth  int
	}{
		{map[string]int{"HEAD blob": 1, "POST upload": 1, "PUT upload": 1}, 2},
		{map[string]int{"HEAD blob": 1, "POST upload": 1}, 1},
	} {
		r.Reset()
		if err := dst.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.counts, r.Counts()); diff != "" || r.Depth() != want.depth {
			t.Errorf("push %d in %d rounds, want %d: %s", i, r.Depth(), want.depth, diff)
		}
	}
}

func TestPushEmptyBlob(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r)
	for range 2 {
		if err := dst.Push(t.Context(), recaptest.BlobOf(nil), bytes.NewReader(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := read(t.Context(), dst, recaptest.BlobOf(nil)); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

// The source decides what is stored: other bytes than announced never are.
func TestPushOfOtherBytes(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r)
	blob := recaptest.BlobOf([]byte("hello"))
	manifest, data := recaptest.ManifestOf(t, "one", nil)
	broken := errors.New("the disk is on fire")
	for _, tt := range []struct {
		name    string
		desc    ocispec.Descriptor
		content io.Reader
		code    string
	}{
		{"blob too short", blob, bytes.NewReader([]byte("hell")), "size-mismatch"},
		{"blob too long", blob, bytes.NewReader([]byte("hello!")), "size-mismatch"},
		{"stream too short", blob, stream{bytes.NewReader([]byte("hell"))}, "size-mismatch"},
		{"blob with another digest", blob, bytes.NewReader([]byte("hallo")), "digest-mismatch"},
		{"manifest too short", manifest, bytes.NewReader(data[:len(data)-1]), "size-mismatch"},
		{"manifest too long", manifest, bytes.NewReader(append(slices.Clone(data), ' ')), "size-mismatch"},
		{"manifest with another digest", manifest, bytes.NewReader(bytes.Replace(data, []byte("one"), []byte("two"), 1)), "digest-mismatch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			recaptest.WantError(t, dst.Push(t.Context(), tt.desc, tt.content), recap.Integrity, tt.code)
		})
	}
	// A request that we broke off may arrive late, so this is another registry.
	r = recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ = create(t, r)
	err := dst.Push(t.Context(), blob, io.MultiReader(bytes.NewReader([]byte("he")), errReader{broken}))
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the source's error", err)
	}
	large := recaptest.BlobOf(bytes.Repeat([]byte("x"), host.MaxHeld+1))
	err = dst.Push(t.Context(), large, io.MultiReader(bytes.NewReader([]byte("xx")), errReader{broken}))
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the source's error", err)
	}
	if n := r.Count(recaptest.Upload, "PUT"); n > 1 {
		t.Errorf("an error of the source was retried %d times", n)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestMount(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r)
	src := New(dst.host, "team/from", true)
	data := []byte("hello")
	if err := src.Push(t.Context(), recaptest.BlobOf(data), bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		fault *recaptest.Fault
		get   func() (io.ReadCloser, error)
		want  map[string]int
	}{
		{name: "taken over", want: map[string]int{"POST mount": 1}},
		{
			name:  "not taken over, fetched and pushed",
			fault: &recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Mount}, Action: withoutQuery},
			want:  map[string]int{"POST mount": 1, "GET blob": 1, "PUT upload": 1},
		},
		{
			name:  "not taken over, content at hand",
			fault: &recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Mount}, Action: withoutQuery},
			get:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
			want:  map[string]int{"POST mount": 1, "PUT upload": 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.Reset()
			if tt.fault != nil {
				r.Inject(*tt.fault)
			}
			if err := dst.Mount(t.Context(), recaptest.BlobOf(data), "team/from", tt.get); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, r.Counts()); diff != "" {
				t.Error(diff)
			}
			if got, err := read(t.Context(), dst, recaptest.BlobOf(data)); err != nil || !bytes.Equal(got, data) {
				t.Errorf("got %q, %v", got, err)
			}
			if err := dst.Delete(t.Context(), recaptest.BlobOf(data)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	dst, _ := create(t, r)
	desc, data := recaptest.ManifestOf(t, "one", nil)
	pushAll(t, dst, desc, data)
	for _, tag := range []string{"v1", "v2"} {
		if err := dst.Tag(t.Context(), desc, tag); err != nil {
			t.Fatal(err)
		}
	}
	if err := dst.Untag(t.Context(), "v1"); err != nil {
		t.Fatal(err)
	}
	if _, err := dst.Resolve(t.Context(), "v2"); err != nil {
		t.Errorf("Untag took more than the tag: %v", err)
	}
	if err := dst.Delete(t.Context(), desc); err != nil {
		t.Fatal(err)
	}
	if _, err := dst.Resolve(t.Context(), "v2"); !errors.Is(err, errdef.ErrNotFound) {
		t.Errorf("after Delete: %v", err)
	}

	closed := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoDelete: true})
	dst, _ = create(t, closed)
	pushAll(t, dst, desc, data)
	recaptest.WantError(t, dst.Delete(t.Context(), desc), recap.Denied, "delete-unsupported")
	recaptest.WantError(t, dst.Untag(t.Context(), "v1"), recap.Denied, "delete-unsupported")
}

func TestRefusesType(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"status", ``, 415, "registry-refuses-type"},
		{"unsupported", `{"errors":[{"code":"UNSUPPORTED","message":"config type is not allowed"}]}`, 400, "registry-refuses-type"},
		{"invalid for its type", `{"errors":[{"code":"MANIFEST_INVALID","message":"unknown media type application/vnd.x"}]}`, 400, "registry-refuses-type"},
		{"as GitLab says it", `{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid","detail":"unknown media type: a/b"}]}`, 400, "registry-refuses-type"},
		{"other details", `{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid","detail":{"unknown media type":1}}]}`, 400, "registry-refuses"},
		{"invalid for another reason", `{"errors":[{"code":"MANIFEST_INVALID","message":"bad json"}]}`, 400, "registry-refuses"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			dst, _ := create(t, r)
			r.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Manifest}, Times: recaptest.Always, Action: recaptest.Respond(tt.status, nil, tt.body)})
			desc, data := recaptest.ManifestOf(t, "one", nil)
			e := recaptest.WantError(t, dst.Push(t.Context(), desc, bytes.NewReader(data)), recap.Integrity, tt.code)
			if (e.Hint != "") != (tt.code == "registry-refuses-type") {
				t.Errorf("hint %q", e.Hint)
			}
			if n := len(r.Journal()); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// withoutQuery makes a mount an ordinary upload.
func withoutQuery(w http.ResponseWriter, r *http.Request, next http.Handler) {
	other := r.Clone(r.Context())
	other.URL.RawQuery = ""
	next.ServeHTTP(w, other)
}
