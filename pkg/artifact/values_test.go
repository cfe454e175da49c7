// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"errors"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestCheckValues(t *testing.T) {
	list := func(n int, element string) string {
		return `{"x":[` + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + `]}`
	}
	for _, tt := range []struct {
		name, config string
		refused      bool
	}{
		{"as many as allowed", list(recap.MaxConfigValues-1, "{}"), false},
		{"one more", list(recap.MaxConfigValues, "{}"), true},
		{"nulls", list(recap.MaxConfigValues, "null"), true},
		{"within each other", strings.Repeat(`{"x":`, recap.MaxConfigValues+1), true},
		{"in texts", list(recap.MaxConfigValues, `"{null\\\"{"`), false},
		{"behind an escaped quote", list(recap.MaxConfigValues, `"\"",{}`), true},
		{"behind a backslash", list(recap.MaxConfigValues, `"\\",{}`), true},
		{"numbers", list(recap.MaxConfigValues, `1`), false},
		{"nothing", "", false},
		{"cut off in an escape", `{"x":"\`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := checkValues([]byte(tt.config))
			if !tt.refused && err != nil {
				t.Fatal(err)
			}
			if tt.refused && !errors.Is(err, recap.Unsafe) {
				t.Fatalf("got %v, want a refusal", err)
			}
		})
	}
}
