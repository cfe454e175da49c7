// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package draft

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/front"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// FormatOptions are the choices of [Format].
type FormatOptions struct {
	// Expand writes the long form: every shorthand, default and quantity
	// spelled out. Default: shorthands where they say the same.
	Expand bool
}

// Format returns the text of a document, or of a recap.yaml, with its front
// matter in tidy form: fields in the order of the schema, shorthands (or, to
// expand, none), YAML indented by two spaces. The recap that is read from it is
// the same, comments stay with what they stand above or beside, the body keeps
// every byte, and formatting again changes nothing; blank lines between fields
// go. All of this is looked at before anything is returned.
//
// TOML is left alone, because there is no writer that keeps its comments: the
// error is recap.Usage with code fmt-toml. A text that doesn't fit the schema is
// recap.Negative with code check-failed, and one whose comments would not stay
// where they are recap.Negative with code fmt-comments.
func Format(name string, raw []byte, opts FormatOptions) ([]byte, error) {
	out, err := formatOnce(name, raw, opts)
	if err != nil {
		return nil, err
	}
	again, err := formatOnce(name, out, opts)
	if err != nil || !bytes.Equal(again, out) {
		return nil, recap.Errorf(recap.Negative, "fmt-comments", "formatting %q: a comment would not stay where it is", name).
			WithHint("put each comment on a line of its own, above a field that is not in brackets")
	}
	return out, nil
}

func formatOnce(name string, raw []byte, opts FormatOptions) ([]byte, error) {
	f, err := openText(name, raw)
	if err != nil {
		return nil, err
	}
	before, err := meaning(f.root, f.facts)
	if err != nil {
		return nil, recap.Errorf(recap.Negative, "check-failed", "formatting %q: %w", name, err).
			WithHint("mend what recap check lists, then format it")
	}
	comments := f.root.Comments()
	tidy := f.root.Clone()
	keepModeline(tidy)
	facts := tidy
	if !f.facts {
		facts = tidy.Get(front.Key)
	}
	if opts.Expand {
		front.Expand(facts)
	} else {
		shorten(facts)
	}
	sortBySchema(tidy, f.facts)
	data, err := f.write(tidy)
	if err != nil {
		return nil, recap.Errorf(recap.Local, "fmt", "formatting %q: %w", name, err)
	}
	after, problems := tree.Parse(f.syntax, bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), name, 1)
	if len(problems) > 0 {
		return nil, wouldChange(name)
	}
	if !slices.Equal(sorted(comments), sorted(after.Comments())) {
		return nil, recap.Errorf(recap.Negative, "fmt-comments", "formatting %q: a comment would be lost", name).
			WithHint("put each comment on a line of its own, above a field that is not in brackets")
	}
	same, err := meaning(after, f.facts)
	if err != nil || !bytes.Equal(before, same) {
		return nil, wouldChange(name)
	}
	return f.splice(data), nil
}

func wouldChange(name string) error {
	return recap.Errorf(recap.Local, "fmt", "formatting %q would change what it says; nothing was changed", name).
		WithHint("please report this as a bug, with the front matter")
}

