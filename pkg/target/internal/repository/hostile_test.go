// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

const indexType = ocispec.MediaTypeImageIndex

// A manifest is what its bytes say, whatever the registry says about it.
func TestManifestLies(t *testing.T) {
	one, oneData := recaptest.ManifestOf(t, "one", nil)
	two, twoData := recaptest.ManifestOf(t, "two", nil)
	manifestHeader := func(header ...string) http.Header {
		h := http.Header{"Content-Type": {one.MediaType}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return h
	}
	respond := func(body []byte, header ...string) recaptest.Action {
		return recaptest.Respond(200, manifestHeader(header...), string(body))
	}
	for _, tt := range []struct {
		name      string
		reference string
		action    recaptest.Action
		kind      recap.Kind // empty: it is taken
		code      string
	}{
		{"honest, by tag", "v1", respond(oneData, digestHeader, one.Digest.String()), "", ""},
		{"honest, by digest", one.Digest.String(), respond(oneData), "", ""},
		{"a parameter in the type", "v1", respond(oneData, "Content-Type", one.MediaType+"; charset=utf-8"), "", ""},
		{"another body by digest", one.Digest.String(), respond(twoData), recap.Integrity, "digest-mismatch"},
		{"another body and its digest", one.Digest.String(), respond(twoData, digestHeader, two.Digest.String()), recap.Integrity, "digest-mismatch"},
		{"another body, the right digest", one.Digest.String(), respond(twoData, digestHeader, one.Digest.String()), recap.Integrity, "digest-mismatch"},
		{"another digest by tag", "v1", respond(oneData, digestHeader, two.Digest.String()), recap.Integrity, "digest-mismatch"},
		{"a flipped bit", one.Digest.String(), recaptest.Flip(20), recap.Integrity, "digest-mismatch"},
		{"no digest that can be", "v1", respond(oneData, digestHeader, "sha256:../../x"), recap.Integrity, "bad-digest"},
		{"no type", "v1", respond(oneData, "Content-Type", ""), recap.Integrity, "bad-media-type"},
		{"4 MiB", "v1", respond(bytes.Repeat([]byte(" "), recap.MaxManifestSize)), "", ""},
		{"4 MiB and a byte", "v1", respond(bytes.Repeat([]byte(" "), recap.MaxManifestSize+1)), recap.Unsafe, "too-large"},
		{"4 MiB and a byte, announced", "v1", respond(bytes.Repeat([]byte(" "), recap.MaxManifestSize+1), "Content-Length", fmt.Sprint(recap.MaxManifestSize+1)), recap.Unsafe, "too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			src, _ := create(t, r)
			pushAll(t, src, one, oneData)
			r.Reset()
			r.Inject(recaptest.Fault{Times: recaptest.Always, Action: tt.action})
			_, _, err := src.FetchReference(t.Context(), tt.reference)
			if tt.kind == "" {
				if err != nil {
					t.Error(err)
				}
			} else {
				recaptest.WantError(t, err, tt.kind, tt.code)
			}
			want := 1
			if tt.code == "digest-mismatch" { // it may have been spoilt on the way
				want = 2
			}
			if n := len(r.Journal()); n != want {
				t.Errorf("%d requests, want %d", n, want)
			}
		})
	}
}

// What was spoilt on the way once is asked for again, and that is said.
func TestManifestSpoiltOnce(t *testing.T) {
	desc, data := recaptest.ManifestOf(t, "one", nil)
	for _, reference := range []string{"v1", desc.Digest.String()} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
		retries := 0
		src, _ := create(t, r, func(string) { retries++ })
		pushAll(t, src, desc, data)
		if err := src.Tag(t.Context(), desc, "v1"); err != nil {
			t.Fatal(err)
		}
		r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "GET"}, Action: recaptest.Flip(20)})
		got, _, err := src.FetchReference(t.Context(), reference)
		if err != nil || got.Digest != desc.Digest {
			t.Errorf("%s: got %s, %v", reference, got.Digest, err)
		}
		if n := retries; n != 1 {
			t.Errorf("%s: %d notices", reference, n)
		}
	}
}

