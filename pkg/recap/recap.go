// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import "encoding/json"

// Recap is one write-up of one event in its normalised form: shorthands are
// expanded, lists are lists, values are bounds. Its JSON is the config blob of
// a bundle, together with the file table.
//
// The nesting is that of the front matter, so that the JSON Pointers in
// Facts.Inferred and Facts.Unavailable mean the same in both.
type Recap struct {
	Title       string   `json:"title"`
	Slug        string   `json:"slug"`
	Date        Date     `json:"date,omitempty"`
	LastMod     Date     `json:"lastmod,omitempty"`
	Description string   `json:"description,omitempty"`
	Authors     []Agent  `json:"authors,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Categories  []string `json:"categories,omitempty"`
	Keywords    []string `json:"keywords,omitempty"`
	Draft       bool     `json:"draft,omitempty"`
	Facts       Facts    `json:"recap"`

	// Extensions holds what authors wrote under keys that begin with x-, by the
	// JSON Pointer that the key has in the normalised recap
	// (/recap/observations/0/x-booth). They are kept here, and not in each
	// type, so that nothing that reads facts has to step around them.
	Extensions map[string]json.RawMessage `json:"extensions,omitempty"`

	Files []File `json:"files"`
}

// Facts is what stands under the recap key.
type Facts struct {
	APIVersion      string            `json:"apiVersion"`
	License         string            `json:"license,omitempty"` // SPDX expression
	Language        string            `json:"language,omitempty"`
	Event           Event             `json:"event"`
	Source          *Source           `json:"source,omitempty"`
	Disclosures     []Disclosure      `json:"disclosures,omitempty"`
	Entities        map[string]Entity `json:"entities,omitempty"`
	Sessions        []Session         `json:"sessions,omitempty"`
	Recommendations []Recommendation  `json:"recommendations,omitempty"`
	Topics          []Topic           `json:"topics,omitempty"`
	Observations    []Observation     `json:"observations,omitempty"`
	Announcements   []Announcement    `json:"announcements,omitempty"`
	Quotations      []Quotation       `json:"quotations,omitempty"`
	Media           []Media           `json:"media,omitempty"`
	Upcoming        []Event           `json:"upcoming,omitempty"`
	Links           []Link            `json:"links,omitempty"`
	Notes           []Note            `json:"notes,omitempty"`
	Inferred        []string          `json:"inferred,omitempty"`
	Unavailable     []string          `json:"unavailable,omitempty"`
}

// Role says what a file is for, so that a reader can select.
type Role string

// The roles of the files of a recap.
const (
	RoleDocument   Role = "document" // index.md, exactly one
	RoleMetadata   Role = "metadata" // recap.yaml
	RoleImage      Role = "image"
	RoleAudio      Role = "audio"
	RoleVideo      Role = "video"
	RoleSlides     Role = "slides"
	RoleDataset    Role = "dataset"
	RoleTranscript Role = "transcript"
	RoleAttachment Role = "attachment" // everything else
)

// Roles returns every role, in the order in which people look for them.
func Roles() []Role {
	return []Role{
		RoleDocument, RoleMetadata, RoleImage, RoleAudio, RoleVideo,
		RoleSlides, RoleDataset, RoleTranscript, RoleAttachment,
	}
}

// File is one row of a bundle's file table.
type File struct {
	Path      string `json:"path"` // relative to the recap, slash-separated, NFC
	MediaType string `json:"mediaType"`
	Role      Role   `json:"role"`
	Digest    string `json:"digest"` // sha256:…; empty until the bundle is built
	Size      int64  `json:"size"`   // bytes
	License   string `json:"license,omitempty"`
}

// Agent is a person or organisation in a role: an author, a speaker.
type Agent struct {
	Name        string `json:"name"` // an entity id or a display name
	ID          string `json:"id,omitempty"`
	Affiliation string `json:"affiliation,omitempty"`
	JobTitle    string `json:"jobTitle,omitempty"`
	Role        string `json:"role,omitempty"`
	URL         string `json:"url,omitempty"`
}

// Certainty says how the author came to know a fact.
type Certainty string

// The certainties. A fact without one is stated.
const (
	Stated    Certainty = "stated"
	Reported  Certainty = "reported"
	Inferred  Certainty = "inferred"
	Uncertain Certainty = "uncertain"
)

// Fact is what every fact shares.
type Fact struct {
	ID          string    `json:"id,omitempty"`
	Text        string    `json:"text,omitempty"`
	Quote       string    `json:"quote,omitempty"`       // the wording in this recap or, when it is a retelling, in its source
	SourceLines string    `json:"sourceLines,omitempty"` // lines of the original: "8", "8-10", "12,21"
	URL         string    `json:"url,omitempty"`
	Certainty   Certainty `json:"certainty,omitempty"`
	Topics      []string  `json:"topics,omitempty"`
}

// Place is where an event was held.
type Place struct {
	Venue   string `json:"venue,omitempty"`
	City    string `json:"city,omitempty"`
	Region  string `json:"region,omitempty"`
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Text    string `json:"text,omitempty"`
}

// Event is an event by schema.org's names. Its id, not its name, is its
// identity: several events are called "KubeCon 2024".
type Event struct {
	Fact
	Name           string   `json:"name"`
	Series         string   `json:"series,omitempty"`
	Edition        string   `json:"edition,omitempty"`
	AlternateName  []string `json:"alternateName,omitempty"`
	StartDate      Date     `json:"startDate,omitempty"`
	EndDate        Date     `json:"endDate,omitempty"`
	Place          *Place   `json:"place,omitempty"`
	AttendanceMode string   `json:"attendanceMode,omitempty"` // in-person, online, mixed
	Status         string   `json:"status,omitempty"`
	Organizer      []Agent  `json:"organizer,omitempty"`
	SubEvents      []Event  `json:"subEvents,omitempty"`
}

// Source is the article that a recap retells, where it retells one.
type Source struct {
	Title         string  `json:"title,omitempty"`
	Section       string  `json:"section,omitempty"`
	Description   string  `json:"description,omitempty"`
	Author        []Agent `json:"author,omitempty"`
	DatePublished Date    `json:"datePublished,omitempty"`
	URL           string  `json:"url,omitempty"`
	Publisher     string  `json:"publisher,omitempty"`
	Retrieved     Date    `json:"retrieved,omitempty"`
	Digest        string  `json:"digest,omitempty"`
	Path          string  `json:"path,omitempty"`
	License       string  `json:"license,omitempty"`
	Derivation    string  `json:"derivation,omitempty"` // original, verbatim, excerpt, rewritten, translated, generated
	ReadingTime   string  `json:"readingTime,omitempty"`
	Comments      *int    `json:"comments,omitempty"`
}

// Disclosure is an interest of the author's.
type Disclosure struct {
	Relation    string   `json:"relation"`
	To          []string `json:"to,omitempty"`
	Text        string   `json:"text,omitempty"`
	SourceLines string   `json:"sourceLines,omitempty"`
}

// Entity is a person, organisation, project or other thing that facts name by
// its id.
type Entity struct {
	Fact
	Kind              string   `json:"kind,omitempty"`
	Name              string   `json:"name"`
	AlternateName     []string `json:"alternateName,omitempty"`
	SameAs            []string `json:"sameAs,omitempty"`
	Affiliation       []string `json:"affiliation,omitempty"`
	FormerAffiliation []string `json:"formerAffiliation,omitempty"`
	JobTitle          string   `json:"jobTitle,omitempty"`
	Parent            string   `json:"parent,omitempty"`
	Maturity          string   `json:"maturity,omitempty"`
	MaturityAsOf      Date     `json:"maturityAsOf,omitempty"`
}

// Session is a talk, panel, keynote, interview or other item of a programme.
type Session struct {
	Fact
	Title        string   `json:"title,omitempty"`
	Kind         string   `json:"kind,omitempty"`
	Event        string   `json:"event,omitempty"` // the recap's own event where empty
	Speakers     []Agent  `json:"speakers,omitempty"`
	MoreSpeakers bool     `json:"moreSpeakers,omitempty"`
	About        []string `json:"about,omitempty"`
	Track        string   `json:"track,omitempty"`
	Day          Date     `json:"day,omitempty"`
	StartDate    Date     `json:"startDate,omitempty"`
	SameAs       []string `json:"sameAs,omitempty"`
	Recording    string   `json:"recording,omitempty"`
	Media        []string `json:"media,omitempty"`
}

// Recommendation is a session that the author picked.
type Recommendation struct {
	Fact
	Session  string `json:"session"` // id or title; a session written in place is moved to Facts.Sessions
	List     string `json:"list,omitempty"`
	Position int    `json:"position,omitempty"`
	Strength string `json:"strength,omitempty"` // best, recommended, mentioned
}

// Topic is a theme or trend and how strong its signal was.
type Topic struct {
	Fact
	Name     string   `json:"name"`
	Kind     string   `json:"kind,omitempty"`
	Position int      `json:"position,omitempty"`
	Signal   string   `json:"signal,omitempty"`
	About    []string `json:"about,omitempty"`
}

// Observation is one figure: a value or bounds of one property of one thing.
type Observation struct {
	Fact
	About           string   `json:"about"`
	Property        string   `json:"property"`
	Value           *float64 `json:"value,omitempty"`
	TextValue       string   `json:"textValue,omitempty"` // a value that is no number
	MinValue        *float64 `json:"minValue,omitempty"`
	MaxValue        *float64 `json:"maxValue,omitempty"`
	ExclusiveMin    bool     `json:"exclusiveMin,omitempty"`
	ExclusiveMax    bool     `json:"exclusiveMax,omitempty"`
	Approximate     bool     `json:"approximate,omitempty"`
	Unit            string   `json:"unit,omitempty"`
	Share           bool     `json:"share,omitempty"` // a part of a whole, 0 to 100
	AsWritten       string   `json:"asWritten,omitempty"`
	ObservationDate Date     `json:"observationDate,omitempty"`
	Attribution     string   `json:"attribution,omitempty"`
	Sic             bool     `json:"sic,omitempty"`
}

// Announcement is news: a release, an acceptance, an award, a price.
type Announcement struct {
	Fact
	Kind         string   `json:"kind"`
	Title        string   `json:"title"`
	By           []string `json:"by,omitempty"`
	About        []string `json:"about,omitempty"`
	Date         Date     `json:"date,omitempty"`
	Version      string   `json:"version,omitempty"`
	Status       string   `json:"status,omitempty"`
	Availability string   `json:"availability,omitempty"`
	Position     int      `json:"position,omitempty"`
	Recipients   []string `json:"recipients,omitempty"`
	Price        *Price   `json:"price,omitempty"`
}

// Price is what an announcement says something costs.
type Price struct {
	Amount    float64 `json:"amount"`
	Currency  string  `json:"currency"` // ISO 4217
	Per       string  `json:"per,omitempty"`
	Condition string  `json:"condition,omitempty"`
}

// Quotation is somebody's words, at most 300 characters of them in Fact.Quote.
type Quotation struct {
	Fact
	Speaker Agent  `json:"speaker"`
	Session string `json:"session,omitempty"`
}

// Media is an image, recording, slide deck or data file: in the recap (Src),
// elsewhere (Fact.URL), or known to be lost (Unavailable).
type Media struct {
	Fact
	Src         string   `json:"src,omitempty"`
	Original    string   `json:"original,omitempty"`
	Unavailable bool     `json:"unavailable,omitempty"`
	Kind        string   `json:"kind,omitempty"`
	Caption     string   `json:"caption,omitempty"`
	Alt         string   `json:"alt,omitempty"`
	Credit      []Agent  `json:"credit,omitempty"`
	License     string   `json:"license,omitempty"`
	Transcript  string   `json:"transcript,omitempty"`
	Duration    string   `json:"duration,omitempty"` // ISO 8601
	Sessions    []string `json:"sessions,omitempty"`
}

// Link is a reference of the original's, kept even where its target is lost.
type Link struct {
	Text        string `json:"text"`
	URL         string `json:"url,omitempty"`
	Rel         string `json:"rel,omitempty"`
	Unavailable bool   `json:"unavailable,omitempty"`
	SourceLines string `json:"sourceLines,omitempty"`
}

// Note is everything an author wants kept that no other field holds.
type Note struct {
	Fact
	Kind  string   `json:"kind,omitempty"`
	About []string `json:"about,omitempty"`
	By    []Agent  `json:"by,omitempty"`
}
