// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// load builds the bundle of a directory.
func load(t testing.TB, fsys fs.FS) artifact.Member {
	t.Helper()
	src, problems, err := source.Load(fsys, ".", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Err(rule.LevelValid); err != nil {
		t.Fatalf("%v: %v", err, problems)
	}
	g, err := artifact.BuildBundle(t.Context(), src.Recap, src.Files, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g.Member()
}

// text is a recap of a document alone.
func text(t testing.TB, index string) artifact.Member {
	t.Helper()
	return load(t, fstest.MapFS{"index.md": {Data: []byte(index)}})
}

// examples are the project's own, in reading order.
func examples(t testing.TB) (members []artifact.Member, dirs map[string]string) {
	t.Helper()
	paths, err := filepath.Glob("../../examples/recaps/*")
	if err != nil || len(paths) != 5 {
		t.Fatalf("%d examples: %v", len(paths), err)
	}
	dirs = map[string]string{}
	for _, dir := range paths {
		m := load(t, os.DirFS(dir))
		members = append(members, m)
		dirs[m.Slug()] = dir
	}
	return members, dirs
}

// fixture is a pack of two recaps that disagree, one of which has its facts in a
// file of their own.
func fixture(t testing.TB) (*recap.Pack, []artifact.Member) {
	t.Helper()
	p := &recap.Pack{
		Name: "paris", Version: "1.0.0", Title: "Paris, twice", Description: "Two who were there.",
		Defaults:  recap.PackDefaults{License: "CC-BY-4.0", Language: "en"},
		Aliases:   recap.Aliases{Topics: map[string][]string{"wasm": {"WebAssembly"}}},
		Conflicts: recap.PackConflicts{Accepted: []recap.AcceptedConflict{{ID: "kubecon-eu-2024-attendance-people", Note: "kept both"}}},
	}
	one := load(t, fstest.MapFS{"index.md": {Data: []byte(one)}})
	two := load(t, fstest.MapFS{"index.md": {Data: []byte(two)}, "recap.yaml": {Data: []byte(twoFacts)}})
	return p, []artifact.Member{one, two}
}

const one = `---
title: "Paris: [a] week"
slug: one
date: 2024-03-27
author: Ada Lovelace
license: MIT
recap:
  license: CC0-1.0
  event: {id: kubecon-eu-2024, name: KubeCon Europe 2024, startDate: "2024-03-19", place: {city: Paris, country: FR}}
  entities:
    helm: {kind: project, name: Helm}
  recommendations:
    - {position: 1, session: {title: Building Images, speakers: "Adrian Mouat (Chainguard)"}}
  topics: [{name: WebAssembly, kind: trend, signal: high}]
  observations:
    - {property: attendance, value: ">12,000", unit: people, quote: "more than 12,000 people"}
  quotations: [{speaker: Ada Lovelace, quote: nowhere in the text}]
---

Words before any *heading*, about Helm.

# Numbers

There were more than 12,000 people, and <b>WebAssembly</b> <!-- hidden --> was
[everywhere](https://example.com/wasm).

## Empty

## Code

` + "```go\nfunc main() {}\n\nvar x = 1\n```" + `

- one
- two
`

const two = `+++
title = "Paris again"
slug = "two"
+++
# Paris

Twelve thousand.
`

const twoFacts = `event: {id: kubecon-eu-2024, name: KubeCon Europe 2024}
observations:
  - {property: attendance, value: 12000, unit: people, certainty: reported}
notes:
  - Take the metro.
`

// built is a catalog and the pack that has it, as they lie in a source.
func built(t testing.TB, p *recap.Pack, members []artifact.Member) (*catalog.Catalog, *artifact.Pack, *store) {
	t.Helper()
	c, err := catalog.Build(t.Context(), p, members)
	if err != nil {
		t.Fatal(err)
	}
	pack, s := assemble(t, p, members, c.Views)
	return c, pack, s
}

// assemble makes a pack of views, whatever they are.
func assemble(t testing.TB, p *recap.Pack, members []artifact.Member, views []artifact.View) (*artifact.Pack, *store) {
	t.Helper()
	g, err := artifact.BuildPack(t.Context(), p, members, views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g.Pack(), &store{g: g, asked: map[digest.Digest]int{}}
}

// store is a source that tells what was asked of it.
type store struct {
	g     *artifact.Graph
	mu    sync.Mutex
	asked map[digest.Digest]int
}

func (s *store) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	s.mu.Lock()
	s.asked[desc.Digest]++
	missing := s.asked[desc.Digest] < 0
	s.mu.Unlock()
	if missing {
		return nil, errdef.ErrNotFound
	}
	return s.g.Fetch(ctx, desc)
}

// sourceOf reads one member.
func sourceOf(t testing.TB, p *recap.Pack, m artifact.Member) *catalog.Source {
	t.Helper()
	b, err := m.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := catalog.ReadSource(t.Context(), m, b, p, p.Glossary())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// parsed is the source of a text that no bundle was made of.
func parsed(t testing.TB, body string) *catalog.Source {
	t.Helper()
	doc, err := document.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := &recap.Recap{Title: "T", Slug: "t"}
	return &catalog.Source{Recap: r, Digest: digest.FromString("t"), Document: doc, Names: new(recap.Pack).Glossary().Names(r)}
}

// unpack returns the content of a shard as another program reads it.
func unpack(t testing.TB, raw []byte) []byte {
	t.Helper()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	lines, err := dec.DecodeAll(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func view(t testing.TB, views []artifact.View, prefix string) artifact.View {
	t.Helper()
	i := slices.IndexFunc(views, func(v artifact.View) bool { return strings.HasPrefix(v.Path, prefix) })
	if i < 0 {
		t.Fatalf("no view %s", prefix)
	}
	return views[i]
}

// wantError holds err to a kind and a code, and to saying want in characters that
// can be printed.
func wantError(t testing.TB, err error, kind recap.Kind, code, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s %s", kind, code)
	}
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Errorf("error %v (%+v) is not of kind %s and code %s", err, e, kind, code)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q doesn't say %q", err, want)
	}
	for _, r := range err.Error() {
		if !unicode.IsPrint(r) {
			t.Errorf("error %q holds %U as it is", err, r)
		}
	}
}

func lines(raw []byte) [][]byte {
	return bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n"))
}
