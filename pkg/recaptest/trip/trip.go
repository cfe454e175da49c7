// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package trip tells one trip to a conference: a small recap with something of
// everything that a recap can hold, the packs made of such recaps, and sources
// that count what they are asked and that lie about it. Only tests import it.
package trip

import (
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/trust"
)

// Edit changes a recap, and the texts of its files, before it is built.
type Edit = func(r *recap.Recap, files map[string]string)

// Recap returns the recap of the given slug and the texts of its files by path,
// for a test to change.
func Recap(slug string) (*recap.Recap, map[string]string) {
	thousands := 12_000.0
	r := &recap.Recap{
		Title: "About " + slug, Slug: slug, Date: "2024-03-30", Authors: []recap.Agent{{Name: "ann"}},
		Facts: recap.Facts{
			APIVersion: recap.APIVersion, License: "CC-BY-4.0", Language: "en",
			Event: recap.Event{
				Fact: recap.Fact{ID: "kubecon-eu-2024"}, Name: "KubeCon EU 2024", Place: &recap.Place{City: "Paris"},
				SubEvents: []recap.Event{{Name: "ArgoCon"}, {Name: "BackstageCon"}},
			},
			Entities: map[string]recap.Entity{
				"ann": {Kind: "person", Name: "Ann Author"}, "ben": {Kind: "person", Name: "Ben Speaker"}, "cncf": {Kind: "organization", Name: "CNCF"},
			},
			Sessions: []recap.Session{
				{Fact: recap.Fact{ID: "opening"}, Title: "The Opening", Kind: "keynote", Speakers: []recap.Agent{{Name: "ann"}}},
				{Title: "Containers the Modern Way", Kind: "talk", Speakers: []recap.Agent{{Name: "ben"}}},
			},
			Recommendations: []recap.Recommendation{{Session: "opening", List: "picks", Position: 1, Strength: "best"}},
			Topics:          []recap.Topic{{Name: "AI", Signal: "dominant"}, {Name: "Wasm", Signal: "low"}},
			Observations: []recap.Observation{
				{About: "kubecon-eu-2024", Property: "attendance", Value: &thousands, AsWritten: "12,000", Unit: "people"},
				{About: "kubecon-eu-2024", Property: "first-timers", Value: new(58.0), AsWritten: "58%", Unit: "percent", Share: true},
			},
			Announcements: []recap.Announcement{{Kind: "award", Title: "End user award", Recipients: []string{"cncf"}}},
			Quotations:    []recap.Quotation{{Fact: recap.Fact{Quote: "It works."}, Speaker: recap.Agent{Name: "ben"}}},
			Media:         []recap.Media{{Src: "media/hall.png", Kind: "image", Caption: "The hall"}},
			Upcoming:      []recap.Event{{Name: "KubeCon NA 2024", StartDate: "2024-11"}},
			Links:         []recap.Link{{Text: "The programme", URL: "https://example.com/programme"}},
			Notes:         []recap.Note{{Fact: recap.Fact{Text: "It rained."}, Kind: "logistics"}},
			Disclosures:   []recap.Disclosure{{Relation: "employee", To: []string{"cncf"}}},
			Source:        &recap.Source{Title: "An article", Derivation: "rewritten"},
			Unavailable:   []string{"/tags"},
		},
	}
	return r, map[string]string{
		"index.md":       "---\ntitle: About " + slug + "\n---\nBefore.\n\n# Talks\n\nMany.\n\n## Keynotes\n\nOne.\nTwo.\nThree.\n\n## Others\n\nIt works.\n\n# Home\n\nAt last.\n",
		"media/hall.png": "\x89PNG\r\n\x1a\nhall",
		"data/a.csv":     "what,many\ntalks,10\n",
	}
}

// Bundle builds [Recap], changed by edit where it isn't nil, of the given version.
func Bundle(t testing.TB, slug, version string, edit Edit) *artifact.Graph {
	t.Helper()
	r, texts := Recap(slug)
	if edit != nil {
		edit(r, texts)
	}
	files := fstest.MapFS{}
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		mediaType := recap.MediaTypeOf(path)
		f := recap.File{Path: path, MediaType: mediaType, Role: recap.RoleOf(path, mediaType)}
		if i := slices.IndexFunc(r.Files, func(f recap.File) bool { return f.Path == path }); i >= 0 {
			f.License = r.Files[i].License
			r.Files = slices.Delete(r.Files, i, i+1)
		}
		r.Files = append(r.Files, f)
		files[path] = &fstest.MapFile{Data: []byte(texts[path])}
	}
	g, err := artifact.BuildBundle(t.Context(), r, files, artifact.BuildOptions{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Pack builds a pack of bundles, its catalog included, changed by edit where it
// isn't nil.
func Pack(t testing.TB, version string, edit func(*recap.Pack), bundles ...*artifact.Graph) *artifact.Graph {
	t.Helper()
	p := &recap.Pack{
		Name: "kubecon-recaps", Version: version, Title: "KubeCon, as told", License: "CC-BY-4.0",
		Aliases: recap.Aliases{Topics: map[string][]string{"wasm": {"Wasm"}}},
	}
	if edit != nil {
		edit(p)
	}
	var members []artifact.Member
	for _, b := range bundles {
		members = append(members, b.Member())
	}
	views, err := catalog.Build(t.Context(), p, members)
	if err != nil {
		t.Fatal(err)
	}
	g, err := artifact.BuildPack(t.Context(), p, members, views.Views, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Read opens what was built here.
func Read(t testing.TB, g *artifact.Graph) *reader.Reader {
	t.Helper()
	r, err := reader.Open(t.Context(), g, trust.OwnSource(g.Root))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
