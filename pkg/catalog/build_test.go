// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/catalog"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/schemas"
)

// The digests of the fixture's shards. If one has to change here while the lines
// in testdata don't, the compressor makes other bytes of the same content, and a
// pack built by another release isn't the same pack.
const (
	goldenChunks = "sha256:eb7ef326bc6ff6762b6b8c2724dfd60b5b6951da060e8692c2d1eaa2024e5645"
	goldenFacts  = "sha256:4666ce2661df1e7eb7137bac260d34c5e88f1ce27885236a34362ca1aa721956"
)

func TestBuildGolden(t *testing.T) {
	p, members := fixture(t)
	c, err := catalog.Build(t.Context(), p, members)
	if err != nil {
		t.Fatal(err)
	}
	for _, golden := range []struct {
		path, mediaType, file, digest string
	}{
		{"chunks/one.jsonl.zst", recap.MediaTypeChunks, "testdata/chunks.jsonl", goldenChunks},
		{"facts/one.jsonl.zst", recap.MediaTypeFacts, "testdata/facts.jsonl", goldenFacts},
		{"llms.txt", "text/markdown", "testdata/llms.txt", ""},
	} {
		v := view(t, c.Views, golden.path)
		got := v.Raw
		if golden.digest != "" {
			if d := digest.FromBytes(v.Raw); d != digest.Digest(golden.digest) {
				t.Errorf("%s is %s, want %s", v.Path, d, golden.digest)
			}
			got = unpack(t, v.Raw)
		}
		if v.MediaType != golden.mediaType {
			t.Errorf("%s is %s", v.Path, v.MediaType)
		}
		want, err := os.ReadFile(golden.file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden.file, diff)
		}
	}
	if len(c.Views) != 3 || c.Chunks != len(lines(unpack(t, c.Views[0].Raw))) || c.Facts != len(lines(unpack(t, c.Views[1].Raw))) {
		t.Errorf("%d views, %d chunks, %d facts", len(c.Views), c.Chunks, c.Facts)
	}
}

// However many processors there are and however often it is done, the bytes are
// the same, for members in a source as for those built here.
func TestBuildSame(t *testing.T) {
	p := &recap.Pack{Name: "p", Version: "1.0.0"}
	members, _ := examples(t)
	want, _, s := built(t, p, members)
	var lying []artifact.Member
	for _, m := range members {
		there, err := artifact.OpenMember(t.Context(), s, m.Root())
		if err != nil {
			t.Fatal(err)
		}
		lying = append(lying, there)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(procs)
		for _, members := range [][]artifact.Member{members, lying} {
			got, err := catalog.Build(t.Context(), p, members)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("with %d processors (-want +got):\n%s", procs, diff)
			}
		}
	}
}

// Every line fits its schema, and every place leads to where it says.
func TestBuildExamples(t *testing.T) {
	members, dirs := examples(t)
	_, pack, s := built(t, &recap.Pack{Name: "kubecon-recaps", Version: "1.0.0"}, members)
	validate(t, "pack-config", pack.Config)
	files := map[string][]byte{}
	file := func(slug, path string) []byte {
		key := filepath.Join(dirs[slug], path)
		if files[key] == nil {
			raw, err := os.ReadFile(key)
			if err != nil {
				t.Fatal(err)
			}
			files[key] = raw
		}
		return files[key]
	}
	covered := map[string]int{}
	for c, err := range catalog.ReadChunks(t.Context(), s, pack) {
		if err != nil {
			t.Fatal(err)
		}
		raw := file(c.Recap, c.Path)
		cited := raw[c.ByteRange[0]:c.ByteRange[1]]
		if digest.FromBytes(cited) != digest.Digest(c.TextDigest) {
			t.Errorf("%s: the bytes at %v are others", c.ID, c.ByteRange)
		}
		first := 1 + bytes.Count(raw[:c.ByteRange[0]], []byte("\n"))
		if want := [2]int{first, first + bytes.Count(cited, []byte("\n"))}; c.Lines != want {
			t.Errorf("%s: lines %v, want %v", c.ID, c.Lines, want)
		}
		for _, word := range strings.Fields(c.Text)[:2] {
			if !bytes.Contains(cited, []byte(word)) {
				t.Errorf("%s: %q is not in %q", c.ID, word, cited)
			}
		}
		covered[c.Recap] += len(cited)
	}
	for slug, n := range covered {
		_, body, _ := bytes.Cut(file(slug, "index.md")[4:], []byte("\n---\n"))
		if n < len(body)*8/10 {
			t.Errorf("%s: the chunks are %d bytes of %d", slug, n, len(body))
		}
	}
	if len(covered) != 5 {
		t.Errorf("chunks of %d recaps", len(covered))
	}
	for f, err := range catalog.ReadFacts(t.Context(), s, pack) {
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Lines) == 0 {
			t.Errorf("%s stands nowhere", f.ID)
			continue
		}
		all := strings.Split(string(file(f.Recap, f.Path)), "\n")
		at := strings.Join(all[f.Lines[0]-1:f.Lines[1]], "\n")
		word, _, _ := strings.Cut(f.Name, " ")
		if f.Kind == "event" || f.Kind == "recommendation" { // named by an id
			continue
		}
		if !strings.Contains(at, strings.Trim(word, `"'’`)) {
			t.Errorf("%s: %q is not in %q", f.ID, word, at)
		}
	}
	for _, mediaType := range []string{recap.MediaTypeChunks, recap.MediaTypeFacts} {
		for _, layer := range pack.Views(mediaType) {
			raw, err := artifact.ReadBlob(t.Context(), s, layer, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range lines(unpack(t, raw)) {
				validate(t, map[string]string{recap.MediaTypeChunks: "chunk", recap.MediaTypeFacts: "fact"}[mediaType], line)
			}
		}
	}
}

