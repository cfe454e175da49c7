// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package rule_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
)

// sound returns a recap that breaks no rule and has something of everything.
func sound() *recap.Recap {
	one := 1.0
	return &recap.Recap{
		Title:   "A week in Paris",
		Slug:    "a-week-in-paris",
		Date:    "2024-03-27",
		Authors: []recap.Agent{{Name: "Ann Author", Affiliation: "acme", URL: "https://example.org/ann"}},
		Facts: recap.Facts{
			APIVersion: recap.APIVersion,
			License:    "CC-BY-4.0",
			Event: recap.Event{
				Fact: recap.Fact{ID: "kubecon-eu-2024"}, Name: "KubeCon Europe 2024", Series: "kubecon",
				StartDate: "2024-03-19", EndDate: "2024-03-22",
				SubEvents: []recap.Event{{Fact: recap.Fact{ID: "argocon"}, Name: "ArgoCon", StartDate: "2024-03-18"}},
			},
			Source: &recap.Source{
				Title: "Paris", Author: []recap.Agent{{Name: "Bob Blogger"}}, DatePublished: "2024-03-26",
				URL: "https://example.org/paris", License: "NOASSERTION", Derivation: "rewritten",
			},
			Disclosures: []recap.Disclosure{{Relation: "employee", To: []string{"acme"}, SourceLines: "3"}},
			Entities: map[string]recap.Entity{
				"acme":     {Kind: "organization", Name: "Acme"},
				"liz-rice": {Kind: "person", Name: "Liz Rice", Affiliation: []string{"acme", "etcd"}, MaturityAsOf: "2024"},
			},
			Sessions: []recap.Session{
				{Fact: recap.Fact{ID: "ebpf-talk", Topics: []string{"runtime-security"}}, Title: "eBPF's Abilities and Limitations",
					Event: "argocon", Speakers: []recap.Agent{{Name: "liz-rice"}, {Name: "John Fastabend"}},
					Day: "2024-03-20", Recording: "https://example.org/v", SameAs: []string{"guid-17"}, Media: []string{"poster"}},
			},
			Recommendations: []recap.Recommendation{
				{Session: "ebpf-talk", List: "top", Position: 1},
				{Session: "A talk that nobody wrote down", List: "top", Position: 2},
			},
			Topics: []recap.Topic{{Name: "runtime-security", Kind: "trend", Position: 1, About: []string{"Kubernetes"}}},
			Observations: []recap.Observation{
				{About: "kubecon-eu-2024", Property: "attendance", MinValue: &one, Unit: "people",
					Fact: recap.Fact{ID: "attendance", Quote: "one or more", SourceLines: "8-10"}},
				{About: "kubecon-eu-2024", Property: "mood", TextValue: "cheerful"},
			},
			Announcements: []recap.Announcement{{Kind: "release", Title: "OCI 1.1.0", By: []string{"OCI"}, Date: "2024-02"}},
			Quotations:    []recap.Quotation{{Fact: recap.Fact{Quote: "It works"}, Speaker: recap.Agent{Name: "liz-rice"}, Session: "ebpf-talk"}},
			Media: []recap.Media{
				{Fact: recap.Fact{ID: "poster"}, Src: "media/poster.png", Alt: "A bee", License: "CC0-1.0"},
				{Kind: "image", Caption: "lost", Unavailable: true},
			},
			Upcoming:    []recap.Event{{Name: "KubeCon North America 2024", StartDate: "2024-11"}},
			Links:       []recap.Link{{Text: "slides", URL: "slides/talk.pdf"}, {Text: "lost", Unavailable: true}},
			Notes:       []recap.Note{{Fact: recap.Fact{Text: "Eat early."}, Kind: "tip", About: []string{"kubecon-eu-2024"}}},
			Inferred:    []string{"/recap/source/author", "/recap/disclosures/0"},
			Unavailable: []string{"/tags", "/recap/source/publisher"},
		},
	}
}

