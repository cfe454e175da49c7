// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestFactSheet(t *testing.T) {
	n := func(v float64) *float64 { return &v }
	r := &recap.Recap{Facts: recap.Facts{
		Event:    recap.Event{Fact: recap.Fact{ID: "fosdem-2024"}, Name: "FOSDEM 2024"},
		Entities: map[string]recap.Entity{"ada": {Name: "Ada Lovelace", Kind: "person"}},
		Observations: []recap.Observation{
			{About: "fosdem-2024", Property: "attendance", MinValue: n(8000), ExclusiveMin: true, Unit: "people"},
			{About: "fosdem-2024", Property: "rooms", Value: n(35), Approximate: true, Fact: recap.Fact{Certainty: recap.Reported}, Attribution: "ada"},
			{About: "Brussels", Property: "rain", MinValue: n(0.5), MaxValue: n(12500.25), Unit: "mm"},
		},
		Sessions: []recap.Session{{Title: "On engines\x1b[2J", Kind: "talk", Speakers: []recap.Agent{{Name: "ada", Affiliation: "Analytical"}}, MoreSpeakers: true}},
		Upcoming: []recap.Event{{Name: "FOSDEM 2025", StartDate: "2025-02-01", EndDate: "2025-02-02", Place: &recap.Place{City: "Brussels", Country: "BE"}}},
	}}
	var b strings.Builder
	sheet := &factSheet{w: &b, names: r.Resolver(), columns: 60}
	sheet.draw(r.Facts)
	want := `
Figures
• attendance of FOSDEM 2024: > 8,000 people
• rooms of FOSDEM 2024: about 35 (reported, Ada Lovelace)
• rain of Brussels: 0.5 to 12,500.25 mm

Sessions
• On engines\x1b[2J — Ada Lovelace (Analytical), and others
  — talk

Upcoming
• FOSDEM 2025 — 2025-02-01 to 2025-02-02 — Brussels, BE
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
