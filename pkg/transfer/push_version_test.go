// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
	"github.com/recap-oci/recap/pkg/transfer"
)

// A version that a bundle states is published once, whatever spells it.
func TestPushVersionExists(t *testing.T) {
	bundle := func(version, text string) *artifact.Graph { return versioned(t, version, text, artifact.FormOCI) }
	for _, tt := range []struct {
		name  string
		tag   string
		then  *artifact.Graph
		stale bool
	}{
		{"the same again", "1.0.0", bundle("1.0.0", "one"), false},
		{"other content", "1.0.0", bundle("1.0.0", "two"), true},
		{"other content under the tag with a v", "v1.0.0", bundle("1.0.0", "two"), true},
		{"another version under a floating tag", "latest", bundle("1.1.0", "two"), false},
		{"content that states no version", "1.0.0", bundle("", "two"), true},
		{"content that states none under the tag with a v", "v1.0.0", bundle("", "two"), true},
		{"content that states another version", "1.0.0", bundle("1.1.0", "two"), true},
		{"content that states no version under what is no version", "1.0", bundle("", "two"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dst := memory.New()
			g := bundle("1.0.0", "one")
			push(t, g, dst, tt.tag)
			_, err := transfer.Push(t.Context(), tt.then, dst, []string{tt.tag}, transfer.Unsigned{}, transfer.PushOptions{})
			want := tt.then.Root.Digest
			if tt.stale {
				wantError(t, err, recap.Stale, "version-exists")
				want = g.Root.Digest
			} else if err != nil {
				t.Fatal(err)
			}
			if got, err := dst.Resolve(t.Context(), tt.tag); err != nil || got.Digest != want {
				t.Errorf("the tag names %s, %v; want %s", got.Digest, err, want)
			}
		})
	}
}

// versioned builds a bundle that states a version.
func versioned(t *testing.T, version, text string, form artifact.Form) *artifact.Graph {
	t.Helper()
	r := &recap.Recap{Title: "T", Slug: "t", Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}}}
	g, err := artifact.BuildBundle(t.Context(), r, fstest.MapFS{"index.md": {Data: []byte(text)}}, artifact.BuildOptions{Version: version, Form: form})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Neither a tag nor a copy takes a version away from what was published as it.
func TestTagAndCopyVersionExists(t *testing.T) {
	first := versioned(t, "1.0.0", "one", artifact.FormOCI)
	for _, tt := range []struct {
		name  string
		tag   string
		then  *artifact.Graph
		stale bool
	}{
		{"the same again", "1.0.0", first, false},
		{"other content", "1.0.0", versioned(t, "1.0.0", "two", artifact.FormOCI), true},
		{"other content under the tag with a v", "v1.0.0", versioned(t, "1.0.0", "two", artifact.FormOCI), true},
		{"the same in another form", "1.0.0", versioned(t, "1.0.0", "one", artifact.FormImage), true},
		{"a floating tag", "latest", versioned(t, "1.0.0", "two", artifact.FormOCI), true},
		{"another version under a floating tag", "latest", versioned(t, "1.1.0", "two", artifact.FormOCI), false},
		{"content that states no version", "1.0.0", versioned(t, "", "two", artifact.FormOCI), true},
		{"content that states no version under what is no version", "1.0", versioned(t, "", "two", artifact.FormOCI), false},
	} {
		for verb, move := range map[string]func(dst *memory.Store, src *memory.Store) error{
			"tag": func(dst, _ *memory.Store) error {
				place(t, tt.then, dst, "candidate")
				_, err := transfer.Tag(t.Context(), dst, "candidate", []string{"beside", tt.tag}, transfer.TagOptions{})
				return err
			},
			"copy": func(dst, src *memory.Store) error {
				push(t, tt.then, src, "candidate")
				_, err := transfer.Copy(t.Context(), src, tt.then.Root, dst, []string{"beside", tt.tag}, transfer.CopyOptions{})
				return err
			},
		} {
			t.Run(tt.name+"/"+verb, func(t *testing.T) {
				dst := memory.New()
				push(t, first, dst, tt.tag)
				err := move(dst, memory.New())
				want := tt.then.Root.Digest
				if tt.stale {
					wantError(t, err, recap.Stale, "version-exists", string(first.Root.Digest))
					want = first.Root.Digest
				} else if err != nil {
					t.Fatal(err)
				}
				if got, err := dst.Resolve(t.Context(), tt.tag); err != nil || got.Digest != want {
					t.Errorf("the tag names %s, %v; want %s", got.Digest, err, want)
				}
				if _, err := dst.Resolve(t.Context(), "beside"); (err != nil) != tt.stale {
					t.Errorf("the other tag: %v", err)
				}
			})
		}
	}
}

