// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/recap"
)

// claim is an observation of a recap, its figure as people write it.
func claim(t testing.TB, slug, about, property, figure string, change ...func(f *catalog.Fact)) catalog.Fact {
	t.Helper()
	o, ok, err := recap.ParseQuantity(figure)
	if err != nil || !ok {
		t.Fatalf("%q: %v", figure, err)
	}
	f := catalog.Fact{
		ID: slug + "#" + property, Kind: "observation", Recap: slug, About: []string{about}, Property: property, Unit: "people",
		Value: o.Value, MinValue: o.MinValue, MaxValue: o.MaxValue, ExclusiveMin: o.ExclusiveMin, ExclusiveMax: o.ExclusiveMax,
		Approximate: o.Approximate, AsWritten: figure,
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

// told writes a conflict as a test reads it.
func told(conflicts []catalog.Conflict) []string {
	var all []string
	for _, c := range conflicts {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s", c.ID, c.Relation)
		if c.Internal {
			b.WriteString(" internal")
		}
		if c.Accepted {
			b.WriteString(" accepted: " + c.Note)
		}
		for _, s := range c.Sides {
			fmt.Fprintf(&b, "; %s", s.Figure)
			for _, claim := range s.Claims {
				b.WriteString(" " + claim.Recap)
			}
		}
		for _, between := range c.Between {
			fmt.Fprintf(&b, "; %d %s %d", between.A, between.Relation, between.B)
		}
		all = append(all, b.String())
	}
	return all
}

func TestConflicts(t *testing.T) {
	at := func(date string) func(f *catalog.Fact) { return func(f *catalog.Fact) { f.Date = recap.Date(date) } }
	unit := func(u string) func(f *catalog.Fact) { return func(f *catalog.Fact) { f.Unit = u } }
	share := func(f *catalog.Fact) { f.Share = true }
	sic := func(f *catalog.Fact) { f.Sic = true }
	c := func(slug, figure string, change ...func(f *catalog.Fact)) catalog.Fact {
		return claim(t, slug, "eu", "attendance", figure, change...)
	}
	tests := []struct {
		name  string
		pack  recap.PackConflicts
		facts []catalog.Fact
		want  []string
	}{
		{"nothing", recap.PackConflicts{}, nil, nil},
		{"one claim", recap.PackConflicts{}, []catalog.Fact{c("a", "12000")}, nil},
		{"agreement", recap.PackConflicts{}, []catalog.Fact{c("a", "12000"), c("b", "12,000")}, nil},
		{"refinement", recap.PackConflicts{}, []catalog.Fact{c("a", ">12,000"), c("b", "13,000+")}, nil},
		{"about so many", recap.PackConflicts{}, []catalog.Fact{c("a", "~12k"), c("b", "12,400")}, nil},
		{"three claims", recap.PackConflicts{}, []catalog.Fact{c("a", ">12,000"), c("b", "12000"), c("c", "13,000+")},
			[]string{"eu-attendance-people conflict; >12,000 a; 12000 b; 13,000+ c; 0 conflict-strict 1; 1 conflict 2"}},
		{"strict alone", recap.PackConflicts{}, []catalog.Fact{c("a", ">12,000"), c("b", "12000")},
			[]string{"eu-attendance-people conflict-strict; >12,000 a; 12000 b; 0 conflict-strict 1"}},
		{"within the tolerance", recap.PackConflicts{Tolerance: map[string]float64{"attendance": 0.01}}, []catalog.Fact{c("a", ">12,000"), c("b", "12000"), c("c", "13,000+")},
			[]string{"eu-attendance-people conflict; 12000 b; 13,000+ c; 0 conflict 1"}},
		{"tolerance of something else", recap.PackConflicts{Tolerance: map[string]float64{"talks": 1}}, []catalog.Fact{c("a", "1"), c("b", "2")},
			[]string{"eu-attendance-people conflict; 1 a; 2 b; 0 conflict 1"}},
		{"accepted", recap.PackConflicts{Accepted: []recap.AcceptedConflict{{ID: "x", Note: "no"}, {ID: "eu-attendance-people", Note: "kept"}}}, []catalog.Fact{c("a", "1"), c("b", "2")},
			[]string{"eu-attendance-people conflict accepted: kept; 1 a; 2 b; 0 conflict 1"}},
		{"about so many is another figure", recap.PackConflicts{}, []catalog.Fact{c("a", "~12000"), c("b", "12000"), c("c", "13000")},
			[]string{"eu-attendance-people conflict; ~12000 a; 12000 b; 13000 c; 0 conflict 2; 1 conflict 2"}},
		{"two sides", recap.PackConflicts{}, []catalog.Fact{c("a", "1"), c("b", "2"), c("c", "1"), c("d", "1-2")},
			[]string{"eu-attendance-people conflict; 1 a c; 2 b; 0 conflict 1"}},
		{"within one recap", recap.PackConflicts{}, []catalog.Fact{c("a", "4", sic), c("a", "5", sic)},
			[]string{"eu-attendance-people conflict internal; 4 a; 5 a; 0 conflict 1"}},
		{"another thing", recap.PackConflicts{}, []catalog.Fact{c("a", "1"), claim(t, "b", "na", "attendance", "2")}, nil},
		{"another property", recap.PackConflicts{}, []catalog.Fact{c("a", "1"), claim(t, "b", "eu", "talks", "2")}, nil},
		{"another unit", recap.PackConflicts{}, []catalog.Fact{c("a", "1"), c("b", "2", unit("tickets"))}, nil},
		{"a share", recap.PackConflicts{}, []catalog.Fact{c("a", "1"), c("b", "2", share), c("c", "3", share)},
			[]string{"eu-attendance-people-share conflict; 2 b; 3 c; 0 conflict 1"}},
		{"another time", recap.PackConflicts{}, []catalog.Fact{c("a", "1", at("2023")), c("b", "2", at("2024"))}, nil},
		{"times that overlap", recap.PackConflicts{}, []catalog.Fact{c("a", "1", at("2024")), c("b", "2", at("2024-03")), c("c", "2", at("2023"))},
			[]string{"eu-attendance-people conflict; 1 a; 2 b; 0 conflict 1"}},
		{"no unit", recap.PackConflicts{}, []catalog.Fact{c("a", "1", unit("")), c("b", "2", unit(""))},
			[]string{"eu-attendance conflict; 1 a; 2 b; 0 conflict 1"}},
		{"other kinds", recap.PackConflicts{}, []catalog.Fact{c("a", "1"), c("b", "2", func(f *catalog.Fact) { f.Kind = "note" }), c("c", "3", func(f *catalog.Fact) { f.About = nil })}, nil},
		{"by their ids", recap.PackConflicts{}, []catalog.Fact{
			claim(t, "a", "z", "p", "1"), claim(t, "b", "z", "p", "2"), claim(t, "a", "b", "p", "1"), claim(t, "b", "b", "p", "2"),
		}, []string{"b-p-people conflict; 1 a; 2 b; 0 conflict 1", "z-p-people conflict; 1 a; 2 b; 0 conflict 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := told(catalog.Conflicts(&recap.Pack{Conflicts: tt.pack}, slices.Values(tt.facts)))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Ten thousand different figures cost no more than the hundred that are looked
// at.
func TestConflictsMany(t *testing.T) {
	var facts []catalog.Fact
	for i := range 10_000 {
		facts = append(facts, claim(t, fmt.Sprintf("r-%d", i), "eu", "attendance", fmt.Sprint(i)))
	}
	conflicts := catalog.Conflicts(&recap.Pack{}, slices.Values(append(facts, facts...)))
	if len(conflicts) != 1 {
		t.Fatalf("%d conflicts", len(conflicts))
	}
	c := conflicts[0]
	if len(c.Sides) != 100 || c.Omitted != 9_900 || len(c.Between) != 100*99/2 || len(c.Sides[0].Claims) != 2 {
		t.Errorf("%d sides, %d omitted, %d between, %d claims", len(c.Sides), c.Omitted, len(c.Between), len(c.Sides[0].Claims))
	}
}

// What the five examples say: one attendance in three ways, one article that
// contradicts itself, and nothing else.
func TestExamplesAskedAcross(t *testing.T) {
	members, _ := examples(t)
	p := &recap.Pack{Name: "kubecon-recaps", Version: "1.0.0"}
	c, pack, s := built(t, p, members)
	want := []string{
		"cncf-new-certifications-certifications conflict internal; 4 kubecon-na-2024-wrap-up; 5 kubecon-na-2024-wrap-up; 0 conflict 1",
		"kubecon-cloudnativecon-eu-2024-attendance-people conflict; 13,000+ kubecon-eu-2024-ablock; over 12,000 kubecon-eu-2024-cloudsmith; 12000 kubecon-eu-2024-newcomer; 0 conflict 2; 1 conflict-strict 2",
	}
	if diff := cmp.Diff(want, told(c.Conflicts)); diff != "" {
		t.Errorf("conflicts (-want +got):\n%s", diff)
	}
	var facts []catalog.Fact
	for f, err := range catalog.ReadFacts(t.Context(), s, pack) {
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
	}
	if diff := cmp.Diff(c.Conflicts, catalog.Conflicts(p, slices.Values(facts))); diff != "" {
		t.Errorf("read back (-built +read):\n%s", diff)
	}
	if len(facts) != c.Facts {
		t.Errorf("%d facts read of %d", len(facts), c.Facts)
	}
	// Recommended by two.
	by := map[string][]string{}
	for _, f := range facts {
		if f.Kind == "recommendation" && f.Strength != "mentioned" && !slices.Contains(by[f.About[0]], f.Recap) {
			by[f.About[0]] = append(by[f.About[0]], f.Recap)
		}
	}
	for id, recaps := range by {
		if both := id == "building-container-images-the-modern-way"; both != (len(recaps) > 1) {
			t.Errorf("%s is recommended by %v", id, recaps)
		}
	}
	// Three events, however many recaps are called KubeCon 2024.
	events := map[string]int{}
	for _, m := range pack.Meta.Members {
		events[m.Event]++
	}
	if diff := cmp.Diff(map[string]int{"kubecon-cloudnativecon-eu-2023": 1, "kubecon-cloudnativecon-eu-2024": 3, "kubecon-cloudnativecon-na-2024": 1}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
