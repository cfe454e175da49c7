// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestNear(t *testing.T) {
	const head = "name: days\nversion: 1.0.0\nmembers: ['*.md']\n"
	speaker := func(title, name string) string {
		return article(title, "sessions: [{title: "+title+" talk, speakers: "+name+"}]")
	}
	entity := func(title, id, kind, name string) string {
		return article(title, "entities: {"+id+": {kind: "+kind+", name: "+name+"}}")
	}
	event := func(title, fields string) string { return article(title, "event: {"+fields+"}") }
	for _, tt := range []struct {
		name  string
		files tree
		more  string // of pack.yaml
		want  []string
	}{
		{"one letter apart", tree{"a.md": speaker("Alpha", "Liz Price"), "b.md": speaker("Bravo", "Lis Price")}, "",
			[]string{`b.md: warning R305…"Lis Price" (lis-price)…are nearly the same…people: {liz-price: ["Lis Price"]}`}},
		{"two letters swapped", tree{"a.md": speaker("Alpha", "Liz Price"), "b.md": speaker("Bravo", "Liz Prcie")}, "", []string{"b.md: warning R305…nearly"}},
		{"one letter more, at the end", tree{"a.md": speaker("Alpha", "Liz Price"), "b.md": speaker("Bravo", "Liz Prices")}, "", []string{"b.md: warning R305…nearly"}},
		{"the rarer is the slip", tree{"a.md": speaker("Alpha", "Lis Price"), "b.md": speaker("Bravo", "Liz Price"), "c.md": speaker("Charlie", "Liz Price")}, "",
			[]string{`a.md: warning R305…people: {liz-price: ["Lis Price"]}`}},
		{"two letters apart", tree{"a.md": speaker("Alpha", "Liz Price"), "b.md": speaker("Bravo", "Lis Prise")}, "", nil},
		{"short names", tree{"a.md": speaker("Alpha", "Liz P"), "b.md": speaker("Bravo", "Lis P")}, "", nil},
		{"other digits", tree{"a.md": entity("Alpha", "helm-4", "project", "Helm the 4th"), "b.md": entity("Bravo", "helm-5", "project", "Helm the 5th")}, "", nil},
		{"one name, two ids", tree{"a.md": entity("Alpha", "acme", "organization", "Acme Widgets"), "b.md": entity("Bravo", "acme-widgets", "organization", "Acme Widgets")}, "",
			[]string{`b.md: warning R305…have the same name…organizations: {acme: ["acme-widgets"]}`}},
		{"joined by an alias", tree{"a.md": entity("Alpha", "acme", "organization", "Acme Widgets"), "b.md": entity("Bravo", "acme-widgets", "organization", "Acme Widgets")},
			"aliases: {organizations: {acme: [acme-widgets]}}\n", nil},
		{"joined by the glossary", tree{"a.md": speaker("Alpha", "Liz Price"), "b.md": speaker("Bravo", "Lis Price")},
			"entities: {liz-price: {kind: person, name: Liz Price, alternateName: Lis Price}}\n", nil},
		{"a person and a topic", tree{"a.md": speaker("Alpha", "Liz Price"), "b.md": article("Bravo", "topics: [{name: Lis Price}]")}, "", nil},
		{"within one recap", tree{"a.md": article("Alpha", "sessions: [{title: T, speakers: [Liz Price, Lis Price]}]")}, "", []string{"a.md:…R305"}},
		{"topics", tree{"a.md": article("Alpha", "topics: [{name: Observability}]"), "b.md": article("Bravo", "topics: [{name: Observabilty}]")}, "",
			[]string{`b.md: warning R305…topics: {observability: ["Observabilty"]}`}},
		{"two ids of an edition", tree{
			"a.md": event("Alpha", "id: days-eu-2026, name: Days EU 2026, series: days, startDate: 2026-03"),
			"b.md": event("Bravo", "id: example-days-eu-2026, name: Example Days Europe 2026, series: days, startDate: 2026"),
		}, "", []string{`b.md: warning R305…two events of one series and year…events: {days-eu-2026: ["example-days-eu-2026"]}`}},
		{"two ids in one town", tree{
			"a.md": event("Alpha", "id: days-eu, name: Days EU, series: days, startDate: 2026, place: {city: Lyon}"),
			"b.md": event("Bravo", "id: days-lyon, name: Days in Lyon, series: days, startDate: 2026, place: {city: lyon}"),
		}, "", []string{"b.md: warning R305…two events of one series and year"}},
		{"two editions in a year", tree{
			"a.md": event("Alpha", "id: days-eu-2026, name: Days EU 2026, series: days, startDate: 2026"),
			"b.md": event("Bravo", "id: days-na-2026, name: Days North America 2026, series: days, startDate: 2026"),
		}, "", nil},
		{"two towns", tree{
			"a.md": event("Alpha", "id: days-2026, name: Days, series: days, startDate: 2026, place: {city: Lyon}"),
			"b.md": event("Bravo", "id: days-na-2026, name: Days, series: days, startDate: 2026, place: {city: Reno}"),
		}, "", nil},
		{"two months", tree{
			"a.md": event("Alpha", "id: days-2026, name: Days, series: days, startDate: 2026-03"),
			"b.md": event("Bravo", "id: days-na-2026, name: Days, series: days, startDate: 2026-01"),
		}, "", nil},
		{"another year", tree{
			"a.md": event("Alpha", "id: days-2025, name: Example Days, series: days, startDate: 2025"),
			"b.md": event("Bravo", "id: days-2026, name: Example Days, series: days, startDate: 2026"),
		}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := pack.Check(t.Context(), tt.files.with(tree{"pack.yaml": head + tt.more}).fs(), pack.Options{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, b.Problems, tt.want...)
		})
	}
}

