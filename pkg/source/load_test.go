// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package source_test

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// dir makes a recap directory of one document and other files.
func dir(index string, more ...string) fstest.MapFS {
	fsys := fstest.MapFS{"index.md": {Data: []byte(index)}}
	for i := 0; i+1 < len(more); i += 2 {
		fsys[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return fsys
}

// load loads the recap and returns the errors and warnings as lines.
func load(t *testing.T, fsys fs.FS, name string, opts source.Options) (*source.Source, []string) {
	t.Helper()
	s, problems, err := source.Load(fsys, name, opts)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	var lines []string
	for _, p := range problems {
		lines = append(lines, p.String())
	}
	return s, lines
}

// wants fails unless each line begins with its prefix and holds the words after
// the tab, and there are no others.
func wants(t *testing.T, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		prefix, words, _ := strings.Cut(want[i], "\t")
		ok = strings.HasPrefix(got[i], prefix) && strings.Contains(got[i], words)
	}
	if !ok {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// head is a front matter that, with an event, nothing can be said about.
const head = "title: Three days in Lyon\ndate: 2026-05-14\nauthor: Ada Example\nrecap:\n  license: CC-BY-4.0\n  language: en\n"

const body = "---\n\nWhat I saw.\n"

func front(facts string) string { return "---\n" + head + facts + body }

func TestProblems(t *testing.T) {
	const event = "  event: Registry Days 2026\n"
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"nothing wrong", dir(front(event)), nil},
		{"CRLF", dir(strings.ReplaceAll(front(event), "\n", "\r\n")), nil},

		{"byte order mark", dir("\xef\xbb\xbf" + front(event)), []string{"index.md:1:1: error R001\tbyte order mark"}},
		{"UTF-16", dir("\xff\xfe-\x00"), []string{"index.md:1:1: error R001\tUTF-16"}},
		{"Latin-1", dir("---\ntitle: Caf\xe9\n---\n"), []string{"index.md:2:11: error R001\tUTF-8"}},
		{"zero byte", dir(front(event) + "a\x00b"), []string{"index.md:12:2: error R001\tzero byte"}},
		{"CR only", dir(strings.ReplaceAll(front(event), "\n", "\r")), []string{"index.md:1:1: error R001\tcarriage return"}},
		{"no front matter", dir("Hello\n"), []string{"index.md:1:1: error R002\tno front matter"}},
		{"empty file", dir(""), []string{"index.md:1:1: error R002\tno front matter"}},
		{"fence not closed", dir("---\ntitle: x\n"), []string{"index.md:1:1: error R002"}},
		{"YAML syntax", dir("---\ntitle: a: b\n---\nText\n"), []string{"index.md:2:1: error R002\tcolon"}},
		{"YAML list", dir("---\n- a\n---\nText\n"), []string{"index.md:2:1: error R002\ta list"}},
		{"tab", dir("---\ntitle: x\nrecap:\n\tevent: y\n---\nText\n"), []string{"index.md:4:1: error R002\ttab"}},
		{"duplicate key", dir("---\ntitle: a\ntitle: b\ndate: 2026\n---\nText\n", "recap.yaml", "event: Registry Days\nlicense: MIT\n"),
			[]string{"index.md:2:1: warning R306", "index.md:3:1: error R003\tline 2", "index.md:4:1: warning R206"}},
		{"duplicate key below", dir(front(event + "  event: Other Days\n")), []string{"index.md:9:3: error R003\t\"event\""}},
		{"anchor and alias", dir(front("  event: &e Registry Days\n  upcoming: [*e]\n")),
			[]string{"index.md:8:10: error R004\tanchor", "index.md:9:14: error R004\talias"}},
		{"merge key", dir(front(event + "  source:\n    <<: {title: x}\n")), []string{"index.md:10:5: error R004\tmerge"}},
		{"tag", dir(front("  event: !!str 2026\n")), []string{"index.md:8:10: error R004\ttag"}},
		{"self alias", dir("---\na: &a [*a]\n---\nText\n"), []string{
			"index.md:2:1: error R005", "index.md:2:1: error R005", "index.md:2:1: warning R207", "index.md:2:1: warning R306", "index.md:2:4: error R004\tanchor", "index.md:2:8: error R004\talias"}},

		{"no title", dir("---\n" + strings.TrimPrefix(head, "title: Three days in Lyon\n") + event + body), []string{"index.md:2:1: error R005\tlacks title"}},
		{"empty title", dir("---\n" + strings.Replace(head, "Three days in Lyon", "", 1) + event + body), []string{"index.md:2:1: error R005\ttitle is empty"}},
		{"no recap", dir("---\ntitle: A post\n---\nText\n"), []string{
			"index.md:2:1: error R005\tlacks recap", "index.md:2:1: warning R207", "index.md:2:1: warning R306"}},
		{"no event", dir(front("")), []string{"index.md:5:1: error R005\trecap lacks event"}},
		{"event is a list", dir(front("  event: [a, b]\n")), []string{"index.md:8:3: error R005\tevent is a list, not a mapping or text"}},
		{"wrong type", dir(front(event + "  observations:\n    - {property: attendance, minValue: lots}\n")),
			[]string{"index.md:10:30: error R005\tobservations[0].minValue is text, not a number"}},
		{"enumeration", dir(front(event + "  topics:\n    - {name: AI, kind: trnd}\n")),
			[]string{"index.md:10:18: error R005\tdid you mean trend?"}},
		{"pattern", dir(front("  event: {name: Registry Days, place: {country: France}}\n")),
			[]string{"index.md:8:40: error R005\tevent.place.country \"France\" has the wrong form; write two capital letters"}},
		{"date", dir(front("  event: {name: Registry Days, startDate: 14.5.2026}\n")), []string{"index.md:8:32: error R005\t2024-03"}},
		{"value beside bound", dir(front(event + "  observations:\n    - {property: attendance, value: 5, minValue: 4}\n")),
			[]string{"index.md:10:40: error R005\tcan't stand beside value"}},
		{"bound missing", dir(front(event + "  observations:\n    - {property: attendance, maxValue: 5, exclusiveMin: true}\n")),
			[]string{"index.md:10:7: error R005\thas exclusiveMin but lacks minValue"}},
		{"no value", dir(front(event + "  observations:\n    - {property: attendance}\n")),
			[]string{"index.md:10:7: error R005\tlacks value or minValue or maxValue"}},
		{"neither title nor text", dir(front(event + "  sessions:\n    - {kind: talk}\n")), []string{"index.md:10:7: error R005\tsessions[0] lacks title or text"}},
		{"src beside unavailable", dir(front(event+"  media:\n    - {src: a.txt, unavailable: true}\n"), "a.txt", "a"),
			[]string{"index.md:10:8: error R005\tcan't stand beside unavailable"}},
		{"entity id", dir(front(event + "  entities: {Foo Bar: Foo}\n")), []string{"index.md:9:14: error R005\t\"Foo Bar\" is no id"}},
		{"huge number", dir(front(event + "  x-id: 12345678901234567890\n")), []string{"index.md:9:9: error R005\tx-id is a number that JSON can't keep exactly"}},
		{"null below recap", dir(front(event + "  topics:\n")), []string{"index.md:9:3: error R005\ttopics is empty"}},

		{"unknown field", dir(front(event + "  evnt: x\n  observatons: []\n")),
			[]string{"index.md:9:3: error R006\tdid you mean event?", "index.md:10:3: error R006\tdid you mean observations?"}},
		{"unknown field deep", dir(front(event + "  sessions:\n    - title: T\n      speaker: Ada\n")),
			[]string{"index.md:11:7: error R006\tsessions[0].speaker is not a field of a recap; did you mean speakers?"}},
		{"unknown field far from any", dir(front(event + "  weather: wet\n")), []string{"index.md:9:3: error R006\tbegin it with x-"}},
		{"unknown top-level field", dir("---\nlayout: post\nparams: {a: [1]}\n" + strings.TrimPrefix(front(event), "---\n")), nil},
		{"extension", dir(front(event + "  x-booth: {hall: 3}\n")), nil},
		{"several at once", dir(front("  event: {nam: Registry Days}\n  topics: [{name: AI, signal: loud}]\n")), []string{
			"index.md:8:3: error R005\tevent lacks name", "index.md:8:11: error R006\tdid you mean name?", "index.md:9:23: error R005\ttopics[0].signal"}},

		{"facts twice", dir(front(event), "recap.yaml", "event: Registry Days\n"), []string{"index.md:5:1: error R007"}},
		{"recap.yaml", dir("---\ntitle: Three days in Lyon\ndate: 2026-05-14\nauthor: Ada\n---\nText\n", "recap.yaml", "event: Registry Days\nlicense: MIT\nlanguage: en\ntopics: [{name: AI, signal: loud}]\n"),
			[]string{"recap.yaml:4:21: error R005\ttopics[0].signal"}},
		{"no body", dir("---\n" + head + event + "---\n\n \n"), []string{"index.md:10:1: error R008"}},

		{"escape character", dir(front(event) + "a \x1b[2J b\n"), []string{"index.md:12:3: error R603\tescape character (U+001B)"}},
		{"bidi in front matter", dir(front("  event: \"Registry \u202eDays\"\n")), []string{"index.md:8:20: error R603\tdirection"}},
		{"bidi behind an escape", dir(front(`  event: "Registry \u202eDays"` + "\n")), []string{"index.md:8:10: error R603\tdirection"}},
		{"tag characters", dir(front(event) + "Hi\U000e0041\U000e0042\n"), []string{"index.md:12:3: error R603\ttag character"}},
		{"flag of tag characters", dir(front(event) + "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f\n"), nil},
		{"zero-width space", dir(front(event) + "a\u200bb\n"), []string{"index.md:12:2: warning R605"}},
		{"joiner in emoji", dir(front(event) + "\U0001f469\u200d\U0001f4bb\n"), nil},
		{"joiner between letters", dir(front(event) + "a\u200db\n"), []string{"index.md:12:2: warning R605"}},

		{"shortcode", dir(front(event) + "{{< youtube abc >}}\n"), []string{"index.md:12:1: warning R604\tyoutube"}},
		{"figure shortcode", dir(front(event)+"{{< figure src=\"a.png\" alt=\"A\" >}}\n", "a.png", png), nil},
		{"image without alt", dir(front(event)+"![](a.png)\n", "a.png", png), []string{"index.md:12:1: warning R701\ta.png"}},
		{"missing image", dir(front(event) + "![A](a.png)\n"), []string{"index.md:12:1: error R102\ta.png"}},
		{"missing image, near", dir(front(event)+"![A](hal.png) ![B](hall.png)\n", "hall.png", png), []string{"index.md:12:1: error R102\tdid you mean hall.png?"}},
		{"image with a space", dir(front(event)+"![A](my%20hall.png)\n", "my hall.png", png), nil},
		{"image outside", dir(front(event) + "![A](../a.png)\n"), []string{"index.md:12:1: error R101\tleads out"}},
		{"image of the site", dir(front(event) + "![A](/a.png)\n"), []string{"index.md:12:1: warning R601"}},
		{"link to a missing file", dir(front(event) + "[slides](slides.pdf)\n"), []string{"index.md:12:1: error R102"}},
		{"link to a page of the site", dir(front(event) + "[other](../other/) [b](/b) [c](#what)\n"), []string{"index.md:12:1: warning R601", "index.md:12:20: warning R601"}},
		{"script", dir(front(event) + "[a](javascript:alert(1)) ![b](data:image/png;base64,AA==) <a href=\"java&#9;script:x\">c</a>\n"), []string{
			"index.md:12:1: error R602\tjavascript", "index.md:12:26: error R602\tdata", "index.md:12:59: error R602\tjavascript"}},
		{"unreferenced", dir(front(event), "data/a.csv", "a,b\n"), []string{"data/a.csv: warning R103"}},
		{"licence file", dir(front(event), "LICENSE", "MIT\n"), nil},
		{"cover of a theme", dir("---\ncover: {image: a.png}\n"+strings.TrimPrefix(front(event), "---\n"), "a.png", png), nil},
		{"media without file", dir(front(event + "  media:\n    - {src: b.png, alt: B}\n")), []string{"index.md:10:8: error R102\tmedia[0].src"}},
		{"media outside", dir(front(event + "  media:\n    - {src: ../b.png, alt: B}\n")), []string{"index.md:10:8: error R101"}},
		{"link to a dotfile", dir(front(event)+"![A](.a.png)\n", ".a.png", png), []string{"index.md:12:1: error R102\tleft out"}},

		{"page called png", dir(front(event)+"![A](a.png)\n", "a.png", "<html><script>"), []string{"a.png: error R104\tis text"}},
		{"jpeg called png", dir(front(event)+"![A](a.png)\n", "a.png", "\xff\xd8\xff\xe0"), []string{"a.png: error R104\ta JPEG image"}},
		{"program called txt", dir(front(event)+"[a](a.txt)\n", "a.txt", "\x7fELF\x02"), []string{"a.txt: error R104\ta program"}},
		{"LFS pointer", dir(front(event)+"![A](a.png)\n", "a.png", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n"), []string{"a.png: error R104\tgit lfs pull"}},
		{"private key", dir(front(event)+"[a](a.txt)\n", "a.txt", "-----BEGIN OPENSSH PRIVATE KEY-----\n"), []string{"a.txt: error R109"}},
		{"nested recap", dir(front(event), "sub/index.md", "x"), []string{"sub: error R110"}},
		{"reserved names", dir(front(event), "recap.policy.yaml", "x", "sub/Trusted_Root.json", "x", ".recapture/a", "x", "recap.lock", "x"), []string{
			".recapture: error R106", "recap.lock: error R106", "recap.policy.yaml: error R106", "sub/Trusted_Root.json: error R106"}},
		{"state that is no pull's", dir(front(event), ".recap/policy", "x"), []string{".recap: error R106"}},
		{"what a pull left", dir(front(event), ".recap/receipt.json", "{}"), nil},
		{"left out", dir(front(event), ".git/config", "x", ".DS_Store", "x", "index.md~", "x", "Thumbs.db", "x", "CVS/Root", "x", ".recap-tmp-1-a", "x"), nil},
		{"names that collide", dir(front(event)+"[a](a.txt) [b](A.txt)\n", "a.txt", "x", "A.txt", "x"), []string{": error R101\tcase"}},
		{"name with a colon", dir(front(event), "a:b.txt", "x"), []string{"a:b.txt: error R101\tcolon"}},
		{"decomposed name", dir(front(event), "cafe\u0301.txt", "x"), []string{"cafe\u0301.txt: error R101\tNFC"}},
		{"device name", dir(front(event), "con.txt", "x"), []string{"con.txt: error R101\tWindows"}},
		{"original inside by name", dir(front(event+"  source: {path: original.txt, author: X, derivation: rewritten}\n"), "original.txt", "x"),
			[]string{"index.md:9:12: error R107"}},
		{"original inside by digest", dir(front(event+"  source: {digest: \"sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\"}\n")+"[x](a.txt)\n", "a.txt", "x"),
			[]string{"a.txt: error R107"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got := load(t, tt.files, ".", source.Options{})
			for i, line := range got {
				got[i] = strings.TrimPrefix(line, ".")
				if strings.HasPrefix(line, ".recap") {
					got[i] = line
				}
			}
			wants(t, got, tt.want...)
		})
	}
}

const png = "\x89PNG\r\n\x1a\n\x00"

func TestPathsBeginWithTheName(t *testing.T) {
	fsys := fstest.MapFS{
		"recaps/lyon/index.md": {Data: []byte("Hello\n")},
		"post.md":              {Data: []byte("Hello\n")},
	}
	_, got := load(t, fsys, "recaps/lyon", source.Options{})
	wants(t, got, "recaps/lyon/index.md:1:1: error R002")
	_, got = load(t, fsys, "post.md", source.Options{})
	wants(t, got, "post.md:1:1: error R002")
}

func TestSingleFile(t *testing.T) {
	fsys := fstest.MapFS{
		"post.md": {Data: []byte(front("  event: Registry Days\n") + "![A](a.png)\n")},
		"a.png":   {Data: []byte(png)},
	}
	s, got := load(t, fsys, "post.md", source.Options{})
	wants(t, got, "post.md:12:1: error R102\ta single file")
	if len(s.Recap.Files) != 1 || s.Recap.Files[0].Path != "index.md" {
		t.Errorf("files are %v, want index.md alone", s.Recap.Files)
	}
	data, err := fs.ReadFile(s.Files, "index.md")
	if err != nil || string(data) != string(fsys["post.md"].Data) {
		t.Errorf("index.md reads %q, %v", data, err)
	}
	if _, err := fs.ReadFile(s.Files, "a.png"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a neighbour can be read: %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	fsys := fstest.MapFS{
		"empty/a.txt": {Data: []byte("x")},
		"a.txt":       {Data: []byte("x")},
		"link.md":     {Data: []byte("a.txt"), Mode: fs.ModeSymlink | 0o777},
		"fifo.md":     {Mode: fs.ModeNamedPipe | 0o666},
	}
	for _, tt := range []struct {
		name, at string
		kind     recap.Kind
		code     string
	}{
		{"no document", "empty", recap.NotFound, "no-document"},
		{"no such path", "nosuch", recap.NotFound, "not-found"},
		{"no Markdown", "a.txt", recap.Usage, "not-markdown"},
		{"path that leads out", "../a", recap.Usage, "bad-path"},
		{"link", "link.md", recap.Unsafe, "symlink-in-source"},
		{"FIFO", "fifo.md", recap.Unsafe, "not-a-regular-file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := source.Load(fsys, tt.at, source.Options{})
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Code != tt.code {
				t.Errorf("Load(%q) = %v, want %s %s", tt.at, err, tt.kind, tt.code)
			}
		})
	}
}

func TestRefusalsAreErrors(t *testing.T) {
	const event = "  event: Registry Days\n"
	crowd := fstest.MapFS{"index.md": {Data: []byte(front(event))}}
	for i := range 10 * recap.MaxLayers {
		crowd["d/"+strconv.Itoa(i)] = &fstest.MapFile{}
	}
	many := dir(front(event))
	for i := range recap.MaxLayers {
		many["data/"+strings.Repeat("a", i%200+1)+string(rune('a'+i/200))+".csv"] = &fstest.MapFile{Data: []byte("a")}
	}
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		opts  source.Options
		code  string // none: no refusal
	}{
		{"fine", dir(front(event)), source.Options{}, ""},
		{"symlink", fstest.MapFS{"index.md": {Data: []byte(front(event))}, "a.txt": {Data: []byte("index.md"), Mode: fs.ModeSymlink | 0o777}}, source.Options{}, "symlink-in-source"},
		{"FIFO", fstest.MapFS{"index.md": {Data: []byte(front(event))}, "a.txt": {Mode: fs.ModeNamedPipe}}, source.Options{}, "not-a-regular-file"},
		{"socket", fstest.MapFS{"index.md": {Data: []byte(front(event))}, "a.txt": {Mode: fs.ModeSocket}}, source.Options{}, "not-a-regular-file"},
		{"device", fstest.MapFS{"index.md": {Data: []byte(front(event))}, "a.txt": {Mode: fs.ModeDevice}}, source.Options{}, "not-a-regular-file"},
		{"file at the limit", dir(front(event), "LICENSE", strings.Repeat("x", 500)), source.Options{MaxFileSize: 500}, ""},
		{"file over the limit", dir(front(event), "LICENSE", strings.Repeat("x", 501)), source.Options{MaxFileSize: 500}, "too-large"},
		{"document over the limit", dir(front(event) + strings.Repeat("x\n", recap.MaxDocumentSize/2)), source.Options{}, "too-large"},
		{"too many files", many, source.Options{}, "too-many-files"},
		{"too many names", crowd, source.Options{}, "too-many-files"},
		{"reserved name", dir(front(event), "recap.lock", "x"), source.Options{}, "reserved-name"},
		{"collision", dir(front(event), "a.txt", "x", "A.txt", "x"), source.Options{}, "path-collision"},
		{"unsafe name", dir(front(event), "a\\b", "x"), source.Options{}, "unsafe-path"},
		{"invalid UTF-8 name", dir(front(event), "a\xff", "x"), source.Options{}, "unsafe-path"},
		{"nested recap", dir(front(event), "b/index.md", "x"), source.Options{}, "nested-recap"},
		{"private key", dir(front(event), "LICENSE", "-----BEGIN PRIVATE KEY-----\n"), source.Options{}, "private-key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, problems, err := source.Load(tt.files, ".", tt.opts)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Err(rule.LevelValid)
			if tt.code == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var e *recap.Error
			if !errors.As(err, &e) || e.Kind != recap.Unsafe || e.Code != tt.code {
				t.Errorf("Err = %v, want unsafe %s", err, tt.code)
			}
			if len(problems) == 0 {
				t.Error("a refusal without a problem")
			}
		})
	}
	delete(many, "data/aa.csv")
	if s, _, err := source.Load(many, ".", source.Options{}); err != nil || s.Err(rule.LevelValid) != nil {
		t.Errorf("%d files are refused: %v, %v", recap.MaxLayers, err, s.Err(rule.LevelValid))
	}
}

func TestErrCountsByLevel(t *testing.T) {
	warned := dir(front("  event: Registry Days\n"), "data/a.csv", "a\n")
	s, _ := load(t, warned, ".", source.Options{})
	if err := s.Err(rule.LevelValid); err != nil {
		t.Errorf("a warning stops level valid: %v", err)
	}
	if err := s.Err(rule.LevelComplete); !errors.Is(err, recap.Negative) {
		t.Errorf("Err(complete) = %v, want %v", err, recap.Negative)
	}
	broken := dir("Hello\n")
	s, _ = load(t, broken, ".", source.Options{})
	if err := s.Err(rule.LevelValid); !errors.Is(err, recap.Negative) {
		t.Errorf("Err(valid) = %v, want %v", err, recap.Negative)
	}
}

func TestManyFindings(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
		item string
		rule string // of the one that says there are more
		stop bool   // at level valid
	}{
		{"as many warnings as are listed", 1000, "![](https://example.com/a.png) ", "", false},
		{"one warning more", 1001, "![](https://example.com/a.png) ", "R010", false},
		{"as many errors", 1000, "![A](../a.png) ", "", true},
		{"one error more", 1001, "![A](../a.png) ", "R105", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, got := load(t, dir(front("  event: Registry Days\n")+strings.Repeat(tt.item, tt.n)), ".", source.Options{})
			more := slices.ContainsFunc(got, func(line string) bool {
				return strings.Contains(line, "more than 1000") && strings.Contains(line, " "+tt.rule+":")
			})
			if more != (tt.rule != "") || len(got) != tt.n && !more {
				t.Errorf("%d findings of %d, last %s", len(got), tt.n, got[len(got)-1])
			}
			if err := s.Err(rule.LevelValid); (err != nil) != tt.stop {
				t.Errorf("Err = %v", err)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	s, got := load(t, dir(front("  event: Registry Days\n  media:\n    - {src: ./media/talk.mp3, kind: audio, transcript: media/talk.txt, license: MIT}\n    - {src: b.pdf, kind: slides}\n")+"![A](Z.png) [e](empty.csv)\n",
		"media/talk.mp3", "ID3", "media/talk.txt", "hi", "b.pdf", "%PDF-1.7", "Z.png", png, "empty.csv", "", ".hidden", "x"), ".", source.Options{})
	wants(t, got)
	var rows []recap.File
	for _, f := range s.Recap.Files {
		f.Size = 0
		rows = append(rows, f)
	}
	want := []recap.File{
		{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument},
		{Path: "Z.png", MediaType: "image/png", Role: recap.RoleImage},
		{Path: "b.pdf", MediaType: "application/pdf", Role: recap.RoleSlides},
		{Path: "empty.csv", MediaType: "text/csv", Role: recap.RoleDataset},
		{Path: "media/talk.mp3", MediaType: "audio/mpeg", Role: recap.RoleAudio, License: "MIT"},
		{Path: "media/talk.txt", MediaType: "text/plain", Role: recap.RoleTranscript},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, f := range s.Recap.Files {
		if data, err := fs.ReadFile(s.Files, f.Path); err != nil || int64(len(data)) != f.Size {
			t.Errorf("%s: %d bytes read, %d listed, %v", f.Path, len(data), f.Size, err)
		}
	}
}

func TestDeterministic(t *testing.T) {
	fsys := dir(front("  event: {nam: x}\n  topics: [{name: A, kind: b}, {name: C, x-d: 1}]\n  zz: 1\n  aa: 2\n")+"![](b.png) ![](c.png)\n", "d.csv", "", "e.csv", "")
	first, want := load(t, fsys, ".", source.Options{})
	for range 20 {
		again, got := load(t, fsys, ".", source.Options{})
		if !slices.Equal(got, want) {
			t.Fatalf("problems differ:\n%s", cmp.Diff(want, got))
		}
		if diff := cmp.Diff(first.Recap, again.Recap); diff != "" {
			t.Fatalf("recaps differ:\n%s", diff)
		}
	}
}
