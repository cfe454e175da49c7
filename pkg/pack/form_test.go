// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/source"
)

// One lock holds for every form: the files are the same.
func TestFormLock(t *testing.T) {
	files, lock := locked(t, three())
	image := build(t, files.fs(), nil, pack.Options{Form: artifact.FormImage, Frozen: true})
	if image.LockChanged || !cmp.Equal(lock, image.Lock) {
		t.Errorf("the lock changed:\n%s", cmp.Diff(lock, image.Lock))
	}
	p := image.Graph.Pack()
	if p.Node.Form != artifact.FormImage || p.Meta.Members[0].Digest == lock.Members[0].Digest {
		t.Errorf("built %q", p.Node.Form)
	}
	if _, err := p.Open(t.Context(), image.Graph, "bravo"); err != nil {
		t.Error(err)
	}
	drifted := files.with(tree{"recaps/b/index.md": files["recaps/b/index.md"] + "\nMore.\n"})
	_, err := pack.Build(t.Context(), drifted.fs(), nil, pack.Options{Form: artifact.FormImage, Frozen: true})
	fails(t, err, recap.Stale, "lock-drift", "bravo: index.md changed")
}

// A reference leads to what is there, in one form; a pack of another can't hold it.
func TestFormReference(t *testing.T) {
	const ref = "r.example/team/delta:1.0.0"
	files := tree{"pack.yaml": "name: days\nversion: 1.0.0\nmembers: [" + ref + "]\n"}
	native := bundle(t, article("Delta"))
	src, _, err := source.Load(tree{"index.md": article("Delta")}.fs(), ".", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	image, err := artifact.BuildBundle(t.Context(), src.Recap, src.Files, artifact.BuildOptions{Form: artifact.FormImage})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		g    *artifact.Graph
		form artifact.Form
		want []string
	}{
		{"OCI's own", native, artifact.FormOCI, nil},
		{"an image", image, artifact.FormImage, nil},
		{"OCI's own in an image", native, artifact.FormImage, []string{ref, "pack.yaml:3", "delta is not written as an image", "recap push PATH REF --compat image"}},
		{"an image in OCI's own", image, artifact.FormOCI, []string{ref, "pack.yaml:3", "delta is written as an image", "without --compat"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := pack.Build(t.Context(), files.fs(), registry(map[string]*artifact.Graph{ref: tt.g}), pack.Options{Form: tt.form})
			if tt.want != nil {
				fails(t, err, recap.Usage, "other-form", tt.want...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := b.Lock.Members[0].Digest; got != tt.g.Root.Digest.String() || b.Graph.Pack().Node.Form != tt.form {
				t.Errorf("locked %s, want what the reference leads to, %s", got, tt.g.Root.Digest)
			}
		})
	}
}
