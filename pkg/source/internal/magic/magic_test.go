// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package magic

import "testing"

func TestMismatch(t *testing.T) {
	for _, tt := range []struct{ name, head, want string }{
		{"a.png", "\x89PNG\r\n\x1a\n", ""},
		{"a.PNG", "\x89PNG\r\n\x1a\n", ""},
		{"a.png", "GIF89a", "is a GIF image"},
		{"a.png", "<svg/>", "is text"},
		{"a.png", "\x00\x01", "does not begin as a .png file does"},
		{"a.jpeg", "\xff\xd8\xff\xe0", ""},
		{"a.webp", "RIFF\x00\x00\x00\x00WEBP", ""},
		{"a.webp", "RIFF\x00\x00\x00\x00WAVE", "is a WAVE file"},
		{"a.mp3", "ID3\x04", ""},
		{"a.mp3", "\xff\xfb\x90\x00", ""},
		{"a.mp3", "\xff\x00\x90\x00", "does not begin as a .mp3 file does"},
		{"a.m4a", "\x00\x00\x00\x20ftypM4A ", ""},
		{"a.pptx", "PK\x03\x04", ""},
		{"a.pdf", "PK\x03\x04", "is a ZIP archive"},
		{"a.vtt", "WEBVTT\n", ""},
		{"a.vtt", "1\n00:00", "is text"},
		{"a.csv", "a,b\n", ""},
		{"a.csv", "a\x00b", "is not text"},
		{"a.csv", "BM is a column\n", ""},
		{"a.svg", "<?xml?><svg/>", ""},
		{"a.svg", "hello", "is not an SVG image"},
		{"a.txt", "%PDF-1.7", "is a PDF document"},
		{"a.unknown", "\x7fELF", ""},
		{"noextension", "\x00", ""},
	} {
		if got := Mismatch(tt.name, []byte(tt.head)); got != tt.want {
			t.Errorf("Mismatch(%q, %q) = %q, want %q", tt.name, tt.head, got, tt.want)
		}
	}
}
