// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package fit_test

import (
	"testing"

	"github.com/recap-oci/recap/pkg/internal/fit"
)

func TestNearest(t *testing.T) {
	known := []string{"observations", "sessions", "minValue", "maxValue", "event", "by", "to"}
	for _, tt := range []struct{ in, want string }{
		{"observatons", "observations"},
		{"min_value", "minValue"},
		{"MINVALUE", "minValue"},
		{"evnet", "event"},
		{"weather", ""},
		{"b", ""},
		{"", ""},
		{"x", ""},
		{"session", "sessions"},
	} {
		if got := fit.Nearest(tt.in, known); got != tt.want {
			t.Errorf("nearest(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
