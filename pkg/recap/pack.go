// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"
)

// Pack is a versioned collection of recaps. Its JSON is the config blob of the
// pack's catalog.
//
// It holds what the members don't: what they are called together, and what their
// names and figures mean beside one another. Nothing of it changes a member, so
// that a bundle has the same digest within every pack and outside of them.
type Pack struct {
	Name        string  `json:"name"`    // as slugs are written; the default directory of a pull
	Version     string  `json:"version"` // by [IsVersion]
	Title       string  `json:"title,omitempty"`
	Description string  `json:"description,omitempty"`
	URL         string  `json:"url,omitempty"`
	License     string  `json:"license,omitempty"` // of the collection; SPDX expression
	Authors     []Agent `json:"authors,omitempty"` // who put it together

	Defaults  PackDefaults      `json:"defaults,omitzero"`
	Events    map[string]Event  `json:"events,omitempty"`   // declared once for all members, by id
	Entities  map[string]Entity `json:"entities,omitempty"` // likewise
	Aliases   Aliases           `json:"aliases,omitzero"`
	Conflicts PackConflicts     `json:"conflicts,omitzero"`

	// Extensions holds what publishers wrote under keys that begin with x-.
	Extensions map[string]json.RawMessage `json:"extensions,omitempty"`

	// Members are the recaps in reading order. artifact.BuildPack fills them in.
	Members []PackMember `json:"members"`
}

// PackDefaults is what holds for members that don't say.
type PackDefaults struct {
	License  string `json:"license,omitempty"`
	Language string `json:"language,omitempty"`
}

// Aliases says what is one thing under several names: by the id that stays, the
// others. A name is an id, a display name exactly as written, or <slug>#<id> for
// what one member calls so.
type Aliases struct {
	Events        map[string][]string `json:"events,omitempty"`
	Sessions      map[string][]string `json:"sessions,omitempty"`
	Topics        map[string][]string `json:"topics,omitempty"`
	People        map[string][]string `json:"people,omitempty"`
	Organizations map[string][]string `json:"organizations,omitempty"`
	Projects      map[string][]string `json:"projects,omitempty"`
}

// PackConflicts says how to take it that members contradict one another.
type PackConflicts struct {
	Tolerance map[string]float64 `json:"tolerance,omitempty"` // by property, see [Interval.Compare]
	Accepted  []AcceptedConflict `json:"accepted,omitempty"`
}

// AcceptedConflict is a conflict that is known and stays.
type AcceptedConflict struct {
	ID   string `json:"id"`
	Note string `json:"note"` // why it stays
}

// PackMember is one row of a pack's table: a bundle, and what a list of the
// members shows of it.
type PackMember struct {
	Slug    string `json:"slug"`
	Title   string `json:"title"`
	Version string `json:"version,omitempty"` // where the bundle states one
	Event   string `json:"event,omitempty"`   // what the event is called across the pack: [Names.Event]
	Digest  string `json:"digest"`            // of the bundle's manifest
	Size    int64  `json:"size"`              // of the bundle's manifest, in bytes
}

// MaxTitleLength is how long the title of a recap or a pack may be where it
// stands in a list, in characters. The schema of recaps has the same limit.
const MaxTitleLength = 300

// Check returns an error of kind [Usage] for a pack that can't be: bad-slug for
// its name, bad-version, too-many-members, duplicate-slug, and bad-pack for
// anything else. It doesn't look at digests and sizes.
func (p *Pack) Check() error {
	bad := func(format string, args ...any) error { return Errorf(Usage, "bad-pack", format, args...) }
	if err := CheckSlug(p.Name); err != nil {
		return err
	}
	if err := CheckVersion(p.Version); err != nil {
		return err
	}
	if utf8.RuneCountInString(p.Title) > MaxTitleLength {
		return bad("the title has more than %d characters", MaxTitleLength)
	}
	for _, property := range slices.Sorted(maps.Keys(p.Conflicts.Tolerance)) {
		if t := p.Conflicts.Tolerance[property]; t < 0 || t > 1 || t != t {
			return bad("the tolerance of %.80q is %g, not a part from 0 to 1", property, t)
		}
	}
	if len(p.Members) > MaxMembers {
		return Errorf(Usage, "too-many-members", "%d recaps, more than the %d allowed", len(p.Members), MaxMembers).
			WithHint("make two packs of it")
	}
	seen := make(map[string]bool, len(p.Members))
	for i, m := range p.Members {
		if err := m.check(); err != nil {
			return bad("member %d: %s", i+1, err.Error())
		}
		if seen[m.Slug] {
			return Errorf(Usage, "duplicate-slug", "two members have the slug %s", m.Slug).
				WithHint("set slug: in the front matter of one of them")
		}
		seen[m.Slug] = true
	}
	return nil
}

func (m PackMember) check() error {
	if err := CheckSlug(m.Slug); err != nil {
		return err
	}
	switch {
	case m.Title == "":
		return fmt.Errorf("%s has no title", m.Slug)
	case utf8.RuneCountInString(m.Title) > MaxTitleLength:
		return fmt.Errorf("the title of %s has more than %d characters", m.Slug, MaxTitleLength)
	case m.Event != "" && !isIdentity(m.Event):
		return fmt.Errorf("the event of %s is %.100q, no id", m.Slug, m.Event)
	case len(m.Version) > maxVersion:
		return fmt.Errorf("the version of %s is longer than %d bytes", m.Slug, maxVersion)
	}
	return nil
}

// Member returns the row of the member with that slug.
func (p *Pack) Member(slug string) (PackMember, bool) {
	i := slices.IndexFunc(p.Members, func(m PackMember) bool { return m.Slug == slug })
	if i < 0 {
		return PackMember{}, false
	}
	return p.Members[i], true
}
