// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
)

func TestScaffold(t *testing.T) {
	for name, opts := range map[string]pack.ScaffoldOptions{
		"nothing said": {},
		"all said":     {Name: "team", Title: `The "team": recaps`, Author: "Ada: Example", License: "CC-BY-4.0", Event: "Days 2026", Date: "2026-03-27"},
		"a title":      {Title: "Recaps of Übersee"},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := pack.Scaffold(opts)
			if err != nil {
				t.Fatal(err)
			}
			fsys := tree{}
			for name, text := range files {
				fsys[name] = string(text)
			}
			b, err := pack.Build(t.Context(), fsys.fs(), nil, pack.Options{})
			if err != nil {
				t.Fatal(err, lines(b.Problems))
			}
			if p := b.Graph.Pack().Meta; len(p.Members) != 1 || p.Title != opts.Title {
				t.Errorf("pack is %+v", p)
			}
			for _, p := range b.Problems {
				if p.Path == pack.FileName {
					t.Errorf("%s", p)
				}
			}
			// What it shows as comments is right, too, once it is uncommented.
			text := fsys["pack.yaml"]
			shown := 0
			for _, line := range strings.Split(text, "\n") {
				field, ok := strings.CutPrefix(line, "# ")
				if ok && (strings.HasPrefix(field, " ") || strings.HasSuffix(field, ":") || strings.HasSuffix(field, "}")) && !strings.HasPrefix(field, "yaml-language-server") {
					text = strings.Replace(text, line, field, 1)
					shown++
				}
			}
			if f, problems := pack.Parse([]byte(text)); f == nil || shown != 11 || len(f.Pack.Aliases.Sessions) != 1 || !f.Checks.RequireAlt {
				t.Errorf("%d lines uncommented: %v\n%s", shown, lines(problems), text)
			}
		})
	}
	files, err := pack.Scaffold(pack.ScaffoldOptions{Recaps: true})
	if err != nil || len(files) != 1 {
		t.Errorf("%d files beside recaps that are there: %v", len(files), err)
	}
}

func TestScaffoldRefuses(t *testing.T) {
	for code, opts := range map[string]pack.ScaffoldOptions{
		"bad-slug":    {Name: "Team"},
		"bad-license": {License: "free"},
		"bad-pack":    {Title: "a\u202eb"},
		"bad-event":   {Event: "a\nb"},
	} {
		t.Run(code, func(t *testing.T) {
			_, err := pack.Scaffold(opts)
			fails(t, err, recap.Usage, code)
		})
	}
}
