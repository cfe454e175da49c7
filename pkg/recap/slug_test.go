// Copyright The recap Authors.
// SPDX-License-Identifier: Apache-2.0

package recap_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/recap-oci/recap/pkg/recap"
)

func TestSlug(t *testing.T) {
	tests := []struct {
		name  string
		title string
		want  string
	}{
		{"words", "KubeCon EU 2024: A Model Conference", "kubecon-eu-2024-a-model-conference"},
		{"plus", "KubeCon + CloudNativeCon Europe 2024", "kubecon-cloudnativecon-europe-2024"},
		{"apostrophe", "That’s a Wrap on KubeCon 2024!", "thats-a-wrap-on-kubecon-2024"},
		{"accents", "Café à la crème", "cafe-a-la-creme"},
		{"accents, composed and not", "e\u0301te\u0301", "ete"},
		{"Latin letters of their own", "Straße Ærø Œuvre Łódź Þór", "strasse-aero-oeuvre-lodz-thor"},
		{"full width", "ＫｕｂｅＣｏｎ", "kubecon"},
		{"ligature", "Eﬃcient", "efficient"},
		{"edges", "  --Hello--  ", "hello"},
		{"emoji", "Kubernetes \U0001F389 party", "kubernetes-party"},
		{"Latin beside another script", "KubeCon 北京", "kubecon"},
		{"another script", "北京", "recap-68c77e155132"},
		{"another script with a year", "КубКон 2024", "2024-69871c91e3bc"},
		{"digits alone", "2024", "2024"},
		{"nothing", "", "recap-e3b0c44298fc"},
		{"punctuation alone", "?!", "recap-545f940d19fa"},
		{"a pack's directory", "Catalog", "catalog-recap"},
		{"a device", "CON", "con-recap"},
		{"a device with a number", "LPT1", "lpt1-recap"},
		{"no device", "com10", "com10"},
		{"no device either", "Console", "console"},
		{"invalid UTF-8", "a\xffb", "a-b"},
		{"long, cut between words", strings.Repeat("word ", 30), strings.TrimSuffix(strings.Repeat("word-", 16), "-")},
		{"long, one word", strings.Repeat("w", 100), strings.Repeat("w", 80)},
		{"long, last word fits exactly", strings.Repeat("w", 80) + " more", strings.Repeat("w", 80)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := recap.Slug(tt.title)
			if got != tt.want {
				t.Errorf("Slug(%q) = %q, want %q", tt.title, got, tt.want)
			}
			if err := recap.CheckSlug(got); err != nil {
				t.Errorf("its own check refuses it: %v", err)
			}
		})
	}
	if recap.Slug("北京") == recap.Slug("上海") {
		t.Error("two titles in another script have one slug")
	}
}

func TestCheckSlugRefuses(t *testing.T) {
	for _, s := range []string{
		"", "-", "a-", "-a", "a--b", "A", "a b", "a/b", "..", ".", "a\\b", "é", "a\x00", "a\n", "catalog", "con", "prn",
		"aux", "nul", "com0", "com1", "lpt9", strings.Repeat("a", 81),
	} {
		err := recap.CheckSlug(s)
		var e *recap.Error
		if !errors.As(err, &e) || e.Code != "bad-slug" || !errors.Is(err, recap.Usage) {
			t.Errorf("CheckSlug(%q) = %v, want bad-slug", s, err)
		}
	}
	if err := recap.CheckSlug(strings.Repeat("a", 80)); err != nil {
		t.Errorf("80 bytes: %v", err)
	}
}

func FuzzSlug(f *testing.F) {
	for _, s := range []string{"KubeCon + CloudNativeCon", "Catalog", "con", "北京", "", "\xff", strings.Repeat("ab ", 60)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, title string) {
		slug := recap.Slug(title)
		if err := recap.CheckSlug(slug); err != nil {
			t.Fatalf("Slug(%q): %v", title, err)
		}
		if recap.Slug(title) != slug {
			t.Fatalf("Slug(%q) differs the second time", title)
		}
		if again := recap.Slug(slug); again != slug {
			t.Fatalf("Slug(%q) = %q, whose slug is %q", title, slug, again)
		}
	})
}
