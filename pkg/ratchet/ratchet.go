// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package ratchet

import (
	"context"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/scope"
	"github.com/recap-oci/recap/pkg/recap"
)

// Ratchet remembers what was admitted under each tag of each repository, so
// that whoever holds the registry can't serve an older version, though it is
// signed as well as the newer one.
//
// It keeps the user's state file, recap.lock, or both; each is a [Release]
// list in JSON. What either knows counts. They are read anew under a lock for
// each change and replaced in one durable step, so a Ratchet may be used by
// any number of goroutines and processes at once.
//
// It protects nobody on first use, and nobody on another machine except
// through a recap.lock that they share.
type Ratchet struct {
	files []ledgerFile
	now   func() time.Time
}

// Options say where a Ratchet remembers. With neither path it remembers
// nothing.
type Options struct {
	// Path is the user's state file. It and its directory are made when absent.
	Path string

	// LockPath is a recap.lock to hold to and to bring up to date: what a
	// project accepted, kept with its sources. Default: none.
	LockPath string

	// Now is the time that new releases are noted with. Default: no time is.
	Now func() time.Time
}

// Sighting is what was found under a tag and admitted.
type Sighting struct {
	Repository string // as the rule that admitted it sees it
	Tag        string // as typed; empty when the user wrote the digest

	Kind    artifact.Kind
	Name    string // the slug of a bundle, the name of a pack
	Version string // as stated; empty when none is
	Digest  digest.Digest

	Authorities []string  // of the rule, that vouched
	Signers     []string  // who they were, in words
	SignedAt    time.Time // zero when no timestamp says
}

// Release is one version of one thing that was admitted in a repository.
type Release struct {
	Repository string `json:"repository"`

	// Tags that it was last admitted under. v1.2.0 and 1.2.0 are one, and stand
	// here as it was typed first. In the state file a release that
	// has lost its tags to later ones stays, so that its version can't come
	// back with other content.
	Tags []string `json:"tags"`

	Kind    artifact.Kind `json:"kind"`
	Name    string        `json:"name"`
	Version string        `json:"version"` // without a leading v
	Digest  digest.Digest `json:"digest"`

	Authorities []string  `json:"authorities"`
	Signers     []string  `json:"signers,omitempty"`
	FirstSeen   time.Time `json:"firstSeen,omitzero"`

	// AnyContent says that the digest was forgotten on purpose: what is
	// admitted as this version next may have another. Its tags still don't
	// go back behind the version.
	AnyContent bool `json:"anyContent,omitempty"`
}

// Forgetting is what a [Ratchet] was made to forget.
type Forgetting struct {
	// Forgotten is what was known: of each release the tags that it is no
	// longer known under.
	Forgotten []Release `json:"forgotten"`

	// Held is what is still known of those releases.
	Held []Release `json:"held"`
}

// State says what a ratchet made of a sighting.
type State string

// The states.
const (
	FirstUse    State = "first-use"   // nothing was known under the tag: no protection yet
	Same        State = "same"        // what was known
	Advanced    State = "advanced"    // a later version than was known
	Pinned      State = "pinned"      // a digest, or a tag that spells its version: asked for as it is
	Unversioned State = "unversioned" // no version is stated, so none can be older
	Off         State = "off"         // nothing is remembered
	Refused     State = "refused"     // what is remembered forbids it, or the tag spells another version
)

// Report is what a [Ratchet] says of a [Sighting].
type Report struct {
	State        State         `json:"state"`
	Version      string        `json:"version,omitempty"`      // that was served
	KnownVersion string        `json:"knownVersion,omitempty"` // that was admitted under the tag before
	KnownDigest  digest.Digest `json:"knownDigest,omitempty"`
	Warning      string        `json:"warning,omitempty"` // what is odd and no reason to refuse
}

// New returns a ratchet. No file is touched before it is used.
func New(opts Options) *Ratchet {
	r := &Ratchet{now: opts.Now}
	if opts.Path != "" {
		r.files = append(r.files, ledgerFile{path: opts.Path, kind: stateKind})
	}
	if opts.LockPath != "" {
		r.files = append(r.files, ledgerFile{path: opts.LockPath, kind: lockKind})
	}
	return r
}

// Wants reports whether r has anything to say about what lies under a tag; if
// not, nobody has to find out what it is. Of an empty tag, a digest that the user
// wrote, it never has. Where nothing is remembered it has for a tag that spells a
// version, which may name another.
func (r *Ratchet) Wants(tag string) bool {
	_, spelt := plainVersion(tag)
	return tag != "" && (spelt || len(r.files) > 0)
}

// Check says what [Ratchet.Advance] would, and changes nothing.
func (r *Ratchet) Check(_ context.Context, s Sighting) (Report, error) {
	report, _, err := r.look(s)
	return report, err
}

