// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recap-oci/recap/pkg/recap"
)

// tree is a pack's directory: text by path.
type tree map[string]string

func (f tree) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range f {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// with returns f with other files on top; an empty text removes one.
func (f tree) with(other tree) tree {
	both := tree{}
	for name, text := range f {
		both[name] = text
	}
	for name, text := range other {
		if both[name] = text; text == "" {
			delete(both, name)
		}
	}
	return both
}

// article is a recap with nothing wrong; facts are lines of YAML below recap.
func article(title string, facts ...string) string {
	text := "---\ntitle: " + title + "\ndate: 2026-03-27\nauthor: Ada Example\nrecap:\n"
	event, license := "  event: {id: days-2026, name: Example Days 2026}\n", "  license: CC-BY-4.0\n"
	for _, f := range facts {
		if strings.HasPrefix(f, "event:") {
			event = ""
		}
		if strings.HasPrefix(f, "license:") {
			license = ""
		}
	}
	text += event + license
	for _, f := range facts {
		if f != "license:" {
			text += "  " + f + "\n"
		}
	}
	return text + "---\n\nWhat I saw of " + title + ".\n"
}

// three is a pack of three recaps.
func three() tree {
	return tree{
		"pack.yaml":           "name: days\nversion: 1.0.0\nmembers: [./recaps/*]\n",
		"recaps/b/index.md":   article("Bravo"),
		"recaps/a/index.md":   article("Alpha", "media: [{src: data/x.csv}]"),
		"recaps/a/data/x.csv": "a,b\n",
		"recaps/c.md":         article("Charlie"),
	}
}

// lines are problems as path:line:col rule, and their messages.
func lines(problems []recap.Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.String())
	}
	return all
}

// expect reports problems that aren't there, and those that are too many. Each
// that is wanted is a beginning of a line and, after each …, a part of it.
func expect(t *testing.T, problems []recap.Problem, want ...string) {
	t.Helper()
	got := lines(problems)
	for _, w := range want {
		parts := strings.Split(w, "…")
		i := slices.IndexFunc(got, func(line string) bool {
			return strings.HasPrefix(line, parts[0]) && !slices.ContainsFunc(parts[1:], func(part string) bool { return !strings.Contains(line, part) })
		})
		if i < 0 {
			t.Errorf("no problem %q among\n%s", w, strings.Join(got, "\n"))
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
	for _, line := range got {
		t.Errorf("not expected: %s", line)
	}
	for _, p := range problems {
		if p.Mend == "" || p.Message == "" || p.Rule == "" {
			t.Errorf("a problem without words: %+v", p)
		}
	}
}

// fails reports whether err has a code and says something.
func fails(t *testing.T, err error, kind recap.Kind, code string, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted; want %s", code)
	}
	var e *recap.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("error is %v (%+v), want %s %s", err, e, kind, code)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error()+"\n"+e.Hint, part) {
			t.Errorf("error %q, hint %q: nothing of %q", err, e.Hint, part)
		}
	}
}
