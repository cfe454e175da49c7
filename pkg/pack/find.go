// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// maxSeen is how many names the globs of a pack may look at. It stops a pack that
// was started in a home directory.
const maxSeen = 20 * recap.MaxMembers

// found is a member that an entry led to.
type found struct {
	entry *Entry
	name  string // the path in the pack's directory, or the reference
}

// finder is one look for the members of a pack.
type finder struct {
	fsys     fs.FS
	taken    map[string]bool // paths that are members, or that an entry names
	seen     int
	found    []found
	problems []recap.Problem
}

// find returns the members that the entries lead to, in reading order.
func find(fsys fs.FS, entries []Entry) ([]found, []recap.Problem, error) {
	f := &finder{fsys: fsys, taken: map[string]bool{}}
	for i := range entries {
		if entries[i].Kind == EntryPath {
			f.taken[entries[i].Path] = true
		}
	}
	for i := range entries {
		e := &entries[i]
		var err error
		switch e.Kind {
		case EntryReference:
			f.found = append(f.found, found{e, e.Path})
		case EntryPath:
			err = f.path(e)
		case EntryGlob:
			err = f.glob(e)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if len(f.found) > recap.MaxMembers {
		f.problems = append(f.problems, recap.Problem{
			Path: FileName, Severity: recap.SeverityError, Rule: rule.Member,
			Message: fmt.Sprintf("members lead to %d recaps; a pack has at most %d", len(f.found), recap.MaxMembers), Mend: "make two packs of it",
		})
		f.found = nil // nobody waits for five thousand of them to be read in vain
	}
	return f.found, f.problems, nil
}

func (f *finder) refuse(e *Entry, mend, format string, args ...any) {
	f.problems = append(f.problems, recap.Problem{
		Path: FileName, Line: e.Line, Col: e.Col, Severity: recap.SeverityError, Rule: rule.Member,
		Message: fmt.Sprintf("member %q: ", words.Clip(e.Text)) + fmt.Sprintf(format, args...), Mend: mend,
	})
}

// path takes the member that an entry names.
func (f *finder) path(e *Entry) error {
	info, err := fs.Lstat(f.fsys, e.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.refuse(e, f.meant(e.Path), "there is nothing at %s", e.Path)
		return nil
	case err != nil:
		return input.Unread(e.Path, err)
	case info.IsDir() && isPack(f.fsys, e.Path):
		f.refuse(e, fmt.Sprintf("list its recaps instead, such as ./%s/*", e.Path), "%s is a pack, and a pack holds recaps only", e.Path)
		return nil
	}
	f.found = append(f.found, found{e, e.Path})
	return nil
}

// meant says how to mend a path to nothing.
func (f *finder) meant(name string) string {
	const mend = "write the path of a directory with an index.md, relative to pack.yaml; a reference begins with oci://"
	entries, err := fs.ReadDir(f.fsys, path.Dir(name))
	if err != nil || len(entries) > recap.MaxMembers {
		return mend
	}
	var names []string
	for _, entry := range entries {
		names = append(names, path.Join(path.Dir(name), entry.Name()))
	}
	if near := fit.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean ./%s?", near)
	}
	return mend
}

// glob takes the recaps that an entry's pattern fits.
func (f *finder) glob(e *Entry) error {
	matches := map[string]bool{}
	err := f.match(".", strings.Split(e.Path, "/"), matches)
	if errors.Is(err, errTooMany) {
		f.refuse(e, "write a narrower pattern", "more than %d names were looked at", maxSeen)
		return nil
	}
	if err != nil {
		return err
	}
	names := make([]string, 0, len(matches))
	for name := range matches {
		names = append(names, name)
	}
	slices.Sort(names)
	took := false
	for _, name := range names {
		if f.taken[name] {
			took = true
			continue
		}
		is, err := f.isMember(e, name)
		if err != nil {
			return err
		}
		if is {
			took, f.taken[name] = true, true
			f.found = append(f.found, found{e, name})
		}
	}
	if !took {
		f.refuse(e, "mend the pattern; a recap is a directory with an index.md, or a .md file, that has the recap key", "no recap fits it")
	}
	return nil
}

// isMember reports whether what a glob fits is a recap. What looks like one and
// can't be taken is a problem, not something else.
func (f *finder) isMember(e *Entry, name string) (bool, error) {
	info, err := fs.Lstat(f.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, input.Unread(name, err)
	case info.Mode()&fs.ModeSymlink != 0:
		if ext := path.Ext(name); ext == "" || ext == ".md" {
			f.refuse(e, "put a copy in its place, or narrow the pattern", "%s is a symbolic link", name)
		}
		return false, nil
	case info.IsDir() && isPack(f.fsys, name):
		f.refuse(e, fmt.Sprintf("list its recaps instead, such as ./%s/*, or narrow the pattern", name), "%s is a pack, and a pack holds recaps only", name)
		return false, nil
	}
	return source.IsRecap(f.fsys, name)
}

// errTooMany ends a walk.
var errTooMany = errors.New("too many names")

// match adds to matches what the components of a pattern fit below dir.
func (f *finder) match(dir string, components []string, matches map[string]bool) error {
	if len(components) == 0 {
		if path.Base(dir) == recap.DocumentPath && dir != recap.DocumentPath {
			dir = path.Dir(dir) // with the files beside it
		}
		if dir != "." {
			matches[dir] = true
		}
		return nil
	}
	component, rest := components[0], components[1:]
	switch {
	case component == "**":
		if err := f.match(dir, rest, matches); err != nil {
			return err
		}
	case !strings.ContainsAny(component, "*?["):
		name := path.Join(dir, component)
		info, err := fs.Lstat(f.fsys, name)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
				return nil
			}
			return input.Unread(name, err)
		}
		if len(rest) > 0 && !info.IsDir() {
			return nil
		}
		return f.match(name, rest, matches)
	}
	entries, err := f.list(dir)
	if err != nil {
		return err
	}
	if component == "**" && dir != "." && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == recap.DocumentPath }) {
		return nil // a recap: what lies in it is its own
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		switch {
		case leftOut(entry.Name()):
		case component == "**":
			if entry.IsDir() {
				err = f.match(name, components, matches)
			} else if len(rest) == 0 {
				err = f.match(name, rest, matches)
			}
		case len(rest) > 0 && !entry.IsDir():
		default:
			if fits, _ := path.Match(component, entry.Name()); fits {
				err = f.match(name, rest, matches)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leftOut reports whether globs pass a name over, as recaps do.
func leftOut(name string) bool { return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") }

// list returns the entries of a directory by name, and none for what isn't one.
func (f *finder) list(dir string) ([]fs.DirEntry, error) {
	file, err := f.fsys.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, input.Unread(dir, err)
	}
	defer file.Close()
	d, ok := file.(fs.ReadDirFile)
	if !ok {
		return nil, nil
	}
	var entries []fs.DirEntry
	for {
		more, err := d.ReadDir(1000)
		entries = append(entries, more...)
		if f.seen += len(more); f.seen > maxSeen {
			return nil, errTooMany
		}
		if errors.Is(err, io.EOF) || err == nil && len(more) == 0 {
			break
		}
		if err != nil {
			return nil, input.Unread(dir, err)
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}
