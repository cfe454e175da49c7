// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recap-oci/recap/pkg/draft"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// load loads the recap and returns its errors and warnings as lines.
func load(t *testing.T, fsys fs.FS) (*source.Source, []string) {
	t.Helper()
	s, problems, err := source.Load(fsys, ".", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return s, lines
}

func TestInitPost(t *testing.T) {
	for _, tt := range []struct{ name, in, event, want string }{
		{"YAML", "---\ntitle: A post\n---\nText\n", "Registry Days", "---\ntitle: A post\nrecap:\n  event: Registry Days\n---\nText\n"},
		{"YAML CRLF", "---\r\ntitle: A post\r\n---\r\nText\r\n", "Registry Days", "---\r\ntitle: A post\r\nrecap:\r\n  event: Registry Days\r\n---\r\nText\r\n"},
		{"YAML in quotes", "---\ntitle: A post\n---\n", `A "B": #c`, "---\ntitle: A post\nrecap:\n  event: 'A \"B\": #c'\n---\n"},
		{"YAML that reads as another type", "---\ntitle: A post\n---\n", "2026", "---\ntitle: A post\nrecap:\n  event: \"2026\"\n---\n"},
		{"YAML indented", "---\n  title: A post\n  # end\n---\nText\n", "Registry Days", "---\n  title: A post\n  # end\n  recap:\n    event: Registry Days\n---\nText\n"},
		{"YAML ends in a literal", "---\ntitle: A post\nsummary: |+\n  a\n\n---\nText\n", "Registry Days", "---\ntitle: A post\nsummary: |+\n  a\n\nrecap:\n  event: Registry Days\n---\nText\n"},
		{"event from title", "---\ntitle: A post\n---\nText\n", "", "---\ntitle: A post\nrecap:\n  event: A post\n---\nText\n"},
		{"TOML", "+++\ntitle = 'A post'\n[params]\na = 1\n+++\nText\n", `Registry "Days"`, "+++\ntitle = 'A post'\n[params]\na = 1\n[recap]\nevent = \"Registry \\\"Days\\\"\"\n+++\nText\n"},
		{"JSON", "{\n  \"title\": \"A post\"\n}\n\nText\n", "Registry Days", "{\n  \"title\": \"A post\",\n  \"recap\": {\"event\": \"Registry Days\"}\n}\n\nText\n"},
		{"JSON in one line", "{\"title\": \"A post\"}\n\nText\n", "Registry Days", "{\"title\": \"A post\", \"recap\": {\"event\": \"Registry Days\"}}\n\nText\n"},
		{"no front matter", "# A post\n\nText\n", "Registry Days", "---\ntitle: A post\nrecap:\n  event: Registry Days\n---\n\n# A post\n\nText\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := draft.InitPost([]byte(tt.in), tt.event)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
			if !insertionOf(got, []byte(tt.in)) {
				t.Error("more than one place changed")
			}
			if s, problems, err := source.Load(fstest.MapFS{"index.md": {Data: append(got, "\nText\n"...)}}, ".", source.Options{}); err != nil || s.Err(rule.LevelValid) != nil {
				t.Errorf("the result does not pass: %v %v", err, problems)
			}
		})
	}
}

// insertionOf reports whether out is in with bytes put in at one place.
func insertionOf(out, in []byte) bool {
	prefix := 0
	for prefix < len(in) && prefix < len(out) && in[prefix] == out[prefix] {
		prefix++
	}
	for ; prefix >= 0; prefix-- {
		if bytes.HasSuffix(out, in[prefix:]) && len(out) >= len(in) {
			return true
		}
	}
	return false
}

func TestInitPostRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, in, event string
		kind            recap.Kind
		code            string
	}{
		{"a recap already", "---\ntitle: T\nrecap: {event: Registry Days}\n---\n", "x y", recap.Usage, "already-a-recap"},
		{"in brackets", "---\n{title: T}\n---\n", "Registry Days", recap.Negative, "init-refused"},
		{"unreadable", "---\ntitle: 'T\n---\n", "Registry Days", recap.Negative, "check-failed"},
		{"not closed", "---\ntitle: T\n", "Registry Days", recap.Negative, "check-failed"},
		{"nothing to begin with", "Text\n", "Registry Days", recap.Negative, "init-refused"},
		{"event of one letter", "---\ntitle: T\n---\n", "x", recap.Usage, "bad-event"},
		{"event of two lines", "---\ntitle: T\n---\n", "a\nb: c", recap.Usage, "bad-event"},
		{"event that hides something", "---\ntitle: T\n---\n", "a\u202eb", recap.Usage, "bad-event"},
		{"no title for an event", "---\nlayout: post\n---\n", "", recap.Usage, "bad-event"},
		{"YAML document end", "---\ntitle: T\n...\n---\n", "Registry Days", recap.Negative, "init-refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := draft.InitPost([]byte(tt.in), tt.event)
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code {
				t.Errorf("got %q, %v; want %s %s", got, err, tt.kind, tt.code)
			}
		})
	}
}