// Advance remembers s, unless what is remembered forbids it. When it returns
// no error, what it remembers would outlast a power cut.
//
// Errors of kind recap.Stale: rollback, when a floating tag names a lower
// version than before, or none; mix-and-match, when a tag names another thing
// or another kind of thing; equivocation, when a version has other content than
// before, under whatever tag of the repository; bad-state and bad-lock, when a
// file isn't what it should be, which is never taken for an empty one. Of kind
// recap.Local: state-unreadable, state-unwritable, state-not-a-file and busy.
func (r *Ratchet) Advance(ctx context.Context, s Sighting) (Report, error) {
	// First without a lock: where there is nothing to write, nothing has to
	// be writable, and nobody waits.
	report, changed, err := r.look(s)
	if err != nil || len(changed) == 0 {
		return report, err
	}
	unlock, err := r.lock(ctx)
	if err != nil {
		return report, err
	}
	defer unlock()
	// Somebody may have been faster. What is written is made from what was read
	// under the lock, never from what was read before.
	if report, changed, err = r.look(s); err != nil {
		return report, err
	}
	for _, l := range changed {
		if err := l.save(); err != nil {
			return report, err
		}
	}
	return report, nil
}

// Reset forgets, on purpose, what is known of a tag, and nothing else: that it
// names a release, which stays known, so that its version can't come back with
// other content; and, where the tag spells a version, what that version's
// content is, while other tags still don't go back behind it. With v1.2.0 goes
// 1.2.0, and the other way round. An empty tag
// forgets the whole repository. The state file keeps a note of it.
//
// Errors: recap.NotFound nothing-known when there was nothing to forget, else
// those of [Ratchet.Advance] that are about files.
func (r *Ratchet) Reset(ctx context.Context, repository, tag string) (Forgetting, error) {
	repository = scope.Portless(repository)
	unlock, err := r.lock(ctx)
	if err != nil {
		return Forgetting{}, err
	}
	defer unlock()
	all := Forgetting{Forgotten: []Release{}, Held: []Release{}}
	var changed []*ledger
	for _, f := range r.files {
		l, err := f.read()
		if err != nil {
			return Forgetting{}, err
		}
		if forgotten, held := l.forget(repository, tag, r.time()); len(forgotten) > 0 {
			changed = append(changed, l)
			all.Forgotten = append(all.Forgotten, forgotten...)
			all.Held = append(all.Held, held...)
		}
	}
	if len(changed) == 0 {
		what := repository
		if tag != "" {
			what += ":" + tag
		}
		return Forgetting{}, recap.Errorf(recap.NotFound, "nothing-known", "nothing is remembered of %s", what)
	}
	for _, l := range changed {
		if err := l.save(); err != nil {
			return Forgetting{}, err
		}
	}
	all.Forgotten, all.Held = uniqueReleases(all.Forgotten), uniqueReleases(all.Held)
	return all, nil
}

// Entries returns what is remembered, in order of repository, name and version,
// the newest first.
func (r *Ratchet) Entries(context.Context) ([]Release, error) {
	var list []Release
	for _, f := range r.files {
		l, err := f.read()
		if err != nil {
			return nil, err
		}
		list = append(list, l.Releases...)
	}
	return uniqueReleases(list), nil
}

// uniqueReleases puts together what two files know of one release.
func uniqueReleases(list []Release) []Release {
	sortReleases(list)
	unique := []Release{}
	for _, release := range list {
		if n := len(unique) - 1; n >= 0 && unique[n].is(release) && unique[n].Digest == release.Digest {
			unique[n].Tags = union(unique[n].Tags, release.Tags)
			unique[n].AnyContent = unique[n].AnyContent && release.AnyContent
			if unique[n].FirstSeen.IsZero() {
				unique[n].FirstSeen = release.FirstSeen
			}
			continue
		}
		unique = append(unique, release)
	}
	return unique
}

func (r *Ratchet) time() time.Time {
	if r.now == nil {
		return time.Time{}
	}
	return r.now().UTC().Truncate(time.Second)
}

// look judges s by every file, and returns those that would change, changed.
// What is stricter wins, since none may object.
func (r *Ratchet) look(s Sighting) (Report, []*ledger, error) {
	s, report := s.normalised()
	if err := s.misnamed(); err != nil {
		return report, nil, err
	}
	if len(r.files) == 0 {
		return Report{State: Off, Version: s.Version}, nil, nil
	}
	if report.State == Pinned {
		return report, nil, nil // by digest: what is remembered has no say
	}
	var known Release
	var changed []*ledger
	for _, f := range r.files {
		l, err := f.read()
		if err != nil {
			return report, nil, err
		}
		k, err := l.judge(s)
		if k.Version != "" && (known.Version == "" || recap.CompareVersions(k.Version, known.Version) > 0) {
			known = k
		}
		if err != nil {
			report.KnownVersion, report.KnownDigest = known.Version, known.Digest
			return report, nil, err
		}
		if s.Version != "" && l.accept(s, r.time()) {
			changed = append(changed, l)
		}
	}
	report.conclude(s, known)
	return report, changed, nil
}
