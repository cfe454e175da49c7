// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/recap"
)

// frame is content in Zstandard.
func frame(t testing.TB, raw []byte) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return enc.EncodeAll(raw, nil)
}

func readAll(t testing.TB, s *store, p *artifact.Pack, slugs ...string) (chunks []catalog.Chunk, facts []catalog.Fact, err error) {
	t.Helper()
	for c, err := range catalog.ReadChunks(t.Context(), s, p, slugs...) {
		if err != nil {
			return chunks, facts, err
		}
		chunks = append(chunks, c)
	}
	for f, err := range catalog.ReadFacts(t.Context(), s, p, slugs...) {
		if err != nil {
			return chunks, facts, err
		}
		facts = append(facts, f)
	}
	return chunks, facts, nil
}

func TestRead(t *testing.T) {
	p, members := fixture(t)
	_, pack, s := built(t, p, members)
	validate(t, "pack-config", pack.Config)
	var chunks []catalog.Chunk
	var facts []catalog.Fact
	for _, m := range members {
		src := sourceOf(t, p, m)
		chunks, facts = append(chunks, src.Split()...), append(facts, src.List()...)
	}
	gotChunks, gotFacts, err := readAll(t, s, pack)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(chunks, gotChunks); diff != "" {
		t.Errorf("chunks (-derived +read):\n%s", diff)
	}
	if diff := cmp.Diff(facts, gotFacts); diff != "" {
		t.Errorf("facts (-derived +read):\n%s", diff)
	}
	gotChunks, gotFacts, err = readAll(t, s, pack, "two")
	if err != nil || len(gotChunks) != 1 || len(gotFacts) != 3 || gotChunks[0].Recap != "two" {
		t.Errorf("of one: %d chunks, %d facts, %v", len(gotChunks), len(gotFacts), err)
	}
	_, _, err = readAll(t, s, pack, "three")
	wantError(t, err, recap.NotFound, "no-such-recap", "three")
	for c := range catalog.ReadChunks(t.Context(), s, pack) { // whoever stops is let go
		if c.Recap != "one" {
			t.Error(c.ID)
		}
		break
	}
}

// What is asked for is fetched, and nothing else: one shard for one recap.
func TestReadFetchesItsShard(t *testing.T) {
	var members []artifact.Member
	for i := range 200 {
		members = append(members, tiny(t, i, ""))
	}
	_, pack, s := built(t, &recap.Pack{Name: "p", Version: "1.0.0"}, members)
	for _, slug := range []string{"recap-0", "recap-100", "recap-199"} {
		clear(s.asked)
		chunks, facts, err := readAll(t, s, pack, slug)
		if err != nil || len(chunks) != 1 || len(facts) != 2 || chunks[0].Recap != slug {
			t.Errorf("%s: %d chunks, %d facts, %v", slug, len(chunks), len(facts), err)
		}
		if len(s.asked) != 2 {
			t.Errorf("%s: asked for %d blobs", slug, len(s.asked))
		}
	}
	clear(s.asked)
	chunks, facts, err := readAll(t, s, pack)
	if err != nil || len(chunks) != 200 || len(facts) != 400 || len(s.asked) != len(pack.Catalog.Manifest.Layers)-1 {
		t.Errorf("all: %d chunks, %d facts, asked for %d blobs, %v", len(chunks), len(facts), len(s.asked), err)
	}
	order := func(i int) string { return pack.Meta.Members[i].Slug }
	for i, c := range chunks {
		if c.Recap != order(i) {
			t.Fatalf("chunk %d is of %s", i, c.Recap)
		}
	}
}

type object = map[string]any

// forge builds the fixture's catalog, lets change break the lines and the views,
// and makes a pack of it.
func forge(t testing.TB, change func(chunks, facts []object) ([]object, []object), views func([]artifact.View) []artifact.View) (*artifact.Pack, *store) {
	t.Helper()
	p, members := fixture(t)
	c, err := catalog.Build(t.Context(), p, members)
	if err != nil {
		t.Fatal(err)
	}
	split := func(raw []byte) (all []object) {
		for _, line := range lines(raw) {
			var o object
			if err := json.Unmarshal(line, &o); err != nil {
				t.Fatal(err)
			}
			all = append(all, o)
		}
		return all
	}
	join := func(all []object) []byte {
		var b bytes.Buffer
		for _, o := range all {
			if err := json.NewEncoder(&b).Encode(o); err != nil {
				t.Fatal(err)
			}
		}
		return b.Bytes()
	}
	if change != nil {
		chunks, facts := change(split(unpack(t, c.Views[0].Raw)), split(unpack(t, c.Views[1].Raw)))
		c.Views[0].Raw, c.Views[1].Raw = frame(t, join(chunks)), frame(t, join(facts))
	}
	if views != nil {
		c.Views = views(c.Views)
	}
	return assemble(t, p, members, c.Views)
}

