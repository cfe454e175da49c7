// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source

import (
	"slices"

	"github.com/recap-oci/recap/pkg/internal/tree"
	"github.com/recap-oci/recap/pkg/recap"
)

// whole is the place of a finding about a file as a whole.
func (l *loader) whole(name string) tree.Pos { return tree.Pos{Path: l.display(name)} }

// has reports whether the recap holds a file.
func (l *loader) has(name string) bool {
	_, found := slices.BinarySearchFunc(l.list, name, func(f listed, name string) int {
		switch {
		case f.path < name:
			return -1
		case f.path > name:
			return 1
		}
		return 0
	})
	return found
}

// tabulate makes the file table: the document first, then the rest by path.
func (l *loader) tabulate() {
	files := make([]recap.File, 0, len(l.list))
	for _, f := range l.list {
		mediaType := recap.MediaTypeOf(f.path)
		row := recap.File{Path: f.path, MediaType: mediaType, Role: recap.RoleOf(f.path, mediaType), Size: f.size}
		switch f.path {
		case recap.DocumentPath:
			row.MediaType, row.Role = recap.MediaTypeDocument, recap.RoleDocument
			files = slices.Insert(files, 0, row)
			continue
		case FactsPath:
			row.Role = recap.RoleMetadata
		}
		files = append(files, row)
	}
	l.recap.Files = files
}

// describeFiles gives the files the roles and licences that media entries
// state.
func (l *loader) describeFiles() {
	row := func(name string) *recap.File {
		i := slices.IndexFunc(l.recap.Files, func(f recap.File) bool { return f.Path == name })
		if i < 0 || l.recap.Files[i].Role == recap.RoleDocument || l.recap.Files[i].Role == recap.RoleMetadata {
			return nil
		}
		return &l.recap.Files[i]
	}
	for _, m := range l.recap.Facts.Media {
		for _, name := range []string{m.Src, m.Original} {
			if f := row(name); f != nil {
				f.License = m.License
				if role, ok := roleOf(m.Kind); ok {
					f.Role = role
				}
			}
		}
		if f := row(m.Transcript); f != nil {
			f.Role = recap.RoleTranscript
		}
	}
}

// roleOf returns the role of a kind of media; a PDF that is a "document" is an
// attachment, since a recap has one document.
func roleOf(kind string) (recap.Role, bool) {
	switch kind {
	case "image":
		return recap.RoleImage, true
	case "audio":
		return recap.RoleAudio, true
	case "video":
		return recap.RoleVideo, true
	case "slides":
		return recap.RoleSlides, true
	case "dataset":
		return recap.RoleDataset, true
	case "transcript":
		return recap.RoleTranscript, true
	case "document":
		return recap.RoleAttachment, true
	}
	return "", false
}
