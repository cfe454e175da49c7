// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/diff"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest/trip"
	"github.com/recap-oci/recap/pkg/trust"
)

// rewrite replaces words of the document.
func rewrite(oldnew ...string) trip.Edit {
	return func(_ *recap.Recap, files map[string]string) {
		files["index.md"] = strings.NewReplacer(oldnew...).Replace(files["index.md"])
	}
}

func facts(f func(*recap.Facts)) trip.Edit {
	return func(r *recap.Recap, _ map[string]string) { f(&r.Facts) }
}

func between(t *testing.T, a, b *artifact.Graph, opts diff.Options) *diff.Changes {
	t.Helper()
	c, err := diff.Between(t.Context(), trip.Read(t, a), trip.Read(t, b), opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wantCode(t *testing.T, err error, kind recap.Kind, code string) {
	t.Helper()
	if e := (*recap.Error)(nil); !errors.As(err, &e) || !errors.Is(err, kind) || e.Code != code {
		t.Errorf("error %v, want %s %s", err, kind, code)
	}
}

// Each edit of a recap is found, named, and nothing else is.
func TestRecap(t *testing.T) {
	field := func(field, pointer, from, to string) diff.FieldChange {
		return diff.FieldChange{Field: field, Pointer: pointer, From: from, To: to}
	}
	fact := func(kind, name, pointer string, fields ...diff.FieldChange) []diff.FactChange {
		return []diff.FactChange{{Change: diff.Changed, Kind: kind, Name: name, From: pointer, To: pointer, Fields: fields}}
	}
	added := func(kind, name, text, to string) []diff.FactChange {
		return []diff.FactChange{{Change: diff.Added, Kind: kind, Name: name, Text: text, To: to}}
	}
	removed := func(kind, name, text, from string) []diff.FactChange {
		return []diff.FactChange{{Change: diff.Removed, Kind: kind, Name: name, Text: text, From: from}}
	}
	talks := []string{"Talks"}
	keynotes := []string{"Talks", "Keynotes"}
	others := []string{"Talks", "Others"}
	tests := []struct {
		name string
		edit trip.Edit
		want diff.RecapChange
	}{
		{"title", func(r *recap.Recap, _ map[string]string) { r.Title = "Otherwise" }, diff.RecapChange{
			Title: "Otherwise", Metadata: []diff.FieldChange{field("title", "/title", "About paris", "Otherwise")}}},
		{"author, whose name is known", func(r *recap.Recap, _ map[string]string) { r.Authors = append(r.Authors, recap.Agent{Name: "ben"}) }, diff.RecapChange{
			Metadata: []diff.FieldChange{field("authors", "/authors", "Ann Author", "Ann Author, Ben Speaker")}}},
		{"date gone", func(r *recap.Recap, _ map[string]string) { r.Date = "" }, diff.RecapChange{
			Metadata: []diff.FieldChange{field("date", "/date", "2024-03-30", "")}}},
		{"draft", func(r *recap.Recap, _ map[string]string) { r.Draft = true }, diff.RecapChange{
			Metadata: []diff.FieldChange{field("draft", "/draft", "", "yes")}}},
		{"extension", func(r *recap.Recap, _ map[string]string) {
			r.Extensions = map[string]json.RawMessage{"/x-booth": json.RawMessage(`{"hall":7}`)}
		}, diff.RecapChange{Metadata: []diff.FieldChange{field("extensions./x-booth.hall", "/extensions/~1x-booth/hall", "", "7")}}},
		{"licence", facts(func(f *recap.Facts) { f.License = "MIT" }), diff.RecapChange{License: &diff.ValueChange{From: "CC-BY-4.0", To: "MIT"}}},
		{"language and source", facts(func(f *recap.Facts) { f.Language, f.Source.URL = "de", "https://example.com/a" }), diff.RecapChange{
			Metadata: []diff.FieldChange{field("language", "/recap/language", "en", "de"), field("source.url", "/recap/source/url", "", "https://example.com/a")}}},
		{"pointer list", facts(func(f *recap.Facts) { f.Unavailable = append(f.Unavailable, "/date") }), diff.RecapChange{
			Metadata: []diff.FieldChange{field("unavailable", "/recap/unavailable", "/tags", "/tags, /date")}}},

		{"figure", facts(func(f *recap.Facts) {
			o := &f.Observations[0]
			o.Value, o.MinValue, o.ExclusiveMin, o.AsWritten = nil, new(9000.0), true, ">9,000"
		}), diff.RecapChange{Facts: fact("observation", "attendance of KubeCon EU 2024", "/recap/observations/0", field("figure", "/recap/observations/0", "12,000", ">9,000"))}},
		{"certainty of a figure", facts(func(f *recap.Facts) { f.Observations[0].Certainty = recap.Reported }), diff.RecapChange{
			Facts: fact("observation", "attendance of KubeCon EU 2024", "/recap/observations/0", field("certainty", "/recap/observations/0/certainty", "", "reported"))}},
		{"figure first", facts(func(f *recap.Facts) {
			f.Observations = append([]recap.Observation{{About: "kubecon-eu-2024", Property: "days", Value: new(3.0), Unit: "days"}}, f.Observations...)
		}), diff.RecapChange{Facts: added("observation", "days of KubeCon EU 2024", "3 days", "/recap/observations/0")}},
		{"figure gone", facts(func(f *recap.Facts) { f.Observations = f.Observations[:1] }), diff.RecapChange{
			Facts: removed("observation", "first-timers of KubeCon EU 2024", "58%", "/recap/observations/1")}},
		{"order of figures", facts(func(f *recap.Facts) {
			f.Observations[0], f.Observations[1] = f.Observations[1], f.Observations[0]
		}), diff.RecapChange{Facts: []diff.FactChange{{
			Change: diff.Moved, Kind: "observation", Name: "first-timers of KubeCon EU 2024", From: "/recap/observations/1", To: "/recap/observations/0"}}}},
		{"title of a session that has an id", facts(func(f *recap.Facts) { f.Sessions[0].Title = "The Start" }), diff.RecapChange{
			Facts: fact("session", "The Start", "/recap/sessions/0", field("title", "/recap/sessions/0/title", "The Opening", "The Start"))}},
		{"title of a session that has none", facts(func(f *recap.Facts) { f.Sessions[1].Title = "Containers a Modern Way" }), diff.RecapChange{
			Facts: fact("session", "Containers a Modern Way", "/recap/sessions/1", field("title", "/recap/sessions/1/title", "Containers the Modern Way", "Containers a Modern Way"))}},
		{"id for a session", facts(func(f *recap.Facts) { f.Sessions[1].ID = "containers" }), diff.RecapChange{
			Facts: fact("session", "Containers the Modern Way", "/recap/sessions/1", field("id", "/recap/sessions/1/id", "", "containers"))}},
		{"speakers", facts(func(f *recap.Facts) { f.Sessions[1].Speakers[0] = recap.Agent{Name: "Cy", Affiliation: "cncf"} }), diff.RecapChange{
			Facts: fact("session", "Containers the Modern Way", "/recap/sessions/1", field("speakers", "/recap/sessions/1/speakers", "Ben Speaker", "Cy (CNCF)"))}},
		{"what the short form of a speaker leaves out", facts(func(f *recap.Facts) { f.Sessions[1].Speakers[0].URL = "https://example.com" }), diff.RecapChange{
			Facts: fact("session", "Containers the Modern Way", "/recap/sessions/1", field("speakers", "/recap/sessions/1/speakers", "name ben", "name ben, url https://example.com"))}},
		{"another session", facts(func(f *recap.Facts) { f.Sessions[1] = recap.Session{Title: "Entirely else", About: []string{"cncf"}} }), diff.RecapChange{
			Facts: append(added("session", "Entirely else", "", "/recap/sessions/1"), removed("session", "Containers the Modern Way", "Ben Speaker — talk", "/recap/sessions/1")...)}},
		{"recommendation", facts(func(f *recap.Facts) { f.Recommendations[0].Strength = "recommended" }), diff.RecapChange{
			Facts: fact("recommendation", "The Opening", "/recap/recommendations/0", field("strength", "/recap/recommendations/0/strength", "best", "recommended"))}},
		{"topic", facts(func(f *recap.Facts) { f.Topics = append(f.Topics, recap.Topic{Name: "Helm", Signal: "high"}) }), diff.RecapChange{
			Facts: added("topic", "Helm", "high", "/recap/topics/2")}},
		{"announcement", facts(func(f *recap.Facts) { f.Announcements[0].Recipients = []string{"ann"} }), diff.RecapChange{
			Facts: fact("announcement", "End user award", "/recap/announcements/0", field("recipients", "/recap/announcements/0/recipients", "CNCF", "Ann Author"))}},
		{"price, field by field", facts(func(f *recap.Facts) { f.Announcements[0].Price = &recap.Price{Amount: 5, Currency: "EUR"} }), diff.RecapChange{
			Facts: fact("announcement", "End user award", "/recap/announcements/0", field("price.amount", "/recap/announcements/0/price/amount", "", "5"), field("price.currency", "/recap/announcements/0/price/currency", "", "EUR"))}},
		{"quotation", facts(func(f *recap.Facts) { f.Quotations = nil }), diff.RecapChange{
			Facts: removed("quotation", "Ben Speaker", "“It works.”", "/recap/quotations/0")}},
		{"media", facts(func(f *recap.Facts) { f.Media[0].Alt = "A large hall" }), diff.RecapChange{
			Facts: fact("media", "The hall", "/recap/media/0", field("alt", "/recap/media/0/alt", "", "A large hall"))}},
		{"event within", facts(func(f *recap.Facts) { f.Event.SubEvents = f.Event.SubEvents[1:] }), diff.RecapChange{
			Facts: removed("event", "ArgoCon", "", "/recap/event/subEvents/0")}},
		{"place of the event", facts(func(f *recap.Facts) { f.Event.Place.City = "Berlin" }), diff.RecapChange{
			Facts: fact("event", "KubeCon EU 2024", "/recap/event", field("place.city", "/recap/event/place/city", "Paris", "Berlin"))}},
		{"name and id of the event", facts(func(f *recap.Facts) {
			f.Event.ID, f.Event.Name = "other", "Other"
			f.Observations = nil
		}), diff.RecapChange{Facts: append(
			fact("event", "Other", "/recap/event", field("id", "/recap/event/id", "kubecon-eu-2024", "other"), field("name", "/recap/event/name", "KubeCon EU 2024", "Other")),
			append(removed("observation", "attendance of KubeCon EU 2024", "12,000 people", "/recap/observations/0"), removed("observation", "first-timers of KubeCon EU 2024", "58%", "/recap/observations/1")...)...)}},
		{"upcoming", facts(func(f *recap.Facts) { f.Upcoming[0].StartDate = "2024-11-12" }), diff.RecapChange{
			Facts: fact("upcoming", "KubeCon NA 2024", "/recap/upcoming/0", field("startDate", "/recap/upcoming/0/startDate", "2024-11", "2024-11-12"))}},
		{"note", facts(func(f *recap.Facts) { f.Notes = append(f.Notes, recap.Note{Fact: recap.Fact{Text: "It shone."}}) }), diff.RecapChange{
			Facts: added("note", "It shone.", "", "/recap/notes/1")}},
		{"disclosure", facts(func(f *recap.Facts) { f.Disclosures[0].Text = "Paid." }), diff.RecapChange{
			Facts: fact("disclosure", "employee CNCF", "/recap/disclosures/0", field("text", "/recap/disclosures/0/text", "", "Paid."))}},
		{"entity", facts(func(f *recap.Facts) { f.Entities["cncf"] = recap.Entity{Kind: "project", Name: "CNCF"} }), diff.RecapChange{
			Facts: fact("entity", "CNCF", "/recap/entities/cncf", field("kind", "/recap/entities/cncf/kind", "organization", "project"))}},
		{"id of an entity", facts(func(f *recap.Facts) {
			f.Entities["benny"] = f.Entities["ben"]
			delete(f.Entities, "ben")
			f.Sessions, f.Quotations = f.Sessions[:1], nil
		}), diff.RecapChange{Facts: append(append(
			removed("session", "Containers the Modern Way", "Ben Speaker — talk", "/recap/sessions/1"),
			removed("quotation", "Ben Speaker", "“It works.”", "/recap/quotations/0")...),
			diff.FactChange{Change: diff.Changed, Kind: "entity", Name: "Ben Speaker", From: "/recap/entities/ben", To: "/recap/entities/benny", Fields: []diff.FieldChange{field("id", "", "ben", "benny")}})}},
		{"link", facts(func(f *recap.Facts) { f.Links[0].Text = "All talks" }), diff.RecapChange{
			Facts: fact("link", "All talks", "/recap/links/0", field("text", "/recap/links/0/text", "The programme", "All talks"))}},

		{"line of a section", rewrite("Two.", "2."), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Changed, Heading: keynotes, From: []int{10, 15}, To: []int{10, 15}, Added: 1, Removed: 1,
				Lines: []diff.LineChange{{Change: diff.Removed, Line: 13, Text: "Two."}, {Change: diff.Added, Line: 13, Text: "2."}}}}}},
		{"lines before others", rewrite("Before.\n", "Before.\nAnd then.\n"), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Changed, Heading: []string{}, From: []int{4, 5}, To: []int{4, 6}, Added: 1,
				Lines: []diff.LineChange{{Change: diff.Added, Line: 5, Text: "And then."}}}}}},
		{"section", rewrite("# Home", "# On the way\n\nSlowly.\n\n# Home"), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Added, Heading: []string{"On the way"}, To: []int{20, 23}, Added: 1, Lines: []diff.LineChange{{Change: diff.Added, Line: 22, Text: "Slowly."}}}}}},
		{"section gone", rewrite("## Keynotes\n\nOne.\nTwo.\nThree.\n\n", ""), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Removed, Heading: keynotes, From: []int{10, 15}, Removed: 3, Lines: []diff.LineChange{
				{Change: diff.Removed, Line: 12, Text: "One."}, {Change: diff.Removed, Line: 13, Text: "Two."}, {Change: diff.Removed, Line: 14, Text: "Three."}}}}}},
		{"heading, with what is below it", rewrite("# Talks", "# Sessions"), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Renamed, Heading: []string{"Sessions"}, Was: talks, From: []int{6, 9}, To: []int{6, 9}}}}},
		{"all of a heading", rewrite("# Home", "# How everybody came back to where they live in the end"), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Renamed, Heading: []string{"How everybody came back to where they live in the end"}, Was: []string{"Home"}, From: []int{20, 22}, To: []int{20, 22}}}}},
		{"last section gone", rewrite("# Home\n\nAt last.\n", ""), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Removed, Heading: []string{"Home"}, From: []int{20, 22}, Removed: 1, Lines: []diff.LineChange{{Change: diff.Removed, Line: 22, Text: "At last."}}}}}},
		{"heading and a line", rewrite("## Keynotes", "## Openings", "Three.", "Four."), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Changed, Heading: []string{"Talks", "Openings"}, Was: keynotes, From: []int{10, 15}, To: []int{10, 15}, Added: 1, Removed: 1,
				Lines: []diff.LineChange{{Change: diff.Removed, Line: 14, Text: "Three."}, {Change: diff.Added, Line: 14, Text: "Four."}}}}}},
		{"order of sections", rewrite("## Keynotes\n\nOne.\nTwo.\nThree.\n\n", "", "It works.\n\n", "It works.\n\n## Keynotes\n\nOne.\nTwo.\nThree.\n\n"), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Moved, Heading: others, From: []int{16, 19}, To: []int{10, 13}}}}},
		{"section within another", rewrite("## Others\n\nIt works.\n\n# Home\n\nAt last.\n", "# Home\n\nAt last.\n\n## Others\n\nIt works.\n"), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Moved, Heading: []string{"Home", "Others"}, Was: others, From: []int{16, 19}, To: []int{20, 22}}}}},
		{"level of a heading", rewrite("# Home", "### Home"), diff.RecapChange{Sections: []diff.SectionChange{
			{Change: diff.Renamed, Heading: []string{"Talks", "Others", "Home"}, Was: []string{"Home"}, From: []int{20, 22}, To: []int{20, 22}}}}},
		{"front matter that says nothing", rewrite("title: About", "# a comment\ntitle: About"), diff.RecapChange{}},
		{"line ends", rewrite("\n", "\r\n"), diff.RecapChange{}},

		{"file", func(_ *recap.Recap, f map[string]string) { f["data/b.csv"] = "b\n" }, diff.RecapChange{
			Files: []diff.FileChange{{Change: diff.Added, Path: "data/b.csv"}}}},
		{"file gone", func(_ *recap.Recap, f map[string]string) { delete(f, "data/a.csv") }, diff.RecapChange{
			Files: []diff.FileChange{{Change: diff.Removed, Path: "data/a.csv"}}}},
		{"bytes of a file", func(_ *recap.Recap, f map[string]string) { f["data/a.csv"] += "rooms,3\n" }, diff.RecapChange{
			Files: []diff.FileChange{{Change: diff.Changed, Path: "data/a.csv"}}}},
		{"licence of a file", func(r *recap.Recap, _ map[string]string) {
			r.Files = []recap.File{{Path: "data/a.csv", License: "CC0-1.0"}}
		}, diff.RecapChange{Files: []diff.FileChange{{Change: diff.Changed, Path: "data/a.csv"}}}},
		{"path of a file", func(_ *recap.Recap, f map[string]string) {
			f["data/z.csv"] = f["data/a.csv"]
			delete(f, "data/a.csv")
		}, diff.RecapChange{Files: []diff.FileChange{{Change: diff.Renamed, Path: "data/z.csv", Was: "data/a.csv"}}}},
		{"empty files are nobody's", func(_ *recap.Recap, f map[string]string) { f["data/e.csv"], f["data/f.csv"] = "", "" }, diff.RecapChange{
			Files: []diff.FileChange{{Change: diff.Added, Path: "data/e.csv"}, {Change: diff.Added, Path: "data/f.csv"}}}},
	}
	a := trip.Bundle(t, "paris", "", nil)
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			b := trip.Bundle(t, "paris", "", tc.edit)
			c := between(t, a, b, diff.Options{Lines: true})
			if c.Recap == nil || c.Same {
				t.Fatalf("nothing was found: %+v", c)
			}
			want := tc.want
			want.Slug, want.From, want.To = "paris", a.Root.Digest, b.Root.Digest
			if want.Title == "" {
				want.Title = "About paris"
			}
			// That index.md has other bytes stands in the list of files as well.
			got := *c.Recap
			if b.Recap().Files[0] != a.Recap().Files[0] {
				at := 0
				for at < len(got.Files) && got.Files[at].Path != "index.md" {
					at++
				}
				if at == len(got.Files) {
					t.Fatalf("index.md isn't in %+v", got.Files)
				}
				got.Files = append(append([]diff.FileChange{}, got.Files[:at]...), got.Files[at+1:]...)
			}
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(diff.FileChange{}, "From", "To")); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
			for _, f := range got.Files {
				if (f.From == nil) != (f.Change == diff.Added) || (f.To == nil) != (f.Change == diff.Removed) {
					t.Errorf("file %+v", f)
				}
			}
			// Without the lines all but them is the same.
			short := between(t, a, b, diff.Options{})
			if d := cmp.Diff(c, short, cmpopts.IgnoreFields(diff.SectionChange{}, "Lines")); d != "" {
				t.Errorf("without lines (-with +without):\n%s", d)
			}
			for _, s := range short.Recap.Sections {
				if s.Lines != nil {
					t.Errorf("lines nobody asked for: %+v", s)
				}
			}
			// The way back finds as much.
			back := between(t, b, a, diff.Options{})
			if len(back.Recap.Metadata) != len(got.Metadata) || len(back.Recap.Facts) != len(got.Facts) || len(back.Recap.Sections) != len(got.Sections) || len(back.Recap.Files) != len(c.Recap.Files) {
				t.Errorf("the way back: %+v", back.Recap)
			}
		})
	}
}

