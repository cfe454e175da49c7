// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestSelectionMatch(t *testing.T) {
	files := []recap.File{
		{Path: "index.md", Role: recap.RoleDocument},
		{Path: "cover.png", Role: recap.RoleImage},
		{Path: "data/a.csv", Role: recap.RoleDataset},
		{Path: "images/[1].png", Role: recap.RoleImage},
		{Path: "images/day 1/hall.png", Role: recap.RoleImage},
		{Path: "images/day 1/talks/a/b.PNG", Role: recap.RoleImage},
		{Path: "slides.pdf", Role: recap.RoleSlides},
	}
	all := []string{}
	for _, f := range files {
		all = append(all, f.Path)
	}
	tests := []struct {
		name string
		s    artifact.Selection
		want []string
	}{
		{"zero", artifact.Selection{}, all},
		{"metadata only", artifact.Selection{MetadataOnly: true}, nil},
		{"a name", artifact.Selection{Include: []string{"index.md"}}, []string{"index.md"}},
		{"a name matches at its place only", artifact.Selection{Include: []string{"hall.png"}}, nil},
		{"a directory is no file", artifact.Selection{Include: []string{"images"}}, nil},
		{"star stays in its component", artifact.Selection{Include: []string{"*.png"}}, []string{"cover.png"}},
		{"star per component", artifact.Selection{Include: []string{"images/*/*.png"}}, []string{"images/day 1/hall.png"}},
		{"question mark", artifact.Selection{Include: []string{"data/?.csv"}}, []string{"data/a.csv"}},
		{"class", artifact.Selection{Include: []string{"[a-c]*.png"}}, []string{"cover.png"}},
		{"bracket itself", artifact.Selection{Include: []string{`images/\[1].png`}}, []string{"images/[1].png"}},
		{"case counts", artifact.Selection{Include: []string{"**/*.PNG"}}, []string{"images/day 1/talks/a/b.PNG"}},
		{"everything", artifact.Selection{Include: []string{"**"}}, all},
		{"any depth, none included", artifact.Selection{Include: []string{"**/*.png"}}, []string{"cover.png", "images/[1].png", "images/day 1/hall.png"}},
		{"beneath", artifact.Selection{Include: []string{"images/**"}}, []string{"images/[1].png", "images/day 1/hall.png", "images/day 1/talks/a/b.PNG"}},
		{"in the middle", artifact.Selection{Include: []string{"images/**/b.*"}}, []string{"images/day 1/talks/a/b.PNG"}},
		{"twice", artifact.Selection{Include: []string{"**/day 1/**/b.PNG"}}, []string{"images/day 1/talks/a/b.PNG"}},
		{"nothing left for a star", artifact.Selection{Include: []string{"images/day 1/talks/a/b.PNG/*"}}, nil},
		{"one of several", artifact.Selection{Include: []string{"*.md", "data/**"}}, []string{"index.md", "data/a.csv"}},
		{"role", artifact.Selection{Roles: []string{"document"}}, []string{"index.md"}},
		{"one of several roles", artifact.Selection{Roles: []string{"slides", "dataset"}}, []string{"data/a.csv", "slides.pdf"}},
		{"role and place", artifact.Selection{Roles: []string{"image"}, Include: []string{"*"}}, []string{"cover.png"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.s.Check(); err != nil {
				t.Fatal(err)
			}
			if want := tt.name == "zero"; tt.s.IsZero() != want {
				t.Errorf("IsZero = %v", !want)
			}
			var got []string
			for _, f := range files {
				if tt.s.Match(f) {
					got = append(got, f.Path)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("selected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectionCheck(t *testing.T) {
	tests := []struct {
		name string
		s    artifact.Selection
		code string
		hint string
	}{
		{"unknown role", artifact.Selection{Roles: []string{"image", "picture"}}, "bad-role", "document, metadata, image, audio, video, slides, dataset, transcript, attachment"},
		{"empty role", artifact.Selection{Roles: []string{""}}, "bad-role", "document"},
		{"role in another case", artifact.Selection{Roles: []string{"Image"}}, "bad-role", "image"},
		{"metadata and a glob", artifact.Selection{MetadataOnly: true, Include: []string{"*"}}, "bad-selection", "--metadata-only"},
		{"metadata and a role", artifact.Selection{MetadataOnly: true, Roles: []string{"image"}}, "bad-selection", "--metadata-only"},
		{"empty glob", artifact.Selection{Include: []string{""}}, "bad-glob", "**"},
		{"open class", artifact.Selection{Include: []string{"a[b"}}, "bad-glob", "bracket"},
		{"open class behind what never matches", artifact.Selection{Include: []string{"x*/a[b"}}, "bad-glob", "bracket"},
		{"backslash at the end", artifact.Selection{Include: []string{`a\`}}, "bad-glob", "bracket"},
		{"root", artifact.Selection{Include: []string{"/"}}, "bad-glob", ""},
		{"absolute", artifact.Selection{Include: []string{"/images/*"}}, "bad-glob", "relative"},
		{"from here", artifact.Selection{Include: []string{"./images/*"}}, "bad-glob", "relative"},
		{"from above", artifact.Selection{Include: []string{"../*"}}, "bad-glob", "relative"},
		{"directory", artifact.Selection{Include: []string{"images/"}}, "bad-glob", `"images/**" is every file`},
		{"two stars among others", artifact.Selection{Include: []string{"images/**.png"}}, "bad-glob", "**/*.png"},
		{"too long", artifact.Selection{Include: []string{strings.Repeat("*/", 600) + "x"}}, "bad-glob", ""},
		{"control character", artifact.Selection{Include: []string{"\x1b[2J"}}, "bad-glob", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.s.Check()
			wantError(t, err, recap.Usage, tt.code, "")
			var e *recap.Error
			if errors.As(err, &e) && !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("hint %q doesn't say %q", e.Hint, tt.hint)
			}
		})
	}
}

// FuzzSelection compares with the obvious way, which tries every number of
// components for each **.
func FuzzSelection(f *testing.F) {
	for _, seed := range [][2]string{
		{"**/*.png", "images/a.png"}, {"**/**/a/**", "a/a/b"}, {"[a-c]?/**", "ab/c"}, {`\[x`, "[x"}, {"a[", "a"}, {"**", "index.md"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, name string) {
		s := artifact.Selection{Include: []string{glob}}
		err := s.Check()
		got := s.Match(recap.File{Path: name})
		if err != nil {
			return
		}
		globs, components := strings.Split(glob, "/"), strings.Split(name, "/")
		if len(globs) > 8 || len(components) > 8 {
			return // the obvious way is slow
		}
		if want := obvious(globs, components); got != want {
			t.Errorf("%q on %q = %v, want %v", glob, name, got, want)
		}
	})
}

func obvious(globs, components []string) bool {
	switch {
	case len(globs) == 0:
		return len(components) == 0
	case globs[0] == "**":
		for i := range len(components) + 1 {
			if obvious(globs[1:], components[i:]) {
				return true
			}
		}
		return false
	case len(components) == 0:
		return false
	}
	one := artifact.Selection{Include: globs[:1]}
	return one.Match(recap.File{Path: components[0]}) && obvious(globs[1:], slices.Clone(components[1:]))
}
