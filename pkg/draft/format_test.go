// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/draft"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/source"
)

// untidy says the same as tidy and expanded.
const untidy = `---
# yaml-language-server: $schema=x
recap:
    # who and where
    event: {name: "Registry Days 2026", id: registry-days-2026} # two comments
    upcoming:
    - name: Registry Days 2027
    observations:
    - {value: "9,000+", unit: people, property: attendance, about: registry-days-2026}
    sessions:
    - speakers:
        - {name: Ada Example, affiliation: Example Ltd}
      about: [oras]
      title: Graphs
      x-room: {b: 1, a: 2}
    entities:
        oras:
            name: ORAS
        zot: {name: zot, kind: project}
    notes: [{text: Lunch was good.}]
layout: post
date: 2026-05-14
title: Three days in Lyon
---
The *body*  stays.
`

const tidy = `---
# yaml-language-server: $schema=x
title: Three days in Lyon
date: 2026-05-14
layout: post
recap:
  # who and where
  event: {id: registry-days-2026, name: "Registry Days 2026"} # two comments
  entities:
    oras: ORAS
    zot: {kind: project, name: zot}
  sessions:
    - title: Graphs
      speakers: Ada Example (Example Ltd)
      about: oras
      x-room: {b: 1, a: 2}
  observations:
    - {property: attendance, value: "9,000+", unit: people}
  upcoming:
    - Registry Days 2027
  notes: [Lunch was good.]
---
The *body*  stays.
`

const expanded = `---
# yaml-language-server: $schema=x
title: Three days in Lyon
date: 2026-05-14
layout: post
recap:
  apiVersion: recap/v1
  # who and where
  event: {id: registry-days-2026, name: "Registry Days 2026"} # two comments
  entities:
    oras:
      name: ORAS
    zot: {kind: project, name: zot}
  sessions:
    - title: Graphs
      speakers:
        - {name: Ada Example, affiliation: Example Ltd}
      about: [oras]
      x-room: {b: 1, a: 2}
  observations:
    - {about: registry-days-2026, property: attendance, minValue: 9000, unit: people, asWritten: "9,000+"}
  upcoming:
    - id: registry-days-2027
      name: Registry Days 2027
  notes: [{text: Lunch was good.}]
---
The *body*  stays.
`

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		name, path, in, want string
		opts                 draft.FormatOptions
	}{
		{"tidy", "index.md", untidy, tidy, draft.FormatOptions{}},
		{"tidy stays", "index.md", tidy, tidy, draft.FormatOptions{}},
		{"expand", "index.md", untidy, expanded, draft.FormatOptions{Expand: true}},
		{"CRLF", "index.md", strings.ReplaceAll(untidy, "\n", "\r\n"), strings.ReplaceAll(tidy, "\n", "\r\n"), draft.FormatOptions{}},
		{"JSON", "index.md", "{\"recap\": {\"event\": {\"name\": \"Registry Days\"}, \"license\": \"MIT\"}, \"a\": 1.50, \"title\": \"T\"}\n\nBody\n",
			"{\n  \"title\": \"T\",\n  \"a\": 1.50,\n  \"recap\": {\n    \"license\": \"MIT\",\n    \"event\": \"Registry Days\"\n  }\n}\n\nBody\n", draft.FormatOptions{}},
		{"recap.yaml", "x/recap.yaml", "topics: [{kind: trend, name: AI}]\n# the event\nevent: Registry Days\n",
			"# the event\nevent: Registry Days\ntopics: [{name: AI, kind: trend}]\n", draft.FormatOptions{}},
		{"scalars keep their spelling", "index.md", "---\ntitle: 1.10\ndate: 2024-03\nrecap:\n  event: Registry Days\n  announcements:\n    - {version: 1.10, kind: release, title: 'It''s'}\n---\nx",
			"---\ntitle: 1.10\ndate: 2024-03\nrecap:\n  event: Registry Days\n  announcements:\n    - {kind: release, title: 'It''s', version: 1.10}\n---\nx", draft.FormatOptions{}},
		{"what has comments keeps its form", "index.md", "---\ntitle: T\nrecap:\n  event: Registry Days\n  notes:\n    - # why\n      text: Lunch\n---\nx",
			"---\ntitle: T\nrecap:\n  event: Registry Days\n  notes:\n    - # why\n      text: Lunch\n---\nx", draft.FormatOptions{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := draft.Format(tt.path, []byte(tt.in), tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFormatRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		kind     recap.Kind
		code     string
	}{
		{"TOML", "+++\ntitle = 'T'\n[recap]\nevent = 'Registry Days'\n+++\nx", recap.Usage, "fmt-toml"},
		{"no front matter", "x\n", recap.Negative, "no-front-matter"},
		{"syntax", "---\ntitle: 'x\n---\n", recap.Negative, "check-failed"},
		{"schema", "---\ntitle: T\nrecap: {evnt: x}\n---\n", recap.Negative, "check-failed"},
		{"anchor", "---\ntitle: &t T\nrecap: {event: Registry Days}\n---\n", recap.Negative, "check-failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := draft.Format("index.md", []byte(tt.in), draft.FormatOptions{})
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code {
				t.Errorf("got %q, %v; want %s %s", got, err, tt.kind, tt.code)
			}
		})
	}
}

// corpus returns the documents of the project that are recaps.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	texts := map[string][]byte{"untidy": []byte(untidy), "tidy": []byte(tidy), "expanded": []byte(expanded)}
	files, err := filepath.Glob("../../examples/recaps/*/index.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	for _, f := range files {
		if texts[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// TestFormatKeepsTheRecap holds that a recap is the same before and after, in
// either form, and that one form leads to the other.
func TestFormatKeepsTheRecap(t *testing.T) {
	for name, text := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			want := loadText(t, text)
			short, err := draft.Format("index.md", text, draft.FormatOptions{})
			if err != nil {
				t.Fatal(err)
			}
			long, err := draft.Format("index.md", text, draft.FormatOptions{Expand: true})
			if err != nil {
				t.Fatal(err)
			}
			for form, out := range map[string][]byte{"short": short, "long": long} {
				if diff := cmp.Diff(want, loadText(t, out)); diff != "" {
					t.Errorf("%s form (-want +got):\n%s", form, diff)
				}
				_, before, _ := bytes.Cut(text[4:], []byte("\n---"))
				if _, after, _ := bytes.Cut(out[4:], []byte("\n---")); !bytes.Equal(before, after) {
					t.Errorf("%s form: the body changed", form)
				}
			}
		})
	}
}

