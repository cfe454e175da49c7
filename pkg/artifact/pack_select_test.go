// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestPackSelect(t *testing.T) {
	pack := buildPack(t).Pack()
	tests := []struct {
		name string
		s    artifact.Selection
		want []string
		code string
		hint string
	}{
		{name: "all", want: []string{"a-model-conference", "zulu", "alpha"}},
		{name: "files make no difference", s: artifact.Selection{Include: []string{"*.png"}, Roles: []string{"image"}}, want: []string{"a-model-conference", "zulu", "alpha"}},
		{name: "one recap", s: artifact.Selection{Recaps: []string{"zulu"}, MetadataOnly: true}, want: []string{"zulu"}},
		{name: "in reading order", s: artifact.Selection{Recaps: []string{"alpha", "zulu", "zulu"}}, want: []string{"zulu", "alpha"}},
		{name: "an event", s: artifact.Selection{Events: []string{"kubecon-eu-2024"}}, want: []string{"a-model-conference", "alpha"}},
		{name: "by an alias", s: artifact.Selection{Events: []string{"kubecon-paris"}}, want: []string{"a-model-conference", "alpha"}},
		{name: "by a name", s: artifact.Selection{Events: []string{"KubeCon NA 2024"}}, want: []string{"zulu"}},
		{name: "two events", s: artifact.Selection{Events: []string{"kubecon-na-2024", "kubecon-eu-2024"}}, want: []string{"a-model-conference", "zulu", "alpha"}},
		{name: "recap and event", s: artifact.Selection{Recaps: []string{"alpha", "zulu"}, Events: []string{"kubecon-eu-2024"}}, want: []string{"alpha"}},
		{name: "nothing", s: artifact.Selection{Recaps: []string{"zulu"}, Events: []string{"kubecon-eu-2024"}}, code: "nothing-selected"},
		{name: "no such recap", s: artifact.Selection{Recaps: []string{"alpah"}}, code: "no-such-recap", hint: "alpha"},
		{name: "nothing like it", s: artifact.Selection{Recaps: []string{"fosdem-2031"}}, code: "no-such-recap", hint: "recap list"},
		{name: "no such event", s: artifact.Selection{Events: []string{"kubecon-eu-2025"}}, code: "no-such-event", hint: "kubecon-eu-2024"},
		{name: "no slug", s: artifact.Selection{Recaps: []string{"../x"}}, code: "bad-slug"},
		{name: "no event", s: artifact.Selection{Events: []string{""}}, code: "bad-selection"},
		{name: "bad glob", s: artifact.Selection{Include: []string{"["}}, code: "bad-glob"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			members, err := pack.Select(tt.s)
			if tt.code != "" {
				kind := recap.NotFound
				if strings.HasPrefix(tt.code, "bad-") {
					kind = recap.Usage
				}
				wantError(t, err, kind, tt.code, "")
				var e *recap.Error
				if errors.As(err, &e); !strings.Contains(e.Hint, tt.hint) {
					t.Errorf("hint %q doesn't say %q", e.Hint, tt.hint)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range members {
				got = append(got, m.Slug)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("selected %v, want %v", got, tt.want)
			}
			if part := len(tt.s.Recaps)+len(tt.s.Events) > 0; tt.s.IsPart() != part || part && tt.s.IsZero() {
				t.Errorf("IsPart %v, IsZero %v", tt.s.IsPart(), tt.s.IsZero())
			}
		})
	}
}