func TestCheckFindsNothing(t *testing.T) {
	for name, r := range map[string]*recap.Recap{
		"sound": sound(),
		"smallest": {
			Title: "T", Slug: "t", Date: "2024-01-01", Authors: []recap.Agent{{Name: "A"}},
			Facts: recap.Facts{License: "NONE", Event: recap.Event{Name: "E"}},
		},
	} {
		findings := rule.Check(r)
		if name == "smallest" { // NONE is for check at level publishable
			findings = slices.DeleteFunc(findings, func(f rule.Finding) bool { return f.Rule == "R402" })
		}
		if len(findings) > 0 {
			t.Errorf("%s: %+v", name, findings)
		}
	}
}

// Each case breaks one thing of the sound recap.
func TestCheck(t *testing.T) {
	value := func(v float64) *float64 { return &v }
	tests := []struct {
		name   string
		mutate func(r *recap.Recap)
		want   []string // "rule pointer"
	}{
		// R2xx
		{"event ends early", func(r *recap.Recap) { r.Facts.Event.EndDate = "2024-03-18" }, []string{"R201 /recap/event/endDate"}},
		{"subEvent ends early", func(r *recap.Recap) { r.Facts.Event.SubEvents[0].EndDate = "2024-03-17" }, []string{"R201 /recap/event/subEvents/0/endDate"}},
		{"upcoming ends early", func(r *recap.Recap) { r.Facts.Upcoming[0].EndDate = "2024-10-30" }, []string{"R201 /recap/upcoming/0/endDate"}},
		{"ends in the month it begins", func(r *recap.Recap) { r.Facts.Event.EndDate = "2024-03" }, nil},
		{"article before event", func(r *recap.Recap) { r.Facts.Source.DatePublished = "2024-03-18" }, []string{"R202 /recap/event/startDate"}},
		{"article in the month of the event", func(r *recap.Recap) { r.Facts.Source.DatePublished = "2024-03" }, nil},
		{"retold long before", func(r *recap.Recap) { r.Date = "2020-01-01" }, nil},
		{"original before event", func(r *recap.Recap) { r.Date = "2020-01-01"; r.Facts.Source = nil; dropSource(r) }, []string{"R202 /recap/event/startDate"}},
		{"original source before event", func(r *recap.Recap) {
			r.Date, r.Facts.Source.DatePublished, r.Facts.Source.Derivation = "2020-01-01", "", "original"
		}, []string{"R202 /recap/event/startDate"}},
		{"retelling without a date", func(r *recap.Recap) { r.Facts.Source.DatePublished = ""; r.Facts.Upcoming[0].StartDate = "1999" }, nil},
		{"upcoming is past", func(r *recap.Recap) { r.Facts.Upcoming[0].StartDate = "2024-02" }, []string{"R203 /recap/upcoming/0/startDate"}},
		{"upcoming ended", func(r *recap.Recap) {
			r.Facts.Upcoming[0].StartDate, r.Facts.Upcoming[0].EndDate = "2024-02", "2024-03-25"
		}, []string{"R203 /recap/upcoming/0/endDate"}},
		{"subEvent four days before", func(r *recap.Recap) { r.Facts.Event.SubEvents[0].StartDate = "2024-03-15" }, []string{"R204 /recap/event/subEvents/0/startDate"}},
		{"subEvent three days before", func(r *recap.Recap) { r.Facts.Event.SubEvents[0].StartDate = "2024-03-16" }, nil},
		{"subEvent ends four days after", func(r *recap.Recap) { r.Facts.Event.SubEvents[0].EndDate = "2024-03-26" }, []string{"R204 /recap/event/subEvents/0/endDate"}},
		{"subEvent ends three days after", func(r *recap.Recap) { r.Facts.Event.SubEvents[0].EndDate = "2024-03-25" }, nil},
		{"subEvent of the month", func(r *recap.Recap) { r.Facts.Event.SubEvents[0].StartDate = "2024-03" }, nil},
		{"no such day", func(r *recap.Recap) { r.Facts.Sessions[0].Day = "2024-02-30" }, []string{"R205 /recap/sessions/0/day"}},
		{"no such month", func(r *recap.Recap) { r.Date = "2026-13-45" }, []string{"R205 /date"}},
		{"no date at all", func(r *recap.Recap) { r.LastMod = "soon" }, []string{"R205 /lastmod"}},
		{"reduced date", func(r *recap.Recap) { r.Date = "2024-03" }, []string{"R206 /date"}},
		{"reduced lastmod", func(r *recap.Recap) { r.LastMod = "2024" }, []string{"R206 /lastmod"}},
		{"no date", func(r *recap.Recap) { r.Date = "" }, []string{"R207 /date"}},
		{"date lost", func(r *recap.Recap) { r.Date = ""; lose(r, "/date") }, nil},

		// R3xx
		{"session has the event's id", func(r *recap.Recap) { r.Facts.Sessions[0].ID = "argocon" },
			[]string{"R301 /recap/sessions/0/id", "R302 /recap/recommendations/0/session", "R302 /recap/quotations/0/session"}},
		{"entity has the event's id", func(r *recap.Recap) { r.Facts.Entities["argocon"] = recap.Entity{Name: "Argo"} }, []string{"R301 /recap/entities/argocon"}},
		{"announcement has a recommendation's id", func(r *recap.Recap) {
			r.Facts.Recommendations[0].ID, r.Facts.Announcements[0].ID = "x", "x"
		}, []string{"R301 /recap/announcements/0/id"}},
		{"observation may have an event's id", func(r *recap.Recap) { r.Facts.Observations[0].ID = "argocon" }, nil},
		{"two observations of one id", func(r *recap.Recap) { r.Facts.Observations[1].ID = "attendance" }, []string{"R301 /recap/observations/1/id"}},
		{"unknown id", func(r *recap.Recap) { r.Facts.Sessions[0].Speakers[1].Name = "john-fastabend" }, []string{"R302 /recap/sessions/0/speakers/1/name"}},
		{"misspelt id of one word", func(r *recap.Recap) { r.Facts.Disclosures[0].To[0] = "acne" }, []string{"R302 /recap/disclosures/0/to/0"}},
		{"lower-case name", func(r *recap.Recap) { r.Facts.Sessions[0].Speakers[1].Affiliation = "env0" }, nil},
		{"unknown topic", func(r *recap.Recap) { r.Facts.Sessions[0].Topics[0] = "supply-chain" }, []string{"R302 /recap/sessions/0/topics/0"}},
		{"unknown about", func(r *recap.Recap) { r.Facts.Observations[1].About = "kubecon-na-2024" }, []string{"R302 /recap/observations/1/about"}},
		{"session at a person", func(r *recap.Recap) { r.Facts.Sessions[0].Event = "liz-rice" }, []string{"R302 /recap/sessions/0/event"}},
		{"session at an event by name", func(r *recap.Recap) { r.Facts.Sessions[0].Event = "ArgoCon" }, nil},
		{"recommended by title", func(r *recap.Recap) { r.Facts.Recommendations[0].Session = "eBPF's Abilities and Limitations" }, nil},
		{"same position", func(r *recap.Recap) { r.Facts.Recommendations[1].Position = 1 }, []string{"R303 /recap/recommendations/1/position"}},
		{"same position in two lists", func(r *recap.Recap) {
			r.Facts.Recommendations[1].List, r.Facts.Recommendations[1].Position = "other", 1
		}, nil},
		{"same position of topics", func(r *recap.Recap) {
			r.Facts.Topics = append(r.Facts.Topics, recap.Topic{Name: "Wasm", Kind: "trend", Position: 1})
		}, []string{"R303 /recap/topics/1/position"}},
		{"topics of two kinds", func(r *recap.Recap) {
			r.Facts.Topics = append(r.Facts.Topics, recap.Topic{Name: "Wasm", Kind: "buzzword", Position: 1})
		}, nil},
		{"gap", func(r *recap.Recap) { r.Facts.Recommendations[1].Position = 4 }, []string{"R304 /recap/recommendations/1/position"}},
		{"begins late", func(r *recap.Recap) { r.Facts.Topics[0].Position = 2 }, []string{"R304 /recap/topics/0/position"}},
		{"unranked", func(r *recap.Recap) { r.Facts.Recommendations[0].Position, r.Facts.Recommendations[1].Position = 0, 0 }, nil},
		{"one letter off", func(r *recap.Recap) { r.Facts.Sessions[0].Speakers[1].Name = "Liz Rise" }, []string{"R305 /recap/sessions/0/speakers/1/name"}},
		{"one letter off, of two bytes", func(r *recap.Recap) { r.Facts.Sessions[0].Speakers[1].Name = "Liz Ríce" }, []string{"R305 /recap/sessions/0/speakers/1/name"}},
		{"one letter of three", func(r *recap.Recap) {
			r.Facts.Sessions[0].Speakers = append(r.Facts.Sessions[0].Speakers, recap.Agent{Name: "王小明"}, recap.Agent{Name: "王小昌"})
		}, nil},
		{"two entities of one name", func(r *recap.Recap) { r.Facts.Entities["liz"] = recap.Entity{Name: "Liz  Rice"} }, []string{"R305 /recap/entities/liz-rice/name"}},
		{"another version", func(r *recap.Recap) { r.Facts.Topics[0].About = []string{"Helm v3 chart", "Helm v4 chart"} }, nil},
		{"no author", func(r *recap.Recap) { r.Authors = nil }, []string{"R306 /authors"}},
		{"author lost", func(r *recap.Recap) { r.Authors = nil; lose(r, "/author") }, nil},
		{"reserved slug", func(r *recap.Recap) { r.Slug = "catalog" }, []string{"R307 /slug"}},
		{"no slug", func(r *recap.Recap) { r.Slug = "" }, []string{"R307 /slug"}},
		{"slug that climbs", func(r *recap.Recap) { r.Slug = ".." }, []string{"R307 /slug"}},

		// R4xx
		{"bad licence", func(r *recap.Recap) { r.Facts.License = "CC BY 4.0" }, []string{"R401 /recap/license"}},
		{"bad licence of the source", func(r *recap.Recap) { r.Facts.Source.License = "©" }, []string{"R401 /recap/source/license"}},
		{"bad licence of a picture", func(r *recap.Recap) { r.Facts.Media[0].License = "free" }, []string{"R401 /recap/media/0/license"}},
		{"nothing asserted", func(r *recap.Recap) { r.Facts.License = "NOASSERTION" }, []string{"R402 /recap/license"}},
		{"verbatim without a licence", func(r *recap.Recap) { r.Facts.Source.Derivation = "verbatim" }, []string{"R403 /recap/source/license"}},
		{"verbatim with a licence", func(r *recap.Recap) {
			r.Facts.Source.Derivation, r.Facts.Source.License = "verbatim", "CC-BY-4.0"
		}, nil},
		{"no licence", func(r *recap.Recap) { r.Facts.License = "" }, []string{"R405 /recap/license"}},
		{"licence lost", func(r *recap.Recap) { r.Facts.License = ""; lose(r, "/recap/license") }, nil},
		{"deprecated licence", func(r *recap.Recap) { r.Facts.License = "GPL-2.0" }, []string{"R406 /recap/license"}},
		{"licence in lower case", func(r *recap.Recap) { r.Facts.License = "cc-by-4.0" }, []string{"R406 /recap/license"}},

		// R5xx
		{"bounds swapped", func(r *recap.Recap) { observe(r, recap.Observation{MinValue: value(13000), MaxValue: value(12000)}) }, []string{"R501 /recap/observations/2/minValue"}},
		{"nothing between", func(r *recap.Recap) {
			observe(r, recap.Observation{MinValue: value(5), MaxValue: value(5), ExclusiveMax: true})
		}, []string{"R501 /recap/observations/2/minValue"}},
		{"exactly one between", func(r *recap.Recap) { observe(r, recap.Observation{MinValue: value(5), MaxValue: value(5)}) }, nil},
		{"share of 101", func(r *recap.Recap) { observe(r, recap.Observation{Value: value(101), Unit: "percent", Share: true}) }, []string{"R502 /recap/observations/2/value"}},
		{"share below nothing", func(r *recap.Recap) {
			observe(r, recap.Observation{MinValue: value(-1), MaxValue: value(100), Unit: "percent", Share: true})
		}, []string{"R502 /recap/observations/2/minValue"}},
		{"share of 0 to 100", func(r *recap.Recap) {
			observe(r, recap.Observation{MinValue: value(0), MaxValue: value(100), Unit: "percent", Share: true})
		}, nil},
		{"share of nothing", func(r *recap.Recap) { observe(r, recap.Observation{Value: value(5), Share: true}) }, []string{"R502 /recap/observations/2/unit"}},
		{"growth of 120 percent", func(r *recap.Recap) { observe(r, recap.Observation{Value: value(120), Unit: "percent"}) }, nil},
		{"contradiction", func(r *recap.Recap) {
			observe(r, recap.Observation{Value: value(4)}, recap.Observation{Value: value(5)})
		}, []string{"R503 /recap/observations/3"}},
		{"contradiction with sic on both", func(r *recap.Recap) {
			observe(r, recap.Observation{Value: value(4), Sic: true}, recap.Observation{Value: value(5), Sic: true})
		}, nil},
		{"contradiction with sic on one", func(r *recap.Recap) {
			observe(r, recap.Observation{Value: value(4), Sic: true}, recap.Observation{Value: value(5)})
		}, []string{"R503 /recap/observations/3"}},
		{"contradiction by name and id", func(r *recap.Recap) {
			observe(r, recap.Observation{Value: value(4), About: "kubecon-eu-2024"}, recap.Observation{Value: value(5), About: "KubeCon Europe 2024"})
		}, []string{"R503 /recap/observations/3"}},
		{"refinement", func(r *recap.Recap) {
			observe(r, recap.Observation{MinValue: value(4)}, recap.Observation{Value: value(5)})
		}, nil},
		{"figure that can't be read", func(r *recap.Recap) { observe(r, recap.Observation{TextValue: "13.000"}) }, []string{"R504 /recap/observations/2/value"}},

		// R6xx
		{"javascript", func(r *recap.Recap) { r.Facts.Event.URL = "JavaScript:alert(1)" }, []string{"R602 /recap/event/url"}},
		{"data in a link", func(r *recap.Recap) { r.Facts.Links[0].URL = "data:text/html,x" }, []string{"R602 /recap/links/0/url"}},
		{"script as a programme id", func(r *recap.Recap) { r.Facts.Sessions[0].SameAs[0] = "javascript:x" }, []string{"R602 /recap/sessions/0/sameAs/0"}},
		{"relative address of a fact", func(r *recap.Recap) { r.Facts.Source.URL = "/blog/paris" }, []string{"R601 /recap/source/url"}},
		{"address without a scheme", func(r *recap.Recap) { r.Authors[0].URL = "example.org" }, []string{"R601 /authors/0/url"}},
		{"recording without a host", func(r *recap.Recap) { r.Facts.Sessions[0].Recording = "https:///v" }, []string{"R601 /recap/sessions/0/recording"}},
		{"entity with a bad twin", func(r *recap.Recap) {
			r.Facts.Entities["acme"] = recap.Entity{Name: "Acme", SameAs: []string{"https://example.org", "file:///etc/passwd"}}
		}, []string{"R602 /recap/entities/acme/sameAs/1"}},

		// R7xx
		{"image without alt", func(r *recap.Recap) { r.Facts.Media[0].Alt = " " }, []string{"R701 /recap/media/0/alt"}},
		{"image by kind", func(r *recap.Recap) { r.Facts.Media[1].Unavailable = false }, []string{"R701 /recap/media/1/alt"}},
		{"sound without alt", func(r *recap.Recap) { r.Facts.Media[0].Src, r.Facts.Media[0].Alt = "a.mp3", "" }, nil},
		{"lines without a source", func(r *recap.Recap) { r.Facts.Source = nil; r.Facts.Inferred = nil; r.Facts.Unavailable = nil },
			[]string{"R702 /recap/observations/0/sourceLines", "R702 /recap/disclosures/0/sourceLines"}},
		{"lines backwards", func(r *recap.Recap) { r.Facts.Observations[0].SourceLines = "10-8" }, []string{"R702 /recap/observations/0/sourceLines"}},
		{"line 0", func(r *recap.Recap) { r.Facts.Disclosures[0].SourceLines = "0" }, []string{"R702 /recap/disclosures/0/sourceLines"}},
		{"words for lines", func(r *recap.Recap) { r.Facts.Disclosures[0].SourceLines = "1,x" }, []string{"R702 /recap/disclosures/0/sourceLines"}},

		// R801
		{"inferred and missing", func(r *recap.Recap) { r.Facts.Inferred[0] = "/recap/source/section" }, []string{"R801 /recap/inferred/0"}},
		{"inferred without a parent", func(r *recap.Recap) { r.Facts.Inferred[0] = "/recap/event/place/city" }, []string{"R801 /recap/inferred/0"}},
		{"unavailable and there", func(r *recap.Recap) { lose(r, "/recap/source/title") }, []string{"R801 /recap/unavailable/2"}},
		{"unavailable without a parent", func(r *recap.Recap) { lose(r, "/recap/event/place/city") }, []string{"R801 /recap/unavailable/2"}},
		{"into a list of facts", func(r *recap.Recap) { r.Facts.Inferred[0] = "/recap/sessions/0/title" }, []string{"R801 /recap/inferred/0"}},
		{"into subEvents", func(r *recap.Recap) { r.Facts.Inferred[0] = "/recap/event/subEvents/0" }, []string{"R801 /recap/inferred/0"}},
		{"no such item", func(r *recap.Recap) { r.Facts.Inferred[1] = "/recap/disclosures/1" }, []string{"R801 /recap/inferred/1"}},
		{"item by another number", func(r *recap.Recap) { r.Facts.Inferred[1] = "/recap/disclosures/00" }, []string{"R801 /recap/inferred/1"}},
		{"entity by id", func(r *recap.Recap) { r.Facts.Inferred[0] = "/recap/entities/liz-rice/affiliation" }, nil},
		{"author for authors", func(r *recap.Recap) { r.Facts.Inferred[0] = "/author" }, nil},
		{"no pointer", func(r *recap.Recap) { r.Facts.Inferred[0] = "date" }, []string{"R801 /recap/inferred/0"}},
		{"bad escape", func(r *recap.Recap) { r.Facts.Inferred[0] = "/date~2" }, []string{"R801 /recap/inferred/0"}},
		{"everything", func(r *recap.Recap) { r.Facts.Inferred[0] = "" }, []string{"R801 /recap/inferred/0"}},
	}
	covered := map[string]bool{"R703": true} // TestCheckQuotes
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sound()
			tt.mutate(r)
			var got []string
			for _, f := range rule.Check(r) {
				got = append(got, f.Rule+" "+f.Pointer)
				checkFinding(t, f)
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("%s%+v", diff, rule.Check(r))
			}
		})
		for _, w := range tt.want {
			covered[w[:4]] = true
		}
	}
	for _, rule := range rule.AboutFacts() {
		if !covered[rule.Code] {
			t.Errorf("no case breaks %s", rule.Code)
		}
	}
}