func TestManifestOfAnotherSize(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r)
	desc, data := recaptest.ManifestOf(t, "one", nil)
	pushAll(t, src, desc, data)
	for _, size := range []int64{0, desc.Size - 1, desc.Size + 1} {
		d := desc
		d.Size = size
		_, err := src.Fetch(t.Context(), d)
		recaptest.WantError(t, err, recap.Integrity, "size-mismatch")
		_, err = src.Exists(t.Context(), d)
		recaptest.WantError(t, err, recap.Integrity, "size-mismatch")
	}
	r.Reset()
	desc.Size = recap.MaxManifestSize + 1
	_, err := src.Fetch(t.Context(), desc)
	recaptest.WantError(t, err, recap.Unsafe, "too-large")
	recaptest.WantError(t, src.Push(t.Context(), desc, bytes.NewReader(data)), recap.Unsafe, "too-large")
	if n := len(r.Journal()); n != 0 {
		t.Errorf("%d requests for what is too large to be one", n)
	}
}

func TestResolveLies(t *testing.T) {
	one, oneData := recaptest.ManifestOf(t, "one", nil)
	two, _ := recaptest.ManifestOf(t, "two", nil)
	for _, tt := range []struct {
		name      string
		reference string
		action    recaptest.Action
		code      string
		counts    map[string]int
	}{
		{"another digest", one.Digest.String(), recaptest.SetHeader(digestHeader, two.Digest.String()), "digest-mismatch", map[string]int{"HEAD manifest": 1}},
		{"no digest that can be", "v1", recaptest.SetHeader(digestHeader, "x"), "bad-digest", map[string]int{"HEAD manifest": 1}},
		{"no digest", "v1", recaptest.SetHeader(digestHeader, ""), "", map[string]int{"HEAD manifest": 1, "GET manifest": 1}},
		{"no type", "v1", recaptest.SetHeader("Content-Type", "/"), "", map[string]int{"HEAD manifest": 1, "GET manifest": 1}},
		{"no HEAD", "v1", recaptest.Status(405), "", map[string]int{"HEAD manifest": 1, "GET manifest": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			src, _ := create(t, r)
			pushAll(t, src, one, oneData)
			if err := src.Tag(t.Context(), one, "v1"); err != nil {
				t.Fatal(err)
			}
			r.Reset()
			r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "HEAD"}, Action: tt.action})
			got, err := src.Resolve(t.Context(), tt.reference)
			if tt.code != "" {
				recaptest.WantError(t, err, recap.Integrity, tt.code)
			} else if err != nil || got.Digest != one.Digest {
				t.Errorf("%v, %v", got, err)
			}
			if diff := cmp.Diff(tt.counts, r.Counts()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A registry that says it stored something else has not stored this.
func TestPushLies(t *testing.T) {
	desc, data := recaptest.ManifestOf(t, "one", nil)
	other := recaptest.BlobOf([]byte("other")).Digest.String()
	for _, tt := range []struct {
		name   string
		action recaptest.Action
		kind   recap.Kind
		code   string
	}{
		{"another digest", recaptest.Respond(201, http.Header{digestHeader: {other}}, ""), recap.Integrity, "digest-mismatch"},
		{"no digest that can be", recaptest.Respond(201, http.Header{digestHeader: {"x"}}, ""), recap.Integrity, "digest-mismatch"},
		{"200", recaptest.Status(200), recap.Unavailable, "unexpected-answer"},
		{"202", recaptest.Status(202), recap.Unavailable, "unexpected-answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			dst, _ := create(t, r)
			r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "PUT"}, Times: recaptest.Always, Action: tt.action})
			recaptest.WantError(t, dst.PushReference(t.Context(), desc, bytes.NewReader(data), "v1"), tt.kind, tt.code)
			recaptest.WantError(t, dst.Push(t.Context(), recaptest.BlobOf([]byte("hello")), strings.NewReader("hello")), tt.kind, tt.code)
		})
	}
}

