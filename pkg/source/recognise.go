// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/front"
	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// IsRecap reports whether what lies at name was written to be a recap: a
// directory with an index.md, or a .md file, whose front matter has a recap key,
// or beside whose index.md lies a recap.yaml. Other posts of a site, pictures and
// links are none. What can't be looked into counts, so that [Load] says what is
// wrong: an index.md that is a link, and a front matter that can't be read as long
// as the key can be seen in it.
//
// The error is recap.Local, for input and output.
func IsRecap(fsys fs.FS, name string) (bool, error) {
	info, err := fs.Lstat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, input.Unread(name, err)
	}
	text := name
	switch {
	case info.IsDir():
		text = path.Join(name, recap.DocumentPath)
		if info, err := fs.Lstat(fsys, text); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return true, nil
		}
		if info, err := fs.Lstat(fsys, path.Join(name, FactsPath)); err == nil && info.Mode().IsRegular() {
			info, err := fs.Lstat(fsys, text)
			return err == nil && info.Mode().IsRegular(), nil
		}
	case !info.Mode().IsRegular(), !isMarkdown(name):
		return false, nil
	}
	start, err := readStart(fsys, text)
	if err != nil || start == nil {
		return false, err
	}
	return hasFacts(start), nil
}

func isMarkdown(name string) bool {
	ext := path.Ext(name)
	return strings.EqualFold(ext, ".md") || strings.EqualFold(ext, ".markdown")
}

// readStart returns as much of a document as a front matter may take; nil where
// there is no regular file.
func readStart(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Lstat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, input.Unread(name, err)
	case !info.Mode().IsRegular():
		return nil, nil
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, input.Unread(name, err)
	}
	defer f.Close()
	const limit = recap.MaxFrontMatterSize + 4096
	text, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, input.Unread(name, err)
	}
	if len(text) == limit { // not within a character
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	return text, nil
}

// factsKeyLine finds the recap key at the start of a line, in each language of a
// front matter.
var factsKeyLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(?:recap\s*:|\[+recap[\].]|recap\s*=|recap\.|\s*"recap"\s*:)`)
})

// hasFacts reports whether the start of a document has a recap key.
func hasFacts(text []byte) bool {
	block, err := document.Split(text)
	if err != nil {
		return factsKeyLine().Match(text)
	}
	syntax, ok := front.SyntaxOf(block.Format)
	if !ok {
		return false
	}
	data := text[block.Data.Start:block.Data.End]
	root, _ := tree.Parse(syntax, data, "", 1)
	if root == nil || root.Kind != tree.Map {
		return factsKeyLine().Match(data)
	}
	return root.Has(front.Key)
}
