// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package ratchet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"

	"github.com/recap-oci/recap/pkg/artifact"
	"github.com/recap-oci/recap/pkg/ratchet"
	"github.com/recap-oci/recap/pkg/recap"
)

const team = "registry.example.com/team/pack"

// seen is a sighting of the pack "talks" in the repository team: "latest 1.2.0",
// a kind, another name, repository, content or signer may follow as key=value.
func seen(t testing.TB, text string) ratchet.Sighting {
	t.Helper()
	fields := strings.Fields(text)
	s := ratchet.Sighting{Repository: team, Kind: artifact.KindPack, Name: "talks", Authorities: []string{"ci"}, Signers: []string{"key of ci"}}
	content := ""
	for i, field := range fields {
		key, value, ok := strings.Cut(field, "=")
		switch {
		case i == 0:
			if s.Tag = field; s.Tag == "-" {
				s.Tag = "" // by digest
			}
		case i == 1:
			if s.Version = field; s.Version == "-" {
				s.Version = ""
			}
		case !ok:
			t.Fatalf("%q in %q", field, text)
		case key == "kind":
			s.Kind = artifact.Kind(value)
		case key == "name":
			s.Name = strings.Trim(value, `"`)
		case key == "in":
			s.Repository = value
		case key == "content":
			content = value
		case key == "by":
			s.Authorities = strings.Split(value, ",")
			s.Signers = nil
			for _, name := range s.Authorities {
				s.Signers = append(s.Signers, "key of "+name)
			}
		case key == "keys":
			s.Signers = strings.Split(value, ",")
			if value == "" {
				s.Signers = nil
			}
		default:
			t.Fatalf("%q in %q", field, text)
		}
	}
	s.Digest = digest.FromString(fmt.Sprint(s.Kind, s.Name, s.Version, content))
	return s
}

func clock() time.Time {
	return time.Date(2026, 3, 4, 5, 6, 7, 8, time.FixedZone("", -3600))
}

func errorCode(err error) string {
	var e *recap.Error
	if errors.As(err, &e) {
		return string(e.Kind) + " " + e.Code
	}
	return fmt.Sprint(err)
}

