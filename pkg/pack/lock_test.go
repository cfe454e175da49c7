// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

// locked returns a pack with the lock that it makes.
func locked(t *testing.T, files tree) (tree, *pack.Lock) {
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
	again, err := pack.ParseLock(got)
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

func TestParseLockRefuses(t *testing.T) {
	_, l := locked(t, three())
	raw, err := l.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	good := string(raw)
	if _, err := pack.ParseLock(raw); err != nil {
		t.Fatal(err)
	}
	d := l.Members[0].Digest
	edit := func(old, by string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("nothing of %q", old)
		}
		return strings.Replace(good, old, by, 1)
	}
	for name, text := range map[string]string{
		"nothing":             "",
		"no JSON":             "lockVersion: 1\n",
		"a list":              "[]",
		"null":                "null",
		"more after it":       good + "{}",
		"a key twice":         edit(`"lockVersion": 1,`, `"lockVersion": 1, "lockVersion": 1,`),
		"a key in capitals":   edit(`"lockVersion": 1,`, `"LockVersion": 1,`),
		"a later version":     edit(`"lockVersion": 1,`, `"lockVersion": 2,`),
		"no version":          edit(`"lockVersion": 1,`, ``),
		"no pack":             edit(`"name": "days"`, `"name": ""`),
		"no digest of it":     edit(l.Pack.Digest, "latest"),
		"another hash":        edit(d, "sha512:"+strings.Repeat("a", 128)),
		"a short digest":      edit(d, d[:40]),
		"a slug twice":        edit(`"bravo"`, `"alpha"`),
		"a place twice":       edit(`"recaps/b"`, `"recaps/a"`),
		"a slug in capitals":  edit(`"bravo"`, `"Bravo"`),
		"the slug catalog":    edit(`"bravo"`, `"catalog"`),
		"no place":            edit(`"recaps/b"`, `""`),
		"another media type":  edit(`"application/vnd.oci.image.manifest.v1+json"`, `"application/vnd.oci.image.index.v1+json"`),
		"a size below zero":   edit(`"size": `, `"size": -`),
		"a file twice":        edit(`"data/x.csv"`, `"index.md"`),
		"a file without path": edit(`"data/x.csv"`, `""`),
		"a file's digest":     edit(l.Members[0].Files[1].Digest, "x"),
		"not UTF-8":           edit(`"recaps/b"`, "\"recaps/\xff\""),
		"too large":           good + strings.Repeat(" ", 32<<20),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pack.ParseLock([]byte(text))
			fails(t, err, recap.Stale, "bad-lock", "pack.lock", "version control")
		})
	}
	if _, err := pack.ParseLock([]byte(edit(`"lockVersion": 1,`, `"lockVersion": 1, "later": {"a": 1},`))); err != nil {
		t.Errorf("a field of a later release: %v", err)
	}
}

func TestLockOfAnotherPack(t *testing.T) {
	base, _ := locked(t, three())
	for _, opts := range []pack.Options{{}, {Frozen: true}, {Renew: true}} {
		_, err := pack.Build(t.Context(), base.with(tree{"pack.yaml": strings.Replace(base["pack.yaml"], "days", "other", 1)}).fs(), nil, opts)
		fails(t, err, recap.Stale, "lock-of-another-pack", "days", "other", "delete pack.lock")
	}
}

func TestWriteLock(t *testing.T) {
	_, l := locked(t, three())
	path := filepath.Join(t.TempDir(), "pack.lock")
	for range 2 {
		if err := pack.WriteLock(path, l); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := pack.ParseLock(raw); err != nil || !cmp.Equal(got, l) {
			t.Errorf("read back %+v, %v", got, err)
		}
	}
	fails(t, pack.WriteLock(filepath.Join(path, "below"), l), recap.Local, "not-a-directory")
}