// A version that is published under its own tag isn't published a second time under
// another one: not by a push, a tag or a copy.
func TestVersionExistsBeside(t *testing.T) {
	first, second := versioned(t, "1.0.0", "one", artifact.FormOCI), versioned(t, "1.0.0", "two", artifact.FormOCI)
	for _, tt := range []struct {
		name   string
		there  *artifact.Graph
		as     []string // the tags that name what is there
		push   *artifact.Graph
		tags   []string
		before []string // tags that name what is pushed already
		stale  bool
	}{
		{"as the version", first, []string{"1.0.0"}, second, []string{"latest"}, nil, true},
		{"as the version with a v", first, []string{"v1.0.0"}, second, []string{"latest"}, nil, true},
		{"where the tag exists", first, []string{"v1.0.0", "latest"}, second, []string{"latest"}, nil, true},
		{"of several tags", first, []string{"1.0.0"}, second, []string{"1", "1.0", "latest"}, nil, true},
		{"in another form", first, []string{"1.0.0"}, versioned(t, "1.0.0", "one", artifact.FormImage), []string{"latest"}, nil, true},
		{"the same content", first, []string{"1.0.0"}, first, []string{"latest"}, nil, false},
		{"without a version", first, []string{"1.0.0"}, versioned(t, "", "two", artifact.FormOCI), []string{"latest"}, nil, false},
		{"under the same floating tag", first, []string{"1.0", "latest"}, second, []string{"latest"}, nil, true},
		{"under another floating tag only", first, []string{"1.0"}, second, []string{"latest"}, nil, false},
		{"another version under the same floating tag", first, []string{"latest"}, versioned(t, "0.9.0", "one", artifact.FormOCI), []string{"latest"}, nil, false},
		{"what isn't of that version", versioned(t, "", "one", artifact.FormOCI), []string{"1.0.0"}, second, []string{"latest"}, nil, false},
		{"done already", first, []string{"1.0.0"}, second, []string{"latest"}, []string{"latest"}, false},
		{"half done already", first, []string{"1.0.0"}, second, []string{"latest", "newest"}, []string{"latest"}, true},
	} {
		for verb, move := range map[string]func(dst, src *memory.Store) error{
			"push": func(dst, _ *memory.Store) error {
				_, err := transfer.Push(t.Context(), tt.push, dst, tt.tags, transfer.Unsigned{}, transfer.PushOptions{})
				return err
			},
			"tag": func(dst, _ *memory.Store) error {
				place(t, tt.push, dst)
				_, err := transfer.Tag(t.Context(), dst, string(tt.push.Root.Digest), tt.tags, transfer.TagOptions{})
				return err
			},
			"copy": func(dst, src *memory.Store) error {
				place(t, tt.push, src)
				_, err := transfer.Copy(t.Context(), src, tt.push.Root, dst, tt.tags, transfer.CopyOptions{})
				return err
			},
		} {
			t.Run(tt.name+"/"+verb, func(t *testing.T) {
				dst := memory.New()
				place(t, tt.there, dst, tt.as...)
				place(t, tt.push, dst, tt.before...)
				was := tagsOf(t, dst, tt.tags...)
				err := move(dst, memory.New())
				if !tt.stale {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				wantError(t, err, recap.Stale, "version-exists", "1.0.0", string(first.Root.Digest))
				if diff := cmp.Diff(was, tagsOf(t, dst, tt.tags...)); diff != "" {
					t.Errorf("tags moved (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// place puts g into dst and lets tags name it, whatever they say.
func place(t *testing.T, g *artifact.Graph, dst *memory.Store, tags ...string) {
	t.Helper()
	push(t, g, dst)
	for _, tag := range append([]string{string(g.Root.Digest)}, tags...) {
		if err := dst.Tag(t.Context(), g.Root, tag); err != nil {
			t.Fatal(err)
		}
	}
}

// A version and the same with a v are one: where a push reads the list of tags it
// finds the other, and asks for nothing else where there is none.
func TestPushVersionSpelledOtherwise(t *testing.T) {
	first, second := versioned(t, "1.0.0", "one", artifact.FormOCI), versioned(t, "1.0.0", "two", artifact.FormOCI)
	reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	push(t, first, open(t, reg, "a/b"), "v1.0.0")
	_, err := transfer.Push(t.Context(), second, open(t, reg, "a/b"), []string{"1.0.0"}, transfer.Unsigned{}, transfer.PushOptions{})
	wantError(t, err, recap.Stale, "version-exists", "v1.0.0", string(first.Root.Digest))
}

// Looking at the version's own tag takes no round of its own, and no request where
// the version is what is asked for.
func TestPushVersionBudget(t *testing.T) {
	cost := func(version, tag string) (requests, depth int) {
		reg := recaptest.NewRegistry(t, recaptest.RegistryOptions{HoldAnswers: true})
		push(t, versioned(t, "0.9.0", "zero", artifact.FormOCI), open(t, reg, "a/b"), "0.9.0", "latest")
		reg.Reset()
		push(t, versioned(t, version, "one", artifact.FormOCI), open(t, reg, "a/b"), tag)
		for _, n := range reg.Counts() {
			requests += n
		}
		return requests, reg.Depth()
	}
	for _, tt := range []struct {
		tag  string
		more int
	}{{"1.0.0", 0}, {"v1.0.0", 0}, {"latest", 2}} {
		without, depth := cost("", tt.tag)
		with, deeper := cost("1.0.0", tt.tag)
		if with != without+tt.more || deeper != depth {
			t.Errorf("%s: %d requests in %d rounds with a version, %d in %d without", tt.tag, with, deeper, without, depth)
		}
	}
}

// What states one version is neither tagged nor copied as another: every reader would
// refuse it there.
func TestVersionDiffers(t *testing.T) {
	g := versioned(t, "1.1.0", "one", artifact.FormOCI)
	for verb, move := range map[string]func(dst *memory.Store, tag string) error{
		"tag": func(dst *memory.Store, tag string) error {
			_, err := transfer.Tag(t.Context(), dst, "there", []string{"beside", tag}, transfer.TagOptions{})
			return err
		},
		"copy": func(dst *memory.Store, tag string) error {
			src := memory.New()
			push(t, g, src)
			_, err := transfer.Copy(t.Context(), src, g.Root, dst, []string{"beside", tag}, transfer.CopyOptions{})
			return err
		},
	} {
		for tag, fine := range map[string]bool{"1.0.0": false, "v1.2.0": false, "v1.1.0-rc.1": false, "1.1.0": true, "v1.1.0": true, "1.0": true, "latest": true} {
			t.Run(verb+"/"+tag, func(t *testing.T) {
				dst := memory.New()
				place(t, g, dst, "there")
				err := move(dst, tag)
				if fine && err != nil {
					t.Fatal(err)
				}
				if !fine {
					wantError(t, err, recap.Usage, "version-differs", "1.1.0", tag)
				}
				if now := tagsOf(t, dst, "beside", tag); (len(now) == 2) != fine {
					t.Errorf("the tags name %v", now)
				}
			})
		}
	}
}

// Of what isn't recap's own a version says nothing.
func TestVersionOfOthers(t *testing.T) {
	dst := memory.New()
	for tag, stated := range map[string]string{"candidate": "3.18.4", "latest": "3.18.4", "1.0.0": "1.0.0"} {
		root, err := oras.PackManifest(t.Context(), dst, oras.PackManifestVersion1_1, "application/vnd.example.base", oras.PackManifestOptions{
			ManifestAnnotations: map[string]string{ocispec.AnnotationVersion: stated, ocispec.AnnotationTitle: tag},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := dst.Tag(t.Context(), root, tag); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := transfer.Tag(t.Context(), dst, "candidate", []string{"latest", "1.0.0"}, transfer.TagOptions{}); err != nil {
		t.Error(err)
	}
}
