// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule

import "github.com/recap-oci/recap/pkg/recap"

// The codes of these rules that are reported of texts and of packs, too.
const (
	ID         = "R301"
	Reference  = "R302"
	Near       = "R305"
	Slug       = "R307"
	License    = "R401"
	NoLicense  = "R405"
	OldLicense = "R406"
	Link       = "R601"
	Scheme     = "R602"
	Alt        = "R701"
)

// aboutFacts returns the rules about what a recap says; [Check] applies them.
func aboutFacts() []Rule {
	const e, w = recap.SeverityError, recap.SeverityWarning
	return []Rule{
		{"R201", e, LevelValid, "an event ends before it begins",
			"Timelines and calendars can't place it.",
			"swap startDate and endDate, or mend the wrong one"},
		{"R202", w, LevelComplete, "the article is older than the event",
			"An article that reports an event is written after it began; one of the dates is off.",
			"mend the date of the article or of the event"},
		{"R203", w, LevelComplete, "an upcoming event is past",
			"What is listed as upcoming was over when the article appeared; one of the dates is off.",
			"mend the date, or drop the event from upcoming"},
		{"R204", w, LevelComplete, "a subEvent lies outside its event",
			"Co-located events are at most three days before or after the main one.",
			"mend the date, or list the event under upcoming"},
		{"R205", e, LevelValid, "a date that no calendar has",
			"Nothing can be sorted or compared by it.",
			"write a day that exists, or less of the date: 2024-03 or 2024"},
		{"R206", w, LevelComplete, "the date names less than a day",
			"Hugo and other site generators stop at a date such as 2024-03, and the artifact gets no created annotation.",
			"write the whole day; a date known only in part belongs under recap"},
		{"R207", w, LevelComplete, "no date",
			"Readers can't tell how old the recap is, and timelines leave it out.",
			"add date: with the day it was published, or name /date under unavailable"},

		{ID, e, LevelValid, "an id is there twice",
			"A reference by this id has two meanings.",
			"give one of them another id"},
		{Reference, e, LevelValid, "a reference to nothing",
			"What looks like an id (lower-case words with hyphens, or close to one that exists) and is none is a slip; queries would miss the fact.",
			"use the id that was meant, declare it under entities, or write the name as people do"},
		{"R303", e, LevelValid, "two items of a list in one position",
			"A ranking says which is first.",
			"give one of them another position"},
		{"R304", w, LevelComplete, "a list with a gap",
			"Positions that are skipped look like items that were lost.",
			"number the items from 1 without gaps, or keep the lost item with a text"},
		{Near, w, LevelComplete, "two names nearly the same",
			"Queries count them as two people or things.",
			"spell both the same, or declare one entity with alternateName"},
		{"R306", w, LevelComplete, "no author",
			"Readers can't tell who says all this.",
			"add authors: with who wrote this text, or name /authors under unavailable"},
		{Slug, e, LevelValid, "a slug that can't be used",
			"The slug is the recap's directory wherever it is pulled to.",
			"use a-z, 0-9 and single hyphens, and no reserved name"},

		{License, e, LevelValid, "not an SPDX licence expression",
			"Machines can't tell what readers may do with the text.",
			"write an id of the SPDX list, such as CC-BY-4.0, a LicenseRef- of your own, or NOASSERTION"},
		{"R402", e, LevelPublishable, "published without a licence",
			"NOASSERTION and NONE allow a reader nothing.",
			"name the licence under which others may use the text"},
		{"R403", e, LevelPublishable, "somebody else's words without a licence",
			"A verbatim copy may be given to others only if its author allows it.",
			"name the licence in source.license, or retell the article and set derivation: rewritten"},
		{NoLicense, w, LevelComplete, "no licence",
			"Without one nobody may copy or quote at length.",
			"add license: with an SPDX id, or NOASSERTION to say that you don't know"},
		{OldLicense, w, LevelComplete, "a licence written in an old or unusual way",
			"Tools that compare ids letter by letter don't know it.",
			"write it as the SPDX list does"},

		{"R501", e, LevelValid, "bounds that leave no value",
			"No figure can be above the upper and below the lower bound.",
			"swap them or drop one"},
		{"R502", e, LevelValid, "a share that can't be one",
			"A share is a part of a whole: 0 to 100, of something that unit names.",
			"write 0 to 100 and the unit, or drop share"},
		{"R503", w, LevelComplete, "two figures contradict each other",
			"Of one property of one thing at one time, the values have nothing in common.",
			"mend one of them; set sic: true on both if the source says both"},
		{"R504", e, LevelValid, "a figure that can't be read",
			"It would be kept as text, and nothing could be compared with it.",
			"write it as 12000, >9,000, 13,000+, ~200k, 20k-30k, 58% or 12.2M"},

		{Link, w, LevelComplete, "an address that leads nowhere",
			"A bundle is read far from the site it was written for: only whole addresses work there.",
			"write the whole address, with https://"},
		{Scheme, e, LevelValid, "an address with a scheme that isn't allowed",
			"javascript:, data: and file: run or show something other than what the reader sees.",
			"use http, https, mailto, oci, doi or urn"},

		{Alt, w, LevelComplete, "an image without an alternative text",
			"Those who don't see it, and machines, learn nothing of it.",
			"describe in alt what the image shows"},
		{"R702", e, LevelValid, "sourceLines that don't exist",
			"They are lines of the original, counted from 1; a citation would point at nothing.",
			"mend the lines, or name the original under source"},
		{"R703", w, LevelComplete, "a quote that isn't found exactly once",
			"The place of the fact is where its quote stands; without one place there is no citation.",
			"copy the quote letter by letter, and enough of it to be the only one"},

		{"R801", e, LevelValid, "inferred or unavailable point wrong",
			"inferred names a field that is there, unavailable one that is missing.",
			"mend the pointer; for one fact of a list set certainty: inferred on it"},
	}
}