func TestReadTolerates(t *testing.T) {
	tests := map[string]func(chunks, facts []object) ([]object, []object){
		"nothing":           func(c, f []object) ([]object, []object) { return c, f },
		"unknown fields":    func(c, f []object) ([]object, []object) { c[0]["mood"] = "good"; f[0]["mood"] = nil; return c, f },
		"unknown kinds":     func(c, f []object) ([]object, []object) { f[1]["kind"] = "rumour"; return c, f },
		"no lines of one":   func(c, f []object) ([]object, []object) { return c[:3], f[:7] },
		"none of the first": func(c, f []object) ([]object, []object) { return c[3:], f[7:] },
		"none at all":       func([]object, []object) ([]object, []object) { return nil, nil },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			p, s := forge(t, change, nil)
			if _, _, err := readAll(t, s, p); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestReadRefusesLines(t *testing.T) {
	chunk := func(f func(o object)) func(c, l []object) ([]object, []object) {
		return func(c, l []object) ([]object, []object) { f(c[1]); return c, l }
	}
	fact := func(f func(o object)) func(c, l []object) ([]object, []object) {
		return func(c, l []object) ([]object, []object) { f(l[1]); return c, l }
	}
	other := string(digest.FromString("other"))
	tests := []struct {
		name   string
		change func(chunks, facts []object) ([]object, []object)
		want   string
	}{
		{"recap of no pack", chunk(func(o object) { o["recap"] = "three" }), "three"},
		{"no recap", chunk(func(o object) { delete(o, "recap") }), `""`},
		{"recap of another shard's turn", func(c, f []object) ([]object, []object) { slices.Reverse(c); return c, f }, "turn"},
		{"recap in two places", func(c, f []object) ([]object, []object) { return append(c, c[0]), f }, "turn"},
		{"digest of another", chunk(func(o object) { o["recapDigest"] = other }), other},
		{"id of another recap", chunk(func(o object) { o["id"] = "two#0" }), "two#0"},
		{"id twice", func(c, f []object) ([]object, []object) { c[1]["id"] = c[0]["id"]; return c, f }, "id"},
		{"no id", chunk(func(o object) { delete(o, "id") }), "id"},
		{"id of nothing", chunk(func(o object) { o["id"] = "one#" }), "one#"},
		{"long id", chunk(func(o object) { o["id"] = "one#" + strings.Repeat("x", 200) }), "id"},
		{"another file", chunk(func(o object) { o["path"] = "../two/index.md" }), "path"},
		{"line 0", chunk(func(o object) { o["lines"] = []any{0, 1} }), "lines"},
		{"lines backwards", chunk(func(o object) { o["lines"] = []any{2, 1} }), "lines"},
		{"bytes backwards", chunk(func(o object) { o["byteRange"] = []any{5, 5} }), "bytes"},
		{"bytes below 0", chunk(func(o object) { o["byteRange"] = []any{-1, 5} }), "bytes"},
		{"bytes beyond any document", chunk(func(o object) { o["byteRange"] = []any{1, recap.MaxDocumentSize + 1} }), "bytes"},
		{"digest that is none", chunk(func(o object) { o["textDigest"] = "md5:x" }), "textDigest"},
		{"no text", chunk(func(o object) { o["text"] = "" }), "no text"},
		{"no tokens", chunk(func(o object) { o["tokens"] = 0 }), "no text"},
		{"text is a number", chunk(func(o object) { o["text"] = 1 }), "text"},
		{"Text", chunk(func(o object) { o["Text"] = "other" }), "Text"},
		{"fact of no pack", fact(func(o object) { o["recap"] = "three" }), "three"},
		{"fact of another digest", fact(func(o object) { o["recapDigest"] = other }), other},
		{"fact's id of another", fact(func(o object) { o["id"] = "two#x" }), "two#x"},
		{"fact without a kind", fact(func(o object) { delete(o, "kind") }), "kind"},
		{"fact without a pointer", fact(func(o object) { delete(o, "pointer") }), "pointer"},
		{"fact outside of the facts", fact(func(o object) { o["pointer"] = "/files/0" }), "pointer"},
		{"fact of another file", fact(func(o object) { o["path"] = "/etc/passwd" }), "path"},
		{"fact with three lines", fact(func(o object) { o["lines"] = []any{1, 2, 3} }), "lines"},
		{"fact on line 0", fact(func(o object) { o["lines"] = []any{0, 2} }), "lines"},
		{"fact with lines backwards", fact(func(o object) { o["lines"] = []any{3, 2} }), "lines"},
		{"fact with lines of no file", fact(func(o object) { delete(o, "path") }), "lines"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, s := forge(t, tt.change, nil)
			_, _, err := readAll(t, s, p)
			wantError(t, err, recap.Integrity, "bad-view", tt.want)
			wantError(t, err, recap.Integrity, "bad-view", "catalog/")
		})
	}
}

func TestReadRefusesShards(t *testing.T) {
	raw := func(b []byte) func(v []artifact.View) []artifact.View {
		return func(v []artifact.View) []artifact.View { v[0].Raw = b; return v }
	}
	path := func(p string) func(v []artifact.View) []artifact.View {
		return func(v []artifact.View) []artifact.View { v[0].Path = p; return v }
	}
	long := frame(t, bytes.Repeat([]byte(" "), 33<<20))
	window, err := zstd.NewWriter(nil, zstd.WithWindowSize(64<<20), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		views func(v []artifact.View) []artifact.View
		kind  recap.Kind
		code  string
		want  string
	}{
		{"no shards", func(v []artifact.View) []artifact.View { return v[1:] }, recap.NotFound, "no-view", recap.MediaTypeChunks},
		{"no frame", raw([]byte("{}\n")), recap.Integrity, "bad-view", "line 1"},
		{"half a frame", func(v []artifact.View) []artifact.View { v[0].Raw = v[0].Raw[:len(v[0].Raw)/2]; return v }, recap.Integrity, "bad-view", ""},
		{"another checksum", func(v []artifact.View) []artifact.View { v[0].Raw[len(v[0].Raw)-1]++; return v }, recap.Integrity, "bad-view", ""},
		{"large window", raw(window.EncodeAll(make([]byte, 65<<20), nil)), recap.Integrity, "bad-view", "window"},
		{"no end of line", raw(frame(t, []byte("{}"))), recap.Integrity, "bad-view", "within a line"},
		{"empty line", raw(frame(t, []byte("\n"))), recap.Integrity, "bad-view", "line 1"},
		{"no JSON", raw(frame(t, []byte("hello\n"))), recap.Integrity, "bad-view", "line 1"},
		{"list", raw(frame(t, []byte("[]\n"))), recap.Integrity, "bad-view", "line 1"},
		{"null", raw(frame(t, []byte("null\n"))), recap.Integrity, "bad-view", "line 1"},
		{"long line", raw(long), recap.Unsafe, "too-large", "33554432"},
		{"another name", path("chunks/three.jsonl.zst"), recap.Integrity, "bad-view", "three"},
		{"name of the second", path("chunks/two.jsonl.zst"), recap.Integrity, "bad-view", "two"},
		{"another directory", path("facts/one-chunks.jsonl.zst"), recap.Integrity, "bad-view", "one-chunks"},
		{"another ending", path("chunks/one.jsonl"), recap.Integrity, "bad-view", "one.jsonl"},
		{"shard of a shard", func(v []artifact.View) []artifact.View {
			more := v[0]
			more.Path = "chunks/one/one.jsonl.zst"
			return append(v, more)
		}, recap.Integrity, "bad-view", "one/one"},
		{"second shard before the first", func(v []artifact.View) []artifact.View {
			more := v[0]
			more.Path = "chunks/two.jsonl.zst"
			return append([]artifact.View{more}, v...)
		}, recap.Integrity, "bad-view", "two"},
		{"lines of the second in the first", func(v []artifact.View) []artifact.View {
			more := v[0]
			more.Path = "chunks/two.jsonl.zst"
			return append(v, more)
		}, recap.Integrity, "bad-view", "turn"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, s := forge(t, nil, tt.views)
			_, _, err := readAll(t, s, p)
			wantError(t, err, tt.kind, tt.code, tt.want)
		})
	}
	t.Run("missing", func(t *testing.T) {
		p, s := forge(t, nil, nil)
		s.asked[p.Views(recap.MediaTypeFacts)[0].Digest] = -10
		_, _, err := readAll(t, s, p)
		wantError(t, err, recap.NotFound, "not-found", "catalog/facts/one.jsonl.zst")
	})
	t.Run("cancelled", func(t *testing.T) {
		p, s := forge(t, nil, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range catalog.ReadChunks(ctx, cancelled{fixtureMember(t)}, p) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		}
		_ = s
	})
}

