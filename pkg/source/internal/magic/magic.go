// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

// Package magic tells by its first bytes what a file is that isn't what its name
// promises. Start with [Mismatch].
package magic

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// HeadSize is how many bytes of a file have to be looked at: enough for every
// signature of the table, and for the first line of a key.
const HeadSize = 512

// signature is how a format begins.
type signature struct {
	format string // in the words of a message
	magic  string
	at     int
	exts   []string // extensions that promise it
}

// signatures are those of the formats that recaps carry, and of some that
// nobody should find under another name. A format may have several.
func signatures() []signature {
	iso := []string{".mp4", ".m4a", ".m4v", ".mov", ".avif", ".heic"}
	zip := []string{".zip", ".docx", ".pptx", ".xlsx", ".odt", ".odp", ".ods", ".epub"}
	return []signature{
		{"a PNG image", "\x89PNG\r\n\x1a\n", 0, []string{".png", ".apng"}},
		{"a JPEG image", "\xff\xd8\xff", 0, []string{".jpg", ".jpeg", ".jpe"}},
		{"a GIF image", "GIF87a", 0, []string{".gif"}},
		{"a GIF image", "GIF89a", 0, []string{".gif"}},
		{"a WebP image", "WEBP", 8, []string{".webp"}},
		{"a TIFF image", "II*\x00", 0, []string{".tif", ".tiff"}},
		{"a TIFF image", "MM\x00*", 0, []string{".tif", ".tiff"}},
		{"a BMP image", "BM", 0, []string{".bmp"}},
		{"an icon", "\x00\x00\x01\x00", 0, []string{".ico"}},
		{"a JPEG XL image", "\xff\x0a", 0, []string{".jxl"}},
		{"a JPEG XL image", "\x00\x00\x00\x0cJXL ", 0, []string{".jxl"}},
		{"a PDF document", "%PDF-", 0, []string{".pdf"}},
		{"a ZIP archive", "PK\x03\x04", 0, zip},
		{"a ZIP archive", "PK\x05\x06", 0, zip},
		{"a gzip file", "\x1f\x8b", 0, []string{".gz", ".tgz"}},
		{"a zstd file", "\x28\xb5\x2f\xfd", 0, []string{".zst"}},
		{"an MP4 or HEIF file", "ftyp", 4, iso},
		{"a QuickTime film", "moov", 4, []string{".mov"}},
		{"a QuickTime film", "mdat", 4, []string{".mov"}},
		{"a QuickTime film", "wide", 4, []string{".mov"}},
		{"a Matroska file", "\x1a\x45\xdf\xa3", 0, []string{".webm", ".mkv", ".mka"}},
		{"an Ogg file", "OggS", 0, []string{".ogg", ".oga", ".ogv", ".opus"}},
		{"a FLAC file", "fLaC", 0, []string{".flac"}},
		{"a WAVE file", "WAVE", 8, []string{".wav"}},
		{"an MP3 file", "ID3", 0, []string{".mp3"}},
		{"an AAC file", "ADIF", 0, []string{".aac"}},
		{"a WOFF font", "wOFF", 0, []string{".woff"}},
		{"a WOFF font", "wOF2", 0, []string{".woff2"}},
		{"a subtitle file", "WEBVTT", 0, []string{".vtt"}},
		{"a subtitle file", "\xef\xbb\xbfWEBVTT", 0, []string{".vtt"}},
		{"a program", "\x7fELF", 0, nil},
		{"a program", "MZ", 0, []string{".exe", ".dll"}},
	}
}

// textual are the extensions of formats without a signature that are text.
var textual = []string{
	".md", ".markdown", ".txt", ".csv", ".tsv", ".json", ".jsonl", ".geojson", ".yaml", ".yml", ".toml",
	".xml", ".svg", ".html", ".htm", ".srt", ".ics", ".bib", ".css", ".vtt",
}

// Mismatch says what a file is that isn't what its extension promises, or
// nothing. head is how it begins, [HeadSize] bytes or all of it; media are never
// decoded.
func Mismatch(name string, head []byte) string {
	ext := strings.ToLower(path.Ext(name))
	if bytes.HasPrefix(head, []byte("version https://git-lfs.github.com/spec/")) {
		return "is a Git LFS pointer, not the file; run git lfs pull"
	}
	table := signatures()
	promised := false
	for _, s := range table {
		if slices.Contains(s.exts, ext) {
			promised = true
			if s.matches(head) {
				return ""
			}
		}
	}
	if ext == ".mp3" || ext == ".aac" {
		if len(head) > 1 && head[0] == 0xff && head[1]&0xe0 == 0xe0 {
			return "" // an MPEG frame without a tag before it
		}
	}
	isText := slices.Contains(textual, ext)
	if !promised && !isText {
		return "" // an extension that promises nothing
	}
	for _, s := range table {
		if s.matches(head) && (len(s.magic) > 2 || !isText) {
			return "is " + s.format
		}
	}
	if isText && !promised {
		if looksBinary(head) {
			return "is not text"
		}
		if ext == ".svg" && !bytes.Contains(head, []byte("<")) {
			return "is not an SVG image"
		}
		return ""
	}
	if !looksBinary(head) {
		return "is text"
	}
	return "does not begin as a " + ext + " file does"
}

func (s signature) matches(head []byte) bool {
	return len(head) >= s.at+len(s.magic) && string(head[s.at:s.at+len(s.magic)]) == s.magic
}

// looksBinary reports whether head holds a zero byte: no text in UTF-8 or an
// older encoding does.
func looksBinary(head []byte) bool { return bytes.IndexByte(head, 0) >= 0 }
