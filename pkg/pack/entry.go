// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/fit"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/source"
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
		r.fail(item.Pos, source.RuleMember, mend, "members[%d]: %s", i, why)
		return
	}
	e.Line, e.Col = item.Pos.Line, item.Pos.Col
	for j, other := range r.file.Members {
		if other.Kind == e.Kind && other.Path == e.Path {
			r.fail(item.Pos, source.RuleMember, "keep one of them", "members[%d]: %q is there already (line %d)", i, fit.Clip(e.Text), r.file.Members[j].Line)
			return
		}
	}
	r.file.Members = append(r.file.Members, e)
}

// classify says what an item of members names or, in words, why it can name
// nothing.
func classify(text string) (e Entry, why, mend string) {
	e.Text = text
	no := func(mend, format string, args ...any) (Entry, string, string) {
		return Entry{}, fmt.Sprintf(format, args...), mend
	}
	ref, explicit := strings.CutPrefix(text, schemeOCI)
	switch {
	case strings.TrimSpace(text) != text || strings.ContainsAny(text, "\n\t"):
		return no("write it without spaces around it", "%q begins or ends with white space", fit.Clip(text))
	case strings.Contains(text, "://") && !explicit && !strings.HasPrefix(text, schemeLayout):
		return no("write a path below pack.yaml, or oci://host/repo:tag", "%q is neither a path nor a reference", fit.Clip(text))
	case explicit || strings.HasPrefix(text, schemeLayout) || looksLikeReference(text):
		if !explicit {
			ref = text
		}
		e.Kind, e.Path = EntryReference, ref
		switch {
		case strings.ContainsAny(ref, " "):
			return no("write host/repo:tag", "%q is no reference", fit.Clip(text))
		case !strings.HasPrefix(ref, schemeLayout) && !isTagged(ref):
			return no("add a tag, :1.0.0, or a digest, @sha256:…", "%q names no version", fit.Clip(text))
		}
		return e, "", ""
	case strings.Contains(text, `\`):
		return no("write / between directories", `%q has a backslash`, fit.Clip(text))
	case strings.HasPrefix(text, "/") || strings.HasPrefix(text, "~"):
		return no("write it relative to pack.yaml", "%q is not below pack.yaml", fit.Clip(text))
	case strings.Contains("/"+text+"/", "/../"):
		return no("move pack.yaml above its recaps, and name them from there", "%q leads out of the directory of pack.yaml", fit.Clip(text))
	}
	e.Kind, e.Path = EntryPath, path.Clean(text)
	switch {
	case strings.ContainsAny(text, "*?["):
		e.Kind = EntryGlob
		if _, err := path.Match(strings.ReplaceAll(e.Path, "**", "*"), ""); err != nil {
			return no("close the bracket, or write another pattern", "%q is no pattern", fit.Clip(text))
		}
		for component := range strings.SplitSeq(e.Path, "/") {
			if strings.Contains(component, "**") && component != "**" {
				return no("write ** alone between two /", "%q has ** beside other characters", fit.Clip(text))
			}
		}
	case e.Path == ".":
		return no("name the recaps, such as ./recaps/*", "%q is the pack itself", fit.Clip(text))
	case path.Base(e.Path) == FileName:
		return no("list the recaps of that pack instead", "%q is a pack, and a pack holds recaps only", fit.Clip(text))
	case strings.Contains(e.Path, ":"):
		return no("write the whole reference, host/repo:tag, or rename the directory", "%q is neither a path nor a reference", fit.Clip(text))
	case path.Base(e.Path) == recap.DocumentPath && e.Path != recap.DocumentPath:
		e.Path = path.Dir(e.Path) // with the files beside it
	}
	if !fs.ValidPath(e.Path) {
		return no("write a path below pack.yaml", "%q is not a path", fit.Clip(text))
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
