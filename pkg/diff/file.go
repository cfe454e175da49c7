// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"slices"

	"github.com/recap-oci/recap/pkg/recap"
)

// FileChange is a file that is another now, in content or in what the table says
// of it.
type FileChange struct {
	Change Change      `json:"change"`
	Path   string      `json:"path"`
	Was    string      `json:"was,omitempty"` // its path in A, where it is another
	From   *recap.File `json:"from,omitempty"`
	To     *recap.File `json:"to,omitempty"`
}

// compareFiles compares two file tables, in order of path. What has the bytes of a
// file that is gone is that file under another name.
func compareFiles(a, b []recap.File) []FileChange {
	before := map[string]*recap.File{}
	for i := range a {
		before[a[i].Path] = &a[i]
	}
	var changes []FileChange
	var added []*recap.File
	for i := range b {
		f := &b[i]
		was, ok := before[f.Path]
		switch {
		case !ok:
			added = append(added, f)
		case *was != *f:
			changes = append(changes, FileChange{Change: Changed, Path: f.Path, From: keep(was), To: keep(f)})
		}
		delete(before, f.Path)
	}
	gone := map[string][]*recap.File{} // by digest, in order of path
	for i := range a {
		if _, ok := before[a[i].Path]; ok {
			gone[a[i].Digest] = append(gone[a[i].Digest], &a[i])
		}
	}
	for _, f := range added {
		was := gone[f.Digest]
		if len(was) == 0 || f.Size == 0 {
			changes = append(changes, FileChange{Change: Added, Path: f.Path, To: keep(f)})
			continue
		}
		gone[f.Digest] = was[1:]
		changes = append(changes, FileChange{Change: Renamed, Path: f.Path, Was: was[0].Path, From: keep(was[0]), To: keep(f)})
	}
	for _, list := range gone {
		for _, f := range list {
			changes = append(changes, FileChange{Change: Removed, Path: f.Path, From: keep(f)})
		}
	}
	slices.SortFunc(changes, func(a, b FileChange) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Change, b.Change))
	})
	return changes
}

// keep returns a copy that keeps nothing else in memory.
func keep(f *recap.File) *recap.File {
	own := *f
	own.License = cut(own.License)
	return &own
}
