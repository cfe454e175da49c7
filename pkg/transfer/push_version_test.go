// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"testing"
	"testing/fstest"

	"oras.land/oras-go/v2/content/memory"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
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
		{"a version that the content doesn't state", "1.0.0", bundle("", "two"), false},
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
		{"a floating tag", "latest", versioned(t, "1.0.0", "two", artifact.FormOCI), false},
		{"a version that the content doesn't state", "1.0.0", versioned(t, "", "two", artifact.FormOCI), false},
	} {
		for verb, move := range map[string]func(dst *memory.Store, src *memory.Store) error{
			"tag": func(dst, _ *memory.Store) error {
				push(t, tt.then, dst, "candidate")
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
