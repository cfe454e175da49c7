// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

// ownAnnotations is what the annotations of recap's own format start with.
const ownAnnotations = "io.github.recap-oci."

// CheckAnnotation refuses an annotation that a manifest can't be given: a key
// that recap writes itself, from what the recap or pack states, or reads a meaning
// into; an empty key, or one that nobody could read; a value that isn't UTF-8. The
// error is [recap.Usage] bad-annotation.
func CheckAnnotation(key, value string) error {
	bad := func(format string, args ...any) *recap.Error {
		return recap.Errorf(recap.Usage, "bad-annotation", format, args...)
	}
	switch stated := key == ocispec.AnnotationTitle || key == ocispec.AnnotationDescription || key == ocispec.AnnotationVersion ||
		key == ocispec.AnnotationAuthors || key == ocispec.AnnotationLicenses || key == ocispec.AnnotationURL || key == ocispec.AnnotationCreated; {
	case stated:
		return bad("annotation %s is written from what the recap or pack states", key).
			WithHint("state it there: recap schema recap, or recap schema pack, says how")
	case strings.HasPrefix(key, ownAnnotations):
		return bad("annotation %.120q is one of the format's own", key).WithHint("take a name of your own, such as com.example.team")
	case key == "":
		return bad("an annotation without a key").WithHint("write KEY=VALUE")
	case !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return !recap.IsPrintable(r) || r == ' ' }):
		return bad("annotation %.120q has a key that can't be read", key).WithHint("take letters, digits, dots and dashes: com.example.team")
	case !utf8.ValidString(value):
		return bad("annotation %s has a value that is not UTF-8", key).WithHint("write it in UTF-8")
	}
	return nil
}

// checkAnnotations is [CheckAnnotation] for all, in the order of the keys, so that
// the same one is named each time.
func checkAnnotations(a map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if err := CheckAnnotation(key, a[key]); err != nil {
			return err
		}
	}
	return nil
}

// annotations says of the bundle what the recap states, in OCI's words, for
// those who look at a registry without recap. Nothing is made up.
func annotations(r *recap.Recap, opts BuildOptions) map[string]string {
	var url string
	if r.Facts.Source != nil {
		url = r.Facts.Source.URL
	}
	created, ok := r.Date.Created()
	if !ok && opts.SourceDateEpoch != nil {
		created = opts.SourceDateEpoch.UTC().Format(time.RFC3339)
	}
	a := map[string]string{
		ocispec.AnnotationTitle:       r.Title,
		ocispec.AnnotationDescription: r.Description,
		ocispec.AnnotationVersion:     opts.Version,
		ocispec.AnnotationAuthors:     strings.Join(authors(r), ", "),
		ocispec.AnnotationLicenses:    r.Facts.License,
		ocispec.AnnotationURL:         url,
		ocispec.AnnotationCreated:     created,
	}
	for key, value := range a {
		if value == "" {
			delete(a, key)
		}
	}
	maps.Copy(a, opts.Annotations)
	return a
}

// authors returns the authors by name, those that are written as the id of an
// entity included.
func authors(r *recap.Recap) []string {
	var names []string
	for _, a := range r.Authors {
		name := a.Name
		if e, ok := r.Facts.Entities[name]; ok && e.Name != "" {
			name = e.Name
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}
