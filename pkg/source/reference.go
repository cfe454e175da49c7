// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// checkBody looks at the text below the front matter.
func (l *loader) checkBody() {
	at := l.display(recap.DocumentPath)
	if len(bytes.TrimSpace(l.text[l.body.Start:l.body.End])) == 0 {
		l.report(rule.EmptyBody, position(at, l.text, l.body.Start), "write what you saw", "there is no text below the front matter")
	}
	if l.doc == nil {
		return
	}
	for _, s := range l.doc.Shortcodes {
		if s.Name != "figure" {
			l.report(rule.Shortcode, tree.Pos{Path: at, Line: s.Line, Col: s.Col}, "write it in Markdown",
				"the shortcode %q is shown as typed outside its site", words.Clip(s.Name))
		}
	}
}

// checkReferences looks at every link and file name of the document and of the
// facts, and at every file that none of them names.
func (l *loader) checkReferences() {
	described := map[string]bool{}
	for i, m := range l.recap.Facts.Media {
		described[m.Src] = m.Alt != ""
		for _, field := range [][2]string{{"src", m.Src}, {"original", m.Original}, {"transcript", m.Transcript}} {
			if key, name := field[0], field[1]; name != "" {
				pos, _ := l.normalised.Find(fmt.Sprintf("/recap/media/%d/%s", i, key))
				l.checkFile(name, fmt.Sprintf("media[%d].%s", i, key), pos)
			}
		}
	}
	if l.doc != nil {
		for _, link := range l.doc.Links {
			l.checkLink(link, described)
		}
	}
	l.describeFiles()
	for _, f := range l.list {
		base, _, _ := strings.Cut(strings.ToUpper(path.Base(f.path)), ".")
		if !l.used[f.path] && !slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "README"}, base) {
			l.report(rule.Unreferenced, l.whole(f.path), "refer to it, describe it under media, or remove it", "nothing refers to %s", f.path)
		}
	}
}

// useStrings counts a file as used when a value of the front matter is its
// name: themes have many keys for cover images.
func (l *loader) useStrings(n *tree.Node) {
	if n.Kind == tree.String && len(n.Text) <= recap.MaxPathLength {
		l.used[path.Clean(n.Text)] = true
	}
	for _, item := range n.Items {
		l.useStrings(item)
	}
	for _, e := range n.Entries {
		l.useStrings(e.Value)
	}
}

// checkFile looks at a reference that can only mean a file of the recap.
func (l *loader) checkFile(name, what string, pos tree.Pos) {
	name = path.Clean(name)
	switch {
	case path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") || strings.ContainsAny(name, "\\\x00"):
		l.report(rule.Path, pos, "put the file into the recap and name it relative to index.md", "%s: %q leads out of the recap", what, words.Clip(name))
	case l.has(name):
		l.used[name] = true
	case l.single != "":
		l.report(rule.MissingFile, pos, "give the recap a directory of its own, with the text as index.md and the file beside it",
			"%s: %q can't be part of a recap that is a single file", what, words.Clip(name))
	default:
		l.report(rule.MissingFile, pos, l.missing(name), "%s: there is no file %q", what, words.Clip(name))
	}
}

// missing says how to mend a reference to a file that isn't there.
func (l *loader) missing(name string) string {
	for c := range strings.SplitSeq(name, "/") {
		if leftOut(c) {
			return fmt.Sprintf("rename %s: such names are left out of a recap", words.Clip(c))
		}
	}
	paths := make([]string, len(l.list))
	for i, f := range l.list {
		paths[i] = f.path
	}
	if s := fit.Nearest(name, paths); s != "" {
		return fmt.Sprintf("did you mean %s?", s)
	}
	return "add the file or mend the reference"
}

// checkLink looks at one link or image of the body.
func (l *loader) checkLink(link document.Link, described map[string]bool) {
	pos := tree.Pos{Path: l.display(recap.DocumentPath), Line: link.Line, Col: link.Col}
	what := "link"
	if link.Image {
		what = "image"
	}
	name, local := localPath(link.Dest)
	if link.Image && strings.TrimSpace(link.Text) == "" && !described[name] {
		l.report(rule.Alt, pos, "describe it between the brackets: ![what it shows](file)", "the image %q has no alternative text", words.Clip(link.Dest))
	}
	if f, ok := rule.CheckLink(link.Dest); !ok {
		l.report(f.Rule, pos, f.Mend, "%s: %s", what, f.Message)
		return
	}
	if !local {
		return
	}
	outside := path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../")
	switch {
	case path.IsAbs(name), outside && !link.Image:
		l.report(rule.Link, pos, "write the whole address", "the %s %q leads nowhere outside its site", what, words.Clip(link.Dest))
	case link.Image, l.has(name), namesFile(name):
		l.checkFile(name, what, pos)
	default:
		l.report(rule.Link, pos, "write the whole address", "the %s %q leads nowhere outside its site", what, words.Clip(link.Dest))
	}
}

// localPath returns the path that a link without a scheme and host means, and
// whether it has one. A link to a place in the document itself has none.
func localPath(dest string) (name string, ok bool) {
	u, err := url.Parse(dest)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || strings.HasPrefix(dest, "//") {
		return "", false
	}
	return path.Clean(u.Path), true
}

// namesFile reports whether a relative link means a file rather than a page of
// the site: it has an extension that media and data have.
func namesFile(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case "", ".html", ".htm", ".md", ".markdown", ".php", ".aspx":
		return false
	}
	return recap.MediaTypeOf(name) != "application/octet-stream"
}
