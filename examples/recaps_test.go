// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package examples_test holds the examples to what they promise.
package examples_test

import (
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// load reads the recap at name and fails on any problem, warnings too.
func load(t *testing.T, name string) *recap.Recap {
	t.Helper()
	s, problems, err := source.Load(os.DirFS("."), filepath.ToSlash(name), source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%v", p)
	}
	return s.Recap
}

// paths returns what pattern names: a pattern that names nothing is a mistake.
func paths(t *testing.T, pattern string, want int) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != want {
		t.Fatalf("%s names %d recaps, want %d", pattern, len(names), want)
	}
	return names
}

func TestRecapsAreComplete(t *testing.T) {
	for _, name := range append(paths(t, "recaps/*", 5), paths(t, "single/*.md", 3)...) {
		t.Run(name, func(t *testing.T) {
			r := load(t, name)
			if path.Dir(filepath.ToSlash(name)) == "recaps" && r.Slug != filepath.Base(name) {
				t.Errorf("slug is %q in a directory named %q", r.Slug, filepath.Base(name))
			}
			if r.Facts.License != "CC-BY-4.0" {
				t.Errorf("licence is %q", r.Facts.License)
			}
		})
	}
}

// TestNothingIsLost counts the facts of each article, so that none goes
// missing in an edit.
func TestNothingIsLost(t *testing.T) {
	type counts struct {
		Sessions, Recommendations, Topics, Observations, Announcements, Quotations, Upcoming, LostMedia int
	}
	want := map[string]counts{
		"kubecon-eu-2023-back-in-business": {Sessions: 5, Topics: 5, Observations: 9, Announcements: 6, LostMedia: 2},
		"kubecon-eu-2024-ablock":           {Sessions: 8, Topics: 3, Observations: 5, Announcements: 7, Upcoming: 6, LostMedia: 7},
		"kubecon-eu-2024-cloudsmith":       {Sessions: 13, Recommendations: 10, Topics: 8, Observations: 8, Announcements: 4, Quotations: 3, Upcoming: 1},
		"kubecon-eu-2024-newcomer":         {Sessions: 9, Recommendations: 8, Topics: 3, Observations: 3, Announcements: 6, Upcoming: 1},
		"kubecon-na-2024-wrap-up":          {Sessions: 7, Topics: 2, Observations: 13, Announcements: 12, Upcoming: 3, LostMedia: 13},
	}
	got := map[string]counts{}
	for _, name := range paths(t, "recaps/*", 5) {
		f := load(t, name).Facts
		c := counts{
			Sessions: len(f.Sessions), Recommendations: len(f.Recommendations), Topics: len(f.Topics), Observations: len(f.Observations),
			Announcements: len(f.Announcements), Quotations: len(f.Quotations), Upcoming: len(f.Upcoming),
		}
		for _, m := range f.Media {
			if m.Unavailable {
				c.LostMedia++
			}
		}
		got[filepath.Base(name)] = c
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("facts (-got +want):\n%s", diff)
	}
}

// TestClaimsStandSideBySide holds what makes the examples worth asking: five
// claims about attendance that agree in key and differ in value.
func TestClaimsStandSideBySide(t *testing.T) {
	type claim struct {
		Event, Unit, Written string
		Min, Exact           float64
		Exclusive            bool
		Certainty            recap.Certainty
		Lines                string
	}
	want := map[string]claim{
		"kubecon-eu-2023-back-in-business": {Event: "kubecon-cloudnativecon-eu-2023", Unit: "people", Written: "10,000+", Min: 10000, Lines: "8"},
		"kubecon-eu-2024-ablock":           {Event: "kubecon-cloudnativecon-eu-2024", Unit: "people", Written: "13,000+", Min: 13000, Lines: "111"},
		"kubecon-eu-2024-cloudsmith":       {Event: "kubecon-cloudnativecon-eu-2024", Unit: "people", Written: "over 12,000", Min: 12000, Exclusive: true, Lines: "8"},
		"kubecon-eu-2024-newcomer":         {Event: "kubecon-cloudnativecon-eu-2024", Unit: "people", Exact: 12000, Certainty: recap.Reported, Lines: "1"},
		"kubecon-na-2024-wrap-up":          {Event: "kubecon-cloudnativecon-na-2024", Unit: "people", Written: "over 9,000", Min: 9000, Exclusive: true, Lines: "88"},
	}
	got := map[string]claim{}
	for _, name := range paths(t, "recaps/*", 5) {
		for _, o := range load(t, name).Facts.Observations {
			if o.Property != "attendance" {
				continue
			}
			c := claim{Event: o.About, Unit: o.Unit, Written: o.AsWritten, Exclusive: o.ExclusiveMin, Certainty: o.Certainty, Lines: o.SourceLines}
			if o.MinValue != nil {
				c.Min = *o.MinValue
			}
			if o.Value != nil {
				c.Exact = *o.Value
			}
			got[filepath.Base(name)] = c
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("attendance (-got +want):\n%s", diff)
	}
}

// TestPackIsWhatItsLockSays builds the pack of all recaps. When it drifted:
// recap build examples -o …, and commit pack.lock.
func TestPackIsWhatItsLockSays(t *testing.T) {
	built, err := pack.Build(t.Context(), os.DirFS("."), nil, pack.Options{Frozen: true, Level: rule.LevelPublishable})
	if built != nil {
		for _, p := range built.Problems {
			t.Errorf("%v", p)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	var slugs []string
	for _, m := range built.Lock.Members {
		slugs = append(slugs, m.Name)
	}
	var want []string
	for _, name := range paths(t, "recaps/*", 5) {
		want = append(want, filepath.Base(name))
	}
	if diff := cmp.Diff(slugs, want); diff != "" {
		t.Errorf("members (-got +want):\n%s", diff)
	}
}
