// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/recap"
)

// twoRows are what a pack knows of the recaps that these shards are about.
func twoRows() []recap.PackMember {
	return []recap.PackMember{
		{Slug: "one", Digest: string(digest.FromString("one"))},
		{Slug: "two", Digest: string(digest.FromString("two"))},
	}
}

// linesOf returns values as a shard has them.
func linesOf[T any](f *testing.F, values ...T) []byte {
	var b bytes.Buffer
	for _, v := range values {
		raw, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		b.Write(append(raw, '\n'))
	}
	return b.Bytes()
}

// refusal holds err to a kind that a hostile shard ends in.
func refusal(t *testing.T, err error) {
	var known *recap.Error
	if !errors.As(err, &known) || known.Kind != recap.Integrity && known.Kind != recap.Unsafe {
		t.Errorf("refused as %v", err)
	}
}

// FuzzChunks: what comes out of a shard is of the pack's own recaps, and has a
// place in them. [TestRead] goes the whole way, from a pack's index.
func FuzzChunks(f *testing.F) {
	rows := twoRows()
	chunk := func(row recap.PackMember, id string) Chunk {
		return Chunk{
			ID: row.Slug + "#" + id, Recap: row.Slug, RecapDigest: row.Digest, Path: recap.DocumentPath, Lines: [2]int{1, 2}, ByteRange: [2]int{0, 9},
			TextDigest: string(digest.FromString("text")), Text: "text", Tokens: 1,
		}
	}
	f.Add(linesOf(f, chunk(rows[0], "a"), chunk(rows[0], "b"), chunk(rows[1], "a")))
	f.Add(linesOf(f, chunk(rows[1], "a"), chunk(rows[0], "a")))
	f.Add([]byte("{\"recap\":\"one\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		seen := map[string]bool{}
		turn := 0
		for v, err := range readLines(bytes.NewReader(text), rows, func(c Chunk) string { return c.Recap }, checkChunk) {
			if err != nil {
				refusal(t, err)
				continue
			}
			c := v.value
			for turn < len(rows) && rows[turn].Slug != c.Recap {
				turn++
			}
			if turn == len(rows) || rows[turn].Digest != c.RecapDigest || v.slug != c.Recap || seen[c.ID] || !strings.HasPrefix(c.ID, c.Recap+"#") ||
				c.Lines[0] < 1 || c.ByteRange[1] <= c.ByteRange[0] || c.Text == "" {
				t.Errorf("%+v", c)
			}
			seen[c.ID] = true
		}
	})
}

// FuzzFacts is [FuzzChunks] for facts.
func FuzzFacts(f *testing.F) {
	rows := twoRows()
	fact := func(row recap.PackMember, id string) Fact {
		return Fact{ID: row.Slug + "#" + id, Recap: row.Slug, RecapDigest: row.Digest, Kind: "topic", Pointer: "/recap/topics/0"}
	}
	f.Add(linesOf(f, fact(rows[0], "a"), fact(rows[0], "b"), fact(rows[1], "a")))
	f.Add(linesOf(f, fact(rows[0], "a"), fact(rows[0], "a")))
	f.Fuzz(func(t *testing.T, text []byte) {
		seen := map[string]bool{}
		turn := 0
		for v, err := range readLines(bytes.NewReader(text), rows, func(f Fact) string { return f.Recap }, checkFact) {
			if err != nil {
				refusal(t, err)
				continue
			}
			fact := v.value
			for turn < len(rows) && rows[turn].Slug != fact.Recap {
				turn++
			}
			if turn == len(rows) || rows[turn].Digest != fact.RecapDigest || v.slug != fact.Recap || seen[fact.ID] || !strings.HasPrefix(fact.ID, fact.Recap+"#") || fact.Kind == "" {
				t.Errorf("%+v", fact)
			}
			seen[fact.ID] = true
		}
	})
}
