// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// The schemes of references. A layout keeps its own: without it, it would be a
// path.
const (
	schemeOCI    = "oci://"
	schemeLayout = "oci-layout://"
)

// entry adds the i-th item of members to the file.
func (r *reader) entry(item *tree.Node, i int) {
	e, why, mend := classify(item.Text)
	if why != "" {
		r.fail(item.Pos, rule.Member, mend, "members[%d]: %s", i, why)
		return
	}
	e.Line, e.Col = item.Pos.Line, item.Pos.Col
	for j, other := range r.file.Members {
		if other.Kind == e.Kind && other.Path == e.Path {
			r.fail(item.Pos, rule.Member, "keep one of them", "members[%d]: %q is there already (line %d)", i, words.Clip(e.Text), r.file.Members[j].Line)
			return
		}
	}
	r.file.Members = append(r.file.Members, e)
}

// classify says what an item of members names or, in words, why it can name
// nothing.
func classify(text string) (e Entry, why, mend string) {
	e.Text = text
	ref, explicit := strings.CutPrefix(text, schemeOCI)
	switch {
	case strings.TrimSpace(text) != text || strings.ContainsAny(text, "\n\t"):
		return e, fmt.Sprintf("%q begins or ends with white space", words.Clip(text)), "write it without spaces around it"
	case strings.Contains(text, "://") && !explicit && !strings.HasPrefix(text, schemeLayout):
		return e, fmt.Sprintf("%q is neither a path nor a reference", words.Clip(text)), "write a path below pack.yaml, or oci://host/repo:tag"
	case explicit || strings.HasPrefix(text, schemeLayout) || looksLikeReference(text):
		if !explicit {
			ref = text
		}
		e.Kind, e.Path = EntryReference, ref
		switch {
		case strings.ContainsAny(ref, " "):
			return e, fmt.Sprintf("%q is no reference", words.Clip(text)), "write host/repo:tag"
		case !strings.HasPrefix(ref, schemeLayout) && !isTagged(ref):
			return e, fmt.Sprintf("%q names no version", words.Clip(text)), "add a tag, :1.0.0, or a digest, @sha256:…"
		}
		return e, "", ""
	case strings.Contains(text, `\`):
		return e, fmt.Sprintf(`%q has a backslash`, words.Clip(text)), "write / between directories"
	case strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~"):
		return e, fmt.Sprintf("%q is not below pack.yaml", words.Clip(text)), "write it relative to pack.yaml"
	case strings.Contains("/"+text+"/", "/../"):
		return e, fmt.Sprintf("%q leads out of the directory of pack.yaml", words.Clip(text)), "move pack.yaml above its recaps, and name them from there"
	}
	e.Kind, e.Path = EntryPath, path.Clean(text)
	switch {
	case strings.ContainsAny(text, "*?["):
		e.Kind = EntryGlob
		if _, err := path.Match(strings.ReplaceAll(e.Path, "**", "*"), ""); err != nil {
			return e, fmt.Sprintf("%q is no pattern", words.Clip(text)), "close the bracket, or write another pattern"
		}
		for component := range strings.SplitSeq(e.Path, "/") {
			if strings.Contains(component, "**") && component != "**" {
				return e, fmt.Sprintf("%q has ** beside other characters", words.Clip(text)), "write ** alone between two /"
			}
		}
	case e.Path == ".":
		return e, fmt.Sprintf("%q is the pack itself", words.Clip(text)), "name the recaps, such as ./recaps/*"
	case path.Base(e.Path) == FileName:
		return e, fmt.Sprintf("%q is a pack, and a pack holds recaps only", words.Clip(text)), "list the recaps of that pack instead"
	case strings.Contains(e.Path, ":"):
		return e, fmt.Sprintf("%q is neither a path nor a reference", words.Clip(text)), "write the whole reference, host/repo:tag, or rename the directory"
	case path.Base(e.Path) == recap.DocumentPath && e.Path != recap.DocumentPath:
		e.Path = path.Dir(e.Path) // with the files beside it
	}
	if !fs.ValidPath(e.Path) {
		return e, fmt.Sprintf("%q is not a path", words.Clip(text)), "write a path below pack.yaml"
	}
	return e, "", ""
}

// looksLikeReference reports whether an item without a scheme begins with a host,
// as a path that isn't written with ./ doesn't.
func looksLikeReference(text string) bool {
	host, rest, ok := strings.Cut(text, "/")
	if !ok || rest == "" || strings.HasPrefix(host, ".") || strings.ContainsAny(host, "*?[") {
		return false
	}
	return strings.ContainsAny(host, ".:") || host == "localhost"
}

// isTagged reports whether a reference says which version it means.
func isTagged(ref string) bool {
	_, last, _ := strings.Cut(ref, "/")
	last = last[strings.LastIndexByte(last, '/')+1:]
	return strings.Contains(last, ":") && !strings.HasSuffix(last, ":") && !strings.HasPrefix(last, ":")
}