func TestAliases(t *testing.T) {
	files := tree{
		"pack.yaml": "name: days\nversion: 1.0.0\nmembers: ['*.md']\naliases:\n  sessions:\n    images: [\"alpha#pick-8\", \"bravo#best\"]\n    other: [\"alhpa#pick-8\", \"alpha#pick-9\", \"A title\"]\n",
		"a.md":      article("Alpha", "sessions: [{id: pick-8, title: Images}]"),
		"b.md":      article("Bravo", "sessions: [{id: best, title: Container images}]"),
	}
	b, err := pack.Build(t.Context(), files.fs(), nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, `pack.yaml:7:13: error R302…no member has the slug "alhpa"…did you mean alpha?`, `pack.yaml:7:29: error R302…nothing in alpha has the id "pick-9"`)
}

func TestConflicts(t *testing.T) {
	const head = "name: days\nversion: 1.0.0\nmembers: ['*']\n"
	figure := func(title, value string) string {
		return article(title, "observations: [{property: attendance, value: \""+value+"\", unit: people}]")
	}
	files := tree{
		"a.md": figure("Alpha", "12,000"), "b/index.md": article("Bravo"), "c.md": figure("Charlie", "13,000+"),
	}
	for _, tt := range []struct {
		name, more string
		files      tree
		want       []string
	}{
		{"none", "", tree{"c.md": figure("Charlie", "11,000+")}, nil},
		{"one", "", nil, []string{"c.md:8:1: warning R903…attendance of days-2026: 12,000 (alpha), 13,000+ (charlie)…accepted in pack.yaml: {id: days-2026-attendance-people"}},
		{"accepted", "conflicts: {accepted: [{id: days-2026-attendance-people, note: both are official}]}\n", nil, nil},
		{"tolerated", "conflicts: {tolerance: {attendance: 0.1}}\n", nil, nil},
		{"accepted, and there is none", "conflicts: {accepted: [{id: days-2026-attendance-peple, note: both}]}\n", nil,
			[]string{"pack.yaml:4:24: warning R904…did you mean days-2026-attendance-people?", "c.md:8:1: warning R903"}},
		{"in recap.yaml", "", tree{"c.md": "", "c/index.md": "---\ntitle: Charlie\ndate: 2026-03-27\nauthor: Ada Example\n---\nText.\n",
			"c/recap.yaml": "license: CC-BY-4.0\nevent: {id: days-2026, name: Example Days 2026}\nobservations:\n- {property: attendance, value: 13000, unit: people}\n"},
			[]string{"c/recap.yaml:4:1: warning R903"}},
		{"within one recap", "", tree{"c.md": article("Charlie", "observations: [{property: size, value: 1, unit: m}, {property: size, value: 2, unit: m}]"), "a.md": article("Alpha")},
			[]string{"c.md:…R503"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := pack.Check(t.Context(), files.with(tree{"pack.yaml": head + tt.more}).with(tt.files).fs(), pack.Options{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, b.Problems, tt.want...)
		})
	}
}

func TestCheck(t *testing.T) {
	b, err := pack.Check(t.Context(), three().with(tree{"pack.yaml": "name: Days\nmembers: [a]\n"}).fs(), pack.Options{})
	if err != nil || b == nil || b.File != nil {
		t.Fatalf("%+v, %v", b, err)
	}
	expect(t, b.Problems, "pack.yaml:1:1: error R005")

	b, err = pack.Check(t.Context(), three().with(tree{"pack.yaml": "name: days\nmembers: ['recaps/*', 'nowhere/*', r.example/a:1]\n", "recaps/b/index.md": article("Alpha")}).fs(), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, b.Problems, "pack.yaml:2:23: error R901…no recap fits it", "recaps/b/index.md: error R301")

	// What nobody opened may be what an alias and an accepted conflict are about.
	b, err = pack.Check(t.Context(), three().with(tree{"pack.yaml": "name: days\nmembers: ['recaps/*', r.example/a:1]\n" +
		"aliases: {sessions: {one: ['delta#one', 'alpha#one']}}\nconflicts: {accepted: [{id: attendance, note: both}]}\n"}).fs(), pack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, b.Problems, "pack.yaml:3:41: error R302…alpha")

	_, err = pack.Check(t.Context(), tree{}.fs(), pack.Options{})
	fails(t, err, recap.NotFound, "no-pack")
}

// The five examples contradict each other where their sources do, and nowhere
// else: about how many came to Paris.
func TestExamples(t *testing.T) {
	fsys := fstest.MapFS{"pack.yaml": {Data: []byte("name: kubecon-recaps\nversion: 1.0.0\nmembers: ['recaps/*']\n")}}
	if err := addAll(fsys, os.DirFS("../../examples"), "recaps"); err != nil {
		t.Fatal(err)
	}
	b, err := pack.Build(t.Context(), fsys, nil, pack.Options{})
	if err != nil {
		t.Fatal(err, lines(b.Problems))
	}
	if got := len(slugs(b)); got != 5 {
		t.Errorf("%d members", got)
	}
	contradictions := slices.DeleteFunc(lines(b.Problems), func(line string) bool { return !strings.Contains(line, " R903: ") })
	if len(contradictions) != 1 || !strings.Contains(contradictions[0], "attendance of kubecon-cloudnativecon-eu-2024") {
		t.Errorf("contradictions: %q", contradictions)
	}
}

func addAll(to fstest.MapFS, from fs.FS, dir string) error {
	return fs.WalkDir(from, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		to[name] = &fstest.MapFile{Data: data}
		return err
	})
}
