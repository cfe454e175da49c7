// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// FactsPath is the file that may hold the facts in place of the recap key of
// the front matter.
const FactsPath = recap.MetadataPath

// Load reads the recap at name in fsys, a directory that holds an index.md or a
// single .md file, and returns it with all its problems, ordered by place. A
// single file is a recap of one document: files beside it don't belong to it.
//
// Problems are what the author can mend, whatever their severity; [Source.Err]
// says whether any counts at a level. The error is about what stops reading at
// all: recap.NotFound with code no-document where there is no index.md,
// recap.Usage for a file that is no Markdown, and recap.Local for input and
// output. Paths of problems begin with name.
func Load(fsys fs.FS, name string, opts Options) (*Source, []recap.Problem, error) {
	if opts.MaxFileSize <= 0 {
		opts.MaxFileSize = recap.MaxFileSize
	}
	if !fs.ValidPath(name) {
		return nil, nil, recap.Errorf(recap.Usage, "bad-path", "%q is not a path inside a directory", name)
	}
	info, err := fs.Lstat(fsys, name)
	if err != nil {
		return nil, nil, input.Unread(name, err)
	}
	l := &loader{opts: opts, dir: name, recap: &recap.Recap{}}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, nil, recap.Errorf(recap.Unsafe, "symlink-in-source", "%q is a symbolic link", name).
			WithHint("name what it points to")
	case info.IsDir():
		if l.files, err = fs.Sub(fsys, name); err != nil {
			return nil, nil, input.Unread(name, err)
		}
	case !info.Mode().IsRegular():
		return nil, nil, recap.Errorf(recap.Unsafe, "not-a-regular-file", "%q is not a regular file", name)
	case !isMarkdown(name):
		return nil, nil, recap.Errorf(recap.Usage, "not-markdown", "%q is neither a directory nor a Markdown file", name).
			WithHint("name a directory that holds an index.md, or a .md file")
	default:
		l.single = name
		l.files = singleFile{fsys, name}
	}
	if err := l.load(); err != nil {
		return nil, nil, err
	}
	recap.SortProblems(l.problems)
	l.problems = slices.Compact(l.problems)
	return &Source{Recap: l.recap, Files: l.files, problems: l.problems, refusal: l.refusal}, slices.Clone(l.problems), nil
}

// loader is one run of Load.
type loader struct {
	opts   Options
	dir    string // the recap in the caller's file system
	single string // that too, where the recap is one file
	files  fs.FS

	list       []listed   // what the directory holds, by path
	front      *tree.Node // as written, and then as far as it fits its schema
	normalised *tree.Node // in the shape of recap, with the places of front
	text       []byte     // of the document
	body       document.Range
	doc        *document.Document // nil where the body can't be taken apart
	used       map[string]bool    // files that something refers to
	broken     bool               // something did not fit the schema, so that what it named may be missing
	cuts       []string           // pointers to what did not
	recap      *recap.Recap
	problems   []recap.Problem
	errors     int
	warnings   int
	refusal    *recap.Error
}

// display returns the path under which problems name a file of the recap.
func (l *loader) display(name string) string {
	if l.single != "" && name == recap.DocumentPath {
		return l.single
	}
	return path.Join(l.dir, name)
}

func (l *loader) report(code string, pos tree.Pos, mend, format string, args ...any) {
	l.add(recap.Problem{
		Path: pos.Path, Line: pos.Line, Col: pos.Col,
		Severity: rule.SeverityOf(code), Rule: code, Message: fmt.Sprintf(format, args...), Mend: mend,
	})
}

// maxProblems is how many errors, and how many warnings, are listed. Nobody
// reads more, and a hostile front matter could make a hundred thousand.
const maxProblems = 1000

func (l *loader) add(p recap.Problem) {
	count, code := &l.errors, rule.Limit
	if p.Severity == recap.SeverityWarning {
		count, code = &l.warnings, rule.More
	}
	*count++
	switch {
	case *count <= maxProblems:
		l.problems = append(l.problems, p)
	case *count == maxProblems+1:
		l.problems = append(l.problems, recap.Problem{
			Path: p.Path, Severity: p.Severity, Rule: code,
			Message: fmt.Sprintf("there are more than %d %ss; the rest isn't listed", maxProblems, p.Severity), Mend: "mend these first",
		})
	}
}

// full reports whether no more errors are listed, so that looking for them is of
// no use.
func (l *loader) full() bool { return l.errors > maxProblems }