// checkFinding holds what every finding owes its reader.
func checkFinding(t *testing.T, f rule.Finding) {
	t.Helper()
	rule, ok := rule.Lookup(f.Rule)
	if !ok || rule.Severity != f.Severity {
		t.Errorf("%s %s is not of the table", f.Rule, f.Severity)
	}
	if f.Message == "" || f.Mend == "" || !strings.HasPrefix(f.Pointer, "/") {
		t.Errorf("finding says too little: %+v", f)
	}
	if strings.ContainsAny(f.Message+f.Mend, "\n\x1b") {
		t.Errorf("finding is more than a line: %q", f.Message)
	}
}

func dropSource(r *recap.Recap) {
	r.Facts.Inferred, r.Facts.Unavailable = nil, nil
	r.Facts.Observations[0].SourceLines, r.Facts.Disclosures[0].SourceLines = "", ""
}

func lose(r *recap.Recap, pointer string) {
	r.Facts.Unavailable = append(r.Facts.Unavailable, pointer)
}

// observe adds observations of one property of one thing.
func observe(r *recap.Recap, observations ...recap.Observation) {
	for _, o := range observations {
		if o.About == "" {
			o.About = "kubecon-eu-2024"
		}
		o.Property = "certifications"
		r.Facts.Observations = append(r.Facts.Observations, o)
	}
}

