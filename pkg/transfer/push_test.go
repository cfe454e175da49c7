// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/registry"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

func TestPushAndAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		dst  func(*testing.T) oras.GraphTarget
	}{
		{"memory", func(*testing.T) oras.GraphTarget { return memory.New() }},
		{"layout", func(t *testing.T) oras.GraphTarget { return openLayout(t, t.TempDir()+"/layout") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dst, g := tt.dst(t), build(t, first)
			result := push(t, g, dst, "latest", "1.0.0")
			want := transfer.PushResult{
				Digest: g.Root.Digest, MediaType: g.Root.MediaType, ArtifactType: recap.ArtifactTypeBundle,
				Tags:     []transfer.TagMove{{Tag: "1.0.0", Moved: true}, {Tag: "latest", Moved: true}},
				Uploaded: transfer.Tally{Count: len(g.Nodes())},
			}
			for _, desc := range g.Nodes() {
				want.Size += desc.Size
			}
			want.Uploaded.Bytes = want.Size
			if diff := cmp.Diff(want, result); diff != "" {
				t.Errorf("first push (-want +got):\n%s", diff)
			}

			again := push(t, g, dst, "latest", "1.0.0")
			want.Uploaded, want.Reused, want.Unchanged = transfer.Tally{}, want.Uploaded, true
			for i := range want.Tags {
				want.Tags[i].Previous, want.Tags[i].Moved = g.Root.Digest, false
			}
			if diff := cmp.Diff(want, again); diff != "" {
				t.Errorf("second push (-want +got):\n%s", diff)
			}

			next := build(t, second)
			moved := push(t, next, dst, "2.0.0", "latest")
			want.Tags = []transfer.TagMove{{Tag: "2.0.0", Moved: true}, {Tag: "latest", Previous: g.Root.Digest, Moved: true}}
			if diff := cmp.Diff(want.Tags, moved.Tags); diff != "" {
				t.Errorf("tags of the next version (-want +got):\n%s", diff)
			}
			if moved.Reused.Count == 0 {
				t.Error("the picture that didn't change was sent again")
			}
			got := tagsOf(t, dst, "1.0.0", "2.0.0", "latest")
			if diff := cmp.Diff(map[string]string{"1.0.0": string(g.Root.Digest), "2.0.0": string(next.Root.Digest), "latest": string(next.Root.Digest)}, got); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

// sealFunc is a Sealer made of a function.
type sealFunc func(context.Context, content.GraphStorage, ocispec.Descriptor) (trust.Report, error)

func (f sealFunc) Seal(ctx context.Context, dst content.GraphStorage, root ocispec.Descriptor) (trust.Report, error) {
	return f(ctx, dst, root)
}

func TestPushRefuses(t *testing.T) {
	g := build(t, first)
	dst := memory.New()
	for _, tt := range []struct {
		name string
		code string
		push func() error
	}{
		{"nil seal", "no-seal", func() error {
			_, err := transfer.Push(t.Context(), g, dst, []string{"a"}, nil, transfer.PushOptions{})
			return err
		}},
		{"nil graph", "nothing-to-push", func() error {
			_, err := transfer.Push(t.Context(), nil, dst, []string{"a"}, transfer.Unsigned{}, transfer.PushOptions{})
			return err
		}},
		{"no tag", "bad-tag", func() error {
			_, err := transfer.Push(t.Context(), g, dst, []string{"a:b"}, transfer.Unsigned{}, transfer.PushOptions{})
			return err
		}},
		{"a listing of referrers", "reserved-tag", func() error {
			_, err := transfer.Push(t.Context(), g, dst, []string{strings.Replace(string(g.Root.Digest), ":", "-", 1)}, transfer.Unsigned{}, transfer.PushOptions{})
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantError(t, tt.push(), recap.Usage, tt.code)
			if ok, _ := dst.Exists(t.Context(), g.Root); ok {
				t.Error("something was stored all the same")
			}
		})
	}
}

// A seal finds the whole artifact stored, no tag, and no way to make one.
func TestPushSealsBeforeTags(t *testing.T) {
	dst, g := memory.New(), build(t, first)
	calls := 0
	seal := sealFunc(func(ctx context.Context, store content.GraphStorage, root ocispec.Descriptor) (trust.Report, error) {
		calls++
		for _, desc := range g.Nodes() {
			if ok, err := store.Exists(ctx, desc); !ok || err != nil {
				t.Errorf("%s isn't there when the root is sealed: %v", desc.Digest, err)
			}
		}
		if got := tagsOf(t, dst, "1.0.0"); calls == 1 && len(got) > 0 {
			t.Errorf("tagged before it was sealed: %v", got)
		}
		for name, has := range map[string]bool{
			"tag":             has[content.Tagger](store),
			"resolve":         has[content.Resolver](store),
			"push by tag":     has[registry.ReferencePusher](store),
			"untag":           has[content.Untagger](store),
			"delete":          has[content.Deleter](store),
			"be a whole oras": has[oras.Target](store),
		} {
			if has {
				t.Errorf("what a seal gets can %s", name)
			}
		}
		ref := refer(t, store, root, "a signature")
		var listed []ocispec.Descriptor
		err := store.(registry.ReferrerLister).Referrers(ctx, root, "", func(page []ocispec.Descriptor) error {
			listed = append(listed, page...)
			return nil
		})
		if err != nil || len(listed) != 1 || listed[0].Digest != ref.Digest {
			t.Errorf("the seal lists %v, %v; want its signature", listed, err)
		}
		return trust.Report{Digest: root.Digest, Verdict: trust.VerdictVerified, Signatures: []trust.SignatureReport{{Digest: ref.Digest, Added: calls == 1}}}, nil
	})
	for i := range 2 {
		result, err := transfer.Push(t.Context(), g, dst, []string{"1.0.0"}, seal, transfer.PushOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if result.Seal == nil || result.Unchanged != (i == 1) {
			t.Errorf("push %d: %+v", i+1, result)
		}
	}
	if calls != 2 {
		t.Errorf("sealed %d times, want at every push", calls)
	}
}

func has[T any](v any) bool {
	_, ok := v.(T)
	return ok
}

// Fail at the N-th call of the destination, for every N: either nothing is
// tagged yet, or the error names what is.
func TestPushFailsAnywhere(t *testing.T) {
	g := build(t, first)
	tags := []string{"1.0.0", "latest", "stable"}
	seal := sealFunc(func(ctx context.Context, store content.GraphStorage, root ocispec.Descriptor) (trust.Report, error) {
		rc, err := store.Fetch(ctx, root)
		if err != nil {
			return trust.Report{}, err
		}
		return trust.Report{Digest: root.Digest}, rc.Close()
	})
	failed := 0
	for at := 1; ; at++ {
		dst := &failing{Store: memory.New(), at: at}
		result, err := transfer.Push(t.Context(), g, dst, tags, seal, transfer.PushOptions{})
		if err == nil {
			if failed < 15 {
				t.Errorf("only %d calls could fail: %q", failed, dst.log)
			}
			break
		}
		failed++
		if !errors.Is(err, errInjected) {
			t.Fatalf("at call %d: %v", at, err)
		}
		got := tagsOf(t, dst.Store, tags...)
		for tag, named := range got {
			if named != string(g.Root.Digest) {
				t.Errorf("at call %d: %s names %s", at, tag, named)
			}
			for _, desc := range g.Nodes() {
				if ok, _ := dst.Exists(t.Context(), desc); !ok {
					t.Errorf("at call %d: %s is tagged and %s isn't there", at, tag, desc.Digest)
				}
			}
		}
		if _, floating := got["latest"]; floating && got["1.0.0"] == "" {
			t.Errorf("at call %d: a floating tag moved before the version", at)
		}
		listed := map[string]string{}
		for _, move := range result.Tags {
			if move.Moved {
				listed[move.Tag] = string(g.Root.Digest)
			}
		}
		if diff := cmp.Diff(got, listed); diff != "" {
			t.Errorf("at call %d: tags that moved, and what the result says (-moved +result):\n%s", at, diff)
		}
		for tag := range got {
			if !strings.Contains(err.Error(), tag) {
				t.Errorf("at call %d: %q doesn't say that %s moved", at, err, tag)
			}
		}
		if len(got) == 0 && at > 4 && !strings.Contains(err.Error(), "no tag was moved") {
			t.Errorf("at call %d: %q doesn't say that no tag moved", at, err)
		}
		// Pushing again mends it.
		dst.at = 0
		if _, err := transfer.Push(t.Context(), g, dst, tags, seal, transfer.PushOptions{}); err != nil {
			t.Errorf("pushing again after call %d: %v", at, err)
		}
	}
}

func TestPushSealFails(t *testing.T) {
	dst, g := memory.New(), build(t, first)
	seal := sealFunc(func(context.Context, content.GraphStorage, ocispec.Descriptor) (trust.Report, error) {
		return trust.Report{}, recap.Errorf(recap.Unavailable, "referrer-lost", "the signature isn't listed").WithHint("try again")
	})
	_, err := transfer.Push(t.Context(), g, dst, []string{"1.0.0", "latest"}, seal, transfer.PushOptions{})
	wantError(t, err, recap.Unavailable, "referrer-lost", "no tag was moved", "holds the content by its digest")
	if got := tagsOf(t, dst, "1.0.0", "latest"); len(got) > 0 {
		t.Errorf("tagged all the same: %v", got)
	}
}

// lying says that it has what a base lists, and doesn't; it checks children of
// manifests as registries do.
type lying struct {
	*memory.Store
	refused int
}

func (l *lying) Push(ctx context.Context, desc ocispec.Descriptor, r io.Reader) error {
	if desc.MediaType != ocispec.MediaTypeImageManifest {
		return l.Store.Push(ctx, desc, r)
	}
	raw, err := content.ReadAll(r, desc)
	if err != nil {
		return err
	}
	node, err := artifact.Parse(desc, raw)
	if err != nil {
		return err
	}
	for _, child := range node.Children() {
		if ok, _ := l.Exists(ctx, child); !ok {
			l.refused++
			return recap.Errorf(recap.NotFound, "child-missing", "%s isn't there", child.Digest)
		}
	}
	return l.Store.Push(ctx, desc, strings.NewReader(string(raw)))
}

func TestPushSendsWhatABaseLacks(t *testing.T) {
	dst := &lying{Store: memory.New()}
	g, before := build(t, second), build(t, first)
	base, err := artifact.FetchNode(t.Context(), before, before.Root)
	if err != nil {
		t.Fatal(err)
	}
	result, err := transfer.Push(t.Context(), g, dst, []string{"2.0.0"}, transfer.Unsigned{}, transfer.PushOptions{Bases: []*artifact.Node{base}})
	if err != nil {
		t.Fatal(err)
	}
	if dst.refused != 1 {
		t.Errorf("refused %d times, want once: the base is believed until it isn't", dst.refused)
	}
	if result.Uploaded.Count != len(g.Nodes()) || result.Reused.Count != 0 {
		t.Errorf("%+v, want all of it sent", result)
	}
}

func TestPushDryRun(t *testing.T) {
	dst := &failing{Store: memory.New()}
	before, g := build(t, first), build(t, second)
	push(t, before, dst, "latest")
	dst.log = nil
	seal := sealFunc(func(context.Context, content.GraphStorage, ocispec.Descriptor) (trust.Report, error) {
		t.Error("a dry run sealed")
		return trust.Report{}, nil
	})
	plan, err := transfer.Push(t.Context(), g, dst, []string{"latest", "2.0.0"}, seal, transfer.PushOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range dst.log {
		if call == "push" || strings.HasPrefix(call, "tag") {
			t.Errorf("a dry run calls %s", call)
		}
	}
	done, err := transfer.Push(t.Context(), g, dst, []string{"latest", "2.0.0"}, transfer.Unsigned{}, transfer.PushOptions{})
	if err != nil {
		t.Fatal(err)
	}
	done.DryRun = true
	if diff := cmp.Diff(done, plan); diff != "" {
		t.Errorf("what was done, and what was planned (-done +planned):\n%s", diff)
	}
}

// racing lets somebody else move a tag right after we did.
type racing struct {
	*memory.Store
	other ocispec.Descriptor
}

func (r *racing) Tag(ctx context.Context, desc ocispec.Descriptor, tag string) error {
	if err := r.Store.Tag(ctx, desc, tag); err != nil || tag != "latest" {
		return err
	}
	return r.Store.Tag(ctx, r.other, tag)
}

func TestPushLooksAtTagsAgain(t *testing.T) {
	dst := &racing{Store: memory.New()}
	other := build(t, second)
	push(t, other, dst.Store, "other")
	dst.other = other.Root
	result, err := transfer.Push(t.Context(), build(t, first), dst, []string{"1.0.0", "latest"}, transfer.Unsigned{}, transfer.PushOptions{})
	wantError(t, err, recap.Stale, "tag-moved", "latest", string(other.Root.Digest), "moved already: 1.0.0")
	if len(result.Tags) != 2 {
		t.Errorf("result lists %v", result.Tags)
	}
}

// losing accepts tags and keeps none.
type losing struct{ *memory.Store }

func (losing) Tag(context.Context, ocispec.Descriptor, string) error { return nil }

func TestPushFindsATagMissing(t *testing.T) {
	_, err := transfer.Push(t.Context(), build(t, first), losing{memory.New()}, []string{"a", "b"}, transfer.Unsigned{}, transfer.PushOptions{})
	wantError(t, err, recap.Unavailable, "not-stored")
}

// keeping accepts tags and leaves them where they are.
type keeping struct{ *memory.Store }

func (keeping) Tag(context.Context, ocispec.Descriptor, string) error { return nil }

func TestPushFindsATagUnmoved(t *testing.T) {
	dst := keeping{memory.New()}
	before := build(t, second)
	push(t, before, dst.Store, "a", "b")
	_, err := transfer.Push(t.Context(), build(t, first), dst, []string{"a", "b"}, transfer.Unsigned{}, transfer.PushOptions{})
	wantError(t, err, recap.Unavailable, "not-stored", string(before.Root.Digest))
}

// amnesiac accepts everything and then lacks what a manifest lists.
type amnesiac struct{ *memory.Store }

func (f amnesiac) Push(ctx context.Context, desc ocispec.Descriptor, r io.Reader) error {
	if recap.IsManifest(desc.MediaType) {
		return recap.Errorf(recap.NotFound, "child-missing", "something isn't there")
	}
	return f.Store.Push(ctx, desc, r)
}

func TestPushTakenAndLost(t *testing.T) {
	_, err := transfer.Push(t.Context(), build(t, first), amnesiac{memory.New()}, []string{"a"}, transfer.Unsigned{}, transfer.PushOptions{})
	wantError(t, err, recap.Unavailable, "not-stored", "something isn't there", "no tag was moved")
}

func TestPushCancelled(t *testing.T) {
	g := build(t, first)
	for at := 1; at < 12; at++ {
		ctx, cancel := context.WithCancel(t.Context())
		dst := &failing{Store: memory.New(), at: at, then: cancel}
		_, err := transfer.Push(ctx, g, dst, []string{"1.0.0", "latest"}, transfer.Unsigned{}, transfer.PushOptions{})
		cancel()
		if err == nil {
			t.Fatal("a cancelled push succeeds")
		}
		if got := tagsOf(t, dst.Store, "latest"); len(got) > 0 {
			t.Errorf("cancelled at call %d: %v", at, got)
		}
	}
}

func TestPushWithoutTags(t *testing.T) {
	dst, g := memory.New(), build(t, first)
	result := push(t, g, dst)
	if ok, err := dst.Exists(t.Context(), g.Root); !ok || err != nil {
		t.Errorf("the root isn't there: %v", err)
	}
	if result.Tags == nil || len(result.Tags) != 0 {
		t.Errorf("tags %v, want an empty list", result.Tags)
	}
}

func TestPushIntoAnArchive(t *testing.T) {
	path := t.TempDir() + "/bundle.tar"
	store, g := openLayout(t, path), build(t, first)
	push(t, g, store, "1.0.0")
	again := openLayout(t, path)
	if got := resolve(t, again, "1.0.0").Root().Digest; got != g.Root.Digest {
		t.Errorf("the archive holds %s, want %s: was it committed?", got, g.Root.Digest)
	}
}
