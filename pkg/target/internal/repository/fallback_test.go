// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package repository

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest"
)

// putFallbackTag matches the writing of a fallback index.
var putFallbackTag = recaptest.Match{Method: "PUT", Path: "/v2/team/recaps/manifests/sha256-*"}

// subjectOf pushes a manifest to be referred to.
func subjectOf(t *testing.T, dst *Repository) ocispec.Descriptor {
	t.Helper()
	desc, data := recaptest.ManifestOf(t, "subject", nil)
	pushAll(t, dst, desc, data)
	return desc
}

func digests(descs []ocispec.Descriptor) map[string]bool {
	set := map[string]bool{}
	for _, d := range descs {
		set[d.Digest.String()] = true
	}
	return set
}

// What refers to a manifest is found from it, whether or not the registry
// keeps the list, and costs what it must.
func TestReferrersAreListed(t *testing.T) {
	for _, tt := range []struct {
		name         string
		opts         recaptest.RegistryOptions
		push, relist map[string]int
	}{
		{"api", recaptest.RegistryOptions{}, map[string]int{"PUT manifest": 1}, map[string]int{"GET referrers": 1, "GET manifest": 1}},
		{
			"fallback tag", recaptest.RegistryOptions{NoReferrers: true},
			map[string]int{"PUT manifest": 2, "GET manifest": 3}, // read, write, and look again after the settle
			map[string]int{"GET referrers": 1, "GET manifest": 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := recaptest.NewRegistry(t, tt.opts)
			dst, fake := create(t, r)
			subject := subjectOf(t, dst)
			r.Reset()
			desc, data := recaptest.ManifestOf(t, "signature", &subject)
			if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.push, r.Counts()); diff != "" {
				t.Errorf("requests of a push (-want +got)\n%s", diff)
			}
			if tt.opts.NoReferrers && len(fake.Sleeps()) != 1 {
				t.Errorf("settled %d times", len(fake.Sleeps()))
			}
			r.Reset()
			got, err := dst.Predecessors(t.Context(), subject)
			if err != nil {
				t.Fatal(err)
			}
			want := desc
			want.ArtifactType = "application/vnd.test"
			want.Annotations = map[string]string{"note": "signature"}
			if diff := cmp.Diff([]ocispec.Descriptor{want}, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.relist, r.Counts()); diff != "" {
				t.Errorf("requests of a list (-want +got)\n%s", diff)
			}
			// Once more changes nothing, and in the fallback index it is found
			// at once.
			r.Reset()
			if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
				t.Fatal(err)
			}
			if tt.opts.NoReferrers {
				if diff := cmp.Diff(map[string]int{"PUT manifest": 1, "GET manifest": 1}, r.Counts()); diff != "" {
					t.Error(diff)
				}
			}
			if got, err := dst.Predecessors(t.Context(), subject); err != nil || len(got) != 1 {
				t.Errorf("%d referrers, %v", len(got), err)
			}
			if err := dst.Delete(t.Context(), desc); err != nil {
				t.Fatal(err)
			}
			if got, err := dst.Predecessors(t.Context(), subject); err != nil || len(got) != 0 {
				t.Errorf("after Delete: %v, %v", got, err)
			}
		})
	}
}

// The type of a referrer without one is that of its config, and an index can
// refer too.
func TestReferrerOf(t *testing.T) {
	subject := `"subject":{"mediaType":"a","digest":"` + digest.FromString("hello").String() + `","size":1}`
	for _, tt := range []struct {
		in, wantType string
		kind         recap.Kind
	}{
		{`{` + subject + `,"artifactType":"x","config":{"mediaType":"y"}}`, "x", ""},
		{`{` + subject + `,"config":{"mediaType":"y"}}`, "y", ""},
		{`{` + subject + `,"manifests":[]}`, "", ""},
		{`{` + strings.Replace(subject, "sha256", "md5", 1) + `}`, "", recap.Integrity},
		{`{` + subject + `,` + subject + `}`, "", recap.Integrity},
		{`[]`, "", recap.Integrity},
	} {
		got, entry, err := referrerOf(ocispec.Descriptor{Digest: digest.FromString("hello")}, []byte(tt.in))
		if tt.kind != "" {
			if !errors.Is(err, tt.kind) {
				t.Errorf("%s: %v", tt.in, err)
			}
			continue
		}
		if err != nil || got != digest.FromString("hello") || entry.ArtifactType != tt.wantType {
			t.Errorf("%s: %s, %q, %v", tt.in, got, entry.ArtifactType, err)
		}
	}
	if got, _, err := referrerOf(ocispec.Descriptor{}, []byte(`{}`)); err != nil || got != "" {
		t.Errorf("no subject: %q, %v", got, err)
	}
}

