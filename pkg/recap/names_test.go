// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestParseAgent(t *testing.T) {
	tests := []struct {
		text string
		want recap.Agent
	}{
		{"Adrian Mouat (Chainguard)", recap.Agent{Name: "Adrian Mouat", Affiliation: "Chainguard"}},
		{" Dina Truxius  ( BSI ) ", recap.Agent{Name: "Dina Truxius", Affiliation: "BSI"}},
		{"Ann (Acme (Europe))", recap.Agent{Name: "Ann", Affiliation: "Acme (Europe)"}},
		{"Ann (née Bee) (Acme)", recap.Agent{Name: "Ann (née Bee)", Affiliation: "Acme"}},
		{"liz-rice", recap.Agent{Name: "liz-rice"}},
		{"Ann (Acme) Lee", recap.Agent{Name: "Ann (Acme) Lee"}},
		{"(Acme)", recap.Agent{Name: "(Acme)"}},
		{"Ann ()", recap.Agent{Name: "Ann ()"}},
		{"Ann Acme)", recap.Agent{Name: "Ann Acme)"}},
		{"", recap.Agent{}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got := recap.ParseAgent(tt.text)
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Error(diff)
			}
			if again := recap.ParseAgent(got.String()); again != got {
				t.Errorf("String gives %q, which is %+v", got, again)
			}
		})
	}
}

// week returns a recap with names of every kind.
func week() *recap.Recap {
	return &recap.Recap{
		Title: "A week in Paris",
		Facts: recap.Facts{
			Event: recap.Event{
				Fact: recap.Fact{ID: "kubecon-eu-2024"}, Name: "KubeCon Europe 2024",
				SubEvents: []recap.Event{{Fact: recap.Fact{ID: "argocon"}, Name: "ArgoCon"}},
			},
			Source: &recap.Source{Title: "Paris"},
			Entities: map[string]recap.Entity{
				"acme":     {Kind: "organization", Name: "Acme"},
				"liz-rice": {Kind: "person", Name: "Liz Rice", Affiliation: []string{"acme"}},
			},
			Sessions: []recap.Session{{
				Fact: recap.Fact{ID: "ebpf-talk"}, Title: "eBPF's Abilities and Limitations",
				Speakers: []recap.Agent{{Name: "liz-rice"}, {Name: "John Fastabend"}},
			}},
			Topics:        []recap.Topic{{Name: "runtime-security"}},
			Announcements: []recap.Announcement{{Title: "OCI 1.1.0", By: []string{"acme"}}},
			Upcoming:      []recap.Event{{Name: "KubeCon North America 2024"}},
		},
	}
}

func TestResolve(t *testing.T) {
	r := week()
	tests := []struct {
		ref  string
		want recap.Target
	}{
		{"liz-rice", recap.Target{Kind: recap.TargetEntity, ID: "liz-rice", Name: "Liz Rice", Pointer: "/recap/entities/liz-rice"}},
		{"Liz Rice", recap.Target{Kind: recap.TargetEntity, ID: "liz-rice", Name: "Liz Rice", Pointer: "/recap/entities/liz-rice"}},
		{"ArgoCon", recap.Target{Kind: recap.TargetEvent, ID: "argocon", Name: "ArgoCon", Pointer: "/recap/event/subEvents/0"}},
		{"KubeCon North America 2024", recap.Target{Kind: recap.TargetEvent, Name: "KubeCon North America 2024", Pointer: "/recap/upcoming/0"}},
		{"eBPF's Abilities and Limitations", recap.Target{
			Kind: recap.TargetSession, ID: "ebpf-talk", Name: "eBPF's Abilities and Limitations", Pointer: "/recap/sessions/0"}},
		{"runtime-security", recap.Target{Kind: recap.TargetTopic, ID: "runtime-security", Name: "runtime-security", Pointer: "/recap/topics/0"}},
		{"liz rice", recap.Target{}},
		{"John Fastabend", recap.Target{}},
		{"", recap.Target{}},
	}
	for _, tt := range tests {
		t.Run(tt.ref, func(t *testing.T) {
			got, ok := r.Resolve(tt.ref)
			if diff := cmp.Diff(got, tt.want); diff != "" || ok != (tt.want.Pointer != "") {
				t.Errorf("ok = %t\n%s", ok, diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	names := week().Names()
	for _, want := range []string{"A week in Paris", "Paris", "KubeCon Europe 2024", "Acme", "Liz Rice", "John Fastabend", "eBPF's Abilities and Limitations", "OCI 1.1.0"} {
		if !slices.Contains(names, want) {
			t.Errorf("%q is missing", want)
		}
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != len(names) || slices.Contains(names, "") {
		t.Errorf("repeated or empty names: %q", names)
	}
}
