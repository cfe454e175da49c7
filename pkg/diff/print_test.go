// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"bytes"
	"errors"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// everything returns changes of every kind, in which each text that comes from
// elsewhere is s.
func everything(s string) *Changes {
	file := func(n int64) *recap.File {
		return &recap.File{Path: s, MediaType: s, Role: recap.Role(s), Digest: "sha256:" + strings.Repeat("a", 64), Size: n, License: s}
	}
	fields := []FieldChange{{Field: s, From: s, To: s + "2"}, {Field: s, To: s}, {Field: s, From: s}}
	m := recap.PackMember{Slug: s, Title: s, Version: s, Event: s}
	r := RecapChange{
		Slug: s, Title: s, License: &ValueChange{s, s}, Metadata: fields, Unparsed: s,
		Sections: []SectionChange{
			{Change: Changed, Heading: []string{s, s}, Was: []string{s}, From: []int{1, 2}, To: []int{3, 4}, Added: 1, Removed: 2,
				Lines: []LineChange{{Removed, 1, s}, {Added, 3, s}}},
			{Change: Removed, Heading: []string{}, From: []int{1, 2}},
		},
		Facts: []FactChange{
			{Change: Added, Kind: s, Name: s, Text: s, To: s},
			{Change: Changed, Kind: "observation", Name: s, Fields: append(fields, FieldChange{Field: "figure", From: s, To: s + "2"})},
		},
		Files: []FileChange{
			{Change: Added, Path: s, To: file(1)}, {Change: Removed, Path: s, From: file(1)}, {Change: Renamed, Path: s, Was: s, From: file(2), To: file(2)},
			{Change: Changed, Path: s, From: file(1), To: &recap.File{Path: s, MediaType: s + "2", Digest: "sha256:other", Size: 20 << 20}},
			{Change: Changed, Path: recap.DocumentPath, From: file(1), To: file(2)},
		},
	}
	return &Changes{
		A:       Side{Kind: artifact.KindPack, Name: s, Title: s, Version: s, Digest: "sha256:aaaa", Verdict: trust.VerdictVerified},
		B:       Side{Kind: artifact.KindPack, Name: s, Title: s, Version: s, Digest: "sha256:bbbb", Verdict: trust.VerdictVerified},
		Signers: &SignerChange{Added: []Signer{{s, s + "1", s}}, Removed: []Signer{{s, s, s}}},
		License: &ValueChange{s, s}, Metadata: fields, Recap: &r,
		Members: &MemberChanges{
			Added: []recap.PackMember{m}, Removed: []recap.PackMember{m}, Moved: []recap.PackMember{m}, Unchanged: 3,
			Changed: []RecapChange{r, {Slug: s, Title: s}},
		},
	}
}

var hostile = []string{
	"\x1b[2J\x1b]0;title\a", "\u202eevil\u202c", "a\r\nforged: line\n", "\x00\x7f\u009b31m", "\xff\xfe", "\u2028next", "\U000e0041tag",
	"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](http://evil.example/a.png)", "[x](javascript:alert(1))",
	"[x]: http://evil.example", "[x][y]", "https://evil.example", "http://evil.example/?q=1#a", "www.evil.example", "WWW.evil.example", "ftp://evil.example", "mailto:a@evil.example",
	"<https://evil.example>", "a@evil.example", "# heading", "- [ ] task", "1. one", "> quote", "```\ncode", "~~~", "`code`", "**b** __b__ *i* _i_ ~~s~~",
	"| a | b |\n| - | - |", "---", "===", "&lt;script&gt;", "&#60;b&#62;", "\\", "\\<b>", "\\`x`", "$x$", "$$x$$", "<!-- c -->", "<?php", "<![CDATA[", "[^1]", "[^1]: note", "- x\n- y", "    code",
	"{{ 7*7 }}", "{% raw %}", ":+1:", "@everyone", "a/b#1", "#1", "GH-1", "!1", "xmpp:a@b.example",
}

// A terminal is told nothing but text, a line each.
func TestTextIsPrintable(t *testing.T) {
	plainLines := strings.Count(text(t, everything("x")), "\n")
	for _, s := range hostile {
		got := text(t, everything(s))
		for _, r := range got {
			if r != '\n' && !recap.IsPrintable(r) {
				t.Errorf("%q: %q is written", s, r)
				break
			}
		}
		if n := strings.Count(got, "\n"); n != plainLines {
			t.Errorf("%q: %d lines, want %d:\n%s", s, n, plainLines, got)
		}
	}
}

func text(t *testing.T, c *Changes) string {
	t.Helper()
	var b strings.Builder
	if err := c.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func notes(t *testing.T, c *Changes) string {
	t.Helper()
	var b strings.Builder
	if err := c.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// render renders Markdown as forges do, bare addresses and raw HTML included.
func render(t testing.TB, source string) string {
	t.Helper()
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList)).Convert([]byte(source), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Release notes have the elements that were written for them, whatever they quote.
func TestMarkdownIsText(t *testing.T) {
	tags := regexp.MustCompile(`<[^>]*>`)
	want := tags.FindAllString(render(t, notes(t, everything("x"))), -1)
	for _, s := range hostile {
		source := notes(t, everything(s))
		got := tags.FindAllString(render(t, source), -1)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%q: elements (-plain +hostile):\n%s\n%s", s, d, source)
		}
		for _, r := range source {
			if r != '\n' && !recap.IsPrintable(r) {
				t.Errorf("%q: %q is written", s, r)
				break
			}
		}
	}
}

// invisible is what parts a sigil from what follows it.
const invisible = "\u200b"

// FuzzMarkdown holds that an escaped text reads the same, and is nothing but text.
func FuzzMarkdown(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1000 {
			t.Skip() // the renderer that reads it takes its time
		}
		shown := strings.TrimSuffix(strings.TrimPrefix(render(t, "x "+markdown(s)+" x\n"), "<p>x "), " x</p>\n")
		if strings.ContainsAny(shown, "<>") {
			t.Fatalf("%q is shown as %q", s, shown)
		}
		reads := strings.TrimSpace(strings.ReplaceAll(html.UnescapeString(shown), invisible, ""))
		if reads != strings.TrimSpace(line(s)) {
			t.Fatalf("%q reads %q", s, reads)
		}
		for _, found := range regexp.MustCompile(`[@#][\pL\pN]|(?i:gh)-\d`).FindAllString(html.UnescapeString(shown), -1) {
			t.Fatalf("%q refers to somebody: %q", s, found)
		}
	})
}