// Many referrers pushed at once by one process are entered together, and all
// are there.
func TestFallbackTogether(t *testing.T) {
	const n = 16
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	dst, _ := create(t, r)
	subject := subjectOf(t, dst)
	r.Reset()
	var wg sync.WaitGroup
	want := map[string]bool{}
	for i := range n {
		desc, data := recaptest.ManifestOf(t, fmt.Sprint(i), &subject)
		want[desc.Digest.String()] = true
		wg.Go(func() {
			if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := dst.Predecessors(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, digests(got)); diff != "" {
		t.Error(diff)
	}
}

// What one process pushes side by side settles together: here one is stored and
// works on the list before the other has arrived, and a third never does.
func TestFallbackSettlesOnce(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	dst, fake := create(t, r)
	subject := subjectOf(t, dst)
	queue := &dst.fallback
	working := func() bool {
		queue.mu.Lock()
		defer queue.mu.Unlock()
		return queue.bySubject[subject.Digest] != nil
	}
	refused, refusedData := recaptest.ManifestOf(t, "refused", &subject)
	last, lastData := recaptest.ManifestOf(t, "last", &subject)
	late := func(action recaptest.Action) recaptest.Action {
		return func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			for !working() && req.Context().Err() == nil {
				runtime.Gosched()
			}
			action(w, req, next)
		}
	}
	r.Inject(
		recaptest.Fault{Match: recaptest.Match{Method: "PUT", Path: "*" + last.Digest.String()}, Action: late(func(w http.ResponseWriter, req *http.Request, next http.Handler) { next.ServeHTTP(w, req) })},
		recaptest.Fault{Match: recaptest.Match{Method: "PUT", Path: "*" + refused.Digest.String()}, Action: late(recaptest.Status(403))},
	)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := dst.Push(t.Context(), refused, bytes.NewReader(refusedData)); err == nil {
			t.Error("what the registry refuses was pushed")
		}
	})
	first, firstData := recaptest.ManifestOf(t, "first", &subject)
	want := map[string]bool{first.Digest.String(): true, last.Digest.String(): true}
	wg.Go(func() {
		if err := dst.Push(t.Context(), last, bytes.NewReader(lastData)); err != nil {
			t.Error(err)
		}
	})
	for queued := false; !queued; { // both are announced
		queue.mu.Lock()
		queued = queue.coming[subject.Digest] != nil && queue.coming[subject.Digest].n == 2
		queue.mu.Unlock()
		runtime.Gosched()
	}
	if err := dst.Push(t.Context(), first, bytes.NewReader(firstData)); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if n := len(fake.Sleeps()); n != 1 {
		t.Errorf("settled %d times", n)
	}
	if len(queue.coming) != 0 {
		t.Errorf("somebody is waited for: %v", queue.coming)
	}
	got, err := dst.Predecessors(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, digests(got)); diff != "" {
		t.Error(diff)
	}
}

// Clients that know nothing of each other overwrite each other's index; each
// finds out and writes again.
func TestFallbackAgainstOthers(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	first, _ := create(t, r)
	subject := subjectOf(t, first)
	other, otherData := recaptest.ManifestOf(t, "somebody else's", &subject)
	otherEntry := other
	otherEntry.ArtifactType = "application/vnd.test"
	if err := first.Push(t.Context(), other, bytes.NewReader(otherData)); err != nil {
		t.Fatal(err)
	}
	// The other writes what it read before ours came: twice in a row.
	lose := func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		next.ServeHTTP(w, req)
		stale := index(otherEntry)
		again := req.Clone(req.Context())
		again.Body, again.ContentLength = io.NopCloser(strings.NewReader(stale)), int64(len(stale))
		next.ServeHTTP(&discard{header: http.Header{}}, again)
	}
	r.Inject(recaptest.Fault{Match: putFallbackTag, Times: 2, Action: lose})
	dst, fake := create(t, r)
	desc, data := recaptest.ManifestOf(t, "ours", &subject)
	if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	got, err := dst.Predecessors(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{other.Digest.String(): true, desc.Digest.String(): true}, digests(got)); diff != "" {
		t.Error(diff)
	}
	// Each further settle is longer, so that those who collided part.
	if diff := cmp.Diff([]float64{0.75, 1, 1.25}, fake.Seconds()); diff != "" {
		t.Error(diff)
	}
}

// discard takes an answer nobody waits for.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

// When the index can't be kept, that is said: the referrer is there by digest
// and nobody will find it.
func TestFallbackLost(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	var told []string
	dst, fake := create(t, r, func(text string) { told = append(told, text) })
	subject := subjectOf(t, dst)
	other, otherData := recaptest.ManifestOf(t, "somebody else's", &subject)
	if err := dst.Push(t.Context(), other, bytes.NewReader(otherData)); err != nil {
		t.Fatal(err)
	}
	settled := len(fake.Sleeps())
	r.Inject(recaptest.Fault{
		Match: putFallbackTag, Times: recaptest.Always,
		Action: recaptest.Respond(201, http.Header{"Location": {"/v2/team/recaps/manifests/x"}}, ""),
	})
	desc, data := recaptest.ManifestOf(t, "ours", &subject)
	e := recaptest.WantError(t, dst.Push(t.Context(), desc, bytes.NewReader(data)), recap.Unavailable, "referrer-lost")
	if !strings.Contains(e.Error(), desc.Digest.String()) || e.Hint == "" {
		t.Errorf("%v\nhint: %s", e, e.Hint)
	}
	if n := len(fake.Sleeps()) - settled; n != fallbackIgnored {
		t.Errorf("settled %d times", n)
	}
	if len(told) != fallbackIgnored-1 || !strings.Contains(told[0], "looked at again in 1s") {
		t.Errorf("while it waits it says: %q", told)
	}
	if !strings.Contains(e.Error(), "without keeping it") {
		t.Errorf("it isn't said whose fault it is: %v", e)
	}
	if ok, err := dst.Exists(t.Context(), desc); !ok || err != nil {
		t.Errorf("the referrer itself: %v, %v", ok, err)
	}
	// The same push heals it.
	r.Reset()
	if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if got, err := dst.Predecessors(t.Context(), subject); err != nil || len(got) != 2 {
		t.Errorf("%d referrers, %v", len(got), err)
	}
}