// The version is part of what is published; one's own recap has none yet.
func TestVersion(t *testing.T) {
	none, one, two := trip.Bundle(t, "paris", "", nil), trip.Bundle(t, "paris", "1.0.0", nil), trip.Bundle(t, "paris", "2.0.0", nil)
	c := between(t, one, two, diff.Options{})
	want := []diff.FieldChange{{Field: "version", From: "1.0.0", To: "2.0.0"}}
	if d := cmp.Diff(want, c.Recap.Metadata); d != "" || c.Same {
		t.Errorf("metadata (-want +got):\n%s", d)
	}
	if c := between(t, none, two, diff.Options{}); !c.Same || c.Summary() != "the same content, packaged in two ways" {
		t.Errorf("one's own recap differs by its version: %+v, %s", c, c.Summary())
	}
	published, err := reader.Open(t.Context(), none, trust.UnverifiedUnsafe(none.Root))
	if err != nil {
		t.Fatal(err)
	}
	c, err = diff.Between(t.Context(), published, trip.Read(t, two), diff.Options{})
	if err != nil || c.Same {
		t.Errorf("published without a version, and no difference: %+v, %v", c, err)
	}
	if c := between(t, one, one, diff.Options{}); !c.Same || c.Recap != nil || c.Summary() != "identical" {
		t.Errorf("one and the same: %+v", c)
	}
}

