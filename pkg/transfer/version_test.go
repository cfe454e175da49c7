// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package transfer

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestUniqueTags(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags []string
		want []string
		code string
	}{
		{name: "none"},
		{name: "versions first", tags: []string{"latest", "1.2.3", "1.2", "v2.0.0-rc.1"}, want: []string{"1.2.3", "v2.0.0-rc.1", "latest", "1.2"}},
		{name: "twice", tags: []string{"latest", "latest"}, want: []string{"latest"}},
		{name: "128 characters", tags: []string{long(128)}, want: []string{long(128)}},
		{name: "129 characters", tags: []string{long(129)}, code: "bad-tag"},
		{name: "empty", tags: []string{""}, code: "bad-tag"},
		{name: "slash", tags: []string{"a/b"}, code: "bad-tag"},
		{name: "leading dot", tags: []string{".hidden"}, code: "bad-tag"},
		{name: "build metadata", tags: []string{"1.0.0+build"}, code: "bad-tag"},
		{name: "escape", tags: []string{"a\x1b[2J"}, code: "bad-tag"},
		{name: "digest", tags: []string{"sha256:" + hex64}, code: "bad-tag"},
		{name: "fallback listing", tags: []string{"1.0.0", "sha256-" + hex64}, code: "reserved-tag"},
		{name: "cosign's", tags: []string{"sha256-" + hex64 + ".sig"}, code: "reserved-tag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := uniqueTags(tt.tags)
			var known *recap.Error
			if tt.code != "" {
				if !errors.As(err, &known) || known.Code != tt.code || known.Kind != recap.Usage {
					t.Fatalf("error %v, want %s", err, tt.code)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

const hex64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func long(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a'
	}
	return string(b)
}

func TestCompareTags(t *testing.T) {
	got := []string{"latest", "1.10.0", "1.9.0", "alpha", "v2.0.0", "2.0.0", "2.0.0-rc.1", "1", "1.10", "not.a.version"}
	slices.SortFunc(got, compareTags)
	want := []string{"2.0.0", "v2.0.0", "2.0.0-rc.1", "1.10.0", "1.10", "1.9.0", "1", "alpha", "latest", "not.a.version"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHighestVersion(t *testing.T) {
	for _, tt := range []struct {
		name string
		tags []string
		want string
	}{
		{"none", nil, ""},
		{"no version", []string{"latest", "stable"}, ""},
		{"by precedence, not by letters", []string{"1.9.0", "1.10.0", "latest"}, "1.10.0"},
		{"short ones count", []string{"1", "2", "latest"}, "2"},
		{"pre-release before its release", []string{"1.0.0-rc.1", "1.0.0"}, "1.0.0"},
		{"leading v", []string{"v1.0.0", "0.9.0"}, "v1.0.0"},
		{"not a listing of referrers", []string{"sha256-" + hex64}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := highestVersion(tt.tags); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
