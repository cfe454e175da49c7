// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/recap"
)

// Every field of a fact has its place in a line.
func TestList(t *testing.T) {
	p := &recap.Pack{Aliases: recap.Aliases{People: map[string][]string{"andrew-block": {"ablock"}}, Topics: map[string][]string{"ai": {"Artificial intelligence"}}}}
	m := text(t, `---
title: All of it
date: 2024-03-27
recap:
  event: {id: main, name: The Main Event, startDate: "2024-03-19", endDate: "2024-03-22", status: held, place: {text: by the sea}, organizer: CNCF, subEvents: [{name: Side Event}]}
  disclosures: [{relation: employee, to: Red Hat, text: works there}]
  entities:
    ablock: {kind: person, name: Andrew Block, affiliation: Red Hat}
    helm: {kind: project, name: Helm, parent: cncf-org, maturity: graduated, maturityAsOf: "2020"}
    cncf-org: {kind: organization, name: CNCF}
  sessions:
    - {id: talk, title: A Talk, kind: keynote, day: "2024-03-20", speakers: ablock, about: helm, topics: [Artificial intelligence], certainty: reported, url: "https://example.com/talk"}
  recommendations:
    - {session: talk, list: top, position: 1, strength: best, text: good}
    - {session: {title: Another Talk}, list: top, position: 2}
  topics: [{name: Artificial intelligence, kind: trend, position: 1, signal: dominant, about: helm}]
  observations:
    - {about: helm, property: downloads, value: ~200k, unit: downloads, observationDate: "2024", attribution: ablock, sic: true, text: a lot}
    - {property: overlap, minValue: 1, maxValue: 20, exclusiveMax: true, share: true, unit: percent}
    - {property: mood, value: cheerful}
  announcements: [{kind: award, title: A Prize, by: cncf-org, about: helm, date: "2024-03-21", version: "4", status: released, position: 1, recipients: [ablock]}]
  quotations: [{speaker: ablock, quote: we did it, session: talk}]
  media: [{kind: video, url: "https://example.com/v", caption: A film, sessions: talk, credit: ablock}, {kind: image, unavailable: true, alt: A photo}]
  upcoming: [{name: Next Event, startDate: "2025"}]
  notes: [{kind: tip, text: eat, about: helm, by: ablock}]
---
And so **we did
it**, they said.
`)
	value, low, high := 200_000.0, 1.0, 20.0
	slug := "all-of-it"
	fact := func(id, kind, pointer string, lines int, change func(f *catalog.Fact)) catalog.Fact {
		f := catalog.Fact{
			ID: slug + "#" + id, Kind: kind, Pointer: pointer, Recap: slug, RecapDigest: string(m.Root().Digest),
			Path: "index.md", Lines: []int{lines, lines}, Event: "main",
		}
		change(&f)
		return f
	}
	want := []catalog.Fact{
		fact("main", "event", "/recap/event", 5, func(f *catalog.Fact) {
			f.About, f.Name, f.Date, f.EndDate, f.Status, f.Place, f.By = []string{"main"}, "The Main Event", "2024-03-19", "2024-03-22", "held", "by the sea", []string{"cncf-org"}
		}),
		fact("side-event", "event", "/recap/event/subEvents/0", 5, func(f *catalog.Fact) { f.About, f.Name = []string{"side-event"}, "Side Event" }),
		fact("talk", "session", "/recap/sessions/0", 12, func(f *catalog.Fact) {
			f.About, f.By, f.Type, f.Name, f.Date, f.Topics = []string{"a-talk", "helm"}, []string{"andrew-block"}, "keynote", "A Talk", "2024-03-20", []string{"ai"}
			f.Certainty, f.URL = recap.Reported, "https://example.com/talk"
		}),
		fact("another-talk", "session", "/recap/sessions/1", 15, func(f *catalog.Fact) { f.About, f.Name = []string{"another-talk"}, "Another Talk" }),
		fact("recommendations-0", "recommendation", "/recap/recommendations/0", 14, func(f *catalog.Fact) {
			f.About, f.Name, f.List, f.Position, f.Strength, f.Text = []string{"a-talk"}, "A Talk", "top", 1, "best", "good"
		}),
		fact("recommendations-1", "recommendation", "/recap/recommendations/1", 15, func(f *catalog.Fact) {
			f.About, f.Name, f.List, f.Position = []string{"another-talk"}, "Another Talk", "top", 2
		}),
		fact("topics-0", "topic", "/recap/topics/0", 16, func(f *catalog.Fact) {
			f.About, f.Name, f.Type, f.Position, f.Signal = []string{"ai", "helm"}, "Artificial intelligence", "trend", 1, "dominant"
		}),
		fact("observations-0", "observation", "/recap/observations/0", 18, func(f *catalog.Fact) {
			f.About, f.By, f.Property, f.Value, f.Approximate, f.Unit = []string{"helm"}, []string{"andrew-block"}, "downloads", &value, true, "downloads"
			f.AsWritten, f.Date, f.Sic, f.Text = "~200k", "2024", true, "a lot"
		}),
		fact("observations-1", "observation", "/recap/observations/1", 19, func(f *catalog.Fact) {
			f.About, f.Property, f.MinValue, f.MaxValue, f.ExclusiveMax, f.Share, f.Unit = []string{"main"}, "overlap", &low, &high, true, true, "percent"
		}),
		fact("observations-2", "observation", "/recap/observations/2", 20, func(f *catalog.Fact) {
			f.About, f.Property, f.TextValue = []string{"main"}, "mood", "cheerful"
		}),
		fact("announcements-0", "announcement", "/recap/announcements/0", 21, func(f *catalog.Fact) {
			f.About, f.By, f.Type, f.Name, f.Date, f.Version = []string{"helm"}, []string{"cncf-org"}, "award", "A Prize", "2024-03-21", "4"
			f.Status, f.Position, f.Recipients = "released", 1, []string{"andrew-block"}
		}),
		fact("quotations-0", "quotation", "/recap/quotations/0", 27, func(f *catalog.Fact) {
			f.About, f.By, f.Quote, f.Lines = []string{"a-talk"}, []string{"andrew-block"}, "we did it", []int{27, 28}
		}),
		fact("media-0", "media", "/recap/media/0", 23, func(f *catalog.Fact) {
			f.About, f.By, f.Type, f.Name, f.URL = []string{"a-talk"}, []string{"andrew-block"}, "video", "A film", "https://example.com/v"
		}),
		fact("media-1", "media", "/recap/media/1", 23, func(f *catalog.Fact) { f.Type, f.Name, f.Status = "image", "A photo", "unavailable" }),
		fact("next-event", "event", "/recap/upcoming/0", 24, func(f *catalog.Fact) {
			f.About, f.Name, f.Date, f.Upcoming = []string{"next-event"}, "Next Event", "2025", true
		}),
		fact("notes-0", "note", "/recap/notes/0", 25, func(f *catalog.Fact) {
			f.About, f.By, f.Type, f.Text = []string{"helm"}, []string{"andrew-block"}, "tip", "eat"
		}),
		fact("disclosures-0", "disclosure", "/recap/disclosures/0", 6, func(f *catalog.Fact) {
			f.About, f.Type, f.Text = []string{"red-hat"}, "employee", "works there"
		}),
		fact("ablock", "entity", "/recap/entities/ablock", 8, func(f *catalog.Fact) {
			f.About, f.Type, f.Name = []string{"andrew-block", "red-hat"}, "person", "Andrew Block"
		}),
		fact("cncf-org", "entity", "/recap/entities/cncf-org", 10, func(f *catalog.Fact) { f.About, f.Type, f.Name = []string{"cncf-org"}, "organization", "CNCF" }),
		fact("helm", "entity", "/recap/entities/helm", 9, func(f *catalog.Fact) {
			f.About, f.Type, f.Name, f.Status, f.Date = []string{"helm", "cncf-org"}, "project", "Helm", "graduated", "2020"
		}),
	}
	got := sourceOf(t, p, m).List()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever a config says that no schema held, ids are distinct and every line can
// be read back.
func TestListOfAnything(t *testing.T) {
	s := parsed(t, "---\nnot: [yaml\n---\ntext\n")
	odd := strings.Repeat("Odd/~#\x01 ", 100)
	s.Recap.Facts.Event = recap.Event{Fact: recap.Fact{ID: odd}}
	for range 3 {
		s.Recap.Facts.Sessions = append(s.Recap.Facts.Sessions, recap.Session{Fact: recap.Fact{ID: "same"}}, recap.Session{Fact: recap.Fact{ID: "sessions-0"}}, recap.Session{Fact: recap.Fact{ID: odd}})
	}
	s.Recap.Facts.Entities = map[string]recap.Entity{"": {}, odd: {}, "a/b~c": {Name: "x"}}
	s.Names = new(recap.Pack).Glossary().Names(s.Recap)
	seen := map[string]bool{}
	for _, f := range s.List() {
		if seen[f.ID] || !strings.HasPrefix(f.ID, "t#") || len(f.ID) > 200 || f.Pointer == "" || f.Kind == "" {
			t.Errorf("%+v", f)
		}
		if f.Lines != nil && f.Path == "" {
			t.Errorf("%s stands on lines %v of no file", f.ID, f.Lines)
		}
		seen[f.ID] = true
	}
	if len(seen) != 13 {
		t.Errorf("%d facts", len(seen))
	}
}

// Many long quotes don't make a large document be gone through for each.
func TestListSearchesBounded(t *testing.T) {
	s := parsed(t, "# x\n\n"+strings.Repeat("some words of a long text, ", 100_000)+"\n\nthe end\n")
	for i := range 5000 {
		s.Recap.Facts.Notes = append(s.Recap.Facts.Notes, recap.Note{Fact: recap.Fact{Quote: fmt.Sprintf("some words of nothing %d", i)}})
	}
	s.Recap.Facts.Notes[0].Quote = "the end"
	s.Recap.Facts.Notes[4999].Quote = "the end"
	facts := s.List()
	if got := facts[1].Lines; len(got) == 0 {
		t.Error("the first isn't found")
	}
	if got := facts[5000].Lines; len(got) != 0 {
		t.Errorf("the last is on %v: everything was searched", got)
	}
}

// A fact in a file of its own, or in front matter of whatever language, stands
// where it was written.
func TestListPlaces(t *testing.T) {
	for name, tt := range map[string]struct {
		index string
		line  int
	}{
		"yaml": {"---\ntitle: T\nrecap:\n  event: Event\n  notes:\n    - one\n    - two\n---\nx\n", 7},
		"toml": {"+++\ntitle = \"T\"\n[recap]\nevent = \"Event\"\n[[recap.notes]]\ntext = \"one\"\n[[recap.notes]]\ntext = \"two\"\n+++\nx\n", 7},
		"json": {"{\n\"title\": \"T\",\n\"recap\": {\"event\": \"Event\",\n\"notes\": [\"one\",\n\"two\"]}\n}\nx\n", 5},
	} {
		t.Run(name, func(t *testing.T) {
			facts := sourceOf(t, &recap.Pack{}, text(t, tt.index)).List()
			last := facts[len(facts)-1]
			if last.Text != "two" || len(last.Lines) != 2 || last.Lines[0] != tt.line {
				t.Errorf("%q on %v, want %d", last.Text, last.Lines, tt.line)
			}
		})
	}
}

// A quote that stands in the text more than once has no place there.
func TestListQuotesOfTwoPlaces(t *testing.T) {
	m := text(t, "---\ntitle: T\nrecap:\n  event: Event\n  notes: [{text: a, quote: said twice}, {text: b, quote: said once}]\n---\nIt was said twice, said twice and said\nonce.\n")
	var got [][]int
	for _, f := range sourceOf(t, &recap.Pack{}, m).List()[1:] {
		got = append(got, f.Lines)
	}
	if diff := cmp.Diff([][]int{{5, 5}, {7, 8}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A fact that is written over several lines stands on all of them.
func TestListLines(t *testing.T) {
	m := text(t, "---\ntitle: T\nrecap:\n  event:\n    name: Event\n    place:\n      city: Paris\n  notes: [n]\n---\nx\n")
	if got := sourceOf(t, &recap.Pack{}, m).List()[0].Lines; !cmp.Equal(got, []int{4, 7}) {
		t.Errorf("lines %v", got)
	}
}
