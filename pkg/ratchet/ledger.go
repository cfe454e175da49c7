// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package ratchet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/internal/canonical"
	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/recap"
)

// The kinds of files that remember, as they state it.
const (
	stateKind = "RollbackState" // the user's own
	lockKind  = "Lock"          // a project's recap.lock
)

const (
	// maxLedger bounds a file, which is read whole for each admission.
	maxLedger = 16 << 20 // bytes

	// maxPast is how many releases without a tag are kept for a repository,
	// the latest versions. It bounds what a publisher can make others keep.
	maxPast = 1000

	// maxResets is how many notes of resets are kept.
	maxResets = 100

	// lockWait is how long to wait for another process, which holds the lock
	// for as long as it takes to write two files.
	lockWait = 10 * time.Second
)

// ledgerFile is where releases are remembered.
type ledgerFile struct{ path, kind string }

// ledger is the content of a ledgerFile. Fields are only ever added to it.
type ledger struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Releases   []Release `json:"releases"`
	Resets     []reset   `json:"resets,omitempty"`

	file ledgerFile
}

// reset is a note of what was forgotten on purpose.
type reset struct {
	At         time.Time `json:"at,omitzero"`
	Repository string    `json:"repository"`
	Tag        string    `json:"tag,omitempty"` // empty: the whole repository
	Forgotten  []Release `json:"forgotten"`
}

// read returns what the file holds: nothing when it doesn't exist, an error
// when it can't be understood. To take that for nothing would give whoever can
// damage a file the power to roll back.
func (f ledgerFile) read() (*ledger, error) {
	raw, err := f.bytes()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &ledger{APIVersion: recap.APIVersion, Kind: f.kind, Releases: []Release{}, file: f}, nil
	case err != nil:
		return nil, err
	}
	l := new(ledger)
	if err := canonical.Unmarshal(raw, l); err != nil {
		return nil, f.damaged(err)
	}
	l.file = f
	if err := l.check(); err != nil {
		return nil, f.damaged(err)
	}
	sortReleases(l.Releases)
	return l, nil
}

func (f ledgerFile) bytes() ([]byte, error) {
	info, err := os.Lstat(f.path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, recap.Errorf(recap.Local, "state-not-a-file", "%s is a link or something else than a file: what was admitted before can't be kept there", f.path).
			WithHint("move it away; %s", f.without())
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(f.path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, f.unreadable(err)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxLedger+1))
	if err != nil {
		return nil, f.unreadable(err)
	}
	if len(raw) > maxLedger {
		return nil, f.damaged(fmt.Errorf("it is larger than %d bytes", maxLedger))
	}
	return raw, nil
}

func (f ledgerFile) unreadable(err error) error {
	return recap.Errorf(recap.Local, "state-unreadable", "reading what was admitted before: %w", err).
		WithHint("check who may read it with: ls -l %s; %s", f.path, f.without())
}

func (f ledgerFile) unwritable(err error) error {
	return recap.Errorf(recap.Local, "state-unwritable", "remembering what was admitted: %w", err).
		WithHint("make %s writable; %s", f.path, f.without())
}

// without says how to do without the file.
func (f ledgerFile) without() string {
	if f.kind == lockKind {
		return "or leave out --lock"
	}
	return "or go on without protection from rollback: --no-state"
}

func (f ledgerFile) damaged(err error) error {
	if f.kind == lockKind {
		return recap.Errorf(recap.Stale, "bad-lock", "%s can't be understood, so nobody knows what was accepted before: %w", f.path, err).
			WithHint("restore it from version control")
	}
	return recap.Errorf(recap.Stale, "bad-state", "%s can't be understood, so nobody knows what was admitted before: %w", f.path, err).
		WithHint("restore it from a backup; or move it away, and what is admitted next counts as the first of its kind")
}