func fixtureMember(t testing.TB) artifact.Member {
	_, members := fixture(t)
	return members[0]
}

// A few bytes that become many megabytes are given up before they are read.
func TestReadBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand recaps, measured without the race detector")
	}
	line := []byte(`{"recap":"one","recapDigest":"RECAP","id":"one#%08d","path":"index.md","lines":[1,1],"byteRange":[0,1],"textDigest":"` +
		string(digest.FromString("")) + `","tokens":1,"text":"` + strings.Repeat("a", 1<<20) + "\"}\n")
	p, members := fixture(t)
	line = bytes.Replace(line, []byte("RECAP"), []byte(members[0].Root().Digest), 1)
	var compressed []byte
	for i := range 130 {
		compressed = append(compressed, frame(t, fmt.Appendf(nil, string(line), i))...)
	}
	if len(compressed) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(compressed))
	}
	pack, s := assemble(t, p, members, []artifact.View{{Path: "chunks/one.jsonl.zst", MediaType: recap.MediaTypeChunks, Raw: compressed}})
	n := 0
	var last error
	for _, err := range catalog.ReadChunks(t.Context(), s, pack) {
		if last = err; err == nil {
			n++
		}
	}
	wantError(t, last, recap.Unsafe, "too-large", "134217728")
	if n < 120 || n > 128 {
		t.Errorf("%d lines were read", n)
	}
}
