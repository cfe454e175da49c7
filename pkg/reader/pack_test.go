// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package reader_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/reader"
	"github.com/recap-oci/recap/pkg/recap"
	"github.com/recap-oci/recap/pkg/recaptest/trip"
	"github.com/recap-oci/recap/pkg/trust"
)

// A pack opens with three fetches, and each member with two more; nothing of the
// others is fetched.
func TestPackOneAtATime(t *testing.T) {
	paris, berlin := trip.Bundle(t, "paris", "1.0.0", nil), trip.Bundle(t, "berlin", "", nil)
	g := trip.Pack(t, "1.2.0", nil, paris, berlin)
	src := trip.Count(g)
	r, err := reader.Open(t.Context(), src, trust.OwnSource(g.Root))
	if err != nil {
		t.Fatal(err)
	}
	if src.Total() != 3 || r.Kind() != artifact.KindPack || r.Version() != "1.2.0" || r.Recap() != nil || r.Pack().Name != "kubecon-recaps" {
		t.Errorf("%d fetches; %s %s, recap %v", src.Total(), r.Kind(), r.Version(), r.Recap())
	}
	want := []recap.PackMember{
		{Slug: "paris", Title: "About paris", Version: "1.0.0", Event: "kubecon-eu-2024", Digest: string(paris.Root.Digest), Size: paris.Root.Size},
		{Slug: "berlin", Title: "About berlin", Event: "kubecon-eu-2024", Digest: string(berlin.Root.Digest), Size: berlin.Root.Size},
	}
	if diff := cmp.Diff(want, r.Contents()); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
	selected, err := r.Select(artifact.Selection{Recaps: []string{"berlin"}})
	if diff := cmp.Diff(want[1:], selected); diff != "" || err != nil {
		t.Errorf("selected (-want +got), %v:\n%s", err, diff)
	}
	m, err := r.Member(t.Context(), "berlin")
	if err != nil {
		t.Fatal(err)
	}
	if src.Total() != 5 || src.Of(paris.Root.Digest) != 0 {
		t.Errorf("%d fetches, or one of another recap", src.Total())
	}
	if m.Kind() != artifact.KindBundle || m.Root().Digest != berlin.Root.Digest || m.Recap().Slug != "berlin" || m.Pack() != nil || m.Admitted() != r.Admitted() {
		t.Errorf("opened %s %s", m.Kind(), m.Root().Digest)
	}
	doc, err := m.Parse(t.Context())
	if err != nil || len(doc.Sections) != 5 {
		t.Errorf("parsed %v, %v", doc, err)
	}
	if src.Total() != 6 {
		t.Errorf("%d fetches", src.Total())
	}
	_, err = r.Member(t.Context(), "bern")
	wantCode(t, err, recap.NotFound, "no-such-recap")
	_, err = r.Document(t.Context())
	wantCode(t, err, recap.Usage, "is-a-pack")
	_, _, err = r.File(t.Context(), "index.md")
	wantCode(t, err, recap.Usage, "is-a-pack")
}

// What the pack says of a member is what the member must be, all of it.
func TestPackNothingUnverified(t *testing.T) {
	member := trip.Bundle(t, "paris", "", nil)
	g := trip.Pack(t, "1.0.0", nil, member)
	for at := range member.Root.Size {
		r, err := reader.Open(t.Context(), &trip.Flipped{Fetcher: g, Desc: member.Root, At: at}, trust.OwnSource(g.Root))
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Member(t.Context(), "paris")
		wantCode(t, err, recap.Integrity, "digest-mismatch")
	}
	for at := range g.Root.Size {
		_, err := reader.Open(t.Context(), &trip.Flipped{Fetcher: g, Desc: g.Root, At: at}, trust.OwnSource(g.Root))
		wantCode(t, err, recap.Integrity, "digest-mismatch")
	}
}

