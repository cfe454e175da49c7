// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package ratchet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recap-oci/recap/pkg/internal/scope"
	"github.com/recap-oci/recap/pkg/recap"
)

// plainVersion returns version as releases are compared by it, without a
// leading v. ok is false for what has no order.
func plainVersion(version string) (plain string, ok bool) {
	plain = strings.TrimPrefix(version, "v")
	if !recap.IsVersion(plain) {
		return "", false
	}
	return plain, true
}

// sameTag reports whether two tags are one: v1.2.0 and 1.2.0 pin one version,
// whichever of them is typed.
func sameTag(a, b string) bool {
	if a == b {
		return true
	}
	version, ok := plainVersion(a)
	other, spelt := plainVersion(b)
	return ok && spelt && version == other
}

// normalised returns s with its version as it is compared, and what can be
// said before anything is read.
func (s Sighting) normalised() (Sighting, Report) {
	stated := s.Version
	version, ok := plainVersion(stated)
	if s.Name == "" {
		version, ok = "", false // a version of nothing
	}
	s.Repository, s.Version = scope.Portless(s.Repository), version
	report := Report{Version: version}
	switch {
	case s.Tag == "":
		report.State = Pinned
	case !ok:
		report.State = Unversioned
		if stated != "" {
			report.Warning = fmt.Sprintf("the version it states, %.128q, is not a semantic version, so nothing can be said to be older", stated)
		}
	}
	return s, report
}

// pinned reports whether the tag spells the version that is stated: the user
// asked for this one, be it older than others.
func (s Sighting) pinned() bool {
	return s.Version != "" && strings.TrimPrefix(s.Tag, "v") == s.Version
}

// misnamed refuses a tag that spells another version than what it names states.
// Whoever asks for 1.2.0 would otherwise use a signed 1.1.0 and take it for
// 1.2.0: nothing has to be remembered to see that.
func (s Sighting) misnamed() error {
	tag, ok := plainVersion(s.Tag)
	if !ok || s.Version == "" || tag == s.Version {
		return nil
	}
	return recap.Errorf(recap.Stale, "mix-and-match", "%s:%s: the tag spells version %s, and what it names is %s",
		s.Repository, s.Tag, tag, s.describe()).
		WithHint("whoever serves it may be passing it off as another version: ask its publisher; if this content is what you want, ask for it by its digest, @%s", s.Digest)
}

// conclude fills in a report on a sighting that nothing forbids.
func (report *Report) conclude(s Sighting, known Release) {
	report.KnownVersion, report.KnownDigest = known.Version, known.Digest
	switch {
	case report.State == Unversioned:
		return
	case s.pinned():
		report.State = Pinned
	case known.Version == "":
		report.State = FirstUse
	case known.Version == s.Version:
		report.State = Same
	default:
		report.State = Advanced
	}
	if known.Version != "" && s.otherwiseSigned(known) {
		report.Warning = fmt.Sprintf("%s vouch for it now, and for what was there before %s did",
			strings.Join(s.Authorities, ", "), strings.Join(known.Authorities, ", "))
	}
}

// otherwiseSigned reports whether others than those of known vouch for s. One
// authority may sign by many names, as a workflow does by its tags, and one key
// may have many, as the path of its file: only both being new is news.
func (s Sighting) otherwiseSigned(known Release) bool {
	return !slices.Equal(sorted(known.Authorities), sorted(s.Authorities)) &&
		(len(known.Signers) == 0 || !slices.Equal(sorted(known.Signers), sorted(s.Signers)))
}

// judge returns the release that is known under the tag of s, if any, and why
// s may not follow it.
func (l *ledger) judge(s Sighting) (known Release, err error) {
	if i := l.find(s.Repository, s.Tag); i >= 0 {
		known = l.Releases[i]
		switch {
		case known.Kind != s.Kind, known.Name != s.Name:
			return known, l.stale("mix-and-match", s, known, "names another thing than before", s.Tag)
		case s.Version == "":
			return known, l.stale("rollback", s, known, "went back to something that states no version", s.Tag)
		case !s.pinned() && recap.CompareVersions(s.Version, known.Version) < 0:
			return known, l.stale("rollback", s, known, "went back", s.Tag)
		}
	}
	if s.Version == "" {
		return known, nil
	}
	for _, r := range l.Releases {
		if r.Repository != s.Repository || r.Name != s.Name || r.Version != s.Version || r.Digest == s.Digest {
			continue
		}
		if r.AnyContent && r.Kind != s.Kind && len(r.Tags) > 0 {
			return known, l.stale("mix-and-match", s, r, "is another thing than other tags name", r.Tags[0])
		}
		if !r.AnyContent {
			return known, l.stale("equivocation", s, r, "gives one version two contents", s.Version)
		}
	}
	return known, nil
}

// find returns the index of the release that is known under a tag, or -1: under
// that very spelling, else under another of it. A file may hold two releases under
// two, from when they were two tags.
func (l *ledger) find(repository, tag string) int {
	at := -1
	for i, r := range l.Releases {
		switch {
		case r.Repository != repository:
		case slices.Contains(r.Tags, tag):
			return i
		case at < 0 && r.tagged(tag):
			at = i
		}
	}
	return at
}

// tagged reports whether r is known under a tag, however it is spelt.
func (r Release) tagged(tag string) bool {
	return slices.ContainsFunc(r.Tags, func(t string) bool { return sameTag(t, tag) })
}

// stale says what was served, what was known, and how to go on: by forgetting what is.
func (l *ledger) stale(code string, s Sighting, known Release, did, forget string) error {
	flag := ""
	if l.Kind == lockKind {
		flag = " --lock " + l.file.path
	}
	return recap.Errorf(recap.Stale, code, "%s:%s %s: it names %s, but %s is known from %s",
		s.Repository, s.Tag, did, s.describe(), known.describe(), l.file.path).
		WithHint("whoever serves it may be hiding a newer one: ask its publisher; if this is as they want it, forget what is known: recap trust reset %s:%s%s", s.Repository, forget, flag)
}

func (s Sighting) describe() string {
	text := thing(s.Kind, s.Name, s.Version) + " (" + string(s.Digest)
	if len(s.Authorities) > 0 {
		text += ", signed by " + strings.Join(s.Authorities, ", ")
		if !s.SignedAt.IsZero() {
			text += " on " + s.SignedAt.UTC().Format(time.RFC3339)
		}
	}
	return text + ")"
}

func (r Release) describe() string {
	text := thing(r.Kind, r.Name, r.Version) + " (" + string(r.Digest)
	if !r.FirstSeen.IsZero() {
		text += ", first seen " + r.FirstSeen.UTC().Format(time.RFC3339)
	}
	if len(r.Authorities) > 0 {
		text += ", signed by " + strings.Join(r.Authorities, ", ")
	}
	return text + ")"
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func union(a, b []string) []string { return slices.Compact(sorted(slices.Concat(a, b))) }
