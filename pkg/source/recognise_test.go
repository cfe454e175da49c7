// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recap-oci/recap/pkg/source"
)

func TestIsRecap(t *testing.T) {
	const key = "recap: {event: Days}\n"
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, tt := range []struct {
		name string
		at   string
		fsys fstest.MapFS
		want bool
	}{
		{"YAML", "a", fstest.MapFS{"a/index.md": file("---\ntitle: T\n" + key + "---\nText.\n")}, true},
		{"TOML", "a.md", fstest.MapFS{"a.md": file("+++\ntitle = 'T'\n[recap]\nevent = 'Days'\n+++\nText.\n")}, true},
		{"JSON", "a.markdown", fstest.MapFS{"a.markdown": file("{\"title\": \"T\", \"recap\": {\"event\": \"Days\"}}\nText.\n")}, true},
		{"recap.yaml", "a", fstest.MapFS{"a/index.md": file("---\ntitle: T\n---\nText.\n"), "a/recap.yaml": file("event: Days\n")}, true},
		{"recap.yaml alone", "a", fstest.MapFS{"a/recap.yaml": file("event: Days\n")}, false},
		{"another post", "a", fstest.MapFS{"a/index.md": file("---\ntitle: T\n---\nrecap: no\n")}, false},
		{"the key further in", "a", fstest.MapFS{"a/index.md": file("---\ntitle: T\nparams:\n  recap: {}\n---\nText.\n")}, false},
		{"no front matter", "a.md", fstest.MapFS{"a.md": file("# How to\n\nrecap: no\n")}, false},
		{"no document", "a", fstest.MapFS{"a/b.md": file("---\n" + key + "---\n")}, false},
		{"another file", "a.yaml", fstest.MapFS{"a.yaml": file(key)}, false},
		{"nothing", "a", fstest.MapFS{}, false},
		{"a link", "a", fstest.MapFS{"a": {Data: []byte("b"), Mode: fs.ModeSymlink}, "b/index.md": file("---\n" + key + "---\n")}, false},
		{"a document that is a link", "a", fstest.MapFS{"a/index.md": {Data: []byte("../b.md"), Mode: fs.ModeSymlink}, "b.md": file("---\n" + key + "---\n")}, true},
		{"broken, with the key", "a.md", fstest.MapFS{"a.md": file("---\ntitle: [\n" + key + "---\nText.\n")}, true},
		{"broken, without", "a.md", fstest.MapFS{"a.md": file("---\ntitle: [\n---\nText.\n")}, false},
		{"ambiguous, with the key", "a.md", fstest.MapFS{"a.md": file("---\ntitle: &t T\n" + key + "---\nText.\n")}, true},
		{"ambiguous, without", "a.md", fstest.MapFS{"a.md": file("---\ntitle: &t T\n---\nText.\n")}, false},
		{"without an end, with the key", "a.md", fstest.MapFS{"a.md": file("---\ntitle: T\n" + key)}, true},
		{"a long text, cut within a character", "a.md", fstest.MapFS{"a.md": file("---\ntitle: T\n" + key + "---\nx" + strings.Repeat("é", 300<<10))}, true},
		{"a long line without front matter", "a.md", fstest.MapFS{"a.md": file("x" + strings.Repeat("é", 300<<10))}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := source.IsRecap(tt.fsys, tt.at)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestOptionsNames(t *testing.T) {
	fsys := dir("---\ntitle: T\ndate: 2026-03-27\nauthor: A\nrecap:\n  license: CC-BY-4.0\n  event: Days\n  announcements: [{kind: release, title: Two, by: acme-tools}]\n---\nText.\n")
	if _, lines := load(t, fsys, ".", source.Options{}); len(lines) != 1 || !strings.Contains(lines[0], "R302") {
		t.Errorf("alone: %q", lines)
	}
	var asked []string
	_, lines := load(t, fsys, ".", source.Options{Names: func(ref string) bool { asked = append(asked, ref); return true }})
	if len(lines) != 0 || len(asked) != 1 || asked[0] != "acme-tools" {
		t.Errorf("known: %q, asked %q", lines, asked)
	}
	if _, lines := load(t, fsys, ".", source.Options{Names: func(string) bool { return false }}); len(lines) != 1 {
		t.Errorf("unknown: %q", lines)
	}
}