// A recap is read like a pack of one.
func TestRecapAsContents(t *testing.T) {
	g := trip.Bundle(t, "paris", "1.0.0", nil)
	r := trip.Read(t, g)
	want := []recap.PackMember{{
		Slug: "paris", Title: "About paris", Version: "1.0.0", Event: "kubecon-eu-2024", Digest: string(g.Root.Digest), Size: g.Root.Size,
	}}
	if diff := cmp.Diff(want, r.Contents()); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
	if m, err := r.Member(t.Context(), "paris"); m != r || err != nil {
		t.Errorf("its own member is %v, %v", m, err)
	}
	_, err := r.Member(t.Context(), "berlin")
	wantCode(t, err, recap.NotFound, "no-such-recap")
	selected, err := r.Select(artifact.Selection{Include: []string{"*.md"}})
	if len(selected) != 1 || err != nil {
		t.Errorf("selected %v, %v", selected, err)
	}
	_, err = r.Select(artifact.Selection{Recaps: []string{"paris"}})
	wantCode(t, err, recap.Usage, "not-a-pack")
	_, err = r.Select(artifact.Selection{Include: []string{"["}})
	wantCode(t, err, recap.Usage, "bad-glob")
}

// The chunks and facts of a recap are those that a pack of it alone has.
func TestChunksAndFacts(t *testing.T) {
	alone := trip.Bundle(t, "paris", "", nil)
	within := trip.Read(t, trip.Pack(t, "1.0.0", func(p *recap.Pack) { p.Aliases = recap.Aliases{} }, alone, trip.Bundle(t, "berlin", "", nil)))
	r := trip.Read(t, alone)
	if diff := cmp.Diff(gather(t, within.Facts(t.Context(), "paris")), gather(t, r.Facts(t.Context()))); diff != "" {
		t.Errorf("facts (-pack +recap):\n%s", diff)
	}
	chunks := gather(t, r.Chunks(t.Context(), "paris"))
	if diff := cmp.Diff(gather(t, within.Chunks(t.Context(), "paris")), chunks); diff != "" {
		t.Errorf("chunks (-pack +recap):\n%s", diff)
	}
	if len(chunks) == 0 || chunks[0].Recap != "paris" {
		t.Errorf("chunks %v", chunks)
	}
	if all := gather(t, within.Chunks(t.Context())); len(all) != 2*len(chunks) {
		t.Errorf("%d chunks of two recaps, %d of one", len(all), len(chunks))
	}
	for _, err := range r.Chunks(t.Context(), "berlin") {
		wantCode(t, err, recap.NotFound, "no-such-recap")
	}
	for _, err := range r.Facts(t.Context(), "paris", "berlin") {
		wantCode(t, err, recap.NotFound, "no-such-recap")
	}
	for _, err := range r.Facts(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break // stopping early is allowed
	}
}

func TestOverview(t *testing.T) {
	alone := trip.Bundle(t, "paris", "", nil)
	text, err := trip.Read(t, trip.Pack(t, "1.0.0", nil, alone)).Overview(t.Context())
	if err != nil || !strings.HasPrefix(string(text), "# KubeCon, as told\n") || !strings.Contains(string(text), "About paris") {
		t.Errorf("overview %q, %v", text, err)
	}
	_, err = trip.Read(t, alone).Overview(t.Context())
	wantCode(t, err, recap.NotFound, "no-view")
	bare, err := artifact.BuildPack(t.Context(), &recap.Pack{Name: "bare", Version: "1.0.0"}, []artifact.Member{alone.Member()},
		[]artifact.View{{Path: "else.txt", MediaType: "text/markdown", Raw: []byte("else")}}, artifact.PackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = trip.Read(t, bare).Overview(t.Context())
	wantCode(t, err, recap.NotFound, "no-view")
	// A pack without chunks says so.
	for _, err := range trip.Read(t, bare).Chunks(t.Context()) {
		wantCode(t, err, recap.NotFound, "no-view")
	}
}

func gather[T any](t *testing.T, seq func(func(T, error) bool)) []T {
	t.Helper()
	var all []T
	for one, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}
