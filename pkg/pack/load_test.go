// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
)

const everything = `# a comment
apiVersion: recap/v1
kind: Pack
name: kubecon-recaps
version: 1.10
title: KubeCon recaps
description: What we saw.
url: https://example.com/recaps
license: CC-BY-4.0
authors: [Ada Example (Example Ltd), {name: bob, role: editor}]
members:
  - ./recaps/*
  - notes/one.md
  - v1/two
  - ./example.com/three
  - recaps/five/index.md
  - oci://registry.example.com/team/recaps:1.0.0
  - localhost:5000/team/recaps@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  - oci-layout://four:1.0.0
defaults: {license: NOASSERTION, language: en}
events:
  kubecon-eu-2024: {name: KubeCon EU 2024, alternateName: KubeCon Paris, startDate: 2024-03, place: Paris}
  days: Example Days
entities:
  google: Google
  no: {kind: person, name: NO, affiliation: google, x-note: 7}
aliases:
  sessions: {containers: ["000#pick-8", "001#best"]}
  topics: {wasm: [WebAssembly, Wasm], x-ray: [X rays]}
conflicts: {tolerance: {attendance: 0, x-thing: 0.5}, accepted: [{id: attendance-eu-2024, note: kept all three}]}
checks: {requireLicense: true, requireAlt: true, maxBytes: 512Mi}
x-team: {a: [1]}
`

func TestLoad(t *testing.T) {
	text := strings.Replace(everything, "version: 1.10\n", "version: 1.10.0\n", 1)
	f, problems, err := pack.Load(tree{"pack.yaml": text}.fs())
	if err != nil {
		t.Fatal(err)
	}
	expect(t, problems)
	want := &pack.File{
		Pack: &recap.Pack{
			Name: "kubecon-recaps", Version: "1.10.0", Title: "KubeCon recaps", Description: "What we saw.",
			URL: "https://example.com/recaps", License: "CC-BY-4.0",
			Authors:  []recap.Agent{{Name: "Ada Example", Affiliation: "Example Ltd"}, {Name: "bob", Role: "editor"}},
			Defaults: recap.PackDefaults{License: "NOASSERTION", Language: "en"},
			Events: map[string]recap.Event{
				"kubecon-eu-2024": {Name: "KubeCon EU 2024", AlternateName: []string{"KubeCon Paris"}, StartDate: "2024-03", Place: &recap.Place{Text: "Paris"}},
				"days":            {Name: "Example Days"},
			},
			Entities: map[string]recap.Entity{
				"google": {Name: "Google"},
				"no":     {Kind: "person", Name: "NO", Affiliation: []string{"google"}},
			},
			Aliases: recap.Aliases{
				Sessions: map[string][]string{"containers": {"000#pick-8", "001#best"}},
				Topics:   map[string][]string{"wasm": {"WebAssembly", "Wasm"}, "x-ray": {"X rays"}},
			},
			Conflicts: recap.PackConflicts{
				Tolerance: map[string]float64{"attendance": 0, "x-thing": 0.5},
				Accepted:  []recap.AcceptedConflict{{ID: "attendance-eu-2024", Note: "kept all three"}},
			},
			Extensions: map[string]json.RawMessage{"/entities/no/x-note": json.RawMessage("7"), "/x-team": json.RawMessage(`{"a":[1]}`)},
		},
		Members: []pack.Entry{
			{Text: "./recaps/*", Kind: pack.EntryGlob, Path: "recaps/*"},
			{Text: "notes/one.md", Kind: pack.EntryPath, Path: "notes/one.md"},
			{Text: "v1/two", Kind: pack.EntryPath, Path: "v1/two"},
			{Text: "./example.com/three", Kind: pack.EntryPath, Path: "example.com/three"},
			{Text: "recaps/five/index.md", Kind: pack.EntryPath, Path: "recaps/five"},
			{Text: "oci://registry.example.com/team/recaps:1.0.0", Kind: pack.EntryReference, Path: "registry.example.com/team/recaps:1.0.0"},
			{Text: "localhost:5000/team/recaps@sha256:" + strings.Repeat("a", 64), Kind: pack.EntryReference, Path: "localhost:5000/team/recaps@sha256:" + strings.Repeat("a", 64)},
			{Text: "oci-layout://four:1.0.0", Kind: pack.EntryReference, Path: "oci-layout://four:1.0.0"},
		},
		Checks: pack.Checks{RequireLicense: true, RequireAlt: true, MaxBytes: 512 << 20},
		Digest: digest.FromString(text),
	}
	if diff := cmp.Diff(want, f, cmpopts.IgnoreFields(pack.Entry{}, "Line", "Col")); diff != "" {
		t.Error(diff)
	}
	if f.Members[1].Line != 13 || f.Members[1].Col != 5 {
		t.Errorf("the second member is at %d:%d", f.Members[1].Line, f.Members[1].Col)
	}
}

