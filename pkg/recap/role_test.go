// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"mime"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestMediaTypeAndRole(t *testing.T) {
	tests := []struct {
		path      string
		mediaType string
		role      recap.Role
	}{
		{"index.md", "text/markdown", recap.RoleDocument},
		{"notes/index.md", "text/markdown", recap.RoleAttachment},
		{"recap.yaml", "application/yaml", recap.RoleMetadata},
		{"data/recap.yaml", "application/yaml", recap.RoleDataset},
		{"media/hall.png", "image/png", recap.RoleImage},
		{"media/HALL.JPG", "image/jpeg", recap.RoleImage},
		{"media/hall.jpeg", "image/jpeg", recap.RoleImage},
		{"media/hall.gif", "image/gif", recap.RoleImage},
		{"media/hall.webp", "image/webp", recap.RoleImage},
		{"media/hall.avif", "image/avif", recap.RoleImage},
		{"media/hall.svg", "image/svg+xml", recap.RoleImage},
		{"media/talk.mp3", "audio/mpeg", recap.RoleAudio},
		{"media/talk.m4a", "audio/mp4", recap.RoleAudio},
		{"media/talk.ogg", "audio/ogg", recap.RoleAudio},
		{"media/talk.opus", "audio/ogg", recap.RoleAudio},
		{"media/talk.wav", "audio/wav", recap.RoleAudio},
		{"media/talk.flac", "audio/flac", recap.RoleAudio},
		{"media/talk.mp4", "video/mp4", recap.RoleVideo},
		{"media/talk.webm", "video/webm", recap.RoleVideo},
		{"media/talk.mov", "video/quicktime", recap.RoleVideo},
		{"media/talk.en.vtt", "text/vtt", recap.RoleTranscript},
		{"media/talk.srt", "application/x-subrip", recap.RoleTranscript},
		{"slides/talk.pdf", "application/pdf", recap.RoleSlides},
		{"slides/talk.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", recap.RoleSlides},
		{"slides/talk.odp", "application/vnd.oasis.opendocument.presentation", recap.RoleSlides},
		{"slides/talk.key", "application/vnd.apple.keynote", recap.RoleSlides},
		{"data/figures.csv", "text/csv", recap.RoleDataset},
		{"data/figures.tsv", "text/tab-separated-values", recap.RoleDataset},
		{"data/figures.json", "application/json", recap.RoleDataset},
		{"data/map.geojson", "application/geo+json", recap.RoleDataset},
		{"data/days.ics", "text/calendar", recap.RoleDataset},
		{"data/book.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", recap.RoleDataset},
		{"notes.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", recap.RoleAttachment},
		{"page.html", "text/html", recap.RoleAttachment},
		{"plain.txt", "text/plain", recap.RoleAttachment},
		{"cite.bib", "application/x-bibtex", recap.RoleAttachment},
		{"font.woff2", "font/woff2", recap.RoleAttachment},
		{"all.zip", "application/zip", recap.RoleAttachment},
		{"no-extension", "application/octet-stream", recap.RoleAttachment},
		{"what.ever", "application/octet-stream", recap.RoleAttachment},
		{"dir.png/file", "application/octet-stream", recap.RoleAttachment},
		{".png", "image/png", recap.RoleImage},
		{"dot.", "application/octet-stream", recap.RoleAttachment},
		{"", "application/octet-stream", recap.RoleAttachment},
		{"Kelvin.m\u212av", "application/octet-stream", recap.RoleAttachment},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			mediaType := recap.MediaTypeOf(tt.path)
			if mediaType != tt.mediaType {
				t.Errorf("MediaTypeOf = %q, want %q", mediaType, tt.mediaType)
			}
			if role := recap.RoleOf(tt.path, mediaType); role != tt.role {
				t.Errorf("RoleOf = %q, want %q", role, tt.role)
			}
			parsed, params, err := mime.ParseMediaType(mediaType)
			if err != nil || parsed != mediaType || len(params) > 0 {
				t.Errorf("%q is no bare media type: %v", mediaType, err)
			}
		})
	}
}