func TestRatchet(t *testing.T) {
	const (
		rollback     = "stale rollback"
		mixed        = "stale mix-and-match"
		equivocation = "stale equivocation"
		history      = "a version that a later one has followed can't come back with other content"
	)
	for _, tt := range []struct {
		name  string
		steps []string // a sighting -> what becomes of it
		want  []string // tags and version of what is known in the end
	}{
		{
			"first use, the same, a later one",
			[]string{"latest 1.0.0 -> first-use", "latest 1.0.0 -> same", "latest 1.1.0 -> advanced", "latest 1.1.0 -> same"},
			[]string{"latest 1.1.0", "1.0.0"},
		},
		{
			"back under a floating tag",
			[]string{"latest 1.1.0 -> first-use", "latest 1.0.0 -> " + rollback, "latest 1.1.0-rc.1 -> " + rollback, "latest 1.1.0 -> same"},
			[]string{"latest 1.1.0"},
		},
		{
			"versions are numbers",
			[]string{"latest 1.9.0 -> first-use", "latest 1.10.0 -> advanced", "latest 1.9.0 -> " + rollback, "latest 1.10.0-rc.1 -> " + rollback},
			[]string{"latest 1.10.0", "1.9.0"},
		},
		{
			"pre-releases have an order",
			[]string{"edge 1.0.0-rc.2 -> first-use", "edge 1.0.0-rc.10 -> advanced", "edge 1.0.0-rc.9 -> " + rollback, "edge 1.0.0 -> advanced"},
			[]string{"edge 1.0.0", "1.0.0-rc.10", "1.0.0-rc.2"},
		},
		{
			"one version, two contents",
			[]string{"latest 1.0.0 -> first-use", "latest 1.0.0 content=x -> " + equivocation, "1.0.0 1.0.0 content=x -> " + equivocation, "stable 1.0.0 content=x -> " + equivocation},
			[]string{"latest 1.0.0"},
		},
		{
			history,
			[]string{"latest 1.0.0 -> first-use", "latest 1.1.0 -> advanced", "v1.0.0 1.0.0 content=x -> " + equivocation, "v1.0.0 1.0.0 -> pinned"},
			[]string{"latest 1.1.0", "v1.0.0 1.0.0"},
		},
		{
			"a backport under its own tag",
			[]string{"latest 2.0.0 -> first-use", "1.0.1 1.0.1 -> pinned", "v1.0.2 1.0.2 -> pinned", "v1.0.2 1.0.2 -> pinned", "latest 1.0.2 -> " + rollback},
			[]string{"latest 2.0.0", "v1.0.2 1.0.2", "1.0.1 1.0.1"},
		},
		{
			"another name or kind under a known tag",
			[]string{"latest 1.0.0 -> first-use", "latest 2.0.0 name=other -> " + mixed, "latest 2.0.0 kind=bundle -> " + mixed, "latest - name=other -> " + mixed, "latest - kind=foreign name= -> " + mixed, "latest 2.0.0 -> advanced"},
			[]string{"latest 2.0.0", "1.0.0"},
		},
		{
			"another name under a tag that is a version",
			[]string{"1.0.0 1.0.0 -> pinned", "1.0.0 1.0.0 name=other -> " + mixed, "1.0.0 1.0.0 kind=bundle -> " + mixed},
			[]string{"1.0.0 1.0.0"},
		},
		{
			"names are versioned apart under tags of their own",
			[]string{"talks 2.0.0 -> first-use", "other 1.0.0 name=other -> first-use", "1.0.0 1.0.0 -> pinned"},
			[]string{"other 1.0.0", "talks 2.0.0", "1.0.0 1.0.0"},
		},
		{
			"repositories know nothing of each other",
			[]string{"latest 2.0.0 -> first-use", "latest 1.0.0 in=r/other -> first-use", "latest 2.0.0 content=x in=r/other -> advanced"},
			[]string{"latest 2.0.0", "1.0.0", "latest 2.0.0"},
		},
		{
			"the port of a registry is left out or not",
			[]string{"latest 2.0.0 in=r.example:443/x -> first-use", "latest 1.0.0 in=r.example/x -> " + rollback, "latest 1.0.0 in=r.example:8443/x -> first-use"},
			[]string{"latest 2.0.0", "latest 1.0.0"},
		},
		{
			"without a version there is nothing to know",
			[]string{"latest - -> unversioned", "latest - name=other -> unversioned", "latest nonsense -> unversioned", "latest 1.0 -> unversioned", "latest 1.0.0+build -> unversioned", "latest 1.0.0 name= -> unversioned"},
			nil,
		},
		{
			"the version can't be dropped",
			[]string{"latest 1.0.0 -> first-use", "latest - -> " + rollback, "latest 1.0 -> " + rollback, "latest 2.0.0+build -> " + rollback, "other - -> unversioned"},
			[]string{"latest 1.0.0"},
		},
		{
			"a v makes no difference",
			[]string{"latest v1.0.0 -> first-use", "latest 1.0.0 -> " + equivocation, "latest v1.0.0 -> same", "v1.0.0 v1.0.0 -> pinned"},
			[]string{"latest,v1.0.0 1.0.0"},
		},
		{
			"both spellings of a version are one pin",
			[]string{
				"1.0.0 1.0.0 -> pinned", "v1.0.0 1.0.0 name=other -> " + mixed, "v1.0.0 1.0.0 kind=bundle -> " + mixed, "v1.0.0 - -> " + rollback,
				"v1.0.0 - name=other -> " + mixed, "v1.0.0 1.0.0 content=x -> " + equivocation, "v1.0.0 1.0.0 -> pinned", "1.0.0 1.0.0 -> pinned",
				"v1.0.0-rc.1 1.0.0-rc.1 name=other -> pinned",
			},
			[]string{"v1.0.0-rc.1 1.0.0-rc.1", "1.0.0 1.0.0"},
		},
		{
			"a moving tag and the same with a v are two",
			[]string{"1.0 1.0.1 -> first-use", "v1.0 1.0.0 -> first-use", "v1.0 - -> " + rollback, "x 1.0.0 name=other -> first-use", "vx 1.0.0 name=third -> first-use"},
			[]string{"x 1.0.0", "1.0 1.0.1", "v1.0 1.0.0", "vx 1.0.0"},
		},
		{
			"a tag that spells another version is refused",
			[]string{
				"1.2.0 1.1.0 -> " + mixed, "v1.2.0 1.1.0 -> " + mixed, "1.2.0 v1.3.0 -> " + mixed, "1.2.0 1.2.0-rc.1 -> " + mixed, "1.2.0-rc.1 1.2.0 -> " + mixed,
				"1.2.0 1.2.0 -> pinned", "1.2.0 1.1.0 -> " + mixed, "1.2.0 - -> " + rollback,
			},
			[]string{"1.2.0 1.2.0"},
		},
		{
			"a tag that spells part of a version floats",
			[]string{"1.2 1.2.3 -> first-use", "1.2 1.2.2 -> " + rollback, "1 1.2.3 -> first-use", "1 2.0.0 -> advanced"},
			[]string{"1 2.0.0", "1.2 1.2.3"},
		},
		{
			"by digest",
			[]string{"latest 2.0.0 -> first-use", "- 1.0.0 -> pinned", "- 2.0.0 content=x -> pinned", "- - name=other -> pinned"},
			[]string{"latest 2.0.0"},
		},
		{
			"several tags at one release",
			[]string{"latest 1.0.0 -> first-use", "stable 1.0.0 -> first-use", "latest 1.1.0 -> advanced", "stable 1.0.0 -> same", "stable 0.9.0 -> " + rollback},
			[]string{"latest 1.1.0", "stable 1.0.0"},
		},
	} {
		for _, where := range []string{"state", "lock", "both"} {
			if where == "lock" && tt.name == history {
				continue // it keeps what is, no history
			}
			t.Run(tt.name+" in "+where, func(t *testing.T) {
				r, _, _ := newRatchet(t, where)
				for i, step := range tt.steps {
					text, want, _ := strings.Cut(step, " -> ")
					s := seen(t, text)
					checked, checkErr := r.Check(t.Context(), s)
					before, _ := r.Entries(t.Context())
					report, err := r.Advance(t.Context(), s)
					got := string(report.State)
					if err != nil {
						got = errorCode(err)
					}
					if got != want {
						t.Fatalf("step %d, %s: got %s, want %s (%v)", i+1, text, got, want, err)
					}
					if diff := cmp.Diff(report, checked); diff != "" || errorCode(err) != errorCode(checkErr) {
						t.Errorf("step %d, %s: Check says %v, Advance %v:\n%s", i+1, text, checkErr, err, diff)
					}
					if after, _ := r.Entries(t.Context()); err != nil && !cmp.Equal(before, after) {
						t.Errorf("step %d, %s: refused, and remembered: %s", i+1, text, cmp.Diff(before, after))
					}
				}
				entries, err := r.Entries(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, e := range entries {
					got = append(got, strings.TrimSpace(strings.Join(e.Tags, ",")+" "+e.Version))
				}
				want := tt.want
				if where == "lock" {
					want = nil
					for _, w := range tt.want {
						if strings.Contains(w, " ") {
							want = append(want, w)
						}
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("known in the end (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestReports(t *testing.T) {
	r, _, _ := newRatchet(t, "state")
	one, two := seen(t, "latest 1.0.0"), seen(t, "latest 1.1.0")
	for _, tt := range []struct {
		sighting string
		want     ratchet.Report
	}{
		{"latest 1.0.0", ratchet.Report{State: "first-use", Version: "1.0.0"}},
		{"latest 1.0.0", ratchet.Report{State: "same", Version: "1.0.0", KnownVersion: "1.0.0", KnownDigest: one.Digest}},
		{"latest v1.1.0 by=security", ratchet.Report{
			State: "advanced", Version: "1.1.0", KnownVersion: "1.0.0", KnownDigest: one.Digest,
			Warning: "security vouch for it now, and for what was there before ci did",
		}},
		{"latest 1.0.0", ratchet.Report{Version: "1.0.0", KnownVersion: "1.1.0", KnownDigest: seen(t, "latest v1.1.0").Digest}},
		{"3.0.0 3.1.0", ratchet.Report{Version: "3.1.0"}},
		{"x 1.0+b", ratchet.Report{State: "unversioned", Warning: `the version it states, "1.0+b", is not a semantic version, so nothing can be said to be older`}},
		{"- 1.1.0", ratchet.Report{State: "pinned", Version: "1.1.0"}},
	} {
		got, _ := r.Advance(t.Context(), seen(t, tt.sighting))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.sighting, diff)
		}
	}
	if two.Digest == one.Digest {
		t.Fatal("two versions of one content")
	}
	off, err := ratchet.New(ratchet.Options{}).Advance(t.Context(), one)
	if err != nil || off.State != ratchet.Off {
		t.Errorf("without files: %+v, %v", off, err)
	}
	if _, err := ratchet.New(ratchet.Options{}).Check(t.Context(), seen(t, "v1.1.0 1.0.0")); errorCode(err) != "stale mix-and-match" {
		t.Errorf("a tag that spells another version, without files: %v", err)
	}
}

// Whoever is allowed by the policy may take over; the next time it is no news.
func TestOtherSigners(t *testing.T) {
	r, _, _ := newRatchet(t, "both")
	for i, tt := range []struct {
		sighting string
		warned   bool
	}{
		{"latest 1.0.0 by=ci,security", false},
		{"latest 1.0.0 by=security,ci", false},
		{"latest 1.0.0 by=ci", true},
		{"latest 1.0.0 by=ci", false},
		{"latest 1.1.0 by=release", true},
		{"latest 1.2.0 by=release", false},
		{"stable 1.2.0 by=ci", false},             // nothing was known under that tag
		{"stable 1.3.0 by=./ci.pub keys=x", true}, // both are new
		{"stable 1.4.0 by=ci.pub keys=x", false},  // the same key by another name
		{"stable 1.5.0 by=ci.pub keys=y", false},  // the authority's next key or workflow run
		{"stable 1.6.0 by=ci.pub keys=", false},
		{"stable 1.7.0 by=other keys=", true}, // nobody knows whose keys they were
	} {
		report, err := r.Advance(t.Context(), seen(t, tt.sighting))
		if err != nil || (report.Warning != "") != tt.warned {
			t.Errorf("step %d, %s: warning %q, %v", i+1, tt.sighting, report.Warning, err)
		}
	}
}

// A refusal says what was served, what was known and how to go on.
func TestRefusalForPeople(t *testing.T) {
	r, state, _ := newRatchet(t, "state")
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.2.0 by=ci,security")); err != nil {
		t.Fatal(err)
	}
	s := seen(t, "latest 1.0.0")
	s.SignedAt = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := r.Advance(t.Context(), s)
	want := team + ":latest went back: it names pack talks 1.0.0 (" + string(s.Digest) + ", signed by ci on 2025-01-01T00:00:00Z), " +
		"but pack talks 1.2.0 (" + string(seen(t, "latest 1.2.0").Digest) + ", first seen 2026-03-04T06:06:07Z, signed by ci, security) is known from " + state + ""
	var e *recap.Error
	if !errors.As(err, &e) || e.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !strings.HasSuffix(e.Hint, "recap trust reset "+team+":latest") {
		t.Errorf("hint %q", e.Hint)
	}

	// What the hint says to type is what mends it, whichever it is.
	_, err = r.Advance(t.Context(), seen(t, "v1.2.0 1.2.0 content=x"))
	if !errors.As(err, &e) || e.Code != "equivocation" || !strings.HasSuffix(e.Hint, "recap trust reset "+team+":1.2.0") {
		t.Fatalf("%v, hint %q", err, e.Hint)
	}
	if _, err := r.Reset(t.Context(), team, "1.2.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Advance(t.Context(), seen(t, "v1.2.0 1.2.0 content=x")); err != nil {
		t.Errorf("after the reset: %v", err)
	}

	r, _, lock := newRatchet(t, "lock")
	if _, err := r.Advance(t.Context(), seen(t, "latest 1.2.0")); err != nil {
		t.Fatal(err)
	}
	_, err = r.Advance(t.Context(), s)
	if !errors.As(err, &e) || !strings.HasSuffix(e.Hint, "recap trust reset "+team+":latest --lock "+lock) {
		t.Errorf("%v, hint %q", err, e.Hint)
	}
}

func inShort(list []ratchet.Release) []string {
	var short []string
	for _, r := range list {
		text := strings.Join(append([]string{r.Version}, r.Tags...), " ")
		if r.AnyContent {
			text += " any content"
		}
		short = append(short, text)
	}
	return short
}

// A version whose content was forgotten has the next one from then on; and
// nothing is left of it when no tag needs it any more.
func TestResetContent(t *testing.T) {
	r, _, _ := newRatchet(t, "state")
	advance := func(s, want string) {
		t.Helper()
		if _, err := r.Advance(t.Context(), seen(t, s)); err != nil && errorCode(err) != want || (err == nil) != (want == "") {
			t.Errorf("%s: %v, want %q", s, err, want)
		}
	}
	forget := func() {
		t.Helper()
		if _, err := r.Reset(t.Context(), team, "1.0.0"); err != nil {
			t.Fatal(err)
		}
	}
	advance("latest 1.0.0", "")
	forget()
	advance("1.0.0 1.0.0 content=x", "")
	advance("1.0.0 1.0.0 content=y", "stale equivocation")
	advance("latest 1.0.0", "stale equivocation")
	advance("latest 1.0.0 content=x", "")
	forget()
	advance("latest 1.1.0", "")
	entries, err := r.Entries(t.Context())
	if diff := cmp.Diff([]string{"1.1.0 latest"}, inShort(entries)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestReset(t *testing.T) {
	for _, tt := range []struct {
		name, tag string
		forgotten []string
		held      []string
		then      []string // what is accepted after it
		still     []string // what is not
	}{
		{
			"a tag", "latest", []string{"1.1.0 latest"}, []string{"1.1.0 1.1.0"},
			[]string{"latest 0.1.0"}, []string{"other 2.9.0 name=other", "1.0.0 1.0.0 content=x", "1.1.0 1.1.0 content=x", "latest 1.1.0 content=x"},
		},
		{
			"a tag, the only one of its release", "other", []string{"3.0.0 other"}, []string{"3.0.0"},
			[]string{"other 2.0.0 name=other", "other 2.0.0 name=other"}, []string{"other 3.0.0 name=other content=x", "latest 1.0.5"},
		},
		{
			"the version that another tag names", "1.1.0", []string{"1.1.0 1.1.0"}, []string{"1.1.0 latest any content"},
			[]string{"1.1.0 1.1.0 content=x", "latest 1.1.0 content=x"},
			[]string{"latest 1.0.5", "latest 1.1.0 kind=bundle", "latest 1.2.0 name=x", "1.1.0 1.1.0 kind=bundle", "1.0.0 1.0.0 content=x"},
		},
		{
			"the same by its other spelling", "v1.1.0", []string{"1.1.0 1.1.0"}, []string{"1.1.0 latest any content"},
			[]string{"v1.1.0 1.1.0 content=x", "1.1.0 1.1.0 content=x", "latest 1.1.0 content=x"}, []string{"v1.1.0 1.1.0 kind=bundle"},
		},
		{
			"a version that no tag names any more", "1.0.0", []string{"1.0.0"}, nil,
			[]string{"1.0.0 1.0.0 content=x"}, []string{"latest 1.0.5", "1.1.0 1.1.0 content=x"},
		},
		{
			"a version with its v", "v1.0.0", []string{"1.0.0"}, nil,
			[]string{"1.0.0 1.0.0 content=x"}, []string{"latest 1.0.5"},
		},
		{
			"the repository", "", []string{"3.0.0 other", "1.1.0 1.1.0 latest", "1.0.0"}, nil,
			[]string{"1.1.0 1.1.0 content=x", "latest 0.1.0", "other 1.0.0 name=other"}, []string{"latest 0.9.0 in=r/other"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, _, _ := newRatchet(t, "both")
			for _, s := range []string{"latest 1.0.0", "latest 1.1.0", "1.1.0 1.1.0", "other 3.0.0 name=other", "latest 1.0.0 in=r/other"} {
				if _, err := r.Advance(t.Context(), seen(t, s)); err != nil {
					t.Fatal(err)
				}
			}
			gone, err := r.Reset(t.Context(), team, tt.tag)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.forgotten, inShort(gone.Forgotten)); diff != "" {
				t.Errorf("forgotten (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.held, inShort(gone.Held)); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
			if _, err := r.Reset(t.Context(), team, tt.tag); errorCode(err) != "not-found nothing-known" {
				t.Errorf("again: %v", err)
			}
			for _, s := range tt.still {
				if _, err := r.Advance(t.Context(), seen(t, s)); !errors.Is(err, recap.Stale) {
					t.Errorf("%s: %v, want it refused still", s, err)
				}
			}
			for _, s := range tt.then {
				if _, err := r.Advance(t.Context(), seen(t, s)); err != nil {
					t.Errorf("%s: %v", s, err)
				}
			}
		})
	}
	r, _, _ := newRatchet(t, "both")
	_, err := r.Reset(t.Context(), team, "latest")
	if got := errorCode(err); got != "not-found nothing-known" {
		t.Errorf("got %s", got)
	}
}
