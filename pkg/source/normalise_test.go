// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
	"github.com/recap-oci/recap/schemas"
)

func number(f float64) *float64 { return &f }

func count(n int) *int { return &n }

func TestNormalise(t *testing.T) {
	for _, tt := range []struct {
		name, facts string
		want        recap.Facts
	}{
		{"event is a name", "event: Registry Days 2026", recap.Facts{}},
		{"event without id", "event: {name: Registry Days 2026, place: Lyon, alternateName: RD}", recap.Facts{
			Event: recap.Event{Fact: recap.Fact{ID: "registry-days-2026"}, Name: "Registry Days 2026", Place: &recap.Place{Text: "Lyon"}, AlternateName: []string{"RD"}}}},
		{"events below and ahead", "event: {name: RD, subEvents: [Workshop Day, {id: w, name: Ws}]}\nupcoming: [RD, Next]", recap.Facts{
			Event: recap.Event{Fact: recap.Fact{ID: "rd"}, Name: "RD", SubEvents: []recap.Event{
				{Fact: recap.Fact{ID: "workshop-day"}, Name: "Workshop Day"}, {Fact: recap.Fact{ID: "w"}, Name: "Ws"}}},
			Upcoming: []recap.Event{{Name: "RD"}, {Fact: recap.Fact{ID: "next"}, Name: "Next"}}}},
		{"entity is a name", "entities: {google: Google, no: {name: NO, affiliation: google}}", recap.Facts{
			Entities: map[string]recap.Entity{"google": {Name: "Google"}, "no": {Name: "NO", Affiliation: []string{"google"}}}}},
		{"bare values", "sessions: [{title: T, speakers: ada, about: oras, topics: x, sourceLines: 8}]\nannouncements: [{kind: award, title: A, by: b, recipients: r}]\ndisclosures: [{relation: press, to: x}]", recap.Facts{
			Sessions:      []recap.Session{{Fact: recap.Fact{Topics: []string{"x"}, SourceLines: "8"}, Title: "T", Speakers: []recap.Agent{{Name: "ada"}}, About: []string{"oras"}}},
			Announcements: []recap.Announcement{{Kind: "award", Title: "A", By: []string{"b"}, Recipients: []string{"r"}}},
			Disclosures:   []recap.Disclosure{{Relation: "press", To: []string{"x"}}}}},
		{"about is the event", "observations: [{property: p, value: 3}, {property: p, about: x, value: many}]", recap.Facts{
			Observations: []recap.Observation{{About: "registry-days", Property: "p", Value: number(3)}, {About: "x", Property: "p", TextValue: "many"}}}},
		{"figures", "observations: [{property: p, value: '>9,000'}, {property: p, value: '13,000+', asWritten: thirteen thousand}, {property: p, value: 20k-30k, unit: people}, {property: p, value: ~200k}]", recap.Facts{
			Observations: []recap.Observation{
				{About: "registry-days", Property: "p", MinValue: number(9000), ExclusiveMin: true, AsWritten: ">9,000"},
				{About: "registry-days", Property: "p", MinValue: number(13000), AsWritten: "thirteen thousand"},
				{About: "registry-days", Property: "p", MinValue: number(20000), MaxValue: number(30000), Unit: "people", AsWritten: "20k-30k"},
				{About: "registry-days", Property: "p", Value: number(200000), Approximate: true, AsWritten: "~200k"}}}},
		{"session in place", "sessions: [{id: t, title: Other}]\nrecommendations: [{session: {title: T}, position: 2}, {session: {text: Nameless, id: n}}, {session: T}]", recap.Facts{
			Sessions:        []recap.Session{{Fact: recap.Fact{ID: "t"}, Title: "Other"}, {Fact: recap.Fact{ID: "t-2"}, Title: "T"}, {Fact: recap.Fact{ID: "n", Text: "Nameless"}}},
			Recommendations: []recap.Recommendation{{Session: "t-2", Position: 2}, {Session: "n"}, {Session: "T"}}}},
		{"notes", "notes: [Lunch, {kind: tip, text: Rest, by: ada}]", recap.Facts{
			Notes: []recap.Note{{Fact: recap.Fact{Text: "Lunch"}}, {Fact: recap.Fact{Text: "Rest"}, Kind: "tip", By: []recap.Agent{{Name: "ada"}}}}}},
		{"spelling is kept", "announcements: [{kind: release, title: 1.10, version: 1.10, date: 2024-03}]\nsource: {comments: 0, title: NO, retrieved: 2024-03-27}\nevent: {name: 2026.10, edition: 0x10, startDate: 2024, place: {city: yes, country: NO}, id: \"2026\"}", recap.Facts{
			Event:         recap.Event{Fact: recap.Fact{ID: "2026"}, Name: "2026.10", Edition: "0x10", StartDate: "2024", Place: &recap.Place{City: "yes", Country: "NO"}},
			Source:        &recap.Source{Comments: count(0), Title: "NO", Retrieved: "2024-03-27"},
			Announcements: []recap.Announcement{{Kind: "release", Title: "1.10", Version: "1.10", Date: "2024-03"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(tt.facts, "event:") {
				tt.facts = "event: Registry Days\n" + tt.facts
			}
			text := "---\ntitle: T\nrecap:\n  " + strings.ReplaceAll(tt.facts, "\n", "\n  ") + "\n---\nText\n"
			s, problems, err := source.Load(dir(text), ".", source.Options{})
			if err != nil {
				t.Fatal(err)
			}
			tt.want.APIVersion = "recap/v1"
			if tt.want.Event.Name == "" {
				_, name, _ := strings.Cut(strings.SplitN(tt.facts, "\n", 2)[0], ": ")
				tt.want.Event = recap.Event{Fact: recap.Fact{ID: recap.Slug(name)}, Name: name}
			}
			if diff := cmp.Diff(tt.want, s.Recap.Facts); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, problems)
			}
		})
	}
}