func TestRules(t *testing.T) {
	rules := rule.All()
	if !slices.IsSortedFunc(rules, func(a, b rule.Rule) int { return strings.Compare(a.Code, b.Code) }) {
		t.Error("not in the order of their codes")
	}
	for i, r := range rules {
		if i > 0 && r.Code == rules[i-1].Code {
			t.Errorf("%s is there twice", r.Code)
		}
		if r.Title == "" || r.Why == "" || r.Mend == "" || r.Severity == "" || r.Level == "" {
			t.Errorf("%s says too little: %+v", r.Code, r)
		}
		if strings.HasSuffix(r.Mend, ".") || !strings.HasSuffix(r.Why, ".") {
			t.Errorf("%s: Mend is part of a line, Why is a sentence: %q, %q", r.Code, r.Mend, r.Why)
		}
	}
	rules[0].Code = "changed"
	if rule.All()[0].Code == "changed" {
		t.Error("the table can be changed from outside")
	}
	if _, ok := rule.Lookup("R000"); ok {
		t.Error("there is a rule R000")
	}
}

// What a hostile config can hold must not stop the check, nor make it slow.
func TestCheckTakesAnything(t *testing.T) {
	for name, config := range map[string]string{
		"nothing":          `{}`,
		"nulls":            `{"authors":null,"recap":{"event":null,"entities":null,"source":null}}`,
		"entity of no id":  `{"recap":{"entities":{"":{"name":""}, "a/b~c":{"url":"x"}}}}`,
		"negative place":   `{"recap":{"recommendations":[{"session":"x","position":-1},{"session":"y","position":9007199254740991}]}}`,
		"deep subEvents":   `{"recap":{"event":` + strings.Repeat(`{"subEvents":[`, 200) + strings.Repeat(`]}`, 200) + `}}`,
		"broken extension": `{"extensions":{"/x-a":1}}`,
		"pointers":         `{"recap":{"inferred":["/","//","/~","/recap/inferred/0/x","/recap/links/0"],"unavailable":["/recap/event/"]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var r recap.Recap
			if err := json.Unmarshal([]byte(config), &r); err != nil {
				t.Fatal(err)
			}
			for _, f := range rule.Check(&r) {
				checkFinding(t, f)
			}
		})
	}
}

func TestCheckChangesNothing(t *testing.T) {
	r := sound()
	before, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	first, second := rule.Check(r), rule.Check(r)
	after, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) || !reflect.DeepEqual(first, second) {
		t.Error("the check changed the recap")
	}
}

// The same recap is judged the same, in the same order, on every run.
func TestCheckIsDeterministic(t *testing.T) {
	r := &recap.Recap{Slug: "-", Date: "x", LastMod: "y", Facts: recap.Facts{Entities: map[string]recap.Entity{}}}
	for i := range 50 {
		r.Facts.Entities[fmt.Sprintf("id-%d", i)] = recap.Entity{Name: "Same Name", Affiliation: []string{"no-such"}}
		r.Facts.Recommendations = append(r.Facts.Recommendations, recap.Recommendation{List: fmt.Sprint(i % 7), Position: 3})
	}
	want := rule.Check(r)
	for range 5 {
		if diff := cmp.Diff(rule.Check(r), want); diff != "" {
			t.Fatal(diff)
		}
	}
}

func FuzzCheck(f *testing.F) {
	seed, err := json.Marshal(sound())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"recap":{"inferred":["/recap/links/0"],"observations":[{"about":"a","property":"b","textValue":">9,00"}]}}`))
	f.Fuzz(func(t *testing.T, config []byte) {
		var r recap.Recap
		if json.Unmarshal(config, &r) != nil {
			return
		}
		for _, finding := range rule.Check(&r) {
			if _, ok := rule.Lookup(finding.Rule); !ok || finding.Message == "" || finding.Mend == "" {
				t.Errorf("finding says too little: %+v", finding)
			}
		}
		rule.CheckSourceLines(&r, 1)
		r.Names()
	})
}