// page answers a tag list with a Link to the next.
func page(link string, tags ...string) recaptest.Action {
	header := http.Header{"Content-Type": {"application/json"}}
	if link != "" {
		header.Set("Link", link)
	}
	return recaptest.Respond(200, header, `{"name":"team/recaps","tags":["`+strings.Join(tags, `","`)+`"]}`)
}

func TestTagPages(t *testing.T) {
	const path = "/v2/team/recaps/tags/list"
	match := recaptest.Match{Kind: recaptest.Tags}
	for _, tt := range []struct {
		name     string
		actions  []recaptest.Action // the last for ever
		want     []string
		kind     recap.Kind
		code     string
		requests int
	}{
		{"one", []recaptest.Action{page("", "a", "b")}, []string{"a", "b"}, "", "", 1},
		{"two", []recaptest.Action{page(`<`+path+`?last=a>; rel="next"`, "a"), page("", "b")}, []string{"a", "b"}, "", "", 2},
		{"unquoted", []recaptest.Action{page(`<`+path+`?last=a>; rel=next`, "a"), page("", "b")}, []string{"a", "b"}, "", "", 2},
		{"a query alone", []recaptest.Action{page(`<?last=a>; rel="next"`, "a"), page("", "b")}, []string{"a", "b"}, "", "", 2},
		{"another relation", []recaptest.Action{page(`<`+path+`?last=a>; rel="first"`, "a")}, []string{"a"}, "", "", 1},
		{"overlap", []recaptest.Action{page(`<`+path+`?last=a>; rel="next"`, "a", "b"), page("", "b", "c")}, []string{"a", "b", "c"}, "", "", 2},
		{"the same page for ever", []recaptest.Action{page(`<`+path+`?last=a>; rel="next"`, "a")}, []string{"a"}, recap.Unsafe, "too-many-pages", 2},
		{"empty pages", []recaptest.Action{recaptest.Respond(200, http.Header{"Link": {`<` + path + `?x>; rel=next`}}, `{"tags":[]}`)}, nil, recap.Unsafe, "too-many-pages", 1},
		{"another host", []recaptest.Action{page(`<https://example.com`+path+`>; rel="next"`, "a")}, nil, recap.Unavailable, "link-rejected", 1},
		{"another path", []recaptest.Action{page(`</api/docker/v2/team/recaps/tags/list?last=a>; rel="next"`, "a"), page("", "b")}, []string{"a", "b"}, "", "", 2},
		{"no address", []recaptest.Action{page(`<http://[::1>; rel="next"`, "a")}, nil, recap.Unavailable, "bad-answer", 1},
		{"no tag", []recaptest.Action{page("", "a\\u001b[2J")}, nil, recap.Integrity, "bad-tag", 1},
		{"no list", []recaptest.Action{recaptest.Respond(200, nil, `<html>`)}, nil, recap.Unavailable, "bad-answer", 1},
		{"two lists", []recaptest.Action{recaptest.Respond(200, nil, `{"tags":["a"],"Tags":["b"]}`)}, nil, recap.Unavailable, "bad-answer", 1},
		{"null", []recaptest.Action{recaptest.Respond(200, nil, `{"name":"x","tags":null}`)}, nil, "", "", 1},
		{"too large", []recaptest.Action{recaptest.Respond(200, nil, strings.Repeat(" ", maxPageSize+1))}, nil, recap.Unsafe, "too-large", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			src, _ := create(t, r)
			for i, action := range tt.actions {
				f := recaptest.Fault{Match: match, Action: action}
				if i == len(tt.actions)-1 {
					f.Times = recaptest.Always
				}
				r.Inject(f)
			}
			var got []string
			err := src.Tags(t.Context(), "", func(tags []string) error {
				got = append(got, tags...)
				return nil
			})
			if tt.kind == "" && err != nil {
				t.Error(err)
			}
			if tt.kind != "" {
				recaptest.WantError(t, err, tt.kind, tt.code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(r.Journal()); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
		})
	}
}

// A list that always has another page, with something new on each, ends.
func TestEndlessTags(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r)
	n, last := 0, 0
	r.Inject(recaptest.Fault{Times: recaptest.Always, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		n++
		link := fmt.Sprintf(`</v2/team/recaps/tags/list?last=%d>; rel="next"`, n)
		if n == last {
			link = ""
		}
		page(link, fmt.Sprint(n))(w, req, next)
	}})
	err := src.Tags(t.Context(), "", func([]string) error { return nil })
	recaptest.WantError(t, err, recap.Unsafe, "too-many-pages")
	if n != maxTagPages {
		t.Errorf("%d requests, want %d", n, maxTagPages)
	}
	n, last = 0, maxTagPages
	if err := src.Tags(t.Context(), "", func([]string) error { return nil }); err != nil {
		t.Errorf("%d pages: %v", maxTagPages, err)
	}
}

