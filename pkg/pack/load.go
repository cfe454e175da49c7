// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// maxFileSize is the most bytes of a pack.yaml: what it says becomes the config of
// the pack.
const maxFileSize = recap.MaxConfigSize

// maxProblems is how many problems of one file, and then how many of a pack, are
// listed.
const maxProblems = 1000

// Load reads the pack.yaml of fsys, a pack's directory, and returns it with all
// that is wrong with it, ordered by place. Whether its members are there isn't
// looked at.
//
// The file is nil when any of the problems is an error. The error is about what
// stops reading at all: recap.NotFound with code no-pack, recap.Unsafe with code
// symlink-in-source, not-a-regular-file or too-large, and recap.Local.
func Load(fsys fs.FS) (*File, []recap.Problem, error) {
	f, _, problems, err := load(fsys)
	return f, problems, err
}

// load returns the tree of the file, too, for the places of what is wrong.
func load(fsys fs.FS) (*File, *tree.Node, []recap.Problem, error) {
	data, err := readFile(fsys, FileName, maxFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, recap.Errorf(recap.NotFound, "no-pack", "there is no %s", FileName).WithHint("write one with: recap init --pack")
	}
	if err != nil {
		return nil, nil, nil, err
	}
	f, root, problems := parse(data)
	return f, root, problems, nil
}

// Parse reads the text of a pack.yaml, as [Load] does.
func Parse(data []byte) (*File, []recap.Problem) {
	f, _, problems := parse(data)
	return f, problems
}

func parse(data []byte) (*File, *tree.Node, []recap.Problem) {
	r := &reader{file: &File{Pack: &recap.Pack{}, Digest: digest.FromBytes(data)}}
	if r.checkText(data) && r.parse(data) {
		r.checkForm()
		r.decode()
	}
	recap.SortProblems(r.problems)
	r.problems = slices.Compact(r.problems)
	failed := slices.ContainsFunc(r.problems, isError)
	if len(r.problems) > maxProblems {
		r.problems = r.problems[:maxProblems]
	}
	if failed {
		return nil, r.root, r.problems
	}
	return r.file, r.root, r.problems
}

func isError(p recap.Problem) bool { return p.Severity == recap.SeverityError }

// readFile reads a regular file of at most limit bytes. That there is none is
// fs.ErrNotExist.
func readFile(fsys fs.FS, name string, limit int64) ([]byte, error) {
	info, err := fs.Lstat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, input.Unread(name, err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, recap.Errorf(recap.Unsafe, "symlink-in-source", "%s is a symbolic link", name).WithHint("put a copy of the file in its place")
	case !info.Mode().IsRegular():
		return nil, recap.Errorf(recap.Unsafe, "not-a-regular-file", "%s is not a regular file", name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, input.Unread(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, input.Unread(name, err)
	}
	if int64(len(data)) > limit {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "%s is larger than %d bytes", name, limit)
	}
	return data, nil
}

// reader is one run of parse.
type reader struct {
	root     *tree.Node
	cuts     []string // pointers to what doesn't fit
	broken   bool
	file     *File
	problems []recap.Problem
}

func (r *reader) report(pos tree.Pos, severity recap.Severity, rule, mend, format string, args ...any) {
	r.problems = append(r.problems, recap.Problem{
		Path: FileName, Line: pos.Line, Col: pos.Col, Severity: severity, Rule: rule, Message: fmt.Sprintf(format, args...), Mend: mend,
	})
}

func (r *reader) fail(pos tree.Pos, rule, mend, format string, args ...any) {
	r.report(pos, recap.SeverityError, rule, mend, format, args...)
}

// parse reports whether data could be read as YAML.
func (r *reader) parse(data []byte) bool {
	root, problems := tree.Parse(tree.YAML, data, FileName, 1)
	for _, p := range problems {
		code := rule.FrontMatter
		switch p.Class {
		case tree.Duplicate:
			code = rule.Duplicate
		case tree.Ambiguous:
			code = rule.Ambiguous
		}
		mend := p.Mend
		if mend == "" {
			mend = "mend what an editor that knows YAML marks"
		}
		r.fail(p.Pos, code, mend, "%s", p.Message)
	}
	switch {
	case root == nil || len(problems) > 0:
		return false
	case root.Kind != tree.Map:
		r.fail(root.Pos, rule.FrontMatter, "write key: value lines", "pack.yaml is %s, not a mapping", root.Kind)
		return false
	}
	r.root = root
	return r.checkValues(root)
}

// checkForm reports what doesn't fit the schema.
func (r *reader) checkForm() {
	n := 0
	for m := range form().Check(r.root) {
		if n++; n > maxProblems {
			return
		}
		r.broken = true
		r.cuts = append(r.cuts, m.Cut...)
		code := rule.Value
		if m.Unknown {
			code = rule.Unknown
		}
		r.fail(m.Pos, code, m.Mend, "%s", m.Message)
	}
}

// decode fills in the file, as far as what is written fits.
func (r *reader) decode() {
	root := r.root.Clone()
	for _, pointer := range r.cuts {
		root.Cut(pointer)
	}
	pack := r.file.Pack
	extensions := map[string]json.RawMessage{}
	takeExtensions(root, "", extensions)
	if len(extensions) > 0 {
		pack.Extensions = extensions
	}
	for _, field := range []struct {
		key string
		to  *string
	}{
		{"name", &pack.Name}, {"version", &pack.Version}, {"title", &pack.Title}, {"description", &pack.Description},
		{"url", &pack.URL}, {"license", &pack.License},
	} {
		if v := root.Get(field.key); v != nil && v.Kind == tree.String {
			*field.to = v.Text
		}
	}
	declared, problems := source.Declare(root)
	pack.Events, pack.Entities, pack.Authors = declared.Events, declared.Entities, declared.Authors
	r.decodeRest(root)
	for i, item := range root.Get("members").List() {
		if item.Kind == tree.String {
			r.entry(item, i)
		}
	}
	if !r.broken { // else much only seems to be missing
		r.problems = append(r.problems, problems...)
		r.judge()
	}
}

// takeExtensions takes the keys that begin with x- out of the tree and keeps
// their values as JSON by the pointer of the key.
func takeExtensions(n *tree.Node, pointer string, found map[string]json.RawMessage) {
	for i, item := range n.Items {
		takeExtensions(item, fmt.Sprintf("%s/%d", pointer, i), found)
	}
	if n.Kind != tree.Map {
		return
	}
	// Ids, names and properties are anybody's; x- is a prefix like another there.
	free := slices.Contains([]string{"/events", "/entities", "/conflicts/tolerance"}, pointer) || strings.HasPrefix(pointer, "/aliases/")
	kept := n.Entries[:0:0]
	for _, e := range n.Entries {
		at := pointer + "/" + tree.Escape(e.Key.Text)
		if strings.HasPrefix(e.Key.Text, "x-") && !free {
			found[at] = e.Value.JSON()
			continue
		}
		takeExtensions(e.Value, at, found)
		kept = append(kept, e)
	}
	n.Entries = kept
}