func TestLoadRefuses(t *testing.T) {
	const head = "name: days\nversion: 1.0.0\nmembers: [./a]\n"
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", []string{"pack.yaml:1:1: error R005…name", "pack.yaml:1:1: error R005…members"}},
		{"a list", "- a\n", []string{"pack.yaml:1:1: error R002…a list"}},
		{"no YAML", "name: [\n", []string{"pack.yaml:1:1: error R002…not readable as YAML"}},
		{"UTF-16", "\xff\xfen\x00", []string{"pack.yaml:1:1: error R001…UTF-16"}},
		{"byte order mark", "\ufeff" + head, []string{"pack.yaml:1:1: error R001…byte order mark"}},
		{"no UTF-8", "name: a\xff\n", []string{"pack.yaml:1:8: error R001…not UTF-8"}},
		{"bidirectional text", head + "title: a\u202eb\n", []string{"pack.yaml:4:9: error R603…U+202E"}},
		{"bidirectional escape", head + `title: "a\u202eb"` + "\n", []string{"pack.yaml:4:8: error R603…U+202E"}},
		{"twice", head + "name: other\n", []string{"pack.yaml:4:1: error R003…name"}},
		{"anchor", head + "title: &a b\n", []string{"pack.yaml:4:8: error R004…anchor"}},
		{"alias of YAML", head + "title: *a\n", []string{"pack.yaml:1:1: error R002…anchor"}},
		{"two documents", head + "---\nname: b\n", []string{"pack.yaml:4:1: error R004…document"}},
		{"unknown field", head + "licence: MIT\n", []string{"pack.yaml:4:1: error R006…did you mean license"}},
		{"unknown nested field", head + "checks: {requireLicence: true}\n", []string{"pack.yaml:4:10: error R006…requireLicense"}},
		{"unknown alias list", head + "aliases: {persons: {a: [b]}}\n", []string{"pack.yaml:4:11: error R006…persons"}},
		{"other kind", head + "kind: TrustPolicy\n", []string{"pack.yaml:4:1: error R005…kind"}},
		{"other version of the format", head + "apiVersion: recap/v2\n", []string{"pack.yaml:4:1: error R005…apiVersion"}},
		{"no name", "members: [./a]\n", []string{"pack.yaml:1:1: error R005…name"}},
		{"name with capitals", "name: Days\nmembers: [./a]\n", []string{"pack.yaml:1:1: error R005…lower-case"}},
		{"reserved name", "name: catalog\nmembers: [./a]\n", []string{"pack.yaml:1:1: error R307…reserved"}},
		{"version with v", "name: days\nversion: v1.0.0\nmembers: [./a]\n", []string{"pack.yaml:2:1: error R005…semantic version"}},
		{"version in two parts", strings.Replace(head, "1.0.0", "1.10", 1), []string{`pack.yaml:2:1: error R005…"1.10"`}},
		{"build metadata", strings.Replace(head, "1.0.0", "1.0.0+5", 1), []string{"pack.yaml:2:1: error R005…semantic version"}},
		{"no members", "name: days\n", []string{"pack.yaml:1:1: error R005…members"}},
		{"empty members", "name: days\nmembers: []\n", []string{"pack.yaml:2:1: error R005…members"}},
		{"member that is a map", "name: days\nmembers: [{path: a}]\n", []string{"pack.yaml:2:11: error R005…members[0]"}},
		{"member with spaces", "name: days\nmembers: [\" ./a\"]\n", []string{"pack.yaml:2:11: error R901…white space"}},
		{"member outside", "name: days\nmembers: [../a]\n", []string{"pack.yaml:2:11: error R901…leads out"}},
		{"member outside, hidden", "name: days\nmembers: [./a/../../b]\n", []string{"pack.yaml:2:11: error R901…leads out"}},
		{"absolute member", "name: days\nmembers: [/etc]\n", []string{"pack.yaml:2:11: error R901…below pack.yaml"}},
		{"member at home", "name: days\nmembers: [~/recaps]\n", []string{"pack.yaml:2:11: error R901…below pack.yaml"}},
		{"backslash", "name: days\nmembers: ['recaps\\a']\n", []string{"pack.yaml:2:11: error R901…backslash"}},
		{"the pack itself", "name: days\nmembers: [.]\n", []string{"pack.yaml:2:11: error R901…the pack itself"}},
		{"the pack itself, hidden", "name: days\nmembers: [./a/./.., ./]\n", []string{"pack.yaml:2:11: error R901…leads out", "pack.yaml:2:21: error R901…the pack itself"}},
		{"a pack.yaml", "name: days\nmembers: [other/pack.yaml]\n", []string{"pack.yaml:2:11: error R901…a pack holds recaps only"}},
		{"other scheme", "name: days\nmembers: ['https://example.com/a']\n", []string{"pack.yaml:2:11: error R901…neither a path nor a reference"}},
		{"reference without host", "name: days\nmembers: ['recaps:1.0.0']\n", []string{"pack.yaml:2:11: error R901…host/repo:tag"}},
		{"reference without tag", "name: days\nmembers: [registry.example.com/team/recaps]\n", []string{"pack.yaml:2:11: error R901…names no version"}},
		{"reference with a port, without tag", "name: days\nmembers: ['oci://localhost:5000/recaps']\n", []string{"pack.yaml:2:11: error R901…names no version"}},
		{"member twice", "name: days\nmembers: [./a, a]\n", []string{"pack.yaml:2:16: error R901…there already (line 2)"}},
		{"reference twice", "name: days\nmembers:\n- oci://r.example/a:1\n- r.example/a:1\n", []string{"pack.yaml:4:3: error R901…there already (line 3)"}},
		{"bad pattern", "name: days\nmembers: ['recaps/[a']\n", []string{"pack.yaml:2:11: error R901…no pattern"}},
		{"stars beside characters", "name: days\nmembers: ['recaps/**a']\n", []string{"pack.yaml:2:11: error R901…** alone"}},
		{"bad licence", head + "license: Apache 2\n", []string{"pack.yaml:4:1: error R401…Apache-2.0"}},
		{"bad default licence", head + "defaults: {license: free}\n", []string{"pack.yaml:4:12: error R401…defaults.license"}},
		{"bad language", head + "defaults: {language: english language}\n", []string{"pack.yaml:4:12: error R005…language tag"}},
		{"script as address", head + "url: 'javascript:alert(1)'\n", []string{"pack.yaml:4:1: error R005…whole address"}},
		{"event ends first", head + "events:\n  a: {name: Days, startDate: 2026-03-02, endDate: 2026-03-01}\n", []string{"pack.yaml:5:42: error R201…events.a.endDate"}},
		{"event with a date that isn't", head + "events:\n  a: {name: Days, startDate: 2026-02-30}\n", []string{"pack.yaml:5:19: error R205…events.a.startDate"}},
		{"event without a name", head + "events: {a: {startDate: 2026}}\n", []string{"pack.yaml:4:10: error R005…name"}},
		{"event with another id", head + "events:\n  a: {id: b, name: Days}\n", []string{"pack.yaml:5:11: error R005…its id is a"}},
		{"event with capitals", head + "events: {Days: Days 2026}\n", []string{"pack.yaml:4:10: error R005…Days"}},
		{"event with a typo", head + "events: {a: {name: Days, startdate: 2026}}\n", []string{"pack.yaml:4:26: error R006…startDate"}},
		{"two events of one name", head + "events:\n  a: {name: Days}\n  b: {name: Other, alternateName: Days}\n", []string{`pack.yaml:6:3: error R301…"Days" is that of a`}},
		{"two entities of one name", head + "entities:\n  a: Acme\n  b: Acme\n", []string{`pack.yaml:6:3: error R301…"Acme" is that of a`}},
		{"entity and event of one id", head + "events: {days: Days}\nentities: {days: Daisies}\n", []string{"pack.yaml:5:12: error R301…events.days"}},
		{"entity of an unknown kind", head + "entities: {a: {name: A, kind: robot}}\n", []string{"pack.yaml:4:25: error R005…kind"}},
		{"entity of nobody", head + "entities: {a: {name: Abc, affiliation: no-such-firm}}\n", []string{"pack.yaml:4:40: error R302…no-such-firm"}},
		{"two aliases of one name", head + "aliases:\n  topics: {wasm: [Wasm], web: [Wasm]}\n", []string{`pack.yaml:5:26: error R301…"Wasm" is that of wasm`}},
		{"alias to another id", head + "aliases:\n  topics: {wasm: [web], web: [Web]}\n", []string{`pack.yaml:5:25: error R301…"web" is that of wasm`}},
		{"alias with capitals", head + "aliases: {topics: {Wasm: [a]}}\n", []string{"pack.yaml:4:20: error R005…Wasm"}},
		{"alias that is a text", head + "aliases: {topics: {wasm: Wasm}}\n", []string{"pack.yaml:4:20: error R005…list"}},
		{"tolerance above all", head + "conflicts: {tolerance: {attendance: 2}}\n", []string{"pack.yaml:4:25: error R005…attendance"}},
		{"tolerance that is a text", head + "conflicts: {tolerance: {attendance: much}}\n", []string{"pack.yaml:4:25: error R005…number"}},
		{"accepted without a note", head + "conflicts: {accepted: [{id: a}]}\n", []string{"pack.yaml:4:24: error R005…note"}},
		{"accepted twice", head + "conflicts: {accepted: [{id: a, note: b}, {id: a, note: c}]}\n", []string{"pack.yaml:4:42: error R301…accepted[0]"}},
		{"bytes without a number", head + "checks: {maxBytes: much}\n", []string{"pack.yaml:4:10: error R005…512Mi"}},
		{"bytes beyond all", head + "checks: {maxBytes: 99999999999Gi}\n", []string{"pack.yaml:4:10: error R005…more than anybody"}},
		{"check that is a text", head + "checks: {requireAlt: 'yes'}\n", []string{"pack.yaml:4:10: error R005…true or false"}},
		{"several at once", "name: Days\nversion: 1\nmembers: [/a]\nfoo: 1\n", []string{"pack.yaml:1:1: error R005", "pack.yaml:2:1: error R005", "pack.yaml:3:11: error R901", "pack.yaml:4:1: error R006"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, problems := pack.Parse([]byte(tt.text))
			if f != nil {
				t.Error("accepted")
			}
			expect(t, problems, tt.want...)
		})
	}
}

