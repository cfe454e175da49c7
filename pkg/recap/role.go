// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap

import (
	"path"
	"strings"

	"github.com/recap-oci/recap/pkg/internal/words"
)

// mediaTypeUnknown is the type of a file whose extension says nothing.
const mediaTypeUnknown = "application/octet-stream"

// MediaTypeOf returns the media type of a file by the extension of its path, in
// whatever case: lower-case, without parameters, application/octet-stream
// where the table doesn't know the extension.
//
// The table is recap's own and part of the format: the operating system's
// differs between machines, and a digest with it. A row may be added in a
// later version only for an extension that nobody packs yet, since it changes
// the digest of every bundle that holds such a file.
func MediaTypeOf(name string) string {
	// Compared in ASCII only: the Kelvin sign must not make a "mKv" of a name.
	ext := path.Ext(path.Base(name))
	if t, ok := mediaTypes[words.Lower(ext)]; ok {
		return t
	}
	return mediaTypeUnknown
}

// RoleOf returns the role of a file that no media entry of the recap describes,
// by its path and media type.
func RoleOf(name, mediaType string) Role {
	switch name {
	case DocumentPath:
		return RoleDocument
	case MetadataPath:
		return RoleMetadata
	}
	if role, ok := rolesByType[mediaType]; ok {
		return role
	}
	main, _, _ := strings.Cut(mediaType, "/")
	switch main {
	case "image":
		return RoleImage
	case "audio":
		return RoleAudio
	case "video":
		return RoleVideo
	}
	return RoleAttachment
}

// mediaTypes maps lower-case extensions to the types that IANA registers or,
// where it registers none, to those in general use.
var mediaTypes = map[string]string{
	// Text.
	".md":       MediaTypeDocument,
	".markdown": MediaTypeDocument,
	".txt":      "text/plain",
	".html":     "text/html",
	".htm":      "text/html",
	".xhtml":    "application/xhtml+xml",
	".css":      "text/css",
	".js":       "text/javascript",
	".mjs":      "text/javascript",
	".rtf":      "application/rtf",
	".bib":      "application/x-bibtex",
	".tex":      "application/x-tex",

	// Pictures.
	".png":  "image/png",
	".apng": "image/apng",
	".jpg":  "image/jpeg",
	".jpeg": "image/jpeg",
	".gif":  "image/gif",
	".webp": "image/webp",
	".avif": "image/avif",
	".heic": "image/heic",
	".heif": "image/heif",
	".jxl":  "image/jxl",
	".svg":  "image/svg+xml",
	".bmp":  "image/bmp",
	".ico":  "image/vnd.microsoft.icon",
	".tif":  "image/tiff",
	".tiff": "image/tiff",

	// Sound. An .ogg is sound here; .ogv is its video.
	".mp3":  "audio/mpeg",
	".m4a":  "audio/mp4",
	".m4b":  "audio/mp4",
	".aac":  "audio/aac",
	".ogg":  "audio/ogg",
	".oga":  "audio/ogg",
	".opus": "audio/ogg",
	".wav":  "audio/wav",
	".flac": "audio/flac",
	".aif":  "audio/aiff",
	".aiff": "audio/aiff",
	".weba": "audio/webm",
	".mid":  "audio/midi",
	".midi": "audio/midi",

	// Moving pictures.
	".mp4":  "video/mp4",
	".m4v":  "video/mp4",
	".webm": "video/webm",
	".mov":  "video/quicktime",
	".mkv":  "video/matroska",
	".ogv":  "video/ogg",
	".mpg":  "video/mpeg",
	".mpeg": "video/mpeg",
	".avi":  "video/vnd.avi",

	// What is said in them.
	".vtt": "text/vtt",
	".srt": "application/x-subrip",

	// Slides and office documents.
	".pdf":     "application/pdf",
	".epub":    "application/epub+zip",
	".ppt":     "application/vnd.ms-powerpoint",
	".pptx":    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odp":     "application/vnd.oasis.opendocument.presentation",
	".key":     "application/vnd.apple.keynote",
	".doc":     "application/msword",
	".docx":    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".odt":     "application/vnd.oasis.opendocument.text",
	".pages":   "application/vnd.apple.pages",
	".xls":     "application/vnd.ms-excel",
	".xlsx":    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".ods":     "application/vnd.oasis.opendocument.spreadsheet",
	".numbers": "application/vnd.apple.numbers",

	// Data.
	".csv":     "text/csv",
	".tsv":     "text/tab-separated-values",
	".json":    "application/json",
	".jsonl":   "application/jsonl",
	".ndjson":  "application/x-ndjson",
	".geojson": "application/geo+json",
	".jsonld":  "application/ld+json",
	".yaml":    "application/yaml",
	".yml":     "application/yaml",
	".toml":    "application/toml",
	".xml":     "application/xml",
	".ics":     "text/calendar",
	".vcf":     "text/vcard",
	".gpx":     "application/gpx+xml",
	".kml":     "application/vnd.google-earth.kml+xml",
	".parquet": "application/vnd.apache.parquet",
	".sqlite":  "application/vnd.sqlite3",
	".wasm":    "application/wasm",

	// Fonts.
	".woff":  "font/woff",
	".woff2": "font/woff2",
	".ttf":   "font/ttf",
	".otf":   "font/otf",

	// Archives.
	".zip": "application/zip",
	".gz":  "application/gzip",
	".tgz": "application/gzip",
	".zst": "application/zstd",
	".tar": "application/x-tar",
	".7z":  "application/x-7z-compressed",
}

// rolesByType are the roles that the first half of a type doesn't tell. A PDF
// next to a write-up of a talk is its slides far more often than not; a media
// entry says otherwise where it isn't.
var rolesByType = map[string]Role{
	"application/pdf":               RoleSlides,
	"application/vnd.ms-powerpoint": RoleSlides,
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": RoleSlides,
	"application/vnd.oasis.opendocument.presentation":                           RoleSlides,
	"application/vnd.apple.keynote":                                             RoleSlides,

	"text/vtt":             RoleTranscript,
	"application/x-subrip": RoleTranscript,

	"text/csv":                             RoleDataset,
	"text/tab-separated-values":            RoleDataset,
	"application/json":                     RoleDataset,
	"application/jsonl":                    RoleDataset,
	"application/x-ndjson":                 RoleDataset,
	"application/geo+json":                 RoleDataset,
	"application/ld+json":                  RoleDataset,
	"application/yaml":                     RoleDataset,
	"text/calendar":                        RoleDataset,
	"application/gpx+xml":                  RoleDataset,
	"application/vnd.google-earth.kml+xml": RoleDataset,
	"application/vnd.apache.parquet":       RoleDataset,
	"application/vnd.sqlite3":              RoleDataset,
	"application/vnd.ms-excel":             RoleDataset,
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": RoleDataset,
	"application/vnd.oasis.opendocument.spreadsheet":                    RoleDataset,
}