var compiled = sync.OnceValue(func() map[string]*jsonschema.Schema {
	c := jsonschema.NewCompiler()
	all := map[string]*jsonschema.Schema{}
	for _, name := range []string{"chunk", "fact", "pack-config"} {
		raw, err := schemas.Read(name)
		if err != nil {
			panic(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			panic(err)
		}
		if err := c.AddResource(schemas.URL(name), doc); err != nil {
			panic(err)
		}
		all[name] = c.MustCompile(schemas.URL(name))
	}
	return all
})

func validate(t testing.TB, name string, raw []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = compiled()[name].Validate(v)
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, raw)
	}
	for key := range v.(map[string]any) { // a field that the schema doesn't know is a slip here
		doc, err := schemas.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(doc, []byte(`"`+key+`":`)) {
			t.Errorf("schema %s doesn't know %s", name, key)
		}
	}
}

func tiny(t testing.TB, i int, more string) artifact.Member {
	return text(t, fmt.Sprintf("---\ntitle: Recap %d\nrecap: {event: Event %d, notes: [Note %d.]}\n---\nWhat happened, %d. %s\n", i, i%7, len(more), i, more))
}

// One edit moves one shard of each kind; a member more, or one less, one or two.
func TestBuildMovesOneShard(t *testing.T) {
	p := &recap.Pack{Name: "p", Version: "1.0.0"}
	var members []artifact.Member
	for i := range 200 {
		members = append(members, tiny(t, i, ""))
	}
	before, _, _ := built(t, p, members)
	shards := len(before.Views) / 2
	if shards < 4 {
		t.Fatalf("%d shards", shards)
	}
	moved := func(after []artifact.View) (n int) {
		had := map[digest.Digest]bool{}
		for _, v := range before.Views {
			had[digest.FromBytes(v.Raw)] = true
		}
		for _, v := range after {
			if v.Path != "llms.txt" && !had[digest.FromBytes(v.Raw)] {
				n++
			}
		}
		return n
	}
	change := func(f func([]artifact.Member) []artifact.Member) []artifact.View {
		c, err := catalog.Build(t.Context(), p, f(append([]artifact.Member(nil), members...)))
		if err != nil {
			t.Fatal(err)
		}
		return c.Views
	}
	for _, at := range []int{0, 1, 99, 199} {
		if n := moved(change(func(m []artifact.Member) []artifact.Member {
			m[at] = tiny(t, at, strings.Repeat("edited ", 2000))
			return m
		})); n != 2 {
			t.Errorf("an edit of member %d moved %d shards", at, n)
		}
		if n := moved(change(func(m []artifact.Member) []artifact.Member {
			return append(m[:at:at], append([]artifact.Member{tiny(t, 1000+at, "")}, m[at:]...)...)
		})); n > 6 {
			t.Errorf("a member before %d moved %d shards", at, n)
		}
		if n := moved(change(func(m []artifact.Member) []artifact.Member { return append(m[:at:at], m[at+1:]...) })); n > 6 {
			t.Errorf("a member less at %d moved %d shards", at, n)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	p := &recap.Pack{Name: "p", Version: "1.0.0"}
	_, err := catalog.Build(t.Context(), p, []artifact.Member{{}})
	wantError(t, err, recap.Usage, "bad-member", "no bundle")

	r := &recap.Recap{Title: "T", Slug: "t", Files: []recap.File{{Path: "index.md", MediaType: "text/markdown", Role: recap.RoleDocument}}}
	build := func(body string) artifact.Member {
		g, err := artifact.BuildBundle(t.Context(), r, fstest.MapFS{"index.md": {Data: []byte(body)}}, artifact.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return g.Member()
	}
	_, err = catalog.Build(t.Context(), p, []artifact.Member{tiny(t, 1, ""), build("\xff\xfe")})
	wantError(t, err, recap.Unsafe, "document-refused", "recap t")
	_, err = catalog.Build(t.Context(), p, []artifact.Member{build(strings.Repeat("> ", 5000) + "x")})
	wantError(t, err, recap.Unsafe, "document-refused", "index.md of recap t")

	// The first in reading order is named, whichever fails first.
	for range 20 {
		_, err = catalog.Build(t.Context(), p, []artifact.Member{tiny(t, 1, ""), build("\xff"), {}, {}})
		wantError(t, err, recap.Unsafe, "document-refused", "recap t")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m, err := artifact.OpenMember(t.Context(), cancelled{tiny(t, 1, "")}, tiny(t, 1, "").Root())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Build(ctx, p, []artifact.Member{m}); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("cancelled: %v", err)
	}
}

// cancelled is a source that minds its context.
type cancelled struct{ artifact.Member }

func (c cancelled) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return c.Member.Fetch(ctx, desc)
}

// thousand returns n recaps of the size of a usual one, with files that aren't
// held.
func thousand(t testing.TB, n int) []artifact.Member {
	t.Helper()
	paragraph := strings.Repeat("Somebody said something about software that runs on other people's computers. ", 6)
	members := make([]artifact.Member, n)
	for i := range n {
		var body strings.Builder
		fmt.Fprintf(&body, "---\ntitle: Recap %d\nauthor: Somebody\nrecap:\n  event: Event %d\n  observations:\n    - {property: attendance, value: %d, unit: people}\n  sessions:\n", i, i%40, 1000+i)
		for j := range 30 {
			fmt.Fprintf(&body, "    - {title: Session %d of %d, speakers: [Somebody Else (Company)], text: %q}\n", j, i, paragraph[:80])
		}
		body.WriteString("---\n")
		for j := range 12 {
			fmt.Fprintf(&body, "\n## Section %d of %d\n\n%s\n\n%s\n", j, i, paragraph, paragraph)
		}
		members[i] = text(t, body.String())
	}
	return members
}

// A pack of 1,000 recaps is made within its budget.
func TestBuildMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand recaps, measured without the race detector")
	}
	const budget = 256 << 20
	var before, now runtime.MemStats
	members := thousand(t, 1000)
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	var mu sync.Mutex
	for i, m := range members { // looked at on the way, whenever a document is read
		watched, err := artifact.OpenMember(t.Context(), watched{m, func() {
			if i%16 == 0 {
				mu.Lock()
				defer mu.Unlock()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}}, m.Root())
		if err != nil {
			t.Fatal(err)
		}
		members[i] = watched
	}
	p := &recap.Pack{Name: "p", Version: "1.0.0"}
	c, pack, _ := built(t, p, members)
	runtime.ReadMemStats(&now)
	most = max(most, now.HeapAlloc)
	t.Logf("%d chunks, %d facts; before %d MiB, most %d MiB", c.Chunks, c.Facts, before.HeapAlloc>>20, most>>20)
	if most > budget {
		t.Errorf("it took %d MiB", most>>20)
	}
	if len(c.Conflicts) != 40 || len(pack.Meta.Members) != 1000 {
		t.Errorf("%d conflicts, %d members", len(c.Conflicts), len(pack.Meta.Members))
	}
}

type watched struct {
	artifact.Member
	look func()
}

func (w watched) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	w.look()
	return w.Member.Fetch(ctx, desc)
}

func BenchmarkBuild(b *testing.B) {
	members := thousand(b, 1000)
	p := &recap.Pack{Name: "p", Version: "1.0.0"}
	b.ReportAllocs()
	for b.Loop() {
		c, err := catalog.Build(b.Context(), p, members)
		if err != nil {
			b.Fatal(err)
		}
		size := 0
		for _, v := range c.Views {
			size += len(v.Raw)
		}
		b.ReportMetric(float64(len(c.Views)), "views")
		b.ReportMetric(float64(size), "view-bytes")
	}
}
