// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"errors"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
)

func wantCode(t *testing.T, err error, kind recap.Kind, code string) {
	t.Helper()
	var known *recap.Error
	if !errors.As(err, &known) || known.Kind != kind || known.Code != code {
		t.Errorf("error %v, want %s of kind %s", err, code, kind)
	}
}

// Manifests that are too much together aren't fetched.
func TestPartsTooLarge(t *testing.T) {
	var descs []ocispec.Descriptor
	for range maxParts/recap.MaxManifestSize + 1 {
		descs = append(descs, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Size: recap.MaxManifestSize})
	}
	p := &puller{} // without anything to fetch from
	wantCode(t, p.readParts(t.Context(), descs), recap.Unsafe, "too-large")
}