// check refuses a file that could be read in another way than it was meant.
func (l *ledger) check() error {
	if l.APIVersion != recap.APIVersion || l.Kind != l.file.kind {
		return fmt.Errorf("it is a %.40q of version %.40q, not a %s of %s", l.Kind, l.APIVersion, l.file.kind, recap.APIVersion)
	}
	if l.Releases == nil {
		return errors.New("it has no releases, not even none")
	}
	type key struct{ repository, of string }
	tags, versions := map[key]bool{}, map[key]bool{}
	for i, r := range l.Releases {
		if err := r.check(); err != nil {
			return fmt.Errorf("release %d: %w", i+1, err)
		}
		for _, tag := range r.Tags {
			if tags[key{r.Repository, tag}] {
				return fmt.Errorf("release %d: tag %s of %s names two releases", i+1, tag, r.Repository)
			}
			tags[key{r.Repository, tag}] = true
		}
		release := key{r.Repository, r.Name + " " + r.Version}
		if versions[release] {
			return fmt.Errorf("release %d: version %s of %s stands there twice", i+1, r.Version, r.Name)
		}
		versions[release] = true
	}
	return nil
}

func (r Release) check() error {
	switch {
	case r.Repository == "":
		return errors.New("it has no repository")
	case r.Kind != artifact.KindBundle && r.Kind != artifact.KindPack:
		return fmt.Errorf("it is a %.40q, neither bundle nor pack", r.Kind)
	case r.Name == "":
		return errors.New("it has no name")
	case !recap.IsVersion(r.Version):
		return fmt.Errorf("%.128q is not a version", r.Version)
	case r.Digest.Validate() != nil || r.Digest.Algorithm() != digest.SHA256:
		return fmt.Errorf("%.100q is not a SHA-256 digest", string(r.Digest))
	}
	for _, tag := range r.Tags {
		if !recap.IsTag(tag) {
			return fmt.Errorf("%.128q is not a tag", tag)
		}
	}
	return nil
}

// accept notes s, which was judged, and reports whether that changes anything.
func (l *ledger) accept(s Sighting, now time.Time) bool {
	seen := Release{
		Repository: s.Repository, Tags: []string{s.Tag}, Kind: s.Kind, Name: s.Name, Version: s.Version, Digest: s.Digest,
		Authorities: sorted(s.Authorities), Signers: sorted(s.Signers),
	}
	if l.Kind == stateKind {
		seen.FirstSeen = now
	}
	changed, found := false, false
	for i := range l.Releases {
		r := &l.Releases[i]
		if r.is(seen) {
			found = true
			if r.AnyContent {
				if r.Digest != seen.Digest {
					r.Kind, r.Digest, r.FirstSeen = seen.Kind, seen.Digest, seen.FirstSeen
				}
				r.AnyContent, changed = false, true
			}
			if !r.tagged(s.Tag) {
				r.Tags, changed = union(r.Tags, seen.Tags), true
			}
			if !slices.Equal(r.Authorities, seen.Authorities) || !slices.Equal(r.Signers, seen.Signers) {
				r.Authorities, r.Signers, changed = seen.Authorities, seen.Signers, true
			}
			continue
		}
		if i := slices.Index(r.Tags, s.Tag); i >= 0 && r.Repository == s.Repository {
			r.Tags, changed = slices.Delete(slices.Clone(r.Tags), i, i+1), true
		}
	}
	if !found {
		l.Releases, changed = append(l.Releases, seen), true
	}
	if changed {
		l.prune(s.Repository)
	}
	return changed
}

// prune sorts and drops what isn't kept: what says nothing any more, and of a
// lock, which is read by people and compared line by line, every release that
// no tag names.
func (l *ledger) prune(repository string) {
	sortReleases(l.Releases)
	past := 0
	l.Releases = slices.DeleteFunc(l.Releases, func(r Release) bool {
		if len(r.Tags) > 0 || r.Repository != repository {
			return false
		}
		if r.AnyContent || l.Kind == lockKind {
			return true
		}
		past++
		return past > maxPast
	})
}

