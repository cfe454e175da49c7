// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestStatesVersion(t *testing.T) {
	for _, tt := range []struct {
		version, tag string
		want         bool
	}{
		{"1.2.3", "1.2.3", true},
		{"1.2.3", "v1.2.3", true},
		{"v1.2.3", "1.2.3", true},
		{"1.2.3", "1.2", false},
		{"1.2.3", "latest", false},
		{"", "", false},
		{"", "v", false},
	} {
		root := &artifact.Node{Index: &ocispec.Index{ArtifactType: recap.ArtifactTypePack, Annotations: map[string]string{ocispec.AnnotationVersion: tt.version}}}
		if got := statesVersion(root, tt.tag); got != tt.want {
			t.Errorf("version %q, tag %q: %t", tt.version, tt.tag, got)
		}
	}
}