// sorted returns the lines of comments in an order of their own: sorting fields
// moves comments, and none may get lost.
func sorted(comments []string) []string {
	var lines []string
	for _, c := range comments {
		for line := range strings.SplitSeq(c, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				lines = append(lines, line)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// text is a document, or a recap.yaml, opened for rewriting its metadata.
type text struct {
	raw    []byte
	data   document.Range // of raw: the metadata
	syntax tree.Syntax
	facts  bool // the metadata is what stands under the recap key
	root   *tree.Node
}

// openText reads the metadata of a text by the name of its file.
func openText(name string, raw []byte) (*text, error) {
	f := &text{raw: raw, facts: path.Base(name) == recap.MetadataPath}
	bad := func(code, mend, format string, args ...any) error {
		return recap.Errorf(recap.Negative, code, format, args...).WithHint("%s", mend)
	}
	first := 1
	if f.facts {
		f.syntax, f.data = tree.YAML, document.Range{Start: 0, End: len(raw)}
	} else {
		block, err := document.Split(raw)
		if err != nil {
			return nil, bad("check-failed", "mend what recap check lists", "reading %q: %w", name, err)
		}
		var ok bool
		if f.syntax, ok = front.SyntaxOf(block.Format); !ok {
			return nil, bad("no-front-matter", "add it with recap init "+name, "%q has no front matter", name)
		}
		f.data, first = block.Data, block.Line
	}
	if f.syntax == tree.TOML {
		return nil, recap.Errorf(recap.Usage, "fmt-toml", "%q has TOML front matter, which is left alone", name).
			WithHint("write the front matter in YAML or JSON to have it formatted")
	}
	if f.data.Len() > recap.MaxFrontMatterSize {
		return nil, recap.Errorf(recap.Unsafe, "too-large", "the front matter of %q has %d bytes; at most %d are read", name, f.data.Len(), recap.MaxFrontMatterSize)
	}
	// Without carriage returns, which comments would keep; write puts them back.
	data := bytes.ReplaceAll(raw[f.data.Start:f.data.End], []byte("\r\n"), []byte("\n"))
	root, problems := tree.Parse(f.syntax, data, name, first)
	if len(problems) > 0 {
		p := problems[0]
		return nil, bad("check-failed", p.Mend, "%s:%d:%d: %s", name, p.Pos.Line, p.Pos.Col, p.Message)
	}
	f.root = root
	return f, nil
}

// write returns the tree in the language of the text and with its line ends.
func (f *text) write(root *tree.Node) ([]byte, error) {
	var data []byte
	if f.syntax == tree.JSON {
		data = root.Indented("  ")
	} else {
		var err error
		if data, err = root.YAML(); err != nil {
			return nil, err
		}
	}
	if bytes.Contains(f.raw[f.data.Start:f.data.End], []byte("\r\n")) {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	return data, nil
}

// splice returns the text with other metadata.
func (f *text) splice(data []byte) []byte {
	return slices.Concat(f.raw[:f.data.Start], data, f.raw[f.data.End:])
}

// meaning returns the JSON of the recap that a metadata tree says, or an error
// where it doesn't fit the schema.
func meaning(root *tree.Node, factsOnly bool) ([]byte, error) {
	top := root.Clone()
	if factsOnly {
		top = tree.NewMap(root.Pos)
		top.Set("title", tree.Text("recap.yaml has none", root.Pos))
		top.Set(front.Key, root.Clone())
	}
	var problems []recap.Problem
	fail := func(pos tree.Pos, code, mend, format string, args ...any) {
		problems = append(problems, recap.Problem{
			Path: pos.Path, Line: pos.Line, Col: pos.Col,
			Severity: rule.SeverityOf(code), Rule: code, Message: fmt.Sprintf(format, args...), Mend: mend,
		})
	}
	front.Fit(top, func(m fit.Misfit) bool {
		fail(m.Pos, front.RuleOf(m), m.Mend, "%s", m.Message)
		return true
	})
	r, _, err := front.Read(top, fail)
	recap.SortProblems(problems)
	for _, p := range problems {
		if p.Severity == recap.SeverityError {
			return nil, problemError{p}
		}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// problemError is a problem that stops something else.
type problemError struct{ recap.Problem }

// Error returns the problem as check prints it.
func (e problemError) Error() string { return e.String() }

// keepModeline makes the comment by which an editor finds the schema one of the
// whole text, so that it stays at the top whatever comes first.
func keepModeline(root *tree.Node) {
	const modeline = "# yaml-language-server:"
	if root.Kind != tree.Map || len(root.Entries) == 0 {
		return
	}
	first := root.Entries[0].Key
	var top, rest []string
	for line := range strings.SplitSeq(first.Head, "\n") {
		if strings.HasPrefix(line, modeline) && len(rest) == 0 {
			top = append(top, line)
		} else {
			rest = append(rest, line)
		}
	}
	if len(top) == 0 {
		return
	}
	root.Head = strings.Join(append([]string{}, append(nonEmpty(root.Head), top...)...), "\n")
	first.Head = strings.Trim(strings.Join(rest, "\n"), "\n")
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