// forget drops what [Ratchet.Reset] says. It returns the releases that it is
// about, with the tags that they lost, and what is kept of them.
func (l *ledger) forget(repository, tag string, now time.Time) (forgotten, held []Release) {
	version, spelt := plainVersion(tag)
	var kept []Release
	for _, r := range l.Releases {
		stated := spelt && r.Version == version && !r.AnyContent
		if r.Repository != repository || tag != "" && !r.tagged(tag) && !stated {
			kept = append(kept, r)
			continue
		}
		gone := r
		if tag != "" {
			r.Tags, gone.Tags = r.split(tag)
			r.AnyContent = r.AnyContent || stated
			if len(r.Tags) > 0 || !r.AnyContent && l.Kind == stateKind {
				kept, held = append(kept, r), append(held, r)
			}
		}
		forgotten = append(forgotten, gone)
	}
	if len(forgotten) == 0 {
		return nil, nil
	}
	l.Releases = append([]Release{}, kept...)
	l.prune(repository)
	if l.Kind == stateKind {
		l.Resets = append(l.Resets, reset{At: now, Repository: repository, Tag: tag, Forgotten: forgotten})
		l.Resets = l.Resets[max(0, len(l.Resets)-maxResets):]
	}
	return forgotten, held
}

// split returns the tags of r without a tag, and that one, however it is spelt.
func (r Release) split(tag string) (others, those []string) {
	others, those = []string{}, []string{}
	for _, t := range r.Tags {
		if sameTag(t, tag) {
			those = append(those, t)
		} else {
			others = append(others, t)
		}
	}
	return others, those
}

// save replaces the file. Its reader sees the old content or the new.
func (l *ledger) save() error {
	raw, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return l.file.unwritable(err)
	}
	if len(raw) >= maxLedger {
		return l.file.unwritable(fmt.Errorf("%s would be larger than %d bytes", l.file.path, maxLedger))
	}
	perm := fs.FileMode(0o600) // what somebody reads is theirs to know
	if l.Kind == lockKind {
		perm = 0o644
	}
	if err := durable.WriteFile(l.file.path, append(raw, '\n'), perm); err != nil {
		return l.file.unwritable(err)
	}
	return nil
}

// lock keeps other processes from changing the files until the returned
// function is called. Everybody takes the state's lock first.
func (r *Ratchet) lock(ctx context.Context) (unlock func(), err error) {
	var held []func() error
	unlock = func() {
		for _, release := range slices.Backward(held) {
			_ = release() // the system frees what can't be released
		}
	}
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for _, f := range r.files {
		dir, name := filepath.Split(f.path)
		if f.kind == stateKind {
			err = durable.MkdirAll(filepath.Dir(f.path), 0o700)
		}
		var release func() error
		if err == nil {
			release, err = durable.Lock(waiting, dir+"."+name+".lock")
		}
		if err != nil {
			unlock()
			return nil, f.lockError(ctx, err)
		}
		held = append(held, release)
	}
	return unlock, nil
}

func (f ledgerFile) lockError(ctx context.Context, err error) error {
	var known *recap.Error
	if ctx.Err() != nil || errors.As(err, &known) && known.Code == "busy" {
		return fmt.Errorf("remembering what was admitted: %w", err)
	}
	return f.unwritable(err)
}

// is reports whether r and o are the same version of the same thing.
func (r Release) is(o Release) bool {
	return r.Repository == o.Repository && r.Name == o.Name && r.Version == o.Version
}

func sortReleases(list []Release) {
	slices.SortStableFunc(list, func(a, b Release) int {
		return cmp.Or(cmp.Compare(a.Repository, b.Repository), cmp.Compare(a.Name, b.Name), recap.CompareVersions(b.Version, a.Version), cmp.Compare(a.Version, b.Version))
	})
}

// thing names a version of something in a sentence.
func thing(kind artifact.Kind, name, version string) string {
	text := strings.TrimSpace(string(kind) + " " + name)
	if version == "" {
		return text + " without a version"
	}
	return text + " " + version
}
