// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/transfer"
)

// tagged is a source of these tags; of each with an error that is its answer.
type tagged struct {
	oras.ReadOnlyGraphTarget
	errs map[string]error
}

func (s tagged) Tags(_ context.Context, _ string, fn func([]string) error) error {
	var tags []string
	for tag := range s.errs {
		tags = append(tags, tag)
	}
	return fn(tags)
}

func (s tagged) Resolve(_ context.Context, tag string) (ocispec.Descriptor, error) {
	return ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: "sha256:d", Size: 1}, s.errs[tag]
}

func TestListWhatCannotBeRead(t *testing.T) {
	bad := recap.Errorf(recap.Integrity, "bad-entry", "torn")
	tooLarge := recap.Errorf(recap.Unsafe, "too-large", "endless")
	gone := recap.Errorf(recap.NotFound, "not-found", "gone")
	for _, test := range []struct {
		name string
		errs map[string]error
		want map[string]string // why each can't be read
		code string
	}{
		{"none", map[string]error{"a": nil, "b": gone}, map[string]string{"a": ""}, ""},
		{"one", map[string]error{"a": nil, "b": bad}, map[string]string{"a": "", "b": "torn"}, "bad-entry"},
		{"two", map[string]error{"b": bad, "a": tooLarge, "c": nil}, map[string]string{"a": "endless", "b": "torn", "c": ""}, "too-large"},
		{"all", map[string]error{"a": bad}, map[string]string{"a": "torn"}, "bad-entry"},
		{"unavailable", map[string]error{"a": nil, "b": bad, "c": recap.Errorf(recap.Unavailable, "down", "down")}, map[string]string{}, "down"},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, err := transfer.List(t.Context(), tagged{errs: test.errs}, transfer.ListOptions{Digests: true})
			var known *recap.Error
			if errors.As(err, &known) != (test.code != "") || known != nil && known.Code != test.code {
				t.Errorf("error %v, want %q", err, test.code)
			}
			got := map[string]string{}
			for _, entry := range list.Tags {
				got[entry.Tag] = entry.Unreadable
				if (entry.Digest == "") == (entry.Unreadable == "") {
					t.Errorf("%+v", entry)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("list (-want +got):\n%s", diff)
			}
		})
	}
}
