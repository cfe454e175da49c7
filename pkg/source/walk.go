// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/durable"
	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/internal/safepath"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source/internal/magic"
)

// maxEntries is how many names are looked at before a directory is refused. It
// stops a recap that was started in the wrong place, such as a home directory,
// from being walked to its end.
const maxEntries = 10 * recap.MaxLayers

// errTooMany ends a walk.
var errTooMany = errors.New("too many entries")

// listed is one file that belongs to the recap.
type listed struct {
	path string
	size int64
	head []byte // its first bytes
}

// walk lists the files of the recap and refuses what can't be packed.
func (l *loader) walk() error {
	if l.single != "" {
		info, err := fs.Lstat(l.files, recap.DocumentPath)
		if err != nil {
			return input.Unread(l.single, err)
		}
		l.list = []listed{{path: recap.DocumentPath, size: info.Size()}}
		return nil
	}
	seen := 0
	err := l.walkDir(".", 1, &seen)
	switch {
	case errors.Is(err, errTooMany):
		l.refuse("too-many-files", rule.Limit, ".", "check the directory that holds index.md, and keep other files out of it",
			"more than %d files and directories", maxEntries)
	case err != nil:
		return err
	}
	slices.SortFunc(l.list, func(a, b listed) int { return cmp.Compare(a.path, b.path) })
	l.checkSet()
	return l.checkContents()
}

func (l *loader) walkDir(dir string, depth int, seen *int) error {
	entries, err := l.readDir(dir, seen)
	if err != nil {
		return err
	}
	if dir != "." && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == recap.DocumentPath }) {
		l.refuse("nested-recap", rule.Nested, dir, "move it beside the other recap", "%s holds an %s of its own", dir, recap.DocumentPath)
		return nil
	}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		switch {
		case strings.HasPrefix(entry.Name(), durable.TempPrefix):
			continue // what a killed recap fmt left; its next run removes it
		case safepath.Reserved(entry.Name()):
			if !l.isReceipt(name, entry) {
				l.refuse("reserved-name", rule.Reserved, name, "move it out of the recap",
					"%s decides what a reader trusts and is never packed", name)
			}
			continue
		case leftOut(entry.Name()):
			continue
		}
		if err := safepath.Check(name); err != nil {
			l.refuse("unsafe-path", rule.Path, name, hint(err), "%s", err)
			continue
		}
		switch mode := entry.Type(); {
		case mode&fs.ModeSymlink != 0:
			l.refuse("symlink-in-source", rule.Path, name, "put a copy of the file in its place", "%s is a symbolic link", name)
		case mode.IsDir():
			if depth == recap.MaxPathDepth {
				l.refuse("too-deep", rule.Limit, name, "flatten it", "%s is deeper than %d directories", name, recap.MaxPathDepth)
				continue
			}
			if err := l.walkDir(name, depth+1, seen); err != nil {
				return err
			}
		case !mode.IsRegular():
			l.refuse("not-a-regular-file", rule.Special, name, "remove it", "%s is %s", name, special(mode))
		default:
			info, err := entry.Info()
			if err != nil {
				return input.Unread(l.display(name), err)
			}
			l.list = append(l.list, listed{path: name, size: info.Size()})
		}
	}
	return nil
}

// readDir returns the entries of dir by name. It asks for them in portions, so
// that a directory of a million names is refused before it is held in memory.
func (l *loader) readDir(dir string, seen *int) ([]fs.DirEntry, error) {
	f, err := l.files.Open(dir)
	if err != nil {
		return nil, input.Unread(l.display(dir), err)
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, recap.Errorf(recap.Local, "io", "reading %q: not a directory", l.display(dir))
	}
	var entries []fs.DirEntry
	for {
		more, err := d.ReadDir(1000)
		entries = append(entries, more...)
		*seen += len(more)
		if *seen > maxEntries {
			return nil, errTooMany
		}
		if errors.Is(err, io.EOF) || err == nil && len(more) == 0 {
			break
		}
		if err != nil {
			return nil, input.Unread(l.display(dir), err)
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// leftOut reports whether a name never belongs to a recap; see the package
// comment.
func leftOut(name string) bool {
	switch name {
	case "CVS", "Thumbs.db", "desktop.ini":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~")
}

// isReceipt reports whether the entry is what pull leaves at the top of a
// directory that it wrote.
func (l *loader) isReceipt(name string, entry fs.DirEntry) bool {
	if name != recap.StateDirectory || !entry.IsDir() {
		return false
	}
	info, err := fs.Lstat(l.files, recap.StateDirectory+"/receipt.json")
	return err == nil && info.Mode().IsRegular()
}

func hint(err error) string {
	var e *recap.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

func special(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "not a regular file"
}

// checkSet refuses files that can't lie side by side on every system, and too
// many of them.
func (l *loader) checkSet() {
	paths, layers := make([]string, len(l.list)), 0
	for i, f := range l.list {
		paths[i] = f.path
		if f.size > 0 {
			layers++
		}
	}
	if err := safepath.CheckSet(paths); err != nil {
		l.refuse("path-collision", rule.Path, ".", hint(err), "%s", err)
	}
	if layers > recap.MaxLayers {
		l.refuse("too-many-files", rule.Limit, ".", "split the recap, or link to files elsewhere",
			"%d files; a bundle holds at most %d", layers, recap.MaxLayers)
	}
}

// checkContents looks at the size and the first bytes of every file.
func (l *loader) checkContents() error {
	for i := range l.list {
		f := &l.list[i]
		if f.size > l.opts.MaxFileSize {
			l.refuse("too-large", rule.Limit, f.path, "link to it, or raise --max-file-size",
				"%s has %d bytes; at most %d are packed", f.path, f.size, l.opts.MaxFileSize)
			continue
		}
		if f.size == 0 {
			continue
		}
		if err := l.readHead(f); err != nil {
			return err
		}
		if why := magic.Mismatch(f.path, f.head); why != "" && f.path != recap.DocumentPath {
			l.report(rule.Magic, l.whole(f.path), "give it the right extension, or convert it", "%s %s", f.path, why)
		}
		if isPrivateKey(f.head) {
			l.refuse("private-key", rule.Secret, f.path, "move it out of the recap, and replace the key if it was ever pushed", "%s holds a private key", f.path)
		}
	}
	return nil
}

func (l *loader) readHead(f *listed) error {
	file, err := l.open(f.path)
	if err != nil || file == nil {
		return err
	}
	defer file.Close()
	f.head = make([]byte, magic.HeadSize)
	n, err := io.ReadFull(file, f.head)
	f.head = f.head[:n]
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return input.Unread(l.display(f.path), err)
	}
	return nil
}

func isPrivateKey(head []byte) bool {
	first, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.HasPrefix(first, []byte("-----BEGIN ")) && bytes.Contains(first, []byte(" KEY-----")) && bytes.Contains(first, []byte("PRIVATE"))
}