// refuse reports a finding that makes the content unsafe to pack: broken is the
// code of its rule, and code that of the error.
func (l *loader) refuse(code, broken, name, mend, format string, args ...any) {
	l.report(broken, tree.Pos{Path: l.display(name)}, mend, format, args...)
	if l.refusal == nil {
		l.refusal = recap.Errorf(recap.Unsafe, code, format, args...).WithHint("%s", mend)
	}
}

func (l *loader) load() error {
	if err := l.walk(); err != nil {
		return err
	}
	text, err := l.read(recap.DocumentPath, recap.MaxDocumentSize)
	if err != nil || text == nil {
		return err
	}
	facts, err := l.readFacts()
	if err != nil {
		return err
	}
	at := l.display(recap.DocumentPath)
	if !l.checkEncoding(at, text) {
		return nil
	}
	hiddenLines := l.checkInvisible(at, text)
	l.tabulate()
	front, err := document.Split(text)
	if err != nil {
		l.documentError(err)
		return nil
	}
	l.text, l.body = text, document.Range{Start: front.Block.End, End: len(text)}
	l.readFront(text, front, facts, hiddenLines)
	if l.doc, err = document.Parse(text); err != nil {
		l.documentError(err)
		l.doc = nil
	}
	if l.front == nil {
		return nil
	}
	l.used = map[string]bool{recap.DocumentPath: true, FactsPath: true}
	l.useStrings(l.front) // as written: what doesn't fit the schema is cut out later
	l.checkRecap()
	if l.full() || l.normalised == nil {
		return nil
	}
	l.checkBody()
	l.checkReferences()
	return l.checkOriginal()
}

// read returns the bytes of a file of the recap, nil where a problem with it
// was reported.
func (l *loader) read(name string, limit int64) ([]byte, error) {
	i := slices.IndexFunc(l.list, func(f listed) bool { return f.path == name })
	if i < 0 {
		if name != recap.DocumentPath || l.refusal != nil {
			return nil, nil
		}
		what := "the directory"
		if l.dir != "." {
			what = strconv.Quote(l.dir)
		}
		return nil, recap.Errorf(recap.NotFound, "no-document", "%s holds no %s", what, recap.DocumentPath).
			WithHint("write one with recap init, or name the directory that holds it")
	}
	if l.list[i].size > limit {
		l.refuse("too-large", rule.Limit, name, "split it", "%s is larger than %d bytes", name, limit)
		return nil, nil
	}
	f, err := l.open(name)
	if err != nil || f == nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, input.Unread(l.display(name), err)
	}
	if int64(len(data)) > limit {
		l.refuse("too-large", rule.Limit, name, "split it", "%s is larger than %d bytes", name, limit)
		return nil, nil
	}
	return data, nil
}

// open opens a regular file, and nothing that took its place since the
// directory was read; nil where a problem was reported.
func (l *loader) open(name string) (fs.File, error) {
	f, err := l.files.Open(name)
	if err != nil {
		return nil, input.Unread(l.display(name), err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, input.Unread(l.display(name), err)
	}
	if !info.Mode().IsRegular() {
		_ = f.Close()
		l.refuse("not-a-regular-file", rule.Special, name, "leave the directory alone while it is read", "%s ceased to be a regular file", name)
		return nil, nil
	}
	return f, nil
}

// documentError reports what pkg/document refused.
func (l *loader) documentError(err error) {
	pos := tree.Pos{Path: l.display(recap.DocumentPath), Line: 1, Col: 1}
	mend := ""
	var placed *document.Error
	if errors.As(err, &placed) {
		pos.Line, pos.Col, mend = max(placed.Line, 1), max(placed.Col, 1), placed.Mend
	}
	code := rule.FrontMatter
	switch {
	case errors.Is(err, document.ErrLimit):
		code = rule.Costly
	case errors.Is(err, document.ErrEncoding):
		code = rule.Encoding
	}
	l.report(code, pos, mend, "%s", err)
}

// singleFile shows one file of a file system as the document of a recap.
type singleFile struct {
	fsys fs.FS
	name string
}

// Open opens the document; there is nothing else.
func (s singleFile) Open(name string) (fs.File, error) {
	if name != recap.DocumentPath {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return s.fsys.Open(s.name)
}

// Lstat describes the document itself, not what it may point to.
func (s singleFile) Lstat(name string) (fs.FileInfo, error) {
	if name != recap.DocumentPath {
		return nil, &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
	}
	return fs.Lstat(s.fsys, s.name)
}

// ReadLink finds no link.
func (s singleFile) ReadLink(name string) (string, error) {
	return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
}