// Of two packs only what differs is fetched: the metadata and documents of
// members that do.
func TestPackFetches(t *testing.T) {
	var before, after []*artifact.Graph
	for i := range 40 {
		g := trip.Bundle(t, fmt.Sprintf("recap-%d", i), "", nil)
		before, after = append(before, g), append(after, g)
	}
	after[17] = trip.Bundle(t, "recap-17", "", rewrite("Two.", "2."))
	after[18] = trip.Bundle(t, "recap-18", "", facts(func(f *recap.Facts) { f.License = "MIT" }))
	graphs := [2]*artifact.Graph{trip.Pack(t, "1.0.0", nil, before...), trip.Pack(t, "1.1.0", nil, after...)}
	var sources [2]*trip.Counted
	var readers [2]*reader.Reader
	for i, g := range graphs {
		sources[i] = trip.Count(g)
		var err error
		if readers[i], err = reader.Open(t.Context(), sources[i], trust.OwnSource(g.Root)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := diff.Between(t.Context(), readers[0], readers[1], diff.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range sources {
		// Index, catalog, its config; two manifests and configs; one document.
		if s.Total() != 3+4+1 {
			t.Errorf("side %d: %d fetches, want 8", i, s.Total())
		}
	}
	if c.Members.Unchanged != 38 || len(c.Members.Changed) != 2 || c.Members.Changed[0].Slug != "recap-17" || c.Members.Changed[1].License == nil {
		t.Errorf("members %+v", c.Members)
	}
	want := []diff.FieldChange{{Field: "version", Pointer: "/version", From: "1.0.0", To: "1.1.0"}}
	if d := cmp.Diff(want, c.Metadata); d != "" {
		t.Errorf("metadata (-want +got):\n%s", d)
	}
	if c.Summary() != "recaps: 2 changed, 38 unchanged; metadata: 1 change" {
		t.Errorf("summary %q", c.Summary())
	}
}

func TestPack(t *testing.T) {
	one, two, three, four := trip.Bundle(t, "one", "", nil), trip.Bundle(t, "two", "", nil), trip.Bundle(t, "three", "", nil), trip.Bundle(t, "four", "1.0.0", nil)
	a := trip.Pack(t, "1.0.0", nil, one, two, three)
	t.Run("came, went and moved", func(t *testing.T) {
		c := between(t, a, trip.Pack(t, "1.0.0", nil, three, one, four), diff.Options{})
		slugs := func(list []recap.PackMember) string {
			var all []string
			for _, m := range list {
				all = append(all, m.Slug)
			}
			return strings.Join(all, " ")
		}
		m := c.Members
		if slugs(m.Added) != "four" || slugs(m.Removed) != "two" || slugs(m.Moved) != "three" || m.Unchanged != 2 || len(m.Changed) != 0 || c.Same {
			t.Errorf("members %+v", m)
		}
	})
	t.Run("metadata", func(t *testing.T) {
		c := between(t, a, trip.Pack(t, "1.0.0", func(p *recap.Pack) {
			p.License = "MIT"
			p.Aliases.Topics["wasm"] = []string{"Wasm", "WebAssembly"}
			p.Defaults.Language = "en"
		}, one, two, three), diff.Options{})
		want := []diff.FieldChange{
			{Field: "aliases.topics.wasm", Pointer: "/aliases/topics/wasm", From: "Wasm", To: "Wasm, WebAssembly"},
			{Field: "defaults.language", Pointer: "/defaults/language", To: "en"},
		}
		if d := cmp.Diff(want, c.Metadata); d != "" || c.License == nil || c.License.To != "MIT" || c.Members.Unchanged != 3 {
			t.Errorf("metadata (-want +got):\n%s\n%+v", d, c)
		}
	})
	t.Run("other views of the same", func(t *testing.T) {
		var members []artifact.Member
		for _, g := range []*artifact.Graph{one, two, three} {
			members = append(members, g.Member())
		}
		meta := *a.Pack().Meta
		b, err := artifact.BuildPack(t.Context(), &meta, members, []artifact.View{{Path: "llms.txt", MediaType: "text/markdown", Raw: []byte("else\n")}}, artifact.PackOptions{})
		if err != nil {
			t.Fatal(err)
		}
		c := between(t, a, b, diff.Options{})
		if !c.Same || c.A.Digest == c.B.Digest || c.Summary() != "the same content, packaged in two ways" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("a recap beside a pack", func(t *testing.T) {
		changed := trip.Bundle(t, "two", "", rewrite("Two.", "2."))
		for _, sides := range [][2]*artifact.Graph{{a, changed}, {changed, a}} {
			c := between(t, sides[0], sides[1], diff.Options{})
			if c.Members != nil || c.Recap == nil || len(c.Recap.Sections) != 1 || c.A.Kind != artifact.KindBundle || c.A.Name != "two" {
				t.Errorf("%+v", c)
			}
		}
		_, err := diff.Between(t.Context(), trip.Read(t, a), trip.Read(t, four), diff.Options{})
		wantCode(t, err, recap.NotFound, "no-such-recap")
	})
	t.Run("the same", func(t *testing.T) {
		if c := between(t, a, a, diff.Options{}); !c.Same || c.Members.Unchanged != 3 || c.Members.Added == nil {
			t.Errorf("%+v", c)
		}
	})
	t.Run("damage", func(t *testing.T) {
		changed := trip.Bundle(t, "two", "", rewrite("Two.", "2."))
		b := trip.Pack(t, "1.0.0", nil, one, changed, three)
		layer, _ := changed.Bundle().Layer(changed.Recap().Files[0])
		for _, desc := range []artifact.Node{{Descriptor: changed.Root}, {Descriptor: layer}} {
			r, err := reader.Open(t.Context(), &trip.Flipped{Fetcher: b, Desc: desc.Descriptor}, trust.OwnSource(b.Root))
			if err != nil {
				t.Fatal(err)
			}
			_, err = diff.Between(t.Context(), trip.Read(t, a), r, diff.Options{})
			wantCode(t, err, recap.Integrity, "digest-mismatch")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := trip.Read(t, trip.Pack(t, "1.0.0", nil, one, trip.Bundle(t, "two", "", rewrite("Two.", "2.")), three))
		cancel()
		if _, err := diff.Between(ctx, trip.Read(t, a), b, diff.Options{}); err == nil {
			t.Error("went on all the same")
		}
	})
}

// What can't be taken apart can still be told apart.
func TestUnparsed(t *testing.T) {
	deep := func(_ *recap.Recap, f map[string]string) { f["index.md"] += strings.Repeat(">", 500) + " deep\n" }
	c := between(t, trip.Bundle(t, "paris", "", nil), trip.Bundle(t, "paris", "", deep), diff.Options{Lines: true})
	if c.Same || c.Recap.Unparsed == "" || c.Recap.Sections != nil || len(c.Recap.Files) != 1 {
		t.Errorf("%+v", c.Recap)
	}
	also := between(t, trip.Bundle(t, "paris", "", nil), trip.Bundle(t, "paris", "", func(r *recap.Recap, f map[string]string) {
		r.Title = "Deep"
		deep(r, f)
	}), diff.Options{})
	for _, c := range []*diff.Changes{c, also} {
		var b strings.Builder
		if err := c.WriteText(&b); err != nil || !strings.Contains(b.String(), c.Recap.Unparsed) {
			t.Errorf("not said: %q, %v", b.String(), err)
		}
	}
}

// The same two give the same answer each time.
func TestDeterministic(t *testing.T) {
	var before, after []*artifact.Graph
	for i := range 12 {
		slug := fmt.Sprintf("recap-%d", i)
		before = append(before, trip.Bundle(t, slug, "", nil))
		after = append(after, trip.Bundle(t, slug, "", facts(func(f *recap.Facts) {
			for j := range 6 {
				id := fmt.Sprintf("new-%d", j)
				f.Entities[id] = recap.Entity{Name: id}
				f.Notes = append(f.Notes, recap.Note{Fact: recap.Fact{Text: fmt.Sprintf("It rained on day %d.", j)}})
			}
		})))
	}
	a, b := trip.Pack(t, "1.0.0", nil, before...), trip.Pack(t, "2.0.0", nil, after...)
	first := between(t, a, b, diff.Options{})
	for range 5 {
		if d := cmp.Diff(first, between(t, a, b, diff.Options{})); d != "" {
			t.Fatalf("another answer:\n%s", d)
		}
	}
}
