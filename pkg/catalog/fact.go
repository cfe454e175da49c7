// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"github.com/recap-oci/recap/pkg/recap"
)

// Fact is one thing that a member states, with the names of the pack in the
// place of its own. Which fields it has depends on its kind; what no field holds
// stands in the member's config, at Pointer.
type Fact struct {
	ID          string `json:"id"`              // <slug>#<its own id>, or <slug>#<list>-<number> for one without
	Kind        string `json:"kind"`            // event, session, recommendation, topic, observation, announcement, quotation, media, note, disclosure, entity
	Recap       string `json:"recap"`           // slug
	RecapDigest string `json:"recapDigest"`     // of the bundle's manifest
	Pointer     string `json:"pointer"`         // JSON Pointer into the bundle's config
	Path        string `json:"path,omitempty"`  // of the file in the recap where it stands
	Lines       []int  `json:"lines,omitempty"` // first and last, of that file
	Event       string `json:"event,omitempty"` // that the recap is about

	// About names what it is about, the first before all: of a session, topic,
	// event or entity itself; of a recommendation the session; of an observation
	// what was counted. By are those who say or do it.
	About []string `json:"about,omitempty"`
	By    []string `json:"by,omitempty"`

	Type     string     `json:"type,omitempty"` // keynote, trend, award, tip, person …
	Name     string     `json:"name,omitempty"` // title, name or caption
	Text     string     `json:"text,omitempty"`
	Quote    string     `json:"quote,omitempty"`
	Date     recap.Date `json:"date,omitempty"` // on which it is, was or begins
	EndDate  recap.Date `json:"endDate,omitempty"`
	Place    string     `json:"place,omitempty"`
	Upcoming bool       `json:"upcoming,omitempty"` // an event that the recap looks forward to

	Position   int      `json:"position,omitempty"`
	List       string   `json:"list,omitempty"`
	Strength   string   `json:"strength,omitempty"`
	Signal     string   `json:"signal,omitempty"`
	Status     string   `json:"status,omitempty"`
	Version    string   `json:"version,omitempty"`
	Recipients []string `json:"recipients,omitempty"`

	Property     string   `json:"property,omitempty"`
	Value        *float64 `json:"value,omitempty"`
	TextValue    string   `json:"textValue,omitempty"`
	MinValue     *float64 `json:"minValue,omitempty"`
	MaxValue     *float64 `json:"maxValue,omitempty"`
	ExclusiveMin bool     `json:"exclusiveMin,omitempty"`
	ExclusiveMax bool     `json:"exclusiveMax,omitempty"`
	Approximate  bool     `json:"approximate,omitempty"`
	Unit         string   `json:"unit,omitempty"`
	Share        bool     `json:"share,omitempty"`
	AsWritten    string   `json:"asWritten,omitempty"`
	Sic          bool     `json:"sic,omitempty"`

	Certainty   recap.Certainty `json:"certainty,omitempty"` // stated where absent
	Topics      []string        `json:"topics,omitempty"`
	SourceLines string          `json:"sourceLines,omitempty"` // of the original that the recap retells
	URL         string          `json:"url,omitempty"`
}

// Observation returns the figure that f states; ok is false for other facts.
// What it is about is named as the pack does, so that figures of several members
// can be compared.
func (f Fact) Observation() (o recap.Observation, ok bool) {
	if f.Kind != string(recap.TargetObservation) || len(f.About) == 0 {
		return recap.Observation{}, false
	}
	return recap.Observation{
		Fact:  recap.Fact{ID: f.ID, Text: f.Text, Quote: f.Quote, SourceLines: f.SourceLines, URL: f.URL, Certainty: f.Certainty, Topics: f.Topics},
		About: f.About[0], Property: f.Property,
		Value: f.Value, TextValue: f.TextValue, MinValue: f.MinValue, MaxValue: f.MaxValue,
		ExclusiveMin: f.ExclusiveMin, ExclusiveMax: f.ExclusiveMax, Approximate: f.Approximate,
		Unit: f.Unit, Share: f.Share, AsWritten: f.AsWritten, ObservationDate: f.Date, Sic: f.Sic,
	}, true
}