// index is the list of some referrers.
func index(descs ...ocispec.Descriptor) string {
	var all []string
	for _, d := range descs {
		all = append(all, fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d,"artifactType":%q}`, d.MediaType, d.Digest, d.Size, d.ArtifactType))
	}
	return `{"schemaVersion":2,"mediaType":"` + indexType + `","manifests":[` + strings.Join(all, ",") + `]}`
}

func someReferrers(n int) []ocispec.Descriptor {
	var all []ocispec.Descriptor
	for i := range n {
		d := recaptest.BlobOf(fmt.Append(nil, i))
		d.MediaType, d.ArtifactType = ocispec.MediaTypeImageManifest, "application/vnd.test"
		all = append(all, d)
	}
	return all
}

func respondIndex(body string) recaptest.Action {
	return recaptest.Respond(200, http.Header{"Content-Type": {indexType}}, body)
}

// A list of referrers is had from both places or not at all: nobody is told
// "none" who could have been told "one".
func TestReferrerAnswers(t *testing.T) {
	two := someReferrers(2)
	none := recaptest.Status(404)
	for _, tt := range []struct {
		name     string
		api, tag recaptest.Action
		want     []ocispec.Descriptor
		kind     recap.Kind
		code     string
	}{
		{"both empty", respondIndex(index()), none, nil, "", ""},
		{"api alone", respondIndex(index(two...)), none, two, "", ""},
		{"tag alone", none, respondIndex(index(two...)), two, "", ""},
		{"one each", respondIndex(index(two[0])), respondIndex(index(two[1])), two, "", ""},
		{"the same", respondIndex(index(two...)), respondIndex(index(two[1], two[0])), two, "", ""},
		{"api answers 400", recaptest.Status(400), none, nil, "", ""},
		{"api answers 405", recaptest.Status(405), none, nil, "", ""},
		{"api answers 406", recaptest.Status(406), none, nil, "", ""},
		{"api answers a page", recaptest.Respond(200, http.Header{"Content-Type": {"text/html"}}, "<html>"), respondIndex(index(two...)), two, "", ""},
		{"api sends elsewhere", recaptest.Redirect(303, "https://example.com/packages"), respondIndex(index(two...)), two, "", ""},
		{"api answers 500", recaptest.Status(500), none, nil, recap.Unavailable, "referrers-unavailable"},
		{"api answers 429", recaptest.Status(429), none, nil, recap.Unavailable, "referrers-unavailable"},
		{"api answers 403", recaptest.Status(403), none, nil, recap.Denied, "forbidden"},
		{"api answers half", recaptest.Respond(200, http.Header{"Content-Type": {indexType}}, index(two...)[:80]), none, nil, recap.Unavailable, "referrers-unavailable"},
		{"api answers another key", respondIndex(strings.Replace(index(two...), `"manifests"`, `"manifests":[],"Manifests"`, 1)), none, nil, recap.Unavailable, "referrers-unavailable"},
		{"api answers a bad digest", respondIndex(strings.Replace(index(two...), "sha256:", "sha256:../", 1)), none, nil, recap.Integrity, "bad-digest"},
		{"api answers a negative size", respondIndex(strings.Replace(index(two...), `"size":1`, `"size":-1`, 1)), none, nil, recap.Integrity, "bad-size"},
		{"api breaks", recaptest.Drop(), none, nil, recap.Unavailable, "referrers-unavailable"},
		{"tag answers 500", respondIndex(index(two...)), recaptest.Status(500), nil, recap.Unavailable, "referrers-unavailable"},
		{"tag answers 403", respondIndex(index(two...)), recaptest.Status(403), nil, recap.Denied, "forbidden"},
		{"under the tag lies a manifest", none, recaptest.Respond(200, http.Header{"Content-Type": {ocispec.MediaTypeImageManifest}}, "{}"), nil, recap.Integrity, "bad-referrers"},
		{"the index calls itself a manifest", none, respondIndex(strings.Replace(index(two...), indexType, ocispec.MediaTypeImageManifest, 1)), nil, recap.Integrity, "bad-referrers"},
		{"100", respondIndex(index(someReferrers(100)...)), none, someReferrers(100), "", ""},
		{"101", respondIndex(index(someReferrers(101)...)), none, nil, recap.Unsafe, "too-many-referrers"},
		{"101 together", respondIndex(index(someReferrers(101)[:50]...)), respondIndex(index(someReferrers(101)[50:]...)), nil, recap.Unsafe, "too-many-referrers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
			src, _ := create(t, r)
			r.Inject(
				recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: recaptest.Always, Action: tt.api},
				recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Manifest}, Times: recaptest.Always, Action: tt.tag},
			)
			subject, _ := recaptest.ManifestOf(t, "subject", nil)
			for range 2 { // what was learnt the first time must not change the answer
				got, err := src.Predecessors(t.Context(), subject)
				if tt.kind != "" {
					recaptest.WantError(t, err, tt.kind, tt.code)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				byDigest := func(a, b ocispec.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) }
				want := slices.Clone(tt.want)
				slices.SortFunc(want, byDigest)
				slices.SortFunc(got, byDigest)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// A gateway that answers for the registry now and then, with the very status
// that says that there is no API, hides nothing.
func TestReferrersAreAskedForTwice(t *testing.T) {
	one := index(someReferrers(1)...)
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r)
	subject, _ := recaptest.ManifestOf(t, "subject", nil)
	for range 3 {
		r.Reset()
		r.Inject(
			recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Action: recaptest.Status(404)},
			recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: recaptest.Always, Action: respondIndex(one)},
		)
		if got, err := src.Predecessors(t.Context(), subject); err != nil || len(got) != 1 {
			t.Errorf("got %d referrers, %v", len(got), err)
		}
	}
	// Without an API, it isn't asked for over and over.
	r.Reset()
	r.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: recaptest.Always, Action: recaptest.Status(404)})
	for range 3 {
		if got, err := src.Predecessors(t.Context(), subject); err != nil || len(got) != 0 {
			t.Errorf("got %d referrers, %v", len(got), err)
		}
	}
	if n := r.Count(recaptest.Referrers); n != 2 {
		t.Errorf("the API was asked %d times", n)
	}
}

// A gateway that answers a whole crowd for the registry has said it once: nobody
// of the crowd is told "none", and the API is asked later on.
func TestReferrersOfACrowd(t *testing.T) {
	const crowd = 8
	one := index(someReferrers(1)...)
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r)
	subject, _ := recaptest.ManifestOf(t, "subject", nil)
	var arrived sync.WaitGroup
	arrived.Add(crowd)
	r.Inject(
		recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: crowd, Action: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			arrived.Done()
			arrived.Wait() // all are asked for before one is answered
			w.WriteHeader(http.StatusNotFound)
		}},
		recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: recaptest.Always, Action: respondIndex(one)},
	)
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			if got, err := src.Predecessors(t.Context(), subject); err != nil || len(got) != 1 {
				t.Errorf("got %d referrers, %v", len(got), err)
			}
		})
	}
	all.Wait()
	r.Reset()
	r.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: recaptest.Always, Action: respondIndex(one)})
	if got, err := src.Predecessors(t.Context(), subject); err != nil || len(got) != 1 {
		t.Errorf("later: got %d referrers, %v", len(got), err)
	}
	if n := r.Count(recaptest.Referrers); n != 1 {
		t.Errorf("later: the API was asked %d times", n)
	}
}

func TestReferrerFilter(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r)
	all := someReferrers(150)
	for i := range all[:100] {
		all[i].ArtifactType = "application/vnd.other"
	}
	r.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: recaptest.Always, Action: respondIndex(index(all...))})
	subject, _ := recaptest.ManifestOf(t, "subject", nil)
	n := 0
	if err := src.Referrers(t.Context(), subject, "application/vnd.test", func(page []ocispec.Descriptor) error {
		n += len(page)
		return nil
	}); err != nil || n != 50 {
		t.Errorf("%d referrers, %v", n, err)
	}
}

func TestReferrerPages(t *testing.T) {
	for _, pages := range []int{recap.MaxReferrerPages, recap.MaxReferrerPages + 1} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
		src, _ := create(t, r)
		n := 0
		all := someReferrers(pages)
		r.Inject(recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Times: recaptest.Always, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			w.Header().Set("Content-Type", indexType)
			if n < pages-1 {
				w.Header().Set("Link", fmt.Sprintf(`<%s?page=%d>; rel="next"`, req.URL.Path, n+1))
			}
			_, _ = w.Write([]byte(index(all[n])))
			n++
		}})
		subject, _ := recaptest.ManifestOf(t, "subject", nil)
		got, err := src.Predecessors(t.Context(), subject)
		if pages <= recap.MaxReferrerPages {
			if err != nil || len(got) != pages {
				t.Errorf("%d pages: %d referrers, %v", pages, len(got), err)
			}
		} else {
			recaptest.WantError(t, err, recap.Unsafe, "too-many-referrers")
		}
		if n > recap.MaxReferrerPages {
			t.Errorf("%d pages were asked for", n)
		}
	}
}

// A registry that goes silent in the middle of its pages has not said that
// there are no more.
func TestReferrerPagesThatEnd(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{})
	src, _ := create(t, r)
	r.Inject(
		recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Action: recaptest.Respond(200, http.Header{
			"Content-Type": {indexType}, "Link": {`<?page=2>; rel="next"`},
		}, index(someReferrers(1)...))},
		recaptest.Fault{Match: recaptest.Match{Kind: recaptest.Referrers}, Action: recaptest.Status(404)},
	)
	subject, _ := recaptest.ManifestOf(t, "subject", nil)
	_, err := src.Predecessors(t.Context(), subject)
	recaptest.WantError(t, err, recap.Unavailable, "referrers-unavailable")
}

func FuzzParseReferrers(f *testing.F) {
	f.Add([]byte(index(someReferrers(3)...)))
	f.Add([]byte(index()))
	f.Add([]byte(`{"manifests":null}`))
	f.Add([]byte(`{"manifests":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		descs, err := parseReferrers("x", data)
		if err != nil {
			return
		}
		for _, d := range descs {
			if err := checkDescriptor(d); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzNextPage(f *testing.F) {
	f.Add(`</v2/a/tags/list?last=x>; rel="next"`)
	f.Add(`<//example.com/v2/a/tags/list>; rel=next`)
	f.Add(`<?a>;rel=next`)
	f.Add(`<`)
	at, err := url.Parse("https://registry.example.com/v2/a/tags/list?n=1000")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, link string) {
		next, err := nextPage("x", at, http.Header{"Link": {link}})
		if err != nil || next == nil {
			return
		}
		if next.Scheme != at.Scheme || next.Host != at.Host || next.Path != at.Path || next.User != nil {
			t.Fatalf("%q leads to %s", link, next)
		}
	})
}
