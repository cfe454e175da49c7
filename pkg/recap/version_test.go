// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestCheckVersion(t *testing.T) {
	for _, tt := range []struct {
		name, version string
		ok            bool
		hint          string // that a refusal must give
	}{
		{name: "plain", version: "1.2.3", ok: true},
		{name: "zero", version: "0.0.0", ok: true},
		{name: "calendar", version: "2026.11.21", ok: true},
		{name: "pre-release", version: "1.2.3-rc.1", ok: true},
		{name: "pre-release with dots and hyphens", version: "1.2.3-a-b.c.0", ok: true},
		{name: "longest", version: "1.2.3-" + strings.Repeat("a", 122), ok: true},
		{name: "one longer", version: "1.2.3-" + strings.Repeat("a", 123)},
		{name: "empty", version: ""},
		{name: "leading v", version: "v1.2.3", hint: "without the v: 1.2.3"},
		{name: "two leading v", version: "vv1.2.3"},
		{name: "build metadata", version: "1.2.3+build", hint: "no order: 1.2.3"},
		{name: "v and build metadata", version: "v1.2.3+build", hint: "no order: 1.2.3"},
		{name: "two numbers", version: "1.2", hint: "three numbers"},
		{name: "one number", version: "1"},
		{name: "four numbers", version: "1.2.3.4"},
		{name: "leading zero", version: "1.02.3"},
		{name: "leading zero of a calendar", version: "2026.04.01"},
		{name: "empty pre-release", version: "1.2.3-"},
		{name: "dots in the pre-release only", version: "1-a.b.c"},
		{name: "space", version: "1.2.3 "},
		{name: "newline", version: "1.2.3\n"},
		{name: "latest", version: "latest"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := recap.CheckVersion(tt.version)
			if got := recap.IsVersion(tt.version); got != tt.ok || got != (err == nil) {
				t.Fatalf("IsVersion is %t and CheckVersion says %v; want %t", got, err, tt.ok)
			}
			if tt.ok {
				return
			}
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != recap.Usage || e.Code != "bad-version" || !strings.Contains(e.Hint, tt.hint) || e.Hint == "" {
				t.Errorf("got %#v; want Usage bad-version with %q in its hint", err, tt.hint)
			}
		})
	}
}

func TestCompareVersions(t *testing.T) {
	order := []string{"nonsense", "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.2.0", "1.10.0", "2.0.0"}
	for i, a := range order {
		for j, b := range order {
			got := recap.CompareVersions(a, b)
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("CompareVersions(%q, %q) = %d", a, b, got)
			}
		}
	}
}
