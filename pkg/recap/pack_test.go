// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestPackCheck(t *testing.T) {
	member := func(change func(m *recap.PackMember)) func(*recap.Pack) {
		return func(p *recap.Pack) { change(&p.Members[0]) }
	}
	tests := []struct {
		name   string
		change func(p *recap.Pack)
		code   string // empty where it can be
	}{
		{"as it is", func(*recap.Pack) {}, ""},
		{"no members", func(p *recap.Pack) { p.Members = nil }, ""},
		{"pre-release", func(p *recap.Pack) { p.Version = "1.0.0-rc.1" }, ""},
		{"longest title", func(p *recap.Pack) { p.Title = strings.Repeat("é", 300) }, ""},
		{"tolerance at its ends", func(p *recap.Pack) { p.Conflicts.Tolerance = map[string]float64{"a": 0, "b": 1} }, ""},
		{"member with neither version nor event", member(func(m *recap.PackMember) { m.Version, m.Event = "", "" }), ""},
		{"no name", func(p *recap.Pack) { p.Name = "" }, "bad-slug"},
		{"name with a slash", func(p *recap.Pack) { p.Name = "a/b" }, "bad-slug"},
		{"catalog as a name", func(p *recap.Pack) { p.Name = "catalog" }, "bad-slug"},
		{"no version", func(p *recap.Pack) { p.Version = "" }, "bad-version"},
		{"build metadata", func(p *recap.Pack) { p.Version = "1.0.0+x" }, "bad-version"},
		{"title too long", func(p *recap.Pack) { p.Title = strings.Repeat("é", 301) }, "bad-pack"},
		{"tolerance below", func(p *recap.Pack) { p.Conflicts.Tolerance = map[string]float64{"a": -0.1} }, "bad-pack"},
		{"tolerance above", func(p *recap.Pack) { p.Conflicts.Tolerance = map[string]float64{"a": 1.1} }, "bad-pack"},
		{"tolerance that is none", func(p *recap.Pack) { p.Conflicts.Tolerance = map[string]float64{"a": math.NaN()} }, "bad-pack"},
		{"slug of a member", member(func(m *recap.PackMember) { m.Slug = "A" }), "bad-pack"},
		{"title of a member", member(func(m *recap.PackMember) { m.Title = "" }), "bad-pack"},
		{"long title of a member", member(func(m *recap.PackMember) { m.Title = strings.Repeat("é", 301) }), "bad-pack"},
		{"event of a member", member(func(m *recap.PackMember) { m.Event = "KubeCon" }), "bad-pack"},
		{"long event of a member", member(func(m *recap.PackMember) { m.Event = strings.Repeat("e", 81) }), "bad-pack"},
		{"version of a member", member(func(m *recap.PackMember) { m.Version = strings.Repeat("1", 129) }), "bad-pack"},
		{"one slug twice", member(func(m *recap.PackMember) { m.Slug = "b" }), "duplicate-slug"},
		{"too many", func(p *recap.Pack) {
			for i := range recap.MaxMembers {
				p.Members = append(p.Members, recap.PackMember{Slug: fmt.Sprint(i), Title: "x"})
			}
		}, "too-many-members"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &recap.Pack{Name: "p", Version: "1.0.0", Members: []recap.PackMember{
				{Slug: "a", Title: "A", Version: "1.0.0", Event: "e"}, {Slug: "b", Title: "B"},
			}}
			tt.change(p)
			err := p.Check()
			var e *recap.Error
			switch {
			case tt.code == "" && err != nil:
				t.Error(err)
			case tt.code != "" && (!errors.As(err, &e) || e.Kind != recap.Usage || e.Code != tt.code):
				t.Errorf("error %v, want %s", err, tt.code)
			}
		})
	}
	p := &recap.Pack{Members: []recap.PackMember{{Slug: "a"}, {Slug: "b", Title: "B"}}}
	if m, ok := p.Member("b"); !ok || m.Title != "B" {
		t.Errorf("Member(b) = %v, %v", m, ok)
	}
	if m, ok := p.Member("c"); ok {
		t.Errorf("Member(c) = %v", m)
	}
}