func TestLoadWarns(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"deprecated licence":  {"license: GPL-2.0\n", "pack.yaml:4:1: warning R406…GPL-2.0-only"},
		"licence in capitals": {"license: cc-by-4.0\n", "pack.yaml:4:1: warning R406…write CC-BY-4.0"},
		"names nearly equal":  {"entities: {a: Example Widgets, b: Example Widgts}\n", "pack.yaml:4:…R305"},
	} {
		t.Run(name, func(t *testing.T) {
			f, problems := pack.Parse([]byte("name: days\nversion: 1.0.0\nmembers: [./a]\n" + tt.text))
			if f == nil {
				t.Error("refused")
			}
			expect(t, problems, tt.want)
		})
	}
}

func TestLoadFile(t *testing.T) {
	for _, tt := range []struct {
		name string
		fsys fstest.MapFS
		kind recap.Kind
		code string
	}{
		{"none", fstest.MapFS{}, recap.NotFound, "no-pack"},
		{"a link", fstest.MapFS{"pack.yaml": {Data: []byte("x"), Mode: fs.ModeSymlink}, "x": {}}, recap.Unsafe, "symlink-in-source"},
		{"a FIFO", fstest.MapFS{"pack.yaml": {Mode: fs.ModeNamedPipe}}, recap.Unsafe, "not-a-regular-file"},
		{"a directory", fstest.MapFS{"pack.yaml/a": {}}, recap.Unsafe, "not-a-regular-file"},
		{"too large", fstest.MapFS{"pack.yaml": {Data: make([]byte, recap.MaxConfigSize+1)}}, recap.Unsafe, "too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := pack.Load(tt.fsys)
			fails(t, err, tt.kind, tt.code)
		})
	}
}

func TestIs(t *testing.T) {
	for name, tt := range map[string]struct {
		files tree
		want  bool
	}{
		"a pack":                     {tree{"pack.yaml": ""}, true},
		"a recap":                    {tree{"index.md": ""}, false},
		"a recap beside a pack":      {tree{"index.md": "", "pack.yaml": ""}, false},
		"a directory above of packs": {tree{"a/pack.yaml": ""}, false},
	} {
		if got := pack.Is(tt.files.fs()); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
