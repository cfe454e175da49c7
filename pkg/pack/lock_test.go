// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/pack/lock"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

// locked returns a pack with the lock that it makes.
func locked(t *testing.T, files tree) (tree, *lock.Lock) {
	t.Helper()
	l := build(t, files.fs(), nil, pack.Options{}).Lock
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return files.with(tree{"pack.lock": string(raw)}), l
}

// The bytes of a lock are the same everywhere: what is committed doesn't change
// with the machine.
func TestLockGolden(t *testing.T) {
	files := three().with(tree{"recaps/c.md": article("Charlie", "source: {digest: 'sha256:"+strings.Repeat("b", 64)+"'}")})
	_, l := locked(t, files)
	got, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/pack.lock")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	again, err := lock.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l, again); diff != "" {
		t.Error(diff)
	}
	c := jsonschema.NewCompiler()
	text, err := schemas.Read("packlock")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.AddResource(schemas.URL("packlock"), doc); err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile(schemas.URL("packlock")).Validate(instance); err != nil {
		t.Error(err)
	}
}

func TestFrozen(t *testing.T) {
	base, _ := locked(t, three())
	if b := build(t, base.fs(), nil, pack.Options{Frozen: true}); b.LockChanged {
		t.Error("the lock changed")
	}
	moved := base.with(tree{"recaps/c.md": "", "recaps/d.md": base["recaps/c.md"]})
	const renew = "build it without --frozen"
	for _, tt := range []struct {
		name  string
		files tree
		want  []string
	}{
		{"pack.yaml", base.with(tree{"pack.yaml": base["pack.yaml"] + "title: Days\n"}), []string{"pack.yaml changed"}},
		{"a comment in pack.yaml", base.with(tree{"pack.yaml": base["pack.yaml"] + "# Days\n"}), []string{"pack.yaml changed"}},
		{"a document", base.with(tree{"recaps/b/index.md": base["recaps/b/index.md"] + "\nMore.\n"}), []string{"bravo: index.md changed"}},
		{"a file", base.with(tree{"recaps/a/data/x.csv": "a,c\n"}), []string{"alpha: data/x.csv changed"}},
		{"a new file", base.with(tree{"recaps/a/LICENSE": "MIT\n"}), []string{"alpha: LICENSE is new"}},
		{"a file gone", base.with(tree{"recaps/a/data/x.csv": "", "recaps/a/index.md": article("Alpha")}), []string{"alpha: index.md changed", "alpha: data/x.csv is gone"}},
		{"a member gone", base.with(tree{"recaps/c.md": ""}), []string{"charlie (recaps/c.md) is gone"}},
		{"a new member", base.with(tree{"recaps/d.md": article("Delta")}), []string{"delta (recaps/d.md) is new"}},
		{"a member from elsewhere", moved, []string{"charlie: it comes from recaps/d.md, not from recaps/c.md"}},
		{"another slug", base.with(tree{"recaps/c.md": article("Delta")}), []string{"charlie (recaps/c.md) is gone", "delta (recaps/c.md) is new"}},
		{"another order", base.with(tree{"recaps/1.md": base["recaps/c.md"], "recaps/c.md": ""}), []string{"the order changed: charlie comes where alpha was"}},
		{"an edited lock", base.with(tree{"pack.lock": strings.Replace(base["pack.lock"], `"license": "CC-BY-4.0"`, `"license": "MIT"`, 1)}), []string{"says something else"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := pack.Build(t.Context(), tt.files.fs(), nil, pack.Options{Frozen: true})
			fails(t, err, recap.Stale, "lock-drift", append(tt.want, renew)...)
			if b.Graph != nil {
				t.Error("built")
			}
			if b := build(t, tt.files.fs(), nil, pack.Options{}); !b.LockChanged {
				t.Error("without --frozen the lock stays as it is")
			}
		})
	}
	t.Run("much at once", func(t *testing.T) {
		files := base
		for _, name := range strings.Split("efghijkl", "") {
			files = files.with(tree{"recaps/" + name + ".md": article("Recap " + name)})
		}
		_, err := pack.Build(t.Context(), files.fs(), nil, pack.Options{Frozen: true})
		fails(t, err, recap.Stale, "lock-drift", "and 3 more")
	})
}

// Who vouched for a reference may change, as long as somebody is left.
func TestFrozenSigners(t *testing.T) {
	files := tree{"pack.yaml": "name: days\nversion: 1.0.0\nmembers: [r.example/a:1]\n"}
	resolve := registry(map[string]*artifact.Graph{"r.example/a:1": bundle(t, article("Alpha"))})
	l := build(t, files.fs(), resolve, pack.Options{}).Lock
	for _, tt := range []struct {
		name    string
		signers []string
		fine    bool
	}{
		{"the same", []string{"ci of r.example/a:1"}, true},
		{"one of two", []string{"somebody", "ci of r.example/a:1"}, true},
		{"nobody before", nil, true},
		{"others", []string{"somebody"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l.Members[0].Signers = tt.signers
			raw, err := l.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			_, err = pack.Build(t.Context(), files.with(tree{"pack.lock": string(raw)}).fs(), resolve, pack.Options{Frozen: true})
			if tt.fine && err != nil {
				t.Error(err)
			}
			if !tt.fine {
				fails(t, err, recap.Stale, "lock-drift", "none of those who vouched")
			}
		})
	}
}

func TestLockOfAnotherPack(t *testing.T) {
	base, _ := locked(t, three())
	for _, opts := range []pack.Options{{}, {Frozen: true}, {Renew: true}} {
		_, err := pack.Build(t.Context(), base.with(tree{"pack.yaml": strings.Replace(base["pack.yaml"], "days", "other", 1)}).fs(), nil, opts)
		fails(t, err, recap.Stale, "lock-of-another-pack", "days", "other", "delete pack.lock")
	}
}
