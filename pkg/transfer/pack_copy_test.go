// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
)

// signedFamily stores a pack in dst with a signature of its index and one of each
// child, and an attestation about the first member's signature.
func signedFamily(t testing.TB, dst oras.GraphTarget, version string, members map[string]contents) (root ocispec.Descriptor, about map[digest.Digest]int) {
	t.Helper()
	g := packFrom(t, version, members)
	push(t, g, dst, version)
	about = map[digest.Digest]int{g.Root.Digest: 1}
	refer(t, dst, g.Root, "of the index")
	for i, child := range g.Pack().Node.Index.Manifests {
		one := refer(t, dst, child, "of "+child.Digest.String())
		about[child.Digest] = 1
		if i == 1 {
			refer(t, dst, child, "another of "+child.Digest.String())
			refer(t, dst, one, "of a signature")
			about[child.Digest], about[one.Digest] = 2, 1
		}
	}
	return g.Root, about
}

// wantFamily checks that dst has all of a pack, and lists every referrer.
func wantFamily(t testing.TB, dst oras.GraphTarget, root ocispec.Descriptor, about map[digest.Digest]int) {
	t.Helper()
	err := artifact.Walk(t.Context(), dst, root, func(desc ocispec.Descriptor, n *artifact.Node) error {
		if ok, err := dst.Exists(t.Context(), desc); err != nil || !ok {
			t.Errorf("%s isn't there: %v", desc.Digest, err)
		}
		if n == nil {
			return nil
		}
		in, err := transfer.Inspect(t.Context(), dst, desc)
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Root.Referrers) != about[desc.Digest] {
			t.Errorf("%s has %d referrers, want %d", desc.Digest, len(in.Root.Referrers), about[desc.Digest])
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCopyPack(t *testing.T) {
	src := memory.New()
	root, about := signedFamily(t, src, "1.0.0", firstMembers)
	registry := func(opts recaptest.RegistryOptions) func(*testing.T) oras.GraphTarget {
		return func(t *testing.T) oras.GraphTarget { return open(t, recaptest.NewRegistry(t, opts), "team/pack") }
	}
	for _, tt := range []struct {
		name string
		dst  func(*testing.T) oras.GraphTarget
	}{
		{"layout", func(t *testing.T) oras.GraphTarget { return openLayout(t, filepath.Join(t.TempDir(), "layout")) }},
		{"archive", func(t *testing.T) oras.GraphTarget { return openLayout(t, filepath.Join(t.TempDir(), "a.tar")) }},
		{"registry", registry(recaptest.RegistryOptions{})},
		{"registry without the referrers API", registry(recaptest.RegistryOptions{NoReferrers: true})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dst := tt.dst(t)
			result := copyAll(t, src, root, dst, "1.0.0", "latest")
			// The index, the catalog and three bundles; a signature of each, two more.
			if result.Manifests != 5 || result.Referrers != 7 || result.ArtifactType != recap.ArtifactTypePack {
				t.Errorf("%+v", result)
			}
			wantFamily(t, dst, root, about)
			if again := copyAll(t, src, root, dst, "1.0.0", "latest"); again.Copied.Count > 0 || again.Referrers != 7 {
				t.Errorf("copied again: %+v", again)
			}
			dir := filepath.Join(t.TempDir(), "dir")
			mustPull(t, resolve(t, dst, "latest"), dir, transfer.PullOptions{})
			wantFiles(t, dir, under(firstMembers))

			// A signature of a member that is new goes alone.
			more := memory.New()
			copyAll(t, src, root, more, "1.0.0")
			refer(t, more, resolve(t, more, "1.0.0").Node().Index.Manifests[2], "a late one")
			if result := copyAll(t, more, root, dst, "1.0.0", "latest"); result.Copied.Count != 2 || result.Referrers != 8 {
				t.Errorf("brought up to date: %+v, want a manifest and its layer copied", result)
			}
		})
	}
}

// forgetfulOf lists no referrers of one digest.
type forgetfulOf struct {
	*memory.Store
	subject digest.Digest
}

func (f forgetfulOf) Predecessors(ctx context.Context, desc ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	if desc.Digest == f.subject {
		return nil, nil
	}
	return f.Store.Predecessors(ctx, desc)
}

// A signature of any child that the destination doesn't list stops the tags.
func TestCopyPackCountsReferrersOfChildren(t *testing.T) {
	src := memory.New()
	root, about := signedFamily(t, src, "1.0.0", firstMembers)
	for subject := range about {
		dst := forgetfulOf{memory.New(), subject}
		_, err := transfer.Copy(t.Context(), src, root, dst, []string{"1.0.0"}, transfer.CopyOptions{})
		wantError(t, err, recap.Unavailable, "referrer-lost", "no tag was moved")
		if tags := tagsOf(t, dst, "1.0.0"); len(tags) > 0 {
			t.Errorf("tags %v", tags)
		}
	}
}

// A copy is killed at each request in turn: the tag names all of it or nothing,
// and the same copy again completes it.
func TestCopyPackKilledAtEachRequest(t *testing.T) {
	src := memory.New()
	root, about := signedFamily(t, src, "1.0.0", map[string]contents{"an-event": {"index.md": "# A\n"}, "other": {"index.md": "# B\n"}})
	for n := 1; ; n += stride() {
		reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		reg.Inject(recaptest.Fault{Nth: n, Action: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			defer cancel()
			recaptest.LoseAnswer()(w, r, next)
		}}, recaptest.Fault{Nth: n, Times: recaptest.Always, Action: recaptest.Drop()})
		_, err := transfer.Copy(ctx, src, root, open(t, reg, "team/pack"), []string{"1.0.0"}, transfer.CopyOptions{})
		cancel()
		reg.Reset()
		dst := open(t, reg, "team/pack")
		if len(tagsOf(t, dst, "1.0.0")) > 0 {
			wantFamily(t, dst, root, about)
		}
		if err == nil {
			if n < 40 {
				t.Errorf("only %d requests were swept", n-1)
			}
			return
		}
		copyAll(t, src, root, open(t, reg, "team/pack"), "1.0.0")
		wantFamily(t, dst, root, about)
		if t.Failed() {
			t.Fatalf("killed at request %d", n)
		}
	}
}

// How deep a copy is doesn't depend on how many recaps there are, and the next
// version sends what changed.
func TestCopyPackBudgets(t *testing.T) {
	const members = 8
	from := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	push(t, packOf(t, "1.0.0", many(t, members, -1)...), open(t, from, "team/pack"), "1.0.0")
	push(t, packOf(t, "1.1.0", many(t, members, 5)...), open(t, from, "team/pack"), "1.1.0")
	src := open(t, from, "team/pack")
	pinned := resolve(t, src, "1.0.0")
	path := filepath.Join(t.TempDir(), "layout")
	from.Reset()
	copyAll(t, pinned, pinned.Root(), openLayout(t, path), "1.0.0")
	// Manifests, what refers to them, blobs: each kind at once.
	if depth := from.Depth(); depth > 3 {
		t.Errorf("%d rounds: %v", depth, from.Counts())
	}
	t.Logf("%d rounds: %v", from.Depth(), from.Counts())
	if n := from.Count(recaptest.Blob); n != 3*members+3 { // config, document and picture; the catalog's config and two views
		t.Errorf("asked for %d blobs", n)
	}

	to := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
	dst := open(t, to, "mirror/pack")
	copyAll(t, pinned, pinned.Root(), dst, "1.0.0")
	next := resolve(t, src, "1.1.0")
	to.Reset()
	result := copyAll(t, next, next.Root(), open(t, to, "mirror/pack"), "1.1.0")
	// Document, config and manifest of the recap; a view, config and manifest of
	// the catalog; the index.
	if result.Copied.Count != 7 {
		t.Errorf("copied %+v", result.Copied)
	}
	budget(t, to, 25, 8)
}

// Blobs are taken over within a registry, manifests and signatures sent.
func TestCopyPackMounts(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	root, about := signedFamily(t, open(t, reg, "from/here"), "1.0.0", firstMembers)
	pinned := resolve(t, open(t, reg, "from/here"), "1.0.0")
	dst := open(t, reg, "to/there")
	reg.Reset()
	result, err := transfer.Copy(t.Context(), pinned, root, dst, []string{"1.0.0"}, transfer.CopyOptions{MountFrom: "from/here"})
	if err != nil {
		t.Fatal(err)
	}
	if n := reg.Count(recaptest.Upload); n > 0 || result.Mounted.Count == 0 {
		t.Errorf("%d uploads, mounted %+v", n, result.Mounted)
	}
	wantFamily(t, dst, root, about)
}

func TestListMembers(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	g := packFrom(t, "1.0.0", firstMembers)
	push(t, g, open(t, reg, "team/pack"), "1.0.0")
	push(t, build(t, first), open(t, reg, "team/pack"), "bundle")
	src := open(t, reg, "team/pack")
	reg.Reset()
	list, err := transfer.ListMembers(resolve(t, src, "1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	want := transfer.MemberList{Digest: g.Root.Digest, Title: "all-recaps", Version: "1.0.0"}
	for _, m := range g.Pack().Meta.Members {
		want.Members = append(want.Members, transfer.MemberEntry{Slug: m.Slug, Title: m.Title, Version: m.Version, Event: m.Event, Digest: digest.Digest(m.Digest)})
	}
	if diff := cmp.Diff(want, list); diff != "" || len(list.Members) != 3 {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if n := len(reg.Journal()); n != 1 {
		t.Errorf("%d requests, want one: %v", n, reg.Counts())
	}
	_, err = transfer.ListMembers(resolve(t, src, "bundle"))
	wantError(t, err, recap.Usage, "not-a-pack", "bundle")
}
