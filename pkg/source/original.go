// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path"

	"github.com/recap-oci/recap/pkg/document"
	"github.com/recap-oci/recap/pkg/internal/input"
	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/internal/words"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source/internal/copied"
)

// checkOriginal compares the recap with the article that it retells, where that
// is at hand, and finds its own quotes.
func (l *loader) checkOriginal() error {
	src := l.recap.Facts.Source
	var original []byte
	if src != nil {
		if err := l.checkInside(src); err != nil {
			return err
		}
		var err error
		if original, err = l.readOriginal(src); err != nil {
			return err
		}
	}
	var inOriginal func(string) int
	if original != nil {
		lines := bytes.Count(original, []byte{'\n'})
		if len(original) > 0 && !bytes.HasSuffix(original, []byte{'\n'}) {
			lines++
		}
		for _, f := range rule.CheckSourceLines(l.recap, lines) {
			l.finding(f)
		}
		inOriginal = func(quote string) int { n, _ := document.FindQuote(original, quote); return n }
	}
	body := l.text[l.body.Start:l.body.End]
	inBody := func(quote string) int { n, _ := document.FindQuote(body, quote); return n }
	for _, f := range rule.CheckQuotes(l.recap, inBody, inOriginal) {
		l.finding(f)
	}
	if l.doc != nil && original != nil && src.Derivation == "rewritten" {
		l.checkCopied(original)
	}
	return nil
}

// checkInside refuses a copy of the original among the files of the recap:
// known by its name or by its digest.
func (l *loader) checkInside(src *recap.Source) error {
	pos, _ := l.normalised.Find("/recap/source/path")
	if src.Path != "" && l.has(path.Clean(src.Path)) {
		l.report(rule.Original, pos, "move it out of the recap, and name it relative to pack.yaml", "%s is the original and lies inside the recap", words.Clip(src.Path))
		return nil
	}
	for _, f := range l.list {
		if src.Digest == "" || f.path == recap.DocumentPath || f.size == 0 || f.size > recap.MaxDocumentSize {
			continue
		}
		data, err := l.read(f.path, recap.MaxDocumentSize)
		if err != nil {
			return err
		}
		if data != nil && digestOf(data) == src.Digest {
			l.report(rule.Original, l.whole(f.path), "move it out of the recap, and name it in source.path relative to pack.yaml",
				"%s is the original and lies inside the recap", f.path)
		}
	}
	return nil
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// readOriginal returns the text of the original, nil when it isn't at hand.
func (l *loader) readOriginal(src *recap.Source) ([]byte, error) {
	name := path.Clean(src.Path)
	if l.opts.Originals == nil || src.Path == "" {
		return nil, nil
	}
	pos, _ := l.normalised.Find("/recap/source/path")
	if !fs.ValidPath(name) {
		l.report(rule.Path, pos, "name it relative to pack.yaml", "source.path: %q leads out of the pack", words.Clip(src.Path))
		return nil, nil
	}
	info, err := fs.Lstat(l.opts.Originals, name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > recap.MaxDocumentSize {
		return nil, nil // an original may be kept elsewhere
	}
	f, err := l.opts.Originals.Open(name)
	if err != nil {
		return nil, input.Unread(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, recap.MaxDocumentSize+1))
	if err != nil {
		return nil, input.Unread(name, err)
	}
	if src.Digest != "" && digestOf(data) != src.Digest {
		at, _ := l.normalised.Find("/recap/source/digest")
		l.report(rule.OriginalDigest, at, "read it again, and write its digest here: "+digestOf(data), "%s isn't the original that was read", name)
	}
	return data, nil
}

// checkCopied reports what the body has word by word from the original, other
// than names, titles and what is quoted as a quotation.
func (l *loader) checkCopied(text []byte) {
	exempt := l.recap.Names()
	for _, q := range l.recap.Facts.Quotations {
		exempt = append(exempt, q.Quote)
	}
	original := copied.Read(text, exempt)
	for _, s := range l.doc.Sections {
		for _, p := range original.In(l.doc.Text[s.Content.Start:s.Content.End], s.Content.Start) {
			line, col := l.doc.Position(p.Offset)
			l.report(rule.Copied, tree.Pos{Path: l.display(recap.DocumentPath), Line: line, Col: col},
				"say it in your own words, or quote it under quotations", "these words stand in the original: %q", p.Words)
		}
	}
}
