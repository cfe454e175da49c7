// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/layout"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// contents are the files of a recap by path.
type contents map[string]string

// first and second are two versions of one recap: a file changes, one goes,
// one comes, a directory turns into a file and a file into a directory.
var (
	first = contents{
		"index.md":         "# First\n",
		"images/a.png":     "a picture",
		"images/b.png":     "another picture",
		"data/figures.csv": "x,y\n1,2\n",
		"empty.txt":        "",
		"was/a/dir.txt":    "deep",
		"was-a-file":       "flat",
	}
	second = contents{
		"index.md":          "# Second\n",
		"images/b.png":      "another picture",
		"images/c.png":      "a third picture",
		"data/figures.csv":  "x,y\n1,3\n",
		"was":               "no directory any more",
		"was-a-file/no.txt": "no file any more",
	}
)

// build makes a bundle with the slug "an-event".
func build(t testing.TB, files contents) *artifact.Graph {
	t.Helper()
	return buildAs(t, "An event", "an-event", files)
}

func buildAs(t testing.TB, title, slug string, files contents) *artifact.Graph {
	t.Helper()
	return buildForm(t, artifact.FormOCI, title, slug, files)
}

func buildForm(t testing.TB, form artifact.Form, title, slug string, files contents) *artifact.Graph {
	t.Helper()
	r := &recap.Recap{
		Title: title, Slug: slug, Date: "2024-03-27",
		Facts: recap.Facts{APIVersion: recap.APIVersion, Event: recap.Event{Name: title}},
	}
	fsys := fstest.MapFS{}
	for path, text := range files {
		mediaType := recap.MediaTypeOf(path)
		r.Files = append(r.Files, recap.File{Path: path, MediaType: mediaType, Role: recap.RoleOf(path, mediaType)})
		fsys[path] = &fstest.MapFile{Data: []byte(text)}
	}
	g, err := artifact.BuildBundle(t.Context(), r, fsys, artifact.BuildOptions{Form: form})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// push stores g unsigned under tags.
func push(t testing.TB, g *artifact.Graph, dst oras.GraphTarget, tags ...string) transfer.PushResult {
	t.Helper()
	result, err := transfer.Push(t.Context(), g, dst, tags, transfer.Unsigned{}, transfer.PushOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// resolve pins reference in src.
func resolve(t testing.TB, src oras.ReadOnlyGraphTarget, reference string) *transfer.Pinned {
	t.Helper()
	pinned, err := transfer.Resolve(t.Context(), src, reference)
	if err != nil {
		t.Fatal(err)
	}
	return pinned
}

// stored returns a source that holds files as a bundle.
func stored(t testing.TB, files contents) *transfer.Pinned {
	t.Helper()
	src := memory.New()
	push(t, build(t, files), src, "1.0.0")
	return resolve(t, src, "1.0.0")
}

const repository = "registry.example.com/team/event"

// pullInto pulls src, whoever signed it, into dir.
func pullInto(t testing.TB, src *transfer.Pinned, dir string, opts transfer.PullOptions) (transfer.PullResult, error) {
	t.Helper()
	if opts.Repository == "" {
		opts.Repository = repository
	}
	opts.Reference = opts.Repository + ":1.0.0"
	return transfer.Pull(t.Context(), src, trust.UnverifiedUnsafe(src.Root()), memory.New(), dir, opts)
}

func mustPull(t testing.TB, src *transfer.Pinned, dir string, opts transfer.PullOptions) transfer.PullResult {
	t.Helper()
	result, err := pullInto(t, src, dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// wantFiles checks that dir holds these files and a receipt, and nothing else.
func wantFiles(t testing.TB, dir string, want contents) {
	t.Helper()
	if diff := cmp.Diff(want, read(t, dir)); diff != "" {
		t.Errorf("files of %s (-want +got):\n%s", dir, diff)
	}
	if got := names(t, filepath.Join(dir, ".recap")); !slices.Equal(got, []string{"receipt.json"}) {
		t.Errorf(".recap holds %q, want the receipt alone", got)
	}
}

// read returns the files below dir, without recap's own.
func read(t testing.TB, dir string) contents {
	t.Helper()
	files := contents{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && entry.Name() == ".recap" {
				return fs.SkipDir
			}
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			files[filepath.ToSlash(name)] = entry.Type().String()
			return nil
		}
		raw, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// snapshot is a digest of everything below dir: names, modes, contents, links.
func snapshot(t testing.TB, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %v ", path, info.Mode())
		switch {
		case info.Mode().IsRegular():
			raw, err := os.ReadFile(path)
			fmt.Fprintf(h, "%d %q", len(raw), raw)
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			fmt.Fprintf(h, "%q", target)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// names lists the names in dir.
func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	return got
}

// write makes files below dir.
func write(t testing.TB, dir string, files contents) {
	t.Helper()
	for path, text := range files {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// wantError checks kind and code, and that every one of words is said.
func wantError(t testing.TB, err error, kind recap.Kind, code string, words ...string) {
	t.Helper()
	var known *recap.Error
	if !errors.As(err, &known) || !errors.Is(err, kind) || known.Code != code {
		t.Fatalf("error %v (%#v), want %s of kind %s", err, known, code, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q doesn't say %q", err, word)
		}
	}
}

func openLayout(t testing.TB, path string) *layout.Store {
	t.Helper()
	store, err := layout.Create(path, layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("closing the layout: %v", err)
		}
	})
	return store
}

// refer stores a referrer of subject, with one layer, and returns it.
func refer(t testing.TB, dst content.Pusher, subject ocispec.Descriptor, text string) ocispec.Descriptor {
	t.Helper()
	layer := content.NewDescriptorFromBytes("application/vnd.example.note", []byte(text))
	for desc, raw := range map[*ocispec.Descriptor]string{&layer: text, &ocispec.DescriptorEmptyJSON: "{}"} {
		pushIfAbsent(t, dst, *desc, []byte(raw))
	}
	desc, err := oras.PackManifest(t.Context(), dst, oras.PackManifestVersion1_1, "application/vnd.example.signature", oras.PackManifestOptions{
		Subject: &ocispec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Layers:  []ocispec.Descriptor{layer},
		ManifestAnnotations: map[string]string{
			ocispec.AnnotationCreated: "2024-03-27T00:00:00Z", "dev.sigstore.bundle.predicateType": "https://example.com/note",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return desc
}

func pushIfAbsent(t testing.TB, dst content.Pusher, desc ocispec.Descriptor, raw []byte) {
	t.Helper()
	err := dst.Push(t.Context(), desc, bytes.NewReader(raw))
	if err != nil && !strings.Contains(err.Error(), "already exists") {
		t.Fatal(err)
	}
}

// tagsOf returns what every tag of dst names, of the tags given.
func tagsOf(t testing.TB, dst content.Resolver, tags ...string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, tag := range tags {
		if desc, err := dst.Resolve(t.Context(), tag); err == nil {
			got[tag] = desc.Digest.String()
		}
	}
	return got
}

// failing is a target whose N-th call of any method that moves something
// fails, once or from then on.
type failing struct {
	*memory.Store
	at   int
	then func() // called when it fails

	mu    sync.Mutex
	calls int
	log   []string
}

var errInjected = errors.New("injected failure")

func (f *failing) step(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	f.log = append(f.log, what)
	if f.at == 0 || f.calls < f.at {
		return nil
	}
	if f.then != nil {
		f.then()
	}
	return fmt.Errorf("%s: %w", what, errInjected)
}

func (f *failing) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if err := f.step("fetch"); err != nil {
		return nil, err
	}
	return f.Store.Fetch(ctx, desc)
}

func (f *failing) Push(ctx context.Context, desc ocispec.Descriptor, r io.Reader) error {
	if err := f.step("push"); err != nil {
		return err
	}
	return f.Store.Push(ctx, desc, r)
}

func (f *failing) Tag(ctx context.Context, desc ocispec.Descriptor, tag string) error {
	if err := f.step("tag " + tag); err != nil {
		return err
	}
	return f.Store.Tag(ctx, desc, tag)
}

func (f *failing) Resolve(ctx context.Context, reference string) (ocispec.Descriptor, error) {
	if err := f.step("resolve " + reference); err != nil {
		return ocispec.Descriptor{}, err
	}
	return f.Store.Resolve(ctx, reference)
}

func keys(files contents) []string { return slices.Sorted(maps.Keys(files)) }

// codes returns the code of err.
func codes(err error) string {
	var known *recap.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return ""
}

// stride returns how far it is from one request that a sweep disturbs to the next.
func stride() int {
	if testing.Short() {
		return 4 // the second pass, without the race detector, takes them all
	}
	return 1
}
