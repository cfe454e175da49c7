// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
)

// richRecap is a recap with one of each thing that a verb could print.
const richRecap = `{
  "title": "A day of many things", "slug": "rich", "date": "2026-11-20", "lastmod": "2026-11-21", "description": "All there is.",
  "author": [{"name": "Ada Lovelace", "affiliation": "engines", "jobTitle": "Countess", "role": "speaker", "url": "https://example.com/ada"}],
  "tags": ["engines"], "categories": ["talks"], "keywords": ["numbers"], "version": "1.0.0",
  "recap": {
    "license": "CC-BY-4.0", "language": "en",
    "event": {"id": "day-2026", "name": "The Day 2026", "series": "days", "alternateName": ["Day 26"], "startDate": "2026-11-01", "endDate": "2026-11-02",
      "place": {"venue": "Hall", "city": "Paris", "region": "IdF", "country": "FR"}, "subEvents": [{"id": "eve-2026", "name": "The Eve 2026", "text": "Before it."}]},
    "source": {"title": "The original", "section": "News", "description": "First.", "author": "Somebody", "url": "https://example.com/original", "publisher": "A press", "license": "NOASSERTION", "derivation": "rewritten"},
    "entities": {"engines": {"kind": "organization", "name": "Engines Inc", "sameAs": ["https://example.com/e"]}, "ada": {"kind": "person", "name": "Ada", "affiliation": "engines"}, "wasm": {"kind": "topic", "name": "WebAssembly"}},
    "sessions": [{"id": "one", "kind": "talk", "title": "On engines", "speakers": ["ada", "Charles Babbage (Engines Inc)"], "about": ["wasm"], "track": "Main", "text": "Good.", "recording": "https://example.com/v"}],
    "recommendations": [{"session": "one", "list": "best", "position": 1, "strength": "best", "text": "See it."}],
    "topics": [{"name": "wasm", "kind": "theme", "position": 1, "signal": "high", "text": "Much."}],
    "observations": [{"about": "day-2026", "property": "attendance", "value": "over 9,000", "unit": "people", "text": "Counted."}],
    "announcements": [{"kind": "release", "title": "Engine 2", "by": "engines", "recipients": ["ada"], "text": "Out now."}],
    "quotations": [{"quote": "Ada spoke of engines", "speaker": "ada", "text": "She did."}],
    "upcoming": [{"id": "day-2027", "name": "The Day 2027", "startDate": "2027-11-01", "place": {"city": "Rome"}, "text": "Next."}],
    "links": [{"url": "https://example.com/l", "text": "A link"}],
    "media": [{"src": "chart.svg", "caption": "A chart", "alt": "Bars", "credit": "Ada"}],
    "notes": [{"text": "A note."}]
  }
}

# A day

Ada spoke of *engines*, see [the talk](https://example.com/v).

![Bars](chart.svg)

| what | how many |
|---|---|
| people | 9,000 |
`