// Others who write all the time are waited for longer: they come to an end.
func TestFallbackOverwrittenByOthers(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	before, _ := create(t, r)
	subject := subjectOf(t, before)
	var others []ocispec.Descriptor
	for i := range fallbackRounds {
		other, data := recaptest.ManifestOf(t, fmt.Sprintf("somebody else's, %d", i), &subject)
		if err := before.Push(t.Context(), other, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
		others = append(others, other)
	}
	dst, fake := create(t, r)
	writes := 0
	r.Inject(recaptest.Fault{Match: putFallbackTag, Times: recaptest.Always, Action: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		next.ServeHTTP(w, req)
		theirs := index(others[writes%len(others)])
		writes++
		again := req.Clone(req.Context())
		again.Body, again.ContentLength = io.NopCloser(strings.NewReader(theirs)), int64(len(theirs))
		next.ServeHTTP(&discard{header: http.Header{}}, again)
	}})
	desc, data := recaptest.ManifestOf(t, "ours", &subject)
	e := recaptest.WantError(t, dst.Push(t.Context(), desc, bytes.NewReader(data)), recap.Unavailable, "referrer-lost")
	if n := len(fake.Sleeps()); n != fallbackRounds || !strings.Contains(e.Error(), "others overwrite") {
		t.Errorf("settled %d times: %v", n, e)
	}
}

// An index that can't be read is not replaced: it may list what is needed.
func TestFallbackIsNotOverwrittenBlindly(t *testing.T) {
	for _, action := range []recaptest.Action{
		recaptest.Status(500), recaptest.Status(403), respondIndex("{"), respondIndex(`{"manifests":[{"digest":"x"}]}`),
		recaptest.Respond(200, http.Header{"Content-Type": {ocispec.MediaTypeImageManifest}}, "{}"),
	} {
		r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
		dst, _ := create(t, r)
		subject := subjectOf(t, dst)
		r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "GET", Path: putFallbackTag.Path}, Times: recaptest.Always, Action: action})
		desc, data := recaptest.ManifestOf(t, "ours", &subject)
		if err := dst.Push(t.Context(), desc, bytes.NewReader(data)); err == nil {
			t.Error("it succeeded")
		}
		for _, e := range r.Journal() {
			if e.Method == "PUT" && strings.Contains(e.Path, "/sha256-") {
				t.Errorf("the index was written")
			}
		}
	}
}

// Whoever works for others and is cancelled leaves their changes to them.
func TestFallbackWorkerGivesUp(t *testing.T) {
	r := recaptest.NewRegistry(t, recaptest.RegistryOptions{NoReferrers: true})
	dst, _ := create(t, r)
	subject := subjectOf(t, dst)
	ctx, cancel := context.WithCancel(t.Context())
	repo := dst
	queued := make(chan struct{})
	r.Inject(recaptest.Fault{Match: recaptest.Match{Method: "GET", Path: putFallbackTag.Path}, Action: func(http.ResponseWriter, *http.Request, http.Handler) {
		<-queued
		cancel()
		panic(http.ErrAbortHandler)
	}})
	leader := make(chan error)
	one, oneData := recaptest.ManifestOf(t, "one", &subject)
	two, twoData := recaptest.ManifestOf(t, "two", &subject)
	go func() { leader <- dst.Push(ctx, one, bytes.NewReader(oneData)) }()
	recaptest.Until(t, func() bool {
		repo.fallback.mu.Lock()
		defer repo.fallback.mu.Unlock()
		return len(repo.fallback.bySubject) == 1
	})
	other := make(chan error)
	go func() { other <- dst.Push(t.Context(), two, bytes.NewReader(twoData)) }()
	recaptest.Until(t, func() bool {
		repo.fallback.mu.Lock()
		defer repo.fallback.mu.Unlock()
		q := repo.fallback.bySubject[subject.Digest]
		return q != nil && len(q.waiting) == 1 && q.waiting[0].desc.Digest == two.Digest
	})
	close(queued)
	if err := <-leader; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that was cancelled: %v", err)
	}
	if err := <-other; err != nil {
		t.Errorf("the other: %v", err)
	}
	got, err := dst.Predecessors(t.Context(), subject)
	if err != nil || !digests(got)[two.Digest.String()] {
		t.Errorf("%v, %v", got, err)
	}
}
