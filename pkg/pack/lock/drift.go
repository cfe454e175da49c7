// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"fmt"
	"slices"

	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
)

// Drift returns an error that names what differs between the lock and what would
// be built; nil where nothing does that matters. It is [recap.Stale] with code
// lock-drift.
func (l *Lock) Drift(now *Lock) error {
	changes := l.compare(now)
	if len(changes) == 0 && !l.sameBut(now) {
		changes = append(changes, "it says something else about the same members")
	}
	if len(changes) == 0 {
		return nil
	}
	return recap.Errorf(recap.Stale, "lock-drift", "pack %s is not what %s says: %s", l.Pack.Name, FileName, words.Several(changes)).
		WithHint("build it without --frozen, and commit %s", FileName)
}

// sameBut reports whether two locks are equal but for who vouched.
func (l *Lock) sameBut(now *Lock) bool {
	unsigned := func(l *Lock) *Lock {
		own := *l
		own.Members = slices.Clone(l.Members)
		for i := range own.Members {
			own.Members[i].Signers = nil
		}
		return &own
	}
	return unsigned(l).Equal(unsigned(now))
}

// compare says in words what changed from l to now.
func (l *Lock) compare(now *Lock) []string {
	var changes []string
	if l.Pack.Digest != now.Pack.Digest {
		changes = append(changes, "pack.yaml changed")
	}
	before, after := map[string]Member{}, map[string]Member{}
	for _, m := range l.Members {
		before[m.Name] = m
	}
	for _, m := range now.Members {
		after[m.Name] = m
	}
	var kept, keptNow []string
	for _, m := range l.Members {
		if _, ok := after[m.Name]; ok {
			kept = append(kept, m.Name)
			continue
		}
		changes = append(changes, fmt.Sprintf("%s (%s) is gone", m.Name, m.Ref))
	}
	for _, m := range now.Members {
		old, ok := before[m.Name]
		if !ok {
			changes = append(changes, fmt.Sprintf("%s (%s) is new", m.Name, m.Ref))
			continue
		}
		keptNow = append(keptNow, m.Name)
		changes = append(changes, old.compare(m)...)
	}
	if !slices.Equal(kept, keptNow) {
		i := 0
		for kept[i] == keptNow[i] {
			i++
		}
		changes = append(changes, fmt.Sprintf("the order changed: %s comes where %s was", keptNow[i], kept[i]))
	}
	return changes
}

// compare says in words what changed of one member.
func (m Member) compare(now Member) []string {
	var changes []string
	change := func(format string, args ...any) {
		changes = append(changes, m.Name+": "+fmt.Sprintf(format, args...))
	}
	if m.Ref != now.Ref {
		change("it comes from %s, not from %s", now.Ref, m.Ref)
	}
	if len(m.Signers) > 0 && !slices.ContainsFunc(now.Signers, func(s string) bool { return slices.Contains(m.Signers, s) }) {
		change("none of those who vouched for it does any more")
	}
	if m.Digest == now.Digest {
		return changes
	}
	before, files := map[string]File{}, 0
	for _, f := range m.Files {
		before[f.Path] = f
	}
	for _, f := range now.Files {
		old, ok := before[f.Path]
		delete(before, f.Path)
		switch {
		case !ok:
			change("%s is new", f.Path)
		case old != f:
			change("%s changed", f.Path)
		default:
			continue
		}
		files++
	}
	for _, f := range m.Files {
		if _, gone := before[f.Path]; gone {
			change("%s is gone", f.Path)
			files++
		}
	}
	if files == 0 { // the same files, said otherwise: another release, another SOURCE_DATE_EPOCH
		change("its metadata changed, from %s to %s", m.Digest, now.Digest)
	}
	return changes
}
