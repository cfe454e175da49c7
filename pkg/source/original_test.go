// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recap-oci/recap/pkg/source"
)

const original = `A long report
by somebody

One two three four five six seven eight nine ten eleven twelve thirteen.
The opening keynote of the Registry Days 2026 in the city of Lyon was opened on May 11.
`

func TestOriginal(t *testing.T) {
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(original)))
	originals := fstest.MapFS{
		"originals/a.txt": {Data: []byte(original)},
		"link.txt":        {Data: []byte("originals/a.txt"), Mode: fs.ModeSymlink | 0o777},
	}
	retold := func(facts, text string) fstest.MapFS {
		return dir("---\n" + head + "  event: Registry Days 2026\n  source: {path: originals/a.txt, digest: \"" + digest + "\", derivation: rewritten}\n" + facts + "---\n\n" + text)
	}
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		from  fs.FS
		want  []string
	}{
		{"nothing wrong", retold("  notes: [{text: T, sourceLines: 5}]\n", "Text.\n"), originals, nil},
		{"lines beyond its end", retold("  notes: [{text: T, sourceLines: 4-6}]\n", "Text.\n"), originals, []string{"index.md:10:21: error R702"}},
		{"lines, but no original at hand", retold("  notes: [{text: T, sourceLines: 4-6}]\n", "Text.\n"), nil, nil},
		{"quote of the original", retold("  notes: [{text: T, quote: \"three four five\"}]\n", "Text.\n"), originals, nil},
		{"quote of nothing", retold("  notes: [{text: T, quote: \"three five\"}]\n", "Text.\n"), originals, []string{"index.md:10:21: warning R703"}},
		{"twelve words", retold("", "He says: two THREE four five *six* seven eight nine\nten, eleven twelve thirteen and so on.\n"), originals,
			[]string{"index.md:12:10: warning R404\t\"two three four five six seven eight nine ten eleven twelve thirteen\""}},
		{"eleven words", retold("", "two three four five six seven eight nine ten eleven twelve, but thirteen.\n"), originals, nil},
		{"twelve words that a quotation holds", retold("  quotations: [{quote: \"two three four five six seven eight nine ten eleven twelve thirteen\", speaker: X}]\n",
			"two three four five six seven eight nine ten eleven twelve thirteen\n"), originals, nil},
		{"names and dates break a run", retold("", "The opening keynote of the Registry Days 2026 in the city of Lyon was opened on May 11.\n"), originals, nil},
		{"another original", dir("---\n" + head + "  event: Registry Days 2026\n  source: {path: originals/a.txt, digest: \"sha256:" + strings.Repeat("0", 64) + "\"}\n---\n\nText.\n"), originals,
			[]string{"index.md:9:35: warning R704\t" + digest}},
		{"path out of the pack", dir("---\n" + head + "  event: Registry Days 2026\n  source: {path: ../a.txt}\n---\n\nText.\n"), originals, []string{"index.md:9:12: error R101"}},
		{"original that is a link", dir("---\n" + head + "  event: Registry Days 2026\n  source: {path: link.txt, derivation: rewritten}\n---\n\ntwo three four five six seven eight nine ten eleven twelve thirteen\n"), originals, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got := load(t, tt.files, ".", source.Options{Originals: tt.from})
			wants(t, got, tt.want...)
		})
	}
}

func TestQuoteOfTheBody(t *testing.T) {
	_, got := load(t, dir(front("  event: Registry Days\n  notes:\n    - {text: T, quote: What I saw}\n    - {text: T, quote: What I heard}\n")), ".", source.Options{})
	wants(t, got, "index.md:11:17: warning R703")
}

func TestExamplesOfTheProject(t *testing.T) {
	for name, text := range corpus(t) {
		if !strings.Contains(name, "examples/") {
			continue
		}
		s, _, err := source.Load(dir(string(text)), ".", source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if s.Recap.Title == "" || s.Recap.Facts.Event.ID == "" || len(s.Recap.Facts.Sessions) == 0 {
			t.Errorf("%s: hardly anything was read: %+v", name, s.Recap)
		}
	}
}