// loadText returns the recap of a document, without its files.
func loadText(t *testing.T, text []byte) *recap.Recap {
	t.Helper()
	s, _, err := source.Load(fstest.MapFS{"index.md": {Data: text}}, ".", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Recap.Files = nil
	return s.Recap
}

// TestFormatKeepsComments places comments wherever people place them.
func TestFormatKeepsComments(t *testing.T) {
	for _, tt := range []struct{ name, front string }{
		{"before items", "title: T\nrecap:\n  event: Registry Days\n  # the talks\n  sessions:\n    # first\n    - title: A\n      # who\n      speakers: [ada]\n    # second\n    - title: B # good\n"},
		{"sections with blank lines", "title: T\n\n# --- dates ---\n\ndate: 2026-05-14\n\n# --- facts ---\nrecap:\n  event: Registry Days\n\n  # talks\n\n  sessions:\n    - title: A\n\n    # more to come\n\n  topics:\n    - name: AI\n# the end\n"},
		{"at the end of a block", "title: T\nrecap:\n  event: Registry Days\n  topics:\n    - name: AI\n    # - name: Wasm\n  # done\nlayout: post\n"},
		{"beside everything", "title: T # t\ntags: [a, b] # tags\nrecap: # r\n  event: # e\n    name: Registry Days # n\n    startDate: 2026 # s\n  upcoming: [A A, B B] # u\n"},
		{"above all and below all", "# one\n# two\n\ntitle: T\nrecap: {event: Registry Days}\n\n# last\n"},
		{"scaffold", "title: T\nrecap:\n  event: Registry Days\n  # sessions:\n  #   - {id: opening}\n  # topics:\n  #   - {name: AI}\n"},
		{"in a list in brackets", "title: T\ntags: [\n  a, # first\n  b,\n]\nrecap:\n  event: Registry Days\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := "---\n" + tt.front + "---\nText\n"
			for _, opts := range []draft.FormatOptions{{}, {Expand: true}} {
				got, err := draft.Format("index.md", []byte(text), opts)
				if err != nil {
					t.Errorf("%+v: %v", opts, err)
					continue
				}
				for line := range strings.SplitSeq(tt.front, "\n") {
					if _, comment, ok := strings.Cut(line, "#"); ok && !bytes.Contains(got, []byte("#"+comment)) {
						t.Errorf("%+v: #%s is lost:\n%s", opts, comment, got)
					}
				}
			}
		})
	}
}

// FuzzFormat holds that Format never has to own up to a bug: what it can't
// format without loss it says so of, and the rest says the same afterwards.
func FuzzFormat(f *testing.F) {
	for _, seed := range []string{untidy, expanded,
		"---\n# a\ntitle: T # b\n# c\nrecap: {event: E E, x-a: [1, {b: |-\n c}]} # d\n# e\n---\nx",
		"---\ntitle: >\n  T\n  U\nrecap:\n  event: 'E E'\n  notes:\n  - |\n    x\n    # no comment\n---\nx",
		"---\ntitle: >\n T\n  U\n\n  V\nrecap:\n  event: E E\n---\nx",
		"---\ntitle: >\n T\n \tU\nrecap:\n  event: E E\n---\nx",
		"---\ntitle: >2\n   T\n  U\nrecap:\n  event: E E\n---\nx",
		"{\"title\": \"T\", \"recap\": {\"event\": {\"name\": \"E E\"}, \"topics\": [{\"name\": \"x\", \"x-n\": 1e3}]}}\nx",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, expand bool) {
		out, err := draft.Format("index.md", text, draft.FormatOptions{Expand: expand})
		if errors.Is(err, recap.Local) {
			t.Fatalf("%v\n%s", err, text)
		}
		if err != nil {
			return
		}
		if diff := cmp.Diff(loadText(t, text), loadText(t, out)); diff != "" {
			t.Fatalf("(-before +after):\n%s\n%s", diff, out)
		}
	})
}