// packWorld builds a signed pack of two recaps in a layout.
func packWorld(t *testing.T) (d *desk, pack graph) {
	d = newDesk(t)
	d.write("team/recaps/rich/index.md", richRecap)
	d.write("team/recaps/rich/chart.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
	d.write("team/recaps/plain/index.md", "---\ntitle: A trip\nslug: plain\nlicense: CC0-1.0\nrecap:\n  event: The Day 2026\n---\nWhat I saw.\n")
	d.write("team/pack.yaml", `{"apiVersion": "recap/v1", "kind": "Pack", "name": "days", "version": "1.0.0", "title": "Days", "description": "Of all years.", "license": "CC-BY-4.0", "members": ["recaps/*"]}`)
	code, stdout, stderr := d.try("build", d.path("team"), "-o", d.path("built"))
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	d.must("sign", "oci-layout://"+d.path("built")+":1.0.0", "--key", d.path("recap.key"))
	return d, readGraph(t, d.path("built"))
}

// Whatever an artifact says, in whatever field of whatever document, is escaped
// by every verb that prints it, whether they accept the artifact or refuse it.
func TestTerminalArtifact(t *testing.T) {
	d, pack := packWorld(t)
	ref := "oci-layout://" + d.path("hostile") + ":1.0.0"
	accepted := map[digest.Digest][][]any{}
	tried, fine := 0, 0
	for _, name := range pack.documents() {
		for _, v := range variants(t, pack[name]) {
			tried++
			what := fmt.Sprintf("%s of %.300s", v.where, pack[name])
			changed, _ := pack.with(t, name, v.data)
			changed.write(t, d.path("hostile"))
			inspected := d.clean(what, "inspect", ref)
			d.clean(what, "list", ref, "--digests")
			d.clean(what, "verify", ref, "--key", d.path("recap.pub"), "--explain")
			shown := d.clean(what, "show", ref, "--unverified")
			read := d.clean(what, "show", ref, "rich", "--unverified")
			if inspected+shown+read == 0 && name != "" {
				accepted[name] = append(accepted[name], v.place)
				fine++
			}
		}
	}
	t.Logf("%d places in %d documents; the artifact was read with poison in %d of them", tried, len(pack.documents()), fine)
	if tried < 300 || fine < 50 {
		t.Errorf("%d places were poisoned and %d read: too few to say anything", tried, fine)
	}

	// All that is accepted at once, and in the text of every file.
	all := pack
	is := map[digest.Digest]digest.Digest{} // by what they were
	for was := range pack {
		is[was] = was
	}
	poison := func(was digest.Digest, data []byte) {
		var moved map[digest.Digest]digest.Digest
		all, moved = all.with(t, is[was], data)
		for was, at := range is {
			if to, ok := moved[at]; ok {
				is[was] = to
			}
		}
	}
	for _, was := range pack.documents() {
		if len(accepted[was]) > 0 {
			poison(was, poisoned(t, all[is[was]], accepted[was]...))
		}
	}
	for was, data := range pack {
		if text := string(data); strings.HasPrefix(text, "# ") || strings.HasPrefix(text, "{\n") || strings.HasPrefix(text, "---\n") {
			poison(was, []byte(text+hostileText))
		}
	}
	all.write(t, d.path("all"))
	allRef := "oci-layout://" + d.path("all") + ":1.0.0"
	useAll(d, "everything poisoned", allRef)
}

// hostileText is Markdown that would act on a terminal, also once entities are
// resolved.
var hostileText = strings.ReplaceAll("\n"+poison+" &#27;[2J &#x9b;2J [a]("+poison+") [b](<x\x1b[2J> \"\x1b[2J\") <https://e\u202e.example> `"+poison+"`\n\n"+
	"| a\x1b[2J | b |\n|---|---|\n| c | \u202ed |\n\n- \x1b[2J\n\n> \x1b[2J\n\n    \x1b[2J\n\n<b \x1b[2J>\n\n```\x1b[2J\n\x1b[2J\n```\n\n![\x1b[2J](\x1b[2J)\n\n# \x1b[2J {#\x1b[2J}\n", "\x00", "")

// useAll runs every verb that reads or writes on what ref names, in every
// format.
func useAll(d *desk, what, ref string) {
	for _, format := range []string{"text", "json", goTemplate} {
		for _, args := range [][]string{
			{"inspect", ref}, {"list", ref}, {"list", strings.TrimSuffix(ref, ":1.0.0")}, {"show", ref, "--unverified"}, {"show", ref, "rich", "--unverified"},
			{"verify", ref, "--key", d.path("recap.pub"), "--explain"},
			{"diff", "oci-layout://" + d.path("built") + ":1.0.0", ref, "--unverified"},
			{"diff", ref, "oci-layout://" + d.path("built") + ":1.0.0", "--unverified"},
			{"pull", ref, "--unverified", "--force", "-o", d.path("pulled")}, {"status", d.path("pulled")},
			{"pull", ref, "-o", d.path("pulled-never")},
			{"pull", ref, "--unverified", "--force", "-o", d.path("part"), "--recap", "rich"}, {"status", d.path("part"), "--offline"},
			{"copy", ref, "oci-layout://" + d.path("copied") + ":1.0.0"},
			{"tag", ref, "again"}, {"sign", ref, "--key", d.path("recap.key")},
			{"policy", "init", ref, "--key", d.path("recap.pub"), "--dry-run"},
		} {
			d.clean(what, append(args, "--format", format)...)
		}
	}
	for _, args := range [][]string{
		{"show", ref, "--unverified", "--format", "markdown"}, {"show", ref, "rich", "--unverified", "--format", "markdown"},
		{"show", ref, "rich", "index.md", "--unverified"}, {"show", ref, "rich", "chart.svg", "--unverified"},
		{"show", ref, "x" + poison, "--unverified"}, {"show", ref, "rich", "x" + poison, "--unverified"},
		{"pull", ref, "--unverified", "-o", d.path("part"), "--recap", "x" + poison},
		{"delete", ref, "--force"},
	} {
		d.clean(what, args...)
	}
}
