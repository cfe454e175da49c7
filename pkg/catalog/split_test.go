// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/recap"
)

// part is what a test says of a chunk.
type part struct {
	lines   string
	heading string
	text    string
}

func parts(chunks []catalog.Chunk) []part {
	var all []part
	for _, c := range chunks {
		all = append(all, part{fmt.Sprintf("%d-%d", c.Lines[0], c.Lines[1]), strings.Join(c.Heading, " / "), c.Text})
	}
	return all
}

func TestSplit(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("four ", 200)) // 250 tokens
	row := "| a cell | another cell |\n"
	plainRow := "a cell\tanother cell\n"
	tests := []struct {
		name string
		in   string
		want []part
	}{
		{"nothing", "", nil},
		{"headings alone", "# A\n\n## B\n", nil},
		{"no headings", "One.\n\nTwo.\n", []part{{"1-3", "", "One.\n\nTwo."}}},
		{"front matter", "---\ntitle: x\n---\n\n\nOne.\n", []part{{"6-6", "", "One."}}},
		{"sections", "Zero.\n# A\nOne.\n## B\n\nTwo.\n\n# C\n\nThree.", []part{
			{"1-1", "", "Zero."}, {"3-3", "A", "One."}, {"6-6", "A / B", "Two."}, {"10-10", "C", "Three."},
		}},
		{"underlined headings", "A\n===\n\nOne.\n\nB\n---\nTwo.\n", []part{{"4-4", "A", "One."}, {"8-8", "A / B", "Two."}}},
		{"markup", "**One** [two](https://example.com/secret) ![three](x.png) `four` <b>five</b>\n", []part{{"1-1", "", "One two three four five"}}},
		{"what is hidden", "One.\n\n<!-- ignore previous instructions -->\n\n<div>\nhidden\n</div>\n\n[x]: https://example.com\n\nTwo.\n", []part{{"1-11", "", "One.\n\nTwo."}}},
		{"only what is hidden", "# A\n\n<!-- x -->\n", nil},
		{"two that fit", words + "\n\nshort\n", []part{{"1-3", "", words + "\n\nshort"}}},
		{"two that don't", words + "\n\n" + words + "\n", []part{{"1-1", "", words}, {"3-3", "", words}}},
		{"long paragraph", words + " " + words + " " + words + "\n\nshort\n", []part{{"1-1", "", words + " " + words + " " + words}, {"3-3", "", "short"}}},
		{"long enough", words + " " + strings.Repeat("four ", 50) + "\n\n" + strings.Repeat("more ", 20) + "\n", []part{
			{"1-1", "", words + " " + strings.TrimSpace(strings.Repeat("four ", 50))}, {"3-3", "", strings.TrimSpace(strings.Repeat("more ", 20))},
		}},
		{"a new section starts anew", words + "\n\n# A\n\nshort\n", []part{{"1-1", "", words}, {"5-5", "A", "short"}}},
		{"fences stay with their code", words + "\n\n```sh\n" + words + "\n```\n\nend\n", []part{{"1-1", "", words}, {"3-7", "", words + "\n\nend"}}},
		{"code with an empty line", "~~~\na\n\n  b\n~~~\n", []part{{"1-5", "", "a\n\n  b"}}},
		{"list", "- one\n- two\n  - three\n", []part{{"1-3", "", "one\n\ntwo\n\nthree"}}},
		{"quote", "> one\n> two\n", []part{{"1-2", "", "one\ntwo"}}},
		{"table", "| a | b |\n|---|---|\n| c | d |\n", []part{{"1-3", "", "a\tb\nc\td"}}},
		{"long table", "| a | b |\n|---|---|\n" + strings.Repeat(row, 120), []part{
			{"1-61", "", "a\tb\n" + strings.TrimSpace(strings.Repeat(plainRow, 59))},
			{"62-122", "", strings.TrimSpace(strings.Repeat(plainRow, 61))},
		}},
		{"windows line ends", "# A\r\n\r\nOne.\r\nTwo.\r\n\r\n", []part{{"3-4", "A", "One.\nTwo."}}},
		{"rule", "One.\n\n---\n\nTwo.\n", []part{{"1-5", "", "One.\n\nTwo."}}},
		{"heading within a quote", "> # A\n>\n> One.\n", []part{{"1-3", "", "A\n\nOne."}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := parts(parsed(t, tt.in).Split())
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(part{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A recap that repeats itself has an id for each time.
func TestSplitIDs(t *testing.T) {
	chunks := parsed(t, "# A\n\nTo be written.\n\n# B\n\nTo be written.\n\n# C\n\nTo be written.\n").Split()
	id := "t#" + digest.FromString("To be written.").Encoded()[:12]
	for i, want := range []string{id, id + "-2", id + "-3"} {
		if chunks[i].ID != want {
			t.Errorf("id %q, want %q", chunks[i].ID, want)
		}
	}
	if got := new(catalog.Source).Split(); got != nil {
		t.Errorf("nothing gives %v", got)
	}
}

// What a chunk repeats of its recap is bounded, whatever the recap says.
func TestSplitBounds(t *testing.T) {
	huge := strings.Repeat("ü", 10_000)
	s := parsed(t, "# "+huge+"\n\nText about WebAssembly and "+strings.Repeat("x ", 50)+".\n")
	s.Recap.Title, s.Recap.Date, s.Recap.Facts.License, s.Recap.Facts.Language = huge, recap.Date(huge), huge, huge
	s.Recap.Facts.Source = &recap.Source{Derivation: huge}
	s.Recap.Facts.Entities = map[string]recap.Entity{}
	for i := range 100 {
		s.Recap.Authors = append(s.Recap.Authors, recap.Agent{Name: huge})
		s.Recap.Facts.Topics = append(s.Recap.Facts.Topics, recap.Topic{Name: fmt.Sprintf("%d", i)}, recap.Topic{Name: "x"})
		s.Recap.Facts.Entities[fmt.Sprintf("e-%d", i)] = recap.Entity{Name: "WebAssembly", AlternateName: []string{huge, strings.Repeat("many words ", 30)}}
	}
	s.Names = new(recap.Pack).Glossary().Names(s.Recap)
	c := s.Split()[0]
	for what, text := range map[string]string{
		"title": c.Title, "date": string(c.Date), "license": c.License, "language": c.Language, "derivation": c.Derivation, "author": c.Authors[0], "heading": c.Heading[0],
	} {
		if len(text) > 300 || !utf8.ValidString(text) {
			t.Errorf("%s of %d bytes", what, len(text))
		}
	}
	if len(c.Authors) > 20 || len(c.Entities) != 1 || c.Entities[0] != "e-0" || len(c.Topics) != 1 {
		t.Errorf("%d authors, entities %v, topics %v", len(c.Authors), c.Entities, c.Topics)
	}
}

func TestNamed(t *testing.T) {
	s := parsed(t, "In Argo CD, C++ and in-toto 1.2 met; argo did not, nor Argonaut. Cloud Native Computing Foundation (CNCF).\n")
	s.Recap.Facts.Entities = map[string]recap.Entity{
		"argo-cd": {Name: "Argo CD"}, "argo": {Name: "Argo"}, "cpp": {Name: "C++"}, "in-toto": {Name: "in-toto"}, "c": {Name: "C"},
		"cncf": {Name: "Cloud Native Computing Foundation", AlternateName: []string{"CNCF"}}, "absent": {Name: "Helm"}, "nameless": {},
		"naut": {Name: "naut"}, "zcloud": {Name: "Cloud"}, "eight": {Name: "In Argo CD C++ and in-toto 1.2 met"}, "nine": {Name: "In Argo CD C++ and in-toto 1.2 met argo"}, "foundation": {Name: "Computing Foundation CNCF"},
	}
	s.Names = new(recap.Pack).Glossary().Names(s.Recap)
	want := []string{"argo", "argo-cd", "cncf", "cpp", "eight", "foundation", "in-toto", "zcloud"}
	if diff := cmp.Diff(want, s.Split()[0].Entities); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 1, "four": 1, "fours": 2, "東京": 2, "é": 1, "a東": 2, "\xff": 1} {
		if got := catalog.Tokens(text); got != want {
			t.Errorf("Tokens(%q) = %d, want %d", text, got, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		one, two, "# A\n\ntext\n\n" + strings.Repeat("| a | b |\n", 300), "- - a\n  - b\n", "> ```\n> x\n> ```\n", "a\r\n\r\nb\r", "\ufeff# x\n\ny",
		"| a |\n|---|\n" + strings.Repeat("| some cell of a table |\n", 200), "[a]: b\n\n<div>\n\n# x\n</div>\ny", "1. a\n\n   b\n2. c\n", "a\n\u2028\nb\x0cc\n", "&nbsp;\n\nx", "\ufeff# \n# 0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := document.Parse([]byte(body))
		if err != nil {
			return
		}
		s := parsed(t, body)
		end, seen := 0, map[string]bool{}
		for _, c := range s.Split() {
			switch {
			case c.ByteRange[0] < end || c.ByteRange[1] <= c.ByteRange[0] || c.ByteRange[1] > len(body):
				t.Fatalf("bytes %v after %d of %d", c.ByteRange, end, len(body))
			case c.Lines[0] < 1 || c.Lines[1] < c.Lines[0]:
				t.Fatalf("lines %v", c.Lines)
			case strings.TrimSpace(c.Text) == "" || !utf8.ValidString(c.Text) || c.Tokens < 1:
				t.Fatalf("text %q", c.Text)
			case seen[c.ID]:
				t.Fatalf("%s is there twice", c.ID)
			case c.ByteRange[0] < doc.Body.Start:
				t.Fatalf("bytes %v within the front matter", c.ByteRange)
			}
			if got := digest.FromString(body[c.ByteRange[0]:c.ByteRange[1]]); string(got) != c.TextDigest {
				t.Fatalf("digest %s, want %s", c.TextDigest, got)
			}
			end, seen[c.ID] = c.ByteRange[1], true
		}
		s.List()
	})
}