// FuzzInitPost holds that a post which is accepted gains bytes at one place,
// loses none, and names the event.
func FuzzInitPost(f *testing.F) {
	for _, seed := range []string{
		"---\ntitle: A post\n---\nText\n", "---\r\ntitle: A\r\n---\r\n", "+++\ntitle = 'x'\n[a]\n+++\n", "{\"title\": \"x\"}\n", "{}\n",
		"# Title\n", "---\na: |\n  x\n---\n", "---\n---\n", "---\n  a: 1\n---\n", "---\n# only\n---\n", "{\n\"a\": {\"b\": [1]}}",
	} {
		f.Add([]byte(seed), "Registry Days")
	}
	f.Fuzz(func(t *testing.T, text []byte, event string) {
		out, err := draft.InitPost(text, event)
		if err != nil {
			return
		}
		if !insertionOf(out, text) {
			t.Fatalf("%q\nbecame\n%q", text, out)
		}
		s, _, err := source.Load(fstest.MapFS{"index.md": {Data: out}}, ".", source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if event != "" && s.Recap.Title != "" && s.Recap.Facts.Event.Name != event {
			t.Fatalf("the event is %q, want %q in\n%s", s.Recap.Facts.Event.Name, event, out)
		}
		if _, err := draft.InitPost(out, event); err == nil {
			t.Fatal("it can be made a recap twice")
		}
	})
}

func TestScaffold(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts draft.ScaffoldOptions
	}{
		{"defaults", draft.ScaffoldOptions{}},
		{"everything", draft.ScaffoldOptions{Title: "Three days: in #Lyon", Event: "Registry \"Days\" 2026", Author: "Ada O'Example", Date: "2026-05-14", License: "CC-BY-4.0"}},
		{"event alone", draft.ScaffoldOptions{Event: "Registry Days"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files, err := draft.Scaffold(tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			for name, data := range files {
				fsys[name] = &fstest.MapFile{Data: data}
			}
			s, lines := load(t, fsys)
			if err := s.Err(rule.LevelValid); err != nil {
				t.Errorf("does not pass: %v\n%s", err, strings.Join(lines, "\n"))
			}
			if tt.opts.Title != "" && s.Recap.Title != tt.opts.Title || tt.opts.Event != "" && s.Recap.Facts.Event.Name != tt.opts.Event {
				t.Errorf("title %q, event %q", s.Recap.Title, s.Recap.Facts.Event.Name)
			}
			if !bytes.Contains(files["index.md"], []byte("# yaml-language-server: $schema=https://")) {
				t.Error("it names no schema")
			}
			if out, err := draft.Format("index.md", files["index.md"], draft.FormatOptions{}); err != nil || !bytes.Equal(out, files["index.md"]) {
				t.Errorf("it is not tidy: %v\n%s", err, out)
			}
			// The commented facts are ones that pass.
			shown := strings.ReplaceAll(string(files["index.md"]), "\n  # ", "\n  ")
			fsys["index.md"] = &fstest.MapFile{Data: []byte(shown)}
			fsys["media/hall.jpg"] = &fstest.MapFile{Data: []byte("\xff\xd8\xff")}
			s, lines = load(t, fsys)
			if err := s.Err(rule.LevelValid); err != nil || len(s.Recap.Facts.Sessions) != 1 {
				t.Errorf("what it shows does not pass: %v\n%s", err, strings.Join(lines, "\n"))
			}
		})
	}
	if _, err := draft.Scaffold(draft.ScaffoldOptions{Event: "a\nb"}); !errors.Is(err, recap.Usage) {
		t.Errorf("an event of two lines: %v", err)
	}
}