func TestWriteText(t *testing.T) {
	c := &Changes{
		A:       Side{Kind: artifact.KindPack, Name: "recaps", Version: "1.0.0", Digest: "sha256:a"},
		B:       Side{Kind: artifact.KindPack, Name: "recaps", Title: "All recaps", Version: "1.1.0", Digest: "sha256:b"},
		Signers: &SignerChange{Added: []Signer{{"ci", "https://example.com/workflow", "https://issuer.example.com"}}},
		License: &ValueChange{"", "MIT"},
		Members: &MemberChanges{
			Added:     []recap.PackMember{{Slug: "berlin", Title: "About Berlin", Version: "1.0.0", Event: "kubecon-eu-2025"}},
			Removed:   []recap.PackMember{{Slug: "bern", Title: "About Bern"}},
			Moved:     []recap.PackMember{{Slug: "rome", Title: "About Rome"}},
			Unchanged: 7,
			Changed: []RecapChange{
				{Slug: "paris", Title: "About Paris", Sections: []SectionChange{
					{Change: Changed, Heading: []string{"Talks", "Keynotes"}, From: []int{9, 12}, To: []int{10, 14}, Added: 2, Removed: 1, Lines: []LineChange{{Added, 11, "A\ttab"}}},
					{Change: Renamed, Heading: []string{"Home"}, Was: []string{"Back"}, From: []int{13, 14}, To: []int{15, 16}},
				}, Facts: []FactChange{
					{Change: Changed, Kind: "observation", Name: "attendance of KubeCon", Fields: []FieldChange{{Field: "figure", From: "12,000", To: ">9,000"}, {Field: "certainty", To: "reported"}}},
					{Change: Removed, Kind: "quotation", Name: "Ann", Text: "“It works.”"},
				}, Files: []FileChange{
					{Change: Changed, Path: "index.md", From: &recap.File{MediaType: "text/markdown"}, To: &recap.File{MediaType: "text/markdown", Digest: "x"}},
					{Change: Changed, Path: "a.png", From: &recap.File{MediaType: "image/png", Size: 1023}, To: &recap.File{MediaType: "image/png", Digest: "x", Size: 2048, License: "MIT"}},
				}},
				{Slug: "vienna", Title: "About Vienna"},
			},
		},
	}
	const want = `Metadata
  + licence: MIT
Signatures
  + https://example.com/workflow: ci; says https://issuer.example.com
+ berlin: About Berlin: version 1.0.0; about kubecon-eu-2025
- bern: About Bern
> rome: About Rome: elsewhere in the reading order
~ paris: About Paris
    Text
      ~ Talks › Keynotes: lines 10-14; 2 lines added, 1 removed
          + 11  A    tab
      > Home: was Back; lines 15-16
    Facts
      ~ figure: attendance of KubeCon: 12,000 → >9,000; now certainty reported
      - quotation of Ann: “It works.”
    Files
      ~ a.png: image/png; 1023 B → 2.0 KiB; licence none → MIT
~ vienna: About Vienna: packaged in another way
recaps: 1 added, 1 removed, 2 changed, 1 moved, 7 unchanged; metadata: 1 change; signatures: 1 change
`
	if d := cmp.Diff(want, text(t, c)); d != "" {
		t.Errorf("text (-want +got):\n%s", d)
	}
	const wantNotes = `## All recaps 1.1.0

Changes since 1.0.0: recaps: 1 added, 1 removed, 2 changed, 1 moved, 7 unchanged; metadata: 1 change; signatures: 1 change.

### Added

- added: About Berlin: version 1.0.0; about kubecon-eu-2025

### Changed

#### About Paris

- Text
  - changed: Talks › Keynotes: lines 10-14; 2 lines added, 1 removed

    ` + "```diff" + `
    +A tab
    ` + "```" + `

  - renamed: Home: was Back; lines 15-16
- Facts
  - changed: figure: attendance of KubeCon: 12,000 → \>9,000; now certainty reported
  - removed: quotation of Ann: “It works.”
- Files
  - changed: a.png: image/png; 1023 B → 2.0 KiB; licence none → MIT

#### About Vienna

- The same content, packaged in another way

### Removed

- removed: About Bern

### Moved

- moved: About Rome: elsewhere in the reading order

### Metadata

- added: licence: MIT

### Signatures

- added: https\://example.com/workflow: ci; says https\://issuer.example.com

` + "`sha256:a` → `sha256:b`\n"
	if d := cmp.Diff(wantNotes, notes(t, c)); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

// A write that fails isn't passed over.
func TestWriteFails(t *testing.T) {
	full := errors.New("disk full")
	for name, write := range map[string]func(*Changes) error{
		"text":     func(c *Changes) error { return c.WriteText(failing{full}) },
		"markdown": func(c *Changes) error { return c.WriteMarkdown(failing{full}) },
	} {
		if err := write(everything("x")); !errors.Is(err, full) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
