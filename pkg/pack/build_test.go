// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package pack_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/content"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/pack"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/rule"
	"github.com/recap-oci/recap/pkg/source"
)

// slugs returns the members of what was built.
func slugs(b *pack.Built) []string {
	var all []string
	for _, m := range b.Graph.Pack().Meta.Members {
		all = append(all, m.Slug)
	}
	return all
}

// build builds what must build, with no problem but those wanted.
func build(t *testing.T, fsys fs.FS, resolve pack.Resolve, opts pack.Options, want ...string) *pack.Built {
	t.Helper()
	b, err := pack.Build(t.Context(), fsys, resolve, opts)
	if b != nil {
		expect(t, b.Problems, want...)
	}
	if err != nil {
		t.Fatalf("error is %v", err)
	}
	if b.Graph == nil || b.Lock == nil {
		t.Fatal("no graph, or no lock")
	}
	return b
}

// bundle builds one recap as others publish it.
func bundle(t testing.TB, text string) *artifact.Graph {
	t.Helper()
	src, problems, err := source.Load(tree{"index.md": text}.fs(), ".", source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Err(rule.LevelValid); err != nil && !src.Recap.Draft {
		t.Fatal(err, lines(problems))
	}
	g, err := artifact.BuildBundle(t.Context(), src.Recap, src.Files, artifact.BuildOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// registry resolves references to bundles, whatever the pin says.
func registry(bundles map[string]*artifact.Graph) pack.Resolve {
	return func(ctx context.Context, ref string, _ digest.Digest) (pack.Resolved, error) {
		g, ok := bundles[ref]
		if !ok {
			return pack.Resolved{}, recap.Errorf(recap.NotFound, "no-such-reference", "there is no %s", ref)
		}
		m, err := artifact.OpenMember(ctx, struct{ content.Fetcher }{g}, g.Root)
		return pack.Resolved{Member: m, Signers: []string{"ci of " + ref}}, err
	}
}

func TestBuild(t *testing.T) {
	b := build(t, three().fs(), nil, pack.Options{})
	if diff := cmp.Diff([]string{"alpha", "bravo", "charlie"}, slugs(b)); diff != "" {
		t.Error(diff)
	}
	if !b.LockChanged {
		t.Error("a first lock changes nothing")
	}
	p := b.Graph.Pack().Meta
	if p.Name != "days" || p.Version != "1.0.0" || p.Members[0].Event != "days-2026" {
		t.Errorf("pack is %+v", p)
	}
	opened, err := artifact.OpenPack(t.Context(), b.Graph, b.Graph.Root)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(opened.Views(recap.MediaTypeChunks)); got == 0 {
		t.Error("the catalog has no chunks")
	}
	// A member is what it is alone.
	alone := bundle(t, article("Bravo"))
	if got := b.Lock.Members[1].Digest; got != alone.Root.Digest.String() {
		t.Errorf("in the pack bravo is %s, alone %s", got, alone.Root.Digest)
	}
	if again := build(t, three().fs(), nil, pack.Options{}); again.Graph.Root.Digest != b.Graph.Root.Digest {
		t.Error("the same pack has two digests")
	}
	if other := build(t, three().fs(), nil, pack.Options{Version: "1.0.1"}); other.Graph.Pack().Meta.Version != "1.0.1" || !cmp.Equal(other.Lock, b.Lock) {
		t.Error("another version isn't that, or changes the lock")
	}
	epoch := time.Unix(1700000000, 0)
	if dated := build(t, three().fs(), nil, pack.Options{SourceDateEpoch: &epoch}); dated.Graph.Pack().Node.Annotations()["org.opencontainers.image.created"] == "" {
		t.Error("SourceDateEpoch is lost")
	}
}

func TestMembersInOrder(t *testing.T) {
	files := tree{
		"recaps/a/index.md": article("A one"), "recaps/a/notes.md": "An attachment, no post.\n", "recaps/B/index.md": article("B two"),
		"recaps/c.md": article("C three"), "recaps/README.md": "# How to\n", "recaps/post.md": "---\ntitle: No recap\n---\nText.\n",
		"recaps/pictures/hall.png": "\x89PNG\r\n\x1a\n", "recaps/.hidden/index.md": article("Hidden"), "recaps/old~/index.md": article("Old"),
		"recaps/deep/er/d/index.md": article("D four"), "recaps/split/index.md": "---\ntitle: E five\ndate: 2026-03-27\nauthor: Ada Example\n---\nText.\n",
		"recaps/split/recap.yaml": "event: {id: days-2026, name: Example Days 2026}\nlicense: CC-BY-4.0\n", "recaps/hugo/index.md": "---\ntitle: Another page\n---\nText.\n",
		"recaps/toml.md": "+++\ntitle = \"F six\"\ndate = 2026-03-27\nauthor = \"Ada Example\"\n[recap]\nlicense = \"CC-BY-4.0\"\nevent = \"Days\"\n+++\nText.\n",
	}
	const warn = "recaps/a/notes.md: warning R103"
	for _, tt := range []struct {
		name, members string
		want          []string
		problems      []string
	}{
		{"a glob in byte order", "[./recaps/*]", []string{"b-two", "a-one", "c-three", "e-five", "f-six"}, []string{warn}},
		{"one first and the rest", "[recaps/c.md, 'recaps/*']", []string{"c-three", "b-two", "a-one", "e-five", "f-six"}, []string{warn}},
		{"one last", "['recaps/*', recaps/B]", []string{"a-one", "c-three", "e-five", "f-six", "b-two"}, []string{warn}},
		{"two globs that overlap", "['recaps/[c-z]*', 'recaps/*']", []string{"c-three", "e-five", "f-six", "b-two", "a-one"}, []string{warn}},
		{"any depth", "['./**']", []string{"b-two", "a-one", "c-three", "d-four", "e-five", "f-six"}, []string{warn}},
		{"any depth between", "['recaps/**/d']", []string{"d-four"}, nil},
		{"documents mean directories", "['recaps/*/index.md', recaps/deep/er/d/index.md]", []string{"b-two", "a-one", "e-five", "d-four"}, []string{warn}},
		{"question mark", "['recaps/?']", []string{"b-two", "a-one"}, []string{warn}},
		{"a hidden one by name", "[recaps/.hidden]", []string{"hidden"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := files.with(tree{"pack.yaml": "name: days\nversion: 1.0.0\nmembers: " + tt.members + "\n"})
			if diff := cmp.Diff(tt.want, slugs(build(t, f.fs(), nil, pack.Options{}, tt.problems...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBuildRefuses(t *testing.T) {
	members := func(list string) string { return "name: days\nversion: 1.0.0\nmembers: " + list + "\n" }
	for _, tt := range []struct {
		name  string
		files tree
		opts  pack.Options
		kind  recap.Kind
		code  string
		want  []string
	}{
		{"nothing at the path", tree{"pack.yaml": members("[./recaps/aa]")}, pack.Options{}, recap.Negative, "check-failed",
			[]string{"pack.yaml:3:11: error R901…did you mean ./recaps/a?"}},
		{"nothing fits", tree{"pack.yaml": members("['./posts/*']")}, pack.Options{}, recap.Negative, "check-failed",
			[]string{"pack.yaml:3:11: error R901…no recap fits it"}},
		{"a directory without a document", tree{"pack.yaml": members("[recaps/a/data]")}, pack.Options{}, recap.Negative, "check-failed",
			[]string{"recaps/a/data: error R901…holds no index.md"}},
		{"no Markdown", tree{"pack.yaml": members("[recaps/a/data/x.csv]")}, pack.Options{}, recap.Negative, "check-failed",
			[]string{"recaps/a/data/x.csv: error R901…neither a directory nor a Markdown file"}},
		{"a pack as a member", tree{"pack.yaml": members("[./other]"), "other/pack.yaml": members("['*']"), "other/x.md": article("X")}, pack.Options{},
			recap.Negative, "check-failed", []string{"pack.yaml:3:11: error R901…a pack holds recaps only; list its recaps instead, such as ./other/*"}},
		{"a pack among members", tree{"recaps/other/pack.yaml": members("['*']"), "recaps/other/x.md": article("X")}, pack.Options{},
			recap.Negative, "check-failed", []string{"pack.yaml:3:11: error R901…recaps/other is a pack"}},
		{"a member that fails", tree{"recaps/b/index.md": "---\ntitle: Bravo\nrecap: {event: Days, licence: MIT}\n---\nText.\n"}, pack.Options{},
			recap.Negative, "check-failed", []string{"recaps/b/index.md:3:22: error R006…did you mean license", "recaps/b/index.md:3:1: warning R405", "recaps/b/index.md:2:1: warning R306", "recaps/b/index.md:2:1: warning R207"}},
		{"front matter that can't be read", tree{"recaps/b/index.md": "---\ntitle: [\nrecap:\n  event: Days\n---\nText.\n"}, pack.Options{},
			recap.Negative, "check-failed", []string{"recaps/b/index.md:3:1: error R002"}},
		{"a recap inside a member", tree{"recaps/a/more/index.md": article("More")}, pack.Options{}, recap.Unsafe, "nested-recap",
			[]string{"recaps/a/more: error R110"}},
		{"a key inside a member", tree{"recaps/a/data/key": "-----BEGIN PRIVATE KEY-----\n"}, pack.Options{}, recap.Unsafe, "private-key",
			[]string{"recaps/a/data/key: error R109", "recaps/a/data/key: warning R103"}},
		{"a draft", tree{"recaps/c.md": strings.Replace(article("Charlie"), "date:", "draft: true\ndate:", 1)}, pack.Options{},
			recap.Negative, "check-failed", []string{"recaps/c.md: error R901…draft: true"}},
		{"one slug twice", tree{"recaps/b/index.md": article("Alpha")}, pack.Options{}, recap.Negative, "check-failed",
			[]string{"recaps/b/index.md: error R301…the slug alpha is that of recaps/a already"}},
		{"the slug catalog", tree{"recaps/c.md": strings.Replace(article("Charlie"), "date:", "slug: catalog\ndate:", 1)}, pack.Options{},
			recap.Negative, "check-failed", []string{"recaps/c.md:3:1: error R307…reserved"}},
		{"too large a file", tree{}, pack.Options{MaxFileSize: 3}, recap.Unsafe, "too-large", nil},
		{"no version", tree{"pack.yaml": "name: days\nmembers: ['recaps/*']\n"}, pack.Options{}, recap.Usage, "no-version", nil},
		{"a bad version", tree{}, pack.Options{Version: "v2"}, recap.Usage, "bad-version", nil},
		{"a reference nobody can open", tree{"pack.yaml": members("[r.example/a:1]")}, pack.Options{}, recap.Usage, "no-resolver", nil},
		{"level", tree{"pack.yaml": members("['recaps/*']") + "conflicts: {accepted: [{id: nothing, note: no}]}\n"}, pack.Options{Level: rule.LevelComplete},
			recap.Negative, "check-failed", []string{"pack.yaml:4:24: warning R904…nothing"}},
		{"bad pack.yaml", tree{"pack.yaml": "name: Days\nmembers: [a]\n"}, pack.Options{}, recap.Negative, "check-failed", []string{"pack.yaml:1:1: error R005"}},
		{"too many bytes", tree{"pack.yaml": members("['recaps/*']") + "checks: {maxBytes: 1Ki}\n"}, pack.Options{}, recap.Negative, "check-failed",
			[]string{"pack.yaml:4:10: error R902…allows 1024"}},
		{"no lock to be frozen by", tree{}, pack.Options{Frozen: true}, recap.Stale, "no-lock", nil},
		{"a lock that is none", tree{"pack.lock": "{}"}, pack.Options{}, recap.Stale, "bad-lock", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := pack.Build(t.Context(), three().with(tt.files).fs(), nil, tt.opts)
			fails(t, err, tt.kind, tt.code)
			if b == nil || b.Graph != nil || b.Lock != nil {
				t.Fatalf("built is %+v", b)
			}
			if tt.want != nil {
				expect(t, b.Problems, tt.want...)
			}
		})
	}
	t.Run("no pack", func(t *testing.T) {
		b, err := pack.Build(t.Context(), fstest.MapFS{}, nil, pack.Options{})
		fails(t, err, recap.NotFound, "no-pack", "recap init --pack")
		if b != nil {
			t.Error("something was built")
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := pack.Build(ctx, three().fs(), nil, pack.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
	})
}

func TestLinks(t *testing.T) {
	f := three().fs()
	f["recaps/link"] = &fstest.MapFile{Data: []byte("a"), Mode: fs.ModeSymlink}
	b, err := pack.Build(t.Context(), f, nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, "pack.yaml:3:11: error R901…recaps/link is a symbolic link")

	f["pack.yaml"] = &fstest.MapFile{Data: []byte("name: days\nversion: 1.0.0\nmembers: [recaps/link]\n")}
	b, err = pack.Build(t.Context(), f, nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, "recaps/link: error R901…symbolic link")
}

func TestTooManyMembers(t *testing.T) {
	f := fstest.MapFS{"pack.yaml": {Data: []byte("name: days\nversion: 1.0.0\nmembers: ['*']\n")}}
	for i := range recap.MaxMembers + 1 {
		f[fmt.Sprintf("%04d.md", i)] = &fstest.MapFile{Data: []byte(article(fmt.Sprintf("Recap %d", i)))}
	}
	b, err := pack.Build(t.Context(), f, nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, "pack.yaml: error R901…5001 recaps; a pack has at most 5000")
}

// What a pack says holds for members that don't, and never changes them.
func TestDefaultsAndGlossary(t *testing.T) {
	files := three().with(tree{
		"recaps/b/index.md": article("Bravo", "license:", "event: days-2027", "announcements: [{kind: release, title: Two, by: acme-tools}]"),
		"recaps/c.md":       article("Charlie", "event: Days Twenty-Seven", "sessions: [{title: T, speakers: Ada E (acme-tools)}]"),
	})
	const head = "name: days\nversion: 1.0.0\nmembers: ['recaps/*']\n"
	without := tree{"pack.yaml": head}
	b, err := pack.Build(t.Context(), files.with(without).fs(), nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, "recaps/b/index.md:…R302…acme-tools", "recaps/b/index.md:…R405", "recaps/c.md:…R302…acme-tools")

	with := tree{"pack.yaml": head + "defaults: {license: CC-BY-4.0}\nentities: {acme-tools: {kind: organization, name: Acme Tools}}\n" +
		"events:\n  days-2027: {name: Example Days 2027, alternateName: Days Twenty-Seven}\n"}
	built := build(t, files.with(with).fs(), nil, pack.Options{})
	for slug, want := range map[string]string{"alpha": "days-2026", "bravo": "days-2027", "charlie": "days-2027"} {
		if m, _ := built.Graph.Pack().Meta.Member(slug); m.Event != want {
			t.Errorf("%s is about %q, want %q", slug, m.Event, want)
		}
	}
	if built.Lock.Members[1].License != "" {
		t.Error("the default licence was written into a member")
	}
	// An id of the wrong kind in the recap itself stays a mistake.
	wrong := tree{"recaps/c.md": article("Charlie", "entities: {acme-tools: Acme}", "quotations: [{quote: What I saw of Charlie., speaker: Ada E, session: acme-tools}]")}
	b, err = pack.Build(t.Context(), files.with(with).with(wrong).fs(), nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, "recaps/c.md:…R302…another kind")
}

func TestChecks(t *testing.T) {
	const head = "name: days\nversion: 1.0.0\nmembers: ['recaps/*']\n"
	picture := "\x89PNG\r\n\x1a\n"
	files := three().with(tree{
		"recaps/a/hall.png": picture, "recaps/a/data/x.csv": "", "recaps/a/index.md": article("Alpha", "media: [{src: hall.png}]") + "\n![](hall.png)\n",
		"recaps/b/index.md": article("Bravo", "license:"), "recaps/c.md": article("Charlie", "license: NOASSERTION"),
	})
	quiet := []string{"recaps/a/index.md:…warning R701", "recaps/a/index.md:…warning R701", "recaps/b/index.md:…warning R405"}
	publishable := "recaps/c.md:…R402"
	build(t, files.with(tree{"pack.yaml": head}).fs(), nil, pack.Options{}, append(quiet, publishable)...)

	b, err := pack.Build(t.Context(), files.with(tree{"pack.yaml": head + "checks: {requireLicense: true, requireAlt: true}\n"}).fs(), nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, "recaps/a/index.md:…error R902…alternative text; pack.yaml requires one", "recaps/a/index.md:…error R902…alternative text; pack.yaml requires one",
		"recaps/b/index.md:…R405", "recaps/b/index.md: error R902…no licence", "recaps/c.md: error R902…NOASSERTION", publishable)

	b, err = pack.Build(t.Context(), files.with(tree{"pack.yaml": head + "defaults: {license: NOASSERTION}\nchecks: {requireLicense: true}\n"}).fs(), nil, pack.Options{})
	fails(t, err, recap.Negative, "check-failed")
	expect(t, b.Problems, "recaps/a/index.md:…R701", "recaps/a/index.md:…R701", "recaps/b/index.md: error R902…NOASSERTION", "recaps/c.md: error R902…NOASSERTION", publishable)

	build(t, three().with(tree{"pack.yaml": head + "checks: {requireLicense: true, requireAlt: true, maxBytes: 1Mi}\n"}).fs(), nil, pack.Options{})
}

func TestReferences(t *testing.T) {
	text := "name: days\nversion: 1.0.0\nmembers: [recaps/c.md, oci://r.example/team/delta:1.0.0, 'recaps/*']\n"
	files := three().with(tree{"pack.yaml": text})
	delta, newer := bundle(t, article("Delta")), bundle(t, article("Delta")+"\nMore.\n")
	one := registry(map[string]*artifact.Graph{"r.example/team/delta:1.0.0": delta})
	two := registry(map[string]*artifact.Graph{"r.example/team/delta:1.0.0": newer})

	b := build(t, files.fs(), one, pack.Options{})
	if diff := cmp.Diff([]string{"charlie", "delta", "alpha", "bravo"}, slugs(b)); diff != "" {
		t.Error(diff)
	}
	locked := b.Lock.Members[1]
	if locked.Ref != "r.example/team/delta:1.0.0" || locked.Digest != delta.Root.Digest.String() || !slices.Equal(locked.Signers, []string{"ci of r.example/team/delta:1.0.0"}) || len(locked.Files) != 1 {
		t.Errorf("locked is %+v", locked)
	}
	for _, d := range delta.Nodes() {
		if ok, _ := b.Graph.Exists(t.Context(), d); !ok || b.Graph.Origin(d.Digest) == nil && d.Digest != delta.Root.Digest {
			t.Errorf("%s isn't in the pack, or nobody knows from where", d.Digest)
		}
	}
	raw, err := b.Lock.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	files["pack.lock"] = string(raw)

	t.Run("unchanged", func(t *testing.T) {
		again := build(t, files.fs(), one, pack.Options{Frozen: true})
		if again.LockChanged || again.Graph.Root.Digest != b.Graph.Root.Digest {
			t.Error("the same pack is another")
		}
	})
	t.Run("the pin is asked for", func(t *testing.T) {
		var pins []digest.Digest
		resolve := func(ctx context.Context, ref string, pin digest.Digest) (pack.Resolved, error) {
			pins = append(pins, pin)
			return one(ctx, ref, pin)
		}
		build(t, files.fs(), resolve, pack.Options{})
		build(t, files.fs(), resolve, pack.Options{Renew: true})
		if diff := cmp.Diff([]digest.Digest{delta.Root.Digest, ""}, pins); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a reference that moved", func(t *testing.T) {
		for _, frozen := range []bool{false, true} {
			b, err := pack.Build(t.Context(), files.fs(), two, pack.Options{Frozen: frozen})
			fails(t, err, recap.Stale, "reference-moved", "r.example/team/delta:1.0.0", newer.Root.Digest.String(), delta.Root.Digest.String(), "--renew")
			if b.Graph != nil {
				t.Error("built")
			}
		}
	})
	t.Run("renewed", func(t *testing.T) {
		b := build(t, files.fs(), two, pack.Options{Renew: true})
		if !b.LockChanged || b.Lock.Members[1].Digest != newer.Root.Digest.String() {
			t.Error("the lock still says what it said")
		}
		_, err := pack.Build(t.Context(), files.fs(), two, pack.Options{Renew: true, Frozen: true})
		fails(t, err, recap.Usage, "frozen-and-renew")
	})
	t.Run("refused by the policy", func(t *testing.T) {
		_, err := pack.Build(t.Context(), files.fs(), func(context.Context, string, digest.Digest) (pack.Resolved, error) {
			return pack.Resolved{}, recap.Errorf(recap.Untrusted, "unsigned", "nobody signed it")
		}, pack.Options{})
		fails(t, err, recap.Untrusted, "unsigned", "oci://r.example/team/delta:1.0.0", "pack.yaml:3")
	})
	t.Run("a pack", func(t *testing.T) {
		_, err := pack.Build(t.Context(), files.fs(), func(ctx context.Context, _ string, _ digest.Digest) (pack.Resolved, error) {
			_, err := artifact.OpenMember(ctx, b.Graph, b.Graph.Root)
			return pack.Resolved{}, err
		}, pack.Options{})
		fails(t, err, recap.Integrity, "nested-pack", "recaps only")
	})
	t.Run("nothing opened", func(t *testing.T) {
		_, err := pack.Build(t.Context(), files.fs(), func(context.Context, string, digest.Digest) (pack.Resolved, error) {
			return pack.Resolved{}, nil
		}, pack.Options{})
		fails(t, err, recap.Usage, "bad-member")
	})
	t.Run("another than its digest", func(t *testing.T) {
		ref := "r.example/team/delta@" + delta.Root.Digest.String()
		f := files.with(tree{"pack.lock": "", "pack.yaml": "name: days\nversion: 1.0.0\nmembers: ['" + ref + "']\n"})
		build(t, f.fs(), registry(map[string]*artifact.Graph{ref: delta}), pack.Options{})
		_, err := pack.Build(t.Context(), f.fs(), registry(map[string]*artifact.Graph{ref: newer}), pack.Options{})
		fails(t, err, recap.Integrity, "digest-mismatch")
	})
	t.Run("the slug of a path", func(t *testing.T) {
		b, err := pack.Build(t.Context(), files.with(tree{"pack.lock": ""}).fs(), registry(map[string]*artifact.Graph{"r.example/team/delta:1.0.0": bundle(t, article("Alpha"))}), pack.Options{})
		fails(t, err, recap.Negative, "check-failed")
		expect(t, b.Problems, "recaps/a/index.md: error R301…that of r.example/team/delta:1.0.0")
	})
	t.Run("the checks of the pack", func(t *testing.T) {
		f := files.with(tree{"pack.lock": "", "pack.yaml": text + "checks: {requireLicense: true, requireAlt: true}\n"})
		poor := bundle(t, strings.Replace(article("Delta", "license:", "media: [{url: 'https://example.com/a.png', kind: image}]"), "date:", "draft: true\ndate:", 1)+"\n![](https://example.com/b.png)\n")
		b, err := pack.Build(t.Context(), f.fs(), registry(map[string]*artifact.Graph{"r.example/team/delta:1.0.0": poor}), pack.Options{})
		fails(t, err, recap.Negative, "check-failed")
		expect(t, b.Problems, "pack.yaml:3:24: error R901…draft", "pack.yaml:3:24: error R902…no licence", "pack.yaml:3:24: error R902…media[0].alt", "pack.yaml:3:24: error R902…b.png")
	})
	t.Run("check opens none", func(t *testing.T) {
		b, err := pack.Check(t.Context(), files.fs(), pack.Options{})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, b.Problems)
		if b.Graph != nil || b.Lock != nil || b.File == nil {
			t.Errorf("built is %+v", b)
		}
	})
}