func TestPackNames(t *testing.T) {
	p := &recap.Pack{
		Events:   map[string]recap.Event{"kubecon-eu-2024": {Name: "KubeCon Europe 2024", AlternateName: []string{"KubeCon Paris"}}},
		Entities: map[string]recap.Entity{"cncf": {Name: "Cloud Native Computing Foundation", AlternateName: []string{"CNCF"}}},
		Aliases: recap.Aliases{
			Events:        map[string][]string{"kubecon-na-2024": {"kubecon-cloudnativecon-na-2024", "SLC"}},
			Sessions:      map[string][]string{"iac-evolution": {"one#pick-4", "The IaC Evolution, on stage"}},
			Topics:        map[string][]string{"wasm": {"WebAssembly"}, "iac": {"Infrastructure as code"}},
			People:        map[string][]string{"andrew-block": {"one#ablock"}},
			Organizations: map[string][]string{"palo-alto": {"Palo Alto Networks"}},
			Projects:      map[string][]string{"argo": {"argo-cd", "Argo CD"}, "argon": {"argo-cd"}},
		},
	}
	one := &recap.Recap{Slug: "one", Facts: recap.Facts{
		Event: recap.Event{Fact: recap.Fact{ID: "main"}, Name: "KubeCon Paris", SubEvents: []recap.Event{{Fact: recap.Fact{ID: "argocon"}, Name: "ArgoCon"}}},
		Entities: map[string]recap.Entity{
			"ablock": {Name: "Andrew Block"}, "argo-cd": {Name: "Argo CD"}, "helm": {Name: "Helm"}, "foundation": {Name: "CNCF"},
		},
		Sessions: []recap.Session{
			{Fact: recap.Fact{ID: "pick-4"}, Title: "The IaC Evolution"}, {Fact: recap.Fact{ID: "best"}, Title: "Building Images"}, {Fact: recap.Fact{ID: "untitled"}},
		},
		Topics:        []recap.Topic{{Name: "WebAssembly"}, {Name: "AI"}},
		Announcements: []recap.Announcement{{Fact: recap.Fact{ID: "news"}, Title: "Helm 4"}},
	}}
	names := p.Glossary().Names(one)
	if got := names.Event(); got != "kubecon-eu-2024" {
		t.Errorf("the event is %q", got)
	}
	long := strings.Repeat("Long name ", 20)
	for ref, want := range map[string]struct {
		kind recap.TargetKind
		id   string
	}{
		"":                            {"", ""},
		"main":                        {recap.TargetEvent, "kubecon-eu-2024"}, // declared by the pack, under another name
		"KubeCon Paris":               {recap.TargetEvent, "kubecon-eu-2024"},
		"argocon":                     {recap.TargetEvent, "argocon"},
		"SLC":                         {"", "kubecon-na-2024"}, // said nothing more about
		"ablock":                      {recap.TargetEntity, "andrew-block"},
		"Andrew Block":                {recap.TargetEntity, "andrew-block"},
		"argo-cd":                     {recap.TargetEntity, "argo"}, // the first that claims it
		"Argo CD":                     {recap.TargetEntity, "argo"},
		"helm":                        {recap.TargetEntity, "helm"},
		"Helm":                        {recap.TargetEntity, "helm"},
		"foundation":                  {recap.TargetEntity, "cncf"},
		"Palo Alto Networks":          {"", "palo-alto"},
		"Liz Rice":                    {"", "liz-rice"},
		"pick-4":                      {recap.TargetSession, "iac-evolution"},
		"best":                        {recap.TargetSession, "building-images"},
		"Building Images":             {recap.TargetSession, "building-images"},
		"untitled":                    {recap.TargetSession, "one#untitled"},
		"WebAssembly":                 {recap.TargetTopic, "wasm"},
		"AI":                          {recap.TargetTopic, "ai"},
		"news":                        {recap.TargetAnnouncement, "one#news"},
		"The IaC Evolution, on stage": {"", "iac-evolution"},
		"東京":                          {"", recap.Slug("東京")},
	} {
		if kind, id := names.ID(ref); kind != want.kind || id != want.id {
			t.Errorf("ID(%q) = %q, %q; want %q, %q", ref, kind, id, want.kind, want.id)
		}
	}
	if _, a := names.ID(long + "a"); len(a) > recap.MaxSlugLength {
		t.Errorf("id of %d bytes", len(a))
	} else if _, b := names.ID(long + "b"); a == b {
		t.Error("two long names are one")
	}
	if got := names.Topic("t1", "WebAssembly"); got != "wasm" {
		t.Errorf("topic %q", got)
	}
	if got := names.Topic("iac", "Pulumi"); got != "pulumi" {
		t.Errorf("topic %q", got)
	}
	if got := names.Session("x", "x"); got != "x" {
		t.Errorf("session %q", got)
	}
	if got := names.Entity("x", ""); got != "x" {
		t.Errorf("entity %q", got)
	}
	// What another recap calls pick-4 is another session.
	two := p.Glossary().Names(&recap.Recap{Slug: "two", Facts: recap.Facts{Sessions: []recap.Session{{Fact: recap.Fact{ID: "pick-4"}, Title: "Else"}}}})
	if _, id := two.ID("pick-4"); id != "else" || two.Event() != "" {
		t.Errorf("pick-4 of another recap is %q, its event %q", id, two.Event())
	}
	for ref, want := range map[string]string{"SLC": "kubecon-na-2024", "KubeCon Europe 2024": "kubecon-eu-2024", "fosdem-2025": "fosdem-2025", "FOSDEM 2025": "fosdem-2025"} {
		if got := p.Glossary().Event(ref); got != want {
			t.Errorf("Event(%q) = %q, want %q", ref, got, want)
		}
	}
}
