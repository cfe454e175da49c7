// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
	"github.com/recap-oci/recap/pkg/trust"
)

// derived makes the pack of members again, as a release of recap would that
// derives other views.
func derived(t testing.TB, version, title string, members map[string]contents) *artifact.Graph {
	t.Helper()
	honest := packFrom(t, version, members)
	var list []artifact.Member
	for _, desc := range honest.Pack().Node.Index.Manifests[1:] {
		m, err := artifact.OpenMember(t.Context(), honest, desc)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	views := []artifact.View{{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte("# Derived otherwise\n")}}
	g, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "all-recaps", Version: version, Title: title}, list, views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPushSkipsWhatIsUnchanged(t *testing.T) {
	first, second := packFrom(t, "1.0.0", firstMembers), packFrom(t, "1.1.0", secondMembers)
	same := derived(t, "1.0.0", "", firstMembers)
	if same.Root.Digest == first.Root.Digest {
		t.Fatal("other views have the same digest")
	}
	for _, tt := range []struct {
		name string
		g    *artifact.Graph
		tags []string
		skip bool
		code string // of the error where it can't be published either
	}{
		{name: "the same", g: first, tags: []string{"1.0.0", "latest"}, skip: true},
		{name: "the same under other views", g: same, tags: []string{"latest", "1.0.0"}, skip: true},
		{name: "the same under one tag", g: same, tags: []string{"1.0.0"}, skip: true},
		{name: "a tag is missing", g: first, tags: []string{"1.0.0", "stable"}},
		{name: "a tag names something else", g: first, tags: []string{"1.0.0", "old"}},
		{name: "a tag names a bundle", g: first, tags: []string{"1.0.0", "bundle"}},
		{name: "another version", g: second, tags: []string{"latest"}},
		{name: "other content", g: packFrom(t, "1.0.0", secondMembers), tags: []string{"1.0.0"}, code: "version-exists"},
		{name: "other metadata", g: derived(t, "1.0.0", "A title", firstMembers), tags: []string{"1.0.0"}, code: "version-exists"},
		{name: "a bundle", g: build(t, five()), tags: []string{"bundle"}, skip: true},
		{name: "another bundle", g: build(t, contents{"index.md": "# B\n"}), tags: []string{"bundle"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			dst := open(t, reg, "team/pack")
			push(t, first, dst, "1.0.0", "latest")
			push(t, packFrom(t, "0.9.0", secondMembers), dst, "old")
			push(t, build(t, five()), dst, "bundle")
			before := tagsOf(t, dst, "1.0.0", "latest", "old", "bundle", "stable")
			for _, dry := range []bool{true, false} {
				reg.Reset()
				result, err := transfer.Push(t.Context(), tt.g, open(t, reg, "team/pack"), tt.tags, transfer.Unsigned{}, transfer.PushOptions{SkipUnchanged: true, DryRun: dry})
				if tt.code != "" {
					wantError(t, err, recap.Stale, tt.code)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if result.Skipped != tt.skip || result.Skipped && (!result.Unchanged || result.Uploaded.Count > 0 || result.DryRun != dry) {
					t.Errorf("dry %v: %+v, want skipped: %v", dry, result, tt.skip)
				}
				writes := reg.Count(recaptest.Manifest, http.MethodPut) + reg.Count(recaptest.Upload)
				if tt.skip || dry {
					if writes > 0 || !cmp.Equal(before, tagsOf(t, dst, "1.0.0", "latest", "old", "bundle", "stable")) {
						t.Errorf("dry %v: wrote: %v", dry, reg.Counts())
					}
				} else if writes == 0 {
					t.Error("nothing was written")
				}
				if tt.skip {
					want := digest.Digest(before[tt.tags[0]])
					if result.Digest != want || len(result.Tags) != len(tt.tags) {
						t.Errorf("the result says %s and %+v, want what is published, %s", result.Digest, result.Tags, want)
					}
					for _, move := range result.Tags {
						if move.Moved || move.Previous != want {
							t.Errorf("tag %+v", move)
						}
					}
				}
			}
		})
	}
}

// What nobody signed yet is signed, whoever refers to it; what is signed isn't
// signed again.
func TestPushSkipsNoSignature(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	seal, _ := signer(t)
	g := packFrom(t, "1.0.0", firstMembers)
	push(t, g, open(t, reg, "team/pack"), "1.0.0")
	refer(t, open(t, reg, "team/pack"), g.Root, "what a scanner found")
	sealed := 0
	counting := sealFunc(func(ctx context.Context, dst content.GraphStorage, root ocispec.Descriptor) (trust.Report, error) {
		sealed++
		return seal.Seal(ctx, dst, root)
	})
	for i, g := range []*artifact.Graph{g, g, derived(t, "1.0.0", "", firstMembers)} {
		result, err := transfer.Push(t.Context(), g, open(t, reg, "team/pack"), []string{"1.0.0"}, counting, transfer.PushOptions{SkipUnchanged: true})
		if err != nil || result.Skipped != (i > 0) || sealed != 1 {
			t.Errorf("push %d: %+v, %v, sealed %d times", i+1, result, err, sealed)
		}
	}
}

// The same under other views is not taken for signed because its members are the
// same: it stays what it is, and that is said.
func TestPushSkipsNoUnsignedPack(t *testing.T) {
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	seal, _ := signer(t)
	g := packFrom(t, "1.0.0", firstMembers)
	for _, tag := range []string{"1.0.0", "latest"} {
		dst := open(t, reg, "team/"+tag)
		push(t, derived(t, "1.0.0", "", firstMembers), dst, tag)
		_, err := transfer.Push(t.Context(), g, dst, []string{tag}, seal, transfer.PushOptions{SkipUnchanged: true})
		wantError(t, err, recap.Stale, "version-exists", tag)
	}
}

// A catalog that can't be asked for is an error; one that is gone is a reason to
// push.
func TestPushSkipAsks(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		kind   recap.Kind
	}{"forbidden": {http.StatusForbidden, recap.Denied}, "gone": {http.StatusNotFound, recap.Stale}} {
		t.Run(name, func(t *testing.T) {
			reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			g := packFrom(t, "1.0.0", firstMembers)
			push(t, g, open(t, reg, "team/pack"), "1.0.0")
			reg.Inject(recaptest.Fault{
				Match: recaptest.Match{Method: http.MethodGet, Kind: recaptest.Manifest, Path: "*" + g.Pack().Catalog.Descriptor.Digest.String()},
				Times: recaptest.Always, Action: recaptest.Status(tt.status),
			})
			_, err := transfer.Push(t.Context(), derived(t, "1.0.0", "", firstMembers), open(t, reg, "team/pack"), []string{"1.0.0"}, transfer.Unsigned{}, transfer.PushOptions{SkipUnchanged: true})
			if codes(err) == "" || !isKind(err, tt.kind) {
				t.Errorf("error %v, want of kind %s", err, tt.kind)
			}
		})
	}
}