// loadText returns the recap of a document, without its files.
func loadText(t *testing.T, text []byte) *recap.Recap {
	t.Helper()
	s, _, err := source.Load(dir(string(text)), ".", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Recap.Files = nil
	return s.Recap
}

func TestTopOfTheFrontMatter(t *testing.T) {
	s := loadText(t, []byte("---\ntitle: Café & Co\nauthor: {name: Ada, avatar: x}\ntags: [a, '', b]\ncategories: c\nkeywords:\ndraft: true\nlastmod:\nlayout: {x: [1]}\nrecap: {event: Registry Days}\n---\nText\n"))
	want := &recap.Recap{
		Title: "Café & Co", Slug: recap.Slug("Café & Co"), Authors: []recap.Agent{{Name: "Ada"}},
		Tags: []string{"a", "b"}, Categories: []string{"c"}, Draft: true, Facts: s.Facts,
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSyntaxesSayTheSame reads one recap in three languages and from a file of
// its own.
func TestSyntaxesSayTheSame(t *testing.T) {
	texts := map[string]fstest.MapFS{
		"YAML": dir("---\ntitle: T\ndate: 2026-05-14\nx: [1]\nrecap:\n  event: {name: Registry Days, startDate: 2026-05}\n  observations:\n    - {property: attendance, value: \">9,000\", x-n: 1.50}\n    - {property: rooms, value: 12, share: false}\n  announcements: [{kind: release, title: R, version: \"1.10\"}]\n---\nText\n"),
		"TOML": dir("+++\ntitle = 'T'\ndate = 2026-05-14\nx = [1]\n[recap]\nevent = {name = 'Registry Days', startDate = '2026-05'}\n[[recap.observations]]\nproperty = 'attendance'\nvalue = '>9,000'\nx-n = 1.50\n[[recap.observations]]\nproperty = 'rooms'\nvalue = 12\nshare = false\n[[recap.announcements]]\nkind = 'release'\ntitle = 'R'\nversion = 1.10\n+++\nText\n"),
		"JSON": dir("{\n  \"title\": \"T\", \"date\": \"2026-05-14\", \"x\": [1],\n  \"recap\": {\"event\": {\"name\": \"Registry Days\", \"startDate\": \"2026-05\"},\n    \"observations\": [{\"property\": \"attendance\", \"value\": \">9,000\", \"x-n\": 1.50}, {\"property\": \"rooms\", \"value\": 12.0, \"share\": false}],\n    \"announcements\": [{\"kind\": \"release\", \"title\": \"R\", \"version\": \"1.10\"}]}\n}\n\nText\n"),
		"recap.yaml": dir("---\ntitle: T\ndate: 2026-05-14\n---\nText\n", "recap.yaml",
			"event: {name: Registry Days, startDate: 2026-05}\nobservations:\n  - {property: attendance, value: \">9,000\", x-n: 1.50}\n  - {property: rooms, value: 12, share: false}\nannouncements: [{kind: release, title: R, version: 1.10}]\n"),
	}
	var want *recap.Recap
	for _, name := range []string{"YAML", "TOML", "JSON", "recap.yaml"} {
		s, problems, err := source.Load(texts[name], ".", source.Options{})
		if err != nil || s.Err(rule.LevelValid) != nil {
			t.Fatalf("%s: %v %v", name, err, problems)
		}
		s.Recap.Files = nil
		if want == nil {
			want = s.Recap
		}
		if diff := cmp.Diff(want, s.Recap); diff != "" {
			t.Errorf("%s (-YAML +%s):\n%s", name, name, diff)
		}
	}
}

func TestExtensions(t *testing.T) {
	s := loadText(t, []byte(`---
title: T
x-top: not mine
recap:
  event: {name: Registry Days, x-hall: [1, "2", {x-deep: true}]}
  x-a/b: null
  recommendations:
    - {session: {title: S, x-s: 1.0}, x-r: ~}
  entities: {x: {name: X, x-note: "\u00e9 <b>"}}
---
Text
`))
	want := map[string]json.RawMessage{
		"/recap/event/x-hall":          json.RawMessage(`[1,"2",{"x-deep":true}]`),
		"/recap/x-a~1b":                json.RawMessage(`null`),
		"/recap/sessions/0/x-s":        json.RawMessage(`1`),
		"/recap/recommendations/0/x-r": json.RawMessage(`null`),
		"/recap/entities/x/x-note":     json.RawMessage(`"é <b>"`),
	}
	if diff := cmp.Diff(want, s.Extensions); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestConfigFitsItsSchema holds that what Load makes is what the schema of the
// config blob describes, once digests are filled in.
func TestConfigFitsItsSchema(t *testing.T) {
	for name, text := range corpus(t) {
		s, _, err := source.Load(dir(string(text)), ".", source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Recap.Files {
			s.Recap.Files[i].Digest = "sha256:" + strings.Repeat("0", 64)
		}
		data, err := json.Marshal(s.Recap)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled(t, "config").Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// short and long say the same.
const short = `---
title: Three days in Lyon
date: 2026-05-14
recap:
  event: {id: registry-days-2026, name: "Registry Days 2026"} # a comment
  entities:
    oras: ORAS
    zot: {kind: project, name: zot}
  sessions:
    - title: Graphs
      speakers: Ada Example (Example Ltd)
      about: oras
      x-room: {b: 1, a: 2}
  observations:
    - {property: attendance, value: "9,000+", unit: people}
  upcoming:
    - Registry Days 2027
  notes: [Lunch was good.]
---
The *body*  stays.
`

const long = `---
title: Three days in Lyon
date: 2026-05-14
recap:
    apiVersion: recap/v1
    event: {id: registry-days-2026, name: "Registry Days 2026"}
    upcoming:
    - id: registry-days-2027
      name: Registry Days 2027
    observations:
    - {about: registry-days-2026, property: attendance, minValue: 9000, unit: people, asWritten: "9,000+"}
    sessions:
    - speakers:
        - {name: Ada Example, affiliation: Example Ltd}
      about: [oras]
      title: Graphs
      x-room: {b: 1, a: 2}
    entities:
        oras:
            name: ORAS
        zot: {name: zot, kind: project}
    notes: [{text: Lunch was good.}]
---
The *body*  stays.
`

// TestShorthands holds that the two ways to say it make one recap.
func TestShorthands(t *testing.T) {
	if diff := cmp.Diff(loadText(t, []byte(long)), loadText(t, []byte(short))); diff != "" {
		t.Errorf("(-long +short):\n%s", diff)
	}
}

// corpus returns the documents of the project that are recaps, and one that says
// the same in short and at length.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	texts := map[string][]byte{"short": []byte(short), "long": []byte(long)}
	files, err := filepath.Glob("../../examples/recaps/*/index.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no documents", err)
	}
	for _, f := range files {
		if texts[f], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// compiled returns the schema of that name.
func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	data, err := schemas.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemas.URL(name), doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(schemas.URL(name))
}

// TestHostileFrontMatter holds that a front matter within the limit costs
// little, whatever is in it.
func TestHostileFrontMatter(t *testing.T) {
	repeat := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	size := recap.MaxFrontMatterSize - 100
	if testing.Short() {
		size /= 8
	}
	keys := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size-20; i++ {
			b.WriteString(strings.ReplaceAll(format, "N", strconv.Itoa(i)))
		}
		return b.String()
	}
	for _, tt := range []struct{ name, text string }{
		{"one line of values", "---\na: [" + repeat("1,", size) + "]\n---\nx"},
		{"one map", "---\n" + keys("kN: 1\n") + "---\nx"},
		{"one map in brackets", "---\n{" + keys("kN: 1,") + "}\n---\nx"},
		{"one key", "---\n" + repeat("a: 1\n", size) + "---\nx"},
		{"brackets", "---\na: " + repeat("[", size) + "\n---\nx"},
		{"braces", "---\na: " + repeat("{a: ", size) + "\n---\nx"},
		{"aliases", "---\na: &a [x]\nb: [" + repeat("*a,", size) + "]\n---\nx"},
		{"unknown fields", "---\ntitle: T\nrecap:\n  event: E E\n" + keys("  kN: 1\n") + "---\nx"},
		{"bad items", "---\ntitle: T\nrecap:\n  event: E E\n  topics: [" + repeat("{},", size) + "]\n---\nx"},
		{"zero-width", "---\ntitle: \"" + repeat("a\u200b", size) + "\"\n---\nx"},
		{"TOML tables", "+++\n" + keys("[tN]\n") + "+++\nx"},
		{"TOML array tables", "+++\n" + repeat("[[a]]\n", size) + "+++\nx"},
		{"TOML dots", "+++\n" + repeat("a.", size) + "a = 1\n+++\nx"},
		{"JSON", "{" + strings.TrimSuffix(keys(`"kN": 1,`), ",") + "}\nx"},
		{"JSON brackets", "{\"a\": " + repeat("[", size) + "}\nx"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, problems, err := source.Load(dir(tt.text), ".", source.Options{}); err != nil || len(problems) == 0 {
				t.Errorf("%d problems, %v", len(problems), err)
			} else if len(problems) > 2002 {
				t.Errorf("%d problems: nobody reads so many", len(problems))
			}
		})
	}
}

func TestFrontMatterLimit(t *testing.T) {
	text := func(n int) string {
		front := "title: T\nrecap: {event: Registry Days}\n# "
		return "---\n" + front + strings.Repeat("x", n-len(front)-1) + "\n---\nText\n"
	}
	_, got := load(t, dir(text(recap.MaxFrontMatterSize)), ".", source.Options{})
	for _, line := range got {
		if strings.Contains(line, ": error ") {
			t.Errorf("at the limit: %s", line)
		}
	}
	_, got = load(t, dir(text(recap.MaxFrontMatterSize+1)), ".", source.Options{})
	if len(got) != 1 || !strings.Contains(got[0], ": error R") {
		t.Errorf("over the limit: %v", got)
	}
}

// FuzzLoad holds that no document makes Load panic, and that it says the same
// twice.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		short, long, // small ones: the fuzzer tries thousands of variants of each
		"+++\ntitle = 'T'\n[recap]\nevent = {name = 'E E'}\n+++\n![](a.png)\n", "{\"title\": \"T\", \"recap\": {\"event\": \"E E\"}}\nx",
		"---\ntitle: T\nrecap: {event: [], sessions: {}, observations: [{value: 9,000+}], entities: [x], recommendations: [{session: {}}]}\n---\n",
		"---\ntitle: [T]\nrecap: 1\n---\n", "---\nrecap:\n  event: {subEvents: [1, {subEvents: x}]}\n  notes: [[]]\n  source: x\n---\n", "---\n? - a\n: b\n---\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fsys := fstest.MapFS{"index.md": {Data: text}}
		s, problems, err := source.Load(fsys, ".", source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		again, same, err := source.Load(fsys, ".", source.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(problems, same); diff != "" {
			t.Fatalf("problems differ:\n%s", diff)
		}
		if diff := cmp.Diff(s.Recap, again.Recap); diff != "" {
			t.Fatalf("recaps differ:\n%s", diff)
		}
		if s.Err(rule.LevelValid) == nil {
			if _, err := json.Marshal(s.Recap); err != nil {
				t.Fatal(err)
			}
			if s.Recap.Slug == "" || s.Recap.Title == "" {
				t.Fatalf("a recap without a name passes: %+v", s.Recap)
			}
		}
	})
}
