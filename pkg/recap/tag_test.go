// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestIsTag(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     bool
	}{
		{"version", "1.2.3-rc.1", true},
		{"underscore first", "_a", true},
		{"128 characters", strings.Repeat("a", 128), true},
		{"129 characters", strings.Repeat("a", 129), false},
		{"empty", "", false},
		{"dot first", ".a", false},
		{"hyphen first", "-a", false},
		{"slash", "a/b", false},
		{"colon", "a:b", false},
		{"build metadata", "1.0.0+1", false},
		{"line feed at the end", "a\n", false},
		{"other letters", "é", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := recap.IsTag(tc.in); got != tc.want {
				t.Errorf("IsTag(%q) = %v, want %v", tc.in, got, tc.want)
			}
		})
	}
}

func TestIsManifest(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want bool
	}{
		{"application/vnd.oci.image.manifest.v1+json", true},
		{"application/vnd.oci.image.index.v1+json", true},
		{recap.MediaTypeDockerManifest, true},
		{recap.MediaTypeDockerManifestList, true},
		{recap.MediaTypeArtifactManifest, true},
		{recap.MediaTypeConfig, false},
		{"application/vnd.oci.image.manifest.v1+json; charset=utf-8", false},
		{"", false},
	} {
		if got := recap.IsManifest(tc.in); got != tc.want {
			t.Errorf("IsManifest(%q) = %v, want %v", tc.in, got, tc.want)
		}
	}
}
